// Package rollout waits for the end of deployments of ECS services. The aws provider's wait ends when one deployment is
// left and its tasks run, which is before the time is over during which an alarm still rolls the deployment back.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ECS is what is asked of the ECS API.
type ECS interface {
	DescribeServices(
		context.Context,
		*ecs.DescribeServicesInput,
		...func(*ecs.Options),
	) (*ecs.DescribeServicesOutput, error)
}

// primaryStatus is that of the deployment that a service is to have (ECS API, Deployment).
const primaryStatus = "PRIMARY"

// Wait returns once the latest deployment of a service is complete. It asks again after each pause, and fails when the
// deployment fails, when ECS goes back to an earlier one meanwhile, or when the context ends.
func Wait(ctx context.Context, client ECS, cluster, service string, pause time.Duration) error {
	first := ""
	for {
		latest, err := primary(ctx, client, cluster, service)
		if err != nil {
			return fmt.Errorf("waiting for the deployment of service %s: %w", service, err)
		}
		if first == "" {
			first = aws.ToString(latest.Id)
		}
		reason := aws.ToString(latest.RolloutStateReason)
		switch {
		case aws.ToString(latest.Id) != first:
			return fmt.Errorf("the deployment of service %s was rolled back: %s", service, reason)
		case latest.RolloutState == types.DeploymentRolloutStateFailed:
			return fmt.Errorf("the deployment of service %s failed: %s. An update that does not change the service "+
				"starts no other: change it, or mend what failed and run aws ecs update-service --cluster %s "+
				"--service %[1]s --force-new-deployment", service, strings.TrimSuffix(reason, "."), cluster)
		case latest.RolloutState != types.DeploymentRolloutStateInProgress:
			return nil // also for deployments that have no such state
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func primary(ctx context.Context, client ECS, cluster, service string) (types.Deployment, error) {
	found, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster:  aws.String(cluster),
		Services: []string{service},
	})
	if err != nil {
		return types.Deployment{}, err
	}
	for _, s := range found.Services {
		for _, d := range s.Deployments {
			if aws.ToString(d.Status) == primaryStatus {
				return d, nil
			}
		}
	}
	return types.Deployment{}, errors.New("there is none")
}

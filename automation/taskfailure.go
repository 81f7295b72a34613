package automation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/awslab/awslab/automation/internal/rollout"
	"github.com/awslab/awslab/automation/internal/taskfailures"
	"github.com/awslab/awslab/automation/offline"
)

// TaskFailure is an ECS task that stopped: the reason, and the last lines of its containers' logs.
type TaskFailure = taskfailures.Failure

// ecsService names a service in ECS.
type ecsService struct{ cluster, name string }

// findFailures looks for the tasks of a service that stopped since a point in time.
type findFailures func(ctx context.Context, service ecsService, since time.Time) ([]TaskFailure, error)

// awaitRollout returns once the deployment of a service is over, with an error if it failed.
type awaitRollout func(ctx context.Context, service ecsService) error

// rolloutPause is between two questions to ECS about a service. It allows 20 a second ("Request throttling for the
// Amazon ECS API").
const rolloutPause = 10 * time.Second

const ecsServiceType = "aws:ecs/service:Service"

// note remembers the ECS services that an operation deploys, and which of them are under way.
func (c *collector) note(e events.EngineEvent) {
	var step *apitype.StepEventMetadata
	switch {
	case e.ResourcePreEvent != nil && !e.ResourcePreEvent.Planning:
		step = &e.ResourcePreEvent.Metadata
	case e.ResOutputsEvent != nil:
		delete(c.deploying, e.ResOutputsEvent.Metadata.URN)
	case e.ResOpFailedEvent != nil:
		step = &e.ResOpFailedEvent.Metadata
		delete(c.deploying, step.URN)
	}
	if step == nil || step.Type != ecsServiceType || step.New == nil || step.Op == apitype.OpSame {
		return
	}
	cluster, _ := step.New.Inputs["cluster"].(string)
	name, _ := step.New.Inputs["name"].(string)
	if cluster == "" || name == "" {
		return
	}
	if c.services == nil {
		c.services, c.deploying, c.told = map[string]ecsService{}, map[string]ecsService{}, map[string]bool{}
	}
	c.services[step.URN] = ecsService{cluster, name}
	if e.ResourcePreEvent != nil {
		c.deploying[step.URN] = c.services[step.URN]
	}
}

// look asks for the tasks that stopped of the services whose deployment is under way, and sends them, by URN. Without
// it nobody would hear of a first deployment that fails before the provider's wait is over, which is 20 minutes.
func (c *collector) look(ctx context.Context) <-chan map[string][]TaskFailure {
	if c.lab.findFailures == nil || len(c.deploying) == 0 {
		return nil
	}
	services, found := maps.Clone(c.deploying), make(chan map[string][]TaskFailure, 1)
	go func() {
		failures := map[string][]TaskFailure{}
		for urn, service := range services {
			// What cannot be found out now may be later, and is said when the operation fails.
			failures[urn], _ = c.lab.findFailures(ctx, service, c.began)
		}
		found <- failures
	}()
	return found
}

// tell warns of tasks that stopped, of each once.
func (c *collector) tell(found map[string][]TaskFailure) {
	for _, urn := range slices.Sorted(maps.Keys(found)) {
		for _, failure := range found[urn] {
			if !c.told[failure.TaskArn] {
				c.told[failure.TaskArn] = true
				c.diagnose(urn, "warning", failure.String())
			}
		}
	}
}

// explain adds to a failed operation why tasks of the services that it deployed stopped. What cannot be found out is
// said and changes nothing: the operation has failed anyway.
func (c *collector) explain(ctx context.Context) {
	if c.lab.findFailures == nil || ctx.Err() != nil {
		return
	}
	for _, urn := range slices.Sorted(maps.Keys(c.services)) {
		failures, err := c.lab.findFailures(ctx, c.services[urn], c.began)
		if err != nil {
			c.diagnose(urn, "warning", fmt.Sprintf("finding out why its tasks stopped: %v", err))
		}
		for _, failure := range failures {
			c.diagnose(urn, "error", failure.String())
		}
		c.result.TaskFailures = append(c.result.TaskFailures, failures...)
	}
}

// await lets the program wait for the end of a deployment, unless the operation is cancelled meanwhile.
func (l *Lab) await(ctx context.Context, cluster, service string) error {
	if l.awaitRollout == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if operation := l.operation.Load(); operation != nil {
		defer context.AfterFunc(*operation, cancel)()
	}
	return l.awaitRollout(ctx, ecsService{cluster, service})
}

func (c *collector) diagnose(urn, severity, message string) {
	d := Diagnostic{Severity: severity, URN: urn, Message: message}
	c.result.Diagnostics = append(c.result.Diagnostics, d)
	c.emit(Event{Type: EventDiagnostic, Time: time.Now().UTC(), Diagnostic: &d})
}

// failures asks AWS.
func (a *account) failures(ctx context.Context, service ecsService, since time.Time) ([]TaskFailure, error) {
	settings, err := a.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding AWS credentials: %w", err)
	}
	return taskfailures.Since(
		ctx,
		a.ecs(settings),
		cloudwatchlogs.NewFromConfig(settings, func(o *cloudwatchlogs.Options) {
			a.provider.endpoint(&o.BaseEndpoint, "logs", "cloudwatchlogs")
		}),
		service.cluster,
		service.name,
		since,
	)
}

func (a *account) ecs(settings aws.Config) *ecs.Client {
	return ecs.NewFromConfig(settings, func(o *ecs.Options) { a.provider.endpoint(&o.BaseEndpoint, "ecs") })
}

// rollout asks AWS.
func (a *account) rollout(ctx context.Context, service ecsService) error {
	settings, err := a.config(ctx)
	if err != nil {
		return fmt.Errorf("finding AWS credentials: %w", err)
	}
	return rollout.Wait(ctx, a.ecs(settings), service.cluster, service.name, rolloutPause)
}

// simulation answers for ECS on the offline target.
type simulation struct{ home *offline.Home }

// simulatedPause is between two questions about a deployment that is simulated.
const simulatedPause = 10 * time.Millisecond

func (s simulation) failures(
	ctx context.Context,
	service ecsService,
	since time.Time,
) (found []TaskFailure, err error) {
	err = s.home.Tasks(func(api offline.TaskAPI) error {
		found, err = taskfailures.Since(ctx, api, api, service.cluster, service.name, since)
		return err
	})
	return found, err
}

func (s simulation) rollout(ctx context.Context, service ecsService) error {
	return s.home.Tasks(func(api offline.TaskAPI) error {
		return rollout.Wait(ctx, api, service.cluster, service.name, simulatedPause)
	})
}

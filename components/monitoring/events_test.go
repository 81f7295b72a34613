package monitoring

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/internal/eventpattern"
)

func (g *graph) events(change func(*EventsArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := &EventsArgs{
			Name:         "awslab-dev",
			Location:     ireland,
			TopicArn:     text("arn:topic"),
			ClusterName:  "awslab-dev",
			Container:    "app",
			BackupVaults: []string{"awslab-dev-vault"},
			Restores:     true,
			Tags:         labTags,
		}
		change(args)
		_, err := NewEvents(ctx, "lab", args)
		return err
	})
}

// sent returns an event as EventBridge delivers it.
func sent(source, detailType, resource, detail string) string {
	return fmt.Sprintf(`{"version": "0", "id": "1", "source": %q, "detail-type": %q, "account": "123456789012",
		"time": "2026-01-31T07:00:00Z", "region": "eu-west-1", "resources": [%q], "detail": %s}`,
		source, detailType, resource, detail)
}

// The events are shortened examples of the guides of Amazon ECS ("Amazon ECS events"), AWS Backup ("Monitoring AWS
// Backup events using Amazon EventBridge") and CloudWatch ("Alarm events and EventBridge").
func TestWhatIsReported(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.events(func(a *EventsArgs) { a.Alarms = true }))
	const (
		cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"
		service = "arn:aws:ecs:eu-west-1:123456789012:service/awslab-dev/awslab-dev-orders"
		other   = "arn:aws:ecs:eu-west-1:123456789012:service/other/awslab-dev-orders"
		vault   = "arn:aws:backup:eu-west-1:123456789012:backup-vault:"
		alarms  = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
	)
	deployment := func(service, name string) string {
		return sent("aws.ecs", "ECS Deployment State Change", service, fmt.Sprintf(`{
			"eventType": "ERROR", "eventName": %q, "deploymentId": "ecs-svc/123",
			"updatedAt": "2026-01-31T07:00:00Z", "reason": "ECS deployment circuit breaker: task failed to start."
		}`, name))
	}
	action := func(name string) string {
		return sent("aws.ecs", "ECS Service Action", service, fmt.Sprintf(`{
			"eventType": "WARN", "eventName": %q, "clusterArn": %q, "createdAt": "2026-01-31T07:00:00Z"
		}`, name, cluster))
	}
	task := func(cluster, status, code, containers string) string {
		return sent("aws.ecs", "ECS Task State Change", "arn:aws:ecs:eu-west-1:123456789012:task/1", fmt.Sprintf(`{
			"clusterArn": %q, "lastStatus": %q, "desiredStatus": "STOPPED", "stopCode": %q, "containers": %s,
			"group": "service:awslab-dev-orders", "launchType": "FARGATE", "version": 6
		}`, cluster, status, code, containers))
	}
	containers := func(app, collector int) string {
		return fmt.Sprintf(`[{"name": "app", "exitCode": %d}, {"name": "collector", "exitCode": %d}]`, app, collector)
	}
	failed, done := containers(1, 0), containers(0, 0)
	backup := func(vault, state string) string {
		return sent("aws.backup", "Backup Job State Change", "arn:aws:rds:eu-west-1:123456789012:snapshot:1",
			fmt.Sprintf(`{"backupJobId": "1", "backupVaultName": %q, "state": %q}`, vault, state))
	}
	copied := func(name, state string) string {
		return sent("aws.backup", "Copy Job State Change", "arn:aws:rds:eu-west-1:123456789012:snapshot:1",
			fmt.Sprintf(`{"copyJobId": "1", "sourceBackupVaultArn": %q, "state": %q,
				"destinationBackupVaultArn": "arn:aws:backup:eu-central-1:123456789012:backup-vault:x"}`,
				vault+name, state))
	}
	restored := func(detail string) string {
		return sent("aws.backup", "Restore Job State Change", "arn:aws:rds:eu-west-1:123456789012:db:1", detail)
	}
	alarm := func(name, was, is string) string {
		return sent("aws.cloudwatch", "CloudWatch Alarm State Change", alarms+name, fmt.Sprintf(`{"alarmName": %q,
			"state": {"value": %q, "reason": "..."}, "previousState": {"value": %q, "reason": "..."}}`, name, is, was))
	}
	for rule, events := range map[string]map[string]bool{
		"deployments": {
			deployment(service, "SERVICE_DEPLOYMENT_FAILED"):    true,
			deployment(service, "SERVICE_DEPLOYMENT_COMPLETED"): false,
			deployment(other, "SERVICE_DEPLOYMENT_FAILED"):      false,
		},
		"services": {
			action("SERVICE_TASK_START_IMPAIRED"):    true,
			action("SERVICE_TASK_PLACEMENT_FAILURE"): true,
			action("SERVICE_STEADY_STATE"):           false,
		},
		"tasks": {
			task(cluster, "STOPPED", "EssentialContainerExited", failed):       true,
			task(cluster, "STOPPED", "TaskFailedToStart", `[{"name": "app"}]`): true,
			task(cluster, "STOPPED", "EssentialContainerExited", done):         false,
			// The collector is stopped when a migration is done, maybe before it knows what a signal means.
			task(cluster, "STOPPED", "EssentialContainerExited", containers(0, 143)):         false,
			task(cluster, "STOPPED", "ServiceSchedulerInitiated", failed):                    false,
			task(cluster, "DEPROVISIONING", "EssentialContainerExited", failed):              false,
			task("arn:aws:ecs:cluster/other", "STOPPED", "EssentialContainerExited", failed): false,
		},
		"recoveries": {
			alarm("awslab-dev-service-orders", "ALARM", "OK"):                      true,
			alarm("awslab-dev-service-orders", "INSUFFICIENT_DATA", "OK"):          false,
			alarm("awslab-dev-service-orders", "OK", "ALARM"):                      false,
			alarm("awslab-dev-service-orders-availability-fast-1h", "ALARM", "OK"): false,
			alarm("awslab-prod-service-orders", "ALARM", "OK"):                     false,
		},
		"backups": {
			backup("awslab-dev-vault", "FAILED"):    true,
			backup("awslab-dev-vault", "EXPIRED"):   true,
			backup("awslab-dev-vault", "COMPLETED"): false,
			backup("other", "FAILED"):               false,
			copied("awslab-dev-vault", "FAILED"):    true,
			copied("other", "FAILED"):               false,
		},
		"restores": {
			restored(`{"restoreJobId": "1", "status": "FAILED", "resourceType": "RDS"}`):               true,
			restored(`{"restoreJobId": "1", "status": "COMPLETED", "resourceType": "RDS"}`):            false,
			restored(`{"restoreJobId": "1", "status": "COMPLETED", "validationStatus": "FAILED"}`):     true,
			restored(`{"restoreJobId": "1", "status": "COMPLETED", "validationStatus": "SUCCESSFUL"}`): false,
		},
	} {
		made := g.inputs(t, "lab-"+rule)
		pattern, err := eventpattern.Parse(made["eventPattern"].(string))
		require.NoError(t, err, rule)
		for event, want := range events {
			matches, err := pattern.Matches(event)
			require.NoError(t, err, rule)
			require.Equal(t, want, matches, "%s: %s", rule, event)
		}
		require.Equal(t, "awslab-dev-"+rule, made["name"])
		require.NotEmpty(t, made["description"])
		// No role: EventBridge reaches topics by their policies.
		require.Equal(
			t,
			map[string]any{"rule": "awslab-dev-" + rule, "targetId": "notifications", "arn": "arn:topic"},
			g.inputs(t, "lab-"+rule+"-target"),
		)
	}
	require.Len(t, g.names("aws:cloudwatch/eventRule:EventRule"), 6)
}

func TestEventsAreOnlyOfWhatThereIs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.events(func(a *EventsArgs) { a.ClusterName, a.Restores = "", false }))
	require.Equal(t, []string{"lab-backups"}, g.names("aws:cloudwatch/eventRule:EventRule"))
}

func TestEventProblems(t *testing.T) {
	for want, change := range map[string]func(*EventsArgs){
		`Name: "a/b"; use 1 to 50`: func(a *EventsArgs) { a.Name = "a/b" },
		"TopicArn: missing":        func(a *EventsArgs) { a.TopicArn = nil },
		"Container: missing":       func(a *EventsArgs) { a.Container = "" },
		"none is set; say what to tell of": func(a *EventsArgs) {
			a.ClusterName, a.BackupVaults, a.Restores = "", nil, false
		},
		"Location.Partition": func(a *EventsArgs) { a.Location.Partition = "" },
	} {
		g := &graph{}
		require.ErrorContains(t, g.events(change), want)
		require.Empty(t, g.resources, "nothing is registered")
	}
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error {
		_, err := NewEvents(ctx, "lab", nil)
		return err
	}))
}

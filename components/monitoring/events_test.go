package monitoring

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) events(change func(*EventsArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := &EventsArgs{
			Name:         "awslab-dev",
			Location:     ireland,
			TopicArn:     text("arn:topic"),
			ClusterName:  "awslab-dev",
			BackupVaults: []string{"awslab-dev-vault"},
			Restores:     true,
			Tags:         labTags,
		}
		change(args)
		_, err := NewEvents(ctx, "lab", args)
		return err
	})
}

func TestEventPatterns(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.events(func(*EventsArgs) {}))
	for name, want := range map[string]string{
		"deployments": `{"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
			"resources": [{"prefix": "arn:aws:ecs:eu-west-1:123456789012:service/awslab-dev/"}],
				"detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}}`,
		"services": `{"source": ["aws.ecs"], "detail-type": ["ECS Service Action"],
			"resources": [{"prefix": "arn:aws:ecs:eu-west-1:123456789012:service/awslab-dev/"}],
			"detail": {"eventName": ["SERVICE_DISCOVERY_INSTANCE_UNHEALTHY", "SERVICE_TASK_CONFIGURATION_FAILURE",
				"SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED"]}}`,
		"tasks": `{"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": {
			"clusterArn": ["arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"], "lastStatus": ["STOPPED"],
			"$or": [{"stopCode": ["TaskFailedToStart"]}, {"stopCode": ["EssentialContainerExited"],
				"containers": {"exitCode": [{"anything-but": [0]}]}}]}}`,
		"backups": `{"source": ["aws.backup"], "detail-type": ["Backup Job State Change", "Copy Job State Change"],
			"detail": {"state": ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"],
			"$or": [{"backupVaultName": ["awslab-dev-vault"]},
				{"sourceBackupVaultArn": ["arn:aws:backup:eu-west-1:123456789012:backup-vault:awslab-dev-vault"]}]}}`,
		"restores": `{"source": ["aws.backup"], "detail-type": ["Restore Job State Change"], "detail": {
			"$or": [{"status": ["ABORTED", "FAILED"]}, {"validationStatus": ["FAILED", "TIMED_OUT"]}]}}`,
	} {
		rule := g.inputs(t, "lab-"+name)
		require.JSONEq(t, want, rule["eventPattern"].(string))
		require.Equal(t, "awslab-dev-"+name, rule["name"])
		require.NotEmpty(t, rule["description"])
		// No role: EventBridge reaches topics by their policies.
		require.Equal(
			t,
			map[string]any{"rule": "awslab-dev-" + name, "targetId": "notifications", "arn": "arn:topic"},
			g.inputs(t, "lab-"+name+"-target"),
		)
	}
	require.Len(t, g.names("aws:cloudwatch/eventRule:EventRule"), 5)
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

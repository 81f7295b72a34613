package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// event is something of which no metric tells.
type event struct {
	name, about string
	pattern     map[string]any
	paths       map[string]string
	template    string
}

// events are failures of deployments, tasks and backups (their services' guides, "Monitoring events with EventBridge").
func (args *AlarmsArgs) events() []event {
	events := []event{{
		"backups", "A backup, copy or restore failed",
		map[string]any{
			"source": []string{"aws.backup"}, "detail-type": []string{"Backup Job State Change", "Copy Job State Change", "Restore Job State Change"},
			"detail": map[string]any{"$or": []any{
				map[string]any{"state": []string{"FAILED", "ABORTED", "EXPIRED"}}, map[string]any{"status": []string{"FAILED", "ABORTED"}},
			}},
		},
		map[string]string{"what": "$.detail-type", "resource": "$.resources[0]", "message": "$.detail.statusMessage"},
		`"<what>: <resource> failed: <message>"`,
	}}
	if args.Watched.ClusterName == "" {
		return events
	}
	return append(events, event{
		"deployments", "A deployment of a service failed or was rolled back",
		map[string]any{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Deployment State Change"},
			"detail":    map[string]any{"eventName": []string{"SERVICE_DEPLOYMENT_FAILED"}},
			"resources": []any{map[string]string{"prefix": args.Place.Arn("ecs", "service/"+args.Watched.ClusterName+"/")}},
		},
		map[string]string{"service": "$.resources[0]", "reason": "$.detail.reason"},
		`"Deployment of <service> failed: <reason>"`,
	}, event{
		"tasks", "A task stopped because a container failed",
		map[string]any{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Task State Change"},
			"detail": map[string]any{
				"clusterArn": []string{args.Place.Arn("ecs", "cluster/"+args.Watched.ClusterName)}, "lastStatus": []string{"STOPPED"},
				"stopCode": []string{"EssentialContainerExited", "TaskFailedToStart"},
			},
		},
		map[string]string{"group": "$.detail.group", "task": "$.detail.taskArn", "reason": "$.detail.stoppedReason"},
		`"Task <task> of <group> stopped: <reason>"`,
	})
}

func (component *Alarms) newEvents(ctx *pulumi.Context, name string, args *AlarmsArgs) error {
	for _, e := range args.events() {
		pattern, err := json.Marshal(e.pattern)
		if err != nil {
			return fmt.Errorf("rendering the pattern of %s: %w", e.name, err)
		}
		rule, err := cloudwatch.NewEventRule(ctx, name+"-"+e.name, &cloudwatch.EventRuleArgs{
			Name: pulumi.String(args.alarmName(e.name)), Description: pulumi.String(e.about), EventPattern: pulumi.String(pattern), Tags: pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component))
		if err != nil {
			return fmt.Errorf("creating the rule of %s: %w", e.name, err)
		}
		if _, err := cloudwatch.NewEventTarget(ctx, name+"-"+e.name+"-topic", &cloudwatch.EventTargetArgs{
			Rule: rule.Name, TargetId: pulumi.String("topic"), Arn: args.TopicArn,
			InputTransformer: cloudwatch.EventTargetInputTransformerArgs{InputPaths: pulumi.ToStringMap(e.paths), InputTemplate: pulumi.String(e.template)},
		}, pulumi.Parent(component)); err != nil {
			return fmt.Errorf("telling the topic of %s: %w", e.name, err)
		}
	}
	return nil
}

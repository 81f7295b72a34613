package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// EventsArgs describes which events are reported to a topic.
type EventsArgs struct {
	// Name begins the names of the rules, 1 to 50 letters, digits, dots, hyphens and underscores.
	Name     string
	Location identity.Location
	// TopicArn is the SNS topic that is told.
	TopicArn pulumi.StringInput
	// ClusterName is the ECS cluster of whose deployments and tasks to tell. Empty means of none.
	ClusterName string
	// Container is the name of the containers whose failure is told. Others beside them, such as a collector, may fail
	// when they are stopped with a task that is done.
	Container string
	// BackupVaults are the names of vaults whose backup and copy jobs are reported when they fail, expire, are aborted
	// or are only partly done. The notifications of a vault itself do not report failed backup jobs.
	BackupVaults []string
	// Alarms tells of alarms of the stack that are over: those whose names begin with Name.
	Alarms bool
	// Restores tells of restores that failed, and of those on trial whose result was judged bad; of the whole account.
	Restores bool
	Tags     map[string]string
}

// Events tell of what no metric shows, in the words of the services of AWS, which chat channels understand. Their type
// token is awslab:monitoring:Events.
type Events struct {
	pulumi.ResourceState
}

var rulePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,50}$`)

func (args *EventsArgs) validate() error {
	problems := []error{args.Location.Validate()}
	if !rulePattern.MatchString(args.Name) {
		problems = append(
			problems,
			problem.New("Name", "%q; use 1 to 50 letters, digits, dots, hyphens and underscores", args.Name),
		)
	}
	if args.TopicArn == nil {
		problems = append(problems, problem.New("TopicArn", "missing; nobody would be told"))
	}
	if args.ClusterName != "" && args.Container == "" {
		problems = append(problems, problem.New("Container", "missing; say which containers' failure is told"))
	}
	if len(args.rules()) == 0 {
		problems = append(
			problems,
			problem.New("ClusterName, BackupVaults, Alarms, Restores", "none is set; say what to tell of"),
		)
	}
	return errors.Join(problems...)
}

// rule is an event pattern.
type rule struct {
	name, description string
	pattern           object
}

type object = map[string]any

func (args *EventsArgs) rules() []rule {
	var rules []rule
	if args.ClusterName != "" {
		rules = append(rules, args.clusterRules()...)
	}
	if args.Alarms {
		rules = append(rules, rule{"recoveries", "Alarms that are over", object{
			"source": []string{"aws.cloudwatch"}, "detail-type": []string{"CloudWatch Alarm State Change"},
			"resources": []any{object{"prefix": args.Location.Arn("cloudwatch", "alarm:"+args.Name+"-")}},
			"detail": object{
				"alarmName":     []any{object{"anything-but": object{"suffix": silentSuffixes()}}},
				"state":         object{"value": []string{"OK"}},
				"previousState": object{"value": []string{"ALARM"}},
			},
		}})
	}
	if len(args.BackupVaults) > 0 {
		rules = append(rules, rule{"backups", "Backups and copies that were not done", object{
			"source":      []string{"aws.backup"},
			"detail-type": []string{"Backup Job State Change", "Copy Job State Change"},
			"detail": object{
				"state": []string{"FAILED", "ABORTED", "EXPIRED", "PARTIAL"},
				"$or": []any{
					object{"backupVaultName": args.BackupVaults},
					object{"sourceBackupVaultArn": args.vaultArns()},
				},
			},
		}})
	}
	if args.Restores {
		rules = append(rules, rule{"restores", "Restores that failed, or whose result is bad", object{
			"source": []string{"aws.backup"}, "detail-type": []string{"Restore Job State Change"},
			"detail": object{"$or": []any{
				object{"status": []string{"ABORTED", "FAILED"}},
				object{"validationStatus": []string{"FAILED", "TIMED_OUT"}},
			}},
		}})
	}
	return rules
}

// clusterRules returns about deployments, about what keeps ECS from starting tasks, and about tasks that failed (ECS
// developer guide, "Amazon ECS events").
func (args *EventsArgs) clusterRules() []rule {
	cluster := args.Location.Arn("ecs", "cluster/"+args.ClusterName)
	services := []any{object{"prefix": args.Location.Arn("ecs", "service/"+args.ClusterName+"/")}}
	return []rule{
		{"deployments", "Deployments that failed or were rolled back", object{
			"source":      []string{"aws.ecs"},
			"detail-type": []string{"ECS Deployment State Change"},
			"resources":   services,
			"detail":      object{"eventName": []string{"SERVICE_DEPLOYMENT_FAILED"}},
		}},
		{"services", "Services that cannot start tasks", object{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Service Action"}, "resources": services,
			"detail": object{"eventName": []string{
				"SERVICE_DISCOVERY_INSTANCE_UNHEALTHY",
				"SERVICE_TASK_CONFIGURATION_FAILURE",
				"SERVICE_TASK_PLACEMENT_FAILURE",
				"SERVICE_TASK_START_IMPAIRED",
			}},
		}},
		{"tasks", "Tasks that could not start, or whose container failed", object{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Task State Change"},
			"detail": object{
				"clusterArn": []string{cluster}, "lastStatus": []string{"STOPPED"},
				"$or": []any{
					object{"stopCode": []string{"TaskFailedToStart"}},
					object{
						"stopCode": []string{"EssentialContainerExited"},
						"containers": object{
							"name":     []string{args.Container},
							"exitCode": []any{object{"anything-but": []int{0}}},
						},
					},
				},
			},
		}},
	}
}

func (args *EventsArgs) vaultArns() []string {
	var arns []string
	for _, name := range args.BackupVaults {
		arns = append(arns, args.Location.Arn("backup", "backup-vault:"+name))
	}
	return arns
}

// NewEvents creates the rules and leads them to the topic.
func NewEvents(ctx *pulumi.Context, name string, args *EventsArgs, opts ...pulumi.ResourceOption) (*Events, error) {
	if args == nil {
		args = &EventsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("events %q: %w", name, err)
	}
	component := &Events{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Events", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering events %q: %w", name, err)
	}
	for _, r := range args.rules() {
		if err := component.notifyOf(ctx, name, args, r); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of events %q: %w", name, err)
	}
	return component, nil
}

func (component *Events) notifyOf(ctx *pulumi.Context, name string, args *EventsArgs, r rule) error {
	pattern, err := json.Marshal(r.pattern)
	if err != nil {
		return fmt.Errorf("rendering the pattern of rule %q: %w", r.name, err)
	}
	made, err := cloudwatch.NewEventRule(ctx, name+"-"+r.name, &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(args.Name + "-" + r.name),
		Description:  pulumi.String(r.description),
		EventPattern: pulumi.String(pattern),
		Tags:         pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating rule %q of events %q: %w", r.name, name, err)
	}
	// The event goes out as it is: an input transformer would spare the reader some JSON, but chat channels drop what
	// is not an event of AWS.
	if _, err := cloudwatch.NewEventTarget(ctx, name+"-"+r.name+"-target", &cloudwatch.EventTargetArgs{
		Rule:     made.Name,
		TargetId: pulumi.String("notifications"),
		Arn:      args.TopicArn,
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("leading rule %q of events %q to the topic: %w", r.name, name, err)
	}
	return nil
}

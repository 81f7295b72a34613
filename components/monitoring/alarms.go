package monitoring

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// AlarmsArgs describe alarms on what is watched.
type AlarmsArgs struct {
	Watched
	// TopicArn is the SNS topic that is told when an alarm goes into ALARM. That it is over tells [EventsArgs.Alarms]:
	// an action for the state OK would also be taken when a new alarm has its first data.
	TopicArn pulumi.StringInput
	// EdgeTopicArn and EdgeProvider are a topic in us-east-1 and a provider for it, where CloudFront and the web ACLs
	// in front of it report: an alarm is where its metric is, and its topic where the alarm is. They are needed when
	// there are such and the rest is in another region.
	EdgeTopicArn pulumi.StringInput
	EdgeProvider pulumi.ProviderResource
	// Thresholds change limits, by the key of a signal such as service.errors, for all things of the kind and in the
	// signal's unit; see [Signals].
	Thresholds map[string]float64
	// Anomalies adds alarms that learn what is usual, where no fixed limit makes sense. Each costs as much as three
	// others.
	Anomalies bool
	Tags      map[string]string
}

// Alarms are the alarms on what is watched: one for each signal of each thing, for each service one that tells that
// users are affected, and for each of its objectives two on how fast its error budget is used up. Their type token is
// awslab:monitoring:Alarms.
type Alarms struct {
	pulumi.ResourceState

	// Names are those of all alarms with an action, known in preview, in alphabetical order.
	Names []string
	// Arns are those of all alarms, the silent ones of the objectives too, known in preview, in the order of Names.
	Arns []string

	args *AlarmsArgs
	name string
}

func (args *AlarmsArgs) validate() error {
	problems := []error{args.Watched.validate(), CheckThresholds(args.Thresholds)}
	if args.TopicArn == nil {
		problems = append(problems, problem.New("TopicArn", "missing; nobody would hear of an alarm"))
	}
	if args.atEdge() && (args.EdgeTopicArn == nil || args.EdgeProvider == nil) {
		problems = append(problems, problem.New(
			"EdgeTopicArn, EdgeProvider",
			"missing; CloudFront reports in %s, and alarms and topics have to be there too",
			edgeRegion,
		))
	}
	for _, t := range args.targets() {
		for _, a := range args.alarms(t) {
			if name := args.alarmName(a.name); len(name) > maxAlarmName {
				problems = append(problems, fmt.Errorf(
					"%s %s: the alarm's name %q has %d characters; CloudWatch allows %d",
					t.area,
					t.name,
					name,
					len(name),
					maxAlarmName,
				))
			}
		}
	}
	return errors.Join(problems...)
}

// maxAlarmName is CloudWatch's (API, PutMetricAlarm).
const maxAlarmName = 255

func (args *AlarmsArgs) alarmName(name string) string { return args.Name + "-" + name }

// NewAlarms creates the alarms.
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	if args == nil {
		args = &AlarmsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("alarms %q: %w", name, err)
	}
	component := &Alarms{args: args, name: name}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Alarms", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering alarms %q: %w", name, err)
	}
	services := map[string]Service{}
	for _, s := range args.Services {
		services[s.Name] = s
	}
	for _, t := range args.targets() {
		created, err := component.watch(ctx, t)
		if err != nil {
			return nil, err
		}
		if t.area != "service" {
			continue
		}
		if err := component.judge(ctx, services[t.name], t, created); err != nil {
			return nil, err
		}
	}
	slices.Sort(component.Names)
	slices.Sort(component.Arns)
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of alarms %q: %w", name, err)
	}
	return component, nil
}

// made is an alarm that exists.
type made struct {
	alarm
	resource pulumi.Resource
}

func (component *Alarms) watch(ctx *pulumi.Context, t target) ([]made, error) {
	var all []made
	for _, a := range component.args.alarms(t) {
		created, err := component.create(ctx, a)
		if err != nil {
			return nil, err
		}
		all = append(all, created)
	}
	return all, nil
}

func (component *Alarms) create(ctx *pulumi.Context, a alarm) (made, error) {
	location, topic := component.args.Location, component.args.TopicArn
	opts := []pulumi.ResourceOption{pulumi.Parent(component)}
	if a.edge && location.Region != edgeRegion {
		location.Region, topic = edgeRegion, component.args.EdgeTopicArn
		opts = append(opts, pulumi.Provider(component.args.EdgeProvider))
	}
	name := component.args.alarmName(a.name)
	created, err := a.create(
		ctx,
		component.name+"-"+a.name,
		name,
		pulumi.StringArray{topic},
		component.args.Tags,
		opts...)
	if err != nil {
		return made{}, err
	}
	component.Arns = append(component.Arns, location.Arn("cloudwatch", "alarm:"+name))
	if !a.silent {
		component.Names = append(component.Names, name)
	}
	return made{a, created}, nil
}

// judge makes the alarms on a service that combine others.
func (component *Alarms) judge(ctx *pulumi.Context, service Service, t target, created []made) error {
	symptoms := withRole(created, symptom)
	for _, b := range service.burnAlarms(t) {
		var windows []made
		for _, a := range []alarm{b.long, b.short} {
			one, err := component.create(ctx, a)
			if err != nil {
				return err
			}
			windows = append(windows, one)
		}
		rule := component.all(windows)
		burning, err := component.combine(ctx, b.name, b.description, rule, resources(windows))
		if err != nil {
			return err
		}
		symptoms = append(symptoms, made{alarm{name: b.name}, burning})
	}
	parts := []string{}
	for _, a := range withRole(created, down) {
		parts = append(parts, component.state(a))
	}
	if causes := withRole(created, cause); len(symptoms) > 0 {
		parts = append(parts, fmt.Sprintf("((%s) AND (%s))", component.any(symptoms), component.any(causes)))
	} else {
		parts = append(parts, component.any(causes))
	}
	_, err := component.combine(
		ctx,
		"service-"+service.Name,
		fmt.Sprintf(
			"Service %s is impaired: nobody is served, or users notice and a cause is in sight. The other alarms "+
				"of the service tell which.",
			service.Name,
		),
		strings.Join(parts, " OR "),
		append(resources(created), resources(symptoms)...),
	)
	return err
}

// combine makes a composite alarm.
func (component *Alarms) combine(
	ctx *pulumi.Context,
	name, description, rule string,
	parts []pulumi.Resource,
) (*cloudwatch.CompositeAlarm, error) {
	full := component.args.alarmName(name)
	created, err := cloudwatch.NewCompositeAlarm(ctx, component.name+"-"+name, &cloudwatch.CompositeAlarmArgs{
		AlarmName:        pulumi.String(full),
		AlarmDescription: pulumi.String(description),
		AlarmRule:        pulumi.String(rule),
		ActionsEnabled:   pulumi.Bool(true),
		AlarmActions:     pulumi.StringArray{component.args.TopicArn},
		Tags:             pulumi.ToStringMap(component.args.Tags),
		// The rule is a plain string, so that it can be read in preview: the alarms it names have to be there first.
	}, pulumi.Parent(component), pulumi.DependsOn(parts))
	if err != nil {
		return nil, fmt.Errorf("creating composite alarm %q: %w", full, err)
	}
	component.Names = append(component.Names, full)
	component.Arns = append(component.Arns, component.args.Location.Arn("cloudwatch", "alarm:"+full))
	return created, nil
}

func (component *Alarms) state(a made) string {
	return fmt.Sprintf("ALARM(%q)", component.args.alarmName(a.name))
}

func (component *Alarms) any(alarms []made) string { return component.join(alarms, " OR ") }
func (component *Alarms) all(alarms []made) string { return component.join(alarms, " AND ") }

func (component *Alarms) join(alarms []made, operator string) string {
	var states []string
	for _, a := range alarms {
		states = append(states, component.state(a))
	}
	return strings.Join(states, operator)
}

func withRole(alarms []made, wanted role) []made {
	var found []made
	for _, a := range alarms {
		if a.role == wanted {
			found = append(found, a)
		}
	}
	return found
}

func resources(alarms []made) []pulumi.Resource {
	var found []pulumi.Resource
	for _, a := range alarms {
		found = append(found, a.resource)
	}
	return found
}

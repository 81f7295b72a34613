package compute

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sfn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/names"
	"github.com/awslab/awslab/internal/problem"
)

// RedeploymentArgs describe a redeployment.
type RedeploymentArgs struct {
	// Name of the state machine, and the beginning of the names of the two roles and of the rules, 1 to 50 letters,
	// digits, hyphens and underscores.
	Name        string
	Location    identity.Location
	ClusterName string
	// Services are at least one.
	Services []RedeployedService
	// RolePath and PermissionsBoundary of the two roles; empty means "/" and none.
	RolePath, PermissionsBoundary string
	LogRetentionDays              int
	// LogKmsKeyArn encrypts the log group. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	Tags         map[string]string
}

// RedeployedService is a service and the secrets it is started with: at least one secret or parameter.
type RedeployedService struct {
	// Name ends the names of the resources.
	Name string
	// ServiceName is the service's name in ECS.
	ServiceName string
	// Secrets are the full ARNs of secrets in Secrets Manager, without the key of a JSON value.
	Secrets pulumi.StringArray
	// SecretNames are the names of further secrets, in the place of the redeployment, of whose ARN the random end is
	// not known. A secret whose name goes on with a hyphen behind one of them redeploys the service as well: patterns
	// of EventBridge know no single character.
	SecretNames []string
	// Parameters are the names of parameters of Systems Manager.
	Parameters []string
}

// Redeployment redeploys services when a secret they are started with gets a new value, since ECS reads it only when a
// task starts. New values of parameters are told by Systems Manager itself; those of secrets by CloudTrail, so the
// account needs a trail that records management events in this region. Its type token is awslab:compute:Redeployment.
type Redeployment struct {
	pulumi.ResourceState

	StateMachineArn pulumi.StringOutput `pulumi:"stateMachineArn"`
	LogGroupName    pulumi.StringOutput `pulumi:"logGroupName"`
}

// Suffixes of the rules' names, by what they listen to.
const (
	onSecrets    = "secrets"
	onParameters = "parameters"
)

func (args *RedeploymentArgs) validate() error {
	problems := []error{
		args.Location.Validate(),
		checkName("Name", args.Name, 50),
		checkName("ClusterName", args.ClusterName, 255),
	}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(len(args.Services) == 0, "Services", "missing; there is nothing to redeploy")
	rules := args.rules()
	add(
		rules > maxRules,
		"Services",
		"their secrets and parameters need %d rules, and EventBridge allows 300 on a bus, of which "+
			"%d are for this; give the services fewer secrets",
		rules,
		maxRules,
	)
	seen := map[string]bool{}
	for i, service := range args.Services {
		at := fmt.Sprintf("Services[%d]", i)
		problems = append(
			problems,
			checkName(at+".Name", service.Name, 255),
			checkName(at+".ServiceName", service.ServiceName, 255),
		)
		add(seen[service.Name], at+".Name", "%q is used twice", service.Name)
		seen[service.Name] = true
		add(
			len(service.Secrets)+len(service.SecretNames)+len(service.Parameters) == 0,
			at,
			"no secret and no parameter; leave the service out",
		)
		for j, secret := range service.SecretNames {
			problems = append(
				problems,
				grammar.ManagedSecretName.Check(fmt.Sprintf("%s.SecretNames[%d]", at, j), secret),
			)
		}
		for j, parameter := range service.Parameters {
			problems = append(problems, grammar.ParameterName.Check(fmt.Sprintf("%s.Parameters[%d]", at, j), parameter))
		}
	}
	return errors.Join(problems...)
}

func (args *RedeploymentArgs) ruleName(service RedeployedService, kind string) string {
	return names.EventRule.Fit(args.Name + "-" + service.Name + "-" + kind)
}

func (args *RedeploymentArgs) stateMachineArn() string {
	return args.Location.Arn("states", "stateMachine:"+args.Name)
}

// NewRedeployment creates a state machine that redeploys a service, and rules that start it.
func NewRedeployment(
	ctx *pulumi.Context,
	name string,
	args *RedeploymentArgs,
	opts ...pulumi.ResourceOption,
) (*Redeployment, error) {
	if args == nil {
		args = &RedeploymentArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("redeployment %q: %w", name, err)
	}
	component := &Redeployment{}
	if err := ctx.RegisterComponentResource("awslab:compute:Redeployment", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering redeployment %q: %w", name, err)
	}
	if err := component.newStateMachine(ctx, name, args); err != nil {
		return nil, err
	}
	starter, err := identity.NewRole(ctx, name+"-start", args.starterRole(), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the role that starts redeployment %q: %w", name, err)
	}
	for _, service := range args.Services {
		if err := component.listen(ctx, name, args, service, starter); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"stateMachineArn": component.StateMachineArn, "logGroupName": component.LogGroupName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of redeployment %q: %w", name, err)
	}
	return component, nil
}

func (component *Redeployment) newStateMachine(ctx *pulumi.Context, name string, args *RedeploymentArgs) error {
	role, err := identity.NewRole(ctx, name, args.role(), pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the role of redeployment %q: %w", name, err)
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		// The prefix keeps the account's policy for delivered logs from growing with each group.
		Name:            pulumi.String("/aws/vendedlogs/states/" + args.Name),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the log group of redeployment %q: %w", name, err)
	}
	definition, err := args.definition()
	if err != nil {
		return fmt.Errorf("rendering the state machine of redeployment %q: %w", name, err)
	}
	machine, err := sfn.NewStateMachine(ctx, name+"-machine", &sfn.StateMachineArgs{
		Name:       pulumi.String(args.Name),
		RoleArn:    role.Arn,
		Definition: pulumi.String(definition),
		Type:       pulumi.String("STANDARD"),
		LoggingConfiguration: sfn.StateMachineLoggingConfigurationArgs{
			Level:                pulumi.String("ALL"),
			IncludeExecutionData: pulumi.Bool(true),
			LogDestination:       pulumi.Sprintf("%s:*", logs.Arn),
		},
		TracingConfiguration: sfn.StateMachineTracingConfigurationArgs{Enabled: pulumi.Bool(true)},
		Tags:                 pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the state machine of redeployment %q: %w", name, err)
	}
	component.StateMachineArn, component.LogGroupName = machine.Arn, logs.Name
	return nil
}

// definition returns one step: a new deployment of the service that the execution is started with. It is tried again
// while ECS is busy with another deployment of it.
func (args *RedeploymentArgs) definition() (string, error) {
	text, err := json.Marshal(map[string]any{
		"Comment": "Redeploys a service of cluster " + args.ClusterName,
		"StartAt": "Redeploy",
		"States": map[string]any{"Redeploy": map[string]any{
			"Type":     "Task",
			"Resource": "arn:" + args.Location.Partition + ":states:::aws-sdk:ecs:updateService",
			"Parameters": map[string]any{
				"Cluster": args.ClusterName, "Service.$": "$.service", "ForceNewDeployment": true,
			},
			"Retry": []any{map[string]any{
				"ErrorEquals":     []string{"States.TaskFailed"},
				"IntervalSeconds": 10,
				"BackoffRate":     2,
				"MaxAttempts":     5,
				"JitterStrategy":  "FULL",
			}},
			"ResultPath": nil,
			"End":        true,
		}},
	})
	return string(text), err
}

// listen makes the rules of a service: one for its secrets, one for its parameters.
func (component *Redeployment) listen(
	ctx *pulumi.Context,
	name string,
	args *RedeploymentArgs,
	service RedeployedService,
	starter *identity.Role,
) error {
	patterns := map[string]pulumi.StringPtrInput{}
	for i, part := range args.secretParts(service) {
		patterns[partName(onSecrets, i)] = secretsPattern(args.Location, part).ToStringPtrOutput()
	}
	for i, part := range parameterParts(service) {
		pattern, err := parametersPattern(part)
		if err != nil {
			return fmt.Errorf("listening to the parameters of service %s: %w", service.Name, err)
		}
		patterns[partName(onParameters, i)] = pulumi.String(pattern)
	}
	input, err := json.Marshal(map[string]string{"service": service.ServiceName})
	if err != nil {
		return fmt.Errorf("rendering the call that redeploys %s: %w", service.Name, err)
	}
	for _, kind := range slices.Sorted(maps.Keys(patterns)) {
		resourceName := name + "-" + service.Name + "-" + kind
		rule, err := cloudwatch.NewEventRule(ctx, resourceName, &cloudwatch.EventRuleArgs{
			Name:         pulumi.String(args.ruleName(service, kind)),
			Description:  pulumi.Sprintf("Redeploys %s when one of its %s changes", service.ServiceName, kind),
			EventPattern: patterns[kind],
			Tags:         pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component))
		if err != nil {
			return fmt.Errorf("creating the rule on the %s of service %s: %w", kind, service.Name, err)
		}
		if _, err := cloudwatch.NewEventTarget(ctx, resourceName+"-target", &cloudwatch.EventTargetArgs{
			Rule:     rule.Name,
			TargetId: pulumi.String("redeploy"),
			Arn:      component.StateMachineArn,
			RoleArn:  starter.Arn,
			Input:    pulumi.String(input),
		}, pulumi.Parent(component)); err != nil {
			return fmt.Errorf(
				"leading the rule on the %s of service %s to redeployment %q: %w",
				kind,
				service.Name,
				name,
				err,
			)
		}
	}
	return nil
}

// secretSuffix is what Secrets Manager puts behind a secret's name in its ARN.
var secretSuffix = regexp.MustCompile(`^.*:secret:(.+)-[A-Za-z0-9]{6}$`)

// secretsPattern matches the end of a rotation, which names the secret by its full ARN, and a new value that someone
// put, or an earlier one that someone put in force again, who names it by its ARN, with or without the random end, or
// by its name (Secrets Manager API, PutSecretValue and UpdateSecretVersionStage). In a rotation the new value is put
// first with the label AWSPENDING, when it is not yet in force.
func secretsPattern(location identity.Location, service RedeployedService) pulumi.StringOutput {
	secrets := service.Secrets
	if secrets == nil {
		secrets = pulumi.StringArray{} // a nil array is not an input
	}
	return secrets.ToStringArrayOutput().ApplyT(func(arns []string) (string, error) {
		return patternOfSecrets(location, arns, service.SecretNames)
	}).(pulumi.StringOutput)
}

func patternOfSecrets(location identity.Location, arns, names []string) (string, error) {
	ids, beginnings := slices.Clone(arns), []any{}
	for _, arn := range arns {
		if match := secretSuffix.FindStringSubmatch(arn); match != nil {
			ids = append(ids, match[1])
		}
	}
	for _, name := range sorted(names) {
		arn := location.Arn("secretsmanager", "secret:"+name)
		ids, beginnings = append(ids, name, arn), append(beginnings, map[string]any{"prefix": arn + "-"})
	}
	return eventPattern(map[string]any{
		"source": []string{"aws.secretsmanager"},
		"detail": map[string]any{
			"eventSource": []string{"secretsmanager.amazonaws.com"},
			"$or": []any{
				map[string]any{
					"eventName":           []string{"RotationSucceeded"},
					"additionalEventData": map[string]any{"SecretId": anyOf(arns, beginnings)},
				},
				map[string]any{
					"eventName": []string{"PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"},
					"requestParameters": map[string]any{
						"secretId": anyOf(ids, beginnings),
						"$or": []any{
							map[string]any{"versionStages": isAbsent, "versionStage": isAbsent},
							map[string]any{"versionStages": inForce},
							map[string]any{"versionStage": inForce},
						},
					},
				},
			},
		},
	})
}

// isAbsent matches no field, and inForce the label of the value that a task gets.
var isAbsent, inForce = []any{map[string]any{"exists": false}}, []any{"AWSCURRENT"}

// partName is that of a rule whose pattern is one of several, which are counted from 0.
func partName(kind string, part int) string {
	if part == 0 {
		return kind
	}
	return fmt.Sprintf("%s-%d", kind, part+1)
}

// secretParts divides a service's secrets among its rules. Those that are known by their ARNs have a rule of their own:
// how much room they take in a pattern is not known before they are.
func (args *RedeploymentArgs) secretParts(service RedeployedService) []RedeployedService {
	var parts []RedeployedService
	if len(service.Secrets) > 0 {
		parts = append(parts, RedeployedService{Secrets: service.Secrets})
	}
	for _, names := range inParts(service.SecretNames, func(names []string) (string, error) {
		return patternOfSecrets(args.Location, nil, names)
	}) {
		parts = append(parts, RedeployedService{SecretNames: names})
	}
	return parts
}

func parameterParts(service RedeployedService) [][]string {
	return inParts(service.Parameters, parametersPattern)
}

// inParts divides names, in their order, into as many parts as there have to be for a pattern of each to fit. A name
// that does not fit alone is a part, which is refused later.
func inParts(names []string, pattern func([]string) (string, error)) [][]string {
	var parts [][]string
	for _, name := range sorted(names) {
		if last := len(parts) - 1; last >= 0 {
			longer := append(slices.Clone(parts[last]), name)
			if _, err := pattern(longer); err == nil {
				parts[last] = longer
				continue
			}
		}
		parts = append(parts, []string{name})
	}
	return parts
}

// maxRules is how many rules of the default bus may be used: EventBridge allows 300 ("EventBridge quotas"), and a stack
// has some for notifications.
const maxRules = 280

// rules returns how many rules there will be.
func (args *RedeploymentArgs) rules() int {
	rules := 0
	for _, s := range args.Services {
		rules += len(args.secretParts(s)) + len(parameterParts(s))
	}
	return rules
}

// anyOf matches one of the texts, or what one of the further patterns does.
func anyOf(texts []string, patterns []any) []any {
	var choices []any
	for _, text := range sorted(texts) {
		choices = append(choices, text)
	}
	return append(choices, patterns...)
}

func parametersPattern(names []string) (string, error) {
	return eventPattern(map[string]any{
		"source":      []string{"aws.ssm"},
		"detail-type": []string{"Parameter Store Change"},
		"detail":      map[string]any{"name": sorted(names), "operation": []string{"Update"}},
	})
}

// maxPattern is how many characters EventBridge allows an event pattern by default ("EventBridge quotas"). The API
// takes up to 4,096 from accounts that asked for more.
const maxPattern = 2048

func eventPattern(pattern map[string]any) (string, error) {
	text, err := json.Marshal(pattern)
	if err != nil {
		return "", fmt.Errorf("rendering an event pattern: %w", err)
	}
	if len(text) > maxPattern {
		return "", fmt.Errorf(
			"event pattern: %d characters; EventBridge allows %d. Give the secrets shorter names",
			len(text),
			maxPattern,
		)
	}
	return string(text), nil
}

func sorted(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// role returns that of the state machine.
func (args *RedeploymentArgs) role() *identity.RoleArgs {
	var services []string
	for _, service := range args.Services {
		services = append(services, args.Location.Arn("ecs", "service/"+args.ClusterName+"/"+service.ServiceName))
	}
	return &identity.RoleArgs{
		Name:                args.Name,
		Path:                args.RolePath,
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
		Description:         "Redeploys ECS services when their secrets change",
		Trust: identity.ServiceTrust(
			"states.amazonaws.com",
			args.Location.AccountId,
			args.stateMachineArn(),
		),
		Policies: map[string]identity.Document{"redeploy": {Statements: []identity.Statement{
			{Sid: "Redeploy", Actions: []string{"ecs:UpdateService"}, Resources: sorted(services)},
			{
				Sid: "DeliverLogs",
				Actions: []string{
					"logs:CreateLogDelivery",
					"logs:DeleteLogDelivery",
					"logs:DescribeLogGroups",
					"logs:DescribeResourcePolicies",
					"logs:GetLogDelivery",
					"logs:ListLogDeliveries",
					"logs:PutResourcePolicy",
					"logs:UpdateLogDelivery",
				},
				Resources: []string{"*"}, // none of them supports resource-level permissions for deliveries
			},
			{
				Sid: "SendTraces",
				Actions: []string{
					"xray:PutTraceSegments",
					"xray:PutTelemetryRecords",
					"xray:GetSamplingRules",
					"xray:GetSamplingTargets",
				},
				Resources: []string{"*"}, // none of the four supports resource-level permissions
			},
		}}},
	}
}

// starterRole returns that of the rules.
func (args *RedeploymentArgs) starterRole() *identity.RoleArgs {
	return &identity.RoleArgs{
		Name:                args.Name + "-start",
		Path:                args.RolePath,
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
		Description:         "Starts redeployments when secrets change",
		Trust: identity.ServiceTrust(
			"events.amazonaws.com",
			args.Location.AccountId,
			args.Location.Arn("events", "rule/"+args.Name+"-*"),
		),
		Policies: map[string]identity.Document{"start": {Statements: []identity.Statement{
			{
				Sid:       "StartRedeployment",
				Actions:   []string{"states:StartExecution"},
				Resources: []string{args.stateMachineArn()},
			},
		}}},
	}
}

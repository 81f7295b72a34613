package protection

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// RestoreTestingArgs describe the trial of a recovery plan: AWS Backup restores the latest recovery points, a function
// looks at what came out and reports, and AWS Backup deletes it again.
type RestoreTestingArgs struct {
	Location identity.Location
	// Name of the function and the beginning of the other names, 1 to 40 letters, digits and hyphens.
	Name string
	// Types are what is restored: RDS, Aurora, DynamoDB, EFS, S3 or EBS.
	Types []string
	// TagKey and TagValue select whose recovery points are restored.
	TagKey, TagValue string
	// VaultArns are the vaults whose recovery points are restored.
	VaultArns pulumi.StringArray
	// DatabaseSubnetGroup and DatabaseSecurityGroupId are where databases are restored. What is left out is taken from
	// the account's default VPC, if there is one; then everything in it could connect to the database.
	DatabaseSubnetGroup     string
	DatabaseSecurityGroupId pulumi.StringInput
	// SourceBuckets are the names of the buckets that are restored, with whose contents the copies are compared.
	SourceBuckets []string
	// KeyAlias is the alias of the key that encrypts restored tables. Empty means an AWS managed one.
	KeyAlias string
	// Image is the reference of the image of services/restorecheck in ECR.
	Image pulumi.StringInput
	// Architecture of the image is amd64 (the default) or arm64.
	Architecture     string
	LogRetentionDays int
	// LogKmsKeyArn encrypts the function's log. Nil means CloudWatch's own key.
	LogKmsKeyArn        pulumi.StringPtrInput
	PermissionsBoundary string
	Tags                map[string]string
}

// RestoreTesting is a restore testing plan with the function that judges what was restored. Its type token is
// awslab:protection:RestoreTesting.
type RestoreTesting struct {
	pulumi.ResourceState

	PlanName     pulumi.StringOutput `pulumi:"planName"`
	FunctionName pulumi.StringOutput `pulumi:"functionName"`
	LogGroupName pulumi.StringOutput `pulumi:"logGroupName"`
	// FailedQueueName is the queue of the events that the function failed on, known in preview.
	FailedQueueName string
}

// trialPrefix begins the names of what AWS Backup restores on trial; volumes have no names.
const trialPrefix = "awsbackup-restore-test-"

// testable are the types, and what the function has to ask to judge one: of what was restored, and of what it was made
// from, to compare.
var testable = map[string]func(*RestoreTestingArgs) []identity.Statement{
	// AWS Backup counts Multi-AZ clusters among RDS too.
	"RDS": func(args *RestoreTestingArgs) []identity.Statement {
		return []identity.Statement{
			{
				Sid:       "Databases",
				Actions:   []string{"rds:DescribeDBInstances"},
				Resources: []string{args.Location.Arn("rds", "db:*")},
			},
			{
				Sid:       "DatabaseClusters",
				Actions:   []string{"rds:DescribeDBClusters"},
				Resources: []string{args.Location.Arn("rds", "cluster:*")},
			},
		}
	},
	"Aurora": func(args *RestoreTestingArgs) []identity.Statement {
		return []identity.Statement{
			{
				Sid:       "Clusters",
				Actions:   []string{"rds:DescribeDBClusters"},
				Resources: []string{args.Location.Arn("rds", "cluster:*")},
			},
		}
	},
	"DynamoDB": func(args *RestoreTestingArgs) []identity.Statement {
		statements := []identity.Statement{
			{
				Sid:       "Tables",
				Actions:   []string{"dynamodb:DescribeTable"},
				Resources: []string{args.Location.TableArn("*")},
			},
			{
				Sid:       "Items",
				Actions:   []string{"dynamodb:Scan"},
				Resources: []string{args.Location.TableArn(trialPrefix + "*")},
			},
		}
		if args.KeyAlias == "" {
			return statements
		}
		return append(statements, identity.Statement{
			Sid: "ReadKey", Actions: []string{"kms:Decrypt"}, Resources: []string{args.Location.Arn("kms", "key/*")},
			Conditions: []identity.Condition{
				{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: []string{args.KeyAlias}},
				{Operator: "StringLike", Key: "kms:ViaService", Values: []string{"dynamodb.*"}},
			},
		})
	},
	"EFS": func(args *RestoreTestingArgs) []identity.Statement {
		return []identity.Statement{
			{
				Sid:       "FileSystems",
				Actions:   []string{"elasticfilesystem:DescribeFileSystems"},
				Resources: []string{args.Location.Arn("elasticfilesystem", "file-system/*")},
			},
		}
	},
	"S3": func(args *RestoreTestingArgs) []identity.Statement {
		buckets := []string{args.Location.BucketArn(trialPrefix + "*")}
		for _, source := range args.SourceBuckets {
			buckets = append(buckets, args.Location.BucketArn(source))
		}
		return []identity.Statement{{Sid: "Buckets", Actions: []string{"s3:ListBucket"}, Resources: buckets}}
	},
	"EBS": func(*RestoreTestingArgs) []identity.Statement {
		// knows nothing narrower
		return []identity.Statement{
			{Sid: "Volumes", Actions: []string{"ec2:DescribeVolumes"}, Resources: []string{"*"}},
		}
	},
}

// Settings of the trial.
const (
	trialSchedule   = "cron(0 7 ? * MON *)" // when people are there to see what came out
	startHours      = 8
	selectionDays   = 7
	validationHours = 4
	// CheckTimeoutSeconds is after how long Lambda stops the function.
	CheckTimeoutSeconds = 900
	checkMemory         = 256 // MiB
	maxRetries          = 2
	maxEventAgeSeconds  = 24 * 60 * 60 // what EventBridge takes by default
)

var trialName = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

func (args *RestoreTestingArgs) validate() error {
	problems := []error{args.Location.Validate()}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(!trialName.MatchString(args.Name), "Name", "%q; use 1 to 40 letters, digits and hyphens", args.Name)
	add(len(args.Types) == 0, "Types", "missing; there is nothing to restore")
	for i, t := range args.Types {
		_, known := testable[t]
		add(!known, fmt.Sprintf("Types[%d]", i), "%q; use one of %v", t, slices.Sorted(maps.Keys(testable)))
		add(slices.Contains(args.Types[:i], t), fmt.Sprintf("Types[%d]", i), "%q is listed twice", t)
	}
	add(
		args.TagKey == "" || args.TagValue == "",
		"TagKey, TagValue",
		"%q, %q; say which tag selects what is restored",
		args.TagKey,
		args.TagValue,
	)
	add(len(args.VaultArns) == 0, "VaultArns", "missing; there is nothing to restore from")
	add(args.Image == nil, "Image", "missing")
	add(
		!slices.Contains([]string{"", "amd64", "arm64"}, args.Architecture),
		"Architecture",
		"%q; use amd64 or arm64",
		args.Architecture,
	)
	return errors.Join(problems...)
}

func (args *RestoreTestingArgs) failedQueue() string { return args.Name + "-failed" }

// planName returns the name with the characters that AWS Backup takes there.
func (args *RestoreTestingArgs) planName() string { return strings.ReplaceAll(args.Name, "-", "_") }

// NewRestoreTesting creates the restore testing plan and the function.
func NewRestoreTesting(
	ctx *pulumi.Context,
	name string,
	args *RestoreTestingArgs,
	opts ...pulumi.ResourceOption,
) (*RestoreTesting, error) {
	if args == nil {
		args = &RestoreTestingArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("restore testing %q: %w", name, err)
	}
	component := &RestoreTesting{FailedQueueName: args.failedQueue()}
	if err := ctx.RegisterComponentResource("awslab:protection:RestoreTesting", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering restore testing %q: %w", name, err)
	}
	plan, err := component.newPlan(ctx, name, args)
	if err != nil {
		return nil, err
	}
	function, failed, err := component.newFunction(ctx, name, args)
	if err != nil {
		return nil, err
	}
	if err := component.callFunction(ctx, name, args, plan, function, failed); err != nil {
		return nil, err
	}
	component.PlanName, component.FunctionName = plan.Name, function.Name
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"planName": component.PlanName, "functionName": component.FunctionName, "logGroupName": component.LogGroupName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of restore testing %q: %w", name, err)
	}
	return component, nil
}

func (component *RestoreTesting) newPlan(
	ctx *pulumi.Context,
	name string,
	args *RestoreTestingArgs,
) (*backup.RestoreTestingPlan, error) {
	plan, err := backup.NewRestoreTestingPlan(ctx, name+"-plan", &backup.RestoreTestingPlanArgs{
		Name:               pulumi.String(args.planName()),
		ScheduleExpression: pulumi.String(trialSchedule),
		StartWindowHours:   pulumi.Int(startHours),
		RecoveryPointSelection: backup.RestoreTestingPlanRecoveryPointSelectionArgs{
			Algorithm:           pulumi.String("LATEST_WITHIN_WINDOW"),
			IncludeVaults:       args.VaultArns,
			RecoveryPointTypes:  pulumi.ToStringArray([]string{"SNAPSHOT", "CONTINUOUS"}),
			SelectionWindowDays: pulumi.Int(selectionDays),
		},
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the plan of restore testing %q: %w", name, err)
	}
	role, ready, err := serviceRole(
		ctx,
		name+"-restore",
		args.Name+"-restore",
		args.Location,
		args.PermissionsBoundary,
		args.Tags,
		restorePolicies,
		component,
	)
	if err != nil {
		return nil, err
	}
	for _, t := range args.Types {
		if _, err := backup.NewRestoreTestingSelection(
			ctx,
			name+"-"+strings.ToLower(t),
			&backup.RestoreTestingSelectionArgs{
				Name:                   pulumi.String(strings.ToLower(t)),
				RestoreTestingPlanName: plan.Name,
				ProtectedResourceType:  pulumi.String(t),
				IamRoleArn:             role.Arn,
				ValidationWindowHours:  pulumi.Int(validationHours),
				ProtectedResourceConditions: backup.RestoreTestingSelectionProtectedResourceConditionsArgs{
					StringEquals: backup.RestoreTestingSelectionProtectedResourceConditionsStringEqualArray{
						backup.RestoreTestingSelectionProtectedResourceConditionsStringEqualArgs{
							Key:   pulumi.String("aws:ResourceTag/" + args.TagKey),
							Value: pulumi.String(args.TagValue),
						},
					},
				},
				RestoreMetadataOverrides: args.overrides(t),
			},
			pulumi.Parent(component),
			pulumi.DependsOn(ready),
			// Updates can be lost (hashicorp/terraform-provider-aws#48316). A name is unique in its plan.
			pulumi.ReplaceOnChanges([]string{
				"iamRoleArn", "protectedResourceConditions", "restoreMetadataOverrides", "validationWindowHours",
			}),
			pulumi.DeleteBeforeReplace(true),
		); err != nil {
			return nil, fmt.Errorf("selecting %s for restore testing %q: %w", t, name, err)
		}
	}
	return plan, nil
}

// overrides returns what AWS Backup cannot infer of how a resource of a type is to be restored (AWS Backup developer
// guide, "Restore testing inferred metadata"). A list is written as JSON.
func (args *RestoreTestingArgs) overrides(kind string) pulumi.StringMap {
	if kind != "RDS" && kind != "Aurora" {
		return nil
	}
	overrides := pulumi.StringMap{}
	if args.DatabaseSubnetGroup != "" {
		overrides["dbSubnetGroupName"] = pulumi.String(args.DatabaseSubnetGroup)
	}
	if args.DatabaseSecurityGroupId != nil {
		overrides["vpcSecurityGroupIds"] = pulumi.Sprintf(`["%s"]`, args.DatabaseSecurityGroupId)
	}
	return overrides
}

// environment returns what the function expects of databases.
func (args *RestoreTestingArgs) environment() lambda.FunctionEnvironmentPtrInput {
	if args.DatabaseSubnetGroup == "" {
		return nil
	}
	return lambda.FunctionEnvironmentArgs{
		Variables: pulumi.StringMap{"DATABASE_SUBNET_GROUP": pulumi.String(args.DatabaseSubnetGroup)},
	}
}

// newFunction creates the function, and the queue for the events it failed on.
func (component *RestoreTesting) newFunction(
	ctx *pulumi.Context,
	name string,
	args *RestoreTestingArgs,
) (*lambda.Function, *sqs.Queue, error) {
	group := "/aws/lambda/" + args.Name
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(group),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the log group of restore testing %q: %w", name, err)
	}
	failed, err := sqs.NewQueue(ctx, name+"-failed", &sqs.QueueArgs{
		Name:                    pulumi.String(args.failedQueue()),
		MessageRetentionSeconds: pulumi.Int(14 * 24 * 60 * 60),
		SqsManagedSseEnabled:    pulumi.Bool(true),
		Tags:                    pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the queue of restore testing %q: %w", name, err)
	}
	role, err := identity.NewFunctionRole(ctx, name+"-check", &identity.FunctionRoleArgs{
		RoleSettings: identity.RoleSettings{
			Name:                args.Name,
			PermissionsBoundary: args.PermissionsBoundary,
			Tags:                args.Tags,
		},
		Location:     args.Location,
		Function:     args.Name,
		FailureQueue: args.failedQueue(),
		Tracing:      true,
		Statements:   args.statements(),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the role of restore testing %q: %w", name, err)
	}
	architecture := "x86_64"
	if args.Architecture == "arm64" {
		architecture = "arm64"
	}
	function, err := lambda.NewFunction(ctx, name+"-function", &lambda.FunctionArgs{
		Name:             pulumi.String(args.Name),
		Description:      pulumi.String("Judges what AWS Backup restored"),
		PackageType:      pulumi.String("Image"),
		ImageUri:         args.Image.ToStringOutput().ToStringPtrOutput(),
		Architectures:    pulumi.ToStringArray([]string{architecture}),
		Environment:      args.environment(),
		Role:             role.Arn,
		Timeout:          pulumi.Int(CheckTimeoutSeconds),
		MemorySize:       pulumi.Int(checkMemory),
		LoggingConfig:    lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logs.Name},
		TracingConfig:    lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		DeadLetterConfig: lambda.FunctionDeadLetterConfigArgs{TargetArn: failed.Arn},
		Tags:             pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the function of restore testing %q: %w", name, err)
	}
	component.LogGroupName = logs.Name
	return function, failed, nil
}

func (args *RestoreTestingArgs) statements() []identity.Statement {
	statements := []identity.Statement{
		// AWS Backup knows nothing narrower for jobs.
		{
			Sid:       "ReportResult",
			Actions:   []string{"backup:DescribeRestoreJob", "backup:PutRestoreValidationResult"},
			Resources: []string{"*"},
		},
	}
	for _, t := range slices.Sorted(slices.Values(args.Types)) {
		statements = append(statements, testable[t](args)...)
	}
	return statements
}

// callFunction calls the function when a restore of the plan is complete.
func (component *RestoreTesting) callFunction(
	ctx *pulumi.Context,
	name string,
	args *RestoreTestingArgs,
	plan *backup.RestoreTestingPlan,
	function *lambda.Function,
	failed *sqs.Queue,
) error {
	pattern := plan.Arn.ApplyT(func(arn string) (string, error) {
		text, err := json.Marshal(map[string]any{
			"source": []string{"aws.backup"}, "detail-type": []string{"Restore Job State Change"},
			"detail": map[string]any{"status": []string{"COMPLETED"}, "restoreTestingPlanArn": []string{arn}},
		})
		return string(text), err
	}).(pulumi.StringOutput)
	rule, err := cloudwatch.NewEventRule(ctx, name+"-restored", &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(args.Name),
		Description:  pulumi.String("A restore on trial is complete"),
		EventPattern: pattern,
		Tags:         pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the rule of restore testing %q: %w", name, err)
	}
	permission, err := lambda.NewPermission(ctx, name+"-permission", &lambda.PermissionArgs{
		Function:  function.Name,
		Action:    pulumi.String("lambda:InvokeFunction"),
		Principal: pulumi.String("events.amazonaws.com"),
		SourceArn: rule.Arn,
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("letting the rule call the function of restore testing %q: %w", name, err)
	}
	if err := component.letQueue(ctx, name, args, failed); err != nil {
		return err
	}
	if _, err := cloudwatch.NewEventTarget(ctx, name+"-target", &cloudwatch.EventTargetArgs{
		Rule:     rule.Name,
		TargetId: pulumi.String("check"),
		Arn:      function.Arn,
		RetryPolicy: cloudwatch.EventTargetRetryPolicyArgs{
			MaximumRetryAttempts: pulumi.Int(maxRetries),
			// Left out, the provider sends 0, which EventBridge refuses.
			MaximumEventAgeInSeconds: pulumi.Int(maxEventAgeSeconds),
		},
		DeadLetterConfig: cloudwatch.EventTargetDeadLetterConfigArgs{Arn: failed.Arn},
	}, pulumi.Parent(component), pulumi.DependsOn([]pulumi.Resource{permission})); err != nil {
		return fmt.Errorf("leading the rule of restore testing %q to its function: %w", name, err)
	}
	return nil
}

// letQueue lets EventBridge keep in the queue what it could not deliver, and nobody send without TLS.
func (component *RestoreTesting) letQueue(
	ctx *pulumi.Context,
	name string,
	args *RestoreTestingArgs,
	failed *sqs.Queue,
) error {
	queueArn := args.Location.QueueArn(args.failedQueue())
	policy, err := identity.Document{Statements: []identity.Statement{
		{
			Sid: "KeepFailedEvents", Actions: []string{"sqs:SendMessage"}, Resources: []string{queueArn},
			Principals: []identity.Principal{{Type: "Service", Values: []string{"events.amazonaws.com"}}},
			Conditions: []identity.Condition{
				{
					Operator: "ArnEquals",
					Key:      "aws:SourceArn",
					Values:   []string{args.Location.Arn("events", "rule/"+args.Name)},
				},
			},
		},
		{
			Sid: "TlsOnly", Effect: identity.Deny, Actions: []string{"sqs:*"}, Resources: []string{queueArn},
			Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
		},
	}}.JSON()
	if err != nil {
		return fmt.Errorf("rendering the policy of the queue of restore testing %q: %w", name, err)
	}
	if _, err := sqs.NewQueuePolicy(
		ctx,
		name+"-failed-policy",
		&sqs.QueuePolicyArgs{QueueUrl: failed.ID(), Policy: pulumi.String(policy)},
		pulumi.Parent(component),
	); err != nil {
		return fmt.Errorf("creating the policy of the queue of restore testing %q: %w", name, err)
	}
	return nil
}

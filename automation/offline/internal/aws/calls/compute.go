package calls

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var computeLines = []Line{
	{
		Of:     token.Cluster,
		Does:   "AWS Fargate encrypts the storage of tasks",
		Source: "Amazon ECS developer guide, Customer managed keys for AWS Fargate ephemeral storage",
		Calls: func(r *reader, cluster *world.Thing) []authorization.Request {
			key := bridge.StateOf(
				cluster,
			).Str(
				"configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId",
			)
			of := context{
				"kms:EncryptionContext:aws:ecs:clusterAccount": {world.Account},
				"kms:EncryptionContext:aws:ecs:clusterName":    {cluster.Name},
			}
			fargate := service("fargate.amazonaws.com")
			return append(
				r.encrypted(fargate, cluster.Region, key, of, "kms:GenerateDataKeyWithoutPlaintext"),
				r.encrypted(fargate, cluster.Region, key, of.and(context{"kms:GrantOperations": {"Decrypt"}}),
					"kms:CreateGrant")...)
		},
	},
	{
		Of:     token.InstanceProfile,
		Does:   "an instance of Amazon EC2 assumes its role",
		Source: "IAM user guide, Use an IAM role to grant permissions to applications running on Amazon EC2 instances",
		Calls: func(r *reader, profile *world.Thing) []authorization.Request {
			role := r.named(world.Global, token.Role, bridge.StateOf(profile).Str("role"))
			if role == nil {
				return nil
			}
			// An instance profile is global; its role's ARN tells the partition, and so the service's domain.
			if strings.HasPrefix(role.ARN, "arn:aws-cn:") {
				return assume("ec2.amazonaws.com.cn", role.ARN, nil)
			}
			return assume("ec2.amazonaws.com", role.ARN, nil)
		},
	},
	{
		Of:     token.Function,
		Does:   "AWS Lambda assumes the role of a function",
		Source: "AWS Lambda developer guide, Defining Lambda function permissions with an execution role",
		Calls: func(_ *reader, function *world.Thing) []authorization.Request {
			return assume("lambda.amazonaws.com", bridge.StateOf(function).Str("role"), nil)
		},
	},
	{
		Of:     token.Function,
		Does:   "AWS Lambda pulls the image of a function",
		Source: "AWS Lambda developer guide, Create a Lambda function using a container image",
		Calls: func(r *reader, function *world.Thing) []authorization.Request {
			repository := r.repository(function.Region, bridge.StateOf(function).Str("imageUri"))
			if repository == nil {
				return nil
			}
			return service("lambda.amazonaws.com").calls(
				repository.ARN, context{"aws:SourceArn": {function.ARN}},
				"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
		},
	},
	{
		Of:     token.Function,
		Does:   "a function writes its log, its traces and the events that it failed on",
		Source: "AWS Lambda developer guide, Defining Lambda function permissions with an execution role",
		Calls: func(_ *reader, function *world.Thing) []authorization.Request {
			state := bridge.StateOf(function)
			role, group := as(state.Str("role")), state.Str("loggingConfig.logGroup")
			all := role.calls(
				logStream(function.Region, group),
				nil, "logs:CreateLogStream", "logs:PutLogEvents")
			if state.Str("tracingConfig.mode") == "Active" {
				all = append(all, role.calls("*", nil, "xray:PutTelemetryRecords", "xray:PutTraceSegments")...)
			}
			if queue := state.Str("deadLetterConfig.targetArn"); strings.Contains(queue, ":sqs:") {
				all = append(all, role.calls(queue, nil, "sqs:SendMessage")...)
			}
			return all
		},
	},
	{
		Of:     token.StateMachine,
		Does:   "AWS Step Functions assumes the role of a state machine",
		Source: "AWS Step Functions developer guide, Creating an IAM role for your state machine",
		Calls: func(_ *reader, machine *world.Thing) []authorization.Request {
			return assume("states.amazonaws.com", bridge.StateOf(machine).Str("roleArn"), source(machine.ARN))
		},
	},
	{
		Of:     token.StateMachine,
		Does:   "AWS Step Functions delivers the log of a state machine",
		Source: "AWS Step Functions developer guide, Using CloudWatch Logs to log execution history",
		Calls: func(_ *reader, machine *world.Thing) []authorization.Request {
			state := bridge.StateOf(machine)
			var all requests
			if level := state.Str("loggingConfiguration.level"); level != "" && level != "OFF" {
				all = as(state.Str("roleArn")).calls("*", nil,
					"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
					"logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
					"logs:PutResourcePolicy", "logs:UpdateLogDelivery")
			}
			if state.Bool("tracingConfiguration.enabled") {
				all = append(all, as(state.Str("roleArn")).calls("*", nil, tracing...)...)
			}
			return all
		},
	},
}

// tracing is what sends traces by X-Ray's sampling rules ("How AWS X-Ray works with IAM", X-Ray developer guide).
var tracing = []string{
	"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

// repository returns the repository of the account that an image is in, or nil.
func (r *reader) repository(region, image string) *world.Thing {
	name := repositoryName(region, image)
	if name == "" {
		return nil
	}
	return r.named(region, token.Repository, name)
}

// repositoryName returns the name of the repository that an image is in, or "" if it is none of the account's in the
// region.
func repositoryName(region, image string) string {
	registry, path, _ := strings.Cut(image, "/")
	if registry != world.Account+".dkr.ecr."+region+"."+suffixOf(region) {
		return ""
	}
	name, _, _ := strings.Cut(path, "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

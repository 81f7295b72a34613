package calls

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var computeLines = []Line{
	{
		Of:     token.Service,
		Does:   "Amazon ECS assumes the roles of a task",
		Source: "Amazon ECS developer guide, Amazon ECS task IAM role",
		Calls: task(func(t *runningTask) requests {
			var all requests
			for _, role := range slices.Compact([]string{t.executionRole, t.role}) {
				if role != "" {
					all = append(all, assume("ecs-tasks.amazonaws.com", role, source(t.arn))...)
				}
			}
			return all
		}),
	},
	{
		Of:     token.Service,
		Does:   "Amazon ECS pulls the image of a container",
		Source: "Amazon ECS developer guide, Amazon ECS task execution IAM role",
		Calls: task(func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				all = append(all, t.pull(c.Image)...)
			}
			return all
		}),
	},
	{
		Of:     token.Service,
		Does:   "Amazon ECS writes the log of a container",
		Source: "Amazon ECS developer guide, Amazon ECS task execution IAM role",
		Calls: task(func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				if group := c.LogConfiguration.Options["awslogs-group"]; group != "" {
					all = append(all, as(t.executionRole).calls(
						logStream(t.region, group), nil, "logs:CreateLogStream", "logs:PutLogEvents")...)
				}
			}
			return all
		}),
	},
	{
		Of:     token.Service,
		Does:   "Amazon ECS reads a secret for a container",
		Source: "Amazon ECS developer guide, Pass sensitive data to an Amazon ECS container",
		Calls: task(func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				for _, s := range c.Secrets {
					all = append(all, t.readSecret(s.ValueFrom)...)
				}
			}
			return all
		}),
	},
	{
		Of:     token.Service,
		Does:   "a task mounts a file system",
		Source: "Amazon EFS user guide, Using IAM to control access to file systems",
		Calls:  task((*runningTask).mount),
	},
	{
		Of:     token.Service,
		Does:   "ECS Exec opens a session in a task",
		Source: "Amazon ECS developer guide, Monitor Amazon ECS containers with ECS Exec",
		Calls:  task((*runningTask).execute),
	},
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

// container is what is read of a container definition.
type container struct {
	Name, Image      string
	LogConfiguration struct{ Options map[string]string }
	Secrets          []struct{ ValueFrom string }
	Environment      []struct{ Name, Value string }
	MountPoints      []struct {
		SourceVolume string
		ReadOnly     bool
	}
}

// runningTask is a task of a service.
type runningTask struct {
	*reader
	service             *world.Thing
	definition          values.View
	region, arn         string
	role, executionRole string
	containers          []container
}

// task returns the calls because of a task of a service.
func task(calls func(*runningTask) requests) func(*reader, *world.Thing) []authorization.Request {
	return func(r *reader, service *world.Thing) []authorization.Request {
		definitions := r.linked(service, "taskDefinition")
		if len(definitions) == 0 {
			return nil
		}
		state := bridge.StateOf(definitions[0])
		t := &runningTask{
			reader: r, service: service, definition: state, region: service.Region,
			arn:  arnOf(service.Region, "ecs", "task/cluster/00000000000000000000000000000000"),
			role: state.Str("taskRoleArn"), executionRole: state.Str("executionRoleArn"),
		}
		text, _ := state.At("containerDefinitions")
		r.note(json.Unmarshal([]byte(values.Document(text)), &t.containers))
		return calls(t)
	}
}

// logStream returns the ARN of a stream of a log group.
func logStream(region, group string) string {
	return arnOf(region, "logs", "log-group:"+group+":log-stream:it")
}

// pull are the calls for an image in a repository of the account.
func (t *runningTask) pull(image string) requests {
	name := repositoryName(t.region, image)
	if name == "" {
		return nil
	}
	repository, role := arnOf(t.region, "ecr", "repository/"+name), as(t.executionRole)
	all := append(
		role.calls("*", nil, "ecr:GetAuthorizationToken"),
		role.calls(repository, nil,
			"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")...)
	for _, rule := range t.many(t.tx.OfType(t.region, token.PullThrough)) {
		if strings.HasPrefix(name, bridge.StateOf(rule).Str("ecrRepositoryPrefix")+"/") {
			all = append(all, role.calls(repository, nil, "ecr:BatchImportUpstreamImage", "ecr:CreateRepository")...)
		}
	}
	return all
}

// readSecret are the calls for the source of a secret variable: the ARN of a secret, with or without a key of its JSON
// behind it, or that of a parameter.
func (t *runningTask) readSecret(from string) requests {
	role := as(t.executionRole)
	if strings.Contains(from, ":parameter/") {
		parameter := t.byARN(from)
		all := role.calls(from, nil, "ssm:GetParameters")
		return append(all, t.encrypted(
			role, t.region, bridge.StateOf(parameter).Str("keyId"), via("ssm", t.region), "kms:Decrypt")...)
	}
	parts := strings.SplitN(from, ":", secretParts+1)
	if len(parts) < secretParts {
		return nil
	}
	return t.secretOf(role, t.region, strings.Join(parts[:secretParts], ":"))
}

// secretParts is the number of parts of the ARN of a secret.
const secretParts = 7

// mount are the calls of the NFS clients in the task. They come with the access point, and not with the file system's
// tags.
func (t *runningTask) mount() requests {
	var all requests
	for _, volume := range t.definition.Objects("volumes") {
		mounted := volume.Str("efsVolumeConfiguration.fileSystemId")
		if volume.Str("efsVolumeConfiguration.authorizationConfig.iam") != "ENABLED" {
			continue
		}
		keys := context{"elasticfilesystem:AccessedViaMountTarget": {"true"}}
		if point := volume.Str("efsVolumeConfiguration.authorizationConfig.accessPointId"); point != "" {
			keys["elasticfilesystem:AccessPointArn"] = []string{
				arnOf(t.region, "elasticfilesystem", "access-point/"+point),
			}
		}
		actions := []string{"elasticfilesystem:ClientMount"}
		for _, c := range t.containers {
			for _, mount := range c.MountPoints {
				if mount.SourceVolume == volume.Str("name") && !mount.ReadOnly {
					actions = append(actions, "elasticfilesystem:ClientWrite")
				}
			}
		}
		all = append(all, as(t.role).calls(
			arnOf(t.region, "elasticfilesystem", "file-system/"+mounted), keys, slices.Compact(actions)...)...)
	}
	return all
}

// execute are the calls of the agent in a task that people may open a session in.
func (t *runningTask) execute() requests {
	if !bridge.StateOf(t.service).Bool("enableExecuteCommand") {
		return nil
	}
	role := as(t.role)
	all := role.calls("*", nil,
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
		"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")
	for _, cluster := range t.linked(t.service, "cluster") {
		sessions := bridge.StateOf(cluster)
		const command = "configuration.executeCommandConfiguration."
		all = append(all, t.encrypted(role, t.region, sessions.Str(command+"kmsKeyId"), nil, "kms:Decrypt")...)
		if group := sessions.Str(command + "logConfiguration.cloudWatchLogGroupName"); group != "" {
			all = append(all, role.calls(logStream(t.region, group), nil,
				"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")...)
			all = append(all, role.calls(arnOf(t.region, "logs", "log-group:*"), nil, "logs:DescribeLogGroups")...)
		}
	}
	return all
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

package calls

import (
	"encoding/json"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// taskLine says which calls are made because of a task: one of a service, or one that a function runs.
type taskLine struct {
	// Does, Source and Optional are those of a [Line].
	Does, Source string
	Optional     bool
	Calls        func(*runningTask) requests
	Refusal      func(*runningTask) string
}

var taskLines = ofTasks(slices.Concat([]taskLine{
	{
		Does:   "Amazon ECS assumes the roles of a task",
		Source: "Amazon ECS developer guide, Amazon ECS task IAM role",
		Calls: func(t *runningTask) requests {
			var all requests
			for _, role := range slices.Compact([]string{t.executionRole, t.role}) {
				if role != "" {
					all = append(all, assume("ecs-tasks.amazonaws.com", role, source(t.arn))...)
				}
			}
			return all
		},
	},
	{
		Does:   "Amazon ECS pulls the image of a container",
		Source: "Amazon ECS developer guide, Amazon ECS task execution IAM role",
		Calls: func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				all = append(all, t.pull(c.Image)...)
			}
			return all
		},
	},
	{
		Does:   "Amazon ECS writes the log of a container",
		Source: "Amazon ECS developer guide, Amazon ECS task execution IAM role",
		Calls: func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				if group := c.LogConfiguration.Options["awslogs-group"]; group != "" {
					all = append(all, as(t.executionRole).calls(
						logStream(t.region, group), nil, "logs:CreateLogStream", "logs:PutLogEvents")...)
				}
			}
			return all
		},
	},
	{
		Does:   "Amazon ECS reads a secret for a container",
		Source: "Amazon ECS developer guide, Pass sensitive data to an Amazon ECS container",
		Calls: func(t *runningTask) requests {
			var all requests
			for _, c := range t.containers {
				for _, s := range c.Secrets {
					all = append(all, t.readSecret(s.ValueFrom)...)
				}
			}
			return all
		},
	},
	{
		Does:   "a task mounts a file system",
		Source: "Amazon EFS user guide, Using IAM to control access to file systems",
		Calls:  (*runningTask).mount,
	},
	{
		Does:   "ECS Exec opens a session in a task",
		Source: "Amazon ECS developer guide, Monitor Amazon ECS containers with ECS Exec",
		Calls:  (*runningTask).execute,
	},
	{
		Does:     "the code of a task uses what its environment names",
		Source:   "Service Authorization Reference, Amazon DynamoDB, Amazon S3, Amazon SQS",
		Optional: true,
		Calls:    (*runningTask).useStores,
	},
	{
		Does:   "the code of a task publishes to a topic",
		Source: "Amazon SNS developer guide, Securing Amazon SNS data with server-side encryption",
		Calls:  (*runningTask).publishToTopics,
	},
	{
		Does:   "the collector of a task sends traces",
		Source: "AWS X-Ray developer guide, How AWS X-Ray works with IAM",
		Calls: func(t *runningTask) requests {
			if !slices.ContainsFunc(t.containers, func(c container) bool { return strings.Contains(c.Image, "otel") }) {
				return nil
			}
			return as(t.role).calls("*", nil, tracing...)
		},
	},
	{
		Does: "the collector of a task writes metrics",
		Source: "AWS Distro for OpenTelemetry, Using CloudWatch Metrics with AWS Distro for OpenTelemetry; " +
			"the AWS CloudWatch EMF exporter creates the stream, and the group only if there is none",
		Calls: (*runningTask).writeMetrics,
	},
}, databaseTaskLines))

// ofTasks returns each line twice: for the services, and for the invocations that run a task.
func ofTasks(lines []taskLine) []Line {
	var all []Line
	for _, line := range lines {
		for _, of := range []string{token.Service, token.Invocation} {
			one := Line{Of: of, Does: line.Does, Source: line.Source, Optional: line.Optional, Calls: task(line.Calls)}
			if line.Refusal != nil {
				one.Refusal = task(line.Refusal)
			}
			all = append(all, one)
		}
	}
	return all
}

// container is what is read of a container definition.
type container struct {
	Name, Image      string
	LogConfiguration struct{ Options map[string]string }
	Secrets          []struct{ Name, ValueFrom string }
	Environment      []struct{ Name, Value string }
	MountPoints      []struct {
		SourceVolume string
		ReadOnly     bool
	}
}

// runningTask is a task of a service, or one that an invocation of services/runtask runs.
type runningTask struct {
	*reader
	of                  *world.Thing // the service or the invocation
	definition          values.View
	region, arn         string
	role, executionRole string
	containers          []container
}

// task returns what follows from a task, of a service or an invocation.
func task[T any](follows func(*runningTask) T) func(*reader, *world.Thing) T {
	return func(r *reader, of *world.Thing) (nothing T) {
		definition := r.definitionOf(of)
		if definition == nil {
			return nothing
		}
		state := bridge.StateOf(definition)
		t := &runningTask{
			reader: r, of: of, definition: state, region: of.Region,
			arn:  arnOf(of.Region, "ecs", "task/cluster/00000000000000000000000000000000"),
			role: state.Str("taskRoleArn"), executionRole: state.Str("executionRoleArn"),
		}
		text, _ := state.At("containerDefinitions")
		r.note(json.Unmarshal([]byte(values.Document(text)), &t.containers))
		return follows(t)
	}
}

// definitionOf returns the task definition of a service, or that of the task that an invocation runs, or nil.
func (r *reader) definitionOf(of *world.Thing) *world.Thing {
	if of.Type == token.Invocation {
		return r.byARN(ranBy(of).TaskDefinition)
	}
	if definitions := r.linked(of, "taskDefinition"); len(definitions) > 0 {
		return definitions[0]
	}
	return nil
}

// run is what is read of the event that services/runtask is invoked with.
type run struct{ Cluster, TaskDefinition string }

// ranBy returns what an invocation runs, which is nothing if its input is no such event.
func ranBy(invocation *world.Thing) run {
	var event run
	input, _ := bridge.StateOf(invocation).At("input")
	if json.Unmarshal([]byte(values.Document(input)), &event) != nil {
		return run{}
	}
	return event
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
	if !bridge.StateOf(t.of).Bool("enableExecuteCommand") {
		return nil
	}
	role := as(t.role)
	all := role.calls("*", nil,
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
		"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")
	for _, cluster := range t.linked(t.of, "cluster") {
		sessions := bridge.StateOf(cluster)
		const command = "configuration.executeCommandConfiguration."
		all = append(all, t.encrypted(role, t.region, sessions.Str(command+"kmsKeyId"), nil, "kms:Decrypt")...)
		if group := sessions.Str(command + "logConfiguration.cloudWatchLogGroupName"); group != "" {
			all = append(all, role.calls(logStream(t.region, group), nil,
				"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")...)
			all = append(all, role.calls("*", nil, "logs:DescribeLogGroups")...)
		}
	}
	return all
}

// environment returns the values of the containers' variables.
func (t *runningTask) environment() []string {
	var found []string
	for _, c := range t.containers {
		for _, variable := range c.Environment {
			found = append(found, variable.Value)
		}
	}
	return found
}

// variable returns the value of a variable, or "".
func (t *runningTask) variable(name string) string {
	for _, c := range t.containers {
		for _, variable := range c.Environment {
			if variable.Name == name {
				return variable.Value
			}
		}
	}
	return ""
}

// writeMetrics are the calls of the collector, whose configuration names the log group.
func (t *runningTask) writeMetrics() requests {
	var config struct {
		Exporters struct {
			AWSEMF struct {
				LogGroup string `yaml:"log_group_name"`
			} `yaml:"awsemf"`
		} `yaml:"exporters"`
	}
	text := t.variable("AOT_CONFIG_CONTENT")
	if err := yaml.Unmarshal([]byte(text), &config); err != nil || config.Exporters.AWSEMF.LogGroup == "" {
		return nil
	}
	return as(t.role).calls(
		logStream(t.region, config.Exporters.AWSEMF.LogGroup), nil, "logs:CreateLogStream", "logs:PutLogEvents")
}

// publishToTopics are the calls for the topics of the variables TOPIC_<NAME>_ARN, by which a task is told where to
// publish.
func (t *runningTask) publishToTopics() requests {
	var all requests
	for _, c := range t.containers {
		for _, variable := range c.Environment {
			if strings.HasPrefix(variable.Name, "TOPIC_") && strings.HasSuffix(variable.Name, "_ARN") {
				all = append(all, t.publish(as(t.role), variable.Value, nil, via("sns", t.region))...)
			}
		}
	}
	return all
}

func (t *runningTask) useStores() requests {
	var all requests
	role := as(t.role)
	for _, value := range t.environment() {
		if table := t.named(t.region, token.Table, value); table != nil {
			all = append(all, role.calls(table.ARN, nil,
				"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable", "dynamodb:GetItem",
				"dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem",
				"dynamodb:PutItem", "dynamodb:UpdateItem")...)
			for _, index := range bridge.StateOf(table).Objects("globalSecondaryIndexes") {
				all = append(all, role.calls(table.ARN+"/index/"+index.Str("name"), nil,
					"dynamodb:Query", "dynamodb:Scan")...)
			}
			all = append(all, t.encrypted(role, t.region, bridge.StateOf(table).Str("serverSideEncryption.kmsKeyArn"),
				via("dynamodb", t.region), "kms:Decrypt")...)
		}
		if bucket := t.byID(token.Bucket, value); bucket != nil {
			all = append(all, role.calls(bucket.ARN, nil, "s3:ListBucket")...)
			all = append(all, role.calls(bucket.ARN+"/it", nil,
				"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")...)
			all = append(all, t.encryptedObjects(role, bucket, "kms:Decrypt", "kms:GenerateDataKey")...)
		}
		if _, queue, found := strings.Cut(value, "."+suffixOf(t.region)+"/"+world.Account+"/"); found {
			all = append(all, role.calls(arnOf(t.region, "sqs", queue), nil,
				"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
				"sqs:ReceiveMessage", "sqs:SendMessage")...)
		}
	}
	return all
}

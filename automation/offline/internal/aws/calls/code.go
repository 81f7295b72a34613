package calls

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// codeLines are the calls of programs: of the containers, of the lab's own functions, and of AWS's agents. A program
// calls what it has permission for, so that the lines say what permissions are good for.
var codeLines = []Line{
	{
		Of:       token.InstanceProfile,
		Does:     "the agents on an instance work in a cluster and open sessions",
		Source:   "Amazon ECS developer guide, Amazon ECS container instance IAM role",
		Optional: true,
		Calls: func(r *reader, profile *world.Thing) []authorization.Request {
			role := r.named(world.Global, token.Role, bridge.StateOf(profile).Str("role"))
			var all requests
			for _, cluster := range r.every(token.Cluster) {
				agent, in := as(role.ARN), context{"ecs:cluster": {cluster.ARN}}
				all = append(all, agent.calls(cluster.ARN, nil, "ecs:DeregisterContainerInstance",
					"ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges",
					"ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange")...)
				all = append(all, agent.calls(
					arnOf(cluster.Region, "ecs", "container-instance/"+cluster.Name+"/it"), in,
					"ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState")...)
				all = append(all, agent.calls("*", nil, "ecs:DiscoverPollEndpoint", "ssm:UpdateInstanceInformation",
					"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
					"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")...)
			}
			return all
		},
	},
	{
		Of:       token.SlackChannel,
		Does:     "Amazon Q Developer shows alarms in a channel",
		Source:   "Amazon Q Developer in chat applications administrator guide, IAM policies",
		Optional: true,
		Calls:    showAlarms,
	},
	{
		Of:       token.TeamsChannel,
		Does:     "Amazon Q Developer shows alarms in a channel",
		Source:   "Amazon Q Developer in chat applications administrator guide, IAM policies",
		Optional: true,
		Calls:    showAlarms,
	},
	{
		Of:       token.StateMachine,
		Does:     "a state machine deploys services anew",
		Source:   "Service Authorization Reference, Amazon Elastic Container Service",
		Optional: true,
		Calls: func(r *reader, machine *world.Thing) []authorization.Request {
			var all requests
			for _, service := range r.every(token.Service) {
				all = append(all, as(bridge.StateOf(machine).Str("roleArn")).calls(
					service.ARN, nil, "ecs:UpdateService")...)
			}
			return all
		},
	},
	{
		Of:       token.Function,
		Does:     "services/runtask runs tasks",
		Source:   "Service Authorization Reference, Amazon Elastic Container Service",
		Optional: true,
		Calls:    runTasks,
	},
	{
		Of:       token.Function,
		Does:     "services/restorecheck judges what was restored",
		Source:   "AWS Backup developer guide, Restore testing validation",
		Optional: true,
		Calls:    checkRestores,
	},
}

// every returns the things of a type in all regions.
func (r *reader) every(typ string) []*world.Thing {
	return r.many(r.tx.OfTypeAnywhere(typ))
}

func showAlarms(r *reader, channel *world.Thing) []authorization.Request {
	role := as(bridge.StateOf(channel).Str("iamRoleArn"))
	all := role.calls("*", nil, "cloudwatch:GetMetricWidgetImage", "cloudwatch:GetMetricData",
		"cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")
	for _, alarm := range r.every(token.MetricAlarm) {
		all = append(all, role.calls(
			alarm.ARN, nil, "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")...)
	}
	return all
}

func runTasks(r *reader, function *world.Thing) []authorization.Request {
	if !strings.HasSuffix(function.Name, "-runtask") {
		return nil
	}
	var all requests
	role := as(bridge.StateOf(function).Str("role"))
	for _, invocation := range r.every(token.Invocation) {
		cluster, definition := r.byARN(ranBy(invocation).Cluster), r.definitionOf(invocation)
		if cluster == nil || definition == nil {
			continue
		}
		in, state := context{"ecs:cluster": {cluster.ARN}}, bridge.StateOf(definition)
		all = append(all, role.calls(arnOf(cluster.Region, "ecs", "task/"+cluster.Name+"/it"), in,
			"ecs:DescribeTasks", "ecs:StopTask")...)
		all = append(all, role.calls(definition.ARN, in, "ecs:RunTask")...)
		for _, passed := range []string{state.Str("executionRoleArn"), state.Str("taskRoleArn")} {
			all = append(all, role.calls(
				passed, context{"iam:PassedToService": {"ecs-tasks.amazonaws.com"}}, "iam:PassRole")...)
		}
	}
	for _, group := range r.every(token.LogGroup) {
		all = append(all, role.calls(
			logStream(group.Region, group.Name), nil, "logs:GetLogEvents")...)
	}
	return all
}

func checkRestores(r *reader, function *world.Thing) []authorization.Request {
	if !strings.HasSuffix(function.Name, "-restorecheck") {
		return nil
	}
	const trial = "awsbackup-restore-test-it"
	role, region := as(bridge.StateOf(function).Str("role")), function.Region
	arn := func(service, resource string) string { return arnOf(region, service, resource) }
	all := slices.Concat(
		role.calls("*", nil, "backup:DescribeRestoreJob", "backup:PutRestoreValidationResult", "ec2:DescribeVolumes"),
		role.calls(arn("dynamodb", "table/"+trial), nil, "dynamodb:DescribeTable", "dynamodb:Scan"),
		role.calls(arn("elasticfilesystem", "file-system/it"), nil, "elasticfilesystem:DescribeFileSystems"),
		role.calls(arn("rds", "db:it"), nil, "rds:DescribeDBInstances"),
		role.calls(arn("rds", "cluster:it"), nil, "rds:DescribeDBClusters"),
		role.calls("arn:"+partitionOf(region)+":s3:::"+trial, nil, "s3:ListBucket"),
	)
	for _, bucket := range r.every(token.Bucket) {
		all = append(all, role.calls(bucket.ARN, nil, "s3:ListBucket")...)
	}
	for _, table := range r.every(token.Table) {
		all = append(all, r.encrypted(role, region, bridge.StateOf(table).Str("serverSideEncryption.kmsKeyArn"),
			via("dynamodb", region), "kms:Decrypt")...)
	}
	return all
}

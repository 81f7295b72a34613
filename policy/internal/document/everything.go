package document

import "slices"

// demandsEverything are actions without resource-level permissions: a statement can allow them on "*" or not at all
// (Service Authorization Reference, "Actions, resources, and condition keys", rows without a resource type). Here are
// those of the services that container platforms use; an action that is missing is taken for one that can be limited.
var demandsEverything = []string{
	"application-autoscaling:Describe*", "autoscaling:Describe*", "backup:GetSupportedResourceTypes", "backup:List*s",
	"backup:DescribeRegionSettings", "backup:UpdateRegionSettings", "backup:DescribeGlobalSettings",
	"backup:DescribeRestoreJob", "backup:DescribeBackupJob", "backup:DescribeCopyJob",
	"backup:PutRestoreValidationResult", "backup:GetRestoreJobMetadata", "backup-storage:*",
	"cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricWidgetImage",
	"cloudwatch:ListMetrics", "cloudwatch:PutMetricData", "cloudwatch:DescribeAnomalyDetectors", "ec2:Describe*",
	"ecr:GetAuthorizationToken", "ecr-public:GetAuthorizationToken", "ecs:CreateCluster",
	"ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "ecs:DiscoverPollEndpoint", "ecs:ListClusters",
	"ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies", "ecs:RegisterTaskDefinition",
	"elasticloadbalancing:Describe*", "iam:GetAccountSummary", "iam:ListAccountAliases", "iam:ListPolicies",
	"iam:ListRoles", "iam:ListUsers", "kms:CreateKey", "kms:ListAliases", "kms:ListKeys", "lambda:GetAccountSettings",
	"lambda:ListEventSourceMappings", "lambda:ListFunctions", "logs:CreateLogDelivery", "logs:DeleteLogDelivery",
	"logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
	"logs:PutResourcePolicy", "logs:UpdateLogDelivery", "logs:DeleteResourcePolicy", "rds:DescribeDBEngineVersions",
	"rds:DescribeOrderableDBInstanceOptions", "route53:ListHostedZones", "route53:GetChange", "s3:GetAccessPoint",
	"s3:ListAllMyBuckets", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetRandomPassword",
	"secretsmanager:ListSecrets", "sns:ListTopics", "sqs:ListQueues", "dynamodb:ListTables", "dynamodb:DescribeLimits",
	"ssm:DescribeParameters", "ssm:ListCommands", "ssm:PutInventory", "ssm:UpdateInstanceInformation",
	"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
	"ssmmessages:OpenDataChannel", "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage",
	"ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply",
	"states:ListStateMachines", "sts:GetCallerIdentity", "tag:Get*", "wafv2:ListWebACLs", "xray:Get*",
	"xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

// DemandsEverything reports whether an action, or every action that a pattern stands for, can be allowed on "*" only.
func DemandsEverything(action string) bool {
	return slices.ContainsFunc(demandsEverything, func(pattern string) bool { return Match(pattern, action) })
}

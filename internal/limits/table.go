package limits

// The pages of AWS's documentation.
const (
	elb         = "Quotas for your Application Load Balancers, Elastic Load Balancing"
	vpc         = "Amazon VPC quotas"
	iam         = "IAM and AWS STS quotas"
	cloudWatch  = "CloudWatch service quotas"
	eventBridge = "EventBridge quotas"
	ecs         = "Amazon ECS service quotas"
)

// All are the limits.
var All = []Limit{
	{
		"rules of the load balancer", BalancerRules, true, elb,
		rulesOfBalancers,
	},
	{
		"condition values of a listener rule", 5, false, elb,
		sizes("aws:lb/listenerRule:ListenerRule", "conditions", conditionValues),
	},
	{
		"target groups of the load balancer", 100, false, elb,
		perAccount("aws:lb/targetGroup:TargetGroup"),
	},
	{
		"further certificates of a listener", 25, true, elb,
		per("aws:lb/listenerCertificate:ListenerCertificate", "listenerArn"),
	},
	{"security groups of the VPC", 2500, true, vpc, perAccount("aws:ec2/securityGroup:SecurityGroup")},
	{
		"security groups of a network interface", 5, true, vpc,
		sizes("aws:ecs/service:Service", "networkConfiguration", groupsOfTasks),
	},
	{
		"inbound rules of a security group", GroupRules, true, vpc,
		per("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupId"),
	},
	{
		"outbound rules of a security group", GroupRules, true, vpc,
		per("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId"),
	},
	// 20, of which the last one is AWS's own.
	{"inbound rules of a network ACL", 19, true, vpc, sizes("aws:ec2/networkAcl:NetworkAcl", "ingress", aclRules)},
	{"outbound rules of a network ACL", 19, true, vpc, sizes("aws:ec2/networkAcl:NetworkAcl", "egress", aclRules)},
	{"interface endpoints of the VPC", 50, true, vpc, perAccount("aws:ec2/vpcEndpoint:VpcEndpoint")},

	{"IAM roles", 1000, true, iam, perAccount("aws:iam/role:Role")},
	{
		"characters of the trust policy of a role", 2048, true, iam,
		sizes("aws:iam/role:Role", "assumeRolePolicy", policyCharacters),
	},
	{
		"characters of the inline policies of a role", 10240, false, iam,
		sum("aws:iam/rolePolicy:RolePolicy", "role", "policy", policyCharacters),
	},
	{"characters of a managed policy", 6144, false, iam, sizes("aws:iam/policy:Policy", "policy", policyCharacters)},
	{
		"managed policies of a role", 10, true, iam,
		per("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role"),
	},

	{"alarms", 5000, true, cloudWatch, perAccount("aws:cloudwatch/metricAlarm:MetricAlarm")},
	{
		"characters of the rule of a composite alarm", 10240, false, cloudWatch,
		sizes("aws:cloudwatch/compositeAlarm:CompositeAlarm", "alarmRule", characters),
	},
	{
		"alarms that a composite alarm is made of", 100, false, cloudWatch,
		sizes("aws:cloudwatch/compositeAlarm:CompositeAlarm", "alarmRule", operands),
	},
	{
		"widgets of a dashboard", 500, false, cloudWatch,
		sizes("aws:cloudwatch/dashboard:Dashboard", "dashboardBody", within(widgets)),
	},
	{
		"metrics of a dashboard", 2500, false, cloudWatch,
		sizes("aws:cloudwatch/dashboard:Dashboard", "dashboardBody", within(metrics)),
	},
	{
		"metric filters of a log group", 100, false, "CloudWatch Logs quotas",
		per("aws:cloudwatch/logMetricFilter:LogMetricFilter", "logGroupName"),
	},
	{
		"resource policies of CloudWatch Logs", 10, false, "CloudWatch Logs quotas",
		perAccount("aws:cloudwatch/logResourcePolicy:LogResourcePolicy"),
	},
	{
		"saved queries",
		1000,
		true,
		"CloudWatch Logs quotas",
		perAccount("aws:cloudwatch/queryDefinition:QueryDefinition"),
	},
	{"groups of X-Ray", 25, true, "AWS X-Ray endpoints and quotas", perAccount("aws:xray/group:Group")},
	{
		"sampling rules of X-Ray", 25, true, "AWS X-Ray endpoints and quotas",
		perAccount("aws:xray/samplingRule:SamplingRule"),
	},

	{"rules of the event bus", 300, true, eventBridge, perAccount("aws:cloudwatch/eventRule:EventRule")},
	{"targets of an event rule", 5, true, eventBridge, per("aws:cloudwatch/eventTarget:EventTarget", "rule")},
	{
		"characters of an event pattern", 2048, true, eventBridge,
		sizes("aws:cloudwatch/eventRule:EventRule", "eventPattern", characters),
	},
	{
		"characters of a state machine's definition", 1 << 20, false, "Step Functions service quotas",
		sizes("aws:sfn/stateMachine:StateMachine", "definition", characters),
	},

	{"services of the cluster", 5000, true, ecs, perAccount("aws:ecs/service:Service")},
	{
		"containers of a task definition", 10, false, ecs,
		sizes("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", within(list)),
	},
	{
		"bytes of a task definition", 64 << 10, false, ecs,
		sizes("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", characters),
	},
	{
		"scalable targets", 5000, true, "Application Auto Scaling endpoints and quotas",
		perAccount("aws:appautoscaling/target:Target"),
	},
	{
		"scaling policies of a target", 50, false, "Application Auto Scaling endpoints and quotas",
		per("aws:appautoscaling/policy:Policy", "resourceId"),
	},
	{
		"scheduled actions of a target", 200, false, "Application Auto Scaling endpoints and quotas",
		per("aws:appautoscaling/scheduledAction:ScheduledAction", "resourceId"),
	},

	{
		"access points of a file system", 10000, false, "Amazon EFS quotas",
		per("aws:efs/accessPoint:AccessPoint", "fileSystemId"),
	},
	{
		"characters of a file system's policy", 20000, false, "Amazon EFS quotas",
		sizes("aws:efs/fileSystemPolicy:FileSystemPolicy", "policy", characters),
	},
	{"buckets", 10000, true, "Bucket quotas, limitations, and restrictions", perAccount("aws:s3/bucketV2:BucketV2")},
	{
		"bytes of a bucket's policy", 20 << 10, false, "Bucket policy quotas, Amazon S3",
		sizes("aws:s3/bucketPolicy:BucketPolicy", "policy", characters),
	},
	{"tables", 2500, true, "Quotas in Amazon DynamoDB", perAccount("aws:dynamodb/table:Table")},
	{
		"characters of a queue's policy",
		8192,
		false,
		"Amazon SQS quotas",
		sizes("aws:sqs/queuePolicy:QueuePolicy", "policy", characters),
	},
	{
		"bytes of a topic's policy", 30 << 10, false, "Amazon SNS quotas",
		sizes("aws:sns/topicPolicy:TopicPolicy", "policy", characters),
	},
	{"bytes of a key's policy", 32 << 10, false, "AWS KMS quotas", sizes("aws:kms/key:Key", "policy", characters)},
	{
		"resources of a backup selection", 500, false, "AWS Backup quotas",
		sizes("aws:backup/selection:Selection", "resources", elements),
	},
	{
		"characters of a parameter of the standard tier", 4096, false, "Systems Manager endpoints and quotas",
		sizes("aws:ssm/parameter:Parameter", "insecureValue", characters),
	},
	{"repositories", 100000, true, "Amazon ECR service quotas", perAccount("aws:ecr/repository:Repository")},
	{"addresses of an IP set", 10000, false, "AWS WAF quotas", sizes("aws:wafv2/ipSet:IpSet", "addresses", elements)},
	{"web ACLs", 100, true, "AWS WAF quotas", perAccount("aws:wafv2/webAcl:WebAcl")},
}

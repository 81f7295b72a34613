package recovery

import "github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

// lookup says how a resource of a type is found again whose creation was interrupted. The forms of the ids are those
// of `pulumi import`, in the section Import of each type's documentation.
type lookup struct {
	// inputs are templates for the id, of the resource's inputs; the first that has all its inputs counts. {cluster/}
	// is what follows the last slash of the input, {name.} the input without a dot at its end.
	inputs []string
	// service and kind are those of the ARN of a resource that is found by its tags: ec2 and subnet/ of
	// arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1.
	service, kind string
	// id is a template for the id of what was found by its tags: of {arn}, of {id}, which follows the kind, of {last},
	// which follows the ARN's last slash, of {url}, the URL of a queue, and of inputs.
	id string
	// list finds what has neither; id is a template of its properties then, and of {partition}, {region} and {account}.
	list listing
	// command is that which finds it, a template of the inputs, where neither inputs nor tags tell.
	command string
	// again says that creating it once more does no harm: AWS changes what is there already, or it is no resource of
	// AWS at all.
	again bool
}

func named(templates ...string) lookup { return lookup{inputs: templates} }

// tagged is the lookup of what is imported by what follows the kind in its ARN.
func tagged(service, kind string) lookup { return lookup{service: service, kind: kind, id: "{id}"} }

// taggedARN is the lookup of what is imported by its ARN.
func taggedARN(service, kind string) lookup {
	return lookup{service: service, kind: kind, id: "{arn}"}
}

var again = lookup{again: true}

// lookups are those of the types that the lab uses.
var lookups = map[tokens.Type]lookup{
	"aws:acm/certificate:Certificate":                     taggedARN("acm", "certificate/"),
	"aws:acm/certificateValidation:CertificateValidation": again,
	"aws:appautoscaling/target:Target":                    named("{serviceNamespace}/{resourceId}/{scalableDimension}"),
	"aws:appautoscaling/policy:Policy": named(
		"{serviceNamespace}/{resourceId}/{scalableDimension}/{name}",
	),
	"aws:appautoscaling/scheduledAction:ScheduledAction": again,
	"aws:autoscaling/group:Group":                        named("{name}"),
	"aws:backup/plan:Plan":                               tagged("backup", "backup-plan:"),
	"aws:backup/restoreTestingPlan:RestoreTestingPlan":   named("{name}"),
	"aws:backup/restoreTestingSelection:RestoreTestingSelection": named(
		"{name}:{restoreTestingPlanName}",
	),
	"aws:backup/selection:Selection": {
		list: listing{
			typeName: "AWS::Backup::BackupSelection",
			model:    map[string]string{"BackupPlanId": "{planId}"},
			property: "BackupSelection.SelectionName",
			value:    "{name}",
		},
		id:      "{planId}|{SelectionId}",
		command: "aws backup list-backup-selections --backup-plan-id {planId}, then {planId}|SelectionId",
	},
	"aws:backup/vault:Vault":                                   named("{name}"),
	"aws:backup/vaultLockConfiguration:VaultLockConfiguration": named("{backupVaultName}"),
	"aws:backup/vaultNotifications:VaultNotifications":         named("{backupVaultName}"),
	"aws:backup/vaultPolicy:VaultPolicy":                       named("{backupVaultName}"),
	"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": taggedARN(
		"chatbot",
		"chat-configuration/slack-channel/",
	),
	"aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": named("{teamId}"),
	"aws:cloudfront/distribution:Distribution":                        tagged("cloudfront", "distribution/"),
	"aws:cloudfront/originAccessControl:OriginAccessControl": {
		list: listing{
			typeName: "AWS::CloudFront::OriginAccessControl",
			property: "OriginAccessControlConfig.Name",
			value:    "{name}",
		},
		id: "{Id}",
		command: "aws cloudfront list-origin-access-controls " +
			"--query \"OriginAccessControlList.Items[?Name=='{name}'].Id\"",
	},
	"aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": {
		list: listing{
			typeName: "AWS::CloudFront::ResponseHeadersPolicy",
			property: "ResponseHeadersPolicyConfig.Name",
			value:    "{name}",
		},
		id:      "{Id}",
		command: "aws cloudfront list-response-headers-policies --type custom, the Id of {name}",
	},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm":       named("{alarmName}"),
	"aws:cloudwatch/dashboard:Dashboard":                 named("{dashboardName}"),
	"aws:cloudwatch/eventRule:EventRule":                 named("{name}"),
	"aws:cloudwatch/eventTarget:EventTarget":             named("{rule}/{targetId}"),
	"aws:cloudwatch/logGroup:LogGroup":                   named("{name}"),
	"aws:cloudwatch/logMetricFilter:LogMetricFilter":     named("{logGroupName}:{name}"),
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": named("{policyName}"),
	"aws:cloudwatch/metricAlarm:MetricAlarm":             named("{name}"),
	"aws:cloudwatch/queryDefinition:QueryDefinition": {
		list: listing{
			typeName: "AWS::Logs::QueryDefinition",
			property: "Name",
			value:    "{name}",
		},
		id:      "arn:{partition}:logs:{region}:{account}:query-definition:{QueryDefinitionId}",
		command: "aws logs describe-query-definitions --query-definition-name-prefix {name}, the ARN",
	},
	"aws:dynamodb/table:Table": named("{name}"),
	// Creating it adopts that of the VPC.
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":           again,
	"aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": tagged("ec2", "egress-only-internet-gateway/"),
	"aws:ec2/eip:Eip":                         tagged("ec2", "elastic-ip/"),
	"aws:ec2/flowLog:FlowLog":                 tagged("ec2", "vpc-flow-log/"),
	"aws:ec2/internetGateway:InternetGateway": tagged("ec2", "internet-gateway/"),
	"aws:ec2/launchTemplate:LaunchTemplate":   tagged("ec2", "launch-template/"),
	"aws:ec2/natGateway:NatGateway":           tagged("ec2", "natgateway/"),
	"aws:ec2/networkAcl:NetworkAcl":           tagged("ec2", "network-acl/"),
	"aws:ec2/route:Route": named(
		"{routeTableId}_{destinationCidrBlock}",
		"{routeTableId}_{destinationIpv6CidrBlock}",
		"{routeTableId}_{destinationPrefixListId}",
	),
	"aws:ec2/routeTable:RouteTable": tagged("ec2", "route-table/"),
	"aws:ec2/routeTableAssociation:RouteTableAssociation": named(
		"{subnetId}/{routeTableId}",
		"{gatewayId}/{routeTableId}",
	),
	"aws:ec2/securityGroup:SecurityGroup":                           tagged("ec2", "security-group/"),
	"aws:ec2/subnet:Subnet":                                         tagged("ec2", "subnet/"),
	"aws:ec2/vpc:Vpc":                                               tagged("ec2", "vpc/"),
	"aws:ec2/vpcEndpoint:VpcEndpoint":                               tagged("ec2", "vpc-endpoint/"),
	"aws:ecr/lifecyclePolicy:LifecyclePolicy":                       named("{repository}"),
	"aws:ecr/pullThroughCacheRule:PullThroughCacheRule":             named("{ecrRepositoryPrefix}"),
	"aws:ecr/repository:Repository":                                 named("{name}"),
	"aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": named("{prefix}"),
	"aws:ecr/repositoryPolicy:RepositoryPolicy":                     named("{repository}"),
	"aws:ecs/capacityProvider:CapacityProvider":                     named("{name}"),
	"aws:ecs/cluster:Cluster":                                       named("{name}"),
	"aws:ecs/clusterCapacityProviders:ClusterCapacityProviders":     named("{clusterName}"),
	"aws:ecs/service:Service":                                       named("{cluster/}/{name}"),
	"aws:ecs/taskDefinition:TaskDefinition":                         taggedARN("ecs", "task-definition/"),
	"aws:efs/accessPoint:AccessPoint":                               tagged("elasticfilesystem", "access-point/"),
	"aws:efs/backupPolicy:BackupPolicy":                             named("{fileSystemId}"),
	"aws:efs/fileSystem:FileSystem":                                 tagged("elasticfilesystem", "file-system/"),
	"aws:efs/fileSystemPolicy:FileSystemPolicy":                     named("{fileSystemId}"),
	"aws:efs/mountTarget:MountTarget": {
		list: listing{
			typeName: "AWS::EFS::MountTarget",
			model:    map[string]string{"FileSystemId": "{fileSystemId}"},
			property: "SubnetId",
			value:    "{subnetId}",
		},
		id: "{Id}",
		command: "aws efs describe-mount-targets --file-system-id {fileSystemId} " +
			"--query \"MountTargets[?SubnetId=='{subnetId}'].MountTargetId\"",
	},
	"aws:efs/replicationConfiguration:ReplicationConfiguration": named("{sourceFileSystemId}"),
	"aws:iam/instanceProfile:InstanceProfile":                   named("{name}"),
	"aws:iam/role:Role":                                 named("{name}"),
	"aws:iam/rolePolicy:RolePolicy":                     named("{role}:{name}"),
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": named("{role}/{policyArn}"),
	"aws:kms/alias:Alias":                               named("{name}"),
	"aws:kms/key:Key":                                   tagged("kms", "key/"),
	"aws:lambda/function:Function":                      named("{name}"),
	// The task that it runs may run twice.
	"aws:lambda/invocation:Invocation":                    again,
	"aws:lambda/permission:Permission":                    named("{function}/{statementId}"),
	"aws:lb/listener:Listener":                            taggedARN("elasticloadbalancing", "listener/"),
	"aws:lb/listenerRule:ListenerRule":                    taggedARN("elasticloadbalancing", "listener-rule/"),
	"aws:lb/loadBalancer:LoadBalancer":                    taggedARN("elasticloadbalancing", "loadbalancer/"),
	"aws:lb/targetGroup:TargetGroup":                      taggedARN("elasticloadbalancing", "targetgroup/"),
	"aws:rds/cluster:Cluster":                             named("{clusterIdentifier}"),
	"aws:rds/clusterInstance:ClusterInstance":             named("{identifier}"),
	"aws:rds/clusterParameterGroup:ClusterParameterGroup": named("{name}"),
	"aws:rds/eventSubscription:EventSubscription":         named("{name}"),
	"aws:rds/instance:Instance":                           named("{identifier}"),
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": {
		command: "aws rds describe-db-instance-automated-backups in the copy Region, " +
			"the DBInstanceAutomatedBackupsArn of {sourceDbInstanceArn}",
	},
	"aws:rds/parameterGroup:ParameterGroup":                   named("{name}"),
	"aws:rds/proxy:Proxy":                                     named("{name}"),
	"aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": named("{dbProxyName}"),
	"aws:rds/proxyTarget:ProxyTarget": named(
		"{dbProxyName}/{targetGroupName}/RDS_INSTANCE/{dbInstanceIdentifier}",
		"{dbProxyName}/{targetGroupName}/TRACKED_CLUSTER/{dbClusterIdentifier}",
	),
	"aws:rds/subnetGroup:SubnetGroup": named("{name}"),
	"aws:route53/record:Record": named(
		"{zoneId}_{name.}_{type}_{setIdentifier}",
		"{zoneId}_{name.}_{type}",
	),
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": named("{bucket}"),
	"aws:s3/bucketLoggingV2:BucketLoggingV2":                               named("{bucket}"),
	"aws:s3/bucketMetric:BucketMetric": named(
		"{bucket}:{name}",
	),
	"aws:s3/bucketNotification:BucketNotification":                           named("{bucket}"),
	"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2": named("{bucket}"),
	"aws:s3/bucketObjectv2:BucketObjectv2": named(
		"{bucket}/{key}",
	),
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                                     named("{bucket}"),
	"aws:s3/bucketPolicy:BucketPolicy":                                                           named("{bucket}"),
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     named("{bucket}"),
	"aws:s3/bucketReplicationConfig:BucketReplicationConfig":                                     named("{bucket}"),
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": named("{bucket}"),
	"aws:s3/bucketV2:BucketV2":                                                                   named("{bucket}"),
	"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               named("{bucket}"),
	"aws:secretsmanager/secret:Secret": taggedARN(
		"secretsmanager",
		"secret:",
	),
	// A secret keeps its former version beside the new one.
	"aws:secretsmanager/secretVersion:SecretVersion":   again,
	"aws:servicediscovery/httpNamespace:HttpNamespace": tagged("servicediscovery", "namespace/"),
	"aws:sfn/stateMachine:StateMachine":                taggedARN("states", "stateMachine:"),
	"aws:sns/topic:Topic":                              taggedARN("sns", ""),
	"aws:sns/topicPolicy:TopicPolicy":                  named("{arn}"),
	// Subscribing an endpoint again answers with the subscription that it has.
	"aws:sns/topicSubscription:TopicSubscription":               again,
	"aws:sqs/queue:Queue":                                       {service: "sqs", id: "{url}"},
	"aws:sqs/queuePolicy:QueuePolicy":                           named("{queueUrl}"),
	"aws:ssm/parameter:Parameter":                               named("{name}"),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   tagged("ec2", "security-group-rule/"),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": tagged("ec2", "security-group-rule/"),
	"aws:wafv2/ipSet:IpSet": {
		service: "wafv2",
		kind:    "ipset/",
		id:      "{last}/{name}/{scope}",
	},
	"aws:wafv2/webAcl:WebAcl": {
		service: "wafv2",
		kind:    "webacl/",
		id:      "{last}/{name}/{scope}",
	},
	"aws:wafv2/webAclAssociation:WebAclAssociation":                   named("{webAclArn},{resourceArn}"),
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": named("{resourceArn}"),
	"aws:xray/group:Group":               taggedARN("xray", "group/"),
	"aws:xray/samplingRule:SamplingRule": named("{ruleName}"),
	// The image is pushed again under the tag of its content, which changes nothing.
	"docker:index/image:Image": again,
}

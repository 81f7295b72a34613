package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// form is a way in which a property can name a thing.
type form int

const (
	byID form = iota
	byARN
	byName
)

// target is a kind of thing that properties refer to.
type target struct {
	types []string
	forms []form
	// prefix is what a value must begin with to be such a reference; others are left alone.
	prefix string
	// code and message are AWS's refusal when there is no such thing. The message takes the value.
	code, message string
	// trim is cut off a value's end.
	trim string
	// skip says which values name things that exist without being in the world, such as AWS's own policies.
	skip func(value string) bool
	// part is the type of thing that also counts, as part of another: a VPC's default security group.
	part string
}

const (
	tVpc                  = "aws:ec2/vpc:Vpc"
	tSubnet               = "aws:ec2/subnet:Subnet"
	tInternetGateway      = "aws:ec2/internetGateway:InternetGateway"
	tNatGateway           = "aws:ec2/natGateway:NatGateway"
	tEip                  = "aws:ec2/eip:Eip"
	tRouteTable           = "aws:ec2/routeTable:RouteTable"
	tRoute                = "aws:ec2/route:Route"
	tRouteTableAssoc      = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	tNetworkAcl           = "aws:ec2/networkAcl:NetworkAcl"
	tNetworkAclRule       = "aws:ec2/networkAclRule:NetworkAclRule"
	tNetworkAclAssoc      = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
	tSecurityGroup        = "aws:ec2/securityGroup:SecurityGroup"
	tDefaultSecurityGroup = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	tDefaultNetworkAcl    = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	tDefaultRouteTable    = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	tIngressRule          = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	tEgressRule           = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	tVpcEndpoint          = "aws:ec2/vpcEndpoint:VpcEndpoint"
	tFlowLog              = "aws:ec2/flowLog:FlowLog"
	tLaunchTemplate       = "aws:ec2/launchTemplate:LaunchTemplate"
	tAutoScalingGroup     = "aws:autoscaling/group:Group"
	tRole                 = "aws:iam/role:Role"
	tPolicy               = "aws:iam/policy:Policy"
	tRolePolicy           = "aws:iam/rolePolicy:RolePolicy"
	tRoleAttachment       = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	tInstanceProfile      = "aws:iam/instanceProfile:InstanceProfile"
	tRepository           = "aws:ecr/repository:Repository"
	tLifecyclePolicy      = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	tKey                  = "aws:kms/key:Key"
	tAlias                = "aws:kms/alias:Alias"
	tCluster              = "aws:ecs/cluster:Cluster"
	tClusterProviders     = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
	tCapacityProvider     = "aws:ecs/capacityProvider:CapacityProvider"
	tTaskDefinition       = "aws:ecs/taskDefinition:TaskDefinition"
	tService              = "aws:ecs/service:Service"
	tScalingTarget        = "aws:appautoscaling/target:Target"
	tScalingPolicy        = "aws:appautoscaling/policy:Policy"
	tLoadBalancer         = "aws:lb/loadBalancer:LoadBalancer"
	tListener             = "aws:lb/listener:Listener"
	tListenerRule         = "aws:lb/listenerRule:ListenerRule"
	tTargetGroup          = "aws:lb/targetGroup:TargetGroup"
	tCertificate          = "aws:acm/certificate:Certificate"
	tCertValidation       = "aws:acm/certificateValidation:CertificateValidation"
	tRecord               = "aws:route53/record:Record"
	tDBInstance           = "aws:rds/instance:Instance"
	tDBSubnetGroup        = "aws:rds/subnetGroup:SubnetGroup"
	tDBParameterGroup     = "aws:rds/parameterGroup:ParameterGroup"
	tDBCluster            = "aws:rds/cluster:Cluster"
	tDBClusterInstance    = "aws:rds/clusterInstance:ClusterInstance"
	tDBReplication        = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
	tTable                = "aws:dynamodb/table:Table"
	tBucket               = "aws:s3/bucketV2:BucketV2"
	tBucketVersioning     = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	tBucketEncryption     = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	tBucketAccessBlock    = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	tBucketOwnership      = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	tBucketLifecycle      = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	tBucketPolicy         = "aws:s3/bucketPolicy:BucketPolicy"
	tBucketLogging        = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	tBucketReplication    = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
	tBucketObject         = "aws:s3/bucketObject:BucketObject"
	tBucketObjectV2       = "aws:s3/bucketObjectv2:BucketObjectv2"
	tDistribution         = "aws:cloudfront/distribution:Distribution"
	tAccessControl        = "aws:cloudfront/originAccessControl:OriginAccessControl"
	tFileSystem           = "aws:efs/fileSystem:FileSystem"
	tMountTarget          = "aws:efs/mountTarget:MountTarget"
	tAccessPoint          = "aws:efs/accessPoint:AccessPoint"
	tFileSystemBackup     = "aws:efs/backupPolicy:BackupPolicy"
	tFileSystemPolicy     = "aws:efs/fileSystemPolicy:FileSystemPolicy"
	tLogGroup             = "aws:cloudwatch/logGroup:LogGroup"
	tLogMetricFilter      = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	tEventRule            = "aws:cloudwatch/eventRule:EventRule"
	tEventTarget          = "aws:cloudwatch/eventTarget:EventTarget"
	tTopic                = "aws:sns/topic:Topic"
	tTopicPolicy          = "aws:sns/topicPolicy:TopicPolicy"
	tTopicSubscription    = "aws:sns/topicSubscription:TopicSubscription"
	tWebACL               = "aws:wafv2/webAcl:WebAcl"
	tWebACLAssoc          = "aws:wafv2/webAclAssociation:WebAclAssociation"
	tWebACLLogging        = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	tVault                = "aws:backup/vault:Vault"
	tPlan                 = "aws:backup/plan:Plan"
	tSelection            = "aws:backup/selection:Selection"
	tVaultPolicy          = "aws:backup/vaultPolicy:VaultPolicy"
	tVaultLock            = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	tVaultNotifications   = "aws:backup/vaultNotifications:VaultNotifications"
	tTestingPlan          = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
	tTestingSelection     = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
	tFunction             = "aws:lambda/function:Function"
	tPermission           = "aws:lambda/permission:Permission"
	tPrivateNamespace     = "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace"
	tSecret               = "aws:secretsmanager/secret:Secret"
	tSecretVersion        = "aws:secretsmanager/secretVersion:SecretVersion"
)

func isAWSManaged(value string) bool {
	return strings.HasPrefix(value, "arn:aws:iam::aws:") || strings.Contains(value, ":role/aws-service-role/")
}

func isDefaultParameterGroup(value string) bool { return strings.HasPrefix(value, "default.") }

func isManagedKey(value string) bool {
	return strings.Contains(value, "alias/aws/") || slices.ContainsFunc(regions, func(r Region) bool {
		return slices.ContainsFunc(managedKeys, func(service string) bool {
			return afterLast(value, "/") == r.managedKey(service)
		})
	})
}

// managedKeys are the services whose AWS managed keys the provider gives out.
var managedKeys = []string{"backup", "rds", "elasticfilesystem", "secretsmanager", "dynamodb"}

var (
	toVpc           = target{types: []string{tVpc}, code: "InvalidVpcID.NotFound", message: "The vpc ID '%s' does not exist"}
	toSubnet        = target{types: []string{tSubnet}, code: "InvalidSubnetID.NotFound", message: "The subnet ID '%s' does not exist"}
	toSecurityGroup = target{types: []string{tSecurityGroup, tDefaultSecurityGroup}, part: tSecurityGroup, code: "InvalidGroup.NotFound", message: "The security group '%s' does not exist", prefix: "sg-"}
	toRouteTable    = target{types: []string{tRouteTable, tDefaultRouteTable}, part: tRouteTable, code: "InvalidRouteTableID.NotFound", message: "The routeTable ID '%s' does not exist"}
	toNetworkAcl    = target{types: []string{tNetworkAcl, tDefaultNetworkAcl}, part: tNetworkAcl, code: "InvalidNetworkAclID.NotFound", message: "The networkAcl ID '%s' does not exist"}
	toEip           = target{types: []string{tEip}, code: "InvalidAllocationID.NotFound", message: "The allocation ID '%s' does not exist"}
	toInternetGW    = target{types: []string{tInternetGateway}, code: "InvalidInternetGatewayID.NotFound", message: "The internetGateway ID '%s' does not exist", prefix: "igw-"}
	toNatGW         = target{types: []string{tNatGateway}, code: "InvalidNatGatewayID.NotFound", message: "The natGateway ID '%s' does not exist"}
	toVpcEndpoint   = target{types: []string{tVpcEndpoint}, code: "InvalidVpcEndpointId.NotFound", message: "The Vpc Endpoint Id '%s' does not exist"}
	toLaunchTpl     = target{types: []string{tLaunchTemplate}, code: "InvalidLaunchTemplateId.NotFound", message: "The specified launch template, with template ID %s, does not exist."}
	toRole          = target{types: []string{tRole}, forms: []form{byARN}, skip: isAWSManaged, code: "InvalidParameterException", message: "The role %s does not exist or cannot be assumed."}
	toRoleName      = target{types: []string{tRole}, forms: []form{byName}, code: "NoSuchEntity", message: "The role with name %s cannot be found."}
	toPolicy        = target{types: []string{tPolicy}, forms: []form{byARN}, skip: isAWSManaged, code: "NoSuchEntity", message: "Policy %s does not exist or is not attachable."}
	toProfile       = target{types: []string{tInstanceProfile}, forms: []form{byName}, code: "InvalidParameterValue", message: "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"}
	toLogGroupARN   = target{types: []string{tLogGroup}, forms: []form{byARN}, trim: ":*", prefix: "arn:aws:logs:", code: "ResourceNotFoundException", message: "The specified log group does not exist: %s"}
	toLogGroupName  = target{types: []string{tLogGroup}, forms: []form{byName}, code: "ResourceNotFoundException", message: "The specified log group does not exist: %s"}
	toKey           = target{types: []string{tKey, tAlias}, forms: []form{byID, byARN}, skip: isManagedKey, code: "NotFoundException", message: "Key '%s' does not exist"}
	toRepository    = target{types: []string{tRepository}, forms: []form{byName}, code: "RepositoryNotFoundException", message: "The repository with name '%s' does not exist in the registry with id '" + world.Account + "'"}
	toCluster       = target{types: []string{tCluster}, forms: []form{byARN, byName}, code: "ClusterNotFoundException", message: "Cluster not found: %s"}
	toProvider      = target{types: []string{tCapacityProvider}, forms: []form{byName, byARN}, skip: isFargate, code: "InvalidParameterException", message: "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again."}
	toGroup         = target{types: []string{tAutoScalingGroup}, forms: []form{byARN}, code: "ClientException", message: "The specified Auto Scaling group ARN is not valid: %s"}
	toTaskDef       = target{types: []string{tTaskDefinition}, forms: []form{byARN}, prefix: "arn:", code: "ClientException", message: "Unable to describe task definition %s"}
	toTargetGroup   = target{types: []string{tTargetGroup}, forms: []form{byARN}, code: "TargetGroupNotFound", message: "Target groups '%s' not found"}
	toLoadBalancer  = target{types: []string{tLoadBalancer}, forms: []form{byARN}, prefix: "arn:aws:elasticloadbalancing:", code: "LoadBalancerNotFound", message: "Load balancers '%s' not found"}
	toListener      = target{types: []string{tListener}, forms: []form{byARN}, code: "ListenerNotFound", message: "One or more listeners not found: %s"}
	toCertificate   = target{types: []string{tCertificate}, forms: []form{byARN}, prefix: "arn:aws:acm:", code: "CertificateNotFound", message: "Certificate '%s' not found"}
	toSubnetGroup   = target{types: []string{tDBSubnetGroup}, forms: []form{byName}, skip: func(v string) bool { return v == "default" }, code: "DBSubnetGroupNotFoundFault", message: "DB subnet group '%s' does not exist."}
	toParameters    = target{types: []string{tDBParameterGroup}, forms: []form{byName}, skip: isDefaultParameterGroup, code: "DBParameterGroupNotFound", message: "DBParameterGroup not found: %s"}
	toDBCluster     = target{types: []string{tDBCluster}, forms: []form{byID}, code: "DBClusterNotFoundFault", message: "Could not find DB Cluster: %s"}
	toBucket        = target{types: []string{tBucket}, forms: []form{byID}, code: "NoSuchBucket", message: "The specified bucket does not exist: %s"}
	toAccessControl = target{types: []string{tAccessControl}, code: "InvalidOriginAccessControl", message: "The specified origin access control does not exist: %s"}
	toFileSystem    = target{types: []string{tFileSystem}, code: "FileSystemNotFound", message: "File system '%s' does not exist."}
	toEventRule     = target{types: []string{tEventRule}, forms: []form{byName}, code: "ResourceNotFoundException", message: "Rule %s does not exist on EventBus default."}
	toTopic         = target{types: []string{tTopic}, forms: []form{byARN}, prefix: "arn:aws:sns:", code: "NotFound", message: "Topic does not exist: %s"}
	toWebACL        = target{types: []string{tWebACL}, forms: []form{byARN}, code: "WAFNonexistentItemException", message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s"}
	toVault         = target{types: []string{tVault}, forms: []form{byName}, skip: func(v string) bool { return v == "Default" }, code: "ResourceNotFoundException", message: "Backup vault %s cannot be found"}
	toPlan          = target{types: []string{tPlan}, forms: []form{byID}, code: "ResourceNotFoundException", message: "Cannot find Backup plan with ID %s"}
	toTestingPlan   = target{types: []string{tTestingPlan}, forms: []form{byName}, code: "ResourceNotFoundException", message: "Restore testing plan %s cannot be found"}
	toFunction      = target{types: []string{tFunction}, forms: []form{byName, byARN}, code: "ResourceNotFoundException", message: "Function not found: %s"}
	toSecret        = target{types: []string{tSecret}, forms: []form{byARN, byName}, code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret: %s"}
)

func isFargate(value string) bool { return value == "FARGATE" || value == "FARGATE_SPOT" }

// reference is a property that names another thing.
type reference struct {
	property string
	to       target
	// holds is the error code with which AWS refuses to delete the other thing while this one is there; empty if it
	// does not refuse.
	holds string
}

const dependency = "DependencyViolation"

// references say what refers to what. On create and update the other thing must exist in the same region; on delete it
// is held by those that hold it.
var references = map[string][]reference{
	tSubnet:          {{"vpcId", toVpc, dependency}},
	tInternetGateway: {{"vpcId", toVpc, dependency}},
	tNatGateway:      {{"subnetId", toSubnet, dependency}, {"allocationId", toEip, "InvalidIPAddress.InUse"}},
	tRouteTable:      {{"vpcId", toVpc, dependency}, {"routes.gatewayId", toInternetGW, ""}, {"routes.natGatewayId", toNatGW, ""}},
	tRoute: {
		{"routeTableId", toRouteTable, ""}, {"gatewayId", toInternetGW, ""}, {"natGatewayId", toNatGW, ""},
		{"vpcEndpointId", toVpcEndpoint, ""},
	},
	tRouteTableAssoc:      {{"routeTableId", toRouteTable, ""}, {"subnetId", toSubnet, ""}, {"gatewayId", toInternetGW, ""}},
	tNetworkAcl:           {{"vpcId", toVpc, dependency}, {"subnetIds", toSubnet, ""}},
	tNetworkAclRule:       {{"networkAclId", toNetworkAcl, ""}},
	tNetworkAclAssoc:      {{"networkAclId", toNetworkAcl, ""}, {"subnetId", toSubnet, ""}},
	tDefaultSecurityGroup: {{"vpcId", toVpc, ""}, {"ingress.securityGroups", toSecurityGroup, dependency}, {"egress.securityGroups", toSecurityGroup, dependency}},
	tSecurityGroup:        {{"vpcId", toVpc, dependency}, {"ingress.securityGroups", toSecurityGroup, dependency}, {"egress.securityGroups", toSecurityGroup, dependency}},
	tIngressRule:          {{"securityGroupId", toSecurityGroup, ""}, {"referencedSecurityGroupId", toSecurityGroup, dependency}},
	tEgressRule:           {{"securityGroupId", toSecurityGroup, ""}, {"referencedSecurityGroupId", toSecurityGroup, dependency}},
	tVpcEndpoint: {
		{"vpcId", toVpc, dependency}, {"subnetIds", toSubnet, dependency}, {"securityGroupIds", toSecurityGroup, dependency},
		{"routeTableIds", toRouteTable, ""},
	},
	tFlowLog:        {{"vpcId", toVpc, ""}, {"subnetId", toSubnet, ""}, {"iamRoleArn", toRole, ""}},
	tLaunchTemplate: {{"vpcSecurityGroupIds", toSecurityGroup, ""}, {"iamInstanceProfile.name", toProfile, ""}},
	tAutoScalingGroup: {
		{"vpcZoneIdentifiers", toSubnet, dependency}, {"launchTemplate.id", toLaunchTpl, ""},
		{"mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId", toLaunchTpl, ""},
		{"targetGroupArns", toTargetGroup, ""},
	},
	tRolePolicy:       {{"role", toRoleName, "DeleteConflict"}},
	tRoleAttachment:   {{"role", toRoleName, "DeleteConflict"}, {"policyArn", toPolicy, "DeleteConflict"}},
	tRole:             {{"managedPolicyArns", toPolicy, "DeleteConflict"}, {"permissionsBoundary", toPolicy, "DeleteConflict"}},
	tInstanceProfile:  {{"role", toRoleName, ""}},
	tRepository:       {{"encryptionConfigurations.kmsKey", toKey, ""}},
	tLifecyclePolicy:  {{"repository", toRepository, ""}},
	tAlias:            {{"targetKeyId", toKey, ""}},
	tClusterProviders: {{"clusterName", toCluster, ""}, {"capacityProviders", toProvider, "ResourceInUseException"}},
	tCapacityProvider: {{"autoScalingGroupProvider.autoScalingGroupArn", toGroup, ""}},
	tTaskDefinition:   {{"executionRoleArn", toRole, ""}, {"taskRoleArn", toRole, ""}},
	tService: {
		{"cluster", toCluster, "ClusterContainsServicesException"}, {"taskDefinition", toTaskDef, ""},
		{"loadBalancers.targetGroupArn", toTargetGroup, ""}, {"networkConfiguration.subnets", toSubnet, dependency},
		{"networkConfiguration.securityGroups", toSecurityGroup, dependency},
		{"capacityProviderStrategies.capacityProvider", toProvider, "ResourceInUseException"},
	},
	tLoadBalancer: {
		{"subnets", toSubnet, dependency}, {"subnetMappings.subnetId", toSubnet, dependency},
		{"subnetMappings.allocationId", toEip, "InvalidIPAddress.InUse"}, {"securityGroups", toSecurityGroup, dependency},
		{"accessLogs.bucket", toBucket, ""}, {"connectionLogs.bucket", toBucket, ""},
	},
	tListener: {
		{"loadBalancerArn", toLoadBalancer, ""}, {"defaultActions.targetGroupArn", toTargetGroup, "ResourceInUse"},
		{"defaultActions.forward.targetGroups.arn", toTargetGroup, "ResourceInUse"},
		{"certificateArn", toCertificate, "ResourceInUseException"},
	},
	tListenerRule: {
		{"listenerArn", toListener, ""}, {"actions.targetGroupArn", toTargetGroup, "ResourceInUse"},
		{"actions.forward.targetGroups.arn", toTargetGroup, "ResourceInUse"},
	},
	tTargetGroup:    {{"vpcId", toVpc, ""}},
	tCertValidation: {{"certificateArn", toCertificate, ""}},
	tDBSubnetGroup:  {{"subnetIds", toSubnet, ""}},
	tDBInstance: {
		{"dbSubnetGroupName", toSubnetGroup, "InvalidDBSubnetGroupStateFault"},
		{"parameterGroupName", toParameters, "InvalidDBParameterGroupState"},
		{"vpcSecurityGroupIds", toSecurityGroup, dependency}, {"kmsKeyId", toKey, ""}, {"monitoringRoleArn", toRole, ""},
	},
	tDBCluster: {
		{"dbSubnetGroupName", toSubnetGroup, "InvalidDBSubnetGroupStateFault"},
		{"vpcSecurityGroupIds", toSecurityGroup, dependency}, {"kmsKeyId", toKey, ""},
	},
	tDBClusterInstance: {{"clusterIdentifier", toDBCluster, "InvalidDBClusterStateFault"}},
	tDBReplication:     {{"kmsKeyId", toKey, ""}},
	tTable:             {{"serverSideEncryption.kmsKeyArn", toKey, ""}},
	tBucketVersioning:  {{"bucket", toBucket, ""}},
	tBucketEncryption:  {{"bucket", toBucket, ""}, {"rules.applyServerSideEncryptionByDefault.kmsMasterKeyId", toKey, ""}},
	tBucketAccessBlock: {{"bucket", toBucket, ""}},
	tBucketOwnership:   {{"bucket", toBucket, ""}},
	tBucketLifecycle:   {{"bucket", toBucket, ""}},
	tBucketPolicy:      {{"bucket", toBucket, ""}},
	tBucketLogging:     {{"bucket", toBucket, ""}, {"targetBucket", toBucket, ""}},
	tBucketReplication: {{"bucket", toBucket, ""}, {"role", toRole, ""}},
	tBucketObject:      {{"bucket", toBucket, "BucketNotEmpty"}},
	tBucketObjectV2:    {{"bucket", toBucket, "BucketNotEmpty"}},
	tDistribution:      {{"origins.originAccessControlId", toAccessControl, "OriginAccessControlInUse"}},
	tFileSystem:        {{"kmsKeyId", toKey, ""}},
	tMountTarget: {
		{"fileSystemId", toFileSystem, "FileSystemInUse"}, {"subnetId", toSubnet, dependency},
		{"securityGroups", toSecurityGroup, dependency},
	},
	tAccessPoint:        {{"fileSystemId", toFileSystem, ""}},
	tFileSystemBackup:   {{"fileSystemId", toFileSystem, ""}},
	tFileSystemPolicy:   {{"fileSystemId", toFileSystem, ""}},
	tLogGroup:           {{"kmsKeyId", toKey, ""}},
	tLogMetricFilter:    {{"logGroupName", toLogGroupName, ""}},
	tEventTarget:        {{"rule", toEventRule, "ValidationException"}, {"roleArn", toRole, ""}},
	tTopicPolicy:        {{"arn", toTopic, ""}},
	tTopicSubscription:  {{"topic", toTopic, ""}},
	tWebACLAssoc:        {{"webAclArn", toWebACL, "WAFAssociatedItemException"}, {"resourceArn", toLoadBalancer, ""}},
	tWebACLLogging:      {{"resourceArn", toWebACL, ""}, {"logDestinationConfigs", toLogGroupARN, ""}},
	tVault:              {{"kmsKeyArn", toKey, ""}},
	tPlan:               {{"rules.targetVaultName", toVault, ""}},
	tSelection:          {{"planId", toPlan, "InvalidRequestException"}, {"iamRoleArn", toRole, ""}},
	tVaultPolicy:        {{"backupVaultName", toVault, ""}},
	tVaultLock:          {{"backupVaultName", toVault, ""}},
	tVaultNotifications: {{"backupVaultName", toVault, ""}, {"snsTopicArn", toTopic, ""}},
	tTestingSelection:   {{"restoreTestingPlanName", toTestingPlan, "InvalidRequestException"}, {"iamRoleArn", toRole, ""}},
	tFunction: {
		{"role", toRole, ""}, {"vpcConfig.subnetIds", toSubnet, dependency},
		{"vpcConfig.securityGroupIds", toSecurityGroup, dependency}, {"kmsKeyArn", toKey, ""},
	},
	tPermission:       {{"function", toFunction, ""}},
	tPrivateNamespace: {{"vpc", toVpc, dependency}},
	tSecret:           {{"kmsKeyId", toKey, ""}},
	tSecretVersion:    {{"secretId", toSecret, ""}},
}

// follow finds the things that the inputs refer to, and refuses those that do not exist here.
func (c *change) follow() error {
	c.links = nil
	for _, r := range references[c.token] {
		for _, found := range view(c.state).each(r.property) {
			value := strings.TrimSuffix(text(found.value), r.to.trim)
			if value == "" || world.IsSecretMarker(found.value) || !c.inWorld(r.to, value) {
				continue
			}
			thing, err := c.lookUp(r.to, value)
			if err != nil {
				return err
			}
			if thing != nil {
				c.links = append(c.links, world.Link{Property: r.property, Target: thing})
			}
		}
	}
	return nil
}

// inWorld says whether what a value names ought to be in the world.
func (c *change) inWorld(to target, value string) bool {
	if !strings.HasPrefix(value, to.prefix) || to.skip != nil && to.skip(value) {
		return false
	}
	if account, is := accountOf(value); is && account != "" && account != world.Account {
		return false
	}
	return true
}

// accountOf returns the account in an ARN.
func accountOf(arn string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", false
	}
	return parts[4], true
}

// lookUp returns the thing that a value names in this region, nil for a part of another thing or of the account, and
// otherwise AWS's refusal.
func (c *change) lookUp(to target, value string) (*world.Thing, error) {
	candidates, err := c.candidates(to, value)
	if err != nil {
		return nil, err
	}
	elsewhere := ""
	for _, thing := range candidates {
		switch {
		case !slices.Contains(to.types, thing.Type):
		case thing.Region == world.Global || thing.Region == c.p.region.Name || thing.Type == tBucket:
			return thing, nil
		default:
			elsewhere = thing.Region
		}
	}
	if to.part != "" {
		if _, err := c.tx.PartOwner(c.p.region.Name, to.part, value); err == nil {
			return nil, nil
		}
	}
	if slices.Contains(c.p.region.accountParts(), value) {
		return nil, nil
	}
	message := fmt.Sprintf(to.message, value)
	if elsewhere != "" {
		message += fmt.Sprintf(" in %s (it is in %s)", c.p.region.Name, elsewhere)
	}
	return nil, &APIError{Code: to.code, Message: message}
}

func (c *change) candidates(to target, value string) ([]*world.Thing, error) {
	forms := to.forms
	if len(forms) == 0 {
		forms = []form{byID}
	}
	var candidates []*world.Thing
	for _, f := range forms {
		if f == byARN {
			things, err := c.tx.ByARN(value)
			if err != nil {
				return nil, err
			}
			candidates = append(candidates, things...)
			continue
		}
		for _, token := range to.types {
			search := c.tx.ByID
			if f == byName {
				search = c.tx.ByName
			}
			things, err := search(token, value)
			if err != nil {
				return nil, err
			}
			candidates = append(candidates, things...)
		}
	}
	return candidates, nil
}

// accountParts are ids of what every account has in the region.
func (r Region) accountParts() []string {
	return []string{r.defaultVPC(), r.part("sg"), r.part("acl"), r.part("rtb"), r.part("igw"), r.part("dopt")}
}

// refuseUsed refuses to delete a thing that others hold.
func (c *change) refuseUsed() error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if code := holdsWith(r); code != "" && !c.letsGo(r) {
			return refuseRetried(code, "%s %s is in use: %s %s refers to it by %s",
				spaced(shortName(c.token)), c.thing.ID, spaced(shortName(r.Thing.Type)), r.Thing.ID, r.Property)
		}
	}
	return nil
}

func holdsWith(r world.Referrer) string {
	for _, reference := range references[r.Thing.Type] {
		if reference.property == r.Property {
			return reference.holds
		}
	}
	return ""
}

// letsGo says whether what holds the thing goes with it: a security group's own rules do, and a role's policies do when
// it is to detach them by force.
func (c *change) letsGo(r world.Referrer) bool {
	switch c.token {
	case tSecurityGroup:
		own := view(r.Thing.State).str("securityGroupId") == c.thing.ID
		return r.Thing.ID == c.thing.ID || own
	case tRole:
		return c.olds.bool("forceDetachPolicies")
	default:
		return false
	}
}

// stateOf returns the state of a thing that a reference led to.
func stateOf(thing *world.Thing) view {
	if thing == nil {
		return nil
	}
	return view(thing.State)
}

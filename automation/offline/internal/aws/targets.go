package aws

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// anywhere stands for every region.
const anywhere = "*"

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
	// region is where the thing must be when that is not the provider's region; anywhere for any region.
	region string
	// optional says that the thing may exist without being in the world: somebody else may have made it.
	optional bool
}

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
	toAnyVpc        = target{types: []string{tVpc}, region: anywhere, code: "InvalidVPCId", message: "The VPC %s does not exist"}
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
	toKey           = target{types: []string{tKey, tReplicaKey, tAlias}, forms: []form{byID, byARN}, skip: isManagedKey, code: "NotFoundException", message: "Key '%s' does not exist"}
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
	toBucket        = target{types: []string{tBucket}, region: anywhere, forms: []form{byID}, code: "NoSuchBucket", message: "The specified bucket does not exist: %s"}
	toAccessControl = target{types: []string{tAccessControl}, code: "InvalidOriginAccessControl", message: "The specified origin access control does not exist: %s"}
	toFileSystem    = target{types: []string{tFileSystem}, code: "FileSystemNotFound", message: "File system '%s' does not exist."}
	toEventRule     = target{types: []string{tEventRule}, forms: []form{byName}, code: "ResourceNotFoundException", message: "Rule %s does not exist on EventBus default."}
	toTopic         = target{types: []string{tTopic}, forms: []form{byARN}, prefix: "arn:aws:sns:", code: "NotFound", message: "Topic does not exist: %s"}
	toWebACL        = target{types: []string{tWebACL}, forms: []form{byARN}, code: "WAFNonexistentItemException", message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s"}
	toVault         = target{types: []string{tVault}, forms: []form{byName}, skip: func(v string) bool { return v == "Default" }, code: "ResourceNotFoundException", message: "Backup vault %s cannot be found"}
	toPlan          = target{types: []string{tPlan}, forms: []form{byID}, code: "ResourceNotFoundException", message: "Cannot find Backup plan with ID %s"}
	toTestingPlan   = target{types: []string{tTestingPlan}, forms: []form{byName}, code: "ResourceNotFoundException", message: "Restore testing plan %s cannot be found"}
	toFunction      = target{types: []string{tFunction}, forms: []form{byName, byARN}, trim: ":$LATEST", code: "ResourceNotFoundException", message: "Function not found: %s"}
	toSecret        = target{types: []string{tSecret}, forms: []form{byARN, byName}, code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret: %s"}
	toClusterParams = target{types: []string{tDBClusterParameters}, forms: []form{byName}, skip: isDefaultParameterGroup, code: "DBClusterParameterGroupNotFound", message: "DBClusterParameterGroup not found: %s"}
	toDBInstance    = target{types: []string{tDBInstance}, forms: []form{byName}, code: "DBInstanceNotFound", message: "DBInstance %s not found."}
	toDBProxy       = target{types: []string{tDBProxy}, forms: []form{byName}, code: "DBProxyNotFoundFault", message: "DBProxy %s doesn't exist."}
	toQueue         = target{types: []string{tQueue}, forms: []form{byID, byARN}, code: "AWS.SimpleQueueService.NonExistentQueue", message: "The specified queue does not exist: %s"}
	toDestQueue     = target{types: []string{tQueue}, forms: []form{byARN}, prefix: "arn:aws:sqs:", code: "InvalidArgument", message: "Unable to validate the following destination configurations: %s"}
	toDestTopic     = target{types: []string{tTopic}, forms: []form{byARN}, prefix: "arn:aws:sns:", code: "InvalidArgument", message: "Unable to validate the following destination configurations: %s"}
	toDestFunction  = target{types: []string{tFunction}, forms: []form{byARN}, prefix: "arn:aws:lambda:", code: "InvalidArgument", message: "Unable to validate the following destination configurations: %s"}
	toEventQueue    = target{types: []string{tQueue}, forms: []form{byARN}, prefix: "arn:aws:sqs:", code: "InvalidParameterValueException", message: "The queue %s does not exist"}
	toDeadLetters   = target{types: []string{tQueue, tTopic}, forms: []form{byARN}, code: "InvalidParameterValueException", message: "The target %s of the dead letters does not exist"}
	toAnyTopic      = target{types: []string{tTopic}, forms: []form{byARN}, region: anywhere, code: "InvalidParameterException", message: "Topic does not exist: %s"}
	toEdgeWebACL    = target{types: []string{tWebACL}, forms: []form{byARN}, region: edgeRegion, prefix: "arn:aws:wafv2:", code: "InvalidWebACLId", message: "The specified web ACL does not exist or its scope is not CLOUDFRONT: %s"}
	toEdgeCert      = target{types: []string{tCertificate}, forms: []form{byARN}, region: edgeRegion, code: "InvalidViewerCertificate", message: "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain: %s"}
	toEdgeFunction  = target{types: []string{tEdgeFunction}, forms: []form{byARN}, code: "NoSuchFunctionExists", message: "The specified function does not exist: %s"}
	toHeaders       = target{types: []string{tResponseHeaders}, skip: isManagedEdgePolicy, code: "NoSuchResponseHeadersPolicy", message: "The specified response headers policy does not exist: %s"}
	toCachePolicy   = target{types: []string{tCachePolicy}, skip: isManagedEdgePolicy, code: "NoSuchCachePolicy", message: "The specified cache policy does not exist: %s"}
	toOriginPolicy  = target{types: []string{tOriginRequestPolicy}, skip: isManagedEdgePolicy, code: "NoSuchOriginRequestPolicy", message: "The specified origin request policy does not exist: %s"}
	toDistribution  = target{types: []string{tDistribution}, code: "NoSuchDistribution", message: "The specified distribution does not exist: %s"}
	toIPSet         = target{types: []string{tIPSet}, forms: []form{byARN}, code: "WAFNonexistentItemException", message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s"}
	toRegexSet      = target{types: []string{tRegexSet}, forms: []form{byARN}, code: "WAFNonexistentItemException", message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s"}
	toRuleGroup     = target{types: []string{tRuleGroup}, forms: []form{byARN}, code: "WAFNonexistentItemException", message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s"}
	toPrimaryKey    = target{types: []string{tKey}, forms: []form{byARN}, region: anywhere, code: "NotFoundException", message: "Key '%s' does not exist"}
	toZone          = target{types: []string{tZone}, optional: true}
	toEgressOnly    = target{types: []string{tEgressOnlyGateway}, code: "InvalidGatewayID.NotFound", message: "The eigw ID '%s' does not exist"}
	toGroupName     = target{types: []string{tAutoScalingGroup}, forms: []form{byName}, code: "ValidationError", message: "AutoScalingGroup name not found - AutoScalingGroup: %s"}
	toNamespace     = target{types: []string{tHttpNamespace, tPrivateNamespace}, forms: []form{byARN, byName}, code: "NamespaceNotFoundException", message: "The specified namespace was not found: %s"}
	toEventBus      = target{types: []string{tEventBus}, forms: []form{byName, byARN}, skip: func(v string) bool { return v == defaultBus }, code: "ResourceNotFoundException", message: "Event bus %s does not exist."}
)

func isFargate(value string) bool { return value == "FARGATE" || value == "FARGATE_SPOT" }

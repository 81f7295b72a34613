package references

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var (
	toVpc = bridge.Target{
		Types:   []string{token.Vpc},
		Code:    "InvalidVpcID.NotFound",
		Message: "The vpc ID '%s' does not exist",
	}
	toAnyVpc = bridge.Target{
		Types:   []string{token.Vpc},
		Region:  bridge.Anywhere,
		Code:    "InvalidVPCId",
		Message: "The VPC %s does not exist",
	}
	toSubnet = bridge.Target{
		Types:   []string{token.Subnet},
		Code:    "InvalidSubnetID.NotFound",
		Message: "The subnet ID '%s' does not exist",
	}
	toSecurityGroup = bridge.Target{
		Types:   []string{token.SecurityGroup, token.DefaultSecurityGroup},
		Part:    token.SecurityGroup,
		Code:    "InvalidGroup.NotFound",
		Message: "The security group '%s' does not exist",
		Prefix:  "sg-",
	}
	toRouteTable = bridge.Target{
		Types:   []string{token.RouteTable, token.DefaultRouteTable},
		Part:    token.RouteTable,
		Code:    "InvalidRouteTableID.NotFound",
		Message: "The routeTable ID '%s' does not exist",
	}
	toNetworkAcl = bridge.Target{
		Types:   []string{token.NetworkAcl, token.DefaultNetworkAcl},
		Part:    token.NetworkAcl,
		Code:    "InvalidNetworkAclID.NotFound",
		Message: "The networkAcl ID '%s' does not exist",
	}
	toEip = bridge.Target{
		Types:   []string{token.Eip},
		Code:    "InvalidAllocationID.NotFound",
		Message: "The allocation ID '%s' does not exist",
	}
	toInternetGW = bridge.Target{
		Types:   []string{token.InternetGateway},
		Code:    "InvalidInternetGatewayID.NotFound",
		Message: "The internetGateway ID '%s' does not exist",
		Prefix:  "igw-",
	}
	toNatGW = bridge.Target{
		Types:   []string{token.NatGateway},
		Code:    "InvalidNatGatewayID.NotFound",
		Message: "The natGateway ID '%s' does not exist",
	}
	toVpcEndpoint = bridge.Target{
		Types:   []string{token.VpcEndpoint},
		Code:    "InvalidVpcEndpointId.NotFound",
		Message: "The Vpc Endpoint Id '%s' does not exist",
	}
	toLaunchTpl = bridge.Target{
		Types:   []string{token.LaunchTemplate},
		Code:    "InvalidLaunchTemplateId.NotFound",
		Message: "The specified launch template, with template ID %s, does not exist.",
	}
	toRole = bridge.Target{
		Types:   []string{token.Role},
		Forms:   []bridge.Form{bridge.ByARN},
		Skip:    IsAWSManaged,
		Code:    "InvalidParameterException",
		Message: "The role %s does not exist or cannot be assumed.",
	}
	toRoleName = bridge.Target{
		Types:   []string{token.Role},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "NoSuchEntity",
		Message: "The role with name %s cannot be found.",
	}
	toPolicy = bridge.Target{
		Types:   []string{token.Policy},
		Forms:   []bridge.Form{bridge.ByARN},
		Skip:    IsAWSManaged,
		Code:    "NoSuchEntity",
		Message: "Policy %s does not exist or is not attachable.",
	}
	toProfile = bridge.Target{
		Types:   []string{token.InstanceProfile},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "InvalidParameterValue",
		Message: "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
	}
	toLogGroupARN = bridge.Target{
		Types:   []string{token.LogGroup},
		Forms:   []bridge.Form{bridge.ByARN},
		Trim:    ":*",
		Prefix:  "arn:aws:logs:",
		Code:    "ResourceNotFoundException",
		Message: "The specified log group does not exist: %s",
	}
	toLogGroupName = bridge.Target{
		Types:   []string{token.LogGroup},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "ResourceNotFoundException",
		Message: "The specified log group does not exist: %s",
	}
	ToKey = bridge.Target{
		Types:   []string{token.Key, token.ReplicaKey, token.Alias},
		Forms:   []bridge.Form{bridge.ByID, bridge.ByARN},
		Skip:    IsManagedKey,
		Code:    "NotFoundException",
		Message: "Key '%s' does not exist",
	}
	toRepository = bridge.Target{
		Types:   []string{token.Repository},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "RepositoryNotFoundException",
		Message: "The repository with name '%s' does not exist in the registry with id '" + world.Account + "'",
	}
	toCluster = bridge.Target{
		Types:   []string{token.Cluster},
		Forms:   []bridge.Form{bridge.ByARN, bridge.ByName},
		Code:    "ClusterNotFoundException",
		Message: "Cluster not found: %s",
	}
	toProvider = bridge.Target{
		Types:   []string{token.CapacityProvider},
		Forms:   []bridge.Form{bridge.ByName, bridge.ByARN},
		Skip:    IsFargate,
		Code:    "InvalidParameterException",
		Message: "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.",
	}
	toGroup = bridge.Target{
		Types:   []string{token.AutoScalingGroup},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "ClientException",
		Message: "The specified Auto Scaling group ARN is not valid: %s",
	}
	toTaskDef = bridge.Target{
		Types:   []string{token.TaskDefinition},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:",
		Code:    "ClientException",
		Message: "Unable to describe task definition %s",
	}
	toTargetGroup = bridge.Target{
		Types:   []string{token.TargetGroup},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "TargetGroupNotFound",
		Message: "Target groups '%s' not found",
	}
	toLoadBalancer = bridge.Target{
		Types:   []string{token.LoadBalancer},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:elasticloadbalancing:",
		Code:    "LoadBalancerNotFound",
		Message: "Load balancers '%s' not found",
	}
	toListener = bridge.Target{
		Types:   []string{token.Listener},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "ListenerNotFound",
		Message: "One or more listeners not found: %s",
	}
	toCertificate = bridge.Target{
		Types:   []string{token.Certificate},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:acm:",
		Code:    "CertificateNotFound",
		Message: "Certificate '%s' not found",
	}
	toSubnetGroup = bridge.Target{
		Types:   []string{token.DBSubnetGroup},
		Forms:   []bridge.Form{bridge.ByName},
		Skip:    func(v string) bool { return v == "default" },
		Code:    "DBSubnetGroupNotFoundFault",
		Message: "DB subnet group '%s' does not exist.",
	}
	toParameters = bridge.Target{
		Types:   []string{token.DBParameterGroup},
		Forms:   []bridge.Form{bridge.ByName},
		Skip:    IsDefaultParameterGroup,
		Code:    "DBParameterGroupNotFound",
		Message: "DBParameterGroup not found: %s",
	}
	toDBCluster = bridge.Target{
		Types:   []string{token.DBCluster},
		Forms:   []bridge.Form{bridge.ByID},
		Code:    "DBClusterNotFoundFault",
		Message: "Could not find DB Cluster: %s",
	}
	toBucket = bridge.Target{
		Types:   []string{token.Bucket},
		Region:  bridge.Anywhere,
		Forms:   []bridge.Form{bridge.ByID},
		Code:    "NoSuchBucket",
		Message: "The specified bucket does not exist: %s",
	}
	toAccessControl = bridge.Target{
		Types:   []string{token.AccessControl},
		Code:    "InvalidOriginAccessControl",
		Message: "The specified origin access control does not exist: %s",
	}
	toFileSystem = bridge.Target{
		Types:   []string{token.FileSystem},
		Code:    "FileSystemNotFound",
		Message: "File system '%s' does not exist.",
	}
	toEventRule = bridge.Target{
		Types:   []string{token.EventRule},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "ResourceNotFoundException",
		Message: "Rule %s does not exist on EventBus default.",
	}
	toTopic = bridge.Target{
		Types:   []string{token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:sns:",
		Code:    "NotFound",
		Message: "Topic does not exist: %s",
	}
	toWebACL = bridge.Target{
		Types:   []string{token.WebACL},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "WAFNonexistentItemException",
		Message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s",
	}
	toVault = bridge.Target{
		Types:   []string{token.Vault},
		Forms:   []bridge.Form{bridge.ByName},
		Skip:    func(v string) bool { return v == "Default" },
		Code:    "ResourceNotFoundException",
		Message: "Backup vault %s cannot be found",
	}
	toPlan = bridge.Target{
		Types:   []string{token.Plan},
		Forms:   []bridge.Form{bridge.ByID},
		Code:    "ResourceNotFoundException",
		Message: "Cannot find Backup plan with ID %s",
	}
	toTestingPlan = bridge.Target{
		Types:   []string{token.TestingPlan},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "ResourceNotFoundException",
		Message: "Restore testing plan %s cannot be found",
	}
	toFunction = bridge.Target{
		Types:   []string{token.Function},
		Forms:   []bridge.Form{bridge.ByName, bridge.ByARN},
		Trim:    ":$LATEST",
		Code:    "ResourceNotFoundException",
		Message: "Function not found: %s",
	}
	toSecret = bridge.Target{
		Types:   []string{token.Secret},
		Forms:   []bridge.Form{bridge.ByARN, bridge.ByName},
		Code:    "ResourceNotFoundException",
		Message: "Secrets Manager can't find the specified secret: %s",
	}
	toClusterParams = bridge.Target{
		Types:   []string{token.DBClusterParameters},
		Forms:   []bridge.Form{bridge.ByName},
		Skip:    IsDefaultParameterGroup,
		Code:    "DBClusterParameterGroupNotFound",
		Message: "DBClusterParameterGroup not found: %s",
	}
	toDBInstance = bridge.Target{
		Types:   []string{token.DBInstance},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "DBInstanceNotFound",
		Message: "DBInstance %s not found.",
	}
	toDBProxy = bridge.Target{
		Types:   []string{token.DBProxy},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "DBProxyNotFoundFault",
		Message: "DBProxy %s doesn't exist.",
	}
	ToQueue = bridge.Target{
		Types:   []string{token.Queue},
		Forms:   []bridge.Form{bridge.ByID, bridge.ByARN},
		Code:    "AWS.SimpleQueueService.NonExistentQueue",
		Message: "The specified queue does not exist: %s",
	}
	toDestQueue = bridge.Target{
		Types:   []string{token.Queue},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:sqs:",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toDestTopic = bridge.Target{
		Types:   []string{token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:sns:",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toDestFunction = bridge.Target{
		Types:   []string{token.Function},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:lambda:",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toEventQueue = bridge.Target{
		Types:   []string{token.Queue},
		Forms:   []bridge.Form{bridge.ByARN},
		Prefix:  "arn:aws:sqs:",
		Code:    "InvalidParameterValueException",
		Message: "The queue %s does not exist",
	}
	toDeadLetters = bridge.Target{
		Types:   []string{token.Queue, token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "InvalidParameterValueException",
		Message: "The target %s of the dead letters does not exist",
	}
	toAnyTopic = bridge.Target{
		Types:   []string{token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Region:  bridge.Anywhere,
		Code:    "InvalidParameterException",
		Message: "Topic does not exist: %s",
	}
	toEdgeWebACL = bridge.Target{
		Types:   []string{token.WebACL},
		Forms:   []bridge.Form{bridge.ByARN},
		Region:  region.Edge,
		Prefix:  "arn:aws:wafv2:",
		Code:    "InvalidWebACLId",
		Message: "The specified web ACL does not exist or its scope is not CLOUDFRONT: %s",
	}
	toEdgeCert = bridge.Target{
		Types:  []string{token.Certificate},
		Forms:  []bridge.Form{bridge.ByARN},
		Region: region.Edge,
		Code:   "InvalidViewerCertificate",
		Message: "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't " +
			"include a valid certificate chain: %s",
	}
	toEdgeFunction = bridge.Target{
		Types:   []string{token.EdgeFunction},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "NoSuchFunctionExists",
		Message: "The specified function does not exist: %s",
	}
	toHeaders = bridge.Target{
		Types:   []string{token.ResponseHeaders},
		Skip:    isManagedEdgePolicy,
		Code:    "NoSuchResponseHeadersPolicy",
		Message: "The specified response headers policy does not exist: %s",
	}
	toCachePolicy = bridge.Target{
		Types:   []string{token.CachePolicy},
		Skip:    isManagedEdgePolicy,
		Code:    "NoSuchCachePolicy",
		Message: "The specified cache policy does not exist: %s",
	}
	toOriginPolicy = bridge.Target{
		Types:   []string{token.OriginRequestPolicy},
		Skip:    isManagedEdgePolicy,
		Code:    "NoSuchOriginRequestPolicy",
		Message: "The specified origin request policy does not exist: %s",
	}
	toDistribution = bridge.Target{
		Types:   []string{token.Distribution},
		Code:    "NoSuchDistribution",
		Message: "The specified distribution does not exist: %s",
	}
	toIPSet = bridge.Target{
		Types:   []string{token.IPSet},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "WAFNonexistentItemException",
		Message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s",
	}
	toRegexSet = bridge.Target{
		Types:   []string{token.RegexSet},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "WAFNonexistentItemException",
		Message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s",
	}
	toRuleGroup = bridge.Target{
		Types:   []string{token.RuleGroup},
		Forms:   []bridge.Form{bridge.ByARN},
		Code:    "WAFNonexistentItemException",
		Message: "AWS WAF couldn't perform the operation because your resource doesn't exist: %s",
	}
	toPrimaryKey = bridge.Target{
		Types:   []string{token.Key},
		Forms:   []bridge.Form{bridge.ByARN},
		Region:  bridge.Anywhere,
		Code:    "NotFoundException",
		Message: "Key '%s' does not exist",
	}
	toZone       = bridge.Target{Types: []string{token.Zone}, Optional: true}
	toEgressOnly = bridge.Target{
		Types:   []string{token.EgressOnlyGateway},
		Code:    "InvalidGatewayID.NotFound",
		Message: "The eigw ID '%s' does not exist",
	}
	toGroupName = bridge.Target{
		Types:   []string{token.AutoScalingGroup},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "ValidationError",
		Message: "AutoScalingGroup name not found - AutoScalingGroup: %s",
	}
	toNamespace = bridge.Target{
		Types:   []string{token.HttpNamespace, token.PrivateNamespace},
		Forms:   []bridge.Form{bridge.ByARN, bridge.ByName},
		Code:    "NamespaceNotFoundException",
		Message: "The specified namespace was not found: %s",
	}
	toEventBus = bridge.Target{
		Types:   []string{token.EventBus},
		Forms:   []bridge.Form{bridge.ByName, bridge.ByARN},
		Skip:    func(v string) bool { return v == DefaultBus },
		Code:    "ResourceNotFoundException",
		Message: "Event bus %s does not exist.",
	}
)

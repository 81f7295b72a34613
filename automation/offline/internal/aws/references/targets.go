package references

import (
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
		Service: "logs",
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
		Service: "ecs",
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
		Service: "elasticloadbalancing",
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
		Service: "acm",
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
)

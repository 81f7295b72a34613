package aws

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// reference is a property that names another thing.
type reference struct {
	property string
	to       target
	// holds is the error code with which AWS refuses to delete the other thing while this one is there; empty if it
	// does not refuse.
	holds string
}

// refer makes a reference by a property.
func refer(property string, to target, holds string) reference {
	return reference{property: property, to: to, holds: holds}
}

const dependency = "DependencyViolation"

// references say what refers to what. On create and update the other thing must exist in the same region; on delete it
// is held by those that hold it.
var references = map[string][]reference{
	tSubnet:          {refer("vpcId", toVpc, dependency)},
	tInternetGateway: {refer("vpcId", toVpc, dependency)},
	tNatGateway:      {refer("subnetId", toSubnet, dependency), refer("allocationId", toEip, "InvalidIPAddress.InUse")},
	tRouteTable: {
		refer("vpcId", toVpc, dependency), refer("routes.gatewayId", toInternetGW, ""), refer("routes.natGatewayId", toNatGW, ""),
		refer("routes.egressOnlyGatewayId", toEgressOnly, ""),
	},
	tRoute: {
		refer("routeTableId", toRouteTable, ""), refer("gatewayId", toInternetGW, ""), refer("natGatewayId", toNatGW, ""),
		refer("vpcEndpointId", toVpcEndpoint, ""), refer("egressOnlyGatewayId", toEgressOnly, ""),
	},
	tEgressOnlyGateway:    {refer("vpcId", toVpc, "")},
	tRouteTableAssoc:      {refer("routeTableId", toRouteTable, ""), refer("subnetId", toSubnet, ""), refer("gatewayId", toInternetGW, "")},
	tNetworkAcl:           {refer("vpcId", toVpc, dependency), refer("subnetIds", toSubnet, "")},
	tNetworkAclRule:       {refer("networkAclId", toNetworkAcl, "")},
	tNetworkAclAssoc:      {refer("networkAclId", toNetworkAcl, ""), refer("subnetId", toSubnet, "")},
	tDefaultSecurityGroup: {refer("vpcId", toVpc, ""), refer("ingress.securityGroups", toSecurityGroup, dependency), refer("egress.securityGroups", toSecurityGroup, dependency)},
	tSecurityGroup:        {refer("vpcId", toVpc, dependency), refer("ingress.securityGroups", toSecurityGroup, dependency), refer("egress.securityGroups", toSecurityGroup, dependency)},
	tIngressRule:          {refer("securityGroupId", toSecurityGroup, ""), refer("referencedSecurityGroupId", toSecurityGroup, dependency)},
	tEgressRule:           {refer("securityGroupId", toSecurityGroup, ""), refer("referencedSecurityGroupId", toSecurityGroup, dependency)},
	tVpcEndpoint: {
		refer("vpcId", toVpc, dependency), refer("subnetIds", toSubnet, dependency), refer("securityGroupIds", toSecurityGroup, dependency),
		refer("routeTableIds", toRouteTable, ""),
	},
	tFlowLog:        {refer("vpcId", toVpc, ""), refer("subnetId", toSubnet, ""), refer("iamRoleArn", toRole, "")},
	tLaunchTemplate: {refer("vpcSecurityGroupIds", toSecurityGroup, ""), refer("iamInstanceProfile.name", toProfile, "")},
	tAutoScalingGroup: {
		refer("vpcZoneIdentifiers", toSubnet, dependency), refer("launchTemplate.id", toLaunchTpl, ""),
		refer("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId", toLaunchTpl, ""),
		refer("targetGroupArns", toTargetGroup, ""),
	},
	tRolePolicy:         {refer("role", toRoleName, "DeleteConflict")},
	tRoleAttachment:     {refer("role", toRoleName, "DeleteConflict"), refer("policyArn", toPolicy, "DeleteConflict")},
	tRole:               {refer("managedPolicyArns", toPolicy, "DeleteConflict"), refer("permissionsBoundary", toPolicy, "DeleteConflict")},
	tInstanceProfile:    {refer("role", toRoleName, "")},
	tRepository:         {refer("encryptionConfigurations.kmsKey", toKey, "")},
	tLifecyclePolicy:    {refer("repository", toRepository, "")},
	tAlias:              {refer("targetKeyId", toKey, "")},
	tReplicaKey:         {refer("primaryKeyArn", toPrimaryKey, "")},
	tKeyPolicy:          {refer("keyId", toKey, "")},
	tRepositoryPolicy:   {refer("repository", toRepository, "")},
	tRepositoryTemplate: {refer("customRoleArn", toRole, ""), refer("encryptionConfigurations.kmsKey", toKey, "")},
	tPullThrough:        {refer("credentialArn", toSecret, ""), refer("customRoleArn", toRole, "")},
	tLifecycleHook:      {refer("autoscalingGroupName", toGroupName, ""), refer("roleArn", toRole, "")},
	tGroupSchedule:      {refer("autoscalingGroupName", toGroupName, "")},
	tGroupPolicy:        {refer("autoscalingGroupName", toGroupName, "")},
	tCluster: {
		refer("configuration.executeCommandConfiguration.kmsKeyId", toKey, ""),
		refer("configuration.managedStorageConfiguration.kmsKeyId", toKey, ""),
		refer("configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId", toKey, ""),
		refer("serviceConnectDefaults.namespace", toNamespace, ""),
	},
	tClusterProviders: {refer("clusterName", toCluster, ""), refer("capacityProviders", toProvider, "ResourceInUseException")},
	tCapacityProvider: {refer("autoScalingGroupProvider.autoScalingGroupArn", toGroup, "")},
	tTaskDefinition:   {refer("executionRoleArn", toRole, ""), refer("taskRoleArn", toRole, "")},
	tService: {
		refer("cluster", toCluster, "ClusterContainsServicesException"), refer("taskDefinition", toTaskDef, ""),
		refer("loadBalancers.targetGroupArn", toTargetGroup, ""), refer("networkConfiguration.subnets", toSubnet, dependency),
		refer("networkConfiguration.securityGroups", toSecurityGroup, dependency),
		refer("capacityProviderStrategies.capacityProvider", toProvider, "ResourceInUseException"),
		refer("serviceConnectConfiguration.namespace", toNamespace, "ResourceInUse"),
	},
	tLoadBalancer: {
		refer("subnets", toSubnet, dependency), refer("subnetMappings.subnetId", toSubnet, dependency),
		refer("subnetMappings.allocationId", toEip, "InvalidIPAddress.InUse"), refer("securityGroups", toSecurityGroup, dependency),
		refer("accessLogs.bucket", toBucket, ""), refer("connectionLogs.bucket", toBucket, ""),
	},
	tListener: {
		refer("loadBalancerArn", toLoadBalancer, ""), refer("defaultActions.targetGroupArn", toTargetGroup, "ResourceInUse"),
		refer("defaultActions.forward.targetGroups.arn", toTargetGroup, "ResourceInUse"),
		refer("certificateArn", toCertificate, "ResourceInUseException"),
	},
	tListenerRule: {
		refer("listenerArn", toListener, ""), refer("actions.targetGroupArn", toTargetGroup, "ResourceInUse"),
		refer("actions.forward.targetGroups.arn", toTargetGroup, "ResourceInUse"),
	},
	tTargetGroup:    {refer("vpcId", toVpc, "")},
	tCertValidation: {refer("certificateArn", toCertificate, "")},
	tDBSubnetGroup:  {refer("subnetIds", toSubnet, "")},
	tDBInstance: {
		refer("dbSubnetGroupName", toSubnetGroup, "InvalidDBSubnetGroupStateFault"),
		refer("parameterGroupName", toParameters, "InvalidDBParameterGroupState"),
		refer("vpcSecurityGroupIds", toSecurityGroup, dependency), refer("kmsKeyId", toKey, ""), refer("monitoringRoleArn", toRole, ""),
		refer("performanceInsightsKmsKeyId", toKey, ""), refer("masterUserSecretKmsKeyId", toKey, ""),
	},
	tDBCluster: {
		refer("dbSubnetGroupName", toSubnetGroup, "InvalidDBSubnetGroupStateFault"),
		refer("dbClusterParameterGroupName", toClusterParams, "InvalidDBParameterGroupState"),
		refer("vpcSecurityGroupIds", toSecurityGroup, dependency), refer("kmsKeyId", toKey, ""), refer("monitoringRoleArn", toRole, ""),
		refer("performanceInsightsKmsKeyId", toKey, ""), refer("masterUserSecretKmsKeyId", toKey, ""),
	},
	tDBClusterInstance: {
		refer("clusterIdentifier", toDBCluster, "InvalidDBClusterStateFault"),
		refer("dbParameterGroupName", toParameters, "InvalidDBParameterGroupState"), refer("monitoringRoleArn", toRole, ""),
		refer("performanceInsightsKmsKeyId", toKey, ""),
	},
	tDBProxy: {
		refer("vpcSubnetIds", toSubnet, dependency), refer("vpcSecurityGroupIds", toSecurityGroup, dependency), refer("roleArn", toRole, ""),
	},
	tDBProxyTargetGroup: {refer("dbProxyName", toDBProxy, "")},
	tDBProxyTarget: {
		refer("dbProxyName", toDBProxy, ""), refer("dbInstanceIdentifier", toDBInstance, ""), refer("dbClusterIdentifier", toDBCluster, ""),
	},
	tDBProxyEndpoint: {
		refer("dbProxyName", toDBProxy, "InvalidDBProxyStateFault"), refer("vpcSubnetIds", toSubnet, dependency),
		refer("vpcSecurityGroupIds", toSecurityGroup, dependency),
	},
	tDBEvents:          {refer("snsTopic", toTopic, "")},
	tDBReplication:     {refer("kmsKeyId", toKey, "")},
	tTable:             {refer("serverSideEncryption.kmsKeyArn", toKey, "")},
	tBucketVersioning:  {refer("bucket", toBucket, "")},
	tBucketEncryption:  {refer("bucket", toBucket, ""), refer("rules.applyServerSideEncryptionByDefault.kmsMasterKeyId", toKey, "")},
	tBucketAccessBlock: {refer("bucket", toBucket, "")},
	tBucketOwnership:   {refer("bucket", toBucket, "")},
	tBucketLifecycle:   {refer("bucket", toBucket, "")},
	tBucketPolicy:      {refer("bucket", toBucket, "")},
	tBucketLogging:     {refer("bucket", toBucket, ""), refer("targetBucket", toBucket, "")},
	tBucketReplication: {refer("bucket", toBucket, ""), refer("role", toRole, "")},
	tBucketObject:      {refer("bucket", toBucket, "BucketNotEmpty")},
	tBucketObjectV2:    {refer("bucket", toBucket, "BucketNotEmpty"), refer("kmsKeyId", toKey, "")},
	tBucketObjectLock:  {refer("bucket", toBucket, "")},
	tBucketACL:         {refer("bucket", toBucket, "")},
	tBucketCORS:        {refer("bucket", toBucket, "")},
	tBucketMetric:      {refer("bucket", toBucket, "")},
	tBucketTiering:     {refer("bucket", toBucket, "")},
	tBucketNotification: {
		refer("bucket", toBucket, ""), refer("queues.queueArn", toDestQueue, ""), refer("topics.topicArn", toDestTopic, ""),
		refer("lambdaFunctions.lambdaFunctionArn", toDestFunction, ""),
	},
	tDistribution: {
		refer("origins.originAccessControlId", toAccessControl, "OriginAccessControlInUse"),
		refer("webAclId", toEdgeWebACL, "WAFAssociatedItemException"),
		refer("viewerCertificate.acmCertificateArn", toEdgeCert, "ResourceInUseException"),
		refer("defaultCacheBehavior.responseHeadersPolicyId", toHeaders, "ResponseHeadersPolicyInUse"),
		refer("orderedCacheBehaviors.responseHeadersPolicyId", toHeaders, "ResponseHeadersPolicyInUse"),
		refer("defaultCacheBehavior.cachePolicyId", toCachePolicy, "CachePolicyInUse"),
		refer("orderedCacheBehaviors.cachePolicyId", toCachePolicy, "CachePolicyInUse"),
		refer("defaultCacheBehavior.originRequestPolicyId", toOriginPolicy, "OriginRequestPolicyInUse"),
		refer("orderedCacheBehaviors.originRequestPolicyId", toOriginPolicy, "OriginRequestPolicyInUse"),
		refer("defaultCacheBehavior.functionAssociations.functionArn", toEdgeFunction, "FunctionInUse"),
		refer("orderedCacheBehaviors.functionAssociations.functionArn", toEdgeFunction, "FunctionInUse"),
	},
	tEdgeMonitoring: {refer("distributionId", toDistribution, "")},
	tFileSystem:     {refer("kmsKeyId", toKey, "")},
	tMountTarget: {
		refer("fileSystemId", toFileSystem, "FileSystemInUse"), refer("subnetId", toSubnet, dependency),
		refer("securityGroups", toSecurityGroup, dependency),
	},
	tAccessPoint:       {refer("fileSystemId", toFileSystem, "")},
	tFileSystemBackup:  {refer("fileSystemId", toFileSystem, "")},
	tFileSystemPolicy:  {refer("fileSystemId", toFileSystem, "")},
	tFileReplication:   {refer("sourceFileSystemId", toFileSystem, "FileSystemInUse")},
	tLogGroup:          {refer("kmsKeyId", toKey, "")},
	tLogStream:         {refer("logGroupName", toLogGroupName, "")},
	tLogSubscription:   {refer("logGroup", toLogGroupName, ""), refer("roleArn", toRole, "")},
	tEventRule:         {refer("eventBusName", toEventBus, "ValidationException"), refer("roleArn", toRole, "")},
	tEventArchive:      {refer("eventSourceArn", toEventBus, "")},
	tQueuePolicy:       {refer("queueUrl", toQueue, "")},
	tQueueRedrive:      {refer("queueUrl", toQueue, "")},
	tQueueRedriveAllow: {refer("queueUrl", toQueue, "")},
	tSlackChannel:      {refer("iamRoleArn", toRole, ""), refer("snsTopicArns", toAnyTopic, "")},
	tTeamsChannel:      {refer("iamRoleArn", toRole, ""), refer("snsTopicArns", toAnyTopic, "")},
	tTraceEncryption:   {refer("keyId", toKey, "")},
	tStateMachine: {
		refer("roleArn", toRole, ""), refer("loggingConfiguration.logDestination", toLogGroupARN, ""),
		refer("encryptionConfiguration.kmsKeyId", toKey, ""),
	},
	tLogMetricFilter:   {refer("logGroupName", toLogGroupName, "")},
	tEventTarget:       {refer("rule", toEventRule, "ValidationException"), refer("roleArn", toRole, "")},
	tTopicPolicy:       {refer("arn", toTopic, "")},
	tTopicSubscription: {refer("topic", toTopic, "")},
	tWebACL: {
		refer("rules.statement.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"),
		refer("rules.statement.notStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"),
		refer("rules.statement.andStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"),
		refer("rules.statement.orStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"),
		refer("rules.statement.regexPatternSetReferenceStatement.arn", toRegexSet, "WAFAssociatedItemException"),
		refer("rules.statement.ruleGroupReferenceStatement.arn", toRuleGroup, "WAFAssociatedItemException"),
	},
	tWebACLAssoc:        {refer("webAclArn", toWebACL, "WAFAssociatedItemException"), refer("resourceArn", toLoadBalancer, "")},
	tWebACLLogging:      {refer("resourceArn", toWebACL, ""), refer("logDestinationConfigs", toLogGroupARN, "")},
	tVault:              {refer("kmsKeyArn", toKey, "")},
	tPlan:               {refer("rules.targetVaultName", toVault, "")},
	tSelection:          {refer("planId", toPlan, "InvalidRequestException"), refer("iamRoleArn", toRole, "")},
	tVaultPolicy:        {refer("backupVaultName", toVault, "")},
	tVaultLock:          {refer("backupVaultName", toVault, "")},
	tVaultNotifications: {refer("backupVaultName", toVault, ""), refer("snsTopicArn", toTopic, "")},
	tTestingSelection:   {refer("restoreTestingPlanName", toTestingPlan, "InvalidRequestException"), refer("iamRoleArn", toRole, "")},
	tFunction: {
		refer("role", toRole, ""), refer("vpcConfig.subnetIds", toSubnet, dependency),
		refer("vpcConfig.securityGroupIds", toSecurityGroup, dependency), refer("kmsKeyArn", toKey, ""),
		refer("deadLetterConfig.targetArn", toDeadLetters, ""),
	},
	tInvocation:    {refer("functionName", toFunction, "")},
	tFunctionAlias: {refer("functionName", toFunction, "")},
	tFunctionEvents: {
		refer("functionName", toFunction, ""), refer("destinationConfig.onFailure.destination", toDeadLetters, ""),
	},
	tEventSource:      {refer("functionName", toFunction, ""), refer("eventSourceArn", toEventQueue, "")},
	tZone:             {refer("vpcs.vpcId", toAnyVpc, "")},
	tRecord:           {refer("zoneId", toZone, "HostedZoneNotEmpty")},
	tSecretPolicy:     {refer("secretArn", toSecret, "")},
	tSecretRotation:   {refer("secretId", toSecret, "")},
	tPermission:       {refer("function", toFunction, "")},
	tPrivateNamespace: {refer("vpc", toVpc, dependency)},
	tSecret:           {refer("kmsKeyId", toKey, "")},
	tSecretVersion:    {refer("secretId", toSecret, "")},
}

// follow finds the things that the inputs refer to, and refuses those that do not exist here.
func (c *change) follow() error {
	c.links = nil
	for _, r := range c.p.references[c.token] {
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
	region, elsewhere := cmp.Or(to.region, c.region().Name), ""
	for _, thing := range candidates {
		switch {
		case !slices.Contains(to.types, thing.Type):
		case thing.Region == world.Global || thing.Region == region || region == anywhere:
			return thing, nil
		default:
			elsewhere = thing.Region
		}
	}
	if to.part != "" {
		if _, err := c.tx.PartOwner(c.region().Name, to.part, value); err == nil {
			return nil, nil
		}
	}
	if slices.Contains(c.region().accountParts(), value) {
		return nil, nil
	}
	if to.optional {
		return nil, nil
	}
	message := fmt.Sprintf(to.message, value)
	if elsewhere != "" {
		message += fmt.Sprintf(" in %s (it is in %s)", region, elsewhere)
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
		if code := c.holdsWith(r); code != "" && !c.letsGo(r) {
			return refuseRetried(code, "%s %s is in use: %s %s refers to it by %s",
				spaced(shortName(c.token)), c.thing.ID, spaced(shortName(r.Thing.Type)), r.Thing.ID, r.Property)
		}
	}
	return nil
}

func (c *change) holdsWith(r world.Referrer) string {
	for _, reference := range c.p.references[r.Thing.Type] {
		if reference.property == r.Property {
			return reference.holds
		}
	}
	return ""
}

// letsGo says whether what holds the thing goes with it.
func (c *change) letsGo(r world.Referrer) bool {
	return c.behavior.releases != nil && c.behavior.releases(c, r)
}

// stateOf returns the state of a thing that a reference led to.
func stateOf(thing *world.Thing) view {
	if thing == nil {
		return nil
	}
	return view(thing.State)
}

// emptied lets what is in a container go with it when the container is to be emptied by force.
func emptied(c *change, _ world.Referrer) bool { return c.olds.bool("forceDestroy") }

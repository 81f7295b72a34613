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

const dependency = "DependencyViolation"

// references say what refers to what. On create and update the other thing must exist in the same region; on delete it
// is held by those that hold it.
var references = map[string][]reference{
	tSubnet:          {{"vpcId", toVpc, dependency}},
	tInternetGateway: {{"vpcId", toVpc, dependency}},
	tNatGateway:      {{"subnetId", toSubnet, dependency}, {"allocationId", toEip, "InvalidIPAddress.InUse"}},
	tRouteTable: {
		{"vpcId", toVpc, dependency}, {"routes.gatewayId", toInternetGW, ""}, {"routes.natGatewayId", toNatGW, ""},
		{"routes.egressOnlyGatewayId", toEgressOnly, ""},
	},
	tRoute: {
		{"routeTableId", toRouteTable, ""}, {"gatewayId", toInternetGW, ""}, {"natGatewayId", toNatGW, ""},
		{"vpcEndpointId", toVpcEndpoint, ""}, {"egressOnlyGatewayId", toEgressOnly, ""},
	},
	tEgressOnlyGateway:    {{"vpcId", toVpc, ""}},
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
	tRolePolicy:         {{"role", toRoleName, "DeleteConflict"}},
	tRoleAttachment:     {{"role", toRoleName, "DeleteConflict"}, {"policyArn", toPolicy, "DeleteConflict"}},
	tRole:               {{"managedPolicyArns", toPolicy, "DeleteConflict"}, {"permissionsBoundary", toPolicy, "DeleteConflict"}},
	tInstanceProfile:    {{"role", toRoleName, ""}},
	tRepository:         {{"encryptionConfigurations.kmsKey", toKey, ""}},
	tLifecyclePolicy:    {{"repository", toRepository, ""}},
	tAlias:              {{"targetKeyId", toKey, ""}},
	tReplicaKey:         {{"primaryKeyArn", toPrimaryKey, ""}},
	tKeyPolicy:          {{"keyId", toKey, ""}},
	tRepositoryPolicy:   {{"repository", toRepository, ""}},
	tRepositoryTemplate: {{"customRoleArn", toRole, ""}, {"encryptionConfigurations.kmsKey", toKey, ""}},
	tPullThrough:        {{"credentialArn", toSecret, ""}, {"customRoleArn", toRole, ""}},
	tLifecycleHook:      {{"autoscalingGroupName", toGroupName, ""}, {"roleArn", toRole, ""}},
	tGroupSchedule:      {{"autoscalingGroupName", toGroupName, ""}},
	tGroupPolicy:        {{"autoscalingGroupName", toGroupName, ""}},
	tCluster: {
		{"configuration.executeCommandConfiguration.kmsKeyId", toKey, ""},
		{"configuration.managedStorageConfiguration.kmsKeyId", toKey, ""},
		{"configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId", toKey, ""},
		{"serviceConnectDefaults.namespace", toNamespace, ""},
	},
	tClusterProviders: {{"clusterName", toCluster, ""}, {"capacityProviders", toProvider, "ResourceInUseException"}},
	tCapacityProvider: {{"autoScalingGroupProvider.autoScalingGroupArn", toGroup, ""}},
	tTaskDefinition:   {{"executionRoleArn", toRole, ""}, {"taskRoleArn", toRole, ""}},
	tService: {
		{"cluster", toCluster, "ClusterContainsServicesException"}, {"taskDefinition", toTaskDef, ""},
		{"loadBalancers.targetGroupArn", toTargetGroup, ""}, {"networkConfiguration.subnets", toSubnet, dependency},
		{"networkConfiguration.securityGroups", toSecurityGroup, dependency},
		{"capacityProviderStrategies.capacityProvider", toProvider, "ResourceInUseException"},
		{"serviceConnectConfiguration.namespace", toNamespace, "ResourceInUse"},
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
		{"performanceInsightsKmsKeyId", toKey, ""}, {"masterUserSecretKmsKeyId", toKey, ""},
	},
	tDBCluster: {
		{"dbSubnetGroupName", toSubnetGroup, "InvalidDBSubnetGroupStateFault"},
		{"dbClusterParameterGroupName", toClusterParams, "InvalidDBParameterGroupState"},
		{"vpcSecurityGroupIds", toSecurityGroup, dependency}, {"kmsKeyId", toKey, ""}, {"monitoringRoleArn", toRole, ""},
		{"performanceInsightsKmsKeyId", toKey, ""}, {"masterUserSecretKmsKeyId", toKey, ""},
	},
	tDBClusterInstance: {
		{"clusterIdentifier", toDBCluster, "InvalidDBClusterStateFault"},
		{"dbParameterGroupName", toParameters, "InvalidDBParameterGroupState"}, {"monitoringRoleArn", toRole, ""},
		{"performanceInsightsKmsKeyId", toKey, ""},
	},
	tDBProxy: {
		{"vpcSubnetIds", toSubnet, dependency}, {"vpcSecurityGroupIds", toSecurityGroup, dependency}, {"roleArn", toRole, ""},
	},
	tDBProxyTargetGroup: {{"dbProxyName", toDBProxy, ""}},
	tDBProxyTarget: {
		{"dbProxyName", toDBProxy, ""}, {"dbInstanceIdentifier", toDBInstance, ""}, {"dbClusterIdentifier", toDBCluster, ""},
	},
	tDBProxyEndpoint: {
		{"dbProxyName", toDBProxy, "InvalidDBProxyStateFault"}, {"vpcSubnetIds", toSubnet, dependency},
		{"vpcSecurityGroupIds", toSecurityGroup, dependency},
	},
	tDBEvents:          {{"snsTopic", toTopic, ""}},
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
	tBucketObjectV2:    {{"bucket", toBucket, "BucketNotEmpty"}, {"kmsKeyId", toKey, ""}},
	tBucketObjectLock:  {{"bucket", toBucket, ""}},
	tBucketACL:         {{"bucket", toBucket, ""}},
	tBucketCORS:        {{"bucket", toBucket, ""}},
	tBucketMetric:      {{"bucket", toBucket, ""}},
	tBucketTiering:     {{"bucket", toBucket, ""}},
	tBucketNotification: {
		{"bucket", toBucket, ""}, {"queues.queueArn", toDestQueue, ""}, {"topics.topicArn", toDestTopic, ""},
		{"lambdaFunctions.lambdaFunctionArn", toDestFunction, ""},
	},
	tDistribution: {
		{"origins.originAccessControlId", toAccessControl, "OriginAccessControlInUse"},
		{"webAclId", toEdgeWebACL, "WAFAssociatedItemException"},
		{"viewerCertificate.acmCertificateArn", toEdgeCert, "ResourceInUseException"},
		{"defaultCacheBehavior.responseHeadersPolicyId", toHeaders, "ResponseHeadersPolicyInUse"},
		{"orderedCacheBehaviors.responseHeadersPolicyId", toHeaders, "ResponseHeadersPolicyInUse"},
		{"defaultCacheBehavior.cachePolicyId", toCachePolicy, "CachePolicyInUse"},
		{"orderedCacheBehaviors.cachePolicyId", toCachePolicy, "CachePolicyInUse"},
		{"defaultCacheBehavior.originRequestPolicyId", toOriginPolicy, "OriginRequestPolicyInUse"},
		{"orderedCacheBehaviors.originRequestPolicyId", toOriginPolicy, "OriginRequestPolicyInUse"},
		{"defaultCacheBehavior.functionAssociations.functionArn", toEdgeFunction, "FunctionInUse"},
		{"orderedCacheBehaviors.functionAssociations.functionArn", toEdgeFunction, "FunctionInUse"},
	},
	tEdgeMonitoring: {{"distributionId", toDistribution, ""}},
	tFileSystem:     {{"kmsKeyId", toKey, ""}},
	tMountTarget: {
		{"fileSystemId", toFileSystem, "FileSystemInUse"}, {"subnetId", toSubnet, dependency},
		{"securityGroups", toSecurityGroup, dependency},
	},
	tAccessPoint:       {{"fileSystemId", toFileSystem, ""}},
	tFileSystemBackup:  {{"fileSystemId", toFileSystem, ""}},
	tFileSystemPolicy:  {{"fileSystemId", toFileSystem, ""}},
	tFileReplication:   {{"sourceFileSystemId", toFileSystem, "FileSystemInUse"}},
	tLogGroup:          {{"kmsKeyId", toKey, ""}},
	tLogStream:         {{"logGroupName", toLogGroupName, ""}},
	tLogSubscription:   {{"logGroup", toLogGroupName, ""}, {"roleArn", toRole, ""}},
	tEventRule:         {{"eventBusName", toEventBus, "ValidationException"}, {"roleArn", toRole, ""}},
	tEventArchive:      {{"eventSourceArn", toEventBus, ""}},
	tQueuePolicy:       {{"queueUrl", toQueue, ""}},
	tQueueRedrive:      {{"queueUrl", toQueue, ""}},
	tQueueRedriveAllow: {{"queueUrl", toQueue, ""}},
	tSlackChannel:      {{"iamRoleArn", toRole, ""}, {"snsTopicArns", toAnyTopic, ""}},
	tTeamsChannel:      {{"iamRoleArn", toRole, ""}, {"snsTopicArns", toAnyTopic, ""}},
	tTraceEncryption:   {{"keyId", toKey, ""}},
	tStateMachine: {
		{"roleArn", toRole, ""}, {"loggingConfiguration.logDestination", toLogGroupARN, ""},
		{"encryptionConfiguration.kmsKeyId", toKey, ""},
	},
	tLogMetricFilter:   {{"logGroupName", toLogGroupName, ""}},
	tEventTarget:       {{"rule", toEventRule, "ValidationException"}, {"roleArn", toRole, ""}},
	tTopicPolicy:       {{"arn", toTopic, ""}},
	tTopicSubscription: {{"topic", toTopic, ""}},
	tWebACL: {
		{"rules.statement.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"},
		{"rules.statement.notStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"},
		{"rules.statement.andStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"},
		{"rules.statement.orStatement.statements.ipSetReferenceStatement.arn", toIPSet, "WAFAssociatedItemException"},
		{"rules.statement.regexPatternSetReferenceStatement.arn", toRegexSet, "WAFAssociatedItemException"},
		{"rules.statement.ruleGroupReferenceStatement.arn", toRuleGroup, "WAFAssociatedItemException"},
	},
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
		{"deadLetterConfig.targetArn", toDeadLetters, ""},
	},
	tInvocation:    {{"functionName", toFunction, ""}},
	tFunctionAlias: {{"functionName", toFunction, ""}},
	tFunctionEvents: {
		{"functionName", toFunction, ""}, {"destinationConfig.onFailure.destination", toDeadLetters, ""},
	},
	tEventSource:      {{"functionName", toFunction, ""}, {"eventSourceArn", toEventQueue, ""}},
	tZone:             {{"vpcs.vpcId", target{types: []string{tVpc}, region: anywhere, code: "InvalidVPCId", message: "The VPC %s does not exist"}, ""}},
	tRecord:           {{"zoneId", toZone, "HostedZoneNotEmpty"}},
	tSecretPolicy:     {{"secretArn", toSecret, ""}},
	tSecretRotation:   {{"secretId", toSecret, ""}},
	tPermission:       {{"function", toFunction, ""}},
	tPrivateNamespace: {{"vpc", toVpc, dependency}},
	tSecret:           {{"kmsKeyId", toKey, ""}},
	tSecretVersion:    {{"secretId", toSecret, ""}},
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

package references

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
)

var (
	toEventRule = bridge.Target{
		Types:   []string{token.EventRule},
		Forms:   []bridge.Form{bridge.ByName},
		Code:    "ResourceNotFoundException",
		Message: "Rule %s does not exist on EventBus default.",
	}
	toTopic = bridge.Target{
		Types:   []string{token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Service: "sns",
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
	// What is pulled from a registry with, its owner has given.
	toUpstreamSecret = bridge.Target{Types: toSecret.Types, Forms: toSecret.Forms, Optional: true}
	toClusterParams  = bridge.Target{
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
		Service: "sqs",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toDestTopic = bridge.Target{
		Types:   []string{token.Topic},
		Forms:   []bridge.Form{bridge.ByARN},
		Service: "sns",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toDestFunction = bridge.Target{
		Types:   []string{token.Function},
		Forms:   []bridge.Form{bridge.ByARN},
		Service: "lambda",
		Code:    "InvalidArgument",
		Message: "Unable to validate the following destination configurations: %s",
	}
	toEventQueue = bridge.Target{
		Types:   []string{token.Queue},
		Forms:   []bridge.Form{bridge.ByARN},
		Service: "sqs",
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
		Service: "wafv2",
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

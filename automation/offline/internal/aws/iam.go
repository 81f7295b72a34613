package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// iamService is what IAM does beyond its models.
var iamService = service{
	module: "iam", name: "IAM",
	behaviors: map[string]behavior{
		tRole:              {create: createRole, update: createRole, read: readRole, remove: removeRole, releases: detachPolicies},
		tPolicy:            {create: createPolicy, update: createPolicy, read: readPolicy},
		tRolePolicy:        {create: createRolePolicy, update: createRolePolicy},
		tRoleAttachment:    {imported: importAttachment},
		tServiceLinkedRole: {create: createServiceLinkedRole},
		tIdentityProvider:  {create: createIdentityProvider},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:iam/getPolicyDocument:getPolicyDocument": getPolicyDocument,
		"aws:iam/getRole:getRole":                     getByName("name", tRole, "NoSuchEntity"),
	},
	equalities: map[string]func(a, b string) bool{
		"iam": func(a, b string) bool { return equalDocuments(a, b, canonicalPolicy) },
	},
}

// Sizes of policy documents in characters without white space, from "IAM and AWS STS quotas".
const (
	maxTrustPolicy   = 2048
	maxManagedPolicy = 6144
	maxInlinePolicy  = 10240
)

func createRole(c *change) error {
	if err := refusePolicy(c.inputs.str("assumeRolePolicy"), maxTrustPolicy); err != nil {
		return err
	}
	return refusePrincipals(c, c.inputs.str("assumeRolePolicy"))
}

func createPolicy(c *change) error {
	return refusePolicy(c.inputs.str("policy"), maxManagedPolicy)
}

func createRolePolicy(c *change) error {
	return refusePolicy(c.inputs.str("policy"), maxInlinePolicy)
}

// refusePolicy refuses a document that is no IAM policy or too long.
func refusePolicy(text string, limit int) error {
	parsed, ok := parseJSON(text)
	document, is := parsed.(map[string]any)
	if !ok || !is {
		return refuse("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	statements := statementsOf(document)
	if len(statements) == 0 {
		return refuse("MalformedPolicyDocument", "Missing required field Statement")
	}
	for _, statement := range statements {
		effect, _ := statement["Effect"].(string)
		if effect != "Allow" && effect != "Deny" {
			return refuse("MalformedPolicyDocument", "Invalid effect: %q", effect)
		}
		if statement["Action"] == nil && statement["NotAction"] == nil {
			return refuse("MalformedPolicyDocument", "Policy statement must contain actions.")
		}
	}
	if size := len(strings.Join(strings.Fields(text), "")); size > limit {
		return refuse("LimitExceeded", "Cannot exceed quota for PolicySize: %d (the document has %d characters)", limit, size)
	}
	return nil
}

// statementsOf returns the statements of a policy document, of which there may be a bare one.
func statementsOf(document map[string]any) []map[string]any {
	list, is := document["Statement"].([]any)
	if !is {
		list = []any{document["Statement"]}
	}
	var statements []map[string]any
	for _, element := range list {
		if statement, is := element.(map[string]any); is {
			statements = append(statements, statement)
		}
	}
	return statements
}

// refusePrincipals refuses a trust in a role of this account that does not exist.
func refusePrincipals(c *change, text string) error {
	parsed, _ := parseJSON(text)
	document, _ := parsed.(map[string]any)
	for _, statement := range statementsOf(document) {
		principal, _ := statement["Principal"].(map[string]any)
		for _, arn := range textsOf(principal["AWS"]) {
			if !strings.HasPrefix(arn, "arn:aws:iam::"+world.Account+":role/") || isAWSManaged(arn) {
				continue
			}
			roles, err := c.tx.ByARN(arn)
			if err != nil {
				return err
			}
			if len(roles) == 0 {
				return refuseRetried("MalformedPolicyDocument", "Invalid principal in policy: %q", "AWS:"+arn)
			}
		}
	}
	return nil
}

// textsOf returns a value of a policy document that may be one text or several.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, element := range v {
			if text, is := element.(string); is {
				texts = append(texts, text)
			}
		}
		return texts
	default:
		return nil
	}
}

// readRole lists the policies that attachments added.
func readRole(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	arns := view(c.state).strings("managedPolicyArns")
	var inline []any
	for _, r := range referrers {
		switch r.Thing.Type {
		case tRoleAttachment:
			arns = append(arns, stateOf(r.Thing).str("policyArn"))
		case tRolePolicy:
			inline = append(inline, map[string]any{"name": stateOf(r.Thing).str("name"), "policy": stateOf(r.Thing).str("policy")})
		}
	}
	slices.Sort(arns)
	c.set("managedPolicyArns", toAny(slices.Compact(arns)))
	if len(inline) > 0 {
		c.set("inlinePolicies", inline)
	}
	return nil
}

// removeRole takes the policies along that it detaches by force.
func removeRole(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type == tRoleAttachment || r.Thing.Type == tRolePolicy {
			if err := c.tx.Remove(r.Thing.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func readPolicy(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	c.set("attachmentCount", float64(len(referrers)))
	return nil
}

// importAttachment takes {role}/{policy ARN}.
func importAttachment(c *change, id string) (*world.Thing, error) {
	role, arn, found := strings.Cut(id, "/")
	if !found {
		return nil, fmt.Errorf("importing a role policy attachment: %q is not {role}/{policy ARN}", id)
	}
	return findBy(c, tRoleAttachment, func(a view) bool { return a.str("role") == role && a.str("policyArn") == arn })
}

// linkedRoles are how the names of service-linked roles end, of the services whose own name does not tell.
var linkedRoles = map[string]string{
	"autoscaling": "AutoScaling", "ecs": "ECS", "elasticfilesystem": "AmazonElasticFileSystem", "elasticloadbalancing": "ElasticLoadBalancing",
	"management.chatbot": "AWSChatbot", "rds": "RDS", "replication.ecr": "ECRReplication", "wafv2": "WAFV2Logging", "backup": "Backup",
}

func createServiceLinkedRole(c *change) error {
	service := strings.TrimSuffix(c.inputs.str("awsServiceName"), ".amazonaws.com")
	end, known := linkedRoles[service]
	if !known {
		end = strings.ToUpper(service[:1]) + service[1:]
	}
	name := "AWSServiceRoleFor" + end
	if suffix := c.inputs.str("customSuffix"); suffix != "" {
		name += "_" + suffix
	}
	c.variables["roleName"] = name
	arn, err := c.expand(c.model.ARN)
	if err != nil {
		return err
	}
	others, err := c.tx.ByARN(arn)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return refuse("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	return nil
}

func createIdentityProvider(c *change) error {
	c.variables["host"] = strings.TrimPrefix(c.inputs.str("url"), "https://")
	return nil
}

// detachPolicies lets a role's policies go with it when it is to detach them by force.
func detachPolicies(c *change, _ world.Referrer) bool { return c.olds.bool("forceDetachPolicies") }

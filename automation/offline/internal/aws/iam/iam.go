// Package iam stands in for roles and policies: documents in the form that IAM accepts, and what holds a role.
package iam

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "iam", Name: "IAM",
	Behaviors: map[string]bridge.Behavior{
		token.Role: {
			Create:   createRole,
			Update:   createRole,
			Read:     readRole,
			Remove:   removeRole,
			Releases: detachPolicies,
		},
		token.Policy:            {Create: createPolicy, Update: createPolicy, Read: readPolicy},
		token.RolePolicy:        {Create: createRolePolicy, Update: createRolePolicy},
		token.ServiceLinkedRole: {Create: createServiceLinkedRole},
		token.IdentityProvider:  {Create: createIdentityProvider},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:iam/getPolicyDocument:getPolicyDocument": getPolicyDocument,
		"aws:iam/getRole:getRole":                     bridge.GetByName("name", token.Role, "NoSuchEntity"),
	},
	Equalities: map[string]func(a, b string) bool{
		"iam": func(a, b string) bool { return model.EqualDocuments(a, b, canonicalPolicy) },
	},
	Forms: map[string]func(string) string{
		"policy": func(document string) string { return model.Rewritten(document, writtenPolicy) },
	},
}

// Sizes of policy documents in characters without white space, from "IAM and AWS STS quotas".
const (
	maxTrustPolicy   = 2048
	maxManagedPolicy = 6144
	maxInlinePolicy  = 10240
)

func createRole(c *bridge.Change) error {
	if err := refusePolicy(c.Inputs.Str("assumeRolePolicy"), maxTrustPolicy); err != nil {
		return err
	}
	return RefusePrincipals(c, c.Inputs.Str("assumeRolePolicy"))
}

func createPolicy(c *bridge.Change) error {
	return refusePolicy(c.Inputs.Str("policy"), maxManagedPolicy)
}

func createRolePolicy(c *bridge.Change) error {
	return refusePolicy(c.Inputs.Str("policy"), maxInlinePolicy)
}

// refusePolicy refuses a document that is no IAM policy or too long.
func refusePolicy(text string, limit int) error {
	parsed, ok := values.ParseJSON(text)
	document, is := parsed.(map[string]any)
	if !ok || !is {
		return bridge.Refuse("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	statements := StatementsOf(document)
	if len(statements) == 0 {
		return bridge.Refuse("MalformedPolicyDocument", "Missing required field Statement")
	}
	for _, statement := range statements {
		effect, _ := statement["Effect"].(string)
		if effect != "Allow" && effect != "Deny" {
			return bridge.Refuse("MalformedPolicyDocument", "Invalid effect: %q", effect)
		}
		if statement["Action"] == nil && statement["NotAction"] == nil {
			return bridge.Refuse("MalformedPolicyDocument", "Policy statement must contain actions.")
		}
	}
	if size := len(strings.Join(strings.Fields(text), "")); size > limit {
		return bridge.Refuse(
			"LimitExceeded",
			"Cannot exceed quota for PolicySize: %d (the document has %d characters)",
			limit,
			size,
		)
	}
	return nil
}

// StatementsOf returns the statements of a policy document, of which there may be a bare one.
func StatementsOf(document map[string]any) []map[string]any {
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

// RefusePrincipals refuses a trust in a role of this account that does not exist.
func RefusePrincipals(c *bridge.Change, text string) error {
	parsed, _ := values.ParseJSON(text)
	document, _ := parsed.(map[string]any)
	for _, statement := range StatementsOf(document) {
		principal, _ := statement["Principal"].(map[string]any)
		for _, arn := range TextsOf(principal["AWS"]) {
			if !strings.Contains(arn, ":iam::"+world.Account+":role/") || references.IsAWSManaged(arn) {
				continue
			}
			roles, err := c.Tx.ByARN(arn)
			if err != nil {
				return err
			}
			if len(roles) == 0 {
				return bridge.RefuseRetried("MalformedPolicyDocument", "Invalid principal in policy: %q", "AWS:"+arn)
			}
		}
	}
	return nil
}

// TextsOf returns a value of a policy document that may be one text or several.
func TextsOf(v any) []string {
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
func readRole(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	arns := values.View(c.State).Strings("managedPolicyArns")
	var inline []any
	for _, r := range referrers {
		switch r.Thing.Type {
		case token.RoleAttachment:
			arns = append(arns, bridge.StateOf(r.Thing).Str("policyArn"))
		case token.RolePolicy:
			inline = append(inline, map[string]any{
				"name":   bridge.StateOf(r.Thing).Str("name"),
				"policy": bridge.StateOf(r.Thing).Str("policy"),
			})
		}
	}
	slices.Sort(arns)
	c.Set("managedPolicyArns", values.ToAny(slices.Compact(arns)))
	if len(inline) > 0 {
		c.Set("inlinePolicies", inline)
	}
	return nil
}

// removeRole takes the policies along that it detaches by force.
func removeRole(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type == token.RoleAttachment || r.Thing.Type == token.RolePolicy {
			if err := c.Tx.Remove(r.Thing.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func readPolicy(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	c.Set("attachmentCount", float64(len(referrers)))
	return nil
}

// linkedRoles are how the names of service-linked roles end, of the services whose own name does not tell.
var linkedRoles = map[string]string{
	"autoscaling":          "AutoScaling",
	"ecs":                  "ECS",
	"elasticfilesystem":    "AmazonElasticFileSystem",
	"elasticloadbalancing": "ElasticLoadBalancing",
	"management.chatbot":   "AWSChatbot",
	"rds":                  "RDS",
	"replication.ecr":      "ECRReplication",
	"wafv2":                "WAFV2Logging",
	"backup":               "Backup",
}

func createServiceLinkedRole(c *bridge.Change) error {
	service := strings.TrimSuffix(c.Inputs.Str("awsServiceName"), ".amazonaws.com")
	end, known := linkedRoles[service]
	if !known {
		end = strings.ToUpper(service[:1]) + service[1:]
	}
	name := "AWSServiceRoleFor" + end
	if suffix := c.Inputs.Str("customSuffix"); suffix != "" {
		name += "_" + suffix
	}
	c.Variables["roleName"] = name
	arn, err := c.Expand(c.Model.ARN)
	if err != nil {
		return err
	}
	others, err := c.Tx.ByARN(arn)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return bridge.Refuse(
			"InvalidInput",
			"Service role name %s has been taken in this account, please try a different suffix.",
			name,
		)
	}
	return nil
}

func createIdentityProvider(c *bridge.Change) error {
	c.Variables["host"] = strings.TrimPrefix(c.Inputs.Str("url"), "https://")
	return nil
}

// detachPolicies lets a role's policies go with it when it is to detach them by force.
func detachPolicies(c *bridge.Change, _ world.Referrer) bool {
	return c.Olds.Bool("forceDetachPolicies")
}

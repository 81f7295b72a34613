package aws

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// kmsService is what KMS does beyond its models.
var kmsService = service{
	module: "kms", name: "KMS",
	behaviors: map[string]behavior{
		tKey:        {create: createKey, update: updateKey, remove: removeKey},
		tReplicaKey: {create: createReplicaKey, update: refuseKeyPolicy, remove: removeKey},
		tKeyPolicy:  {create: refuseKeyPolicy, update: refuseKeyPolicy},
		tAlias:      {create: createAlias, update: createAlias},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:kms/getKey:getKey":     getKey,
		"aws:kms/getAlias:getAlias": getAlias,
	},
	equalities: map[string]func(a, b string) bool{
		"kmsKey": func(a, b string) bool { return afterLast(a, "/") == afterLast(b, "/") },
	},
}

// deletionWindow is for how many days a key or a secret waits for its deletion unless the program says otherwise.
const deletionWindow = 30

func createKey(c *change) error {
	c.id = uuid.NewString()
	if c.inputs.bool("multiRegion") {
		c.id = "mrk-" + randomHex(32)
	}
	return updateKey(c)
}

func updateKey(c *change) error {
	if err := refuseKeyPolicy(c); err != nil {
		return err
	}
	if !c.inputs.bool("enableKeyRotation") {
		return nil
	}
	if c.inputs.str("customerMasterKeySpec") != "SYMMETRIC_DEFAULT" {
		return refuse("UnsupportedOperationException", "Automatic key rotation is only supported on symmetric encryption keys.")
	}
	if view(c.state).num("rotationPeriodInDays") == 0 {
		c.set("rotationPeriodInDays", 365.0)
	}
	return nil
}

// removeKey remembers that the key's deletion is only scheduled. Its aliases can be given to other keys at once.
func removeKey(c *change) error {
	days := c.olds.num("deletionWindowInDays")
	if days == 0 {
		days = deletionWindow
	}
	return c.tx.Bury(c.thing.Region, tKey, c.thing.ID, time.Now().AddDate(0, 0, int(days)))
}

// createAlias keeps the id of the key, whichever way the program named it.
func createAlias(c *change) error {
	key := c.target("targetKeyId")
	if key == nil {
		return nil
	}
	if key.Type == tAlias {
		return refuse("ValidationException", "Aliases must refer to keys. Not aliases")
	}
	c.set("targetKeyId", key.ID)
	c.set("targetKeyArn", key.ARN)
	return nil
}

// createReplicaKey makes the copy of a multi-Region key, which has the same id in its own region.
func createReplicaKey(c *change) error {
	primary := c.target("primaryKeyArn")
	state := stateOf(primary)
	switch {
	case !state.bool("multiRegion"):
		return refuse("UnsupportedOperationException", "%s is not a multi-Region key and cannot be replicated", primary.ARN)
	case primary.Region == c.region().Name:
		return refuse("UnsupportedOperationException", "%s is in %s: its replica must be in another region", primary.ARN, primary.Region)
	}
	c.id = primary.ID
	c.set("keySpec", state.str("customerMasterKeySpec"))
	c.set("keyUsage", state.str("keyUsage"))
	c.set("keyRotationEnabled", state.bool("enableKeyRotation"))
	return refuseKeyPolicy(c)
}

// refuseKeyPolicy refuses a policy that nobody could change any more, or that names a role which does not exist.
func refuseKeyPolicy(c *change) error {
	policy := c.inputs.str("policy")
	if policy == "" {
		return nil
	}
	parsed, _ := parseJSON(policy)
	document, is := parsed.(map[string]any)
	if !is || len(statementsOf(document)) == 0 {
		return refuse("MalformedPolicyDocumentException", "The policy has no statements")
	}
	if !c.inputs.bool("bypassPolicyLockoutSafetyCheck") && !slices.ContainsFunc(statementsOf(document), lets(rootPrincipals, "kms:PutKeyPolicy")) {
		return refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	err := refusePrincipals(c, policy)
	if err == nil {
		return nil
	}
	return refuseRetried("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals: %v", err)
}

// rootPrincipals stand for the account.
var rootPrincipals = []string{"*", world.Account, "arn:aws:iam::" + world.Account + ":root"}

// lets makes a test of whether a statement allows one of the principals, of an account or a service, an action.
func lets(principals []string, action string) func(statement map[string]any) bool {
	return func(statement map[string]any) bool {
		if statement["Effect"] != "Allow" {
			return false
		}
		named := textsOf(statement["Principal"])
		if byKind, is := statement["Principal"].(map[string]any); is {
			named = slices.Concat(textsOf(byKind["AWS"]), textsOf(byKind["Service"]))
		}
		return slices.ContainsFunc(named, func(name string) bool { return slices.Contains(principals, name) }) &&
			slices.ContainsFunc(textsOf(statement["Action"]), func(pattern string) bool {
				return wildcard(strings.ToLower(pattern), strings.ToLower(action))
			})
	}
}

// policiesOf returns the policy of a key: its own, or the one that a resource of its own gives it.
func (c *change) policiesOf(key *world.Thing) ([]string, error) {
	policies := []string{stateOf(key).str("policy")}
	referrers, err := c.tx.Referrers(key)
	for _, r := range referrers {
		if r.Thing.Type == tKeyPolicy {
			policies = append(policies, stateOf(r.Thing).str("policy"))
		}
	}
	return policies, err
}

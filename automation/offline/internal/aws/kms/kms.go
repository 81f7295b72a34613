// Package kms stands in for keys: policies that lock nobody out, aliases and replicas.
package kms

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "kms", Name: "KMS",
	Behaviors: map[string]bridge.Behavior{
		token.Key:        {Create: createKey, Update: updateKey, Remove: removeKey},
		token.ReplicaKey: {Create: createReplicaKey, Update: refuseKeyPolicy, Remove: removeKey},
		token.KeyPolicy:  {Create: refuseKeyPolicy, Update: refuseKeyPolicy},
		token.Alias:      {Create: createAlias, Update: createAlias},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:kms/getKey:getKey":     getKey,
		"aws:kms/getAlias:getAlias": getAlias,
	},
	Equalities: map[string]func(a, b string) bool{
		"kmsKey": func(a, b string) bool { return values.AfterLast(a, "/") == values.AfterLast(b, "/") },
	},
}

// keyNamed returns the key that an id, ARN or alias names, nil for one that AWS manages.
func keyNamed(c bridge.Call, name string) (*world.Thing, error) {
	holder := c.Change()
	if references.IsManagedKey(name) {
		return nil, nil
	}
	thing, err := holder.LookUp(references.ToKey, name)
	if err != nil || thing.Type != token.Alias {
		return thing, err
	}
	return holder.LookUp(references.ToKey, bridge.StateOf(thing).Str("targetKeyId"))
}

func getKey(c bridge.Call) (map[string]any, error) {
	name := c.Args.Str("keyId")
	key, err := keyNamed(c, name)
	if err != nil {
		return nil, err
	}
	result := map[string]any{
		"awsAccountId":                world.Account,
		"keyState":                    "Enabled",
		"enabled":                     true,
		"keyManager":                  "AWS",
		"origin":                      "AWS_KMS",
		"keyUsage":                    "ENCRYPT_DECRYPT",
		"keySpec":                     "SYMMETRIC_DEFAULT",
		"customerMasterKeySpec":       "SYMMETRIC_DEFAULT",
		"multiRegion":                 false,
		"description":                 "",
		"cloudHsmClusterId":           "",
		"customKeyStoreId":            "",
		"deletionDate":                "",
		"expirationModel":             "",
		"validTo":                     "",
		"creationDate":                "",
		"pendingDeletionWindowInDays": 0.0,
		"multiRegionConfigurations":   []any{},
		"xksKeyConfigurations":        []any{},
	}
	if key == nil {
		id := c.Region().ManagedKey(values.AfterLast(name, "/"))
		result["id"], result["arn"] = id, c.Region().KeyARN(id)
		return result, nil
	}
	state := bridge.StateOf(key)
	result["id"], result["arn"], result["keyManager"] = key.ID, key.ARN, "CUSTOMER"
	result["description"], result["multiRegion"] = state.Str("description"), state.Bool("multiRegion")
	result["keyUsage"], result["keySpec"] = state.Str("keyUsage"), state.Str("customerMasterKeySpec")
	result["customerMasterKeySpec"], result["enabled"] = state.Str("customerMasterKeySpec"), state.Bool("isEnabled")
	result["creationDate"] = key.Created.Format(time.RFC3339)
	return result, nil
}

func getAlias(c bridge.Call) (map[string]any, error) {
	name := c.Args.Str("name")
	key, err := keyNamed(c, name)
	if err != nil {
		return nil, err
	}
	target := c.Region().ManagedKey(values.AfterLast(name, "/"))
	if key != nil {
		target = key.ID
	}
	arn := fmt.Sprintf("arn:%s:kms:%s:%s:%s", c.Region().Partition(), c.Region().Name, world.Account, name)
	return map[string]any{
		"id":           arn,
		"arn":          arn,
		"name":         name,
		"targetKeyId":  target,
		"targetKeyArn": c.Region().KeyARN(target),
	}, nil
}

// deletionWindow is for how many days a key or a secret waits for its deletion unless the program says otherwise.
const deletionWindow = 30

func createKey(c *bridge.Change) error {
	c.Id = uuid.NewString()
	if c.Inputs.Bool("multiRegion") {
		c.Id = "mrk-" + template.RandomHex(32)
	}
	return updateKey(c)
}

func updateKey(c *bridge.Change) error {
	if err := refuseKeyPolicy(c); err != nil {
		return err
	}
	if !c.Inputs.Bool("enableKeyRotation") {
		return nil
	}
	if c.Inputs.Str("customerMasterKeySpec") != "SYMMETRIC_DEFAULT" {
		return bridge.Refuse(
			"UnsupportedOperationException",
			"Automatic key rotation is only supported on symmetric encryption keys.",
		)
	}
	if values.View(c.State).Num("rotationPeriodInDays") == 0 {
		c.Set("rotationPeriodInDays", 365.0)
	}
	return nil
}

// removeKey remembers that the key's deletion is only scheduled. Its aliases can be given to other keys at once.
func removeKey(c *bridge.Change) error {
	days := c.Olds.Num("deletionWindowInDays")
	if days == 0 {
		days = deletionWindow
	}
	return c.Tx.Bury(c.Thing.Region, token.Key, c.Thing.ID, time.Now().AddDate(0, 0, int(days)))
}

// createAlias keeps the id of the key, whichever way the program named it.
func createAlias(c *bridge.Change) error {
	key := c.Target("targetKeyId")
	if key == nil {
		return nil
	}
	if key.Type == token.Alias {
		return bridge.Refuse("ValidationException", "Aliases must refer to keys. Not aliases")
	}
	c.Set("targetKeyId", key.ID)
	c.Set("targetKeyArn", key.ARN)
	return nil
}

// createReplicaKey makes the copy of a multi-Region key, which has the same id in its own region.
func createReplicaKey(c *bridge.Change) error {
	primary := c.Target("primaryKeyArn")
	state := bridge.StateOf(primary)
	switch {
	case !state.Bool("multiRegion"):
		return bridge.Refuse(
			"UnsupportedOperationException",
			"%s is not a multi-Region key and cannot be replicated",
			primary.ARN,
		)
	case primary.Region == c.Region().Name:
		return bridge.Refuse(
			"UnsupportedOperationException",
			"%s is in %s: its replica must be in another region",
			primary.ARN,
			primary.Region,
		)
	}
	c.Id = primary.ID
	c.Set("keySpec", state.Str("customerMasterKeySpec"))
	c.Set("keyUsage", state.Str("keyUsage"))
	c.Set("keyRotationEnabled", state.Bool("enableKeyRotation"))
	return refuseKeyPolicy(c)
}

// refuseKeyPolicy refuses a policy that nobody could change any more, or that names a role which does not exist.
func refuseKeyPolicy(c *bridge.Change) error {
	policy := c.Inputs.Str("policy")
	if policy == "" {
		return nil
	}
	parsed, _ := values.ParseJSON(policy)
	document, is := parsed.(map[string]any)
	if !is || len(iam.StatementsOf(document)) == 0 {
		return bridge.Refuse("MalformedPolicyDocumentException", "The policy has no statements")
	}
	if !c.Inputs.Bool("bypassPolicyLockoutSafetyCheck") &&
		!slices.ContainsFunc(iam.StatementsOf(document), lets(rootPrincipals(c.Region()), "kms:PutKeyPolicy")) {
		return bridge.Refuse(
			"MalformedPolicyDocumentException",
			"The new key policy will not allow you to update the key policy in the future.",
		)
	}
	err := iam.RefusePrincipals(c, policy)
	if err == nil {
		return nil
	}
	return bridge.RefuseRetried(
		"MalformedPolicyDocumentException",
		"Policy contains a statement with one or more invalid principals: %v",
		err,
	)
}

// rootPrincipals stand for the account.
func rootPrincipals(r region.Region) []string {
	return []string{"*", world.Account, fmt.Sprintf("arn:%s:iam::%s:root", r.Partition(), world.Account)}
}

// lets makes a test of whether a statement allows one of the principals, of an account or a service, an action.
func lets(principals []string, action string) func(statement map[string]any) bool {
	return func(statement map[string]any) bool {
		if statement["Effect"] != "Allow" {
			return false
		}
		named := iam.TextsOf(statement["Principal"])
		if byKind, is := statement["Principal"].(map[string]any); is {
			named = slices.Concat(iam.TextsOf(byKind["AWS"]), iam.TextsOf(byKind["Service"]))
		}
		return slices.ContainsFunc(named, func(name string) bool { return slices.Contains(principals, name) }) &&
			slices.ContainsFunc(iam.TextsOf(statement["Action"]), func(pattern string) bool {
				return values.Wildcard(strings.ToLower(pattern), strings.ToLower(action))
			})
	}
}

// Package backup stands in for AWS Backup: vaults that hold recovery points, and plans that their vaults accept.
package backup

import (
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "backup", Name: "Backup",
	Behaviors: map[string]bridge.Behavior{
		token.Vault:     {Remove: removeVault},
		token.Plan:      {Create: checkPlan, Update: checkPlan},
		token.Selection: {Create: checkSelection},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:backup/getVault:getVault": bridge.GetByName("name", token.Vault, "ResourceNotFoundException"),
	},
}

// removeVault refuses to delete a vault with recovery points in it.
func removeVault(c *bridge.Change) error {
	if points := bridge.StateOf(c.Thing).Num("recoveryPoints"); points > 0 && !c.Olds.Bool("forceDestroy") {
		return bridge.Refuse(
			"InvalidRequestException",
			"Backup vault %s cannot be deleted as it contains recovery points (%g)",
			c.Thing.ID,
			points,
		)
	}
	return nil
}

// Days of AWS Backup's lifecycles, from "Backup plan options and configuration" in the AWS Backup Developer Guide.
const (
	leastColdDays     = 90
	mostContinuous    = 35
	leastStartMinutes = 60
)

// checkPlan refuses lifecycles that AWS Backup refuses, and tells of what it takes though it will not work.
func checkPlan(c *bridge.Change) error {
	for _, rule := range c.Inputs.Objects("rules") {
		if minutes := rule.Num("startWindow"); minutes < leastStartMinutes {
			return bridge.Refuse(
				"InvalidParameterValueException",
				"Rule %s: StartWindow must be at least %d minutes, not %g",
				rule.Str("ruleName"),
				leastStartMinutes,
				minutes,
			)
		}
		if err := refuseLifecycle(rule); err != nil {
			return err
		}
		for _, copied := range rule.Objects("copyActions") {
			if err := refuseCold(rule.Str("ruleName"), copied); err != nil {
				return err
			}
			if err := checkVault(c, rule.Str("ruleName"), copied, copied.Str("destinationVaultArn")); err != nil {
				return err
			}
		}
		own, err := c.Expand("arn:{partition}:backup:{region}:{account}:backup-vault:" + rule.Str("targetVaultName"))
		if err != nil {
			return err
		}
		if err := checkVault(c, rule.Str("ruleName"), rule, own); err != nil {
			return err
		}
	}
	return nil
}

// checkSelection tells of Multi-AZ DB clusters in a plan that copies: AWS Backup copies no snapshots of them ("Amazon
// RDS Multi-AZ backups", AWS Backup Developer Guide).
func checkSelection(c *bridge.Change) error {
	plan := c.Target("planId")
	copies := plan != nil && slices.ContainsFunc(bridge.StateOf(plan).Objects("rules"), func(rule values.View) bool {
		return len(rule.Objects("copyActions")) > 0
	})
	if !copies {
		return nil
	}
	clusters, err := c.Tx.OfType(c.Region().Name, token.DBCluster)
	if err != nil {
		return err
	}
	for _, cluster := range clusters {
		if !strings.HasPrefix(bridge.StateOf(cluster).Str("engine"), "aurora") && selects(c.Inputs, cluster) {
			c.Warn(
				"plan %s copies recovery points, and AWS Backup copies none of the Multi-AZ DB cluster %s: AWS takes "+
					"the selection, and every copy job of the cluster fails",
				plan.Name,
				cluster.Name,
			)
		}
	}
	return nil
}

// selects reports whether a selection takes a thing in: by ARN and not left out, with the tags of its conditions.
func selects(selection values.View, thing *world.Thing) bool {
	named := func(list string) bool {
		return slices.ContainsFunc(selection.Strings(list), func(pattern string) bool {
			matches, err := path.Match(strings.ReplaceAll(pattern, "/", ":"), strings.ReplaceAll(thing.ARN, "/", ":"))
			return err == nil && matches
		})
	}
	if !named("resources") || named("notResources") {
		return false
	}
	tags := bridge.StateOf(thing)
	for _, condition := range selection.Objects("conditions") {
		for _, equals := range condition.Objects("stringEquals") {
			key := strings.TrimPrefix(equals.Str("key"), "aws:ResourceTag/")
			if tags.Str("tagsAll."+key) != equals.Str("value") {
				return false
			}
		}
	}
	return true
}

// checkVault tells of a vault that does not exist, or whose lock will refuse what the rule puts into it: AWS Backup
// takes the plan, and then every job fails.
func checkVault(c *bridge.Change, name string, action values.View, vaultARN string) error {
	if parsed, err := arn.Parse(vaultARN); err != nil || parsed.AccountID != world.Account {
		return nil
	}
	vaults, err := c.Tx.ByARN(vaultARN)
	if err != nil {
		return err
	}
	if len(vaults) == 0 {
		if !strings.HasSuffix(vaultARN, ":Default") {
			c.Warn(
				"the copies of rule %s go to %s, which does not exist: AWS takes the plan, and every copy job fails",
				name,
				vaultARN,
			)
		}
		return nil
	}
	return checkLock(c, name, action.Num("lifecycle.deleteAfter"), vaults[0])
}

func checkLock(c *bridge.Change, name string, kept float64, vault *world.Thing) error {
	referrers, err := c.Tx.Referrers(vault)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type != token.VaultLock {
			continue
		}
		least, most := bridge.StateOf(r.Thing).Num("minRetentionDays"), bridge.StateOf(r.Thing).Num("maxRetentionDays")
		if kept != 0 && kept < least || most != 0 && (kept == 0 || kept > most) {
			c.Warn(
				"rule %s keeps backups for %g days (0 is forever), and the lock of vault %s allows %g to %g: AWS "+
					"takes the plan, and every job fails",
				name,
				kept,
				vault.ID,
				least,
				most,
			)
		}
	}
	return nil
}

func refuseLifecycle(rule values.View) error {
	kept := rule.Num("lifecycle.deleteAfter")
	if rule.Bool("enableContinuousBackup") && (kept < 1 || kept > mostContinuous) {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Rule %s: a continuous backup is kept for 1 to %d days, not %g",
			rule.Str("ruleName"),
			mostContinuous,
			kept,
		)
	}
	if rule.Bool("enableContinuousBackup") && rule.Num("lifecycle.coldStorageAfter") > 0 {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Rule %s: a continuous backup cannot move to cold storage",
			rule.Str("ruleName"),
		)
	}
	return refuseCold(rule.Str("ruleName"), rule)
}

// refuseCold refuses to delete backups before they were in cold storage for as long as they must.
func refuseCold(name string, action values.View) error {
	cold, kept := action.Num("lifecycle.coldStorageAfter"), action.Num("lifecycle.deleteAfter")
	if cold > 0 && kept > 0 && kept < cold+leastColdDays {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Invalid lifecycle. DeleteAfterDays cannot be less than %d days apart from "+
				"MoveToColdStorageAfterDays: rule %s has %g and %g",
			leastColdDays,
			name,
			kept,
			cold,
		)
	}
	return nil
}

package aws

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// backupService is what Backup does beyond its models.
var backupService = service{
	module: "backup", name: "Backup",
	behaviors: map[string]behavior{
		tVault: {remove: removeVault},
		tPlan:  {create: checkPlan, update: checkPlan},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:backup/getVault:getVault": getByName("name", tVault, "ResourceNotFoundException"),
	},
}

// removeVault refuses to delete a vault with recovery points in it.
func removeVault(c *change) error {
	if points := stateOf(c.thing).num("recoveryPoints"); points > 0 && !c.olds.bool("forceDestroy") {
		return refuse("InvalidRequestException", "Backup vault %s cannot be deleted as it contains recovery points (%g)", c.thing.ID, points)
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
func checkPlan(c *change) error {
	for _, rule := range c.inputs.objects("rules") {
		if minutes := rule.num("startWindow"); minutes < leastStartMinutes {
			return refuse("InvalidParameterValueException", "Rule %s: StartWindow must be at least %d minutes, not %g",
				rule.str("ruleName"), leastStartMinutes, minutes)
		}
		if err := refuseLifecycle(rule); err != nil {
			return err
		}
		for _, copied := range rule.objects("copyActions") {
			if err := refuseCold(rule.str("ruleName"), copied); err != nil {
				return err
			}
			if err := c.checkVault(rule.str("ruleName"), copied, copied.str("destinationVaultArn")); err != nil {
				return err
			}
		}
		own, err := c.expand("arn:{partition}:backup:{region}:{account}:backup-vault:" + rule.str("targetVaultName"))
		if err != nil {
			return err
		}
		if err := c.checkVault(rule.str("ruleName"), rule, own); err != nil {
			return err
		}
	}
	return nil
}

// checkVault tells of a vault that does not exist, or whose lock will refuse what the rule puts into it: AWS Backup takes
// the plan, and then every job fails.
func (c *change) checkVault(name string, action view, arn string) error {
	if account, is := accountOf(arn); !is || account != world.Account {
		return nil
	}
	vaults, err := c.tx.ByARN(arn)
	if err != nil {
		return err
	}
	if len(vaults) == 0 {
		if !strings.HasSuffix(arn, ":Default") {
			c.warn("the copies of rule %s go to %s, which does not exist: AWS takes the plan, and every copy job fails", name, arn)
		}
		return nil
	}
	return c.checkLock(name, action.num("lifecycle.deleteAfter"), vaults[0])
}

func (c *change) checkLock(name string, kept float64, vault *world.Thing) error {
	referrers, err := c.tx.Referrers(vault)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type != tVaultLock {
			continue
		}
		least, most := stateOf(r.Thing).num("minRetentionDays"), stateOf(r.Thing).num("maxRetentionDays")
		if kept != 0 && kept < least || most != 0 && (kept == 0 || kept > most) {
			c.warn("rule %s keeps backups for %g days (0 is forever), and the lock of vault %s allows %g to %g: AWS takes the plan, and every job fails",
				name, kept, vault.ID, least, most)
		}
	}
	return nil
}

func refuseLifecycle(rule view) error {
	kept := rule.num("lifecycle.deleteAfter")
	if rule.bool("enableContinuousBackup") && (kept < 1 || kept > mostContinuous) {
		return refuse("InvalidParameterValueException", "Rule %s: a continuous backup is kept for 1 to %d days, not %g",
			rule.str("ruleName"), mostContinuous, kept)
	}
	if rule.bool("enableContinuousBackup") && rule.num("lifecycle.coldStorageAfter") > 0 {
		return refuse("InvalidParameterValueException", "Rule %s: a continuous backup cannot move to cold storage", rule.str("ruleName"))
	}
	return refuseCold(rule.str("ruleName"), rule)
}

// refuseCold refuses to delete backups before they were in cold storage for as long as they must.
func refuseCold(name string, action view) error {
	cold, kept := action.num("lifecycle.coldStorageAfter"), action.num("lifecycle.deleteAfter")
	if cold > 0 && kept > 0 && kept < cold+leastColdDays {
		return refuse("InvalidParameterValueException", "Invalid lifecycle. DeleteAfterDays cannot be less than %d days apart from "+
			"MoveToColdStorageAfterDays: rule %s has %g and %g", leastColdDays, name, kept, cold)
	}
	return nil
}

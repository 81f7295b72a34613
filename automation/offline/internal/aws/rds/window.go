package rds

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// deferred are the properties that RDS changes in the maintenance window, unless it is told to apply changes
// immediately: from "Settings for DB instances" and "Modifying a Multi-AZ DB cluster" in the Amazon RDS User Guide, and
// "Modifying an Amazon Aurora DB cluster" in the Amazon Aurora User Guide.
var deferred = map[string][]string{
	token.DBInstance: {
		"allocatedStorage", "engineVersion", "instanceClass", "iops", "multiAz", "storageThroughput", "storageType",
	},
	token.DBCluster:         {"allocatedStorage", "dbClusterInstanceClass", "engineVersion", "iops", "storageType"},
	token.DBClusterInstance: {"instanceClass"},
}

// postpone leaves what waits for the maintenance window as it was: RDS describes a database as it is until then.
func postpone(c *bridge.Change) {
	if c.Inputs.Bool("applyImmediately") {
		return
	}
	version := values.View(c.State).Str("engineVersionActual")
	for _, property := range deferred[c.Token] {
		before, has := c.Olds.At(property)
		if !has || before.DeepEquals(c.State[resource.PropertyKey(property)]) ||
			property == "engineVersion" && version == c.Olds.Str("engineVersionActual") {
			continue
		}
		c.Pending = append(c.Pending, property)
		c.Set(property, before)
	}
	if slices.Contains(c.Pending, "engineVersion") {
		c.Set("engineVersionActual", c.Olds.Str("engineVersionActual"))
		if group := c.Olds.Str("optionGroupName"); group != "" {
			c.Set("optionGroupName", group)
		}
	}
}

func updateMember(c *bridge.Change) error {
	postpone(c)
	return nil
}

// openWindow makes what has waited for the maintenance window, which offline lies before each read.
func openWindow(c *bridge.Change) error {
	pending := c.MakePending()
	if len(pending) == 0 {
		return nil
	}
	if slices.Contains(pending, "engineVersion") {
		state := values.View(c.State)
		known := engines[state.Str("engine")]
		version := known.full(state.Str("engineVersion"))
		if err := upgradeReplicas(c, known, version, true); err != nil {
			return err
		}
		c.Set("engineVersionActual", version)
		if state.Has("optionGroupName") {
			c.Set("optionGroupName", known.optionGroup(version))
		}
		if c.Token == token.DBCluster {
			if err := updateMembers(c, known); err != nil {
				return err
			}
		}
	}
	return c.Tx.Put(c.Thing, c.Links)
}

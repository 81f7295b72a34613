// Package dynamodb stands in for tables: their keys and indexes, and replicas in other regions.
package dynamodb

import (
	"fmt"
	"slices"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "dynamodb", Name: "DynamoDB",
	Behaviors: map[string]bridge.Behavior{
		token.Table: {
			Check:  checkTable,
			Diff:   diffTable,
			Plan:   planTable,
			Create: createTable,
			Update: changeTable,
			Remove: removeTable,
		},
	},
}

// checkTable refuses keys without attributes, attributes without keys, and views of streams that are off.
func checkTable(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	if !hasUnknowns(inputs) {
		failures = checkAttributes(inputs)
	}
	if on, kind := inputs.Bool("streamEnabled"), inputs.Given("streamViewType"); on && !kind {
		failures = append(
			failures,
			bridge.Failf("streamViewType", "stream_view_type is required when stream_enabled = true"),
		)
	} else if !on && inputs.Str("streamViewType") != "" && !inputs.Unknown("streamEnabled") {
		failures = append(
			failures,
			bridge.Failf("streamViewType", "stream_view_type must not be set when stream_enabled = false"),
		)
	}
	for _, indexes := range []string{"globalSecondaryIndexes", "localSecondaryIndexes"} {
		for i, index := range inputs.Objects(indexes) {
			if kind := index.Str("projectionType"); kind != "" && kind != "INCLUDE" &&
				len(index.List("nonKeyAttributes")) > 0 {
				failures = append(failures, bridge.Failf(fmt.Sprintf("%s[%d].nonKeyAttributes", indexes, i),
					"non-key attributes are only allowed with the projection type INCLUDE, not %s", kind))
			}
		}
	}
	return failures
}

// hasUnknowns reports whether names of attributes or keys are not known yet.
func hasUnknowns(inputs values.View) bool {
	for _, path := range []string{
		"hashKey", "rangeKey", "attributes", "attributes.name", "globalSecondaryIndexes",
		"globalSecondaryIndexes.hashKey", "globalSecondaryIndexes.rangeKey", "localSecondaryIndexes",
		"localSecondaryIndexes.rangeKey",
	} {
		if slices.ContainsFunc(inputs.Each(path), func(p values.Place) bool { return values.IsUnknown(p.Value) }) {
			return true
		}
	}
	return false
}

func checkAttributes(inputs values.View) []bridge.Failure {
	attributes := map[string]bool{}
	for _, attribute := range inputs.Objects("attributes") {
		attributes[attribute.Str("name")] = true
	}
	keys := map[string]bool{}
	note := func(name string) {
		if name != "" {
			keys[name] = true
		}
	}
	note(inputs.Str("hashKey"))
	note(inputs.Str("rangeKey"))
	for _, index := range slices.Concat(
		inputs.Objects("globalSecondaryIndexes"),
		inputs.Objects("localSecondaryIndexes"),
	) {
		note(index.Str("hashKey"))
		note(index.Str("rangeKey"))
	}
	var failures []bridge.Failure
	if lacking := without(keys, attributes); len(lacking) > 0 && len(attributes) > 0 {
		failures = append(
			failures,
			bridge.Failf("attributes", "all indexes must match a defined attribute. Unmatched indexes: %s", lacking),
		)
	}
	if unused := without(attributes, keys); len(unused) > 0 {
		failures = append(
			failures,
			bridge.Failf("attributes", "all attributes must be indexed. Unused attributes: %s", unused),
		)
	}
	return failures
}

// without lists what is in one set and not in the other.
func without(a, b map[string]bool) []string {
	return slices.DeleteFunc(values.SortedKeys(a), func(name string) bool { return b[name] })
}

// diffTable drops a change of attributes alone, and replaces a table that is restored from another one.
func diffTable(d *diff.Difference) error {
	if d.Changed("attributes") && !d.Changed("globalSecondaryIndexes") && !d.Changed("localSecondaryIndexes") &&
		!d.Changed("hashKey") && !d.Changed("rangeKey") {
		d.Drop("attributes")
	}
	for _, source := range []string{"restoreSourceName", "restoreSourceTableArn"} {
		if d.Changed(source) && d.News.Given(source) {
			d.Replace(source, true)
		}
	}
	return nil
}

func planTable(d *diff.Difference) []string {
	if d.Changed("streamEnabled") || d.Changed("streamViewType") {
		return []string{"streamArn", "streamLabel"}
	}
	return nil
}

// maxGlobalIndexes and maxLocalIndexes are from "Quotas in Amazon DynamoDB".
const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
)

func createTable(c *bridge.Change) error {
	if global := len(c.Inputs.List("globalSecondaryIndexes")); global > maxGlobalIndexes {
		return bridge.Refuse(
			"ValidationException",
			"One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the "+
				"per-table limit of %d: %d",
			maxGlobalIndexes,
			global,
		)
	}
	if local := len(c.Inputs.List("localSecondaryIndexes")); local > maxLocalIndexes {
		return bridge.Refuse(
			"ValidationException",
			"One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds "+
				"per-table limit of %d: %d",
			maxLocalIndexes,
			local,
		)
	}
	if err := refuseCapacities(c); err != nil {
		return err
	}
	return updateTable(c)
}

func refuseCapacities(c *bridge.Change) error {
	read, write := c.Inputs.Num("readCapacity"), c.Inputs.Num("writeCapacity")
	if c.Inputs.Str("billingMode") == "PAY_PER_REQUEST" {
		if read > 0 || write > 0 {
			return bridge.Refuse(
				"ValidationException",
				"One or more parameter values were invalid: Neither ReadCapacityUnits nor "+
					"WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
			)
		}
		c.Set("readCapacity", 0.0)
		c.Set("writeCapacity", 0.0)
		return nil
	}
	if read < 1 || write < 1 {
		return bridge.Refuse(
			"ValidationException",
			"One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "+
				"must both be specified when BillingMode is PROVISIONED: they are %g and %g",
			read,
			write,
		)
	}
	return nil
}

// changeTable refuses what DynamoDB refuses of a table that has replicas, though the change takes the replicas away:
// the provider changes billing mode and stream first, and the replicas last.
func changeTable(c *bridge.Change) error {
	if len(c.Olds.Objects("replicas")) == 0 {
		return updateTable(c)
	}
	if c.Difference.Changed("streamEnabled") || c.Difference.Changed("streamViewType") {
		return refuseNoStream(c)
	}
	if err := refuseFixedWrites(c); err != nil {
		return err
	}
	return updateTable(c)
}

func updateTable(c *bridge.Change) error {
	state := values.View(c.State)
	if !state.Bool("streamEnabled") {
		c.Set("streamArn", "")
		c.Set("streamLabel", "")
	} else if state.Str("streamArn") == "" {
		label := time.Now().UTC().Format("2006-01-02T15:04:05.000")
		c.Set("streamLabel", label)
		c.Set(
			"streamArn",
			fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s/stream/%s", c.Region().Partition(), c.Region().Name,
				world.Account, c.Inputs.Str("name"), label),
		)
	}
	for _, replica := range state.Objects("replicas") {
		if err := refuseTableReplica(c, replica); err != nil {
			return err
		}
	}
	return nil
}

// refuseTableReplica refuses what DynamoDB refuses of a copy in another region, from "Requirements for global tables"
// in the Amazon DynamoDB Developer Guide.
func refuseTableReplica(c *bridge.Change, replica values.View) error {
	state, where := values.View(c.State), replica.Str("regionName")
	if where == c.Region().Name {
		return bridge.Refuse(
			"ValidationException",
			"a replica of table %s cannot be in its own region %s",
			state.Str("name"),
			where,
		)
	}
	if _, err := region.Named(where); err != nil {
		return bridge.Refuse("ValidationException", "replica: %v", err)
	}
	if !state.Bool("streamEnabled") {
		return refuseNoStream(c)
	}
	if err := refuseFixedWrites(c); err != nil {
		return err
	}
	key := replica.Str("kmsKeyArn")
	if key == "" && state.Has("serverSideEncryption.kmsKeyArn") &&
		state.Str("serverSideEncryption.kmsKeyArn") != c.Region().ManagedKeyARN("dynamodb") {
		return bridge.Refuse(
			"ValidationException",
			"One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica, as "+
				"it is for table %s: the replica in %s has none",
			state.Str("name"),
			where,
		)
	}
	if key == "" || references.IsManagedKey(key) {
		return nil
	}
	there := references.ToKey
	there.Region = where
	_, err := c.LookUp(there, key)
	return err
}

func refuseNoStream(c *bridge.Change) error {
	return bridge.Refuse(
		"ValidationException",
		"One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table "+
			"replica: keep streamEnabled and streamViewType of table %s while it has replicas",
		c.Inputs.Str("name"),
	)
}

// refuseFixedWrites refuses a write capacity that is not scaled.
func refuseFixedWrites(c *bridge.Change) error {
	if values.View(c.State).Str("billingMode") == "PAY_PER_REQUEST" {
		return nil
	}
	scaled, err := writesScale(c)
	if err != nil || scaled {
		return err
	}
	return bridge.Refuse(
		"ValidationException",
		"Table write capacity should either be Pay-Per-Request or AutoScaled: table %s can have replicas once its "+
			"write capacity is scaled",
		c.Inputs.Str("name"),
	)
}

// writesScale reports whether the table's write capacity is scaled.
func writesScale(c *bridge.Change) (bool, error) {
	targets, err := c.Tx.OfType(c.Region().Name, token.ScalingTarget)
	return slices.ContainsFunc(targets, func(target *world.Thing) bool {
		state := bridge.StateOf(target)
		return state.Str("resourceId") == "table/"+c.Inputs.Str("name") &&
			state.Str("scalableDimension") == "dynamodb:table:WriteCapacityUnits"
	}), err
}

func removeTable(c *bridge.Change) error {
	if c.Olds.Bool("deletionProtectionEnabled") {
		return bridge.Refuse(
			"ValidationException",
			"Resource cannot be deleted as it is currently protected against deletion. Disable "+
				"deletion protection first: set deletionProtectionEnabled to false and run an update",
		)
	}
	return nil
}

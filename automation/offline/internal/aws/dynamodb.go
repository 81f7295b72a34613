package aws

import (
	"fmt"
	"slices"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func init() {
	register(map[string]behavior{
		tTable: {check: checkTable, diff: diffTable, plan: planTable, create: createTable, update: updateTable, remove: removeTable},
	})
}

// checkTable refuses keys without attributes, attributes without keys, and views of streams that are off.
func checkTable(inputs view) []failure {
	var failures []failure
	if !hasUnknowns(inputs) {
		failures = checkAttributes(inputs)
	}
	if on, kind := inputs.bool("streamEnabled"), inputs.given("streamViewType"); on && !kind {
		failures = append(failures, failf("streamViewType", "stream_view_type is required when stream_enabled = true"))
	} else if !on && inputs.str("streamViewType") != "" && !inputs.unknown("streamEnabled") {
		failures = append(failures, failf("streamViewType", "stream_view_type must not be set when stream_enabled = false"))
	}
	for _, indexes := range []string{"globalSecondaryIndexes", "localSecondaryIndexes"} {
		for i, index := range inputs.objects(indexes) {
			if kind := index.str("projectionType"); kind != "" && kind != "INCLUDE" && len(index.list("nonKeyAttributes")) > 0 {
				failures = append(failures, failf(fmt.Sprintf("%s[%d].nonKeyAttributes", indexes, i),
					"non-key attributes are only allowed with the projection type INCLUDE, not %s", kind))
			}
		}
	}
	return failures
}

// hasUnknowns says whether names of attributes or keys are not known yet.
func hasUnknowns(inputs view) bool {
	for _, path := range []string{
		"hashKey", "rangeKey", "attributes", "attributes.name", "globalSecondaryIndexes", "globalSecondaryIndexes.hashKey",
		"globalSecondaryIndexes.rangeKey", "localSecondaryIndexes", "localSecondaryIndexes.rangeKey",
	} {
		if slices.ContainsFunc(inputs.each(path), func(p place) bool { return isUnknown(p.value) }) {
			return true
		}
	}
	return false
}

func checkAttributes(inputs view) []failure {
	attributes := map[string]bool{}
	for _, attribute := range inputs.objects("attributes") {
		attributes[attribute.str("name")] = true
	}
	keys := map[string]bool{}
	note := func(name string) {
		if name != "" {
			keys[name] = true
		}
	}
	note(inputs.str("hashKey"))
	note(inputs.str("rangeKey"))
	for _, index := range slices.Concat(inputs.objects("globalSecondaryIndexes"), inputs.objects("localSecondaryIndexes")) {
		note(index.str("hashKey"))
		note(index.str("rangeKey"))
	}
	var failures []failure
	if lacking := without(keys, attributes); len(lacking) > 0 && len(attributes) > 0 {
		failures = append(failures, failf("attributes", "all indexes must match a defined attribute. Unmatched indexes: %s", lacking))
	}
	if unused := without(attributes, keys); len(unused) > 0 {
		failures = append(failures, failf("attributes", "all attributes must be indexed. Unused attributes: %s", unused))
	}
	return failures
}

// without lists what is in one set and not in the other.
func without(a, b map[string]bool) []string {
	return slices.DeleteFunc(sortedKeys(a), func(name string) bool { return b[name] })
}

// diffTable drops a change of attributes alone, and replaces a table that is restored from another one.
func diffTable(d *difference) error {
	if d.changed("attributes") && !d.changed("globalSecondaryIndexes") && !d.changed("localSecondaryIndexes") &&
		!d.changed("hashKey") && !d.changed("rangeKey") {
		d.drop("attributes")
	}
	for _, source := range []string{"restoreSourceName", "restoreSourceTableArn"} {
		if d.changed(source) && d.news.given(source) {
			d.replace(source, true)
		}
	}
	return nil
}

func planTable(d *difference) []string {
	if d.changed("streamEnabled") || d.changed("streamViewType") {
		return []string{"streamArn", "streamLabel"}
	}
	return nil
}

func createTable(c *change) error {
	if err := refuseCapacities(c); err != nil {
		return err
	}
	return updateTable(c)
}

func refuseCapacities(c *change) error {
	read, write := c.inputs.num("readCapacity"), c.inputs.num("writeCapacity")
	if c.inputs.str("billingMode") == "PAY_PER_REQUEST" {
		if read > 0 || write > 0 {
			return refuse("ValidationException", "One or more parameter values were invalid: Neither ReadCapacityUnits nor "+
				"WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		c.set("readCapacity", 0.0)
		c.set("writeCapacity", 0.0)
		return nil
	}
	if read < 1 || write < 1 {
		return refuse("ValidationException", "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "+
			"must both be specified when BillingMode is PROVISIONED: they are %g and %g", read, write)
	}
	return nil
}

func updateTable(c *change) error {
	state := view(c.state)
	if !state.bool("streamEnabled") {
		c.set("streamArn", "")
		c.set("streamLabel", "")
	} else if state.str("streamArn") == "" {
		label := time.Now().UTC().Format("2006-01-02T15:04:05.000")
		c.set("streamLabel", label)
		c.set("streamArn", fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s/stream/%s", c.p.region.Partition(), c.p.region.Name,
			world.Account, c.inputs.str("name"), label))
	}
	for _, replica := range state.objects("replicas") {
		if name := replica.str("regionName"); name == c.p.region.Name {
			return refuse("ValidationException", "a replica of table %s cannot be in its own region %s", c.inputs.str("name"), name)
		} else if _, err := regionNamed(name); err != nil {
			return refuse("ValidationException", "replica: %v", err)
		}
	}
	return nil
}

func removeTable(c *change) error {
	if c.olds.bool("deletionProtectionEnabled") {
		return refuse("ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable "+
			"deletion protection first: set deletionProtectionEnabled to false and run an update")
	}
	return nil
}

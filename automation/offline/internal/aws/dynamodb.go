package aws

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// dynamodbService is what DynamoDB does beyond its models.
var dynamodbService = service{
	module: "dynamodb", name: "DynamoDB",
	behaviors: map[string]behavior{
		tTable: {check: checkTable, diff: diffTable, plan: planTable, create: createTable, update: updateTable, remove: removeTable},
	},
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

// maxGlobalIndexes and maxLocalIndexes are from "Quotas in Amazon DynamoDB".
const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
)

func createTable(c *change) error {
	if global := len(c.inputs.list("globalSecondaryIndexes")); global > maxGlobalIndexes {
		return refuse("ValidationException", "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the "+
			"per-table limit of %d: %d", maxGlobalIndexes, global)
	}
	if local := len(c.inputs.list("localSecondaryIndexes")); local > maxLocalIndexes {
		return refuse("ValidationException", "One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds "+
			"per-table limit of %d: %d", maxLocalIndexes, local)
	}
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
		c.set("streamArn", fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s/stream/%s", c.region().Partition(), c.region().Name,
			world.Account, c.inputs.str("name"), label))
	}
	for _, replica := range state.objects("replicas") {
		if err := c.refuseTableReplica(replica); err != nil {
			return err
		}
	}
	return nil
}

// refuseTableReplica refuses what DynamoDB refuses of a copy in another region, from "Requirements for global tables" in
// the Amazon DynamoDB Developer Guide.
func (c *change) refuseTableReplica(replica view) error {
	state, region := view(c.state), replica.str("regionName")
	if region == c.region().Name {
		return refuse("ValidationException", "a replica of table %s cannot be in its own region %s", state.str("name"), region)
	}
	if _, err := regionNamed(region); err != nil {
		return refuse("ValidationException", "replica: %v", err)
	}
	if !state.bool("streamEnabled") {
		return refuse("ValidationException", "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table "+
			"replica: set streamEnabled and streamViewType of table %s", state.str("name"))
	}
	if state.str("billingMode") != "PAY_PER_REQUEST" {
		scaled, err := c.writesScale()
		if err != nil || !scaled {
			return cmp.Or(err, refuse("ValidationException", "Table write capacity should either be Pay-Per-Request or AutoScaled: replicas of table %s "+
				"can be made once its write capacity is scaled", state.str("name")))
		}
	}
	key := replica.str("kmsKeyArn")
	if key == "" && state.has("serverSideEncryption.kmsKeyArn") && state.str("serverSideEncryption.kmsKeyArn") != c.region().managedKeyARN("dynamodb") {
		return refuse("ValidationException", "One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica, as "+
			"it is for table %s: the replica in %s has none", state.str("name"), region)
	}
	if key == "" || isManagedKey(key) {
		return nil
	}
	there := toKey
	there.region = region
	_, err := c.lookUp(there, key)
	return err
}

// writesScale says whether the table's write capacity is scaled.
func (c *change) writesScale() (bool, error) {
	targets, err := c.tx.OfType(c.region().Name, tScalingTarget)
	return slices.ContainsFunc(targets, func(target *world.Thing) bool {
		state := stateOf(target)
		return state.str("resourceId") == "table/"+c.inputs.str("name") && state.str("scalableDimension") == "dynamodb:table:WriteCapacityUnits"
	}), err
}

func removeTable(c *change) error {
	if c.olds.bool("deletionProtectionEnabled") {
		return refuse("ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable "+
			"deletion protection first: set deletionProtectionEnabled to false and run an update")
	}
	return nil
}

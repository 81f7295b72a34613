package rds

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func checkDBInstance(inputs values.View) []bridge.Failure {
	if blueGreen := inputs.Bool("blueGreenUpdate.enabled"); blueGreen && !inputs.Unknown("engine") {
		if !slices.Contains([]string{"mysql", "mariadb", "postgres"}, inputs.Str("engine")) {
			return []bridge.Failure{
				bridge.Failf(
					"blueGreenUpdate",
					"\"blue_green_update.enabled\" cannot be set when \"engine\" is %q",
					inputs.Str("engine"),
				),
			}
		}
		if inputs.Given("replicateSourceDb") {
			return []bridge.Failure{
				bridge.Failf(
					"blueGreenUpdate",
					"\"blue_green_update.enabled\" cannot be set when \"replicate_source_db\" is set",
				),
			}
		}
	}
	return nil
}

func createDBInstance(c *bridge.Change) error {
	c.Set("engine", strings.ToLower(c.Inputs.Str("engine")))
	source, err := replicationSource(c)
	if err != nil {
		return err
	}
	if source != nil {
		if err := inherit(c, source); err != nil {
			return err
		}
	} else if err := refuseIncomplete(c); err != nil {
		return err
	}
	known, has := engines[values.View(c.State).Str("engine")]
	if !has {
		return bridge.Refuse(
			"InvalidParameterValue",
			"Invalid DB engine: %q; it must be one of %s",
			values.View(c.State).Str("engine"),
			strings.Join(values.SortedKeys(engines), ", "),
		)
	}
	if class := c.Inputs.Str("instanceClass"); !strings.HasPrefix(class, "db.") {
		return bridge.Refuse("InvalidParameterValue", "Invalid DB Instance class: %s", class)
	}
	if err := placeDatabase(c); err != nil {
		return err
	}
	versions(c, known)
	if err := refuseDatabase(c, known); err != nil {
		return err
	}
	storage(c)
	c.Out("port", known.port)
	address(c)
	c.Out("licenseModel", known.license)
	c.Out("optionGroupName", known.optionGroup(values.View(c.State).Str("engineVersion")))
	if known.license != "license-included" && known.license != "bring-your-own-license" {
		c.Out("engineLifecycleSupport", "open-source-rds-extended-support")
	}
	c.Out("performanceInsightsRetentionPeriod", map[bool]float64{true: 7}[c.Inputs.Bool("performanceInsightsEnabled")])
	if c.Inputs.Bool("storageEncrypted") {
		c.Out("kmsKeyId", c.Region().ManagedKeyARN("rds"))
	}
	return managedPassword(c)
}

// refuseIncomplete refuses a database that is created again without what it needs for that.
func refuseIncomplete(c *bridge.Change) error {
	for _, other := range []string{"snapshotIdentifier", "restoreToPointInTime", "s3Import"} {
		if c.Inputs.Has(other) {
			return nil
		}
	}
	required := []string{"allocatedStorage", "engine", "username"}
	for _, property := range required {
		if !c.Inputs.Given(property) {
			return fmt.Errorf("%q: required field is not set", property)
		}
	}
	if !c.Inputs.Given("password") && !c.Inputs.Bool("manageMasterUserPassword") {
		return errors.New("one of password and manageMasterUserPassword is required")
	}
	return nil
}

// replicationSource returns the database that the program wants a replica of, which is in this region or, by its
// ARN, in another.
func replicationSource(c *bridge.Change) (*world.Thing, error) {
	name := c.Inputs.Str("replicateSourceDb")
	if name == "" {
		return nil, nil
	}
	candidates, err := c.Tx.ByARN(name)
	if err != nil {
		return nil, err
	}
	byName, err := c.Tx.ByName(token.DBInstance, name)
	if err != nil {
		return nil, err
	}
	for _, source := range append(candidates, byName...) {
		if source.ARN != name && source.Region != c.Region().Name {
			continue
		}
		if err := refuseReplica(c, name, source); err != nil {
			return nil, err
		}
		if bridge.StateOf(source).Num("backupRetentionPeriod") == 0 {
			return nil, bridge.Refuse(
				"InvalidDBInstanceState",
				"Automated backups are not enabled for this database instance %s. To enable "+
					"automated backups, set a non-zero backup retention period.",
				source.Name,
			)
		}
		c.Links = append(c.Links, world.Link{Property: "replicateSourceDb", Target: source})
		return source, nil
	}
	return nil, bridge.Refuse("DBInstanceNotFound", "DBInstance %s not found.", name)
}

// inherited is what a replica takes over from its source, inheritedHere what one in the same region takes over besides.
var (
	inherited = []string{
		"allocatedStorage",
		"storageType",
		"username",
		"port",
		"iops",
		"storageThroughput",
		"storageEncrypted",
	}
	inheritedHere = []string{"dbSubnetGroupName", "parameterGroupName", "kmsKeyId"}
)

// inherit takes over what a replica has of its source.
func inherit(c *bridge.Change, source *world.Thing) error {
	state := bridge.StateOf(source)
	if values.View(c.State).Str("engine") == "" {
		c.Set("engine", state.Str("engine"))
	}
	take := inherited
	if source.Region == c.Region().Name {
		take = slices.Concat(inherited, inheritedHere)
	}
	links, err := c.Tx.Links(source)
	if err != nil {
		return err
	}
	delete(c.State, "allocatedStorage") // the provider ignores it, and says so
	c.Set("engineVersion", state.Str("engineVersionActual"))
	for _, property := range take {
		value, has := state.At(property)
		if !has || values.View(c.State).Has(property) {
			continue
		}
		c.Set(property, value)
		for _, link := range links {
			if link.Property == property {
				c.Links = append(c.Links, link)
			}
		}
	}
	return nil
}

func versions(c *bridge.Change, e engine) {
	asked := values.View(c.State).Str("engineVersion")
	full := e.full(asked)
	c.Set("engineVersionActual", full)
	c.Out("engineVersion", full)
	defaultParameters(c, "parameterGroupName", e.family(full))
}

// defaultParameters names the default parameter group of the version unless the program names one.
func defaultParameters(c *bridge.Change, property, family string) {
	state := values.View(c.State)
	if !c.Inputs.Has(property) &&
		(!state.Has(property) || references.IsDefaultParameterGroup(state.Str(property))) {
		c.Set(property, "default."+family)
	}
}

// gp3 returns the baseline of a gp3 volume of a size in GiB, in IOPS and MiB a second.
func gp3(size float64) (iops, throughput float64) {
	if size >= gp3Striped {
		return 12000, 500
	}
	return 3000, 125
}

// storage fills in what follows from the storage type, as "Amazon RDS DB instance storage" has it.
func storage(c *bridge.Change) {
	kind := "gp2"
	if c.Inputs.Num("iops") > 0 {
		kind = "io1"
	}
	c.Out("storageType", kind)
	size := values.View(c.State).Num("allocatedStorage")
	switch values.View(c.State).Str("storageType") {
	case "gp3":
		iops, throughput := gp3(size)
		c.Out("iops", iops)
		c.Out("storageThroughput", throughput)
	default:
		c.Out("iops", 0.0)
		c.Out("storageThroughput", 0.0)
	}
}

func address(c *bridge.Change) {
	address := fmt.Sprintf(
		"%s.%s.%s.rds.%s",
		c.Inputs.Str("identifier"),
		c.Region().Digest("rds", 12),
		c.Region().Name,
		c.Region().DNSSuffix(),
	)
	c.Set("address", address)
	c.Set("endpoint", address+":"+values.View(c.State).Str("port"))
}

// managedPassword makes the secret in which RDS keeps a password that it manages itself.
func managedPassword(c *bridge.Change) error {
	if !c.Inputs.Bool("manageMasterUserPassword") {
		return nil
	}
	key := c.Inputs.Str("masterUserSecretKmsKeyId")
	if key == "" {
		key = c.Region().ManagedKeyARN("secretsmanager")
		c.Out("masterUserSecretKmsKeyId", key)
	}
	if len(values.View(c.State).List("masterUserSecrets")) > 0 {
		return nil
	}
	kind := map[bool]string{true: "cluster", false: "db"}[c.Token == token.DBCluster]
	arn, err := c.Expand("arn:{partition}:secretsmanager:{region}:{account}:secret:rds!" + kind + "-{uuid}-{alnum6}")
	if err != nil {
		return err
	}
	c.Set("masterUserSecrets", []any{map[string]any{"secretArn": arn, "kmsKeyId": key, "secretStatus": "active"}})
	return nil
}

func diffDBInstance(d *diff.Difference) error {
	if keepsStorage(d.Olds, d.News) {
		d.Drop("allocatedStorage")
	}
	return nil
}

// keepsStorage reports whether the provider leaves storage that is larger than what the program says: it may have grown
// by itself.
func keepsStorage(olds, news values.View) bool {
	asked := news.Num("allocatedStorage")
	return olds.Num("allocatedStorage") > asked && news.Num("maxAllocatedStorage") > asked
}

// growStorage refuses what RDS does not do with storage, and rounds up growth by less than a tenth, as ModifyDBInstance
// in the Amazon RDS API reference has it. The provider sends the IOPS that it knows along with the size, except for gp3
// below gp3Striped GiB (hashicorp/terraform-provider-aws#28382).
func growStorage(c *bridge.Change) error {
	state := values.View(c.State)
	before, after := c.Olds.Num("allocatedStorage"), state.Num("allocatedStorage")
	if keepsStorage(c.Olds, c.Inputs) {
		c.Set("allocatedStorage", before)
		return nil
	}
	if before == after {
		return nil
	}
	if after < before {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Requested allocated storage (%g GiB) is less than the current one (%g GiB)",
			after,
			before,
		)
	}
	if least := math.Ceil(before * 11 / 10); after < least {
		c.Set("allocatedStorage", least)
	}
	if iops, _ := gp3(after); state.Str("storageType") == "gp3" && state.Num("iops") < iops {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Invalid iops value for engine name %s and storage type gp3: %g",
			state.Str("engine"),
			state.Num("iops"),
		)
	}
	return nil
}

// upgrade refuses versions that RDS does not upgrade to, and upgrades the replicas that it upgrades with their source.
func upgrade(c *bridge.Change, known engine) error {
	before, after := c.Olds.Str("engineVersionActual"), known.full(values.View(c.State).Str("engineVersion"))
	if before == "" || before == after {
		return nil
	}
	if err := refuseVersion(c, known, before, after); err != nil {
		return err
	}
	if !c.Inputs.Has("optionGroupName") {
		c.Set("optionGroupName", known.optionGroup(after))
	}
	return upgradeReplicas(c, known, after, c.Inputs.Bool("applyImmediately"))
}

// refuseVersion refuses an earlier version than the one that a database has, and another major one that is not allowed.
func refuseVersion(c *bridge.Change, known engine, before, after string) error {
	switch {
	case before == "":
		return nil
	case earlier(after, before):
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Cannot upgrade %s from %s to %s",
			values.View(c.State).Str("engine"),
			before,
			after,
		)
	case known.family(before) != known.family(after) && !c.Inputs.Bool("allowMajorVersionUpgrade"):
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version: from %s to %s",
			before,
			after,
		)
	default:
		return nil
	}
}

func updateDBInstance(c *bridge.Change) error {
	if err := growStorage(c); err != nil {
		return err
	}
	known := engines[values.View(c.State).Str("engine")]
	if err := upgrade(c, known); err != nil {
		return err
	}
	if err := placeDatabase(c); err != nil {
		return err
	}
	versions(c, known)
	if err := refuseDatabase(c, known); err != nil {
		return err
	}
	if !c.Inputs.Bool("manageMasterUserPassword") {
		c.Set("masterUserSecrets", []any{})
	}
	address(c)
	postpone(c)
	return managedPassword(c)
}

// upgradeReplicas upgrades the replicas in the region along with their source, if it is upgraded now, as RDS does for
// another major version of PostgreSQL; in all other cases it refuses to upgrade the source before them. From "Upgrades
// of the RDS for PostgreSQL DB engine" and "Upgrading a DB instance engine version" in the Amazon RDS User Guide.
func upgradeReplicas(c *bridge.Change, known engine, version string, now bool) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		has := bridge.StateOf(r.Thing).Str("engineVersionActual")
		if r.Property != "replicateSourceDb" || r.Thing.Region != c.Region().Name ||
			!earlier(has, version) {
			continue
		}
		if known.group != "postgres" || known.family(has) == known.family(version) {
			return bridge.Refuse(
				"InvalidDBInstanceState",
				"One or more of the DB Instance's read replicas need to be upgraded: %s",
				r.Thing.Name,
			)
		}
		if !now {
			continue
		}
		if err := follow(c, r.Thing, map[string]string{
			"engineVersion": version, "engineVersionActual": version,
			"parameterGroupName": "default." + known.family(version), "optionGroupName": known.optionGroup(version),
		}, "parameterGroupName"); err != nil {
			return err
		}
	}
	return nil
}

// follow gives another database what RDS changes of it along with this one, the default parameter group among it.
func follow(c *bridge.Change, other *world.Thing, properties map[string]string, group string) error {
	for name, value := range properties {
		values.Set(other.State, name, values.Of(value))
	}
	links, err := c.Tx.Links(other)
	if err != nil {
		return err
	}
	return c.Tx.Put(other, slices.DeleteFunc(links, func(l world.Link) bool { return l.Property == group }))
}

// tSnapshot stands for final snapshots among the names that stay taken.
const tSnapshot = "aws:rds/snapshot:Snapshot"

// removeDatabase refuses to delete what is protected, or without the final snapshot that the state asks for.
func removeDatabase(c *bridge.Change) error {
	if c.Olds.Bool("deletionProtection") {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Cannot delete protected %s, please disable deletion protection and try again.",
			map[bool]string{true: "DB Instance", false: "Cluster"}[c.Token == token.DBInstance],
		)
	}
	if c.Olds.Bool("skipFinalSnapshot") {
		return nil
	}
	snapshot := c.Olds.Str("finalSnapshotIdentifier")
	if snapshot == "" {
		return errors.New(
			"final_snapshot_identifier is required when skip_final_snapshot is false: set finalSnapshotIdentifier or " +
				"skipFinalSnapshot and run an update first",
		)
	}
	if c.Olds.Str("replicateSourceDb") != "" {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"FinalDBSnapshotIdentifier can not be specified when deleting a replica instance: "+
				"set skipFinalSnapshot and run an update first",
		)
	}
	_, taken, err := c.Tx.Buried(c.Thing.Region, tSnapshot, snapshot)
	if err != nil {
		return err
	}
	if taken {
		return bridge.Refuse(
			"DBSnapshotAlreadyExists",
			"Cannot create the snapshot because a snapshot with the identifier %s already exists.",
			snapshot,
		)
	}
	return c.Tx.Bury(c.Thing.Region, tSnapshot, snapshot, time.Now().AddDate(100, 0, 0))
}

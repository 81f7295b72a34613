package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// rdsService is what RDS does beyond its models.
var rdsService = service{
	module: "rds", name: "RDS",
	behaviors: map[string]behavior{
		tDBInstance:        {check: checkDBInstance, create: createDBInstance, update: updateDBInstance, remove: removeDatabase, imported: importDBInstance},
		tDBSubnetGroup:     {create: createDBSubnetGroup, update: createDBSubnetGroup},
		tDBCluster:         {create: createDBCluster, update: updateDBCluster, remove: removeDatabase},
		tDBClusterInstance: {create: createDBClusterInstance},
		tDBReplication:     {create: createDBReplication},
		tDBProxy:           {create: createProxy},
		tDBProxyEndpoint:   {create: placeProxy},
		tDBProxyTarget:     {create: createProxyTarget},
		tDBEvents:          {create: refuseSources, update: refuseSources},
	},
}

// engine is what follows from a database engine: its port, its default version offline and the newest of other major
// versions, how many parts of the version name its family, and its licence.
type engine struct {
	port           float64
	versions       []string
	familyParts    int
	license, group string
}

// engines are the RDS engines. The versions are plausible ones of 2025: which of them AWS offers was not looked up.
var engines = map[string]engine{
	"mysql":             {3306, []string{"8.0.42", "8.4.5"}, 2, "general-public-license", "mysql"},
	"mariadb":           {3306, []string{"11.4.5", "10.11.11"}, 2, "general-public-license", "mariadb"},
	"postgres":          {5432, []string{"17.5", "16.9", "15.13", "14.18"}, 1, "postgresql-license", "postgres"},
	"oracle-ee":         {1521, []string{"19.0.0.0.ru-2025-04.rur-2025-04.r1"}, 1, "bring-your-own-license", "oracle-ee"},
	"oracle-se2":        {1521, []string{"19.0.0.0.ru-2025-04.rur-2025-04.r1"}, 1, "license-included", "oracle-se2"},
	"sqlserver-ex":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-ex"},
	"sqlserver-se":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-se"},
	"sqlserver-ee":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-ee"},
	"sqlserver-web":     {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-web"},
	"aurora-mysql":      {3306, []string{"8.0.mysql_aurora.3.08.2"}, 2, "general-public-license", "aurora-mysql"},
	"aurora-postgresql": {5432, []string{"16.6", "17.4", "15.10"}, 1, "postgresql-license", "aurora-postgresql"},
}

// full returns the engine's full version for the one asked for, of which the first parts may be given.
func (e engine) full(asked string) string {
	if asked == "" {
		return e.versions[0]
	}
	for _, version := range e.versions {
		if version == asked || strings.HasPrefix(version, asked+".") {
			return version
		}
	}
	if strings.Count(asked, ".") >= strings.Count(e.versions[0], ".") {
		return asked
	}
	return asked + ".1"
}

// family is the parameter group family of a version: postgres17, mysql8.0.
func (e engine) family(version string) string {
	parts := strings.Split(version, ".")
	return e.group + strings.Join(parts[:min(e.familyParts, len(parts))], ".")
}

func checkDBInstance(inputs view) []failure {
	if blueGreen := inputs.bool("blueGreenUpdate.enabled"); blueGreen && !inputs.unknown("engine") {
		if !slices.Contains([]string{"mysql", "mariadb", "postgres"}, inputs.str("engine")) {
			return []failure{failf("blueGreenUpdate", "\"blue_green_update.enabled\" cannot be set when \"engine\" is %q", inputs.str("engine"))}
		}
		if inputs.given("replicateSourceDb") {
			return []failure{failf("blueGreenUpdate", "\"blue_green_update.enabled\" cannot be set when \"replicate_source_db\" is set")}
		}
	}
	return nil
}

func createDBInstance(c *change) error {
	c.set("engine", strings.ToLower(c.inputs.str("engine")))
	source, err := c.replicationSource()
	if err != nil {
		return err
	}
	if source != nil {
		if err := c.inherit(source); err != nil {
			return err
		}
	} else if err := refuseIncomplete(c); err != nil {
		return err
	}
	known, has := engines[view(c.state).str("engine")]
	if !has {
		return refuse("InvalidParameterValue", "Invalid DB engine: %q; it must be one of %s", view(c.state).str("engine"),
			strings.Join(sortedKeys(engines), ", "))
	}
	if class := c.inputs.str("instanceClass"); !strings.HasPrefix(class, "db.") {
		return refuse("InvalidParameterValue", "Invalid DB Instance class: %s", class)
	}
	if err := c.placeDatabase(); err != nil {
		return err
	}
	c.versions(known)
	if err := c.refuseDatabase(known); err != nil {
		return err
	}
	c.storage()
	c.out("port", known.port)
	c.address()
	c.out("licenseModel", known.license)
	c.out("optionGroupName", "default:"+known.group+"-"+strings.ReplaceAll(strings.TrimPrefix(known.family(view(c.state).str("engineVersion")), known.group), ".", "-"))
	if known.license != "license-included" && known.license != "bring-your-own-license" {
		c.out("engineLifecycleSupport", "open-source-rds-extended-support")
	}
	c.out("performanceInsightsRetentionPeriod", map[bool]float64{true: 7}[c.inputs.bool("performanceInsightsEnabled")])
	if c.inputs.bool("storageEncrypted") {
		c.out("kmsKeyId", c.region().managedKeyARN("rds"))
	}
	return c.managedPassword()
}

// refuseIncomplete refuses a database that is made anew without what it needs for that.
func refuseIncomplete(c *change) error {
	for _, other := range []string{"snapshotIdentifier", "restoreToPointInTime", "s3Import"} {
		if c.inputs.has(other) {
			return nil
		}
	}
	required := []string{"allocatedStorage", "engine", "username"}
	for _, property := range required {
		if !c.inputs.given(property) {
			return fmt.Errorf("%q: required field is not set", property)
		}
	}
	if !c.inputs.given("password") && !c.inputs.bool("manageMasterUserPassword") {
		return errors.New("one of password and manageMasterUserPassword is required")
	}
	return nil
}

// replicationSource returns the database that the program wants a replica of, which is in this region or, by its ARN,
// in another.
func (c *change) replicationSource() (*world.Thing, error) {
	name := c.inputs.str("replicateSourceDb")
	if name == "" {
		return nil, nil
	}
	candidates, err := c.tx.ByARN(name)
	if err != nil {
		return nil, err
	}
	byName, err := c.tx.ByName(tDBInstance, name)
	if err != nil {
		return nil, err
	}
	for _, source := range append(candidates, byName...) {
		if source.ARN != name && source.Region != c.region().Name {
			continue
		}
		if err := c.refuseReplica(name, source); err != nil {
			return nil, err
		}
		if stateOf(source).num("backupRetentionPeriod") == 0 {
			return nil, refuse("InvalidDBInstanceState", "Automated backups are not enabled for this database instance %s. To enable "+
				"automated backups, set a non-zero backup retention period.", source.Name)
		}
		c.links = append(c.links, world.Link{Property: "replicateSourceDb", Target: source})
		return source, nil
	}
	return nil, refuse("DBInstanceNotFound", "DBInstance %s not found.", name)
}

// inherited is what a replica takes over from its source, inheritedHere what one in the same region takes over besides.
var (
	inherited = []string{
		"engineVersion", "allocatedStorage", "storageType", "username", "port", "iops", "storageThroughput", "storageEncrypted",
	}
	inheritedHere = []string{"dbSubnetGroupName", "parameterGroupName", "kmsKeyId"}
)

// inherit takes over what a replica has of its source.
func (c *change) inherit(source *world.Thing) error {
	state := stateOf(source)
	if view(c.state).str("engine") == "" {
		c.set("engine", state.str("engine"))
	}
	take := inherited
	if source.Region == c.region().Name {
		take = slices.Concat(inherited, inheritedHere)
	}
	links, err := c.tx.Links(source)
	if err != nil {
		return err
	}
	for _, property := range take {
		value, has := state.at(property)
		if !has || view(c.state).has(property) {
			continue
		}
		c.set(property, value)
		for _, link := range links {
			if link.Property == property {
				c.links = append(c.links, link)
			}
		}
	}
	return nil
}

// placeDatabase finds zones and network of a database from its subnet group.
func (c *change) placeDatabase() error {
	group := c.target("dbSubnetGroupName")
	zones := c.region().zoneNames()
	vpc := c.region().defaultVPC()
	if group != nil {
		if zones, vpc = zonesOf(c.tx, group); len(zones) == 0 {
			return refuse("InvalidVPCNetworkStateFault", "DB subnet group %s has no subnets", group.Name)
		}
	}
	for _, security := range c.targets("vpcSecurityGroupIds") {
		if of := stateOf(security).str("vpcId"); of != vpc {
			return refuse("InvalidParameterCombination", "The DB instance and EC2 security group are in different VPCs. The DB "+
				"instance is in %s and the EC2 security group %s is in %s", vpc, security.ID, of)
		}
	}
	if zone := c.inputs.str("availabilityZone"); zone != "" && !slices.Contains(zones, zone) {
		return refuse("InvalidParameterValue", "The availability zone %s is not among those of the subnet group: %s", zone, strings.Join(zones, ", "))
	}
	c.out("availabilityZone", zones[0])
	if len(c.inputs.list("vpcSecurityGroupIds")) == 0 {
		security := c.region().part("sg")
		if vpcs, err := c.tx.ByID(tVpc, vpc); err == nil && len(vpcs) > 0 {
			security = stateOf(vpcs[0]).str("defaultSecurityGroupId")
		}
		c.out("vpcSecurityGroupIds", []any{security})
	}
	return nil
}

// zonesOf returns the availability zones and the VPC of a subnet group.
func zonesOf(tx *world.Tx, group *world.Thing) (zones []string, vpc string) {
	links, err := tx.Links(group)
	if err != nil {
		return nil, ""
	}
	for _, link := range links {
		if link.Property == "subnetIds" {
			zones, vpc = append(zones, stateOf(link.Target).str("availabilityZone")), stateOf(link.Target).str("vpcId")
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones), vpc
}

func (c *change) versions(e engine) {
	asked := view(c.state).str("engineVersion")
	full := e.full(asked)
	c.set("engineVersionActual", full)
	c.out("engineVersion", full)
	c.defaultParameters("parameterGroupName", e.family(full))
}

// defaultParameters names the default parameter group of the version unless the program names one.
func (c *change) defaultParameters(property, family string) {
	if !c.inputs.has(property) && (!view(c.state).has(property) || isDefaultParameterGroup(view(c.state).str(property))) {
		c.set(property, "default."+family)
	}
}

// storage fills in what follows from the storage type, as "Amazon RDS DB instance storage" has it.
func (c *change) storage() {
	kind := "gp2"
	if c.inputs.num("iops") > 0 {
		kind = "io1"
	}
	c.out("storageType", kind)
	large := view(c.state).num("allocatedStorage") >= 400
	switch view(c.state).str("storageType") {
	case "gp3":
		c.out("iops", map[bool]float64{false: 3000, true: 12000}[large])
		c.out("storageThroughput", map[bool]float64{false: 125, true: 500}[large])
	default:
		c.out("iops", 0.0)
		c.out("storageThroughput", 0.0)
	}
}

func (c *change) address() {
	address := fmt.Sprintf("%s.%s.%s.rds.%s", c.inputs.str("identifier"), c.region().digest("rds", 12), c.region().Name, c.region().DNSSuffix())
	c.set("address", address)
	c.set("endpoint", address+":"+view(c.state).str("port"))
}

// managedPassword makes the secret in which RDS keeps a password that it manages itself.
func (c *change) managedPassword() error {
	if !c.inputs.bool("manageMasterUserPassword") {
		return nil
	}
	key := c.inputs.str("masterUserSecretKmsKeyId")
	if key == "" {
		key = c.region().managedKeyARN("secretsmanager")
		c.out("masterUserSecretKmsKeyId", key)
	}
	if len(view(c.state).list("masterUserSecrets")) > 0 {
		return nil
	}
	kind := map[bool]string{true: "cluster", false: "db"}[c.token == tDBCluster]
	arn, err := c.expand("arn:{partition}:secretsmanager:{region}:{account}:secret:rds!" + kind + "-{uuid}-{alnum6}")
	if err != nil {
		return err
	}
	c.set("masterUserSecrets", []any{map[string]any{"secretArn": arn, "kmsKeyId": key, "secretStatus": "active"}})
	return nil
}

func updateDBInstance(c *change) error {
	if before, after := c.olds.num("allocatedStorage"), view(c.state).num("allocatedStorage"); after < before {
		return refuse("InvalidParameterCombination", "Requested allocated storage (%g GiB) is less than the current one (%g GiB)", after, before)
	}
	known := engines[view(c.state).str("engine")]
	if before, after := c.olds.str("engineVersionActual"), known.full(view(c.state).str("engineVersion")); before != "" {
		if known.family(before) != known.family(after) && !c.inputs.bool("allowMajorVersionUpgrade") {
			return refuse("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new "+
				"major version: from %s to %s", before, after)
		}
		if known.family(before) != known.family(after) {
			if err := c.upgradeReplicas(after, known.family(after)); err != nil {
				return err
			}
		}
	}
	if err := c.placeDatabase(); err != nil {
		return err
	}
	c.versions(known)
	if err := c.refuseDatabase(known); err != nil {
		return err
	}
	if !c.inputs.bool("manageMasterUserPassword") {
		c.set("masterUserSecrets", []any{})
	}
	c.address()
	return c.managedPassword()
}

// upgradeReplicas upgrades the replicas in the region along with their source, as RDS does for PostgreSQL; for other
// engines it refuses to upgrade the source before them. From "Upgrading a DB instance engine version" in the Amazon RDS
// User Guide.
func (c *change) upgradeReplicas(version, family string) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		state := stateOf(r.Thing)
		known := engines[state.str("engine")]
		if r.Property != "replicateSourceDb" || r.Thing.Region != c.region().Name || known.family(state.str("engineVersionActual")) == family {
			continue
		}
		if state.str("engine") != "postgres" {
			return refuse("InvalidDBInstanceState", "One or more of the DB Instance's read replicas need to be upgraded: %s", r.Thing.Name)
		}
		if err := c.upgradeReplica(r.Thing, version, family); err != nil {
			return err
		}
	}
	return nil
}

// upgradeReplica gives a replica the version, and the default parameters of its family until it is given others.
func (c *change) upgradeReplica(replica *world.Thing, version, family string) error {
	for name, value := range map[string]string{
		"engineVersion": version, "engineVersionActual": version, "parameterGroupName": "default." + family,
	} {
		set(replica.State, name, property(value))
	}
	links, err := c.tx.Links(replica)
	if err != nil {
		return err
	}
	return c.tx.Put(replica, slices.DeleteFunc(links, func(l world.Link) bool { return l.Property == "parameterGroupName" }))
}

// tSnapshot stands for final snapshots among the names that stay taken.
const tSnapshot = "aws:rds/snapshot:Snapshot"

// removeDatabase refuses to delete what is protected, or without the final snapshot that the state asks for.
func removeDatabase(c *change) error {
	if c.olds.bool("deletionProtection") {
		return refuse("InvalidParameterCombination", "Cannot delete protected %s, please disable deletion protection and try again.",
			map[bool]string{true: "DB Instance", false: "Cluster"}[c.token == tDBInstance])
	}
	if c.olds.bool("skipFinalSnapshot") {
		return nil
	}
	snapshot := c.olds.str("finalSnapshotIdentifier")
	if snapshot == "" {
		return errors.New("final_snapshot_identifier is required when skip_final_snapshot is false: set finalSnapshotIdentifier or " +
			"skipFinalSnapshot and run an update first")
	}
	if c.olds.str("replicateSourceDb") != "" {
		return refuse("InvalidParameterCombination", "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance: "+
			"set skipFinalSnapshot and run an update first")
	}
	_, taken, err := c.tx.Buried(c.thing.Region, tSnapshot, snapshot)
	if err != nil {
		return err
	}
	if taken {
		return refuse("DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", snapshot)
	}
	return c.tx.Bury(c.thing.Region, tSnapshot, snapshot, time.Now().AddDate(100, 0, 0))
}

// importDBInstance takes the identifier, which findImport tries as the name; a resource id is the id.
func importDBInstance(c *change, id string) (*world.Thing, error) {
	return findBy(c, tDBInstance, func(v view) bool { return v.str("identifier") == id })
}

func createDBSubnetGroup(c *change) error {
	zones := map[string]bool{}
	vpc := ""
	for _, subnet := range c.targets("subnetIds") {
		state := stateOf(subnet)
		zones[state.str("availabilityZone")] = true
		if of := state.str("vpcId"); vpc != "" && of != vpc {
			return refuse("InvalidSubnet", "The requested subnets are in different VPCs: %s and %s", vpc, of)
		}
		vpc = state.str("vpcId")
	}
	if len(zones) < 2 {
		return refuse("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage "+
			"requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(sortedKeys(zones), ", "))
	}
	c.set("vpcId", vpc)
	return nil
}

// createDBReplication refuses to copy backups within a region, and of a database that makes none.
func createDBReplication(c *change) error {
	arn := c.inputs.str("sourceDbInstanceArn")
	sources, err := c.tx.ByARN(arn)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return refuse("DBInstanceNotFound", "DBInstance %s not found.", arn)
	}
	source := sources[0]
	state := stateOf(source)
	switch {
	case source.Region == c.region().Name:
		return refuse("InvalidParameterCombination", "The source DB instance %s is in %s: automated backups are copied to another region",
			source.Name, source.Region)
	case state.num("backupRetentionPeriod") == 0:
		return refuse("InvalidDBInstanceState", "Automated backups are not enabled for DB instance %s", source.Name)
	case state.bool("storageEncrypted") && !c.inputs.has("kmsKeyId"):
		return refuse("InvalidParameterCombination", "The source DB instance %s is encrypted: kmsKeyId must name a key in %s", source.Name, c.region().Name)
	}
	return nil
}

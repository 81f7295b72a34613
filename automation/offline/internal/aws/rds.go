package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func init() {
	register(map[string]behavior{
		tDBInstance:        {check: checkDBInstance, create: createDBInstance, update: updateDBInstance, remove: removeDatabase, imported: importDBInstance},
		tDBSubnetGroup:     {create: createDBSubnetGroup, update: createDBSubnetGroup},
		tDBCluster:         {create: createDBCluster, remove: removeDatabase},
		tDBClusterInstance: {create: createDBClusterInstance},
		tDBReplication:     {create: createDBReplication},
	})
}

// engine is what follows from a database engine: its port, its newest version offline, how many parts of the version
// name its family, and its licence.
type engine struct {
	port           float64
	version        string
	familyParts    int
	license, group string
}

// engines are the RDS engines. The versions are plausible ones of 2025: which of them AWS offers was not looked up.
var engines = map[string]engine{
	"mysql":             {3306, "8.0.42", 2, "general-public-license", "mysql"},
	"mariadb":           {3306, "11.4.5", 2, "general-public-license", "mariadb"},
	"postgres":          {5432, "17.5", 1, "postgresql-license", "postgres"},
	"oracle-ee":         {1521, "19.0.0.0.ru-2025-04.rur-2025-04.r1", 1, "bring-your-own-license", "oracle-ee"},
	"oracle-se2":        {1521, "19.0.0.0.ru-2025-04.rur-2025-04.r1", 1, "license-included", "oracle-se2"},
	"sqlserver-ex":      {1433, "16.00.4195.2.v1", 2, "license-included", "sqlserver-ex"},
	"sqlserver-se":      {1433, "16.00.4195.2.v1", 2, "license-included", "sqlserver-se"},
	"sqlserver-ee":      {1433, "16.00.4195.2.v1", 2, "license-included", "sqlserver-ee"},
	"sqlserver-web":     {1433, "16.00.4195.2.v1", 2, "license-included", "sqlserver-web"},
	"aurora-mysql":      {3306, "8.0.mysql_aurora.3.08.2", 2, "general-public-license", "aurora-mysql"},
	"aurora-postgresql": {5432, "16.6", 1, "postgresql-license", "aurora-postgresql"},
}

// full returns the engine's full version for the one asked for, of which the first parts may be given.
func (e engine) full(asked string) string {
	switch {
	case asked == "" || e.version == asked || strings.HasPrefix(e.version, asked+"."):
		return e.version
	case strings.Count(asked, ".") >= strings.Count(e.version, "."):
		return asked
	default:
		return asked + ".1"
	}
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
		c.inherit(stateOf(source))
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
		c.out("kmsKeyId", c.p.keyARN("rds"))
	}
	return c.managedPassword()
}

// keyARN returns the ARN of the key AWS manages for a service.
func (p *Provider) keyARN(service string) string {
	return call{p: p}.keyARN(p.region.managedKey(service))
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
		if source.ARN != name && source.Region != c.p.region.Name {
			continue
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

// inherit takes over what a replica has of its source.
func (c *change) inherit(source view) {
	if view(c.state).str("engine") == "" {
		c.set("engine", source.str("engine"))
	}
	for _, property := range []string{"engineVersion", "allocatedStorage", "storageType", "username", "port", "iops", "storageThroughput", "storageEncrypted"} {
		if value, has := source.at(property); has {
			c.out(property, value)
		}
	}
}

// placeDatabase finds zones and network of a database from its subnet group.
func (c *change) placeDatabase() error {
	group := c.target("dbSubnetGroupName")
	zones := c.p.region.zoneNames()
	vpc := c.p.region.defaultVPC()
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
		security := c.p.region.part("sg")
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
	c.out("parameterGroupName", "default."+e.family(full))
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
	address := fmt.Sprintf("%s.%s.%s.rds.%s", c.inputs.str("identifier"), c.p.region.digest("rds", 12), c.p.region.Name, c.p.region.DNSSuffix())
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
		key = c.p.keyARN("secretsmanager")
		c.out("masterUserSecretKmsKeyId", key)
	}
	if len(view(c.state).list("masterUserSecrets")) > 0 {
		return nil
	}
	arn, err := c.expand("arn:{partition}:secretsmanager:{region}:{account}:secret:rds!db-{uuid}-{alnum6}")
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
	}
	if err := c.placeDatabase(); err != nil {
		return err
	}
	c.versions(known)
	if !c.inputs.bool("manageMasterUserPassword") {
		c.set("masterUserSecrets", []any{})
	}
	c.address()
	return c.managedPassword()
}

// tSnapshot stands for final snapshots among the names that stay taken.
const tSnapshot = "aws:rds/snapshot:Snapshot"

// removeDatabase refuses to delete what is protected, or without the final snapshot that the state asks for.
func removeDatabase(c *change) error {
	if c.olds.bool("deletionProtection") {
		return refuse("InvalidParameterCombination", "Cannot delete protected %s, please disable deletion protection and try again.",
			map[bool]string{true: "DB Instance", false: "Cluster"}[c.token == tDBInstance])
	}
	if c.olds.bool("skipFinalSnapshot") || c.olds.str("replicateSourceDb") != "" {
		return nil
	}
	snapshot := c.olds.str("finalSnapshotIdentifier")
	if snapshot == "" {
		return errors.New("final_snapshot_identifier is required when skip_final_snapshot is false: set finalSnapshotIdentifier or " +
			"skipFinalSnapshot and run an update first")
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
func importDBInstance(p *Provider, tx *world.Tx, id string) (*world.Thing, error) {
	return findBy(p, tx, tDBInstance, func(v view) bool { return v.str("identifier") == id })
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

func createDBCluster(c *change) error {
	restored := c.inputs.has("snapshotIdentifier") || c.inputs.has("restoreToPointInTime") || c.inputs.has("s3Import") ||
		c.inputs.has("replicationSourceIdentifier") || c.inputs.has("globalClusterIdentifier")
	if !restored && !c.inputs.given("masterUsername") {
		return errors.New("\"master_username\": required field is not set")
	}
	if !restored && !c.inputs.given("masterPassword") && !c.inputs.bool("manageMasterUserPassword") {
		return errors.New("one of masterPassword and manageMasterUserPassword is required")
	}
	known, has := engines[c.inputs.str("engine")]
	if !has {
		return refuse("InvalidParameterValue", "Invalid DB engine: %q", c.inputs.str("engine"))
	}
	if err := c.compute(false); err != nil {
		return err
	}
	if err := c.placeDatabase(); err != nil {
		return err
	}
	full := known.full(c.inputs.str("engineVersion"))
	c.set("engineVersionActual", full)
	c.out("engineVersion", full)
	c.out("dbClusterParameterGroupName", "default."+known.family(full))
	c.out("port", known.port)
	for property, infix := range map[string]string{"endpoint": "cluster", "readerEndpoint": "cluster-ro"} {
		c.set(property, fmt.Sprintf("%s.%s-%s.%s.rds.%s", view(c.state).str("clusterIdentifier"), infix, c.p.region.digest("rds", 12),
			c.p.region.Name, c.p.region.DNSSuffix()))
	}
	if c.inputs.bool("storageEncrypted") {
		c.out("kmsKeyId", c.p.keyARN("rds"))
	}
	delete(c.state, "availabilityZone")
	return c.managedPassword()
}

func createDBClusterInstance(c *change) error {
	cluster := stateOf(c.target("clusterIdentifier"))
	if err := c.compute(false); err != nil {
		return err
	}
	for _, property := range []string{
		"engineVersion", "engineVersionActual", "dbSubnetGroupName", "storageEncrypted", "kmsKeyId", "preferredBackupWindow",
	} {
		if value, has := cluster.at(property); has {
			c.out(property, value)
		}
	}
	known := engines[c.inputs.str("engine")]
	c.set("port", cluster.num("port"))
	c.out("dbParameterGroupName", "default."+known.family(cluster.str("engineVersionActual")))
	c.out("availabilityZone", c.p.region.zoneNames()[0])
	c.set("endpoint", fmt.Sprintf("%s.%s.%s.rds.%s", view(c.state).str("identifier"), c.p.region.digest("rds", 12), c.p.region.Name, c.p.region.DNSSuffix()))
	siblings, err := c.siblings(tDBClusterInstance)
	if err != nil {
		return err
	}
	writer := !slices.ContainsFunc(siblings, func(t *world.Thing) bool {
		return stateOf(t).str("clusterIdentifier") == c.inputs.str("clusterIdentifier")
	})
	c.set("writer", writer)
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
	case source.Region == c.p.region.Name:
		return refuse("InvalidParameterCombination", "The source DB instance %s is in %s: automated backups are copied to another region",
			source.Name, source.Region)
	case state.num("backupRetentionPeriod") == 0:
		return refuse("InvalidDBInstanceState", "Automated backups are not enabled for DB instance %s", source.Name)
	case state.bool("storageEncrypted") && !c.inputs.has("kmsKeyId"):
		return refuse("InvalidParameterCombination", "The source DB instance %s is encrypted: kmsKeyId must name a key in %s", source.Name, c.p.region.Name)
	}
	return nil
}

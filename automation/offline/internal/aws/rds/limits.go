package rds

import (
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
	"github.com/awslab/awslab/internal/dbclass"
	"github.com/awslab/awslab/internal/grammar"
)

// refuseDatabase refuses combinations that RDS refuses of an instance, whether it is created or changed.
func refuseDatabase(c *bridge.Change, known engine) error {
	if err := refuseFamily(
		c,
		"parameterGroupName",
		known.family(values.View(c.State).Str("engineVersionActual")),
	); err != nil {
		return err
	}
	if err := refuseClass(c); err != nil {
		return err
	}
	if err := refuseMonitoring(c); err != nil {
		return err
	}
	if err := refuseWindows(c, "backupWindow", "maintenanceWindow"); err != nil {
		return err
	}
	if err := refuseStorage(c); err != nil {
		return err
	}
	return refuseInsights(c)
}

// refuseFamily refuses a parameter group made for another major version.
func refuseFamily(c *bridge.Change, property, family string) error {
	group := c.Target(property)
	if of := bridge.StateOf(group).Str("family"); group != nil && of != family {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The Parameter Group %s with DBParameterGroupFamily %s can't be used for this "+
				"instance. Please use a Parameter Group with DBParameterGroupFamily %s.",
			group.Name,
			of,
			family,
		)
	}
	return nil
}

// refuseClass refuses an instance class that the engine does not have.
func refuseClass(c *bridge.Change) error {
	class, state := c.Inputs.Str("instanceClass"), values.View(c.State)
	engine := state.Str("engine")
	lacks := dbclass.IsOfEC2Alone(class) || engine == "postgres" && dbclass.EndedBeforePostgres13(class)
	if !lacks || !slices.Contains([]string{"mysql", "mariadb", "postgres"}, engine) {
		return nil
	}
	return refuseCombination(class, engine, state.Str("engineVersionActual"))
}

func refuseCombination(class, engine, version string) error {
	return bridge.Refuse(
		"InvalidParameterCombination",
		"RDS does not support creating a DB instance with the following combination: DBInstanceClass=%s, "+
			"Engine=%s, EngineVersion=%s",
		class,
		engine,
		version,
	)
}

// refuseMonitoring refuses enhanced monitoring without a role to write its logs.
func refuseMonitoring(c *bridge.Change) error {
	if c.Inputs.Num("monitoringInterval") > 0 && !c.Inputs.Has("monitoringRoleArn") {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
		)
	}
	return nil
}

// refuseWindows refuses a maintenance window in which backups are created.
func refuseWindows(c *bridge.Change, backup, maintenance string) error {
	daily, weekly := c.Inputs.Str(backup), c.Inputs.Str(maintenance)
	if daily == "" || weekly == "" || !windowsOverlap(daily, weekly) {
		return nil
	}
	return bridge.Refuse(
		"InvalidParameterValue",
		"The backup window and maintenance window must not overlap: %s and %s",
		daily,
		weekly,
	)
}

// windowsOverlap reports whether a daily window like 23:30-00:30 and a weekly one like sun:23:45-mon:00:15 do. What is
// no window is refused by its model.
func windowsOverlap(daily, weekly string) bool {
	backup, err := grammar.DailyWindow(daily)
	if err != nil {
		return false
	}
	maintenance, err := grammar.WeeklyWindow(strings.ToLower(weekly))
	return err == nil && backup.Overlaps(maintenance)
}

// leastStorage is the least GiB of each storage type for MySQL, MariaDB and PostgreSQL; from gp3Striped GiB on, gp3
// takes more than its base of IOPS and throughput. From "Amazon RDS DB instance storage" in the Amazon RDS User Guide.
var leastStorage = map[string]float64{"standard": 5, "gp2": 20, "gp3": 20, "io1": 100, "io2": 100}

const gp3Striped = 400

func refuseStorage(c *bridge.Change) error {
	state := values.View(c.State)
	engine, kind, size := state.Str("engine"), state.Str("storageType"), state.Num("allocatedStorage")
	if !slices.Contains([]string{"mysql", "mariadb", "postgres"}, engine) {
		return nil
	}
	if kind == "" {
		kind = "gp2"
	}
	if size < leastStorage[kind] {
		return bridge.Refuse(
			"InvalidParameterValue",
			"Invalid storage size for engine name %s and storage type %s: %g; it is at least %g GiB",
			engine,
			kind,
			size,
			leastStorage[kind],
		)
	}
	if most := c.Inputs.Num("maxAllocatedStorage"); most != 0 && most <= c.Inputs.Num("allocatedStorage") {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Max storage size must be greater than storage size: %g is not more than %g",
			most,
			size,
		)
	}
	if kind == "gp3" && size < gp3Striped && c.Inputs.Num("iops")+c.Inputs.Num("storageThroughput") > 0 {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"You can't specify IOPS or storage throughput for engine %s and a storage size less than %d.",
			engine,
			gp3Striped,
		)
	}
	return nil
}

// smallClasses are too small for Performance Insights on MySQL and MariaDB. From "Amazon RDS DB engine, Region, and
// instance class support for Performance Insights" in the Amazon RDS User Guide.
var smallClasses = regexp.MustCompile(`^db\.(t2|t3|t4g)\.(micro|small)$`)

func refuseInsights(c *bridge.Change) error {
	class, engine := c.Inputs.Str("instanceClass"), values.View(c.State).Str("engine")
	if c.Inputs.Bool("performanceInsightsEnabled") && smallClasses.MatchString(class) &&
		slices.Contains([]string{"mysql", "mariadb"}, engine) {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"Performance Insights not supported for this configuration: %s of engine %s",
			class,
			engine,
		)
	}
	return nil
}

// refuseReplica refuses what RDS refuses of a read replica, whose source the program names by identifier or ARN.
func refuseReplica(c *bridge.Change, name string, source *world.Thing) error {
	state, here := bridge.StateOf(source), source.Region == c.Region().Name
	switch {
	case len(state.List("masterUserSecrets")) > 0:
		return bridge.Refuse(
			"InvalidParameterValue",
			"Creating read replicas for source instance with engine %s where ManageMasterUserPassword is "+
				"enabled is not supported.",
			state.Str("engine"),
		)
	case c.Inputs.Bool("manageMasterUserPassword"):
		return bridge.Refuse("InvalidParameterValue", "ManageMasterUserPassword isn't supported for read replica")
	case here && name != source.ARN && c.Inputs.Has("dbSubnetGroupName"):
		return bridge.Refuse(
			"DBSubnetGroupNotAllowedFault",
			"A read replica in the region of its source takes a dbSubnetGroupName only if "+
				"replicateSourceDb is the source's ARN (%s)",
			source.ARN,
		)
	case !here && state.Bool("storageEncrypted") && !c.Inputs.Has("kmsKeyId"):
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The source %s is encrypted with a key of %s: kmsKeyId must name a key in %s",
			source.Name,
			source.Region,
			c.Region().Name,
		)
	case here && !state.Bool("storageEncrypted") && c.Inputs.Bool("storageEncrypted"):
		return bridge.Refuse(
			"InvalidParameterCombination",
			"You can't create an encrypted Read Replica from an unencrypted DB instance %s",
			source.Name,
		)
	default:
		return nil
	}
}

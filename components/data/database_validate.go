package data

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/internal/dbclass"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// maxDatabaseIdentifier leaves room for what the names of replicas, roles and groups put behind an identifier: RDS
// allows 63 characters, IAM 64.
const maxDatabaseIdentifier = 50

var (
	databaseIdentifierPattern = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	databaseSnapshotPattern   = regexp.MustCompile(`^[A-Za-z](-?[A-Za-z0-9])*$`)
	databaseClassPattern      = regexp.MustCompile(`^db\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	databaseNamePattern       = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	databaseParameterPattern  = regexp.MustCompile(`^[a-z][a-z0-9_.]*$`)
)

var (
	// reservedUsers are refused by an engine or expected by every attacker (FSBP RDS.24, RDS.25).
	reservedUsers = []string{"admin", "mysql", "postgres", "rdsadmin", "root"}
	// localStorageClasses are those of Multi-AZ clusters, which commit to disks of the servers' own ("Multi-AZ DB
	// cluster deployments", RDS user guide).
	localStorageClasses = []string{
		"c6gd",
		"m5d",
		"m6gd",
		"m6id",
		"m6idn",
		"m8gd",
		"r5d",
		"r6gd",
		"r6id",
		"r6idn",
		"r8gd",
		"x2iedn",
	}
	// monitoringIntervals are those of enhanced monitoring, in seconds (CreateDBInstance).
	monitoringIntervals = []int{0, 1, 5, 10, 15, 30, 60}
)

// withDefaults returns a copy in which everything that has a default is set.
func (args *DatabaseArgs) withDefaults() *DatabaseArgs {
	full := *args
	full.Kind = cmp.Or(full.Kind, DatabaseInstance)
	full.Engine = cmp.Or(full.Engine, DatabasePostgres)
	flavor := full.flavor()
	full.EngineVersion = cmp.Or(full.EngineVersion, flavor.version)
	full.InstanceClass = cmp.Or(full.InstanceClass, flavor.class)
	full.Port = cmp.Or(full.Port, flavor.port)
	full.Username = cmp.Or(full.Username, "dbadmin")
	if full.Kind != DatabaseAurora {
		full.AllocatedStorage = cmp.Or(full.AllocatedStorage, 20)
		full.StorageType = cmp.Or(full.StorageType, "gp3")
	}
	if full.isStriped() {
		full.Iops = cmp.Or(full.Iops, stripedIops)
	}
	full.BackupRetentionDays = cmp.Or(full.BackupRetentionDays, 7)
	full.BackupWindow = cmp.Or(full.BackupWindow, "02:30-03:00")
	full.MaintenanceWindow = cmp.Or(full.MaintenanceWindow, "sun:03:00-sun:03:30")
	full.CaCertIdentifier = cmp.Or(full.CaCertIdentifier, "rds-ca-rsa2048-g1")
	full.PerformanceInsightsDays = cmp.Or(full.PerformanceInsightsDays, 7)
	full.LogRetentionDays = cmp.Or(full.LogRetentionDays, 365)
	if !full.SkipFinalSnapshot {
		full.FinalSnapshotIdentifier = cmp.Or(full.FinalSnapshotIdentifier, full.Identifier+"-final")
	}
	if full.UserTags == nil {
		full.UserTags = full.Tags
	}
	if full.Proxy != nil {
		full.Proxy = full.Proxy.withDefaults(&full)
	}
	return &full
}

// databaseProblems collects what is wrong with arguments.
type databaseProblems struct{ problems }

func (p *databaseProblems) add(field, format string, values ...any) {
	p.addIf(true, field, format, values...)
}

// CheckServers tells what is wrong with what the database is: its version, class, replicas, storage, names and windows.
// Kind and Engine have to be right. For callers that know these before the rest, which only [NewDatabase] checks.
func (args *DatabaseArgs) CheckServers() []problem.Problem {
	full := args.withDefaults()
	var problems databaseProblems
	full.validateServers(&problems)
	full.validateStorage(&problems)
	full.validateNames(&problems)
	full.validateWindows(&problems)
	return problem.All(problems.join())
}

// validate expects the defaults to be set.
func (args *DatabaseArgs) validate() error {
	problems := databaseProblems{}
	problems.problems.add(args.Location.Validate())
	if len(args.Identifier) > maxDatabaseIdentifier || !databaseIdentifierPattern.MatchString(args.Identifier) {
		problems.add(
			"Identifier",
			"%q; use a lower-case letter, then up to %d of them, digits and single hyphens, not ending with one",
			args.Identifier,
			maxDatabaseIdentifier-1,
		)
	}
	if kinds := []DatabaseKind{DatabaseInstance, DatabaseMultiAzCluster, DatabaseAurora}; !slices.Contains(
		kinds,
		args.Kind,
	) {
		problems.add("Kind", "%q; use one of %q", args.Kind, kinds)
	}
	if engines := []DatabaseEngine{DatabasePostgres, DatabaseMySQL}; !slices.Contains(engines, args.Engine) {
		problems.add("Engine", "%q; use one of %q", args.Engine, engines)
	}
	if len(problems.problems) > 0 { // what follows depends on these
		return problems.join()
	}
	args.validateServers(&problems)
	args.validateStorage(&problems)
	args.validateNames(&problems)
	args.validateWindows(&problems)
	args.validateInputs(&problems)
	args.validateOperation(&problems)
	args.validateCopy(&problems)
	if args.Proxy != nil {
		args.Proxy.validate(args, &problems)
	}
	return problems.join()
}

// classFamily returns the part of a class that names its kind, such as r6gd.
func (args *DatabaseArgs) classFamily() string {
	parts := strings.Split(args.InstanceClass, ".")
	return parts[1]
}

func (args *DatabaseArgs) validateServers(problems *databaseProblems) {
	flavor := args.flavor()
	if !flavor.versions.MatchString(args.EngineVersion) {
		problems.add(
			"EngineVersion",
			"%q is not a version of %s; it must match %s",
			args.EngineVersion,
			flavor.engine,
			flavor.versions,
		)
	}
	size := args.InstanceClass[strings.LastIndex(args.InstanceClass, ".")+1:]
	switch {
	case !databaseClassPattern.MatchString(args.InstanceClass):
		problems.add(
			"InstanceClass",
			"%q is not an instance class; use one such as %s",
			args.InstanceClass,
			flavor.class,
		)
	case args.Kind == DatabaseMultiAzCluster && !slices.Contains(localStorageClasses, args.classFamily()):
		problems.add(
			"InstanceClass",
			"%q; a Multi-AZ cluster needs a class with local storage, such as %s; there are %s",
			args.InstanceClass,
			flavor.class,
			strings.Join(localStorageClasses, ", "),
		)
	case args.Kind == DatabaseAurora && !dbclass.HasAuroraFamily(args.classFamily()):
		problems.add(
			"InstanceClass",
			"%q; Aurora has no such class: use one of r5 or later, x2g, t3 or t4g, such as %s",
			args.InstanceClass,
			flavor.class,
		)
	case args.Kind == DatabaseAurora && args.Engine == DatabaseMySQL && strings.Contains(args.classFamily()[1:], "d"):
		problems.add(
			"InstanceClass",
			"%q; Aurora MySQL has no classes with local storage: use one such as %s",
			args.InstanceClass,
			flavor.class,
		)
	case args.Kind == DatabaseAurora && (size == "micro" || size == "small"):
		problems.add("InstanceClass", "%q is too small for Aurora; use %s or larger", args.InstanceClass, flavor.class)
	case args.Kind == DatabaseAurora && args.classFamily()[0] == 't' && !dbclass.IsAurora(args.InstanceClass):
		problems.add(
			"InstanceClass",
			"%q; Aurora has medium and large ones of %s: use one, or a class of r such as db.r7g.xlarge",
			args.InstanceClass,
			args.classFamily(),
		)
	case args.Kind == DatabaseInstance && dbclass.IsOfEC2Alone(args.InstanceClass):
		problems.add(
			"InstanceClass",
			"%q; EC2 has such instances, and RDS none: use another class, such as %s",
			args.InstanceClass,
			flavor.class,
		)
	case args.Kind == DatabaseInstance && args.Engine == DatabasePostgres &&
		dbclass.EndedBeforePostgres13(args.InstanceClass):
		problems.add(
			"InstanceClass",
			"%q; RDS has had no PostgreSQL on it since version 13: use a later class, such as %s",
			args.InstanceClass,
			flavor.class,
		)
	}
	switch args.Kind {
	case DatabaseInstance:
		problems.between("ReadReplicas", args.ReadReplicas, 0, 5, "")
	case DatabaseAurora:
		problems.between("ReadReplicas", args.ReadReplicas, 0, 15, "")
	case DatabaseMultiAzCluster:
		if args.ReadReplicas != 0 {
			problems.add(
				"ReadReplicas",
				"%d; a Multi-AZ cluster has two readers and takes no more: use 0, or another kind",
				args.ReadReplicas,
			)
		}
	}
}

// validateStorage follows "Amazon RDS DB instance storage" in the RDS user guide.
func (args *DatabaseArgs) validateStorage(problems *databaseProblems) {
	if args.Kind == DatabaseAurora {
		for field, value := range map[string]int{
			"AllocatedStorage":    args.AllocatedStorage,
			"MaxAllocatedStorage": args.MaxAllocatedStorage,
			"Iops":                args.Iops,
		} {
			if value != 0 {
				problems.add(field, "%d; Aurora allocates storage by itself: use 0", value)
			}
		}
		if args.StorageType != "" && args.StorageType != "aurora-iopt1" {
			problems.add("StorageType", "%q; on Aurora leave it empty or use aurora-iopt1", args.StorageType)
		}
		return
	}
	const largest = 65536
	least := args.AllocatedStorage + (args.AllocatedStorage+9)/10
	switch {
	case args.MaxAllocatedStorage == 0:
	case args.Kind == DatabaseMultiAzCluster:
		problems.add(
			"MaxAllocatedStorage",
			"%d; the storage of a Multi-AZ cluster does not grow by itself: use 0",
			args.MaxAllocatedStorage,
		)
	case args.MaxAllocatedStorage < least || args.MaxAllocatedStorage > largest:
		problems.add(
			"MaxAllocatedStorage",
			"%d; use 0, or %d (a tenth more than to begin with) to %d GiB",
			args.MaxAllocatedStorage,
			least,
			largest,
		)
	}
	smallest := 20
	switch args.StorageType {
	case "gp3":
		args.validateGp3Iops(problems)
	case "io1", "io2":
		smallest = 100
		problems.between("Iops", args.Iops, 1000, 256000, ", which "+args.StorageType+" needs")
	default:
		problems.add("StorageType", "%q; use gp3, io1 or io2", args.StorageType)
	}
	problems.between("AllocatedStorage", args.AllocatedStorage, smallest, largest, " GiB")
}

// RDS stripes a gp3 volume over four from stripedGiB on, which has at least these IOPS and MiB a second ("Amazon RDS DB
// instance storage", RDS user guide). They are given because a volume that grows to this size has to be given them: the
// provider goes on to ask for the IOPS of a smaller one (hashicorp/terraform-provider-aws#28382).
const (
	stripedGiB        = 400
	stripedIops       = 12000
	stripedThroughput = 500
)

func (args *DatabaseArgs) isStriped() bool {
	return args.Kind != DatabaseAurora && args.StorageType == "gp3" && args.AllocatedStorage >= stripedGiB
}

func (args *DatabaseArgs) validateGp3Iops(problems *databaseProblems) {
	const most = 64000
	switch {
	case args.Iops == 0:
	case args.AllocatedStorage < stripedGiB:
		problems.add("Iops", "%d; gp3 below %d GiB has 3000, no more and no less: use 0", args.Iops, stripedGiB)
	default:
		problems.between("Iops", args.Iops, stripedIops, most, " or 0 with gp3")
	}
}

func (args *DatabaseArgs) validateNames(problems *databaseProblems) {
	flavor := args.flavor()
	if len(args.DatabaseName) > flavor.nameLength || !databaseNamePattern.MatchString(args.DatabaseName) {
		problems.add(
			"DatabaseName",
			"%q; use a lower-case letter, then up to %d of them, digits and underscores",
			args.DatabaseName,
			flavor.nameLength-1,
		)
	}
	if args.nameIsReserved() {
		problems.add("DatabaseName", "%q is a word of %s itself; use another", args.DatabaseName, args.Engine)
	}
	if len(args.Username) > flavor.userLength || !databaseNamePattern.MatchString(args.Username) {
		problems.add(
			"Username",
			"%q; use a lower-case letter, then up to %d of them, digits and underscores",
			args.Username,
			flavor.userLength-1,
		)
	}
	if slices.Contains(reservedUsers, args.Username) {
		problems.add("Username", "%q is reserved or easily guessed; use another than %q", args.Username, reservedUsers)
	}
	problems.between("Port", args.Port, 1150, grammar.MaxPort, "")
	for _, name := range slices.Sorted(maps.Keys(args.Parameters)) {
		if !databaseParameterPattern.MatchString(name) {
			problems.add("Parameters", "%q is not a name of a parameter; use lower-case letters, digits, _ and .", name)
		}
		if name == flavor.tls.name {
			problems.add("Parameters", "%s is %s in any case: TLS is not optional", name, flavor.tls.value)
		}
	}
}

func (args *DatabaseArgs) validateInputs(problems *databaseProblems) {
	if args.ParameterPath != "" && !parameterPath.MatchString(args.ParameterPath) {
		problems.add("ParameterPath", "%q; use a path such as /shop/db", args.ParameterPath)
	}
	if strings.HasPrefix(args.ParameterPath, "/aws") || strings.HasPrefix(args.ParameterPath, "/ssm") {
		problems.add("ParameterPath", "%q begins with /aws or /ssm, which Systems Manager keeps for itself; use a "+
			"path such as /shop/db", args.ParameterPath)
	}
	if args.SubnetIds == nil {
		problems.add("SubnetIds", "it is missing; give the subnets of the data tier, in two zones or more")
	}
	if args.SecurityGroupIds == nil {
		problems.add("SecurityGroupIds", "it is missing; without one the VPC's default group would be used")
	}
	if (args.KmsKeyArn == nil) != (args.KeyAlias == "") {
		problems.add("KeyAlias", "give both KmsKeyArn and KeyAlias, or neither")
	}
	if args.KeyAlias != "" && !grammar.KeyAlias.Match(args.KeyAlias) {
		problems.add("KeyAlias", "%q is not an alias; use alias/ and up to 250 letters, digits, / _ -", args.KeyAlias)
	}
}

func (args *DatabaseArgs) validateWindows(problems *databaseProblems) {
	backup, backupErr := grammar.DailyWindow(args.BackupWindow)
	if backupErr != nil {
		problems.add("BackupWindow", "%v", backupErr)
	}
	maintenance, maintenanceErr := grammar.WeeklyWindow(args.MaintenanceWindow)
	if maintenanceErr != nil {
		problems.add("MaintenanceWindow", "%v", maintenanceErr)
	}
	if backupErr == nil && maintenanceErr == nil && backup.Overlaps(maintenance) {
		problems.add(
			"MaintenanceWindow",
			"%s overlaps BackupWindow, %s; RDS does not allow that",
			args.MaintenanceWindow,
			args.BackupWindow,
		)
	}
}

func (args *DatabaseArgs) validateOperation(problems *databaseProblems) {
	problems.between("BackupRetentionDays", args.BackupRetentionDays, 1, 35, " days")
	switch {
	case args.SkipFinalSnapshot && args.DeletionProtection:
		problems.add(
			"SkipFinalSnapshot",
			"it is true, and so is DeletionProtection: what is worth protecting is worth a last snapshot; set one "+
				"of them to false",
		)
	case args.SkipFinalSnapshot && args.FinalSnapshotIdentifier != "":
		problems.add(
			"FinalSnapshotIdentifier",
			"%q, and SkipFinalSnapshot is true; leave one of them out",
			args.FinalSnapshotIdentifier,
		)
	case !args.SkipFinalSnapshot && (len(
		args.FinalSnapshotIdentifier,
	) > 255 || !databaseSnapshotPattern.MatchString(args.FinalSnapshotIdentifier)):
		problems.add(
			"FinalSnapshotIdentifier",
			"%q; use a letter, then up to 254 letters, digits and single hyphens, not ending with one",
			args.FinalSnapshotIdentifier,
		)
	}
	if !slices.Contains(monitoringIntervals, args.MonitoringSeconds) {
		problems.add("MonitoringSeconds", "%d; use one of %v", args.MonitoringSeconds, monitoringIntervals)
	}
	if days := args.PerformanceInsightsDays; days != 7 && days != 731 && (days <= 0 || days > 713 || days%31 != 0) {
		problems.add("PerformanceInsightsDays", "%d; use 7, 731 or a multiple of 31 between them", days)
	}
	if !slices.Contains(grammar.LogRetentions, args.LogRetentionDays) {
		problems.add("LogRetentionDays", "%d; CloudWatch offers %v", args.LogRetentionDays, grammar.LogRetentions)
	}
}

func (args *DatabaseArgs) validateCopy(problems *databaseProblems) {
	if args.CopyProvider == nil {
		return
	}
	if args.Kind != DatabaseInstance {
		problems.add(
			"CopyProvider",
			"it is given, and RDS copies automated backups of instances only, not of %q; use AWS Backup",
			args.Kind,
		)
	}
	if err := args.CopyLocation.Validate(); err != nil {
		problems.add("CopyLocation", "%v", err)
	}
	if args.CopyLocation.Region == args.Location.Region {
		problems.add("CopyLocation", "%q is the database's own region; use another", args.CopyLocation.Region)
	}
	if args.CopyKmsKeyArn == nil {
		problems.add(
			"CopyKmsKeyArn",
			"it is missing; backups that are encrypted need a key in the region they are copied to",
		)
	}
}

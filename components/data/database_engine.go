package data

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// databaseFlavor is what follows from engine and kind of a database.
type databaseFlavor struct {
	engine      string // as RDS calls it
	version     string // the default one
	versions    *regexp.Regexp
	familyParts int // how many parts of the version are in the name of the parameter group family
	class       string
	port        int
	userLength  int
	nameLength  int
	logs        []string // exported to CloudWatch
	tls         databaseParameter
	parameters  []databaseParameter
	// proxyFamily is what RDS Proxy calls the engine, and proxyAuth how its clients prove that they know the password.
	proxyFamily, proxyAuth string
}

// databaseParameter is a parameter of a parameter group. A static one is read when the server starts.
type databaseParameter struct {
	name, value string
	static      bool
}

// The parameters of the lab. TLS is the subject of FSBP RDS.38 and RDS.39, the logs that of RDS.9, RDS.34 and RDS.36;
// rds.force_ssl is pending-reboot because not every version takes it at once, and a new server starts with it anyway.
var (
	postgresTLS        = databaseParameter{"rds.force_ssl", "1", true}
	mysqlTLS           = databaseParameter{"require_secure_transport", "1", false}
	auroraMySQLTLS     = databaseParameter{"require_secure_transport", "ON", false}
	postgresParameters = []databaseParameter{
		{"log_connections", "1", false},
		{"log_disconnections", "1", false},
		{"log_lock_waits", "1", false},
		{"log_min_duration_statement", "1000", false}, // milliseconds
		{"log_statement", "ddl", false},
	}
	mysqlParameters = []databaseParameter{
		{"log_output", "FILE", false}, // tables, the default, cannot be exported
		{"long_query_time", "1", false},
		{"slow_query_log", "1", false},
	}
	auroraMySQLParameters = append([]databaseParameter{
		{"server_audit_events", "CONNECT,QUERY_DCL,QUERY_DDL", false},
		{"server_audit_logging", "1", false},
	}, mysqlParameters...)
)

// The lengths of names are from CreateDBInstance and CreateDBCluster (RDS API reference), the engines, versions and
// exported logs from the RDS and Aurora user guides.
var (
	postgresFlavor = databaseFlavor{
		engine:      "postgres",
		version:     "17",
		versions:    regexp.MustCompile(`^\d{2}(\.\d+)?$`),
		familyParts: 1,
		class:       "db.t4g.micro",
		port:        5432,
		userLength:  63,
		nameLength:  63,
		logs:        []string{"postgresql", "upgrade"},
		tls:         postgresTLS,
		parameters:  postgresParameters,
		proxyFamily: "POSTGRESQL",
		proxyAuth:   "POSTGRES_SCRAM_SHA_256",
	}
	mysqlFlavor = databaseFlavor{
		engine: "mysql", version: "8.4", versions: regexp.MustCompile(`^\d+\.\d+(\.\d+)?$`), familyParts: 2,
		class: "db.t4g.micro", port: 3306, userLength: 16, nameLength: 64, logs: []string{"error", "slowquery"},
		tls: mysqlTLS, parameters: mysqlParameters, proxyFamily: "MYSQL", proxyAuth: "MYSQL_CACHING_SHA2_PASSWORD",
	}
)

// flavor returns the zero value for an engine or a kind that there is not.
func (args *DatabaseArgs) flavor() databaseFlavor {
	flavor := map[DatabaseEngine]databaseFlavor{
		DatabasePostgres: postgresFlavor,
		DatabaseMySQL:    mysqlFlavor,
	}[args.Engine]
	switch {
	case args.Kind == DatabaseMultiAzCluster:
		flavor.class = "db.m6gd.large"
	case args.Kind == DatabaseAurora && args.Engine == DatabasePostgres:
		flavor.engine, flavor.class, flavor.logs = "aurora-postgresql", "db.t4g.medium", []string{"postgresql"}
	case args.Kind == DatabaseAurora && args.Engine == DatabaseMySQL:
		flavor.engine, flavor.class, flavor.logs = "aurora-mysql", "db.t4g.medium", []string{
			"audit",
			"error",
			"slowquery",
		}
		flavor.version, flavor.versions = "8.0", regexp.MustCompile(`^8\.0(\.mysql_aurora\.3\.\d+\.\d+)?$`)
		flavor.tls, flavor.parameters = auroraMySQLTLS, auroraMySQLParameters
	}
	return flavor
}

// family returns the parameter group family of a version, such as postgres17 or mysql8.4.
func (f databaseFlavor) family(version string) string {
	parts := strings.Split(version, ".")
	return f.engine + strings.Join(parts[:min(f.familyParts, len(parts))], ".")
}

// allParameters returns the lab's with the caller's, by name. What the caller sets may be static.
func (f databaseFlavor) allParameters(own map[string]string) []databaseParameter {
	byName := map[string]databaseParameter{}
	for _, p := range f.parameters {
		byName[p.name] = p
	}
	for name, value := range own {
		byName[name] = databaseParameter{name, value, true}
	}
	byName[f.tls.name] = f.tls
	return slices.SortedFunc(
		maps.Values(byName),
		func(a, b databaseParameter) int { return cmp.Compare(a.name, b.name) },
	)
}

// PerformanceInsights reports whether the instance class can have Performance Insights. The smallest classes of MySQL
// and the burstable ones of Aurora MySQL cannot ("Amazon RDS DB engine, Region, and instance class support for
// Performance Insights", RDS user guide).
func (args *DatabaseArgs) PerformanceInsights() bool {
	args = args.withDefaults()
	if args.Engine != DatabaseMySQL || !strings.HasPrefix(args.InstanceClass, "db.t") {
		return true
	}
	small := strings.HasSuffix(args.InstanceClass, ".micro") || strings.HasSuffix(args.InstanceClass, ".small")
	return args.Kind != DatabaseAurora && !small
}

// Version returns EngineVersion or its default.
func (args *DatabaseArgs) Version() string { return args.withDefaults().EngineVersion }

// Family returns the parameter group family of a version, such as postgres17 or mysql8.4: versions of one family are of
// one major version.
func (args *DatabaseArgs) Family(version string) string {
	return args.withDefaults().flavor().family(version)
}

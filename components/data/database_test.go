package data

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

var updateDatabases = flag.Bool("update-databases", false, "write the golden files of databases in testdata")

// databaseGraph records what a program registers, and answers as RDS would.
type databaseGraph struct {
	mutex     sync.Mutex
	resources map[string]pulumi.MockResourceArgs
}

func (g *databaseGraph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if _, twice := g.resources[args.Name]; twice {
		return "", nil, fmt.Errorf("%s is registered twice", args.Name)
	}
	g.resources[args.Name] = args
	state := args.Inputs.Copy()
	if !args.Custom {
		return "", state, nil
	}
	for _, output := range []resource.PropertyKey{
		"arn",
		"address",
		"endpoint",
		"readerEndpoint",
		"resourceId",
		"clusterResourceId",
	} {
		state[output] = resource.NewProperty(string(output) + " of " + args.Name)
	}
	state["masterUserSecrets"] = resource.NewProperty([]resource.PropertyValue{})
	if args.Inputs["manageMasterUserPassword"].IsBool() {
		state["masterUserSecrets"] = resource.NewProperty(
			[]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{
				"secretArn": resource.NewProperty("managed secret of " + args.Name),
			})},
		)
	}
	if args.TypeToken == "aws:rds/proxy:Proxy" {
		state["arn"] = resource.NewProperty("arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-of " + args.Name)
	}
	if args.TypeToken == "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup" {
		state["name"] = resource.NewProperty("default")
	}
	return args.Name + "-id", state, nil
}

func (g *databaseGraph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, errors.New("databases look nothing up: " + args.Token)
}

func (g *databaseGraph) inputs(t *testing.T, name string) map[string]any {
	t.Helper()
	require.Contains(t, g.resources, name)
	return g.resources[name].Inputs.Mappable()
}

// String lists each resource of the database with its inputs as a person would write them down, parents before
// children.
func (g *databaseGraph) String() string {
	children := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(g.resources)) {
		parent := resource.URN(g.resources[name].RegisterRPC.GetParent()).Name()
		children[parent] = append(children[parent], name)
	}
	var text strings.Builder
	var list func(parent, indent string)
	list = func(parent, indent string) {
		for _, name := range children[parent] {
			r := g.resources[name]
			if strings.HasPrefix(r.TypeToken, "pulumi:providers:") {
				continue
			}
			fmt.Fprintf(&text, "%s%s  %s\n", indent, name, r.TypeToken)
			for _, key := range slices.Sorted(maps.Keys(r.Inputs)) {
				if key != "tags" {
					fmt.Fprintf(&text, "%s  . %s: %s\n", indent, key, readable(r.Inputs[key]))
				}
			}
			list(name, indent+"    ")
		}
	}
	list("awslab-dev", "")
	return text.String()
}

func readable(value resource.PropertyValue) string {
	if value.ContainsSecrets() {
		return "[secret]"
	}
	if value.IsString() {
		return value.StringValue()
	}
	text, err := json.Marshal(value.Mappable())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

var (
	databaseTags     = map[string]string{"stack": "dev"}
	databaseLocation = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
	copyLocation     = identity.Location{Partition: "aws", Region: "eu-central-1", AccountId: "123456789012"}
)

// smallDatabase has nothing that is not required.
func smallDatabase() *DatabaseArgs {
	return &DatabaseArgs{
		Location:         databaseLocation,
		Identifier:       "awslab-dev-database",
		DatabaseName:     "lab",
		SubnetIds:        pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}),
		SecurityGroupIds: pulumi.ToStringArray([]string{"sg-database"}),
		Tags:             databaseTags,
	}
}

// fullDatabase has everything that all kinds can have.
func fullDatabase(kind DatabaseKind, engine DatabaseEngine) *DatabaseArgs {
	args := smallDatabase()
	args.Kind, args.Engine = kind, engine
	args.MultiAz, args.ApplyImmediately, args.DeletionProtection = true, true, true
	args.KmsKeyArn, args.KeyAlias, args.LogKmsKeyArn = pulumi.String(
		"arn:key",
	), "alias/data", pulumi.String(
		"arn:logs-key",
	)
	args.BackupRetentionDays, args.BackupWindow, args.MaintenanceWindow = 35, "01:00-02:00", "mon:02:00-mon:03:00"
	args.MonitoringSeconds, args.PerformanceInsightsDays, args.LogRetentionDays = 60, 31, 30
	args.EventTopicArn = pulumi.String("arn:topic")
	args.Proxy = &DatabaseProxy{
		SubnetIds:        pulumi.ToStringArray([]string{"subnet-app"}),
		SecurityGroupIds: pulumi.ToStringArray([]string{"sg-proxy"}),
	}
	args.Users = []string{"svc_orders"}
	args.Parameters = map[string]string{"max_connections": "200"}
	args.RolePath, args.PermissionsBoundary = "/lab/", "arn:aws:iam::123456789012:policy/boundary"
	args.InstanceClass = "db.m6gd.large"
	if kind != DatabaseAurora {
		args.AllocatedStorage = 100
	} else {
		args.InstanceClass = "db.r7g.large"
	}
	return args
}

func registerDatabase(t *testing.T, args *DatabaseArgs, checks ...func(*Database)) *databaseGraph {
	t.Helper()
	g, err := tryDatabase(t, args, checks...)
	require.NoError(t, err)
	return g
}

func tryDatabase(t *testing.T, args *DatabaseArgs, checks ...func(*Database)) (*databaseGraph, error) {
	t.Helper()
	g := &databaseGraph{resources: map[string]pulumi.MockResourceArgs{}}
	return g, pulumi.RunErr(func(ctx *pulumi.Context) error {
		if args != nil && args.CopyLocation.Region != "" && args.CopyProvider == nil {
			provider, err := aws.NewProvider(
				ctx,
				"copy",
				&aws.ProviderArgs{Region: pulumi.String(args.CopyLocation.Region)},
			)
			if err != nil {
				return err
			}
			args.CopyProvider = provider
		}
		db, err := NewDatabase(ctx, "database", args)
		if err != nil {
			return err
		}
		for _, check := range checks {
			check(db)
		}
		return nil
	}, pulumi.WithMocks("awslab", "dev", g))
}

func databaseValue(t *testing.T, output pulumi.Output) any {
	t.Helper()
	result, err := internals.UnsafeAwaitOutput(t.Context(), output)
	require.NoError(t, err)
	return result.Value
}

func requireDatabaseGolden(t *testing.T, name string, g *databaseGraph) {
	t.Helper()
	path := filepath.Join("testdata", "database-"+name+".txt")
	if *updateDatabases {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(g.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), g.String(), "run go test -update-databases and review the change of %s", path)
}

func TestDatabaseWithoutOptions(t *testing.T) {
	requireDatabaseGolden(t, "small", registerDatabase(t, smallDatabase(), func(db *Database) {
		require.Equal(t, []any{"awslab-dev-database", "lab", "dbadmin", DatabasePostgres, 5432, ""},
			[]any{db.Identifier, db.DatabaseName, db.Username, db.Engine, db.Port, db.SecretName})
		require.Empty(t, db.ReplicaIdentifiers)
		require.Equal(t, "address of database-instance", databaseValue(t, db.Endpoint))
		require.Equal(t, "address of database-instance", databaseValue(t, db.ReaderEndpoint))
		require.Equal(t, "arn of database-instance", databaseValue(t, db.Arn))
		require.Equal(t, "resourceId of database-instance", databaseValue(t, db.ResourceId))
		require.Equal(t, "managed secret of database-instance", databaseValue(t, db.SecretArn))
		require.Equal(t, "", databaseValue(t, db.ProxyEndpoint))
	}))
}

func TestDatabaseInstanceWithEverything(t *testing.T) {
	args := fullDatabase(DatabaseInstance, DatabasePostgres)
	args.ReadReplicas, args.MaxAllocatedStorage = 2, 1000
	args.CopyLocation, args.CopyKmsKeyArn = copyLocation, pulumi.String("arn:copy-key")
	g := registerDatabase(t, args, func(db *Database) {
		require.Equal(
			t,
			[]string{"awslab-dev-database-replica-1", "awslab-dev-database-replica-2"},
			db.ReplicaIdentifiers,
		)
		require.Equal(t, "awslab-dev-database-master", db.SecretName)
		require.Equal(t, "address of database-instance", databaseValue(t, db.Endpoint))
		require.Equal(t, "address of database-replica-1", databaseValue(t, db.ReaderEndpoint))
		require.Equal(t, "arn of database-secret", databaseValue(t, db.SecretArn))
		require.Equal(t, "endpoint of database-proxy", databaseValue(t, db.ProxyEndpoint))
	})
	requireDatabaseGolden(t, "instance", g)
	require.Contains(
		t,
		g.resources["database-backup-copy"].RegisterRPC.GetProvider(),
		"::copy::",
		"the copy is made by the provider of the other region",
	)
}

func TestMultiAzClusterWithEverything(t *testing.T) {
	g := registerDatabase(t, fullDatabase(DatabaseMultiAzCluster, DatabaseMySQL), func(db *Database) {
		require.Equal(t, 3306, db.Port)
		require.Empty(t, db.ReplicaIdentifiers)
		require.Equal(t, "endpoint of database-cluster", databaseValue(t, db.Endpoint))
		require.Equal(t, "readerEndpoint of database-cluster", databaseValue(t, db.ReaderEndpoint))
		require.Equal(t, "clusterResourceId of database-cluster", databaseValue(t, db.ResourceId))
		require.Equal(t, "managed secret of database-cluster", databaseValue(t, db.SecretArn))
	})
	requireDatabaseGolden(t, "multiazcluster", g)
}

func TestAuroraWithEverything(t *testing.T) {
	for engine, name := range map[DatabaseEngine]string{
		DatabasePostgres: "aurora-postgres",
		DatabaseMySQL:    "aurora-mysql",
	} {
		g := registerDatabase(t, fullDatabase(DatabaseAurora, engine), func(db *Database) {
			require.Equal(
				t,
				[]string{"awslab-dev-database-1", "awslab-dev-database-2"},
				db.ReplicaIdentifiers,
				"a writer, and with MultiAz a reader",
			)
			require.Equal(t, "endpoint of database-cluster", databaseValue(t, db.Endpoint))
			require.Equal(t, "readerEndpoint of database-cluster", databaseValue(t, db.ReaderEndpoint))
		})
		requireDatabaseGolden(t, name, g)
	}
}

func TestDatabaseWaitsForItsLogGroups(t *testing.T) {
	g := registerDatabase(t, fullDatabase(DatabaseInstance, DatabaseMySQL))
	dependencies := strings.Join(g.resources["database-instance"].RegisterRPC.GetDependencies(), " ")
	require.Contains(t, dependencies, "::database-log-error")
	require.Contains(t, dependencies, "::database-log-slowquery")
}

func TestEverythingOfADatabaseIsTaggedAndBelongsToIt(t *testing.T) {
	untaggable := []string{
		"aws:iam/rolePolicy:RolePolicy",
		"aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",
		"aws:rds/proxyTarget:ProxyTarget",
		"aws:secretsmanager/secretVersion:SecretVersion",
	}
	args := fullDatabase(DatabaseInstance, DatabasePostgres)
	args.ReadReplicas = 1
	g := registerDatabase(t, args)
	for name, r := range g.resources {
		parent := resource.URN(r.RegisterRPC.GetParent())
		require.True(
			t,
			name == "database" || g.resources[parent.Name()].TypeToken != "",
			"%s is a child of %s",
			name,
			parent,
		)
		require.True(t, strings.HasPrefix(name, "database"), name)
		if r.Custom && !slices.Contains(untaggable, r.TypeToken) {
			require.Equal(t, "dev", r.Inputs["tags"].ObjectValue()["stack"].StringValue(), name)
		}
	}
}

// A read replica that is told what it has from its source is refused by RDS, or replaced.
func TestReplicasTakeOverFromTheirSource(t *testing.T) {
	args := fullDatabase(DatabaseInstance, DatabasePostgres)
	args.ReadReplicas = 1
	replica := registerDatabase(t, args).inputs(t, "database-replica-1")
	require.Equal(t, "awslab-dev-database", replica["replicateSourceDb"])
	require.Equal(
		t,
		true,
		replica["storageEncrypted"],
		"else the provider would replace it, as its source is encrypted",
	)
	require.Equal(t, true, replica["skipFinalSnapshot"])
	require.EqualValues(t, args.AllocatedStorage, replica["allocatedStorage"], "it does not grow with its source's")
	for _, property := range []string{
		"backupRetentionPeriod", "dbName", "dbSubnetGroupName", "engine", "engineVersion", "finalSnapshotIdentifier",
		"kmsKeyId", "manageMasterUserPassword", "masterUserSecretKmsKeyId", "multiAz", "password", "username",
	} {
		require.NotContains(t, replica, property)
	}
}

func TestALargeVolumeIsGivenTheIOPSThatRDSGivesIt(t *testing.T) {
	for kind, resource := range map[DatabaseKind]string{
		DatabaseInstance: "database-instance", DatabaseMultiAzCluster: "database-cluster",
	} {
		args := smallDatabase()
		args.Kind, args.AllocatedStorage = kind, 399
		require.NotContains(t, registerDatabase(t, args).inputs(t, resource), "iops", kind)
		args.AllocatedStorage = 400
		require.EqualValues(t, 12000, registerDatabase(t, args).inputs(t, resource)["iops"], kind)
	}
}

func TestReplicasAreUpgradedAlone(t *testing.T) {
	args := fullDatabase(DatabaseInstance, DatabasePostgres)
	args.ReadReplicas = 1
	args.EngineVersion, args.KeepVersion, args.ReplicaVersion = "17", true, "17.6"
	made := registerDatabase(t, args)
	require.Equal(t, "17", made.inputs(t, "database-instance")["engineVersion"])
	require.Equal(t, "17.6", made.inputs(t, "database-replica-1")["engineVersion"])
}

func TestWithoutAFinalSnapshotNothingStaysBehind(t *testing.T) {
	for _, kind := range []DatabaseKind{DatabaseInstance, DatabaseAurora} {
		args := smallDatabase()
		args.Kind, args.SkipFinalSnapshot = kind, true
		g := registerDatabase(t, args)
		name := map[DatabaseKind]string{DatabaseInstance: "database-instance", DatabaseAurora: "database-cluster"}[kind]
		require.Equal(t, true, g.inputs(t, name)["skipFinalSnapshot"], kind)
		require.Equal(t, true, g.inputs(t, name)["deleteAutomatedBackups"], kind)
		require.NotContains(t, g.inputs(t, name), "finalSnapshotIdentifier", kind)
	}
}

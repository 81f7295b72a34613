package data

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var updateStores = flag.Bool(
	"update-stores",
	false,
	"write the golden files of tables, buckets, websites and file systems in testdata",
)

// storeGraph records what a program registers, and answers as the stores of AWS would.
type storeGraph struct{ databaseGraph }

func newStoreGraph() *storeGraph {
	return &storeGraph{databaseGraph{resources: map[string]pulumi.MockResourceArgs{}}}
}

// replicatedFiles is the name of a file system whose copy is there.
const replicatedFiles = "replicated"

func (g *storeGraph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "aws:efs/getFileSystem:getFileSystem" ||
		args.Args["tags"].ObjectValue()["Name"].StringValue() != replicatedFiles {
		return g.databaseGraph.Call(args)
	}
	return resource.NewPropertyMapFromMap(map[string]any{
		"protections": []any{map[string]any{"replicationOverwrite": "REPLICATING"}},
	}), nil
}

func (g *storeGraph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	id, state, err := g.databaseGraph.NewResource(args)
	if err != nil || !args.Custom {
		return id, state, err
	}
	for _, output := range []resource.PropertyKey{
		"streamArn",
		"bucketDomainName",
		"bucketRegionalDomainName",
		"domainName",
	} {
		if _, given := state[output]; !given {
			state[output] = resource.NewProperty(string(output) + " of " + args.Name)
		}
	}
	if _, given := state["name"]; !given {
		state["name"] = resource.NewProperty("name of " + args.Name)
	}
	return id, state, nil
}

// dependencies returns the names of what a resource waits for.
func (g *storeGraph) dependencies(name string) []string {
	var found []string
	for _, urn := range g.resources[name].RegisterRPC.GetDependencies() {
		found = append(found, resource.URN(urn).Name())
	}
	return found
}

// store registers what a program makes, with the provider of another region.
func store(t *testing.T, program func(*pulumi.Context, pulumi.ProviderResource) error) (*storeGraph, error) {
	t.Helper()
	g := newStoreGraph()
	return g, pulumi.RunErr(func(ctx *pulumi.Context) error {
		there, err := aws.NewProvider(ctx, "there", &aws.ProviderArgs{Region: pulumi.String(copyLocation.Region)})
		if err != nil {
			return err
		}
		return program(ctx, there)
	}, pulumi.WithMocks("awslab", "dev", g))
}

// packageFolder is where tests begin, before any of them goes elsewhere.
var packageFolder = func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return folder
}()

func (g *storeGraph) requireGolden(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(packageFolder, "testdata", name+".txt")
	if *updateStores {
		require.NoError(t, os.WriteFile(path, []byte(g.String()), 0o644))
	}
	want, err := os.ReadFile(path) //nolint:gosec // a file of this package
	require.NoError(t, err)
	require.Equal(t, string(want), g.String(), "run go test -update-stores and review the change of %s", path)
}

// requireFamily expects everything to descend from the component, and to be tagged where AWS has tags.
func (g *storeGraph) requireFamily(t *testing.T, component string) {
	t.Helper()
	untaggable := []string{
		"aws:appautoscaling/policy:Policy", "aws:iam/rolePolicy:RolePolicy", "aws:vpc/",
		"aws:cloudfront/originAccessControl", "aws:cloudfront/responseHeadersPolicy", "aws:efs/backupPolicy",
		"aws:efs/fileSystemPolicy", "aws:efs/mountTarget", "aws:efs/replicationConfiguration", "aws:s3/bucketObject",
		"aws:s3/bucketOwnership", "aws:s3/bucketPublic", "aws:s3/bucketVersioning", "aws:s3/bucketServerSide",
		"aws:s3/bucketPolicy", "aws:s3/bucketLifecycle", "aws:s3/bucketNotification", "aws:s3/bucketLogging",
		"aws:s3/bucketReplication", "aws:sns/topicPolicy",
	}
	for name, r := range g.resources {
		if strings.HasPrefix(r.TypeToken, "pulumi:providers:") {
			continue
		}
		parent := resource.URN(r.RegisterRPC.GetParent()).Name()
		require.True(t, name == component || g.resources[parent].TypeToken != "", "%s is a child of %s", name, parent)
		require.True(t, strings.HasPrefix(name, component), name)
		if r.Custom &&
			!slices.ContainsFunc(
				untaggable,
				func(prefix string) bool { return strings.HasPrefix(r.TypeToken, prefix) },
			) {
			require.Equal(t, "dev", r.Inputs["tags"].ObjectValue()["stack"].StringValue(), name)
		}
	}
}

// requireProblems expects arguments to be refused, with each of the problems, before anything is registered.
func requireProblems(t *testing.T, g *storeGraph, err error, problems []string) {
	t.Helper()
	require.Error(t, err)
	for _, problem := range problems {
		require.ErrorContains(t, err, problem)
	}
	for name, r := range g.resources {
		require.True(t, strings.HasPrefix(r.TypeToken, "pulumi:"), "%s was registered", name)
	}
}

// storeReplacing are the properties that the provider cannot change in place (ForceNew in terraform-provider-aws).
var storeReplacing = map[string][]string{
	"aws:dynamodb/table:Table": {
		"hashKey",
		"rangeKey",
		"name",
		"localSecondaryIndexes",
		"restoreDateTime",
		"restoreToLatestTime",
	},
	"aws:s3/bucketV2:BucketV2": {"bucket", "bucketPrefix", "objectLockEnabled"},
	"aws:efs/fileSystem:FileSystem": {
		"availabilityZoneName",
		"creationToken",
		"encrypted",
		"kmsKeyId",
		"performanceMode",
	},
}

// replaced reports whether what keeps the data is replaced or gone.
func replaced(before, after *storeGraph) bool {
	for name, was := range before.resources {
		properties, keepsData := storeReplacing[was.TypeToken]
		if !keepsData {
			continue
		}
		is, stays := after.resources[name]
		if !stays {
			return true
		}
		for _, property := range properties {
			if !reflect.DeepEqual(was.Inputs.Mappable()[property], is.Inputs.Mappable()[property]) {
				return true
			}
		}
	}
	return false
}

// requireDocumented expects a change of each argument to replace what keeps the data if and only if its documentation
// says so. Without lists the fields that cannot be changed alone.
func requireDocumented[Args any](
	t *testing.T,
	path string,
	changes map[string]func(*Args),
	register func(func(*Args)) *storeGraph,
	without ...string,
) {
	t.Helper()
	args := reflect.TypeFor[Args]()
	docs := fieldDocs(t, path, args.Name())
	for _, field := range reflect.VisibleFields(args) {
		if slices.Contains(without, field.Name) {
			continue
		}
		require.Contains(t, changes, field.Name, "say how to change it")
		before := register(func(*Args) {})
		after := register(changes[field.Name])
		require.Equal(
			t,
			strings.Contains(docs[field.Name], "replaces the"),
			replaced(before, after),
			"the documentation of %s.%s",
			args.Name(),
			field.Name,
		)
	}
}

var orderId = Attribute{"orderId", "S"}

func smallTable() *TableArgs {
	return &TableArgs{Location: databaseLocation, Name: "awslab-dev-orders", HashKey: orderId, Tags: databaseTags}
}

func fullTable() *TableArgs {
	args := smallTable()
	args.RangeKey = &Attribute{"line", "N"}
	args.Indexes = []Index{
		{
			Name:       "by-customer",
			HashKey:    Attribute{"customer", "S"},
			RangeKey:   &Attribute{"placed", "N"},
			Projection: Projection{Attributes: []string{"total"}},
		},
		{Name: "by-state", HashKey: Attribute{"state", "S"}},
	}
	args.LocalIndexes = []LocalIndex{
		{Name: "by-time", RangeKey: Attribute{"placed", "N"}, Projection: Projection{KeysOnly: true}},
	}
	args.TimeToLive, args.Class, args.RecoveryDays = "expires", "STANDARD_INFREQUENT_ACCESS", 7
	args.KmsKeyArn = pulumi.String("arn:key")
	args.Replicas = []Replica{{Region: copyLocation.Region, KmsKeyArn: pulumi.String("arn:copy-key")}}
	args.DeletionProtection = true
	return args
}

func scaledTable() *TableArgs {
	args := smallTable()
	args.Capacity = &Capacity{Read: CapacityRange{5, 100}, Write: CapacityRange{2, 50}}
	args.Indexes = []Index{
		{Name: "by-state", HashKey: Attribute{"state", "S"}},
		{
			Name:     "by-day",
			HashKey:  Attribute{"day", "S"},
			Capacity: &Capacity{Read: CapacityRange{1, 10}, Write: CapacityRange{1, 20}, Utilization: 50},
		},
	}
	return args
}

func registerTable(t *testing.T, args *TableArgs, checks ...func(*Table)) (*storeGraph, error) {
	t.Helper()
	return store(t, func(ctx *pulumi.Context, _ pulumi.ProviderResource) error {
		table, err := NewTable(ctx, "orders", args)
		if err != nil {
			return err
		}
		for _, check := range checks {
			check(table)
		}
		return nil
	})
}

func TestTables(t *testing.T) {
	for name, args := range map[string]*TableArgs{
		"table-small":  smallTable(),
		"table-full":   fullTable(),
		"table-scaled": scaledTable(),
	} {
		g, err := registerTable(t, args, func(table *Table) {
			require.Equal(t, "awslab-dev-orders", table.Name)
			require.Equal(t, "awslab-dev-orders", databaseValue(t, table.TableName))
			require.Equal(t, "arn of orders-table", databaseValue(t, table.Arn))
			require.Equal(t, "streamArn of orders-table", databaseValue(t, table.StreamArn))
		})
		require.NoError(t, err)
		g.requireGolden(t, name)
		g.requireFamily(t, "orders")
	}
}

// What auto scaling made of the capacity would otherwise be taken back by every update.
func TestUpdatesLeaveScaledCapacityAlone(t *testing.T) {
	g, err := registerTable(t, scaledTable())
	require.NoError(t, err)
	require.Equal(
		t,
		[]string{"readCapacity", "writeCapacity"},
		g.resources["orders-table"].RegisterRPC.GetIgnoreChanges(),
	)

	g, err = registerTable(t, smallTable())
	require.NoError(t, err)
	require.Empty(
		t,
		g.resources["orders-table"].RegisterRPC.GetIgnoreChanges(),
		"or a table could not be made scalable",
	)
}

func TestTheNameOfATimeToLiveIsNeededToTurnItOff(t *testing.T) {
	args := smallTable()
	args.TimeToLive, args.TimeToLiveOff = "expires", true
	g, err := registerTable(t, args)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"attributeName": "expires", "enabled": false}, g.inputs(t, "orders-table")["ttl"])
}

func TestPointInTimeRecoveryCanBeLeftOut(t *testing.T) {
	args := fullTable()
	args.NoPointInTimeRecovery = true
	g, err := registerTable(t, args)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"enabled": false}, g.inputs(t, "orders-table")["pointInTimeRecovery"])
	require.Equal(
		t,
		false,
		g.resources["orders-table"].Inputs["replicas"].ArrayValue()[0].ObjectValue()["pointInTimeRecovery"].BoolValue(),
	)
}

func TestTablesThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*TableArgs)
		want   []string
	}{
		"nothing given": {func(a *TableArgs) { *a = TableArgs{} },
			[]string{
				"Location.Region",
				`Name: ""; use 3 to 255`,
				`HashKey.Name: ""; use 1 to 255`,
				`HashKey.Type: ""; use S`,
			}},
		"short name":        {func(a *TableArgs) { a.Name = "ab" }, []string{`Name: "ab"; use 3 to 255 letters`}},
		"name with a slash": {func(a *TableArgs) { a.Name = "a/b/c" }, []string{`Name: "a/b/c"`}},
		"type": {
			func(a *TableArgs) { a.HashKey.Type = "BOOL" },
			[]string{`HashKey.Type: "BOOL"; use S (text), N (number) or B (bytes)`},
		},
		"one type": {
			func(a *TableArgs) { a.Indexes[0].HashKey = Attribute{"orderId", "N"} },
			[]string{`Indexes[0].HashKey.Type: "N", but attribute "orderId" is of type "S" elsewhere`},
		},
		"range is hash": {
			func(a *TableArgs) { a.RangeKey = &Attribute{"orderId", "S"} },
			[]string{`RangeKey.Name: "orderId" is the hash key too`},
		},
		"index range is hash": {
			func(a *TableArgs) { a.Indexes[0].RangeKey = &Attribute{"customer", "S"} },
			[]string{`Indexes[0].RangeKey.Name: "customer" is the hash key too`},
		},
		"index name": {func(a *TableArgs) { a.Indexes[0].Name = "a b" }, []string{`Indexes[0].Name: "a b"`}},
		"two of a name": {
			func(a *TableArgs) { a.LocalIndexes[0].Name = "by-state" },
			[]string{`LocalIndexes[0].Name: "by-state" is used twice`},
		},
		"no order": {
			func(a *TableArgs) { a.RangeKey = nil },
			[]string{"LocalIndexes: the table has no RangeKey"},
		},
		"projection": {func(a *TableArgs) { a.Indexes[0].Projection.KeysOnly = true },
			[]string{`Indexes[0].Projection: KeysOnly is true and there are Attributes ["total"]; use one of them`}},
		"too many projected": {
			func(a *TableArgs) { a.Indexes[1].Projection.Attributes = make([]string, 100) },
			[]string{"Indexes: they have 101 attributes by name; DynamoDB allows 100"},
		},
		"too many indexes": {
			func(a *TableArgs) { a.Indexes = make([]Index, 21) },
			[]string{"Indexes: 21 of them; DynamoDB allows 20"},
		},
		"too many locals": {
			func(a *TableArgs) { a.LocalIndexes = make([]LocalIndex, 6) },
			[]string{"LocalIndexes: 6 of them; DynamoDB allows 5"},
		},
		"stream": {
			func(a *TableArgs) { a.Stream = "ALL" },
			[]string{`Stream: "ALL"; use one of [KEYS_ONLY NEW_IMAGE`},
		},
		"stream of replicas": {
			func(a *TableArgs) { a.Stream = "KEYS_ONLY" },
			[]string{`Stream: "KEYS_ONLY"; with Replicas use NEW_AND_OLD_IMAGES`},
		},
		"class": {
			func(a *TableArgs) { a.Class = "GLACIER" },
			[]string{`Class: "GLACIER"; use one of [STANDARD STANDARD_INFREQUENT_ACCESS]`},
		},
		"recovery": {func(a *TableArgs) { a.RecoveryDays = 36 }, []string{"RecoveryDays: 36; use 1 to 35"}},
		"text as time": {
			func(a *TableArgs) { a.TimeToLive = "customer" },
			[]string{`TimeToLive: "customer" is a key of type "S"; times are numbers`},
		},
		"off without a name": {
			func(a *TableArgs) { a.TimeToLive, a.TimeToLiveOff = "", true },
			[]string{"TimeToLiveOff: it is true; name the attribute"},
		},
		"replica at home": {
			func(a *TableArgs) { a.Replicas[0].Region = "eu-west-1" },
			[]string{`Replicas[0].Region: "eu-west-1" has the table or a replica already`},
		},
		"replica nowhere": {
			func(a *TableArgs) { a.Replicas[0].Region = "Frankfurt" },
			[]string{`Replicas[0].Region: "Frankfurt" is not an AWS region`},
		},
		"replica without key": {
			func(a *TableArgs) { a.Replicas[0].KmsKeyArn = nil },
			[]string{"Replicas[0].KmsKeyArn: give a key to the table and to each replica"},
		},
		"replicas that scale": {
			func(a *TableArgs) { a.Capacity = scaledTable().Capacity },
			[]string{"Replicas: they need a table that is paid by request"},
		},
		"capacity": {func(a *TableArgs) {
			a.Capacity = &Capacity{Read: CapacityRange{0, 5}, Write: CapacityRange{6, 5}, Utilization: 95}
		},
			[]string{
				"Capacity.Read: 0 to 5 units; use 1 <= Min",
				"Capacity.Write: 6 to 5 units",
				"Capacity.Utilization: 95; use 20 to 90",
			}},
		"index alone scales": {func(a *TableArgs) {
			a.Indexes[0].Capacity = &Capacity{Read: CapacityRange{1, 1}, Write: CapacityRange{1, 50000}}
		},
			[]string{
				"Indexes[0].Capacity: it is given, and the table is paid by request",
				"Indexes[0].Capacity.Write: 1 to 50000 units; use 1 <= Min <= Max <= 40000",
			}},
	} {
		t.Run(name, func(t *testing.T) {
			args := fullTable()
			test.change(args)
			g, err := registerTable(t, args)
			requireProblems(t, g, err, test.want)
		})
	}
	g, err := registerTable(t, nil)
	requireProblems(t, g, err, []string{`table "orders": Location.Partition`})
}

func TestChangesThatReplaceATableAreTheDocumentedOnes(t *testing.T) {
	requireDocumented(t, "table.go", map[string]func(*TableArgs){
		"Name":                  func(a *TableArgs) { a.Name = "other" },
		"HashKey":               func(a *TableArgs) { a.HashKey = Attribute{"other", "S"} },
		"RangeKey":              func(a *TableArgs) { a.RangeKey = &Attribute{"other", "S"} },
		"Indexes":               func(a *TableArgs) { a.Indexes = a.Indexes[1:] },
		"LocalIndexes":          func(a *TableArgs) { a.LocalIndexes = nil },
		"TimeToLive":            func(a *TableArgs) { a.TimeToLive = "other" },
		"TimeToLiveOff":         func(a *TableArgs) { a.TimeToLiveOff = true },
		"Stream":                func(a *TableArgs) { a.Replicas, a.Stream = nil, "KEYS_ONLY" },
		"RecoveryDays":          func(a *TableArgs) { a.RecoveryDays = 1 },
		"NoPointInTimeRecovery": func(a *TableArgs) { a.NoPointInTimeRecovery = true },
		"KmsKeyArn":             func(a *TableArgs) { a.KmsKeyArn = pulumi.String("arn:other") },
		"Capacity":              func(a *TableArgs) { a.Replicas, a.Capacity = nil, scaledTable().Capacity },
		"Class":                 func(a *TableArgs) { a.Class = "STANDARD" },
		"Replicas":              func(a *TableArgs) { a.Replicas = nil },
		"DeletionProtection":    func(a *TableArgs) { a.DeletionProtection = false },
		"Tags":                  func(a *TableArgs) { a.Tags = nil },
	}, func(change func(*TableArgs)) *storeGraph {
		args := fullTable()
		change(args)
		g, err := registerTable(t, args)
		require.NoError(t, err)
		return g
	}, "Location")
}

// DynamoDB refuses attributes without keys as well as keys without attributes.
func TestAttributesAreThoseOfTheKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.MapOfN(
			rapid.StringMatching(`[a-z]{1,3}`),
			rapid.SampledFrom(attributeTypes),
			4,
			12,
		).Draw(
			t,
			"types",
		)
		names := slices.Sorted(maps.Keys(types))
		draw := func(label string) Attribute {
			name := rapid.SampledFrom(names).Draw(t, label)
			return Attribute{name, types[name]}
		}
		args := &TableArgs{Location: databaseLocation, Name: "table", HashKey: draw("hash")}
		used := map[string]bool{args.HashKey.Name: true}
		for i := range rapid.IntRange(0, maxIndexes).Draw(t, "indexes") {
			index := Index{Name: fmt.Sprintf("index-%d", i), HashKey: draw("index hash")}
			used[index.HashKey.Name] = true
			if rangeKey := draw("index range"); rangeKey.Name != index.HashKey.Name {
				index.RangeKey = &rangeKey
				used[rangeKey.Name] = true
			}
			args.Indexes = append(args.Indexes, index)
		}
		require.NoError(t, args.withDefaults().validate())
		var defined []string
		for _, definition := range args.attributeDefinitions() {
			defined = append(defined, string(definition.(dynamodb.TableAttributeArgs).Name.(pulumi.String)))
		}
		require.Equal(t, slices.Sorted(maps.Keys(used)), defined)
	})
}

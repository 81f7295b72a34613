package identity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// requireGolden compares a policy document with the one in testdata, which is indented for people to read.
func requireGolden(t *testing.T, name, document string) {
	t.Helper()
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, []byte(document), "", "  "))
	indented.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, indented.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), indented.String(), "run go test -update and review the change of %s", path)
}

func executionRole() *ExecutionRoleArgs {
	return &ExecutionRoleArgs{
		RoleSettings: RoleSettings{Name: "awslab-dev-orders-execution"},
		Location:     ireland,
		Repositories: []string{"awslab-dev-orders"},
		LogGroups:    []string{"awslab-dev-orders-logs"},
	}
}

func taskRole(access Access) *TaskRoleArgs {
	return &TaskRoleArgs{RoleSettings: RoleSettings{Name: "awslab-dev-orders-task"}, Location: ireland, Access: access}
}

func register(t *testing.T, program pulumi.RunFunc) *graph {
	t.Helper()
	g := &graph{}
	require.NoError(t, g.run(program))
	return g
}

func registerExecutionRole(t *testing.T, args *ExecutionRoleArgs) *graph {
	return register(t, func(ctx *pulumi.Context) error {
		_, err := NewExecutionRole(ctx, "orders-execution", args)
		return err
	})
}

func registerTaskRole(t *testing.T, args *TaskRoleArgs) *graph {
	return register(t, func(ctx *pulumi.Context) error {
		_, err := NewTaskRole(ctx, "orders-task", args)
		return err
	})
}

// input returns a property of a resource. A policy of a rolling role has a hash of what it says behind its name.
func (g *graph) input(name, property string) string {
	for made, r := range g.resources {
		if made == name || r.TypeToken == "aws:iam/rolePolicy:RolePolicy" && ofPolicy(made) == name {
			text, _ := r.Inputs.Mappable()[property].(string)
			return text
		}
	}
	return ""
}

var policyHash = regexp.MustCompile(`-[0-9a-f]{8}$`)

func ofPolicy(name string) string { return policyHash.ReplaceAllString(name, "") }

func TestExecutionRoleOfAPlainService(t *testing.T) {
	g := registerExecutionRole(t, executionRole())
	requireGolden(t, "task-trust.json", g.input("orders-execution-role", "assumeRolePolicy"))
	requireGolden(t, "execution.json", g.input("orders-execution-execution", "policy"))
}

func TestExecutionRoleOfAServiceWithSecrets(t *testing.T) {
	args := executionRole()
	args.Secrets = []Secret{
		{Name: "orders/payment-key", KeyAlias: "alias/awslab-dev"},
		{Parameter: "/orders/flags"},
		{Database: "awslab-dev-database"},
		{DatabaseCluster: "awslab-dev-reports"},
	}
	requireGolden(
		t,
		"execution-secrets.json",
		registerExecutionRole(t, args).input("orders-execution-execution", "policy"),
	)
}

// Of a repository that ECR fills from upstream a task may also cause the filling, and of no other.
func TestExecutionRoleOfAServiceWhoseImageIsCached(t *testing.T) {
	args := executionRole()
	args.CachedRepositories = []string{"awslab-dev/public/nginx/nginx"}
	requireGolden(
		t,
		"execution-cached.json",
		registerExecutionRole(t, args).input("orders-execution-execution", "policy"),
	)
}

func TestSigningInToADatabase(t *testing.T) {
	secret := func(kind, tag, database string) Statement {
		return Statement{
			Sid: "ReadDatabase" + kind + "Secret", Actions: []string{"secretsmanager:GetSecretValue"},
			Resources: []string{
				"arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!" + map[string]string{
					"":        "db",
					"Cluster": "cluster",
				}[kind] + "-*",
			},
			Conditions: []Condition{{
				Operator: "StringEquals",
				Key:      "aws:ResourceTag/aws:rds:" + tag,
				Values:   []string{"arn:aws:rds:eu-west-1:123456789012:" + database},
			}},
		}
	}
	for name, test := range map[string]struct {
		access DatabaseSetup
		want   Statement
	}{
		"an instance's secret": {DatabaseSetup{Identifier: "lab"}, secret("", "primaryDBInstanceArn", "db:lab")},
		"a cluster's secret": {
			DatabaseSetup{Identifier: "lab", Cluster: true},
			secret("Cluster", "primaryDBClusterArn", "cluster:lab"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			statements, err := Access{Database: &test.access}.statements(ireland)
			require.NoError(t, err)
			require.Equal(t, []Statement{test.want}, statements)
		})
	}
	_, err := Access{Database: &DatabaseSetup{Identifier: "lab", UserSecretName: "*"}}.statements(ireland)
	require.ErrorContains(t, err, `Access.Database.UserSecretName: "*" is not a name of a secret`)
}

// Behind a proxy, who sets up a database also gives the service's user the password that the proxy signs in with.
func TestSettingUpADatabaseBehindAProxySetsTheUsersSecret(t *testing.T) {
	statements, err := Access{Database: &DatabaseSetup{
		Identifier: "lab", SecretName: "lab-master", UserSecretName: "lab/svc_orders", KeyAlias: "alias/lab",
	}}.statements(ireland)
	require.NoError(t, err)
	require.Equal(t, []Statement{
		{
			Sid:       "ReadDatabaseSecret",
			Actions:   []string{"secretsmanager:GetSecretValue"},
			Resources: []string{ireland.SecretArn("lab-master")},
		},
		{
			Sid: "SetUserSecret",
			Actions: []string{
				"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
			},
			Resources: []string{ireland.SecretArn("lab/svc_orders")},
		},
		KeyUse("", ireland, "alias/lab", "secretsmanager", "kms:Decrypt", "kms:GenerateDataKey"),
	}, statements)
}

// A service signs in as one user to what its role's tags name, and nothing stands for an id but the tag.
func TestASignInIsForOneUserOfTheDatabasesInTheRolesTags(t *testing.T) {
	args := taskRole(Access{SignIn: &DatabaseSignIn{User: "svc_orders", IdTags: []string{"database", "reader"}}})
	args.LateTags = map[string]pulumi.StringInput{
		"database": pulumi.String("db-A").ToStringOutput(), "reader": pulumi.String("db-B"), "proxy": nil,
	}
	g := registerTaskRole(t, args)
	statement := func(tag string) string {
		return `{"Effect": "Allow", "Action": "rds-db:connect", "Resource": "arn:aws:rds-db:eu-west-1:123456789012:` +
			`dbuser:${aws:PrincipalTag/` + tag + `}/svc_orders"}`
	}
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [`+statement("database")+`, `+statement("reader")+`]}`,
		g.input("orders-task-access", "policy"))
	role := g.resources["orders-task-role"]
	require.Equal(t, "db-A", role.Inputs["tags"].ObjectValue()["database"].StringValue())
	require.Equal(t, "db-B", role.Inputs["tags"].ObjectValue()["reader"].StringValue())
	require.NotContains(t, role.Inputs["tags"].ObjectValue(), "proxy")
	require.Equal(t, []string{`tags["proxy"]`}, role.RegisterRPC.GetIgnoreChanges())
	require.NotContains(t, role.Inputs["assumeRolePolicy"].StringValue(), "sts:TagSession")
}

func TestProblemsOfASignInAreReportedTogether(t *testing.T) {
	_, err := Access{SignIn: &DatabaseSignIn{User: "*", IdTags: []string{"a}b", "a, 'b'", ""}}}.statements(ireland)
	for _, want := range []string{
		`Access.SignIn.User: "*" is not a name of a database user`,
		`Access.SignIn.IdTags[0]: "a}b" is not a key of a tag`,
		"Access.SignIn.IdTags[1]", "Access.SignIn.IdTags[2]",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = Access{SignIn: &DatabaseSignIn{User: "svc_orders"}}.statements(ireland)
	require.ErrorContains(t, err, "Access.SignIn.IdTags: there is none")
}

func TestTaskRoleWithAccessToEverything(t *testing.T) {
	requireGolden(t, "task.json", registerTaskRole(t, taskRole(Access{
		Tables: []Grant{
			{Name: "awslab-dev-orders", Mode: ReadWrite, Indexed: true},
			{Name: "awslab-dev-prices", Mode: Read},
		},
		Buckets:  []Grant{{Name: "awslab-dev-invoices", Mode: Write, KeyAlias: "alias/awslab-dev"}},
		Queues:   []Grant{{Name: "awslab-dev-events", Mode: Read}},
		Topics:   []Grant{{Name: "awslab-dev-news", Mode: Write, KeyAlias: "alias/awslab-dev"}},
		Database: &DatabaseSetup{Identifier: "awslab-dev-database"},
	})).input("orders-task-access", "policy"))
}

func TestNothingIsReadFromATopic(t *testing.T) {
	for _, mode := range []Mode{Read, ReadWrite} {
		_, err := Access{Topics: []Grant{{Name: "news", Mode: mode}}}.statements(ireland)
		require.ErrorContains(t, err, `Access.Topics[0].Mode: "`+string(mode)+`"; nothing is read from it: use write`)
	}
}

func TestTaskRoleToolsForPeople(t *testing.T) {
	args := taskRole(Access{})
	args.Exec, args.Tracing = &Exec{
		SessionLogGroup: "/ecs/awslab-dev-sessions",
		KeyAlias:        "alias/awslab-dev-data",
	}, true
	args.MetricsLogGroup = "/ecs/awslab-dev-orders/metrics"
	requireGolden(t, "task-exec-tracing.json", registerTaskRole(t, args).input("orders-task-access", "policy"))
}

func TestSessionsThatAreNeitherRecordedNorEncryptedNeedNoMore(t *testing.T) {
	args := taskRole(Access{})
	args.Exec = &Exec{}
	statements, err := args.statements()
	require.NoError(t, err)
	require.Len(t, statements, 1)
	args.Exec = &Exec{SessionLogGroup: "a*", KeyAlias: "data"}
	_, err = args.statements()
	require.ErrorContains(t, err, `Exec.SessionLogGroup: "a*" is not a name of a log group`)
	require.ErrorContains(t, err, `Exec.KeyAlias: "data" is not a name of a key alias`)
}

func TestServiceWithoutAccessHasARoleWithoutPolicies(t *testing.T) {
	g := registerTaskRole(t, taskRole(Access{}))
	require.Len(t, g.resources, 2)
	require.Contains(t, g.resources, "orders-task-role")
}

// Least privilege, grant by grant: reading does not let write, nor writing read.
func TestModesGrantNothingMore(t *testing.T) {
	for mode, want := range map[Mode][]string{
		Read:  {"ReadTables", "ListBuckets", "ReadObjects", "ReadQueues"},
		Write: {"WriteTables", "WriteObjects", "WriteQueues"},
		ReadWrite: {
			"ReadTables",
			"WriteTables",
			"ListBuckets",
			"ReadObjects",
			"WriteObjects",
			"ReadQueues",
			"WriteQueues",
		},
	} {
		grant := []Grant{{Name: "thing", Mode: mode}}
		statements, err := Access{Tables: grant, Buckets: grant, Queues: grant}.statements(ireland)
		require.NoError(t, err)
		var sids []string
		for _, statement := range statements {
			sids = append(sids, statement.Sid)
		}
		require.Equal(t, want, sids, mode)
	}
}

func TestAccessProblemsAreReportedTogether(t *testing.T) {
	_, err := taskRole(Access{
		Tables:   []Grant{{Name: "*", Mode: Read}},
		Buckets:  []Grant{{Name: "b", Mode: "all"}},
		Queues:   []Grant{{Name: "q", KeyAlias: "awslab"}},
		Database: &DatabaseSetup{Identifier: "Database"},
	}).statements()
	for _, want := range []string{
		`Access.Tables[0].Name: "*" is not a name of a DynamoDB table`,
		`Access.Buckets[0].Name: "b" is not a name of an S3 bucket`,
		`Access.Buckets[0].Mode: "all" is not a mode; use read, write or readwrite`,
		`Access.Queues[0].Mode: ""`,
		`Access.Queues[0].KeyAlias: "awslab" is not a name of a key alias`,
		`Access.Database.Identifier: "Database"`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestExecutionRoleProblemsAreReportedTogether(t *testing.T) {
	args := executionRole()
	args.Location.Region = ""
	args.Repositories = []string{"*"}
	args.CachedRepositories = []string{"cache/*"}
	args.LogGroups = []string{"a*"}
	args.Secrets = []Secret{
		{},
		{Name: "a", Parameter: "b"},
		{Name: "a*"},
		{Parameter: "?"},
		{Database: "db", KeyAlias: "key"},
		{DatabaseCluster: "DB"},
	}
	_, err := args.statements()
	for _, want := range []string{
		`Location.Region: ""`,
		`Repositories[0]: "*" is not a name of an ECR repository`,
		`CachedRepositories[0]: "cache/*" is not a name of an ECR repository`,
		`LogGroups[0]: "a*" is not a name of a log group`,
		`Secrets[0]: set exactly one of Name, Parameter, Database and DatabaseCluster, not 0 of them`,
		`Secrets[1]: set exactly one of Name, Parameter, Database and DatabaseCluster, not 2 of them`,
		`Secrets[2].Name: "a*" is not a name of a secret`,
		`Secrets[3].Parameter: "?" is not a name of a parameter`,
		`Secrets[4].KeyAlias: "key" is not a name of a key alias`,
		`Secrets[5].DatabaseCluster: "DB" is not a name of an RDS instance or cluster`,
	} {
		require.ErrorContains(t, err, want)
	}
}

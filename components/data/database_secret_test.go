package data

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

func withReplica() *DatabaseArgs {
	args := smallDatabase()
	args.ReadReplicas = 1
	return args
}

// secretOf returns what the secret says, and the password that the instance gets.
func secretOf(t *testing.T, g *databaseGraph) (said masterSecret, password resource.PropertyValue) {
	t.Helper()
	text := g.resources["database-secret-dbadmin"].Inputs["secretString"]
	require.True(t, text.IsSecret(), "the state keeps it encrypted")
	require.NoError(t, json.Unmarshal([]byte(text.SecretValue().Element.StringValue()), &said))
	return said, g.resources["database-instance"].Inputs["password"]
}

func TestTheInstanceHasThePasswordOfItsSecret(t *testing.T) {
	g := registerDatabase(t, withReplica())
	said, password := secretOf(t, g)
	require.Equal(t, "dbadmin", said.Username)
	require.GreaterOrEqual(t, len(said.Password), 26)
	require.LessOrEqual(t, len(said.Password), 41, "MySQL allows no more (CreateDBInstance)")
	require.True(t, password.IsSecret())
	require.Equal(t, said.Password, password.SecretValue().Element.StringValue())
	require.NotContains(
		t,
		g.resources["database-instance"].Inputs,
		resource.PropertyKey("manageMasterUserPassword"),
		"RDS takes one or the other",
	)
}

func TestEveryDatabaseHasAnotherPassword(t *testing.T) {
	first, _ := secretOf(t, registerDatabase(t, withReplica()))
	second, _ := secretOf(t, registerDatabase(t, withReplica()))
	require.NotEqual(t, first.Password, second.Password)
}

func TestLaterRunsKeepTheFirstPassword(t *testing.T) {
	version := registerDatabase(t, withReplica()).resources["database-secret-dbadmin"]
	require.Equal(t, []string{"secretString"}, version.RegisterRPC.GetIgnoreChanges())
}

func TestWhoKeepsTheSecret(t *testing.T) {
	for name, test := range map[string]struct {
		args   DatabaseArgs
		secret string
	}{
		"an instance":              {DatabaseArgs{Identifier: "db"}, ""},
		"an instance with replica": {DatabaseArgs{Identifier: "db", ReadReplicas: 1}, "db-master"},
		"Aurora with a reader":     {DatabaseArgs{Identifier: "db", Kind: DatabaseAurora, ReadReplicas: 1}, ""},
		"a Multi-AZ cluster":       {DatabaseArgs{Identifier: "db", Kind: DatabaseMultiAzCluster}, ""},
	} {
		require.Equal(t, test.secret, test.args.SecretName(), name)
	}
}

// The proxy's role reads one secret, which it knows before there is any.
func TestProxyReadsTheSecretOfItsDatabaseOnly(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*DatabaseArgs)
		want   string
	}{
		"managed, of an instance": {func(*DatabaseArgs) {}, `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"ReadDatabaseSecret","Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:` +
			`aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-*",` +
			`"Condition":{"StringEquals":{"aws:ResourceTag/aws:rds:primaryDBInstanceArn":"arn:aws:rds:eu-west-1:` +
			`123456789012:db:awslab-dev-database"}}},` + decryptStatement},
		"managed, of a cluster": {
			func(args *DatabaseArgs) { *args = *fullDatabase(DatabaseAurora, DatabasePostgres) },
			`{"Version":"2012-10-17","Statement":[` +
				`{"Sid":"ReadDatabaseSecret","Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":` +
				`"arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-*",` +
				`"Condition":{"StringEquals":{"aws:ResourceTag/aws:rds:primaryDBClusterArn":"arn:aws:rds:eu-west-1:` +
				`123456789012:cluster:awslab-dev-database"}}},` + decryptStatement,
		},
		"its own": {func(args *DatabaseArgs) { args.ReadReplicas = 1 }, `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"ReadDatabaseSecret","Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:` +
			`aws:secretsmanager:eu-west-1:123456789012:secret:awslab-dev-database-master-??????"},` + decryptStatement},
	} {
		args := fullDatabase(DatabaseInstance, DatabasePostgres)
		test.change(args)
		require.Equal(t, test.want, registerDatabase(t, args).inputs(t, "database-proxy-role-read")["policy"], name)
	}
}

const decryptStatement = `{"Sid":"DecryptDatabaseSecret","Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:` +
	`aws:kms:eu-west-1:123456789012:key/*",` +
	`"Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/data"},"StringEquals":{"kms:ViaService":` +
	`"secretsmanager.eu-west-1.amazonaws.com"}}}]}`

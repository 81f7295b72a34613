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

// The proxy signs in as the services' users alone, never as the master user. Their secrets are empty: no password is in
// the state, and none of a database without a proxy.
func TestProxySignsInAsTheUsersOfServices(t *testing.T) {
	args := fullDatabase(DatabaseInstance, DatabasePostgres)
	args.Users = []string{"svc_catalog", "svc_orders"}
	g := registerDatabase(t, args, func(db *Database) {
		require.Equal(t, map[DatabaseSignIn]string{ToProxy: "prx-of database-proxy"}, signInIds(t, db))
	})
	require.Equal(t, `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"ReadUserSecrets","Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["arn:`+
		`aws:secretsmanager:eu-west-1:123456789012:secret:awslab-dev-database/svc_catalog-??????","arn:`+
		`aws:secretsmanager:eu-west-1:123456789012:secret:awslab-dev-database/svc_orders-??????"]},`+
		`{"Sid":"DecryptUserSecrets","Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:`+
		`123456789012:key/*","Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/data"},`+
		`"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com"}}}]}`,
		g.inputs(t, "database-proxy-role-read")["policy"])
	auth := func(user string) any {
		return map[string]any{
			"authScheme": "SECRETS", "iamAuth": "REQUIRED", "clientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
			"secretArn": "arn of database-user-" + user,
		}
	}
	require.Equal(t, []any{auth("svc_catalog"), auth("svc_orders")}, g.inputs(t, "database-proxy")["auths"])
	require.Equal(t, []string{"vpcSubnetIds"}, g.resources["database-proxy"].RegisterRPC.GetIgnoreChanges(),
		"other subnets would be another proxy at another address")
	for _, user := range args.Users {
		secret := g.inputs(t, "database-user-"+user)
		require.Equal(t, "awslab-dev-database/"+user, secret["name"])
		require.Equal(t, "arn:key", secret["kmsKeyId"])
	}
	args.Proxy = nil
	g = registerDatabase(t, args)
	require.NotContains(t, g.resources, "database-user-svc_orders")
}

func signInIds(t *testing.T, db *Database) map[DatabaseSignIn]string {
	ids := map[DatabaseSignIn]string{}
	for to, id := range db.SignInIds {
		ids[to] = databaseValue(t, id).(string)
	}
	return ids
}

// IAM knows each server by an id of its own, and all of a cluster's by one.
func TestUsersSignInToTheServersThatTheyAreToldOf(t *testing.T) {
	for name, test := range map[string]struct {
		kind     DatabaseKind
		replicas int
		want     map[DatabaseSignIn]string
	}{
		"instance": {
			DatabaseInstance, 0,
			map[DatabaseSignIn]string{ToDatabase: "resourceId of database-instance"},
		},
		"Multi-AZ cluster": {
			DatabaseMultiAzCluster, 0,
			map[DatabaseSignIn]string{ToDatabase: "clusterResourceId of database-cluster"},
		},
		"Aurora with reader": {
			DatabaseAurora, 1,
			map[DatabaseSignIn]string{ToDatabase: "clusterResourceId of database-cluster"},
		},
		"replicas, of which the first is the reader": {
			DatabaseInstance, 2,
			map[DatabaseSignIn]string{
				ToDatabase: "resourceId of database-instance",
				ToReader:   "resourceId of database-replica-1",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := fullDatabase(test.kind, DatabasePostgres)
			args.Proxy, args.ReadReplicas = nil, test.replicas
			registerDatabase(t, args, func(db *Database) {
				require.Equal(t, test.want, signInIds(t, db))
			})
		})
	}
}

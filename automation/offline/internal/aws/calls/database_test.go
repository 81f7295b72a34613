package calls_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// read is what the role of a proxy, and that of a migration, may do with every secret.
var read = allow(`"secretsmanager:GetSecretValue"`, "*", "")

// databases makes one of each that can be signed in to by IAM, and returns their hosts and the ids that IAM knows them
// by.
func databases(l *awstest.Lab) map[string]struct{ host, id string } {
	return databasesWith(l, true, "REQUIRED")
}

func databasesWith(l *awstest.Lab, iam bool, iamAuth string) map[string]struct{ host, id string } {
	_, subnets := l.Network()
	instance := l.Create(token.DBInstance, "shop", awstest.In{
		"identifier": "shop", "instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20,
		"username": "shop", "password": "hunter2", "skipFinalSnapshot": true, "backupRetentionPeriod": 7,
		"iamDatabaseAuthenticationEnabled": iam,
	})
	replica := l.Create(token.DBInstance, "replica", awstest.In{
		"identifier": "replica", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop",
		"skipFinalSnapshot": true, "iamDatabaseAuthenticationEnabled": iam,
	})
	cluster := l.Create(token.DBCluster, "aurora", awstest.In{
		"engine": "aurora-postgresql", "masterUsername": "shop", "masterPassword": "x", "skipFinalSnapshot": true,
		"iamDatabaseAuthenticationEnabled": iam,
	})
	proxy := l.Create(token.DBProxy, "shop", awstest.In{
		"engineFamily": "POSTGRESQL", "vpcSubnetIds": []any{subnets[0].Id, subnets[1].Id},
		"roleArn": role(l, "proxy", trust("rds.amazonaws.com", ""), read),
		"auths": []any{awstest.In{
			"authScheme": "SECRETS",
			"iamAuth":    iamAuth,
			"secretArn":  l.Create(token.Secret, "orders", awstest.In{"name": "shop/orders"}).Str("arn"),
		}},
	})
	arn := proxy.Str("arn")
	return map[string]struct{ host, id string }{
		"instance":        {instance.Str("address"), instance.Str("resourceId")},
		"replica":         {replica.Str("address"), replica.Str("resourceId")},
		"cluster":         {cluster.Str("endpoint"), cluster.Str("clusterResourceId")},
		"cluster readers": {cluster.Str("readerEndpoint"), cluster.Str("clusterResourceId")},
		"proxy":           {proxy.Str("endpoint"), arn[strings.LastIndex(arn, ":")+1:]},
	}
}

// told returns a task definition whose container has variables, some of them from parameters, and whose role has
// these statements.
func told(l *awstest.Lab, statements string, variables, parameters map[string]string) awstest.In {
	container := awstest.In{"name": "web", "image": pullable, "memory": 64}
	var environment, secrets []any
	for name, value := range variables {
		environment = append(environment, awstest.In{"name": name, "value": value})
	}
	for name, value := range parameters {
		made := l.Create(
			token.Parameter,
			name,
			awstest.In{"name": "/it/" + name, "type": "String", "insecureValue": value},
		)
		secrets = append(secrets, awstest.In{"name": name, "valueFrom": made.Str("arn")})
	}
	container["environment"], container["secrets"] = environment, secrets
	text, err := json.Marshal([]any{container})
	require.NoError(l, err)
	return awstest.In{
		"containerDefinitions": string(text),
		"taskRoleArn":          role(l, "web", awstest.Trust, statements),
		"executionRoleArn":     role(l, "start", awstest.Trust, allow(`"ssm:GetParameters"`, "*", "")),
	}
}

// A host is that of an instance, a replica, a cluster or a proxy, each of which IAM knows by an id of its own.
func TestTasksSignInToWhatAnswersAtTheirHost(t *testing.T) {
	user := func(id, user string) string {
		return "arn:aws:rds-db:us-east-1:" + account + ":dbuser:" + id + "/" + user
	}
	for _, name := range []string{"instance", "replica", "cluster", "cluster readers", "proxy"} {
		for resource, refused := range map[string]string{
			user("{id}", "svc_orders"):  "",
			user("{id}", "svc_catalog"): "rds-db:connect",
			user("db-OTHER", "*"):       "rds-db:connect",
		} {
			t.Run(name+" "+resource, func(t *testing.T) {
				l := awstest.New(t, "us-east-1").Authorized()
				database := databases(l)[name]
				require.NotEmpty(t, database.id)
				requireDenied(t, service(l, told(
					l,
					allow(`"rds-db:connect"`, strings.ReplaceAll(resource, "{id}", database.id), ""),
					map[string]string{"DATABASE_USER": "svc_orders", "DATABASE_AUTH": "iam"},
					map[string]string{"DATABASE_HOST": database.host},
				)), refused)
			})
		}
	}
}

// A permission is of no use where IAM database authentication is off. Who signs in with a password does not mind.
func TestNobodySignsInByIAMWhereThatIsOff(t *testing.T) {
	for _, name := range []string{"instance", "replica", "cluster", "cluster readers", "proxy"} {
		for auth, refused := range map[string]string{
			"iam": "AccessDenied: the code of a task signs in to a database: ", "password": "",
		} {
			t.Run(name+" by "+auth, func(t *testing.T) {
				l := awstest.New(t, "us-east-1").Authorized()
				database := databasesWith(l, false, "DISABLED")[name]
				requireDenied(t, service(l, told(
					l,
					allow(`"rds-db:connect"`, "*", ""),
					map[string]string{"DATABASE_USER": "svc_orders", "DATABASE_AUTH": auth},
					map[string]string{"DATABASE_HOST": database.host},
				)), refused)
			})
		}
	}
}

// IAM sends the tags of a role with what it calls, under keys of their own, as they are when it calls.
func TestTheTagsOfARoleDecideWhatItSignsInTo(t *testing.T) {
	const byTag = "arn:aws:rds-db:us-east-1:" + account + ":dbuser:${aws:PrincipalTag/database}/svc_orders"
	for name, test := range map[string]struct {
		tags    func(id string) awstest.In
		refused string
	}{
		"the database's id":  {func(id string) awstest.In { return awstest.In{"database": id} }, ""},
		"another's":          {func(string) awstest.In { return awstest.In{"database": "db-OTHER"} }, "rds-db:connect"},
		"a wildcard":         {func(string) awstest.In { return awstest.In{"database": "*"} }, "rds-db:connect"},
		"under another key":  {func(id string) awstest.In { return awstest.In{"other": id} }, "rds-db:connect"},
		"none":               {func(string) awstest.In { return awstest.In{} }, "rds-db:connect"},
		"in any case of key": {func(id string) awstest.In { return awstest.In{"Database": id} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := awstest.New(t, "us-east-1").Authorized()
			database := databases(l)["instance"]
			tagged := l.Create(token.Role, "tagged", awstest.In{
				"name": "tagged", "assumeRolePolicy": awstest.Trust, "tags": test.tags(database.id),
			})
			l.Create(token.RolePolicy, "tagged", awstest.In{
				"name": "it", "role": "tagged", "policy": document(allow(`"rds-db:connect"`, byTag, "")),
			})
			definition := told(l, "", map[string]string{"DATABASE_USER": "svc_orders", "DATABASE_AUTH": "iam"},
				map[string]string{"DATABASE_HOST": database.host})
			definition["taskRoleArn"] = tagged.Str("arn")
			requireDenied(t, service(l, definition), test.refused)
		})
	}
}

// A migration signs in as the master user and gives the service's user a password that the proxy signs in with.
func TestMigrationsReadTheMasterSecretAndSetTheUsers(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:" + account + ":secret:shop/"
	set := `["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:PutSecretValue"]`
	master := allow(`"secretsmanager:GetSecretValue"`, secret+"master-??????", "")
	users := allow(set, secret+"svc_orders-??????", "")
	key := func(actions string) string { return "," + allow(actions, "*", "") }
	for name, test := range map[string]struct{ statements, refused string }{
		"both":         {master + "," + users + key(`["kms:Decrypt","kms:GenerateDataKey"]`), ""},
		"no key":       {master + "," + users, "kms:Decrypt"},
		"only to read": {master + "," + users + key(`"kms:Decrypt"`), "kms:GenerateDataKey"},
		"no master's":  {users + key(`"kms:*"`), "secretsmanager:GetSecretValue on resource: " + secret + "master"},
		"no user's": {
			master + key(`"kms:*"`), "secretsmanager:GetSecretValue on resource: " + secret + "svc_orders",
		},
		"another user's": {master + "," + allow(set, secret+"svc_catalog-??????", "") + key(`"kms:*"`), "svc_orders"},
	} {
		t.Run(name, func(t *testing.T) {
			l := awstest.New(t, "us-east-1")
			l.Function("shop-runtask", nil)
			l.Authorized()
			made := l.Create(token.Key, "it", awstest.In{})
			l.Create(token.Secret, "orders", awstest.In{"name": "shop/svc_orders", "kmsKeyId": made.Str("arn")})
			definition := l.Create(token.TaskDefinition, "migrate", awstest.Merge(awstest.In{"family": "migrate"}, told(
				l,
				test.statements,
				map[string]string{"DATABASE_USER_SECRET_ARN": secret + "svc_orders", "DATABASE_AUTH": "iam"},
				map[string]string{"DATABASE_ADMIN_SECRET_ARN": l.Create(
					token.Secret, "master", awstest.In{"name": "shop/master"}).Str("arn")},
			)))
			input, err := json.Marshal(awstest.In{"taskDefinition": definition.Str("arn")})
			require.NoError(t, err)
			_, err = l.TryCreate(token.Invocation, "migrate", awstest.In{
				"functionName": "shop-runtask", "input": string(input),
			})
			requireDenied(t, err, test.refused)
		})
	}
}

package stack

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

// variablesOf returns the values of a container's variables, those that ECS reads with what it reads them from.
func variablesOf(t *testing.T, made *account, task string) map[string]string {
	t.Helper()
	var containers []struct {
		Name        string
		Environment []struct{ Name, Value string }
		Secrets     []struct{ Name, ValueFrom string }
	}
	text := made.inputs(t, task)["containerDefinitions"].StringValue()
	require.NoError(t, json.Unmarshal([]byte(text), &containers))
	variables := map[string]string{}
	for _, container := range containers {
		for _, v := range container.Environment {
			variables[v.Name] = v.Value
		}
		for _, s := range container.Secrets {
			variables[s.Name] = s.ValueFrom
		}
	}
	maps.DeleteFunc(variables, func(name, _ string) bool { return len(name) < 9 || name[:9] != "DATABASE_" })
	return variables
}

const parameters = "arn:aws:ssm:eu-west-1:123456789012:parameter/databases/awslab-"

// The service signs in as a user of its own by IAM. Only the tasks before its deployments know the master's secret.
func TestOnlyAMigrationHasAWayToTheMasterUser(t *testing.T) {
	for stackName, test := range map[string]struct{ own, setup map[string]string }{
		"dev": {
			own: map[string]string{
				"DATABASE_HOST":        parameters + "dev-database/host",
				"DATABASE_READER_HOST": parameters + "dev-database/reader-host",
			},
			setup: map[string]string{
				"DATABASE_ADMIN_HOST":       parameters + "dev-database/host",
				"DATABASE_ADMIN_SECRET_ARN": parameters + "dev-database/secret-arn",
			},
		},
		"prod": {
			own: map[string]string{"DATABASE_HOST": parameters + "prod-database/host"},
			setup: map[string]string{
				"DATABASE_ADMIN_HOST":       parameters + "prod-database/server-host",
				"DATABASE_ADMIN_SECRET_ARN": parameters + "prod-database/secret-arn",
				"DATABASE_USER_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" +
					"awslab-prod-database/svc_orders",
			},
		},
	} {
		made := deployStack(t, stackName)
		maps.Copy(test.own, map[string]string{
			"DATABASE_PORT": "5432", "DATABASE_NAME": "lab", "DATABASE_USER": "svc_orders", "DATABASE_AUTH": "iam",
		})
		require.Equal(t, test.own, variablesOf(t, made, "orders-task"), stackName)
		maps.Copy(test.setup, test.own)
		require.Equal(t, test.setup, variablesOf(t, made, "orders-before-task"), stackName)
		require.NotEqual(
			t,
			made.inputs(t, "orders-task")["taskRoleArn"],
			made.inputs(t, "orders-before-task")["taskRoleArn"],
			stackName,
		)
		for _, r := range made.resources {
			if r.TypeToken == "aws:iam/rolePolicy:RolePolicy" &&
				r.Inputs["role"].StringValue() == "awslab-"+stackName+"-orders-task" {
				require.NotContains(t, r.Inputs["policy"].StringValue(), "secretsmanager", r.Name)
			}
		}
		require.Contains(t, made.inputs(t, "orders-before-access")["policy"].StringValue(), "secretsmanager")
	}
}

// Behind a proxy, the proxy and the migration alone may call the database.
func TestAMigrationReachesTheDatabaseBehindItsProxy(t *testing.T) {
	groupsOf := func(made *account) []string {
		var event struct{ SecurityGroups []string }
		input := made.inputs(t, "orders-before-migrate")["input"].StringValue()
		require.NoError(t, json.Unmarshal([]byte(input), &event))
		return event.SecurityGroups
	}
	const group = "database-setup-clients-group-id"
	prod := deployStack(t, "prod")
	require.Contains(t, groupsOf(prod), group)
	var service []string
	placement := prod.inputs(t, "orders-service")["networkConfiguration"].ObjectValue()
	for _, g := range placement["securityGroups"].ArrayValue() {
		service = append(service, g.StringValue())
	}
	require.NotContains(t, service, group)
	require.Subset(t, groupsOf(prod), service)
	dev := deployStack(t, "dev")
	require.NotContains(t, groupsOf(dev), group, "there its clients call the database itself")
}

func TestTheProxyIsForTheUsersOfServices(t *testing.T) {
	const more = `"image": {"uri": "quay.io/lab/x:1"}, "desiredCount": 2, "access": {"fileSystem": ` +
		`{"path": "/files", "mode": "read"}`
	none := deployChanged(t, "prod", map[string]string{"services": `[{"name": "a", ` + more + `}}]`})
	require.False(t, none.has("database-proxy"), "nobody could sign in to it")
	two := deployChanged(t, "prod", map[string]string{
		"services": `[{"name": "a-b", ` + more + `, "database": true}},
			{"name": "ab", ` + more + `, "database": true}}]`,
	})
	require.Len(t, two.inputs(t, "database-proxy")["auths"].ArrayValue(), 2)
	require.Subset(t, two.names(), []string{"database-user-svc_a_b", "database-user-svc_ab"})
	for service, user := range map[string]string{"ab": "svc_ab", "a-b": "svc_a_b"} {
		require.Contains(t, two.inputs(t, service+"-task-access")["policy"].StringValue(),
			"dbuser:${aws:PrincipalTag/database-proxy}/"+user)
		tags := two.inputs(t, service+"-task-role")["tags"].ObjectValue()
		require.Contains(t, tags, resource.PropertyKey("database-proxy"))
		require.NotContains(t, tags, resource.PropertyKey("database"), "nobody signs in to the database itself")
	}
	require.False(t, two.has("database-setup-clients-group"), "no service has a migration")
}

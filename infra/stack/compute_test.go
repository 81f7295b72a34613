package stack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/network/networktest"
	"github.com/awslab/awslab/infra/config"
)

// statement is one of an IAM policy document.
type statement struct {
	Sid      string
	Resource any
}

func (a *account) statements(t *testing.T, policy string) map[string]statement {
	t.Helper()
	var document struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(a.inputs(t, policy)["policy"].StringValue()), &document))
	statements := map[string]statement{}
	for _, s := range document.Statement {
		statements[s.Sid] = s
	}
	return statements
}

// What the cluster asks of a session, the task's role may do: otherwise the agent opens none.
func TestATaskMayKeepTheSessionsAsTheClusterWants(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{
		"services": `[{"name": "shell", "image": {"uri": "quay.io/lab/shell:1"}, "exec": true, "access": ` +
			`{"fileSystem": {"path": "/files", "mode": "read"}}}, {"name": "worker", "image": {"uri": ` +
			`"quay.io/lab/worker:1"}}]`,
	})
	exec := made.inputs(t, "lab-cluster")["configuration"].ObjectValue()["executeCommandConfiguration"].ObjectValue()
	require.Equal(t, "arn:data-key", exec["kmsKeyId"].StringValue())
	require.Equal(t, "alias/awslab-dev-data", made.inputs(t, "data-alias")["name"].StringValue())
	group := exec["logConfiguration"].ObjectValue()["cloudWatchLogGroupName"].StringValue()

	role := made.statements(t, "shell-task-access")
	require.Equal(t, "arn:aws:logs:eu-west-1:123456789012:log-group:"+group+":*", role["RecordSessions"].Resource)
	require.Contains(t, role, "FindSessionLog")
	require.Contains(
		t,
		made.inputs(t, "shell-task-access")["policy"].StringValue(),
		`"kms:ResourceAliases":"alias/awslab-dev-data"`,
	)
	require.False(
		t,
		slices.ContainsFunc(made.names(), func(name string) bool {
			return strings.HasPrefix(name, "worker-task-access")
		}),
		"who has no shell needs no more",
	)
}

func TestAServiceIsRedeployedForTheSecretsItIsConfiguredWith(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{
		"services": `[{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"}, "access": {"database": true,
			"fileSystem": {"path": "/files", "mode": "read"}},
			"secrets": {"TOKEN": {"name": "shop/token"}, "MODE": {"parameter": "/shop/mode"}}}]`,
	})
	pattern := made.inputs(t, "redeploy-worker-secrets")["eventPattern"].StringValue()
	for _, want := range []string{
		`"additionalEventData":{"SecretId":[{"prefix":"arn:aws:secretsmanager:` +
			`eu-west-1:123456789012:secret:shop/token-"}]}`,
		`"shop/token"`,
	} {
		require.Contains(t, pattern, want)
	}
	parameters := made.inputs(t, "redeploy-worker-parameters")["eventPattern"].StringValue()
	require.Contains(t, parameters, `"/shop/mode"`)
	require.Contains(t, parameters, `"/databases/awslab-dev-database/host"`, "a database that moved")
}

// A boundary that one role escapes is none.
func TestEveryRoleCarriesThePermissionsBoundary(t *testing.T) {
	const boundary = "arn:aws:iam::123456789012:policy/boundary"
	everything := map[string]string{
		"permissionsBoundary": boundary,
		"cluster":             `{"launchType": "ec2"}`,
		"monitoring":          `{"tracing": true, "slack": {"team": "T012345AB", "channel": "C012345AB"}}`,
		"services": `[{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"},
			"secrets": {"TOKEN": {"name": "shop/token"}},
			"after": [{"name": "tell", "command": ["tell"]}], "access": {"database": true,
				"fileSystem": {"path": "/files", "mode": "read"}}}]`,
	}
	for _, stackName := range config.Profiles {
		roles := 0
		for _, r := range deployChanged(t, stackName, everything).resources {
			if r.TypeToken == "aws:iam/role:Role" {
				roles++
				require.Equal(t, boundary, r.Inputs["permissionsBoundary"].Mappable(), "%s in %s", r.Name, stackName)
			}
		}
		require.Greater(t, roles, 8)
	}
}

func TestADomainWithACertificateOfItsOwn(t *testing.T) {
	const certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
	for balancer, records := range map[string][]string{
		`{"domain": "api.example.com", "certificateArn": "` + certificate + `"}`: nil,
		`{"domain": "api.example.com", "certificateArn": "` + certificate + `", "zone": "example.com"}`: {
			"lab-host-api.example.com",
			"lab-host-api.example.com-ipv6",
		},
	} {
		made := deployChanged(t, "dev", map[string]string{"loadBalancer": balancer, "network": `{"ipv6": true}`})
		require.Equal(t, certificate, made.inputs(t, "lab-https")["certificateArn"].StringValue())
		require.Zero(t, made.count("aws:acm/certificate:Certificate"), "none is issued")
		require.Equal(t, len(records), made.count("aws:route53/record:Record"))
		for _, name := range records {
			require.Equal(t, "api.example.com", made.inputs(t, name)["name"].StringValue())
		}
	}
}

func TestTheHostsOfServicesAreInTheCertificateAndTheZone(t *testing.T) {
	made, err := deployValues("../..", "dev", map[string]string{
		"region":       "eu-west-1",
		"loadBalancer": `{"domain": "api.example.com", "zone": "example.com"}`,
		"services": `[
			{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 8080, "host": "*.shop.example.com"},
			{"name": "pay", "image": {"uri": "quay.io/lab/pay:1"}, "port": 8080, "host": "pay.example.com"},
			{"name": "refund", "image": {"uri": "quay.io/lab/pay:1"}, "port": 8080, "host": "pay.example.com",
				"path": "/refunds"},
			{"name": "all", "image": {"uri": "quay.io/lab/pay:1"}, "port": 8080, "host": "any.shop.example.com"}
		]`,
	})
	require.NoError(t, err)
	require.Equal(
		t,
		[]any{"api.example.com", "*.shop.example.com", "any.shop.example.com", "pay.example.com"},
		made.inputs(t, "lab-certificate").Mappable()["subjectAlternativeNames"],
	)
	for record, name := range map[string]string{
		"lab-host-api.example.com":       "api.example.com",
		"lab-host-pay.example.com":       "pay.example.com",
		"lab-host-any.shop.example.com":  "*.shop.example.com",
		"lab-host-.any.shop.example.com": "any.shop.example.com",
	} {
		require.Equal(t, name, made.inputs(t, record)["name"].StringValue())
	}
}

func TestZonesAreAsTheyAreNamed(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{"network": `{"zoneNames": ["eu-west-1c", "eu-west-1a"]}`})
	i := slices.IndexFunc(
		made.resources,
		func(r pulumi.MockResourceArgs) bool { return r.TypeToken == networktest.VpcToken },
	)
	require.Equal(t, []any{"eu-west-1c", "eu-west-1a"}, made.resources[i].Inputs["availabilityZoneNames"].Mappable())
}

// The key lets Fargate in for the cluster of that name, and so the cluster has to bear it.
func TestTheStorageOfTasksIsEncryptedWithTheStacksKey(t *testing.T) {
	made := deployStack(t, "dev")
	cluster := made.inputs(t, "lab-cluster")
	storage := cluster["configuration"].ObjectValue()["managedStorageConfiguration"].ObjectValue()
	require.Equal(t, "arn:data-key", storage["fargateEphemeralStorageKmsKeyId"].StringValue())
	require.Contains(
		t,
		made.inputs(t, "data-key")["policy"].StringValue(),
		`"kms:EncryptionContext:aws:ecs:clusterName":"`+cluster["name"].StringValue()+`"`,
	)
}

func TestSecretsAndQueuesOfOthers(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{
		"services": `[{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"},
			"secrets": {"PASSWORD": {"name": "shop/mail", "field": "password", "keyAlias": "alias/shop"},
				"MODE": {"parameter": "/shop/mode", "keyAlias": "alias/shop"}},
			"access": {"queues": [{"name": "new-orders.fifo", "mode": "read", "keyAlias": "alias/shop"}],
				"fileSystem": {"path": "/files", "mode": "read"}}}]`,
	})
	containers := made.inputs(t, "worker-task")["containerDefinitions"].StringValue()
	for _, want := range []string{
		`{"name":"QUEUE_NEW_ORDERS_FIFO_URL","value":"https://sqs.eu-west-1.amazonaws.com/123456789012/` +
			`new-orders.fifo"}`,
		`{"name":"PASSWORD","valueFrom":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/mail:password::"}`,
		`{"name":"MODE","valueFrom":"arn:aws:ssm:eu-west-1:123456789012:parameter/shop/mode"}`,
	} {
		require.Contains(t, containers, want)
	}
	for policy, services := range map[string][]string{
		"worker-execution-execution": {"secretsmanager", "ssm"},
		"worker-task-access":         {"sqs"},
	} {
		document := made.inputs(t, policy)["policy"].StringValue()
		require.Contains(t, document, `"kms:ResourceAliases":"alias/shop"`)
		for _, service := range services {
			require.Contains(t, document, `"kms:ViaService":"`+service+`.eu-west-1.amazonaws.com"`)
		}
	}
}

// awslab images test names the variables that it leaves out, which are those that follow from access.
func TestAContainerHasTheVariablesThatFollowFromItsAccess(t *testing.T) {
	values := map[string]string{
		"region": "eu-west-1", "database": "{}",
		"tables":  `[{"name": "items", "hashKey": {"name": "id"}}]`,
		"buckets": `[{"name": "uploads"}]`,
		"topics":  `[{"name": "order-events"}]`,
		"services": `[
			{"name": "inner", "image": {"uri": "quay.io/lab/inner:1"}, "port": 81, "internal": true},
			{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"}, "access": {
				"tables": [{"name": "items", "mode": "read"}], "buckets": [{"name": "uploads", "mode": "read"}],
				"queues": [{"name": "new-orders.fifo", "mode": "read"}], "topics": ["order-events"], "database": true,
				"services": ["inner"]}}]`,
	}
	made, err := deployValues("../..", "dev", values)
	require.NoError(t, err)
	var containers []struct{ Environment, Secrets []struct{ Name string } }
	definitions := made.inputs(t, "worker-task")["containerDefinitions"].StringValue()
	require.NoError(t, json.Unmarshal([]byte(definitions), &containers))
	var names []string
	for _, variable := range slices.Concat(containers[0].Environment, containers[0].Secrets) {
		names = append(names, variable.Name)
	}
	slices.Sort(names)
	configured, err := config.Decode("awslab", values)
	require.NoError(t, err)
	require.Equal(t, names, append([]string{"AWS_REGION"}, configured.Services[1].AccessVariables()...))
}

func TestWhatImagesAreTestedWithChangesNoResource(t *testing.T) {
	registered := func(test string) map[string]resource.PropertyMap {
		made, err := deployValues("../..", "dev", map[string]string{
			"region": "eu-west-1",
			"services": `[{"name": "web", "image": {"uri": "quay.io/lab/web:1"}, "port": 80, "path": "/",
				"secrets": {"TOKEN": {"name": "a/b"}}` + test + `}]`,
		})
		require.NoError(t, err)
		inputs := map[string]resource.PropertyMap{}
		for _, r := range made.resources {
			inputs[r.TypeToken+" "+r.Name] = r.Inputs
		}
		return inputs
	}
	require.Equal(t, registered(""), registered(
		`, "smoke": [{"method": "POST", "path": "/items", "status": 415}], "testEnvironment": {"TOKEN": "none"}`,
	))
}

func TestHowAServiceIsDeployedAndScaled(t *testing.T) {
	made := deployChanged(t, "prod", map[string]string{
		"network": `{"egressPorts": [443, 587]}`,
		"services": `[{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"}, "rollbackAlarms": ["queue-too-old"],
			"deployment": {"minimumPercent": 0, "maximumPercent": 100}, "scaling": {"max": 4,
				"scaleOutCooldownSeconds": 15, "scaleInCooldownSeconds": 900},
			"access": {"fileSystem": {"path": "/files", "mode": "read"}}}]`,
	})
	service := made.inputs(t, "worker-service")
	require.Equal(
		t,
		map[string]any{"alarmNames": []any{"queue-too-old"}, "enable": true, "rollback": true},
		service["alarms"].Mappable(),
	)
	require.Equal(t, []any{0.0, 100.0, "DISABLED"}, []any{
		service["deploymentMinimumHealthyPercent"].Mappable(),
		service["deploymentMaximumPercent"].Mappable(),
		service["availabilityZoneRebalancing"].Mappable(),
	})
	scaling := made.inputs(t, "worker-scaling-cpu")["targetTrackingScalingPolicyConfiguration"].ObjectValue()
	require.Equal(
		t,
		[]any{15.0, 900.0},
		[]any{scaling["scaleOutCooldown"].Mappable(), scaling["scaleInCooldown"].Mappable()},
	)
	require.Equal(t, 587.0, made.inputs(t, "worker-tasks-egress-587-to-internet")["fromPort"].NumberValue())
	require.NotContains(t, made.names(), "worker-tasks-egress-80-to-internet")
	require.Equal(
		t,
		"max-age=31536000",
		made.inputs(t, "lab-https")["routingHttpResponseStrictTransportSecurityHeaderValue"].StringValue(),
	)
}

func TestCopiesOfImagesAreKeptAsTheImagesAre(t *testing.T) {
	made := deployStack(t, "prod")
	home, away := made.inputs(t, "catalog-repository"), made.inputs(t, "catalog-copy-repository")
	key := func(inputs resource.PropertyMap) string {
		return inputs["encryptionConfigurations"].ArrayValue()[0].ObjectValue()["kmsKey"].StringValue()
	}
	require.Equal(t, []string{"arn:data-key", "arn:copies-key"}, []string{key(home), key(away)})
	for _, inputs := range []resource.PropertyMap{home, away} {
		delete(inputs, "encryptionConfigurations")
		delete(inputs["tags"].ObjectValue(), nameTag)
	}
	require.Equal(t, home, away)
	require.Equal(t, made.inputs(t, "catalog-lifecycle")["policy"], made.inputs(t, "catalog-copy-lifecycle")["policy"])
	require.Equal(
		t,
		made.inputs(t, "catalog-image").Mappable()["build"],
		made.inputs(t, "catalog-copy-image").Mappable()["build"],
	)
	for _, r := range made.resources {
		switch r.Name {
		case "catalog-copy-repository", "catalog-copy-lifecycle":
			require.Contains(t, r.RegisterRPC.GetProvider(), "aws-copies", r.Name)
		}
	}
	require.NotContains(
		t,
		deployStack(t, "dev").names(),
		"catalog-copy-repository",
		"what is not replicated has no copy",
	)
}

func TestANetworkWithoutNatGatewaysIsLeftThroughEndpoints(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{
		"network": `{"natGateways": "none",
			"interfaceEndpoints": ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "sns", "ssm"]}`,
	})
	names := made.names()
	for _, want := range []string{
		"lab-secretsmanager-endpoint",
		"catalog-tasks-egress-to-s3",
		"catalog-tasks-egress-to-dynamodb",
		"catalog-tasks-egress-to-endpoints",
	} {
		require.Contains(t, names, want)
	}
	require.NotContains(t, names, "catalog-tasks-egress-443-to-internet")
}

func (a *account) names() []string {
	var names []string
	for _, r := range a.resources {
		names = append(names, r.Name)
	}
	return names
}

func TestAServiceIsToldWhereTheServicesAreThatItCalls(t *testing.T) {
	made := deployStack(t, "dev")
	definitions := made.inputs(t, "orders-task")["containerDefinitions"].StringValue()
	require.Contains(t, definitions, `{"name":"SERVICE_CATALOG_URL","value":"http://catalog:8080"}`)
}

// The callers' tasks of before reach the port that a service changes to as soon as it has tasks on it.
func TestAServiceComesAfterItsCallersWayToIt(t *testing.T) {
	dependencies := deployStack(t, "dev").dependencies(t, "catalog-service")
	require.Contains(t, dependencies, "orders-to-catalog-egress-8080")
	require.Contains(t, dependencies, "orders-to-catalog-ingress-8080")
}

func (a *account) dependencies(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for _, r := range a.resources {
		if r.Name == name {
			for _, urn := range r.RegisterRPC.GetDependencies() {
				names = append(names, resource.URN(urn).Name())
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

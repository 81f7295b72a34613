package compute

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/internal/eventpattern"
)

const passwordArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/password-AbCdEf"

func (g *graph) runRedeployment(change func(*RedeploymentArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := &RedeploymentArgs{
			Name:             "awslab-dev-redeploy",
			Location:         location,
			ClusterName:      "awslab-dev",
			LogRetentionDays: 30,
			Tags:             labTags,
			Services: []RedeployedService{
				{
					Name:        "orders",
					ServiceName: "awslab-dev-orders",
					Secrets:     pulumi.StringArray{pulumi.String(passwordArn)},
					Parameters:  []string{"/shop/mode"},
				},
				{Name: "catalog", ServiceName: "awslab-dev-catalog", Parameters: []string{"/shop/mode"}},
			},
		}
		change(args)
		_, err := NewRedeployment(ctx, "redeploy", args)
		return err
	})
}

func TestARedeployment(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runRedeployment(func(*RedeploymentArgs) {}))
	machine := g.inputs(t, "redeploy-machine")
	require.JSONEq(
		t,
		`{"Comment": "Redeploys a service of cluster awslab-dev", "StartAt": "Redeploy", "States": {"Redeploy": {
		"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
		"Parameters": {"Cluster": "awslab-dev", "Service.$": "$.service", "ForceNewDeployment": true},
		"Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 5,
			"JitterStrategy": "FULL"}],
		"ResultPath": null, "End": true}}}`,
		machine["definition"].(string),
	)
	delete(machine, "definition")
	require.Equal(t, object{
		"name":                 "awslab-dev-redeploy",
		"roleArn":              "arn:redeploy-role",
		"type":                 "STANDARD",
		"tracingConfiguration": object{"enabled": true},
		"loggingConfiguration": object{
			"level":                "ALL",
			"includeExecutionData": true,
			"logDestination":       "arn:redeploy-logs:*",
		},
		"tags": asTags,
	}, machine)
	require.Equal(t, object{
		"rule":     "awslab-dev-redeploy-orders-secrets",
		"targetId": "redeploy",
		"arn":      "arn:redeploy-machine",
		"roleArn":  "arn:redeploy-start-role",
		"input":    `{"service":"awslab-dev-orders"}`,
	}, g.inputs(t, "redeploy-orders-secrets-target"))
	require.Equal(t, []string{"redeploy-catalog-parameters", "redeploy-orders-parameters", "redeploy-orders-secrets"},
		g.names("aws:cloudwatch/eventRule:EventRule"), "a service listens to what it has")
}

// called returns the event of a call to Secrets Manager ("AWS CloudTrail entries for Secrets Manager", AWS Secrets
// Manager user guide). It has no value of a secret.
func called(name, parameters string) string {
	return fmt.Sprintf(`{
		"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.secretsmanager",
		"account": "123456789012", "region": "eu-west-1", "resources": [],
		"detail": {
			"eventVersion": "1.08", "eventSource": "secretsmanager.amazonaws.com", "eventName": %q,
			"requestParameters": %s, "responseElements": null, "readOnly": false, "eventType": "AwsApiCall"
		}
	}`, name, parameters)
}

// rotated returns the event of a rotation.
func rotated(name, arn string) string {
	return fmt.Sprintf(`{
		"version": "0", "detail-type": "AWS Service Event via CloudTrail", "source": "aws.secretsmanager",
		"account": "123456789012", "region": "eu-west-1", "resources": [],
		"detail": {
			"eventVersion": "1.08", "eventSource": "secretsmanager.amazonaws.com", "eventName": %q,
			"requestParameters": null, "responseElements": null, "additionalEventData": {"SecretId": %q},
			"eventType": "AwsServiceEvent", "eventCategory": "Management"
		}
	}`, name, arn)
}

func TestWhatRedeploys(t *testing.T) {
	const token = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/token"
	g := &graph{}
	require.NoError(t, g.runRedeployment(func(a *RedeploymentArgs) {
		a.Services[0].SecretNames = []string{"shop/token"} // whose ARN ends in what nobody knows before
	}))
	byArn, err := eventpattern.Parse(g.inputs(t, "redeploy-orders-secrets")["eventPattern"].(string))
	require.NoError(t, err)
	byName, err := eventpattern.Parse(g.inputs(t, "redeploy-orders-secrets-2")["eventPattern"].(string))
	require.NoError(t, err)
	id := func(arn, more string) string {
		return fmt.Sprintf(`{"secretId": %q, "clientRequestToken": "1"%s}`, arn, more)
	}
	current, pending := `, "versionStages": ["AWSCURRENT"]`, `, "versionStages": ["AWSPENDING"]`
	for event, want := range map[string]bool{
		rotated("RotationSucceeded", passwordArn):                                             true,
		rotated("RotationSucceeded", token+"-AbCdEf"):                                         true,
		rotated("RotationSucceeded", "arn:of-another"):                                        false,
		rotated("RotationFailed", passwordArn):                                                false,
		called("PutSecretValue", id(passwordArn, "")):                                         true,
		called("PutSecretValue", id("shop/password", "")):                                     true,
		called("PutSecretValue", id(token, "")):                                               true,
		called("PutSecretValue", id("shop/token", "")):                                        true,
		called("PutSecretValue", id("shop/other", "")):                                        false,
		called("PutSecretValue", id(passwordArn, current)):                                    true,
		called("PutSecretValue", id(passwordArn, pending)):                                    false,
		called("UpdateSecret", id(passwordArn, "")):                                           true,
		called("UpdateSecretVersionStage", id(passwordArn, `, "versionStage": "AWSCURRENT"`)): true,
		called("UpdateSecretVersionStage", id(passwordArn, `, "versionStage": "AWSPENDING"`)): false,
		called("DescribeSecret", id(passwordArn, "")):                                         false,
	} {
		one, err := byArn.Matches(event)
		require.NoError(t, err, event)
		other, err := byName.Matches(event)
		require.NoError(t, err, event)
		require.Equal(t, want, one || other, event)
	}

	pattern, err := eventpattern.Parse(g.inputs(t, "redeploy-catalog-parameters")["eventPattern"].(string))
	require.NoError(t, err)
	for detail, want := range map[string]bool{
		`{"operation": "Update", "name": "/shop/mode", "type": "String", "description": "Mode"}`:  true,
		`{"operation": "Delete", "name": "/shop/mode", "type": "String", "description": "Mode"}`:  false,
		`{"operation": "Update", "name": "/shop/model", "type": "String", "description": "Mode"}`: false,
	} {
		matches, err := pattern.Matches(`{"version": "0", "detail-type": "Parameter Store Change", "source": "aws.ssm",
			"resources": ["arn:aws:ssm:eu-west-1:123456789012:parameter/shop/mode"], "detail": ` + detail + `}`)
		require.NoError(t, err)
		require.Equal(t, want, matches, detail)
	}
}

func TestARedeploymentMayRedeployItsServicesOnly(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runRedeployment(func(*RedeploymentArgs) {}))
	require.Contains(
		t,
		g.inputs(t, "redeploy-redeploy")["policy"],
		`"Action":"ecs:UpdateService","Resource":["arn:aws:ecs:eu-west-1:123456789012:service/awslab-dev/`+
			`awslab-dev-catalog","arn:aws:ecs:eu-west-1:123456789012:service/awslab-dev/awslab-dev-orders"]`,
	)
	require.JSONEq(
		t,
		`{"Version": "2012-10-17", "Statement": [{"Sid": "StartRedeployment", "Effect": "Allow",
			"Action": "states:StartExecution",
		"Resource": "arn:aws:states:eu-west-1:123456789012:stateMachine:awslab-dev-redeploy"}]}`,
		g.inputs(t, "redeploy-start-start")["policy"].(string),
	)
	require.Contains(
		t,
		g.inputs(t, "redeploy-role")["assumeRolePolicy"],
		"arn:aws:states:eu-west-1:123456789012:stateMachine:awslab-dev-redeploy",
	)
	require.Contains(
		t,
		g.inputs(t, "redeploy-start-role")["assumeRolePolicy"],
		"arn:aws:events:eu-west-1:123456789012:rule/awslab-dev-redeploy-*",
	)
}

func TestWhatARedeploymentRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*RedeploymentArgs)
		want   string
	}{
		"no services": {func(a *RedeploymentArgs) { a.Services = nil }, "Services: missing"},
		"nothing to listen to": {
			func(a *RedeploymentArgs) { a.Services[1].Parameters = nil },
			"Services[1]: no secret and no parameter",
		},
		"a service twice": {
			func(a *RedeploymentArgs) { a.Services[1].Name = "orders" },
			`Services[1].Name: "orders" is used twice`,
		},
		"a wildcard": {
			func(a *RedeploymentArgs) { a.Services[0].ServiceName = "*" },
			`Services[0].ServiceName: "*"`,
		},
		"a secret's name": {
			func(a *RedeploymentArgs) { a.Services[0].SecretNames = []string{"a*"} },
			`Services[0].SecretNames[0]: "a*" is not a name`,
		},
		"a parameter's name": {
			func(a *RedeploymentArgs) { a.Services[0].Parameters = []string{"a b"} },
			`Services[0].Parameters[0]: "a b" is not a name`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.ErrorContains(t, g.runRedeployment(test.change), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
	t.Run("a secret whose name no pattern holds", func(t *testing.T) {
		err := (&graph{}).runRedeployment(func(a *RedeploymentArgs) {
			a.Services[0].SecretNames = []string{strings.Repeat("n", 400)}
		})
		require.ErrorContains(t, err, "EventBridge allows 2048")
	})
	t.Run("more than a bus has rules for", func(t *testing.T) {
		err := (&graph{}).runRedeployment(func(a *RedeploymentArgs) {
			for i := range 2000 {
				a.Services[0].SecretNames = append(a.Services[0].SecretNames, fmt.Sprintf("a-rather-long-name-%d", i))
			}
		})
		require.ErrorContains(t, err, "EventBridge allows 300")
	})
}

// What one pattern has no room for is divided among several rules, in an order that stays.
func TestManySecretsHaveSeveralRules(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runRedeployment(func(a *RedeploymentArgs) {
		for i := range 30 {
			a.Services[0].SecretNames = append(a.Services[0].SecretNames, fmt.Sprintf("awslab/orders/%02d", i))
			a.Services[0].Parameters = append(a.Services[0].Parameters, fmt.Sprintf("/a/rather/long/name/%d", i))
		}
	}))
	rules := 0
	for _, r := range g.resources {
		if r.TypeToken != "aws:cloudwatch/eventRule:EventRule" {
			continue
		}
		rules++
		require.LessOrEqual(t, len(r.Inputs["eventPattern"].StringValue()), 2048, r.Name)
	}
	require.Greater(t, rules, 5)
	for i := range 30 {
		name, found := fmt.Sprintf(`"awslab/orders/%02d"`, i), false
		for _, r := range g.resources {
			pattern := r.Inputs["eventPattern"]
			found = found || pattern.IsString() && strings.Contains(pattern.StringValue(), name)
		}
		require.True(t, found, name)
	}
}

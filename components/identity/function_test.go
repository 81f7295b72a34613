package identity

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) functionRole(args *FunctionRoleArgs) error {
	return g.run(func(ctx *pulumi.Context) error {
		_, err := NewFunctionRole(ctx, "check", args)
		return err
	})
}

func TestFunctionRoleWritesItsLogsAndNoMore(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.functionRole(&FunctionRoleArgs{
		RoleSettings: RoleSettings{
			Name:                "awslab-dev-check",
			Path:                "/lab/",
			PermissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
			Tags:                map[string]string{"Project": "awslab"},
		},
		Location: ireland, Function: "awslab-dev-check",
	}))
	inputs := g.resources["check-role"].Inputs.Mappable()
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"},
		"Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}
	}]}`, inputs["assumeRolePolicy"].(string))
	delete(inputs, "assumeRolePolicy")
	require.Equal(t, map[string]any{
		"name": "awslab-dev-check", "path": "/lab/", "description": "What a Lambda function may do",
		"permissionsBoundary": "arn:aws:iam::123456789012:policy/boundary", "tags": map[string]any{"Project": "awslab"},
	}, inputs)
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Sid": "WriteLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
		"Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/awslab-dev-check:*"
	}]}`, g.input("check-access", "policy"))
}

func TestFunctionRoleWithEverything(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.functionRole(&FunctionRoleArgs{
		RoleSettings: RoleSettings{Name: "awslab-dev-check"}, Location: ireland, Function: "awslab-dev-check",
		LogGroup: "awslab-dev-check-logs", FailureQueue: "awslab-dev-check-failed", Tracing: true,
		Access: Access{Tables: []Grant{{Name: "awslab-dev-results", Mode: Write, KeyAlias: "alias/awslab-dev"}}},
		Statements: []Statement{
			{Sid: "ReportResult", Actions: []string{"backup:PutRestoreValidationResult"}, Resources: []string{"*"}},
		},
	}))
	requireGolden(t, "function.json", g.input("check-access", "policy"))
}

func TestWhatAFunctionRoleRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*FunctionRoleArgs)
		want   string
	}{
		"no function": {
			func(a *FunctionRoleArgs) { a.Function = "" },
			`Function: "" is not a name of a Lambda function`,
		},
		"any function": {
			func(a *FunctionRoleArgs) { a.Function = "*" },
			`Function: "*" is not a name of a Lambda function`,
		},
		"any log group": {func(a *FunctionRoleArgs) { a.LogGroup = "*" }, `LogGroup: "*" is not a name of a log group`},
		"any queue": {
			func(a *FunctionRoleArgs) { a.FailureQueue = "*" },
			`FailureQueue: "*" is not a name of an SQS queue`,
		},
		"no place": {
			func(a *FunctionRoleArgs) { a.Location = Location{} },
			`Location.Region: "" is not an AWS region`,
		},
		"a table": {
			func(a *FunctionRoleArgs) { a.Access.Tables = []Grant{{Name: "t*", Mode: Read}} },
			`Access.Tables[0].Name: "t*"`,
		},
		"a wildcard": {func(a *FunctionRoleArgs) {
			a.Statements = []Statement{{Actions: []string{"s3:*"}, Resources: []string{"*"}}}
		}, `Actions: "s3:*" has a wildcard`},
		"a role's name": {func(a *FunctionRoleArgs) { a.Name = "a b" }, `Name: "a b"`},
		"a Sid of itself": {func(a *FunctionRoleArgs) {
			a.Statements = []Statement{{Sid: "WriteLogs", Actions: []string{"a:B"}, Resources: []string{"r"}}}
		}, `"WriteLogs" is used twice`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, args := &graph{}, &FunctionRoleArgs{
				RoleSettings: RoleSettings{Name: "check"},
				Location:     ireland,
				Function:     "check",
			}
			test.change(args)
			require.ErrorContains(t, g.functionRole(args), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}

package identity

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"
)

// graph records what a program registers, by type and name.
type graph struct {
	mutex     sync.Mutex
	resources map[string]pulumi.MockResourceArgs
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.resources == nil {
		g.resources = map[string]pulumi.MockResourceArgs{}
	}
	g.resources[args.Name] = args
	state := args.Inputs.Copy()
	state["arn"] = resource.NewStringProperty("arn:" + args.Name)
	return args.Name + "-id", state, nil
}

func (g *graph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("nothing is looked up, but %s was", args.Token)
}

func (g *graph) run(program pulumi.RunFunc) error {
	return pulumi.RunErr(program, pulumi.WithMocks("awslab", "dev", g))
}

var ireland = Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

func aRole() *RoleArgs {
	read := func(bucket string) Document {
		return Document{
			Statements: []Statement{
				{Actions: []string{"s3:GetObject"}, Resources: []string{ireland.BucketArn(bucket) + "/*"}},
			},
		}
	}
	return &RoleArgs{
		Name:        "awslab-dev-reports",
		Path:        "/awslab/",
		Description: "Reads reports",
		Trust: ServiceTrust(
			"lambda.amazonaws.com",
			ireland.AccountId,
			ireland.Arn("lambda", "function:reports"),
		),
		Policies:            map[string]Document{"reports": read("reports"), "archive": read("archive")},
		PermissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
		Tags:                map[string]string{"Project": "awslab"},
	}
}

func TestRoleRegisters(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		role, err := NewRole(ctx, "reports", aRole())
		require.NoError(t, err)
		for want, output := range map[string]pulumi.Output{
			"awslab-dev-reports": role.Name,
			"arn:reports-role":   role.Arn,
		} {
			result, err := internals.UnsafeAwaitOutput(ctx.Context(), output)
			require.NoError(t, err)
			require.Equal(t, want, result.Value)
		}
		return nil
	}))

	require.Len(t, g.resources, 4)
	require.Equal(t, "awslab:identity:Role", g.resources["reports"].TypeToken)
	for _, name := range []string{"reports-role", "reports-archive", "reports-reports"} {
		require.True(
			t,
			strings.HasSuffix(g.resources[name].RegisterRPC.GetParent(), "awslab:identity:Role::reports"),
			name,
		)
	}
	require.Equal(t, map[string]any{
		"name":        "awslab-dev-reports",
		"path":        "/awslab/",
		"description": "Reads reports",
		"assumeRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":` +
			`"lambda.amazonaws.com"},"Action":"sts:AssumeRole",` +
			`"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:eu-west-1:123456789012:function:reports"},` +
			`"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`,
		"permissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
		"tags":                map[string]any{"Project": "awslab"},
	}, g.resources["reports-role"].Inputs.Mappable())
	require.Equal(t, map[string]any{
		"name": "archive",
		"role": "awslab-dev-reports",
		"policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:` +
			`aws:s3:::archive/*"}]}`,
	}, g.resources["reports-archive"].Inputs.Mappable())
}

// Whoever passes the ARN on waits for the policies, not only for the role.
func TestArnDependsOnThePolicies(t *testing.T) {
	require.NoError(t, new(graph).run(func(ctx *pulumi.Context) error {
		role, err := NewRole(ctx, "reports", aRole())
		require.NoError(t, err)
		result, err := internals.UnsafeAwaitOutput(ctx.Context(), role.Arn)
		require.NoError(t, err)
		require.Len(t, result.Dependencies, 3, "the role and its two policies")
		return nil
	}))
}

func TestRoleMayUseTheWildcardsItIsAllowed(t *testing.T) {
	args := aRole()
	args.Policies = map[string]Document{
		"all": {Statements: []Statement{{Actions: []string{"s3:Get*"}, Resources: []string{"r"}}}},
	}
	args.AllowedWildcards = []string{"s3:Get*"}
	_, err := args.render()
	require.NoError(t, err)
}

func TestRoleProblemsAreReportedTogetherAndRegisterNothing(t *testing.T) {
	args := aRole()
	args.Name = strings.Repeat("n", 65)
	args.Path = "awslab"
	args.PermissionsBoundary = "boundary"
	args.Trust = Document{}
	args.Policies["bad name"] = Document{Statements: []Statement{{Actions: []string{"s3:*"}, Resources: []string{"*"}}}}

	g := &graph{}
	err := g.run(func(ctx *pulumi.Context) error {
		_, err := NewRole(ctx, "reports", args)
		return err
	})
	for _, want := range []string{
		`role "reports": Name: "nnn`, `has 65 characters; a role's name has 1 to 64`,
		`Path: "awslab" is not a path`,
		`PermissionsBoundary: "boundary" is not an ARN of an IAM policy`,
		`Trust: Statements: there is none`,
		`Policies["bad name"]: a policy's name has 1 to 128`,
		`Policies["bad name"]: Statements[0].Actions: "s3:*" has a wildcard`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, g.resources)
}

func TestInlinePoliciesAreCountedTogether(t *testing.T) {
	policies := func(buckets int) map[string]Document {
		var arns []string
		for i := range buckets {
			arns = append(arns, ireland.BucketArn(fmt.Sprintf("bucket-%03d", i)))
		}
		half := Document{Statements: []Statement{{Actions: []string{"s3:ListBucket"}, Resources: arns}}}
		return map[string]Document{"one": half, "two": half}
	}
	args := aRole()
	args.Policies = policies(180) // 2 x (92 + 180 x 26) characters, as IAM counts
	_, err := args.render()
	require.NoError(t, err)

	args.Policies = policies(200)
	_, err = args.render()
	require.ErrorContains(t, err, "characters together; IAM allows a role 10240")
}

// Old tasks run on while the policies of their role change.
func TestAPolicyOfARollingRoleIsNamedAfterWhatItSays(t *testing.T) {
	args := aRole()
	require.Equal(t, "access", args.nameOf("access", "{}"))
	args.Rolling = true
	require.Equal(t, "access-44136fa3", args.nameOf("access", "{}"))
	require.NotEqual(t, args.nameOf("access", "{}"), args.nameOf("access", "[]"))

	args.Policies = map[string]Document{"access": {Statements: []Statement{{Actions: []string{"s3:ListBucket"}}}}}
	for i := range 200 {
		args.Policies["access"].Statements[0].Resources = append(
			args.Policies["access"].Statements[0].Resources, ireland.BucketArn(fmt.Sprintf("bucket-%03d", i)))
	}
	_, err := args.render()
	require.ErrorContains(t, err, "characters together; use at most 5120, half of what IAM allows a role")
}

func TestArns(t *testing.T) {
	china := Location{Partition: "aws-cn", Region: "cn-north-1", AccountId: "123456789012"}
	for want, got := range map[string]string{
		"arn:aws:iam::123456789012:role/r":        ireland.RoleArn("", "r"),
		"arn:aws:iam::123456789012:role/awslab/r": ireland.RoleArn("/awslab/", "r"),
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu": Location{
			Partition: "aws-eusc", Region: "eusc-de-east-1", AccountId: "123456789012",
		}.RegistryHost(),
		"arn:aws-cn:s3:::b": china.BucketArn("b"),
		"arn:aws-cn:dynamodb:cn-north-1:123456789012:table/t":                 china.TableArn("t"),
		"arn:aws:ecr:eu-west-1:123456789012:repository/team/app":              ireland.RepositoryArn("team/app"),
		"arn:aws:ssm:eu-west-1:123456789012:parameter/app/key":                ireland.ParameterArn("/app/key"),
		"arn:aws:ssm:eu-west-1:123456789012:parameter/key":                    ireland.ParameterArn("key"),
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/key-??????": ireland.SecretArn("app/key"),
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":                        ireland.RegistryHost(),
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":                    china.RegistryHost(),
		"arn:aws:lambda:eu-west-1:123456789012:function:f":                    ireland.FunctionArn("f"),
		"arn:aws:rds:eu-west-1:123456789012:cluster:c":                        ireland.DatabaseClusterArn("c"),
		"s3.cn-north-1.amazonaws.com.cn":                                      china.serviceEndpoint("s3"),
		"secretsmanager.eu-west-1.amazonaws.com": ireland.serviceEndpoint(
			"secretsmanager",
		),
		"arn:aws:logs:eu-west-1:123456789012:log-group:awslab-dev-orders-logs": ireland.LogGroupArn(
			"awslab-dev-orders-logs",
		),
	} {
		require.Equal(t, want, got)
	}
	require.NoError(t, china.Validate())
	require.NoError(t, Location{"aws-us-gov", "us-gov-west-1", "123456789012"}.Validate())

	err := Location{"amazon", "ireland", "1234"}.Validate()
	require.ErrorContains(t, err, `Location.Partition: "amazon"`)
	require.ErrorContains(t, err, `Location.Region: "ireland"`)
	require.ErrorContains(t, err, `Location.AccountId: "1234"`)
}

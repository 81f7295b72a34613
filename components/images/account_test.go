package images

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

var ireland = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

func TestLambdaPullsOnlyWhereItIsLet(t *testing.T) {
	g := newGraph()
	args := &ImageArgs{
		Repository:  "awslab-dev-check",
		Context:     folder(t, service),
		FunctionArn: ireland.Arn("lambda", "function:awslab-dev-check"),
	}
	require.NoError(t, g.run(args))
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Sid": "LambdaPulls", "Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
		"Principal": {"Service": "lambda.amazonaws.com"},
		"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:eu-west-1:123456789012:function:awslab-dev-check"}}
	}]}`, g.find(t, "orders-access").Inputs["policy"].StringValue())
	require.True(t, slices.ContainsFunc(
		g.find(t, "orders-image").RegisterRPC.GetDependencies(),
		func(urn string) bool { return strings.HasSuffix(urn, "::orders-access") },
	), "a function that has the image is created after it may be pulled")
}

func TestScanFindingsInputs(t *testing.T) {
	g := newGraph()
	tell := func(args *ScanFindingsArgs) error {
		return pulumi.RunErr(func(ctx *pulumi.Context) error {
			_, err := NewScanFindings(ctx, "findings", args)
			return err
		}, pulumi.WithMocks("awslab", "dev", g))
	}
	require.ErrorContains(t, tell(nil), "Prefix: missing")
	require.Empty(t, g.resources, "nothing is registered")

	require.NoError(t, tell(
		&ScanFindingsArgs{Name: "awslab-dev-findings", Prefix: "awslab-dev-", TopicArn: pulumi.String("arn:topic")},
	))
	require.JSONEq(t, `{"source": ["aws.ecr"], "detail-type": ["ECR Image Scan"], "detail": {
		"scan-status": ["COMPLETE"], "repository-name": [{"prefix": "awslab-dev-"}],
		"$or": [{"finding-severity-counts": {"CRITICAL": [{"numeric": [">", 0]}]}},
			{"finding-severity-counts": {"HIGH": [{"numeric": [">", 0]}]}}]
	}}`, g.find(t, "findings-rule").Inputs["eventPattern"].StringValue())
	require.Equal(t, "arn:topic", g.find(t, "findings-topic").Inputs["arn"].StringValue())
}

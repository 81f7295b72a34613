package images

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/eventpattern"
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

	require.NoError(t, tell(&ScanFindingsArgs{
		Location: ireland,
		Name:     "awslab-dev-findings",
		Prefix:   "awslab-dev-",
		TopicArn: pulumi.String("arn:topic"),
	}))
	pattern, err := eventpattern.Parse(g.find(t, "findings-rule").Inputs["eventPattern"].StringValue())
	require.NoError(t, err)
	const ours = "arn:aws:ecr:eu-west-1:123456789012:repository/awslab-dev-orders"
	basic := func(repository, status, counts string) string {
		return fmt.Sprintf(`{
			"version": "0", "detail-type": "ECR Image Scan", "source": "aws.ecr", "account": "123456789012",
			"region": "eu-west-1", "resources": [%q],
			"detail": {
				"scan-status": %q, "repository-name": %q, "finding-severity-counts": %s,
				"image-digest": "sha256:7f5b2640", "image-tags": []
			}
		}`, repository, status, repository[strings.Index(repository, "/")+1:], counts)
	}
	enhanced := func(repository, counts string) string {
		return fmt.Sprintf(`{
			"version": "0", "detail-type": "Inspector2 Scan", "source": "aws.inspector2", "account": "123456789012",
			"region": "eu-west-1", "resources": [%q],
			"detail": {
				"scan-status": "INITIAL_SCAN_COMPLETE", "repository-name": %q, "finding-severity-counts": %s,
				"image-digest": "sha256:36c7b282", "image-tags": ["latest"]
			}
		}`, repository, repository, counts)
	}
	for event, want := range map[string]bool{
		basic(ours, "COMPLETE", `{"CRITICAL": 10, "MEDIUM": 9}`):                  true,
		basic(ours, "COMPLETE", `{"HIGH": 1}`):                                    true,
		basic(ours, "COMPLETE", `{"MEDIUM": 9}`):                                  false,
		basic(ours, "COMPLETE", `{}`):                                             false,
		basic(ours, "FAILED", `{"CRITICAL": 10}`):                                 false,
		basic(ireland.Arn("ecr", "repository/other"), "COMPLETE", `{"HIGH": 1}`):  false,
		enhanced(ours, `{"CRITICAL": 7, "HIGH": 61, "MEDIUM": 62, "TOTAL": 158}`): true,
		enhanced(ours, `{"CRITICAL": 0, "HIGH": 0, "MEDIUM": 62, "TOTAL": 158}`):  false,
	} {
		matches, err := pattern.Matches(event)
		require.NoError(t, err)
		require.Equal(t, want, matches, event)
	}
	require.Equal(t, "arn:topic", g.find(t, "findings-topic").Inputs["arn"].StringValue())
}

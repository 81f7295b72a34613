package data

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func registerTopic(t *testing.T, args *TopicArgs) (*storeGraph, error) {
	return store(t, func(ctx *pulumi.Context, _ pulumi.ProviderResource) error {
		_, err := NewTopic(ctx, "events", args)
		return err
	})
}

func TestATopic(t *testing.T) {
	g, err := registerTopic(t, &TopicArgs{
		Location:  databaseLocation,
		Name:      "awslab-dev-events",
		KmsKeyArn: pulumi.String("arn:aws:kms:eu-west-1:123456789012:key/data"),
		Tags:      map[string]string{"stack": "dev"},
	})
	require.NoError(t, err)
	g.requireFamily(t, "events")
	g.requireGolden(t, "topic")
}

func TestTopicsThatAreRefused(t *testing.T) {
	g, err := registerTopic(t, &TopicArgs{Name: "orders.fifo"})
	requireProblems(t, g, err, []string{
		`Location.Region: "" is not an AWS region`,
		`Name: "orders.fifo" is not a name of an SNS topic`,
	})
	g, err = registerTopic(t, nil)
	requireProblems(t, g, err, []string{`Name: "" is not a name of an SNS topic`})
}

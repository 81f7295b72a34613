package stack

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/network/networktest"
)

// Explicit providers do not read their namespace of the configuration by themselves: every key of it that the
// provider's type has is passed on, to the providers of every region.
func TestProvidersHaveTheirConfiguration(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	configuration := map[string]string{
		"awslab:profile": "prod", "awslab:region": "eu-west-1", "awslab:copyRegion": "eu-central-1",
		"awslab:website":  `{"folder": "services/website"}`,
		"aws:defaultTags": `{"tags": {"Owner": "shop", "Stack": "mine"}}`,
	}
	want := map[string]string{}
	for namespace, args := range map[string]pulumi.Input{"aws": &aws.ProviderArgs{}, "docker": &docker.ProviderArgs{}} {
		for _, field := range reflect.VisibleFields(args.ElementType()) {
			name := field.Tag.Get("pulumi")
			if namespace == "aws" && (name == "region" || name == "defaultTags") {
				continue
			}
			key := namespace + ":" + name
			configuration[key], want[key] = "value of "+name, "value of "+name
		}
	}
	require.Contains(t, want, "aws:allowedAccountIds")
	require.Contains(t, want, "docker:host")

	made := &account{}
	program := networktest.WithChildren("lab", 3, Program(root, nil, nil))
	require.NoError(t, pulumi.RunErr(program, pulumi.WithMocks("awslab", "prod", made), func(info *pulumi.RunInfo) {
		info.Config = configuration
	}))
	regions := map[string]string{"aws": "eu-west-1", "aws-copies": "eu-central-1", "aws-edge": "us-east-1"}
	for name, region := range regions {
		inputs := made.inputs(t, name)
		require.Equal(t, region, inputs["region"].StringValue())
		require.Equal(t, map[string]any{
			"tags": map[string]any{"Project": "awslab", "Stack": "prod", "ManagedBy": "pulumi", "Owner": "shop"},
		}, inputs["defaultTags"].ObjectValue().Mappable(), "the stack's own tags come first")
		requirePassedOn(t, "aws:", want, inputs)
	}
	requirePassedOn(t, "docker:", want, made.inputs(t, "docker"))
}

func requirePassedOn(t *testing.T, namespace string, want map[string]string, inputs resource.PropertyMap) {
	t.Helper()
	for key, value := range want {
		if name, of := key[len(namespace):], key[:len(namespace)]; of == namespace {
			require.Equal(t, value, plainText(inputs[resource.PropertyKey(name)]), key)
		}
	}
}

func plainText(value resource.PropertyValue) string {
	if value.IsSecret() {
		value = value.SecretValue().Element
	}
	return value.StringValue()
}

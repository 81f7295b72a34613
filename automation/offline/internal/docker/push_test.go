package docker

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestARequestedFaultStrikesOnce(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	require.NoError(t, s.world.AddFault(t.Context(), world.Fault{
		Operation: world.Create, URN: "*Image::orders", Code: "ServerException", Message: "try again", Times: 1,
	}))
	inputs := imageInputs(service(t), "1")
	_, err := s.create(inputs, true)
	require.NoError(t, err, "preview creates nothing")
	_, err = s.create(inputs, false)
	require.EqualError(t, err, "ServerException: try again")
	_, err = s.create(inputs, false)
	require.NoError(t, err)
}

func TestAnImageThatIsNotPushedIsNotRecorded(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	inputs := imageInputs(service(t), "1")
	inputs["skipPush"] = resource.NewProperty(true)
	outputs, err := s.create(inputs, false)
	require.NoError(t, err)
	require.Regexp(t, "^sha256:", outputs["repoDigest"].StringValue())
	images, err := s.world.Images(t.Context(), repositoryURL)
	require.NoError(t, err)
	require.Empty(t, images)
}

func TestOtherTypesHaveNoStandIn(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	_, err := s.Check(
		t.Context(),
		&pulumirpc.CheckRequest{Urn: "urn:pulumi:dev::awslab::docker:index/container:Container::x"},
	)
	require.ErrorContains(
		t,
		err,
		"offline: docker:index/container:Container has no stand-in; of docker the offline target models "+
			"docker:index/image:Image and",
	)
	_, err = s.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "docker:index/getLogs:getLogs"})
	require.ErrorContains(t, err, "has no stand-in")
}

func TestGetRegistryImageFindsWhatWasPushed(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	outputs, err := s.create(imageInputs(service(t), "1"), false)
	require.NoError(t, err)
	find := func(name string) (string, error) {
		response, err := s.Invoke(t.Context(), &pulumirpc.InvokeRequest{
			Tok: registryImageFunction, Args: marshalled(t, resource.PropertyMap{"name": resource.NewProperty(name)}),
		})
		return response.GetReturn().GetFields()["sha256Digest"].GetStringValue(), err
	}
	digest, err := find(repositoryURL + ":1")
	require.NoError(t, err)
	require.Equal(t, text(outputs["repoDigest"]), repositoryURL+"@"+digest)
	_, err = find(repositoryURL + ":2")
	require.ErrorContains(t, err, "ImageNotFoundException: there is no image with the tag 2")
	_, err = find("alpine")
	require.ErrorContains(t, err, "other registries are not asked")
}

func TestNoBuilderIsSentToECRForACache(t *testing.T) {
	i, err := newImage(resource.NewPropertyMapFromMap(map[string]any{"imageName": "orders", "build": map[string]any{
		"cacheFrom": map[string]any{"images": []any{repositoryURL + ":cache", "ghcr.io/awslab/cache"}},
	}}))
	require.NoError(t, err)
	require.Equal(t, []string{"ghcr.io/awslab/cache"}, i.build.cacheFrom)
}

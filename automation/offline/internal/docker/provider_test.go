package docker

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

const (
	imageURN      = "urn:pulumi:dev::awslab::docker:index/image:Image::orders"
	repositoryURL = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders"
	noEngine      = "unix:///nowhere/docker.sock"
)

// standIn is a provider over a new world, and what it logged.
type standIn struct {
	*Provider
	t *testing.T

	mu   sync.Mutex
	logs []string
}

// newStandIn has the repository of repositoryURL in its world. host is the Docker Engine's, empty for the usual one.
func newStandIn(t *testing.T, host, mutability string) *standIn {
	t.Helper()
	w, err := world.New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	require.NoError(t, w.Update(t.Context(), func(tx *world.Tx) error {
		return tx.Put(&world.Thing{
			Key:  world.Key{Region: "eu-west-1", Type: repositoryType, Key: "shop/orders"},
			ID:   "shop/orders",
			Name: "shop/orders",
			State: resource.PropertyMap{
				"repositoryUrl":      resource.NewProperty(repositoryURL),
				"imageTagMutability": resource.NewProperty(mutability),
			},
		}, nil)
	}))
	s := &standIn{t: t}
	s.Provider, err = New(w, func(_ context.Context, severity pulumirpc.LogSeverity, urn, message string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.logs = append(s.logs, severity.String()+" "+message)
		require.Equal(t, imageURN, urn)
		return nil
	})
	require.NoError(t, err)
	config, err := structpb.NewStruct(map[string]any{"host": host})
	require.NoError(t, err)
	_, err = s.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: config})
	require.NoError(t, err)
	return s
}

func marshalled(t *testing.T, properties resource.PropertyMap) *structpb.Struct {
	t.Helper()
	object, err := plugin.MarshalProperties(properties, marshal)
	require.NoError(t, err)
	return object
}

func unmarshalled(t *testing.T, object *structpb.Struct) resource.PropertyMap {
	t.Helper()
	properties, err := plugin.UnmarshalProperties(object, marshal)
	require.NoError(t, err)
	return properties
}

// check returns the checked inputs, or the refusals by property.
func (s *standIn) check(inputs resource.PropertyMap) (resource.PropertyMap, map[string]string) {
	s.t.Helper()
	response, err := s.Check(s.t.Context(), &pulumirpc.CheckRequest{Urn: imageURN, News: marshalled(s.t, inputs)})
	require.NoError(s.t, err)
	refusals := map[string]string{}
	for _, f := range response.GetFailures() {
		refusals[f.GetProperty()] = f.GetReason()
	}
	return unmarshalled(s.t, response.GetInputs()), refusals
}

func (s *standIn) create(inputs resource.PropertyMap, preview bool) (resource.PropertyMap, error) {
	s.t.Helper()
	checked, refusals := s.check(inputs)
	require.Empty(s.t, refusals)
	response, err := s.Create(
		s.t.Context(),
		&pulumirpc.CreateRequest{Urn: imageURN, Properties: marshalled(s.t, checked), Preview: preview},
	)
	if err != nil {
		return nil, err
	}
	outputs := unmarshalled(s.t, response.GetProperties())
	if !preview {
		require.Equal(s.t, text(inputs["imageName"]), response.GetId())
	}
	return outputs, nil
}

func imageInputs(dir, tag string) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"imageName": repositoryURL + ":" + tag,
		"build":     map[string]any{"context": dir, "platform": "linux/amd64", "args": map[string]any{"VERSION": "1"}},
		"registry": map[string]any{
			"server":   strings.Split(repositoryURL, "/")[0],
			"username": "AWS",
			"password": "hush",
		},
	})
}

func service(t *testing.T) string {
	return folder(t, map[string]string{
		"Dockerfile":    "FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY hello /hello\n",
		"hello":         "hello",
		".dockerignore": "*.md\n",
	})
}

func TestCheckCompletesTheInputs(t *testing.T) {
	dir := service(t)
	s := newStandIn(t, noEngine, "MUTABLE")
	checked, refusals := s.check(
		resource.NewPropertyMapFromMap(map[string]any{"imageName": "orders", "build": map[string]any{"context": dir}}),
	)
	require.Empty(t, refusals)
	build := checked["build"].ObjectValue()
	require.Equal(t, dir+"/Dockerfile", build["dockerfile"].StringValue())
	require.Equal(t, hostPlatform(), build["platform"].StringValue())
	require.Len(t, build["contextDigest"].StringValue(), 64)
	require.False(t, checked["buildOnPreview"].BoolValue())
	require.Len(t, s.logs, 1)
	require.Contains(t, s.logs[0], "consider explicitly setting the `platform` field")
}

func TestCheckLeavesWhatIsNotKnownYet(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	unknown := resource.MakeComputed(resource.NewProperty(""))
	checked, refusals := s.check(resource.PropertyMap{"imageName": unknown, "build": unknown})
	require.Empty(t, refusals)
	require.True(t, checked["build"].IsComputed())

	checked, refusals = s.check(
		resource.PropertyMap{
			"imageName": unknown,
			"build":     resource.NewProperty(resource.PropertyMap{"context": unknown}),
		},
	)
	require.Empty(t, refusals)
	require.NotContains(t, checked["build"].ObjectValue(), resource.PropertyKey("contextDigest"))
}

func TestCheckRefuses(t *testing.T) {
	dir := service(t)
	broken := folder(t, map[string]string{"Dockerfile": "FORM scratch"})
	inputs := func(build map[string]any) map[string]any {
		return map[string]any{"imageName": "orders", "build": build}
	}
	cases := map[string]struct {
		inputs     map[string]any
		path, want string
	}{
		"no name": {map[string]any{"build": map[string]any{"context": dir}}, "imageName", "required"},
		"bad name": {
			map[string]any{"imageName": "Orders!", "build": map[string]any{"context": dir}},
			"imageName",
			`"Orders!" is not an image name`,
		},
		"unknown property": {map[string]any{"imageName": "orders", "biuld": 1}, "biuld", `Did you mean "build"?`},
		"no context": {
			inputs(map[string]any{"context": dir + "/nowhere"}),
			"build.context",
			"cannot be read: no such file or directory",
		},
		"no folder": {inputs(map[string]any{"context": dir + "/hello"}), "build.context", "is not a folder"},
		"no dockerfile": {
			inputs(map[string]any{"context": dir, "dockerfile": "nowhere/Dockerfile"}),
			"build.dockerfile",
			"there is no nowhere/Dockerfile",
		},
		"bad dockerfile": {
			inputs(map[string]any{"context": broken}),
			"build.dockerfile",
			"line 1: unknown instruction FORM",
		},
		"no stage": {
			inputs(map[string]any{"context": dir, "target": "test"}),
			"build.target",
			"it has no stage named test",
		},
		"builder": {
			inputs(map[string]any{"context": dir, "builderVersion": "3"}),
			"build.builderVersion",
			`"3" is none of BuilderV1 and BuilderBuildKit`,
		},
		"platform": {
			inputs(map[string]any{"context": dir, "platform": "windows/amd64"}),
			"build.platform",
			`"windows/amd64" is none of linux/amd64 and linux/arm64`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, refusals := newStandIn(t, noEngine, "MUTABLE").check(resource.NewPropertyMapFromMap(c.inputs))
			require.Contains(t, refusals, c.path)
			require.Contains(t, refusals[c.path], c.want)
		})
	}
}

func TestAPathRelativeToTheContextIsExplained(t *testing.T) {
	t.Chdir(folder(t, map[string]string{"app/Dockerfile.prod": "FROM scratch"}))
	_, refusals := newStandIn(t, noEngine, "MUTABLE").check(resource.NewPropertyMapFromMap(map[string]any{
		"imageName": "orders", "build": map[string]any{"context": "app", "dockerfile": "Dockerfile.prod"},
	}))
	require.Contains(t, refusals["build.dockerfile"], `try "app/Dockerfile.prod"`)
}

func (s *standIn) diff(olds, news resource.PropertyMap) *pulumirpc.DiffResponse {
	s.t.Helper()
	return s.diffOf(nil, olds, news)
}

// diffOf compares the inputs of an image that has a state.
func (s *standIn) diffOf(state, olds, news resource.PropertyMap) *pulumirpc.DiffResponse {
	s.t.Helper()
	checkedOlds, _ := s.check(olds)
	checkedNews, _ := s.check(news)
	response, err := s.Diff(s.t.Context(), &pulumirpc.DiffRequest{
		Olds: marshalled(s.t, state), OldInputs: marshalled(s.t, checkedOlds), News: marshalled(s.t, checkedNews),
	})
	require.NoError(s.t, err)
	return response
}

func TestDiff(t *testing.T) {
	dir := service(t)
	s := newStandIn(t, noEngine, "MUTABLE")
	require.Equal(
		t,
		pulumirpc.DiffResponse_DIFF_NONE,
		s.diff(imageInputs(dir, "1"), imageInputs(dir, "1")).GetChanges(),
	)

	rotated := imageInputs(dir, "1")
	rotated["registry"] = resource.NewPropertyValue(
		map[string]any{"server": strings.Split(repositoryURL, "/")[0], "username": "AWS", "password": "new"},
	)
	require.Equal(
		t,
		pulumirpc.DiffResponse_DIFF_NONE,
		s.diff(imageInputs(dir, "1"), rotated).GetChanges(),
		"credentials expire every twelve hours",
	)

	retagged := s.diff(imageInputs(dir, "1"), imageInputs(dir, "2"))
	require.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, retagged.GetChanges())
	require.Empty(t, retagged.GetReplaces(), "an image is never replaced")
	require.Equal(t, []string{"imageName"}, retagged.GetDiffs())

	before, _ := s.check(imageInputs(dir, "1"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hello"), []byte("changed"), 0o644))
	after, _ := s.check(imageInputs(dir, "1"))
	changed, err := s.Diff(
		t.Context(),
		&pulumirpc.DiffRequest{OldInputs: marshalled(t, before), News: marshalled(t, after)},
	)
	require.NoError(t, err)
	require.Contains(t, changed.GetDetailedDiff(), "build.contextDigest")
}

func TestWithoutAnEngineNothingIsBuiltAndTheRunSaysSo(t *testing.T) {
	dir := service(t)
	s := newStandIn(t, noEngine, "MUTABLE")
	outputs, err := s.create(imageInputs(dir, "1"), false)
	require.NoError(t, err)
	require.Equal(
		t,
		[]string{"WARNING offline: image not built: " + repositoryURL + ":1: no Docker Engine answers at " + noEngine +
			". Its digest is made up, and there is nothing to run."},
		s.logs,
	)
	digest := outputs["repoDigest"].StringValue()
	require.Regexp(t, "^"+repositoryURL+"@sha256:[0-9a-f]{64}$", digest)
	require.Equal(t, repositoryURL+":1", outputs["baseImageName"].StringValue())
	require.Equal(t, repositoryURL+":1", outputs["imageName"].StringValue())
	require.Equal(t, strings.Split(repositoryURL, "/")[0], outputs["registryServer"].StringValue())
	require.Equal(t, "linux/amd64", outputs["platform"].StringValue())
	require.NotContains(t, outputs, resource.PropertyKey("registry"))

	images, err := s.world.Images(t.Context(), repositoryURL)
	require.NoError(t, err)
	require.Len(t, images, 1)
	require.Equal(t, digest, repositoryURL+"@"+images[0].Digest)

	again, err := newStandIn(t, noEngine, "MUTABLE").create(imageInputs(dir, "1"), false)
	require.NoError(t, err)
	require.NotEqual(t, outputs["repoDigest"], again["repoDigest"], "each build has another digest")
}

func TestPreviewBuildsNothingAndKnowsNoDigest(t *testing.T) {
	s := newStandIn(t, noEngine, "MUTABLE")
	inputs := imageInputs(service(t), "1")
	inputs["registry"].ObjectValue()["password"] = resource.MakeSecret(resource.NewProperty("hush"))
	outputs, err := s.create(inputs, true)
	require.NoError(t, err)
	require.True(t, outputs["repoDigest"].IsComputed())
	require.Equal(t, repositoryURL+":1", outputs["imageName"].StringValue())
	require.True(t, outputs["registry"].ObjectValue()["password"].IsSecret())
	require.Empty(t, s.logs)
}

func TestPushesAreRefusedAsECRRefusesThem(t *testing.T) {
	dir := service(t)
	s := newStandIn(t, noEngine, "IMMUTABLE")
	_, err := s.create(imageInputs(dir, "1"), false)
	require.NoError(t, err)
	_, err = s.create(imageInputs(dir, "1"), false)
	require.ErrorIs(t, err, errTagExists, "built again, the same context is another image")
	require.ErrorContains(
		t,
		err,
		"the image tag '1' already exists in the 'shop/orders' repository and cannot be overwritten",
	)
	_, err = s.create(imageInputs(dir, "2"), false)
	require.NoError(t, err)

	elsewhere := imageInputs(dir, "1")
	elsewhere["imageName"] = resource.NewProperty(strings.Replace(repositoryURL, "eu-west-1", "us-east-1", 1) + ":1")
	_, err = s.create(elsewhere, false)
	require.ErrorContains(
		t,
		err,
		"RepositoryNotFoundException: there is no repository 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/orders",
	)
}

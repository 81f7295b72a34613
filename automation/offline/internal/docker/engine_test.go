package docker

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/uuid"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// withEngine returns a stand-in with the machine's Docker Engine, or skips the test. The image's repository has a name
// of its own, because the engine is everybody's.
func withEngine(t *testing.T) (s *standIn, inputs func(dir string) resource.PropertyMap) {
	t.Helper()
	s = newStandIn(t, "", "MUTABLE")
	b, err := connect(t.Context(), "", s.registry)
	if err != nil {
		t.Skipf("a build needs a Docker Engine: %v", err)
	}
	url := strings.Replace(repositoryURL, "shop/orders", "test-"+uuid.NewString(), 1)
	require.NoError(t, s.world.Update(t.Context(), func(tx *world.Tx) error {
		name := strings.SplitN(url, "/", 2)[1]
		return tx.Put(&world.Thing{
			Key: world.Key{Region: "eu-west-1", Type: repositoryType, Key: name}, ID: name, Name: name,
			State: resource.PropertyMap{"repositoryUrl": resource.NewProperty(url)},
		}, nil)
	}))
	t.Cleanup(func() {
		_, _ = b.client.ImageRemove(context.Background(), url+":1", removeOptions)
		_ = b.close()
	})
	return s, func(dir string) resource.PropertyMap {
		inputs := imageInputs(dir, "1")
		inputs["imageName"] = resource.NewProperty(url + ":1")
		return inputs
	}
}

func TestWithAnEngineTheImageIsBuiltAndPushed(t *testing.T) {
	s, inputs := withEngine(t)
	dir := service(t)
	outputs, err := s.create(inputs(dir), false)
	require.NoError(t, err)
	require.Empty(t, s.logs)
	repository, digest, _ := strings.Cut(outputs["repoDigest"].StringValue(), "@")
	require.Equal(t, text(outputs["imageName"]), repository+":1")

	address, err := s.registry.start()
	require.NoError(t, err)
	pushed, err := name.NewDigest(address + "/" + strings.SplitN(repository, "/", 2)[1] + "@" + digest)
	require.NoError(t, err)
	image, err := remote.Image(pushed)
	require.NoError(t, err, "the digest is that of a manifest in the registry")
	config, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "1", config.Config.Labels["version"], "the build argument reached the build")
	require.Equal(t, "amd64", config.Architecture)

	images, err := s.world.Images(t.Context(), repository)
	require.NoError(t, err)
	require.Len(t, images, 1)
	require.Equal(t, digest, images[0].Digest)
	require.EqualValues(t, len("hello"), images[0].Size)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "hello"), []byte("changed"), 0o644))
	changed, err := s.create(inputs(dir), false)
	require.NoError(t, err)
	require.NotEqual(t, outputs["repoDigest"], changed["repoDigest"])
}

func TestAFailingBuildFailsAndShowsNoSecret(t *testing.T) {
	s, inputs := withEngine(t)
	image := inputs(folder(t, map[string]string{"Dockerfile": "FROM scratch\nARG TOKEN\nCOPY nowhere-$TOKEN /\n"}))
	image["build"].ObjectValue()["args"] = resource.NewProperty(
		resource.PropertyMap{"TOKEN": resource.MakeSecret(resource.NewProperty("s3cr3t"))},
	)
	_, err := s.create(image, false)
	require.ErrorContains(t, err, "nowhere-")
	require.NotContains(t, err.Error(), "s3cr3t")
	require.Empty(t, s.logs, "a broken build is not a missing engine")
}

func TestABaseImageOutOfReachCountsAsNoEngine(t *testing.T) {
	s, inputs := withEngine(t)
	// Nothing listens on port 1 of loopback, which the engine may reach without TLS.
	outputs, err := s.create(inputs(folder(t, map[string]string{"Dockerfile": "FROM 127.0.0.1:1/base\n"})), false)
	require.NoError(t, err)
	require.Contains(t, outputs["repoDigest"].StringValue(), "@sha256:")
	require.Len(t, s.logs, 1)
	require.Contains(t, s.logs[0], "failed at line 1, load metadata for 127.0.0.1:1/base:latest; a server could not "+
		"be reached: check the network, or name mirrors in images.args, such as BUILD_IMAGE")
}

// tokenRegistry returns a registry that wants a token and gives one to everybody, as Docker Hub does. It holds base:1.
func tokenRegistry(t *testing.T) (address string) {
	t.Helper()
	content := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	open := httptest.NewServer(content)
	t.Cleanup(open.Close)
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	reference, err := name.ParseReference(strings.TrimPrefix(open.URL, "http://") + "/base:1")
	require.NoError(t, err)
	require.NoError(t, remote.Write(reference, image))

	guarded := httptest.NewUnstartedServer(nil)
	guarded.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			_, _ = io.WriteString(w, `{"token":"everybody","expires_in":300}`)
		case r.Header.Get("Authorization") != "Bearer everybody":
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+guarded.URL+`/token",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			content.ServeHTTP(w, r)
		}
	})
	guarded.Start()
	t.Cleanup(guarded.Close)
	return strings.TrimPrefix(guarded.URL, "http://")
}

func TestABaseImageIsPulledAsThePublicGetsIt(t *testing.T) {
	s, inputs := withEngine(t)
	_, err := s.create(
		inputs(folder(t, map[string]string{"Dockerfile": "FROM " + tokenRegistry(t) + "/base:1\n"})),
		false,
	)
	require.NoError(t, err)
	require.Empty(t, s.logs)
}

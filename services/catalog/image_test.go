//go:build image

package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/imagetest"
)

func TestImage(t *testing.T) {
	image := imagetest.Build(t, "catalog")
	var described []struct {
		Config struct {
			User         string
			ExposedPorts map[string]any
			Entrypoint   []string
		}
		Size int
	}
	require.NoError(t, json.Unmarshal([]byte(imagetest.Docker(t, "image", "inspect", image)), &described))
	require.Len(t, described, 1)
	assert.Equal(t, "65532:65532", described[0].Config.User)
	assert.Contains(t, described[0].Config.ExposedPorts, "8080/tcp")
	assert.Equal(t, []string{"/catalog"}, described[0].Config.Entrypoint)
	assert.Less(t, described[0].Size, 30<<20, "the image holds the executable and certificates alone")

	container := imagetest.Run(t, "--publish", "127.0.0.1::8080", "--env", "DRAIN_DELAY=0s", image)
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		require.NoError(t, exec.Command("docker", "exec", container, "/catalog", "healthcheck").Run())
	}, 30*time.Second, 100*time.Millisecond, "the container becomes healthy")

	published, _, _ := strings.Cut(imagetest.Docker(t, "port", container, "8080/tcp"), "\n")
	base := "http://" + published
	created, err := http.Post(
		base+"/items",
		"application/json",
		strings.NewReader(`{"name": "lamp", "priceCents": 4200}`),
	)
	require.NoError(t, err)
	defer created.Body.Close()
	require.Equal(t, http.StatusCreated, created.StatusCode)
	for _, path := range []string{created.Header.Get("Location"), "/items", "/readyz"} {
		answer, err := http.Get(base + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		assert.Equal(t, http.StatusOK, answer.StatusCode, path)
	}

	imagetest.Docker(t, "stop", "--time", "20", container)
	assert.Equal(
		t,
		"0",
		imagetest.Docker(t, "inspect", "--format", "{{.State.ExitCode}}", container),
		"SIGTERM ends it cleanly",
	)
}

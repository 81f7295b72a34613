//go:build image

package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/imagetest"
)

func TestImage(t *testing.T) {
	image := imagetest.Build(t, "orders")
	bundle, err := os.ReadFile("../internal/rdsca/amazon-rds.pem")
	require.NoError(t, err)
	assert.Equal(t, bundle, imagetest.Read(t, image, "/etc/ssl/certs/amazon-rds.pem"))

	container := imagetest.Run(t, "--publish", "127.0.0.1::8080", "--env", "DRAIN_DELAY=0s", image)
	imagetest.AwaitHealthy(t, container)

	published, _, _ := strings.Cut(imagetest.Docker(t, "port", container, "8080/tcp"), "\n")
	base := "http://" + published
	created, err := http.Post(
		base+"/orders",
		"application/json",
		strings.NewReader(`{"customer": "Ada", "lines": [{"item": "lamp", "quantity": 2, "priceCents": 1250}]}`),
	)
	require.NoError(t, err)
	defer created.Body.Close()
	require.Equal(t, http.StatusCreated, created.StatusCode)
	for _, path := range []string{created.Header.Get("Location"), "/orders", "/readyz"} {
		answer, err := http.Get(base + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		assert.Equal(t, http.StatusOK, answer.StatusCode, path)
	}

	// A one-off task replaces what follows the entry point, and nothing else.
	output, err := exec.Command("docker", "run", "--rm", "--read-only", image, "migrate").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), "DATABASE_HOST: is missing; migrate needs a database")

	imagetest.Docker(t, "stop", "--time", "20", container)
	assert.Equal(
		t,
		"0",
		imagetest.Docker(t, "inspect", "--format", "{{.State.ExitCode}}", container),
		"SIGTERM ends it cleanly",
	)
}

//go:build image

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/imagetest"
)

func TestImage(t *testing.T) {
	image := imagetest.Build(t, "catalog")
	container := imagetest.Run(t, "--publish", "127.0.0.1::8080", "--env", "DRAIN_DELAY=0s", image)
	imagetest.AwaitHealthy(t, container)

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

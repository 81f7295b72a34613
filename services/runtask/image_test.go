//go:build image

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/services/internal/imagetest"
)

// The image runs as Lambda runs it: it asks the Runtime API for an event, here an empty one, and answers.
func TestImage(t *testing.T) {
	image := imagetest.Build(t, "runtask")
	answers := make(chan string, 1)
	runtime := http.NewServeMux()
	runtime.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		_, _ = io.WriteString(w, "{}")
	})
	runtime.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		w.WriteHeader(http.StatusAccepted)
		select {
		case answers <- string(text):
		default:
		}
	})
	server := httptest.NewServer(runtime)
	defer server.Close()
	imagetest.Run(
		t,
		"--network",
		"host",
		"--env",
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://"),
		"--env",
		"AWS_REGION=eu-central-1",
		image,
	)
	select {
	case answer := <-answers:
		assert.Contains(t, answer, "cluster: missing")
	case <-time.After(2 * time.Minute):
		t.Fatal("it does not answer")
	}
}

// Package lambdatest runs a Lambda function as a process of its own, as Lambda does.
package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asFunction makes the test's executable run as the function, so that tests see what it sends.
const asFunction = "LAMBDA_TEST_AS_FUNCTION"

// Main is a TestMain of the package main of a function whose func main is given.
func Main(m *testing.M, function func()) {
	if os.Getenv(asFunction) != "" {
		function()
	}
	os.Exit(m.Run())
}

// Invoke runs the test's executable as Lambda does and returns what it answers to an event: the body, and response or
// error.
func Invoke(t *testing.T, event, endpoint string) (kind, body string) {
	t.Helper()
	answers := make(chan [2]string, 1)
	runtime := http.NewServeMux()
	given := false
	runtime.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		if given {
			<-r.Context().Done() // there is no other event
			return
		}
		given = true
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		_, _ = io.WriteString(w, event)
	})
	runtime.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		w.WriteHeader(http.StatusAccepted)
		answers <- [2]string{r.PathValue("kind"), string(text)}
	})
	server := httptest.NewServer(runtime)
	defer server.Close()
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = []string{
		asFunction + "=1",
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"),
		"AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_ENDPOINT_URL=" + endpoint,
	}
	process.Stdout, process.Stderr = t.Output(), t.Output()
	require.NoError(t, process.Start())
	defer func() {
		require.NoError(t, process.Process.Kill())
		_ = process.Wait()
	}()
	select {
	case answer := <-answers:
		return answer[0], answer[1]
	case <-time.After(2 * time.Minute):
		t.Fatal("it does not answer")
		return "", ""
	}
}

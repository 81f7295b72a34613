package main

import (
	"encoding/json"
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

// asProcess makes the test's executable run as the function, so that tests see what it sends.
const asProcess = "RUNTASK_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	os.Exit(m.Run())
}

// invoke runs the executable as Lambda does and returns what it answers to an event: the body, and response or error.
func invoke(t *testing.T, event, endpoint string) (kind, body string) {
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
	process.Env = []string{asProcess + "=1", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + endpoint}
	process.Stdout, process.Stderr = t.Output(), t.Output()
	require.NoError(t, process.Start())
	defer func() {
		require.NoError(t, process.Process.Kill())
		_ = process.Wait()
	}()
	select {
	case answer := <-answers:
		return answer[0], answer[1]
	case <-time.After(30 * time.Second):
		t.Fatal("it does not answer")
		return "", ""
	}
}

// newRegion answers for AWS as its protocols have it, by operation.
func newRegion(t *testing.T, answers map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		answer, ok := answers[operation]
		if !assert.True(t, ok, "%s %s: %s", r.Method, r.URL, operation) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.Contains(answer, "__type") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const (
	withLogs = `{"cluster": "lab", "taskDefinition": "lab-orders:7", "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "containerName": "app",
		"command": ["migrate"], "timeoutSeconds": 600, "logGroup": "/ecs/lab-orders", "logStreamPrefix": "app", "startedBy": "migrate"}`
	arn     = "arn:aws:ecs:eu-central-1:111122223333:task/lab/0123456789abcdef"
	started = `{"tasks": [{"taskArn": "` + arn + `", "lastStatus": "PROVISIONING"}], "failures": []}`
	stopped = `{"tasks": [{"taskArn": "` + arn + `", "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited",
		"stoppedReason": "Essential container in task exited", "containers": [{"name": "app", "exitCode": %d}]}], "failures": []}`
)

func TestTheFunctionAnswersWithTheTask(t *testing.T) {
	t.Parallel()
	kind, body := invoke(t, withLogs, newRegion(t, map[string]string{"RunTask": started, "DescribeTasks": fmt.Sprintf(stopped, 0)}))
	assert.Equal(t, "response", kind)
	assert.JSONEq(t, `{"taskArn": "`+arn+`", "exitCode": 0}`, body)
}

func TestTheFunctionFailsWithTheTasksLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ logs, want string }{
		"lines":     {`{"events": [{"message": "migrating"}, {"message": "lock timeout"}]}`, "; its log ends with:\nmigrating\nlock timeout"},
		"no stream": {`{"__type": "ResourceNotFoundException", "message": "The specified log stream does not exist."}`, "; it logged nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, body := invoke(t, withLogs, newRegion(t, map[string]string{
				"RunTask": started, "DescribeTasks": fmt.Sprintf(stopped, 3), "GetLogEvents": tc.logs,
			}))
			assert.Equal(t, "error", kind)
			var failed struct{ ErrorMessage string }
			require.NoError(t, json.Unmarshal([]byte(body), &failed))
			assert.Equal(t, `task `+arn+` failed: container "app" exited with 3 (EssentialContainerExited: Essential container in task exited)`+tc.want, failed.ErrorMessage)
		})
	}
}

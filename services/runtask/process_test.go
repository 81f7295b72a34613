package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/lambdatest"
)

func TestMain(m *testing.M) { lambdatest.Main(m, main) }

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
	withLogs = `{"cluster": "lab", "taskDefinition": "lab-orders:7", "subnets": ["subnet-1"],
		"securityGroups": ["sg-1"], "containerName": "app",
		"command": ["migrate"], "timeoutSeconds": 600, "logGroup": "/ecs/lab-orders", "logStreamPrefix": "app",
			"startedBy": "migrate"}`
	arn     = "arn:aws:ecs:eu-central-1:111122223333:task/lab/0123456789abcdef"
	started = `{"tasks": [{"taskArn": "` + arn + `", "lastStatus": "PROVISIONING"}], "failures": []}`
	stopped = `{"tasks": [{"taskArn": "` + arn + `", "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited",
		"stoppedReason": "Essential container in task exited", "containers": [{"name": "app", "exitCode": %d}]}],
			"failures": []}`
)

func TestTheFunctionAnswersWithTheTask(t *testing.T) {
	t.Parallel()
	kind, body := lambdatest.Invoke(
		t,
		withLogs,
		newRegion(t, map[string]string{"RunTask": started, "DescribeTasks": fmt.Sprintf(stopped, 0)}),
	)
	assert.Equal(t, "response", kind)
	assert.JSONEq(t, `{"taskArn": "`+arn+`", "exitCode": 0}`, body)
}

func TestTheFunctionFailsWithTheTasksLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ logs, want string }{
		"lines": {
			`{"events": [{"message": "migrating"}, {"message": "lock timeout"}]}`,
			"; its log ends with:\nmigrating\nlock timeout",
		},
		"no stream": {
			`{"__type": "ResourceNotFoundException", "message": "The specified log stream does not exist."}`,
			"; it logged nothing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, body := lambdatest.Invoke(t, withLogs, newRegion(t, map[string]string{
				"RunTask": started, "DescribeTasks": fmt.Sprintf(stopped, 3), "GetLogEvents": tc.logs,
			}))
			assert.Equal(t, "error", kind)
			var failed struct{ ErrorMessage string }
			require.NoError(t, json.Unmarshal([]byte(body), &failed))
			assert.Equal(
				t,
				`task `+arn+` failed: container "app" exited with 3 (EssentialContainerExited: Essential container `+
					`in task exited)`+tc.want,
				failed.ErrorMessage,
			)
		})
	}
}

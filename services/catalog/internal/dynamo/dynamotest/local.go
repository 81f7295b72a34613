package dynamotest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/processtest"
)

// LocalVariable is the environment variable with the folder of Amazon DynamoDB Local, on which tests run then instead
// of on minidyn. See make dynamodb-local.
const LocalVariable = "DYNAMODB_LOCAL"

// startLocal runs DynamoDB Local, its data in memory, until the test ends, and returns what sends requests to it.
func startLocal(t testing.TB, folder string) http.Handler {
	t.Helper()
	port := freePort(t)
	var said bytes.Buffer
	java := exec.Command("java",
		"-Djava.library.path="+folder, "-classpath", filepath.Join(folder, "*"),
		"com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", port)
	java.Stdout, java.Stderr = &said, &said
	require.NoError(t, java.Start(), "starting DynamoDB Local")
	running, ended := context.WithCancel(context.Background())
	go func() {
		defer ended()
		_ = java.Wait()
	}()
	t.Cleanup(func() {
		_ = java.Process.Kill()
		<-running.Done()
	})
	processtest.EndWithTest(t, java.Process.Pid)
	address := net.JoinHostPort("127.0.0.1", port)
	require.NoError(t, listens(running, address), &said)
	return httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
}

// listens waits until something listens on an address, for a minute at most and while it is running.
func listens(running context.Context, address string) error {
	timeout := time.After(time.Minute)
	for {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-running.Done():
			return fmt.Errorf("DynamoDB Local has ended: %w", err)
		case <-timeout:
			return fmt.Errorf("DynamoDB Local does not listen: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

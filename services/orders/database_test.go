//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/postgres/postgrestest"
)

// newDatabase starts a PostgreSQL and returns the environment that the stack gives a service with access to it. What
// signed its certificate is among the certificates that the system trusts, as it is in the image.
func newDatabase(t *testing.T) (*postgrestest.Cluster, []string) {
	t.Helper()
	cluster, err := postgrestest.Start()
	if errors.Is(err, postgrestest.ErrAbsent) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	trusted := t.TempDir()
	pem, err := os.ReadFile(cluster.CAFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(trusted, "database.pem"), pem, 0o600))
	return cluster, []string{
		"DATABASE_HOST=" + postgrestest.Host,
		fmt.Sprint("DATABASE_PORT=", cluster.Port),
		"DATABASE_NAME=" + cluster.NewDatabase(t).Database,
		fmt.Sprintf(`DATABASE_SECRET={"username": %q, "password": %q}`, postgrestest.Username, postgrestest.Password),
		"SSL_CERT_DIR=" + trusted,
	}
}

func migrateProcess(t *testing.T, environment []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), os.Args[0], "migrate")
	command.Env = append([]string{asProcess + "=1"}, environment...)
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), stderr.String())
	return stdout.String()
}

func post(t *testing.T, p *process, key string) order.Order {
	t.Helper()
	r, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		p.base+"/orders",
		strings.NewReader(`{"customer": "Ada", "lines": [{"item": "lamp", "quantity": 2, "priceCents": 1250}]}`),
	)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	var created order.Order
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&created))
	return created
}

func TestOrdersOutliveTheProcess(t *testing.T) {
	_, environment := newDatabase(t)
	p := startProcess(t, environment...)
	assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"), "the schema is not there yet")
	assert.Equal(t, http.StatusOK, p.status("/healthz"))

	assert.Contains(t, migrateProcess(t, environment), `"msg":"migrated","version":1`)
	assert.Contains(t, migrateProcess(t, environment), `"applied":0`)
	assert.Equal(t, http.StatusOK, p.status("/readyz"))
	created := post(t, p, "first")
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	code, log := p.wait()
	assert.Equal(t, exitOK, code)
	assert.NotContains(t, log+p.stderr.String(), postgrestest.Password)

	again := startProcess(t, environment...)
	assert.Equal(t, http.StatusOK, again.status("/orders/"+created.ID))
	assert.Equal(t, created, post(t, again, "first"))
}

func TestARefusedSecretEndsTheProcess(t *testing.T) {
	cluster, environment := newDatabase(t)
	migrateProcess(t, environment)
	cluster.Exec(t, "ALTER ROLE "+postgrestest.Username+" PASSWORD 'rotated'")
	p := startProcess(t, environment...)
	assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"))
	ended := make(chan struct{})
	var code int
	go func() {
		code, _ = p.wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	assert.Equal(t, exitFailed, code)
	assert.Contains(
		t,
		p.stderr.String(),
		"stopped to be started anew with the secret as it is now: asking for the table of orders: the database "+
			"refuses the user or its password",
	)
	assert.NotContains(t, p.stderr.String(), postgrestest.Password)
}

func TestADatabaseOutOfReachDoesNotEndTheProcess(t *testing.T) {
	p := startProcess(
		t,
		"DATABASE_HOST=127.0.0.1",
		"DATABASE_PORT=1",
		"DATABASE_NAME=lab",
		"DATABASE_SECRET="+secret,
		"DATABASE_TLS=disable",
	)
	for range 2 {
		assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"))
		assert.Equal(t, http.StatusOK, p.status("/healthz"))
	}
}

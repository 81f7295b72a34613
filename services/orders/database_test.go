//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
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
		"DATABASE_USER=orders",
		`DATABASE_SECRET={"username": "orders", "password": "` + ownPassword + `"}`,
		"SSL_CERT_DIR=" + trusted,
	}
}

// ownPassword is that of the service's own user.
const ownPassword = "own-hunter2"

// adminSecret is what the stack gives to the task of the migration alone.
var adminSecret = fmt.Sprintf(`{"username": %q, "password": %q}`, postgrestest.Admin, postgrestest.Password)

func migrateProcess(t *testing.T, environment []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "migrate")
	command.Env = append([]string{asProcess + "=1", "DATABASE_ADMIN_SECRET=" + adminSecret}, environment...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	require.NoError(t, err, stderr.String()+stdout.String())
	return stdout.String()
}

func post(t *testing.T, p *process, key string) order.Order {
	t.Helper()
	created, err := p.post(key)
	require.NoError(t, err)
	return created
}

// post creates an order with an idempotency key.
func (p *process) post(key string) (created order.Order, err error) {
	r, err := http.NewRequest(
		http.MethodPost,
		p.base+"/orders",
		strings.NewReader(`{"customer": "Ada", "lines": [{"item": "lamp", "quantity": 2, "priceCents": 1250}]}`),
	)
	if err != nil {
		return created, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return created, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return created, fmt.Errorf("POST /orders: %s", answer.Status)
	}
	return created, json.NewDecoder(answer.Body).Decode(&created)
}

func TestOrdersOutliveTheProcess(t *testing.T) {
	_, environment := newDatabase(t)
	p := startProcess(t, environment...)
	assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"), "the schema is not there yet")
	assert.Equal(t, http.StatusServiceUnavailable, p.status("/healthz"))

	migrated := migrateProcess(t, environment)
	assert.Contains(t, migrated, `"msg":"migrated","version":1`)
	assert.Contains(t, migrateProcess(t, environment), `"applied":0`)
	assert.Equal(t, http.StatusOK, p.status("/readyz"))
	created := post(t, p, "first")
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	code, log := p.wait()
	assert.Equal(t, exitOK, code)
	for _, password := range []string{ownPassword, postgrestest.Password} {
		assert.NotContains(t, migrated+log+p.stderr.String(), password)
	}

	again := startProcess(t, environment...)
	assert.Equal(t, http.StatusOK, again.status("/orders/"+created.ID))
	assert.Equal(t, created, post(t, again, "first"))
}

// The service reads its secret for each new connection, as its task role.
func TestTheSecretIsReadFromSecretsManager(t *testing.T) {
	_, environment := newDatabase(t)
	const at = 4
	secret := strings.TrimPrefix(environment[at], "DATABASE_SECRET=")
	var asked atomic.Int32
	secretsManager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		assert.Equal(t, "secretsmanager.GetSecretValue", r.Header.Get("X-Amz-Target"))
		assert.Contains(t, r.Header.Get("Authorization"), "/eu-west-1/secretsmanager/")
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": secret})
	}))
	t.Cleanup(secretsManager.Close)
	environment = append(slices.Delete(slices.Clone(environment), at, at+1),
		"DATABASE_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-it",
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+secretsManager.URL,
		"AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
	)
	migrateProcess(t, environment)
	p := startProcess(t, environment...)
	assert.Equal(t, http.StatusOK, p.status("/readyz"))
	assert.GreaterOrEqual(t, asked.Load(), int32(2))
}

func TestADatabaseOutOfReachDoesNotEndTheProcess(t *testing.T) {
	p := startProcess(
		t,
		"DATABASE_HOST=127.0.0.1",
		"DATABASE_PORT=1",
		"DATABASE_NAME=lab",
		"DATABASE_SECRET="+secretJSON,
		"DATABASE_TLS=disable",
	)
	for range 2 {
		assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"))
		assert.Equal(t, http.StatusServiceUnavailable, p.status("/healthz"))
	}
}

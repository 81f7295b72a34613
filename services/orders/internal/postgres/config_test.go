package postgres

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
)

func TestParseUser(t *testing.T) {
	user, err := ParseUser(`{"username": "dbadmin", "password": "p\"w", "engine": "postgres", "port": 5432}`)
	require.NoError(t, err)
	assert.Equal(t, User{Name: "dbadmin", password: `p"w`}, user)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, user), `p\`, verb)
		assert.NotContains(t, fmt.Sprintf(verb, []User{user}), `p\`, verb)
	}
}

func TestParseUserDoesNotRepeatTheSecret(t *testing.T) {
	for _, secret := range []string{
		"hunter2",
		`{"username": "dbadmin", "password": hunter2}`,
		`{"password": "hunter2"}`,
		`{"username": "hunter2"}`,
	} {
		_, err := ParseUser(secret)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.0.1": true, "::1": true,
		"10.0.0.1": false, "db.example.com": false, "localhost.example.com": false, "": false,
	} {
		assert.Equal(t, want, IsLoopback(host), host)
	}
}

// A pool makes connections in the background, without the deadline of the request that waits for one.
func TestASignInThatHangsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) (User, error) {
			<-ctx.Done()
			return User{}, ctx.Err()
		}
		got, err := Config{Host: "db.internal", TLS: TLSVerifyFull, Credentials: hangs}.pool()
		require.NoError(t, err)
		start := time.Now()
		err = got.BeforeConnect(t.Context(), got.ConnConfig)
		require.ErrorContains(t, err, "signing in to db.internal")
		assert.Equal(t, order.ErrUnavailable, explain(err))
		assert.Equal(t, connectTimeout, time.Since(start))
	})
}

func TestTheEnvironmentOfLibpqDoesNotReachTheConnection(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST":               "elsewhere",
		"PGPORT":               "1",
		"PGUSER":               "other",
		"PGPASSWORD":           "other",
		"PGDATABASE":           "other",
		"PGSSLMODE":            "disable",
		"PGTARGETSESSIONATTRS": "any",
	} {
		t.Setenv(name, value)
	}
	got, err := Config{
		Host:        "db.internal",
		Port:        5432,
		Database:    "lab",
		Credentials: FixedSecret(User{Name: "dbadmin", password: "secret"}).Read,
		TLS:         TLSVerifyFull,
	}.pool()
	require.NoError(t, err)
	connection := got.ConnConfig
	require.NoError(t, got.BeforeConnect(t.Context(), connection))
	assert.Equal(t, []any{"db.internal", uint16(5432), "lab", "dbadmin", "secret"},
		[]any{connection.Host, connection.Port, connection.Database, connection.User, connection.Password})
	assert.Empty(t, connection.Fallbacks)
	assert.NotNil(t, connection.ValidateConnect, "a reader is not taken for the writer")
	require.NotNil(t, connection.TLSConfig)
	assert.False(t, connection.TLSConfig.InsecureSkipVerify)
	assert.Equal(t, "db.internal", connection.TLSConfig.ServerName)
}

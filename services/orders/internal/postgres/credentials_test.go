package postgres

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func asTask(t *testing.T, region string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", region)
}

// What a token is made of: Amazon RDS user guide, "Connecting to your DB instance using IAM authentication".
func TestAnIAMTokenIsForOneUserOfOneDatabase(t *testing.T) {
	asTask(t, "eu-central-1")
	user, err := FromIAM("orders", "eu-west-1", "db.internal", 6432)(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "orders", user.Name)
	assert.True(t, user.isToken)
	signed, err := url.Parse("https://" + user.password)
	require.NoError(t, err)
	assert.Equal(t, "db.internal:6432", signed.Host)
	query := signed.Query()
	assert.Equal(t, "connect", query.Get("Action"))
	assert.Equal(t, "orders", query.Get("DBUser"))
	assert.Equal(t, "900", query.Get("X-Amz-Expires"))
	assert.Contains(t, query.Get("X-Amz-Credential"), "/eu-west-1/rds-db/aws4_request")
	assert.NotEmpty(t, query.Get("X-Amz-Signature"))
}

func TestASecretIsWrittenAsRDSProxyReadsIt(t *testing.T) {
	asTask(t, "eu-west-1")
	var written struct{ SecretId, SecretString string }
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch r.Header.Get("X-Amz-Target") {
		case "secretsmanager.PutSecretValue":
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&written))
			_, _ = w.Write([]byte("{}"))
		case "secretsmanager.GetSecretValue":
			if written.SecretString == "" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"__type": "ResourceNotFoundException"}`))
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": written.SecretString})
		}
	}))
	t.Cleanup(service.Close)
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", service.URL)
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders"
	secret := SecretsManager(arn)
	_, err := secret.Read(t.Context())
	require.ErrorIs(t, err, errNoValue)
	user := newUser("orders")
	require.NoError(t, secret.Write(t.Context(), user))
	assert.Equal(t, arn, written.SecretId)
	assert.JSONEq(t, `{"username": "orders", "password": "`+user.password+`"}`, written.SecretString)
	again, err := secret.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, user, again)
}

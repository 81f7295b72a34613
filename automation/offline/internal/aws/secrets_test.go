package aws

import (
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// worldText is everything that the world's files hold.
func (l *lab) worldText() string {
	l.Helper()
	require.NoError(l, l.w.Close())
	all := ""
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(l.w.Path() + suffix)
		if !os.IsNotExist(err) {
			require.NoError(l, err)
		}
		all += string(data)
	}
	return all
}

// A secret is secret by its nature or because the program says so; either way it stays one in every answer, is told
// from another, and does not reach the world.
func TestSecretsStaySecret(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20, "username": resource.MakeSecret(resource.NewProperty("admiral")),
		"password": "hunter2", "skipFinalSnapshot": true, "tags": in{"Token": resource.MakeSecret(resource.NewProperty("s3cr3t"))}}
	m := l.create(tDBInstance, "it", inputs)
	for _, name := range []string{"password", "username"} {
		assert.True(t, m.inputs[resource.PropertyKey(name)].IsSecret(), name)
		assert.True(t, m.state[resource.PropertyKey(name)].IsSecret(), name)
	}
	assert.True(t, m.state["tagsAll"].ContainsSecrets())
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.diffChecked(m, inputs).GetChanges())

	read, exists := l.refresh(m)
	require.True(t, exists)
	assert.Equal(t, m.state["password"], read.state["password"], "AWS gives no password back: the engine's own is kept")
	assert.Equal(t, m.state["tags"], read.state["tags"])
	assert.Equal(t, m.inputs, read.inputs)
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.diffChecked(read, inputs).GetChanges())

	inputs["password"] = "hunter3"
	assert.Equal(t, map[string]string{"password": "UPDATE"}, details(l.diffChecked(m, inputs)))
	m = l.update(m, inputs)
	assert.Equal(t, "hunter3", m.state["password"].SecretValue().Element.StringValue())

	imported, exists := l.imported(tDBInstance, m.str("identifier"))
	require.True(t, exists)
	assert.NotContains(t, imported.state, resource.PropertyKey("password"))
	text := l.worldText()
	for _, secret := range []string{"hunter2", "hunter3", "s3cr3t", "admiral"} {
		assert.NotContains(t, text, secret)
	}
	require.NoError(t, l.tryDelete(m))
}

func TestASecretStringReplacesItsVersion(t *testing.T) {
	l := newLab(t, "us-east-1")
	secret := l.create(tSecret, "it", in{"name": "db"})
	m := l.create(tSecretVersion, "it", in{"secretId": secret.id, "secretString": "hunter2"})
	assert.True(t, m.state["secretString"].IsSecret())
	response := l.diffChecked(m, in{"secretId": secret.id, "secretString": "hunter3"})
	assert.Equal(t, []string{"secretString"}, response.GetReplaces())
	assert.NotContains(t, l.worldText(), "hunter2")
}

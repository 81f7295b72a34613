package aws_test

import (
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// worldText returns everything that the world's files hold.
func worldText(l *awstest.Lab) string {
	l.Helper()
	require.NoError(l, l.W.Close())
	all := ""
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(l.W.Path() + suffix)
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
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{
		"instanceClass":     "db.t4g.micro",
		"engine":            "postgres",
		"allocatedStorage":  20,
		"username":          resource.MakeSecret(resource.NewProperty("admiral")),
		"password":          "hunter2",
		"skipFinalSnapshot": true,
		"tags":              awstest.In{"Token": resource.MakeSecret(resource.NewProperty("s3cr3t"))},
	}
	m := l.Create(token.DBInstance, "it", inputs)
	for _, name := range []string{"password", "username"} {
		assert.True(t, m.Inputs[resource.PropertyKey(name)].IsSecret(), name)
		assert.True(t, m.State[resource.PropertyKey(name)].IsSecret(), name)
	}
	assert.True(t, m.State["tagsAll"].ContainsSecrets())
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.DiffChecked(m, inputs).GetChanges())

	read, exists := l.Refresh(m)
	require.True(t, exists)
	assert.Equal(t, m.State["password"], read.State["password"], "AWS gives no password back: the engine's own is kept")
	assert.Equal(t, m.State["tags"], read.State["tags"])
	assert.Equal(t, m.Inputs, read.Inputs)
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.DiffChecked(read, inputs).GetChanges())

	inputs["password"] = "hunter3"
	assert.Equal(t, map[string]string{"password": "UPDATE"}, awstest.Details(l.DiffChecked(m, inputs)))
	m = l.Update(m, inputs)
	assert.Equal(t, "hunter3", m.State["password"].SecretValue().Element.StringValue())

	imported, exists := l.Imported(token.DBInstance, m.Str("identifier"))
	require.True(t, exists)
	assert.NotContains(t, imported.State, resource.PropertyKey("password"))
	text := worldText(l)
	for _, secret := range []string{"hunter2", "hunter3", "s3cr3t", "admiral"} {
		assert.NotContains(t, text, secret)
	}
	require.NoError(t, l.TryDelete(m))
}

func TestASecretStringReplacesItsVersion(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	secret := l.Create(token.Secret, "it", awstest.In{"name": "db"})
	m := l.Create(token.SecretVersion, "it", awstest.In{"secretId": secret.Id, "secretString": "hunter2"})
	assert.True(t, m.State["secretString"].IsSecret())
	response := l.DiffChecked(m, awstest.In{"secretId": secret.Id, "secretString": "hunter3"})
	assert.Equal(t, []string{"secretString"}, response.GetReplaces())
	assert.NotContains(t, worldText(l), "hunter2")
}

package stackfile

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const file = `# why
config:
  awslab:config:region: eu-west-1 # here
  network: {cidr: 10.0.0.0/16}
  awslab:exemptions: [{expires: 2027-01-31}]
  aws:skipRegionValidation: true
encryptionsalt: v1:abc
`

func TestWhatIsNotSetStaysAsItWasWritten(t *testing.T) {
	f, err := Parse([]byte(file))
	require.NoError(t, err)
	require.NoError(t, f.Set("awslab", "region", "eu-central-1"))
	require.NoError(t, f.Set("awslab", "awslab:network", nil))
	require.NoError(t, f.Set("awslab", "tables", []map[string]any{{"name": "items"}}))
	text, secrets, err := f.Text()
	require.NoError(t, err)
	require.Empty(t, secrets)
	require.Equal(t, `# why
config:
    awslab:exemptions: [{expires: 2027-01-31}]
    aws:skipRegionValidation: true
    awslab:region: eu-central-1
    awslab:tables:
        - name: items
encryptionsalt: v1:abc
`, string(text))
}

func TestAFileMayBeEmpty(t *testing.T) {
	for _, content := range []string{"", "config:\n", "{}", "# nothing\n"} {
		f, err := Parse([]byte(content))
		require.NoError(t, err, content)
		require.NoError(t, f.Set("awslab", "region", "eu-west-1"))
		text, _, err := f.Text()
		require.NoError(t, err)
		require.Contains(t, string(text), "awslab:region: eu-west-1")
	}
}

func TestSecretsAreTakenOutByTheirPaths(t *testing.T) {
	f, err := Parse(nil)
	require.NoError(t, err)
	require.NoError(t, f.Set("awslab", "top", Secret("one")))
	require.NoError(t, f.Set("awslab", "services", []any{map[string]any{
		"environment": map[string]any{"KEY": Secret("two"), "a.b": Secret("three")},
	}}))
	text, secrets, err := f.Text()
	require.NoError(t, err)
	require.Equal(t, map[string]Secret{
		"awslab:top":                            "one",
		"awslab:services[0].environment.KEY":    "two",
		`awslab:services[0].environment["a.b"]`: "three",
	}, secrets)
	require.NotContains(t, string(text), "one")
	require.Contains(t, string(text), `secure: ""`)

	again, err := Parse(text)
	require.NoError(t, err)
	require.Len(t, again.Encrypted(), 3)
}

func TestASecretIsNotPrinted(t *testing.T) {
	secret := Secret("hidden")
	asJSON, err := json.Marshal(map[string]any{"a": secret})
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%v %s %+v %#v %q", secret, secret, secret, secret, secret), string(asJSON),
	} {
		require.NotContains(t, text, "hidden")
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	for content, want := range map[string]string{
		"config: [":  "is not a valid YAML",
		"- a":        "has no keys",
		"config: []": "config is no object",
	} {
		_, err := Parse([]byte(content))
		require.ErrorContains(t, err, want)
	}
	f, err := Parse(nil)
	require.NoError(t, err)
	require.Error(t, f.Set("awslab", "key", func() {}))
}

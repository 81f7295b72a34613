//go:build e2e

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLifecycleWithoutASecretInTheOutput compares all that every command prints with the secrets of the stack.
func TestLifecycleWithoutASecretInTheOutput(t *testing.T) {
	t.Parallel()
	awslab := newProject(t)
	printed := map[string]string{}
	for _, args := range [][]string{
		{"preview"},
		{"preview", "--json"},
		{"up"},
		{"up", "--json"},
		{"outputs"},
		{"outputs", "--json"},
		{"refresh", "--json"},
		{"drift"},
		{"drift", "--json"},
		{"recover", "--json"},
		{"history"},
		{"history", "--json"},
		{"export"},
		{"export", "--json"},
		{"cost"},
		{"cost", "--json"},
		{"offline", "list"},
		{"offline", "list", "--json"},
		{"offline", "audit"},
		{"offline", "env"},
	} {
		if args[0] != "offline" {
			args = append(args, "--stack", "small")
		}
		output, err := awslab(args...).CombinedOutput()
		require.NoError(t, err, string(output))
		printed[strings.Join(args, " ")] = string(output)
	}
	shown, err := awslab("export", "--stack", "small", "--show-secrets").Output()
	require.NoError(t, err)
	secrets := secretsIn(t, shown)
	require.NotEmpty(t, secrets, "the stack has no secret, so that the test shows nothing")
	output, err := awslab("destroy", "--stack", "small").CombinedOutput()
	require.NoError(t, err, string(output))
	printed["destroy"] = string(output)

	for command, text := range printed {
		for _, secret := range secrets {
			require.False(t, strings.Contains(text, secret), "awslab %s prints a secret in clear text", command)
		}
	}
	require.Contains(t, printed["export --stack small"], `"ciphertext"`)
}

// secretsIn returns the texts in an export's decrypted secrets that are long enough to be found by chance nowhere else.
func secretsIn(t *testing.T, export []byte) []string {
	t.Helper()
	var deployment any
	require.NoError(t, json.Unmarshal(export, &deployment))
	var found []string
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if plaintext, ok := v["plaintext"].(string); ok {
				var secret any
				require.NoError(t, json.Unmarshal([]byte(plaintext), &secret))
				text, _ := secret.(string)
				var fields map[string]string
				if json.Unmarshal([]byte(text), &fields) == nil {
					text = fields["password"]
				}
				if len(text) >= 8 {
					found = append(found, text)
				}
			}
			for _, element := range v {
				walk(element)
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(deployment)
	return found
}

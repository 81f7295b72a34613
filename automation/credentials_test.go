package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// Without credentials nothing begins on AWS, and the error says in one line what to do.
func TestNoCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		profile string
		want    string
	}{
		"none at all":            {"", "there are no AWS credentials: set aws:profile"},
		"a profile of the stack": {"nobody", `there are no AWS credentials in profile "nobody": `},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			home := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(home, "config"), nil, 0o600))
			if test.profile != "" {
				p.configure(t, "dev", "config:\n", "config:\n  aws:profile: "+test.profile+"\n")
			}
			lab := p.openOnAWS(t, map[string]string{
				"AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ROLE_ARN": "",
				"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
				"AWS_CONFIG_FILE":             filepath.Join(home, "config"),
				"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "credentials"),
				"AWS_EC2_METADATA_DISABLED":   "true",
			})
			_, err := lab.Preview(context.Background())
			var missing *automation.CredentialsError
			require.ErrorAs(t, err, &missing)
			require.Equal(t, test.profile, missing.Profile)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/callertest"
)

// noCredentials are variables that leave the AWS SDK none, in a home of the test's own.
func noCredentials(t *testing.T) map[string]string {
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "config"), nil, 0o600))
	return map[string]string{
		"AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ROLE_ARN": "",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_CONFIG_FILE":             filepath.Join(home, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "credentials"),
		"AWS_EC2_METADATA_DISABLED":   "true",
	}
}

// Without credentials nothing begins on AWS, and the error says in one line what to do.
func TestNoCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		profile, configured string
		want                string
	}{
		"none at all": {"", "", "there are no AWS credentials: set aws:profile"},
		"a profile of the stack": {
			"nobody", "aws:profile: nobody", `there are no AWS credentials in profile "nobody": `,
		},
		"none to assume a role with": {
			"", "aws:assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/deployer'}",
			"there are no AWS credentials: set aws:profile",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.configure(t, "dev", "config:\n", "config:\n  "+test.configured+"\n")
			lab := p.openOnAWS(t, noCredentials(t))
			_, err := lab.Preview(context.Background())
			var missing *automation.CredentialsError
			require.ErrorAs(t, err, &missing)
			require.Equal(t, test.profile, missing.Profile)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// Credentials that AWS does not accept, or of an account that the stack may not be in, are found before anything
// begins.
func TestCredentialsThatWillNotDo(t *testing.T) {
	const user = "the AWS credentials are those of arn:aws:iam::123456789012:user/tester in account 123456789012, " +
		"which "
	for name, test := range map[string]struct {
		configured, refusal string
		want                string
	}{
		"expired": {"", "ExpiredToken", "the AWS credentials have expired: renew them, with aws sso login or what " +
			"gave them, and run the command again"},
		"wrong": {"", "InvalidClientTokenId", "AWS does not accept the AWS credentials: InvalidClientTokenId: of " +
			"this test; correct them, or name another profile in aws:profile or AWS_PROFILE"},
		"of another account": {`aws:allowedAccountIds: ["111111111111", 222222222222]`, "", user +
			"aws:allowedAccountIds does not allow: it allows 111111111111, 222222222222; name a profile of another " +
			"account in aws:profile or AWS_PROFILE"},
		"of a forbidden account": {`aws:forbiddenAccountIds: '["123456789012"]'`, "", user +
			"aws:forbiddenAccountIds forbids; name a profile of another account in aws:profile or AWS_PROFILE"},
	} {
		t.Run(name, func(t *testing.T) {
			p, asked := newProject(t), callertest.Start(t)
			asked.Refuse(test.refusal)
			p.configure(t, "dev", "config:\n", "config:\n  "+test.configured+"\n")
			lab := p.openOnAWS(t, credentialsOf(asked))
			for _, operation := range []func(context.Context, ...automation.Option) (*automation.Result, error){
				lab.Preview, lab.Up, lab.Refresh, lab.Drift,
			} {
				_, err := operation(context.Background())
				require.EqualError(t, err, test.want)
			}
		})
	}
}

func credentialsOf(asked *callertest.Server) map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": "an id", "AWS_SECRET_ACCESS_KEY": "of this test", "AWS_ENDPOINT_URL_STS": asked.URL,
		"AWS_ENDPOINT_URL_IAM": asked.URL,
	}
}

// A setting that the provider could not read is refused when the stack is opened.
func TestSettingsOfTheProviderThatAreWrong(t *testing.T) {
	p := newProject(t)
	p.configure(t, "dev", "config:\n", "config:\n  aws:allowedAccountIds: '123456789012'\n")
	options := p.options("dev")
	options.Target = automation.AWS
	t.Setenv("PULUMI_BACKEND_URL", "file://"+t.TempDir())
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", "of this test")
	_, err := automation.Open(t.Context(), options)
	require.ErrorContains(t, err, `aws:allowedAccountIds: is not what the aws provider takes; use a list such as `+
		`["123456789012"], an object or a boolean`)
}

// What the stack's file holds encrypted is what AWS is asked with, too.
func TestAKeyOfTheProviderMayBeEncrypted(t *testing.T) {
	p, variables := newProject(t), noCredentials(t)
	variables["AWS_ENDPOINT_URL_STS"] = callertest.Start(t).URL
	variables["PULUMI_BACKEND_URL"], variables["PULUMI_CONFIG_PASSPHRASE"] = "file://"+t.TempDir(), "of this test"
	for variable, value := range variables {
		t.Setenv(variable, value)
	}
	options := p.options("dev")
	options.Target, options.PolicyPacks = automation.AWS, []automation.PolicyPack{}
	options.Configuration = automation.Configuration{
		"aws:accessKey":         automation.Secret("of a role"),
		"aws:secretKey":         automation.Secret("of this test"),
		"aws:allowedAccountIds": []string{"111111111111"},
	}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	_, err = lab.Preview(t.Context())
	var wrong *automation.WrongAccountError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/deployer/x", wrong.Principal)
}

package backend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/require"
)

// none is an environment in which nobody is logged in.
func none(t *testing.T) { t.Setenv("PULUMI_HOME", t.TempDir()) }

func TestTheBackendIsTheOneThatTheEngineUses(t *testing.T) {
	none(t)
	inProject := &workspace.Project{Backend: &workspace.ProjectBackend{URL: "s3://of-project"}}
	require.Equal(t, "s3://chosen", Find("s3://chosen", []string{"PULUMI_BACKEND_URL=s3://of-shell"}, inProject))
	require.Equal(t, "s3://of-shell", Find("", []string{"PULUMI_BACKEND_URL=s3://of-shell"}, inProject))
	require.Equal(t, "s3://of-project", Find("", nil, inProject))
	require.Empty(t, Find("", nil, &workspace.Project{}))

	require.NoError(t, workspace.StoreAccount("s3://of-login", workspace.Account{}, true))
	require.Equal(t, "s3://of-login", Find("", nil, &workspace.Project{}))
}

func TestCheck(t *testing.T) {
	none(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, test := range map[string]struct {
		url       string
		variables []string
		want      string
	}{
		"none": {
			"", nil,
			"backend is missing, so that there is nowhere to keep the stack's state; choose s3://",
		},
		"a folder":        {"file://" + folder, nil, ""},
		"a folder, asked": {"file://" + folder + "?metadata=skip", nil, ""},
		"no folder": {
			"file://" + folder + "/no", nil,
			"does not exist; create it with: mkdir -p " + folder + "/no",
		},
		"a file":   {"file://" + file, nil, "is no folder; choose s3://"},
		"a bucket": {"s3://state?region=eu-west-1", nil, ""},
		"no bucket's name": {
			"s3://My_State?region=eu-west-1", nil, `has "My_State", which is no name of a bucket; write`,
		},
		"no region":         {"s3://state?region=Ireland", nil, `has "Ireland", which is no region; write`},
		"an empty region":   {"s3://state?region=", nil, `has "", which is no region`},
		"no bucket":         {"s3://", nil, "names no bucket; choose s3://"},
		"Google's bucket":   {"gs://state", nil, ""},
		"Azure's container": {"azblob://state", nil, ""},
		"an unknown scheme": {"ftp://state", nil, `backend "ftp://state" has an unknown scheme; choose s3://`},
		"no URL":            {"s3://%", nil, "is no URL"},
		"no scheme":         {"my-bucket", nil, "has an unknown scheme"},
		"a cloud, logged out": {
			"https://api.pulumi.com", nil,
			"set PULUMI_ACCESS_TOKEN, or run pulumi login https://api.pulumi.com",
		},
		"a cloud, a token": {"https://api.pulumi.com", []string{"PULUMI_ACCESS_TOKEN=pul-1"}, ""},
		"a cloud, nowhere": {"https://", nil, "names no host"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(test.url, test.variables)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var refused *Error
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAFolderThatCannotBeWrittenIsNoBackend(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o500))
	require.ErrorContains(t, Check("file://"+folder, nil), "cannot be written to")
}

func TestCheckSecretsProvider(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	const state, cloud = "s3://state", "https://api.pulumi.com"
	for name, test := range map[string]struct {
		provider, backend string
		variables         []string
		want              string
	}{
		"a key":                  {"awskms://alias/state?region=eu-west-1", state, nil, ""},
		"a passphrase":           {"passphrase", state, []string{"PULUMI_CONFIG_PASSPHRASE=x"}, ""},
		"an empty one":           {"", state, []string{"PULUMI_CONFIG_PASSPHRASE="}, ""},
		"in a file":              {"passphrase", cloud, []string{"PULUMI_CONFIG_PASSPHRASE_FILE=" + file}, ""},
		"no passphrase":          {"", state, nil, "has no passphrase; set PULUMI_CONFIG_PASSPHRASE, or"},
		"no passphrase, a cloud": {"passphrase", cloud, nil, "has no passphrase"},
		"no file": {
			"", state, []string{"PULUMI_CONFIG_PASSPHRASE_FILE=/no"},
			"has no passphrase: open /no",
		},
		"the cloud's own": {"", cloud, nil, ""},
		"unknown": {
			"rot13://key", state, nil,
			`secrets provider "rot13://key" is unknown; choose passphrase`,
		},
		"a name":     {"kms", state, nil, "is unknown"},
		"no key":     {"awskms://", state, nil, "names no key"},
		"a key's id": {"awskms://1234abcd-12ab-34cd-56ef-1234567890ab?region=eu-west-1", state, nil, ""},
		"a key's ARN": {
			"awskms:///arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab?region=eu-west-1",
			state, nil, "",
		},
		"a key's name": {"awskms://state", state, nil, `has "state", which is no KMS key; write awskms://alias/NAME`},
		"a key in no region": {
			"awskms://alias/state?region=x", state, nil, `has "x", which is no region; write one such as awskms://`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckSecretsProvider(test.provider, test.backend, test.variables)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var refused *SecretsError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestWhatTheEngineSaysOfAPassphrase(t *testing.T) {
	require.Nil(t, Refused("error: no stack named 'x' found"))
	require.ErrorContains(t, Refused("error: incorrect passphrase"), "set PULUMI_CONFIG_PASSPHRASE to the stack's own")
	require.ErrorContains(
		t,
		Refused("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASS"),
		"has no passphrase; set PULUMI_CONFIG_PASSPHRASE",
	)
}

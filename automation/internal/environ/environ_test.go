package environ

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheEngineInheritsWhatItNeedsAlone(t *testing.T) {
	needed := []string{
		"HOME=/root", "PATH=/bin", "TMPDIR=/tmp", "https_proxy=http://proxy", "LC_ALL=C", "AWS_PROFILE=dev",
		"PULUMI_ACCESS_TOKEN=pul-1", "DOCKER_HOST=unix:///run/docker.sock", "GOPROXY=off", "GOFLAGS=-mod=mod",
	}
	foreign := []string{
		"GITHUB_TOKEN=ghp_1", "CI_JOB_TOKEN=1", "NPM_TOKEN=1", "GOOGLE_CREDENTIALS={}", "VAULT_TOKEN=1",
		"AZURE_CLIENT_SECRET=1", "DATABASE_URL=postgres://u:p@h", "HOMEBREW_TOKEN=1", "MY_AWS_SECRET=1", "GOPHER=1",
		"SSH_AUTH_SOCK=/tmp/agent", "LD_PRELOAD=/tmp/x.so",
	}
	require.Equal(t, needed, Inherited(append(needed, foreign...), "s3://state", "awskms://alias/state"))
}

func TestABackendBringsItsOwnVariables(t *testing.T) {
	given := []string{"GOOGLE_CREDENTIALS={}", "VAULT_TOKEN=1", "AZURE_CLIENT_SECRET=1"}
	for url, want := range map[string][]string{
		"gs://state":            {"GOOGLE_CREDENTIALS={}"},
		"gcpkms://key":          {"GOOGLE_CREDENTIALS={}"},
		"azblob://state":        {"AZURE_CLIENT_SECRET=1"},
		"azurekeyvault://vault": {"AZURE_CLIENT_SECRET=1"},
		"hashivault://key":      {"VAULT_TOKEN=1"},
		"":                      nil,
	} {
		require.Equal(t, want, Inherited(given, url), url)
	}
}

func TestValueIsTheLastOne(t *testing.T) {
	value, set := Value([]string{"A=1", "AB=2", "A=3"}, "A")
	require.True(t, set)
	require.Equal(t, "3", value)
	_, set = Value([]string{"AB=2"}, "A")
	require.False(t, set)
}

func TestWithout(t *testing.T) {
	require.Equal(
		t,
		[]string{"HOME=/"},
		Without([]string{"AWS_PROFILE=a", "HOME=/", "PULUMI_HOME=b"}, "AWS_", "PULUMI_"),
	)
}

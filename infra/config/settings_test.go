package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettingsSayWhatIsGiven(t *testing.T) {
	found, err := Settings("awslab", "Pulumi.dev.yaml", []byte(`
config:
  region: eu-west-1
  awslab:network: {cidr: 10.1.0.0/16}
  awslab:buckets: [{name: uploads}]
  aws:profile: other
`))
	require.NoError(t, err)
	byPath := map[string]Setting{}
	for _, s := range found {
		byPath[s.Path] = s
	}
	require.Equal(t, Setting{"awslab:region", "eu-west-1", true}, byPath["awslab:region"])
	require.Equal(t, Setting{"awslab:network.cidr", "10.1.0.0/16", true}, byPath["awslab:network.cidr"])
	require.Equal(t, Setting{"awslab:buckets[0].name", "uploads", true}, byPath["awslab:buckets[0].name"])
	require.Equal(t, Setting{"awslab:firewall.requestsPerIp", 2000, false}, byPath["awslab:firewall.requestsPerIp"])
	require.False(t, byPath["awslab:backup.rules[0].retentionDays"].Given, "a default that is a list")
	require.NotContains(t, byPath, "aws:profile", "it is the provider's")

	prod, err := Settings(
		"awslab",
		"Pulumi.prod.yaml",
		[]byte("config: {region: eu-west-1, copyRegion: eu-central-1, profile: prod}"),
	)
	require.NoError(t, err)
	require.Contains(t, prod, Setting{"awslab:monitoring.logRetentionDays", 365, false})

	_, err = Settings("awslab", "Pulumi.dev.yaml", []byte("config: {awslab:netwrk: {}}"))
	require.Len(t, problems(t, err), 2, "the region is missing, too")
}

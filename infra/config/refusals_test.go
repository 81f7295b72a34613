package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a component or the provider would refuse is refused here, under the key that the user wrote.
func TestWhatComponentsRefuseIsRefusedUpFront(t *testing.T) {
	schedule := func(more string) string {
		return with(`{"scaling": {"max": 3, "schedules": [{"name": "night", "min": 1, "max": 2, ` + more + `}]}}`)
	}
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		key, value, want string
	}{
		"everybody denied": {
			"firewall",
			`{"denyCidrs": ["0.0.0.0/0"]}`,
			`awslab:firewall.denyCidrs[0]: 0.0.0.0/0 is every address; use a smaller CIDR block`,
		},
		"every IPv6 address denied": {
			"firewall",
			`{"denyCidrs": ["10.0.0.0/8", "::/0"]}`,
			`awslab:firewall.denyCidrs[1]: ::/0 is every address; use a smaller CIDR block`,
		},
		"an unknown rule group": {
			"firewall",
			`{"exclusions": {"Common": []}}`,
			`awslab:firewall.exclusions.Common: is none of the rule groups; use one of AWSManaged`,
		},
		"a relative scratch path": {
			"services",
			"[" + with(`{"scratchPaths": ["tmp"]}`) + "]",
			`awslab:services[0].scratchPaths[0]: "tmp"`,
		},
		"a scratch path upwards": {
			"services",
			"[" + with(`{"scratchPaths": ["/tmp/.."]}`) + "]",
			`awslab:services[0].scratchPaths[0]: "/tmp/.."; use an absolute path`,
		},
		"a scratch path twice": {
			"services",
			"[" + with(`{"scratchPaths": ["/tmp", "/tmp"]}`) + "]",
			`awslab:services[0].scratchPaths[1]: "/tmp" is mounted twice`,
		},
		"no time zone": {
			"services",
			"[" + schedule(`"at": "cron(0 7 ? * MON-FRI *)", "timeZone": "Europe/Dublinn"`) + "]",
			`awslab:services[0].scaling.schedules[0].timeZone: "Europe/Dublinn" is not an IANA time zone`,
		},
		"no time": {
			"services",
			"[" + schedule(`"at": "at(tomorrow)"`) + "]",
			`awslab:services[0].scaling.schedules[0].at: "at(tomorrow)" is not a schedule; use cron(`,
		},
		"an over-long hash key": {
			"tables",
			`[{"name": "items", "hashKey": {"name": "` + long + `"}}]`,
			`awslab:tables[0].hashKey.name: "xxx`,
		},
		"an over-long attribute": {
			"tables",
			`[{"name": "items", "hashKey": {"name": "id"}, "timeToLive": "` + long + `"}]`,
			`awslab:tables[0].timeToLive: "xxx`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode("awslab", map[string]string{"region": "eu-west-1", test.key: test.value})
			found := problems(t, err)
			require.Len(t, found, 1)
			require.True(t, strings.HasPrefix(found[0], test.want), found[0])
		})
	}
	_, err := Decode(
		"awslab",
		map[string]string{"region": "eu-west-1", "firewall": `{"denyCidrs": ["2001:db8::/32", "203.0.113.0/24"]}`},
	)
	require.NoError(t, err, "AWS WAF takes blocks of IPv6")
}

func TestEveryFieldLeadsToAKeyOfTheConfiguration(t *testing.T) {
	require.Equal(t, "scaling.schedules[3].at", serviceFields.key("Scaling.Schedules[3].Expression"))
	require.Empty(t, serviceFields.key("Cluster"))
}

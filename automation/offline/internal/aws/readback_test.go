package aws_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// programs are the stacks of the repository, and with them every type of resource that the program registers.
var programs = map[string]struct {
	stack   string
	changes map[string]string
}{
	"dev":                          {"dev", nil},
	"prod":                         {"prod", nil},
	"prod on EC2":                  {"prod", map[string]string{"cluster": `{"launchType": "ec2"}`}},
	"prod with Aurora":             {"prod", map[string]string{"database": `{"kind": "aurora"}`}},
	"prod with a Multi-AZ cluster": {"prod", map[string]string{"database": `{"kind": "multiAzCluster"}`}},
	"prod with MySQL":              {"prod", map[string]string{"database": `{"engine": "mysql"}`}},
	"dev with everything": {"dev", map[string]string{
		"copyRegion": "eu-central-1",
		"network":    `{"availabilityZones": 2, "ipv6": true, "interfaceEndpoints": ["ecr.api", "ecr.dkr"]}`,
		"cluster":    `{"launchType": "ec2", "instances": {"types": ["m7i.large", "c7i.large"], "spotPercentage": 50}}`,
		"images":     `{"caches": [{"registry": "quay.io"}], "replicate": true}`,
		"loadBalancer": `{"domain": "api.example.com", "zone": "example.com", "clientCidrs": ["203.0.113.0/24"],
			"accessLogs": true}`,
		"tables": `[{"name": "items", "hashKey": {"name": "id"}, "rangeKey": {"name": "at", "type": "N"},
			"timeToLive": "ends", "stream": "KEYS_ONLY",
			"capacity": {"read": {"min": 1, "max": 9}, "write": {"min": 5, "max": 5}},
			"indexes": [{"name": "by-day", "hashKey": {"name": "day"}, "rangeKey": {"name": "at", "type": "N"}},
				{"name": "all", "hashKey": {"name": "id"}}]}]`,
		"buckets":    `[{"name": "uploads", "expireDays": 1, "oldVersionDays": 1, "replicate": true}]`,
		"fileSystem": `{"replicate": true, "infrequentAccessDays": 30}`,
		"website":    `{"folder": "services/website"}`,
		"monitoring": `{"emails": ["ops@example.com"], "tracing": true,
			"slack": {"team": "T012345AB", "channel": "C012345AB"},
			"teams": {"tenant": "6a1b7c1e-0000-4000-8000-123456789012", "team": "6a1b7c1e-0000-4000-8000-123456789012",
				"channel": "19%3a1%40thread.tacv2"}}`,
		"firewall": `{"allowCidrs": ["203.0.113.0/24", "2001:db8::/32"], "denyCidrs": ["198.51.100.7/32"],
			"denyCountries": ["KP", "IR"]}`,
	}},
}

// What the provider reads back of what the program sent is, for the provider, what the program sends: after it the
// second update, a refresh and an import change nothing.
func TestWhatIsReadBackIsWhatWasSent(t *testing.T) {
	models := allModels(t)
	for name, of := range programs {
		t.Run(name, func(t *testing.T) {
			for _, r := range runProgram(t, of.stack, of.changes).made {
				// A type that the program registers says where it was read what the provider reads back of it. A model
				// that adds nothing, and compares texts as they are, says so with its source alone.
				m := models[r.token]
				if !assert.NotNil(t, m, "there is no model of %s", r.token) {
					continue
				}
				assert.Regexp(t, `^[a-z0-9]+/[a-z0-9_]+\.go$`, m.Source, "the source of %s", r.token)
				assert.Empty(t, r.again(r.Made), "%s: the second update", r.Urn)
				refreshed, exists := r.lab.Refresh(r.Made)
				assert.True(t, exists, r.Urn)
				assert.Empty(t, r.again(refreshed), "%s: an update after a refresh", r.Urn)
				assert.Empty(t, r.afterImport(m), "%s: an update after an import", r.Urn)
			}
		})
	}
}

// again returns where the program's inputs differ from what is known of the resource.
func (r registered) again(known awstest.Made) []string {
	r.lab.Helper()
	known.Urn = r.Urn
	return values.SortedKeys(awstest.Details(r.lab.Diff(known, r.Inputs, r.ignored...)))
}

// afterImport returns where the program's inputs differ from what an import reads, but for what the provider does not
// read, and the secrets that AWS does not give back.
func (r registered) afterImport(m *model.Model) []string {
	r.lab.Helper()
	ids := m.ImportIDs(r.Id, r.lab.ARN(r.Made), values.View(r.State))
	if len(ids) == 0 {
		return nil // the provider cannot import the type
	}
	imported, exists := r.lab.Imported(r.token, ids[0])
	if !exists {
		return []string{"nothing has the id " + ids[0]}
	}
	return slices.DeleteFunc(r.again(imported), func(path string) bool {
		top := path[:len(path)-len(strings.TrimLeft(path, letters))]
		return slices.Contains(m.Unread, top) || slices.Contains(m.Secrets, top)
	})
}

// letters are those of which the names of properties are made.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// What AWS writes down in another way than it was sent, and the provider compares as it is, differs at every update.
func TestWhatIsWrittenOtherwiseDiffersForEver(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, _ := l.Network()
	group := l.Create(token.SecurityGroup, "it", awstest.In{"vpcId": vpc.Id})
	acl := func(block string) awstest.In {
		return awstest.In{"vpcId": vpc.Id, "ingress": []any{awstest.In{
			"ruleNo": 1, "action": "allow", "protocol": "6", "fromPort": 443, "toPort": 443, "ipv6CidrBlock": block,
		}}}
	}
	rule := func(block string) awstest.In {
		return awstest.In{
			"securityGroupId": group.Id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv6": block,
		}
	}
	task := func(container string) awstest.In {
		return awstest.In{"family": "shop", "containerDefinitions": "[" + container + "]"}
	}
	for name, c := range map[string]struct {
		token         string
		sent, written awstest.In
	}{
		"an address of a rule":        {token.IngressRule, rule("2001:DB8::/32"), rule("2001:db8::/32")},
		"an address of a network ACL": {token.NetworkAcl, acl("2001:0db8::/32"), acl("2001:db8::/32")},
		"capabilities that add nothing": {token.TaskDefinition,
			task(`{"name": "a", "image": "a:1", "memory": 128,
				"linuxParameters": {"capabilities": {"drop": ["ALL"]}}}`),
			task(`{"name": "a", "image": "a:1", "memory": 128,
				"healthCheck": {"command": ["CMD", "/x"]}, "portMappings": [{"containerPort": 80}],
				"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
				"linuxParameters": {"capabilities": {"add": [], "drop": ["ALL"]}}}`)},
	} {
		made := l.Create(c.token, "sent", c.sent)
		assert.NotEmpty(t, awstest.Details(l.DiffChecked(made, c.sent)), name)
		require.NoError(t, l.TryDelete(made))
		made = l.Create(c.token, "written", c.written)
		assert.Empty(t, awstest.Details(l.DiffChecked(made, c.written)), name)
	}
}

//go:build e2e

package automation_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// What works before a change of a running stack and after it works at every step between. Run it with: make outage

var watchedNames = flag.String("change", "", "a regular expression for the names of the changes that are watched")

// watchedChange is a change of the stack watchedBase, and back again.
type watchedChange struct {
	name    string
	changes map[string]any
	// there and back are how many updates it takes; 0 means 1.
	there, back int
	// oneWay is a change that cannot be taken back.
	oneWay bool
}

// watchedBase adds to the stack dev an internal service, which another one calls.
var watchedBase = map[string]any{
	"services[2]": map[string]any{
		"name":        "pricing",
		"image":       map[string]any{"context": "services", "dockerfile": "catalog/Dockerfile"},
		"port":        8080,
		"internal":    true,
		"healthCheck": map[string]any{"command": []any{"CMD", "/catalog", "healthcheck"}},
	},
	"services[1].access.services": []any{"pricing"},
}

var changesToWatch = []watchedChange{
	{name: "the port of a public service", changes: map[string]any{"services[0].port": 9090}},
	{name: "the port of a service that another one calls", changes: map[string]any{"services[2].port": 9090}},
	{
		name:    "a service is renamed",
		changes: map[string]any{"services[0].name": "goods"},
		there:   2, // the file system's policy names the old role for one update
		back:    2,
	},
	{name: "two services swap their paths", changes: map[string]any{
		"services[0].path": "/orders", "services[1].path": "/items",
	}},
	{
		name: "an internal service becomes public",
		changes: map[string]any{
			"services[2].internal": nil, "services[2].path": "/pricing", "services[2].healthCheck.path": "/healthz",
		},
		there: 2,
	},
	{
		name:    "a service that another one calls goes",
		changes: map[string]any{"services[1].access.services": nil, "services[2]": nil},
	},
	{
		name:    "a service loses a table, and writes no files",
		changes: map[string]any{"services[0].access.tables": nil, "services[0].access.fileSystem.mode": "read"},
		there:   2,
	},
	{name: "a zone is added", changes: map[string]any{"network.availabilityZones": 3}, oneWay: true},
	{
		name: "endpoints take the place of NAT",
		changes: map[string]any{
			"network.natGateways":        "none",
			"network.interfaceEndpoints": []any{"ecr.api", "ecr.dkr", "logs", "ssm", "secretsmanager"},
		},
	},
	{name: "NAT in each zone", changes: map[string]any{"network.natGateways": "onePerAz"}},
	{name: "other ports of the internet", changes: map[string]any{"network.egressPorts": []any{443, 587}}},
	{name: "a proxy", changes: map[string]any{"database.proxy": true}},
	{name: "a replica", changes: map[string]any{"database.readReplicas": 1, "database.backupRetentionDays": 7}},
	{name: "instances take the place of Fargate", changes: map[string]any{"cluster.launchType": "ec2"}, back: 2},
	{name: "no firewall", changes: map[string]any{"firewall.enabled": false}},
	{
		name:    "a domain with a certificate",
		changes: map[string]any{"loadBalancer.domain": "lab.example.com", "loadBalancer.zone": "example.com"},
	},
	{name: "traces", changes: map[string]any{"monitoring.tracing": true}},
	{name: "logs are kept longer", changes: map[string]any{"monitoring.logRetentionDays": 400}},
}

func TestNothingIsInterruptedByChanges(t *testing.T) {
	p := newProject(t)
	p.edit(t, "dev", watchedBase)
	p.upWithoutPolicies(t, "dev", 1)
	for _, change := range drawChanges(t) {
		path := filepath.Join(p.dir, "Pulumi.dev.yaml")
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		t.Run(change.name, func(t *testing.T) {
			p.edit(t, "dev", change.changes)
			p.requireNoOutage(t, "dev", max(1, change.there))
		})
		if change.oneWay {
			continue
		}
		t.Run(change.name+", and back", func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, before, 0o600))
			p.requireNoOutage(t, "dev", max(1, change.back))
		})
	}
}

// drawChanges returns those that the flags ask for.
func drawChanges(t *testing.T) []watchedChange {
	t.Helper()
	named, err := regexp.Compile(*watchedNames)
	require.NoError(t, err)
	changes := slices.DeleteFunc(slices.Clone(changesToWatch), func(c watchedChange) bool {
		return !named.MatchString(c.name)
	})
	if *changeCount == 0 {
		return changes
	}
	draw := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // a draw that can be repeated
	draw.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	return changes[:min(len(changes), *changeCount)]
}

// upWithoutPolicies leaves out what judges a change and does not make it.
func (p *project) upWithoutPolicies(t *testing.T, stackName string, times int) {
	t.Helper()
	options := p.options(stackName)
	options.PolicyPacks = []automation.PolicyPack{}
	for range times {
		lab, err := automation.Open(t.Context(), options)
		require.NoError(t, err)
		_, err = lab.Up(t.Context())
		require.NoError(t, err)
	}
}

// requireNoOutage brings a stack up while it is watched, as often as given.
func (p *project) requireNoOutage(t *testing.T, stackName string, times int) {
	t.Helper()
	require.NoError(t, p.home(t).Record(t.Context()))
	p.upWithoutPolicies(t, stackName, times)
	outages, err := p.home(t).Outages(t.Context())
	require.NoError(t, err)
	for _, outage := range outages {
		t.Error(outage)
	}
}

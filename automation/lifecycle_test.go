//go:build e2e

package automation_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// These tests bring whole stacks up, change them and take them down again. Run them with: make e2e

// stateful are the types whose resources hold data, or without which data cannot be read.
var stateful = []string{
	"aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance",
	"aws:dynamodb/table:Table", "aws:s3/bucketV2:BucketV2", "aws:efs/fileSystem:FileSystem",
	"aws:efs/accessPoint:AccessPoint", "aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:backup/vault:Vault",
	"aws:ecr/repository:Repository", "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet",
}

// requireDataKept holds but for what goes with restore testing, which holds only its own image and log.
func requireDataKept(t *testing.T, r *automation.Result) {
	t.Helper()
	for _, s := range r.Steps {
		if s.Type == "aws:cloudwatch/logGroup:LogGroup" { // which goes with what writes to it
			require.NotEqual(t, "replace", s.Op, s.Name)
		}
		// The password of a service's database user goes with the proxy or the service, and migrate makes another.
		kept := !strings.HasPrefix(s.Name, "restore") && !strings.HasPrefix(s.Name, "database-user-")
		if slices.Contains(stateful, s.Type) && kept {
			require.Contains(t, []string{"create", "update"}, s.Op, "%s %s: %v", s.Type, s.Name, s.Properties)
		}
	}
}

// setLevels sets levels of policy rules, as the README says for taking prod down.
func (p *project) setLevels(t *testing.T, stackName string, levels map[string]any) {
	t.Helper()
	path := filepath.Join(p.dir, "policy", "config", stackName+".json")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, json.Unmarshal(content, &config))
	maps.Copy(config, levels)
	content, err = json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

// takeDown lets a stack go that is protected, and destroys it.
func (p *project) takeDown(t *testing.T, stackName string) {
	t.Helper()
	p.takeDownBeside(t, stackName)
	require.Empty(t, p.world(t))
}

// takeDownBeside does the same beside other stacks.
func (p *project) takeDownBeside(t *testing.T, stackName string) {
	t.Helper()
	ctx := context.Background()
	p.edit(t, stackName, map[string]any{
		"database.deletionProtection":     false,
		"tables[0].deletionProtection":    false,
		"fileSystem.deletionProtection":   false,
		"loadBalancer.deletionProtection": false,
		"loadBalancer.forceDelete":        true,
		"buckets[0].forceDelete":          true,
		"images.forceDelete":              true,
		"backup.forceDelete":              true,
		"database.finalSnapshot":          false,
	})
	freed, err := p.open(t, stackName).Up(ctx)
	require.NoError(t, err)
	requireDataKept(t, freed)
	destroyed, err := p.open(t, stackName).Destroy(ctx)
	require.NoError(t, err)
	require.True(t, destroyed.Succeeded)
}

func TestLifecycleOfProd(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	lab := p.open(t, "prod")
	up, err := lab.Up(ctx)
	require.NoError(t, err)
	require.Empty(t, up.Violations, "prod keeps every rule, and what becomes known has been judged")
	for _, d := range up.Diagnostics {
		require.Contains(t, d.Message, "image not built", "prod comes up without a warning of its own")
	}
	for _, output := range []string{
		"url", "websiteUrl", "databaseReaderEndpoint", "backupVaultArn", "backupCopyVaultArn", "networkPlan",
		"commands", "arns", "endpoints",
	} {
		require.NotEmpty(t, up.Outputs[output].Value, "output %s", output)
	}
	p.requireExactPermissions(t)

	refreshed, err := lab.Refresh(ctx)
	require.NoError(t, err)
	require.True(t, refreshed.Unchanged(), "nothing drifted, yet %v", refreshed.Steps)
	p.requireUnchanged(t, "prod") // nor after what AWS says of it was written down
	p.requireShortMakespan(t, "prod")

	t.Run("what is protected is not destroyed", func(t *testing.T) {
		before := len(p.world(t))
		_, err := lab.Destroy(ctx)
		var protected *automation.ProtectedError
		require.ErrorAs(t, err, &protected)
		require.ErrorContains(t, err, "database-instance")
		require.Len(t, p.world(t), before, "nor is anything else")
	})
	t.Run("nor when it leaves the configuration", func(t *testing.T) {
		before := len(p.world(t))
		for _, test := range []struct {
			taken, back map[string]any
			resources   string
		}{
			{ // which RDS refuses
				map[string]any{"database.readReplicas": 0}, map[string]any{"database.readReplicas": nil},
				"database-replica-1",
			},
			{ // which the engine refuses, in the preview
				map[string]any{"fileSystem": nil, "services[0].access.fileSystem": nil},
				map[string]any{
					"fileSystem":                    map[string]any{},
					"services[0].access.fileSystem": map[string]any{"path": "/files", "mode": "readwrite"},
				},
				"files-copy-files, files-files",
			},
		} {
			p.edit(t, "prod", test.taken)
			_, err := p.open(t, "prod").Up(ctx)
			p.edit(t, "prod", test.back)
			require.ErrorAs(t, err, new(*automation.ProtectedError))
			require.ErrorContains(
				t, err, "up of stack prod would delete what is protected against deletion: "+test.resources+";",
			)
			require.Len(t, p.world(t), before)
		}
	})
	p.setLevels(t, "prod", map[string]any{"stateful-protect": "advisory", "alb-deletion-protection": "advisory"})
	p.takeDown(t, "prod")

	t.Run("it comes up and goes down again", func(t *testing.T) {
		_, err := p.open(t, "prod").Up(ctx)
		require.NoError(t, err)
		p.takeDown(t, "prod")
	})
}

// changes are of keys that belong to something stateful: each is made on prod, all together, and keeps the data.
var changes = map[string]any{
	"network.natGateways":          "single",
	"network.interfaceEndpoints":   []any{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "kms"},
	"network.flowLogRetentionDays": 400,
	"network.ipv6":                 true,
	"images.keep":                  20,
	"images.reportFindings":        false,
	"network.egressPorts":          []any{80, 443, 587},
	"database.backupWindow":        "02:20-02:50",
	"database.maintenanceWindow":   "sun:02:50-sun:03:20",
	"database.version":             "18",
	"database.class":               "db.r7g.large",
	"database.maxStorageGiB":       2000,
	"database.storageGiB":          200,
	"database.readReplicas":        2,
	"database.backupRetentionDays": 30,
	"database.monitoringSeconds":   30,
	"database.proxy":               false,
	"database.applyImmediately":    true,
	"tables[0].indexes": []any{
		map[string]any{
			"name":     "by-date",
			"hashKey":  map[string]any{"name": "date", "type": "N"},
			"rangeKey": map[string]any{"name": "author"},
		},
	},
	"tables[0].timeToLive":            "expires",
	"buckets[0].expireDays":           1000,
	"buckets[0].oldVersionDays":       100,
	"buckets[0].forceDelete":          true,
	"fileSystem.infrequentAccessDays": 60,
	"website.priceClass":              "PriceClass_200",
	"backup.rules": []any{
		map[string]any{"schedule": "hourly", "retentionDays": 8},
		map[string]any{"schedule": "daily", "retentionDays": 36, "copyRetentionDays": 36},
		map[string]any{"schedule": "monthly", "retentionDays": 366, "copyRetentionDays": 366},
	},
	"backup.restoreTesting":       false,
	"backup.keepers":              []any{"arn:aws:iam::123456789012:role/keeper"},
	"monitoring.logRetentionDays": 400,
	"firewall.logRetentionDays":   400,
	"permissionsBoundary":         "arn:aws:iam::aws:policy/PowerUserAccess",
}

type refusal struct {
	key    string
	value  any
	reason string
}

// refusals are of keys whose change would lose data: each is refused before anything is done, for the reason.
var refusals = []refusal{
	{"region", "eu-west-2", "awslab:region: eu-west-2, and the stack was made with eu-west-1"},
	{"copyRegion", "eu-west-2", "awslab:copyRegion: eu-west-2, and the stack was made with eu-central-1"},
	{"network.cidr", "10.17.0.0/16", "the VPC would be replaced"},
	{"network.availabilityZones", 2, "the subnets of a zone would be deleted"},
	{"network.zoneNames", []any{"eu-west-1b", "eu-west-1a", "eu-west-1c"}, "the subnets of a zone would be replaced"},
	{"network.subnetMasks.data", 24, "the subnets would be replaced"},
	{"database.engine", "mysql", "the database would be replaced, and its data lost"},
	{"database.kind", "aurora", "the database would be replaced, and its data lost"},
	{"database.name", "other", "the database would be replaced, and its data lost"},
	{"database.storageGiB", 50, "RDS does not shrink storage"},
	{"tables[0].hashKey", map[string]any{"name": "key"}, "the table would be replaced, and its items lost"},
	{"tables[0].rangeKey", map[string]any{"name": "date"}, "the table would be replaced, and its items lost"},
}

func TestLifecycleOfChanges(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	p.setLevels(t, "prod", map[string]any{"all": "advisory"}) // some changes are for the worse
	_, err := p.open(t, "prod").Up(ctx)
	require.NoError(t, err)
	for _, change := range refusals {
		path := filepath.Join(p.dir, "Pulumi.prod.yaml")
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		p.edit(t, "prod", map[string]any{change.key: change.value})
		_, err = p.open(t, "prod").Preview(ctx)
		require.ErrorContains(t, err, change.reason, change.key)
		require.NoError(t, os.WriteFile(path, before, 0o600))
	}
	p.edit(t, "prod", map[string]any{"backup.restoreTesting": false})
	_, err = p.open(t, "prod").Up(ctx)
	require.ErrorContains(
		t,
		err,
		"restorecheck-copy-repository, restorecheck-repository; turn deletionProtection off, or forceDelete on",
		"repositories go when they are let",
	)

	for _, change := range []map[string]any{{"images.forceDelete": true, "backup.restoreTesting": nil}, changes} {
		p.edit(t, "prod", change)
		changed, err := p.open(t, "prod").Up(ctx)
		require.NoError(t, err)
		requireDataKept(t, changed)
	}
	again, err := p.open(t, "prod").Preview(ctx)
	require.NoError(t, err)
	require.True(t, again.Unchanged(), "%v", again.Steps)
	p.takeDown(t, "prod")
}

// A small stack becomes a highly available one, which replicates, protects and locks, and keeps its data.
func TestLifecycleOfAStackThatGrows(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	p.edit(t, "dev", map[string]any{"tables[0].timeToLive": "expires", "backup.enabled": false})
	_, err := p.open(t, "dev").Up(ctx)
	require.NoError(t, err)
	for _, change := range []map[string]any{
		{"tables[0].timeToLiveOff": true, "tables[0].stream": "NEW_IMAGE", "backup.enabled": true},
		{
			"tables[0].capacity": map[string]any{
				"read":  map[string]any{"min": 1, "max": 10},
				"write": map[string]any{"min": 1, "max": 10},
			},
		},
		{"tables[0].capacity": nil, "tables[0].stream": nil},
		{"profile": "prod", "copyRegion": "eu-central-1", "services[0].desiredCount": nil},
	} {
		p.edit(t, "dev", change)
		up, err := p.open(t, "dev").Up(ctx)
		require.NoError(t, err)
		requireDataKept(t, up)
	}
	p.takeDown(t, "dev")
}

// Every kind of database and of capacity comes up, has nothing to do, changes, and goes down to nothing.
func TestLifecycleOfEveryKind(t *testing.T) {
	ctx := context.Background()
	for name, test := range map[string]struct{ made, changed map[string]any }{
		"Aurora on instances": {
			map[string]any{
				"database":           map[string]any{"kind": "aurora", "readReplicas": 1},
				"cluster.launchType": "ec2",
				"network.ipv6":       true,
			},
			map[string]any{"database.class": "db.r7g.large", "database.readReplicas": 2, "cluster.instances.max": 6},
		},
		"a Multi-AZ cluster of MySQL": {
			map[string]any{
				"database":                  map[string]any{"kind": "multiAzCluster", "engine": "mysql"},
				"network.availabilityZones": 3,
				"monitoring.tracing":        true,
				"services[0].exec":          true,
			},
			map[string]any{
				"database.class":      "db.r6gd.large",
				"database.storageGiB": 400,
				"services[0].scaling": map[string]any{"max": 4},
			},
		},
		"MySQL": {
			map[string]any{
				"database":      map[string]any{"engine": "mysql"},
				"images.caches": []any{map[string]any{"registry": "quay.io"}},
			},
			map[string]any{"database.multiAz": true, "database.proxy": true, "network.natGateways": "onePerAz"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.edit(t, "dev", test.made)
			_, err := p.open(t, "dev").Up(ctx)
			require.NoError(t, err)
			p.requireUnchanged(t, "dev")
			p.requireExactPermissions(t)
			p.edit(t, "dev", test.changed)
			changed, err := p.open(t, "dev").Up(ctx)
			require.NoError(t, err)
			requireDataKept(t, changed)
			p.requireExactPermissions(t)
			p.edit(t, "dev", map[string]any{"database.finalSnapshot": true})
			for again := range 2 {
				_, err := p.open(t, "dev").Up(ctx)
				require.NoError(t, err)
				destroyed, err := p.open(t, "dev").Destroy(ctx)
				require.NoError(t, err)
				require.True(t, destroyed.Succeeded)
				left := p.world(t)
				require.Len(t, left, 1+again, "the keys of the snapshots")
				for _, thing := range left {
					require.Equal(t, "aws:kms/key:Key", thing.Type)
				}
			}
		})
	}
}

// A stack comes up in every partition, and in a region that is newer than the provider.
func TestLifecycleInOtherRegions(t *testing.T) {
	ctx := context.Background()
	for region, changes := range map[string]map[string]any{
		"cn-north-1": {
			"copyRegion":                 "cn-northwest-1",
			"images.replicate":           true,
			"cluster.launchType":         "ec2",
			"network.interfaceEndpoints": []string{"ecr.api", "ecr.dkr", "logs", "sqs"},
			"loadBalancer.accessLogs":    true,
		},
		"us-gov-west-1":  {"database": map[string]any{"kind": "aurora"}, "monitoring.tracing": true},
		"ap-southeast-6": {},
	} {
		t.Run(region, func(t *testing.T) {
			p := newProject(t)
			changes["region"], changes["images.args"] = region, map[string]any{
				"RDS_CA_BUNDLE": "https://example.com/rds.pem",
			}
			p.configure(t, "dev", "config:\n", "config:\n  aws:skipRegionValidation: true\n")
			p.edit(t, "dev", changes)
			_, err := p.open(t, "dev").Up(ctx)
			require.NoError(t, err)
			p.requireUnchanged(t, "dev")
			p.requireExactPermissions(t)
			deployment, err := p.open(t, "dev").Export(ctx, automation.ExportOptions{})
			require.NoError(t, err)
			if !strings.HasPrefix(region, "ap-") {
				require.NotContains(t, string(deployment.Deployment), "arn:aws:", "an ARN of another partition")
			}
			_, err = p.open(t, "dev").Destroy(ctx)
			require.NoError(t, err)
			require.Empty(t, p.world(t))
		})
	}
}

// What an account has once in a region belongs to none of its stacks.
func TestLifecycleOfTwoStacksInOneAccount(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	for _, stackName := range []string{"prod", "dev"} {
		p.edit(t, stackName, map[string]any{
			"region":           "eu-west-1",
			"copyRegion":       "eu-central-1",
			"images.replicate": true,
			"firewall":         map[string]any{"enabled": true},
			"website":          map[string]any{"folder": "services/website"},
		})
	}
	for _, stackName := range []string{"prod", "dev"} {
		_, err := p.open(t, stackName).Up(ctx)
		require.NoError(t, err)
	}
	p.requireUnchanged(t, "prod")
	_, err := p.open(t, "dev").Destroy(ctx)
	require.NoError(t, err)
	p.requireUnchanged(t, "prod")
	_, err = p.open(t, "dev").Up(ctx)
	require.NoError(t, err)
	p.setLevels(t, "prod", map[string]any{"stateful-protect": "advisory", "alb-deletion-protection": "advisory"})
	p.takeDownBeside(t, "prod")
	p.requireUnchanged(t, "dev")
	_, err = p.open(t, "dev").Destroy(ctx)
	require.NoError(t, err)
	require.Empty(t, p.world(t))
}

// A listener has one rule for each priority, a security group one for each port, and a repository one image for each
// tag, at every moment.
func TestLifecycleOfWhatIsThereOnce(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	p.configure(
		t,
		"dev",
		"config:\n",
		"config:\n  awslab:backup: {enabled: true, lock: true, rules: [{schedule: daily, "+
			"retentionDays: 35}]}\n",
	)
	_, err := p.open(t, "dev").Up(ctx)
	require.NoError(t, err)
	for _, change := range []struct {
		name  string
		pairs []string
	}{
		{"a vault is locked for other days", []string{"retentionDays: 35", "retentionDays: 40"}},
		{"a service is renamed", []string{"name: orders", "name: sales"}},
		{"two services swap their paths", []string{"path: /items", "path: /orders", "path: /orders", "path: /items"}},
		{"a service listens on another port", []string{"port: 8080", "port: 9090"}},
		{"all of it is taken back", []string{
			"name: sales", "name: orders", "port: 9090", "port: 8080",
			"path: /items", "path: /orders", "path: /orders", "path: /items",
		}},
	} {
		t.Run(change.name, func(t *testing.T) {
			p.configure(t, "dev", change.pairs...)
			require.NoError(t, bringUp(p.open(t, "dev"), true))
			p.requireUnchanged(t, "dev")
			p.requireExactPermissions(t)
			refreshed, err := p.open(t, "dev").Refresh(ctx)
			require.NoError(t, err)
			require.True(
				t,
				refreshed.Unchanged(),
				"the end of what was replaced took nothing new away: %v",
				refreshed.Steps,
			)
		})
	}
	t.Run("an image is pushed once for each content, also for one that returns", func(t *testing.T) {
		source := filepath.Join(p.dir, "services", "catalog", "main.go")
		original, err := os.ReadFile(source)
		require.NoError(t, err)
		info, err := os.Stat(source)
		require.NoError(t, err)
		for _, change := range []func() error{
			func() error { return os.Chmod(source, info.Mode()^0o020) }, // as another umask has it
			func() error { return os.WriteFile(source, append(original, '\n'), 0o600) },
			func() error { return errors.Join(os.WriteFile(source, original, 0o600), os.Chmod(source, info.Mode())) },
		} {
			require.NoError(t, change())
			_, err := p.open(t, "dev").Up(ctx)
			require.NoError(t, err)
		}
		p.requireUnchanged(t, "dev")
	})

	_, err = p.open(t, "dev").Destroy(ctx)
	require.NoError(t, err)
	require.Empty(t, p.world(t))
}

// A stack for each branch: names that are long, or alike but for what AWS does not tell apart, in one account.
func TestLifecycleOfStacksOfBranchesComeUpSideBySide(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	stacks := []string{"feature-checkout-redesign-with-payments-4711", "Feature_X.1"}
	content, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.dev.yaml"))
	require.NoError(t, err)
	labs := make([]*automation.Lab, len(stacks))
	for i, name := range stacks {
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "Pulumi."+name+".yaml"), content, 0o600))
		options := p.options(name)
		options.PolicyPacks = []automation.PolicyPack{}
		labs[i], err = automation.Open(ctx, options)
		require.NoError(t, err)
		up, err := labs[i].Up(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"create": up.Changes["create"]}, up.Changes)
	}
	for _, lab := range labs {
		destroyed, err := lab.Destroy(ctx)
		require.NoError(t, err)
		require.True(t, destroyed.Succeeded)
	}
	require.Empty(t, p.world(t))
}

package stack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	metricAlarm    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeAlarm = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
)

// prodOfEverything returns prod with all that a stack can have.
func prodOfEverything(t *testing.T, changes map[string]string) *account {
	t.Helper()
	all := map[string]string{
		"cluster":  `{"launchType": "ec2", "instances": {"max": 500}}`,
		"website":  `{"folder": "services/website"}`,
		"firewall": `{"denyCountries": ["KP"]}`,
		"backup":   `{"keepers": ["arn:aws:iam::123456789012:role/keeper"]}`,
		"monitoring": `{"emails": ["ops@example.com"], "slack": {"team": "T1", "channel": ` +
			`"C1"}, "teams": {"tenant": "6a1b7c1e-0000-4000-8000-123456789012", "team": ` +
			`"6a1b7c1e-0000-4000-8000-123456789012", "channel": "19%3a1"}}`,
	}
	for key, value := range changes {
		all[key] = value
	}
	return deployChanged(t, "prod", all)
}

// alarms returns the names of all alarms, each with those that it tells.
func (a *account) alarms() map[string][]any {
	found := map[string][]any{}
	for _, r := range a.resources {
		if r.TypeToken == metricAlarm || r.TypeToken == compositeAlarm {
			actions, _ := r.Inputs.Mappable()["alarmActions"].([]any)
			found[strings.TrimPrefix(r.Name, "lab-")] = actions
		}
	}
	return found
}

func TestEverythingInProdIsAlarmed(t *testing.T) {
	alarms := prodOfEverything(t, nil).alarms()
	for thing, signals := range map[string][]string{
		"service-catalog": {
			"",
			"-available",
			"-errors",
			"-latency",
			"-tasks",
			"-size",
			"-availability-fast",
			"-latency-slow",
		},
		"service-orders": {
			"",
			"-available",
			"-errors",
			"-latency",
			"-tasks",
			"-availability-fast",
			"-latency-slow",
		},
		"loadBalancer-public":                    {"-errors", "-rejected"},
		"database-lab":                           {"-cpu", "-memory", "-storage", "-connections", "-proxyConnections"},
		"replica-awslab-prod-database-replica-1": {"-lag"},
		"table-items":                            {"-throttled", "-errors"},
		"bucket-uploads":                         {"-errors", "-refused"},
		"fileSystem-shared":                      {"-io"},
		"autoScalingGroup-instances":             {"-size", "-instances"},
		"distribution-website":                   {"-errors"},
		"webAcl-load-balancer":                   {"-blocked"},
		"webAcl-website":                         {"-blocked"},
		"function-runtask":                       {"-errors", "-duration"},
		"function-restorecheck":                  {"-errors", "-duration"},
		"queue-restorecheck":                     {"-waiting"},
		"stateMachine-redeploy":                  {"-failed"},
		"natGateway-1":                           {"-ports"},
		"natGateway-3":                           {"-ports"},
		"backupVault-backups":                    {"-failed", "-copies", "-completed"},
		"topic-notifications":                    {"-undelivered"},
		"topic-events":                           {"-undelivered"},
	} {
		for _, signal := range signals {
			require.Contains(t, alarms, thing+signal)
		}
	}
	told := 0
	for name, actions := range alarms {
		edge := strings.HasPrefix(name, "distribution-") || name == "webAcl-website-blocked"
		for _, topic := range actions {
			require.Equal(t, map[bool]string{true: "arn:edge-topic", false: "arn:lab-topic"}[edge], topic, name)
			told++
		}
	}
	require.Greater(t, told, 50)
}

// An Auto Scaling group publishes no metric that is not enabled by its name ("Amazon CloudWatch metrics for Amazon EC2
// Auto Scaling"): an alarm on another one never sounds.
func TestGroupsPublishWhatIsAlarmed(t *testing.T) {
	made := prodOfEverything(t, nil)
	enabled := made.inputs(t, "lab-group").Mappable()["enabledMetrics"]
	watched := 0
	for _, r := range made.resources {
		if r.TypeToken != metricAlarm {
			continue
		}
		inputs := r.Inputs.Mappable()
		metrics := []any{inputs}
		queries, _ := inputs["metricQueries"].([]any)
		for _, query := range queries {
			if metric, fetched := query.(object)["metric"]; fetched {
				metrics = append(metrics, metric)
			}
		}
		for _, metric := range metrics {
			if metric.(object)["namespace"] == "AWS/AutoScaling" {
				require.Contains(t, enabled, metric.(object)["metricName"], r.Name)
				watched++
			}
		}
	}
	require.Equal(t, 4, watched, "two metrics of each of the alarms size and instances")
}

// A Multi-AZ cluster is alarmed by its servers' storage, and Aurora's readers by their lag.
func TestClustersAreAlarmedByWhatTheyReport(t *testing.T) {
	multi := deployChanged(t, "prod", map[string]string{"database": `{"kind": "multiAzCluster"}`}).alarms()
	for _, server := range []string{"1", "2", "3"} {
		require.Contains(t, multi, "database-lab-"+server+"-serverStorage")
		require.Contains(t, multi, "database-lab-"+server+"-cpu")
	}
	require.NotContains(t, multi, "database-lab-cpu", "RDS reports each server for itself")
	aurora := deployChanged(t, "prod", map[string]string{"database": `{"kind": "aurora"}`}).alarms()
	require.Contains(t, aurora, "database-lab-readerLag")
	require.Contains(t, aurora, "database-lab-cpu")
	require.NotContains(t, aurora, "database-lab-storage")
}

func TestChannelsHearOfBothRegions(t *testing.T) {
	made := prodOfEverything(t, nil)
	topics := []any{"arn:lab-topic", "arn:edge-topic"}
	require.Equal(t, topics, made.inputs(t, "lab-slack").Mappable()["snsTopicArns"])
	require.Equal(t, topics, made.inputs(t, "lab-teams").Mappable()["snsTopicArns"])
	require.False(t, made.has("edge-slack"), "a channel has one configuration")
	require.True(t, made.has("lab-email-ops@example.com"))
	require.True(t, made.has("edge-email-ops@example.com"))
}

func TestProdIsBackedUp(t *testing.T) {
	made := prodOfEverything(t, nil)
	for plan, want := range map[string][]any{
		"backup-plan": {"hourly", "daily", "monthly"}, "backup-tables-plan": {"daily", "monthly"},
	} {
		var schedules []any
		for _, rule := range made.inputs(t, plan).Mappable()["rules"].([]any) {
			schedules = append(schedules, rule.(object)["ruleName"])
		}
		require.Equal(t, want, schedules)
	}
	tables := []any{"arn:aws:dynamodb:*:*:table/*"}
	require.Equal(t, tables, made.inputs(t, "backup-selection").Mappable()["notResources"])
	require.Equal(
		t,
		tables,
		made.inputs(t, "backup-tables-selection-without-exceptions").Mappable()["resources"],
		"each hourly backup of a table would be a whole copy",
	)
	require.Equal(
		t,
		"aws:ResourceTag/backup",
		made.inputs(
			t,
			"backup-selection",
		).Mappable()["conditions"].([]any)[0].(object)["stringEquals"].([]any)[0].(object)["key"],
	)
	for _, name := range []string{"database-instance", "items-table", "uploads-bucket", "files-files"} {
		require.Equal(t, "prod", made.inputs(t, name).Mappable()["tags"].(object)["backup"], name)
	}
	for _, name := range []string{"backup-vault", "backup-copy-vault"} {
		require.Equal(t, false, made.inputs(t, name).Mappable()["forceDestroy"], name)
		require.True(t, made.has(name+"-lock"), name)
		require.Contains(
			t,
			made.inputs(t, name+"-policy").Mappable()["policy"],
			"arn:aws:iam::123456789012:role/keeper",
		)
	}
	for _, kind := range []string{"rds", "dynamodb", "s3", "efs"} {
		require.True(t, made.has("restore-testing-"+kind), kind)
	}
	require.False(t, made.has("restore-testing-ebs"), "instances come and go")
}

func TestProdIsBehindFirewalls(t *testing.T) {
	made := prodOfEverything(t, nil)
	for _, name := range []string{"firewall", "edge-firewall"} {
		text, err := json.Marshal(made.inputs(t, name+"-acl").Mappable()["rules"])
		require.NoError(t, err)
		require.Contains(t, string(text), `"countryCodes":["KP"]`, name)
		require.True(t, made.has(name+"-logging"), name)
	}
	require.True(t, made.has("firewall-load-balancer"), "it stands before the load balancer")
	require.Equal(t, "arn:edge-firewall-acl", made.inputs(t, "website-distribution").Mappable()["webAclId"])
}

// The way down that the README tells.
func TestProdCanBeTakenDown(t *testing.T) {
	made := prodOfEverything(t, map[string]string{
		"images":       `{"forceDelete": true}`,
		"loadBalancer": `{"deletionProtection": false, "forceDelete": true}`,
		"backup":       `{"forceDelete": true}`,
		"database":     `{"deletionProtection": false}`,
		"tables":       `[{"name": "items", "hashKey": {"name": "id"}, "deletionProtection": false}]`,
		"buckets":      `[{"name": "uploads", "forceDelete": true}]`,
		"fileSystem":   `{"deletionProtection": false}`,
	})
	for _, r := range made.resources {
		inputs := r.Inputs.Mappable()
		for _, force := range []string{"forceDestroy", "forceDelete"} {
			if value, has := inputs[force]; has {
				require.Equal(t, true, value, "%s of %s", force, r.Name)
			}
		}
		for _, protection := range []string{
			"deletionProtection",
			"deletionProtectionEnabled",
			"enableDeletionProtection",
		} {
			require.NotEqual(t, true, inputs[protection], "%s of %s", protection, r.Name)
		}
		require.False(t, r.RegisterRPC.GetProtect(), r.Name)
	}
	require.Equal(
		t,
		false,
		made.inputs(t, "database-instance").Mappable()["skipFinalSnapshot"],
		"it leaves a last snapshot",
	)
	gone := deployChanged(
		t,
		"prod",
		map[string]string{"database": `{"deletionProtection": false, "finalSnapshot": false}`},
	)
	require.Equal(t, true, gone.inputs(t, "database-instance").Mappable()["skipFinalSnapshot"])
}

func TestTagsTellEveryResourceOfAType(t *testing.T) {
	for _, stack := range []string{"dev", "prod"} {
		named := map[string]string{}
		for _, r := range deployStack(t, stack).resources {
			tags, has := r.Inputs["tags"]
			if !has || !strings.HasPrefix(r.TypeToken, "aws:") {
				continue
			}
			name := tags.ObjectValue()[nameTag].StringValue()
			require.NotEmpty(t, name, r.Name)
			key := r.TypeToken + " " + r.RegisterRPC.GetProvider() + " " + name
			require.Empty(t, named[key], "%s: %s has its name tag, too", r.Name, named[key])
			named[key] = r.Name
		}
		require.Greater(t, len(named), 60, stack)
	}
}

// onceEach are types of which another resource has one at a time, and which some changes replace: made before the old
// one is deleted, the new one would be refused, or deleted along with it.
var onceEach = []string{
	"aws:appautoscaling/target:Target",
	"aws:backup/restoreTestingSelection:RestoreTestingSelection",
	"aws:backup/vaultLockConfiguration:VaultLockConfiguration",
	"aws:backup/vaultNotifications:VaultNotifications",
	"aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
	"aws:efs/replicationConfiguration:ReplicationConfiguration",
	"aws:wafv2/webAclAssociation:WebAclAssociation",
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
}

func TestWhatIsThereOnceIsDeletedBeforeItIsReplaced(t *testing.T) {
	a := prodOfEverything(t, map[string]string{"images": `{"caches": [{"registry": "public.ecr.aws"}]}`})
	var found []string
	for _, r := range a.resources {
		if !slices.Contains(onceEach, r.TypeToken) {
			continue
		}
		found = append(found, r.TypeToken)
		require.True(t, r.RegisterRPC.GetDeleteBeforeReplace(), r.Name)
	}
	slices.Sort(found)
	require.Equal(t, onceEach, slices.Compact(found))
}

package backup_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestAWSBackupRefuses(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vault := l.Create(token.Vault, "lab", awstest.In{"name": "lab"})
	for want, rule := range map[string]awstest.In{
		"StartWindow must be at least 60 minutes": {"startWindow": 30},
		"DeleteAfterDays cannot be less than 90": {
			"lifecycle": awstest.In{"coldStorageAfter": 30, "deleteAfter": 100},
		},
		"kept for 1 to 35 days, not 90": {
			"enableContinuousBackup": true,
			"lifecycle":              awstest.In{"deleteAfter": 90},
		},
		"cannot move to cold storage": {
			"enableContinuousBackup": true,
			"lifecycle":              awstest.In{"coldStorageAfter": 7, "deleteAfter": 30},
		},
		"Backup vault none cannot be found": {"targetVaultName": "none"},
		"rule daily has 100 and 30": {
			"copyActions": []any{
				awstest.In{
					"destinationVaultArn": vault.Str("arn"),
					"lifecycle":           awstest.In{"coldStorageAfter": 30, "deleteAfter": 100},
				},
			},
		},
	} {
		_, err := l.TryCreate(
			token.Plan,
			"it",
			awstest.In{
				"rules": []any{
					awstest.Merge(
						awstest.In{"ruleName": "daily", "targetVaultName": "lab", "schedule": "cron(0 5 * * ? *)"},
						rule,
					),
				},
			},
		)
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, l.Warnings)
}

// AWS takes a plan whose jobs will fail. The stand-in takes it too, and says so.
func TestPlansThatCannotWorkAreTold(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	l.Create(token.Vault, "lab", awstest.In{"name": "lab"})
	l.Create(
		token.VaultLock,
		"lab",
		awstest.In{"backupVaultName": "lab", "minRetentionDays": 7, "maxRetentionDays": 365},
	)
	copies := west.Create(token.Vault, "copies", awstest.In{"name": "copies"})
	west.Create(token.VaultLock, "copies", awstest.In{"backupVaultName": "copies", "minRetentionDays": 30})
	plan := func(days, copyDays int, to string) awstest.In {
		return awstest.In{
			"rules": []any{
				awstest.In{
					"ruleName":        "daily",
					"targetVaultName": "lab",
					"schedule":        "cron(0 5 * * ? *)",
					"lifecycle":       awstest.In{"deleteAfter": days},
					"copyActions": []any{
						awstest.In{"destinationVaultArn": to, "lifecycle": awstest.In{"deleteAfter": copyDays}},
					},
				},
			},
		}
	}
	for name, c := range map[string]struct {
		inputs awstest.In
		want   string
	}{
		"within the locks": {plan(7, 30, copies.Str("arn")), ""},
		"kept too short": {
			plan(6, 30, copies.Str("arn")),
			"keeps backups for 6 days (0 is forever), and the lock of vault lab allows 7 to 365",
		},
		"kept too long": {plan(366, 366, copies.Str("arn")), "keeps backups for 366 days"},
		"kept forever":  {plan(0, 0, copies.Str("arn")), "keeps backups for 0 days"},
		"copies too short": {
			plan(7, 29, copies.Str("arn")),
			"keeps backups for 29 days (0 is forever), and the lock of vault copies allows 30 to 0",
		},
		"copies go to nowhere": {
			plan(7, 30, "arn:aws:backup:us-west-2:123456789012:backup-vault:none"),
			"which does not exist: AWS takes the plan, and every copy job fails",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l.Warnings = nil
			l.Create(token.Plan, "it", c.inputs)
			if c.want == "" {
				assert.Empty(t, l.Warnings)
				return
			}
			require.Len(t, l.Warnings, 1)
			assert.Contains(t, l.Warnings[0], c.want)
		})
	}
}

func TestAVaultWithRecoveryPointsStays(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.Vault, "lab", awstest.In{"name": "lab"})
	require.NoError(t, l.W.Set(
		t.Context(),
		world.Key{Region: "us-east-1", Type: token.Vault, Key: "lab"},
		"recoveryPoints",
		values.Of("3"),
	))
	assert.ErrorContains(t, l.TryDelete(m), "cannot be deleted as it contains recovery points (3)")
	require.NoError(t, l.TryDelete(l.Update(m, awstest.In{"name": "lab", "forceDestroy": true})))
}

func TestWebACLsHoldTheirSets(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	metrics := awstest.In{"cloudwatchMetricsEnabled": true, "metricName": "shop", "sampledRequestsEnabled": true}
	set := l.Create(
		token.IPSet,
		"office",
		awstest.In{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}},
	)
	edge := l.Create(token.IPSet, "edge", awstest.In{"scope": "CLOUDFRONT", "ipAddressVersion": "IPV4"})
	acl := func(arn string) awstest.In {
		return awstest.In{
			"scope":            "REGIONAL",
			"defaultAction":    awstest.In{"allow": awstest.In{}},
			"visibilityConfig": metrics,
			"rules": []any{awstest.In{"name": "office", "priority": 1,
				"action": awstest.In{
					"allow": awstest.In{},
				}, "visibilityConfig": metrics, "statement": awstest.In{
					"ipSetReferenceStatement": awstest.In{"arn": arn},
				}}},
		}
	}
	_, err := l.TryCreate(token.WebACL, "shop", acl(edge.Str("arn")))
	assert.ErrorContains(t, err, "has the scope CLOUDFRONT, the web ACL REGIONAL")
	_, err = l.TryCreate(token.WebACL, "shop", acl("arn:aws:wafv2:us-east-1:123456789012:regional/ipset/none/1"))
	assert.ErrorContains(t, err, "WAFNonexistentItemException")
	m := l.Create(token.WebACL, "shop", acl(set.Str("arn")))
	assert.ErrorContains(t, l.TryDelete(set), "WAFAssociatedItemException")
	logs := l.Create(token.LogGroup, "waf", awstest.In{"name": "waf"})
	_, err = l.TryCreate(
		token.WebACLLogging,
		"shop",
		awstest.In{"resourceArn": m.Str("arn"), "logDestinationConfigs": []any{logs.Str("arn")}},
	)
	assert.ErrorContains(t, err, "begins with aws-waf-logs-")
	_, failures := l.Check(
		token.IPSet,
		"office",
		nil,
		values.Of(
			awstest.In{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.1"}},
		).ObjectValue(),
	)
	assert.Len(t, failures, 1, "an address without its prefix length")
	assert.Empty(
		t,
		l.DiffChecked(
			set,
			awstest.In{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}},
		).GetDetailedDiff(),
	)
}

// What cannot be copied belongs into a plan that copies nothing.
func TestMultiAZClustersInAPlanThatCopiesAreTold(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	copies := west.Create(token.Vault, "copies", awstest.In{"name": "copies"})
	vault := l.Create(token.Vault, "lab", awstest.In{"name": "lab"})
	role := l.Create(token.Role, "backup", awstest.In{"name": "backup", "assumeRolePolicy": awstest.Trust})
	_, subnets := l.Network()
	group := l.Create(token.DBSubnetGroup, "three", awstest.In{
		"name": "three", "subnetIds": []any{subnets[0].Id, subnets[1].Id, l.Create(token.Subnet, "third", awstest.In{
			"vpcId": subnets[0].Str("vpcId"), "cidrBlock": "10.0.48.0/20", "availabilityZone": "us-east-1c",
		}).Id},
	})
	cluster := l.Create(token.DBCluster, "shop", awstest.In{
		"clusterIdentifier": "shop", "engine": "postgres", "dbClusterInstanceClass": "db.m6gd.large",
		"allocatedStorage": 20, "storageType": "gp3", "masterUsername": "shop", "masterPassword": "hunter2",
		"dbSubnetGroupName": group.Id, "tags": awstest.In{"backup": "lab"},
	})
	plan := func(more awstest.In) string {
		return l.Create(token.Plan, "it", awstest.In{"rules": []any{awstest.Merge(
			awstest.In{"ruleName": "daily", "targetVaultName": vault.Id, "schedule": "cron(0 5 * * ? *)"},
			more,
		)}}).Id
	}
	copying := plan(awstest.In{"copyActions": []any{awstest.In{"destinationVaultArn": copies.Str("arn")}}})
	for name, c := range map[string]struct {
		plan string
		more awstest.In
		told bool
	}{
		"copied":     {copying, nil, true},
		"left out":   {copying, awstest.In{"notResources": []any{cluster.Str("arn")}}, false},
		"not copied": {plan(nil), nil, false},
		"another tag": {copying, awstest.In{"conditions": []any{awstest.In{
			"stringEquals": []any{awstest.In{"key": "aws:ResourceTag/backup", "value": "other"}},
		}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l.Warnings = nil
			l.Create(token.Selection, "it", awstest.Merge(awstest.In{
				"planId": c.plan, "iamRoleArn": role.Str("arn"), "resources": []any{"*"},
			}, c.more))
			assert.Equal(t, c.told, len(l.Warnings) > 0, "%v", l.Warnings)
		})
	}
}

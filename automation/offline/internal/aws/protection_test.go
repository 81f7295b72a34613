package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestAWSBackupRefuses(t *testing.T) {
	l := newLab(t, "us-east-1")
	vault := l.create(tVault, "lab", in{"name": "lab"})
	for want, rule := range map[string]in{
		"StartWindow must be at least 60 minutes": {"startWindow": 30},
		"DeleteAfterDays cannot be less than 90":  {"lifecycle": in{"coldStorageAfter": 30, "deleteAfter": 100}},
		"kept for 1 to 35 days, not 90":           {"enableContinuousBackup": true, "lifecycle": in{"deleteAfter": 90}},
		"cannot move to cold storage":             {"enableContinuousBackup": true, "lifecycle": in{"coldStorageAfter": 7, "deleteAfter": 30}},
		"Backup vault none cannot be found":       {"targetVaultName": "none"},
		"rule daily has 100 and 30":               {"copyActions": []any{in{"destinationVaultArn": vault.str("arn"), "lifecycle": in{"coldStorageAfter": 30, "deleteAfter": 100}}}},
	} {
		_, err := l.tryCreate(tPlan, "it", in{"rules": []any{merge(in{"ruleName": "daily", "targetVaultName": "lab", "schedule": "cron(0 5 * * ? *)"}, rule)}})
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, l.warnings)
}

// AWS takes a plan whose jobs will fail. The stand-in takes it too, and says so.
func TestPlansThatCannotWorkAreTold(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	l.create(tVault, "lab", in{"name": "lab"})
	l.create(tVaultLock, "lab", in{"backupVaultName": "lab", "minRetentionDays": 7, "maxRetentionDays": 365})
	copies := west.create(tVault, "copies", in{"name": "copies"})
	west.create(tVaultLock, "copies", in{"backupVaultName": "copies", "minRetentionDays": 30})
	plan := func(days, copyDays int, to string) in {
		return in{"rules": []any{in{"ruleName": "daily", "targetVaultName": "lab", "schedule": "cron(0 5 * * ? *)", "lifecycle": in{"deleteAfter": days},
			"copyActions": []any{in{"destinationVaultArn": to, "lifecycle": in{"deleteAfter": copyDays}}}}}}
	}
	for name, c := range map[string]struct {
		inputs in
		want   string
	}{
		"within the locks":     {plan(7, 30, copies.str("arn")), ""},
		"kept too short":       {plan(6, 30, copies.str("arn")), "keeps backups for 6 days (0 is forever), and the lock of vault lab allows 7 to 365"},
		"kept too long":        {plan(366, 366, copies.str("arn")), "keeps backups for 366 days"},
		"kept forever":         {plan(0, 0, copies.str("arn")), "keeps backups for 0 days"},
		"copies too short":     {plan(7, 29, copies.str("arn")), "keeps backups for 29 days (0 is forever), and the lock of vault copies allows 30 to 0"},
		"copies go to nowhere": {plan(7, 30, "arn:aws:backup:us-west-2:123456789012:backup-vault:none"), "which does not exist: AWS takes the plan, and every copy job fails"},
	} {
		t.Run(name, func(t *testing.T) {
			l.warnings = nil
			l.create(tPlan, "it", c.inputs)
			if c.want == "" {
				assert.Empty(t, l.warnings)
				return
			}
			require.Len(t, l.warnings, 1)
			assert.Contains(t, l.warnings[0], c.want)
		})
	}
}

func TestAVaultWithRecoveryPointsStays(t *testing.T) {
	l := newLab(t, "us-east-1")
	m := l.create(tVault, "lab", in{"name": "lab"})
	require.NoError(t, l.w.Set(t.Context(), world.Key{Region: "us-east-1", Type: tVault, Key: "lab"}, "recoveryPoints", property("3")))
	assert.ErrorContains(t, l.tryDelete(m), "cannot be deleted as it contains recovery points (3)")
	require.NoError(t, l.tryDelete(l.update(m, in{"name": "lab", "forceDestroy": true})))
}

func TestWebACLsHoldTheirSets(t *testing.T) {
	l := newLab(t, "us-east-1")
	metrics := in{"cloudwatchMetricsEnabled": true, "metricName": "shop", "sampledRequestsEnabled": true}
	set := l.create(tIPSet, "office", in{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}})
	edge := l.create(tIPSet, "edge", in{"scope": "CLOUDFRONT", "ipAddressVersion": "IPV4"})
	acl := func(arn string) in {
		return in{"scope": "REGIONAL", "defaultAction": in{"allow": in{}}, "visibilityConfig": metrics, "rules": []any{in{"name": "office", "priority": 1,
			"action": in{"allow": in{}}, "visibilityConfig": metrics, "statement": in{"ipSetReferenceStatement": in{"arn": arn}}}}}
	}
	_, err := l.tryCreate(tWebACL, "shop", acl(edge.str("arn")))
	assert.ErrorContains(t, err, "has the scope CLOUDFRONT, the web ACL REGIONAL")
	_, err = l.tryCreate(tWebACL, "shop", acl("arn:aws:wafv2:us-east-1:123456789012:regional/ipset/none/1"))
	assert.ErrorContains(t, err, "WAFNonexistentItemException")
	m := l.create(tWebACL, "shop", acl(set.str("arn")))
	assert.ErrorContains(t, l.tryDelete(set), "WAFAssociatedItemException")
	logs := l.create(tLogGroup, "waf", in{"name": "waf"})
	_, err = l.tryCreate(tWebACLLogging, "shop", in{"resourceArn": m.str("arn"), "logDestinationConfigs": []any{logs.str("arn")}})
	assert.ErrorContains(t, err, "begins with aws-waf-logs-")
	_, failures := l.check(tIPSet, "office", nil, property(in{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.1"}}).ObjectValue())
	assert.Len(t, failures, 1, "an address without its prefix length")
	assert.Empty(t, l.diffChecked(set, in{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}}).GetDetailedDiff())
}

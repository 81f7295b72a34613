package backup

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

type object = map[string]any

var (
	db     = ruletest.Of(instanceType)
	table  = ruletest.Of(tableType)
	bucket = ruletest.Of(bucketType)
	vault  = ruletest.Of(vaultType)
	plan   = ruletest.Of(planType)

	secret     = ruletest.Of(secretType)
	fileSystem = ruletest.Of(fileSystemType)
	violation  = ruletest.Violation
	doubtful   = ruletest.Unevaluated
)

var cases = map[string][]ruletest.Case{
	"rds-backup": append(
		ruletest.Values(db, "backupRetentionPeriod", 7.0, 1.0, violation("backupRetentionPeriod")),
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a replica",
			Resource:  db(ruletest.Props{"replicateSourceDb": "primary"}),
			Want:      ruletest.NotApplicable,
		},
	),
	"rds-copy-tags": ruletest.Switches(db, "copyTagsToSnapshot", true, violation("copyTagsToSnapshot")),
	"dynamodb-pitr": {
		{Situation: ruletest.Passes, Resource: recoverable(true), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: recoverable(false), Want: violation("pointInTimeRecovery.enabled")},
		{
			Situation: ruletest.Unknown,
			Resource:  recoverable(ruletest.Computed),
			Want:      doubtful("pointInTimeRecovery.enabled"),
		},
		{Situation: ruletest.Secret, Resource: recoverable(ruletest.Secretly(true)), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: table(ruletest.Props{}), Want: violation("pointInTimeRecovery.enabled")},
	},
	"s3-versioning": {
		{Situation: ruletest.Passes, Resource: files, Rest: versioned("Enabled"), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "by the bucket itself", Resource: olderBucket(true), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Name: "by the bucket itself", Resource: olderBucket(false), Want: violation("it")},
		{Situation: ruletest.Fails, Resource: files, Rest: versioned("Suspended"), Want: violation("it")},
		{Situation: ruletest.Unknown, Resource: files, Rest: versioned(ruletest.Computed), Want: doubtful("it")},
		{
			Situation: ruletest.Secret,
			Resource:  files,
			Rest:      versioned(ruletest.Secretly("Enabled")),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: files, Want: violation("it")},
	},
	"stateful-protect": append(
		ruletest.Switches(table, "deletionProtectionEnabled", true, violation("deletionProtectionEnabled")),
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "bucket",
			Resource:  bucket(ruletest.Props{"forceDestroy": true}),
			Want:      violation("forceDestroy"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "bucket",
			Resource:  bucket(ruletest.Props{}),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a worthless bucket",
			Resource:  bucket(ruletest.Props{"forceDestroy": true, "tags": object{"backup": "none"}}),
			Want:      ruletest.NotApplicable,
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "secret",
			Resource:  secret(ruletest.Props{"recoveryWindowInDays": 0.0}),
			Want:      violation("recoveryWindowInDays"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a worthless secret",
			Resource:  secret(ruletest.Props{"recoveryWindowInDays": 0.0, "tags": object{"backup": "none"}}),
			Want:      ruletest.NotApplicable,
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "secret",
			Resource:  secret(ruletest.Props{"recoveryWindowInDays": 7.0}),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Absent,
			Name:      "secret's window",
			Resource:  secret(ruletest.Props{}),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "file system",
			Resource:  fileSystem(ruletest.Props{}),
			Want:      violation("it"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a protected file system",
			Resource:  protected(fileSystem(ruletest.Props{})),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a protected table",
			Resource:  protected(table(ruletest.Props{})),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "no last snapshot of what is protected",
			Resource:  protected(db(ruletest.Props{"skipFinalSnapshot": true})),
			Want:      violation("skipFinalSnapshot"),
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "no last snapshot",
			Resource:  db(ruletest.Props{"deletionProtection": true, "skipFinalSnapshot": true}),
			Want:      violation("skipFinalSnapshot"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "database",
			Resource:  db(ruletest.Props{"deletionProtection": true}),
			Want:      ruletest.Pass,
		},
	),
	"backup-coverage": coverageCases,
	"backup-frequency": planCases(
		"schedule",
		"cron(0 3 * * ? *)",
		"cron(0 3 ? * 1 *)",
		"cron(0 0/4 * * ? *)",
		"rate(12 hours)",
	),
	"backup-retention":        retentionCases,
	"backup-copies":           copyCases,
	"backup-selection-role":   selectionRoleCases,
	"backup-selection-scoped": scopeCases,
	"backup-vault-key":        keyCases,
	"backup-vault-lock":       lockCases,
	"backup-restore-tested":   testedCases,
}

func TestRules(t *testing.T) { ruletest.Run(t, Pack, cases) }

func TestFixesNameProperties(t *testing.T) { ruletest.FixesNameProperties(t, Pack) }

func TestPropertyNames(t *testing.T) { ruletest.PropertyNames(t, cases) }

func FuzzRules(f *testing.F) { ruletest.Fuzz(f, Pack, cases) }

// olderBucket has in itself what others have in resources of their own.
func olderBucket(versioning bool) ruletest.Resource {
	return ruletest.Of(
		"aws:s3/bucket:Bucket",
	)(
		ruletest.Props{"bucket": "files", "versioning": object{"enabled": versioning}},
	)
}

func protected(r ruletest.Resource) ruletest.Resource {
	r.Protect = true
	return r
}

func recoverable(on any) ruletest.Resource {
	return table(ruletest.Props{"pointInTimeRecovery": object{"enabled": on}})
}

var files = bucket(ruletest.Props{"bucket": "files"})

func versioned(status any) []ruletest.Resource {
	return []ruletest.Resource{
		{Type: "aws:s3/bucketVersioningV2:BucketVersioningV2", Name: "versioning", Properties: ruletest.Props{
			"bucket": "files", "versioningConfiguration": object{"status": status}}},
	}
}

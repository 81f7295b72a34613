package backup

import (
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	instanceType   = "aws:rds/instance:Instance"
	clusterType    = "aws:rds/cluster:Cluster"
	tableType      = "aws:dynamodb/table:Table"
	fileSystemType = "aws:efs/fileSystem:FileSystem"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	volumeType     = "aws:ebs/volume:Volume"
	secretType     = "aws:secretsmanager/secret:Secret"
	vaultType      = "aws:backup/vault:Vault"
	planType       = "aws:backup/plan:Plan"
	selectionType  = "aws:backup/selection:Selection"
)

var minRdsDays = rule.Setting{
	Name:        "minDays",
	Description: "days for which RDS retains automated backups",
	Default:     7,
	Minimum:     1,
}

const replica = "it is a read replica, whose data is its source's"

// services are the rules about what each service does by itself.
var services = []rule.Rule{
	{
		Name: "rds-backup", Description: "RDS databases have automated backups with a retention period of at least " +
			"a week.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("RDS.11"), Level: rule.Mandatory,
		Why:      "Automated backups are what point-in-time recovery restores from.",
		Fix:      "set backupRetentionPeriod to that number of days.",
		Settings: []rule.Setting{minRdsDays},
		Types:    []string{instanceType, clusterType},
		Judge: expect.UnlessSet("replicateSourceDb", replica,
			expect.AtLeast("backupRetentionPeriod", minRdsDays)),
	},
	{
		Name: "rds-copy-tags", Description: "RDS databases copy their tags to snapshots.",
		Severity: rule.Low, Controls: rule.FSBP.Controls("RDS.17", "RDS.16"), Level: rule.Mandatory,
		Why:   "Tags say to whom a snapshot belongs, and tag-based permissions and backup selections depend on them.",
		Fix:   "set copyTagsToSnapshot to true.",
		Types: []string{instanceType, clusterType},
		Judge: expect.UnlessSet(
			"replicateSourceDb",
			replica,
			expect.True("copyTagsToSnapshot"),
		),
	},
	{
		Name: "dynamodb-pitr", Description: "DynamoDB tables have point-in-time recovery enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("DynamoDB.2"), Level: rule.Mandatory,
		Why:   "Without it, a faulty write or deletion cannot be undone.",
		Fix:   "set pointInTimeRecovery.enabled to true.",
		Types: []string{tableType},
		Judge: expect.True("pointInTimeRecovery.enabled"),
	},
	{
		Name: "s3-versioning", Description: "S3 buckets have versioning enabled.",
		Severity: rule.Low, Controls: rule.SecurityHub.Controls("S3.14"), Level: rule.Mandatory,
		Why:          "Without it, an object that is overwritten or deleted cannot be restored.",
		Fix:          "declare an aws.s3.BucketVersioningV2 for the bucket, with status Enabled.",
		Types:        []string{bucketType},
		JudgeInStack: judgeVersioning,
	},
	{
		Name: "stateful-protect", Description: "Databases, tables, file systems, buckets and secrets are protected " +
			"against deletion.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("RDS.8", "RDS.7", "DynamoDB.6"), Level: rule.Mandatory,
		Why: "An accidental destroy or replacement would delete the data.",
		Fix: "set deletionProtection (or deletionProtectionEnabled) to true, and skipFinalSnapshot and " +
			"forceDestroy to false; recoveryWindowInDays of a secret to 7 or more; for a file system, the resource " +
			"option protect.",
		Settings: []rule.Setting{minSecretDays},
		Types: []string{
			instanceType,
			clusterType,
			tableType,
			fileSystemType,
			bucketType,
			vaultType,
			secretType,
			"aws:ecr/repository:Repository",
		},
		Judge: expect.ByType(map[string]expect.Judge{
			instanceType:                    expect.UnlessSet("replicateSourceDb", replica, databaseProtection),
			clusterType:                     databaseProtection,
			tableType:                       orProtected(expect.True("deletionProtectionEnabled")),
			secretType:                      unlessWorthless(judgeSecretRecovery),
			fileSystemType:                  orProtected(unlessWorthless(unprotected)),
			bucketType:                      orProtected(unlessWorthless(expect.NotTrue("forceDestroy"))),
			vaultType:                       orProtected(expect.NotTrue("forceDestroy")),
			"aws:ecr/repository:Repository": orProtected(expect.NotTrue("forceDelete")),
		}),
	},
}

var minSecretDays = rule.Setting{
	Name:        "secretDays",
	Description: "days during which a deleted secret can be restored",
	Default:     7,
	Minimum:     7,
}

// judgeSecretRecovery takes 30 days for what is not set, as Secrets Manager does.
func judgeSecretRecovery(secret rule.Resource, run rule.Run) rule.Verdict {
	if secret.Get("recoveryWindowInDays").State() == property.Absent {
		return rule.Pass()
	}
	return orProtected(expect.AtLeast("recoveryWindowInDays", minSecretDays))(secret, run)
}

// unlessWorthless leaves alone what says that nothing in it is worth a backup.
func unlessWorthless(judge expect.Judge) expect.Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		if tagsOf(r)["backup"] == "none" {
			return rule.NotApplicable("it says that nothing in it is worth a backup")
		}
		return judge(r, run)
	}
}

var databaseProtection = expect.All(
	orProtected(expect.True("deletionProtection")),
	expect.NotTrue("skipFinalSnapshot"),
)

// orProtected takes Pulumi's own refusal to delete a resource for as good as the service's.
func orProtected(judge expect.Judge) expect.Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		if r.Protect {
			return rule.Pass()
		}
		return judge(r, run)
	}
}

// unprotected returns about what has no protection of its service's.
func unprotected(rule.Resource, rule.Run) rule.Verdict {
	return rule.Violation(expect.Whole, "is not protected")
}

// judgeVersioning takes a bucket in the older form by its own word.
func judgeVersioning(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if on, state := r.Get("versioning", "enabled").Bool(); state == property.Known && on {
		return rule.Pass()
	}
	found, doubt := expect.Companions(r, stack, "aws:s3/bucketVersioningV2:BucketVersioningV2", "bucket")
	if len(found) == 0 && len(doubt.Unjudged) > 0 {
		return doubt
	}
	for _, versioning := range found {
		switch status, state := versioning.Get("versioningConfiguration", "status").Text(); {
		case state == property.Known && status == "Enabled":
			return rule.Pass()
		case state == property.Unknown:
			return rule.Unjudged(expect.Whole, "has versioning %s, whose status is not known yet", versioning.Name)
		}
	}
	return rule.Violation(expect.Whole, "has no versioning")
}

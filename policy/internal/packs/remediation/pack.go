// Package remediation holds the rules that set properties right. They are those that force no replacement, add no cost
// and need no second resource. At the level remediate, their own, they do; at advisory and mandatory, which "all" of a
// stack's configuration may set, they tell what they would do. Those that protect from deletion have to be asked for by
// name, with the level remediate: they keep a stack from being destroyed.
//
// Left out of what could be set, for what it would do:
//   - backupRetentionPeriod, enableKeyRotation, pointInTimeRecovery, monitoringInterval, accessLogs, containerInsights
//     and multiAz cost money;
//   - retentionInDays deletes data;
//   - imageTagMutability breaks pipelines that move tags;
//   - storageEncrypted, encrypted and transitEncryption of a volume replace what they are set on;
//   - kmsKeyId, sslPolicy, webAclId and policies name something that only the stack can choose, or that has to be made;
//   - tags have values that only the stack knows; the provider's defaultTags give them to everything at once.
package remediation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const balancerType = "aws:lb/loadBalancer:LoadBalancer"

var databaseTypes = []string{"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"}

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-remediation",
	Version:     "0.1.0",
	Description: "Sets properties that cost nothing and replace nothing.",
	Rules: []rule.Rule{
		fix(
			"fix-rds-private",
			"RDS databases are not publicly accessible.",
			rule.Critical,
			rule.FSBP.Controls("RDS.2"),
			nil,
			[]string{
				"aws:rds/instance:Instance",
				"aws:rds/clusterInstance:ClusterInstance",
			},
			rule.Remedy{Path: "publiclyAccessible", Value: false, Default: true},
		),
		fix(
			"fix-rds-copy-tags",
			"RDS databases copy their tags to snapshots.",
			rule.Low,
			rule.FSBP.Controls("RDS.17", "RDS.16"),
			isReplica,
			databaseTypes,
			rule.Remedy{Path: "copyTagsToSnapshot", Value: true},
		),
		fix(
			"fix-subnet-no-auto-public-ip",
			"Subnets do not assign public IP addresses on launch.",
			rule.Medium,
			rule.FSBP.Controls("EC2.15"),
			nil,
			[]string{"aws:ec2/subnet:Subnet"},
			rule.Remedy{Path: "mapPublicIpOnLaunch", Value: false, Default: true},
		),
		fix(
			"fix-alb-hygiene",
			"Application Load Balancers drop invalid headers and mitigate HTTP desync.",
			rule.Medium,
			rule.FSBP.Controls("ELB.4"),
			isNoApplicationBalancer,
			[]string{balancerType},
			rule.Remedy{Path: "dropInvalidHeaderFields", Value: true},
		),
		fix(
			"fix-alb-desync",
			"Application Load Balancers mitigate HTTP desync.",
			rule.Medium,
			rule.FSBP.Controls("ELB.12"),
			isStrict,
			[]string{balancerType},
			rule.Remedy{Path: "desyncMitigationMode", Value: "defensive", Default: true},
		),
		fix(
			"fix-s3-public-access-block",
			"S3 buckets have all four settings of S3 Block Public Access enabled.",
			rule.High,
			rule.FSBP.Controls("S3.8"),
			nil,
			[]string{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"},
			rule.Remedy{Path: "blockPublicAcls", Value: true},
			rule.Remedy{Path: "blockPublicPolicy", Value: true},
			rule.Remedy{
				Path:  "ignorePublicAcls",
				Value: true,
			},
			rule.Remedy{Path: "restrictPublicBuckets", Value: true},
		),
		fix(
			"fix-imdsv2",
			"EC2 instances require IMDSv2 with a hop limit of 1.",
			rule.Low,
			rule.FSBP.Controls("EC2.170"),
			nil,
			[]string{"aws:ec2/launchTemplate:LaunchTemplate"},
			rule.Remedy{
				Path:  "metadataOptions.httpTokens",
				Value: "required",
			},
			rule.Remedy{Path: "metadataOptions.httpPutResponseHopLimit", Value: 1.0, Default: true},
		),
		fix(
			"fix-ecr-scan",
			"ECR repositories scan images on push.",
			rule.High,
			rule.FSBP.Controls("ECR.1"),
			nil,
			[]string{
				"aws:ecr/repository:Repository",
			},
			rule.Remedy{Path: "imageScanningConfiguration.scanOnPush", Value: true},
		),
		onDemand(
			fix(
				"fix-rds-deletion-protection",
				"RDS databases have deletion protection enabled.",
				rule.Medium,
				rule.FSBP.Controls("RDS.8", "RDS.7"),
				isReplica,
				databaseTypes,
				rule.Remedy{Path: "deletionProtection", Value: true},
			),
		),
		onDemand(
			fix(
				"fix-dynamodb-deletion-protection",
				"DynamoDB tables have deletion protection enabled.",
				rule.Medium,
				rule.FSBP.Controls("DynamoDB.6"),
				nil,
				[]string{"aws:dynamodb/table:Table"},
				rule.Remedy{Path: "deletionProtectionEnabled", Value: true},
			),
		),
		onDemand(
			fix(
				"fix-alb-deletion-protection",
				"Load balancers have deletion protection enabled.",
				rule.Medium,
				rule.FSBP.Controls("ELB.6"),
				nil,
				[]string{balancerType},
				rule.Remedy{Path: "enableDeletionProtection", Value: true},
			),
		),
	},
}

func fix(
	name, description string,
	severity rule.Severity,
	controls []rule.Control,
	unless func(rule.Resource) bool,
	types []string,
	remedies ...rule.Remedy,
) rule.Rule {
	return rule.Rule{
		Name:        name,
		Description: description,
		Severity:    severity,
		Controls:    controls,
		Level:       rule.Remediate,
		Types:       types,
		Remedies:    remedies,
		Unless:      unless,
		Why:         "The setting costs nothing and replaces nothing, so that nothing speaks against it.",
		Fix:         "set " + settings(remedies) + ", or give the rule the level remediate, at which that is done.",
	}
}

// settings says what remedies set.
func settings(remedies []rule.Remedy) string {
	texts := make([]string, len(remedies))
	for i, r := range remedies {
		texts[i] = fmt.Sprintf("%s to %v", r.Path, r.Value)
	}
	return strings.Join(texts, ", ")
}

// onDemand returns the rule, out of force until a stack asks for it.
func onDemand(r rule.Rule) rule.Rule {
	r.Level = rule.Disabled
	return r
}

// isReplica leaves out what takes after its source, or may.
func isReplica(r rule.Resource) bool { return r.Get("replicateSourceDb").State() != property.Absent }

// isNoApplicationBalancer leaves out network and gateway load balancers, which know no headers, and what may be one.
func isNoApplicationBalancer(r rule.Resource) bool {
	kind, state := r.Get("loadBalancerType").Text()
	return state != property.Absent && kind != "application"
}

// isStrict leaves out what is as strict, or stricter.
func isStrict(r rule.Resource) bool {
	mode, _ := r.Get("desyncMitigationMode").Text()
	return isNoApplicationBalancer(r) || slices.Contains([]string{"defensive", "strictest"}, mode)
}

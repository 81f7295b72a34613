// Package remediation holds the rules that set properties right. They are those that force no replacement, add no cost
// and need no second resource.
//
// Left out of what could be set, for what it would do: backupRetentionPeriod and enableKeyRotation cost money, retentionInDays
// deletes data, imageTagMutability breaks pipelines that move tags, and transitEncryption of a volume replaces its task
// definition.
package remediation

import "github.com/awslab/awslab/policy/internal/rule"

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-remediation",
	Version:     "0.1.0",
	Description: "What costs nothing and replaces nothing is set right.",
	Rules: []rule.Rule{
		fix("fix-rds-private", "Databases have no public address.", rule.Critical, rule.FSBP.Controls("RDS.2"),
			[]string{"aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"}, rule.Remedy{Path: "publiclyAccessible", Value: false}),
		fix("fix-rds-copy-tags", "Snapshots of databases have the tags of the database.", rule.Low, rule.FSBP.Controls("RDS.17", "RDS.16"),
			[]string{"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"}, rule.Remedy{Path: "copyTagsToSnapshot", Value: true}),
		fix("fix-subnet-no-auto-public-ip", "Subnets give no public addresses by themselves.", rule.Medium, rule.FSBP.Controls("EC2.15"),
			[]string{"aws:ec2/subnet:Subnet"}, rule.Remedy{Path: "mapPublicIpOnLaunch", Value: false}),
		fix("fix-alb-hygiene", "Load balancers drop headers that are not valid.", rule.Medium, rule.FSBP.Controls("ELB.4"),
			[]string{"aws:lb/loadBalancer:LoadBalancer"}, rule.Remedy{Path: "dropInvalidHeaderFields", Value: true}),
		fix("fix-s3-public-access-block", "Buckets are closed to the public.", rule.High, rule.FSBP.Controls("S3.8"),
			[]string{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"},
			rule.Remedy{Path: "blockPublicAcls", Value: true}, rule.Remedy{Path: "blockPublicPolicy", Value: true},
			rule.Remedy{Path: "ignorePublicAcls", Value: true}, rule.Remedy{Path: "restrictPublicBuckets", Value: true}),
		fix("fix-imdsv2", "Instances ask for their credentials with a session, from no further than themselves.", rule.Low, rule.FSBP.Controls("EC2.170"),
			[]string{"aws:ec2/launchTemplate:LaunchTemplate"},
			rule.Remedy{Path: "metadataOptions.httpTokens", Value: "required"}, rule.Remedy{Path: "metadataOptions.httpPutResponseHopLimit", Value: 1.0}),
		fix("fix-ecr-scan", "Images are scanned when they are pushed.", rule.High, rule.FSBP.Controls("ECR.1"),
			[]string{"aws:ecr/repository:Repository"}, rule.Remedy{Path: "imageScanningConfiguration.scanOnPush", Value: true}),
	},
}

func fix(name, description string, severity rule.Severity, controls []rule.Control, types []string, remedies ...rule.Remedy) rule.Rule {
	return rule.Rule{
		Name: name, Description: description, Severity: severity, Controls: controls, Level: rule.Remediate, Types: types, Remedies: remedies,
		Fix: "nothing: it is done.",
	}
}

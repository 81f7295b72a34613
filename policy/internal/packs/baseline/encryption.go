package baseline

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var encryption = []rule.Rule{
	{
		Name:        "rds-encrypted",
		Description: "RDS databases have storage encryption enabled.",
		Severity:    rule.Medium,
		Controls:    append(rule.FSBP.Controls("RDS.3"), rule.CIS.Controls("2.3.1")...),
		Level:       rule.Mandatory,
		Why: "Unencrypted storage exposes the data, its snapshots and its replicas to anyone who can read " +
			"the disks.",
		Fix:   "set storageEncrypted to true.",
		Types: []string{"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"},
		Judge: expect.UnlessSet(
			"replicateSourceDb",
			"a read replica is encrypted as its source is",
			expect.True("storageEncrypted"),
		),
	},
	{
		Name:        "efs-encrypted",
		Description: "EFS file systems are encrypted at rest.",
		Severity:    rule.Medium,
		Controls:    append(rule.FSBP.Controls("EFS.1"), rule.CIS.Controls("2.4.1")...),
		Level:       rule.Mandatory,
		Why:         "Encryption at rest protects the files if the storage is exposed, and cannot be enabled later.",
		Fix:         "set encrypted to true.",
		Types:       []string{"aws:efs/fileSystem:FileSystem"},
		Judge:       expect.True("encrypted"),
	},
	{
		Name:        "ebs-encrypted",
		Description: "EBS volumes are encrypted.",
		Severity:    rule.Medium,
		Controls:    append(rule.FSBP.Controls("EC2.3"), rule.CIS.Controls("2.2.1")...),
		Level:       rule.Mandatory,
		Why:         "Unencrypted volumes also have unencrypted snapshots.",
		Fix:         "set encrypted to true; in a launch template, ebs.encrypted of each of blockDeviceMappings.",
		Types:       []string{"aws:ebs/volume:Volume", "aws:ec2/launchTemplate:LaunchTemplate"},
		Judge: expect.ByType(map[string]expect.Judge{
			"aws:ebs/volume:Volume":                 expect.True("encrypted"),
			"aws:ec2/launchTemplate:LaunchTemplate": judgeDevices,
		}),
	},
	{
		Name: "dynamodb-key", Description: "DynamoDB tables are encrypted with a customer managed KMS key.",
		Severity: rule.Low, Controls: rule.WellArchitected.Controls("SEC08-BP01"), Level: rule.Mandatory,
		Why:   "Only the policy of a customer managed key can restrict and audit who may decrypt the data.",
		Fix:   "set serverSideEncryption.enabled to true, and its kmsKeyArn to the ARN of a customer managed key.",
		Types: []string{"aws:dynamodb/table:Table"},
		Judge: expect.All(
			expect.True("serverSideEncryption.enabled"),
			expect.OwnKey("serverSideEncryption.kmsKeyArn"),
		),
	},
	{
		Name: "s3-key", Description: "S3 buckets are encrypted with a customer managed KMS key.",
		Severity: rule.Low, Controls: rule.WellArchitected.Controls("SEC08-BP01"), Level: rule.Mandatory,
		Why: "Only the policy of a customer managed key can restrict and audit who may decrypt the data.",
		Fix: "declare an aws.s3.BucketServerSideEncryptionConfigurationV2 for the bucket, with " +
			"sseAlgorithm aws:kms and kmsMasterKeyId.",
		Types:        []string{bucketType},
		JudgeInStack: judgeBucketKey,
	},
	{
		Name: "log-group-key", Description: "CloudWatch log groups are encrypted with a customer managed KMS key.",
		Severity: rule.Low, Controls: rule.WellArchitected.Controls("SEC08-BP01"), Level: rule.Mandatory,
		Why:   "Only the policy of a customer managed key can restrict and audit who may decrypt the logs.",
		Fix:   "set kmsKeyId to the ARN of a customer managed key.",
		Types: []string{"aws:cloudwatch/logGroup:LogGroup"},
		Judge: expect.OwnKey("kmsKeyId"),
	},
	{
		Name: "ecr-key", Description: "ECR repositories are encrypted with a customer managed KMS key.",
		Severity: rule.Medium, Controls: rule.SecurityHub.Controls("ECR.5"), Level: rule.Mandatory,
		Why: "Only the policy of a customer managed key can restrict and audit who may decrypt the images.",
		Fix: "set encryptionConfigurations to one with encryptionType KMS, and kmsKey to the ARN of a customer " +
			"managed key.",
		Types: []string{"aws:ecr/repository:Repository"},
		Judge: expect.First(
			expect.OneOf("encryptionConfigurations[0].encryptionType", "KMS", "KMS_DSSE"),
			expect.OwnKey("encryptionConfigurations[0].kmsKey"),
		),
	},
	{
		Name: "secret-key", Description: "Secrets Manager secrets are encrypted with a customer managed KMS key.",
		Severity: rule.Low, Controls: rule.WellArchitected.Controls("SEC08-BP01"), Level: rule.Mandatory,
		Why:   "Only the policy of a customer managed key can restrict and audit who may decrypt the secret.",
		Fix:   "set kmsKeyId to the ARN of a customer managed key.",
		Types: []string{"aws:secretsmanager/secret:Secret"},
		Judge: expect.OwnKey("kmsKeyId"),
	},
	{
		Name: "sns-key", Description: "SNS topics are encrypted at rest with KMS.",
		Severity: rule.Medium, Controls: rule.SecurityHub.Controls("SNS.1"), Level: rule.Mandatory,
		Why:   "Messages are stored until they are delivered, and often contain names, addresses and error texts.",
		Fix:   "set kmsMasterKeyId to the ARN of a KMS key.",
		Types: []string{"aws:sns/topic:Topic"},
		Judge: expect.Set("kmsMasterKeyId"),
	},
	{
		Name: "sqs-encrypted", Description: "SQS queues are encrypted at rest.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("SQS.1"), Level: rule.Mandatory,
		Why:   "Messages are stored for up to 14 days until they are read.",
		Fix:   "set kmsMasterKeyId to the ARN of a KMS key, or sqsManagedSseEnabled to true.",
		Types: []string{"aws:sqs/queue:Queue"},
		Judge: func(r rule.Resource, run rule.Run) rule.Verdict {
			if on, state := r.Get("sqsManagedSseEnabled").Bool(); on && state == property.Known {
				return rule.Pass()
			}
			return expect.Set("kmsMasterKeyId")(r, run)
		},
	},
	{
		Name:        "kms-rotation",
		Description: "Customer managed KMS keys have automatic rotation enabled.",
		Severity:    rule.Medium,
		Controls:    append(rule.SecurityHub.Controls("KMS.4"), rule.CIS.Controls("3.6")...),
		Level:       rule.Mandatory,
		Why:         "Rotation limits how much data one version of the key material protects.",
		Fix:         "set enableKeyRotation to true.",
		Types:       []string{"aws:kms/key:Key"},
		Judge:       judgeRotation,
	},
	{
		Name: "efs-in-transit", Description: "Task definitions mount EFS file systems over TLS and with IAM " +
			"authorization.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("SEC09-BP02"), Level: rule.Mandatory,
		Why:   "Without both, files cross the network in clear text and IAM does not decide who mounts them.",
		Fix:   "set volumes[].efsVolumeConfiguration.transitEncryption, and authorizationConfig.iam, to ENABLED.",
		Types: []string{"aws:ecs/taskDefinition:TaskDefinition"},
		Judge: judgeVolumes,
	},
	{
		Name: "rds-proxy-tls", Description: "RDS proxies require TLS.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("SEC09-BP02"), Level: rule.Mandatory,
		Why:   "Without it, passwords and data can cross the network in clear text.",
		Fix:   "set requireTls to true.",
		Types: []string{proxyType},
		Judge: expect.True("requireTls"),
	},
	{
		Name: "cloudfront-https", Description: "CloudFront distributions require HTTPS, or redirect HTTP to HTTPS.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("CloudFront.3"), Level: rule.Mandatory,
		Why: "Plain HTTP can be read and changed on the way to the viewer.",
		Fix: "set viewerProtocolPolicy of defaultCacheBehavior, and of each of orderedCacheBehaviors, to " +
			"redirect-to-https or https-only.",
		Types: []string{distributionType},
		Judge: judgeViewers,
	},
	{
		Name:        "cloudfront-tls",
		Description: "CloudFront distributions with their own domain name require TLS 1.2 or later.",
		Severity:    rule.Medium,
		Controls:    rule.WellArchitected.Controls("SEC09-BP02"),
		Level:       rule.Mandatory,
		Why:         "Earlier versions of TLS have known weaknesses.",
		Fix:         "set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021.",
		Settings:    []rule.Setting{viewerProtocols},
		Types:       []string{distributionType},
		Judge:       judgeViewerTLS,
	},
	{
		Name: "rds-tls", Description: "Parameter groups of RDS databases require TLS.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("SEC09-BP02"), Level: rule.Mandatory,
		Why:   "Without it, passwords and data can cross the network in clear text.",
		Fix:   "set in parameters rds.force_ssl to 1, or for MySQL require_secure_transport to ON.",
		Types: []string{"aws:rds/parameterGroup:ParameterGroup", "aws:rds/clusterParameterGroup:ClusterParameterGroup"},
		Judge: judgeForcedTLS,
	},
}

var viewerProtocols = rule.Setting{
	Name:        "protocols",
	Description: "permitted values of minimumProtocolVersion",
	Texts:       []string{"TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"},
}

// judgeViewerTLS leaves alone what has CloudFront's own name and certificate, with which nobody can choose.
func judgeViewerTLS(r rule.Resource, run rule.Run) rule.Verdict {
	certificate := r.Get("viewerCertificate")
	if on, state := certificate.Get("cloudfrontDefaultCertificate").Bool(); state == property.Known && on ||
		certificate.State() == property.Absent {
		return rule.NotApplicable("it has CloudFront's own certificate, whose minimum CloudFront sets")
	}
	return expect.OneOfSetting("viewerCertificate.minimumProtocolVersion", viewerProtocols)(r, run)
}

// judgeViewers looks at each behavior of a distribution.
func judgeViewers(r rule.Resource, run rule.Run) rule.Verdict {
	judge := []expect.Judge{
		expect.OneOf("defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https", "https-only"),
	}
	ordered, _ := r.Get("orderedCacheBehaviors").List()
	for _, behavior := range ordered {
		policy := behavior.Get("viewerProtocolPolicy")
		judge = append(judge, func(rule.Resource, rule.Run) rule.Verdict {
			switch text, state := policy.Text(); {
			case state == property.Known && (text == "redirect-to-https" || text == "https-only"):
				return rule.Pass()
			case state == property.Known || state == property.Absent:
				return rule.Violation(policy.Path(), "allows HTTP")
			default:
				return rule.Unreadable(policy, state)
			}
		})
	}
	return expect.All(judge...)(r, run)
}

// judgeDevices requires every disk of a launch template to be encrypted.
func judgeDevices(r rule.Resource, _ rule.Run) rule.Verdict {
	devices := r.Get("blockDeviceMappings")
	elements, state := devices.List()
	switch {
	case state == property.Absent:
		return rule.Violation(devices.Path(), "is not set")
	case state != property.Known:
		return rule.Unreadable(devices, state)
	}
	var verdict rule.Verdict
	for _, device := range elements {
		encrypted := device.Get("ebs", "encrypted")
		on, state := encrypted.Bool()
		switch {
		case state == property.Known && on:
		case state == property.Known || state == property.Absent:
			verdict.Violations = append(
				verdict.Violations,
				rule.Finding{Property: encrypted.Path(), Text: "is not true"},
			)
		default:
			verdict.Unjudged = append(verdict.Unjudged, rule.Finding{Property: encrypted.Path(), Text: state.String()})
		}
	}
	return verdict
}

// judgeRotation leaves out keys that KMS cannot rotate: those with a key pair, or for signatures.
func judgeRotation(key rule.Resource, run rule.Run) rule.Verdict {
	if spec, state := key.Get("customerMasterKeySpec").Text(); state == property.Known && spec != "SYMMETRIC_DEFAULT" {
		return rule.NotApplicable("it is no symmetric key for encryption, and KMS does not rotate others")
	}
	return expect.True("enableKeyRotation")(key, run)
}

func judgeVolumes(r rule.Resource, run rule.Run) rule.Verdict {
	volumes := r.Get("volumes")
	elements, state := volumes.List()
	switch {
	case state == property.Absent:
		return rule.Pass()
	case state != property.Known:
		return rule.Unreadable(volumes, state)
	}
	var judges []expect.Judge
	for i, volume := range elements {
		efs := fmt.Sprintf("volumes[%d].efsVolumeConfiguration", i)
		if volume.Get("efsVolumeConfiguration").State() == property.Absent {
			continue
		}
		judges = append(
			judges,
			expect.OneOf(efs+".transitEncryption", "ENABLED"),
			expect.OneOf(efs+".authorizationConfig.iam", "ENABLED"),
		)
	}
	return expect.All(judges...)(r, run)
}

// forcedTLS are the parameters that refuse clear text, by what a group's family begins with.
var forcedTLS = map[string]string{
	"postgres":          "rds.force_ssl=1",
	"aurora-postgresql": "rds.force_ssl=1",
	"mysql":             "require_secure_transport=ON",
	"mariadb":           "require_secure_transport=ON",
	"aurora-mysql":      "require_secure_transport=ON",
}

func judgeForcedTLS(group rule.Resource, _ rule.Run) rule.Verdict {
	family, state := group.Get("family").Text()
	if state != property.Known {
		return rule.Unreadable(group.Get("family"), state)
	}
	engine := strings.TrimRight(family, "0123456789.")
	want, known := forcedTLS[engine]
	if !known {
		return rule.NotApplicable("its engine has no such parameter")
	}
	name, value, _ := strings.Cut(want, "=")
	parameters := group.Get("parameters")
	elements, state := parameters.List()
	if state == property.Unknown || state == property.Mistyped {
		return rule.Unreadable(parameters, state)
	}
	for _, p := range elements {
		if got, _ := p.Get("name").Text(); got != name {
			continue
		}
		got, state := p.Get("value").Text()
		if number, isNumber := p.Get("value").Number(); isNumber == property.Known && number == 1 {
			got, state = "1", property.Known
		}
		switch {
		case state == property.Unknown:
			return rule.Unreadable(p.Get("value"), state)
		case got == value || value == "ON" && got == "1":
			return rule.Pass()
		}
	}
	return rule.Violation(parameters.Path(), "lack %s", want)
}

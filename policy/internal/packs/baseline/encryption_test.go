package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

var (
	db        = of("aws:rds/instance:Instance")
	table     = of("aws:dynamodb/table:Table")
	queue     = of("aws:sqs/queue:Queue")
	key       = of("aws:kms/key:Key")
	template  = of("aws:ec2/launchTemplate:LaunchTemplate")
	task      = of("aws:ecs/taskDefinition:TaskDefinition")
	logGroup  = of("aws:cloudwatch/logGroup:LogGroup")
	ecr       = of("aws:ecr/repository:Repository")
	secret    = of("aws:secretsmanager/secret:Secret")
	topic     = of("aws:sns/topic:Topic")
	parameter = of("aws:rds/parameterGroup:ParameterGroup")
)

// keyCases returns the five situations of a rule that wants a key to be named; one that becomes known later is one.
func keyCases(resource func(ruletest.Props) ruletest.Resource, property string) []ruletest.Case {
	with := func(value any) ruletest.Resource { return resource(ruletest.Props{property: value}) }
	return []ruletest.Case{
		{Situation: ruletest.Passes, Resource: with("arn:key"), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: with(""), Want: violation(property)},
		{Situation: ruletest.Unknown, Resource: with(ruletest.Computed), Want: ruletest.Pass},
		{Situation: ruletest.Secret, Resource: with(ruletest.Secretly("arn:secret-key")), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: resource(ruletest.Props{}), Want: violation(property)},
	}
}

func awssKey(resource func(ruletest.Props) ruletest.Resource, property, key string) ruletest.Case {
	return ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "AWS's own key",
		Resource:  resource(ruletest.Props{property: key}),
		Want:      violation(property),
	}
}

func device(encrypted any) any { return []any{object{"ebs": object{"encrypted": encrypted}}} }

func encryptedTable(enabled, key any) ruletest.Resource {
	return table(ruletest.Props{"serverSideEncryption": object{"enabled": enabled, "kmsKeyArn": key}})
}

func mounting(encryption, iam any) ruletest.Resource {
	return task(ruletest.Props{"volumes": []any{object{"name": "scratch"}, object{"efsVolumeConfiguration": object{
		"transitEncryption": encryption, "authorizationConfig": object{"iam": iam}}}}})
}

func forcing(family, name string, value any) ruletest.Resource {
	return parameter(
		ruletest.Props{
			"family":     family,
			"parameters": []any{object{"name": "other", "value": "1"}, object{"name": name, "value": value}},
		},
	)
}

const (
	transit = "volumes[1].efsVolumeConfiguration.transitEncryption"
	disk    = "blockDeviceMappings[0].ebs.encrypted"
)

var distribution = of(distributionType)

var encryptionCases = map[string][]ruletest.Case{
	"rds-encrypted": append(
		ruletest.Switches(db, "storageEncrypted", true, violation("storageEncrypted")),
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a replica",
			Resource:  db(ruletest.Props{"replicateSourceDb": "primary"}),
			Want:      ruletest.NotApplicable,
		},
		ruletest.Case{
			Situation: ruletest.Unknown,
			Name:      "a replica, perhaps",
			Resource:  db(ruletest.Props{"replicateSourceDb": ruletest.Computed}),
			Want:      unevaluated("replicateSourceDb"),
		},
	),
	"efs-encrypted": ruletest.Switches(of("aws:efs/fileSystem:FileSystem"), "encrypted", true, violation("encrypted")),
	"ebs-encrypted": append(
		ruletest.Switches(of("aws:ebs/volume:Volume"), "encrypted", true, violation("encrypted")),
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "template",
			Resource:  template(ruletest.Props{"blockDeviceMappings": device("true")}),
			Want:      ruletest.Pass,
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "template",
			Resource:  template(ruletest.Props{"blockDeviceMappings": device("false")}),
			Want:      violation(disk),
		},
		ruletest.Case{
			Situation: ruletest.Unknown,
			Name:      "template",
			Resource:  template(ruletest.Props{"blockDeviceMappings": device(ruletest.Computed)}),
			Want:      unevaluated(disk),
		},
		ruletest.Case{
			Situation: ruletest.Absent,
			Name:      "template",
			Resource:  template(ruletest.Props{}),
			Want:      violation("blockDeviceMappings"),
		},
	),
	"dynamodb-key": {
		{Situation: ruletest.Passes, Resource: encryptedTable(true, "arn:key"), Want: ruletest.Pass},
		{
			Situation: ruletest.Fails,
			Resource:  encryptedTable(false, "arn:key"),
			Want:      violation("serverSideEncryption.enabled"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's key",
			Resource:  encryptedTable(true, ""),
			Want:      violation("serverSideEncryption.kmsKeyArn"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's key by its alias",
			Resource:  encryptedTable(true, "alias/aws/dynamodb"),
			Want:      violation("serverSideEncryption.kmsKeyArn"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  encryptedTable(ruletest.Computed, "arn:key"),
			Want:      unevaluated("serverSideEncryption.enabled"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  encryptedTable(true, ruletest.Secretly("arn:secret-key")),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Absent,
			Resource:  table(ruletest.Props{}),
			Want:      violation("serverSideEncryption.enabled"),
		},
	},
	"log-group-key": append(
		keyCases(logGroup, "kmsKeyId"),
		awssKey(logGroup, "kmsKeyId", "arn:aws:kms:eu-west-1:123456789012:alias/aws/logs"),
	),
	"secret-key": append(keyCases(secret, "kmsKeyId"), awssKey(secret, "kmsKeyId", "alias/aws/secretsmanager")),
	"sns-key":    keyCases(topic, "kmsMasterKeyId"),
	"sqs-encrypted": append(keyCases(queue, "kmsMasterKeyId"), ruletest.Case{
		Situation: ruletest.Passes,
		Name:      "with the queue's own key",
		Resource:  queue(ruletest.Props{"sqsManagedSseEnabled": true}),
		Want:      ruletest.Pass,
	}),
	"ecr-key": {
		{Situation: ruletest.Passes, Resource: encryptedImages("KMS", "arn:key"), Want: ruletest.Pass},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's own key",
			Resource:  encryptedImages("KMS", nil),
			Want:      violation("encryptionConfigurations[0].kmsKey"),
		},
		{
			Situation: ruletest.Fails,
			Resource:  encryptedImages("AES256", nil),
			Want:      violation("encryptionConfigurations[0].encryptionType"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  encryptedImages(ruletest.Computed, "arn:key"),
			Want:      unevaluated("encryptionConfigurations[0].encryptionType"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  encryptedImages(ruletest.Secretly("KMS"), "arn:key"),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: ecr(ruletest.Props{}), Want: violation("encryptionConfigurations")},
	},
	"kms-rotation": append(
		ruletest.Switches(key, "enableKeyRotation", true, violation("enableKeyRotation")),
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "a key pair",
			Resource:  key(ruletest.Props{"customerMasterKeySpec": "RSA_2048"}),
			Want:      ruletest.NotApplicable,
		},
	),
	"efs-in-transit": {
		{Situation: ruletest.Passes, Resource: mounting("ENABLED", "ENABLED"), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: mounting("DISABLED", "ENABLED"), Want: violation(transit)},
		{
			Situation: ruletest.Fails,
			Name:      "as anybody",
			Resource:  mounting("ENABLED", nil),
			Want:      violation("volumes[1].efsVolumeConfiguration.authorizationConfig.iam"),
		},
		{Situation: ruletest.Unknown, Resource: mounting(ruletest.Computed, "ENABLED"), Want: unevaluated(transit)},
		{
			Situation: ruletest.Unknown,
			Name:      "volumes",
			Resource:  task(ruletest.Props{"volumes": ruletest.Computed}),
			Want:      unevaluated("volumes"),
		},
		{Situation: ruletest.Secret, Resource: mounting(ruletest.Secretly("ENABLED"), "ENABLED"), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: task(ruletest.Props{}), Want: ruletest.Pass},
	},
	"rds-proxy-tls": ruletest.Switches(of(proxyType), "requireTls", true, violation("requireTls")),
	"cloudfront-https": append(
		ruletest.Values(
			below(distribution, "defaultCacheBehavior", "viewerProtocolPolicy"),
			"defaultCacheBehavior.viewerProtocolPolicy",
			"redirect-to-https",
			"allow-all",
			violation("defaultCacheBehavior.viewerProtocolPolicy"),
		),
		ruletest.Case{Situation: ruletest.Fails, Name: "a folder", Resource: distribution(ruletest.Props{
			"defaultCacheBehavior": object{"viewerProtocolPolicy": "https-only"},
			"orderedCacheBehaviors": []any{
				object{"viewerProtocolPolicy": "https-only"},
				object{"viewerProtocolPolicy": "allow-all"},
			},
		}), Want: violation("orderedCacheBehaviors[1].viewerProtocolPolicy")},
	),
	"cloudfront-tls": append(
		ruletest.Values(
			below(distribution, "viewerCertificate", "minimumProtocolVersion"),
			"viewerCertificate.minimumProtocolVersion",
			"TLSv1.2_2021",
			"SSLv3",
			ruletest.NotApplicable,
		),
		ruletest.Case{Situation: ruletest.Passes, Name: "CloudFront's own certificate", Want: ruletest.NotApplicable,
			Resource: distribution(
				ruletest.Props{
					"viewerCertificate": object{
						"cloudfrontDefaultCertificate": true,
						"minimumProtocolVersion":       "TLSv1",
					},
				},
			)},
		ruletest.Case{
			Situation: ruletest.Absent,
			Name:      "minimum",
			Want:      violation("viewerCertificate.minimumProtocolVersion"),
			Resource: distribution(
				ruletest.Props{"viewerCertificate": object{"acmCertificateArn": "arn:certificate"}},
			),
		},
	),
	"rds-tls": {
		{Situation: ruletest.Passes, Resource: forcing("postgres17", "rds.force_ssl", "1"), Want: ruletest.Pass},
		{
			Situation: ruletest.Passes,
			Name:      "MySQL",
			Resource:  forcing("mysql8.4", "require_secure_transport", "ON"),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "another engine",
			Resource:  parameter(ruletest.Props{"family": "oracle-ee-19"}),
			Want:      ruletest.NotApplicable,
		},
		{
			Situation: ruletest.Fails,
			Resource:  forcing("postgres17", "rds.force_ssl", "0"),
			Want:      violation("parameters"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  forcing("aurora-postgresql17", "rds.force_ssl", ruletest.Computed),
			Want:      unevaluated("parameters[1].value"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "family",
			Resource:  parameter(ruletest.Props{"family": ruletest.Computed}),
			Want:      unevaluated("family"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  forcing("postgres17", "rds.force_ssl", ruletest.Secretly("1")),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Absent,
			Resource:  parameter(ruletest.Props{"family": "postgres17"}),
			Want:      violation("parameters"),
		},
	},
}

func encryptedImages(kind, key any) ruletest.Resource {
	return ecr(ruletest.Props{"encryptionConfigurations": []any{object{"encryptionType": kind, "kmsKey": key}}})
}

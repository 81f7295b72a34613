package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

// bucketEncryption encrypts the bucket named files.
func bucketEncryption(algorithm, key any) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
			Name: "encryption",
			Properties: ruletest.Props{
				"bucket": "files",
				"rules": []any{
					object{
						"applyServerSideEncryptionByDefault": object{"sseAlgorithm": algorithm, "kmsMasterKeyId": key},
					},
				},
			},
		},
	}
}

// encryptedBucket returns one in the older form, with what others have in resources of their own.
func encryptedBucket(key string) ruletest.Resource {
	byDefault := object{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
	return ruletest.Resource{Type: "aws:s3/bucket:Bucket", Name: "it", Properties: ruletest.Props{
		"bucket":                            "files",
		"serverSideEncryptionConfiguration": object{"rule": object{"applyServerSideEncryptionByDefault": byDefault}},
	}}
}

const domain = "files.s3.eu-west-1.amazonaws.com"

var shown = ruletest.Resource{
	Type:       bucketType,
	Name:       "it",
	Properties: ruletest.Props{"bucket": "files", "bucketRegionalDomainName": domain},
}

// loggedTo are logs that go to the bucket named files.
var loggedTo = []ruletest.Resource{
	{Type: loadBalancerType, Name: "balancer", Properties: ruletest.Props{"accessLogs": object{"bucket": "files"}}},
}

var bucketCases = map[string][]ruletest.Case{
	"s3-logs": append(
		companionCases(bucketType, bucketLoggingType, "bucket"),
		ruletest.Case{Situation: ruletest.Passes, Name: "by the bucket itself", Want: ruletest.Pass,
			Resource: of(
				"aws:s3/bucket:Bucket",
			)(
				ruletest.Props{"bucket": "files", "loggings": []any{object{"targetBucket": "logs"}}},
			)},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "where logs go",
			Resource:  files,
			Rest:      loggedTo,
			Want:      ruletest.NotApplicable,
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "where another bucket's logs go",
			Resource:  files,
			Want:      ruletest.Pass,
			Rest: []ruletest.Resource{
				{
					Type:       "aws:s3/bucket:Bucket",
					Name:       "other",
					Properties: ruletest.Props{"loggings": []any{object{"targetBucket": "files"}}},
				},
			},
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "where a distribution's logs go",
			Resource:  shown,
			Want:      ruletest.NotApplicable,
			Rest: []ruletest.Resource{
				{
					Type:       distributionType,
					Name:       "website",
					Properties: ruletest.Props{"loggingConfig": object{"bucket": domain}},
				}},
		},
	),
	"s3-key": {
		{
			Situation: ruletest.Absent,
			Name:      "in the older form",
			Resource:  of("aws:s3/bucket:Bucket")(ruletest.Props{"bucket": "files"}),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Passes,
			Resource:  files,
			Rest:      bucketEncryption("aws:kms", "arn:key"),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "where logs go",
			Resource:  files,
			Rest:      loggedTo,
			Want:      ruletest.NotApplicable,
		},
		{
			Situation: ruletest.Passes,
			Name:      "what everybody may see",
			Resource:  shown,
			Want:      ruletest.NotApplicable,
			Rest: []ruletest.Resource{
				{
					Type:       distributionType,
					Name:       "website",
					Properties: ruletest.Props{"origins": []any{object{"domainName": domain}}},
				}},
		},
		{Situation: ruletest.Fails, Resource: files, Rest: bucketEncryption("AES256", nil), Want: violation("it")},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's own key",
			Resource:  files,
			Rest:      bucketEncryption("aws:kms", nil),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's own key by its alias",
			Resource:  files,
			Rest:      bucketEncryption("aws:kms", "alias/aws/s3"),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Passes,
			Name:      "by the bucket itself",
			Resource:  encryptedBucket("arn:key"),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Name:      "by the bucket itself",
			Resource:  encryptedBucket("alias/aws/s3"),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  files,
			Rest:      bucketEncryption(ruletest.Computed, nil),
			Want:      unevaluated("it"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "key",
			Resource:  files,
			Rest:      bucketEncryption("aws:kms", ruletest.Computed),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  files,
			Rest:      bucketEncryption(ruletest.Secretly("AES256"), nil),
			Want:      violation("it"),
		},
		{Situation: ruletest.Absent, Resource: files, Want: violation("it")},
	},
}

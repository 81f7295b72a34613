package elb

import (
	"fmt"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/kms"
	"github.com/awslab/awslab/automation/offline/internal/aws/s3"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// logWriters are the services that write the logs of each type of load balancer. Application load balancers' are
// written by an account in older regions, see Region.ELBAccount. From "Access logs" in the Elastic Load Balancing
// guides.
var logWriters = map[string]string{
	"application": "logdelivery.elasticloadbalancing.amazonaws.com",
	"network":     "delivery.logs.amazonaws.com",
	"gateway":     "delivery.logs.amazonaws.com",
}

// refuseLogs refuses a bucket that the load balancer could not write a kind of its logs to: AWS tries it at once.
func refuseLogs(c *bridge.Change, kind string) error {
	bucket := c.Target(kind + ".bucket")
	if bucket == nil || !c.Inputs.Bool(kind+".enabled") {
		return nil
	}
	if bucket.Region != c.Region().Name {
		return bridge.Refuse(
			"InvalidConfigurationRequest",
			"The S3 bucket %s for %s must be in the load balancer's region %s: it is in %s",
			bucket.ID,
			kind,
			c.Region().Name,
			bucket.Region,
		)
	}
	if err := refuseKeyOfLogs(c, bucket); err != nil {
		return err
	}
	writers := []string{
		"*", logWriters[c.Inputs.Str("loadBalancerType")], c.Region().ELBAccount,
		fmt.Sprintf("arn:%s:iam::%s:root", c.Region().Partition(), c.Region().ELBAccount),
	}
	file := "AWSLogs/" + world.Account + "/ELBAccessLogTestFile"
	if prefix := c.Inputs.Str(kind + ".prefix"); prefix != "" {
		file = prefix + "/" + file
	}
	allowed, err := bucketLets(c, bucket, writers, "s3:PutObject", bucket.ARN+"/"+file)
	if err != nil || allowed {
		return err
	}
	return bridge.RefuseRetried(
		"InvalidConfigurationRequest",
		"Access Denied for bucket: %s. Please check S3bucket permission: its policy must let %s put %s",
		bucket.ID,
		writers[1],
		file,
	)
}

// refuseKeyOfLogs refuses a bucket that encrypts with a KMS key, which load balancers cannot write to.
func refuseKeyOfLogs(c *bridge.Change, bucket *world.Thing) error {
	encryptions, err := s3.Satellites(c, bucket, token.BucketEncryption)
	if err != nil {
		return err
	}
	for _, encryption := range encryptions {
		for _, rule := range encryption.Objects("rules") {
			if kind := rule.Str("applyServerSideEncryptionByDefault.sseAlgorithm"); kind != "AES256" &&
				c.Inputs.Str("loadBalancerType") == "application" {
				return bridge.Refuse(
					"InvalidConfigurationRequest",
					"Access Denied for bucket: %s. Please check S3bucket permission: it encrypts with %s, and "+
						"a load balancer's logs can have Amazon S3 managed keys (AES256) only",
					bucket.ID,
					kind,
				)
			}
		}
	}
	return nil
}

// bucketLets reports whether the policy of a bucket lets one of the principals do something with an object.
func bucketLets(c *bridge.Change, bucket *world.Thing, principals []string, action, object string) (bool, error) {
	policies, err := s3.Satellites(c, bucket, token.BucketPolicy)
	if err != nil {
		return false, err
	}
	for _, policy := range policies {
		value, _ := policy.At("policy")
		parsed, _ := values.ParseJSON(values.Document(value))
		statements, _ := parsed.(map[string]any)
		if slices.ContainsFunc(iam.StatementsOf(statements), func(statement map[string]any) bool {
			return kms.Lets(principals, action)(statement) &&
				slices.ContainsFunc(
					iam.TextsOf(statement["Resource"]),
					func(pattern string) bool { return values.Wildcard(pattern, object) },
				)
		}) {
			return true, nil
		}
	}
	return false, nil
}

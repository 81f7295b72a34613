package aws

import (
	"fmt"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// logWriters are the services that write the logs of each type of load balancer. Application load balancers' are
// written by an account in older regions, see Region.ELBAccount. From "Access logs" in the Elastic Load Balancing guides.
var logWriters = map[string]string{
	"application": "logdelivery.elasticloadbalancing.amazonaws.com",
	"network":     "delivery.logs.amazonaws.com",
	"gateway":     "delivery.logs.amazonaws.com",
}

// refuseLogs refuses a bucket that the load balancer could not write a kind of its logs to: AWS tries it at once.
func (c *change) refuseLogs(kind string) error {
	bucket := c.target(kind + ".bucket")
	if bucket == nil || !c.inputs.bool(kind+".enabled") {
		return nil
	}
	if bucket.Region != c.region().Name {
		return refuse("InvalidConfigurationRequest", "The S3 bucket %s for %s must be in the load balancer's region %s: it is in %s", bucket.ID, kind,
			c.region().Name, bucket.Region)
	}
	if err := c.refuseKeyOfLogs(bucket); err != nil {
		return err
	}
	writers := []string{
		"*", logWriters[c.inputs.str("loadBalancerType")], c.region().ELBAccount,
		fmt.Sprintf("arn:%s:iam::%s:root", c.region().Partition(), c.region().ELBAccount),
	}
	file := "AWSLogs/" + world.Account + "/ELBAccessLogTestFile"
	if prefix := c.inputs.str(kind + ".prefix"); prefix != "" {
		file = prefix + "/" + file
	}
	allowed, err := c.bucketLets(bucket, writers, "s3:PutObject", bucket.ARN+"/"+file)
	if err != nil || allowed {
		return err
	}
	return refuseRetried("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission: its policy must let %s put %s",
		bucket.ID, writers[1], file)
}

// refuseKeyOfLogs refuses a bucket that encrypts with a KMS key, which load balancers cannot write to.
func (c *change) refuseKeyOfLogs(bucket *world.Thing) error {
	encryptions, err := c.satellites(bucket, tBucketEncryption)
	if err != nil {
		return err
	}
	for _, encryption := range encryptions {
		for _, rule := range encryption.objects("rules") {
			if kind := rule.str("applyServerSideEncryptionByDefault.sseAlgorithm"); kind != "AES256" && c.inputs.str("loadBalancerType") == "application" {
				return refuse("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission: it encrypts with %s, and "+
					"a load balancer's logs can have Amazon S3 managed keys (AES256) only", bucket.ID, kind)
			}
		}
	}
	return nil
}

// bucketLets says whether the policy of a bucket lets one of the principals do something with an object.
func (c *change) bucketLets(bucket *world.Thing, principals []string, action, object string) (bool, error) {
	policies, err := c.satellites(bucket, tBucketPolicy)
	if err != nil {
		return false, err
	}
	for _, policy := range policies {
		value, _ := policy.at("policy")
		parsed, _ := parseJSON(document(value))
		statements, _ := parsed.(map[string]any)
		if slices.ContainsFunc(statementsOf(statements), func(statement map[string]any) bool {
			return lets(principals, action)(statement) &&
				slices.ContainsFunc(textsOf(statement["Resource"]), func(pattern string) bool { return wildcard(pattern, object) })
		}) {
			return true, nil
		}
	}
	return false, nil
}

package elb

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/s3"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// refuseLogs refuses a bucket that cannot hold a kind of the load balancer's logs.
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
	return refuseKeyOfLogs(c, bucket)
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

package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func init() {
	register(map[string]behavior{
		tBucket:            {create: createBucket, read: readBucket, remove: removeBucket},
		tBucketVersioning:  {diff: diffVersioning},
		tBucketEncryption:  {create: createEncryption, update: createEncryption},
		tBucketPolicy:      {create: createBucketPolicy, update: createBucketPolicy},
		tBucketLifecycle:   {check: checkLifecycle},
		tBucketReplication: {create: createReplication, update: createReplication},
	})
}

func createBucket(c *change) error {
	name := c.inputs.str("bucket")
	_, err := netip.ParseAddr(name)
	if err == nil || strings.Contains(name, "..") || strings.HasPrefix(name, "xn--") || strings.HasSuffix(name, "--ol-s3") {
		return refuse("InvalidBucketName", "The specified bucket is not valid: %s", name)
	}
	return nil
}

// readBucket shows what the bucket's own resources configure.
func readBucket(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property != "bucket" {
			continue
		}
		state := stateOf(r.Thing)
		switch r.Thing.Type {
		case tBucketVersioning:
			enabled := state.str("versioningConfiguration.status") == "Enabled"
			c.set("versionings", []any{map[string]any{"enabled": enabled, "mfaDelete": state.str("versioningConfiguration.mfaDelete") == "Enabled"}})
		case tBucketPolicy:
			c.set("policy", state.str("policy"))
		case tBucketLogging:
			c.set("loggings", []any{map[string]any{"targetBucket": state.str("targetBucket"), "targetPrefix": state.str("targetPrefix")}})
		}
	}
	return nil
}

// removeBucket empties a bucket that may be.
func removeBucket(c *change) error {
	objects, err := c.tx.Objects(c.thing.ID)
	if err != nil {
		return err
	}
	if len(objects) > 0 && !c.olds.bool("forceDestroy") {
		return fmt.Errorf("deleting S3 Bucket (%s): %w", c.thing.ID, refuse("BucketNotEmpty",
			"The bucket you tried to delete is not empty: it has %d objects, such as %s; set forceDestroy and run an update first",
			len(objects), objects[0]))
	}
	return c.tx.RemoveObjects(c.thing.ID)
}

func diffVersioning(d *difference) error {
	before, after := d.olds.str("versioningConfiguration.status"), d.news.str("versioningConfiguration.status")
	if after == "Disabled" && (before == "Enabled" || before == "Suspended") {
		return fmt.Errorf("versioning_configuration.status cannot be updated from '%s' to '%s'", before, after)
	}
	return nil
}

func createEncryption(c *change) error {
	rules := c.inputs.objects("rules")
	if len(rules) > 1 {
		return refuse("MalformedXML", "a bucket has one encryption rule, not %d", len(rules))
	}
	for _, rule := range rules {
		algorithm := rule.str("applyServerSideEncryptionByDefault.sseAlgorithm")
		if algorithm == "AES256" && rule.has("applyServerSideEncryptionByDefault.kmsMasterKeyId") {
			return refuse("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
	}
	return nil
}

// createBucketPolicy refuses what is no policy, and a public one where the bucket's access block refuses it.
func createBucketPolicy(c *change) error {
	value, has := c.inputs.at("policy")
	if !has {
		return nil
	}
	parsed, _ := parseJSON(document(value))
	policy, is := parsed.(map[string]any)
	if !is || len(statementsOf(policy)) == 0 {
		return refuse("MalformedPolicy", "Missing required field Statement")
	}
	if !isPublic(policy) {
		return nil
	}
	blocks, err := c.siblings(tBucketAccessBlock)
	if err != nil {
		return err
	}
	for _, block := range blocks {
		if state := stateOf(block); state.str("bucket") == c.inputs.str("bucket") && state.bool("blockPublicPolicy") {
			return refuse("AccessDenied", "User: arn:aws:iam::%s:user/awslab-offline is not authorized to perform: s3:PutBucketPolicy on "+
				"resource: \"arn:aws:s3:::%s\" because public policies are blocked by the BlockPublicPolicy setting",
				world.Account, c.inputs.str("bucket"))
		}
	}
	return nil
}

// isPublic says whether a statement allows something to everyone without a condition.
func isPublic(policy map[string]any) bool {
	return slices.ContainsFunc(statementsOf(policy), func(statement map[string]any) bool {
		principal := statement["Principal"]
		if byType, is := principal.(map[string]any); is {
			principal = byType["AWS"]
		}
		return statement["Effect"] == "Allow" && statement["Condition"] == nil && slices.Contains(textsOf(principal), "*")
	})
}

func checkLifecycle(inputs view) []failure {
	var failures []failure
	for i, rule := range inputs.objects("rules") {
		for j, transition := range rule.objects("transitions") {
			if given := givenOf(transition, []string{"date", "days"}); len(given) != 1 {
				failures = append(failures, failf(fmt.Sprintf("rules[%d].transitions[%d]", i, j), "exactly one of date and days must be given"))
			}
		}
	}
	return failures
}

// createReplication refuses to copy from or to a bucket that keeps no versions.
func createReplication(c *change) error {
	buckets := []string{c.inputs.str("bucket")}
	for _, rule := range c.inputs.objects("rules") {
		buckets = append(buckets, strings.TrimPrefix(rule.str("destination.bucket"), "arn:aws:s3:::"))
	}
	for _, bucket := range buckets {
		things, err := c.tx.ByID(tBucket, bucket)
		if err != nil {
			return err
		}
		if len(things) == 0 {
			return refuse("InvalidRequest", "Destination bucket must exist: %s", bucket)
		}
		versioned, err := isVersioned(c, things[0])
		if err != nil {
			return err
		}
		if !versioned {
			return refuseRetried("InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration: %s", bucket)
		}
	}
	return nil
}

func isVersioned(c *change, bucket *world.Thing) (bool, error) {
	referrers, err := c.tx.Referrers(bucket)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(referrers, func(r world.Referrer) bool {
		return r.Thing.Type == tBucketVersioning && stateOf(r.Thing).str("versioningConfiguration.status") == "Enabled"
	}), nil
}

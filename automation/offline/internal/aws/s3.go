package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// s3Service is what S3 does beyond its models.
var s3Service = service{
	module: "s3", name: "S3",
	behaviors: map[string]behavior{
		tBucket:            {create: createBucket, read: readBucket, remove: removeBucket, releases: emptied},
		tBucketVersioning:  {diff: diffVersioning, update: updateVersioning, remove: removeVersioning},
		tBucketObjectLock:  {create: refuseUnversioned, update: refuseUnversioned},
		tBucketACL:         {create: refuseACL, update: refuseACL},
		tBucketLogging:     {create: refuseDistantLogs, update: refuseDistantLogs},
		tBucketEncryption:  {create: createEncryption, update: createEncryption},
		tBucketPolicy:      {create: createBucketPolicy, update: createBucketPolicy},
		tBucketLifecycle:   {check: checkLifecycle},
		tBucketReplication: {create: createReplication, update: createReplication},
		tBucketObjectV2:    {check: checkObject, plan: planObject, create: createObject, update: updateObject},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:s3/getCanonicalUserId:getCanonicalUserId": getCanonicalUser,
		"aws:s3/getBucket:getBucket":                   getByName("bucket", tBucket, "NoSuchBucket"),
	},
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
	if err := c.removeManagedObjects(); err != nil {
		return err
	}
	return c.tx.RemoveObjects(c.thing.ID)
}

// removeManagedObjects deletes the objects of a bucket that are things of their own.
func (c *change) removeManagedObjects() error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "bucket" && (r.Thing.Type == tBucketObject || r.Thing.Type == tBucketObjectV2) {
			if err := c.tx.Remove(r.Thing.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// satellites returns the resources of a type that configure the bucket.
func (c *change) satellites(bucket *world.Thing, token string) ([]view, error) {
	referrers, err := c.tx.Referrers(bucket)
	if err != nil {
		return nil, err
	}
	var states []view
	for _, r := range referrers {
		if r.Thing.Type == token && r.Property == "bucket" {
			states = append(states, stateOf(r.Thing))
		}
	}
	return states, nil
}

// takesACLs says whether a bucket has access control lists. Since April 2023 a bucket has none unless it says so.
func (c *change) takesACLs(bucket *world.Thing) (bool, error) {
	ownerships, err := c.satellites(bucket, tBucketOwnership)
	return slices.ContainsFunc(ownerships, func(o view) bool {
		return o.str("rule.objectOwnership") != "BucketOwnerEnforced"
	}), err
}

func refuseACL(c *change) error {
	bucket := c.target("bucket")
	if bucket == nil {
		return nil
	}
	allowed, err := c.takesACLs(bucket)
	if err != nil || allowed {
		return err
	}
	return refuse("AccessControlListNotSupported", "The bucket does not allow ACLs: %s", bucket.ID)
}

// refuseDistantLogs refuses to write a bucket's access logs to one in another region.
func refuseDistantLogs(c *change) error {
	bucket, logs := c.target("bucket"), c.target("targetBucket")
	if bucket != nil && logs != nil && bucket.Region != logs.Region {
		return refuse("CrossLocationLoggingProhibited", "Cross S3 location logging not allowed: %s is in %s, %s in %s", bucket.ID, bucket.Region, logs.ID,
			logs.Region)
	}
	return nil
}

func refuseUnversioned(c *change) error {
	bucket := c.target("bucket")
	if bucket == nil {
		return nil
	}
	versioned, err := isVersioned(c, bucket)
	if err != nil || versioned {
		return err
	}
	return refuse("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply an Object Lock configuration: %s", bucket.ID)
}

func updateVersioning(c *change) error {
	if view(c.state).str("versioningConfiguration.status") == "Enabled" {
		return nil
	}
	return removeVersioning(c)
}

// removeVersioning refuses to turn versioning off while the bucket is replicated.
func removeVersioning(c *change) error {
	buckets, err := c.tx.ByID(tBucket, c.olds.str("bucket"))
	if err != nil || len(buckets) == 0 {
		return err
	}
	replications, err := c.satellites(buckets[0], tBucketReplication)
	if err != nil || len(replications) == 0 {
		return err
	}
	return refuseRetried("InvalidBucketState", "A replication configuration is present on this bucket, so the versioning state cannot be "+
		"changed. To change the versioning state, first delete the replication configuration of %s.", buckets[0].ID)
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
		encrypted := rule.str("sourceSelectionCriteria.sseKmsEncryptedObjects.status") == "Enabled"
		if encrypted && !rule.has("destination.encryptionConfiguration.replicaKmsKeyId") {
			return refuse("InvalidRequest", "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present: "+
				"destination.encryptionConfiguration.replicaKmsKeyId")
		}
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

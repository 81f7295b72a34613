// Package s3 stands in for buckets with all that is set on them, and objects.
package s3

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "s3", Name: "S3",
	Behaviors: map[string]bridge.Behavior{
		token.Bucket: {
			Create:   createBucket,
			Read:     readBucket,
			Remove:   removeBucket,
			Releases: bridge.Emptied,
		},
		token.BucketVersioning:  {Diff: diffVersioning, Update: updateVersioning, Remove: removeVersioning},
		token.BucketObjectLock:  {Create: refuseUnversioned, Update: refuseUnversioned},
		token.BucketACL:         {Create: refuseACL, Update: refuseACL},
		token.BucketLogging:     {Create: refuseDistantLogs, Update: refuseDistantLogs},
		token.BucketEncryption:  {Create: createEncryption, Update: createEncryption},
		token.BucketPolicy:      {Create: createBucketPolicy, Update: createBucketPolicy},
		token.BucketLifecycle:   {Check: checkLifecycle},
		token.BucketReplication: {Create: createReplication, Update: createReplication},
		token.BucketObjectV2:    {Check: checkObject, Plan: planObject, Create: createObject, Update: updateObject},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:s3/getCanonicalUserId:getCanonicalUserId": getCanonicalUser,
		"aws:s3/getBucket:getBucket":                   bridge.GetByName("bucket", token.Bucket, "NoSuchBucket"),
	},
}

func getCanonicalUser(bridge.Call) (map[string]any, error) {
	return map[string]any{"id": bridge.CanonicalUser, "displayName": "awslab-offline"}, nil
}

func createBucket(c *bridge.Change) error {
	name := c.Inputs.Str("bucket")
	_, err := netip.ParseAddr(name)
	if err == nil || strings.Contains(name, "..") || strings.HasPrefix(name, "xn--") ||
		strings.HasSuffix(name, "--ol-s3") {
		return bridge.Refuse("InvalidBucketName", "The specified bucket is not valid: %s", name)
	}
	return nil
}

// readBucket shows what the bucket's own resources configure.
func readBucket(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property != "bucket" {
			continue
		}
		state := bridge.StateOf(r.Thing)
		switch r.Thing.Type {
		case token.BucketVersioning:
			enabled := state.Str("versioningConfiguration.status") == "Enabled"
			c.Set(
				"versionings",
				[]any{
					map[string]any{
						"enabled":   enabled,
						"mfaDelete": state.Str("versioningConfiguration.mfaDelete") == "Enabled",
					},
				},
			)
		case token.BucketPolicy:
			c.Set("policy", state.Str("policy"))
		case token.BucketLogging:
			c.Set(
				"loggings",
				[]any{
					map[string]any{
						"targetBucket": state.Str("targetBucket"),
						"targetPrefix": state.Str("targetPrefix"),
					},
				},
			)
		}
	}
	return nil
}

// removeBucket empties a bucket that may be.
func removeBucket(c *bridge.Change) error {
	objects, err := c.Tx.Objects(c.Thing.ID)
	if err != nil {
		return err
	}
	if len(objects) > 0 && !c.Olds.Bool("forceDestroy") {
		return fmt.Errorf("deleting S3 Bucket (%s): %w", c.Thing.ID, bridge.Refuse(
			"BucketNotEmpty",
			"The bucket you tried to delete is not empty: it has %d objects, such as %s; set forceDestroy and run "+
				"an update first",
			len(objects),
			objects[0],
		))
	}
	if err := removeManagedObjects(c); err != nil {
		return err
	}
	return c.Tx.RemoveObjects(c.Thing.ID)
}

// removeManagedObjects deletes the objects of a bucket that are things of their own.
func removeManagedObjects(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "bucket" && (r.Thing.Type == token.BucketObject || r.Thing.Type == token.BucketObjectV2) {
			if err := c.Tx.Remove(r.Thing.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// Satellites returns the resources of a type that configure the bucket.
func Satellites(c *bridge.Change, bucket *world.Thing, token string) ([]values.View, error) {
	referrers, err := c.Tx.Referrers(bucket)
	if err != nil {
		return nil, err
	}
	var states []values.View
	for _, r := range referrers {
		if r.Thing.Type == token && r.Property == "bucket" {
			states = append(states, bridge.StateOf(r.Thing))
		}
	}
	return states, nil
}

// TakesACLs reports whether a bucket has access control lists. Since April 2023 a bucket has none unless it says so.
func TakesACLs(c *bridge.Change, bucket *world.Thing) (bool, error) {
	ownerships, err := Satellites(c, bucket, token.BucketOwnership)
	return slices.ContainsFunc(ownerships, func(o values.View) bool {
		return o.Str("rule.objectOwnership") != "BucketOwnerEnforced"
	}), err
}

func refuseACL(c *bridge.Change) error {
	bucket := c.Target("bucket")
	if bucket == nil {
		return nil
	}
	allowed, err := TakesACLs(c, bucket)
	if err != nil || allowed {
		return err
	}
	return bridge.Refuse("AccessControlListNotSupported", "The bucket does not allow ACLs: %s", bucket.ID)
}

// refuseDistantLogs refuses to write a bucket's access logs to one in another region.
func refuseDistantLogs(c *bridge.Change) error {
	bucket, logs := c.Target("bucket"), c.Target("targetBucket")
	if bucket != nil && logs != nil && bucket.Region != logs.Region {
		return bridge.Refuse(
			"CrossLocationLoggingProhibited",
			"Cross S3 location logging not allowed: %s is in %s, %s in %s",
			bucket.ID,
			bucket.Region,
			logs.ID,
			logs.Region,
		)
	}
	return nil
}

func refuseUnversioned(c *bridge.Change) error {
	bucket := c.Target("bucket")
	if bucket == nil {
		return nil
	}
	versioned, err := isVersioned(c, bucket)
	if err != nil || versioned {
		return err
	}
	return bridge.Refuse(
		"InvalidBucketState",
		"Versioning must be 'Enabled' on the bucket to apply an Object Lock configuration: %s",
		bucket.ID,
	)
}

func updateVersioning(c *bridge.Change) error {
	if values.View(c.State).Str("versioningConfiguration.status") == "Enabled" {
		return nil
	}
	return removeVersioning(c)
}

// removeVersioning refuses to turn versioning off while the bucket is replicated.
func removeVersioning(c *bridge.Change) error {
	buckets, err := c.Tx.ByID(token.Bucket, c.Olds.Str("bucket"))
	if err != nil || len(buckets) == 0 {
		return err
	}
	replications, err := Satellites(c, buckets[0], token.BucketReplication)
	if err != nil || len(replications) == 0 {
		return err
	}
	return bridge.RefuseRetried(
		"InvalidBucketState",
		"A replication configuration is present on this bucket, so the versioning state cannot be "+
			"changed. To change the versioning state, first delete the replication configuration of %s.",
		buckets[0].ID,
	)
}

func diffVersioning(d *diff.Difference) error {
	before, after := d.Olds.Str("versioningConfiguration.status"), d.News.Str("versioningConfiguration.status")
	if after == "Disabled" && (before == "Enabled" || before == "Suspended") {
		return fmt.Errorf("versioning_configuration.status cannot be updated from '%s' to '%s'", before, after)
	}
	return nil
}

func createEncryption(c *bridge.Change) error {
	rules := c.Inputs.Objects("rules")
	if len(rules) > 1 {
		return bridge.Refuse("MalformedXML", "a bucket has one encryption rule, not %d", len(rules))
	}
	for _, rule := range rules {
		algorithm := rule.Str("applyServerSideEncryptionByDefault.sseAlgorithm")
		if algorithm == "AES256" && rule.Has("applyServerSideEncryptionByDefault.kmsMasterKeyId") {
			return bridge.Refuse(
				"InvalidArgument",
				"a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
			)
		}
	}
	return nil
}

// createBucketPolicy refuses what is no policy, and a public one where the bucket's access block refuses it.
func createBucketPolicy(c *bridge.Change) error {
	value, has := c.Inputs.At("policy")
	if !has {
		return nil
	}
	parsed, _ := values.ParseJSON(values.Document(value))
	policy, is := parsed.(map[string]any)
	if !is || len(iam.StatementsOf(policy)) == 0 {
		return bridge.Refuse("MalformedPolicy", "Missing required field Statement")
	}
	if !isPublic(policy) {
		return nil
	}
	blocks, err := c.Siblings(token.BucketAccessBlock)
	if err != nil {
		return err
	}
	for _, block := range blocks {
		if state := bridge.StateOf(block); state.Str("bucket") == c.Inputs.Str("bucket") &&
			state.Bool("blockPublicPolicy") {
			return bridge.Refuse(
				"AccessDenied",
				"User: arn:%[1]s:iam::%[2]s:user/awslab-offline is not authorized to perform: s3:PutBucketPolicy on "+
					"resource: \"arn:%[1]s:s3:::%[3]s\" because public policies are blocked by the BlockPublicPolicy "+
					"setting",
				c.Region().Partition(),
				world.Account,
				c.Inputs.Str("bucket"),
			)
		}
	}
	return nil
}

// isPublic reports whether a statement allows something to everyone without a condition.
func isPublic(policy map[string]any) bool {
	return slices.ContainsFunc(iam.StatementsOf(policy), func(statement map[string]any) bool {
		principal := statement["Principal"]
		if byType, is := principal.(map[string]any); is {
			principal = byType["AWS"]
		}
		return statement["Effect"] == "Allow" && statement["Condition"] == nil &&
			slices.Contains(iam.TextsOf(principal), "*")
	})
}

func checkLifecycle(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	for i, rule := range inputs.Objects("rules") {
		for j, transition := range rule.Objects("transitions") {
			if given := bridge.GivenOf(transition, []string{"date", "days"}); len(given) != 1 {
				failures = append(failures, bridge.Failf(
					fmt.Sprintf("rules[%d].transitions[%d]", i, j),
					"exactly one of date and days must be given",
				))
			}
		}
	}
	return failures
}

// createReplication refuses to copy from or to a bucket that keeps no versions.
func createReplication(c *bridge.Change) error {
	buckets := []string{c.Inputs.Str("bucket")}
	for _, rule := range c.Inputs.Objects("rules") {
		buckets = append(buckets, values.AfterLast(rule.Str("destination.bucket"), ":"))
		encrypted := rule.Str("sourceSelectionCriteria.sseKmsEncryptedObjects.status") == "Enabled"
		if encrypted && !rule.Has("destination.encryptionConfiguration.replicaKmsKeyId") {
			return bridge.Refuse(
				"InvalidRequest",
				"ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present: "+
					"destination.encryptionConfiguration.replicaKmsKeyId",
			)
		}
	}
	for _, bucket := range buckets {
		things, err := c.Tx.ByID(token.Bucket, bucket)
		if err != nil {
			return err
		}
		if len(things) == 0 {
			return bridge.Refuse("InvalidRequest", "Destination bucket must exist: %s", bucket)
		}
		versioned, err := isVersioned(c, things[0])
		if err != nil {
			return err
		}
		if !versioned {
			return bridge.RefuseRetried(
				"InvalidRequest",
				"Versioning must be 'Enabled' on the bucket to apply a replication configuration: %s",
				bucket,
			)
		}
	}
	return nil
}

func isVersioned(c *bridge.Change, bucket *world.Thing) (bool, error) {
	referrers, err := c.Tx.Referrers(bucket)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(referrers, func(r world.Referrer) bool {
		return r.Thing.Type == token.BucketVersioning &&
			bridge.StateOf(r.Thing).Str("versioningConfiguration.status") == "Enabled"
	}), nil
}

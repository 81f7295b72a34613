package s3

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func checkObject(inputs values.View) []bridge.Failure {
	if kind := inputs.Str("serverSideEncryption"); inputs.Given("kmsKeyId") && kind == "AES256" {
		return []bridge.Failure{
			bridge.Failf("kmsKeyId", "kmsKeyId goes with the encryption aws:kms or aws:kms:dsse, not with %s", kind),
		}
	}
	return nil
}

// contentProperties are the inputs whose change uploads the object anew.
var contentProperties = []string{
	"bucketKeyEnabled", "cacheControl", "checksumAlgorithm", "contentBase64", "contentDisposition", "contentEncoding",
	"contentLanguage", "contentType", "content", "etag", "kmsKeyId", "metadata", "serverSideEncryption", "source",
	"sourceHash", "storageClass", "websiteRedirect",
}

func planObject(d *diff.Difference) []string {
	if d.ChangedAny(contentProperties) && d.Olds.Str("versionId") != "" {
		return []string{"versionId"}
	}
	return nil
}

func createObject(c *bridge.Change) error {
	content, err := content(c)
	if err != nil {
		return err
	}
	if err := encryptObject(c); err != nil {
		return err
	}
	sum := md5.Sum(content) // what S3 gives as the ETag of an object that was uploaded at once
	c.Out("etag", hex.EncodeToString(sum[:]))
	bucket := c.Target("bucket")
	if bucket == nil {
		return nil
	}
	versioned, err := isVersioned(c, bucket)
	if versioned {
		c.Set("versionId", template.RandomText(template.Alphabets["alnum"], 32))
	}
	return err
}

func updateObject(c *bridge.Change) error {
	if !c.Difference.ChangedAny(contentProperties) {
		return nil
	}
	if !c.Inputs.Has("etag") {
		delete(c.State, "etag")
	}
	return createObject(c)
}

// content returns what the object holds.
func content(c *bridge.Change) ([]byte, error) {
	if encoded := c.Inputs.Str("contentBase64"); encoded != "" {
		content, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("decoding contentBase64: %w", err)
		}
		return content, nil
	}
	if source, has := c.Inputs.At("source"); has && source.IsAsset() {
		content, err := source.AssetValue().Bytes()
		if err != nil {
			return nil, fmt.Errorf("opening S3 object source: %w", err)
		}
		return content, nil
	}
	return []byte(c.Inputs.Str("content")), nil
}

// encryptObject encrypts the object as its bucket does unless the program says otherwise.
func encryptObject(c *bridge.Change) error {
	bucket := c.Target("bucket")
	if bucket == nil || c.Inputs.Has("serverSideEncryption") {
		return nil
	}
	if c.Inputs.Has("kmsKeyId") {
		c.Out("serverSideEncryption", "aws:kms")
		return nil
	}
	encryptions, err := Satellites(c, bucket, token.BucketEncryption)
	if err != nil {
		return err
	}
	for _, encryption := range encryptions {
		for _, rule := range encryption.Objects("rules") {
			const applied = "applyServerSideEncryptionByDefault."
			c.Out("serverSideEncryption", rule.Str(applied+"sseAlgorithm"))
			c.Out("kmsKeyId", keyOfObject(c, rule.Str(applied+"kmsMasterKeyId")))
			c.Out("bucketKeyEnabled", rule.Bool("bucketKeyEnabled"))
		}
	}
	return nil
}

// keyOfObject returns the ARN of the key that a bucket's encryption names by id, ARN or alias.
func keyOfObject(c *bridge.Change, name string) string {
	if name == "" {
		return ""
	}
	key, err := c.LookUp(references.ToKey, name)
	if err != nil || key == nil || key.Type == token.Alias {
		return name
	}
	return key.ARN
}

package aws

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

func checkObject(inputs view) []failure {
	if kind := inputs.str("serverSideEncryption"); inputs.given("kmsKeyId") && kind == "AES256" {
		return []failure{failf("kmsKeyId", "kmsKeyId goes with the encryption aws:kms or aws:kms:dsse, not with %s", kind)}
	}
	return nil
}

// contentProperties are the inputs whose change uploads the object anew.
var contentProperties = []string{
	"bucketKeyEnabled", "cacheControl", "checksumAlgorithm", "contentBase64", "contentDisposition", "contentEncoding",
	"contentLanguage", "contentType", "content", "etag", "kmsKeyId", "metadata", "serverSideEncryption", "source", "sourceHash",
	"storageClass", "websiteRedirect",
}

func planObject(d *difference) []string {
	if d.changedAny(contentProperties) && d.olds.str("versionId") != "" {
		return []string{"versionId"}
	}
	return nil
}

func createObject(c *change) error {
	content, err := c.content()
	if err != nil {
		return err
	}
	if err := c.encryptObject(); err != nil {
		return err
	}
	sum := md5.Sum(content) // what S3 gives as the ETag of an object that was uploaded at once
	c.out("etag", hex.EncodeToString(sum[:]))
	bucket := c.target("bucket")
	if bucket == nil {
		return nil
	}
	versioned, err := isVersioned(c, bucket)
	if versioned {
		c.set("versionId", randomText(alphabets["alnum"], 32))
	}
	return err
}

func updateObject(c *change) error {
	if !c.difference.changedAny(contentProperties) {
		return nil
	}
	if !c.inputs.has("etag") {
		delete(c.state, "etag")
	}
	return createObject(c)
}

// content returns what the object holds.
func (c *change) content() ([]byte, error) {
	if encoded := c.inputs.str("contentBase64"); encoded != "" {
		content, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("decoding contentBase64: %w", err)
		}
		return content, nil
	}
	if source, has := c.inputs.at("source"); has && source.IsAsset() {
		content, err := source.AssetValue().Bytes()
		if err != nil {
			return nil, fmt.Errorf("opening S3 object source: %w", err)
		}
		return content, nil
	}
	return []byte(c.inputs.str("content")), nil
}

// encryptObject encrypts the object as its bucket does unless the program says otherwise.
func (c *change) encryptObject() error {
	bucket := c.target("bucket")
	if bucket == nil || c.inputs.has("serverSideEncryption") {
		return nil
	}
	if c.inputs.has("kmsKeyId") {
		c.out("serverSideEncryption", "aws:kms")
		return nil
	}
	encryptions, err := c.satellites(bucket, tBucketEncryption)
	if err != nil {
		return err
	}
	for _, encryption := range encryptions {
		for _, rule := range encryption.objects("rules") {
			const applied = "applyServerSideEncryptionByDefault."
			c.out("serverSideEncryption", rule.str(applied+"sseAlgorithm"))
			c.out("kmsKeyId", c.keyOfObject(rule.str(applied+"kmsMasterKeyId")))
			c.out("bucketKeyEnabled", rule.bool("bucketKeyEnabled"))
		}
	}
	return nil
}

// keyOfObject returns the ARN of the key that a bucket's encryption names by id, ARN or alias.
func (c *change) keyOfObject(name string) string {
	if name == "" {
		return ""
	}
	key, err := c.lookUp(toKey, name)
	if err != nil || key == nil || key.Type == tAlias {
		return name
	}
	return key.ARN
}

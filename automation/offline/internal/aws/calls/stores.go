package calls

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var storeLines = []Line{
	{
		Of:     token.BucketReplication,
		Does:   "Amazon S3 assumes the role of a replication",
		Source: "Amazon S3 user guide, Setting up permissions for live replication",
		Calls: func(_ *reader, replication *world.Thing) []authorization.Request {
			return assume("s3.amazonaws.com", bridge.StateOf(replication).Str("role"), nil)
		},
	},
	{
		Of:     token.BucketReplication,
		Does:   "Amazon S3 replicates objects",
		Source: "Amazon S3 user guide, Setting up permissions for live replication; Replicating encrypted objects",
		Calls:  replicate,
	},
	{
		Of:     token.BucketLogging,
		Does:   "Amazon S3 delivers access logs",
		Source: "Amazon S3 user guide, Enabling Amazon S3 server access logging",
		Calls: func(r *reader, logging *world.Thing) []authorization.Request {
			state := bridge.StateOf(logging)
			target := r.byID(token.Bucket, state.Str("targetBucket"))
			from := r.byID(token.Bucket, state.Str("bucket"))
			if target == nil || from == nil {
				return nil
			}
			return service("logging.s3.amazonaws.com").calls(
				target.ARN+"/"+state.Str("targetPrefix")+"log", source(from.ARN), "s3:PutObject")
		},
	},
	{
		Of:     token.LoadBalancer,
		Does:   "Elastic Load Balancing delivers access logs",
		Source: "Elastic Load Balancing, Access logs for your Application Load Balancer",
		Calls:  deliverAccessLogs,
	},
	{
		Of:     token.Distribution,
		Does:   "Amazon CloudFront reads an object of its origin",
		Source: "Amazon CloudFront developer guide, Restrict access to an Amazon S3 origin",
		Calls: func(r *reader, distribution *world.Thing) []authorization.Request {
			return readOrigins(r, distribution, "/index.html", "s3:GetObject")
		},
	},
	{
		Of:       token.Distribution,
		Does:     "Amazon CloudFront learns that its origin has no such object",
		Source:   "Amazon S3 API reference, GetObject: 404 with s3:ListBucket, 403 without",
		Optional: true,
		Calls: func(r *reader, distribution *world.Thing) []authorization.Request {
			return readOrigins(r, distribution, "", "s3:ListBucket")
		},
	},
	{
		Of:     token.LogGroup,
		Does:   "Amazon CloudWatch Logs encrypts a log group",
		Source: "Amazon CloudWatch Logs user guide, Encrypt log data in CloudWatch Logs using AWS KMS",
		Calls: func(r *reader, group *world.Thing) []authorization.Request {
			logs := service("logs." + group.Region + "." + suffixOf(group.Region))
			keys := context{
				"kms:EncryptionContext:aws:logs:arn": {arnOf(group.Region, "logs", "log-group:"+group.Name)},
			}
			return r.encrypted(logs, group.Region, bridge.StateOf(group).Str("kmsKeyId"), keys,
				"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
		},
	},
	{
		Of:     token.WebACLLogging,
		Does:   "AWS WAF delivers its log",
		Source: "AWS WAF developer guide, Sending web ACL traffic logs to an Amazon CloudWatch Logs log group",
		Calls: func(_ *reader, logging *world.Thing) []authorization.Request {
			var all requests
			for _, destination := range bridge.StateOf(logging).Strings("logDestinationConfigs") {
				if !strings.Contains(destination, ":log-group:") {
					continue
				}
				stream := strings.TrimSuffix(destination, ":*") + ":log-stream:it"
				all = append(all, service("delivery.logs.amazonaws.com").calls(
					stream, source(arnOf(logging.Region, "logs", "*")), "logs:CreateLogStream", "logs:PutLogEvents")...)
			}
			return all
		},
	},
	{
		Of:     token.FlowLog,
		Does:   "Amazon VPC publishes flow logs",
		Source: "Amazon VPC user guide, IAM role for publishing flow logs to CloudWatch Logs",
		Calls: func(_ *reader, flows *world.Thing) []authorization.Request {
			role, group := bridge.StateOf(flows).Str("iamRoleArn"), bridge.StateOf(flows).Str("logDestination")
			if role == "" {
				return nil
			}
			stream := strings.TrimSuffix(group, ":*") + ":log-stream:it"
			all := assume("vpc-flow-logs.amazonaws.com", role, source(flows.ARN))
			all = append(all, as(role).calls(
				stream, nil, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")...)
			return append(all, as(role).calls("*", nil, "logs:DescribeLogGroups")...)
		},
	},
	{
		Of:     token.Selection,
		Does:   "AWS Backup assumes the role of a backup selection",
		Source: "AWS Backup developer guide, IAM service roles",
		Calls: func(_ *reader, selection *world.Thing) []authorization.Request {
			return assume("backup.amazonaws.com", bridge.StateOf(selection).Str("iamRoleArn"), nil)
		},
	},
	{
		Of:     token.TestingSelection,
		Does:   "AWS Backup assumes the role of a restore testing selection",
		Source: "AWS Backup developer guide, IAM service roles",
		Calls: func(_ *reader, selection *world.Thing) []authorization.Request {
			return assume("backup.amazonaws.com", bridge.StateOf(selection).Str("iamRoleArn"), nil)
		},
	},
	{
		Of:     token.VaultNotifications,
		Does:   "AWS Backup publishes the events of a vault",
		Source: "AWS Backup developer guide, Notification options with AWS Backup",
		Calls: func(r *reader, notifications *world.Thing) []authorization.Request {
			return r.announce("backup.amazonaws.com", bridge.StateOf(notifications).Str("snsTopicArn"), nil)
		},
	},
}

// replicate are the calls of S3 as the role of a replication. With S3 Bucket Keys the copy's key makes data keys.
func replicate(r *reader, replication *world.Thing) []authorization.Request {
	state := bridge.StateOf(replication)
	from := r.byID(token.Bucket, state.Str("bucket"))
	if from == nil {
		return nil
	}
	role := as(state.Str("role"))
	all := role.calls(from.ARN, nil, "s3:GetReplicationConfiguration", "s3:ListBucket")
	read := []string{"s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"}
	if len(r.satellites(from.Region, token.BucketObjectLock, "bucket", from.ID)) > 0 {
		read = append(read, "s3:GetObjectLegalHold", "s3:GetObjectRetention")
	}
	all = append(all, role.calls(from.ARN+"/it", nil, read...)...)
	all = append(all, r.encryptedObjects(role, from, "kms:Decrypt")...)
	for _, rule := range state.Objects("rules") {
		to := r.byARN(rule.Str("destination.bucket"))
		if to == nil {
			continue
		}
		all = append(all, role.calls(
			to.ARN+"/it", nil, "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags")...)
		all = append(all, r.encrypted(role, to.Region,
			rule.Str("destination.encryptionConfiguration.replicaKmsKeyId"), via("s3", to.Region),
			"kms:Encrypt", "kms:GenerateDataKey")...)
	}
	return all
}

// encryptedObjects are the calls for the key that a bucket encrypts its objects with.
func (r *reader) encryptedObjects(role caller, bucket *world.Thing, actions ...string) requests {
	var all requests
	for _, encryption := range r.satellites(bucket.Region, token.BucketEncryption, "bucket", bucket.ID) {
		for _, rule := range bridge.StateOf(encryption).Objects("rules") {
			key := rule.Str("applyServerSideEncryptionByDefault.kmsMasterKeyId")
			all = append(all, r.encrypted(role, bucket.Region, key, via("s3", bucket.Region), actions...)...)
		}
	}
	return all
}

// readOrigins returns a call for each bucket that a distribution reads with an origin access control.
func readOrigins(r *reader, distribution *world.Thing, object, action string) []authorization.Request {
	var all requests
	for _, origin := range bridge.StateOf(distribution).Objects("origins") {
		bucket := r.byID(token.Bucket, strings.Split(origin.Str("domainName"), ".s3.")[0])
		if bucket != nil && origin.Str("originAccessControlId") != "" {
			all = append(all, service("cloudfront.amazonaws.com").calls(
				bucket.ARN+object, source(distribution.ARN), action)...)
		}
	}
	return all
}

func deliverAccessLogs(r *reader, balancer *world.Thing) []authorization.Request {
	var all requests
	state := bridge.StateOf(balancer)
	for _, kind := range []string{"accessLogs", "connectionLogs"} {
		bucket := r.byID(token.Bucket, state.Str(kind+".bucket"))
		if bucket == nil || !state.Bool(kind+".enabled") {
			continue
		}
		file := "AWSLogs/" + world.Account + "/ELBAccessLogTestFile"
		if prefix := state.Str(kind + ".prefix"); prefix != "" {
			file = prefix + "/" + file
		}
		writer := "logdelivery.elasticloadbalancing.amazonaws.com"
		if state.Str("loadBalancerType") != "application" {
			writer = "delivery.logs.amazonaws.com"
		}
		all = append(all, service(writer).calls(bucket.ARN+"/"+file, source(balancer.ARN), "s3:PutObject")...)
	}
	return all
}

// tagsOf are the keys for the tags of what is called.
func tagsOf(thing *world.Thing) context {
	keys := context{}
	tags, _ := bridge.StateOf(thing).At("tagsAll")
	if tags.IsObject() {
		for key, value := range tags.ObjectValue() {
			keys["aws:ResourceTag/"+string(key)] = []string{values.Text(value)}
		}
	}
	return keys
}

func arnOf(regionName, service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", partitionOf(regionName), service, regionName, world.Account, resource)
}

func partitionOf(name string) string { return region.Of(name).Partition() }

func suffixOf(name string) string { return region.Of(name).DNSSuffix() }

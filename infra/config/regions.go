package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/internal/grammar"
)

// regions are the AWS regions that the aws provider knows, those of isolated partitions left out.
var regions = []string{
	"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
	"mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
}

// withoutEdgeLogs are those to whose buckets CloudFront writes no access logs: all that have to be enabled ("Configure
// standard logging (legacy)", CloudFront developer guide).
var withoutEdgeLogs = []string{
	"af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
	"ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1",
	"mx-central-1",
}

// partitionOf returns the partition of a region. Partitions share nothing: no account, no network, no copies.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// isRegion reports whether there is such a region, as far as can be known: the provider's list, unless it is told not
// to go by it.
func (d *decoder) isRegion(region string) bool {
	return slices.Contains(regions, region) || d.anyRegion && grammar.Region.Match(region)
}

// partition refuses what the partition of the stack's region lacks, and what belongs to another one.
func (d *decoder) partition(project string, c *Config) {
	if !d.isRegion(c.Region) {
		return
	}
	here := partitionOf(c.Region)
	if d.isRegion(c.CopyRegion) && partitionOf(c.CopyRegion) != here {
		d.add(
			project+":copyRegion",
			"%s is in the partition %s and %s in %s; nothing is copied between partitions, use another region of %s",
			c.CopyRegion, partitionOf(c.CopyRegion), c.Region, here, here,
		)
	}
	named := map[string]string{"permissionsBoundary": c.PermissionsBoundary}
	for i, keeper := range c.Backup.Keepers {
		named[fmt.Sprintf("backup.keepers[%d]", i)] = keeper
	}
	for _, key := range sortedKeys(named) {
		if arn := named[key]; strings.HasPrefix(arn, "arn:") && !strings.HasPrefix(arn, "arn:"+here+":") {
			d.add(project+":"+key, "%q is in another partition; in %s ARNs begin with arn:%s:", arn, c.Region, here)
		}
	}
	if here == "aws" {
		return
	}
	// As of 2025-06: "AWS services available" of the China and the GovCloud (US) regions, and of the European Sovereign
	// Cloud. CloudFront in China is a product of its own, with neither origin access control nor web ACLs of us-east-1.
	// Caches cannot be in China or GovCloud (US) ("Considerations for using pull through cache rules", Amazon ECR user
	// guide).
	lacking := map[string]bool{
		"images.caches":    len(c.Images.Caches) > 0 && here != "aws-eusc",
		"website":          c.Website != nil,
		"monitoring.slack": c.Monitoring.Slack != nil,
		"monitoring.teams": c.Monitoring.Teams != nil,
	}
	for _, key := range sortedKeys(lacking) {
		if lacking[key] {
			d.add(project+":"+key, "cannot be in %s: the partition %s lacks the service; leave it out", c.Region, here)
		}
	}
}

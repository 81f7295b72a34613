package stack

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

func (l *lab) firewallName() string { return l.name("firewall") }

// firewall puts a web ACL before the load balancer, and another one, which lives in us-east-1, before the website.
func (l *lab) firewall() (err error) {
	f := l.config.Firewall
	if !f.Enabled {
		return nil
	}
	args := f.Args()
	args.Location, args.Scope, args.Name, args.Tags = l.location, protection.Regional, l.firewallName(), l.tags
	args.LogKmsKeyArn = l.keys.logs.Arn
	args.Resources = map[string]pulumi.StringInput{"load-balancer": l.balancer.Arn}
	if l.acl, err = protection.NewWebAcl(l.Context, "firewall", &args, l.providers.all); err != nil {
		return err
	}
	if l.config.Website == nil {
		return nil
	}
	edge := args
	edge.Scope, edge.Name, edge.Resources = protection.CloudFront, l.name("edge-firewall"), nil
	edge.Location, edge.LogKmsKeyArn = l.placeIn(edgeRegion), l.keys.edge.Arn
	l.edgeAcl, err = protection.NewWebAcl(l.Context, "edge-firewall", &edge, pulumi.Provider(l.providers.edge))
	return err
}

func (l *lab) restoreCheckName() string { return names.RestoreTesting.Fit(l.name("restorecheck")) }

func (l *lab) backups() error {
	b := l.config.Backup
	if !b.Enabled {
		return nil
	}
	args := &protection.BackupArgs{
		Location:            l.location,
		Name:                l.name("backups"),
		TagKey:              "backup",
		TagValue:            l.Stack(),
		Lock:                b.Lock,
		ForceDestroy:        b.ForceDelete,
		Keepers:             b.Keepers,
		TopicArn:            l.notifications.TopicArn,
		PermissionsBoundary: l.config.PermissionsBoundary,
		Tags:                l.tags,
	}
	if db := l.config.Database; db != nil && data.DatabaseKind(db.Kind) == data.DatabaseMultiAzCluster {
		args.Uncopied = []string{fmt.Sprintf("arn:%s:rds:*:*:cluster:*", l.location.Partition)}
	}
	for _, r := range b.Rules {
		args.Rules = append(args.Rules, protection.BackupRule{
			Schedule:          protection.Schedule(r.Schedule),
			RetentionDays:     r.RetentionDays,
			CopyRetentionDays: r.CopyRetentionDays,
		})
	}
	if l.providers.copies != nil {
		args.CopyLocation, args.CopyProvider = l.placeIn(l.config.CopyRegion), l.providers.copies
	}
	var err error
	if l.backup, err = protection.NewBackup(l.Context, "backup", args, l.providers.all); err != nil {
		return err
	}
	if types := l.restorable(); b.RestoreTesting && len(types) > 0 {
		return l.testRestores(types)
	}
	return nil
}

// restorable returns the kinds of what is backed up.
func (l *lab) restorable() []string {
	var types []string
	if db := l.config.Database; db != nil {
		kind := "RDS"
		if db.Kind == "aurora" {
			kind = "Aurora"
		}
		types = append(types, kind)
	}
	if len(l.config.Tables) > 0 {
		types = append(types, "DynamoDB")
	}
	if len(l.config.Buckets) > 0 {
		types = append(types, "S3")
	}
	if l.config.FileSystem != nil {
		types = append(types, "EFS")
	}
	if l.config.Cluster.LaunchType == "ec2" && l.config.Cluster.Instances.Backup {
		types = append(types, "EBS")
	}
	return types
}

func (l *lab) testRestores(types []string) error {
	const architecture = "arm64"
	image, err := l.newImage(
		"restorecheck",
		config.Image{Context: "services", Dockerfile: "restorecheck/Dockerfile", Args: l.config.Images.Args},
		architecture,
		l.location.Arn("lambda", "function:"+l.restoreCheckName()),
	)
	if err != nil {
		return err
	}
	var sources []string
	for _, b := range l.config.Buckets {
		sources = append(sources, l.bucketName(b.Name))
	}
	args := &protection.RestoreTestingArgs{
		Location:            l.location,
		Name:                l.restoreCheckName(),
		Types:               types,
		TagKey:              "backup",
		TagValue:            l.Stack(),
		Image:               image,
		Architecture:        architecture,
		SourceBuckets:       sources,
		KeyAlias:            l.keys.data.Alias,
		VaultArns:           pulumi.StringArray{l.backup.VaultArn},
		LogRetentionDays:    l.config.Monitoring.LogRetentionDays,
		LogKmsKeyArn:        l.keys.logs.Arn,
		PermissionsBoundary: l.config.PermissionsBoundary,
		Tags:                l.tags,
	}
	if l.database != nil { // what is restored is as hard to reach as the database
		args.DatabaseSubnetGroup = l.database.SubnetGroupName
		args.DatabaseSecurityGroupId = l.vpc.DatabaseSecurityGroupId
	}
	l.restoreTesting, err = protection.NewRestoreTesting(l.Context, "restore-testing", args, l.providers.all)
	return err
}

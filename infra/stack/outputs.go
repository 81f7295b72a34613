package stack

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

func (l *lab) exports() {
	refs, names := pulumi.StringMap{}, pulumi.StringMap{}
	for name, service := range l.services {
		refs[name], names[name] = l.images[name], service.ServiceName
	}
	for name, value := range map[string]pulumi.Input{
		"account":         pulumi.String(l.place.AccountId),
		"region":          pulumi.String(l.place.Region),
		"url":             l.balancer.Url,
		"vpcId":           l.vpc.VpcId,
		"publicSubnetIds": l.vpc.PublicSubnetIds,
		"appSubnetIds":    l.vpc.AppSubnetIds,
		"dataSubnetIds":   l.vpc.DataSubnetIds,
		"networkPlan":     l.networkPlan(),
		"clusterName":     l.cluster.ClusterName,
		"images":          refs,
		"services":        names,
		"dashboard":       pulumi.String(l.dashboard.Url),
		"topicArn":        l.notifications.TopicArn,
		"commands":        l.commands(),
		permanentOutput:   pulumi.ToStringMap(l.config.permanent()),
	} {
		l.Export(name, value)
	}
	l.exportData()
}

// exportData says where what the configuration asked for is.
func (l *lab) exportData() {
	if l.database != nil {
		l.Export("databaseEndpoint", l.databaseHost())
		l.Export("databaseSecretArn", l.database.SecretArn)
	}
	if len(l.tableArns) > 0 {
		l.Export("tables", l.tableArns)
	}
	if len(l.bucketNames) > 0 {
		l.Export("buckets", l.bucketNames)
	}
	if l.fileSystem != nil {
		l.Export("fileSystemId", l.fileSystem.FileSystemId)
	}
	if l.website != nil {
		l.Export("websiteUrl", l.website.Url)
	}
	if l.backup != nil {
		l.Export("backupVaultArn", l.backup.VaultArn)
		l.Export("backupCopyVaultArn", l.backup.CopyVaultArn)
	}
}

func (l *lab) networkPlan() pulumi.MapArray {
	var plan pulumi.MapArray
	for _, subnet := range l.vpc.Plan() {
		plan = append(plan, pulumi.Map{
			"tier": pulumi.String(subnet.Tier), "availabilityZone": pulumi.String(subnet.AvailabilityZone),
			"cidr": pulumi.String(subnet.Cidr.String()), "addresses": pulumi.Int(subnet.Addresses),
		})
	}
	return plan
}

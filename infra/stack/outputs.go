package stack

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/infra/config"
)

func (l *lab) exports() error {
	refs, names, endpoints := pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}
	for _, s := range l.config.Services {
		refs[s.Name], names[s.Name] = l.images[s.Name], l.services[s.Name].ServiceName
		switch {
		case s.Public():
			endpoints[s.Name] = l.publicEndpoint(s)
		case s.Port != 0:
			endpoints[s.Name] = l.services[s.Name].Endpoint
		}
	}
	for name, value := range map[string]pulumi.Input{
		"account":         pulumi.String(l.location.AccountId),
		"region":          pulumi.String(l.location.Region),
		"url":             l.balancer.Url,
		"vpcId":           l.vpc.VpcId,
		"publicSubnetIds": l.vpc.PublicSubnetIds,
		"appSubnetIds":    l.vpc.AppSubnetIds,
		"dataSubnetIds":   l.vpc.DataSubnetIds,
		"networkPlan":     l.networkPlan(),
		"clusterName":     l.cluster.ClusterName,
		"images":          refs,
		"services":        names,
		"endpoints":       endpoints,
		"arns":            l.arns(),
		"dashboard":       pulumi.String(l.dashboard.Url),
		"topicArn":        l.notifications.TopicArn,
		"commands":        l.commands(),
	} {
		l.Export(name, value)
	}
	l.exportData()
	return l.exportPermanent()
}

// exportData says where what the configuration asked for is.
func (l *lab) exportData() {
	if l.database != nil {
		l.Export("databaseEndpoint", l.databaseHost())
		l.Export("databaseReaderEndpoint", l.database.ReaderEndpoint)
		l.Export("databaseSecretArn", l.database.SecretArn)
	}
	if len(l.tableArns) > 0 {
		l.Export("tables", l.tableArns)
	}
	if len(l.bucketNames) > 0 {
		l.Export("buckets", l.bucketNames)
	}
	if len(l.topicArns) > 0 {
		l.Export("topics", l.topicArns)
	}
	if l.fileSystem != nil {
		l.Export("fileSystemId", l.fileSystem.FileSystemId)
	}
	if l.website != nil {
		l.Export("websiteUrl", l.website.Url)
	}
	if l.backup != nil {
		l.Export("backupVaultArn", l.backup.VaultArn)
		if l.config.Backup.Copies() {
			l.Export("backupCopyVaultArn", l.backup.CopyVaultArn)
		}
	}
}

// publicEndpoint is where clients call a service.
func (l *lab) publicEndpoint(s config.Service) pulumi.StringOutput {
	if s.Host == "" {
		return pulumi.Sprintf("%s%s", l.balancer.Url, s.Path)
	}
	scheme := "http"
	if l.config.LoadBalancer.HTTPS() {
		scheme = "https"
	}
	return pulumi.Sprintf("%s://%s%s", scheme, s.Host, s.Path)
}

// arns are for granting access to the stack's resources, and for other tools.
func (l *lab) arns() pulumi.StringMap {
	arns := pulumi.StringMap{"cluster": l.cluster.ClusterArn, "loadBalancer": l.balancer.Arn}
	for name, roles := range l.roles {
		arns["service "+name] = l.services[name].ServiceArn
		arns["taskRole "+name], arns["executionRole "+name] = roles.task.Arn, roles.execution.Arn
	}
	for name, arn := range l.tableArns {
		arns["table "+name] = arn
	}
	for name, arn := range l.topicArns {
		arns["topic "+name] = arn
	}
	for _, b := range l.config.Buckets {
		arns["bucket "+b.Name] = pulumi.String(l.location.BucketArn(l.bucketName(b.Name)))
	}
	for name, key := range map[string]*identity.Key{
		"data":   l.keys.data,
		"logs":   l.keys.logs,
		"copies": l.keys.copies,
		"edge":   l.keys.edge,
	} {
		if key != nil {
			arns["key "+name] = key.Arn
		}
	}
	if l.database != nil {
		arns["database"] = l.database.Arn
	}
	if l.fileSystem != nil {
		arns["fileSystem"] = l.fileSystem.Arn
	}
	if l.acl != nil {
		arns["webAcl"] = l.acl.Arn
	}
	if l.website != nil {
		arns["distribution"] = l.website.DistributionArn
	}
	return arns
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

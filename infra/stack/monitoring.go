package stack

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/infra/config"
)

// notify makes the topics before anything that has something to tell: one in the stack's region, and one in us-east-1
// when CloudFront reports there.
func (l *lab) notify() (err error) {
	args := l.notificationsArgs()
	if l.config.Website != nil && l.location.Region != edgeRegion {
		// One configuration a channel: that of the first topic takes in the other.
		edge := args
		edge.Location = l.placeIn(edgeRegion)
		edge.Name = l.name("edge-notifications")
		edge.KmsKeyArn = l.keys.edge.Arn
		edge.Publishers = edgePublishers
		edge.Slack, edge.Teams = nil, nil
		if l.edgeNotifications, err = monitoring.NewNotifications(
			l.Context,
			"edge",
			&edge,
			pulumi.Provider(l.providers.edge),
		); err != nil {
			return err
		}
		args.ChannelTopicArns = pulumi.StringArray{l.edgeNotifications.TopicArn}
	}
	if l.notifications, err = monitoring.NewNotifications(l.Context, "lab", &args, l.providers.all); err != nil {
		return err
	}
	if !l.config.Images.ReportFindings {
		return nil
	}
	_, err = images.NewScanFindings(l.Context, "findings", &images.ScanFindingsArgs{
		Location: l.location,
		Name:     l.name("image-findings"),
		Prefix:   l.name(""),
		TopicArn: l.notifications.TopicArn,
		Tags:     l.tags,
	}, l.providers.all)
	return err
}

// edgePublishers are what reports about the website from us-east-1.
var edgePublishers = []monitoring.Publisher{monitoring.CloudWatchAlarms, monitoring.EventBridge}

// publishers returns what reports to the stack's topic.
func (l *lab) publishers() []monitoring.Publisher {
	publishers := []monitoring.Publisher{monitoring.CloudWatchAlarms, monitoring.EventBridge}
	if l.config.Database != nil {
		publishers = append(publishers, monitoring.DatabaseEvents)
	}
	if l.config.Backup.Enabled {
		publishers = append(publishers, monitoring.BackupVaults)
	}
	return publishers
}

func (l *lab) notificationsArgs() monitoring.NotificationsArgs {
	m := l.config.Monitoring
	args := monitoring.NotificationsArgs{
		Location:            l.location,
		Name:                l.name(config.AlarmTopic),
		KmsKeyArn:           l.keys.logs.Arn,
		Publishers:          l.publishers(),
		Emails:              m.Emails,
		Urls:                m.Urls,
		AlarmPrefix:         l.name(),
		PermissionsBoundary: l.config.PermissionsBoundary,
		Tags:                l.tags,
	}
	args.Slack, args.Teams = m.Slack.Args(), m.Teams.Args()
	return args
}

// monitor comes when everything is there that is watched.
func (l *lab) monitor() error {
	watched, m := l.watched(), l.config.Monitoring
	alarms, err := l.newAlarms(watched)
	if err != nil {
		return err
	}
	if _, err := monitoring.NewEvents(l.Context, "lab", l.eventsArgs(), l.providers.all); err != nil {
		return err
	}
	if l.edgeNotifications != nil && m.Alarms {
		if _, err := monitoring.NewEvents(l.Context, "edge", &monitoring.EventsArgs{
			Name:     l.name(),
			Location: l.placeIn(edgeRegion),
			TopicArn: l.edgeNotifications.TopicArn,
			Alarms:   true,
			Tags:     l.tags,
		}, pulumi.Provider(l.providers.edge)); err != nil {
			return err
		}
	}
	if _, err := monitoring.NewLogs(
		l.Context,
		"lab",
		&monitoring.LogsArgs{Watched: watched},
		l.providers.all,
	); err != nil {
		return err
	}
	if l.dashboard, err = monitoring.NewDashboard(l.Context, "lab", &monitoring.DashboardArgs{
		Watched:    watched,
		Alarms:     alarms,
		Thresholds: m.Thresholds,
		CostTag:    "Stack",
	}, l.providers.all); err != nil {
		return err
	}
	if !m.Tracing || len(l.config.Services) == 0 { // nothing to trace
		return nil
	}
	tracing := &monitoring.TracingArgs{Name: l.name(), ReservoirSize: 1, FixedRate: tracedRate, Tags: l.tags}
	for _, s := range l.config.Services {
		tracing.Services = append(tracing.Services, monitoring.TracedService{Name: s.Name, ServiceName: l.name(s.Name)})
	}
	_, err = monitoring.NewTracing(l.Context, "lab", tracing, l.providers.all)
	return err
}

// newAlarms returns the ARNs of the alarms on what is watched.
func (l *lab) newAlarms(watched monitoring.Watched) ([]string, error) {
	if !l.config.Monitoring.Alarms {
		return nil, nil
	}
	args := &monitoring.AlarmsArgs{
		Watched:      watched,
		TopicArn:     l.notifications.TopicArn,
		EdgeProvider: l.providers.edge,
		Thresholds:   l.config.Monitoring.Thresholds,
		Anomalies:    l.config.Monitoring.Anomalies,
		Tags:         l.tags,
	}
	if l.edgeNotifications != nil {
		args.EdgeTopicArn = l.edgeNotifications.TopicArn
	}
	alarms, err := monitoring.NewAlarms(l.Context, "lab", args, l.providers.all)
	if err != nil {
		return nil, err
	}
	return alarms.Arns, nil
}

// tracedRate is the part of the requests that is traced beyond one a second: enough to see what is usual.
const tracedRate = 0.05

func (l *lab) eventsArgs() *monitoring.EventsArgs {
	args := &monitoring.EventsArgs{
		Name:        l.name(),
		Location:    l.location,
		TopicArn:    l.notifications.TopicArn,
		ClusterName: l.clusterName(),
		Container:   compute.ContainerName,
		Alarms:      l.config.Monitoring.Alarms,
		Tags:        l.tags,
	}
	if l.backup != nil {
		args.BackupVaults, args.Restores = []string{l.backup.VaultName}, l.restoreTesting != nil
	}
	return args
}

func (l *lab) watched() monitoring.Watched {
	watched := monitoring.Watched{
		Name: l.name(), Location: l.location,
		LoadBalancers: []monitoring.LoadBalancer{{Name: "public", Suffix: l.balancer.ArnSuffix}},
		Topics:        []monitoring.Topic{{Name: config.AlarmTopic, TopicName: l.notifications.Name}},
	}
	for _, s := range l.config.Services {
		watched.Services = append(watched.Services, l.watchedService(s))
	}
	for i := range l.natGateways() {
		watched.NatGateways = append(
			watched.NatGateways,
			monitoring.NatGateway{Name: fmt.Sprint(i + 1), Id: l.vpc.NatGatewayIds.Index(pulumi.Int(i))},
		)
	}
	if l.cluster.ScalingGroup != "" {
		watched.AutoScalingGroups = []monitoring.AutoScalingGroup{{
			Name:             "instances",
			GroupName:        l.cluster.ScalingGroup,
			ClusterName:      l.clusterName(),
			CapacityProvider: l.cluster.CapacityProvider,
		}}
	}
	if l.config.Firewall.Enabled {
		watched.WebAcls = []monitoring.WebAcl{{Name: "load-balancer", WebAclName: l.firewallName()}}
	}
	if l.edgeAcl != nil {
		watched.WebAcls = append(
			watched.WebAcls,
			monitoring.WebAcl{Name: "website", WebAclName: l.edgeAcl.Name, Edge: true},
		)
	}
	if l.website != nil {
		watched.Distributions = []monitoring.Distribution{{Name: "website", Id: l.website.DistributionId}}
	}
	if l.runner != nil {
		watched.Functions = append(watched.Functions, monitoring.Function{
			Name:           "runtask",
			FunctionName:   l.name("runtask"),
			TimeoutSeconds: compute.RunnerTimeoutSeconds,
		})
	}
	if l.restoreTesting != nil {
		watched.Functions = append(watched.Functions, monitoring.Function{
			Name:           "restorecheck",
			FunctionName:   l.restoreCheckName(),
			TimeoutSeconds: protection.CheckTimeoutSeconds,
		})
		watched.Queues = []monitoring.Queue{{Name: "restorecheck", QueueName: l.restoreTesting.FailedQueueName}}
	}
	daily := func(r config.BackupRule) bool { return r.Schedule == "hourly" || r.Schedule == "daily" }
	if l.backup != nil && slices.ContainsFunc(l.config.Backup.Rules, daily) {
		watched.BackupVaults = []monitoring.BackupVault{{
			Name: "backups", VaultName: l.backup.VaultName, Copied: l.config.Backup.Copies(),
		}}
	}
	if l.redeployment != nil {
		watched.StateMachines = []monitoring.StateMachine{
			{Name: "redeploy", Arn: l.location.Arn("states", "stateMachine:"+l.redeployName())},
		}
	}
	l.watchData(&watched)
	return watched
}

func (l *lab) watchedService(s config.Service) monitoring.Service {
	one := monitoring.Service{
		Name:              s.Name,
		ServiceName:       l.name(s.Name),
		ClusterName:       l.clusterName(),
		LogGroup:          l.services[s.Name].LogGroupName,
		DesiredMin:        *s.DesiredCount,
		ContainerInsights: l.config.Cluster.ContainerInsights,
	}
	if s.Scaling != nil {
		one.DesiredMin, one.MaxTasks = s.Scaling.Min, s.Scaling.Max
		for _, schedule := range s.Scaling.Schedules {
			one.DesiredMin, one.MaxTasks = min(one.DesiredMin, schedule.Min), max(one.MaxTasks, schedule.Max)
		}
	}
	if s.Public() {
		one.LoadBalancerSuffix, one.TargetGroupSuffix = l.balancer.ArnSuffix, l.services[s.Name].TargetGroupArnSuffix
		one.Objectives = monitoring.Objectives(s.Objectives)
	}
	return one
}

func (l *lab) watchData(watched *monitoring.Watched) {
	if db := l.database; db != nil {
		one := monitoring.Database{
			Name:           "lab",
			Identifier:     db.Identifier,
			Engine:         l.config.Database.Engine,
			MaxConnections: l.databaseArgs().MaxConnections(),
		}
		switch data.DatabaseKind(l.config.Database.Kind) {
		case data.DatabaseInstance:
			one.Replicas, one.AllocatedStorageGiB = db.ReplicaIdentifiers, *l.config.Database.StorageGiB
		case data.DatabaseMultiAzCluster:
			one.Cluster, one.Servers = true, db.ServerIdentifiers()
			one.AllocatedStorageGiB = *l.config.Database.StorageGiB
		case data.DatabaseAurora:
			one.Cluster, one.Aurora = true, true
		}
		if l.proxied() {
			one.Proxy = db.Identifier
		}
		watched.Databases = []monitoring.Database{one}
	}
	for _, t := range l.config.Tables {
		watched.Tables = append(watched.Tables, monitoring.Table{Name: t.Name, TableName: l.tableName(t.Name)})
	}
	for _, b := range l.config.Buckets {
		one := monitoring.Bucket{Name: b.Name, BucketName: l.bucketName(b.Name)}
		if l.config.Monitoring.RequestMetrics {
			one.RequestMetrics = data.RequestMetricsId
		}
		watched.Buckets = append(watched.Buckets, one)
	}
	for _, t := range l.config.Topics {
		watched.Topics = append(watched.Topics, monitoring.Topic{Name: t.Name, TopicName: l.topicName(t.Name)})
	}
	if l.fileSystem != nil {
		watched.FileSystems = []monitoring.FileSystem{{Name: "shared", Id: l.fileSystem.FileSystemId}}
	}
}

// natGateways returns how many there are.
func (l *lab) natGateways() int {
	switch l.config.Network.NatGateways {
	case "single":
		return 1
	case "onePerAz":
		return l.config.Network.AvailabilityZones
	}
	return 0
}

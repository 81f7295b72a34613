package stack

import (
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/monitoring"
)

// notify makes the topic before anything that has something to tell.
func (l *lab) notify() (err error) {
	m := l.config.Monitoring
	args := &monitoring.NotificationsArgs{
		Place: l.place, Name: l.name("notifications"), KmsKeyArn: l.keys.logs.Arn, Emails: m.Emails, Urls: m.Urls,
		PermissionsBoundary: l.config.PermissionsBoundary, Tags: l.tags,
	}
	if m.Slack != nil {
		args.Slack = &monitoring.Slack{TeamId: m.Slack.Team, ChannelId: m.Slack.Channel}
	}
	if l.notifications, err = monitoring.NewNotifications(l.Context, "lab", args, l.providers.all); err != nil {
		return err
	}
	if !l.config.Images.ReportFindings {
		return nil
	}
	_, err = images.NewScanFindings(l.Context, "findings", &images.ScanFindingsArgs{
		Name: l.name("image-findings"), Prefix: l.name(""), TopicArn: l.notifications.TopicArn, Tags: l.tags,
	}, l.providers.all)
	return err
}

// monitor comes when everything is there that is watched.
func (l *lab) monitor() error {
	watched := l.watched()
	alarms, err := monitoring.NewAlarms(l.Context, "lab", &monitoring.AlarmsArgs{
		Place: l.place, Prefix: l.name(), Watched: watched, TopicArn: l.notifications.TopicArn,
		Thresholds: l.config.Monitoring.Thresholds, Anomalies: l.config.Monitoring.Anomalies, Tags: l.tags,
	}, l.providers.all)
	if err != nil {
		return err
	}
	if l.dashboard, err = monitoring.NewDashboard(l.Context, "lab", &monitoring.DashboardArgs{
		Place: l.place, Name: l.name(), Watched: watched, Alarms: alarms.Names,
	}, l.providers.all); err != nil {
		return err
	}
	if _, err := monitoring.NewLogs(l.Context, "lab", &monitoring.LogsArgs{Prefix: l.name(), Services: watched.Services}, l.providers.all); err != nil {
		return err
	}
	if !l.config.Monitoring.Tracing {
		return nil
	}
	var names []string
	for _, s := range l.config.Services {
		names = append(names, l.name(s.Name))
	}
	_, err = monitoring.NewTracing(l.Context, "lab", &monitoring.TracingArgs{Name: l.name(), Services: names, Rate: tracedRate, Tags: l.tags}, l.providers.all)
	return err
}

// tracedRate is the part of the requests that is traced beyond one a second: enough to see what is usual.
const tracedRate = 0.05

func (l *lab) watched() monitoring.Watched {
	watched := monitoring.Watched{ClusterName: l.clusterName(), LoadBalancer: &monitoring.LoadBalancer{ArnSuffix: l.balancer.ArnSuffix}}
	for _, s := range l.config.Services {
		one := monitoring.Service{
			Name: s.Name, ServiceName: l.name(s.Name), LogGroup: l.services[s.Name].LogGroupName,
			Objectives: monitoring.Objectives{
				Availability: s.Objectives.Availability, LatencyMilliseconds: s.Objectives.LatencyMilliseconds, LatencyPercentage: s.Objectives.LatencyPercentage,
			},
		}
		if s.public() {
			one.TargetGroup = l.services[s.Name].TargetGroupArnSuffix
		}
		watched.Services = append(watched.Services, one)
	}
	if db := l.database; db != nil {
		watched.Database = &monitoring.Database{Instances: append([]string{db.Identifier}, db.ReplicaIdentifiers...), StorageGiB: l.config.Database.storage()}
	}
	for _, t := range l.config.Tables {
		watched.Tables = append(watched.Tables, l.tableName(t.Name))
	}
	if l.fileSystem != nil {
		watched.FileSystem = l.fileSystem.FileSystemId
	}
	if l.restoreTesting != nil {
		watched.Functions = append(watched.Functions, l.restoreCheckName())
	}
	if l.config.Firewall.Enabled {
		watched.WebAcl = l.firewallName()
	}
	watched.ScalingGroup = l.cluster.ScalingGroup
	return watched
}

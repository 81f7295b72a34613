package monitoring_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/monitoring"
)

var location = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

// A topic, encrypted with a key of its own, that tells a person and a channel.
func ExampleNewNotifications() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		key, err := identity.NewKey(ctx, "notifications", &identity.KeyArgs{
			Location:   location,
			Alias:      "alias/shop-notifications",
			Statements: monitoring.KeyStatements(location, monitoring.CloudWatchAlarms),
		})
		if err != nil {
			return err
		}
		_, err = monitoring.NewNotifications(ctx, "lab", &monitoring.NotificationsArgs{
			Location:    location,
			Name:        "shop-alarms",
			KmsKeyArn:   key.Arn,
			Publishers:  []monitoring.Publisher{monitoring.CloudWatchAlarms},
			Emails:      []string{"ops@example.com"},
			AlarmPrefix: "shop",
			Slack:       &monitoring.Slack{TeamId: "T07EA123LEP", ChannelId: "C07EZ1ABC23"},
		})
		return err
	})
}

// watched returns a service with its table.
func watched(name string) monitoring.Watched {
	return monitoring.Watched{
		Name: name, Location: location,
		Services: []monitoring.Service{{
			Name:               "orders",
			ServiceName:        name + "-orders",
			ClusterName:        name,
			DesiredMin:         2,
			LogGroup:           pulumi.String("/ecs/" + name + "-orders"),
			LoadBalancerSuffix: pulumi.String("app/lab/50dc6c495c0c9188"),
			TargetGroupSuffix:  pulumi.String("targetgroup/orders/73e2d6bc24d8a067"),
			Objectives: monitoring.Objectives{
				Availability:        99.9,
				LatencyMilliseconds: 500,
				LatencyPercentage:   99,
			},
		}},
		Tables: []monitoring.Table{{Name: "orders", TableName: name + "-orders"}},
	}
}

// Alarms on a service and its table, and a dashboard that shows both with the state of the alarms.
func ExampleNewAlarms() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		all := watched("shop")
		alarms, err := monitoring.NewAlarms(ctx, "lab", &monitoring.AlarmsArgs{
			Watched:    all,
			TopicArn:   pulumi.String(location.Arn("sns", "alarms")),
			Thresholds: map[string]float64{"service.latency": 0.5},
			Anomalies:  true,
		})
		if err != nil {
			return err
		}
		_, err = monitoring.NewDashboard(
			ctx,
			"lab",
			&monitoring.DashboardArgs{Watched: all, Alarms: alarms.Arns, CostTag: "Project"},
		)
		return err
	})
}

func ExampleNewDashboard() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		dashboard, err := monitoring.NewDashboard(ctx, "lab", &monitoring.DashboardArgs{Watched: watched("shop")})
		if err != nil {
			return err
		}
		ctx.Export("dashboard", pulumi.String(dashboard.Url))
		return nil
	})
}

// Deployments that fail and backups that are not done are told.
func ExampleNewEvents() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := monitoring.NewEvents(ctx, "lab", &monitoring.EventsArgs{
			Name:         "shop",
			Location:     location,
			TopicArn:     pulumi.String(location.Arn("sns", "alarms")),
			ClusterName:  "shop",
			Container:    "app",
			BackupVaults: []string{"shop"},
			Restores:     true,
		})
		return err
	})
}

// The errors in the service's log are counted, and queries saved.
func ExampleNewLogs() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := monitoring.NewLogs(ctx, "lab", &monitoring.LogsArgs{Watched: watched("shop")})
		return err
	})
}

// One request a second and a twentieth of the others are traced.
func ExampleNewTracing() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := monitoring.NewTracing(ctx, "lab", &monitoring.TracingArgs{
			Name:          "shop",
			Services:      []monitoring.TracedService{{Name: "orders", ServiceName: "shop-orders"}},
			ReservoirSize: 1,
			FixedRate:     0.05,
		})
		return err
	})
}

// What can be changed, from what on, and why it is that.
func ExampleSignals() {
	for _, s := range monitoring.Signals() {
		if s.Key == "replica.lag" {
			fmt.Printf("%s: %g %s\n\t%s\n", s.Key, s.Default, s.Unit, s.Source)
		}
	}
	// Output:
	// replica.lag: 60 s
	//	CloudWatch user guide, Best practice alarm recommendations
}

package monitoring

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (g *graph) alarms(change func(*AlarmsArgs)) (*Alarms, error) {
	var alarms *Alarms
	return alarms, g.run(func(ctx *pulumi.Context) error {
		edge, err := aws.NewProvider(ctx, "edge", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			return err
		}
		args := &AlarmsArgs{
			Watched:      everything(),
			TopicArn:     text("arn:topic"),
			EdgeTopicArn: text("arn:edge"),
			EdgeProvider: edge,
			Anomalies:    true,
			Tags:         labTags,
		}
		if change != nil {
			change(args)
		}
		alarms, err = NewAlarms(ctx, "lab", args)
		return err
	})
}

func TestEveryAlarmTellsSomebody(t *testing.T) {
	g := &graph{}
	alarms, err := g.alarms(nil)
	require.NoError(t, err)

	named := map[string]bool{}
	var rules string
	for _, r := range g.resources {
		if r.TypeToken == compositeAlarm {
			rules += r.Inputs["alarmRule"].StringValue()
		}
	}
	for _, r := range g.resources {
		if r.TypeToken != metricAlarm && r.TypeToken != compositeAlarm {
			continue
		}
		inputs := r.Inputs.Mappable()
		name, _ := inputs["name"].(string)
		if r.TypeToken == compositeAlarm {
			name = inputs["alarmName"].(string)
		}
		assert.False(t, named[name], "two alarms are named %s", name)
		named[name] = true
		assert.Equal(t, true, inputs["actionsEnabled"])
		assert.Contains(t, r.RegisterRPC.GetParent(), "awslab:monitoring:Alarms")
		if inputs["alarmActions"] == nil {
			assert.Contains(t, rules, `"`+name+`"`, "%s tells nobody and no other alarm does for it", name)
			assert.NotContains(t, alarms.Names, name)
			continue
		}
		assert.NotContains(t, inputs, "okActions", "a new alarm with its first data would tell people that it is OK")
		assert.Contains(t, alarms.Names, name)
		assert.Len(t, inputs["alarmActions"], 1)
	}
	assert.Len(t, alarms.Arns, len(named))
	assert.True(t, slices.IsSorted(alarms.Names) && slices.IsSorted(alarms.Arns))
}

func TestCompositeAlarmsNameAlarmsThatTheyWaitFor(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"lab-service-billing",
		"lab-service-orders",
		"lab-service-orders-availability-fast",
		"lab-service-orders-availability-slow",
		"lab-service-orders-latency-fast",
		"lab-service-orders-latency-slow",
	}, g.names(compositeAlarm))
	for _, name := range g.names(compositeAlarm) {
		composite := g.find(t, name)
		waitsFor := strings.Join(composite.RegisterRPC.GetDependencies(), " ")
		for _, found := range regexp.MustCompile(`ALARM\("awslab-dev-([^"]+)"\)`).FindAllStringSubmatch(
			composite.Inputs["alarmRule"].StringValue(),
			-1,
		) {
			g.find(t, "lab-"+found[1])
			assert.Contains(t, waitsFor, "::lab-"+found[1], "%s", name)
		}
	}
}

func TestRulesOfCompositeAlarms(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	rule := func(name string) string {
		return strings.ReplaceAll(g.inputs(t, name)["alarmRule"].(string), "awslab-dev-service-", "")
	}
	assert.Equal(
		t,
		`ALARM("orders-availability-fast-1h") AND ALARM("orders-availability-fast-5min")`,
		rule("lab-service-orders-availability-fast"),
	)
	assert.Equal(
		t,
		`ALARM("orders-available") OR ((ALARM("orders-errors") OR ALARM("orders-latency") OR `+
			`ALARM("orders-logErrors") OR `+
			`ALARM("orders-availability-fast") OR ALARM("orders-availability-slow") OR `+
			`ALARM("orders-latency-fast") OR ALARM("orders-latency-slow"))`+
			` AND (ALARM("orders-unhealthy") OR ALARM("orders-tasks") OR ALARM("orders-cpu") OR `+
			`ALARM("orders-memory")))`,
		rule("lab-service-orders"),
	)
	assert.Equal(
		t,
		`((ALARM("billing-logErrors")) AND (ALARM("billing-tasks") OR ALARM("billing-cpu") OR `+
			`ALARM("billing-memory")))`,
		rule("lab-service-billing"),
	)
}

func TestAWorkerWithoutLogIsImpairedWhenACauseIs(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(func(args *AlarmsArgs) {
		args.Watched = Watched{
			Name:     "awslab-dev",
			Location: ireland,
			Services: []Service{{Name: "billing", ServiceName: "b", ClusterName: "c"}},
		}
	})
	require.NoError(t, err)
	require.Equal(
		t,
		`ALARM("awslab-dev-service-billing-cpu") OR ALARM("awslab-dev-service-billing-memory")`,
		g.inputs(t, "lab-service-billing")["alarmRule"],
	)
}

// A vault that has had no backup yet says nothing; one that has had some says so when they stop.
func TestBackupsThatStopAreTold(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	for _, r := range g.resources {
		if r.TypeToken != metricAlarm {
			continue
		}
		inputs := r.Inputs.Mappable()
		if strings.Contains(r.Name, "backupVault") && strings.HasSuffix(r.Name, "-completed") {
			require.Equal(t, "missing", inputs["treatMissingData"], "no data is not an alarm")
			require.Equal(
				t,
				inputs["alarmActions"],
				inputs["insufficientDataActions"],
				"and tells when there had been some",
			)
			continue
		}
		require.NotEqual(t, "missing", inputs["treatMissingData"], r.Name)
		require.NotContains(t, inputs, "insufficientDataActions", r.Name)
	}
	g.find(t, "lab-backupVault-daily-completed")
}

func TestAlarmOnAMetric(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(func(args *AlarmsArgs) { args.Thresholds = map[string]float64{"database.readLatency": 50} })
	require.NoError(t, err)
	inputs := g.inputs(t, "lab-database-lab-readLatency")
	require.Contains(t, inputs["alarmDescription"], "(database.readLatency of lab, limit 50 ms)")
	delete(inputs, "alarmDescription")
	require.Equal(t, map[string]any{
		"name":               "awslab-dev-database-lab-readLatency",
		"namespace":          "AWS/RDS",
		"metricName":         "ReadLatency",
		"dimensions":         map[string]any{"DBInstanceIdentifier": "awslab-dev"},
		"extendedStatistic":  "p90",
		"comparisonOperator": "GreaterThanThreshold",
		"threshold":          0.05,
		"period":             60.0,
		"evaluationPeriods":  5.0,
		"datapointsToAlarm":  5.0,
		"treatMissingData":   "notBreaching",
		"actionsEnabled":     true,
		"alarmActions":       []any{"arn:topic"},
		"tags":               map[string]any{"Project": "awslab"},
	}, inputs)
}

// The 99th percentile of five requests says nothing, and an alarm that waits for more would keep its state.
func TestFewRequestsAreNoLatency(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	queries := g.inputs(t, "lab-service-orders-latency")["metricQueries"].([]any)
	require.Equal(t, "IF(requests >= 20, latency, 0)", queries[2].(map[string]any)["expression"])
}

func TestAlarmOnAnExpression(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	inputs := g.inputs(t, "lab-service-orders-errors")
	require.NotContains(t, inputs, "metricName")
	require.NotContains(t, inputs, "period")
	require.InDelta(t, 5, inputs["threshold"], 0)
	fetched := func(id, name string) map[string]any {
		return map[string]any{"id": id, "returnData": false, "metric": map[string]any{
			"namespace": "AWS/ApplicationELB", "metricName": name, "period": 60.0, "stat": "Sum",
			"dimensions": map[string]any{"LoadBalancer": "app/alb/1", "TargetGroup": "targetgroup/orders/2"},
		}}
	}
	require.Equal(t, []any{
		fetched("errors", "HTTPCode_Target_5XX_Count"),
		fetched("unreachable", "TargetConnectionErrorCount"),
		fetched("requests", "RequestCount"),
		map[string]any{
			"id":         "result",
			"label":      "service-orders-errors",
			"returnData": true,
			"expression": "100 * (FILL(errors, 0) + FILL(unreachable, 0)) / requests",
		},
	}, inputs["metricQueries"])
}

func TestAlarmThatLearns(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	inputs := g.inputs(t, "lab-table-orders-unusualReads")
	require.Equal(t, "GreaterThanUpperThreshold", inputs["comparisonOperator"])
	require.Equal(t, "band", inputs["thresholdMetricId"])
	require.NotContains(t, inputs, "threshold")
	require.Equal(t, []any{
		map[string]any{"id": "m1", "returnData": true, "metric": map[string]any{
			"namespace": "AWS/DynamoDB", "metricName": "ConsumedReadCapacityUnits", "period": 300.0, "stat": "Sum",
			"dimensions": map[string]any{"TableName": "awslab-dev-orders"},
		}},
		map[string]any{
			"id":         "band",
			"label":      "usual",
			"returnData": true,
			"expression": "ANOMALY_DETECTION_BAND(m1, 4)",
		},
	}, inputs["metricQueries"])

	none := &graph{}
	_, err = none.alarms(func(args *AlarmsArgs) { args.Anomalies = false })
	require.NoError(t, err)
	for _, name := range none.names(metricAlarm) {
		require.NotContains(t, name, "unusual")
	}
	require.Len(t, none.names(compositeAlarm), len(g.names(compositeAlarm)))
}

func TestAlarmOnALogCountsTheMetricOfItsFilter(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(nil)
	require.NoError(t, err)
	inputs := g.inputs(t, "lab-service-billing-logErrors")
	require.Equal(t, "awslab-dev/billing", inputs["namespace"])
	require.Equal(t, "ErrorLines", inputs["metricName"])
	require.NotContains(t, inputs, "dimensions")
}

func TestAlarmsAreWhereTheirMetricsAre(t *testing.T) {
	g := &graph{}
	alarms, err := g.alarms(nil)
	require.NoError(t, err)
	for _, name := range g.names(metricAlarm) {
		provider := g.find(t, name).Provider
		if strings.Contains(name, "distribution") || strings.Contains(name, "webAcl-edge") {
			assert.Contains(t, provider, "::edge::", name)
			assert.Equal(t, []any{"arn:edge"}, g.inputs(t, name)["alarmActions"])
			continue
		}
		assert.NotContains(t, provider, "::edge::", name)
	}
	assert.Contains(
		t,
		alarms.Arns,
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:awslab-dev-distribution-website-errors",
	)
	assert.Contains(t, alarms.Arns, "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:awslab-dev-service-orders")
	assert.NotContains(t, g.inputs(t, "lab-webAcl-edge-blocked")["dimensions"], "Region", "CloudFront's have none")
	assert.Equal(t, "eu-west-1", g.inputs(t, "lab-webAcl-regional-blocked")["dimensions"].(map[string]any)["Region"])
}

// A region that is us-east-1 itself needs nothing beside it.
func TestNothingIsAtTheEdgeWhereTheEdgeIsAtHome(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(func(args *AlarmsArgs) {
		args.Location.Region, args.EdgeTopicArn, args.EdgeProvider = "us-east-1", nil, nil
	})
	require.NoError(t, err)
	require.Equal(t, []any{"arn:topic"}, g.inputs(t, "lab-distribution-website-errors")["alarmActions"])
}

func TestAlarmProblems(t *testing.T) {
	for want, change := range map[string]func(*AlarmsArgs){
		`Name: ""; use 1 to 64`: func(a *AlarmsArgs) { a.Name = "" },
		"TopicArn: missing":     func(a *AlarmsArgs) { a.TopicArn = nil },
		"EdgeTopicArn, EdgeProvider: missing; CloudFront reports in us-east-1": func(a *AlarmsArgs) {
			a.EdgeProvider = nil
		},
		`Thresholds["service.foo"]`: func(a *AlarmsArgs) {
			a.Thresholds = map[string]float64{"service.foo": 1}
		},
		`Services[0].Name: "a b"; use 1 to 64`:          func(a *AlarmsArgs) { a.Services[0].Name = "a b" },
		`Services[1].Name: "orders" is used twice`:      func(a *AlarmsArgs) { a.Services[1].Name = "orders" },
		"Services[0].ServiceName: missing":              func(a *AlarmsArgs) { a.Services[0].ServiceName = "" },
		"LoadBalancerSuffix and TargetGroupSuffix come": func(a *AlarmsArgs) { a.Services[0].LoadBalancerSuffix = nil },
		"Services[0].DesiredMin: -1 is negative":        func(a *AlarmsArgs) { a.Services[0].DesiredMin = -1 },
		"LoadBalancers[0].Suffix: missing":              func(a *AlarmsArgs) { a.LoadBalancers[0].Suffix = nil },
		`Databases[0].Engine: "oracle"; use postgres`:   func(a *AlarmsArgs) { a.Databases[0].Engine = "oracle" },
		"Databases[1].Replicas: a cluster reports the lag": func(a *AlarmsArgs) {
			a.Databases[1].Replicas = []string{"a"}
		},
		"FileSystems[0].Id: missing": func(a *AlarmsArgs) { a.FileSystems[0].Id = nil },
		"Location.AccountId":         func(a *AlarmsArgs) { a.Location.AccountId = "1" },
		"Services[0].Objectives.Availability: 50; use more": func(a *AlarmsArgs) {
			a.Services[0].Objectives.Availability = 50
		},
		"CloudWatch allows 255": func(a *AlarmsArgs) {
			a.Databases[0].Replicas = []string{strings.Repeat("a", 255)}
		},
	} {
		t.Run(want, func(t *testing.T) {
			g := &graph{}
			_, err := g.alarms(change)
			require.ErrorContains(t, err, want)
			require.Empty(t, g.names(metricAlarm), "nothing is registered")
		})
	}
	_, err := (&graph{}).alarms(func(a *AlarmsArgs) { a.Name, a.TopicArn = "", nil })
	require.ErrorContains(t, err, "Name:")
	require.ErrorContains(t, err, "TopicArn:", "all problems at once")
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error {
		_, err := NewAlarms(ctx, "lab", nil)
		return err
	}))
}

// A vault whose recovery points are not copied has no copies that fail.
func TestAVaultWithoutCopiesHasNoAlarmOnThem(t *testing.T) {
	g := &graph{}
	_, err := g.alarms(func(args *AlarmsArgs) { args.BackupVaults = []BackupVault{{Name: "daily", VaultName: "v"}} })
	require.NoError(t, err)
	require.Contains(t, g.names("aws:cloudwatch/metricAlarm:MetricAlarm"), "lab-backupVault-daily-failed")
	require.NotContains(t, g.names("aws:cloudwatch/metricAlarm:MetricAlarm"), "lab-backupVault-daily-copies")
}

package monitoring

import "slices"

// Where the defaults come from.
const (
	recommended = "CloudWatch user guide, Best practice alarm recommendations"
	goldenRules = "the lab: the golden signals of Google's SRE book, ch. 6, at limits that a small service keeps"
	autoscaled  = "the lab: above what services scale at, so that it means that scaling did not help"
	anyIsWrong  = "the lab: none is expected"
	learned     = "the lab: a band of two leaves out one value in twenty, which is too many"
)

// signals are all there are. Those with one metric watch it as it is.
var signals = slices.Concat(trafficSignals, dataSignals, platformSignals)

// trafficSignals are those of services and load balancers.
var trafficSignals = []signal{
	{
		area:  "service",
		name:  "available",
		title: "healthy targets",
		description: "No task passes the load balancer's health check: nobody is served. Look at the stopped tasks " +
			"and the log.",
		metrics: []metric{
			{namespace: "AWS/ApplicationELB", name: "HealthyHostCount", statistic: "Minimum", dimensions: targetGroup},
		},
		comparison: below,
		threshold:  1,
		unit:       count,
		source:     recommended,
		period:     60,
		datapoints: 2,
		periods:    2,
		missing:    bad,
		role:       down,
	},
	{
		// What the load balancer answers itself, such as 503 without a healthy task or 504 after its timeout, it counts
		// for all of its services together (HTTPCode_ELB_5XX_Count has no dimension TargetGroup; ELB user guide,
		// "CloudWatch metrics for your Application Load Balancer"): loadBalancer.errors. Of a service alone are the
		// connections that fail, and service.available.
		area:        "service",
		name:        "errors",
		title:       "requests that failed (%)",
		description: "Tasks answer with 5xx, or not at all. Look for errors in the log, and at the latest deployment.",
		metrics: []metric{
			{"errors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", targetGroup},
			{"unreachable", "AWS/ApplicationELB", "TargetConnectionErrorCount", "Sum", targetGroup},
			{"requests", "AWS/ApplicationELB", "RequestCount", "Sum", targetGroup},
		},
		expression: "100 * (FILL(errors, 0) + FILL(unreachable, 0)) / requests",
		comparison: above,
		threshold:  5,
		unit:       percent,
		source:     goldenRules,
		period:     60,
		datapoints: 3,
		periods:    5,
		missing:    fine,
		role:       symptom,
	},
	{
		area:        "service",
		name:        "latency",
		title:       "response time, p99",
		description: "One request in a hundred takes longer than this. Look at traces, at the database and at CPU.",
		metrics: []metric{
			{"latency", "AWS/ApplicationELB", "TargetResponseTime", "p99", targetGroup},
			requestCount,
		},
		// The 99th percentile of five requests says nothing.
		expression: "IF(requests >= 20, latency, 0)",
		comparison: above,
		threshold:  2,
		unit:       seconds,
		source:     goldenRules,
		period:     60,
		datapoints: 5,
		periods:    5,
		missing:    fine,
		role:       symptom,
	},
	{
		area:        "service",
		name:        "unusualLatency",
		title:       "response time, p90",
		description: "One request in ten takes longer than is usual at this time.",
		metrics: []metric{
			{
				id:         "m1",
				namespace:  "AWS/ApplicationELB",
				name:       "TargetResponseTime",
				statistic:  "p90",
				dimensions: targetGroup,
			},
		},
		comparison: high,
		threshold:  3,
		unit:       deviations,
		source:     learned,
		period:     300,
		datapoints: 3,
		periods:    3,
		missing:    fine,
	},
	{
		area:  "service",
		name:  "unusualRequests",
		title: "requests",
		description: "There are more or fewer requests than is usual at this time: an attack, a broken client, or " +
			"a success.",
		metrics: []metric{
			{
				id:         "m1",
				namespace:  "AWS/ApplicationELB",
				name:       "RequestCount",
				statistic:  "Sum",
				dimensions: targetGroup,
			},
		},
		comparison: unusual,
		threshold:  3,
		unit:       deviations,
		source:     learned,
		period:     300,
		datapoints: 3,
		periods:    3,
		missing:    fine,
	},
	{
		area:        "service",
		name:        "unhealthy",
		title:       "unhealthy targets",
		description: "Tasks fail the load balancer's health check. Look at their log.",
		metrics: []metric{
			{
				namespace:  "AWS/ApplicationELB",
				name:       "UnHealthyHostCount",
				statistic:  "Maximum",
				dimensions: targetGroup,
			},
		},
		comparison: atLeast,
		threshold:  1,
		unit:       count,
		source:     recommended,
		period:     60,
		datapoints: 5,
		periods:    5,
		missing:    fine,
		role:       cause,
	},
	{
		area:        "service",
		name:        "tasks",
		title:       "running tasks",
		description: "Fewer tasks run than should. Look at the service's events and its stopped tasks.",
		// Every task reports its CPU once a minute (ECS developer guide, "Amazon ECS service RUNNING task count").
		metrics:    []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "SampleCount"}},
		comparison: below,
		threshold:  100,
		unit:       percent,
		of:         "tasks",
		source:     anyIsWrong,
		period:     60,
		datapoints: 5,
		periods:    5,
		missing:    bad,
		role:       cause,
	},
	{
		area:  "service",
		name:  "size",
		title: "running tasks, of the largest size",
		description: "The service is as large as it may be and cannot grow. Raise scaling.max, or look for what " +
			"keeps its tasks busy.",
		metrics:    []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "SampleCount"}},
		comparison: atLeast,
		threshold:  100,
		unit:       percent,
		of:         "largest",
		source:     anyIsWrong,
		period:     60,
		datapoints: 15,
		periods:    15,
		missing:    fine,
	},
	{
		area: "service", name: "scaling", title: "tasks: desired, running, pending",
		metrics: []metric{
			{namespace: "ECS/ContainerInsights", name: "DesiredTaskCount", statistic: "Average", dimensions: insights},
			{namespace: "ECS/ContainerInsights", name: "RunningTaskCount", statistic: "Average", dimensions: insights},
			{namespace: "ECS/ContainerInsights", name: "PendingTaskCount", statistic: "Average", dimensions: insights},
		}, period: 60,
	},
	{
		area:  "service",
		name:  "cpu",
		title: "CPU (%)",
		description: "Tasks are short of CPU. Look at whether the service reached its largest size; give tasks " +
			"more, or allow more tasks.",
		metrics:    []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "Average"}},
		comparison: above,
		threshold:  90,
		unit:       percent,
		source:     autoscaled,
		period:     60,
		datapoints: 10,
		periods:    10,
		missing:    fine,
		role:       cause,
	},
	{
		area:        "service",
		name:        "memory",
		title:       "memory (%)",
		description: "Tasks are short of memory and may be killed. Give tasks more memory, or look for a leak.",
		metrics:     []metric{{namespace: "AWS/ECS", name: "MemoryUtilization", statistic: "Average"}},
		comparison:  above,
		threshold:   90,
		unit:        percent,
		source:      autoscaled,
		period:      60,
		datapoints:  10,
		periods:     10,
		missing:     fine,
		role:        cause,
	},
	{
		area:        "service",
		name:        "logErrors",
		title:       "errors in the log",
		description: "The log has many lines of level ERROR. The saved query of the service lists them.",
		metrics:     []metric{{name: errorLines, statistic: "Sum", dimensions: logs}},
		comparison:  above,
		threshold:   10,
		unit:        count,
		source:      goldenRules,
		period:      300,
		datapoints:  1,
		periods:     1,
		missing:     fine,
		role:        symptom,
	},

	{
		area:        "loadBalancer",
		name:        "errors",
		title:       "5xx of its own",
		description: "The load balancer itself answers with 5xx: no target is healthy, or none answered in time.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "HTTPCode_ELB_5XX_Count", statistic: "Sum"}},
		comparison:  above,
		threshold:   10,
		unit:        count,
		source:      goldenRules,
		period:      60,
		datapoints:  3,
		periods:     5,
		missing:     fine,
	},
	{
		area:        "loadBalancer",
		name:        "rejected",
		title:       "rejected connections",
		description: "The load balancer has reached its largest number of connections and turns clients away.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "RejectedConnectionCount", statistic: "Sum"}},
		comparison:  above,
		threshold:   0,
		unit:        count,
		source:      anyIsWrong,
		period:      60,
		datapoints:  3,
		periods:     5,
		missing:     fine,
	},
	{
		area:        "loadBalancer",
		name:        "unusualRequests",
		title:       "requests",
		description: "There are more or fewer requests than is usual at this time.",
		metrics:     []metric{{id: "m1", namespace: "AWS/ApplicationELB", name: "RequestCount", statistic: "Sum"}},
		comparison:  unusual,
		threshold:   3,
		unit:        deviations,
		source:      learned,
		period:      300,
		datapoints:  3,
		periods:     3,
		missing:     fine,
	},
	{
		area: "loadBalancer", name: "capacity", title: "capacity units",
		metrics: []metric{{namespace: "AWS/ApplicationELB", name: "ConsumedLCUs", statistic: "Sum"}}, period: 3600,
	},
}

// everyOperation returns a metric of a table for each of its operations.
func everyOperation(name, statistic string) []metric {
	var metrics []metric
	for i, operation := range tableOperations {
		metrics = append(metrics, metric{"m" + string(rune('1'+i)), "AWS/DynamoDB", name, statistic, operation})
	}
	return metrics
}

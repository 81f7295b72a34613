package monitoring

// Where the defaults come from.
const (
	recommended = "CloudWatch user guide, Best practice alarm recommendations"
	goldenRules = "the lab: the golden signals of Google's SRE book, ch. 6, at limits that a small service keeps"
	autoscaled  = "the lab: above what services scale at, so that it means that scaling did not help"
	anyIsWrong  = "the lab: none is expected"
	learned     = "the lab: a band of two leaves out one value in twenty, which is too many"
)

// signals are all there are. Those with one metric watch it as it is.
var signals = []signal{
	{
		area: "service", name: "available", title: "healthy targets",
		description: "No task passes the load balancer's health check: nobody is served. Look at the stopped tasks and the log.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "HealthyHostCount", statistic: "Minimum", dimensions: targetGroup}},
		comparison:  below, threshold: 1, unit: count, source: recommended, period: 60, datapoints: 2, periods: 2, missing: bad, role: down,
	},
	{
		// What the load balancer answers itself, such as 503 without a healthy task or 504 after its timeout, it counts for all of
		// its services together (HTTPCode_ELB_5XX_Count has no dimension TargetGroup; ELB user guide, "CloudWatch metrics for your
		// Application Load Balancer"): loadBalancer.errors. Of a service alone are the connections that fail, and service.available.
		area: "service", name: "errors", title: "requests that failed (%)",
		description: "Tasks answer with 5xx, or not at all. Look for errors in the log, and at the latest deployment.",
		metrics: []metric{
			{"errors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", targetGroup},
			{"unreachable", "AWS/ApplicationELB", "TargetConnectionErrorCount", "Sum", targetGroup},
			{"requests", "AWS/ApplicationELB", "RequestCount", "Sum", targetGroup},
		},
		expression: "100 * (FILL(errors, 0) + FILL(unreachable, 0)) / requests",
		comparison: above, threshold: 5, unit: percent, source: goldenRules, period: 60, datapoints: 3, periods: 5, missing: fine, role: symptom,
	},
	{
		area: "service", name: "latency", title: "response time, p99",
		description: "One request in a hundred takes longer than this. Look at traces, at the database and at CPU.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "TargetResponseTime", statistic: "p99", dimensions: targetGroup}},
		comparison:  above, threshold: 2, unit: seconds, source: goldenRules, period: 60, datapoints: 5, periods: 5, missing: fine, role: symptom,
	},
	{
		area: "service", name: "unusualLatency", title: "response time, p90",
		description: "One request in ten takes longer than is usual at this time.",
		metrics:     []metric{{id: "m1", namespace: "AWS/ApplicationELB", name: "TargetResponseTime", statistic: "p90", dimensions: targetGroup}},
		comparison:  high, threshold: 3, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "service", name: "unusualRequests", title: "requests",
		description: "There are more or fewer requests than is usual at this time: an attack, a broken client, or a success.",
		metrics:     []metric{{id: "m1", namespace: "AWS/ApplicationELB", name: "RequestCount", statistic: "Sum", dimensions: targetGroup}},
		comparison:  unusual, threshold: 3, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "service", name: "unhealthy", title: "unhealthy targets",
		description: "Tasks fail the load balancer's health check. Look at their log.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "UnHealthyHostCount", statistic: "Maximum", dimensions: targetGroup}},
		comparison:  atLeast, threshold: 1, unit: count, source: recommended, period: 60, datapoints: 5, periods: 5, missing: fine, role: cause,
	},
	{
		area: "service", name: "tasks", title: "running tasks",
		description: "Fewer tasks run than should. Look at the service's events and its stopped tasks.",
		// Every task reports its CPU once a minute (ECS developer guide, "Amazon ECS service RUNNING task count").
		metrics:    []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "SampleCount"}},
		comparison: below, threshold: 100, unit: percent, of: "tasks", source: anyIsWrong, period: 60, datapoints: 5, periods: 5, missing: bad, role: cause,
	},
	{
		area: "service", name: "size", title: "running tasks, of the largest size",
		description: "The service is as large as it may be and cannot grow. Raise scaling.max, or look for what keeps its tasks busy.",
		metrics:     []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "SampleCount"}},
		comparison:  atLeast, threshold: 100, unit: percent, of: "largest", source: anyIsWrong, period: 60, datapoints: 15, periods: 15, missing: fine,
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
		area: "service", name: "cpu", title: "CPU (%)",
		description: "Tasks are short of CPU. Look at whether the service reached its largest size; give tasks more, or allow more tasks.",
		metrics:     []metric{{namespace: "AWS/ECS", name: "CPUUtilization", statistic: "Average"}},
		comparison:  above, threshold: 90, unit: percent, source: autoscaled, period: 60, datapoints: 10, periods: 10, missing: fine, role: cause,
	},
	{
		area: "service", name: "memory", title: "memory (%)",
		description: "Tasks are short of memory and may be killed. Give tasks more memory, or look for a leak.",
		metrics:     []metric{{namespace: "AWS/ECS", name: "MemoryUtilization", statistic: "Average"}},
		comparison:  above, threshold: 90, unit: percent, source: autoscaled, period: 60, datapoints: 10, periods: 10, missing: fine, role: cause,
	},
	{
		area: "service", name: "logErrors", title: "errors in the log",
		description: "The log has many lines of level ERROR. The saved query of the service lists them.",
		metrics:     []metric{{name: errorLines, statistic: "Sum", dimensions: logs}},
		comparison:  above, threshold: 10, unit: count, source: goldenRules, period: 300, datapoints: 1, periods: 1, missing: fine, role: symptom,
	},

	{
		area: "loadBalancer", name: "errors", title: "5xx of its own",
		description: "The load balancer itself answers with 5xx: no target is healthy, or none answered in time.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "HTTPCode_ELB_5XX_Count", statistic: "Sum"}},
		comparison:  above, threshold: 10, unit: count, source: goldenRules, period: 60, datapoints: 3, periods: 5, missing: fine,
	},
	{
		area: "loadBalancer", name: "rejected", title: "rejected connections",
		description: "The load balancer has reached its largest number of connections and turns clients away.",
		metrics:     []metric{{namespace: "AWS/ApplicationELB", name: "RejectedConnectionCount", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 60, datapoints: 3, periods: 5, missing: fine,
	},
	{
		area: "loadBalancer", name: "unusualRequests", title: "requests",
		description: "There are more or fewer requests than is usual at this time.",
		metrics:     []metric{{id: "m1", namespace: "AWS/ApplicationELB", name: "RequestCount", statistic: "Sum"}},
		comparison:  unusual, threshold: 3, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "loadBalancer", name: "capacity", title: "capacity units",
		metrics: []metric{{namespace: "AWS/ApplicationELB", name: "ConsumedLCUs", statistic: "Sum"}}, period: 3600,
	},

	{
		area: "database", name: "cpu", title: "CPU (%)",
		description: "The database is short of CPU. Performance Insights shows which statements use it.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "CPUUtilization", statistic: "Average"}},
		comparison:  above, threshold: 90, unit: percent, source: recommended, period: 60, datapoints: 5, periods: 5, missing: bad,
	},
	{
		area: "database", name: "memory", title: "free memory",
		description: "The database is short of memory: it reads from disk what it used to have at hand, and may restart.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "FreeableMemory", statistic: "Average"}},
		comparison:  below, threshold: 128, unit: mebibytes, factor: 1 << 20, source: "the lab: an eighth of the smallest class (db.t4g.micro)",
		period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "database", name: "storage", title: "free storage",
		description: "Storage runs out although it should grow by itself: look at the largest size it may grow to. A full database stops.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "FreeStorageSpace", statistic: "Minimum"}},
		comparison:  below, threshold: 8, unit: percent, of: "storage",
		source: "RDS user guide, storage autoscaling: it starts when less than 10 % is free, so that 8 % means that it did not help",
		period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "database", name: "serverStorage", title: "free storage",
		description: "Storage of the Multi-AZ cluster runs out; it does not grow by itself. Raise storageGiB. A full database stops.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "FreeStorageSpace", statistic: "Minimum", dimensions: server}},
		comparison:  below, threshold: 15, unit: percent, of: "server storage", source: "the lab: leaves time to raise it",
		period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "database", name: "connections", title: "connections",
		description: "The database is about to refuse connections. Look for services that leak them, or use the proxy.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "DatabaseConnections", statistic: "Maximum"}},
		comparison:  above, threshold: 80, unit: percent, of: "connections", source: "the lab: leaves a fifth for those who repair it",
		period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "database", name: "readLatency", title: "read latency (s), p90",
		description: "Reads from disk are slow. Look at IOPS and throughput, and at statements without an index.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "ReadLatency", statistic: "p90"}},
		comparison:  above, threshold: 20, unit: milliseconds, factor: 0.001, source: recommended, period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "database", name: "writeLatency", title: "write latency (s), p90",
		description: "Writes to disk are slow. Look at IOPS and throughput.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "WriteLatency", statistic: "p90"}},
		comparison:  above, threshold: 20, unit: milliseconds, factor: 0.001, source: recommended, period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "database", name: "transactionIds", title: "transaction ids in use",
		description: "PostgreSQL is running out of transaction ids and will stop writing at 2 billion. Look for old transactions that keep VACUUM from its work.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "MaximumUsedTransactionIDs", statistic: "Average", dimensions: postgres}},
		comparison:  above, threshold: 1_000_000_000, unit: count, source: recommended, period: 60, datapoints: 1, periods: 1, missing: fine,
	},
	{
		area: "database", name: "readerLag", title: "lag of the readers (ms)",
		description: "The cluster's readers lag behind the writer, so that clients read what is old.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "AuroraReplicaLagMaximum", statistic: "Maximum", dimensions: aurora}},
		comparison:  above, threshold: 2000, unit: milliseconds, source: "the lab: Aurora's readers are usually less than 100 ms behind", period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "database", name: "proxyConnections", title: "proxy: connections in use (%)",
		description: "Nearly all connections that the proxy may make are in use: clients wait for one.",
		metrics: []metric{
			{"borrowed", "AWS/RDS", "DatabaseConnectionsCurrentlyBorrowed", "Maximum", proxy},
			{"allowed", "AWS/RDS", "MaxDatabaseConnectionsAllowed", "Minimum", proxy},
		},
		expression: "100 * borrowed / allowed",
		comparison: above, threshold: 80, unit: percent, source: "the lab: leaves a fifth for bursts", period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "database", name: "proxyFailures", title: "proxy: failed connections",
		description: "The proxy cannot connect to the database. Look at the secret's password, security groups and the database's state.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "DatabaseConnectionsSetupFailed", statistic: "Sum", dimensions: proxy}},
		comparison:  above, threshold: 5, unit: count, source: "the lab: some fail in each failover", period: 60, datapoints: 3, periods: 5, missing: fine,
	},
	{
		area: "replica", name: "lag", title: "lag (s)",
		description: "The read replica lags behind, so that clients read what is old, and a promotion would lose more.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "ReplicaLag", statistic: "Maximum"}},
		comparison:  above, threshold: 60, unit: seconds, source: recommended, period: 60, datapoints: 10, periods: 10, missing: bad,
	},
	{
		area: "replica", name: "cpu", title: "CPU (%)",
		description: "The read replica is short of CPU.",
		metrics:     []metric{{namespace: "AWS/RDS", name: "CPUUtilization", statistic: "Average"}},
		comparison:  above, threshold: 90, unit: percent, source: recommended, period: 60, datapoints: 5, periods: 5, missing: bad,
	},

	{
		area: "table", name: "throttled", title: "throttled requests",
		description: "DynamoDB turns requests away: one key is hotter than a partition can take, or traffic doubled at once.",
		metrics: []metric{
			{"reads", "AWS/DynamoDB", "ReadThrottleEvents", "Sum", ""},
			{"writes", "AWS/DynamoDB", "WriteThrottleEvents", "Sum", ""},
		},
		expression: "FILL(reads, 0) + FILL(writes, 0)",
		comparison: above, threshold: 10, unit: count, source: "the lab: SDKs try a few again without anybody noticing", period: 60, datapoints: 3, periods: 5, missing: fine,
	},
	{
		area: "table", name: "errors", title: "server errors",
		description: "DynamoDB itself fails. Look at the AWS Health dashboard.",
		metrics:     everyOperation("SystemErrors", "Sum"),
		expression:  "SUM(METRICS())",
		comparison:  above, threshold: 5, unit: count, source: "the lab: SDKs try a few again without anybody noticing", period: 60, datapoints: 3, periods: 5, missing: fine,
	},
	{
		area: "table", name: "latency", title: "latency of the slowest operation (ms)",
		description: "DynamoDB answers slowly. Look at the size of items and of result pages.",
		metrics:     everyOperation("SuccessfulRequestLatency", "Average"),
		expression:  "MAX(METRICS())",
		comparison:  above, threshold: 100, unit: milliseconds, source: "the lab: DynamoDB promises less than 10 ms for a single item; scans take longer", period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "table", name: "unusualReads", title: "read capacity",
		description: "More is read than is usual at this time, and paid for.",
		metrics:     []metric{{id: "m1", namespace: "AWS/DynamoDB", name: "ConsumedReadCapacityUnits", statistic: "Sum"}},
		comparison:  high, threshold: 4, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "table", name: "unusualWrites", title: "write capacity",
		description: "More is written than is usual at this time, and paid for.",
		metrics:     []metric{{id: "m1", namespace: "AWS/DynamoDB", name: "ConsumedWriteCapacityUnits", statistic: "Sum"}},
		comparison:  high, threshold: 4, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},

	{
		area: "bucket", name: "errors", title: "requests that failed (%)",
		description: "S3 itself fails. Look at the AWS Health dashboard.",
		metrics:     []metric{{namespace: "AWS/S3", name: "5xxErrors", statistic: "Average", dimensions: requests}},
		comparison:  above, threshold: 5, unit: percent, factor: 0.01, source: recommended, period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "bucket", name: "refused", title: "requests that were refused (%)",
		description: "Requests are refused or ask for what is not there. Look at the roles and names that services use.",
		metrics:     []metric{{namespace: "AWS/S3", name: "4xxErrors", statistic: "Average", dimensions: requests}},
		comparison:  above, threshold: 50, unit: percent, factor: 0.01, source: "the lab: half", period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "bucket", name: "size", title: "size",
		metrics: []metric{{namespace: "AWS/S3", name: "BucketSizeBytes", statistic: "Average", dimensions: standard}}, period: 86400,
	},
	{
		area: "bucket", name: "objects", title: "objects",
		metrics: []metric{{namespace: "AWS/S3", name: "NumberOfObjects", statistic: "Average", dimensions: allStorage}}, period: 86400,
	},

	{
		area: "fileSystem", name: "io", title: "I/O limit in use (%)",
		description: "The file system is at the limit of operations of its performance mode: everybody waits.",
		metrics:     []metric{{namespace: "AWS/EFS", name: "PercentIOLimit", statistic: "Average"}},
		comparison:  atLeast, threshold: 95, unit: percent, source: "the lab: at 100 % there is nothing left (" + recommended + ")", period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "fileSystem", name: "throughput", title: "throughput in use (%)",
		description: "The file system moves nearly as many bytes as it may.",
		// EFS user guide, "Using metric math with CloudWatch metrics": throughput utilization.
		metrics: []metric{
			{"metered", "AWS/EFS", "MeteredIOBytes", "Sum", ""},
			{"permitted", "AWS/EFS", "PermittedThroughput", "Average", ""},
		},
		expression: "100 * metered / PERIOD(metered) / permitted",
		comparison: above, threshold: 80, unit: percent, source: "the lab: leaves a fifth for bursts", period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "fileSystem", name: "clients", title: "clients",
		metrics: []metric{{namespace: "AWS/EFS", name: "ClientConnections", statistic: "Sum"}}, period: 60,
	},

	{
		area: "autoScalingGroup", name: "cpu", title: "CPU (%)",
		description: "Instances are short of CPU.",
		metrics:     []metric{{namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average"}},
		comparison:  above, threshold: 90, unit: percent, source: autoscaled, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "autoScalingGroup", name: "statusChecks", title: "failed status checks",
		description: "An instance or its host is broken; the group replaces it.",
		metrics:     []metric{{namespace: "AWS/EC2", name: "StatusCheckFailed", statistic: "Maximum"}},
		comparison:  atLeast, threshold: 1, unit: count, source: recommended, period: 300, datapoints: 2, periods: 2, missing: fine,
	},
	{
		area: "autoScalingGroup", name: "size", title: "share of the largest size (%)",
		description: "The group is as large as it may be and cannot grow. Raise its largest size.",
		metrics: []metric{
			{"desired", "AWS/AutoScaling", "GroupDesiredCapacity", "Maximum", ""},
			{"largest", "AWS/AutoScaling", "GroupMaxSize", "Maximum", ""},
		},
		expression: "100 * desired / largest",
		comparison: atLeast, threshold: 100, unit: percent, source: anyIsWrong, period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "autoScalingGroup", name: "instances", title: "missing instances",
		description: "Fewer instances are in service than the group wants. Look at its activities: instance types may be out of stock.",
		metrics: []metric{
			{"desired", "AWS/AutoScaling", "GroupDesiredCapacity", "Maximum", ""},
			{"serving", "AWS/AutoScaling", "GroupInServiceInstances", "Minimum", ""},
		},
		expression: "desired - serving",
		comparison: above, threshold: 0, unit: count, source: anyIsWrong, period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "autoScalingGroup", name: "reservation", title: "capacity that tasks need (%)",
		description: "Tasks have been waiting for instances. Look at the group's activities and its largest size.",
		metrics:     []metric{{namespace: "AWS/ECS/ManagedScaling", name: "CapacityProviderReservation", statistic: "Average", dimensions: provider}},
		comparison:  above, threshold: 100, unit: count,
		source: "ECS developer guide, cluster auto scaling: above 100 tasks wait for instances", period: 60, datapoints: 15, periods: 15, missing: fine,
	},

	{
		area: "distribution", name: "errors", title: "requests that failed (%)",
		description: "CloudFront answers with 5xx. Look at the origin.",
		metrics:     []metric{{namespace: "AWS/CloudFront", name: "5xxErrorRate", statistic: "Average"}},
		comparison:  above, threshold: 5, unit: percent, source: recommended, period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "distribution", name: "unusualRequests", title: "requests",
		description: "There are more or fewer requests than is usual at this time.",
		metrics:     []metric{{id: "m1", namespace: "AWS/CloudFront", name: "Requests", statistic: "Sum"}},
		comparison:  unusual, threshold: 3, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},
	{
		area: "distribution", name: "bytes", title: "bytes sent",
		metrics: []metric{{namespace: "AWS/CloudFront", name: "BytesDownloaded", statistic: "Sum"}}, period: 300,
	},

	{
		area: "webAcl", name: "blocked", title: "blocked requests",
		description: "The firewall blocks many requests: an attack, or a rule that hits your own users. Its log tells which rule.",
		metrics:     []metric{{namespace: "AWS/WAFV2", name: "BlockedRequests", statistic: "Sum"}},
		comparison:  above, threshold: 1000, unit: count, source: "the lab: more than the noise of the internet", period: 300, datapoints: 2, periods: 3, missing: fine,
	},
	{
		area: "webAcl", name: "allowed", title: "allowed requests",
		metrics: []metric{{namespace: "AWS/WAFV2", name: "AllowedRequests", statistic: "Sum"}}, period: 300,
	},

	{
		area: "function", name: "errors", title: "errors",
		description: "The function fails. Look at its log.",
		metrics:     []metric{{namespace: "AWS/Lambda", name: "Errors", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 300, datapoints: 1, periods: 1, missing: fine,
	},
	{
		area: "function", name: "throttles", title: "throttles",
		description: "Lambda does not start the function: the account runs as many as it may at once.",
		metrics:     []metric{{namespace: "AWS/Lambda", name: "Throttles", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 300, datapoints: 1, periods: 1, missing: fine,
	},
	{
		area: "function", name: "duration", title: "duration (ms)",
		description: "The function is about to run into its timeout.",
		metrics:     []metric{{namespace: "AWS/Lambda", name: "Duration", statistic: "Maximum"}},
		comparison:  above, threshold: 90, unit: percent, of: "timeout", source: "the lab: leaves a tenth", period: 300, datapoints: 1, periods: 1, missing: fine,
	},

	{
		area: "natGateway", name: "ports", title: "ports that could not be had",
		description: "The NAT gateway is out of ports for a destination: connections to it fail. Look for clients that do not reuse connections.",
		metrics:     []metric{{namespace: "AWS/NATGateway", name: "ErrorPortAllocation", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: recommended, period: 60, datapoints: 15, periods: 15, missing: fine,
	},
	{
		area: "natGateway", name: "drops", title: "dropped packets",
		description: "The NAT gateway drops packets. Look at the AWS Health dashboard.",
		metrics:     []metric{{namespace: "AWS/NATGateway", name: "PacketsDropCount", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: recommended, period: 60, datapoints: 5, periods: 5, missing: fine,
	},
	{
		area: "natGateway", name: "unusualBytes", title: "bytes sent",
		description: "More leaves the VPC than is usual at this time: it costs, and it may be data that should not leave.",
		metrics:     []metric{{id: "m1", namespace: "AWS/NATGateway", name: "BytesOutToDestination", statistic: "Sum"}},
		comparison:  high, threshold: 4, unit: deviations, source: learned, period: 300, datapoints: 3, periods: 3, missing: fine,
	},

	{
		area: "queue", name: "waiting", title: "messages",
		description: "Events could not be handled and wait in the queue for somebody. Look at them and at the function's log, then send them again.",
		metrics:     []metric{{namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", statistic: "Maximum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 300, datapoints: 1, periods: 1, missing: fine,
	},

	{
		area: "stateMachine", name: "failed", title: "failed executions",
		description: "The state machine failed, so that services may go on with a secret that holds no more. Look at its execution.",
		metrics: []metric{
			{"failed", "AWS/States", "ExecutionsFailed", "Sum", ""},
			{"late", "AWS/States", "ExecutionsTimedOut", "Sum", ""},
		},
		expression: "FILL(failed, 0) + FILL(late, 0)",
		comparison: above, threshold: 0, unit: count, source: anyIsWrong, period: 300, datapoints: 1, periods: 1, missing: fine,
	},

	{
		area: "backupVault", name: "failed", title: "failed backups",
		description: "A backup failed. The job's message in AWS Backup tells why.",
		metrics:     []metric{{namespace: "AWS/Backup", name: "NumberOfBackupJobsFailed", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 3600, datapoints: 1, periods: 1, missing: fine,
	},
	{
		area: "backupVault", name: "copies", title: "failed copies",
		description: "A copy of a recovery point to the other region failed. The job's message in AWS Backup tells why.",
		metrics:     []metric{{namespace: "AWS/Backup", name: "NumberOfCopyJobsFailed", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 3600, datapoints: 1, periods: 1, missing: fine,
	},
	{
		area: "backupVault", name: "completed", title: "backups a day",
		description: "There has been no backup for two days, after there had been some: the alarm has no data, or 0. Look at the plan and at what it selects.",
		metrics:     []metric{{namespace: "AWS/Backup", name: "NumberOfBackupJobsCompleted", statistic: "Sum"}},
		comparison:  below, threshold: 1, unit: count, source: "the lab: the plan makes one a day; a second day leaves time for a long one",
		period: 86400, datapoints: 2, periods: 2, missing: silence,
	},

	{
		area: "topic", name: "undelivered", title: "undelivered notifications",
		description: "Notifications did not reach an endpoint. Look whether the URL still answers.",
		metrics:     []metric{{namespace: "AWS/SNS", name: "NumberOfNotificationsFailed", statistic: "Sum"}},
		comparison:  above, threshold: 0, unit: count, source: anyIsWrong, period: 300, datapoints: 1, periods: 1, missing: fine,
	},
}

// everyOperation is a metric of a table for each of its operations.
func everyOperation(name, statistic string) []metric {
	var metrics []metric
	for i, operation := range tableOperations {
		metrics = append(metrics, metric{"m" + string(rune('1'+i)), "AWS/DynamoDB", name, statistic, operation})
	}
	return metrics
}

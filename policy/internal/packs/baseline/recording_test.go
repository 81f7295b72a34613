package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

var (
	cluster   = of("aws:ecs/cluster:Cluster")
	alarm     = of(alarmType)
	composite = of(compositeType)
)

func logging(enabled any) ruletest.Resource {
	return balancer(ruletest.Props{"accessLogs": object{"enabled": enabled, "bucket": "logs"}})
}

func viewed(bucket any) ruletest.Resource {
	return distribution(ruletest.Props{"loggingConfig": object{"bucket": bucket}})
}

// telling returns an alarm whose action comes from a component, of which the topic may be gone.
func telling(rest ...string) ruletest.Resource {
	return ruletest.Resource{
		Type:       alarmType,
		Name:       "it",
		Properties: ruletest.Props{"alarmActions": []any{topicARN}},
		DependsOn:  map[string][]string{"alarmActions": rest},
	}
}

func insights(value any) ruletest.Resource {
	return cluster(ruletest.Props{"settings": []any{object{"name": "containerInsights", "value": value}}})
}

func scanning(on any) ruletest.Resource {
	return ecr(ruletest.Props{"imageScanningConfiguration": object{"scanOnPush": on}})
}

func quiet(name any) ruletest.Resource { return alarm(ruletest.Props{"name": name}) }

var recordingCases = map[string][]ruletest.Case{
	"vpc-flow-logs": companionCases(vpcType, "aws:ec2/flowLog:FlowLog", "vpcId"),
	"waf-logs": companionCases(
		webAclType,
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
		"resourceArn",
	),
	"ecr-lifecycle": companionCases(
		"aws:ecr/repository:Repository",
		"aws:ecr/lifecyclePolicy:LifecyclePolicy",
		"repository",
	),
	"alb-logs": {
		{Situation: ruletest.Passes, Resource: logging(true), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: logging(false), Want: violation("accessLogs.enabled")},
		{Situation: ruletest.Unknown, Resource: logging(ruletest.Computed), Want: unevaluated("accessLogs.enabled")},
		{Situation: ruletest.Secret, Resource: logging(ruletest.Secretly(true)), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: balancer(ruletest.Props{}), Want: violation("accessLogs.enabled")},
	},
	"cloudfront-logs": {
		{Situation: ruletest.Passes, Resource: viewed("logs.s3.amazonaws.com"), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: viewed(""), Want: violation("loggingConfig.bucket")},
		{Situation: ruletest.Unknown, Resource: viewed(ruletest.Computed), Want: ruletest.Pass},
		{Situation: ruletest.Secret, Resource: viewed(ruletest.Secretly("secret-logs")), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: distribution(ruletest.Props{}), Want: violation("loggingConfig.bucket")},
	},
	"ecs-logs": ruletest.Texts(
		task,
		"containerDefinitions",
		`[{"name": "a", "logConfiguration": {"logDriver": "awslogs"}}]`,
		`[{"name": "a"}]`,
		unevaluated("containerDefinitions"),
	),
	"ecs-insights": {
		{Situation: ruletest.Passes, Resource: insights("enhanced"), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: insights("disabled"), Want: violation("settings")},
		{Situation: ruletest.Unknown, Resource: insights(ruletest.Computed), Want: unevaluated("settings[0].value")},
		{Situation: ruletest.Secret, Resource: insights(ruletest.Secretly("enabled")), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: cluster(ruletest.Props{}), Want: violation("settings")},
	},
	"rds-logs": {
		{
			Situation: ruletest.Passes,
			Resource:  db(ruletest.Props{"enabledCloudwatchLogsExports": []any{"postgresql"}}),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Resource:  db(ruletest.Props{"enabledCloudwatchLogsExports": []any{}}),
			Want:      violation("enabledCloudwatchLogsExports"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  db(ruletest.Props{"enabledCloudwatchLogsExports": ruletest.Computed}),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  db(ruletest.Props{"enabledCloudwatchLogsExports": ruletest.Secretly([]any{"postgresql"})}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: db(ruletest.Props{}), Want: violation("enabledCloudwatchLogsExports")},
	},
	"rds-monitoring": ruletest.Values(db, "monitoringInterval", 60.0, 0.0, violation("monitoringInterval")),
	"log-retention": append(
		ruletest.Values(logGroup, "retentionInDays", 365.0, 30.0, violation("retentionInDays")),
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "for ever",
			Resource:  logGroup(ruletest.Props{"retentionInDays": 0.0}),
			Want:      violation("retentionInDays"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "as configured",
			Resource:  logGroup(ruletest.Props{"retentionInDays": 30.0}),
			Settings:  map[string]any{"minDays": 30.0},
			Want:      ruletest.Pass,
		},
	),
	"alarm-actions": {
		{
			Situation: ruletest.Passes,
			Resource:  alarm(ruletest.Props{"alarmActions": []any{"arn:topic"}}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Passes, Name: "in a composite alarm", Resource: quiet("errors"),
			Rest: []ruletest.Resource{
				composite(ruletest.Props{"alarmRule": `ALARM("errors")`, "alarmActions": []any{"arn:topic"}}),
			}, Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "in a deployment", Resource: quiet("errors"),
			Rest: []ruletest.Resource{
				service(ruletest.Props{"alarms": object{"alarmNames": []any{"errors"}}}),
			}, Want: ruletest.NotApplicable},
		{
			Situation: ruletest.Fails,
			Resource:  alarm(ruletest.Props{"alarmActions": []any{}}),
			Want:      violation("alarmActions"),
		},
		{Situation: ruletest.Passes, Name: "with a topic of the stack", Resource: telling("topic"), Want: ruletest.Pass,
			Rest: []ruletest.Resource{{Type: targetTopic, Name: "topic", Properties: ruletest.Props{"arn": topicARN}}}},
		{
			Situation: ruletest.Fails,
			Name:      "a topic that is gone",
			Resource:  telling(ruletest.Gone),
			Want:      violation("alarmActions"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "turned off",
			Resource:  alarm(ruletest.Props{"alarmActions": []any{"arn:topic"}, "actionsEnabled": false}),
			Want:      violation("actionsEnabled"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  alarm(ruletest.Props{"alarmActions": ruletest.Computed}),
			Want:      unevaluated("alarmActions"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  alarm(ruletest.Props{"alarmActions": []any{ruletest.Secretly("arn:secret-topic")}}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: quiet("errors"), Want: violation("alarmActions")},
	},
	"ecr-scan": {
		{Situation: ruletest.Passes, Resource: scanning(true), Want: ruletest.Pass},
		{
			Situation: ruletest.Fails,
			Resource:  scanning(false),
			Want:      violation("imageScanningConfiguration.scanOnPush"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  scanning(ruletest.Computed),
			Want:      unevaluated("imageScanningConfiguration.scanOnPush"),
		},
		{Situation: ruletest.Secret, Resource: scanning(ruletest.Secretly(true)), Want: ruletest.Pass},
		{
			Situation: ruletest.Absent,
			Resource:  ecr(ruletest.Props{}),
			Want:      violation("imageScanningConfiguration.scanOnPush"),
		},
	},
	"ecr-immutable": append(
		ruletest.Texts(ecr, "imageTagMutability", "IMMUTABLE", "ANYHOW", violation("imageTagMutability")),
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "mutable",
			Resource:  ecr(ruletest.Props{"imageTagMutability": "MUTABLE"}),
			Want:      violation("imageTagMutability"),
		},
	),
}

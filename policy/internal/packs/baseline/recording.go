package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var minRetentionDays = rule.Setting{
	Name: "minDays", Description: "days for which log groups retain events", Default: 365, Minimum: 1,
}

var recording = []rule.Rule{
	{
		Name:        "vpc-flow-logs",
		Description: "VPCs have flow logs enabled.",
		Severity:    rule.Medium,
		Controls:    append(rule.FSBP.Controls("EC2.6"), rule.CIS.Controls("3.7")...),
		Level:       rule.Mandatory,
		Why:         "Without flow logs, an investigation cannot tell who connected to what.",
		Fix:         "declare an aws.ec2.FlowLog for the VPC.",
		Types:       []string{vpcType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			return expect.Companion(r, stack, "aws:ec2/flowLog:FlowLog", "vpcId", "has no flow log")
		},
	},
	{
		Name: "alb-logs", Description: "Application Load Balancers have access logging enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ELB.5"), Level: rule.Mandatory,
		Why:   "Without access logs, an investigation cannot tell who requested what.",
		Fix:   "set accessLogs.bucket to a log bucket, and accessLogs.enabled to true.",
		Types: []string{loadBalancerType},
		Judge: expect.True("accessLogs.enabled"),
	},
	{
		Name: "cloudfront-logs", Description: "CloudFront distributions have access logging enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("CloudFront.5"), Level: rule.Mandatory,
		Why:   "Without access logs, an investigation cannot tell who requested what.",
		Fix:   "set loggingConfig.bucket to a bucket.",
		Types: []string{distributionType},
		Judge: expect.Set("loggingConfig.bucket"),
	},
	{
		Name: "s3-logs", Description: "S3 buckets have server access logging enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("S3.9"), Level: rule.Mandatory,
		Why:          "Without access logs, an investigation cannot tell who read or changed an object.",
		Fix:          "declare an aws.s3.BucketLoggingV2 for the bucket, with targetBucket in the same region.",
		Types:        []string{bucketType},
		JudgeInStack: judgeBucketLogs,
	},
	{
		Name: "waf-logs", Description: "WAF web ACLs have logging enabled.",
		Severity: rule.Low, Controls: rule.SecurityHub.Controls("WAF.11"), Level: rule.Mandatory,
		Why:   "Without logs, nobody can tell an attack from a rule that blocks real users.",
		Fix:   "declare an aws.wafv2.WebAclLoggingConfiguration for the web ACL.",
		Types: []string{webAclType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			return expect.Companion(
				r,
				stack,
				"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
				"resourceArn",
				"has no log",
			)
		},
	},
	{
		Name: "ecs-logs", Description: "Every container of a task definition has a log configuration.",
		Severity: rule.High, Controls: rule.FSBP.Controls("ECS.9"), Level: rule.Mandatory,
		Why:   "What a container prints before it fails is lost with it.",
		Fix:   "set logConfiguration in each of containerDefinitions.",
		Types: []string{"aws:ecs/taskDefinition:TaskDefinition"},
		Judge: judgeContainerLogs,
	},
	{
		Name: "ecs-insights", Description: "ECS clusters have Container Insights enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ECS.12"), Level: rule.Mandatory,
		Why:   "Without it there are no metrics per task and service to size and debug them by.",
		Fix:   "set containerInsights in settings to enabled or enhanced.",
		Types: []string{"aws:ecs/cluster:Cluster"},
		Judge: judgeInsights,
	},
	{
		Name: "rds-logs", Description: "RDS databases export their logs to CloudWatch Logs.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("RDS.9"), Level: rule.Mandatory,
		Why:   "Logs on the instance are rotated away, and are lost with the instance.",
		Fix:   "set enabledCloudwatchLogsExports to the logs of the engine, such as postgresql.",
		Types: []string{"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"},
		Judge: expect.Set("enabledCloudwatchLogsExports"),
	},
	{
		Name: "rds-monitoring", Description: "RDS databases have Enhanced Monitoring enabled.",
		Severity: rule.Low, Controls: rule.FSBP.Controls("RDS.6"), Level: rule.Mandatory,
		Why:      "Without it there are no metrics of the operating system, such as memory by process.",
		Fix:      "set monitoringInterval to 60 or less, and monitoringRoleArn.",
		Settings: []rule.Setting{oneSecond},
		Types:    []string{"aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"},
		Judge:    expect.AtLeast("monitoringInterval", oneSecond),
	},
	{
		Name: "log-retention", Description: "CloudWatch log groups retain events for at least the required number " +
			"of days.",
		Severity: rule.Medium, Controls: rule.SecurityHub.Controls("CloudWatch.16"), Level: rule.Mandatory,
		Why:      "Events that have expired are missing from the investigation of an incident.",
		Fix:      "set retentionInDays to that number of days or more.",
		Settings: []rule.Setting{minRetentionDays},
		Types:    []string{"aws:cloudwatch/logGroup:LogGroup"},
		Judge:    judgeRetention,
	},
	{
		Name: "alarm-actions", Description: "CloudWatch alarms have an action for the ALARM state.",
		Severity: rule.High, Controls: rule.SecurityHub.Controls("CloudWatch.15"), Level: rule.Mandatory,
		Why: "Nobody learns of an alarm that has no action.",
		Fix: "set alarmActions to the ARN of a topic, or name the alarm in a composite alarm or a " +
			"service's alarms.",
		Types:        []string{alarmType, compositeType},
		JudgeInStack: judgeAlarm,
	},
	{
		Name: "ecr-scan", Description: "ECR repositories scan images on push.",
		Severity: rule.High, Controls: rule.FSBP.Controls("ECR.1"), Level: rule.Mandatory,
		Why:   "Without scanning, images with known vulnerabilities are deployed unnoticed.",
		Fix:   "set imageScanningConfiguration.scanOnPush to true.",
		Types: []string{"aws:ecr/repository:Repository"},
		Judge: expect.True("imageScanningConfiguration.scanOnPush"),
	},
	{
		Name: "ecr-immutable", Description: "ECR repositories have immutable tags.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ECR.2"), Level: rule.Mandatory,
		Why:   "A tag that can move lets a task start another image than the one that was tested.",
		Fix:   "set imageTagMutability to IMMUTABLE.",
		Types: []string{"aws:ecr/repository:Repository"},
		Judge: expect.OneOf(
			"imageTagMutability",
			"IMMUTABLE",
			"IMMUTABLE_WITH_EXCLUSION",
		),
	},
	{
		Name: "ecr-lifecycle", Description: "ECR repositories have a lifecycle policy.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ECR.3"), Level: rule.Mandatory,
		Why:   "Without one, images of every build are stored, and paid for, for ever.",
		Fix:   "declare an aws.ecr.LifecyclePolicy for the repository.",
		Types: []string{"aws:ecr/repository:Repository"},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			return expect.Companion(
				r,
				stack,
				"aws:ecr/lifecyclePolicy:LifecyclePolicy",
				"repository",
				"has no lifecycle policy",
			)
		},
	},
}

const (
	alarmType     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
)

var oneSecond = rule.Setting{
	Name:        "minSeconds",
	Description: "largest monitoring interval in seconds",
	Default:     1,
	Minimum:     1,
}

func judgeContainerLogs(r rule.Resource, _ rule.Run) rule.Verdict {
	containers, verdict := expect.Containers(r)
	for i, c := range containers {
		if len(c.LogConfiguration) == 0 || string(c.LogConfiguration) == "null" {
			return rule.Violation(
				"containerDefinitions",
				"has a container without logConfiguration: container %d",
				i,
			)
		}
	}
	return verdict
}

func judgeInsights(r rule.Resource, _ rule.Run) rule.Verdict {
	settings := r.Get("settings")
	elements, state := settings.List()
	if state == property.Unknown || state == property.Mistyped {
		return rule.Unreadable(settings, state)
	}
	for _, s := range elements {
		if name, _ := s.Get("name").Text(); name != "containerInsights" {
			continue
		}
		switch text, state := s.Get("value").Text(); {
		case state == property.Unknown:
			return rule.Unreadable(s.Get("value"), state)
		case text == "enabled" || text == "enhanced":
			return rule.Pass()
		}
	}
	return rule.Violation(
		settings.Path(),
		"do not turn on containerInsights",
	)
}

// judgeRetention takes 0 for what it is, forever.
func judgeRetention(r rule.Resource, run rule.Run) rule.Verdict {
	days := r.Get("retentionInDays")
	number, state := days.Number()
	switch {
	case state == property.Absent || state == property.Known && number == 0:
		return rule.Violation(days.Path(), "is not set")
	case state == property.Known && number < float64(run.Int(minRetentionDays)):
		return rule.Violation(days.Path(), "is below %d", run.Int(minRetentionDays))
	case state != property.Known:
		return rule.Unreadable(days, state)
	}
	return rule.Pass()
}

// judgeAlarm lets an alarm be silent that another one, or a deployment, watches. What it tells has to be in the stack
// if it came from there; an ARN that came from nowhere is another stack's business. Who listens to a topic is not
// asked: people and chat rooms subscribe by hand.
func judgeAlarm(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if on, state := r.Get("actionsEnabled").Bool(); state == property.Known && !on {
		return rule.Violation("actionsEnabled", "is false")
	}
	actions := r.Get("alarmActions")
	elements, state := actions.List()
	switch {
	case hasLost(r, "alarmActions", stack):
		return rule.Violation(actions.Path(), "come from what is not in the stack any more")
	case state == property.Known && len(elements) > 0:
		return rule.Pass()
	case state == property.Unknown:
		return rule.Unreadable(actions, state)
	case watched(r, stack):
		return rule.NotApplicable("another alarm or a deployment acts on it")
	}
	return rule.Violation(actions.Path(), "are not set")
}

// hasLost reports whether a property comes from a resource that is gone.
func hasLost(r rule.Resource, property string, stack rule.Stack) bool {
	return slices.ContainsFunc(r.PropertyDependencies[property], func(urn string) bool { return !stack.Has(urn) })
}

func watched(alarm rule.Resource, stack rule.Stack) bool {
	name, state := alarm.Get("name").Text()
	for _, service := range stack.OfType("aws:ecs/service:Service") {
		names, _ := service.Get("alarms", "alarmNames").List()
		for _, n := range names {
			if text, known := n.Text(); known == property.Known && state == property.Known && text == name {
				return true
			}
		}
		if slices.ContainsFunc(
			stack.Sources(service, "alarms", alarmType).Resources,
			func(s rule.Resource) bool { return s.URN == alarm.URN },
		) {
			return true
		}
	}
	for _, composite := range stack.OfType(compositeType) {
		text, known := composite.Get("alarmRule").Text()
		if known == property.Known && state == property.Known && quotes(text, name) {
			return true
		}
		if slices.ContainsFunc(
			stack.Sources(composite, "alarmRule", alarmType).Resources,
			func(s rule.Resource) bool { return s.URN == alarm.URN },
		) {
			return true
		}
	}
	return false
}

// quotes reports whether the rule of a composite alarm names an alarm, as in ALARM("name").
func quotes(alarmRule, name string) bool {
	for _, form := range []string{`"` + name + `"`, "(" + name + ")"} {
		if strings.Contains(alarmRule, form) {
			return true
		}
	}
	return false
}

package aws_test

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

var stores = []specimen{
	{
		token.FileSystem,
		"",
		with(awstest.In{"encrypted": true}),
		`fs-[0-9a-f]{17}`,
		`arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-[0-9a-f]{17}`,
	},
	{token.MountTarget, "", func(h things) awstest.In {
		return awstest.In{"fileSystemId": h.id(token.FileSystem), "subnetId": h.id(token.Subnet)}
	}, `fsmt-[0-9a-f]{17}`, ``},
	{
		token.AccessPoint,
		"",
		func(h things) awstest.In { return awstest.In{"fileSystemId": h.id(token.FileSystem)} },
		`fsap-[0-9a-f]{17}`,
		`arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-[0-9a-f]{17}`,
	},
	{token.FileSystemBackup, "", func(h things) awstest.In {
		return awstest.In{"fileSystemId": h.id(token.FileSystem), "backupPolicy": awstest.In{"status": "ENABLED"}}
	}, `fs-[0-9a-f]{17}`, ``},
	{token.FileSystemPolicy, "", func(h things) awstest.In {
		return awstest.In{"fileSystemId": h.id(token.FileSystem), "policy": awstest.Grant}
	}, `fs-[0-9a-f]{17}`, ``},
	{
		token.MetricAlarm,
		"",
		with(
			awstest.In{
				"comparisonOperator": "GreaterThanThreshold",
				"evaluationPeriods":  1,
				"metricName":         "CPUUtilization",
				"namespace":          "AWS/ECS",
				"period":             60,
				"statistic":          "Average",
				"threshold":          80,
			},
		),
		`it-[0-9a-f]{7}`,
		`arn:aws:cloudwatch:us-east-1:123456789012:alarm:it-[0-9a-f]{7}`,
	},
	{token.CompositeAlarm, "", func(h things) awstest.In {
		return awstest.In{"alarmName": "shop", "alarmRule": "ALARM(" + h.id(token.MetricAlarm) + ")"}
	}, `shop`, `arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop`},
	{
		"aws:cloudwatch/dashboard:Dashboard",
		"",
		with(awstest.In{"dashboardName": "shop", "dashboardBody": `{"widgets":[]}`}),
		`shop`,
		``,
	},
	{token.LogMetricFilter, "", func(h things) awstest.In {
		return awstest.In{
			"logGroupName":         h.id(token.LogGroup),
			"name":                 "errors",
			"pattern":              "ERROR",
			"metricTransformation": awstest.In{"name": "Errors", "namespace": "Shop", "value": "1"},
		}
	}, `errors`, ``},
	{
		token.EventRule,
		"",
		with(awstest.In{"scheduleExpression": "rate(1 hour)"}),
		`it-[0-9a-f]{7}`,
		`arn:aws:events:us-east-1:123456789012:rule/it-[0-9a-f]{7}`,
	},
	{
		token.Topic,
		"",
		with(awstest.In{}),
		`arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}`,
		`arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}`,
	},
	{
		token.EventTarget,
		"",
		func(h things) awstest.In { return awstest.In{"rule": h.id(token.EventRule), "arn": h.arn(token.Topic)} },
		`it-[0-9a-f]{7}-it-[0-9a-f]{7}`,
		`arn:aws:sns:.*`,
	},
	{
		token.TopicPolicy,
		"",
		func(h things) awstest.In { return awstest.In{"arn": h.arn(token.Topic), "policy": awstest.Grant} },
		`arn:aws:sns:.*`,
		`arn:aws:sns:.*`,
	},
	{token.TopicSubscription, "", func(h things) awstest.In {
		return awstest.In{"topic": h.arn(token.Topic), "protocol": "email", "endpoint": "ops@example.com"}
	}, `arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}:[0-9a-f-]{36}`, `arn:aws:sns:.*`},
	{
		"aws:xray/samplingRule:SamplingRule",
		"",
		with(
			awstest.In{
				"ruleName":      "shop",
				"fixedRate":     0.05,
				"host":          "*",
				"httpMethod":    "*",
				"priority":      100,
				"reservoirSize": 1,
				"resourceArn":   "*",
				"serviceName":   "*",
				"serviceType":   "*",
				"urlPath":       "*",
				"version":       1,
			},
		),
		`shop`,
		`arn:aws:xray:us-east-1:123456789012:sampling-rule/shop`,
	},
	{
		"aws:xray/group:Group",
		"",
		with(awstest.In{"groupName": "shop", "filterExpression": "responsetime > 5"}),
		`arn:aws:xray:us-east-1:123456789012:group/shop/[A-Z2-7]{52}`,
		`arn:aws:xray:.*`,
	},
	{
		token.WebACL,
		"",
		with(
			awstest.In{
				"scope":         "REGIONAL",
				"defaultAction": awstest.In{"allow": awstest.In{}},
				"visibilityConfig": awstest.In{
					"cloudwatchMetricsEnabled": true,
					"metricName":               "shop",
					"sampledRequestsEnabled":   true,
				},
			},
		),
		`[0-9a-f-]{36}`,
		`arn:aws:wafv2:us-east-1:123456789012:regional/webacl/it-[0-9a-f]{7}/[0-9a-f-]{36}`,
	},
	{token.WebACLAssoc, "", func(h things) awstest.In {
		return awstest.In{"webAclArn": h.arn(token.WebACL), "resourceArn": h.arn(token.LoadBalancer)}
	}, `arn:aws:wafv2:.*,arn:aws:elasticloadbalancing:.*`, ``},
	{
		token.LogGroup,
		"waf",
		with(awstest.In{"name": "aws-waf-logs-shop"}),
		`aws-waf-logs-shop`,
		`arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop`,
	},
	{token.WebACLLogging, "", func(h things) awstest.In {
		return awstest.In{
			"resourceArn":           h.arn(token.WebACL),
			"logDestinationConfigs": []any{h.arn(token.LogGroup + " waf")},
		}
	}, `arn:aws:wafv2:.*`, ``},
	{
		token.Vault,
		"",
		with(awstest.In{}),
		`it-[0-9a-f]{7}`,
		`arn:aws:backup:us-east-1:123456789012:backup-vault:it-[0-9a-f]{7}`,
	},
	{token.Plan, "", func(h things) awstest.In {
		return awstest.In{
			"rules": []any{
				awstest.In{"ruleName": "daily", "targetVaultName": h.id(token.Vault), "schedule": "cron(0 5 * * ? *)"},
			},
		}
	}, `[0-9a-f-]{36}`, `arn:aws:backup:us-east-1:123456789012:backup-plan:[0-9a-f-]{36}`},
	{token.Selection, "", func(h things) awstest.In {
		return awstest.In{"planId": h.id(token.Plan), "iamRoleArn": h.arn(token.Role), "resources": []any{"*"}}
	}, `[0-9a-f-]{36}`, ``},
	{token.VaultPolicy, "", func(h things) awstest.In {
		return awstest.In{"backupVaultName": h.id(token.Vault), "policy": awstest.Grant}
	}, `it-[0-9a-f]{7}`, ``},
	{token.VaultLock, "", func(h things) awstest.In {
		return awstest.In{"backupVaultName": h.id(token.Vault), "minRetentionDays": 7}
	}, `it-[0-9a-f]{7}`, ``},
	{token.VaultNotifications, "", func(h things) awstest.In {
		return awstest.In{
			"backupVaultName":   h.id(token.Vault),
			"snsTopicArn":       h.arn(token.Topic),
			"backupVaultEvents": []any{"BACKUP_JOB_FAILED"},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.TestingPlan,
		"",
		with(
			awstest.In{
				"scheduleExpression": "cron(0 5 ? * SUN *)",
				"recoveryPointSelection": awstest.In{
					"algorithm":          "LATEST_WITHIN_WINDOW",
					"includeVaults":      []any{"*"},
					"recoveryPointTypes": []any{"SNAPSHOT"},
				},
			},
		),
		`it_[0-9a-f]{7}`,
		`arn:aws:backup:us-east-1:123456789012:restore-testing-plan:it_[0-9a-f]{7}-[0-9a-f-]{36}`,
	},
	{token.TestingSelection, "", func(h things) awstest.In {
		return awstest.In{
			"name":                   "rds",
			"restoreTestingPlanName": h.id(token.TestingPlan),
			"protectedResourceType":  "RDS",
			"protectedResourceArns":  []any{"*"},
			"iamRoleArn":             h.arn(token.Role),
		}
	}, `rds:it_[0-9a-f]{7}`, ``},
	{token.Function, "", func(h things) awstest.In {
		return awstest.In{
			"role":     h.arn(token.Role),
			"handler":  "index.handler",
			"runtime":  "nodejs22.x",
			"s3Bucket": h.id(token.Bucket),
			"s3Key":    "code.zip",
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:lambda:us-east-1:123456789012:function:it-[0-9a-f]{7}`},
	{token.Permission, "", func(h things) awstest.In {
		return awstest.In{
			"function":  h.id(token.Function),
			"action":    "lambda:InvokeFunction",
			"principal": "events.amazonaws.com",
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		"aws:servicediscovery/httpNamespace:HttpNamespace",
		"",
		with(awstest.In{}),
		`ns-[0-9a-z]{16}`,
		`arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-[0-9a-z]{16}`,
	},
	{
		token.PrivateNamespace,
		"",
		func(h things) awstest.In { return awstest.In{"name": "shop.internal", "vpc": h.id(token.Vpc)} },
		`ns-[0-9a-z]{16}`,
		`arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-[0-9a-z]{16}`,
	},
	{
		token.Secret,
		"",
		with(awstest.In{"recoveryWindowInDays": 0}),
		`arn:aws:secretsmanager:us-east-1:123456789012:secret:it-[0-9a-f]{7}-[0-9A-Za-z]{6}`,
		`arn:aws:secretsmanager:.*`,
	},
	{token.SecretVersion, "", func(h things) awstest.In {
		return awstest.In{"secretId": h.id(token.Secret), "secretString": "hunter2"}
	}, `arn:aws:secretsmanager:.*\|terraform-[0-9]{18}[0-9a-f]{8}`, `arn:aws:secretsmanager:.*`},
}

package aws_test

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

var outerSatellites = []specimen{
	{
		token.ResponseHeaders,
		"",
		with(awstest.In{"securityHeadersConfig": awstest.In{"contentTypeOptions": awstest.In{"override": true}}}),
		`[0-9a-f-]{36}`,
		`arn:aws:cloudfront::123456789012:response-headers-policy/[0-9a-f-]{36}`,
	},
	{
		token.CachePolicy,
		"",
		with(
			awstest.In{
				"parametersInCacheKeyAndForwardedToOrigin": awstest.In{
					"cookiesConfig": awstest.In{"cookieBehavior": "none"},
					"headersConfig": awstest.In{"headerBehavior": "none"},
					"queryStringsConfig": awstest.In{
						"queryStringBehavior": "none",
					},
				},
			},
		),
		`[0-9a-f-]{36}`,
		`arn:aws:cloudfront::123456789012:cache-policy/[0-9a-f-]{36}`,
	},
	{
		token.OriginRequestPolicy,
		"",
		with(
			awstest.In{
				"cookiesConfig": awstest.In{"cookieBehavior": "none"},
				"headersConfig": awstest.In{"headerBehavior": "none"},
				"queryStringsConfig": awstest.In{
					"queryStringBehavior": "none",
				},
			},
		),
		`[0-9a-f-]{36}`,
		`arn:aws:cloudfront::123456789012:origin-request-policy/[0-9a-f-]{36}`,
	},
	{
		token.EdgeFunction,
		"",
		with(awstest.In{"runtime": "cloudfront-js-2.0", "code": "function handler(event) { return event.request; }"}),
		`it-[0-9a-f]{7}`,
		`arn:aws:cloudfront::123456789012:function/it-[0-9a-f]{7}`,
	},
	{token.EdgeMonitoring, "", func(h things) awstest.In {
		return awstest.In{
			"distributionId": h.id(token.Distribution),
			"monitoringSubscription": awstest.In{
				"realtimeMetricsSubscriptionConfig": awstest.In{"realtimeMetricsSubscriptionStatus": "Enabled"},
			},
		}
	}, `E[0-9A-Z]{13}`, ``},

	{
		token.FileSystem,
		"copy",
		with(
			awstest.In{
				"creationToken": "copy",
				"encrypted":     true,
				"protection":    awstest.In{"replicationOverwrite": "DISABLED"},
			},
		),
		`fs-[0-9a-f]{17}`,
		`arn:aws:elasticfilesystem:.*`,
	},
	{token.FileReplication, "", func(h things) awstest.In {
		return awstest.In{
			"sourceFileSystemId": h.id(token.FileSystem),
			"destination":        awstest.In{"region": "us-east-1", "fileSystemId": h.id(token.FileSystem + " copy")},
		}
	}, `fs-[0-9a-f]{17}`, ``},

	{
		token.IPSet,
		"",
		with(awstest.In{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}}),
		`[0-9a-f-]{36}`,
		`arn:aws:wafv2:us-east-1:123456789012:regional/ipset/it-[0-9a-f]{7}/[0-9a-f-]{36}`,
	},
	{
		token.RegexSet,
		"",
		with(awstest.In{"scope": "REGIONAL", "regularExpressions": []any{awstest.In{"regexString": "^/admin"}}}),
		`[0-9a-f-]{36}`,
		`arn:aws:wafv2:us-east-1:123456789012:regional/regexpatternset/it-[0-9a-f]{7}/[0-9a-f-]{36}`,
	},
	{
		token.RuleGroup,
		"",
		with(
			awstest.In{
				"scope":    "REGIONAL",
				"capacity": 10,
				"visibilityConfig": awstest.In{
					"cloudwatchMetricsEnabled": true,
					"metricName":               "own",
					"sampledRequestsEnabled":   true,
				},
			},
		),
		`[0-9a-f-]{36}`,
		`arn:aws:wafv2:us-east-1:123456789012:regional/rulegroup/it-[0-9a-f]{7}/[0-9a-f-]{36}`,
	},

	{
		"aws:backup/regionSettings:RegionSettings",
		"",
		with(awstest.In{"resourceTypeOptInPreference": awstest.In{"RDS": true}}),
		`us-east-1`,
		``,
	},
	{
		"aws:backup/globalSettings:GlobalSettings",
		"",
		with(awstest.In{"globalSettings": awstest.In{"isCrossAccountBackupEnabled": "false"}}),
		`123456789012`,
		``,
	},
	{
		"aws:backup/framework:Framework",
		"",
		with(awstest.In{"controls": []any{awstest.In{"name": "BACKUP_RECOVERY_POINT_ENCRYPTED"}}}),
		`it_[0-9a-f]{7}`,
		`arn:aws:backup:us-east-1:123456789012:framework:it_[0-9a-f]{7}-[0-9a-f-]{36}`,
	},
	{"aws:backup/reportPlan:ReportPlan", "", func(h things) awstest.In {
		return awstest.In{
			"reportDeliveryChannel": awstest.In{"s3BucketName": h.id(token.Bucket), "formats": []any{"CSV"}},
			"reportSetting":         awstest.In{"reportTemplate": "RESTORE_JOB_REPORT"},
		}
	}, `it_[0-9a-f]{7}`, `arn:aws:backup:us-east-1:123456789012:report-plan:it_[0-9a-f]{7}-[0-9a-f-]{36}`},

	{"aws:cloudwatch/queryDefinition:QueryDefinition", "", func(h things) awstest.In {
		return awstest.In{
			"name":          "shop/errors",
			"queryString":   "fields @timestamp",
			"logGroupNames": []any{h.id(token.LogGroup)},
		}
	}, `[0-9a-f-]{36}`, ``},
	{
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
		"",
		with(awstest.In{"policyName": "waf", "policyDocument": awstest.PullGrant}),
		`waf`,
		``,
	},
	{
		token.LogStream,
		"",
		func(h things) awstest.In { return awstest.In{"logGroupName": h.id(token.LogGroup), "name": "app"} },
		`app`,
		`arn:aws:logs:us-east-1:123456789012:log-group:.*:log-stream:app`,
	},
	{token.LogSubscription, "", func(h things) awstest.In {
		return awstest.In{
			"logGroup":       h.id(token.LogGroup),
			"filterPattern":  "",
			"destinationArn": h.arn(token.Function),
		}
	}, `cwlsf-` + awstest.TenDigits, ``},
	{
		token.EventBus,
		"",
		with(awstest.In{"name": "shop"}),
		`shop`,
		`arn:aws:events:us-east-1:123456789012:event-bus/shop`,
	},
	{token.EventArchive, "", func(h things) awstest.In {
		return awstest.In{"eventSourceArn": h.arn(token.EventBus), "retentionDays": 7}
	}, `it-[0-9a-f]{7}`, `arn:aws:events:us-east-1:123456789012:archive/it-[0-9a-f]{7}`},
	{
		token.TraceEncryption,
		"",
		func(h things) awstest.In { return awstest.In{"type": "KMS", "keyId": h.arn(token.Key)} },
		`us-east-1`,
		``,
	},
	{token.SlackChannel, "", func(h things) awstest.In {
		return awstest.In{
			"configurationName": "shop",
			"iamRoleArn":        h.arn(token.Role),
			"slackChannelId":    "C012345",
			"slackTeamId":       "T012345",
			"snsTopicArns":      []any{h.arn(token.Topic)},
		}
	}, `arn:aws:chatbot::123456789012:chat-configuration/slack-channel/shop`, ``},
	{token.TeamsChannel, "", func(h things) awstest.In {
		return awstest.In{
			"configurationName": "shop",
			"iamRoleArn":        h.arn(token.Role),
			"channelId":         "19:x@thread.tacv2",
			"teamId":            "1",
			"tenantId":          "2",
		}
	}, `arn:aws:chatbot::123456789012:chat-configuration/microsoft-teams-channel/shop`, ``},

	{
		token.Queue,
		"dead",
		with(awstest.In{}),
		`https://sqs.us-east-1.amazonaws.com/123456789012/it-[0-9a-f]{7}`,
		`arn:aws:sqs:.*`,
	},
	{token.Queue, "", func(h things) awstest.In {
		return awstest.In{
			"name":          "jobs",
			"redrivePolicy": `{"deadLetterTargetArn":"` + h.arn(token.Queue+" dead") + `","maxReceiveCount":5}`,
		}
	}, `https://sqs.us-east-1.amazonaws.com/123456789012/jobs`, `arn:aws:sqs:us-east-1:123456789012:jobs`},
	{token.QueuePolicy, "", func(h things) awstest.In {
		return awstest.In{"queueUrl": h.id(token.Queue), "policy": awstest.PullGrant}
	}, `https://sqs.*`, ``},
	{token.QueueRedrive, "", func(h things) awstest.In {
		return awstest.In{
			"queueUrl":      h.id(token.Queue),
			"redrivePolicy": `{"deadLetterTargetArn":"` + h.arn(token.Queue+" dead") + `","maxReceiveCount":5}`,
		}
	}, `https://sqs.*`, ``},
	{token.QueueRedriveAllow, "", func(h things) awstest.In {
		return awstest.In{
			"queueUrl":           h.id(token.Queue + " dead"),
			"redriveAllowPolicy": `{"redrivePermission":"allowAll"}`,
		}
	}, `https://sqs.*`, ``},
	{token.FunctionAlias, "", func(h things) awstest.In {
		return awstest.In{"functionName": h.id(token.Function), "functionVersion": "$LATEST", "name": "live"}
	}, `arn:aws:lambda:us-east-1:123456789012:function:it-[0-9a-f]{7}:live`, `arn:aws:lambda:.*`},
	{token.EventSource, "", func(h things) awstest.In {
		return awstest.In{"functionName": h.arn(token.Function), "eventSourceArn": h.arn(token.Queue)}
	}, `[0-9a-f-]{36}`, `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:[0-9a-f-]{36}`},
	{token.FunctionEvents, "", func(h things) awstest.In {
		return awstest.In{
			"functionName":      h.id(token.Function),
			"destinationConfig": awstest.In{"onFailure": awstest.In{"destination": h.arn(token.Queue)}},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{token.Invocation, "", func(h things) awstest.In {
		return awstest.In{
			"functionName": h.id(token.Function),
			"input":        `{"a":1}`,
			"triggers":     awstest.In{"definition": "shop:1"},
		}
	}, `it-[0-9a-f]{7}_\$LATEST_[0-9a-f]{32}`, ``},
	{token.StateMachine, "", func(h things) awstest.In {
		return awstest.In{"definition": awstest.Steps, "roleArn": h.arn(token.Role)}
	}, `arn:aws:states:us-east-1:123456789012:stateMachine:it-[0-9a-f]{7}`, `arn:aws:states:.*`},
}

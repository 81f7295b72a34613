package aws_test

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// satellites are things around the foundations, in the order in which they can be made.
var satellites = []specimen{
	{
		token.EgressOnlyGateway,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`eigw-[0-9a-f]{17}`,
		``,
	},
	{
		token.ServiceLinkedRole,
		"",
		with(awstest.In{"awsServiceName": "rds.amazonaws.com"}),
		`arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`,
		`arn:aws:iam::.*`,
	},
	{
		token.IdentityProvider,
		"",
		with(
			awstest.In{
				"url":           "https://token.actions.githubusercontent.com",
				"clientIdLists": []any{"sts.amazonaws.com"},
			},
		),
		`arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com`,
		`arn:aws:iam::.*`,
	},
	{token.KeyPolicy, "", func(h things) awstest.In {
		return awstest.In{"keyId": h.id(token.Key), "policy": awstest.KeyPolicy("logs.us-east-1.amazonaws.com")}
	}, `[0-9a-f-]{36}`, ``},
	{
		token.Parameter,
		"",
		with(awstest.In{"name": "/shop/flag", "type": "String", "insecureValue": "on"}),
		`/shop/flag`,
		`arn:aws:ssm:us-east-1:123456789012:parameter/shop/flag`,
	},
	{token.SecretPolicy, "", func(h things) awstest.In {
		return awstest.In{"secretArn": h.arn(token.Secret), "policy": awstest.Grant}
	}, `arn:aws:secretsmanager:.*`, ``},
	{token.SecretRotation, "", func(h things) awstest.In {
		return awstest.In{"secretId": h.id(token.Secret), "rotationRules": awstest.In{"automaticallyAfterDays": 30}}
	}, `arn:aws:secretsmanager:.*`, ``},

	{token.RepositoryPolicy, "", func(h things) awstest.In {
		return awstest.In{"repository": h.id(token.Repository), "policy": awstest.PullGrant}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.ImageReplication,
		"",
		with(
			awstest.In{
				"replicationConfiguration": awstest.In{
					"rules": []any{
						awstest.In{
							"destinations": []any{awstest.In{"region": "us-west-2", "registryId": "123456789012"}},
							"repositoryFilters": []any{
								awstest.In{"filter": "shop-", "filterType": "PREFIX_MATCH"},
							},
						},
					},
				},
			},
		),
		`123456789012`,
		``,
	},
	{
		token.PullThrough,
		"",
		with(awstest.In{"ecrRepositoryPrefix": "ecr-public", "upstreamRegistryUrl": "public.ecr.aws"}),
		`ecr-public`,
		``,
	},
	{
		token.RepositoryTemplate,
		"",
		with(awstest.In{"prefix": "ecr-public", "appliedFors": []any{"PULL_THROUGH_CACHE"}}),
		`ecr-public`,
		``,
	},
	{"aws:ecr/registryPolicy:RegistryPolicy", "", with(awstest.In{"policy": awstest.PullGrant}), `123456789012`, ``},
	{
		"aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
		"",
		with(awstest.In{"scanType": "BASIC"}),
		`123456789012`,
		``,
	},

	{token.LifecycleHook, "", func(h things) awstest.In {
		return awstest.In{
			"autoscalingGroupName": h[token.AutoScalingGroup].Str("name"),
			"lifecycleTransition":  "autoscaling:EC2_INSTANCE_TERMINATING",
		}
	}, `it-[0-9a-f]{7}`, ``},
	{token.GroupSchedule, "", func(h things) awstest.In {
		return awstest.In{
			"autoscalingGroupName": h[token.AutoScalingGroup].Str("name"),
			"scheduledActionName":  "night",
			"minSize":              0,
			"maxSize":              1,
			"desiredCapacity":      0,
			"recurrence":           "0 22 * * *",
		}
	}, `night`, `arn:aws:autoscaling:us-east-1:123456789012:scheduledUpdateGroupAction:[0-9a-f-]{36}:` +
		`autoScalingGroupName/.*:scheduledActionName/night`},
	{token.GroupPolicy, "", func(h things) awstest.In {
		return awstest.In{
			"autoscalingGroupName": h[token.AutoScalingGroup].Str("name"),
			"adjustmentType":       "ChangeInCapacity",
			"scalingAdjustment":    1,
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:[0-9a-f-]{36}:` +
		`autoScalingGroupName/.*:policyName/it-[0-9a-f]{7}`},
	{token.ScheduledAction, "", func(h things) awstest.In {
		return awstest.In{
			"resourceId":           h.id(token.ScalingTarget),
			"scalableDimension":    "ecs:service:DesiredCount",
			"serviceNamespace":     "ecs",
			"schedule":             "cron(0 22 * * ? *)",
			"scalableTargetAction": awstest.In{"minCapacity": 0, "maxCapacity": 1},
		}
	}, `it-[0-9a-f]{7}-ecs-service/it-[0-9a-f]{7}/` +
		`it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:[0-9a-f-]{36}:resource/ecs/` +
		`service/.*:scheduledActionName/it-[0-9a-f]{7}`},

	{
		token.Zone,
		"",
		with(awstest.In{"name": "shop.example.com."}),
		`Z[0-9A-Z]{20}`,
		`arn:aws:route53:::hostedzone/Z[0-9A-Z]{20}`,
	},
	{
		"aws:route53/healthCheck:HealthCheck",
		"",
		with(
			awstest.In{
				"type":             "HTTPS",
				"fqdn":             "shop.example.com",
				"port":             443,
				"failureThreshold": 3,
				"requestInterval":  30,
			},
		),
		`[0-9a-f-]{36}`,
		`arn:aws:route53:::healthcheck/[0-9a-f-]{36}`,
	},

	{
		token.DBClusterParameters,
		"",
		with(
			awstest.In{
				"family":     "aurora-postgresql16",
				"parameters": []any{awstest.In{"name": "rds.force_ssl", "value": "1"}},
			},
		),
		`it-[0-9a-f]{7}`,
		`arn:aws:rds:us-east-1:123456789012:cluster-pg:it-[0-9a-f]{7}`,
	},
	{token.DBProxy, "", func(h things) awstest.In {
		return awstest.In{
			"engineFamily": "POSTGRESQL",
			"roleArn":      h.arn(token.Role),
			"vpcSubnetIds": []any{h.id(token.Subnet), h.id(token.Subnet + " b")},
			"requireTls":   true,
			"auths": []any{
				awstest.In{"authScheme": "SECRETS", "secretArn": h.arn(token.Secret), "iamAuth": "DISABLED"},
			},
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:db-proxy:prx-[0-9a-z]{17}`},
	{
		token.DBProxyTargetGroup,
		"",
		func(h things) awstest.In { return awstest.In{"dbProxyName": h.id(token.DBProxy)} },
		`it-[0-9a-f]{7}`,
		`arn:aws:rds:us-east-1:123456789012:target-group:prx-tg-[0-9a-z]{17}`,
	},
	{token.DBProxyTarget, "", func(h things) awstest.In {
		return awstest.In{
			"dbProxyName":          h.id(token.DBProxy),
			"targetGroupName":      "default",
			"dbInstanceIdentifier": "shop",
		}
	}, `it-[0-9a-f]{7}/default/RDS_INSTANCE/shop`, ``},
	{token.DBProxyEndpoint, "", func(h things) awstest.In {
		return awstest.In{
			"dbProxyName":         h.id(token.DBProxy),
			"dbProxyEndpointName": "reader",
			"targetRole":          "READ_ONLY",
			"vpcSubnetIds":        []any{h.id(token.Subnet), h.id(token.Subnet + " b")},
		}
	}, `it-[0-9a-f]{7}/reader`, `arn:aws:rds:us-east-1:123456789012:db-proxy-endpoint:prx-endpoint-[0-9a-z]{17}`},
	{token.DBEvents, "", func(h things) awstest.In {
		return awstest.In{
			"snsTopic":        h.arn(token.Topic),
			"sourceType":      "db-instance",
			"sourceIds":       []any{"shop"},
			"eventCategories": []any{"failover", "failure"},
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:es:it-[0-9a-f]{7}`},

	{
		token.BucketNotification,
		"",
		func(h things) awstest.In { return awstest.In{"bucket": h.id(token.Bucket), "eventbridge": true} },
		`it-[0-9a-f]{7}`,
		``,
	},
	{token.BucketObjectV2, "", func(h things) awstest.In {
		return awstest.In{"bucket": h.id(token.Bucket), "content": "hello", "contentType": "text/plain"}
	}, `it`, `arn:aws:s3:::it-[0-9a-f]{7}/it`},
	{token.BucketObjectLock, "", func(h things) awstest.In {
		return awstest.In{
			"bucket": h.id(token.Bucket),
			"rule":   awstest.In{"defaultRetention": awstest.In{"mode": "GOVERNANCE", "days": 7}},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{token.BucketCORS, "", func(h things) awstest.In {
		return awstest.In{
			"bucket":    h.id(token.Bucket),
			"corsRules": []any{awstest.In{"allowedMethods": []any{"GET"}, "allowedOrigins": []any{"*"}}},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.BucketMetric,
		"",
		func(h things) awstest.In { return awstest.In{"bucket": h.id(token.Bucket)} },
		`it-[0-9a-f]{7}:it-[0-9a-f]{7}`,
		``,
	},
	{token.BucketTiering, "", func(h things) awstest.In {
		return awstest.In{
			"bucket":   h.id(token.Bucket),
			"tierings": []any{awstest.In{"accessTier": "ARCHIVE_ACCESS", "days": 125}},
		}
	}, `it-[0-9a-f]{7}:it-[0-9a-f]{7}`, ``},
	{token.Bucket, "logs", with(awstest.In{"bucket": "logs"}), `logs`, `arn:aws:s3:::logs`},
	{token.BucketOwnership, "logs", func(h things) awstest.In {
		return awstest.In{
			"bucket": h.id(token.Bucket + " logs"),
			"rule":   awstest.In{"objectOwnership": "BucketOwnerPreferred"},
		}
	}, `logs`, ``},
	{
		token.BucketACL,
		"",
		func(h things) awstest.In { return awstest.In{"bucket": h.id(token.Bucket + " logs"), "acl": "private"} },
		`logs,private`,
		``,
	},

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

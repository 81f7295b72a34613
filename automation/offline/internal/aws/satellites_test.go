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
				"parameters": []any{awstest.In{"name": "log_statement", "value": "ddl"}},
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
}

package aws

const (
	steps     = `{"StartAt":"Redeploy","States":{"Redeploy":{"Type":"Pass","End":true}}}`
	pullGrant = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"ecr:BatchGetImage"}]}`
	tenDigits = `[0-9]{10}`
)

// satellites are things around the foundations, in the order in which they can be made.
var satellites = []specimen{
	{tEgressOnlyGateway, "", func(h things) in { return in{"vpcId": h.id(tVpc)} }, `eigw-[0-9a-f]{17}`, ``},
	{tServiceLinkedRole, "", with(in{"awsServiceName": "rds.amazonaws.com"}), `arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`, `arn:aws:iam::.*`},
	{tIdentityProvider, "", with(in{"url": "https://token.actions.githubusercontent.com", "clientIdLists": []any{"sts.amazonaws.com"}}), `arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com`, `arn:aws:iam::.*`},
	{tKeyPolicy, "", func(h things) in { return in{"keyId": h.id(tKey), "policy": keyPolicy("logs.us-east-1.amazonaws.com")} }, `[0-9a-f-]{36}`, ``},
	{tParameter, "", with(in{"name": "/shop/flag", "type": "String", "insecureValue": "on"}), `/shop/flag`, `arn:aws:ssm:us-east-1:123456789012:parameter/shop/flag`},
	{tSecretPolicy, "", func(h things) in { return in{"secretArn": h.arn(tSecret), "policy": grant} }, `arn:aws:secretsmanager:.*`, ``},
	{tSecretRotation, "", func(h things) in {
		return in{"secretId": h.id(tSecret), "rotationRules": in{"automaticallyAfterDays": 30}}
	}, `arn:aws:secretsmanager:.*`, ``},

	{tRepositoryPolicy, "", func(h things) in { return in{"repository": h.id(tRepository), "policy": pullGrant} }, `it-[0-9a-f]{7}`, ``},
	{tImageReplication, "", with(in{"replicationConfiguration": in{"rules": []any{in{"destinations": []any{in{"region": "us-west-2", "registryId": "123456789012"}},
		"repositoryFilters": []any{in{"filter": "shop-", "filterType": "PREFIX_MATCH"}}}}}}), `123456789012`, ``},
	{tPullThrough, "", with(in{"ecrRepositoryPrefix": "ecr-public", "upstreamRegistryUrl": "public.ecr.aws"}), `ecr-public`, ``},
	{tRepositoryTemplate, "", with(in{"prefix": "ecr-public", "appliedFors": []any{"PULL_THROUGH_CACHE"}}), `ecr-public`, ``},
	{"aws:ecr/registryPolicy:RegistryPolicy", "", with(in{"policy": pullGrant}), `123456789012`, ``},
	{"aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration", "", with(in{"scanType": "BASIC"}), `123456789012`, ``},

	{tLifecycleHook, "", func(h things) in {
		return in{"autoscalingGroupName": h[tAutoScalingGroup].str("name"), "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}
	}, `it-[0-9a-f]{7}`, ``},
	{tGroupSchedule, "", func(h things) in {
		return in{"autoscalingGroupName": h[tAutoScalingGroup].str("name"), "scheduledActionName": "night", "minSize": 0, "maxSize": 1, "desiredCapacity": 0, "recurrence": "0 22 * * *"}
	}, `night`, `arn:aws:autoscaling:us-east-1:123456789012:scheduledUpdateGroupAction:[0-9a-f-]{36}:autoScalingGroupName/.*:scheduledActionName/night`},
	{tGroupPolicy, "", func(h things) in {
		return in{"autoscalingGroupName": h[tAutoScalingGroup].str("name"), "adjustmentType": "ChangeInCapacity", "scalingAdjustment": 1}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName/.*:policyName/it-[0-9a-f]{7}`},
	{tScheduledAction, "", func(h things) in {
		return in{"resourceId": h.id(tScalingTarget), "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs", "schedule": "cron(0 22 * * ? *)",
			"scalableTargetAction": in{"minCapacity": 0, "maxCapacity": 1}}
	}, `it-[0-9a-f]{7}-ecs-service/it-[0-9a-f]{7}/it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:[0-9a-f-]{36}:resource/ecs/service/.*:scheduledActionName/it-[0-9a-f]{7}`},

	{tZone, "", with(in{"name": "shop.example.com."}), `Z[0-9A-Z]{20}`, `arn:aws:route53:::hostedzone/Z[0-9A-Z]{20}`},
	{"aws:route53/healthCheck:HealthCheck", "", with(in{"type": "HTTPS", "fqdn": "shop.example.com", "port": 443, "failureThreshold": 3, "requestInterval": 30}), `[0-9a-f-]{36}`, `arn:aws:route53:::healthcheck/[0-9a-f-]{36}`},

	{tDBClusterParameters, "", with(in{"family": "aurora-postgresql16", "parameters": []any{in{"name": "rds.force_ssl", "value": "1"}}}), `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:cluster-pg:it-[0-9a-f]{7}`},
	{tDBProxy, "", func(h things) in {
		return in{"engineFamily": "POSTGRESQL", "roleArn": h.arn(tRole), "vpcSubnetIds": []any{h.id(tSubnet), h.id(tSubnet + " b")}, "requireTls": true,
			"auths": []any{in{"authScheme": "SECRETS", "secretArn": h.arn(tSecret), "iamAuth": "DISABLED"}}}
	}, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:db-proxy:prx-[0-9a-z]{17}`},
	{tDBProxyTargetGroup, "", func(h things) in { return in{"dbProxyName": h.id(tDBProxy)} }, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:target-group:prx-tg-[0-9a-z]{17}`},
	{tDBProxyTarget, "", func(h things) in {
		return in{"dbProxyName": h.id(tDBProxy), "targetGroupName": "default", "dbInstanceIdentifier": "shop"}
	}, `it-[0-9a-f]{7}/default/RDS_INSTANCE/shop`, ``},
	{tDBProxyEndpoint, "", func(h things) in {
		return in{"dbProxyName": h.id(tDBProxy), "dbProxyEndpointName": "reader", "targetRole": "READ_ONLY", "vpcSubnetIds": []any{h.id(tSubnet), h.id(tSubnet + " b")}}
	}, `it-[0-9a-f]{7}/reader`, `arn:aws:rds:us-east-1:123456789012:db-proxy-endpoint:prx-endpoint-[0-9a-z]{17}`},
	{tDBEvents, "", func(h things) in {
		return in{"snsTopic": h.arn(tTopic), "sourceType": "db-instance", "sourceIds": []any{"shop"}, "eventCategories": []any{"failover", "failure"}}
	}, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:es:it-[0-9a-f]{7}`},

	{tBucketNotification, "", func(h things) in { return in{"bucket": h.id(tBucket), "eventbridge": true} }, `it-[0-9a-f]{7}`, ``},
	{tBucketObjectV2, "", func(h things) in { return in{"bucket": h.id(tBucket), "content": "hello", "contentType": "text/plain"} }, `it`, `arn:aws:s3:::it-[0-9a-f]{7}/it`},
	{tBucketObjectLock, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "rule": in{"defaultRetention": in{"mode": "GOVERNANCE", "days": 7}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketCORS, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "corsRules": []any{in{"allowedMethods": []any{"GET"}, "allowedOrigins": []any{"*"}}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketMetric, "", func(h things) in { return in{"bucket": h.id(tBucket)} }, `it-[0-9a-f]{7}:it-[0-9a-f]{7}`, ``},
	{tBucketTiering, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "tierings": []any{in{"accessTier": "ARCHIVE_ACCESS", "days": 125}}}
	}, `it-[0-9a-f]{7}:it-[0-9a-f]{7}`, ``},
	{tBucket, "logs", with(in{"bucket": "logs"}), `logs`, `arn:aws:s3:::logs`},
	{tBucketOwnership, "logs", func(h things) in {
		return in{"bucket": h.id(tBucket + " logs"), "rule": in{"objectOwnership": "BucketOwnerPreferred"}}
	}, `logs`, ``},
	{tBucketACL, "", func(h things) in { return in{"bucket": h.id(tBucket + " logs"), "acl": "private"} }, `logs,private`, ``},

	{tResponseHeaders, "", with(in{"securityHeadersConfig": in{"contentTypeOptions": in{"override": true}}}), `[0-9a-f-]{36}`, `arn:aws:cloudfront::123456789012:response-headers-policy/[0-9a-f-]{36}`},
	{tCachePolicy, "", with(in{"parametersInCacheKeyAndForwardedToOrigin": in{"cookiesConfig": in{"cookieBehavior": "none"}, "headersConfig": in{"headerBehavior": "none"},
		"queryStringsConfig": in{"queryStringBehavior": "none"}}}), `[0-9a-f-]{36}`, `arn:aws:cloudfront::123456789012:cache-policy/[0-9a-f-]{36}`},
	{tOriginRequestPolicy, "", with(in{"cookiesConfig": in{"cookieBehavior": "none"}, "headersConfig": in{"headerBehavior": "none"},
		"queryStringsConfig": in{"queryStringBehavior": "none"}}), `[0-9a-f-]{36}`, `arn:aws:cloudfront::123456789012:origin-request-policy/[0-9a-f-]{36}`},
	{tEdgeFunction, "", with(in{"runtime": "cloudfront-js-2.0", "code": "function handler(event) { return event.request; }"}), `it-[0-9a-f]{7}`, `arn:aws:cloudfront::123456789012:function/it-[0-9a-f]{7}`},
	{tEdgeMonitoring, "", func(h things) in {
		return in{"distributionId": h.id(tDistribution), "monitoringSubscription": in{"realtimeMetricsSubscriptionConfig": in{"realtimeMetricsSubscriptionStatus": "Enabled"}}}
	}, `E[0-9A-Z]{13}`, ``},

	{tFileSystem, "copy", with(in{"creationToken": "copy", "encrypted": true, "protection": in{"replicationOverwrite": "DISABLED"}}), `fs-[0-9a-f]{17}`, `arn:aws:elasticfilesystem:.*`},
	{tFileReplication, "", func(h things) in {
		return in{"sourceFileSystemId": h.id(tFileSystem), "destination": in{"region": "us-east-1", "fileSystemId": h.id(tFileSystem + " copy")}}
	}, `fs-[0-9a-f]{17}`, ``},

	{tIPSet, "", with(in{"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": []any{"192.0.2.0/24"}}), `[0-9a-f-]{36}`, `arn:aws:wafv2:us-east-1:123456789012:regional/ipset/it-[0-9a-f]{7}/[0-9a-f-]{36}`},
	{tRegexSet, "", with(in{"scope": "REGIONAL", "regularExpressions": []any{in{"regexString": "^/admin"}}}), `[0-9a-f-]{36}`, `arn:aws:wafv2:us-east-1:123456789012:regional/regexpatternset/it-[0-9a-f]{7}/[0-9a-f-]{36}`},
	{tRuleGroup, "", with(in{"scope": "REGIONAL", "capacity": 10, "visibilityConfig": in{"cloudwatchMetricsEnabled": true, "metricName": "own", "sampledRequestsEnabled": true}}),
		`[0-9a-f-]{36}`, `arn:aws:wafv2:us-east-1:123456789012:regional/rulegroup/it-[0-9a-f]{7}/[0-9a-f-]{36}`},

	{"aws:backup/regionSettings:RegionSettings", "", with(in{"resourceTypeOptInPreference": in{"RDS": true}}), `us-east-1`, ``},
	{"aws:backup/globalSettings:GlobalSettings", "", with(in{"globalSettings": in{"isCrossAccountBackupEnabled": "false"}}), `123456789012`, ``},
	{"aws:backup/framework:Framework", "", with(in{"controls": []any{in{"name": "BACKUP_RECOVERY_POINT_ENCRYPTED"}}}), `it_[0-9a-f]{7}`, `arn:aws:backup:us-east-1:123456789012:framework:it_[0-9a-f]{7}-[0-9a-f-]{36}`},
	{"aws:backup/reportPlan:ReportPlan", "", func(h things) in {
		return in{"reportDeliveryChannel": in{"s3BucketName": h.id(tBucket), "formats": []any{"CSV"}}, "reportSetting": in{"reportTemplate": "RESTORE_JOB_REPORT"}}
	}, `it_[0-9a-f]{7}`, `arn:aws:backup:us-east-1:123456789012:report-plan:it_[0-9a-f]{7}-[0-9a-f-]{36}`},

	{"aws:cloudwatch/queryDefinition:QueryDefinition", "", func(h things) in {
		return in{"name": "shop/errors", "queryString": "fields @timestamp", "logGroupNames": []any{h.id(tLogGroup)}}
	}, `[0-9a-f-]{36}`, ``},
	{"aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "", with(in{"policyName": "waf", "policyDocument": pullGrant}), `waf`, ``},
	{tLogStream, "", func(h things) in { return in{"logGroupName": h.id(tLogGroup), "name": "app"} }, `app`, `arn:aws:logs:us-east-1:123456789012:log-group:.*:log-stream:app`},
	{tLogSubscription, "", func(h things) in {
		return in{"logGroup": h.id(tLogGroup), "filterPattern": "", "destinationArn": h.arn(tFunction)}
	}, `cwlsf-` + tenDigits, ``},
	{tEventBus, "", with(in{"name": "shop"}), `shop`, `arn:aws:events:us-east-1:123456789012:event-bus/shop`},
	{tEventArchive, "", func(h things) in { return in{"eventSourceArn": h.arn(tEventBus), "retentionDays": 7} }, `it-[0-9a-f]{7}`, `arn:aws:events:us-east-1:123456789012:archive/it-[0-9a-f]{7}`},
	{tTraceEncryption, "", func(h things) in { return in{"type": "KMS", "keyId": h.arn(tKey)} }, `us-east-1`, ``},
	{tSlackChannel, "", func(h things) in {
		return in{"configurationName": "shop", "iamRoleArn": h.arn(tRole), "slackChannelId": "C012345", "slackTeamId": "T012345", "snsTopicArns": []any{h.arn(tTopic)}}
	}, `arn:aws:chatbot::123456789012:chat-configuration/slack-channel/shop`, ``},
	{tTeamsChannel, "", func(h things) in {
		return in{"configurationName": "shop", "iamRoleArn": h.arn(tRole), "channelId": "19:x@thread.tacv2", "teamId": "1", "tenantId": "2"}
	}, `arn:aws:chatbot::123456789012:chat-configuration/microsoft-teams-channel/shop`, ``},

	{tQueue, "dead", with(in{}), `https://sqs.us-east-1.amazonaws.com/123456789012/it-[0-9a-f]{7}`, `arn:aws:sqs:.*`},
	{tQueue, "", func(h things) in {
		return in{"name": "jobs", "redrivePolicy": `{"deadLetterTargetArn":"` + h.arn(tQueue+" dead") + `","maxReceiveCount":5}`}
	}, `https://sqs.us-east-1.amazonaws.com/123456789012/jobs`, `arn:aws:sqs:us-east-1:123456789012:jobs`},
	{tQueuePolicy, "", func(h things) in { return in{"queueUrl": h.id(tQueue), "policy": pullGrant} }, `https://sqs.*`, ``},
	{tQueueRedrive, "", func(h things) in {
		return in{"queueUrl": h.id(tQueue), "redrivePolicy": `{"deadLetterTargetArn":"` + h.arn(tQueue+" dead") + `","maxReceiveCount":5}`}
	}, `https://sqs.*`, ``},
	{tQueueRedriveAllow, "", func(h things) in {
		return in{"queueUrl": h.id(tQueue + " dead"), "redriveAllowPolicy": `{"redrivePermission":"allowAll"}`}
	}, `https://sqs.*`, ``},
	{tFunctionAlias, "", func(h things) in {
		return in{"functionName": h.id(tFunction), "functionVersion": "$LATEST", "name": "live"}
	}, `arn:aws:lambda:us-east-1:123456789012:function:it-[0-9a-f]{7}:live`, `arn:aws:lambda:.*`},
	{tEventSource, "", func(h things) in { return in{"functionName": h.arn(tFunction), "eventSourceArn": h.arn(tQueue)} }, `[0-9a-f-]{36}`, `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:[0-9a-f-]{36}`},
	{tFunctionEvents, "", func(h things) in {
		return in{"functionName": h.id(tFunction), "destinationConfig": in{"onFailure": in{"destination": h.arn(tQueue)}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tInvocation, "", func(h things) in {
		return in{"functionName": h.id(tFunction), "input": `{"a":1}`, "triggers": in{"definition": "shop:1"}}
	}, `it-[0-9a-f]{7}_\$LATEST_[0-9a-f]{32}`, ``},
	{tStateMachine, "", func(h things) in { return in{"definition": steps, "roleArn": h.arn(tRole)} }, `arn:aws:states:us-east-1:123456789012:stateMachine:it-[0-9a-f]{7}`, `arn:aws:states:.*`},
}

// keyPolicy is a key policy that lets the account administer the key and a service use it.
func keyPolicy(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:GenerateDataKey*"],"Resource":"*"}]}`
}

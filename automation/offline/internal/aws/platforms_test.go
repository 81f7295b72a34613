package aws_test

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

var platforms = []specimen{
	{token.TargetGroup, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId":       h.id(token.Vpc),
			"port":        80,
			"protocol":    "HTTP",
			"targetType":  "ip",
			"healthCheck": awstest.In{"path": "/healthz"},
		}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/it-[0-9a-f]{7}/` +
		`[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{
		token.Certificate,
		"",
		with(
			awstest.In{
				"domainName":              "shop.example.com",
				"validationMethod":        "DNS",
				"subjectAlternativeNames": []any{"*.shop.example.com"},
			},
		),
		`arn:aws:acm:us-east-1:123456789012:certificate/[0-9a-f-]{36}`,
		`arn:aws:acm:.*`,
	},
	{
		token.CertValidation,
		"",
		func(h things) awstest.In { return awstest.In{"certificateArn": h.arn(token.Certificate)} },
		`\d{4}-\d\d-\d\d .* UTC`,
		``,
	},
	{token.Listener, "", func(h things) awstest.In {
		return awstest.In{
			"loadBalancerArn": h.arn(token.LoadBalancer),
			"port":            443,
			"protocol":        "HTTPS",
			"certificateArn":  h.arn(token.Certificate),
			"defaultActions": []any{
				awstest.In{
					"type":          "fixed-response",
					"fixedResponse": awstest.In{"contentType": "text/plain", "statusCode": "404"},
				},
			},
		}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/it-[0-9a-f]{7}/[0-9a-f]{16}/` +
		`[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{token.ListenerRule, "", func(h things) awstest.In {
		return awstest.In{
			"listenerArn": h.arn(token.Listener),
			"actions":     []any{awstest.In{"type": "forward", "targetGroupArn": h.arn(token.TargetGroup)}},
			"conditions":  []any{awstest.In{"pathPattern": awstest.In{"values": []any{"/*"}}}},
		}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/it-[0-9a-f]{7}/[0-9a-f]{16}/` +
		`[0-9a-f]{16}/[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{token.Service, "", func(h things) awstest.In {
		return awstest.In{
			"cluster":        h.arn(token.Cluster),
			"taskDefinition": h.arn(token.TaskDefinition),
			"desiredCount":   1,
			"launchType":     "FARGATE",
			"networkConfiguration": awstest.In{
				"subnets":        []any{h.id(token.Subnet), h.id(token.Subnet + " b")},
				"securityGroups": []any{h.id(token.SecurityGroup)},
			},
			"loadBalancers": []any{
				awstest.In{"targetGroupArn": h.arn(token.TargetGroup), "containerName": "web", "containerPort": 80},
			},
		}
	}, `arn:aws:ecs:us-east-1:123456789012:service/it-[0-9a-f]{7}/it-[0-9a-f]{7}`, ``},
	{token.ScalingTarget, "", func(h things) awstest.In {
		return awstest.In{
			"minCapacity":       1,
			"maxCapacity":       4,
			"resourceId":        "service/" + h[token.Cluster].Str("name") + "/" + h[token.Service].Str("name"),
			"scalableDimension": "ecs:service:DesiredCount",
			"serviceNamespace":  "ecs",
		}
	}, `service/it-[0-9a-f]{7}/it-[0-9a-f]{7}`, `arn:aws:application-autoscaling:us-east-1:123456789012:` +
		`scalable-target/[0-9a-f]{12}`},
	{token.ScalingPolicy, "", func(h things) awstest.In {
		return awstest.In{
			"policyType":        "TargetTrackingScaling",
			"resourceId":        h.id(token.ScalingTarget),
			"scalableDimension": "ecs:service:DesiredCount",
			"serviceNamespace":  "ecs",
			"targetTrackingScalingPolicyConfiguration": awstest.In{
				"targetValue":                   60,
				"predefinedMetricSpecification": awstest.In{"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
			},
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:[0-9a-f-]{36}:resource/ecs/` +
		`service/.*:policyName/it-[0-9a-f]{7}`},
	{
		token.Record,
		"",
		with(
			awstest.In{
				"zoneId":  "Z123",
				"name":    "Shop.example.com",
				"type":    "A",
				"ttl":     60,
				"records": []any{"192.0.2.1"},
			},
		),
		`Z123_shop.example.com_A`,
		``,
	},
	{token.DBSubnetGroup, "", func(h things) awstest.In {
		return awstest.In{"subnetIds": []any{h.id(token.Subnet), h.id(token.Subnet + " b")}}
	}, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:subgrp:it-[0-9a-f]{7}`},
	{
		token.DBParameterGroup,
		"",
		with(
			awstest.In{
				"family":     "postgres17",
				"parameters": []any{awstest.In{"name": "log_statement", "value": "ddl"}},
			},
		),
		`it-[0-9a-f]{7}`,
		`arn:aws:rds:us-east-1:123456789012:pg:it-[0-9a-f]{7}`,
	},
	{token.DBInstance, "", func(h things) awstest.In {
		return awstest.In{
			"identifier":               "shop",
			"instanceClass":            "db.t4g.micro",
			"engine":                   "postgres",
			"engineVersion":            "17",
			"allocatedStorage":         20,
			"storageType":              "gp3",
			"storageEncrypted":         true,
			"username":                 "shop",
			"manageMasterUserPassword": true,
			"dbSubnetGroupName":        h.id(token.DBSubnetGroup),
			"parameterGroupName":       h.id(token.DBParameterGroup),
			"vpcSecurityGroupIds":      []any{h.id(token.SecurityGroup)},
			"skipFinalSnapshot":        true,
		}
	}, `db-[0-9A-Z]{26}`, `arn:aws:rds:us-east-1:123456789012:db:shop`},
	{token.DBCluster, "", func(h things) awstest.In {
		return awstest.In{
			"engine":                   "aurora-postgresql",
			"masterUsername":           "shop",
			"manageMasterUserPassword": true,
			"dbSubnetGroupName":        h.id(token.DBSubnetGroup),
			"skipFinalSnapshot":        true,
		}
	}, `tf-[0-9]{18}[0-9a-f]{8}`, `arn:aws:rds:us-east-1:123456789012:cluster:tf-.*`},
	{token.DBClusterInstance, "", func(h things) awstest.In {
		return awstest.In{
			"clusterIdentifier": h.id(token.DBCluster),
			"engine":            "aurora-postgresql",
			"instanceClass":     "db.r6g.large",
		}
	}, `tf-[0-9]{18}[0-9a-f]{8}`, `arn:aws:rds:us-east-1:123456789012:db:tf-.*`},
	{
		token.Table,
		"",
		with(
			awstest.In{
				"hashKey":     "id",
				"attributes":  []any{awstest.In{"name": "id", "type": "S"}},
				"billingMode": "PAY_PER_REQUEST",
			},
		),
		`it-[0-9a-f]{7}`,
		`arn:aws:dynamodb:us-east-1:123456789012:table/it-[0-9a-f]{7}`,
	},
	{token.Bucket, "", with(awstest.In{}), `it-[0-9a-f]{7}`, `arn:aws:s3:::it-[0-9a-f]{7}`},
	{token.BucketVersioning, "", func(h things) awstest.In {
		return awstest.In{"bucket": h.id(token.Bucket), "versioningConfiguration": awstest.In{"status": "Enabled"}}
	}, `it-[0-9a-f]{7}`, ``},
	{token.BucketEncryption, "", func(h things) awstest.In {
		return awstest.In{
			"bucket": h.id(token.Bucket),
			"rules": []any{
				awstest.In{
					"applyServerSideEncryptionByDefault": awstest.In{
						"sseAlgorithm":   "aws:kms",
						"kmsMasterKeyId": h.arn(token.Key),
					},
				},
			},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.BucketAccessBlock,
		"",
		func(h things) awstest.In { return awstest.In{"bucket": h.id(token.Bucket), "blockPublicAcls": true} },
		`it-[0-9a-f]{7}`,
		``,
	},
	{token.BucketOwnership, "", func(h things) awstest.In {
		return awstest.In{"bucket": h.id(token.Bucket), "rule": awstest.In{"objectOwnership": "BucketOwnerEnforced"}}
	}, `it-[0-9a-f]{7}`, ``},
	{token.BucketLifecycle, "", func(h things) awstest.In {
		return awstest.In{
			"bucket": h.id(token.Bucket),
			"rules": []any{
				awstest.In{
					"id":          "old",
					"status":      "Enabled",
					"transitions": []any{awstest.In{"days": 30, "storageClass": "GLACIER"}},
				},
			},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.BucketPolicy,
		"",
		func(h things) awstest.In { return awstest.In{"bucket": h.id(token.Bucket), "policy": awstest.Grant} },
		`it-[0-9a-f]{7}`,
		``,
	},
	{token.BucketLogging, "", func(h things) awstest.In {
		return awstest.In{"bucket": h.id(token.Bucket), "targetBucket": h.id(token.Bucket), "targetPrefix": "log/"}
	}, `it-[0-9a-f]{7}`, ``},
	{token.BucketReplication, "", func(h things) awstest.In {
		return awstest.In{
			"bucket": h.id(token.Bucket),
			"role":   h.arn(token.Role),
			"rules":  []any{awstest.In{"status": "Enabled", "destination": awstest.In{"bucket": h.arn(token.Bucket)}}},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.AccessControl,
		"",
		with(
			awstest.In{"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"},
		),
		`E[0-9A-Z]{13}`,
		`arn:aws:cloudfront::123456789012:origin-access-control/E[0-9A-Z]{13}`,
	},
	{token.Distribution, "", func(h things) awstest.In {
		return awstest.In{
			"enabled": true,
			"origins": []any{
				awstest.In{
					"domainName":            "shop.s3.amazonaws.com",
					"originId":              "s3",
					"originAccessControlId": h.id(token.AccessControl),
				},
			},
			"restrictions": awstest.In{
				"geoRestriction": awstest.In{"restrictionType": "none"},
			},
			"viewerCertificate": awstest.In{"cloudfrontDefaultCertificate": true},
			"defaultCacheBehavior": awstest.In{
				"targetOriginId":       "s3",
				"viewerProtocolPolicy": "redirect-to-https",
				"cachePolicyId":        "658327ea-f89d-4fab-a63d-7e88639e58f6",
				"allowedMethods":       []any{"GET", "HEAD"},
				"cachedMethods":        []any{"GET", "HEAD"},
			},
		}
	}, `E[0-9A-Z]{13}`, `arn:aws:cloudfront::123456789012:distribution/E[0-9A-Z]{13}`},
}

package aws_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// specimen is one thing of a type: the least that AWS takes, and what its id and ARN look like.
type specimen struct {
	token string
	// label tells specimens of a type apart; empty for the first.
	label  string
	inputs func(have things) awstest.In
	// id and arn are regular expressions; arn is empty for a type without one.
	id, arn string
}

// things are what was made, by type and, after a blank, label.
type things map[string]awstest.Made

func (h things) id(key string) string { return h[key].Id }

func (h things) arn(key string) string { return h[key].Str("arn") }

func with(inputs awstest.In) func(things) awstest.In {
	return func(things) awstest.In { return inputs }
}

// specimens are in the order in which they can be made.
var specimens = slices.Concat(foundations, satellites)

// foundations are the things that most others refer to.
var foundations = []specimen{
	{
		token.Vpc,
		"",
		with(awstest.In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true}),
		`vpc-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:vpc/vpc-[0-9a-f]{17}`,
	},
	{token.Subnet, "", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:subnet/subnet-[0-9a-f]{17}`},
	{token.Subnet, "b", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:.*`},
	{
		token.InternetGateway,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`igw-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:internet-gateway/igw-[0-9a-f]{17}`,
	},
	{
		token.Eip,
		"",
		with(awstest.In{"domain": "vpc"}),
		`eipalloc-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-[0-9a-f]{17}`,
	},
	{token.NatGateway, "", func(h things) awstest.In {
		return awstest.In{"subnetId": h.id(token.Subnet), "allocationId": h.id(token.Eip)}
	}, `nat-[0-9a-f]{17}`, ``},
	{
		token.RouteTable,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`rtb-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`,
	},
	{token.Route, "", func(h things) awstest.In {
		return awstest.In{
			"routeTableId":         h.id(token.RouteTable),
			"destinationCidrBlock": "0.0.0.0/0",
			"gatewayId":            h.id(token.InternetGateway),
		}
	}, `r-rtb-[0-9a-f]{17}1080289494`, ``},
	{token.RouteTableAssoc, "", func(h things) awstest.In {
		return awstest.In{"routeTableId": h.id(token.RouteTable), "subnetId": h.id(token.Subnet)}
	}, `rtbassoc-[0-9a-f]{17}`, ``},
	{token.NetworkAcl, "", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "subnetIds": []any{h.id(token.Subnet)}, "ingress": []any{awstest.In{
			"action":    "allow",
			"fromPort":  443,
			"toPort":    443,
			"protocol":  "tcp",
			"ruleNo":    100,
			"cidrBlock": "0.0.0.0/0",
		}}}
	}, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{token.NetworkAclRule, "", func(h things) awstest.In {
		return awstest.In{
			"networkAclId": h.id(token.NetworkAcl),
			"protocol":     "tcp",
			"ruleAction":   "allow",
			"ruleNumber":   200,
			"cidrBlock":    "10.0.0.0/8",
			"fromPort":     80,
			"toPort":       80,
		}
	}, `nacl-\d+`, ``},
	{token.NetworkAclAssoc, "", func(h things) awstest.In {
		return awstest.In{"networkAclId": h.id(token.NetworkAcl), "subnetId": h.id(token.Subnet + " b")}
	}, `aclassoc-[0-9a-f]{17}`, ``},
	{token.SecurityGroup, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId": h.id(token.Vpc),
			"ingress": []any{
				awstest.In{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": []any{"0.0.0.0/0"}},
			},
		}
	}, `sg-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`},
	{token.IngressRule, "", func(h things) awstest.In {
		return awstest.In{
			"securityGroupId":           h.id(token.SecurityGroup),
			"ipProtocol":                "tcp",
			"fromPort":                  443,
			"toPort":                    443,
			"referencedSecurityGroupId": h.id(token.SecurityGroup),
		}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{token.EgressRule, "", func(h things) awstest.In {
		return awstest.In{"securityGroupId": h.id(token.SecurityGroup), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{
		token.DefaultSecurityGroup,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`sg-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`,
	},
	{token.DefaultNetworkAcl, "", func(h things) awstest.In {
		return awstest.In{"defaultNetworkAclId": h[token.Vpc].Str("defaultNetworkAclId")}
	}, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{token.DefaultRouteTable, "", func(h things) awstest.In {
		return awstest.In{"defaultRouteTableId": h[token.Vpc].Str("defaultRouteTableId")}
	}, `rtb-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`},
	{token.VpcEndpoint, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId":           h.id(token.Vpc),
			"serviceName":     "com.amazonaws.us-east-1.ecr.api",
			"vpcEndpointType": "Interface",
			"subnetIds": []any{
				h.id(token.Subnet),
			},
			"securityGroupIds":  []any{h.id(token.SecurityGroup)},
			"privateDnsEnabled": true,
		}
	}, `vpce-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-endpoint/vpce-[0-9a-f]{17}`},
	{
		token.Key,
		"",
		with(awstest.In{"description": "lab", "enableKeyRotation": true}),
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		`arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}`,
	},
	{
		token.Alias,
		"",
		func(h things) awstest.In { return awstest.In{"targetKeyId": h.arn(token.Key)} },
		`alias/it-[0-9a-f]{7}`,
		`arn:aws:kms:us-east-1:123456789012:alias/it-[0-9a-f]{7}`,
	},
	{
		token.Role,
		"",
		with(awstest.In{"assumeRolePolicy": awstest.Trust}),
		`it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:role/it-[0-9a-f]{7}`,
	},
	{
		token.Policy,
		"",
		with(awstest.In{"policy": awstest.Grant}),
		`arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`,
	},
	{
		token.RolePolicy,
		"",
		func(h things) awstest.In { return awstest.In{"role": h.id(token.Role), "policy": awstest.Grant} },
		`it-[0-9a-f]{7}:it-[0-9a-f]{7}`,
		``,
	},
	{token.RoleAttachment, "", func(h things) awstest.In {
		return awstest.In{"role": h.id(token.Role), "policyArn": h.arn(token.Policy)}
	}, `it-[0-9a-f]{7}-[0-9]{18}[0-9a-f]{8}`, ``},
	{
		token.InstanceProfile,
		"",
		func(h things) awstest.In { return awstest.In{"role": h.id(token.Role)} },
		`it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:instance-profile/it-[0-9a-f]{7}`,
	},
	{
		token.LogGroup,
		"",
		with(awstest.In{"retentionInDays": 30}),
		`it-[0-9a-f]{7}`,
		`arn:aws:logs:us-east-1:123456789012:log-group:it-[0-9a-f]{7}`,
	},
	{token.FlowLog, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId":          h.id(token.Vpc),
			"trafficType":    "ALL",
			"iamRoleArn":     h.arn(token.Role),
			"logDestination": h.arn(token.LogGroup),
		}
	}, `fl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/fl-[0-9a-f]{17}`},
	{token.LaunchTemplate, "", func(h things) awstest.In {
		return awstest.In{"imageId": "ami-1", "vpcSecurityGroupIds": []any{h.id(token.SecurityGroup)}}
	}, `lt-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:launch-template/lt-[0-9a-f]{17}`},
	{token.AutoScalingGroup, "", func(h things) awstest.In {
		return awstest.In{
			"minSize":            1,
			"maxSize":            2,
			"vpcZoneIdentifiers": []any{h.id(token.Subnet)},
			"launchTemplate":     awstest.In{"id": h.id(token.LaunchTemplate), "version": "$Latest"},
			"protectFromScaleIn": true,
			"forceDelete":        true,
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:` +
		`autoScalingGroupName/it-[0-9a-f]{7}`},
	{
		token.Repository,
		"",
		with(awstest.In{}),
		`it-[0-9a-f]{7}`,
		`arn:aws:ecr:us-east-1:123456789012:repository/it-[0-9a-f]{7}`,
	},
	{token.LifecyclePolicy, "", func(h things) awstest.In {
		return awstest.In{"repository": h.id(token.Repository), "policy": `{"rules":[{"rulePriority":1}]}`}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.Cluster,
		"",
		with(awstest.In{}),
		`arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`,
		`arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`,
	},
	{token.CapacityProvider, "", func(h things) awstest.In {
		return awstest.In{
			"autoScalingGroupProvider": awstest.In{
				"autoScalingGroupArn":          h.arn(token.AutoScalingGroup),
				"managedTerminationProtection": "ENABLED",
			},
		}
	}, `arn:aws:ecs:us-east-1:123456789012:capacity-provider/it-[0-9a-f]{7}`, `arn:aws:ecs:.*`},
	{token.ClusterProviders, "", func(h things) awstest.In {
		return awstest.In{
			"clusterName":       h[token.Cluster].Str("name"),
			"capacityProviders": []any{"FARGATE", "FARGATE_SPOT", h[token.CapacityProvider].Str("name")},
			"defaultCapacityProviderStrategies": []any{
				awstest.In{"capacityProvider": "FARGATE", "base": 1, "weight": 1},
			},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{token.TaskDefinition, "", func(h things) awstest.In {
		return awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
			"executionRoleArn":        h.arn(token.Role),
		}
	}, `shop`, `arn:aws:ecs:us-east-1:123456789012:task-definition/shop:1`},
	{token.LoadBalancer, "", func(h things) awstest.In {
		return awstest.In{
			"subnets":        []any{h.id(token.Subnet), h.id(token.Subnet + " b")},
			"securityGroups": []any{h.id(token.SecurityGroup)},
		}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/it-[0-9a-f]{7}/` +
		`[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
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
			awstest.In{"family": "postgres17", "parameters": []any{awstest.In{"name": "rds.force_ssl", "value": "1"}}},
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

// The whole life of a thing of every modelled type: made with the least AWS takes, it reads back as it was, a next run
// of the program finds nothing to do, it can be imported, an update with nothing new changes nothing, and in the end
// nothing is left.
func TestEveryModelledTypeRoundTrips(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	have := things{}
	seen := map[string]bool{}
	for _, s := range specimens {
		seen[s.token] = true
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		inputs := s.inputs(have)
		assertPlanned(t, l.Plan(s.token, "it", inputs), s, inputs)
		m := l.Create(s.token, "it", inputs)
		have[key] = m
		assert.Regexp(t, regexp.MustCompile("^"+s.id+"$"), m.Id, s.token)
		assert.Equal(t, m.Id, m.Str("id"), s.token)
		if s.arn != "" {
			assert.Regexp(t, regexp.MustCompile("^"+s.arn+"$"), m.Str("arn"), s.token)
		}
		same := l.DiffChecked(m, inputs)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, same.GetChanges(), "%s: %v", s.token, same.GetDetailedDiff())
		read, exists := l.Refresh(m)
		if !assert.True(t, exists, s.token) {
			continue
		}
		assert.Equal(t, m.Inputs, read.Inputs, s.token)
		same = l.DiffChecked(read, inputs)
		assert.Equal(
			t,
			pulumirpc.DiffResponse_DIFF_NONE,
			same.GetChanges(),
			"%s after a refresh: %v",
			s.token,
			same.GetDetailedDiff(),
		)
		updated := l.Update(m, inputs)
		assert.Equal(t, m.State, updated.State, s.token)
		_, exists = l.Imported(s.token, m.Id)
		assert.True(t, exists, "import of %s", s.token)
	}
	for modelled := range allModels(t) {
		// need a second region, see TestBackupsAreCopiedToAnotherRegion and TestAReplicaKeyHasItsPrimarysID
		if modelled != token.DBReplication && modelled != token.ReplicaKey {
			assert.True(t, seen[modelled], "no specimen of %s", modelled)
		}
	}
	for i := len(specimens) - 1; i >= 0; i-- {
		s := specimens[i]
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		require.NoError(t, l.TryDelete(have[key]), s.token)
		require.NoError(t, l.TryDelete(have[key]), "deleting what is gone: %s", s.token)
	}
	left, err := l.W.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Empty(t, l.Warnings)
}

// assertPlanned checks that in a preview what AWS will compute is unknown, and what the program says is not.
func assertPlanned(t *testing.T, planned resource.PropertyMap, s specimen, inputs awstest.In) {
	t.Helper()
	assert.True(t, values.IsUnknown(planned["id"]), s.token)
	for name := range inputs {
		assert.False(t, values.IsUnknown(values.Reveal(planned[resource.PropertyKey(name)])), "%s %s", s.token, name)
	}
	m := allModels(t)[s.token]
	r, _ := awsSchema(t).Resource(s.token)
	if _, given := inputs["arn"]; !given && schema.PropertyType(r.Outputs, "arn") != nil {
		assert.True(t, values.IsUnknown(planned["arn"]), s.token)
	}
	if m.AutoName != nil {
		assert.True(t, values.View(planned).Has(m.AutoName.Property), "%s is named in a preview", s.token)
	}
}

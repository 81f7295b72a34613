package aws

import (
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

// specimen is one thing of a type: the least that AWS takes, and what its id and ARN look like.
type specimen struct {
	token string
	// label tells specimens of a type apart; empty for the first.
	label  string
	inputs func(have things) in
	// id and arn are regular expressions; arn is empty for a type without one.
	id, arn string
}

// things are what was made, by type and, after a blank, label.
type things map[string]made

func (h things) id(key string) string  { return h[key].id }
func (h things) arn(key string) string { return h[key].str("arn") }

const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	grant = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/*"}]}`
	shop  = `[{"name":"web","image":"nginx","portMappings":[{"containerPort":80}]}]`
)

func with(inputs in) func(things) in { return func(things) in { return inputs } }

// specimens are in the order in which they can be made.
var specimens = slices.Concat(foundations, satellites)

// foundations are the things that most others refer to.
var foundations = []specimen{
	{tVpc, "", with(in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true}), `vpc-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc/vpc-[0-9a-f]{17}`},
	{tSubnet, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:subnet/subnet-[0-9a-f]{17}`},
	{tSubnet, "b", func(h things) in {
		return in{"vpcId": h.id(tVpc), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:.*`},
	{tInternetGateway, "", func(h things) in { return in{"vpcId": h.id(tVpc)} }, `igw-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:internet-gateway/igw-[0-9a-f]{17}`},
	{tEip, "", with(in{"domain": "vpc"}), `eipalloc-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-[0-9a-f]{17}`},
	{tNatGateway, "", func(h things) in { return in{"subnetId": h.id(tSubnet), "allocationId": h.id(tEip)} }, `nat-[0-9a-f]{17}`, ``},
	{tRouteTable, "", func(h things) in { return in{"vpcId": h.id(tVpc)} }, `rtb-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`},
	{tRoute, "", func(h things) in {
		return in{"routeTableId": h.id(tRouteTable), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": h.id(tInternetGateway)}
	}, `r-rtb-[0-9a-f]{17}1080289494`, ``},
	{tRouteTableAssoc, "", func(h things) in { return in{"routeTableId": h.id(tRouteTable), "subnetId": h.id(tSubnet)} }, `rtbassoc-[0-9a-f]{17}`, ``},
	{tNetworkAcl, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "subnetIds": []any{h.id(tSubnet)}, "ingress": []any{in{
			"action": "allow", "fromPort": 443, "toPort": 443, "protocol": "tcp", "ruleNo": 100, "cidrBlock": "0.0.0.0/0"}}}
	}, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{tNetworkAclRule, "", func(h things) in {
		return in{"networkAclId": h.id(tNetworkAcl), "protocol": "tcp", "ruleAction": "allow", "ruleNumber": 200, "cidrBlock": "10.0.0.0/8", "fromPort": 80, "toPort": 80}
	}, `nacl-\d+`, ``},
	{tNetworkAclAssoc, "", func(h things) in { return in{"networkAclId": h.id(tNetworkAcl), "subnetId": h.id(tSubnet + " b")} }, `aclassoc-[0-9a-f]{17}`, ``},
	{tSecurityGroup, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "ingress": []any{in{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": []any{"0.0.0.0/0"}}}}
	}, `sg-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`},
	{tIngressRule, "", func(h things) in {
		return in{"securityGroupId": h.id(tSecurityGroup), "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "referencedSecurityGroupId": h.id(tSecurityGroup)}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{tEgressRule, "", func(h things) in {
		return in{"securityGroupId": h.id(tSecurityGroup), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{tDefaultSecurityGroup, "", func(h things) in { return in{"vpcId": h.id(tVpc)} }, `sg-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`},
	{tDefaultNetworkAcl, "", func(h things) in { return in{"defaultNetworkAclId": h[tVpc].str("defaultNetworkAclId")} }, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{tDefaultRouteTable, "", func(h things) in { return in{"defaultRouteTableId": h[tVpc].str("defaultRouteTableId")} }, `rtb-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`},
	{tVpcEndpoint, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "serviceName": "com.amazonaws.us-east-1.ecr.api", "vpcEndpointType": "Interface",
			"subnetIds": []any{h.id(tSubnet)}, "securityGroupIds": []any{h.id(tSecurityGroup)}, "privateDnsEnabled": true}
	}, `vpce-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-endpoint/vpce-[0-9a-f]{17}`},
	{tKey, "", with(in{"description": "lab", "enableKeyRotation": true}), `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, `arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}`},
	{tAlias, "", func(h things) in { return in{"targetKeyId": h.arn(tKey)} }, `alias/it-[0-9a-f]{7}`, `arn:aws:kms:us-east-1:123456789012:alias/it-[0-9a-f]{7}`},
	{tRole, "", with(in{"assumeRolePolicy": trust}), `it-[0-9a-f]{7}`, `arn:aws:iam::123456789012:role/it-[0-9a-f]{7}`},
	{tPolicy, "", with(in{"policy": grant}), `arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`, `arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`},
	{tRolePolicy, "", func(h things) in { return in{"role": h.id(tRole), "policy": grant} }, `it-[0-9a-f]{7}:it-[0-9a-f]{7}`, ``},
	{tRoleAttachment, "", func(h things) in { return in{"role": h.id(tRole), "policyArn": h.arn(tPolicy)} }, `it-[0-9a-f]{7}-[0-9]{18}[0-9a-f]{8}`, ``},
	{tInstanceProfile, "", func(h things) in { return in{"role": h.id(tRole)} }, `it-[0-9a-f]{7}`, `arn:aws:iam::123456789012:instance-profile/it-[0-9a-f]{7}`},
	{tLogGroup, "", with(in{"retentionInDays": 30}), `it-[0-9a-f]{7}`, `arn:aws:logs:us-east-1:123456789012:log-group:it-[0-9a-f]{7}`},
	{tFlowLog, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "trafficType": "ALL", "iamRoleArn": h.arn(tRole), "logDestination": h.arn(tLogGroup)}
	}, `fl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/fl-[0-9a-f]{17}`},
	{tLaunchTemplate, "", func(h things) in { return in{"imageId": "ami-1", "vpcSecurityGroupIds": []any{h.id(tSecurityGroup)}} }, `lt-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:launch-template/lt-[0-9a-f]{17}`},
	{tAutoScalingGroup, "", func(h things) in {
		return in{"minSize": 1, "maxSize": 2, "vpcZoneIdentifiers": []any{h.id(tSubnet)}, "launchTemplate": in{"id": h.id(tLaunchTemplate), "version": "$Latest"}, "protectFromScaleIn": true, "forceDelete": true}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName/it-[0-9a-f]{7}`},
	{tRepository, "", with(in{}), `it-[0-9a-f]{7}`, `arn:aws:ecr:us-east-1:123456789012:repository/it-[0-9a-f]{7}`},
	{tLifecyclePolicy, "", func(h things) in {
		return in{"repository": h.id(tRepository), "policy": `{"rules":[{"rulePriority":1}]}`}
	}, `it-[0-9a-f]{7}`, ``},
	{tCluster, "", with(in{}), `arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`, `arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`},
	{tCapacityProvider, "", func(h things) in {
		return in{"autoScalingGroupProvider": in{"autoScalingGroupArn": h.arn(tAutoScalingGroup), "managedTerminationProtection": "ENABLED"}}
	}, `arn:aws:ecs:us-east-1:123456789012:capacity-provider/it-[0-9a-f]{7}`, `arn:aws:ecs:.*`},
	{tClusterProviders, "", func(h things) in {
		return in{"clusterName": h[tCluster].str("name"), "capacityProviders": []any{"FARGATE", "FARGATE_SPOT", h[tCapacityProvider].str("name")},
			"defaultCapacityProviderStrategies": []any{in{"capacityProvider": "FARGATE", "base": 1, "weight": 1}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tTaskDefinition, "", func(h things) in {
		return in{"family": "shop", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "512", "executionRoleArn": h.arn(tRole)}
	}, `shop`, `arn:aws:ecs:us-east-1:123456789012:task-definition/shop:1`},
	{tLoadBalancer, "", func(h things) in {
		return in{"subnets": []any{h.id(tSubnet), h.id(tSubnet + " b")}, "securityGroups": []any{h.id(tSecurityGroup)}}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/it-[0-9a-f]{7}/[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{tTargetGroup, "", func(h things) in {
		return in{"vpcId": h.id(tVpc), "port": 80, "protocol": "HTTP", "targetType": "ip", "healthCheck": in{"path": "/healthz"}}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/it-[0-9a-f]{7}/[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{tCertificate, "", with(in{"domainName": "shop.example.com", "validationMethod": "DNS", "subjectAlternativeNames": []any{"*.shop.example.com"}}), `arn:aws:acm:us-east-1:123456789012:certificate/[0-9a-f-]{36}`, `arn:aws:acm:.*`},
	{tCertValidation, "", func(h things) in { return in{"certificateArn": h.arn(tCertificate)} }, `\d{4}-\d\d-\d\d .* UTC`, ``},
	{tListener, "", func(h things) in {
		return in{"loadBalancerArn": h.arn(tLoadBalancer), "port": 443, "protocol": "HTTPS", "certificateArn": h.arn(tCertificate),
			"defaultActions": []any{in{"type": "fixed-response", "fixedResponse": in{"contentType": "text/plain", "statusCode": "404"}}}}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/it-[0-9a-f]{7}/[0-9a-f]{16}/[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{tListenerRule, "", func(h things) in {
		return in{"listenerArn": h.arn(tListener), "actions": []any{in{"type": "forward", "targetGroupArn": h.arn(tTargetGroup)}},
			"conditions": []any{in{"pathPattern": in{"values": []any{"/*"}}}}}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/it-[0-9a-f]{7}/[0-9a-f]{16}/[0-9a-f]{16}/[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
	{tService, "", func(h things) in {
		return in{"cluster": h.arn(tCluster), "taskDefinition": h.arn(tTaskDefinition), "desiredCount": 1, "launchType": "FARGATE",
			"networkConfiguration": in{"subnets": []any{h.id(tSubnet), h.id(tSubnet + " b")}, "securityGroups": []any{h.id(tSecurityGroup)}},
			"loadBalancers":        []any{in{"targetGroupArn": h.arn(tTargetGroup), "containerName": "web", "containerPort": 80}}}
	}, `arn:aws:ecs:us-east-1:123456789012:service/it-[0-9a-f]{7}/it-[0-9a-f]{7}`, ``},
	{tScalingTarget, "", func(h things) in {
		return in{"minCapacity": 1, "maxCapacity": 4, "resourceId": "service/" + h[tCluster].str("name") + "/" + h[tService].str("name"), "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs"}
	}, `service/it-[0-9a-f]{7}/it-[0-9a-f]{7}`, `arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/[0-9a-f]{12}`},
	{tScalingPolicy, "", func(h things) in {
		return in{"policyType": "TargetTrackingScaling", "resourceId": h.id(tScalingTarget), "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs",
			"targetTrackingScalingPolicyConfiguration": in{"targetValue": 60, "predefinedMetricSpecification": in{"predefinedMetricType": "ECSServiceAverageCPUUtilization"}}}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:[0-9a-f-]{36}:resource/ecs/service/.*:policyName/it-[0-9a-f]{7}`},
	{tRecord, "", with(in{"zoneId": "Z123", "name": "Shop.example.com", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}}), `Z123_shop.example.com_A`, ``},
	{tDBSubnetGroup, "", func(h things) in { return in{"subnetIds": []any{h.id(tSubnet), h.id(tSubnet + " b")}} }, `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:subgrp:it-[0-9a-f]{7}`},
	{tDBParameterGroup, "", with(in{"family": "postgres17", "parameters": []any{in{"name": "rds.force_ssl", "value": "1"}}}), `it-[0-9a-f]{7}`, `arn:aws:rds:us-east-1:123456789012:pg:it-[0-9a-f]{7}`},
	{tDBInstance, "", func(h things) in {
		return in{"identifier": "shop", "instanceClass": "db.t4g.micro", "engine": "postgres", "engineVersion": "17", "allocatedStorage": 20, "storageType": "gp3", "storageEncrypted": true,
			"username": "shop", "manageMasterUserPassword": true, "dbSubnetGroupName": h.id(tDBSubnetGroup), "parameterGroupName": h.id(tDBParameterGroup),
			"vpcSecurityGroupIds": []any{h.id(tSecurityGroup)}, "skipFinalSnapshot": true}
	}, `db-[0-9A-Z]{26}`, `arn:aws:rds:us-east-1:123456789012:db:shop`},
	{tDBCluster, "", func(h things) in {
		return in{"engine": "aurora-postgresql", "masterUsername": "shop", "manageMasterUserPassword": true, "dbSubnetGroupName": h.id(tDBSubnetGroup), "skipFinalSnapshot": true}
	}, `tf-[0-9]{18}[0-9a-f]{8}`, `arn:aws:rds:us-east-1:123456789012:cluster:tf-.*`},
	{tDBClusterInstance, "", func(h things) in {
		return in{"clusterIdentifier": h.id(tDBCluster), "engine": "aurora-postgresql", "instanceClass": "db.r6g.large"}
	}, `tf-[0-9]{18}[0-9a-f]{8}`, `arn:aws:rds:us-east-1:123456789012:db:tf-.*`},
	{tTable, "", with(in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}, "billingMode": "PAY_PER_REQUEST"}), `it-[0-9a-f]{7}`, `arn:aws:dynamodb:us-east-1:123456789012:table/it-[0-9a-f]{7}`},
	{tBucket, "", with(in{}), `it-[0-9a-f]{7}`, `arn:aws:s3:::it-[0-9a-f]{7}`},
	{tBucketVersioning, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "versioningConfiguration": in{"status": "Enabled"}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketEncryption, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "rules": []any{in{"applyServerSideEncryptionByDefault": in{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": h.arn(tKey)}}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketAccessBlock, "", func(h things) in { return in{"bucket": h.id(tBucket), "blockPublicAcls": true} }, `it-[0-9a-f]{7}`, ``},
	{tBucketOwnership, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "rule": in{"objectOwnership": "BucketOwnerEnforced"}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketLifecycle, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "rules": []any{in{"id": "old", "status": "Enabled", "transitions": []any{in{"days": 30, "storageClass": "GLACIER"}}}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketPolicy, "", func(h things) in { return in{"bucket": h.id(tBucket), "policy": grant} }, `it-[0-9a-f]{7}`, ``},
	{tBucketLogging, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "targetBucket": h.id(tBucket), "targetPrefix": "log/"}
	}, `it-[0-9a-f]{7}`, ``},
	{tBucketReplication, "", func(h things) in {
		return in{"bucket": h.id(tBucket), "role": h.arn(tRole), "rules": []any{in{"status": "Enabled", "destination": in{"bucket": h.arn(tBucket)}}}}
	}, `it-[0-9a-f]{7}`, ``},
	{tAccessControl, "", with(in{"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"}), `E[0-9A-Z]{13}`, `arn:aws:cloudfront::123456789012:origin-access-control/E[0-9A-Z]{13}`},
	{tDistribution, "", func(h things) in {
		return in{"enabled": true, "origins": []any{in{"domainName": "shop.s3.amazonaws.com", "originId": "s3", "originAccessControlId": h.id(tAccessControl)}},
			"restrictions": in{"geoRestriction": in{"restrictionType": "none"}}, "viewerCertificate": in{"cloudfrontDefaultCertificate": true},
			"defaultCacheBehavior": in{"targetOriginId": "s3", "viewerProtocolPolicy": "redirect-to-https", "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6", "allowedMethods": []any{"GET", "HEAD"}, "cachedMethods": []any{"GET", "HEAD"}}}
	}, `E[0-9A-Z]{13}`, `arn:aws:cloudfront::123456789012:distribution/E[0-9A-Z]{13}`},
	{tFileSystem, "", with(in{"encrypted": true}), `fs-[0-9a-f]{17}`, `arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-[0-9a-f]{17}`},
	{tMountTarget, "", func(h things) in { return in{"fileSystemId": h.id(tFileSystem), "subnetId": h.id(tSubnet)} }, `fsmt-[0-9a-f]{17}`, ``},
	{tAccessPoint, "", func(h things) in { return in{"fileSystemId": h.id(tFileSystem)} }, `fsap-[0-9a-f]{17}`, `arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-[0-9a-f]{17}`},
	{tFileSystemBackup, "", func(h things) in {
		return in{"fileSystemId": h.id(tFileSystem), "backupPolicy": in{"status": "ENABLED"}}
	}, `fs-[0-9a-f]{17}`, ``},
	{tFileSystemPolicy, "", func(h things) in { return in{"fileSystemId": h.id(tFileSystem), "policy": grant} }, `fs-[0-9a-f]{17}`, ``},
	{tMetricAlarm, "", with(in{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "metricName": "CPUUtilization", "namespace": "AWS/ECS", "period": 60, "statistic": "Average", "threshold": 80}), `it-[0-9a-f]{7}`, `arn:aws:cloudwatch:us-east-1:123456789012:alarm:it-[0-9a-f]{7}`},
	{tCompositeAlarm, "", func(h things) in {
		return in{"alarmName": "shop", "alarmRule": "ALARM(" + h.id(tMetricAlarm) + ")"}
	}, `shop`, `arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop`},
	{"aws:cloudwatch/dashboard:Dashboard", "", with(in{"dashboardName": "shop", "dashboardBody": `{"widgets":[]}`}), `shop`, ``},
	{tLogMetricFilter, "", func(h things) in {
		return in{"logGroupName": h.id(tLogGroup), "name": "errors", "pattern": "ERROR", "metricTransformation": in{"name": "Errors", "namespace": "Shop", "value": "1"}}
	}, `errors`, ``},
	{tEventRule, "", with(in{"scheduleExpression": "rate(1 hour)"}), `it-[0-9a-f]{7}`, `arn:aws:events:us-east-1:123456789012:rule/it-[0-9a-f]{7}`},
	{tTopic, "", with(in{}), `arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}`, `arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}`},
	{tEventTarget, "", func(h things) in { return in{"rule": h.id(tEventRule), "arn": h.arn(tTopic)} }, `it-[0-9a-f]{7}-it-[0-9a-f]{7}`, `arn:aws:sns:.*`},
	{tTopicPolicy, "", func(h things) in { return in{"arn": h.arn(tTopic), "policy": grant} }, `arn:aws:sns:.*`, `arn:aws:sns:.*`},
	{tTopicSubscription, "", func(h things) in {
		return in{"topic": h.arn(tTopic), "protocol": "email", "endpoint": "ops@example.com"}
	}, `arn:aws:sns:us-east-1:123456789012:it-[0-9a-f]{7}:[0-9a-f-]{36}`, `arn:aws:sns:.*`},
	{"aws:xray/samplingRule:SamplingRule", "", with(in{"ruleName": "shop", "fixedRate": 0.05, "host": "*", "httpMethod": "*", "priority": 100, "reservoirSize": 1, "resourceArn": "*", "serviceName": "*", "serviceType": "*", "urlPath": "*", "version": 1}), `shop`, `arn:aws:xray:us-east-1:123456789012:sampling-rule/shop`},
	{"aws:xray/group:Group", "", with(in{"groupName": "shop", "filterExpression": "responsetime > 5"}), `arn:aws:xray:us-east-1:123456789012:group/shop/[A-Z2-7]{52}`, `arn:aws:xray:.*`},
	{tWebACL, "", with(in{"scope": "REGIONAL", "defaultAction": in{"allow": in{}}, "visibilityConfig": in{"cloudwatchMetricsEnabled": true, "metricName": "shop", "sampledRequestsEnabled": true}}), `[0-9a-f-]{36}`, `arn:aws:wafv2:us-east-1:123456789012:regional/webacl/it-[0-9a-f]{7}/[0-9a-f-]{36}`},
	{tWebACLAssoc, "", func(h things) in { return in{"webAclArn": h.arn(tWebACL), "resourceArn": h.arn(tLoadBalancer)} }, `arn:aws:wafv2:.*,arn:aws:elasticloadbalancing:.*`, ``},
	{tLogGroup, "waf", with(in{"name": "aws-waf-logs-shop"}), `aws-waf-logs-shop`, `arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop`},
	{tWebACLLogging, "", func(h things) in {
		return in{"resourceArn": h.arn(tWebACL), "logDestinationConfigs": []any{h.arn(tLogGroup + " waf")}}
	}, `arn:aws:wafv2:.*`, ``},
	{tVault, "", with(in{}), `it-[0-9a-f]{7}`, `arn:aws:backup:us-east-1:123456789012:backup-vault:it-[0-9a-f]{7}`},
	{tPlan, "", func(h things) in {
		return in{"rules": []any{in{"ruleName": "daily", "targetVaultName": h.id(tVault), "schedule": "cron(0 5 * * ? *)"}}}
	}, `[0-9a-f-]{36}`, `arn:aws:backup:us-east-1:123456789012:backup-plan:[0-9a-f-]{36}`},
	{tSelection, "", func(h things) in {
		return in{"planId": h.id(tPlan), "iamRoleArn": h.arn(tRole), "resources": []any{"*"}}
	}, `[0-9a-f-]{36}`, ``},
	{tVaultPolicy, "", func(h things) in { return in{"backupVaultName": h.id(tVault), "policy": grant} }, `it-[0-9a-f]{7}`, ``},
	{tVaultLock, "", func(h things) in { return in{"backupVaultName": h.id(tVault), "minRetentionDays": 7} }, `it-[0-9a-f]{7}`, ``},
	{tVaultNotifications, "", func(h things) in {
		return in{"backupVaultName": h.id(tVault), "snsTopicArn": h.arn(tTopic), "backupVaultEvents": []any{"BACKUP_JOB_FAILED"}}
	}, `it-[0-9a-f]{7}`, ``},
	{tTestingPlan, "", with(in{"scheduleExpression": "cron(0 5 ? * SUN *)", "recoveryPointSelection": in{"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": []any{"*"}, "recoveryPointTypes": []any{"SNAPSHOT"}}}), `it_[0-9a-f]{7}`, `arn:aws:backup:us-east-1:123456789012:restore-testing-plan:it_[0-9a-f]{7}-[0-9a-f-]{36}`},
	{tTestingSelection, "", func(h things) in {
		return in{"name": "rds", "restoreTestingPlanName": h.id(tTestingPlan), "protectedResourceType": "RDS", "protectedResourceArns": []any{"*"}, "iamRoleArn": h.arn(tRole)}
	}, `rds:it_[0-9a-f]{7}`, ``},
	{tFunction, "", func(h things) in {
		return in{"role": h.arn(tRole), "handler": "index.handler", "runtime": "nodejs22.x", "s3Bucket": h.id(tBucket), "s3Key": "code.zip"}
	}, `it-[0-9a-f]{7}`, `arn:aws:lambda:us-east-1:123456789012:function:it-[0-9a-f]{7}`},
	{tPermission, "", func(h things) in {
		return in{"function": h.id(tFunction), "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com"}
	}, `it-[0-9a-f]{7}`, ``},
	{"aws:servicediscovery/httpNamespace:HttpNamespace", "", with(in{}), `ns-[0-9a-z]{16}`, `arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-[0-9a-z]{16}`},
	{tPrivateNamespace, "", func(h things) in { return in{"name": "shop.internal", "vpc": h.id(tVpc)} }, `ns-[0-9a-z]{16}`, `arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-[0-9a-z]{16}`},
	{tSecret, "", with(in{"recoveryWindowInDays": 0}), `arn:aws:secretsmanager:us-east-1:123456789012:secret:it-[0-9a-f]{7}-[0-9A-Za-z]{6}`, `arn:aws:secretsmanager:.*`},
	{tSecretVersion, "", func(h things) in { return in{"secretId": h.id(tSecret), "secretString": "hunter2"} }, `arn:aws:secretsmanager:.*\|terraform-[0-9]{18}[0-9a-f]{8}`, `arn:aws:secretsmanager:.*`},
}

// The whole life of a thing of every modelled type: made with the least AWS takes, it reads back as it was, a next run
// of the program finds nothing to do, it can be imported, an update with nothing new changes nothing, and in the end
// nothing is left.
func TestEveryModelledTypeRoundTrips(t *testing.T) {
	l := newLab(t, "us-east-1")
	have := things{}
	seen := map[string]bool{}
	for _, s := range specimens {
		seen[s.token] = true
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		inputs := s.inputs(have)
		assertPlanned(t, l.plan(s.token, "it", inputs), s, inputs)
		m := l.create(s.token, "it", inputs)
		have[key] = m
		assert.Regexp(t, regexp.MustCompile("^"+s.id+"$"), m.id, s.token)
		assert.Equal(t, m.id, m.str("id"), s.token)
		if s.arn != "" {
			assert.Regexp(t, regexp.MustCompile("^"+s.arn+"$"), m.str("arn"), s.token)
		}
		same := l.diffChecked(m, inputs)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, same.GetChanges(), "%s: %v", s.token, same.GetDetailedDiff())
		read, exists := l.refresh(m)
		if !assert.True(t, exists, s.token) {
			continue
		}
		assert.Equal(t, m.inputs, read.inputs, s.token)
		same = l.diffChecked(read, inputs)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, same.GetChanges(), "%s after a refresh: %v", s.token, same.GetDetailedDiff())
		updated := l.update(m, inputs)
		assert.Equal(t, m.state, updated.state, s.token)
		_, exists = l.imported(s.token, m.id)
		assert.True(t, exists, "import of %s", s.token)
	}
	for token := range allModels(t) {
		if token != tDBReplication && token != tReplicaKey { // need a second region, see TestBackupsAreCopiedToAnotherRegion and TestAReplicaKeyHasItsPrimarysID
			assert.True(t, seen[token], "no specimen of %s", token)
		}
	}
	for i := len(specimens) - 1; i >= 0; i-- {
		s := specimens[i]
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		require.NoError(t, l.tryDelete(have[key]), s.token)
		require.NoError(t, l.tryDelete(have[key]), "deleting what is gone: %s", s.token)
	}
	left, err := l.w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Empty(t, l.warnings)
}

// assertPlanned checks that in a preview what AWS will compute is unknown, and what the program says is not.
func assertPlanned(t *testing.T, planned resource.PropertyMap, s specimen, inputs in) {
	t.Helper()
	assert.True(t, isUnknown(planned["id"]), s.token)
	for name := range inputs {
		assert.False(t, isUnknown(reveal(planned[resource.PropertyKey(name)])), "%s %s", s.token, name)
	}
	m := allModels(t)[s.token]
	r, _ := awsSchema(t).Resource(s.token)
	if _, given := inputs["arn"]; !given && schema.PropertyType(r.Outputs, "arn") != nil {
		assert.True(t, isUnknown(planned["arn"]), s.token)
	}
	if m.AutoName != nil {
		assert.True(t, view(planned).has(m.AutoName.Property), "%s is named in a preview", s.token)
	}
}

package aws_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// What AWS refuses to create, in its own words.
func TestAWSRefusesToCreate(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, subnets := l.Network()
	sameZone := l.Create(
		token.Subnet,
		"same",
		awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.32.0/20", "availabilityZone": "us-east-1a"},
	)
	role := l.Create(token.Role, "task", awstest.In{"name": "task", "assumeRolePolicy": awstest.Trust})
	cluster := l.Create(token.Cluster, "lab", awstest.In{})
	fargate := l.Create(
		token.TaskDefinition,
		"fargate",
		awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
		},
	)
	idle := l.Create(
		token.TargetGroup,
		"idle",
		awstest.In{"vpcId": vpc.Id, "port": 80, "protocol": "HTTP", "targetType": "ip"},
	)
	visible := awstest.In{"cloudwatchMetricsEnabled": true, "metricName": "uk", "sampledRequestsEnabled": true}
	placed := awstest.In{"subnets": []any{subnets[0].Id}}
	l.Create(token.LogGroup, "taken", awstest.In{"name": "/lab/taken"})

	for name, c := range map[string]struct {
		token  string
		inputs awstest.In
		want   string
	}{
		"a subnet outside its VPC": {
			token.Subnet,
			awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.1.0.0/24"},
			"api error InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid",
		},
		"a subnet wider than its VPC": {
			token.Subnet,
			awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.0.0/15"},
			"InvalidSubnet.Range",
		},
		"a subnet of /29": {
			token.Subnet,
			awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.200.0/29"},
			"InvalidSubnet.Range",
		},
		"an overlapping subnet": {
			token.Subnet,
			awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.0.0/24"},
			"InvalidSubnet.Conflict",
		},
		"a subnet in no zone": {
			token.Subnet,
			awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.64.0/20", "availabilityZone": "us-east-1z"},
			"Value (us-east-1z) for parameter availabilityZone is invalid",
		},
		"a subnet of no VPC": {
			token.Subnet,
			awstest.In{"vpcId": "vpc-0", "cidrBlock": "10.0.0.0/24"},
			"InvalidVpcID.NotFound: The vpc ID 'vpc-0' does not exist",
		},
		"a second internet gateway": {
			token.InternetGateway,
			awstest.In{"vpcId": vpc.Id},
			"Resource.AlreadyAssociated",
		},
		"hostnames without DNS": {
			token.Vpc,
			awstest.In{"cidrBlock": "10.2.0.0/16", "enableDnsHostnames": true, "enableDnsSupport": false},
			"InvalidParameterCombination",
		},
		"a public NAT gateway without an IP": {
			token.NatGateway,
			awstest.In{"subnetId": subnets[0].Id},
			"MissingParameter",
		},
		"a certificate whose first name is too long": {
			token.Certificate,
			awstest.In{"domainName": strings.Repeat("a", 53) + ".example.com", "validationMethod": "DNS"},
			"The first domain name can be a maximum of 64 characters",
		},
		"a country that there is not": {
			token.WebACL,
			awstest.In{
				"name": "uk", "scope": "REGIONAL", "defaultAction": awstest.In{"allow": awstest.In{}},
				"visibilityConfig": visible,
				"rules": []any{awstest.In{
					"name": "uk", "priority": 1,
					"action": awstest.In{"block": awstest.In{}}, "visibilityConfig": visible,
					"statement": awstest.In{"geoMatchStatement": awstest.In{"countryCodes": []any{"GB", "UK"}}},
				}},
			},
			"Value '[UK]' at 'rules.statement.geoMatchStatement.countryCodes'",
		},
		"an endpoint in another region": {
			token.VpcEndpoint,
			awstest.In{"vpcId": vpc.Id, "serviceName": "com.amazonaws.eu-west-1.s3"},
			"InvalidServiceName",
		},
		"an endpoint with the name of China's": {
			token.VpcEndpoint,
			awstest.In{
				"vpcId": vpc.Id, "serviceName": "cn.com.amazonaws.us-east-1.ecr.api", "vpcEndpointType": "Interface",
			},
			"InvalidServiceName",
		},
		"ports for all protocols": {
			token.SecurityGroup,
			awstest.In{"vpcId": vpc.Id, "egress": []any{awstest.In{"protocol": "-1", "fromPort": 1, "toPort": 2}}},
			"must both be 0",
		},
		"a load balancer in one zone": {
			token.LoadBalancer,
			awstest.In{"subnets": []any{subnets[0].Id}},
			"At least two subnets in two different Availability Zones",
		},
		"a load balancer twice in one zone": {
			token.LoadBalancer,
			awstest.In{"subnets": []any{subnets[0].Id, sameZone.Id}},
			"cannot be attached to multiple subnets in the same Availability Zone",
		},
		"a subnet group in one zone": {
			token.DBSubnetGroup,
			awstest.In{"subnetIds": []any{subnets[0].Id, sameZone.Id}},
			"DBSubnetGroupDoesNotCoverEnoughAZs",
		},
		"a role of a taken name": {
			token.Role,
			awstest.In{"name": "task", "assumeRolePolicy": awstest.Trust},
			"EntityAlreadyExists: Role with name task already exists.",
		},
		"a log group of a taken name": {
			token.LogGroup,
			awstest.In{"name": "/lab/taken"},
			"ResourceAlreadyExistsException",
		},
		"a policy without statements": {
			token.Policy,
			awstest.In{"policy": `{"Version":"2012-10-17"}`},
			"MalformedPolicyDocument",
		},
		"an attachment to no role": {
			token.RoleAttachment,
			awstest.In{"role": "nobody", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
			"NoSuchEntity: The role with name nobody cannot be found.",
		},
		"an attachment of no policy": {
			token.RoleAttachment,
			awstest.In{"role": role.Id, "policyArn": "arn:aws:iam::123456789012:policy/none"},
			"NoSuchEntity",
		},
		"a repository with capitals":     {token.Repository, awstest.In{"name": "Shop"}, "InvalidParameterValue"},
		"a bucket named like an address": {token.Bucket, awstest.In{"bucket": "192.168.1.1"}, "InvalidBucketName"},
		"a Fargate size that is none": {
			token.TaskDefinition,
			awstest.In{
				"family":                  "f",
				"containerDefinitions":    awstest.Shop,
				"requiresCompatibilities": []any{"FARGATE"},
				"networkMode":             "awsvpc",
				"cpu":                     "256",
				"memory":                  "4096",
			},
			"No Fargate configuration exists for given values: 256 CPU, 4096 memory",
		},
		"Fargate in bridge mode": {
			token.TaskDefinition,
			awstest.In{
				"family":                  "f",
				"containerDefinitions":    awstest.Shop,
				"requiresCompatibilities": []any{"FARGATE"},
				"cpu":                     "256",
				"memory":                  "512",
			},
			"awsvpc",
		},
		"a service of no cluster": {
			token.Service,
			awstest.In{
				"cluster":              "none",
				"taskDefinition":       fargate.Str("arn"),
				"launchType":           "FARGATE",
				"networkConfiguration": placed,
			},
			"ClusterNotFoundException",
		},
		"a service of no task definition": {
			token.Service,
			awstest.In{"cluster": cluster.Id, "taskDefinition": "none:1"},
			"Unable to describe task definition none:1",
		},
		"a Fargate service without a network": {
			token.Service,
			awstest.In{"cluster": cluster.Id, "taskDefinition": "shop", "launchType": "FARGATE"},
			"Network Configuration must be provided",
		},
		"a service behind no load balancer": {
			token.Service,
			awstest.In{
				"cluster":              cluster.Id,
				"taskDefinition":       "shop:1",
				"launchType":           "FARGATE",
				"networkConfiguration": placed,
				"loadBalancers": []any{
					awstest.In{"targetGroupArn": idle.Id, "containerName": "web", "containerPort": 80},
				},
			},
			"does not have an associated load balancer",
		},
		"scaling of no service": {
			token.ScalingTarget,
			awstest.In{
				"minCapacity":       1,
				"maxCapacity":       2,
				"resourceId":        "service/a/b",
				"scalableDimension": "ecs:service:DesiredCount",
				"serviceNamespace":  "ecs",
			},
			"ECS service doesn't exist: service/a/b",
		},
		"a table without capacity": {
			token.Table,
			awstest.In{"hashKey": "id", "attributes": []any{awstest.In{"name": "id", "type": "S"}}},
			"ReadCapacityUnits and WriteCapacityUnits must both be specified",
		},
		"a database without a user": {
			token.DBInstance,
			awstest.In{"instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20},
			`"username": required field is not set`,
		},
		"a replication of no bucket": {
			token.BucketVersioning,
			awstest.In{"bucket": "nowhere", "versioningConfiguration": awstest.In{"status": "Enabled"}},
			"NoSuchBucket",
		},
		"a key that does not exist": {
			token.Alias,
			awstest.In{"targetKeyId": "7f0d2a34-0000-4000-8000-000000000000"},
			"NotFoundException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.TryCreate(c.token, "it", c.inputs)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), "creating ")
		})
	}
}

func TestAReferenceToAnotherRegionSaysWhereTheThingIs(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, _ := l.Network()
	west := awstest.Over(t, l.W, "us-west-2", nil)
	_, err := west.TryCreate(token.Subnet, "it", awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.0.0/24"})
	assert.ErrorContains(
		t,
		err,
		"InvalidVpcID.NotFound: The vpc ID '"+vpc.Id+"' does not exist in us-west-2 (it is in us-east-1)",
	)
}

func TestNamesOfBucketsAndRolesAreTakenEverywhereOthersInTheirRegion(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	for token, inputs := range map[string]awstest.In{
		token.Bucket: {"bucket": "shop"}, token.Role: {"name": "shop", "assumeRolePolicy": awstest.Trust},
	} {
		l.Create(token, "it", inputs)
		_, err := west.TryCreate(token, "it", inputs)
		assert.ErrorContains(t, err, "AlreadyExists", token)
	}
	l.Create(token.LogGroup, "it", awstest.In{"name": "shop"})
	west.Create(token.LogGroup, "it", awstest.In{"name": "shop"})
}

func TestBackupsAreCopiedToAnotherRegion(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	source := l.Create(
		token.DBInstance,
		"it",
		awstest.In{
			"instanceClass":         "db.t4g.micro",
			"engine":                "postgres",
			"allocatedStorage":      20,
			"username":              "shop",
			"password":              "x",
			"backupRetentionPeriod": 7,
		},
	)
	inputs := awstest.In{"sourceDbInstanceArn": source.Str("arn"), "retentionPeriod": 7}
	_, err := l.TryCreate(token.DBReplication, "it", inputs)
	assert.ErrorContains(t, err, "copied to another region")
	m := west.Create(token.DBReplication, "it", inputs)
	assert.Regexp(t, `^arn:aws:rds:us-west-2:123456789012:auto-backup:ab-[a-z0-9]+$`, m.Id)
	assert.Empty(t, west.DiffChecked(m, inputs).GetDetailedDiff())
}

func TestRequestedFaultsStrike(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	require.NoError(t, l.W.AddFault(
		t.Context(),
		world.Fault{
			Operation: world.Create,
			URN:       "*::shop",
			Code:      "ThrottlingException",
			Message:   "Rate exceeded",
			Times:     1,
		},
	))
	l.Create(token.LogGroup, "other", awstest.In{})
	_, err := l.TryCreate(token.LogGroup, "shop", awstest.In{})
	require.Error(t, err)
	assert.Regexp(
		t,
		`^creating CloudWatch Log Group \(shop-[0-9a-f]{7}\): operation error CloudWatch: CreateLogGroup, `+
			`api error ThrottlingException: Rate exceeded$`,
		err.Error(),
	)
	l.Create(token.LogGroup, "shop", awstest.In{})
}

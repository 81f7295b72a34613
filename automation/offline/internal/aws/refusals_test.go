package aws

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// What AWS refuses to create, in its own words.
func TestAWSRefusesToCreate(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc, subnets := l.network()
	sameZone := l.create(tSubnet, "same", in{"vpcId": vpc.id, "cidrBlock": "10.0.32.0/20", "availabilityZone": "us-east-1a"})
	role := l.create(tRole, "task", in{"name": "task", "assumeRolePolicy": trust})
	cluster := l.create(tCluster, "lab", in{})
	fargate := l.create(tTaskDefinition, "fargate", in{"family": "shop", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "512"})
	idle := l.create(tTargetGroup, "idle", in{"vpcId": vpc.id, "port": 80, "protocol": "HTTP", "targetType": "ip"})
	placed := in{"subnets": []any{subnets[0].id}}
	l.create(tLogGroup, "taken", in{"name": "/lab/taken"})

	for name, c := range map[string]struct {
		token  string
		inputs in
		want   string
	}{
		"a subnet outside its VPC":           {tSubnet, in{"vpcId": vpc.id, "cidrBlock": "10.1.0.0/24"}, "api error InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid"},
		"a subnet wider than its VPC":        {tSubnet, in{"vpcId": vpc.id, "cidrBlock": "10.0.0.0/15"}, "InvalidSubnet.Range"},
		"a subnet of /29":                    {tSubnet, in{"vpcId": vpc.id, "cidrBlock": "10.0.200.0/29"}, "InvalidSubnet.Range"},
		"an overlapping subnet":              {tSubnet, in{"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24"}, "InvalidSubnet.Conflict"},
		"a subnet in no zone":                {tSubnet, in{"vpcId": vpc.id, "cidrBlock": "10.0.64.0/20", "availabilityZone": "us-east-1z"}, "Value (us-east-1z) for parameter availabilityZone is invalid"},
		"a subnet of no VPC":                 {tSubnet, in{"vpcId": "vpc-0", "cidrBlock": "10.0.0.0/24"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-0' does not exist"},
		"a second internet gateway":          {tInternetGateway, in{"vpcId": vpc.id}, "Resource.AlreadyAssociated"},
		"hostnames without DNS":              {tVpc, in{"cidrBlock": "10.2.0.0/16", "enableDnsHostnames": true, "enableDnsSupport": false}, "InvalidParameterCombination"},
		"a public NAT gateway without an IP": {tNatGateway, in{"subnetId": subnets[0].id}, "MissingParameter"},
		"an endpoint in another region":      {tVpcEndpoint, in{"vpcId": vpc.id, "serviceName": "com.amazonaws.eu-west-1.s3"}, "InvalidServiceName"},
		"ports for all protocols": {tSecurityGroup, in{"vpcId": vpc.id, "egress": []any{in{"protocol": "-1", "fromPort": 1, "toPort": 2}}},
			"must both be 0"},
		"a load balancer in one zone": {tLoadBalancer, in{"subnets": []any{subnets[0].id}}, "At least two subnets in two different Availability Zones"},
		"a load balancer twice in one zone": {tLoadBalancer, in{"subnets": []any{subnets[0].id, sameZone.id}},
			"cannot be attached to multiple subnets in the same Availability Zone"},
		"a subnet group in one zone":     {tDBSubnetGroup, in{"subnetIds": []any{subnets[0].id, sameZone.id}}, "DBSubnetGroupDoesNotCoverEnoughAZs"},
		"a role of a taken name":         {tRole, in{"name": "task", "assumeRolePolicy": trust}, "EntityAlreadyExists: Role with name task already exists."},
		"a log group of a taken name":    {tLogGroup, in{"name": "/lab/taken"}, "ResourceAlreadyExistsException"},
		"a policy without statements":    {tPolicy, in{"policy": `{"Version":"2012-10-17"}`}, "MalformedPolicyDocument"},
		"an attachment to no role":       {tRoleAttachment, in{"role": "nobody", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "NoSuchEntity: The role with name nobody cannot be found."},
		"an attachment of no policy":     {tRoleAttachment, in{"role": role.id, "policyArn": "arn:aws:iam::123456789012:policy/none"}, "NoSuchEntity"},
		"a repository with capitals":     {tRepository, in{"name": "Shop"}, "InvalidParameterValue"},
		"a bucket named like an address": {tBucket, in{"bucket": "192.168.1.1"}, "InvalidBucketName"},
		"a Fargate size that is none": {tTaskDefinition, in{"family": "f", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "4096"},
			"No Fargate configuration exists for given values: 256 CPU, 4096 memory"},
		"Fargate in bridge mode": {tTaskDefinition, in{"family": "f", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512"}, "awsvpc"},
		"a service of no cluster": {tService, in{"cluster": "none", "taskDefinition": fargate.str("arn"), "launchType": "FARGATE", "networkConfiguration": placed},
			"ClusterNotFoundException"},
		"a service of no task definition": {tService, in{"cluster": cluster.id, "taskDefinition": "none:1"}, "Unable to describe task definition none:1"},
		"a Fargate service without a network": {tService, in{"cluster": cluster.id, "taskDefinition": "shop", "launchType": "FARGATE"},
			"Network Configuration must be provided"},
		"a service behind no load balancer": {tService, in{"cluster": cluster.id, "taskDefinition": "shop:1", "launchType": "FARGATE", "networkConfiguration": placed,
			"loadBalancers": []any{in{"targetGroupArn": idle.id, "containerName": "web", "containerPort": 80}}}, "does not have an associated load balancer"},
		"scaling of no service": {tScalingTarget, in{"minCapacity": 1, "maxCapacity": 2, "resourceId": "service/a/b", "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs"},
			"ECS service doesn't exist: service/a/b"},
		"a table without capacity":   {tTable, in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}}, "ReadCapacityUnits and WriteCapacityUnits must both be specified"},
		"a database without a user":  {tDBInstance, in{"instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20}, `"username": required field is not set`},
		"a replication of no bucket": {tBucketVersioning, in{"bucket": "nowhere", "versioningConfiguration": in{"status": "Enabled"}}, "NoSuchBucket"},
		"a key that does not exist":  {tAlias, in{"targetKeyId": "7f0d2a34-0000-4000-8000-000000000000"}, "NotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.tryCreate(c.token, "it", c.inputs)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), "creating ")
		})
	}
}

func TestAReferenceToAnotherRegionSaysWhereTheThingIs(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc, _ := l.network()
	west := labOver(t, l.w, "us-west-2", nil)
	_, err := west.tryCreate(tSubnet, "it", in{"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24"})
	assert.ErrorContains(t, err, "InvalidVpcID.NotFound: The vpc ID '"+vpc.id+"' does not exist in us-west-2 (it is in us-east-1)")
}

func TestNamesOfBucketsAndRolesAreTakenEverywhereOthersInTheirRegion(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	for token, inputs := range map[string]in{
		tBucket: {"bucket": "shop"}, tRole: {"name": "shop", "assumeRolePolicy": trust},
	} {
		l.create(token, "it", inputs)
		_, err := west.tryCreate(token, "it", inputs)
		assert.ErrorContains(t, err, "AlreadyExists", token)
	}
	l.create(tLogGroup, "it", in{"name": "shop"})
	west.create(tLogGroup, "it", in{"name": "shop"})
}

// What AWS refuses to delete, while it is used or protected.
func TestAWSRefusesToDelete(t *testing.T) {
	l := newLab(t, "us-east-1")
	have := things{}
	for _, s := range specimens {
		if s.label == "" {
			have[s.token] = l.create(s.token, "it", s.inputs(have))
		} else {
			have[s.token+" "+s.label] = l.create(s.token, "it", s.inputs(have))
		}
	}
	for token, want := range map[string]string{
		tVpc: "DependencyViolation", tSubnet: "DependencyViolation", tSecurityGroup: "DependencyViolation", tInternetGateway: "mapped public address",
		tEip: "InvalidIPAddress.InUse", tRole: "DeleteConflict", tPolicy: "DeleteConflict", tCluster: "ClusterContainsServicesException",
		tCapacityProvider: "ResourceInUseException", tTargetGroup: "ResourceInUse", tCertificate: "ResourceInUseException",
		tDBSubnetGroup: "InvalidDBSubnetGroupStateFault", tDBParameterGroup: "InvalidDBParameterGroupState", tDBCluster: "InvalidDBClusterStateFault",
		tFileSystem: "FileSystemInUse", tWebACL: "WAFAssociatedItemException", tPlan: "InvalidRequestException", tEventRule: "ValidationException",
		tAccessControl: "OriginAccessControlInUse", tTestingPlan: "InvalidRequestException",
	} {
		err := l.tryDelete(have[token])
		assert.ErrorContains(t, err, "api error ", token)
		assert.ErrorContains(t, err, want, token)
		_, exists := l.refresh(have[token])
		assert.True(t, exists, token)
	}
}

// Guards are read from the state, so an update must lift them first.
func TestGuardsHoldUntilAnUpdateLiftsThem(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	group := l.create(tDBSubnetGroup, "lab", in{"subnetIds": []any{subnets[0].id, subnets[1].id}})
	database := in{"identifier": "shop", "instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20, "username": "shop", "password": "hunter2", "dbSubnetGroupName": group.id}
	table := in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}, "billingMode": "PAY_PER_REQUEST"}
	for name, c := range map[string]struct {
		token           string
		inputs          in
		guarded, lifted in
		fill            func(m made)
		want            string
	}{
		"deletion protection of a load balancer": {tLoadBalancer, in{"subnets": []any{subnets[0].id, subnets[1].id}}, in{"enableDeletionProtection": true}, in{"enableDeletionProtection": false}, nil, "OperationNotPermitted"},
		"deletion protection of a database":      {tDBInstance, database, in{"deletionProtection": true, "skipFinalSnapshot": true}, in{"deletionProtection": false, "skipFinalSnapshot": true}, nil, "Cannot delete protected DB Instance"},
		"a final snapshot without a name":        {tDBInstance, database, in{}, in{"skipFinalSnapshot": true}, nil, "final_snapshot_identifier is required"},
		"deletion protection of a table":         {tTable, table, in{"deletionProtectionEnabled": true}, in{"deletionProtectionEnabled": false}, nil, "currently protected against deletion"},
		"images in a repository": {tRepository, in{}, in{}, in{"forceDelete": true}, func(m made) {
			require.NoError(t, l.w.PutImage(t.Context(), world.Image{Repository: m.str("repositoryUrl"), Tag: "v1", Digest: "sha256:a"}))
		}, "RepositoryNotEmptyException"},
		"objects in a bucket": {tBucket, in{}, in{}, in{"forceDestroy": true}, func(m made) {
			require.NoError(t, l.w.PutObject(t.Context(), m.id, "order.json"))
		}, "BucketNotEmpty"},
	} {
		t.Run(name, func(t *testing.T) {
			m := l.create(c.token, "it", merge(c.inputs, c.guarded))
			if c.fill != nil {
				c.fill(m)
			}
			assert.ErrorContains(t, l.tryDelete(m), c.want)
			m = l.update(m, merge(c.inputs, c.lifted))
			require.NoError(t, l.tryDelete(m))
		})
	}
}

func merge(a, b in) in {
	merged := in{}
	for _, m := range []in{a, b} {
		for key, value := range m {
			merged[key] = value
		}
	}
	return merged
}

func TestAFinalSnapshotsNameStaysTaken(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"instanceClass": "db.t4g.micro", "engine": "mysql", "allocatedStorage": 20, "username": "shop", "password": "x", "finalSnapshotIdentifier": "last"}
	require.NoError(t, l.tryDelete(l.create(tDBInstance, "first", inputs)))
	assert.ErrorContains(t, l.tryDelete(l.create(tDBInstance, "second", inputs)), "DBSnapshotAlreadyExists")
}

func TestASecretsNameStaysTakenWhileItCouldBeRecovered(t *testing.T) {
	l := newLab(t, "us-east-1")
	require.NoError(t, l.tryDelete(l.create(tSecret, "it", in{"name": "db"})))
	_, err := l.tryCreate(tSecret, "it", in{"name": "db"})
	assert.ErrorContains(t, err, "scheduled for deletion")
	require.NoError(t, l.tryDelete(l.create(tSecret, "it", in{"name": "now", "recoveryWindowInDays": 0})))
	l.create(tSecret, "it", in{"name": "now"})
}

// What the real provider waits out for minutes, the stand-in waits out too: the other operation is on its way.
func TestADeleteWaitsForWhatUsesTheThing(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc, _ := l.network()
	l.patience = time.Minute
	users, err := l.w.List(t.Context())
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- l.tryDelete(vpc) }()
	for _, thing := range users {
		if thing.Type != tVpc {
			require.NoError(t, l.w.Delete(t.Context(), thing.Key))
		}
	}
	require.NoError(t, <-done)
}

func TestCancelEndsEveryWait(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc, _ := l.network()
	l.patience = time.Hour
	_, err := l.Cancel(t.Context(), nil)
	require.NoError(t, err)
	assert.ErrorContains(t, l.tryDelete(vpc), "DependencyViolation")
}

func TestWhatIsToBeKeptIsKept(t *testing.T) {
	l := newLab(t, "us-east-1")
	m := l.create(tLogGroup, "it", in{"skipDestroy": true})
	require.NoError(t, l.tryDelete(m))
	_, exists := l.refresh(m)
	assert.True(t, exists)
}

func TestRevisionsOfATaskDefinitionAreNeverReused(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"family": "shop", "containerDefinitions": shop}
	first := l.create(tTaskDefinition, "it", inputs)
	second := l.create(tTaskDefinition, "it", inputs)
	require.NoError(t, l.tryDelete(first))
	_, exists := l.refresh(second)
	assert.True(t, exists, "deleting one revision leaves the other")
	require.NoError(t, l.tryDelete(second))
	assert.Equal(t, "3", l.create(tTaskDefinition, "it", inputs).str("revision"))
}

func TestBackupsAreCopiedToAnotherRegion(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	source := l.create(tDBInstance, "it", in{"instanceClass": "db.t4g.micro", "engine": "postgres", "allocatedStorage": 20, "username": "shop", "password": "x", "backupRetentionPeriod": 7})
	inputs := in{"sourceDbInstanceArn": source.str("arn"), "retentionPeriod": 7}
	_, err := l.tryCreate(tDBReplication, "it", inputs)
	assert.ErrorContains(t, err, "copied to another region")
	m := west.create(tDBReplication, "it", inputs)
	assert.Regexp(t, `^arn:aws:rds:us-west-2:123456789012:auto-backup:ab-[a-z0-9]+$`, m.id)
	assert.Empty(t, west.diffChecked(m, inputs).GetDetailedDiff())
}

// Whatever subnets are asked for: AWS makes exactly those that lie in the VPC and overlap none it has made.
func TestSubnetsNeverOverlap(t *testing.T) {
	block := netip.MustParsePrefix("10.0.0.0/16")
	l := newLab(t, "us-east-1")
	rapid.Check(t, func(r *rapid.T) {
		vpc := l.create(tVpc, "lab", in{"cidrBlock": block.String()})
		var have []netip.Prefix
		for i := range rapid.IntRange(1, 12).Draw(r, "subnets") {
			bits := rapid.IntRange(15, 29).Draw(r, "bits")
			third, fourth := rapid.IntRange(0, 255).Draw(r, "third"), rapid.IntRange(0, 255).Draw(r, "fourth")
			second := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(r, "second")
			wanted := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second), byte(third), byte(fourth)}), bits).Masked()
			possible := bits >= 16 && bits <= 28 && block.Contains(wanted.Addr())
			for _, other := range have {
				possible = possible && !other.Overlaps(wanted)
			}
			_, err := l.tryCreate(tSubnet, fmt.Sprint(i), in{"vpcId": vpc.id, "cidrBlock": wanted.String()})
			if possible != (err == nil) {
				r.Fatalf("subnet %s beside %v: %v", wanted, have, err)
			}
			if err == nil {
				have = append(have, wanted)
			}
		}
	})
}

func TestRequestedFaultsStrike(t *testing.T) {
	l := newLab(t, "us-east-1")
	require.NoError(t, l.w.AddFault(t.Context(), world.Fault{Operation: world.Create, URN: "*::shop", Code: "ThrottlingException", Message: "Rate exceeded", Times: 1}))
	l.create(tLogGroup, "other", in{})
	_, err := l.tryCreate(tLogGroup, "shop", in{})
	require.Error(t, err)
	assert.Regexp(t, `^creating CloudWatch Log Group \(shop-[0-9a-f]{7}\): operation error CloudWatch: CreateLogGroup, `+
		`api error ThrottlingException: Rate exceeded$`, err.Error())
	l.create(tLogGroup, "shop", in{})
}

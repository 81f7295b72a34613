package aws_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestFunctionsOfTheAccount(t *testing.T) {
	l := awstest.New(t, "eu-west-1")
	assert.Equal(
		t,
		"123456789012",
		l.Call("aws:index/getCallerIdentity:getCallerIdentity", awstest.In{}).Str("accountId"),
	)
	assert.Equal(t, "eu-west-1", l.Call("aws:index/getRegion:getRegion", awstest.In{}).Str("name"))
	assert.Equal(t, "aws", l.Call("aws:index/getPartition:getPartition", awstest.In{}).Str("partition"))
	assert.Equal(
		t,
		"arn:aws:iam::156460612806:root",
		l.Call("aws:elb/getServiceAccount:getServiceAccount", awstest.In{}).Str("arn"),
	)
	assert.Equal(
		t,
		"arn:aws:iam::127311923021:root",
		l.Call("aws:elb/getServiceAccount:getServiceAccount", awstest.In{"region": "us-east-1"}).Str("arn"),
	)

	token := l.Call("aws:ecr/getAuthorizationToken:getAuthorizationToken", awstest.In{})
	decoded, err := base64.StdEncoding.DecodeString(token.Str("authorizationToken"))
	require.NoError(t, err)
	assert.Equal(t, token.Str("userName")+":"+token.Str("password"), string(decoded))
	assert.Equal(t, "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com", token.Str("proxyEndpoint"))
	assert.Equal(
		t,
		token.Str("authorizationToken"),
		l.Call(
			"aws:ecr/getCredentials:getCredentials",
			awstest.In{"registryId": "123456789012"},
		).Str(
			"authorizationToken",
		),
	)
}

func TestAvailabilityZones(t *testing.T) {
	const token = "aws:index/getAvailabilityZones:getAvailabilityZones"
	l := awstest.New(t, "eu-west-1")
	all := l.Call(token, awstest.In{"state": "available"})
	assert.Equal(t, []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, all.Strings("names"))
	assert.Equal(t, []string{"euw1-az1", "euw1-az2", "euw1-az3"}, all.Strings("zoneIds"))
	some := l.Call(
		token,
		awstest.In{
			"excludeNames": []any{"eu-west-1a"},
			"filters":      []any{awstest.In{"name": "zone-id", "values": []any{"euw1-az1", "euw1-az3"}}},
		},
	)
	assert.Equal(t, []string{"eu-west-1c"}, some.Strings("names"))
	assert.Len(t, awstest.Over(t, l.W, "us-east-1", nil).Call(token, awstest.In{}).Strings("names"), 6)
}

func TestFunctionsThatLookIntoTheWorld(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc := l.Create(token.Vpc, "lab", awstest.In{"cidrBlock": "10.0.0.0/16", "tags": awstest.In{"Name": "lab"}})
	subnet := l.Create(
		token.Subnet,
		"a",
		awstest.In{
			"vpcId":            vpc.Id,
			"cidrBlock":        "10.0.0.0/24",
			"availabilityZone": "us-east-1a",
			"tags":             awstest.In{"Tier": "public"},
		},
	)
	l.Create(
		token.Subnet,
		"b",
		awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"},
	)
	key := l.Create(token.Key, "lab", awstest.In{})
	l.Create(token.Alias, "lab", awstest.In{"name": "alias/lab", "targetKeyId": key.Id})
	secret := l.Create(token.Secret, "lab", awstest.In{"name": "db"})
	certificate := l.Create(
		token.Certificate,
		"lab",
		awstest.In{"domainName": "shop.example.com", "validationMethod": "DNS"},
	)

	assert.Equal(t, vpc.Id, l.Call("aws:ec2/getVpc:getVpc", awstest.In{"tags": awstest.In{"Name": "lab"}}).Str("id"))
	assert.Equal(t, "172.31.0.0/16", l.Call("aws:ec2/getVpc:getVpc", awstest.In{"default": true}).Str("cidrBlock"))
	assert.Len(
		t,
		l.Call(
			"aws:ec2/getSubnets:getSubnets",
			awstest.In{"filters": []any{awstest.In{"name": "vpc-id", "values": []any{vpc.Id}}}},
		).Strings(
			"ids",
		),
		2,
	)
	assert.Equal(
		t,
		[]string{subnet.Id},
		l.Call(
			"aws:ec2/getSubnets:getSubnets",
			awstest.In{"filters": []any{awstest.In{"name": "tag:Tier", "values": []any{"pub*"}}}},
		).Strings(
			"ids",
		),
	)
	assert.Equal(t, subnet.Id, l.Call("aws:ec2/getSubnet:getSubnet", awstest.In{"id": subnet.Id}).Str("id"))
	assert.Equal(t, key.Str("arn"), l.Call("aws:kms/getKey:getKey", awstest.In{"keyId": "alias/lab"}).Str("arn"))
	assert.Equal(t, key.Id, l.Call("aws:kms/getAlias:getAlias", awstest.In{"name": "alias/lab"}).Str("targetKeyId"))
	assert.Equal(t, secret.Id, l.Call("aws:secretsmanager/getSecret:getSecret", awstest.In{"name": "db"}).Str("arn"))

	_, err := l.Invoke("aws:acm/getCertificate:getCertificate", awstest.In{"domain": "shop.example.com"})
	assert.ErrorContains(t, err, "no certificate for domain")
	l.Create(token.CertValidation, "lab", awstest.In{"certificateArn": certificate.Id})
	assert.Equal(
		t,
		certificate.Id,
		l.Call("aws:acm/getCertificate:getCertificate", awstest.In{"domain": "shop.example.com"}).Str("arn"),
	)

	url := "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop"
	unbuilt := world.Image{Repository: url, Tag: "v1", Digest: "sha256:b"}
	require.NoError(t, l.W.PutImage(t.Context(), unbuilt))
	engine := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(engine.Close)
	t.Setenv("DOCKER_HOST", "unix:///nonexistent.sock")
	l.Call("aws:ecr/getImage:getImage", awstest.In{"repositoryName": "shop", "imageTag": "v1"})
	t.Setenv("DOCKER_HOST", "tcp://"+engine.Listener.Addr().String())
	_, err = l.Invoke("aws:ecr/getImage:getImage", awstest.In{"repositoryName": "shop", "imageTag": "v1"})
	assert.ErrorContains(t, err, "ImageNotFoundException", "it could not be built without an engine")
	built := world.Image{Repository: url, Tag: "v1", Digest: "sha256:a", Size: 5}
	require.NoError(t, l.W.PutImage(t.Context(), built))
	assert.Equal(
		t,
		url+"@sha256:a",
		l.Call("aws:ecr/getImage:getImage", awstest.In{"repositoryName": "shop", "imageTag": "v1"}).Str("imageUri"),
	)
	_, err = l.Invoke("aws:ec2/getVpc:getVpc", awstest.In{"id": "vpc-0"})
	assert.ErrorContains(t, err, "InvalidVpcID.NotFound")
}

func TestFunctionsOfAWSsOwnThings(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	list := l.Call("aws:ec2/getPrefixList:getPrefixList", awstest.In{"name": "com.amazonaws.us-east-1.s3"})
	assert.Equal(t, "pl-63a5400a", list.Str("id"))
	assert.NotEmpty(t, list.Strings("cidrBlocks"))
	assert.Equal(
		t,
		"pl-63a5400a",
		l.Call(
			"aws:ec2/getManagedPrefixList:getManagedPrefixList",
			awstest.In{"name": "com.amazonaws.us-east-1.s3"},
		).Str(
			"id",
		),
	)
	const parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
	image := l.Call("aws:ssm/getParameter:getParameter", awstest.In{"name": parameter}).Str("value")
	assert.Regexp(t, `^ami-[0-9a-f]{17}$`, image)
	assert.Equal(t, image, l.Call("aws:ssm/getParameter:getParameter", awstest.In{"name": parameter}).Str("value"))
	assert.Regexp(
		t,
		`^ami-[0-9a-f]{17}$`,
		l.Call("aws:ec2/getAmi:getAmi", awstest.In{"mostRecent": true, "owners": []any{"amazon"}}).Str("id"),
	)
	assert.Equal(
		t,
		"shop.example.com",
		l.Call("aws:route53/getZone:getZone", awstest.In{"name": "shop.example.com."}).Str("name"),
	)
}

// A document renders with the provider's order of fields, lists sorted backwards, and a list of one as its element.
func TestPolicyDocumentsRenderInTheProvidersForm(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	const token = "aws:iam/getPolicyDocument:getPolicyDocument"
	result := l.Call(token, awstest.In{"statements": []any{
		awstest.In{
			"sid":       "1",
			"actions":   []any{"s3:ListAllMyBuckets", "s3:GetBucketLocation"},
			"resources": []any{"arn:aws:s3:::*"},
		},
		awstest.In{"effect": "Deny", "actions": []any{"s3:*"}, "resources": []any{"arn:aws:s3:::home/&{aws:username}"},
			"principals": []any{awstest.In{"type": "AWS", "identifiers": []any{"*"}}},
			"conditions": []any{
				awstest.In{"test": "StringLike", "variable": "s3:prefix", "values": []any{"", "home/"}},
			}},
	}})
	assert.Equal(
		t,
		`{"Version":"2012-10-17","Statement":[{"Sid":"1","Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:`+
			`GetBucketLocation"],`+
			`"Resource":"arn:aws:s3:::*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:`+
			`username}","Principal":{"AWS":"*"},`+
			`"Condition":{"StringLike":{"s3:prefix":["","home/"]}}}]}`,
		result.Str("minifiedJson"),
	)
	assert.Contains(t, result.Str("json"), "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n")
	merged := l.Call(token, awstest.In{
		"sourcePolicyDocuments":   []any{`{"Statement":[{"Sid":"a","Effect":"Allow","Action":"x","Resource":"*"}]}`},
		"overridePolicyDocuments": []any{`{"Statement":{"Sid":"a","Effect":"Deny","Action":"x","Resource":"*"}}`},
	})
	assert.Equal(
		t,
		`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","Action":"x","Resource":"*"}]}`,
		merged.Str("minifiedJson"),
	)
}

func TestFunctionsThatAreNotThere(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, err := l.Invoke("aws:ec2/getMoon:getMoon", awstest.In{})
	assert.ErrorContains(t, err, "unknown function aws:ec2/getMoon:getMoon")
	_, err = l.Invoke("aws:kinesis/getStream:getStream", awstest.In{"name": "jobs"})
	assert.ErrorContains(t, err, "the function aws:kinesis/getStream:getStream is not modelled")
	args, err := bridge.Marshal(values.Of(awstest.In{"nam": "x"}).ObjectValue())
	require.NoError(t, err)
	response, err := l.Provider.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:ec2/getVpc:getVpc", Args: args})
	require.NoError(t, err)
	require.Len(t, response.GetFailures(), 1)
	assert.Equal(t, "nam", response.GetFailures()[0].GetProperty())
}

package aws

import (
	"encoding/base64"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func (l *lab) call(token string, args in) view {
	l.Helper()
	result, err := l.invoke(token, args)
	require.NoError(l, err, token)
	return view(result)
}

func TestFunctionsOfTheAccount(t *testing.T) {
	l := newLab(t, "eu-west-1")
	assert.Equal(t, "123456789012", l.call("aws:index/getCallerIdentity:getCallerIdentity", in{}).str("accountId"))
	assert.Equal(t, "eu-west-1", l.call("aws:index/getRegion:getRegion", in{}).str("name"))
	assert.Equal(t, "aws", l.call("aws:index/getPartition:getPartition", in{}).str("partition"))
	assert.Equal(t, "arn:aws:iam::156460612806:root", l.call("aws:elb/getServiceAccount:getServiceAccount", in{}).str("arn"))
	assert.Equal(t, "arn:aws:iam::127311923021:root", l.call("aws:elb/getServiceAccount:getServiceAccount", in{"region": "us-east-1"}).str("arn"))

	token := l.call("aws:ecr/getAuthorizationToken:getAuthorizationToken", in{})
	decoded, err := base64.StdEncoding.DecodeString(token.str("authorizationToken"))
	require.NoError(t, err)
	assert.Equal(t, token.str("userName")+":"+token.str("password"), string(decoded))
	assert.Equal(t, "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com", token.str("proxyEndpoint"))
	assert.Equal(t, token.str("authorizationToken"), l.call("aws:ecr/getCredentials:getCredentials", in{"registryId": "123456789012"}).str("authorizationToken"))
}

func TestAvailabilityZones(t *testing.T) {
	const token = "aws:index/getAvailabilityZones:getAvailabilityZones"
	l := newLab(t, "eu-west-1")
	all := l.call(token, in{"state": "available"})
	assert.Equal(t, []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, all.strings("names"))
	assert.Equal(t, []string{"euw1-az1", "euw1-az2", "euw1-az3"}, all.strings("zoneIds"))
	some := l.call(token, in{"excludeNames": []any{"eu-west-1a"}, "filters": []any{in{"name": "zone-id", "values": []any{"euw1-az1", "euw1-az3"}}}})
	assert.Equal(t, []string{"eu-west-1c"}, some.strings("names"))
	assert.Len(t, labOver(t, l.w, "us-east-1", nil).call(token, in{}).strings("names"), 6)
}

func TestFunctionsThatLookIntoTheWorld(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc := l.create(tVpc, "lab", in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "lab"}})
	subnet := l.create(tSubnet, "a", in{"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a", "tags": in{"Tier": "public"}})
	l.create(tSubnet, "b", in{"vpcId": vpc.id, "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"})
	key := l.create(tKey, "lab", in{})
	l.create(tAlias, "lab", in{"name": "alias/lab", "targetKeyId": key.id})
	secret := l.create(tSecret, "lab", in{"name": "db"})
	certificate := l.create(tCertificate, "lab", in{"domainName": "shop.example.com", "validationMethod": "DNS"})

	assert.Equal(t, vpc.id, l.call("aws:ec2/getVpc:getVpc", in{"tags": in{"Name": "lab"}}).str("id"))
	assert.Equal(t, "172.31.0.0/16", l.call("aws:ec2/getVpc:getVpc", in{"default": true}).str("cidrBlock"))
	assert.Len(t, l.call("aws:ec2/getSubnets:getSubnets", in{"filters": []any{in{"name": "vpc-id", "values": []any{vpc.id}}}}).strings("ids"), 2)
	assert.Equal(t, []string{subnet.id}, l.call("aws:ec2/getSubnets:getSubnets", in{"filters": []any{in{"name": "tag:Tier", "values": []any{"pub*"}}}}).strings("ids"))
	assert.Equal(t, subnet.id, l.call("aws:ec2/getSubnet:getSubnet", in{"id": subnet.id}).str("id"))
	assert.Equal(t, key.str("arn"), l.call("aws:kms/getKey:getKey", in{"keyId": "alias/lab"}).str("arn"))
	assert.Equal(t, key.id, l.call("aws:kms/getAlias:getAlias", in{"name": "alias/lab"}).str("targetKeyId"))
	assert.Equal(t, secret.id, l.call("aws:secretsmanager/getSecret:getSecret", in{"name": "db"}).str("arn"))

	_, err := l.invoke("aws:acm/getCertificate:getCertificate", in{"domain": "shop.example.com"})
	assert.ErrorContains(t, err, "no certificate for domain")
	l.create(tCertValidation, "lab", in{"certificateArn": certificate.id})
	assert.Equal(t, certificate.id, l.call("aws:acm/getCertificate:getCertificate", in{"domain": "shop.example.com"}).str("arn"))

	url := "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop"
	require.NoError(t, l.w.PutImage(t.Context(), world.Image{Repository: url, Tag: "v1", Digest: "sha256:a"}))
	assert.Equal(t, url+"@sha256:a", l.call("aws:ecr/getImage:getImage", in{"repositoryName": "shop", "imageTag": "v1"}).str("imageUri"))
	_, err = l.invoke("aws:ec2/getVpc:getVpc", in{"id": "vpc-0"})
	assert.ErrorContains(t, err, "InvalidVpcID.NotFound")
}

func TestFunctionsOfAWSsOwnThings(t *testing.T) {
	l := newLab(t, "us-east-1")
	list := l.call("aws:ec2/getPrefixList:getPrefixList", in{"name": "com.amazonaws.us-east-1.s3"})
	assert.Equal(t, "pl-63a5400a", list.str("id"))
	assert.NotEmpty(t, list.strings("cidrBlocks"))
	assert.Equal(t, "pl-63a5400a", l.call("aws:ec2/getManagedPrefixList:getManagedPrefixList", in{"name": "com.amazonaws.us-east-1.s3"}).str("id"))
	const parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
	image := l.call("aws:ssm/getParameter:getParameter", in{"name": parameter}).str("value")
	assert.Regexp(t, `^ami-[0-9a-f]{17}$`, image)
	assert.Equal(t, image, l.call("aws:ssm/getParameter:getParameter", in{"name": parameter}).str("value"))
	assert.Regexp(t, `^ami-[0-9a-f]{17}$`, l.call("aws:ec2/getAmi:getAmi", in{"mostRecent": true, "owners": []any{"amazon"}}).str("id"))
	assert.Equal(t, "shop.example.com", l.call("aws:route53/getZone:getZone", in{"name": "shop.example.com."}).str("name"))
}

// A document renders with the provider's order of fields, lists sorted backwards, and a list of one as its element.
func TestPolicyDocumentsRenderInTheProvidersForm(t *testing.T) {
	l := newLab(t, "us-east-1")
	const token = "aws:iam/getPolicyDocument:getPolicyDocument"
	result := l.call(token, in{"statements": []any{
		in{"sid": "1", "actions": []any{"s3:ListAllMyBuckets", "s3:GetBucketLocation"}, "resources": []any{"arn:aws:s3:::*"}},
		in{"effect": "Deny", "actions": []any{"s3:*"}, "resources": []any{"arn:aws:s3:::home/&{aws:username}"},
			"principals": []any{in{"type": "AWS", "identifiers": []any{"*"}}},
			"conditions": []any{in{"test": "StringLike", "variable": "s3:prefix", "values": []any{"", "home/"}}}},
	}})
	assert.Equal(t, `{"Version":"2012-10-17","Statement":[{"Sid":"1","Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],`+
		`"Resource":"arn:aws:s3:::*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}","Principal":{"AWS":"*"},`+
		`"Condition":{"StringLike":{"s3:prefix":["","home/"]}}}]}`, result.str("minifiedJson"))
	assert.Contains(t, result.str("json"), "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n")
	merged := l.call(token, in{
		"sourcePolicyDocuments":   []any{`{"Statement":[{"Sid":"a","Effect":"Allow","Action":"x","Resource":"*"}]}`},
		"overridePolicyDocuments": []any{`{"Statement":{"Sid":"a","Effect":"Deny","Action":"x","Resource":"*"}}`},
	})
	assert.Equal(t, `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","Action":"x","Resource":"*"}]}`, merged.str("minifiedJson"))
}

func TestFunctionsThatAreNotThere(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, err := l.invoke("aws:ec2/getMoon:getMoon", in{})
	assert.ErrorContains(t, err, "unknown function aws:ec2/getMoon:getMoon")
	_, err = l.invoke("aws:kinesis/getStream:getStream", in{"name": "jobs"})
	assert.ErrorContains(t, err, "the function aws:kinesis/getStream:getStream is not modelled")
	args, err := marshal(property(in{"nam": "x"}).ObjectValue())
	require.NoError(t, err)
	response, err := l.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:ec2/getVpc:getVpc", Args: args})
	require.NoError(t, err)
	require.Len(t, response.GetFailures(), 1)
	assert.Equal(t, "nam", response.GetFailures()[0].GetProperty())
}

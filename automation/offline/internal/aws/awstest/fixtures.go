package awstest

import (
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Details writes a detailed diff as place=kind.
func Details(response *pulumirpc.DiffResponse) map[string]string {
	kinds := map[string]string{}
	for at, detail := range response.GetDetailedDiff() {
		kinds[at] = detail.GetKind().String()
	}
	return kinds
}

// Function makes a function of a container image, as the lab's are.
func (l *Lab) Function(name string, more In) Made {
	l.Helper()
	role := l.Create(token.Role, name, In{"name": name, "assumeRolePolicy": Trust})
	repository := l.Create(token.Repository, name, In{"name": name})
	l.Create(token.RepositoryPolicy, name, In{
		"repository": repository.Id,
		"policy": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage",
			"Principal": {"Service": "lambda.amazonaws.com"}}]}`,
	})
	url := repository.Str("repositoryUrl")
	require.NoError(l, l.W.PutImage(l.Context(), world.Image{Repository: url, Tag: "v1", Digest: "sha256:a"}))
	return l.Create(
		token.Function,
		name,
		Merge(In{"name": name, "role": role.Str("arn"), "packageType": "Image", "imageUri": url + "@sha256:a"}, more),
	)
}

// Call calls a function that must succeed.
func (l *Lab) Call(token string, args In) values.View {
	l.Helper()
	result, err := l.Invoke(token, args)
	require.NoError(l, err, token)
	return values.View(result)
}

// Network makes a VPC with a gateway and a subnet in each of two zones.
func (l *Lab) Network() (vpc Made, subnets []Made) {
	l.Helper()
	vpc = l.Create(token.Vpc, "lab", In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	l.Create(token.InternetGateway, "lab", In{"vpcId": vpc.Id})
	for i, zone := range l.Provider.Region.ZoneNames()[:2] {
		subnets = append(subnets, l.Create(token.Subnet, zone, In{
			"vpcId": vpc.Id, "cidrBlock": []string{"10.0.0.0/20", "10.0.16.0/20"}[i], "availabilityZone": zone,
		}))
	}
	return vpc, subnets
}

// Merge returns the inputs of both, of the second where both have a value.
func Merge(a, b In) In {
	merged := In{}
	for _, m := range []In{a, b} {
		for key, value := range m {
			merged[key] = value
		}
	}
	return merged
}

const (
	Steps     = `{"StartAt":"Redeploy","States":{"Redeploy":{"Type":"Pass","End":true}}}`
	PullGrant = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":` +
		`"lambda.amazonaws.com"},"Action":"ecr:BatchGetImage"}]}`
	TenDigits = `[0-9]{10}`
)

// KeyPolicy returns a key policy that lets the account administer the key and a service use it.
func KeyPolicy(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:` +
		`root"},"Action":"kms:*","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":` +
		`"` + service + `"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:GenerateDataKey*"],"Resource":"*"}]}`
}

const (
	Trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":` +
		`"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	Grant = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:` +
		`::shop/*"}]}`
	Shop = `[{"name":"web","image":"nginx","portMappings":[{"containerPort":80}]}]`
)

package ecr_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestRegistriesRefuse(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	l.Create(token.Repository, "shop", awstest.In{"name": "shop"})
	to := func(region string) awstest.In {
		return awstest.In{
			"replicationConfiguration": awstest.In{
				"rules": []any{
					awstest.In{"destinations": []any{awstest.In{"region": region, "registryId": "123456789012"}}},
				},
			},
		}
	}
	for name, c := range map[string]struct {
		token  string
		inputs awstest.In
		want   string
	}{
		"copies to where images come from": {
			token.ImageReplication,
			to("us-east-1"),
			"is the source registry itself",
		},
		"copies to no region": {token.ImageReplication, to("us-easd-1"), `did you mean "us-east-1"?`},
		"Docker Hub without a credential": {
			token.PullThrough,
			awstest.In{"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"},
			"needs a secret named ecr-pullthroughcache/",
		},
		"a registry that ECR does not know": {
			token.PullThrough,
			awstest.In{"ecrRepositoryPrefix": "own", "upstreamRegistryUrl": "registry.example.com"},
			"UnsupportedUpstreamRegistryException",
		},
		"a repository policy about resources": {
			token.RepositoryPolicy,
			awstest.In{
				"repository": "shop",
				"policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage",` +
					`"Resource":"*"}]}`,
			},
			"Invalid repository policy provided",
		},
	} {
		_, err := l.TryCreate(c.token, "it", c.inputs)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestCachesWhereECRHasNone(t *testing.T) {
	for region, refused := range map[string]bool{"eu-west-1": false, "cn-north-1": true, "us-gov-west-1": true} {
		l := awstest.New(t, region)
		_, err := l.TryCreate(token.PullThrough, "it", awstest.In{
			"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io",
		})
		assert.Equal(t, refused, err != nil, "%s: %v", region, err)
	}
}

func TestParametersKeepTheirSecrets(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	flag := l.Create(token.Parameter, "flag", awstest.In{"name": "/lab/flag", "type": "String", "insecureValue": "on"})
	assert.Equal(t, "on", l.Call("aws:ssm/getParameter:getParameter", awstest.In{"name": "/lab/flag"}).Str("value"))
	assert.Equal(
		t,
		"2",
		l.Update(flag, awstest.In{"name": "/lab/flag", "type": "String", "insecureValue": "off"}).Str("version"),
	)
	token := l.Create(
		token.Parameter,
		"token",
		awstest.In{"name": "/lab/token", "type": "SecureString", "value": "hunter2"},
	)
	assert.True(t, token.State["value"].IsSecret())
	assert.Equal(t, "alias/aws/ssm", token.Str("keyId"))
	_, err := l.Invoke("aws:ssm/getParameter:getParameter", awstest.In{"name": "/lab/token"})
	assert.ErrorContains(t, err, "which the offline target does not keep")
}

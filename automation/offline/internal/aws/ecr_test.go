package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRegistriesRefuse(t *testing.T) {
	l := newLab(t, "us-east-1")
	l.create(tRepository, "shop", in{"name": "shop"})
	to := func(region string) in {
		return in{"replicationConfiguration": in{"rules": []any{in{"destinations": []any{in{"region": region, "registryId": "123456789012"}}}}}}
	}
	for name, c := range map[string]struct {
		token  string
		inputs in
		want   string
	}{
		"copies to where images come from":    {tImageReplication, to("us-east-1"), "is the source registry itself"},
		"copies to no region":                 {tImageReplication, to("us-easd-1"), `did you mean "us-east-1"?`},
		"Docker Hub without a credential":     {tPullThrough, in{"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"}, "needs a secret named ecr-pullthroughcache/"},
		"a registry that ECR does not know":   {tPullThrough, in{"ecrRepositoryPrefix": "own", "upstreamRegistryUrl": "registry.example.com"}, "UnsupportedUpstreamRegistryException"},
		"a repository policy about resources": {tRepositoryPolicy, in{"repository": "shop", "policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage","Resource":"*"}]}`}, "Invalid repository policy provided"},
	} {
		_, err := l.tryCreate(c.token, "it", c.inputs)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestParametersKeepTheirSecrets(t *testing.T) {
	l := newLab(t, "us-east-1")
	flag := l.create(tParameter, "flag", in{"name": "/lab/flag", "type": "String", "insecureValue": "on"})
	assert.Equal(t, "on", l.call("aws:ssm/getParameter:getParameter", in{"name": "/lab/flag"}).str("value"))
	assert.Equal(t, "2", l.update(flag, in{"name": "/lab/flag", "type": "String", "insecureValue": "off"}).str("version"))
	token := l.create(tParameter, "token", in{"name": "/lab/token", "type": "SecureString", "value": "hunter2"})
	assert.True(t, token.state["value"].IsSecret())
	assert.Equal(t, "alias/aws/ssm", token.str("keyId"))
	_, err := l.invoke("aws:ssm/getParameter:getParameter", in{"name": "/lab/token"})
	assert.ErrorContains(t, err, "which the offline target does not keep")
}

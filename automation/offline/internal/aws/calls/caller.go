package calls

import (
	"maps"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

type requests = []authorization.Request

// context has the condition keys of a call.
type context map[string][]string

// and returns both.
func (c context) and(more context) context {
	all := context{}
	maps.Copy(all, c)
	maps.Copy(all, more)
	return all
}

// tls comes with every call: AWS's services and SDKs use TLS 1.2 or newer.
var tls = context{"aws:SecureTransport": {"true"}, "s3:TlsVersion": {"1.2"}}

// source are the keys by which a service says for what it acts.
func source(arn string) context {
	return context{"aws:SourceArn": {arn}, "aws:SourceAccount": {world.Account}}
}

// via is the key by which a service says that it uses a KMS key for who calls it.
func via(service, region string) context {
	return context{"kms:ViaService": {service + "." + region + "." + suffixOf(region)}}
}

// caller is who calls: a role, by its ARN, or a service as itself.
type caller struct{ role, service string }

func as(role string) caller           { return caller{role: role} }
func service(principal string) caller { return caller{service: principal} }

// calls returns one call for each action.
func (c caller) calls(resource string, keys context, actions ...string) requests {
	var all requests
	for _, action := range actions {
		all = append(all, authorization.Request{
			Role: c.role, Service: c.service, Action: action, Resource: resource, Context: tls.and(keys),
		})
	}
	return all
}

// assume is a service's call to act as a role.
func assume(principal, role string, keys context) requests {
	return service(principal).calls(role, keys, "sts:AssumeRole")
}

package outage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

type in = map[string]any

// lab is a small world: a load balancer in a public subnet, the tasks of the services shop and cart in a private one
// with NAT, and a database and files in a third. Its things are by their ids.
type lab map[string]*world.Thing

func (l lab) put(typ, id string, properties in) {
	properties["id"], properties["arn"] = id, "arn:"+id
	l[id] = &world.Thing{
		Key: world.Key{Region: "eu-west-1", Type: typ, Key: id}, ID: id, ARN: "arn:" + id, Name: id,
		URN: "urn:pulumi:dev::awslab::" + typ + "::" + id, State: resource.NewPropertyMapFromMap(properties),
	}
}

// set changes a property, or takes it out.
func (l lab) set(id, property string, value any) {
	changed := *l[id]
	changed.State = changed.State.Copy()
	if changed.State[resource.PropertyKey(property)] = resource.NewPropertyValue(value); value == nil {
		delete(changed.State, resource.PropertyKey(property))
	}
	l[id] = &changed
}

func (l lab) state() *State {
	things := make([]*world.Thing, 0, len(l))
	for _, id := range slices.Sorted(maps.Keys(l)) {
		things = append(things, l[id])
	}
	return NewState(things, []world.Image{{Repository: repository, Tag: "v1", Digest: "sha256:1"}})
}

const repository = world.Account + ".dkr.ecr.eu-west-1.amazonaws.com/shop"

// containers returns the definitions of a service that listens on a port.
func containers(name string, port int, environment ...any) string {
	text, err := json.Marshal([]any{in{
		"name": "app", "image": repository + ":v1", "environment": environment,
		"portMappings":     []any{in{"name": name, "containerPort": port}},
		"logConfiguration": in{"options": in{"awslogs-group": "logs"}},
		"secrets":          []any{in{"name": "DATABASE_HOST", "valueFrom": "arn:aws:ssm:parameter"}},
	}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func service(name string, port int, more in) in {
	properties := in{
		"name": name, "cluster": "arn:cluster", "taskDefinition": "arn:" + name + "-task", "desiredCount": 1,
		"networkConfiguration": in{"subnets": []any{"app"}, "securityGroups": []any{"tasks"}},
		"serviceConnectConfiguration": in{"services": []any{
			in{"clientAlias": []any{in{"dnsName": name, "port": port}}},
		}},
		"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE"}},
	}
	maps.Copy(properties, more)
	return properties
}

func newLab() lab {
	l := lab{}
	for id, cidr := range map[string]string{"public": "10.0.0.0/24", "app": "10.0.1.0/24", "data": "10.0.2.0/24"} {
		l.put(token.Subnet, id, in{"cidrBlock": cidr, "availabilityZone": "a"})
		l.put(token.RouteTableAssoc, id+"-table", in{"subnetId": id, "routeTableId": id + "-routes"})
		everything := func(number int) []any {
			return []any{in{
				"ruleNo": number, "action": "allow", "protocol": "6", "cidrBlock": "0.0.0.0/0",
				"fromPort": 1, "toPort": 65535,
			}}
		}
		l.put(token.NetworkAcl, id+"-acl", in{
			"subnetIds": []any{id}, "ingress": everything(100), "egress": everything(100),
		})
	}
	l.put(token.InternetGateway, "igw", in{})
	l.put(token.NatGateway, "nat", in{"subnetId": "public"})
	l.put(token.Route, "out", in{
		"routeTableId": "public-routes", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw",
	})
	l.put(token.Route, "through-nat", in{
		"routeTableId": "app-routes", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat",
	})
	for _, group := range []string{"balancer", "tasks", "servers"} {
		l.put(token.SecurityGroup, group, in{})
	}
	l.put(token.IngressRule, "from-clients", rule("balancer", 80, "cidrIpv4", "0.0.0.0/0"))
	l.put(token.EgressRule, "to-tasks", rule("balancer", 8080, "referencedSecurityGroupId", "tasks"))
	l.put(token.IngressRule, "from-balancer", rule("tasks", 8080, "referencedSecurityGroupId", "balancer"))
	l.put(token.EgressRule, "to-cart", rule("tasks", 9090, "referencedSecurityGroupId", "tasks"))
	l.put(token.IngressRule, "from-shop", rule("tasks", 9090, "referencedSecurityGroupId", "tasks"))
	l.put(token.EgressRule, "to-internet", rule("tasks", 443, "cidrIpv4", "0.0.0.0/0"))
	for _, port := range []int{5432, 2049} {
		l.put(token.EgressRule, fmt.Sprint("to-", port), rule("tasks", port, "referencedSecurityGroupId", "servers"))
		l.put(token.IngressRule, fmt.Sprint("of-", port), rule("servers", port, "referencedSecurityGroupId", "tasks"))
	}
	l.put(token.LoadBalancer, "alb", in{
		"dnsName": "alb.amazonaws.com", "subnets": []any{"public"}, "securityGroups": []any{"balancer"},
	})
	l.put(token.Listener, "http", in{
		"loadBalancerArn": "alb", "port": 80, "defaultActions": []any{in{"type": "fixed-response"}},
	})
	l["alb"].ARN = "alb"
	l["http"].ARN = "http"
	l.put(token.ListenerRule, "rule", in{
		"listenerArn": "http", "priority": 1,
		"conditions": []any{in{"pathPattern": in{"values": []any{"/items"}}}},
		"actions":    []any{in{"type": "forward", "targetGroupArn": "arn:targets"}},
	})
	l.put(token.TargetGroup, "targets", in{})
	l.put(token.Cluster, "cluster", in{})
	l.put(token.ClusterProviders, "providers", in{"clusterName": "cluster", "capacityProviders": []any{"FARGATE"}})
	l.put(token.Repository, "repository", in{"repositoryUrl": repository})
	l.put(token.LogGroup, "logs", in{"name": "logs"})
	l.put(token.Parameter, "host", in{"insecureValue": "db.rds.amazonaws.com"})
	l.set("host", "arn", "arn:aws:ssm:parameter")
	l.put(token.DBSubnetGroup, "subnets", in{"name": "subnets", "subnetIds": []any{"data"}})
	l.put(token.DBInstance, "db", in{
		"address": "db.rds.amazonaws.com", "dbSubnetGroupName": "subnets", "vpcSecurityGroupIds": []any{"servers"},
	})
	l.put(token.MountTarget, "mount", in{
		"fileSystemId": "files", "availabilityZoneName": "a", "subnetId": "data", "securityGroups": []any{"servers"},
	})
	l.put(token.TaskDefinition, "shop-task", in{
		"containerDefinitions": containers("shop", 8080, in{"name": "DATABASE_PORT", "value": "5432"},
			in{"name": "SERVICE_CART_URL", "value": "http://cart:9090"}),
		"volumes": []any{in{"efsVolumeConfiguration": in{"fileSystemId": "files"}}},
	})
	l.put(token.TaskDefinition, "cart-task", in{"containerDefinitions": containers("cart", 9090)})
	l.put(token.Service, "shop", service("shop", 8080, in{"loadBalancers": []any{
		in{"targetGroupArn": "arn:targets", "containerPort": 8080},
	}}))
	l.put(token.Service, "cart", service("cart", 9090, nil))
	return l
}

func rule(group string, port int, property, peer string) in {
	return in{"securityGroupId": group, "ipProtocol": "tcp", "fromPort": port, "toPort": port, property: peer}
}

// running starts the tasks of the services in a state.
func running(t *testing.T, s *State) []*Generation {
	t.Helper()
	var all []*Generation
	for _, service := range s.byType[token.Service] {
		g, err := NewGeneration(s, service, nil)
		require.NoError(t, err)
		g.Starting = false
		all = append(all, g)
	}
	return all
}

var items = Request{"http", "alb.amazonaws.com", "/items"}

func TestARequestIsAnsweredOrTheMissingHopIsNamed(t *testing.T) {
	deny := func(direction string) func(lab) {
		return func(l lab) { l.set("app-acl", direction, []any{}) }
	}
	for name, test := range map[string]struct {
		change func(lab)
		reason string
	}{
		"nothing is missing": {func(lab) {}, ""},
		"no load balancer": {
			func(l lab) { delete(l, "alb") },
			"no DNS record leads alb.amazonaws.com to a load balancer",
		},
		"no listener": {func(l lab) { delete(l, "http") }, "the load balancer does not listen on port 80"},
		"no rule": {
			func(l lab) { delete(l, "rule") },
			"no rule of the listener on port 80 forwards /items",
		},
		"no target group": {func(l lab) { delete(l, "targets") }, "the target group arn:targets does not exist"},
		"no tasks":        {func(l lab) { l.set("shop", "desiredCount", 0) }, "no service has tasks in it"},
		"no service":      {func(l lab) { delete(l, "shop") }, "no service has tasks in it"},
		"a closed front": {
			func(l lab) { delete(l, "from-clients") },
			"the load balancer has an ingress rule from the internet",
		},
		"no way out": {
			func(l lab) { delete(l, "to-tasks") },
			"the load balancer has an egress rule to tasks of shop, port 8080",
		},
		"no way in": {
			func(l lab) { delete(l, "from-balancer") },
			"tasks of shop has an ingress rule from the load balancer",
		},
		"no group": {
			func(l lab) { delete(l, "tasks") },
			"tasks of shop has an ingress rule from the load balancer",
		},
		"a closed ACL": {
			deny("ingress"),
			"network ACL app-acl does not let in from the load balancer, port 8080",
		},
		"answers are lost": {deny("egress"), "answers are lost: network ACL app-acl does not let out"},
		"no internet gateway": {
			func(l lab) { delete(l, "igw") },
			"the route of subnet public leads to no internet gateway",
		},
		"no route":  {func(l lab) { delete(l, "out") }, "subnet public has no route to the internet"},
		"no subnet": {func(l lab) { delete(l, "app") }, "tasks of shop is in app, which does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			test.change(l)
			s := l.state()
			err := s.answer(items, running(t, s))
			if test.reason == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.reason)
		})
	}
}

func TestAFileOfAWebsiteIsServedOrTheMissingHopIsNamed(t *testing.T) {
	page := Request{"https", "www.example.com", "/index.html"}
	website := func() lab {
		l := lab{}
		l.put(token.Bucket, "files", in{"bucketRegionalDomainName": "files.s3.amazonaws.com"})
		l.put(token.BucketPolicy, "policy", in{"bucket": "files"})
		l.put(token.BucketObjectV2, "page", in{"bucket": "files", "key": "index.html"})
		l.put(token.AccessControl, "access", in{})
		l.put(token.Distribution, "edge", in{
			"enabled": true, "domainName": "d1.cloudfront.net", "aliases": []any{page.Host},
			"origins": []any{in{"domainName": "files.s3.amazonaws.com", "originAccessControlId": "access"}},
		})
		return l
	}
	require.Equal(t, []Request{page, {"https", "d1.cloudfront.net", page.Path}}, website().state().Requests())
	for name, test := range map[string]struct {
		change func(lab)
		reason string
	}{
		"nothing is missing": {func(lab) {}, ""},
		"no file": {
			func(l lab) { delete(l, "page") }, "no origin of the distribution edge has a file /index.html",
		},
		"no policy": {func(l lab) { delete(l, "policy") }, "no policy of bucket files lets CloudFront read"},
		"no bucket": {func(l lab) { delete(l, "files") }, "there is no bucket files.s3.amazonaws.com"},
		"no access control": {
			func(l lab) { delete(l, "access") }, "the origin access control access does not exist",
		},
		"another name": {
			func(l lab) { l.set("edge", "aliases", nil) }, "no DNS record leads www.example.com",
		},
		"turned off": {func(l lab) { l.set("edge", "enabled", false) }, "the distribution edge is not enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			l := website()
			test.change(l)
			if err := l.state().answer(page, nil); test.reason != "" {
				require.ErrorContains(t, err, test.reason)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestNamesAndSchemesOfRequests(t *testing.T) {
	l := newLab()
	require.Equal(t, []Request{items, {"https", "alb.amazonaws.com", "/items"}}, l.state().Requests())
	https := Request{"https", "shop.example.com", "/items"}

	l.put(token.Record, "record", in{"name": "shop.example.com", "aliases": []any{in{"name": "alb.amazonaws.com"}}})
	l.put(token.Certificate, "certificate", in{"domainName": "example.com", "subjectAlternativeNames": []any{}})
	l.put(token.Listener, "tls", in{
		"loadBalancerArn": "alb", "port": 443, "certificateArn": "arn:certificate", "defaultActions": []any{},
	})
	l["tls"].ARN = "tls"
	l.set("http", "defaultActions", []any{in{"type": "redirect", "redirect": in{"protocol": "HTTPS"}}})
	l.set("rule", "listenerArn", "tls")
	l.put(token.IngressRule, "from-tls-clients", rule("balancer", 443, "cidrIpv4", "0.0.0.0/0"))
	s := l.state()
	require.Contains(t, s.Requests(), https)
	require.ErrorContains(t, s.answer(https, running(t, s)), "certificate example.com does not cover shop.example.com")

	l.set("certificate", "subjectAlternativeNames", []any{"*.example.com"})
	s = l.state()
	require.NoError(t, s.answer(https, running(t, s)))
	require.NoError(t, s.answer(Request{"http", https.Host, https.Path}, running(t, s)), "it is redirected")
}

func TestATaskHasWhatItNeedsOrTheMissingHopIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		need   string
		change func(lab)
		reason string
	}{
		"definition": {
			"task definition",
			func(l lab) { delete(l, "shop-task") },
			"task definition arn:shop-task does not exist",
		},
		"cluster": {"capacity", func(l lab) { delete(l, "cluster") }, "cluster arn:cluster does not exist"},
		"capacity": {
			"capacity",
			func(l lab) { delete(l, "providers") },
			"cluster cluster has no capacity provider FARGATE",
		},
		"log group": {"log group logs", func(l lab) { delete(l, "logs") }, "log group logs does not exist"},
		"image":     {"image " + repository + ":v1", func(l lab) { delete(l, "repository") }, "does not exist"},
		"balancer": {
			"being called by the load balancer",
			func(l lab) { delete(l, "from-balancer") },
			"ingress rule",
		},
		"NAT": {
			"way to ecr.api",
			func(l lab) { delete(l, "nat") },
			"the route of subnet app leads to no NAT gateway",
		},
		"route": {
			"way to logs",
			func(l lab) { delete(l, "through-nat") },
			"subnet app has no route to the internet",
		},
		"egress": {
			"way to ssm",
			func(l lab) { delete(l, "to-internet") },
			"egress rule to ssm on the internet, port 443",
		},
		"NAT's ACL": {
			"way to ssm",
			func(l lab) { l.set("public-acl", "ingress", []any{}) },
			"network ACL public-acl does not let in",
		},
		"closed endpoint": {
			"way to logs",
			endpoint("Interface"),
			"the endpoint of logs has an ingress rule from tasks of shop",
		},
		"other's route": {"way to logs", endpoint("Gateway"), ""},
		"database": {
			"database db.rds.amazonaws.com",
			func(l lab) { delete(l, "db") },
			"no database has the name db.rds.amazonaws.com",
		},
		"database's port": {
			"database db.rds.amazonaws.com",
			func(l lab) { delete(l, "of-5432") },
			"the database has an ingress rule",
		},
		"mount target": {
			"file system",
			func(l lab) { delete(l, "mount") },
			"file system files has no mount target in a",
		},
		"mount port": {
			"file system",
			func(l lab) { delete(l, "to-2049") },
			"egress rule to the mount target in a, port 2049",
		},
		"peer": {"service cart:9090", func(l lab) { delete(l, "cart") }, "no task of service cart runs"},
		"peer's port": {
			"service cart:9090",
			func(l lab) { delete(l, "to-cart") },
			"egress rule to tasks of cart, port 9090",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			before := l.state()
			shop := running(t, before)[1]
			check := map[string]Need{}
			for _, need := range before.Needs(shop) {
				check[need.Name] = need
				require.NoError(t, need.Check(before, running(t, before)), need.Name)
			}
			require.Contains(t, check, test.need)
			test.change(l)
			after := l.state()
			err := check[test.need].Check(after, running(t, after))
			if test.reason == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.reason)
		})
	}
}

// endpoint adds one of the service logs that nobody is let in to, or whose routes are not those of the tasks.
func endpoint(kind string) func(lab) {
	return func(l lab) {
		l.put(token.VpcEndpoint, "endpoint", in{
			"serviceName": "com.amazonaws.eu-west-1.logs", "vpcEndpointType": kind,
			"subnetIds": []any{"data"}, "securityGroupIds": []any{"servers"}, "routeTableIds": []any{"data-routes"},
		})
		l.put(token.EgressRule, "to-endpoint", rule("tasks", 443, "referencedSecurityGroupId", "servers"))
	}
}

func TestANameIsKnownOnlyToWhatIsDeployedAfterIt(t *testing.T) {
	l := newLab()
	cart := l["cart"]
	delete(l, "cart")
	s := l.state()
	shop := running(t, s)
	l["cart"] = cart
	s = l.state()
	err := s.reachesPeer(shop[0], "cart:9090", running(t, s))
	require.ErrorContains(t, err, "there was no service cart:9090 when the tasks started")
}

func TestInTheMiddleOfAChangeAnACLHasOnlyTheRulesThatStay(t *testing.T) {
	l := newLab()
	before := l.state()
	l.set("app-acl", "ingress", []any{in{
		"ruleNo": 200, "action": "allow", "protocol": "6", "cidrBlock": "0.0.0.0/0", "fromPort": 1, "toPort": 65535,
	}})
	after := l.state()
	require.NoError(t, after.answer(items, running(t, after)))
	err := after.withoutChanged(before).answer(items, running(t, after))
	require.ErrorContains(t, err, "network ACL app-acl does not let in")
}

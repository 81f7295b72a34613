package compute

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/internal/names"
	"github.com/awslab/awslab/internal/problem"
)

// tlsPolicy allows TLS 1.3 and 1.2 with forward secrecy (FSBP ELB.17 recommends this policy).
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

// maxHstsDays are two years, which browsers' own lists ask for; longer binds a domain to no one's good.
const maxHstsDays = 730

// elbName is the rule for load balancers and target groups (Elastic Load Balancing API, CreateLoadBalancer).
var elbName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// LoadBalancerArgs describe an application load balancer.
type LoadBalancerArgs struct {
	// Name in AWS, letters, digits and hyphens. Of more than 32 it gets the beginning and a hash.
	Name string
	// SubnetIds are subnets of at least two zones.
	SubnetIds pulumi.StringArrayInput
	// SecurityGroupId is the group that services let in.
	SecurityGroupId pulumi.StringInput
	// CertificateArn is an ACM certificate. With it requests to port 80 are redirected to HTTPS; without it (nil) HTTP
	// is served, which is for development.
	CertificateArn pulumi.StringInput
	// Domain is the host name by which clients call; empty means AWS's own. ZoneId is the Route 53 hosted zone in which
	// its record is created; nil means that the record is kept elsewhere.
	Domain string
	ZoneId pulumi.StringInput
	// Hosts are further names in the zone by which clients call, such as those of routes; they may begin with *.
	Hosts []string
	// LogBucket is the name of the S3 bucket that keeps a record of every request. Nil means none does.
	LogBucket pulumi.StringInput
	// DualStack lets clients call over IPv6 too; the subnets have to have it.
	DualStack bool
	// DeletionProtection refuses to delete the load balancer until it is turned off.
	DeletionProtection bool
	// HstsDays is for how long browsers that have called over HTTPS call over nothing else (RFC 6797), 0 to 730; 0
	// tells them to forget it. Without a certificate it has no effect.
	HstsDays int
	// Redirects leaves requests to HTTP that no rule answers redirected to HTTPS without a certificate too: in the
	// update that takes it away they are, until there are rules.
	Redirects bool
	// IdleTimeout in seconds, 1 to 4000. Default: 60.
	IdleTimeout int
	// FormerRules says that the HTTPS listener has its rules by the names of HTTP's, as in stacks of earlier versions.
	FormerRules bool
	Tags        map[string]string
}

// LoadBalancer is a public application load balancer that answers 404 until services hang their routes on it. Its type
// token is awslab:compute:LoadBalancer.
type LoadBalancer struct {
	pulumi.ResourceState

	// Url is where the services are reached.
	Url       pulumi.StringOutput `pulumi:"url"`
	DnsName   pulumi.StringOutput `pulumi:"dnsName"`
	Arn       pulumi.StringOutput `pulumi:"arn"`
	ArnSuffix pulumi.StringOutput `pulumi:"arnSuffix"`
	// ListenerArn is the listener that carries the routes.
	ListenerArn     pulumi.StringOutput `pulumi:"listenerArn"`
	SecurityGroupId pulumi.StringOutput `pulumi:"securityGroupId"`

	name string
	tags map[string]string
	// https says that the HTTPS listener carries the routes, formerRules that its rules had the names of HTTP's.
	https, formerRules bool
	// targets is the security group of the tasks that the load balancer calls, once there is a service with a route.
	// Doors are the ports on which it calls them.
	targets *network.SecurityGroup
	doors   map[int]*network.Connection
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args *LoadBalancerArgs) Problems() []problem.Problem { return problem.All(args.validate()) }

func (args *LoadBalancerArgs) validate() error {
	var problems []error
	if !elbName.MatchString(args.Name) {
		problems = append(
			problems,
			problem.New("Name", "%q; use letters, digits and hyphens, none at the ends", args.Name),
		)
	}
	if args.IdleTimeout < 0 || args.IdleTimeout > 4000 {
		problems = append(problems, problem.New("IdleTimeout", "%d; use 1 to 4000 seconds", args.IdleTimeout))
	}
	if args.HstsDays < 0 || args.HstsDays > maxHstsDays {
		problems = append(problems, problem.New("HstsDays", "%d; use 0 to %d", args.HstsDays, maxHstsDays))
	}
	if args.SubnetIds == nil {
		problems = append(problems, problem.New("SubnetIds", "missing; give public subnets of at least two zones"))
	}
	if args.SecurityGroupId == nil {
		problems = append(problems, problem.New("SecurityGroupId", "missing"))
	}
	return errors.Join(problems...)
}

// NewLoadBalancer creates a load balancer and its listeners.
func NewLoadBalancer(
	ctx *pulumi.Context,
	name string,
	args *LoadBalancerArgs,
	opts ...pulumi.ResourceOption,
) (*LoadBalancer, error) {
	if args == nil {
		args = &LoadBalancerArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("load balancer %q: %w", name, err)
	}
	component := &LoadBalancer{
		name: name, tags: args.Tags, doors: map[int]*network.Connection{},
		https: args.CertificateArn != nil, formerRules: args.FormerRules,
	}
	if err := ctx.RegisterComponentResource("awslab:compute:LoadBalancer", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering load balancer %q: %w", name, err)
	}
	idleTimeout := args.IdleTimeout
	if idleTimeout == 0 {
		idleTimeout = 60
	}
	settings := &lb.LoadBalancerArgs{
		Name:                     pulumi.String(names.LoadBalancer.Fit(args.Name)),
		LoadBalancerType:         pulumi.String("application"),
		Internal:                 pulumi.Bool(false),
		Subnets:                  args.SubnetIds,
		SecurityGroups:           pulumi.StringArray{args.SecurityGroupId},
		DropInvalidHeaderFields:  pulumi.Bool(true),
		DesyncMitigationMode:     pulumi.String("strictest"),
		EnableDeletionProtection: pulumi.Bool(args.DeletionProtection),
		IdleTimeout:              pulumi.Int(idleTimeout),
		// Left out, they would stay as they were.
		IpAddressType: pulumi.String("ipv4"),
		AccessLogs:    lb.LoadBalancerAccessLogsArgs{Bucket: pulumi.String(""), Enabled: pulumi.Bool(false)},
		Tags:          pulumi.ToStringMap(args.Tags),
	}
	if args.DualStack {
		settings.IpAddressType = pulumi.String("dualstack")
	}
	if args.LogBucket != nil {
		settings.AccessLogs = lb.LoadBalancerAccessLogsArgs{
			Bucket:  args.LogBucket,
			Prefix:  pulumi.String(args.Name),
			Enabled: pulumi.Bool(true),
		}
	}
	balancer, err := lb.NewLoadBalancer(ctx, name+"-alb", settings, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating load balancer %q: %w", name, err)
	}
	listener, err := component.newListeners(ctx, name, args, balancer)
	if err != nil {
		return nil, err
	}
	if err := component.newRecords(ctx, name, args, balancer); err != nil {
		return nil, err
	}
	scheme, host := "http", balancer.DnsName
	if args.CertificateArn != nil {
		scheme = "https"
	}
	if args.Domain != "" {
		host = pulumi.String(args.Domain).ToStringOutput()
	}
	component.Url = pulumi.Sprintf("%s://%s", scheme, host)
	component.DnsName, component.Arn, component.ArnSuffix = balancer.DnsName, balancer.Arn, balancer.ArnSuffix
	component.ListenerArn = listener.Arn
	component.SecurityGroupId = args.SecurityGroupId.ToStringOutput()
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"url": component.Url, "dnsName": component.DnsName, "arn": component.Arn, "arnSuffix": component.ArnSuffix,
		"listenerArn": component.ListenerArn, "securityGroupId": component.SecurityGroupId,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of load balancer %q: %w", name, err)
	}
	return component, nil
}

// open lets the load balancer call tasks on a port. It returns the security group that these have to be in: one for all
// services, as a group of rules for each would be full with 60 of them ("Amazon VPC quotas", Amazon VPC user guide).
func (component *LoadBalancer) open(
	ctx *pulumi.Context,
	vpcId pulumi.StringInput,
	port int,
) (*network.SecurityGroup, *network.Connection, error) {
	var err error
	if component.targets == nil {
		if component.targets, err = network.NewSecurityGroup(ctx, component.name+"-targets", &network.SecurityGroupArgs{
			VpcId:       vpcId,
			Description: "Tasks behind load balancer " + component.name,
			Tags:        component.tags,
		}, pulumi.Parent(component)); err != nil {
			return nil, nil, err
		}
	}
	if component.doors[port] == nil {
		name := fmt.Sprintf("%s-to-targets-%d", component.name, port)
		if component.doors[port], err = network.NewConnection(ctx, name, &network.ConnectionArgs{
			FromSecurityGroupId: component.SecurityGroupId,
			ToSecurityGroupId:   component.targets.SecurityGroupId,
			Ports:               network.Port(port),
			Description:         "Load balancer to tasks",
		}, pulumi.Parent(component)); err != nil {
			return nil, nil, err
		}
	}
	return component.targets, component.doors[port], nil
}

// newRecords creates the DNS records that lead the domain to the load balancer.
func (component *LoadBalancer) newRecords(
	ctx *pulumi.Context,
	name string,
	args *LoadBalancerArgs,
	balancer *lb.LoadBalancer,
) error {
	if args.Domain == "" || args.ZoneId == nil {
		return nil
	}
	kinds := []string{"A"}
	if args.DualStack {
		kinds = append(kinds, "AAAA")
	}
	for _, host := range slices.Compact(slices.Sorted(slices.Values(append([]string{args.Domain}, args.Hosts...)))) {
		for _, kind := range kinds {
			if err := component.newRecord(ctx, name, kind, host, args, balancer); err != nil {
				return err
			}
		}
	}
	return nil
}

// newRecord names the record after the host: when the domain becomes a service's host, its record stays. There cannot
// be another one of that name until it is gone.
func (component *LoadBalancer) newRecord(
	ctx *pulumi.Context,
	name, kind, host string,
	args *LoadBalancerArgs,
	balancer *lb.LoadBalancer,
) error {
	suffix := ""
	if kind == "AAAA" {
		suffix = "-ipv6"
	}
	opts := []pulumi.ResourceOption{pulumi.Parent(component)}
	if host == args.Domain {
		opts = append(opts, formerly(name+"-domain"+suffix))
	}
	spelled := strings.Replace(host, "*", "any", 1)
	if strings.HasPrefix(host, "any.") {
		spelled = "." + host // beside the one that stands for every host
	}
	resourceName := name + "-host-" + spelled + suffix
	if _, err := route53.NewRecord(ctx, resourceName, &route53.RecordArgs{
		ZoneId: args.ZoneId,
		Name:   pulumi.String(host),
		Type:   pulumi.String(kind),
		Aliases: route53.RecordAliasArray{
			route53.RecordAliasArgs{
				Name:                 balancer.DnsName,
				ZoneId:               balancer.ZoneId,
				EvaluateTargetHealth: pulumi.Bool(true),
			},
		},
	}, opts...); err != nil {
		return fmt.Errorf("making %s lead to load balancer %q (%s): %w", host, args.Name, kind, err)
	}
	return nil
}

// newListeners returns the listener that carries the routes.
func (component *LoadBalancer) newListeners(
	ctx *pulumi.Context,
	name string,
	args *LoadBalancerArgs,
	balancer *lb.LoadBalancer,
) (*lb.Listener, error) {
	notFound := lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
		Type: pulumi.String("fixed-response"),
		FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
			ContentType: pulumi.String("application/json"),
			MessageBody: pulumi.String(`{"error":{"code":"not_found","message":"no service is routed here"}}`),
			StatusCode:  pulumi.String("404"),
		},
	}}
	http := &lb.ListenerArgs{
		LoadBalancerArn:                  balancer.Arn,
		Port:                             pulumi.Int(80),
		Protocol:                         pulumi.String("HTTP"),
		DefaultActions:                   notFound,
		RoutingHttpResponseServerEnabled: pulumi.Bool(false), // clients need not know what answers
		Tags:                             pulumi.ToStringMap(args.Tags),
	}
	if args.CertificateArn != nil || args.Redirects {
		http.DefaultActions = lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("redirect"),
			Redirect: lb.ListenerDefaultActionRedirectArgs{
				Port:       pulumi.String("443"),
				Protocol:   pulumi.String("HTTPS"),
				StatusCode: pulumi.String("HTTP_301"),
			},
		}}
	}
	if listener, err := newListener(ctx, name+"-http", http, component); err != nil || args.CertificateArn == nil {
		return listener, err
	}
	https := &lb.ListenerArgs{
		LoadBalancerArn:                  balancer.Arn,
		Port:                             pulumi.Int(443),
		Protocol:                         pulumi.String("HTTPS"),
		DefaultActions:                   notFound,
		CertificateArn:                   args.CertificateArn.ToStringOutput().ToStringPtrOutput(),
		SslPolicy:                        pulumi.String(tlsPolicy),
		RoutingHttpResponseServerEnabled: pulumi.Bool(false),
		// The provider never takes a header away again, and browsers keep to what they were told (RFC 6797, 6.1.1).
		RoutingHttpResponseStrictTransportSecurityHeaderValue: pulumi.Sprintf("max-age=%d", args.HstsDays*24*60*60),
		Tags: pulumi.ToStringMap(args.Tags),
	}
	return newListener(ctx, name+"-https", https, component)
}

// HandOver leads the route of a service that is not public any more to the target group of another one. It is for one
// update, at the end of which the other's rule answers. The resources of the service are named name.
func (component *LoadBalancer) HandOver(
	ctx *pulumi.Context, name string, route Route, targetGroupArn pulumi.StringInput,
) (pulumi.Resource, error) {
	service := pulumi.CreateURN(pulumi.String(name), pulumi.String(serviceType), nil, pulumi.String(ctx.Project()),
		pulumi.String(ctx.Stack()))
	rule, err := component.newRule(ctx, route, lb.ListenerRuleActionArgs{
		Type:           pulumi.String("forward"),
		TargetGroupArn: targetGroupArn.ToStringOutput().ToStringPtrOutput(),
	}, component.tags, pulumi.Parent(component), pulumi.Aliases([]pulumi.Alias{{ParentURN: service}}))
	if err != nil {
		return nil, fmt.Errorf("leading requests of service %q to another: %w", name, err)
	}
	return rule, nil
}

// newRule makes the rule of a route. A priority is unique in its listener at every moment. So the rule is named after
// both: when a route goes from one service to another, its rule is updated, and not created while another has its
// priority. When another listener carries the routes and that fails, the rules of before are still there.
func (component *LoadBalancer) newRule(
	ctx *pulumi.Context,
	route Route,
	action lb.ListenerRuleActionArgs,
	tags map[string]string,
	opts ...pulumi.ResourceOption,
) (*lb.ListenerRule, error) {
	name := fmt.Sprintf("%s-rule-%d", component.name, route.RulePriority())
	if former := formerly(name); component.https {
		name = fmt.Sprintf("%s-https-rule-%d", component.name, route.RulePriority())
		if component.formerRules {
			opts = append(opts, former)
		}
	}
	return lb.NewListenerRule(ctx, name, &lb.ListenerRuleArgs{
		ListenerArn: component.ListenerArn,
		Priority:    pulumi.Int(route.RulePriority()),
		Conditions:  route.conditions(),
		Actions:     lb.ListenerRuleActionArray{action},
		Tags:        pulumi.ToStringMap(tags),
	}, opts...)
}

func newListener(
	ctx *pulumi.Context,
	name string,
	args *lb.ListenerArgs,
	parent pulumi.Resource,
) (*lb.Listener, error) {
	listener, err := lb.NewListener(ctx, name, args, pulumi.Parent(parent))
	if err != nil {
		return nil, fmt.Errorf("creating listener %q: %w", name, err)
	}
	return listener, nil
}

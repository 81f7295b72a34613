package network

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// SecurityGroupArgs describe a security group.
type SecurityGroupArgs struct {
	VpcId       pulumi.StringInput
	Description string // what the group is for; changing it replaces the group
	Ingress     []Rule // who may call; empty means nobody
	Egress      []Rule // who may be called; empty means nobody
	Tags        map[string]string
}

// Rule lets TCP through to or from one far end: exactly one of Cidr, SecurityGroupId and PrefixListId is given.
type Rule struct {
	Name            string // ends the rule's resource name; unique among the group's rules of its direction
	Description     string // what the rule is for
	Ports           PortRange
	Cidr            string // an IPv4 or IPv6 block
	SecurityGroupId pulumi.StringInput
	PrefixListId    pulumi.StringInput
}

// SecurityGroup is a security group whose rules are resources of their own, so that others can add theirs (see
// [Connection]). Its type token is awslab:network:SecurityGroup.
type SecurityGroup struct {
	pulumi.ResourceState

	// SecurityGroupId is the group's id.
	SecurityGroupId pulumi.StringOutput `pulumi:"securityGroupId"`

	// Rules are those of the group; see [Connection.Rules].
	Rules []pulumi.Resource
}

// groupDeleteTimeout is short of the provider's 15 minutes: a group that something still uses fails soon.
const groupDeleteTimeout = "5m"

// NewSecurityGroup creates a security group and its rules.
func NewSecurityGroup(
	ctx *pulumi.Context,
	name string,
	args *SecurityGroupArgs,
	opts ...pulumi.ResourceOption,
) (*SecurityGroup, error) {
	if args == nil {
		args = &SecurityGroupArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("security group %q: %w", name, err)
	}
	component := &SecurityGroup{}
	if err := ctx.RegisterComponentResource("awslab:network:SecurityGroup", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering security group %q: %w", name, err)
	}
	group, err := ec2.NewSecurityGroup(ctx, name+"-group", &ec2.SecurityGroupArgs{
		VpcId:       args.VpcId,
		Description: pulumi.String(args.Description),
		Tags:        tags(args.Tags, name),
	}, pulumi.Parent(component), pulumi.Timeouts(&pulumi.CustomTimeouts{Delete: groupDeleteTimeout}))
	if err != nil {
		return nil, fmt.Errorf("creating security group %q: %w", name, err)
	}
	component.SecurityGroupId = group.ID().ToStringOutput()

	for _, rule := range args.Ingress {
		made, err := newIngressRule(
			ctx,
			name+"-ingress-"+rule.Name,
			component.SecurityGroupId,
			rule,
			pulumi.Parent(component),
		)
		if err != nil {
			return nil, err
		}
		component.Rules = append(component.Rules, made)
	}
	for _, rule := range args.Egress {
		made, err := newEgressRule(
			ctx,
			name+"-egress-"+rule.Name,
			component.SecurityGroupId,
			rule,
			pulumi.Parent(component),
		)
		if err != nil {
			return nil, err
		}
		component.Rules = append(component.Rules, made)
	}
	if err := ctx.RegisterResourceOutputs(
		component,
		pulumi.Map{"securityGroupId": component.SecurityGroupId},
	); err != nil {
		return nil, fmt.Errorf("registering outputs of security group %q: %w", name, err)
	}
	return component, nil
}

// ConnectionArgs describe a connection.
type ConnectionArgs struct {
	FromSecurityGroupId pulumi.StringInput // who calls
	ToSecurityGroupId   pulumi.StringInput // who is called
	Ports               PortRange          // of who is called
	Description         string             // what the connection is for
}

// Connection lets what is in one security group call what is in another: an egress rule of the one and an ingress rule
// of the other. Its type token is awslab:network:Connection.
type Connection struct {
	pulumi.ResourceState

	// Rules are what has to be there before the connection is. What depends on them waits for both, while the SDK
	// learns of a component's children one after the other, and what depends on the component waits for those alone
	// that it knows by then.
	Rules []pulumi.Resource
}

// NewConnection creates the two rules of a connection.
func NewConnection(
	ctx *pulumi.Context,
	name string,
	args *ConnectionArgs,
	opts ...pulumi.ResourceOption,
) (*Connection, error) {
	if args == nil {
		args = &ConnectionArgs{}
	}
	egress := Rule{
		Name:            "egress",
		Description:     args.Description,
		Ports:           args.Ports,
		SecurityGroupId: args.ToSecurityGroupId,
	}
	ingress := Rule{
		Name:            "ingress",
		Description:     args.Description,
		Ports:           args.Ports,
		SecurityGroupId: args.FromSecurityGroupId,
	}
	if err := errors.Join(egress.validate("ToSecurityGroupId"), ingress.validate("FromSecurityGroupId")); err != nil {
		return nil, fmt.Errorf("connection %q: %w", name, err)
	}
	component := &Connection{}
	if err := ctx.RegisterComponentResource("awslab:network:Connection", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering connection %q: %w", name, err)
	}
	// The rules are named after their ports: when these change, new rules are created first and the old ones deleted
	// last, so that what runs with the old ports is reached until it is gone.
	for _, rule := range []struct {
		name  string
		group pulumi.StringInput
		of    func(*pulumi.Context, string, pulumi.StringInput, Rule, ...pulumi.ResourceOption) (pulumi.Resource, error)
		Rule
	}{
		{name + "-egress", args.FromSecurityGroupId, newEgressRule, egress},
		{name + "-ingress", args.ToSecurityGroupId, newIngressRule, ingress},
	} {
		formerly := pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(rule.name)}})
		made, err := rule.of(
			ctx,
			rule.name+"-"+args.Ports.String(),
			rule.group,
			rule.Rule,
			pulumi.Parent(component),
			formerly,
		)
		if err != nil {
			return nil, err
		}
		component.Rules = append(component.Rules, made)
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of connection %q: %w", name, err)
	}
	return component, nil
}

func newIngressRule(
	ctx *pulumi.Context,
	name string,
	group pulumi.StringInput,
	rule Rule,
	opts ...pulumi.ResourceOption,
) (pulumi.Resource, error) {
	made, err := vpc.NewSecurityGroupIngressRule(ctx, name, &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           group,
		Description:               pulumi.String(rule.Description),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(rule.Ports.From),
		ToPort:                    pulumi.Int(rule.Ports.To),
		CidrIpv4:                  rule.cidr(false),
		CidrIpv6:                  rule.cidr(true),
		ReferencedSecurityGroupId: optionalInput(rule.SecurityGroupId),
		PrefixListId:              optionalInput(rule.PrefixListId),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating ingress rule %q: %w", name, err)
	}
	return made, nil
}

func newEgressRule(
	ctx *pulumi.Context,
	name string,
	group pulumi.StringInput,
	rule Rule,
	opts ...pulumi.ResourceOption,
) (pulumi.Resource, error) {
	made, err := vpc.NewSecurityGroupEgressRule(ctx, name, &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId:           group,
		Description:               pulumi.String(rule.Description),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(rule.Ports.From),
		ToPort:                    pulumi.Int(rule.Ports.To),
		CidrIpv4:                  rule.cidr(false),
		CidrIpv6:                  rule.cidr(true),
		ReferencedSecurityGroupId: optionalInput(rule.SecurityGroupId),
		PrefixListId:              optionalInput(rule.PrefixListId),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating egress rule %q: %w", name, err)
	}
	return made, nil
}

// descriptionPattern is what EC2 accepts as the description of a security group or of a rule.
var descriptionPattern = regexp.MustCompile(`^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}$`)

func (args *SecurityGroupArgs) validate() error {
	var problems []error
	if args.VpcId == nil {
		problems = append(problems, problem.New("VpcId", "it is missing; say which VPC the group is in"))
	}
	problems = append(problems, checkDescription("Description", args.Description))
	for _, direction := range []struct {
		field string
		rules []Rule
	}{{"Ingress", args.Ingress}, {"Egress", args.Egress}} {
		names := map[string]bool{}
		for i, rule := range direction.rules {
			at := fmt.Sprintf("%s[%d]", direction.field, i)
			if rule.Name == "" || names[rule.Name] {
				problems = append(
					problems,
					problem.New(at+".Name", "%q is empty or used twice; give each rule its own", rule.Name),
				)
			}
			names[rule.Name] = true
			problems = append(problems, rule.validate(at))
		}
	}
	return errors.Join(problems...)
}

func (r Rule) validate(at string) error {
	var problems []error
	peers := 0
	for _, given := range []bool{r.Cidr != "", r.SecurityGroupId != nil, r.PrefixListId != nil} {
		if given {
			peers++
		}
	}
	if peers != 1 {
		problems = append(
			problems,
			problem.New(at, "give exactly one of Cidr, SecurityGroupId and PrefixListId, not %d of them", peers),
		)
	}
	if r.Cidr != "" {
		problems = append(problems, checkCidr(at+".Cidr", r.Cidr))
	}
	if !r.Ports.valid() {
		problems = append(problems, problem.New(at+".Ports", "%s is not a range of ports; use 1 to 65535", r.Ports))
	}
	problems = append(problems, checkDescription(at+".Description", r.Description))
	return errors.Join(problems...)
}

func checkDescription(at, description string) error {
	if descriptionPattern.MatchString(description) {
		return nil
	}
	return problem.New(
		at,
		"%q is not a description; use 1 to 255 characters of A-Z a-z 0-9 space and ._-:/()#,@[]+=&;{}!$*",
		description,
	)
}

func checkCidr(at, cidr string) error {
	if _, err := grammar.ParseCIDR(cidr, grammar.AnyFamily); err != nil {
		return problem.New(at, "%v", err)
	}
	return nil
}

func isIpv6(cidr string) bool { return strings.Contains(cidr, ":") }

// cidr returns the rule's block if it is of the address family asked for.
func (r Rule) cidr(ipv6 bool) pulumi.StringPtrInput {
	if r.Cidr == "" || isIpv6(r.Cidr) != ipv6 {
		return nil
	}
	return pulumi.String(r.Cidr)
}

func optionalInput(value pulumi.StringInput) pulumi.StringPtrInput {
	if value == nil {
		return nil
	}
	return value.ToStringOutput().ToStringPtrOutput()
}

package network

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// NatGateways says how many NAT gateways there are. Each costs about 33 USD a month and its traffic.
type NatGateways string

// The choices of NAT gateways.
const (
	// the app tier reaches VPC endpoints only, and the internet's IPv6 where there is IPv6
	NatNone     NatGateways = "none"
	NatSingle   NatGateways = "single"   // in the first zone, for all zones: cheap, and lost with that zone
	NatOnePerAz NatGateways = "onePerAz" // each zone has its own
)

// VpcArgs describe a VPC. What has a default may be left out.
type VpcArgs struct {
	Location          identity.Location
	AvailabilityZones []string    // 2 to 4 names; append one to grow, never reorder. See [LookupAvailabilityZones]
	CidrBlock         string      // /16 to /23 of a private range; by default 10.0.0.0/16
	SubnetMasks       SubnetMasks // by default half of a zone's block for app, a quarter each for public and data
	NatGateways       NatGateways // by default NatSingle
	Ports             Ports       // what the tiers serve; by default HTTP, PostgreSQL and NFS
	ClientCidrs       []string    // who may call load balancers, IPv4 and, with IPv6, IPv6 blocks; by default everyone

	// Ipv6 gives the VPC and its public and app subnets IPv6 addresses besides. Load balancers can then be called over
	// both, and the app tier reaches the internet's IPv6 through an egress-only gateway, which costs nothing, with or
	// without NAT gateways. It can be turned on at any time without replacing a subnet. It cannot be turned off: AWS
	// takes back a VPC's block only after those of its subnets, and an update changes the VPC first.
	Ipv6 bool

	// InterfaceEndpoints are the AWS services, such as ecr.api, that get a private address in each zone. Each costs
	// about 7 USD a month and zone.
	InterfaceEndpoints []string
	// DataEndpointAccess lets the data tier reach S3 and DynamoDB through the gateway endpoints, as database
	// extensions do that import from and export to S3.
	DataEndpointAccess bool
	FlowLogs           FlowLogs
	// PermissionsBoundary is the ARN of the IAM policy that caps the role of the flow logs; empty means none.
	PermissionsBoundary string
	Tags                map[string]string
}

// FlowLogs describe the record of accepted and rejected traffic, kept in CloudWatch Logs. It is always on.
type FlowLogs struct {
	// of the log group and the role that writes to it; by default made of project, stack and VPC
	Name            string
	RetentionInDays int                   // one of those CloudWatch knows; by default 365 (FSBP CloudWatch.16)
	Traffic         string                // ALL (the default), ACCEPT or REJECT
	KmsKeyArn       pulumi.StringPtrInput // customer managed key of the log group; nil means CloudWatch's own
}

// endpointServices are the services that can have an interface endpoint here.
var endpointServices = []string{
	"ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "elasticfilesystem", "events", "kms", "logs",
	"monitoring", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "sts", "xray",
}

// zonePattern is what follows the region in the name of a zone.
var zonePattern = regexp.MustCompile(`^[a-z]$`)

func (args VpcArgs) withDefaults() VpcArgs {
	args.CidrBlock = cmp.Or(args.CidrBlock, "10.0.0.0/16")
	args.NatGateways = cmp.Or(args.NatGateways, NatSingle)
	args.Ports = args.Ports.withDefaults()
	args.FlowLogs.RetentionInDays = cmp.Or(args.FlowLogs.RetentionInDays, 365)
	args.FlowLogs.Traffic = cmp.Or(args.FlowLogs.Traffic, "ALL")
	if len(args.ClientCidrs) == 0 {
		args.ClientCidrs = []string{anywhere.String()}
		if args.Ipv6 {
			args.ClientCidrs = append(args.ClientCidrs, anywhereIpv6.String())
		}
	}
	return args
}

// validate reports everything that is wrong with the arguments, and otherwise how the addresses are divided.
func (args VpcArgs) validate() (Layout, error) {
	problems := []error{args.Location.Validate()}
	problems = append(problems, args.zoneProblems()...)
	problems = append(problems, args.portProblems()...)
	problems = append(problems, args.choiceProblems()...)
	layout, err := NewLayout(args.CidrBlock, len(args.AvailabilityZones), args.SubnetMasks)
	if err := errors.Join(append(problems, err)...); err != nil {
		return Layout{}, err
	}
	return layout, args.checkAclSizes(layout)
}

func (args VpcArgs) zoneProblems() []error {
	var problems []error
	region, seen := args.Location.Region, map[string]bool{}
	for i, zone := range args.AvailabilityZones {
		if len(zone) != len(region)+1 || zone[:len(region)] != region || !zonePattern.MatchString(zone[len(region):]) {
			problems = append(problems, problem.New(
				fmt.Sprintf("AvailabilityZones[%d]", i),
				"%q is not a zone of %s; use names such as %sa",
				zone,
				region,
				region,
			))
		}
		if seen[zone] {
			problems = append(
				problems,
				problem.New(fmt.Sprintf("AvailabilityZones[%d]", i), "%q is listed twice", zone),
			)
		}
		seen[zone] = true
	}
	return problems
}

func (args VpcArgs) portProblems() []error {
	var problems []error
	fields := map[string][]PortRange{
		"Listeners": args.Ports.Listeners,
		"Data":      args.Ports.Data,
		"Internet":  args.Ports.Internet,
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		for i, ports := range fields[field] {
			if !ports.valid() {
				problems = append(problems, problem.New(
					fmt.Sprintf("Ports.%s[%d]", field, i),
					"%s is not a range of ports; use 1 to 65535",
					ports,
				))
			}
		}
	}
	if !slices.ContainsFunc(
		args.Ports.Internet,
		func(ports PortRange) bool { return ports.From <= https && https <= ports.To },
	) {
		problems = append(problems, problem.New(
			"Ports.Internet",
			"%s lacks %d, by which tasks call AWS itself; add it",
			args.Ports.Internet,
			https,
		))
	}
	return problems
}

func (args VpcArgs) choiceProblems() []error {
	var problems []error
	if !slices.Contains([]NatGateways{NatNone, NatSingle, NatOnePerAz}, args.NatGateways) {
		problems = append(
			problems,
			problem.New("NatGateways", "%q; use %s, %s or %s", args.NatGateways, NatNone, NatSingle, NatOnePerAz),
		)
	}
	for i, cidr := range args.ClientCidrs {
		if err := checkCidr(fmt.Sprintf("ClientCidrs[%d]", i), cidr); err != nil {
			problems = append(problems, err)
		} else if isIpv6(cidr) && !args.Ipv6 {
			problems = append(problems, problem.New(
				fmt.Sprintf("ClientCidrs[%d]", i),
				"%s is IPv6, which the VPC has not; set Ipv6, or remove it",
				cidr,
			))
		}
	}
	for i, service := range args.InterfaceEndpoints {
		if !slices.Contains(endpointServices, service) {
			problems = append(
				problems,
				problem.New(fmt.Sprintf("InterfaceEndpoints[%d]", i), "%q; use one of %q", service, endpointServices),
			)
		}
		if slices.Contains(args.InterfaceEndpoints[:i], service) {
			problems = append(
				problems,
				problem.New(fmt.Sprintf("InterfaceEndpoints[%d]", i), "%q is listed twice", service),
			)
		}
	}
	if !slices.Contains(grammar.LogRetentions, args.FlowLogs.RetentionInDays) {
		problems = append(problems, problem.New(
			"FlowLogs.RetentionInDays",
			"%d; CloudWatch offers %d",
			args.FlowLogs.RetentionInDays,
			grammar.LogRetentions,
		))
	}
	if traffic := args.FlowLogs.Traffic; !slices.Contains([]string{"ALL", "ACCEPT", "REJECT"}, traffic) {
		problems = append(problems, problem.New("FlowLogs.Traffic", "%q; use ALL, ACCEPT or REJECT", traffic))
	}
	return problems
}

// CheckAclSizes reports whether the network ACLs have room for the Ports, before it is known where the VPC will be.
func (args VpcArgs) CheckAclSizes() error {
	full := args.withDefaults()
	layout, err := NewLayout(full.CidrBlock, len(full.AvailabilityZones), full.SubnetMasks)
	if err != nil {
		return err
	}
	return full.checkAclSizes(layout)
}

func (args VpcArgs) checkAclSizes(layout Layout) error {
	var problems []error
	acls := args.acls(layout)
	for _, tier := range tiers {
		for _, family := range []string{"IPv4", "IPv6"} {
			most := max(countByFamily(acls[tier].ingress)[family], countByFamily(acls[tier].egress)[family])
			if most > maxAclRules {
				problems = append(problems, problem.New(
					"Ports",
					"the %s tier's network ACL needs %d rules of one direction for %s and AWS allows %d; "+
						"use fewer ports, or ranges of them",
					tier,
					most,
					family,
					maxAclRules,
				))
			}
		}
	}
	return errors.Join(problems...)
}

package network

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Placement is where in a VPC something runs, and how it gets out. A [Vpc] gives one for services; whoever has a VPC
// from elsewhere writes one down.
type Placement struct {
	VpcId pulumi.StringInput
	// SubnetIds are private subnets, of at least two zones.
	SubnetIds pulumi.StringArrayInput
	// Egress are the rules of egress that reach AWS: the internet through NAT, or VPC endpoints. Whom else a service
	// calls is the matter of a [Connection] each.
	Egress []Rule
	// After is what has to be there before anything that runs can be reached and can reach AWS, such as routes and VPC
	// endpoints. Where the ids of the subnets come after it anyway, nil will do.
	After []pulumi.Resource
}

// ServicePlacement returns the VPC's app tier.
func (v *Vpc) ServicePlacement() *Placement {
	return &Placement{VpcId: v.VpcId, SubnetIds: v.AppSubnetIds, Egress: v.ServiceEgress(), After: []pulumi.Resource{v}}
}

// NewSecurityGroup creates the group of something in this place, which reaches AWS and nothing else.
func (p *Placement) NewSecurityGroup(
	ctx *pulumi.Context,
	name, description string,
	tags map[string]string,
	opts ...pulumi.ResourceOption,
) (*SecurityGroup, error) {
	return NewSecurityGroup(ctx, name, &SecurityGroupArgs{
		VpcId:       p.VpcId,
		Description: description,
		Egress:      p.Egress,
		Tags:        tags,
	}, opts...)
}

// Validate reports what is missing. It is called on nil for what has no placement.
func (p *Placement) Validate() error {
	if p == nil {
		return problem.New("Network", "missing")
	}
	var problems []error
	if p.VpcId == nil {
		problems = append(problems, problem.New("Network.VpcId", "missing"))
	}
	if p.SubnetIds == nil {
		problems = append(
			problems,
			problem.New("Network.SubnetIds", "missing; give private subnets of at least two zones"),
		)
	}
	if len(p.Egress) == 0 {
		problems = append(problems, problem.New("Network.Egress", "missing; without a way to AWS no task starts"))
	}
	for i, rule := range p.Egress {
		problems = append(problems, rule.validate(fmt.Sprintf("Network.Egress[%d]", i)))
	}
	return errors.Join(problems...)
}

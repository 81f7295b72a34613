package images

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// ReplicationArgs describe the copying of images to another region.
type ReplicationArgs struct {
	Location identity.Location
	// Prefix selects repositories by the beginning of their names.
	Prefix string
	// Region is where the copies go.
	Region string
}

// Replication copies every image that is pushed to certain repositories to another region, so that services can be
// started there when the first is lost. ECR has one such setting for an account and region: a second Replication there
// would take the place of the first. Its type token is awslab:images:Replication.
type Replication struct {
	pulumi.ResourceState
}

func (args *ReplicationArgs) validate() error {
	problems := []error{args.Location.Validate()}
	if len(args.Prefix) < 2 {
		problems = append(
			problems,
			problem.New("Prefix", "%q; use at least 2 characters (ECR API, RepositoryFilter)", args.Prefix),
		)
	}
	if args.Region == "" || args.Region == args.Location.Region {
		problems = append(
			problems,
			problem.New("Region", "%q; name another than %s", args.Region, args.Location.Region),
		)
	}
	return errors.Join(problems...)
}

// NewReplication turns replication on.
func NewReplication(
	ctx *pulumi.Context,
	name string,
	args *ReplicationArgs,
	opts ...pulumi.ResourceOption,
) (*Replication, error) {
	if args == nil {
		args = &ReplicationArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("replication %q: %w", name, err)
	}
	component := &Replication{}
	if err := ctx.RegisterComponentResource("awslab:images:Replication", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering replication %q: %w", name, err)
	}
	rule := ecr.ReplicationConfigurationReplicationConfigurationRuleArgs{
		Destinations: ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArray{
			ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs{
				Region:     pulumi.String(args.Region),
				RegistryId: pulumi.String(args.Location.AccountId),
			},
		},
		RepositoryFilters: ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArray{
			ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs{
				Filter:     pulumi.String(args.Prefix),
				FilterType: pulumi.String("PREFIX_MATCH"),
			},
		},
	}
	if _, err := ecr.NewReplicationConfiguration(ctx, name+"-replication", &ecr.ReplicationConfigurationArgs{
		ReplicationConfiguration: ecr.ReplicationConfigurationReplicationConfigurationArgs{
			Rules: ecr.ReplicationConfigurationReplicationConfigurationRuleArray{rule},
		},
	}, pulumi.Parent(component)); err != nil {
		return nil, fmt.Errorf("replicating images to %s: %w", args.Region, err)
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of replication %q: %w", name, err)
	}
	return component, nil
}

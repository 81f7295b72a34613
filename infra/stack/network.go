package stack

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/network"
)

const httpsPort = 443

func (l *lab) network() (err error) {
	if err := l.chooseZones(); err != nil {
		return err
	}
	args := l.config.VpcArgs(l.zones)
	const vpcName = "lab"
	args.Location, args.Tags = l.location, l.tags
	args.Ports.Data = append(args.Ports.Data, l.closing()...)
	if l.closesHTTPS() {
		args.Ports.Listeners = append(args.Ports.Listeners, network.Port(httpsPort))
	}
	args.InterfaceEndpoints = slices.Concat(args.InterfaceEndpoints, l.leavingEndpoints())
	args.FlowLogs.Name, args.FlowLogs.KmsKeyArn = l.name(vpcName, "flow-logs"), l.keys.logs.Arn
	l.vpc, err = network.NewVpc(l.Context, vpcName, args, l.providers.all)
	return err
}

// chooseZones keeps the zones that the stack is in, whatever other ones AWS opens or has trouble with.
func (l *lab) chooseZones() error {
	n := l.config.Network
	if len(n.ZoneNames) > 0 {
		chosen := func(zone string) bool { return slices.Contains(l.zones, zone) }
		added := slices.DeleteFunc(slices.Clone(n.ZoneNames), chosen)
		l.zones = n.ZoneNames
		return network.CheckAvailabilityZones(l.Context, l.location.Region, added, l.providers.invoke)
	}
	if len(l.zones) >= n.AvailabilityZones {
		return nil
	}
	available, err := network.LookupAvailabilityZones(l.Context, n.AvailabilityZones, l.providers.invoke)
	if err != nil {
		return err
	}
	for _, zone := range available {
		if len(l.zones) < n.AvailabilityZones && !slices.Contains(l.zones, zone) {
			l.zones = append(l.zones, zone)
		}
	}
	return nil
}

// clients are the services that may call something. They share a security group: rules for each of them would fill that
// of what they call, which takes 60 ("Amazon VPC quotas", Amazon VPC user guide).
type clients struct {
	group      pulumi.StringOutput
	connection []pulumi.Resource
}

// newClients creates the group of those who call what is in the group to. That is part of the connection's name: when
// a proxy comes or goes, the tasks of before can connect until those of after run.
func (l *lab) newClients(
	of, to string,
	ports network.PortRange,
	called pulumi.StringOutput,
) (clients, error) {
	group, err := network.NewSecurityGroup(l.Context, of+"-clients", &network.SecurityGroupArgs{
		VpcId:       l.vpc.VpcId,
		Description: "Services that have access: " + of,
		Tags:        l.tags,
	}, l.providers.all)
	if err != nil {
		return clients{}, err
	}
	connection, err := network.NewConnection(l.Context, of+"-clients-to-"+to, &network.ConnectionArgs{
		FromSecurityGroupId: group.SecurityGroupId,
		ToSecurityGroupId:   called,
		Ports:               ports,
		Description:         "Services that have access: " + of,
	}, l.providers.all)
	if err != nil {
		return clients{}, fmt.Errorf("connecting the services with %s: %w", to, err)
	}
	return clients{group.SecurityGroupId, connection.Rules}, nil
}

// admit makes a service one of the clients.
func (c clients) admit(args *compute.ServiceArgs) {
	args.SecurityGroupIds = append(args.SecurityGroupIds, c.group)
	args.Ready = append(args.Ready, c.connection...)
}

package stack

import (
	"slices"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/network"
)

func (l *lab) network() (err error) {
	if err := l.chooseZones(); err != nil {
		return err
	}
	args := l.config.vpcArgs(l.zones)
	const vpcName = "lab"
	args.Place, args.Tags = l.place, l.tags
	args.FlowLogs.Name, args.FlowLogs.KmsKeyArn = l.name(vpcName, "flow-logs"), l.keys.logs.Arn
	l.vpc, err = network.NewVpc(l.Context, vpcName, args, l.providers.all)
	return err
}

// chooseZones keeps the zones that the stack is in, whatever other ones AWS opens or has trouble with.
func (l *lab) chooseZones() error {
	n := l.config.Network
	if len(n.ZoneNames) > 0 {
		l.zones = n.ZoneNames
		return nil
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

// vpcArgs are what the configuration says of the VPC.
func (c *Config) vpcArgs(zones []string) *network.VpcArgs {
	n := c.Network
	return &network.VpcArgs{
		AvailabilityZones:  zones,
		CidrBlock:          n.Cidr,
		SubnetMasks:        network.SubnetMasks{Public: n.SubnetMasks.Public, App: n.SubnetMasks.App, Data: n.SubnetMasks.Data},
		NatGateways:        network.NatGateways(n.NatGateways),
		Ports:              c.ports(),
		ClientCidrs:        c.clientCidrs(),
		InterfaceEndpoints: n.InterfaceEndpoints,
		Ipv6:               n.IPv6,
		FlowLogs:           network.FlowLogs{RetentionInDays: n.FlowLogRetentionDays},

		PermissionsBoundary: c.PermissionsBoundary,
	}
}

// clientCidrs is empty for everyone, over IPv6 too where there is any.
func (c *Config) clientCidrs() []string {
	if cidrs := c.LoadBalancer.ClientCidrs; !slices.Equal(cidrs, []string{"0.0.0.0/0"}) {
		return cidrs
	}
	return nil
}

// ports are what the network has to let through.
func (c *Config) ports() network.Ports {
	ports := network.Ports{Listeners: []network.PortRange{network.Port(80)}}
	if c.LoadBalancer.https() {
		ports.Listeners = append(ports.Listeners, network.Port(443))
	}
	for _, port := range c.Network.EgressPorts {
		ports.Internet = append(ports.Internet, network.Port(port))
	}
	seen := map[int]bool{0: true}
	for _, s := range c.Services {
		if !seen[s.Port] {
			ports.App = append(ports.App, network.Port(s.Port))
		}
		seen[s.Port] = true
	}
	if c.Database != nil {
		ports.Data = append(ports.Data, network.Port(c.Database.port()))
	}
	if c.FileSystem != nil {
		ports.Data = append(ports.Data, network.Port(data.NfsPort))
	}
	return ports
}

package stack

import (
	"slices"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/network"
)

func (l *lab) network() error {
	zones, err := network.LookupAvailabilityZones(l.Context, l.config.Network.AvailabilityZones, l.providers.invoke)
	if err != nil {
		return err
	}
	n := l.config.Network
	l.vpc, err = network.NewVpc(l.Context, "lab", &network.VpcArgs{
		Place:              l.place,
		AvailabilityZones:  zones,
		CidrBlock:          n.Cidr,
		SubnetMasks:        network.SubnetMasks{Public: n.SubnetMasks.Public, App: n.SubnetMasks.App, Data: n.SubnetMasks.Data},
		NatGateways:        network.NatGateways(n.NatGateways),
		Ports:              l.ports(),
		ClientCidrs:        l.clientCidrs(),
		InterfaceEndpoints: n.InterfaceEndpoints,
		Ipv6:               n.IPv6,
		FlowLogs:           network.FlowLogs{RetentionInDays: n.FlowLogRetentionDays, KmsKeyArn: l.keys.logs.Arn},
		Tags:               l.tags,
	}, l.providers.all)
	return err
}

// clientCidrs is empty for everyone, over IPv6 too where there is any.
func (l *lab) clientCidrs() []string {
	if cidrs := l.config.LoadBalancer.ClientCidrs; !slices.Equal(cidrs, []string{"0.0.0.0/0"}) {
		return cidrs
	}
	return nil
}

// ports are what the network has to let through.
func (l *lab) ports() network.Ports {
	ports := network.Ports{Listeners: []network.PortRange{network.Port(80)}}
	if l.config.LoadBalancer.https() {
		ports.Listeners = append(ports.Listeners, network.Port(443))
	}
	seen := map[int]bool{0: true}
	for _, s := range l.config.Services {
		if !seen[s.Port] {
			ports.App = append(ports.App, network.Port(s.Port))
		}
		seen[s.Port] = true
	}
	if l.config.Database != nil {
		ports.Data = append(ports.Data, network.Port(l.config.Database.port()))
	}
	if l.config.FileSystem != nil {
		ports.Data = append(ports.Data, network.Port(data.NfsPort))
	}
	return ports
}

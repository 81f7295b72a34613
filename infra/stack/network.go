package stack

import (
	"slices"

	"github.com/awslab/awslab/components/network"
)

func (l *lab) network() (err error) {
	if err := l.chooseZones(); err != nil {
		return err
	}
	args := l.config.VpcArgs(l.zones)
	const vpcName = "lab"
	args.Location, args.Tags = l.location, l.tags
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

// Package account stands in for the account and its regions: who calls, which zones and partitions there are.
package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "index",
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
		"aws:index/getAvailabilityZone:getAvailabilityZone":   getAvailabilityZone,
		"aws:index/getCallerIdentity:getCallerIdentity":       getCallerIdentity,
		"aws:index/getRegion:getRegion":                       getRegion,
		"aws:index/getRegions:getRegions":                     getRegions,
		"aws:index/getPartition:getPartition":                 getPartition,
		"aws:index/getDefaultTags:getDefaultTags":             getDefaultTags,
	},
}

func getAvailabilityZones(c bridge.Call) (map[string]any, error) {
	region := c.Region()
	var names, ids []any
	for _, name := range region.ZoneNames() {
		id := region.ZoneID(name)
		if slices.Contains(c.Args.Strings("excludeNames"), name) ||
			slices.Contains(c.Args.Strings("excludeZoneIds"), id) {
			continue
		}
		if state := c.Args.Str("state"); state != "" && state != "available" {
			continue
		}
		if c.Matches(map[string]string{
			"zone-name":     name,
			"zone-id":       id,
			"region-name":   region.Name,
			"state":         "available",
			"group-name":    region.Name,
			"zone-type":     "availability-zone",
			"opt-in-status": "opt-in-not-required",
		}, nil) {
			names, ids = append(names, name), append(ids, id)
		}
	}
	return map[string]any{"id": region.Name, "names": names, "zoneIds": ids, "groupNames": []any{region.Name}}, nil
}

func getAvailabilityZone(c bridge.Call) (map[string]any, error) {
	for _, name := range c.Region().ZoneNames() {
		id := c.Region().ZoneID(name)
		if c.Args.Str("name") == name || c.Args.Str("zoneId") == id {
			return map[string]any{
				"id":                 name,
				"name":               name,
				"zoneId":             id,
				"region":             c.Region().Name,
				"state":              "available",
				"zoneType":           "availability-zone",
				"nameSuffix":         strings.TrimPrefix(name, c.Region().Name),
				"groupName":          c.Region().Name,
				"networkBorderGroup": c.Region().Name,
				"optInStatus":        "opt-in-not-required",
				"parentZoneId":       "",
				"parentZoneName":     "",
			}, nil
		}
	}
	return nil, bridge.Refuse(
		"InvalidParameterValue",
		"no availability zone of %s has the name %q or the id %q",
		c.Region().Name,
		c.Args.Str("name"),
		c.Args.Str("zoneId"),
	)
}

func getCallerIdentity(c bridge.Call) (map[string]any, error) {
	return map[string]any{
		"id": world.Account, "accountId": world.Account, "userId": "AIDAOFFLINEAWSLAB0001",
		"arn": fmt.Sprintf("arn:%s:iam::%s:user/awslab-offline", c.Region().Partition(), world.Account),
	}, nil
}

func getRegion(c bridge.Call) (map[string]any, error) {
	r := c.Region()
	if name := c.Args.Str("name"); name != "" {
		var err error
		if r, err = region.Named(name); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"id": r.Name, "name": r.Name, "description": r.Name,
		"endpoint": fmt.Sprintf("ec2.%s.%s", r.Name, r.DNSSuffix()),
	}, nil
}

func getRegions(c bridge.Call) (map[string]any, error) {
	var names []any
	for _, region := range region.All {
		names = append(names, region.Name)
	}
	return map[string]any{"id": c.Region().Partition(), "names": names}, nil
}

func getDefaultTags(c bridge.Call) (map[string]any, error) {
	tags := map[string]any{}
	for key, value := range c.DefaultTags() {
		tags[key] = value
	}
	return map[string]any{"id": c.Region().Partition(), "tags": tags}, nil
}

func getPartition(c bridge.Call) (map[string]any, error) {
	labels := strings.Split(c.Region().DNSSuffix(), ".")
	slices.Reverse(labels)
	reverse := strings.Join(labels, ".")
	return map[string]any{
		"id": c.Region().Partition(), "partition": c.Region().Partition(), "dnsSuffix": c.Region().DNSSuffix(),
		"reverseDnsPrefix": reverse,
	}, nil
}

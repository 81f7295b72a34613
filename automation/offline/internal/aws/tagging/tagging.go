// Package tagging stands in for the Resource Groups Tagging API, which finds what has given tags.
package tagging

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "resourcegroupstaggingapi",
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:resourcegroupstaggingapi/getResources:getResources": getResources,
	},
}

// globalRegion is where the API returns what lives in no Region ("Services that support the Resource Groups Tagging
// API", AWS Resource Groups Tagging API reference).
const globalRegion = "us-east-1"

// unlisted are the types that the API does not return, though they have tags.
var unlisted = []string{"aws:iam/role:Role"}

func getResources(c bridge.Call) (map[string]any, error) {
	things, err := c.Tx.All()
	if err != nil {
		return nil, err
	}
	var found []any
	for _, thing := range things {
		tags, tagged := bridge.StateOf(thing).At("tagsAll")
		if !tagged || thing.ARN == "" || !isHere(thing, c.Region()) || slices.Contains(unlisted, thing.Type) ||
			!hasTags(tags.ObjectValue(), c.Args.Objects("tagFilters")) {
			continue
		}
		found = append(found, map[string]any{"resourceArn": thing.ARN, "tags": tags.ObjectValue().Mappable()})
	}
	return map[string]any{"id": c.Region().Name, "resourceTagMappingLists": found}, nil
}

func isHere(thing *world.Thing, here region.Region) bool {
	return thing.Region == here.Name || thing.Region == world.Global && here.Name == globalRegion
}

// hasTags reports whether a thing has every tag of the filters with one of its values, or with any if there are none.
func hasTags(tags resource.PropertyMap, filters []values.View) bool {
	for _, filter := range filters {
		wanted := filter.Strings("values")
		value, has := tags[resource.PropertyKey(filter.Str("key"))]
		if !has || len(wanted) > 0 && !slices.Contains(wanted, values.Text(value)) {
			return false
		}
	}
	return true
}

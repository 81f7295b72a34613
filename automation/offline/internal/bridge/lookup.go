package bridge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Matches reports whether the call's filters let a thing through, whose attributes are given by their EC2 filter names.
func (c Call) Matches(attributes map[string]string, tags values.View) bool {
	for _, filter := range c.Args.Objects("filters") {
		name := filter.Str("name")
		value, known := attributes[name]
		if key, is := strings.CutPrefix(name, "tag:"); is {
			value, known = values.Text(tags[resource.PropertyKey(key)]), true
		}
		if !known ||
			!slices.ContainsFunc(
				filter.Strings("values"),
				func(pattern string) bool { return values.Wildcard(pattern, value) },
			) {
			return false
		}
	}
	wanted, _ := c.Args.At("tags")
	if wanted.IsObject() {
		for key, value := range wanted.ObjectValue() {
			if values.Text(tags[key]) != values.Text(value) {
				return false
			}
		}
	}
	return true
}

// RegistryUser and RegistryPassword are what ECR gives out offline to log in to its registries with. They protect
// nothing: the stand-in for Docker takes them instead of reaching for a registry at AWS.
const (
	RegistryUser     = "AWS"
	RegistryPassword = "awslab-offline"
)

// Describe returns a thing's state as a function's result.
func Describe(thing *world.Thing) map[string]any {
	result := map[string]any{"id": thing.ID, "arn": thing.ARN}
	for name, value := range withoutMarkers(thing.State) {
		if name != "tagsAll" {
			result[string(name)] = value
		}
	}
	return result
}

// Here returns the things of a type in the provider's region, and those without one.
func (c Call) Here(token string) ([]*world.Thing, error) {
	things, err := c.Tx.OfType(c.Region().Name, token)
	if err != nil {
		return nil, err
	}
	global, err := c.Tx.OfType(world.Global, token)
	return append(things, global...), err
}

// GetByName describes the thing whose AWS name an argument gives.
func GetByName(argument, token, code string) func(Call) (map[string]any, error) {
	return func(c Call) (map[string]any, error) {
		things, err := c.Here(token)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if thing.Name == c.Args.Str(argument) {
				return Describe(thing), nil
			}
		}
		return nil, Refuse(
			code,
			"there is no %s named %q in %s",
			Spaced(model.ShortName(token)),
			c.Args.Str(argument),
			c.Region().Name,
		)
	}
}

// filterNames are the EC2 filters, besides tags, and the properties they look at.
var filterNames = map[string]string{
	"vpc-id":                  "vpcId",
	"availability-zone":       "availabilityZone",
	"availability-zone-id":    "availabilityZoneId",
	"cidr-block":              "cidrBlock",
	"cidr":                    "cidrBlock",
	"group-name":              "name",
	"group-id":                "id",
	"subnet-id":               "id",
	"map-public-ip-on-launch": "mapPublicIpOnLaunch",
	"owner-id":                "ownerId",
	"state":                   "state",
	"is-default":              "default",
}

// Find returns the things of a type that the call's arguments, filters and tags ask for.
func (c Call) Find(token string) ([]*world.Thing, error) {
	things, err := c.Here(token)
	if err != nil {
		return nil, err
	}
	var found []*world.Thing
	for _, thing := range things {
		state := StateOf(thing)
		attributes := map[string]string{"state": "available", "default": "false"}
		for filter, property := range filterNames {
			attributes[filter] = state.Str(property)
		}
		attributes["state"] = "available"
		tags, _ := state.At("tags")
		own := values.View{}
		if tags.IsObject() {
			own = values.View(tags.ObjectValue())
		}
		if c.Matches(attributes, own) && c.equalArguments(state) {
			found = append(found, thing)
		}
	}
	return found, nil
}

// equalArguments reports whether the plain arguments are what the state says.
func (c Call) equalArguments(state values.View) bool {
	for _, name := range []string{
		"id",
		"name",
		"vpcId",
		"cidrBlock",
		"availabilityZone",
		"availabilityZoneId",
		"dhcpOptionsId",
	} {
		if wanted := c.Args.Str(name); wanted != "" && state.Str(name) != wanted {
			return false
		}
	}
	return true
}

// GetOne describes the one thing that fits the arguments.
func GetOne(token, code string) func(Call) (map[string]any, error) {
	return func(c Call) (map[string]any, error) {
		found, err := c.Find(token)
		if err != nil {
			return nil, err
		}
		switch len(found) {
		case 0:
			return nil, Refuse(code, "no matching %s found in %s", Spaced(model.ShortName(token)), c.Region().Name)
		case 1:
			return Describe(found[0]), nil
		default:
			return nil, fmt.Errorf(
				"%d %s match; use additional constraints to reduce matches to a single one",
				len(found),
				Spaced(model.ShortName(token)),
			)
		}
	}
}

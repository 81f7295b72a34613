package bridge

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Failure is an input that Check refuses.
type Failure struct {
	path, reason string
}

// Failf refuses the value at a path.
func Failf(path, format string, args ...any) Failure {
	return Failure{path, fmt.Sprintf(format, args...)}
}

// Check fills in defaults and names and refuses what the provider would refuse before a plan.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	kind, olds, news, err := p.received(ctx, req.GetUrn(), req.GetOlds(), req.GetNews())
	if err != nil {
		return nil, err
	}
	news = values.WithoutDefaults(news)
	c := &checking{
		kind:   kind,
		naming: model.Naming{Name: kind.urn.Name(), Seed: req.GetRandomSeed(), Option: req.GetAutonaming()},
	}
	inputs := c.fill(olds, news)
	if kind.Model.Tags {
		p.mergeTags(inputs)
	}
	c.refuseTypes(p.Schema, news)
	if len(c.failures) == 0 {
		c.refuseValues(values.View(inputs))
	}
	c.keepSecret(inputs)
	return checkResponse(inputs, c.failures)
}

func checkResponse(inputs resource.PropertyMap, failures []Failure) (*pulumirpc.CheckResponse, error) {
	marshaled, err := Marshal(inputs)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{Inputs: marshaled}
	for _, f := range failures {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: f.path, Reason: f.reason})
	}
	return response, nil
}

// checking is one call of Check.
type checking struct {
	kind
	naming   model.Naming
	failures []Failure
}

func (c *checking) fail(path, format string, args ...any) {
	c.failures = append(c.failures, Failf(path, format, args...))
}

// refuseTypes checks names and types of properties against the SDK's.
func (c *checking) refuseTypes(pkg *schema.Package, inputs resource.PropertyMap) {
	if c.Resource == nil {
		return
	}
	// What Check itself fills in, the program need not give.
	complete := inputs.Copy()
	// The SDK has no such input, yet imported inputs come with it, and the real provider lets it pass.
	delete(complete, "tagsAll")
	if name := c.Model.AutoName; name != nil &&
		c.naming.Option.GetMode() != pulumirpc.CheckRequest_AutonamingOptions_DISABLE {
		if _, has := complete[resource.PropertyKey(name.Property)]; !has {
			complete[resource.PropertyKey(name.Property)] = resource.NewProperty(c.naming.Name)
		}
	}
	for _, f := range pkg.CheckInputs(c.Resource.Inputs, complete) {
		c.failures = append(c.failures, Failure{f.Path, f.Reason})
	}
}

// fill returns the inputs with defaults and the automatic name, and at each level the list of what was filled in.
func (c *checking) fill(olds, news resource.PropertyMap) resource.PropertyMap {
	inputs := c.fillObject("", c.inputs(), news)
	c.fillName(olds, inputs)
	return inputs
}

func (c *checking) inputs() []schema.Property {
	if c.Resource == nil {
		return nil
	}
	return c.Resource.Inputs
}

func (c *checking) fillObject(
	path string,
	properties []schema.Property,
	news resource.PropertyMap,
) resource.PropertyMap {
	filled := make(resource.PropertyMap, len(news)+1)
	for name, value := range news {
		filled[name] = c.fillValue(
			values.JoinModel(path, string(name)),
			schema.PropertyType(properties, string(name)),
			value,
		)
	}
	var defaulted []string
	for name, value := range c.Model.Defaults {
		parent, last := values.CutLast(name)
		if parent != path || filled.HasValue(resource.PropertyKey(last)) || c.excluded(path, last, news) {
			continue
		}
		if schema.PropertyType(properties, last) == nil {
			continue
		}
		filled[resource.PropertyKey(last)] = values.Of(value)
		defaulted = append(defaulted, last)
	}
	values.SetDefaulted(filled, defaulted)
	return filled
}

// excluded reports whether a default must not be filled in since the program gave an alternative to the property.
func (c *checking) excluded(path, name string, news resource.PropertyMap) bool {
	if path != "" {
		return false
	}
	for _, group := range slices.Concat(c.Model.Conflicts, c.Model.ExactlyOneOf) {
		if !slices.Contains(group, name) {
			continue
		}
		for _, other := range group {
			if other != name && news.HasValue(resource.PropertyKey(other)) {
				return true
			}
		}
	}
	return false
}

func (c *checking) fillValue(path string, typ *schema.Type, value resource.PropertyValue) resource.PropertyValue {
	switch {
	case typ == nil:
		return value
	case value.IsSecret():
		return resource.MakeSecret(c.fillValue(path, typ, value.SecretValue().Element))
	case value.IsOutput() && value.OutputValue().Known:
		output := value.OutputValue()
		output.Element = c.fillValue(path, typ, output.Element)
		return resource.NewProperty(output)
	case value.IsArray() && typ.Kind == schema.Array:
		list := make([]resource.PropertyValue, len(value.ArrayValue()))
		for i, element := range value.ArrayValue() {
			list[i] = c.fillValue(path, typ.Elem, element)
		}
		return resource.NewProperty(list)
	case value.IsObject() && typ.Kind == schema.Object:
		properties, _ := c.Objects.Object(typ.Ref)
		return resource.NewProperty(c.fillObject(path, properties, value.ObjectValue()))
	default:
		return value
	}
}

// fillName names what the program left unnamed, keeping the name of an earlier check that did the same.
func (c *checking) fillName(olds, inputs resource.PropertyMap) {
	rule := c.Model.AutoName
	if rule == nil || inputs.HasValue(resource.PropertyKey(rule.Property)) || c.excluded("", rule.Property, inputs) {
		return
	}
	key := resource.PropertyKey(rule.Property)
	if old, has := olds[key]; has && slices.Contains(values.DefaultedOf(olds), rule.Property) {
		inputs[key] = old
	} else {
		name, on, err := c.naming.Automatic(rule)
		if err != nil {
			c.fail(
				rule.Property,
				"could not make a name for %q: %v; set %s in the program",
				c.naming.Name,
				err,
				rule.Property,
			)
			return
		}
		if !on {
			return
		}
		if behavior := c.behavior.NameSuffix; behavior != nil {
			name += behavior(values.View(inputs))
		}
		inputs[key] = resource.NewProperty(name)
	}
	values.SetDefaulted(inputs, append(values.DefaultedOf(inputs), rule.Property))
}

// mergeTags makes tagsAll of the provider's default tags and the resource's own. One value that is not known makes all
// of it unknown (mergeTags in pulumi-aws, provider/tags.go).
func (p *Provider) mergeTags(inputs resource.PropertyMap) {
	all := resource.PropertyMap{}
	for key, value := range p.DefaultTags {
		all[resource.PropertyKey(key)] = resource.NewProperty(value)
	}
	tags, given := inputs["tags"]
	if given {
		bare := values.Reveal(tags)
		switch {
		case bare.ContainsUnknowns():
			inputs["tagsAll"] = values.Unknown
			return
		case bare.IsObject():
			for key, value := range bare.ObjectValue() {
				all[key] = value
			}
		}
	}
	merged := resource.NewProperty(all)
	if given && tags.IsSecret() {
		merged = resource.MakeSecret(merged)
	}
	inputs["tagsAll"] = merged
}

// keepSecret marks what holds secrets by its nature.
func (c *checking) keepSecret(inputs resource.PropertyMap) {
	for _, name := range c.Model.Secrets {
		key := resource.PropertyKey(name)
		if value, has := inputs[key]; has && !value.IsSecret() && !value.IsNull() &&
			!values.IsUnknown(values.Reveal(value)) {
			inputs[key] = resource.MakeSecret(value)
		}
	}
}

package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

// failure is an input that Check refuses.
type failure struct {
	path, reason string
}

func failf(path, format string, args ...any) failure {
	return failure{path, fmt.Sprintf(format, args...)}
}

// Check fills in defaults and names and refuses what the provider would refuse before a plan.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	news = withoutDefaults(news)
	c := &checking{kind: kind, naming: naming{kind.urn.Name(), req.GetRandomSeed(), req.GetAutonaming()}}
	inputs := c.fill(olds, news)
	if kind.model.Tags {
		p.mergeTags(inputs)
	}
	c.refuseTypes(p.schema, news)
	if len(c.failures) == 0 {
		c.refuseValues(view(inputs))
	}
	c.keepSecret(inputs)
	return checkResponse(inputs, c.failures)
}

func checkResponse(inputs resource.PropertyMap, failures []failure) (*pulumirpc.CheckResponse, error) {
	marshaled, err := marshal(inputs)
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
	naming   naming
	failures []failure
}

func (c *checking) fail(path, format string, args ...any) {
	c.failures = append(c.failures, failf(path, format, args...))
}

// refuseTypes checks names and types of properties against the SDK's.
func (c *checking) refuseTypes(pkg *schema.Package, inputs resource.PropertyMap) {
	if c.resource == nil {
		return
	}
	// What Check itself fills in, the program need not give.
	complete := inputs.Copy()
	// The SDK has no such input, yet imported inputs come with it, and the real provider lets it pass.
	delete(complete, "tagsAll")
	if name := c.model.AutoName; name != nil && c.naming.option.GetMode() != pulumirpc.CheckRequest_AutonamingOptions_DISABLE {
		if _, has := complete[resource.PropertyKey(name.Property)]; !has {
			complete[resource.PropertyKey(name.Property)] = resource.NewProperty(c.naming.name)
		}
	}
	for _, f := range pkg.CheckInputs(c.resource.Inputs, complete) {
		c.failures = append(c.failures, failure{f.Path, f.Reason})
	}
}

// fill returns the inputs with defaults and the automatic name, and at each level the list of what was filled in.
func (c *checking) fill(olds, news resource.PropertyMap) resource.PropertyMap {
	inputs := c.fillObject("", c.inputs(), news)
	c.fillName(olds, inputs)
	return inputs
}

func (c *checking) inputs() []schema.Property {
	if c.resource == nil {
		return nil
	}
	return c.resource.Inputs
}

func (c *checking) fillObject(path string, properties []schema.Property, news resource.PropertyMap) resource.PropertyMap {
	filled := make(resource.PropertyMap, len(news)+1)
	for name, value := range news {
		filled[name] = c.fillValue(joinModel(path, string(name)), schema.PropertyType(properties, string(name)), value)
	}
	var defaulted []string
	for name, value := range c.model.Defaults {
		parent, last := cutLast(name)
		if parent != path || filled.HasValue(resource.PropertyKey(last)) || c.excluded(path, last, news) {
			continue
		}
		if schema.PropertyType(properties, last) == nil {
			continue
		}
		filled[resource.PropertyKey(last)] = property(value)
		defaulted = append(defaulted, last)
	}
	setDefaulted(filled, defaulted)
	return filled
}

// excluded says whether a default must not be filled in since the program gave an alternative to the property.
func (c *checking) excluded(path, name string, news resource.PropertyMap) bool {
	if path != "" {
		return false
	}
	for _, group := range slices.Concat(c.model.Conflicts, c.model.ExactlyOneOf) {
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
		properties, _ := c.objects.Object(typ.Ref)
		return resource.NewProperty(c.fillObject(path, properties, value.ObjectValue()))
	default:
		return value
	}
}

// fillName names what the program left unnamed, keeping the name of an earlier check that did the same.
func (c *checking) fillName(olds, inputs resource.PropertyMap) {
	rule := c.model.AutoName
	if rule == nil || inputs.HasValue(resource.PropertyKey(rule.Property)) || c.excluded("", rule.Property, inputs) {
		return
	}
	key := resource.PropertyKey(rule.Property)
	if old, has := olds[key]; has && slices.Contains(defaultedOf(olds), rule.Property) {
		inputs[key] = old
	} else {
		name, on, err := c.naming.automatic(rule)
		if err != nil {
			c.fail(rule.Property, "could not make a name for %q: %v; set %s in the program", c.naming.name, err, rule.Property)
			return
		}
		if !on {
			return
		}
		if behavior := c.behavior.nameSuffix; behavior != nil {
			name += behavior(view(inputs))
		}
		inputs[key] = resource.NewProperty(name)
	}
	setDefaulted(inputs, append(defaultedOf(inputs), rule.Property))
}

// mergeTags makes tagsAll of the provider's default tags and the resource's own.
func (p *Provider) mergeTags(inputs resource.PropertyMap) {
	all := resource.PropertyMap{}
	for key, value := range p.defaultTags {
		all[resource.PropertyKey(key)] = resource.NewProperty(value)
	}
	tags, given := inputs["tags"]
	if given {
		bare := reveal(tags)
		switch {
		case isUnknown(bare):
			inputs["tagsAll"] = unknown
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
	for _, name := range c.model.Secrets {
		key := resource.PropertyKey(name)
		if value, has := inputs[key]; has && !value.IsSecret() && !value.IsNull() && !isUnknown(reveal(value)) {
			inputs[key] = resource.MakeSecret(value)
		}
	}
}

// refuseValues checks the rules of the model and the behavior. What is unknown passes.
func (c *checking) refuseValues(inputs view) {
	c.refuseGroups(inputs)
	for _, path := range sortedKeys(c.model.Enums) {
		c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
			if !v.IsArray() && !v.IsObject() && !containsValue(c.model.Enums[path], v) {
				c.fail(at, "expected %s to be one of %s, got %s", at, oneOf(c.model.Enums[path]), text(v))
			}
		})
	}
	c.refuseSizes(inputs)
	for _, path := range sortedKeys(c.model.Patterns) {
		c.eachText(inputs, path, func(at, value string) {
			if pattern := c.model.Patterns[path]; !pattern.Match(value) {
				c.fail(at, "invalid value %q for %s: it must match %s", value, at, pattern)
			}
		})
	}
	for _, path := range sortedKeys(c.model.Forbidden) {
		c.eachText(inputs, path, func(at, value string) {
			if pattern := c.model.Forbidden[path]; pattern.Match(value) {
				c.fail(at, "invalid value %q for %s: it must not match %s", value, at, pattern)
			}
		})
	}
	for _, path := range sortedKeys(c.model.Formats) {
		c.eachText(inputs, path, func(at, value string) {
			if reason := formats[c.model.Formats[path]](value); reason != "" {
				c.fail(at, "%q (%s) %s", at, value, reason)
			}
		})
	}
	if c.behavior.check != nil {
		c.failures = append(c.failures, c.behavior.check(inputs)...)
	}
}

func (c *checking) refuseGroups(inputs view) {
	for _, group := range c.model.Conflicts {
		c.refuseConflict(inputs, group)
	}
	for _, group := range c.model.ExactlyOneOf {
		parent, _ := cutLast(group[0])
		if parent != "" && !inputs.has(parent) {
			continue
		}
		switch given := givenOf(inputs, group); {
		case len(given) > 1:
			c.fail(given[0], "only one of %s can be specified, but %s were specified", list(group), list(given))
		case len(given) == 0:
			c.fail(group[0], "one of %s must be specified", list(group))
		}
	}
	for _, group := range c.model.AtLeastOneOf {
		if len(givenOf(inputs, group)) == 0 {
			c.fail(group[0], "at least one of %s must be specified", list(group))
		}
	}
	for _, group := range c.model.RequiredWith {
		if !inputs.given(group[0]) || inputs.has(group[0]) && isZero(inputs, group[0]) {
			continue
		}
		for _, other := range group[1:] {
			if !inputs.given(other) {
				c.fail(group[0], "all of %s must be specified together: %s is missing", list(group), other)
			}
		}
	}
}

// refuseConflict refuses two properties of a group. Two false flags are no conflict.
func (c *checking) refuseConflict(inputs view, group []string) {
	given := slices.DeleteFunc(givenOf(inputs, group), func(path string) bool { return isZero(inputs, path) })
	if len(given) > 1 {
		c.fail(given[1], "%q: conflicts with %s", given[1], given[0])
	}
}

// isZero says whether what the program gave is false, which counts as not given.
func isZero(inputs view, path string) bool {
	value, has := inputs.at(path)
	return has && value.IsBool() && !value.BoolValue()
}

func givenOf(inputs view, group []string) []string {
	var given []string
	for _, path := range group {
		if inputs.given(path) {
			given = append(given, path)
		}
	}
	return given
}

func (c *checking) refuseSizes(inputs view) {
	for _, path := range sortedKeys(c.model.Numbers) {
		bounds := c.model.Numbers[path]
		c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
			if n, is := number(v); is && outside(n, bounds) {
				c.fail(at, "expected %s to be in the range %s, got %s", at, span(bounds), text(v))
			}
		})
	}
	for _, path := range sortedKeys(c.model.Lengths) {
		bounds := c.model.Lengths[path]
		c.eachText(inputs, path, func(at, value string) {
			if length := len([]rune(value)); outside(float64(length), bounds) {
				c.fail(at, "expected length of %s to be in the range %s, got %d characters: %s", at, span(bounds), length, value)
			}
		})
	}
	for _, path := range sortedKeys(c.model.Items) {
		parent, last := cutLast(path)
		bounds := c.model.Items[path]
		for _, holder := range inputs.each(parent) {
			if !holder.value.IsObject() {
				continue
			}
			value, has := view(holder.value.ObjectValue()).at(last)
			if has && value.IsArray() && outside(float64(len(value.ArrayValue())), bounds) {
				at := join(holder.path, last)
				c.fail(at, "expected %s to have %s items, got %d", at, span(bounds), len(value.ArrayValue()))
			}
		}
	}
}

func (c *checking) eachValue(inputs view, path string, f func(at string, v resource.PropertyValue)) {
	for _, found := range inputs.each(path) {
		if !isUnknown(found.value) {
			f(found.path, found.value)
		}
	}
}

func (c *checking) eachText(inputs view, path string, f func(at, value string)) {
	c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
		if v.IsString() {
			f(at, v.StringValue())
		}
	})
}

func outside(n float64, bounds [2]*float64) bool {
	return bounds[0] != nil && n < *bounds[0] || bounds[1] != nil && n > *bounds[1]
}

func span(bounds [2]*float64) string {
	switch {
	case bounds[0] == nil:
		return fmt.Sprintf("(at most %g)", *bounds[1])
	case bounds[1] == nil:
		return fmt.Sprintf("(at least %g)", *bounds[0])
	default:
		return fmt.Sprintf("(%g - %g)", *bounds[0], *bounds[1])
	}
}

// formats say what is wrong with a text, or "". An empty text is no value.
var formats = map[string]func(string) string{
	"arn": func(v string) string {
		if v == "" || strings.HasPrefix(v, "arn:") && strings.Count(v, ":") >= 5 {
			return ""
		}
		return "is an invalid ARN: it must look like arn:aws:service:region:account:resource"
	},
	"arnOrStar": func(v string) string {
		if v == "*" || strings.HasPrefix(v, "arn:") {
			return ""
		}
		return "is neither an ARN nor *"
	},
	"json": func(v string) string {
		if v == "" || json.Valid([]byte(v)) {
			return ""
		}
		return "contains an invalid JSON document"
	},
	"cidr4": func(v string) string { return cidrFault(v, 4) },
	"cidr6": func(v string) string { return cidrFault(v, 6) },
	"cidr":  func(v string) string { return cidrFault(v, 0) },
	"ip4":   func(v string) string { return addressFault(v, 4) },
	"ip6":   func(v string) string { return addressFault(v, 6) },
}

func cidrFault(v string, version int) string {
	if v == "" {
		return ""
	}
	prefix, err := netip.ParsePrefix(v)
	switch {
	case err != nil, version == 4 && !prefix.Addr().Is4(), version == 6 && !prefix.Addr().Is6():
		return "is not a valid CIDR block: it must look like " + map[bool]string{true: "2001:db8::/56", false: "10.0.0.0/16"}[version == 6]
	case prefix != prefix.Masked():
		return fmt.Sprintf("is not a valid CIDR block; did you mean %q?", prefix.Masked())
	default:
		return ""
	}
}

func addressFault(v string, version int) string {
	if v == "" {
		return ""
	}
	address, err := netip.ParseAddr(v)
	if err != nil || version == 4 && !address.Is4() || version == 6 && !address.Is6() {
		return fmt.Sprintf("is not a valid IPv%d address", version)
	}
	return ""
}

// setDefaulted writes the list of what was filled in at a level.
func setDefaulted(properties resource.PropertyMap, names []string) {
	sort.Strings(names)
	names = slices.Compact(names)
	values := make([]resource.PropertyValue, len(names))
	for i, name := range names {
		values[i] = resource.NewProperty(name)
	}
	properties[defaultsKey] = resource.NewProperty(values)
}

// defaultedOf reads the list of what was filled in at a level.
func defaultedOf(properties resource.PropertyMap) []string {
	return view(properties).strings(string(defaultsKey))
}

func containsValue(values []any, v resource.PropertyValue) bool {
	return slices.ContainsFunc(values, func(value any) bool { return text(property(value)) == text(v) })
}

func oneOf(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprintf("%q", text(property(value)))
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func list(names []string) string { return "`" + strings.Join(names, ",") + "`" }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// joinModel appends a name to a path of the model, which has no list indices.
func joinModel(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Package schema knows what the Go SDKs of the aws, awsx and docker providers say about types: the names, types and
// required-ness of every input and output of every resource, function and object. The stand-ins check inputs against
// it, so that what passes offline is what the SDK's own compiler and the real provider's schema let pass.
//
// The data is generated from the SDKs' source (see gen) and checked in, one line a type:
//
//	resource aws:ec2/subnet:Subnet {"inputs":{"vpcId":"!string","tags":"{string}",...},"outputs":{...}}
//
// A type expression is string, integer, number, boolean, any, asset, archive, [T] for a list, {T} for a map,
// enum("a"|"b"), or the name of an object line, which the awsx schema qualifies when it is of the aws schema
// (aws:ecs.ServiceAlarms). A leading ! marks a property that is required, as an input, or always has a value, as an
// output.
//
// Go source does not tell everything that a provider's schema does. Unknown here, and so left open, are: whether a list
// or a map inside an object type or among a function's arguments is required; the values of what AWS restricts but the
// SDK types as string, and those of the few enumerations of awsx and docker, which their stand-ins judge; which types a
// union takes (an IAM policy as text or as document is any); references to resources.
package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./gen

//go:embed aws.schema
var awsLines string

//go:embed awsx.schema
var awsxLines string

//go:embed docker.schema
var dockerLines string

// Kind is the shape of a value.
type Kind string

// The kinds of values. Any stands for what the SDK leaves open.
const (
	String  Kind = "string"
	Number  Kind = "number"
	Integer Kind = "integer"
	Boolean Kind = "boolean"
	Array   Kind = "array"
	Map     Kind = "map"
	Object  Kind = "object"
	Asset   Kind = "asset"
	Archive Kind = "archive"
	Any     Kind = "any"
)

// Type is the type of a property.
type Type struct {
	Kind Kind
	// Elem is the element type of an Array or Map.
	Elem *Type
	// Ref names the object type of an Object; see Package.Object. One that names a resource has no properties to look
	// up.
	Ref string
	// Enum lists the allowed values of a String; empty means any.
	Enum []string
}

// Property is an input or output.
type Property struct {
	Name string
	Type *Type
	// Required inputs must be given, and required outputs always have a value.
	Required bool
	// Secret outputs are marked so by the SDK's constructor.
	Secret bool
	// Default is filled in by the SDK's constructor; nil when it fills in nothing.
	Default any
}

// Resource is a resource type.
type Resource struct {
	Token string
	// Inputs and Outputs are sorted by name.
	Inputs, Outputs []Property
	// Aliases are type tokens by which older programs call it.
	Aliases []string
}

// Input finds an input by name.
func (r *Resource) Input(name string) (Property, bool) { return find(r.Inputs, name) }

// Output finds an output by name.
func (r *Resource) Output(name string) (Property, bool) { return find(r.Outputs, name) }

// Function is a function type.
type Function struct {
	Token           string
	Inputs, Outputs []Property
}

// Package is the schema of one provider. It is safe for concurrent use.
type Package struct {
	Name, Version string

	// lines are those of the types, sorted and not decoded: a run looks at a few dozen of thousands of types.
	lines []string

	mu        sync.Mutex
	resources map[string]*Resource
	functions map[string]*Function
	objects   map[string][]Property
}

// AWS is the schema of pulumi-aws.
var AWS = sync.OnceValues(func() (*Package, error) { return parse(awsLines) })

// AWSX is the schema of pulumi-awsx.
var AWSX = sync.OnceValues(func() (*Package, error) { return parse(awsxLines) })

// Docker is the schema of pulumi-docker.
var Docker = sync.OnceValues(func() (*Package, error) { return parse(dockerLines) })

func parse(text string) (*Package, error) {
	first, types, _ := strings.Cut(strings.TrimSpace(text), "\n")
	p := &Package{
		lines:     strings.Split(types, "\n"),
		resources: map[string]*Resource{},
		functions: map[string]*Function{},
		objects:   map[string][]Property{},
	}
	if _, err := fmt.Sscanf(first, "package %s %s", &p.Name, &p.Version); err != nil {
		return nil, fmt.Errorf("reading schema line %q: %w", first, err)
	}
	return p, nil
}

// Resource looks a resource type up by its token.
func (p *Package) Resource(token string) (*Resource, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, known := p.resources[token]; known {
		return found, found != nil
	}
	var data struct {
		Inputs, Outputs  map[string]string
		Secrets, Aliases []string
		Defaults         map[string]any
	}
	if !p.decode("resource "+token, &data) {
		p.resources[token] = nil
		return nil, false
	}
	r := &Resource{
		Token:   token,
		Inputs:  properties(data.Inputs),
		Outputs: properties(data.Outputs),
		Aliases: data.Aliases,
	}
	for _, list := range [][]Property{r.Inputs, r.Outputs} {
		for i := range list {
			list[i].Secret = slices.Contains(data.Secrets, list[i].Name)
		}
	}
	for i := range r.Inputs {
		r.Inputs[i].Default = data.Defaults[r.Inputs[i].Name]
	}
	p.resources[token] = r
	return r, true
}

// Function looks a function up by its token.
func (p *Package) Function(token string) (*Function, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, known := p.functions[token]; known {
		return found, found != nil
	}
	var data struct{ Inputs, Outputs map[string]string }
	if !p.decode("function "+token, &data) {
		p.functions[token] = nil
		return nil, false
	}
	f := &Function{Token: token, Inputs: properties(data.Inputs), Outputs: properties(data.Outputs)}
	p.functions[token] = f
	return f, true
}

// Object looks the properties of an object type up by the Ref of a Type of this package, sorted by name. The type may
// belong to another package.
func (p *Package) Object(ref string) ([]Property, bool) {
	if owner, name, qualified := strings.Cut(ref, ":"); qualified {
		return foreignObject(owner, name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, known := p.objects[ref]; known {
		return found, found != nil
	}
	var data map[string]string
	if !p.decode("object "+ref, &data) {
		p.objects[ref] = nil
		return nil, false
	}
	p.objects[ref] = properties(data)
	return p.objects[ref], true
}

func foreignObject(owner, name string) ([]Property, bool) {
	if owner != "aws" {
		return nil, false // awsx refers to aws alone
	}
	p, err := AWS()
	if err != nil {
		return nil, false
	}
	return p.Object(name)
}

// ResourceTokens lists every resource type, sorted.
func (p *Package) ResourceTokens() []string {
	var tokens []string
	for _, line := range p.lines {
		if resource, ok := strings.CutPrefix(line, "resource "); ok {
			token, _, _ := strings.Cut(resource, " ")
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// decode reads the line that begins with "<kind> <name>".
func (p *Package) decode(head string, into any) bool {
	head += " "
	i, found := slices.BinarySearchFunc(p.lines, head, func(line, head string) int {
		return strings.Compare(line[:min(len(line), len(head))], head)
	})
	return found && json.Unmarshal([]byte(p.lines[i][len(head):]), into) == nil
}

func properties(expressions map[string]string) []Property {
	list := make([]Property, 0, len(expressions))
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		expression, required := strings.CutPrefix(expressions[name], "!")
		list = append(list, Property{Name: name, Type: parseType(expression), Required: required})
	}
	return list
}

func parseType(expression string) *Type {
	switch {
	case strings.HasPrefix(expression, "["):
		return &Type{Kind: Array, Elem: parseType(expression[1 : len(expression)-1])}
	case strings.HasPrefix(expression, "{"):
		return &Type{Kind: Map, Elem: parseType(expression[1 : len(expression)-1])}
	case strings.HasPrefix(expression, "enum("):
		return &Type{Kind: String, Enum: parseEnum(expression)}
	case strings.Contains(expression, "."):
		return &Type{Kind: Object, Ref: expression}
	default:
		return &Type{Kind: Kind(expression)}
	}
}

func parseEnum(expression string) []string {
	values := strings.Split(strings.TrimSuffix(strings.TrimPrefix(expression, "enum("), ")"), "|")
	for i, value := range values {
		values[i] = strings.Trim(value, `"`)
	}
	return values
}

func find(list []Property, name string) (Property, bool) {
	at, found := slices.BinarySearchFunc(
		list,
		name,
		func(p Property, name string) int { return strings.Compare(p.Name, name) },
	)
	if !found {
		return Property{}, false
	}
	return list[at], true
}

// PropertyType returns the type of the property with the name, or nil if there is none.
func PropertyType(properties []Property, name string) *Type {
	for i := range properties {
		if properties[i].Name == name {
			return properties[i].Type
		}
	}
	return nil
}

// TypeAt returns the type of the property at a path that has no list indices, such as ingress.fromPort, or nil.
func (p *Package) TypeAt(properties []Property, path string) *Type {
	name, rest, more := strings.Cut(path, ".")
	typ := PropertyType(properties, name)
	if typ == nil || !more {
		return typ
	}
	for typ.Kind == Array {
		typ = typ.Elem
	}
	if typ.Kind != Object {
		return typ
	}
	inner, _ := p.Object(typ.Ref)
	return p.TypeAt(inner, rest)
}

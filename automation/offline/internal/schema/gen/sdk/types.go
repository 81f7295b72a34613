package sdk

import (
	"go/ast"
	"go/token"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// properties renders the fields of a plain struct: property name to type expression. required names Go fields that
// the constructor insists on; elsewhere a field is required when its Go type cannot be absent.
func (p *goPackage) properties(structure *ast.StructType, required map[string]bool) map[string]string {
	if structure == nil {
		return nil
	}
	properties := map[string]string{}
	for _, field := range structure.Fields.List {
		name := propertyName(field)
		if name == "" || len(field.Names) == 0 {
			continue
		}
		expression, optional := p.expression(field.Type)
		if required[field.Names[0].Name] || (required == nil && !optional) {
			expression = "!" + expression
		}
		properties[name] = expression
	}
	return properties
}

// plain tells an object type, the empty ones among them, from the SDK's wrappers around it, which have an ElementType,
// and from the structs of resources and outputs, which embed one of the Pulumi SDK's.
func (p *goPackage) plain(name string, structure *ast.StructType) bool {
	if _, wrapper := p.elements[name]; wrapper || unicode.IsLower(rune(name[0])) {
		return false
	}
	return !slices.ContainsFunc(
		structure.Fields.List,
		func(f *ast.Field) bool { return len(f.Names) == 0 || propertyName(f) == "" },
	)
}

// expression renders a Go type, plain or an Output: string, integer, number, boolean, any, asset, archive, [T], {T},
// enum(...) or the name of an object type. optional tells whether the Go type can be absent.
func (p *goPackage) expression(t ast.Expr) (expression string, optional bool) {
	switch t := t.(type) {
	case *ast.StarExpr:
		expression, _ = p.expression(t.X)
		return expression, true
	case *ast.ArrayType:
		element, _ := p.expression(t.Elt)
		return "[" + element + "]", true
	case *ast.MapType:
		element, _ := p.expression(t.Value)
		return "{" + element + "}", true
	case *ast.InterfaceType:
		return "any", true
	case *ast.SelectorExpr:
		return p.foreign(p.imports[typeName(t.X)], t.Sel.Name)
	case *ast.Ident:
		return p.local(t.Name)
	default:
		return "any", true
	}
}

var basicTypes = map[string]string{
	"string": "string", "int": "integer", "float64": "number", "bool": "boolean", "any": "any",
}

func (p *goPackage) local(name string) (expression string, optional bool) {
	if basic, ok := basicTypes[name]; ok {
		return basic, basic == "any"
	}
	if basic, ok := p.basics[name]; ok {
		return basicTypes[basic], false
	}
	if element, ok := p.elements[name]; ok && strings.HasSuffix(name, "Output") {
		return p.expression(element)
	}
	return p.name + "." + name, false
}

// foreign renders a type of another package. The name of an object type of another SDK is qualified:
// aws:ecs.ServiceAlarms. Outputs of another SDK are references to its resources.
func (p *goPackage) foreign(importPath, name string) (expression string, optional bool) {
	if importPath == "github.com/pulumi/pulumi/sdk/v3/go/pulumi" {
		return pulumiType(name)
	}
	if reference, ok := strings.CutSuffix(name, "Output"); ok {
		if strings.HasSuffix(reference, "Array") {
			return "[any]", true
		}
		return "any", true
	}
	for _, m := range Modules {
		switch {
		case !strings.HasPrefix(importPath, m.Path+"/"):
		case m.Package == p.sdk:
			return path.Base(importPath) + "." + name, false
		default:
			return m.Package + ":" + path.Base(importPath) + "." + name, false
		}
	}
	return "any", true
}

// pulumiBases are what the Pulumi SDK's types are made of. The empty name is that of pulumi.Map and pulumi.Array, whose
// elements are anything.
var pulumiBases = map[string]string{
	"String": "string", "Bool": "boolean", "Int": "integer", "Float64": "number", "Any": "any", "": "any",
	"Asset": "asset", "AssetOrArchive": "asset", "Archive": "archive",
}

// pulumiType renders a type of the Pulumi SDK: Archive, StringOutput, StringPtrOutput, StringMapArrayOutput.
func pulumiType(name string) (expression string, optional bool) {
	name, isOutput := strings.CutSuffix(name, "Output")
	if base, ok := pulumiBases[name]; ok {
		return base, !isOutput || base == "any"
	}
	if value, ok := strings.CutSuffix(name, "Ptr"); ok {
		expression, _ = pulumiType(value)
		return expression, true
	}
	if element, ok := strings.CutSuffix(name, "Array"); ok {
		expression, _ = pulumiType(element)
		return "[" + expression + "]", true
	}
	if element, ok := strings.CutSuffix(name, "Map"); ok {
		expression, _ = pulumiType(element)
		return "{" + expression + "}", true
	}
	return "any", true
}

// propertyName reads the pulumi tag of a field; it is empty for a field that is no property.
func propertyName(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	name, _, _ := strings.Cut(reflect.StructTag(unquote(field.Tag.Value)).Get("pulumi"), ",")
	return name
}

func typeName(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return typeName(t.X)
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		return t.Sel.Name
	default:
		return ""
	}
}

func calledName(call *ast.CallExpr) string {
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
		return selector.Sel.Name
	}
	return ""
}

// literals collects the strings below a call.
func literals(n ast.Node) []string {
	var found []string
	ast.Inspect(n, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			found = append(found, unquote(literal.Value))
		}
		return true
	})
	return found
}

func unquote(literal string) string {
	text, err := strconv.Unquote(literal)
	if err != nil {
		return literal
	}
	return text
}

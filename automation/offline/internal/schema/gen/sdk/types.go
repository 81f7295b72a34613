package sdk

import (
	"go/ast"
	"go/token"
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

// outputs renders the fields of a resource struct that has no state struct, as components have none. Their types are
// outputs, whose element type is not worth the parsing.
func (p *goPackage) outputs(structure *ast.StructType) map[string]string {
	if structure == nil {
		return nil
	}
	properties := map[string]string{}
	for _, field := range structure.Fields.List {
		if name := propertyName(field); name != "" {
			properties[name] = "any"
		}
	}
	return properties
}

// plain tells an object type from the SDK's wrappers around it and from the structs of resources and functions.
func (p *goPackage) plain(name string, structure *ast.StructType) bool {
	if unicode.IsLower(rune(name[0])) {
		return false
	}
	for _, field := range structure.Fields.List {
		if len(field.Names) == 0 || wrapped(field.Type) {
			return false
		}
	}
	return true
}

// wrapped tells whether a type is an Input or Output of the Pulumi SDK, or one generated for an object type.
func wrapped(t ast.Expr) bool {
	name := typeName(t)
	if selector, ok := t.(*ast.SelectorExpr); ok {
		if owner, ok := selector.X.(*ast.Ident); ok && owner.Name == "pulumi" {
			return !slices.Contains([]string{"Asset", "Archive", "AssetOrArchive"}, name)
		}
	}
	return strings.HasSuffix(name, "Input") || strings.HasSuffix(name, "Output")
}

// expression renders a plain Go type: string, integer, number, boolean, any, asset, archive, [T], {T}, enum(...) or
// the name of an object type. optional tells whether the Go type can be absent.
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
		owner, ok := t.X.(*ast.Ident)
		return p.foreign(t), ok && owner.Name == "pulumi"
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
		if values := p.enums[name]; len(values) > 0 && basic == "string" {
			return "enum(" + strings.Join(values, "|") + ")", false
		}
		return basicTypes[basic], false
	}
	return p.name + "." + name, false
}

// foreign renders a type of another package: assets and archives of the Pulumi SDK, object types of a neighbour.
func (p *goPackage) foreign(t *ast.SelectorExpr) string {
	owner, ok := t.X.(*ast.Ident)
	if !ok {
		return "any"
	}
	if owner.Name != "pulumi" {
		return owner.Name + "." + t.Sel.Name
	}
	switch t.Sel.Name {
	case "Archive":
		return "archive"
	case "Asset", "AssetOrArchive":
		return "asset"
	default:
		return "any"
	}
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

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// Package components_test holds what all components have to keep.
package components_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Registering a component makes new outputs of its fields, so that what was set before is lost.
func TestOutputsAreSetOnceTheComponentIsRegistered(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	packages, set := map[string][]*ast.File{}, token.NewFileSet()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		packages[filepath.Dir(file)] = append(packages[filepath.Dir(file)], parsed)
	}
	registered := 0
	for _, files := range packages {
		outputs := outputFields(files)
		for _, file := range files {
			for _, declared := range file.Decls {
				function, ok := declared.(*ast.FuncDecl)
				if !ok || function.Body == nil {
					continue
				}
				component, at := registers(function)
				if component == "" {
					continue
				}
				registered++
				for field, position := range setBefore(function, component, at, outputs) {
					t.Errorf("%s: %s.%s is set before the component is registered; set it afterwards",
						set.Position(position), component, field)
				}
			}
		}
	}
	require.Greater(t, registered, 20, "components")
}

// outputFields returns the names of the fields of components that are outputs, by the components' types.
func outputFields(files []*ast.File) map[string]map[string]bool {
	fields := map[string]map[string]bool{}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			declared, ok := node.(*ast.TypeSpec)
			if !ok {
				return true
			}
			structure, ok := declared.Type.(*ast.StructType)
			if !ok {
				return true
			}
			fields[declared.Name.Name] = map[string]bool{}
			for _, field := range structure.Fields.List {
				for _, name := range field.Names {
					fields[declared.Name.Name][name.Name] = field.Tag != nil &&
						strings.HasPrefix(field.Tag.Value, "`pulumi:")
				}
			}
			return true
		})
	}
	return fields
}

// registers returns the variable of the component that a function registers, and where it does.
func registers(function *ast.FuncDecl) (component string, at token.Pos) {
	ast.Inspect(function.Body, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		called, ok := call.Fun.(*ast.SelectorExpr)
		if ok && called.Sel.Name == "RegisterComponentResource" {
			component, at = call.Args[2].(*ast.Ident).Name, call.Pos()
		}
		return true
	})
	return component, at
}

// setBefore returns the outputs of a variable that are set before a place in a function, in its literal or by
// themselves.
func setBefore(
	function *ast.FuncDecl,
	component string,
	at token.Pos,
	outputs map[string]map[string]bool,
) map[string]token.Pos {
	found, of := map[string]token.Pos{}, map[string]bool{}
	for _, statement := range function.Body.List {
		assigned, ok := statement.(*ast.AssignStmt)
		if !ok || assigned.Pos() > at {
			continue
		}
		for i, target := range assigned.Lhs {
			switch target := target.(type) {
			case *ast.Ident:
				if target.Name != component || len(assigned.Rhs) != len(assigned.Lhs) {
					continue
				}
				literal, ok := assigned.Rhs[i].(*ast.UnaryExpr)
				if !ok {
					continue
				}
				made := literal.X.(*ast.CompositeLit)
				of = outputs[made.Type.(*ast.Ident).Name]
				for _, element := range made.Elts {
					pair := element.(*ast.KeyValueExpr)
					if name := pair.Key.(*ast.Ident).Name; of[name] {
						found[name] = pair.Pos()
					}
				}
			case *ast.SelectorExpr:
				if owner, ok := target.X.(*ast.Ident); ok && owner.Name == component && of[target.Sel.Name] {
					found[target.Sel.Name] = target.Pos()
				}
			}
		}
	}
	return found
}

// Package sdk reads a generated Pulumi Go SDK and renders its schema as text, one line a type (see package schema for
// the format). It works on syntax alone: type-checking the aws SDK takes minutes, parsing it seconds, and generated
// code is regular enough.
package sdk

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Module is a Go SDK to read.
type Module struct {
	// Package is the Pulumi package's name, Path the Go module and Root the folder of the package in it.
	Package, Path, Root string
}

// Modules are the SDKs that the offline target stands in for.
var Modules = []Module{
	{Package: "aws", Path: "github.com/pulumi/pulumi-aws/sdk/v6", Root: "go/aws"},
	{Package: "awsx", Path: "github.com/pulumi/pulumi-awsx/sdk/v2", Root: "go/awsx"},
	{Package: "docker", Path: "github.com/pulumi/pulumi-docker/sdk/v4", Root: "go/docker"},
}

// Generate returns the schema text of a module, at the version that go.mod selects.
func Generate(m Module) (string, error) {
	listed, err := exec.Command(
		"go",
		"list",
		"-m",
		"-f",
		"{{.Version}} {{.Dir}}",
		m.Path,
	).Output() //nolint:gosec // from the table above
	if err != nil {
		return "", fmt.Errorf("finding module %s: %w", m.Path, err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(listed)), " ")
	packages, err := parse(filepath.Join(dir, m.Root), m.Package)
	if err != nil {
		return "", err
	}
	var out []string
	for _, p := range packages {
		entries, err := p.entries()
		if err != nil {
			return "", err
		}
		out = append(out, entries...)
	}
	slices.Sort(out)
	return fmt.Sprintf(
		"package %s %s\n%s\n",
		m.Package,
		strings.TrimPrefix(version, "v"),
		strings.Join(slices.Compact(out), "\n"),
	), nil
}

// goPackage is one folder of an SDK.
type goPackage struct {
	// sdk is the Pulumi package's name, name the Go package's: it qualifies the package's types.
	sdk, name string
	structs   map[string]*ast.StructType
	// elements are the plain types behind the SDK's wrappers, from their ElementType methods: serviceArgs of
	// ServiceArgs, *Alarms of AlarmsPtrOutput.
	elements map[string]ast.Expr
	// imports are import paths by name. The SDKs name an import alike in all files of a package.
	imports map[string]string
	// basics are the named types over a basic one, such as enumerations.
	basics map[string]string
	funcs  []*ast.FuncDecl
}

// parse reads every folder below root, in parallel: a big SDK has over a hundred megabytes of source.
func parse(root, rootName string) ([]*goPackage, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() != "internal" {
			dirs = append(dirs, dir)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the SDK: %w", err)
	}
	packages := make([]*goPackage, len(dirs))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, dir := range dirs {
		group.Go(func() error {
			p := &goPackage{
				sdk:      rootName,
				name:     filepath.Base(dir),
				structs:  map[string]*ast.StructType{},
				elements: map[string]ast.Expr{},
				imports:  map[string]string{},
				basics:   map[string]string{},
			}
			if dir == root {
				p.name = rootName
			}
			packages[i] = p
			return p.read(dir)
		})
	}
	return packages, group.Wait()
}

func (p *goPackage) read(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parsing the SDK: %w", err)
		}
		if err := p.addImports(file); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		for _, declaration := range file.Decls {
			p.declare(declaration)
		}
	}
	return nil
}

func (p *goPackage) addImports(file *ast.File) error {
	for _, spec := range file.Imports {
		imported := unquote(spec.Path.Value)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if other, taken := p.imports[name]; taken && other != imported && name != "_" {
			return fmt.Errorf("the name %s stands for %s and for %s", name, other, imported)
		}
		p.imports[name] = imported
	}
	return nil
}

func (p *goPackage) declare(declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		switch {
		case d.Body == nil:
		case d.Recv == nil:
			p.funcs = append(p.funcs, d)
		case d.Name.Name == "ElementType":
			p.elements[typeName(d.Recv.List[0].Type)] = elementType(d)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			switch t := s.Type.(type) {
			case *ast.StructType:
				p.structs[s.Name.Name] = t
			case *ast.Ident:
				p.basics[s.Name.Name] = t.Name
			}
		}
	}
}

// elementType takes T out of return reflect.TypeOf((*T)(nil)).Elem().
func elementType(f *ast.FuncDecl) (element ast.Expr) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if parenthesized, ok := n.(*ast.ParenExpr); ok && element == nil {
			if pointer, ok := parenthesized.X.(*ast.StarExpr); ok {
				element = pointer.X
			}
		}
		return element == nil
	})
	return element
}

// entries renders what the package registers, invokes and declares.
func (p *goPackage) entries() ([]string, error) {
	var out []string
	add := func(kind, name string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("rendering %s %s: %w", kind, name, err)
		}
		out = append(out, kind+" "+name+" "+string(text))
		return nil
	}
	for _, f := range p.funcs {
		call, token := providerCall(f)
		var err error
		switch call {
		case "RegisterResource", "RegisterRemoteComponentResource":
			err = add("resource", token, p.resource(f))
		case "Invoke":
			err = add("function", token, p.function(f))
		}
		if err != nil {
			return nil, err
		}
	}
	for name, structure := range p.structs {
		if p.plain(name, structure) {
			if err := add("object", p.name+"."+name, p.properties(structure, nil)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// providerCall finds the call through which an SDK function reaches its provider, and the type token it names.
func providerCall(f *ast.FuncDecl) (method, typeToken string) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if receiver, ok := selector.X.(*ast.Ident); !ok || receiver.Name != "ctx" {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		switch {
		case ok && slices.Contains(
			[]string{"RegisterResource", "RegisterRemoteComponentResource", "Invoke"},
			selector.Sel.Name,
		):
			method, typeToken = selector.Sel.Name, unquote(literal.Value)
		}
		return true
	})
	return method, typeToken
}

// resource is the JSON form of a resource; package schema reads it.
type resource struct {
	Inputs   map[string]string `json:"inputs"`
	Outputs  map[string]string `json:"outputs,omitempty"`
	Secrets  []string          `json:"secrets,omitempty"`
	Aliases  []string          `json:"aliases,omitempty"`
	Defaults map[string]any    `json:"defaults,omitempty"`
}

type function struct {
	Inputs  map[string]string `json:"inputs,omitempty"`
	Outputs map[string]string `json:"outputs,omitempty"`
}

func (p *goPackage) resource(f *ast.FuncDecl) resource {
	name := strings.TrimPrefix(f.Name.Name, "New")
	facts := constructorFacts(f)
	inputs := p.structs[typeName(p.elements[name+"Args"])]
	r := resource{
		Inputs: p.properties(inputs, facts.required), Aliases: facts.aliases, Secrets: facts.secrets,
		Defaults: p.byProperty(inputs, facts.defaults), Outputs: p.properties(p.structs[name], nil),
	}
	if r.Inputs == nil {
		r.Inputs = map[string]string{}
	}
	return r
}

func (p *goPackage) function(f *ast.FuncDecl) function {
	var result function
	for _, parameter := range f.Type.Params.List {
		if name := typeName(parameter.Type); strings.HasSuffix(name, "Args") {
			result.Inputs = p.properties(p.structs[name], nil)
		}
	}
	if f.Type.Results != nil && len(f.Type.Results.List) > 0 {
		result.Outputs = p.properties(p.structs[typeName(f.Type.Results.List[0].Type)], nil)
	}
	return result
}

// byProperty turns Go field names into property names.
func (p *goPackage) byProperty(structure *ast.StructType, values map[string]any) map[string]any {
	if structure == nil || len(values) == 0 {
		return nil
	}
	named := map[string]any{}
	for _, field := range structure.Fields.List {
		if value, ok := values[field.Names[0].Name]; ok {
			named[propertyName(field)] = value
		}
	}
	return named
}

// facts are what a constructor does beside registering.
type facts struct {
	required         map[string]bool
	secrets, aliases []string
	defaults         map[string]any
}

func constructorFacts(f *ast.FuncDecl) facts {
	found := facts{required: map[string]bool{}, defaults: map[string]any{}}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if _, argument, ok := strings.Cut(unquote(n.Value), "invalid value for required argument '"); ok {
				found.required[strings.TrimSuffix(argument, "'")] = true
			}
		case *ast.AssignStmt:
			found.assignment(n)
		case *ast.CallExpr:
			switch calledName(n) {
			case "AdditionalSecretOutputs":
				found.secrets = append(found.secrets, literals(n)...)
			case "Aliases":
				found.aliases = append(found.aliases, literals(n)...)
			}
		}
		return true
	})
	slices.Sort(found.secrets)
	return found
}

// assignment sees args.X = pulumi.StringPtr("...") and the like, a default of the SDK, and args.X = ToSecret(args.X).
func (found *facts) assignment(a *ast.AssignStmt) {
	target, ok := a.Lhs[0].(*ast.SelectorExpr)
	if !ok || len(a.Rhs) != 1 {
		return
	}
	if owner, ok := target.X.(*ast.Ident); !ok || owner.Name != "args" {
		return
	}
	call, ok := a.Rhs[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	switch value := call.Args[0].(type) {
	case *ast.BasicLit:
		var decoded any
		if json.Unmarshal([]byte(value.Value), &decoded) == nil {
			found.defaults[target.Sel.Name] = decoded
		}
	case *ast.Ident:
		if value.Name == "true" || value.Name == "false" {
			found.defaults[target.Sel.Name] = value.Name == "true"
		}
	}
}

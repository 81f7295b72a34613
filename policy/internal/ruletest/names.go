package ruletest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/awslab/awslab/policy/internal/rule"
)

// awsSDK is the module whose sources say which properties an AWS resource has.
const awsSDK = "github.com/pulumi/pulumi-aws/sdk/v6"

var awsSDKFolder = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", awsSDK).Output()
	if err != nil {
		return "", fmt.Errorf("finding the sources of %s: %w", awsSDK, err)
	}
	return strings.TrimSpace(string(out)), nil
})

// PropertyNames fails for a property in the cases that its AWS resource type does not have, so that neither a rule nor
// its test can misspell one. It reads the SDK's sources, since compiling them takes minutes.
func PropertyNames(t *testing.T, cases map[string][]Case) {
	t.Helper()
	known := map[string]map[string]bool{}
	for _, ofRule := range cases {
		for _, c := range ofRule {
			for _, r := range append([]Resource{c.Resource}, c.Rest...) {
				if !strings.HasPrefix(r.Type, "aws:") {
					continue
				}
				if known[r.Type] == nil {
					known[r.Type] = sdkProperties(t, r.Type)
				}
				for name := range r.Properties {
					if !known[r.Type][name] {
						t.Errorf("%s has no property %q", r.Type, name)
					}
				}
			}
		}
	}
}

// declared is a resource that a fix asks for, as aws.ec2.FlowLog.
var declared = regexp.MustCompile(`aws\.([a-z0-9]+)\.([A-Z]\w+?)s?\b`)

// FixesNameProperties fails for a rule whose fix names neither a property of a type that it judges nor a resource to
// declare.
func FixesNameProperties(t *testing.T, pack rule.Pack) {
	t.Helper()
	for _, r := range pack.Rules {
		known := map[string]bool{"tags": true}
		for _, resourceType := range r.Types {
			for name := range sdkProperties(t, resourceType) {
				known[name] = true
			}
		}
		names := strings.FieldsFunc(
			r.Fix,
			func(char rune) bool { return !unicode.IsLetter(char) && !unicode.IsDigit(char) },
		)
		if !declared.MatchString(r.Fix) && !slices.ContainsFunc(names, func(name string) bool { return known[name] }) {
			t.Errorf("rule %s: its fix names no property: %s", r.Name, r.Fix)
		}
		for _, resource := range declared.FindAllStringSubmatch(r.Fix, -1) {
			file := strings.ToLower(resource[2][:1]) + resource[2][1:]
			sdkProperties(t, fmt.Sprintf("aws:%s/%s:%s", resource[1], file, resource[2]))
		}
	}
}

// sdkProperties returns the inputs and outputs of a type like aws:rds/instance:Instance. Every resource has an id.
func sdkProperties(t *testing.T, resourceType string) map[string]bool {
	t.Helper()
	folder, err := awsSDKFolder()
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(resourceType, ":")
	file := filepath.Join(folder, "go", "aws", filepath.FromSlash(parts[1])+".go")
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("reading the properties of %s: %v", resourceType, err)
	}
	names := map[string]bool{"id": true}
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if shape, ok := spec.Type.(*ast.StructType); ok &&
			(spec.Name.Name == parts[2] || strings.HasSuffix(spec.Name.Name, "Args")) {
			for _, field := range shape.Fields.List {
				if field.Tag != nil {
					names[reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("pulumi")] = true
				}
			}
		}
		return false
	})
	return names
}

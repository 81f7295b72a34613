package aws_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws"
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// allModels returns every model by its type.
func allModels(t testing.TB) map[string]*model.Model {
	t.Helper()
	all, err := aws.Knowledge().AllModels()
	require.NoError(t, err)
	require.Equal(t, 160, len(all))
	return all
}

func awsSchema(t testing.TB) *schema.Package {
	t.Helper()
	pkg, err := schema.AWS()
	require.NoError(t, err)
	return pkg
}

func TestTheSchemaHasAllThatIsSpokenOf(t *testing.T) {
	assert.NoError(t, aws.Knowledge().Validate(awsSchema(t)))
}

func TestPatternsAreRegularExpressions(t *testing.T) {
	for _, m := range allModels(t) {
		for _, patterns := range []map[string]model.Pattern{m.Patterns, m.Forbidden, m.APIPatterns} {
			for _, pattern := range patterns {
				assert.NotPanics(t, func() { pattern.Match("") }, pattern.String())
			}
		}
	}
}

// sample makes one of two different values of a type.
func sample(pkg *schema.Package, typ *schema.Type, second bool, depth int) (any, bool) {
	switch typ.Kind {
	case schema.String, schema.Any:
		return map[bool]string{false: "one", true: "two"}[second], true
	case schema.Number, schema.Integer:
		return map[bool]float64{false: 1, true: 2}[second], true
	case schema.Boolean:
		return second, true
	case schema.Map:
		return map[string]any{"key": map[bool]string{false: "one", true: "two"}[second]}, true
	case schema.Array:
		element, ok := sample(pkg, typ.Elem, second, depth)
		return []any{element}, ok
	case schema.Object:
		properties, _ := pkg.Object(typ.Ref)
		for _, p := range properties {
			if depth > 4 {
				return nil, false
			}
			if value, ok := sample(pkg, p.Type, second, depth+1); ok {
				return map[string]any{p.Name: value}, true
			}
		}
	}
	return nil, false
}

// at puts a value at a path, wrapped into the lists and objects that lead to it.
func at(pkg *schema.Package, properties []schema.Property, path string, value any) map[string]any {
	name, rest, more := strings.Cut(path, ".")
	if !more {
		return map[string]any{name: value}
	}
	typ := schema.PropertyType(properties, name)
	lists := 0
	for typ.Kind == schema.Array {
		typ, lists = typ.Elem, lists+1
	}
	inner, _ := pkg.Object(typ.Ref)
	var wrapped any = at(pkg, inner, rest, value)
	for range lists {
		wrapped = []any{wrapped}
	}
	return map[string]any{name: wrapped}
}

// visible adds what makes changes of a property count.
func visible(m *model.Model, path string, inputs map[string]any) {
	condition, has := m.Unseen[path]
	if !has || len(condition.Unless) == 0 {
		return
	}
	parent, last := values.CutLast(condition.Property)
	if parent == "" {
		inputs[last] = condition.Unless[0]
	} else if object, is := inputs[parent].(map[string]any); is {
		object[last] = condition.Unless[0]
	}
}

func diffOf(
	l *awstest.Lab,
	token string,
	m *model.Model,
	path string,
	old, new map[string]any,
) *pulumirpc.DiffResponse {
	l.Helper()
	visible(m, path, old)
	visible(m, path, new)
	return l.Compare(token, old, new)
}

func TestEveryForceNewPropertyReplaces(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	pkg := awsSchema(t)
	for token, m := range allModels(t) {
		r, _ := pkg.Resource(token)
		for _, path := range m.ForceNew {
			typ := pkg.TypeAt(r.Inputs, path)
			if typ == nil {
				continue // an output, or what an older SDK had
			}
			if forcedBelow(m, path) {
				continue // a block, of which the properties replace: tested by them
			}
			first, _ := sample(pkg, typ, false, 0)
			second, ok := sample(pkg, typ, true, 0)
			require.True(t, ok)
			old, new := at(pkg, r.Inputs, path, first), at(pkg, r.Inputs, path, second)
			if typ.Kind == schema.Object || typ.Kind == schema.Array && typ.Elem.Kind == schema.Object {
				old = map[string]any{} // a block replaces when it comes or goes
			}
			if m.Equal[path] == "protocol" {
				new = at(pkg, r.Inputs, path, "udp")
			}
			response := diffOf(l, token, m, path, old, new)
			top, _, _ := strings.Cut(path, ".")
			assert.Equal(t, []string{top}, response.GetReplaces(), "%s %s", token, path)
			for _, detail := range response.GetDetailedDiff() {
				if !strings.HasSuffix(detail.GetKind().String(), "_REPLACE") && token != "" {
					assert.Failf(t, "no replacement", "%s %s: %v", token, path, response.GetDetailedDiff())
				}
			}
		}
	}
}

func forcedBelow(m *model.Model, path string) bool {
	return slices.ContainsFunc(m.ForceNew, func(other string) bool { return strings.HasPrefix(other, path+".") })
}

// replacesByRule are the inputs that no model says to replace, but a behavior does, for values as sample makes them.
var replacesByRule = map[string][]string{
	token.Vpc:            {"instanceTenancy"}, // to anything but default
	token.VpcEndpoint:    {"privateDnsEnabled"},
	token.Service:        {"capacityProviderStrategies"}, // without forceNewDeployment
	token.Table:          {"restoreSourceName", "restoreSourceTableArn"},
	token.TaskDefinition: {"ipcMode", "volumes"},
}

// unseenByRule are the inputs whose change alone is not a difference.
var unseenByRule = map[string][]string{
	token.Table: {"attributes"}, // DynamoDB takes them with the indexes
}

func TestEveryOtherInputUpdates(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	pkg := awsSchema(t)
	for token, m := range allModels(t) {
		r, _ := pkg.Resource(token)
		for _, input := range r.Inputs {
			path := input.Name
			if slices.Contains(m.ForceNew, path) || forcedBelow(m, path) ||
				slices.Contains(replacesByRule[token], path) ||
				slices.Contains(unseenByRule[token], path) {
				continue
			}
			first, _ := sample(pkg, input.Type, false, 0)
			second, ok := sample(pkg, input.Type, true, 0)
			if !ok {
				continue // an asset
			}
			response := diffOf(l, token, m, path, map[string]any{path: first}, map[string]any{path: second})
			assert.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, response.GetChanges(), "%s %s", token, path)
			assert.Equal(t, []string{path}, response.GetDiffs(), "%s %s", token, path)
			assert.Empty(t, response.GetReplaces(), "%s %s", token, path)
		}
	}
}

func TestAnUnknownValueOfAForceNewPropertyReplaces(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	pkg := awsSchema(t)
	for token, m := range allModels(t) {
		r, _ := pkg.Resource(token)
		for _, path := range m.ForceNew {
			typ := schema.PropertyType(r.Inputs, path)
			if typ == nil || strings.Contains(path, ".") {
				continue
			}
			first, _ := sample(pkg, typ, true, 0)
			response := diffOf(l, token, m, path, map[string]any{path: first}, map[string]any{path: values.Unknown})
			assert.Equal(t, []string{path}, response.GetReplaces(), "%s %s", token, path)
		}
	}
}

// Removing what AWS fills in when absent is not a difference; removing anything else is.
func TestAbsentOptionalComputedInputsAreNoDifference(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	pkg := awsSchema(t)
	for token, m := range allModels(t) {
		r, _ := pkg.Resource(token)
		for _, input := range r.Inputs {
			value, ok := sample(pkg, input.Type, true, 0)
			if !ok {
				continue
			}
			response := diffOf(l, token, m, input.Name, map[string]any{input.Name: value}, map[string]any{})
			quiet := slices.Contains(slices.Concat(m.OptionalComputed, m.Kept), input.Name) ||
				slices.Contains(unseenByRule[token], input.Name)
			assert.Equal(t, quiet, len(response.GetDetailedDiff()) == 0, "%s %s", token, input.Name)
		}
	}
}

// What Check fills in must be what it accepts.
func TestDefaultsPassTheirOwnChecks(t *testing.T) {
	for token, m := range allModels(t) {
		for path, value := range m.Defaults {
			if enum, has := m.Enums[path]; has {
				assert.True(t, slices.Contains(enum, value), "%s %s", token, path)
			}
			if bounds, has := m.Numbers[path]; has {
				n, _ := value.(float64)
				assert.False(
					t,
					bounds[0] != nil && n < *bounds[0] || bounds[1] != nil && n > *bounds[1],
					"%s %s",
					token,
					path,
				)
			}
		}
	}
}

func TestModelFilesHaveNoUnknownFields(t *testing.T) {
	files, err := fs.ReadDir(aws.Knowledge().Models, ".")
	require.NoError(t, err)
	for _, file := range files {
		data, err := fs.ReadFile(aws.Knowledge().Models, file.Name())
		require.NoError(t, err)
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.DisallowUnknownFields()
		var models map[string]*model.Model
		require.NoError(t, decoder.Decode(&models), file.Name())
		for token := range models {
			assert.Contains(t, token, ":"+strings.TrimSuffix(file.Name(), ".json")+"/")
		}
	}
}

package property_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"
)

// view sends the properties over the wire with everything kept.
func view(t *testing.T, properties map[string]any) property.Value {
	t.Helper()
	message, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(properties),
		plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true, KeepResources: true})
	if err != nil {
		t.Fatal(err)
	}
	return property.Of(message)
}

func secret(value any) *resource.Secret {
	return &resource.Secret{Element: resource.NewPropertyValue(value)}
}

var computed = resource.Computed{Element: resource.NewProperty("")}

func TestState(t *testing.T) {
	text, err := asset.FromText("x")
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, map[string]any{
		"null": nil, "text": "x", "empty": "", "object": map[string]any{"a": 1},
		"unknown": computed, "secretUnknown": secret(computed), "secretNull": secret(nil), "secret": secret("x"),
		"output": resource.Output{Element: resource.NewProperty("x"), Known: true}, "unknownOutput": resource.Output{},
		"asset": text, "list": []any{1, computed},
	})
	for path, want := range map[string]property.State{
		"null":                property.Absent,
		"nowhere":             property.Absent,
		"nowhere.deep":        property.Absent,
		"text.deep":           property.Absent,
		"text":                property.Known,
		"empty":               property.Known,
		"object.a":            property.Known,
		"object.b":            property.Absent,
		"unknown":             property.Unknown,
		"unknown.deep.deeper": property.Unknown,
		"secretUnknown":       property.Unknown,
		"secretNull":          property.Absent,
		"secret":              property.Known,
		"output":              property.Known,
		"unknownOutput":       property.Unknown,
		"asset":               property.Known,
		"asset.text":          property.Absent,
		"list":                property.Known,
	} {
		got := v.Get(strings.Split(path, ".")...)
		if got.State() != want || got.Path() != path {
			t.Errorf("%s (path %s): %v, want %v", path, got.Path(), got.State(), want)
		}
	}
}

// The engine may name an unknown by any of the types that the SDK expects at its place.
func TestEveryKindOfUnknownIsUnknown(t *testing.T) {
	for _, text := range []string{
		plugin.UnknownBoolValue, plugin.UnknownNumberValue, plugin.UnknownStringValue, plugin.UnknownArrayValue,
		plugin.UnknownAssetValue, plugin.UnknownArchiveValue, plugin.UnknownObjectValue,
	} {
		v := property.Of(&structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewStringValue(text)}})
		if got := v.Get("a").State(); got != property.Unknown {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestTypedReads(t *testing.T) {
	v := view(t, map[string]any{
		"yes": true, "no": false, "yesText": "true", "word": "maybe", "two": 2, "twoText": "2",
		"secretYes": secret(true), "unknown": computed,
	})
	for path, want := range map[string]struct {
		value bool
		state property.State
	}{
		"yes": {true, property.Known}, "no": {false, property.Known}, "yesText": {true, property.Known},
		"word": {false, property.Mistyped}, "two": {false, property.Mistyped}, "secretYes": {true, property.Known},
		"unknown": {false, property.Unknown}, "nowhere": {false, property.Absent},
	} {
		if value, state := v.Get(path).Bool(); value != want.value || state != want.state {
			t.Errorf("%s as a boolean: %v %v, want %v", path, value, state, want)
		}
	}
	for path, want := range map[string]struct {
		value float64
		state property.State
	}{
		"two":     {2, property.Known},
		"twoText": {2, property.Known},
		"word":    {0, property.Mistyped},
		"yes":     {0, property.Mistyped},
	} {
		if value, state := v.Get(path).Number(); value != want.value || state != want.state {
			t.Errorf("%s as a number: %v %v, want %v", path, value, state, want)
		}
	}
	for path, want := range map[string]property.State{"word": property.Known, "two": property.Mistyped} {
		if _, state := v.Get(path).Text(); state != want {
			t.Errorf("%s as text: %v, want %v", path, state, want)
		}
	}
}

func TestListElementsAreReadOneByOne(t *testing.T) {
	list, state := view(t, map[string]any{"a": map[string]any{"b": secret([]any{"x", computed})}}).Get("a", "b").List()
	if state != property.Known || len(list) != 2 {
		t.Fatalf("%v %v", list, state)
	}
	if text, _ := list[0].Text(); text != "x" || !list[0].Secret() || list[0].Path() != "a.b[0]" {
		t.Errorf("first element: %q, secret %v, path %s", text, list[0].Secret(), list[0].Path())
	}
	if list[1].State() != property.Unknown {
		t.Errorf("second element: %v", list[1].State())
	}
}

func TestSecretsAreFoundAtAnyDepth(t *testing.T) {
	got := view(t, map[string]any{
		"plain":   "visible",
		"one":     secret("s1"),
		"deep":    map[string]any{"list": []any{secret(map[string]any{"x": "s2"}), "visible"}},
		"output":  resource.Output{Element: resource.NewProperty("s3"), Known: true, Secret: true},
		"unknown": secret(computed),
	}).Secrets()
	for _, want := range []string{"s1", "s2", "s3"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %v", want, got)
		}
	}
	if slices.Contains(got, "visible") {
		t.Errorf("not a secret: %v", got)
	}
}

// No input makes a read panic, and a value that is read has the state Known.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		`{"a":1}`, `{"a":{"b":[true,null,"x"]}}`,
		`{"a":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270"}}`,
		`{"a":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","value":{"b":"s"}}}`,
		`{"a":{"4dabf18193072939515e22adb298388d":"d0e6a833031e9bbcd3f4e8bde6ca49a4","secret":true}}`,
		`{"a":{"4dabf18193072939515e22adb298388d":"803fd3297a5875dc03ca845dda5d2a98","value":"!"}}`,
		`{"a":{"4dabf18193072939515e22adb298388d":7}}`, `{"a":"04da6b54-80e4-46f7-96ec-b56ff0331ba9"}`, `{}`,
	} {
		f.Add(seed, "a", "b")
	}
	f.Fuzz(func(t *testing.T, json, first, second string) {
		var message structpb.Struct
		if message.UnmarshalJSON([]byte(json)) != nil {
			t.Skip("not an object")
		}
		root := property.Of(&message)
		root.Secrets()
		for _, v := range []property.Value{root, root.Get(first), root.Get(first, second), {}} {
			_, b := v.Bool()
			_, n := v.Number()
			_, s := v.Text()
			list, l := v.List()
			for _, read := range []property.State{b, n, s, l} {
				if read != v.State() && !(read == property.Mistyped && v.State() == property.Known) {
					t.Errorf("%s: a read says %v, the value %v", v.Path(), read, v.State())
				}
			}
			for _, element := range list {
				if element.Secret() != v.Secret() && !element.Secret() {
					t.Errorf("%s: an element of a secret is not a secret", element.Path())
				}
			}
		}
	})
}

func TestObject(t *testing.T) {
	got, state := view(
		t,
		map[string]any{"tags": map[string]any{"a": "x", "b": true}, "list": []any{}},
	).Get(
		"tags",
	).Object()
	if a, _ := got["a"].Text(); state != property.Known || len(got) != 2 || a != "x" || got["b"].Path() != "tags.b" {
		t.Errorf("%v %v", got, state)
	}
	if _, state := view(t, map[string]any{"list": []any{}}).Get("list").Object(); state != property.Mistyped {
		t.Errorf("a list is %v", state)
	}
}

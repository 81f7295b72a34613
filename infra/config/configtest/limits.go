package configtest

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/awslab/awslab/infra/config"
)

// DrawAtLimits returns an ordinary configuration of which one or two values are set to what lies at the edge of their
// types, of the ranges in their tags, and of AWS's own grammars.
func DrawAtLimits(t *rapid.T) map[string]any {
	configuration := Draw(t)
	for range rapid.IntRange(1, 2).Draw(t, "edges") {
		setEdge(t, reflect.TypeFor[config.Config](), configuration)
	}
	return configuration
}

// setEdge walks from a struct down to one value and sets it.
func setEdge(t *rapid.T, typ reflect.Type, into map[string]any) {
	fields := reflect.VisibleFields(typ)
	field := fields[rapid.IntRange(0, len(fields)-1).Draw(t, "field")]
	key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	into[key] = edge(t, field.Type, field.Tag, into[key])
}

func edge(t *rapid.T, typ reflect.Type, tag reflect.StructTag, was any) any {
	switch typ.Kind() {
	case reflect.Pointer:
		return edge(t, typ.Elem(), tag, was)
	case reflect.Struct:
		object, _ := was.(map[string]any)
		if object = maps.Clone(object); object == nil {
			object = map[string]any{}
		}
		setEdge(t, typ, object)
		return object
	case reflect.Slice:
		list, _ := was.([]any)
		list = slices.Clone(list)
		if len(list) == 0 || rapid.Bool().Draw(t, "append") {
			return append(list, edge(t, typ.Elem(), tag, nil))
		}
		i := rapid.IntRange(0, len(list)-1).Draw(t, "element")
		list[i] = edge(t, typ.Elem(), tag, list[i])
		return list
	case reflect.Map:
		return map[string]any{edgeText(t, tag): edge(t, typ.Elem(), "", nil)}
	case reflect.Bool:
		return rapid.Bool().Draw(t, "flag")
	case reflect.Int:
		return edgeNumber(t, tag)
	case reflect.Float64:
		return rapid.SampledFrom([]float64{-1, 0, 0.1, 95, 95.1, 99.999, 100, 1e9}).Draw(t, "fraction")
	default:
		return edgeText(t, tag)
	}
}

// edgeNumber draws at and beside the bounds of a field's tag, and what no field of its kind may be.
func edgeNumber(t *rapid.T, tag reflect.StructTag) int {
	choices := []int{-1, 0, 1, 2, 30, 443, 65535, 65536, 1 << 30}
	for _, part := range strings.Split(tag.Get("jsonschema"), ",") {
		if name, value, _ := strings.Cut(part, "="); name == "minimum" || name == "maximum" || name == "enum" {
			if n, err := strconv.Atoi(value); err == nil {
				choices = append(choices, n-1, n, n+1)
			}
		}
	}
	return rapid.SampledFrom(choices).Draw(t, "number")
}

// edgeText draws what a field's tag allows, and what looks like something that some field allows.
func edgeText(t *rapid.T, tag reflect.StructTag) string {
	choices := []string{
		"",
		"x",
		"a-b",
		"A_b.c",
		"Ünü",
		"with space",
		"-",
		strings.Repeat("x", 16),
		strings.Repeat("x", 17),
		strings.Repeat("x", 256),
		"0.0.0.0/0",
		"::/0",
		"2001:db8::/32",
		"10.0.0.0/8",
		"10.0.0.1/8",
		"10.0.0.0/33",
		"10.0.0.0/28",
		"/",
		"//",
		"/a/../b",
		"/tmp/",
		"a:b",
		"at(tomorrow)",
		"rate(1 hour)",
		"rate(0 hours)",
		"cron(0 7 * * * *)",
		"at(2026-02-30T00:00:00)",
		"Europe/Dublinn",
		"Local",
		"UTC",
		"arn:aws:iam::123456789012:role/x",
		"https://example.com",
		"ops@example.com",
		"23:30-00:30",
		"mon:00:00-mon:00:10",
		"99",
		"items",
		"web",
	}
	for _, part := range strings.Split(tag.Get("jsonschema"), ",") {
		if name, value, _ := strings.Cut(part, "="); name == "enum" || name == "example" {
			if rapid.Bool().Draw(t, "allowed") {
				return value
			}
			choices = append(choices, value)
		}
	}
	return rapid.SampledFrom(choices).Draw(t, "text")
}

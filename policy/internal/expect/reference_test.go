package expect_test

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
	"google.golang.org/protobuf/types/known/structpb"
)

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9" // an unknown text, as the engine sends it

func resource(t *testing.T, urn, resourceType string, properties map[string]any) rule.Resource {
	t.Helper()
	message, err := structpb.NewStruct(properties)
	if err != nil {
		t.Fatal(err)
	}
	return rule.Resource{URN: urn, Type: resourceType, Name: urn, Properties: property.Of(message)}
}

func TestRefer(t *testing.T) {
	stack := rule.NewStack([]rule.Resource{
		resource(t, "a", "topic", map[string]any{"id": "topic-a", "name": "alerts"}),
		resource(t, "b", "topic", map[string]any{"id": unknown, "arn": unknown, "name": "events"}),
		resource(t, "q", "queue", map[string]any{"name": "alerts"}),
	})
	for name, c := range map[string]struct {
		value     any
		sources   []string
		want      string
		certain   bool
		elsewhere int
	}{
		"an id":                             {"topic-a", nil, "a", true, 0},
		"a name":                            {"alerts", nil, "a", true, 0},
		"an ARN that ends in a name":        {"arn:aws:sns:eu-west-1:1:events", nil, "b", true, 0},
		"nothing in the stack":              {"topic-z", nil, "", true, 1},
		"a list":                            {[]any{"topic-a", "events"}, nil, "ab", true, 0},
		"nothing":                           {nil, nil, "", true, 0},
		"unknown, from one":                 {unknown, []string{"b"}, "b", true, 0},
		"unknown, from one of two":          {unknown, []string{"a", "b"}, "ab", false, 0},
		"unknown, from a thing of its own":  {unknown, []string{"q"}, "", false, 0},
		"a list of unknown ones, from both": {[]any{unknown, unknown}, []string{"a", "b"}, "ab", true, 0},
	} {
		r := resource(t, "r", "alarm", map[string]any{"actions": c.value})
		r.PropertyDependencies = map[string][]string{"actions": c.sources}
		got, names := expect.Refer(r, stack, r.Get("actions"), "topic"), ""
		for _, one := range got.Resources {
			names += one.Name
		}
		if names != c.want || got.Certain != c.certain || got.Elsewhere != c.elsewhere {
			t.Errorf("%s: got %q, certain %v, elsewhere %d", name, names, got.Certain, got.Elsewhere)
		}
	}
}

package automation

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

func TestDiffOf(t *testing.T) {
	state := func(inputs, outputs map[string]any) *apitype.StepEventStateMetadata {
		return &apitype.StepEventStateMetadata{Inputs: inputs, Outputs: outputs}
	}
	for name, test := range map[string]struct {
		given apitype.StepEventMetadata
		want  []PropertyDiff
	}{
		"a new resource has all inputs": {
			apitype.StepEventMetadata{New: state(map[string]any{
				"name": "items", "__defaults": []any{}, "arn": plugin.UnknownStringValue, "password": "[secret]",
				"tags": map[string]any{"of": "x-" + plugin.UnknownStringValue},
			}, nil)},
			[]PropertyDiff{
				{Path: "arn", After: KnownAfterUp},
				{Path: "name", After: "items"},
				{Path: "password", After: "[secret]"},
				{Path: "tags", After: map[string]any{"of": "x-" + KnownAfterUp}},
			},
		},
		"an update has what differs": {
			apitype.StepEventMetadata{
				Old: state(map[string]any{"cpu": 1.0}, map[string]any{
					"cpu": 2.0, "rules": []any{map[string]any{"port": 80.0}}, "tags": map[string]any{"a.b": "x"},
				}),
				New: state(map[string]any{
					"cpu": 4.0, "rules": []any{map[string]any{"port": 443.0}}, "added": true,
				}, nil),
				DetailedDiff: map[string]apitype.PropertyDiff{
					"cpu":           {Kind: apitype.DiffUpdate, InputDiff: true},
					"rules[0].port": {Kind: apitype.DiffUpdateReplace},
					`tags["a.b"]`:   {Kind: apitype.DiffDelete},
					"added":         {Kind: apitype.DiffAdd},
				},
			},
			[]PropertyDiff{
				{Path: "added", After: true},
				{Path: "cpu", Before: 1.0, After: 4.0},
				{Path: "rules[0].port", Before: 80.0, After: 443.0, Replaces: true},
				{Path: `tags["a.b"]`, Before: "x"},
			},
		},
		"what is within a secret is secret": {
			apitype.StepEventMetadata{
				Old:          state(nil, map[string]any{"secret": "[secret]"}),
				New:          state(map[string]any{"secret": "[secret]"}, nil),
				DetailedDiff: map[string]apitype.PropertyDiff{"secret.key": {Kind: apitype.DiffUpdate}},
			},
			[]PropertyDiff{{Path: "secret.key", Before: "[secret]", After: "[secret]"}},
		},
		"paths that lead nowhere": {
			apitype.StepEventMetadata{
				Old:          state(nil, map[string]any{"list": []any{}}),
				New:          state(map[string]any{"list": []any{"a"}}, nil),
				DetailedDiff: map[string]apitype.PropertyDiff{"list[3]": {Kind: apitype.DiffUpdate}},
			},
			[]PropertyDiff{{Path: "list[3]"}},
		},
		"a deletion has none": {apitype.StepEventMetadata{Old: state(map[string]any{"a": 1}, nil)}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, diffOf(test.given)) })
	}
}

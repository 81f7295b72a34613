package automation

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnOperationRefusesOptionsThatItDoesNotHave(t *testing.T) {
	for name, test := range map[string]struct {
		operation Operation
		option    Option
		want      string
	}{
		"a plan for a preview": {
			OperationPreview, WithPlan("plan.json"),
			`option of preview "plan": allowed is it for [up] alone`,
		},
		"a message of a preview": {
			OperationPreview, WithMessage("why"),
			`"message": allowed is it for [up refresh destroy] alone`,
		},
		"a saved plan of an up": {
			OperationUp, WithSavePlan("plan.json"),
			`"save plan": allowed is it for [preview] alone`,
		},
		"to replace on refresh": {OperationRefresh, WithReplace("a"), `"replace"`},
		"a diff of a destroy":   {OperationDestroy, WithDiff(), `"diff"`},
		"to go on with drift":   {OperationDrift, WithContinueOnError(), `"continue on error"`},
		"to confirm a preview": {
			OperationPreview, WithConfirm(func(context.Context, *Result) error { return nil }), `"confirm"`,
		},
		"no parallelism": {OperationUp, WithParallel(0), `parallel "0": allowed is 1 to 2147483647`},
		"no targets":     {OperationUp, WithTargets(), `targets "": allowed is at least one name or URN`},
		"an empty target": {
			OperationUp, WithTargets(" "),
			`targets " ": allowed is the name or URN of a resource`,
		},
		"a plan that cannot be saved": {
			OperationPreview, WithSavePlan("/nowhere/plan.json"),
			`save plan "/nowhere/plan.json": allowed is the path of a file to write, in a folder that exists and ` +
				`can be written: /nowhere: no such file or directory`,
		},
		"a plan without a path": {OperationUp, WithPlan(""), `plan "": allowed is the path`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := choose(test.operation, []Option{test.option})
			var refused *InputError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestTargetsAreNamesOrURNs(t *testing.T) {
	const urn = "urn:pulumi:dev::awslab::awslab:data:Table$aws:dynamodb/table:Table::items"
	chosen, err := choose(OperationUp, []Option{WithTargets("items", urn)})
	require.NoError(t, err)
	require.Equal(t, []string{"**::items", urn}, chosen.targets)
	for _, pattern := range []string{urn, "**::items", "**:Table::*"} {
		require.True(t, matches(pattern, urn), pattern)
	}
	for _, pattern := range []string{"**::item", "*::items", "urn"} {
		require.False(t, matches(pattern, urn), pattern)
	}
	require.True(t, chosen.reaches(urn))
	require.False(t, chosen.reaches(urn+"2"))
	all, err := choose(OperationDestroy, []Option{WithTargetDependents("items")})
	require.NoError(t, err)
	require.True(t, all.reaches(urn+"2"), "anything may depend on it")
}

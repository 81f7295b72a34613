package automation

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

// What is up already is held to its plan by the engine as well, in the middle of the up.
func TestAPlanIsOutdatedByOptionsOfWhatStaysAsItIs(t *testing.T) {
	const urn = "urn:pulumi:dev::awslab::aws:iam/role:Role::database"
	plans := func(step apitype.OpType, goal apitype.GoalV1) resourcePlans {
		return resourcePlans{urn: {Steps: []apitype.OpType{step}, Goal: &goal}}
	}
	planned := apitype.GoalV1{IgnoreChanges: []string{"tags.a", "tags.b"}, Parent: "a", Protect: true}
	for name, test := range map[string]struct {
		now  apitype.GoalV1
		want string
	}{
		"the same": {
			apitype.GoalV1{IgnoreChanges: []string{"tags.b", "tags.a"}, Parent: "a", Protect: true}, "",
		},
		"others": {
			apitype.GoalV1{IgnoreChanges: []string{"tags.a"}, Parent: "b"},
			"the plan has other resource options: parent, protect, ignoreChanges",
		},
	} {
		t.Run(name, func(t *testing.T) {
			outside := compareOptions(plans(apitype.OpCreate, planned), plans(apitype.OpSame, test.now))
			if test.want == "" {
				require.Empty(t, outside)
				return
			}
			require.Len(t, outside, 1)
			require.Equal(t, test.want, outside[0].Message)
		})
	}
}

func TestAPlanIsCarriedOutOnce(t *testing.T) {
	plan := func(step apitype.OpType) resourcePlans { return resourcePlans{"a": {Steps: []apitype.OpType{step}}} }
	require.True(t, carriedOut(plan(apitype.OpCreate), plan(apitype.OpSame)))
	require.True(t, carriedOut(plan(apitype.OpDelete), resourcePlans{}))
	require.False(t, carriedOut(plan(apitype.OpCreate), plan(apitype.OpCreate)))
	require.False(t, carriedOut(plan(apitype.OpSame), plan(apitype.OpSame)), "a plan to do nothing")
}

// An up that was interrupted can be completed by its plan: what that did not know is known in the meantime.
func TestWhatAPlanDidNotKnowMayBeAnything(t *testing.T) {
	const unknown = plugin.UnknownStringValue
	list := func(elements ...any) []any { return elements }
	goal := func(adds map[string]any) apitype.GoalV1 {
		return apitype.GoalV1{InputDiff: apitype.PlanDiffV1{Adds: adds}}
	}
	planned := goal(map[string]any{
		"vpcId": unknown, "undefined": unknown, "ids": list(unknown, "a"), "port": 80.0,
		"password": map[string]any{"sig": "secret", "ciphertext": "x"},
	})
	require.Empty(t, changedInputs(planned, goal(map[string]any{
		"vpcId": "vpc-1", "ids": list("b", "a"), "port": 80.0,
		"password": map[string]any{"sig": "secret", "ciphertext": "y"},
	})))
	require.Equal(t, []string{"added", "ids", "port", "password"}, changedInputs(planned, goal(map[string]any{
		"ids": list("a", "b"), "port": 81.0, "added": true,
	})))
}

package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// PlanError says that an up would do what its plan does not have: the stack, the program or the configuration has
// changed since the plan was saved. What was done until then is in the plan, and in the state.
type PlanError struct {
	Stack  string
	Target Target
	// Diagnostics say what is not in the plan. There are none where all of the plan has been carried out already.
	Diagnostics []Diagnostic
}

func (e *PlanError) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	said := "is not what was planned:\n" + strings.Join(lines, "\n") + "\nSave"
	if len(lines) == 0 {
		said = "has nothing left to do of its plan, which was carried out already; save"
	}
	return fmt.Sprintf("up of stack %s %s another plan with awslab preview%s --save-plan FILE, and look at it",
		e.Stack, said, Flags(e.Stack, e.Target))
}

// violation is how the engine says that a step is not in the plan (pkg/resource/deploy of Pulumi 3.259).
var violation = regexp.MustCompile(`violates plan|not allowed by the plan|expected resource operations for`)

// planViolations returns the errors among diagnostics that say so.
func planViolations(diagnostics []Diagnostic) []Diagnostic {
	var found []Diagnostic
	for _, d := range diagnostics {
		if violation.MatchString(d.Message) {
			found = append(found, d)
		}
	}
	return found
}

// givenPlan reads the plan that an up is to be held to, and refuses that of another stack.
func (l *Lab) givenPlan(path string) (resourcePlans, error) {
	planned, err := readPlan(path)
	if err != nil {
		return nil, err
	}
	own := fmt.Sprintf("urn:pulumi:%s::%s::", l.options.Stack, l.project.Name)
	for _, urn := range slices.Sorted(maps.Keys(planned)) {
		if !strings.HasPrefix(string(urn), own) {
			return nil, fmt.Errorf("it is of another stack, as it has %s", urn)
		}
	}
	return planned, nil
}

// previewPlanned previews an up. One that is held to a plan is refused with a *PlanError if the preview finds anything
// to do that is not in it, or not to do that is: the engine would find out in the middle of the up.
func (l *Lab) previewPlanned(
	ctx context.Context, chosen *choices, planned resourcePlans, state *apitype.DeploymentV3,
) (*Result, error) {
	if chosen.plan == "" {
		return l.preview(ctx, chosen)
	}
	dir, err := os.MkdirTemp(l.scratch(), "awslab-plan-")
	if err != nil {
		return nil, fmt.Errorf("creating a folder for a plan: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	now := *chosen
	now.savePlan = filepath.Join(dir, "plan.json")
	preview, err := l.preview(ctx, &now)
	if err != nil {
		return preview, err
	}
	found, err := readPlan(now.savePlan)
	if err != nil {
		return preview, fmt.Errorf("reading what would be done: %w", err)
	}
	outside := comparePlans(planned, found, state)
	done := len(outside) == 0 && carriedOut(planned, found)
	if !done {
		outside = append(outside, compareOptions(planned, found)...)
	}
	if done || len(outside) > 0 {
		return preview, &PlanError{Stack: l.options.Stack, Target: l.options.Target, Diagnostics: outside}
	}
	return preview, nil
}

// carriedOut reports whether a plan has changes and nothing is left to do.
func carriedOut(planned, now resourcePlans) bool { return planned.change() && !now.change() }

func (p resourcePlans) change() bool {
	for _, each := range p {
		if len(changesOf(each)) > 0 {
			return true
		}
	}
	return false
}

type resourcePlans map[resource.URN]apitype.ResourcePlanV1

func readPlan(path string) (resourcePlans, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, err
	}
	var plan apitype.DeploymentPlanV1
	if err := json.Unmarshal(content, &plan); err != nil {
		return nil, err
	}
	if plan.Manifest.Version == "" {
		return nil, errors.New("it is no plan")
	}
	return plan.ResourcePlans, nil
}

// comparePlans says what would be done now and is not in a plan, and the reverse. What has been done in the meantime is
// no difference.
func comparePlans(planned, now resourcePlans, state *apitype.DeploymentV3) []Diagnostic {
	inputs := map[resource.URN]map[string]any{}
	for _, r := range state.Resources {
		if !r.Delete {
			inputs[r.URN] = r.Inputs
		}
	}
	var outside []Diagnostic
	for _, urn := range slices.Sorted(maps.Keys(now)) {
		would := now[urn]
		was, known := planned[urn]
		steps, plannedSteps := changesOf(would), changesOf(was)
		message := ""
		switch {
		case len(steps) == 0 && len(plannedSteps) > 0 && !madeSo(was, inputs[urn]):
			message = words(plannedSteps) + " is in the plan, and would not be done"
		case len(steps) == 0 && (known || len(would.Steps) == 0):
		case !known:
			message = fmt.Sprintf("%s is not in the plan, which does not have this resource", words(steps))
		case !slices.Equal(steps, plannedSteps):
			message = fmt.Sprintf("%s is not in the plan, which has %s", words(steps), words(plannedSteps))
		case would.Goal != nil && was.Goal != nil:
			if changed := changedInputs(*was.Goal, *would.Goal); len(changed) > 0 {
				message = "the plan has other values of " + strings.Join(changed, ", ")
			}
		}
		if message != "" {
			outside = append(outside, Diagnostic{Severity: "error", URN: string(urn), Message: message})
		}
	}
	for _, urn := range slices.Sorted(maps.Keys(planned)) {
		if _, known := now[urn]; !known && len(changesOf(planned[urn])) > 0 && !done(planned[urn]) {
			outside = append(outside, Diagnostic{Severity: "error", URN: string(urn),
				Message: words(changesOf(planned[urn])) + " is in the plan, and would not be done"})
		}
	}
	return outside
}

// madeSo reports whether a plan for a resource that would stay as it is has been carried out: its inputs are those that
// the plan sets.
func madeSo(plan apitype.ResourcePlanV1, inputs map[string]any) bool {
	if plan.Goal == nil {
		return false
	}
	planned := setBy(*plan.Goal)
	dropMadeUp(planned)
	for name, value := range planned {
		if !asPlanned(value, inputs[name]) {
			return false
		}
	}
	return true
}

// done reports whether a plan for a resource that nobody knows any more has been carried out.
func done(plan apitype.ResourcePlanV1) bool {
	return !slices.ContainsFunc(changesOf(plan), func(op apitype.OpType) bool { return op != apitype.OpDelete })
}

// changesOf returns the steps that change something.
func changesOf(plan apitype.ResourcePlanV1) []apitype.OpType {
	return slices.DeleteFunc(slices.Clone(plan.Steps), func(op apitype.OpType) bool { return op == apitype.OpSame })
}

func words(steps []apitype.OpType) string {
	if len(steps) == 0 {
		return "no change"
	}
	text := make([]string, len(steps))
	for i, step := range steps {
		text[i] = string(step)
	}
	return strings.Join(text, ", ")
}

// defaultsKey is the input in which a bridged provider lists those that it made up.
const defaultsKey = ownPrefix + "defaults"

// setBy returns the inputs that a plan sets, and nil for those that it removes.
func setBy(goal apitype.GoalV1) map[string]any {
	all := map[string]any{}
	maps.Copy(all, goal.InputDiff.Adds)
	maps.Copy(all, goal.InputDiff.Updates)
	for _, name := range goal.InputDiff.Deletes {
		all[name] = nil
	}
	return all
}

// dropMadeUp removes the inputs that a provider made up in any of several sets from all of them: the engine makes names
// up by a seed, which an up takes from its plan.
func dropMadeUp(sets ...map[string]any) {
	for _, set := range sets {
		madeUp, _ := set[defaultsKey].([]any)
		for _, name := range madeUp {
			key, _ := name.(string)
			for _, each := range sets {
				delete(each, key)
			}
		}
	}
}

// changedInputs names the inputs that two plans set or remove in different ways.
func changedInputs(planned, now apitype.GoalV1) []string {
	was, is := setBy(planned), setBy(now)
	dropMadeUp(was, is)
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if before, has := was[name]; !has || !asPlanned(before, is[name]) {
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, has := is[name]; !has && was[name] != plugin.UnknownStringValue {
			changed = append(changed, name)
		}
	}
	return changed
}

// compareOptions says which resource options a plan does not have. By these the engine holds even what stays as it is
// to a plan.
func compareOptions(planned, now resourcePlans) []Diagnostic {
	var outside []Diagnostic
	for _, urn := range slices.Sorted(maps.Keys(now)) {
		if changed := changedOptions(planned[urn].Goal, now[urn].Goal); len(changed) > 0 {
			outside = append(outside, Diagnostic{Severity: "error", URN: string(urn),
				Message: "the plan has other resource options: " + strings.Join(changed, ", ")})
		}
	}
	return outside
}

// changedOptions names the resource options that differ.
func changedOptions(planned, now *apitype.GoalV1) []string {
	if planned == nil || now == nil {
		return nil
	}
	var changed []string
	for _, option := range []struct {
		name string
		same bool
	}{
		{"parent", planned.Parent == now.Parent},
		{"protect", planned.Protect == now.Protect},
		{"ignoreChanges", sameSet(planned.IgnoreChanges, now.IgnoreChanges)},
		{"dependsOn", sameSet(planned.Dependencies, now.Dependencies)},
		{"customTimeouts", planned.CustomTimeouts == now.CustomTimeouts},
	} {
		if !option.same {
			changed = append(changed, option.name)
		}
	}
	return changed
}

func sameSet[T cmp.Ordered](a, b []T) bool {
	unique := func(of []T) []T { return slices.Compact(slices.Sorted(slices.Values(of))) }
	return slices.Equal(unique(a), unique(b))
}

// asPlanned reports whether a value is the planned one, as the engine does. What the plan did not know may be anything.
// So may the texts of secrets, which are encrypted in another way each time: whether these are the plan's, the engine
// tells.
func asPlanned(planned, value any) bool {
	switch p := planned.(type) {
	case map[string]any:
		v, same := value.(map[string]any)
		for _, key := range slices.Concat(slices.Collect(maps.Keys(p)), slices.Collect(maps.Keys(v))) {
			same = same && (key == "ciphertext" || asPlanned(p[key], v[key]))
		}
		return same
	case []any:
		v, same := value.([]any)
		return same && slices.EqualFunc(p, v, asPlanned)
	}
	return planned == plugin.UnknownStringValue || reflect.DeepEqual(planned, value)
}

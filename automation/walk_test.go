//go:build e2e

package automation_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config/configtest"
)

// A stack lives: each change follows on those before, and changes what they have added. Some fail half way, and are
// gone on with, or taken back, or others are made instead. Every step holds to what TestChangesOfEveryKey does. Run it
// with: make change
func TestAWalkOfChanges(t *testing.T) {
	schema, err := os.ReadFile("../infra/config/schema.json")
	require.NoError(t, err)
	eachRunningStack(t, func(t *testing.T, r *runningStack, changes []configtest.Change) {
		random := rand.New(rand.NewPCG(*seed, 1))
		for range min(max(1, len(changes)/changesOfAStep), stepsOfAWalk) {
			r.step(t, r.choose(schema, random), r.choose(schema, random), random)
		}
	})
}

const (
	// stepsOfAWalk is how long a walk is at most.
	stepsOfAWalk = 40
	// changesOfAStep is how many changes are made together at most.
	changesOfAStep = 8
	// stepsOfAFailure is in how many steps one fails.
	stepsOfAFailure = 3
)

// choose draws some changes of the stack as it is.
func (r *runningStack) choose(schema []byte, random *rand.Rand) []configtest.Change {
	// Where a part was taken out, its keys have no other value.
	changes, _ := configtest.Changes(schema, r.base.Configuration)
	random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	var chosen []configtest.Change
	count := 1 + random.IntN(changesOfAStep)
	for _, change := range changes {
		if len(chosen) == count {
			break
		}
		if slices.ContainsFunc(chosen, change.Overlaps) {
			continue
		}
		if _, err := r.accepted(append(slices.Clone(chosen), change)...); err == nil {
			chosen = append(chosen, change)
		}
	}
	return chosen
}

// step makes changes, or others if they fail, or leaves the stack as it is where they are refused.
func (r *runningStack) step(t *testing.T, chosen, others []configtest.Change, random *rand.Rand) {
	t.Helper()
	var err error
	is, failed := chosen, ""
	if random.IntN(stepsOfAFailure) == 0 {
		is, failed, err = r.changeAndFail(t, chosen, others, random)
	} else {
		err = r.change(t, slices.ContainsFunc(chosen, configtest.Change.TakesAway), chosen...)
	}
	switch {
	case err == nil:
		t.Logf("made %v%s", chosen, failed)
		r.stay(t, is)
	case isNotBegun(err) && isReasoned(err) && failed == "":
		t.Logf("%v are refused: %v", chosen, err)
	default:
		t.Fatalf("%v%s: %v", chosen, failed, err)
	}
}

// changeAndFail makes changes in an update that fails at one of its steps, and then goes on with them, takes them back
// or makes others. It returns those that are made in the end, and what failed.
func (r *runningStack) changeAndFail(
	t *testing.T, chosen, others []configtest.Change, random *rand.Rand,
) (is []configtest.Change, failed string, err error) {
	t.Helper()
	lab, err := r.set(t, chosen...)
	if err != nil {
		return nil, "", notBegun{err}
	}
	preview, err := lab.Preview(t.Context())
	if err != nil {
		return nil, "", notBegun{err}
	}
	fault := drawFault(preview.Steps, random)
	if fault.URN == "" {
		return chosen, "", r.change(t, true, chosen...)
	}
	home := r.home(t)
	require.NoError(t, home.Inject(t.Context(), fault))
	require.NoError(t, home.Record(t.Context()))
	result, err := lab.Up(t.Context())
	if err != nil && (result == nil || result.Operation == automation.OperationPreview) {
		_, notFound := home.Outages(t.Context()) // which forgets the fault
		return nil, "", cmp.Or(notFound, error(notBegun{err}))
	}
	if err != nil { // a service's tasks fail only where it is deployed
		is = [][]configtest.Change{chosen, nil, others}[random.IntN(3)]
		failed = fmt.Sprintf(", of which %s of %s failed, and then %v", fault.Operation, fault.URN, is)
		if !reflect.DeepEqual(is, chosen) {
			// What was to be answered no more may be answered again: that is no outage.
			outages, err := home.Outages(t.Context())
			require.NoError(t, err)
			require.Empty(t, outages, "%v%s", chosen, failed)
			if err := r.change(t, true, is...); !isNotBegun(err) || !isReasoned(err) {
				return is, failed, err
			}
			failed += ", which is refused, and so they are gone on with"
			require.NoError(t, home.Record(t.Context()))
		}
	}
	if lab, err = r.set(t, chosen...); err != nil {
		return chosen, failed, notBegun{err}
	}
	return chosen, failed, r.complete(t, lab, true)
}

// drawFault returns what one of the steps fails with, if that can: a deployment of a service with its tasks, everything
// else with a call that is denied.
func drawFault(steps []automation.Step, random *rand.Rand) offline.Fault {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s automation.Step) bool {
		return !strings.HasPrefix(s.Type, "aws:") || len(moments[s.Op]) == 0
	})
	if len(steps) == 0 {
		return offline.Fault{}
	}
	if deployed := slices.DeleteFunc(slices.Clone(steps), func(s automation.Step) bool {
		return s.Type != "aws:ecs/service:Service" || s.Op == "delete"
	}); len(deployed) > 0 && random.IntN(2) == 0 {
		return offline.Fault{
			Operation: offline.Run, URN: deployed[random.IntN(len(deployed))].URN, Code: offline.Unhealthy, Times: 1,
		}
	}
	step := steps[random.IntN(len(steps))]
	return offline.Fault{
		Operation: moments[step.Op][0], URN: step.URN, Code: "AccessDenied", Message: "by this test", Times: 1,
	}
}

// stay makes what the stack is now its base.
func (r *runningStack) stay(t *testing.T, changes []configtest.Change) {
	t.Helper()
	r.base.Configuration = configtest.Apply(r.base.Configuration, changes...)
	var err error
	r.made, err = configtest.Accepted(r.dir, r.base.Configuration)
	require.NoError(t, err)
	lab, err := r.openUnjudged()
	require.NoError(t, err)
	outputs, err := lab.Outputs(t.Context())
	require.NoError(t, err)
	maps.Copy(r.permanent, permanentOf(outputs))
}

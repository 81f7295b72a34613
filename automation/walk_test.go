//go:build e2e

package automation_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config/configtest"
)

// A stack lives: each change follows on those before, and changes what they have added. Every step holds to what
// TestChangesOfEveryKey does. Run it with: make change
func TestAWalkOfChanges(t *testing.T) {
	schema, err := os.ReadFile("../infra/config/schema.json")
	require.NoError(t, err)
	eachRunningStack(t, func(t *testing.T, r *runningStack, changes []configtest.Change) {
		random := rand.New(rand.NewPCG(*seed, 1))
		for range min(max(1, len(changes)/changesOfAStep), stepsOfAWalk) {
			r.step(t, schema, random)
		}
	})
}

const (
	// stepsOfAWalk is how long a walk is at most.
	stepsOfAWalk = 40
	// changesOfAStep is how many changes are made together at most.
	changesOfAStep = 8
)

// step makes some changes of the stack as it is, or goes on without those that are refused.
func (r *runningStack) step(t *testing.T, schema []byte, random *rand.Rand) {
	t.Helper()
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
	takesAway := slices.ContainsFunc(chosen, configtest.Change.TakesAway)
	switch err := r.change(t, takesAway, chosen...); {
	case err == nil:
		t.Logf("made %v", chosen)
		r.stay(t, chosen)
	case isNotBegun(err) && isReasoned(err):
		t.Logf("%v are refused: %v", chosen, err)
	default:
		t.Fatalf("%v: %v", chosen, err)
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

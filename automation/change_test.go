//go:build e2e

package automation_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/config/configtest"
)

var (
	changeBase  = flag.String("base", "", "the stack that changes begin from; by default every one")
	changeCount = flag.Int("changes", 0, "how many changes of one stack are made, drawn from the seed; 0 is all")
	changeBatch = flag.Int("batch", 100, "how many changes are made in one update")
	changeKeys  = flag.String("keys", "", "the beginning of the keys that are changed")
)

// Each other value of each key, set on a running stack, ends in an update without a failed step, or is refused in
// preview. Data is never replaced, and deleted only with what was taken out. The way back holds to the same.
//
// Changes of different values are made together, because an update takes seconds; where one fails, they are divided
// until the one is found. Run it with: make change
func TestChangesOfEveryKey(t *testing.T) {
	eachRunningStack(t, func(t *testing.T, r *runningStack, changes []configtest.Change) {
		together, alone := r.divide(t, changes)
		r.proveInTurn(t, together)
		for _, change := range alone {
			r.prove(t, []configtest.Change{change})
		}
	})
}

// eachRunningStack brings the bases up, or the one that is asked for or drawn, and calls prove with its changes.
func eachRunningStack(t *testing.T, prove func(*testing.T, *runningStack, []configtest.Change)) {
	schema, err := os.ReadFile("../infra/config/schema.json")
	require.NoError(t, err)
	bases, err := configtest.Bases("..")
	require.NoError(t, err)
	bases = slices.DeleteFunc(bases, func(b configtest.Base) bool { return *changeBase != "" && *changeBase != b.Name })
	random := rand.New(rand.NewPCG(*seed, 0))
	if *changeCount > 0 {
		bases = bases[random.IntN(len(bases)):][:1]
	}
	for _, base := range bases {
		t.Run(base.Name, func(t *testing.T) {
			changes, err := configtest.Changes(schema, base.Configuration)
			require.NoError(t, err)
			random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			changes = slices.DeleteFunc(changes, func(c configtest.Change) bool {
				return !strings.HasPrefix(c.Key, *changeKeys)
			})
			if *changeCount > 0 {
				changes = changes[:min(*changeCount, len(changes))]
			}
			prove(t, newRunningStack(t, base), changes)
		})
	}
}

// runningStack is a stack that was brought up once, and to which every change returns.
type runningStack struct {
	*project
	base configtest.Base
	made *config.Config
	// permanent are the values that the stack records of what cannot change.
	permanent map[string]string
	// saved is the folder with the state and the world of the base.
	saved string
}

func newRunningStack(t *testing.T, base configtest.Base) *runningStack {
	t.Helper()
	r := &runningStack{project: newProject(t), base: base, saved: t.TempDir()}
	website := filepath.Join(r.dir, "services", "website")
	require.NoError(t, os.CopyFS(website+"2", os.DirFS(website)))
	var err error
	r.made, err = configtest.Accepted(r.dir, base.Configuration)
	require.NoError(t, err)
	r.write(t, base.Stack, base.Configuration)
	lab, err := r.openUnjudged()
	require.NoError(t, err)
	result, err := lab.Up(t.Context())
	require.NoError(t, err)
	r.permanent = permanentOf(result.Outputs)
	require.NoError(t, os.CopyFS(r.saved, os.DirFS(filepath.Join(r.dir, ".awslab"))))
	return r
}

// permanentOf returns the values that a stack records of what cannot change.
func permanentOf(outputs automation.Outputs) map[string]string {
	values := map[string]string{}
	for key, value := range outputs["permanent"].Value.(map[string]any) {
		values[key] = value.(string)
	}
	return values
}

// openUnjudged opens the stack without policies: they judge what may be deployed, not what can be. The engine writes
// the state at the end of an update alone, which takes a third of the time: nothing is killed here.
func (r *runningStack) openUnjudged() (*automation.Lab, error) {
	options := r.options(r.base.Stack)
	options.PolicyPacks, options.OnEvent = []automation.PolicyPack{}, nil
	options.Environment = map[string]string{"PULUMI_SKIP_CHECKPOINTS": "true"}
	return automation.Open(context.Background(), options)
}

// restore brings the state and the world of the base back.
func (r *runningStack) restore(t *testing.T) {
	t.Helper()
	lab := filepath.Join(r.dir, ".awslab")
	require.NoError(t, os.RemoveAll(lab))
	require.NoError(t, os.CopyFS(lab, os.DirFS(r.saved)))
}

// divide puts changes into batches that the configuration accepts as a whole, those with a way back and those without,
// and leaves out those that it refuses. Those that may be refused for what they take away are made each by itself.
func (r *runningStack) divide(
	t *testing.T, changes []configtest.Change,
) (batches [][]configtest.Change, alone []configtest.Change) {
	t.Helper()
	refused, oneWay := 0, []bool{}
	for _, change := range changes {
		if _, err := r.accepted(change); err != nil {
			require.True(t, isReasoned(err), "%v is refused: %v", change, err)
			refused++
			continue
		}
		if r.made.LoadBalancer.DeletionProtection && change.TakesAway() {
			alone = append(alone, change)
			continue
		}
		isOneWay, i := r.isOneWay(change), 0
		for ; i < len(batches); i++ {
			if oneWay[i] != isOneWay || len(batches[i]) >= *changeBatch ||
				slices.ContainsFunc(batches[i], change.Overlaps) {
				continue
			}
			if _, err := r.accepted(append(slices.Clone(batches[i]), change)...); err == nil {
				break
			}
		}
		if i == len(batches) {
			batches, oneWay = append(batches, nil), append(oneWay, isOneWay)
		}
		batches[i] = append(batches[i], change)
	}
	t.Logf("of %d changes the configuration refuses %d; the others are made in %d batches, and %d alone",
		len(changes), refused, len(batches), len(alone))
	return batches, alone
}

// accepted returns the base with changes, or the refusal of it.
func (r *runningStack) accepted(changes ...configtest.Change) (*config.Config, error) {
	changed, err := configtest.Accepted(r.dir, configtest.Apply(r.base.Configuration, changes...))
	if err != nil {
		return nil, err
	}
	return changed, changed.CheckPermanent("awslab", r.permanent)
}

// isOneWay reports whether taking the change back may be refused: it sets what is permanent, or something protected is
// made.
func (r *runningStack) isOneWay(change configtest.Change) bool {
	if change.Protects() || r.made.LoadBalancer.DeletionProtection && change.Adds() {
		return true
	}
	changed, err := configtest.Accepted(r.dir, configtest.Apply(r.base.Configuration, change))
	if err != nil {
		return false
	}
	after := maps.Clone(r.permanent)
	maps.Copy(after, changed.Permanent())
	return r.made.CheckPermanent("awslab", after) != nil
}

// proveInTurn goes from one batch to the next, which takes the changes of the one before back if they have a way back.
// Where that is refused or fails, both are proven from the base and to it.
func (r *runningStack) proveInTurn(t *testing.T, batches [][]configtest.Change) {
	t.Helper()
	var before []configtest.Change
	for i, batch := range append(batches, nil) {
		t.Logf("making %d of %d batches, of %d changes", i, len(batches), len(batch))
		if slices.ContainsFunc(before, r.isOneWay) {
			r.restore(t)
			before = nil
		}
		err := r.change(t, true, batch...)
		if err == nil {
			before = batch
			continue
		}
		t.Logf("dividing %d changes and %d that they follow on: %v", len(batch), len(before), err)
		r.restore(t)
		failed := t.Failed()
		r.prove(t, before)
		r.prove(t, batch)
		if !isNotBegun(err) && failed == t.Failed() {
			t.Errorf("%v follow on %v: %v", batch, before, err)
		}
		before = nil
	}
}

// prove holds the changes to the rules, all together or, where they are refused or fail, each.
func (r *runningStack) prove(t *testing.T, changes []configtest.Change) {
	t.Helper()
	if len(changes) == 0 {
		return
	}
	err := r.try(t, changes)
	if err == nil {
		return
	}
	if len(changes) == 1 {
		if isNotBegun(err) && isReasoned(err) {
			t.Logf("%v is refused: %v", changes[0], err)
			return
		}
		t.Errorf("%v: %v", changes[0], err)
		return
	}
	half, failed := len(changes)/2, t.Failed()
	r.prove(t, changes[:half])
	r.prove(t, changes[half:])
	if !isNotBegun(err) && failed == t.Failed() {
		t.Errorf("%v, which do no harm by themselves: %v", changes, err)
	}
}

// try makes the changes and takes them back. It leaves the base.
func (r *runningStack) try(t *testing.T, changes []configtest.Change) error {
	t.Helper()
	err := r.change(t, slices.ContainsFunc(changes, configtest.Change.TakesAway), changes...)
	if err != nil {
		if !isNotBegun(err) {
			r.restore(t)
		}
		return err
	}
	err = r.change(t, true)
	if err == nil {
		return nil
	}
	r.restore(t)
	if isNotBegun(err) && isReasoned(err) && (len(changes) == 1 || slices.ContainsFunc(changes, r.isOneWay)) {
		t.Logf("%v cannot be taken back: %v", changes, err)
		return nil
	}
	return fmt.Errorf("on the way back: %w", err)
}

// notBegun is the error of an update that was refused before it did anything.
type notBegun struct{ error }

func (n notBegun) Unwrap() error { return n.error }

func isNotBegun(err error) bool { return errors.As(err, new(notBegun)) }

// isReasoned reports whether an error names what is refused and the next step.
func isReasoned(err error) bool {
	var refused *config.Error
	var protected *automation.ProtectedError
	return errors.As(err, &refused) || errors.As(err, &protected)
}

const (
	// maxUpdates is the most that a change takes, each of which but the last says that there is another.
	maxUpdates = 3
	another    = "bring the stack up once more"
)

// change brings the stack up with changes of the base until there is nothing left to do. What works before and after
// works throughout.
func (r *runningStack) change(t *testing.T, takesAway bool, changes ...configtest.Change) error {
	t.Helper()
	lab, err := r.set(t, changes...)
	if err != nil {
		return notBegun{err}
	}
	if err := r.home(t).Record(t.Context()); err != nil {
		return err
	}
	return r.complete(t, lab, takesAway)
}

// set writes the base with changes, and opens it.
func (r *runningStack) set(t *testing.T, changes ...configtest.Change) (*automation.Lab, error) {
	t.Helper()
	r.write(t, r.base.Stack, configtest.Apply(r.base.Configuration, changes...))
	return r.openUnjudged()
}

// complete brings the stack up until there is nothing left to do, and judges what was recorded since it was begun.
func (r *runningStack) complete(t *testing.T, lab *automation.Lab, takesAway bool) error {
	t.Helper()
	err := bringUp(lab, takesAway)
	outages, notFound := r.home(t).Outages(t.Context())
	switch {
	case cmp.Or(err, notFound) != nil:
		return cmp.Or(err, notFound)
	case len(outages) > 0:
		return fmt.Errorf("interrupted: %v", outages)
	}
	again, err := lab.Preview(context.Background())
	switch {
	case err != nil:
		return fmt.Errorf("another up is refused: %w", err)
	case !again.Unchanged():
		return fmt.Errorf("another up has something to do: %v", again.Steps)
	}
	return nil
}

func says(result *automation.Result, text string) bool {
	return slices.ContainsFunc(result.Diagnostics, func(d automation.Diagnostic) bool {
		return strings.Contains(d.Message, text)
	})
}

// bringUp brings the stack up, and again as long as it says that there is another update to make.
func bringUp(lab *automation.Lab, takesAway bool) error {
	for range maxUpdates {
		result, err := lab.Up(context.Background())
		switch {
		case err != nil && (result == nil || result.Operation == automation.OperationPreview):
			return notBegun{err}
		case err != nil:
			return fmt.Errorf("a step failed: %w", err)
		}
		if err := lostData(result.Steps, takesAway); err != nil {
			return err
		}
		if says(result, "maintenance window") { // which is over when the state is refreshed
			if _, err := lab.Refresh(context.Background()); err != nil {
				return fmt.Errorf("refreshing: %w", err)
			}
		}
		if !says(result, another) {
			return nil
		}
	}
	return nil
}

// lostData returns an error if steps replace what holds data, or delete it although nothing was taken away.
func lostData(steps []automation.Step, takesAway bool) error {
	for _, s := range steps {
		holds := slices.Contains(stateful, s.Type) && !strings.HasPrefix(s.Name, "restore") ||
			s.Type == "aws:cloudwatch/logGroup:LogGroup"
		if s.Type == "aws:efs/accessPoint:AccessPoint" && slices.Contains(s.Properties, "rootDirectory.path") {
			continue // access.fileSystem.folder names another folder, and the file system keeps both
		}
		if holds && (strings.Contains(s.Op, "replace") || s.Op == "delete" && !takesAway) {
			return fmt.Errorf("data is lost: %s of %s %s: %v", s.Op, s.Type, s.Name, s.Properties)
		}
	}
	return nil
}

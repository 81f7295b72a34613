package automation_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/awslab/awslab/automation"
)

// A service that embeds the package recovers from a panic in what it does with an event, and lives on, and so would the
// lock, with an engine that waits for somebody to read its events.
func TestACallerThatPanicsLeavesNothingBehind(t *testing.T) {
	p := newProject(t)
	t.Setenv("TMPDIR", t.TempDir())
	options := p.inMemory("pr-1", small())
	var inEvent func(automation.Event)
	options.OnEvent = func(e automation.Event) { inEvent(e) }
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	inEvent = func(automation.Event) {}
	_, err = lab.Preview(t.Context())
	require.NoError(t, err) // what is made once
	running := goleak.IgnoreCurrent()

	fail := func(how func()) func(automation.Event) {
		return func(e automation.Event) {
			if e.Operation == automation.OperationUp && e.Resource != nil {
				how()
			}
		}
	}
	up := func() { _, _ = lab.Up(t.Context()) }
	for name, test := range map[string]struct {
		inEvent func(automation.Event)
		do      func()
	}{
		"a panic in an event":           {fail(func() { panic("event") }), up},
		"the end of a test in an event": {fail(runtime.Goexit), up},
		"a panic in a confirmation": {func(automation.Event) {}, func() {
			_, _ = lab.Up(t.Context(), automation.WithConfirm(
				func(context.Context, *automation.Result) error { panic("confirmation") },
			))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inEvent = test.inEvent
			returned := false
			ended := make(chan any)
			go func() {
				defer func() { ended <- recover() }()
				test.do()
				returned = true
			}()
			<-ended
			require.False(t, returned, "the panic has to reach the caller")
			require.NoError(t, goleak.Find(running))
			left, err := filepath.Glob(filepath.Join(p.dir, ".awslab", "offline", "awslab-config-*"))
			require.NoError(t, err)
			require.Empty(t, append(left, p.left(t).files...))
			require.Eventually(t, func() bool { return len(p.left(t).processes) == 0 }, time.Minute, time.Second)
		})
	}
	inEvent = func(automation.Event) {}
	_, err = lab.Up(t.Context())
	require.NoError(t, err)
}

// Two operations of one lab would take each other's configuration away.
func TestALabRefusesAnOperationWhileItRunsOne(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	options := p.inMemory("pr-1", small())
	var lab *automation.Lab
	var refused []error
	options.OnEvent = func(e automation.Event) {
		if e.Type != automation.EventStarted {
			return
		}
		_, err := lab.Drift(t.Context())
		refused = append(refused, err)
		_, err = lab.Costs(t.Context())
		refused = append(refused, err)
		_, err = lab.Destroy(t.Context())
		refused = append(refused, err)
		_, err = lab.Export(t.Context(), automation.ExportOptions{})
		require.NoError(t, err)
	}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	_, err = lab.Preview(t.Context())
	require.NoError(t, err)
	require.Len(t, refused, 3)
	for _, err := range refused {
		var locked *automation.ConcurrentUpdateError
		require.ErrorAs(t, err, &locked)
		require.EqualError(t, err,
			"this Lab of stack pr-1 already runs preview; wait for it to end, or open another Lab")
	}
	_, err = lab.Drift(t.Context())
	require.NoError(t, err, "the one before has ended")
}

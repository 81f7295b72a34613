package control

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type report struct{ Done int }

func serve(t *testing.T, key string) (context.Context, *Operation) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	operation, err := Serve(key, cancel)
	require.NoError(t, err)
	return ctx, operation
}

func TestEveryOperationOfTheKeyIsCancelledAndReports(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ended := make(chan error, 2)
	for done := range 2 {
		ctx, operation := serve(t, "dev")
		go func() {
			<-ctx.Done()
			ended <- errors.Join(operation.End(report{done + 1}))
		}()
	}
	other, another := serve(t, "prod")
	reports, err := Cancel[report](t.Context(), "dev")
	require.NoError(t, err)
	require.ElementsMatch(t, []report{{1}, {2}}, reports)
	require.NoError(t, errors.Join(<-ended, <-ended))
	require.NoError(t, other.Err(), "another stack's operation goes on")
	require.NoError(t, another.End(nil))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTheCauseNamesWhoCancelled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, operation := serve(t, "dev")
	go func() { <-ctx.Done(); _ = operation.End(nil) }()
	_, err := Cancel[*report](t.Context(), "dev")
	require.NoError(t, err)
	require.ErrorContains(t, context.Cause(ctx), "cancelled by another process (pid ")
}

func TestNothingRuns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	reports, err := Cancel[report](t.Context(), "dev")
	require.NoError(t, err)
	require.Empty(t, reports)
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, operation := serve(t, "dev")
	operation.listener.SetUnlinkOnClose(false)
	require.NoError(t, operation.End(nil))
	left, err := filepath.Glob(pattern("dev", "*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	reports, err := Cancel[report](t.Context(), "dev")
	require.NoError(t, err)
	require.Empty(t, reports)
	require.NoFileExists(t, left[0])
}

func TestOneWhoAsksNothingCancelsNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, operation := serve(t, "dev")
	silent, err := net.Dial("unix", operation.listener.Addr().String())
	require.NoError(t, err)
	defer silent.Close()
	require.NoError(t, operation.End(nil), "the operation's end does not wait for it")
	require.NoError(t, ctx.Err())
}

func TestWhoCancelsNeedNotWait(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	asked, operation := serve(t, "dev")
	impatient, cancel := context.WithTimeout(t.Context(), time.Minute)
	context.AfterFunc(asked, cancel)
	_, err := Cancel[report](impatient, "dev")
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, operation.End(nil))
}

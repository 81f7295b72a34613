package world

import (
	"errors"
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

func TestARecordingIsReplayedStepByStep(t *testing.T) {
	ctx := t.Context()
	w := open(t)
	put(t, w, thing("us-east-1", "old"), thing("us-east-1", "gone"))
	require.NoError(t, w.Record(ctx))
	provider, err := New(w.Path()) // a process of its own
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, provider.Close()) })

	put(t, provider, thing("us-east-1", "new"), thing("us-east-1", "it's another"))
	require.Error(t, provider.Update(ctx, func(tx *Tx) error {
		require.NoError(t, tx.Put(thing("us-east-1", "refused"), nil))
		return errors.New("refused")
	}))
	require.NoError(t, provider.Update(ctx, func(tx *Tx) error {
		old := thing("us-east-1", "old")
		old.State["bucket"] = resource.NewProperty("changed")
		if err := tx.Put(old, []Link{{Property: "peer", Target: mustGet(t, tx, "new")}}); err != nil {
			return err
		}
		return tx.PutImage(Image{Repository: "shop", Tag: "v1", Digest: "sha256:1"})
	}))
	require.NoError(t, provider.End(ctx, "urn:old"))
	require.NoError(t, provider.Delete(ctx, thing("us-east-1", "gone").Key))

	var seen [][]string
	var steps []Step
	require.NoError(t, w.Replay(ctx, func(tx *Tx, step Step) error {
		all, err := tx.All()
		require.NoError(t, err)
		var ids []string
		for _, one := range all {
			ids = append(ids, one.ID+" "+one.State["bucket"].StringValue())
		}
		seen, steps = append(seen, ids), append(steps, step)
		return nil
	}))
	require.Equal(t, [][]string{
		{"old old", "gone gone"},
		{"old old", "gone gone", "new new", "it's another it's another"},
		{"old changed", "gone gone", "new new", "it's another it's another"},
		{"old changed", "gone gone", "new new", "it's another it's another"},
		{"old changed", "new new", "it's another it's another"},
	}, seen)
	require.Equal(t, []Step{
		{},
		{[]Change{{Create, key("new"), "urn:new"}, {Create, key("it's another"), "urn:it's another"}}},
		{[]Change{{Update, key("old"), "urn:old"}}},
		{[]Change{{Done, Key{}, "urn:old"}}},
		{[]Change{{Delete, key("gone"), "urn:gone"}}},
	}, steps)
}

func key(id string) Key { return thing("us-east-1", id).Key }

func mustGet(t *testing.T, tx *Tx, id string) *Thing {
	t.Helper()
	found, err := tx.Get(key(id))
	require.NoError(t, err)
	return found
}

func TestWhatAReplayReadsBesideThings(t *testing.T) {
	ctx := t.Context()
	w := open(t)
	require.NoError(t, w.Record(ctx))
	require.NoError(t, w.PutImage(ctx, Image{Repository: "shop", Tag: "v1", Digest: "sha256:1"}))
	require.NoError(t, w.PutImage(ctx, Image{Repository: "shop", Tag: "v1", Digest: "sha256:2"}))
	require.NoError(t, w.PutObject(ctx, "files", "a"))
	put(t, w, thing("us-east-1", "target"), thing("us-east-1", "source"))
	require.NoError(t, w.Update(ctx, func(tx *Tx) error {
		source, target := mustGet(t, tx, "source"), mustGet(t, tx, "target")
		return errors.Join(tx.Put(source, []Link{{"peer", target}}), tx.PutPart(target, "part", "p-1"))
	}))
	require.NoError(t, w.Replay(ctx, func(tx *Tx, step Step) error {
		if len(step.Changes) == 0 || step.Changes[0].Kind != Update {
			return nil
		}
		images, err := tx.Images("shop")
		require.NoError(t, err)
		require.Len(t, images, 2)
		require.Equal(t, []string{"", "v1"}, []string{images[0].Tag, images[1].Tag})
		objects, err := tx.Objects("files")
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, objects)
		links, err := tx.Links(mustGet(t, tx, "source"))
		require.NoError(t, err)
		require.Equal(t, "target", links[0].Target.ID)
		owner, err := tx.PartOwner("us-east-1", "part", "p-1")
		require.NoError(t, err)
		require.Equal(t, "target", owner.ID)
		return nil
	}))
}

func TestWithoutARecordingNothingIsRecorded(t *testing.T) {
	ctx := t.Context()
	w := open(t)
	put(t, w, thing("us-east-1", "old"))
	require.NoError(t, w.End(ctx, "urn:old"))
	require.ErrorContains(t, w.Replay(ctx, nil), "no such table: journal")
	require.NoError(t, w.Record(ctx))
	info, err := os.Stat(w.before())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, w.Forget(ctx))
	require.NoFileExists(t, w.before())
	put(t, w, thing("us-east-1", "new"))
}

package world

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bucket = "aws:s3/bucketV2:BucketV2"

func open(t testing.TB) *World {
	t.Helper()
	w, err := New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func thing(region, id string) *Thing {
	return &Thing{
		Key: Key{region, bucket, id}, ID: id, URN: "urn:" + id, ARN: "arn:aws:s3:::" + id, Name: id,
		Inputs: resource.PropertyMap{"bucket": resource.NewProperty(id)},
		State: resource.PropertyMap{
			"bucket": resource.NewProperty(id),
			"tags":   resource.NewProperty(resource.PropertyMap{"Team": resource.NewProperty("shop")}),
		},
	}
}

func put(t testing.TB, w *World, things ...*Thing) {
	t.Helper()
	require.NoError(t, w.Update(t.Context(), func(tx *Tx) error {
		for _, thing := range things {
			if err := tx.Put(thing, nil); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestWhatIsPutIsThereForEveryoneUntilItIsRemoved(t *testing.T) {
	w := open(t)
	put(t, w, thing("us-east-1", "shop"))
	other, err := New(w.Path())
	require.NoError(t, err)
	defer other.Close()
	found, err := other.List(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, thing("us-east-1", "shop").State, found[0].State)
	assert.WithinDuration(t, time.Now(), found[0].Created, time.Minute)

	require.NoError(t, other.Delete(t.Context(), found[0].Key))
	found, err = w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.ErrorIs(t, w.Delete(t.Context(), Key{"us-east-1", bucket, "shop"}), ErrNotFound)
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	w := open(t)
	put(t, w, thing("us-east-1", "shop"))
	info, err := os.Stat(w.Path())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	w := open(t)
	failure := fmt.Errorf("no")
	err := w.Update(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.Put(thing("us-east-1", "shop"), nil))
		return failure
	})
	require.ErrorIs(t, err, failure)
	found, err := w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestAPanicLeavesTheWorldUsable(t *testing.T) {
	w := open(t)
	assert.Panics(t, func() {
		_ = w.Update(t.Context(), func(tx *Tx) error { panic("bug") })
	})
	put(t, w, thing("us-east-1", "shop"))
}

func TestANewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "world.db")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec("PRAGMA user_version = 99")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	w, err := New(path)
	require.NoError(t, err)
	_, err = w.List(t.Context())
	assert.ErrorContains(t, err, "written by a newer awslab (format 99")
}

func TestTheEnvironmentMustNameTheWorld(t *testing.T) {
	t.Setenv(Variable, "")
	_, err := FromEnvironment()
	assert.ErrorContains(t, err, "AWSLAB_WORLD is not set")
	t.Setenv(Variable, "world.db")
	_, err = FromEnvironment()
	assert.ErrorContains(t, err, `"world.db" is not absolute`)
}

func TestLinksTellWhatRefersToWhat(t *testing.T) {
	w := open(t)
	target, source := thing("us-east-1", "logs"), thing("us-east-1", "shop")
	require.NoError(t, w.Update(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.Put(target, nil))
		require.NoError(t, tx.Put(source, []Link{{"targetBucket", target}}))
		referrers, err := tx.Referrers(target)
		require.NoError(t, err)
		require.Len(t, referrers, 1)
		assert.Equal(t, "targetBucket", referrers[0].Property)
		assert.Equal(t, "shop", referrers[0].Thing.ID)
		links, err := tx.Links(source)
		require.NoError(t, err)
		require.Len(t, links, 1)
		assert.Equal(t, "logs", links[0].Target.ID)
		// A change of the source keeps no old reference, one of the target keeps those to it.
		require.NoError(t, tx.Put(target, nil))
		referrers, err = tx.Referrers(target)
		require.NoError(t, err)
		assert.Len(t, referrers, 1)
		require.NoError(t, tx.Put(source, nil))
		referrers, err = tx.Referrers(target)
		require.NoError(t, err)
		assert.Empty(t, referrers)
		return nil
	}))
}

func TestPartsGoWithTheirOwner(t *testing.T) {
	w := open(t)
	owner := thing("us-east-1", "vpc-1")
	require.NoError(t, w.Update(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.Put(owner, nil))
		require.NoError(t, tx.PutPart(owner, "sg", "sg-1"))
		found, err := tx.PartOwner("us-east-1", "sg", "sg-1")
		require.NoError(t, err)
		assert.Equal(t, "vpc-1", found.ID)
		_, err = tx.PartOwner("eu-west-1", "sg", "sg-1")
		assert.ErrorIs(t, err, ErrNotFound)
		require.NoError(t, tx.Remove(owner.Key))
		_, err = tx.PartOwner("us-east-1", "sg", "sg-1")
		assert.ErrorIs(t, err, ErrNotFound)
		return nil
	}))
}

func TestSecretsDoNotReachTheFile(t *testing.T) {
	w := open(t)
	secret := thing("us-east-1", "shop")
	secret.State["password"] = resource.MakeSecret(resource.NewProperty("hunter2"))
	secret.Inputs["list"] = resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.Output{
		Element: resource.NewProperty("hunter2"), Known: true, Secret: true,
	})})
	put(t, w, secret)
	found, err := w.List(t.Context())
	require.NoError(t, err)
	assert.True(t, IsSecretMarker(found[0].State["password"]))
	assert.True(t, IsSecretMarker(found[0].Inputs["list"].ArrayValue()[0]))
	require.NoError(t, w.Close())
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(w.Path() + suffix)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		assert.NotContains(t, string(data), "hunter2")
	}
}

func TestUnknownValuesAreRefused(t *testing.T) {
	w := open(t)
	half := thing("us-east-1", "shop")
	half.State["arn"] = resource.MakeComputed(resource.NewProperty(""))
	err := w.Update(t.Context(), func(tx *Tx) error { return tx.Put(half, nil) })
	assert.ErrorContains(t, err, "arn: the value is of type")
}

func TestDriftChangesOnePlace(t *testing.T) {
	w := open(t)
	put(t, w, thing("us-east-1", "shop"))
	key := Key{"us-east-1", bucket, "shop"}
	require.NoError(t, w.Set(t.Context(), key, "tags.Team", resource.NewProperty("ops")))
	require.NoError(t, w.Set(t.Context(), key, "acl", resource.NewProperty("public-read")))
	found, err := w.List(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ops", found[0].State["tags"].ObjectValue()["Team"].StringValue())
	assert.Equal(t, "public-read", found[0].State["acl"].StringValue())
	require.NoError(t, w.Set(t.Context(), key, "tags.Team", resource.NewNullProperty()))
	found, err = w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found[0].State["tags"].ObjectValue())
	assert.ErrorIs(
		t,
		w.Set(t.Context(), Key{"eu-west-1", bucket, "shop"}, "acl", resource.NewProperty("private")),
		ErrNotFound,
	)
}

func TestCountersNeverGiveANumberTwice(t *testing.T) {
	w := open(t)
	const workers, each = 8, 25
	var mu sync.Mutex
	seen := map[int]bool{}
	var group sync.WaitGroup
	for range workers {
		// Each worker is a process of its own, as far as the file is concerned.
		other, err := New(w.Path())
		require.NoError(t, err)
		group.Go(func() {
			defer other.Close()
			for range each {
				assert.NoError(t, other.Update(t.Context(), func(tx *Tx) error {
					n, err := tx.Next("family")
					mu.Lock()
					defer mu.Unlock()
					assert.False(t, seen[n], "%d was given twice", n)
					seen[n] = true
					return err
				}))
			}
		})
	}
	group.Wait()
	assert.Len(t, seen, workers*each)
}

func TestBuriedNamesStayTakenForTheirTime(t *testing.T) {
	w := open(t)
	require.NoError(t, w.Update(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.Bury("us-east-1", "secret", "db", time.Now().Add(time.Hour)))
		require.NoError(t, tx.Bury("us-east-1", "secret", "old", time.Now().Add(-time.Hour)))
		for name, want := range map[string]bool{"db": true, "old": false, "other": false} {
			_, taken, err := tx.Buried("us-east-1", "secret", name)
			require.NoError(t, err)
			assert.Equal(t, want, taken, name)
		}
		return nil
	}))
	found, err := w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found, "what is buried does not exist")
}

func TestOnceIsOnceForAllProcesses(t *testing.T) {
	w := open(t)
	other, err := New(w.Path())
	require.NoError(t, err)
	defer other.Close()
	first, err := w.Once(t.Context(), "run 1")
	require.NoError(t, err)
	again, err := other.Once(t.Context(), "run 1")
	require.NoError(t, err)
	next, err := other.Once(t.Context(), "run 2")
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false, true}, []bool{first, again, next})
}

func TestAPushedTagMovesAndLeavesItsImage(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	const repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop"
	require.NoError(t, w.PutImage(ctx, Image{Repository: repository, Tag: "v1", Digest: "sha256:a", Size: 10}))
	require.NoError(t, w.PutImage(ctx, Image{Repository: repository, Tag: "v1", Digest: "sha256:b", Size: 20}))
	require.NoError(t, w.PutImage(ctx, Image{Repository: repository, Tag: "v2", Digest: "sha256:b", Size: 20}))
	images, err := w.Images(ctx, repository)
	require.NoError(t, err)
	var got []string
	for _, image := range images {
		got = append(got, image.Tag+"="+image.Digest)
	}
	assert.Equal(t, []string{"=sha256:a", "v1=sha256:b", "v2=sha256:b"}, got)
}

func TestFaultsStrikeAsOftenAsAskedFor(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	require.NoError(t, w.AddFault(
		ctx,
		Fault{Operation: Create, URN: "*::shop", Code: "ThrottlingException", Message: "Rate exceeded", Times: 2},
	))
	take := func(operation Operation, urn string) *Fault {
		fault, err := w.TakeFault(ctx, operation, urn)
		require.NoError(t, err)
		return fault
	}
	assert.Nil(t, take(Create, "urn:pulumi::other"))
	assert.Nil(t, take(Delete, "urn:pulumi::shop"))
	assert.Equal(t, "ThrottlingException", take(Create, "urn:pulumi::shop").Code)
	assert.NotNil(t, take(Create, "urn:pulumi::shop"))
	assert.Nil(t, take(Create, "urn:pulumi::shop"))

	assert.ErrorContains(t, w.AddFault(ctx, Fault{Operation: "explode", URN: "*", Times: 1}), `operation "explode"`)
	assert.ErrorContains(t, w.AddFault(ctx, Fault{Operation: Create, URN: "*"}), "1 or more")
}

func BenchmarkPut(b *testing.B) {
	w := open(b)
	for i := range b.N {
		require.NoError(
			b,
			w.Update(b.Context(), func(tx *Tx) error { return tx.Put(thing("us-east-1", fmt.Sprint(i)), nil) }),
		)
	}
}

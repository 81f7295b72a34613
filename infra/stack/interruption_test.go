package stack

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

func TestHowLongADatabaseDoesNotAnswer(t *testing.T) {
	const before = "db.m7g.large, 17, 100 GiB"
	replicas := func(n int) *int { return &n }
	class, storage := "db.m7g.large", 100
	for name, test := range map[string]struct {
		kind    string
		multiAz bool
		readers int
		after   string
		want    string
	}{
		"a standby takes over":       {"", true, 0, "db.r7g.large, 17, 100 GiB", "60 to 120 seconds"},
		"a single instance":          {"instance", false, 1, "db.r7g.large, 17, 100 GiB", "several minutes"},
		"a Multi-AZ cluster":         {"multiAzCluster", false, 0, "db.r6gd.large, 17, 9 GiB", "up to 35 seconds"},
		"Aurora with a reader":       {"aurora", false, 1, "db.r7g.large, 17, 0 GiB", "up to 60 seconds"},
		"Aurora alone":               {"aurora", false, 0, "db.r7g.large, 17, 0 GiB", "up to 10 minutes"},
		"another version, and class": {"", true, 0, "db.r7g.large, 18, 100 GiB", upgrade},
		"storage grows without any":  {"", false, 0, "db.m7g.large, 17, 200 GiB", ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := &config.Database{
				Kind:          test.kind,
				MultiAz:       test.multiAz,
				ReadReplicas:  replicas(test.readers),
				Class:         &class,
				StorageGiB:    &storage,
				MaxStorageGiB: &storage,
			}
			require.Equal(t, test.want, interruptionOf(db, before, test.after))
		})
	}
}

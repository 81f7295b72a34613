package stack

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

func TestReplicasAreUpgradedBeforeTheDatabaseWhereRDSAsksForIt(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string // the database's configuration
		has, replica  string // the versions that RDS has
		want          [2]string
		refused       string
	}{
		"nothing changes": {`"version": "17"`, `"version": "17"`, "17.5", "17.5", [2]string{"17", ""}, ""},
		"the minor version is not asked for any more": {
			`"version": "17.4"`, `"version": "17"`, "17.5", "17.5", [2]string{"17.4", ""}, "",
		},
		"another minor version": {
			`"version": "17"`, `"version": "17.6"`, "17.5", "17.5", [2]string{"17", "17.6"}, "",
		},
		"another minor version, which the replicas have": {
			`"version": "17"`, `"version": "17.6"`, "17.5", "17.6", [2]string{"17.6", ""}, "",
		},
		"a minor version that RDS has left behind": {
			`"version": "17.4"`, `"version": "17.6"`, "17.10", "17.10", [2]string{},
			"awslab:database.version: 17.6, and the stack was made with 17.10: RDS does not go back",
		},
		"another major version of PostgreSQL": {
			`"version": "17"`, `"version": "18"`, "17.5", "17.5", [2]string{"18", ""}, "",
		},
		"another major version of MySQL, without the replicas": {
			`"engine": "mysql", "version": "8.0"`, `"engine": "mysql", "version": "8.4", "readReplicas": 0`,
			"8.0.42", "8.0.42", [2]string{"8.0", ""}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			values := map[string]string{"region": "eu-west-1"}
			values["database"] = fmt.Sprintf(`{"readReplicas": 1, %s}`, test.before)
			before, err := config.Decode("awslab", values)
			require.NoError(t, err)
			recorded := map[string]any{prefixKey: "awslab-dev"}
			for key, value := range before.Permanent() {
				recorded[key] = value
			}
			instance := func(name, source string) map[string]any { // the provider says "" where there is none
				return map[string]any{"type": instanceType, "outputs": map[string]any{
					"identifier": name, "replicateSourceDb": source,
				}}
			}
			made := &account{
				outputs: map[string]any{permanentOutput: recorded},
				state: map[string]any{
					"urn::database": instance("database", ""), "urn::replica": instance("replica", "database"),
				},
				versions: map[string]string{"database": test.has, "replica": test.replica},
			}
			values["database"] = fmt.Sprintf(`{"readReplicas": 1, %s}`, test.after)
			err = deployTo(made, "../..", "dev", values)
			if test.refused != "" {
				require.ErrorContains(t, err, test.refused)
				return
			}
			require.NoError(t, err)
			version := func(name string) string {
				if !made.has(name) {
					return ""
				}
				given := made.inputs(t, name)["engineVersion"]
				if !given.IsString() {
					return ""
				}
				return given.StringValue()
			}
			require.Equal(t, test.want, [2]string{version("database-instance"), version("database-replica-1")})
		})
	}
}

// RDS would refuse it in the middle of the update: a limit below what storage has grown to.
func TestStorageThatHasGrownIsNotShrunk(t *testing.T) {
	for database, refused := range map[string]string{
		`{"storageGiB": 20, "maxStorageGiB": 100}`: "awslab:database.maxStorageGiB: 100, and the storage has grown " +
			"to 110 GiB, which RDS does not shrink; use more, or set storageGiB to 110",
		`{"storageGiB": 20, "maxStorageGiB": 0}`:    "maxStorageGiB: 0, and the storage has grown to 110 GiB",
		`{"storageGiB": 20, "maxStorageGiB": 110}`:  "", // as it was
		`{"storageGiB": 110, "maxStorageGiB": 0}`:   "",
		`{"storageGiB": 20, "maxStorageGiB": 1000}`: "",
	} {
		t.Run(database, func(t *testing.T) {
			made := &account{
				outputs:  map[string]any{permanentOutput: map[string]any{prefixKey: "awslab-dev"}},
				versions: map[string]string{"database": "17.5"},
				state: map[string]any{"urn::database": map[string]any{"type": instanceType, "outputs": map[string]any{
					"identifier": "database", "allocatedStorage": 110,
				}}},
			}
			err := deployTo(made, "../..", "dev", map[string]string{"region": "eu-west-1", "database": database})
			if refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, refused)
		})
	}
}

// A first update that was interrupted has recorded no version, by which the next one would upgrade the replicas alone.
func TestADatabaseOfAnInterruptedFirstUpdateGetsTheVersionThatIsAskedFor(t *testing.T) {
	interrupted := &account{
		begun: func(context.Context) (bool, error) { return true, nil },
		state: map[string]any{"urn::replica": map[string]any{"type": instanceType, "outputs": map[string]any{
			"identifier": "replica", "replicateSourceDb": "database",
		}}},
		versions: map[string]string{"replica": "8.0.42"},
	}
	require.NoError(t, deployTo(interrupted, "../..", "dev", map[string]string{
		"region": "eu-west-1", "database": `{"engine": "mysql", "version": "8.4.5", "readReplicas": 1}`,
	}))
	require.Equal(t, "8.4.5", interrupted.inputs(t, "database-instance")["engineVersion"].StringValue())
}

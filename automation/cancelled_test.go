package automation

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

func TestACancelledOperationSaysHowFarItCameAndHowToGoOn(t *testing.T) {
	interrupted := errors.New("interrupted")
	tests := map[string]struct {
		err  CancelledError
		want string
	}{
		"before it began": {
			CancelledError{Operation: OperationUp, Target: Offline},
			": nothing was changed; run awslab up --stack dev to start again",
		},
		"what changes nothing": {
			CancelledError{Operation: OperationPreview, Target: AWS},
			": nothing was changed; run awslab preview --stack dev " +
				"--target aws to start again",
		},
		"in the middle": {
			CancelledError{Operation: OperationDestroy, Target: AWS, Progress: &Progress{Done: 41, Left: 9}},
			": 41 of 50 resources are deleted, 9 are left; run awslab " +
				"destroy --stack dev --target aws for the rest",
		},
		"at the end": {
			CancelledError{Operation: OperationUp, Target: Offline, Progress: &Progress{Done: 50}},
			" when all 50 changes are made; run awslab up --stack dev to " +
				"complete it",
		},
		"with nothing to do": {
			CancelledError{Operation: OperationUp, Target: Offline, Progress: &Progress{}},
			": nothing was changed; run awslab up --stack dev to start again",
		},
		"forced": {
			CancelledError{Operation: OperationUp, Target: Offline, Progress: &Progress{
				Done: 41, Left: 9, Unknown: []string{"alb", "database"},
			}},
			": 41 of 50 changes are made, 9 are left, and of these some may be " +
				"done as well: alb, database; run awslab recover --stack dev to find out, then awslab up --stack dev",
		},
		"killed": {
			CancelledError{
				Operation: OperationRefresh, Target: Offline, Killed: true, Progress: &Progress{Done: 41, Left: 9},
			},
			": 41 of 50 resources are read, 9 are left; run awslab " +
				"recover --stack dev to release the lock, then awslab refresh --stack dev",
		},
		"killed, and the state cannot be read": {
			CancelledError{Operation: OperationUp, Target: Offline, Killed: true},
			", and how much it did is not known; run awslab recover --stack " +
				"dev, then awslab up --stack dev",
		},
		"an import that was killed": {
			CancelledError{Operation: OperationImport, Target: AWS, Killed: true},
			", and whether the state was replaced is not known; run awslab recover --stack dev --target aws to " +
				"release the lock, and awslab export --stack dev --target aws to see it",
		},
		"a recovery": {
			CancelledError{Operation: OperationRecover, Target: Offline, Killed: true},
			"; run awslab recover --stack dev to start again",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.err.Stack, test.err.Cause = "dev", interrupted
			require.EqualError(t, &test.err,
				string(test.err.Operation)+" of stack dev was cancelled (interrupted)"+test.want)
			require.ErrorIs(t, &test.err, ErrCancelled)
			require.ErrorIs(t, &test.err, interrupted)
		})
	}
}

func TestProgressOfAnUp(t *testing.T) {
	const urn = "urn:pulumi:dev::awslab::aws:ec2/vpc:Vpc::lab"
	plain := apitype.ResourceV3{URN: resource.URN(urn)}
	old := apitype.ResourceV3{URN: resource.URN(urn), Delete: true}
	deletedFirst := apitype.ResourceV3{URN: resource.URN(urn), PendingReplacement: true}
	tests := map[string]struct {
		op    string
		phase Phase // of the last step; empty if none came
		left  []apitype.ResourceV3
		done  bool
	}{
		"created":                       {"create", Done, []apitype.ResourceV3{plain}, true},
		"created, and nobody heard":     {"create", Running, []apitype.ResourceV3{plain}, true},
		"not created":                   {"create", Running, nil, false},
		"deleted":                       {"delete", Done, nil, true},
		"not deleted":                   {"delete", "", []apitype.ResourceV3{plain}, false},
		"updated":                       {"update", Done, []apitype.ResourceV3{plain}, true},
		"not updated":                   {"update", Failed, []apitype.ResourceV3{plain}, false},
		"replaced":                      {"replace", Done, []apitype.ResourceV3{plain}, true},
		"replaced, the old one is left": {"replace", Done, []apitype.ResourceV3{plain, old}, false},
		"deleted, the new one is left":  {"replace", Done, []apitype.ResourceV3{deletedFirst}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Result{}
			if test.phase != "" {
				r.Steps = []Step{{URN: urn, Op: test.op, Phase: test.phase}}
			}
			want := Progress{Left: 1}
			if test.done {
				want = Progress{Done: 1}
			}
			require.Equal(t, want, r.upProgress([]Step{{URN: urn, Op: test.op}},
				&apitype.DeploymentV3{Resources: test.left}))
		})
	}
}

func TestProgressOfARefreshIsWhatItsEventsSay(t *testing.T) {
	const urn = "urn:pulumi:dev::awslab::aws:s3/bucketV2:BucketV2::"
	c := &collector{lab: &Lab{}, ctx: t.Context(), result: Result{
		Operation: OperationRefresh, Changes: map[string]int{}, refreshed: map[string]bool{},
	}}
	for read, found := range map[string]apitype.OpType{
		urn + "same": apitype.OpSame, urn + "changed": apitype.OpUpdate, urn + "gone": apitype.OpDelete,
		"urn:pulumi:dev::awslab::pulumi:providers:pulumi::default": apitype.OpSame,
	} {
		began := apitype.StepEventMetadata{URN: read, Op: apitype.OpRefresh}
		c.take(engineEvent(apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: began}}))
		ended := apitype.StepEventMetadata{URN: read, Op: found}
		c.take(engineEvent(apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: ended}}))
	}
	require.Equal(t, Progress{Done: 3, Left: 1}, c.result.refreshProgress(&apitype.DeploymentV3{
		Resources: []apitype.ResourceV3{{URN: urn + "same"}, {URN: urn + "changed"}, {URN: urn + "not read"}},
	}))
}

func TestAFullDiskIsOneSentenceWithTheNextStep(t *testing.T) {
	seen := &Result{Stack: "dev", Target: Offline, Diagnostics: []Diagnostic{
		{Severity: "error", Message: "failed to save snapshot: write dev.json.tmp: no space left on device"},
		{Severity: "error", Message: "update failed"},
	}}
	failure := errors.New("failed to run update: exit status 255")
	err := classify(t.Context(), failure, failure, seen)
	var unstored *StorageError
	require.ErrorAs(t, err, &unstored)
	require.EqualError(t, err, "what was done could not all be stored: no space left on device; free space, or make "+
		"writable, where awslab writes (.awslab, the temporary folder and the cache), and run awslab recover --stack "+
		"dev, which finds what is not in the state")
	var failed *OperationError
	require.ErrorAs(t, err, &failed, "with all that was said")
}

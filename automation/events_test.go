package automation

import (
	"context"
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
)

const bucketURN = "urn:pulumi:dev::awslab::aws:s3/bucketV2:BucketV2::logs"

func engineEvent(e apitype.EngineEvent) events.EngineEvent { return events.EngineEvent{EngineEvent: e} }

func stepMetadata(op apitype.OpType) apitype.StepEventMetadata {
	return apitype.StepEventMetadata{Op: op, URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2"}
}

func TestTranslate(t *testing.T) {
	replaced := stepMetadata(apitype.OpReplace)
	replaced.DetailedDiff = map[string]apitype.PropertyDiff{
		"tags.Name": {Kind: apitype.DiffUpdate}, "bucket": {Kind: apitype.DiffUpdateReplace},
	}
	kept := stepMetadata(apitype.OpReplace)
	kept.Old = &apitype.StepEventStateMetadata{RetainOnDelete: true}
	kept.New = &apitype.StepEventStateMetadata{Inputs: map[string]any{"bucket": "logs"}} // and so no forceDestroy
	tests := map[string]struct {
		in   apitype.EngineEvent
		want Event
		none bool
	}{
		"the one error of a program is said without the SDK's words for it": {
			in: apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{
				Severity: "error",
				Message:  "an unhandled error occurred: 1 error occurred:\n\t* step 1. network: no\n\n\n",
			}},
			want: Event{Type: EventDiagnostic, Diagnostic: &Diagnostic{
				Severity: "error", Message: "step 1. network: no"}},
		},
		"a planned step": {
			in: apitype.EngineEvent{
				ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: stepMetadata(apitype.OpCreate), Planning: true},
			},
			want: Event{Type: EventResource, Resource: &Step{
				URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Op: "create", Phase: Planned,
				Data: true}},
		},
		"a replacement names what differs and what forces it": {
			in: apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: replaced}},
			want: Event{Type: EventResource, Resource: &Step{
				URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Op: "replace", Phase: Running,
				Properties: []string{"bucket", "tags.Name"}, Replacing: []string{"bucket"}, Data: true}},
		},
		"what is protected, and what a delete leaves": {
			in: apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: kept, Planning: true}},
			want: Event{Type: EventResource, Resource: &Step{
				URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Op: "replace", Phase: Planned,
				Data: true, Protected: true, Retained: true}},
		},
		"a finished step": {
			in: apitype.EngineEvent{
				ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: stepMetadata(apitype.OpDelete)},
			},
			want: Event{Type: EventResource, Resource: &Step{
				URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Op: "delete", Phase: Done, Data: true}},
		},
		"a failed step": {
			in: apitype.EngineEvent{
				ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: stepMetadata(apitype.OpUpdate)},
			},
			want: Event{Type: EventResource, Resource: &Step{
				URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Op: "update", Phase: Failed,
				Data: true}},
		},
		"an unchanged resource is not an event": {
			in: apitype.EngineEvent{
				ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: stepMetadata(apitype.OpSame)},
			},
			none: true,
		},
		"a preview's outputs are no event": {
			in: apitype.EngineEvent{
				ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: stepMetadata(apitype.OpCreate), Planning: true},
			},
			none: true,
		},
		"a diagnostic loses its colors": {
			in: apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{
				Severity: "info#err",
				URN:      bucketURN,
				Prefix:   "<{%fg 1%}>error: <{%reset%}>",
				Message:  "no such bucket<{%reset%}>\n",
			}},
			want: Event{
				Type:       EventDiagnostic,
				Diagnostic: &Diagnostic{Severity: "info", URN: bucketURN, Message: "no such bucket"},
			},
		},
		"debug output is not an event": {
			in:   apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "debug", Message: "x"}},
			none: true,
		},
		"a violation": {
			in: apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{
				ResourceURN: bucketURN, Message: "not versioned", PolicyName: "s3-versioning", PolicyPackName: "backup",
				EnforcementLevel: "mandatory"}},
			want: Event{Type: EventViolation, Violation: &Violation{
				Pack: "backup", Policy: "s3-versioning", URN: bucketURN, Message: "not versioned", Mandatory: true,
				ResourceType: "aws:s3/bucketV2:BucketV2", ResourceName: "logs", Finding: "not versioned"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := translate(engineEvent(test.in))
			require.Equal(t, !test.none, ok)
			if ok {
				test.want.Time = got.Time
				require.Equal(t, test.want, got)
			}
		})
	}
}

// play runs an operation whose engine sends the given events and then returns err.
func play(ctx context.Context, sent []apitype.EngineEvent, closes bool, err error) (*Result, []Event, error) {
	var heard []Event
	l := &Lab{settings: &settings{file: true}}
	l.options = Options{Stack: "dev", Target: Offline, OnEvent: func(e Event) { heard = append(heard, e) }}
	result, got := l.operate(ctx, OperationUp, &choices{}, func(ch chan<- events.EngineEvent) (Outputs, error) {
		for _, e := range sent {
			ch <- engineEvent(e)
		}
		if closes {
			close(ch)
		}
		return Outputs{"url": {Value: "http://x"}}, err
	})
	return result, heard, got
}

func summary(result apitype.OperationResult) apitype.EngineEvent {
	return apitype.EngineEvent{SummaryEvent: &apitype.SummaryEvent{
		Result: result, ResourceChanges: map[apitype.OpType]int{apitype.OpReplace: 1}}}
}

func TestAReplacementCountsAsOneStep(t *testing.T) {
	var sent []apitype.EngineEvent
	for _, op := range []apitype.OpType{apitype.OpCreateReplacement, apitype.OpReplace, apitype.OpDeleteReplaced} {
		sent = append(sent,
			apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: stepMetadata(op)}},
			apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: stepMetadata(op)}})
	}
	result, heard, err := play(context.Background(), append(sent, summary(apitype.OperationResultSucceeded)), true, nil)
	require.NoError(t, err)
	require.Len(t, result.Steps, 1)
	require.Equal(t, "replace", result.Steps[0].Op)
	require.Equal(t, Done, result.Steps[0].Phase)
	require.Equal(t, map[string]int{"replace": 1}, result.Changes)
	require.Equal(t, EventStarted, heard[0].Type)
	require.Equal(t, EventFinished, heard[len(heard)-1].Type)
	require.True(t, heard[len(heard)-1].Result.Succeeded)
}

func TestAnEngineThatDiesWithoutClosingTheStreamDoesNotHang(t *testing.T) {
	_, _, err := play(context.Background(), nil, false, errors.New("exit status 1"))
	var failed *OperationError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "up of stack dev: exit status 1")
}

func TestFailuresAreTyped(t *testing.T) {
	failure := errors.New("failed to run update: exit status 255")
	violation := func(level string) apitype.EngineEvent {
		return apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{
			ResourceURN: bucketURN, PolicyName: "s3-versioning", Message: "set enabled", EnforcementLevel: level}}
	}
	diagnostic := apitype.EngineEvent{
		DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", URN: bucketURN, Message: "BucketAlreadyExists"},
	}

	t.Run("a mandatory violation", func(t *testing.T) {
		_, _, err := play(
			context.Background(),
			[]apitype.EngineEvent{violation("advisory"), violation("mandatory")},
			true,
			failure,
		)
		var refused *PolicyError
		require.ErrorAs(t, err, &refused)
		require.Len(t, refused.Violations, 1)
		require.ErrorContains(t, err, "s3-versioning: "+bucketURN+": set enabled")
	})
	t.Run("an advisory violation is no error", func(t *testing.T) {
		result, _, err := play(
			context.Background(),
			[]apitype.EngineEvent{violation("advisory"), summary(apitype.OperationResultSucceeded)},
			true,
			nil,
		)
		require.NoError(t, err)
		require.Len(t, result.Violations, 1)
	})
	t.Run("a provider's error", func(t *testing.T) {
		_, _, err := play(context.Background(), []apitype.EngineEvent{diagnostic}, true, failure)
		require.EqualError(
			t,
			err,
			"logs: BucketAlreadyExists\nCorrect what the errors say, then run awslab up --stack "+
				"dev again",
		)
		require.ErrorIs(t, err, errors.Unwrap(err))
	})
	t.Run("a right that is missing", func(t *testing.T) {
		text := func(action string) string {
			return "operation error ECS: api error AccessDeniedException: User: " +
				"arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: " + action +
				" on resource: * because no identity-based policy allows it"
		}
		seen := &Result{Target: AWS}
		for _, action := range []string{"ecs:CreateCluster", "ec2:CreateVpc", "ecs:CreateCluster"} {
			seen.Diagnostics = append(seen.Diagnostics, Diagnostic{Severity: "error", Message: text(action)})
		}
		err := classify(context.Background(), failure, failure, seen)
		var denied *AccessDeniedError
		require.ErrorAs(t, err, &denied)
		require.Equal(t, []string{"ec2:CreateVpc", "ecs:CreateCluster"}, denied.Actions)
		require.EqualError(t, err, "arn:aws:sts::123456789012:assumed-role/ci/x may not do ec2:CreateVpc, "+
			"ecs:CreateCluster: grant it, or name other credentials in aws:profile or AWS_PROFILE, and run the "+
			"operation again")
		var failed *OperationError
		require.ErrorAs(t, err, &failed, "with all that was said")
		seen.Target = Offline
		require.NotErrorAs(t, classify(context.Background(), failure, failure, seen), &denied, "a role of the stack's")
	})
	t.Run("credentials that expired", func(t *testing.T) {
		for _, text := range []string{
			"operation error EC2: CreateVpc, api error RequestExpired: Request has expired.",
			"operation error RDS: DescribeDBInstances, api error ExpiredToken: The security token included in the " +
				"request is expired",
			"operation error ECS: CreateCluster, api error ExpiredTokenException: The security token is expired",
			"failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token",
			"writing the state: ExpiredToken: The provided token has expired.",
		} {
			seen := &Result{Target: AWS, Diagnostics: []Diagnostic{{Severity: "error", Message: text}}}
			var expired *ExpiredCredentialsError
			require.ErrorAs(t, classify(context.Background(), failure, failure, seen), &expired, text)
		}
	})
	t.Run("a cancelled operation", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("interrupted"))
		_, _, err := play(ctx, []apitype.EngineEvent{diagnostic}, true, failure)
		require.ErrorIs(t, err, ErrCancelled)
	})
	t.Run("cancelled after the engine had succeeded", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		l := &Lab{settings: &settings{file: true}, options: Options{Stack: "dev", Target: Offline}}
		result, err := l.operate(
			ctx,
			OperationDestroy,
			&choices{},
			func(ch chan<- events.EngineEvent) (Outputs, error) {
				ch <- engineEvent(summary(apitype.OperationResultSucceeded))
				ch <- engineEvent(diagnostic) // is taken only once the summary was
				cancel()
				close(ch)
				return nil, failure
			},
		)
		require.NoError(t, err)
		require.True(t, result.Succeeded)
		require.False(t, result.Cancelled)
	})
	t.Run("cancelled before the engine says that it succeeded", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("interrupted"))
		result, heard, err := play(ctx, []apitype.EngineEvent{summary(apitype.OperationResultSucceeded)}, true, nil)
		require.ErrorIs(t, err, ErrCancelled)
		var cancelled *CancelledError
		require.ErrorAs(t, err, &cancelled)
		require.EqualError(t, cancelled.Cause, "interrupted")
		require.False(t, result.Succeeded)
		require.True(t, heard[len(heard)-1].Result.Cancelled)
	})
	t.Run("an engine that says nothing of success", func(t *testing.T) {
		result, _, err := play(context.Background(), nil, true, nil)
		require.ErrorContains(t, err, "the engine ended without saying that it succeeded")
		require.False(t, result.Succeeded)
	})
}

func TestRedactKeepsTheCauseAndDropsWhatTheEnginePrinted(t *testing.T) {
	err := errors.New(
		"failed to run update: exit status 255\ncode: 255\nstdout: password=hunter2\nstderr: error: no backend\n",
	)
	require.EqualError(t, redact(err), "failed to run update: exit status 255\nerror: no backend")
}

func TestLockHolder(t *testing.T) {
	text := "error: the stack is currently locked by 1 lock(s).\n  file:///state/x.json: created by root@host (pid " +
		"42) at 2026-01-02T03:04:05Z\n"
	require.Equal(t, "created by root@host (pid 42) at 2026-01-02T03:04:05Z", lockHolder(text))
}

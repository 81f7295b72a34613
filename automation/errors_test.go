package automation

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/automation/internal/recovery"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
)

// An embedder asks for each error by its type, and a person reads at its end what to type, set or choose.
func TestEveryErrorIsFoundByItsTypeAndEndsInTheNextStep(t *testing.T) {
	cause := errors.New("exit status 1")
	failed := &OperationError{Operation: OperationUp, Stack: "dev", Target: AWS, cause: cause}
	diagnostics := []Diagnostic{{Severity: "error", Message: "x"}}
	table := map[string]struct {
		errs []error
		end  string
	}{
		"automation.InputError": {
			[]error{&InputError{"stack", "x y", "1 to 100 letters"}},
			"allowed is 1 to 100 letters",
		},
		"automation.NoStackError": {
			[]error{&NoStackError{Stack: "dev", Target: AWS}}, "create it with awslab up --stack dev --target aws",
		},
		"automation.PolicyError": {
			[]error{&PolicyError{Violations: []Violation{{Policy: "p"}}}}, "awslab policy explain RULE says how",
		},
		"automation.ConcurrentUpdateError": {[]error{
			&ConcurrentUpdateError{Stack: "dev", Target: AWS},
			&ConcurrentUpdateError{Stack: "dev", Holder: "created by root@host", Unproven: true},
			&ConcurrentUpdateError{Stack: "dev", Running: OperationUp},
		}, "(wait for it to end, or open another Lab|awslab recover --stack dev --target aws releases the lock|" +
			"pulumi cancel --stack dev)"},
		"automation.InterruptedError": {
			[]error{&InterruptedError{Stack: "dev", Pending: []string{"db"}}}, "run awslab recover --stack dev first",
		},
		"automation.OperationError": {[]error{failed, &OperationError{
			Operation: OperationUp, Stack: "dev", Target: AWS, Diagnostics: diagnostics,
		}}, "run awslab up --stack dev --target aws again"},
		"automation.StorageError": {
			[]error{&StorageError{Stack: "dev", Reason: "x", cause: failed}},
			"run awslab recover --stack dev, which finds what is not in the state",
		},
		"automation.AccessDeniedError": {
			[]error{&AccessDeniedError{Principal: "a", Actions: []string{"s3:x"}, cause: failed}},
			"grant it, or name other credentials in aws:profile or AWS_PROFILE, and run the operation again",
		},
		"automation.ExpiredCredentialsError": {
			[]error{&ExpiredCredentialsError{OperationUp, "dev", AWS, failed}},
			"run awslab up --stack dev --target aws again, which does the rest",
		},
		"automation.CancelledError": {[]error{
			&CancelledError{Operation: OperationUp, Stack: "dev", Cause: cause},
			&CancelledError{Operation: OperationRecover, Stack: "dev", Cause: cause},
			&CancelledError{Operation: OperationDestroy, Stack: "dev", Cause: cause, Killed: true},
			&CancelledError{Operation: OperationRemove, Stack: "dev", Cause: cause},
			&CancelledError{Operation: OperationUp, Stack: "dev", Cause: cause, Progress: &Progress{Left: 1}},
			&CancelledError{Operation: OperationUp, Stack: "dev", Cause: cause, Progress: &Progress{Done: 1}},
		}, "awslab (up|recover|destroy) --stack dev( to start again| to complete it| for the rest| --remove)?"},
		"automation.CredentialsError": {[]error{
			&CredentialsError{},
			&CredentialsError{Profile: "p", cause: cause},
			&CredentialsError{Found: true, cause: cause},
		}, "(leave --target aws out to stay offline|list-profiles in aws:profile or AWS_PROFILE|" +
			"or set aws:skipCredentialsValidation: true)"},
		"automation.WrongAccountError": {
			[]error{&WrongAccountError{Account: "111111111111", Principal: "arn:aws:iam::111111111111:user/x"}},
			"name a profile of another account in aws:profile or AWS_PROFILE",
		},
		"automation.MissingPermissionsError": {
			[]error{&MissingPermissionsError{Principal: "a", Missing: make([]MissingPermission, shownPermissions+1)}},
			"\n  and 1 more\nnothing was changed; .*, and run the command again",
		},
		"automation.ImageStoreError": {[]error{&ImageStoreError{}}, "under Settings, General"},
		"automation.ProtectedError": {
			[]error{&ProtectedError{Operation: OperationDestroy, Stack: "dev", Resources: []string{"a::db"}}},
			"run awslab up --stack dev, and then awslab destroy --stack dev again",
		},
		"automation.NothingToCancelError": {
			[]error{
				&NothingToCancelError{Stack: "dev", Target: Offline, Holders: []LockHolder{{PID: 42}}},
				&NothingToCancelError{Stack: "dev", Target: AWS},
			},
			"awslab recover --stack dev( --target aws)?",
		},
		"automation.NotEmptyError": {
			[]error{&NotEmptyError{Stack: "dev", Resources: 1}}, "run awslab destroy --stack dev first",
		},
		"automation.StateError": {
			[]error{&StateError{Stack: "dev", Target: AWS, Reason: "is none"}},
			"give one that awslab export --stack dev --target aws printed",
		},
		"automation.PackError": {
			[]error{
				newPackError("policy", ".awslab/policy", exec.ErrNotFound, ""),
				newPackError("policy", ".awslab/policy", cause, "go: open x: read-only file system"),
				newPackError("policy", ".awslab/policy", cause, "main.go:1:1: expected 'package'"),
			},
			"(install Go, and put it on PATH|work in a copy of the project that can be written|" +
				"correct that, and run the command again)",
		},
		"automation.UnknownResourcesError": {
			[]error{
				&UnknownResourcesError{Stack: "dev", Resources: []recovery.Verdict{{URN: bucketURN, Lookup: "aws x"}}},
			},
			"run awslab recover --stack dev again, with --id NAME=ID for each that exists and --id NAME= for each " +
				"that does not",
		},
		"automation.PlanError": {
			[]error{
				&PlanError{Stack: "dev", Target: AWS, Diagnostics: diagnostics}, &PlanError{Stack: "dev", Target: AWS},
			},
			"awslab preview --stack dev --target aws --save-plan FILE, and look at it",
		},
		"backend.Error": {
			[]error{&BackendError{URL: "s3://", Problem: "names no bucket", Next: "choose another"}},
			"; choose another",
		},
		"backend.SecretsError": {
			[]error{&SecretsError{Provider: "x", Problem: "is unknown", Next: "choose another"}},
			"; choose another",
		},
		"engine.MissingError": {
			[]error{&engine.MissingError{Reason: cause}},
			"install Go so that awslab can build one",
		},
		"offline.UnusableError": {
			[]error{&offline.UnusableError{Reason: cause, Next: "free some space"}},
			"; free some space",
		},
		"images.EngineError": {[]error{&images.EngineError{Message: "no docker; install it"}}, "install it"},
		"images.FailedError": {[]error{&images.FailedError{}}, "try them with awslab images test"},
		"images.Failure": {
			[]error{&images.Failure{Message: "the image runs as root; add USER 1"}},
			"add USER 1",
		},
		"config.Error": {
			[]error{
				&config.Error{Problems: []config.Problem{{Path: "awslab:x", Message: "3; use 1 or 2"}}},
			}, "use 1 or 2",
		},
	}
	for name, row := range table {
		for _, err := range row.errs {
			require.Equal(t, name, reflect.TypeOf(err).Elem().String())
			found := reflect.New(reflect.TypeOf(err))
			require.True(t, errors.As(fmt.Errorf("doing it: %w", err), found.Interface()), name)
			require.Regexp(t, regexp.MustCompile(row.end+"$"), err.Error(), name)
		}
	}
	require.Equal(t, exportedErrors(t), slices.Sorted(maps.Keys(table)), "every exported error is in the table")
}

func TestARefusedRecoveryNamesOneNextStep(t *testing.T) {
	refused := &UnknownResourcesError{Stack: "dev", Resources: []recovery.Verdict{{URN: bucketURN, Lookup: "aws x"}}}
	err := classify(t.Context(), fmt.Errorf("recover of stack dev: %w", refused), refused,
		&Result{Operation: OperationRecover, Stack: "dev"})
	require.EqualError(t, err, refused.Error())
}

// exportedErrors lists the error types that callers of this package can meet.
func exportedErrors(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{".", "engine", "offline", "images", "internal/backend", "../infra/config"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			for _, declaration := range file.Decls {
				method, is := declaration.(*ast.FuncDecl)
				if !is || method.Recv == nil || method.Name.Name != "Error" {
					continue
				}
				receiver := method.Recv.List[0].Type
				if pointer, is := receiver.(*ast.StarExpr); is {
					receiver = pointer.X
				}
				if name, is := receiver.(*ast.Ident); is && name.IsExported() {
					found = append(found, file.Name.Name+"."+name.Name)
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

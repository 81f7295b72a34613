package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/awslab/awslab/automation/internal/recovery"
)

// ProtectedError refuses to delete what is protected against deletion. Nothing was deleted, nor changed.
type ProtectedError struct {
	Operation Operation
	Stack     string
	Target    Target
	// Resources are the URNs of what is protected and would be deleted, or replaced, sorted.
	Resources []string
}

func (e *ProtectedError) Error() string {
	names := make([]string, len(e.Resources))
	for i, urn := range e.Resources {
		names[i] = urn[strings.LastIndex(urn, ":")+1:]
	}
	on := Flags(e.Stack, e.Target)
	return fmt.Sprintf(
		"%s of stack %s would delete what is protected against deletion: %s; turn deletionProtection off, "+
			"or forceDelete on, in its configuration, run awslab up%s, and then awslab %s%s again",
		e.Operation,
		e.Stack,
		strings.Join(names, ", "),
		on,
		e.Operation,
		on,
	)
}

// deletionProtection are the names that resource types of AWS have for it.
var deletionProtection = []string{"deletionProtection", "deletionProtectionEnabled", "enableDeletionProtection"}

// emptied are the properties by which a thing is emptied when it is deleted. Without, AWS deletes it only while it is
// empty, which a repository or a bucket that is in use is not.
var emptied = map[tokens.Type]string{
	"aws:ecr/repository:Repository": "forceDelete",
	"aws:s3/bucketV2:BucketV2":      "forceDestroy",
}

// holdsData are the types of resources that are not made again by another up as they were.
var holdsData = map[tokens.Type]bool{
	"aws:backup/vault:Vault":              true,
	"aws:cloudwatch/logGroup:LogGroup":    true,
	"aws:dynamodb/table:Table":            true,
	"aws:ecr/repository:Repository":       true,
	"aws:efs/fileSystem:FileSystem":       true,
	"aws:rds/cluster:Cluster":             true,
	"aws:rds/globalCluster:GlobalCluster": true,
	"aws:rds/instance:Instance":           true,
	"aws:s3/bucketV2:BucketV2":            true,
	"aws:secretsmanager/secret:Secret":    true,
	"aws:sqs/queue:Queue":                 true,
}

// protected reports whether Pulumi or AWS refuses to delete a resource with these properties.
func protected(typ tokens.Type, protect bool, properties map[string]any) bool {
	if property, holds := emptied[typ]; holds && properties[property] != true {
		return true
	}
	return protect ||
		slices.ContainsFunc(deletionProtection, func(name string) bool { return properties[name] == true })
}

// protectedIn returns the URNs of what the engine does not delete, by what it says in a preview.
func protectedIn(diagnostics []Diagnostic) []string {
	var kept []string
	for _, d := range diagnostics {
		if d.URN != "" && strings.Contains(d.Message, "because it is protected") {
			kept = append(kept, d.URN)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// settled returns the stack's state, or an *InterruptedError if another operation has creates pending in it.
func (l *Lab) settled(ctx context.Context) (*apitype.DeploymentV3, error) {
	_, state, err := l.deployment(ctx)
	if err != nil {
		return nil, err
	}
	if pending := recovery.Pending(state); len(pending) > 0 {
		return nil, &InterruptedError{Stack: l.options.Stack, Target: l.options.Target, Pending: namesOf(pending)}
	}
	return state, nil
}

// refuseDeletion refuses an operation that would delete what the target refuses to delete, by the state. The engine
// would find out resource by resource, after it has deleted what depends on them.
func (l *Lab) refuseDeletion(state *apitype.DeploymentV3, operation Operation, deletes func(urn string) bool) error {
	var kept []string
	for _, r := range state.Resources {
		if protected(r.Type, r.Protect, r.Outputs) && deletes(string(r.URN)) {
			kept = append(kept, string(r.URN))
		}
	}
	if len(kept) == 0 {
		return nil
	}
	slices.Sort(kept)
	return &ProtectedError{
		Operation: operation, Stack: l.options.Stack, Target: l.options.Target, Resources: kept,
	}
}

// deleted reports whether a preview's steps delete or replace a resource.
func (r *Result) deleted(urn string) bool {
	return slices.ContainsFunc(
		r.Steps,
		func(s Step) bool { return s.URN == urn && (s.Op == "delete" || s.Op == "replace") },
	)
}

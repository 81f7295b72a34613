package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// OperationImport is what a *CancelledError calls an import, which is no operation of the engine.
const OperationImport Operation = "import"

// Imported says what an import replaced.
type Imported struct {
	// Before and After are how many resources the state had, and has.
	Before int `json:"before"`
	After  int `json:"after"`
	// Backup is where the backend keeps the state before, a path or URL, until it writes the state once more. It is
	// empty where the backend keeps every state, as Pulumi Cloud does.
	Backup string `json:"backup,omitempty"`
}

// StateError refuses to import a state. The stack's own is as it was.
type StateError struct {
	Stack  string
	Target Target
	// Reason says what is wrong with the state.
	Reason string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("the state to import %s; give one that awslab export%s printed",
		e.Reason, Flags(e.Stack, e.Target))
}

// Import replaces the stack's state by one that Export returned: of this stack, whose own key its secrets are encrypted
// with, or with secrets in clear text. A *StateError refuses any other, and one without resources for a stack that has
// some. Once it has begun it is finished, also if ctx is cancelled.
func (l *Lab) Import(ctx context.Context, deployment apitype.UntypedDeployment) (*Imported, error) {
	_, before, err := l.deployment(ctx)
	if err != nil {
		return nil, l.orCancelled(ctx, OperationImport, err)
	}
	given, reason := l.importable(deployment, len(before.Resources))
	if reason != "" {
		return nil, &StateError{l.options.Stack, l.options.Target, reason}
	}
	if ctx.Err() != nil {
		return nil, l.cancelled(ctx, OperationImport, nil, false)
	}
	// The engine leaves the lock behind when it is interrupted here.
	err = l.stack.Import(context.WithoutCancel(ctx), deployment)
	switch {
	case err == nil:
		return &Imported{Before: len(before.Resources), After: len(given.Resources), Backup: l.backup()}, nil
	case ctx.Err() != nil && engineKilled(err):
		return nil, l.cancelled(ctx, OperationImport, nil, true)
	case inconsistent.MatchString(err.Error()):
		reason := inconsistent.FindStringSubmatch(err.Error())[1]
		return nil, &StateError{l.options.Stack, l.options.Target, "does not fit together: " + reason}
	case unsupported.MatchString(err.Error()):
		features := unsupported.FindStringSubmatch(err.Error())[1]
		return nil, &StateError{l.options.Stack, l.options.Target, "needs a newer engine, for " + features}
	}
	wrapped := fmt.Errorf("importing the state of stack %s: %w", l.options.Stack, redact(err))
	return nil, l.located(classify(context.WithoutCancel(ctx), wrapped, err, nil))
}

// inconsistent is how the engine says so, before it names a flag of its own.
var inconsistent = regexp.MustCompile(`state file contains errors: (.*)`)

// unsupported is how the engine names the features of a deployment of version 4 that it does not have.
var unsupported = regexp.MustCompile(`features that are not supported by this version of the Pulumi CLI: (.*)\. `)

// importable returns a state that may replace the stack's, which has a number of resources, or why it may not.
func (l *Lab) importable(deployment apitype.UntypedDeployment, has int) (given apitype.DeploymentV3, reason string) {
	if v := deployment.Version; v < 1 || v > apitype.DeploymentSchemaVersionLatest {
		return given, fmt.Sprintf("has version %d, and awslab reads 1 to %d", v, apitype.DeploymentSchemaVersionLatest)
	}
	var content struct{ Manifest *apitype.ManifestV1 }
	if err := json.Unmarshal(deployment.Deployment, &content); err != nil || content.Manifest == nil {
		return given, "has no deployment with a manifest"
	}
	if err := json.Unmarshal(deployment.Deployment, &given); err != nil {
		return given, "cannot be read: " + err.Error()
	}
	if len(given.Resources) == 0 && has > 0 {
		return given, fmt.Sprintf("has no resources, where stack %s has %d", l.options.Stack, has)
	}
	resources := given.Resources
	for _, pending := range given.PendingOperations {
		resources = append(resources, pending.Resource)
	}
	for _, r := range resources {
		if !r.URN.IsValid() {
			return given, fmt.Sprintf("has %q where the URN of a resource has to be", r.URN)
		}
		if string(r.URN.Stack()) != l.options.Stack || r.URN.Project() != l.project.Name {
			return given, fmt.Sprintf("is of stack %s of project %s", r.URN.Stack(), r.URN.Project())
		}
	}
	return given, ""
}

// backup returns where the engine keeps what the state was before it was last written.
func (l *Lab) backup() string {
	file := path.Join(".pulumi", "stacks", string(l.project.Name), l.options.Stack+".json.bak")
	if folder := l.stateFolder(); folder != "" {
		file = path.Join(folder, file)
		if _, err := os.Stat(file); err != nil {
			return ""
		}
		return file
	}
	address, err := url.Parse(l.backend)
	if err != nil || address.Scheme == "https" || address.Scheme == "http" {
		return ""
	}
	return fmt.Sprintf("%s://%s/%s", address.Scheme, strings.TrimSuffix(address.Host+address.Path, "/"), file)
}

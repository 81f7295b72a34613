package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// ProtectedError refuses to destroy a stack that holds what is protected against deletion. Nothing was deleted.
type ProtectedError struct {
	Stack string
	// Resources are the URNs of what is protected.
	Resources []string
}

func (e *ProtectedError) Error() string {
	names := make([]string, len(e.Resources))
	for i, urn := range e.Resources {
		names[i] = urn[strings.LastIndex(urn, ":")+1:]
	}
	return fmt.Sprintf("stack %s holds what is protected against deletion: %s; turn deletionProtection off in its configuration, "+
		"bring it up, and destroy it then", e.Stack, strings.Join(names, ", "))
}

// deletionProtection are the names that resource types of AWS have for it.
var deletionProtection = []string{"deletionProtection", "deletionProtectionEnabled", "enableDeletionProtection"}

// protected lists what the target would refuse to delete, by the state. The engine would find out resource by resource,
// after it has deleted what depends on them.
func (l *Lab) protected(ctx context.Context) ([]string, error) {
	deployment, err := l.stack.Export(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the state of stack %s: %w", l.options.Stack, redact(err))
	}
	var state apitype.DeploymentV3
	if err := json.Unmarshal(deployment.Deployment, &state); err != nil {
		return nil, fmt.Errorf("reading the state of stack %s: %w", l.options.Stack, err)
	}
	var found []string
	for _, r := range state.Resources {
		if r.Protect || slices.ContainsFunc(deletionProtection, func(name string) bool { return r.Outputs[name] == true }) {
			found = append(found, string(r.URN))
		}
	}
	return found, nil
}

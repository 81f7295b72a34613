package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Output is one of the stack's outputs.
type Output struct {
	Value  any
	Secret bool
}

// MarshalJSON hides the value of a secret, which is in Value.
func (o Output) MarshalJSON() ([]byte, error) {
	if o.Secret {
		return json.Marshal("[secret]")
	}
	return json.Marshal(o.Value)
}

// Outputs of a stack by name.
type Outputs map[string]Output

func newOutputs(from auto.OutputMap) Outputs {
	outputs := make(Outputs, len(from))
	for name, value := range from {
		outputs[name] = Output{Value: value.Value, Secret: value.Secret}
	}
	return outputs
}

// Outputs reads the stack's outputs from its state.
func (l *Lab) Outputs(ctx context.Context) (Outputs, error) {
	outputs, err := l.stack.Outputs(ctx)
	if err != nil {
		wrapped := fmt.Errorf("reading the outputs of stack %s: %w", l.options.Stack, redact(err))
		return nil, l.located(classify(ctx, wrapped, err, nil))
	}
	return newOutputs(outputs), nil
}

// ExportOptions say what an export holds.
type ExportOptions struct {
	// ShowSecrets decrypts secrets, which anyone can then read who gets hold of the export.
	ShowSecrets bool
}

// Export returns the stack's deployment, its state. Secrets are encrypted with the stack's own key unless options ask
// for their values.
func (l *Lab) Export(ctx context.Context, options ExportOptions) (apitype.UntypedDeployment, error) {
	// The SDK's Export always decrypts.
	args := []string{"stack", "export", "--stack", l.options.Stack}
	if options.ShowSecrets {
		args = append(args, "--show-secrets")
	}
	var deployment apitype.UntypedDeployment
	stdout, stderr, _, err := l.command.Run(ctx, l.options.ProjectDir, nil, nil, nil, nil, args...)
	if err != nil {
		wrapped := fmt.Errorf("exporting stack %s: %w: %s", l.options.Stack, err, strings.TrimSpace(stderr))
		return deployment, l.located(classify(ctx, wrapped, wrapped, nil))
	}
	if err := json.Unmarshal([]byte(stdout), &deployment); err != nil {
		return deployment, fmt.Errorf("reading the export of stack %s: %w", l.options.Stack, err)
	}
	return deployment, nil
}

// deployment returns the stack's state, also as it was exported.
func (l *Lab) deployment(ctx context.Context) (apitype.UntypedDeployment, *apitype.DeploymentV3, error) {
	exported, err := l.Export(ctx, ExportOptions{})
	if err != nil {
		return exported, nil, err
	}
	var state apitype.DeploymentV3
	if err := json.Unmarshal(exported.Deployment, &state); err != nil {
		return exported, nil, fmt.Errorf("reading the state of stack %s: %w", l.options.Stack, err)
	}
	return exported, &state, nil
}

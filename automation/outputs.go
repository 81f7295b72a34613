package automation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Output is one of the stack's outputs.
type Output struct {
	Value  any
	Secret bool
}

// MarshalJSON hides the value of a secret; whoever needs it reads Value.
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
		return nil, classify(ctx, fmt.Errorf("reading the outputs of stack %s: %w", l.options.Stack, redact(err)), err, nil)
	}
	return newOutputs(outputs), nil
}

// Export returns the stack's deployment, its state, with secrets encrypted.
func (l *Lab) Export(ctx context.Context) (apitype.UntypedDeployment, error) {
	deployment, err := l.stack.Export(ctx)
	if err != nil {
		return deployment, classify(ctx, fmt.Errorf("exporting stack %s: %w", l.options.Stack, redact(err)), err, nil)
	}
	return deployment, nil
}

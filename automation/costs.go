package automation

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/awslab/awslab/automation/cost"
)

// OperationCost is what a *CancelledError calls an estimate, which is a preview for the engine.
const OperationCost Operation = "cost"

// Costs are what a stack costs in a month, as far as its resources' inputs tell.
type Costs struct {
	// Now is what the stack costs as it is: nothing before the first update. After is what it would cost after an Up.
	Now   []cost.Line `json:"now"`
	After []cost.Line `json:"after"`
}

// Costs estimates what the stack costs now and after an Up. It runs a preview without the policy packs, and changes
// nothing.
func (l *Lab) Costs(ctx context.Context) (*Costs, error) {
	result, err := l.alone(ctx, OperationCost, func(ctx context.Context) (*Result, error) {
		return l.operate(ctx, OperationPreview, &choices{}, func(ch chan<- events.EngineEvent) (Outputs, error) {
			_, err := l.stack.Preview(
				ctx,
				optpreview.EventStreams(ch),
				optpreview.ConfigFile(l.configFile),
				optpreview.SuppressProgress(),
			)
			return nil, err
		})
	})
	if err != nil {
		return nil, l.orCancelled(ctx, OperationCost, err)
	}
	return &Costs{Now: cost.Estimate(result.before), After: cost.Estimate(result.after)}, nil
}

// plan notes a resource as it is and as the program wants it.
func (r *Result) plan(m apitype.StepEventMetadata) {
	if m.Old != nil && m.Op != apitype.OpDeleteReplaced {
		r.before = append(r.before, resourceOf(m.Old))
	}
	if m.New != nil && m.Op != apitype.OpCreateReplacement {
		r.after = append(r.after, resourceOf(m.New))
	}
}

func resourceOf(state *apitype.StepEventStateMetadata) cost.Resource {
	return cost.Resource{URN: state.URN, Parent: state.Parent, Type: state.Type, Inputs: state.Inputs}
}

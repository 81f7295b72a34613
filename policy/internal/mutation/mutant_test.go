//go:build mutation

package mutation_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// mutant is the stack with one change that makes it worse.
type mutant struct {
	// what says which change, and to which resource.
	what string
	// inputs and outputs are the properties of the resources that are changed, by URN.
	inputs, outputs map[string]props
	// without are the URNs of resources that are taken away.
	without map[string]bool
	// unprotected are the URNs of resources without the resource option protect.
	unprotected map[string]bool
	// with are resources that are added.
	with []*pulumirpc.AnalyzerResource
}

type props = map[string]any

// thing is a resource of the recording with its properties as plain values.
type thing struct {
	urn, kind, name string
	inputs, outputs props
}

func (w world) things() []thing {
	var found []thing
	for _, r := range w.stack {
		req, ok := w.inputs[r.GetUrn()]
		if !ok {
			continue // a component, or Pulumi's own
		}
		found = append(
			found,
			thing{r.GetUrn(), r.GetType(), r.GetName(), req.GetProperties().AsMap(), r.GetProperties().AsMap()},
		)
	}
	slices.SortFunc(found, func(a, b thing) int { return strings.Compare(a.urn, b.urn) })
	return found
}

// edited returns the mutant in which the same change is made to a resource's inputs and outputs.
func edited(t thing, what string, change func(props)) mutant {
	inputs, outputs := clone(t.inputs).(props), clone(t.outputs).(props)
	change(inputs)
	change(outputs)
	return mutant{
		what:    fmt.Sprintf("%s: %s", t.name, what),
		inputs:  map[string]props{t.urn: inputs},
		outputs: map[string]props{t.urn: outputs},
	}
}

// and joins the changes of two mutants into one, which is named after the first.
func (m mutant) and(other mutant) mutant {
	joined := mutant{
		what:    m.what,
		inputs:  maps.Clone(m.inputs),
		outputs: maps.Clone(m.outputs),
		without: maps.Clone(m.without),
		with:    m.with,
	}
	for _, merge := range []struct{ into, from *map[string]props }{
		{&joined.inputs, &other.inputs},
		{&joined.outputs, &other.outputs},
	} {
		if *merge.into == nil {
			*merge.into = map[string]props{}
		}
		maps.Copy(*merge.into, *merge.from)
	}
	if joined.without == nil {
		joined.without = map[string]bool{}
	}
	maps.Copy(joined.without, other.without)
	return joined
}

// touched returns the URNs of what the change is about.
func (m mutant) touched() map[string]bool {
	urns := map[string]bool{}
	for urn := range m.inputs {
		urns[urn] = true
	}
	maps.Copy(urns, m.without)
	maps.Copy(urns, m.unprotected)
	for _, r := range m.with {
		urns[r.GetUrn()] = true
	}
	return urns
}

// removed returns the mutant without the resources.
func removed(what string, things ...thing) mutant {
	m := mutant{what: what, without: map[string]bool{}}
	for _, t := range things {
		m.without[t.urn] = true
	}
	return m
}

func clone(value any) any {
	switch v := value.(type) {
	case props:
		copied := make(props, len(v))
		for key, element := range v {
			copied[key] = clone(element)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, element := range v {
			copied[i] = clone(element)
		}
		return copied
	default:
		return v
	}
}

// at calls visit for every object that the path leads to, and the last key of the path. Lists on the way are passed
// through.
func at(value any, path string, visit func(holder props, key string)) {
	key, rest, deeper := strings.Cut(path, ".")
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			at(element, path, visit)
		}
	case props:
		if !deeper {
			visit(v, key)
			return
		}
		at(v[key], rest, visit)
	}
}

// shown returns what packs are shown of the mutant: the inputs that changed, and the whole stack.
func (m mutant) shown(w world) ([]*pulumirpc.AnalyzeRequest, *pulumirpc.AnalyzeStackRequest, error) {
	var requests []*pulumirpc.AnalyzeRequest
	for _, urn := range slices.Sorted(maps.Keys(m.inputs)) {
		properties, err := structpb.NewStruct(m.inputs[urn])
		if err != nil {
			return nil, nil, err
		}
		req := proto.Clone(w.inputs[urn]).(*pulumirpc.AnalyzeRequest)
		req.Properties = properties
		requests = append(requests, req)
	}
	stack := &pulumirpc.AnalyzeStackRequest{}
	for urn := range m.unprotected {
		req := proto.Clone(w.inputs[urn]).(*pulumirpc.AnalyzeRequest)
		req.Options.Protect = false
		requests = append(requests, req)
	}
	for _, r := range w.stack {
		if m.without[r.GetUrn()] {
			continue
		}
		if outputs, changed := m.outputs[r.GetUrn()]; changed {
			properties, err := structpb.NewStruct(outputs)
			if err != nil {
				return nil, nil, err
			}
			r = proto.Clone(r).(*pulumirpc.AnalyzerResource)
			r.Properties = properties
		}
		stack.Resources = append(stack.Resources, r)
	}
	for _, r := range m.with {
		requests = append(requests, &pulumirpc.AnalyzeRequest{
			Urn:        r.GetUrn(),
			Type:       r.GetType(),
			Name:       r.GetName(),
			Properties: r.GetProperties(),
		})
		stack.Resources = append(stack.Resources, r)
	}
	return requests, stack, nil
}

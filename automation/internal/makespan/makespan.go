// Package makespan estimates how long AWS takes for the first deployment of a stack, and which chain of resources makes
// it so: each resource of a state takes the usual time of its type, and begins when what it needs is there and the
// engine has a worker left. The state says nothing of updates, so that only creations are estimated.
package makespan

import (
	"cmp"
	"container/heap"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

//go:embed durations.json
var durationsJSON []byte

// duration is how long the provider usually takes to create a resource.
type duration struct {
	Type string `json:"type"`
	// Having is an input that the resource has to have for the line to hold. Empty means any.
	Having  string  `json:"having,omitempty"`
	Seconds float64 `json:"seconds"`
	Source  string  `json:"source"`
}

type durations struct {
	// Waits are the types for which the provider waits. Of two lines for a type the first that holds counts.
	Waits []duration `json:"waits"`
	// Calls are the types whose creation is one call, or a few, without waiting for anything.
	Calls struct {
		Seconds float64  `json:"seconds"`
		Source  string   `json:"source"`
		Types   []string `json:"types"`
	} `json:"calls"`
}

func (d *durations) of(r *apitype.ResourceV3) (time.Duration, error) {
	if !r.Custom || strings.HasPrefix(string(r.Type), "pulumi:") {
		return 0, nil
	}
	for _, wait := range d.Waits {
		if _, has := r.Inputs[wait.Having]; wait.Type == string(r.Type) && (has || wait.Having == "") {
			return seconds(wait.Seconds), nil
		}
	}
	if slices.Contains(d.Calls.Types, string(r.Type)) {
		return seconds(d.Calls.Seconds), nil
	}
	return 0, fmt.Errorf("%s: durations.json does not say how long its creation takes", r.Type)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Step is a resource on the critical path.
type Step struct {
	Type, Name string
	// Takes is the usual time of its creation, Ends when it is there, counted from the beginning of the deployment.
	Takes, Ends time.Duration
}

// Estimate is what a first deployment takes.
type Estimate struct {
	// Total is with the engine's workers, Critical what no number of them could better: the sum of Path.
	Total, Critical time.Duration
	// Path is the longest chain of resources that need each other, the first first.
	Path []Step
}

func (e *Estimate) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, at best %s:", e.Total, e.Critical)
	for _, s := range e.Path {
		if s.Takes > 0 {
			fmt.Fprintf(&text, "\n%8s %8s  %s %s", s.Ends, s.Takes, s.Type, s.Name)
		}
	}
	return text.String()
}

// node is a resource of the state.
type node struct {
	*apitype.ResourceV3
	index   int
	takes   time.Duration
	needs   []*node
	needers []*node
	// ends is when it is there at best, after is what it waits for the longest.
	ends  time.Duration
	after *node
	// waits counts what it still waits for in a schedule, done is when it ends in it.
	waits int
	done  time.Duration
}

// Of estimates the first deployment of what is in a state with so many workers of the engine. A type that
// durations.json lacks is an error.
func Of(resources []apitype.ResourceV3, workers int) (*Estimate, error) {
	nodes, err := graph(resources)
	if err != nil {
		return nil, err
	}
	estimate := &Estimate{Total: schedule(nodes, workers)}
	var last *node
	for _, n := range nodes {
		if last == nil || n.ends > last.ends {
			last = n
		}
	}
	for n := last; n != nil; n = n.after {
		estimate.Critical = max(estimate.Critical, n.ends)
		estimate.Path = append(estimate.Path, Step{string(n.Type), n.URN.Name(), n.takes, n.ends})
	}
	slices.Reverse(estimate.Path)
	return estimate, nil
}

// graph follows the order of a state, in which everything comes after what it needs.
func graph(resources []apitype.ResourceV3) ([]*node, error) {
	var known durations
	if err := json.Unmarshal(durationsJSON, &known); err != nil {
		return nil, fmt.Errorf("reading durations.json: %w", err)
	}
	var nodes []*node
	byURN := map[resource.URN]*node{}
	for i := range resources {
		takes, err := known.of(&resources[i])
		if err != nil {
			return nil, err
		}
		n := &node{ResourceV3: &resources[i], index: i, takes: takes}
		for _, urn := range needs(n.ResourceV3) {
			if needed := byURN[urn]; needed != nil {
				n.needs = append(n.needs, needed)
				needed.needers = append(needed.needers, n)
				if n.after == nil || needed.ends > n.after.ends {
					n.after = needed
				}
			}
		}
		n.ends = takes
		if n.after != nil {
			n.ends += n.after.ends
		}
		nodes, byURN[n.URN] = append(nodes, n), n
	}
	return nodes, nil
}

// needs returns, once each, what a resource waits for.
func needs(r *apitype.ResourceV3) []resource.URN {
	needed := slices.Clone(r.Dependencies)
	for _, property := range r.PropertyDependencies {
		needed = append(needed, property...)
	}
	if provider := strings.LastIndex(r.Provider, "::"); provider > 0 {
		needed = append(needed, resource.URN(r.Provider[:provider]))
	}
	needed = append(needed, r.Parent)
	slices.Sort(needed)
	return slices.Compact(needed)
}

// schedule returns when the last resource is there. A free worker takes the resource that the program registers first.
func schedule(nodes []*node, workers int) time.Duration {
	ready, running := &queue{less: earlier}, &queue{less: sooner}
	for _, n := range nodes {
		if n.waits = len(n.needs); n.waits == 0 {
			heap.Push(ready, n)
		}
	}
	var now time.Duration
	for ready.Len()+running.Len() > 0 {
		for ready.Len() > 0 && running.Len() < workers {
			n := heap.Pop(ready).(*node)
			n.done = now + n.takes
			heap.Push(running, n)
		}
		ended := heap.Pop(running).(*node)
		now = ended.done
		for _, n := range ended.needers {
			if n.waits--; n.waits == 0 {
				heap.Push(ready, n)
			}
		}
	}
	return now
}

func earlier(a, b *node) int { return cmp.Compare(a.index, b.index) }

func sooner(a, b *node) int { return cmp.Or(cmp.Compare(a.done, b.done), earlier(a, b)) }

// queue is a heap of resources.
type queue struct {
	nodes []*node
	less  func(a, b *node) int
}

func (q *queue) Len() int           { return len(q.nodes) }
func (q *queue) Less(i, j int) bool { return q.less(q.nodes[i], q.nodes[j]) < 0 }
func (q *queue) Swap(i, j int)      { q.nodes[i], q.nodes[j] = q.nodes[j], q.nodes[i] }
func (q *queue) Push(n any)         { q.nodes = append(q.nodes, n.(*node)) }

func (q *queue) Pop() any {
	last := q.nodes[len(q.nodes)-1]
	q.nodes = q.nodes[:len(q.nodes)-1]
	return last
}

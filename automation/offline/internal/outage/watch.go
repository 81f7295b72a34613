package outage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/calls"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Outage is something that did not work for a while, though it worked before the recording and works after it.
type Outage struct {
	// What did not work: a request, or what the tasks of a service need.
	What string `json:"what"`
	// Since is what was done to the world in the first step at which it did not work, Reason the hop that was missing.
	Since  string `json:"since"`
	Reason string `json:"reason"`
	// Steps is for how many of the recording's steps it did not work.
	Steps int `json:"steps"`
}

func (o Outage) String() string {
	return fmt.Sprintf("%s, for %d steps since %s: %s", o.What, o.Steps, o.Since, o.Reason)
}

// Find replays a recording and returns the outages in it.
func Find(ctx context.Context, w *world.World) ([]Outage, error) {
	watch := &watcher{pending: map[world.Key][]string{}, series: map[string]*series{}, targets: map[string][]string{}}
	// The requests of a route that is new may have had answers before it: those of a more general route.
	if err := w.View(ctx, func(tx *world.Tx) error {
		things, err := tx.All()
		watch.asked = NewState(things, nil).Requests()
		return err
	}); err != nil {
		return nil, err
	}
	if err := w.Replay(ctx, watch.see); err != nil {
		return nil, err
	}
	return watch.outages(), nil
}

// watcher goes through a recording.
type watcher struct {
	things  []*world.Thing
	images  []world.Image
	pending map[world.Key][]string // what is being created, with the URNs of one of which the operation is
	state   *State
	running []*Generation

	moments []string // of which something was observed, by what was done to the world
	series  map[string]*series
	order   []string // of the names of series
	asked   []Request
	// targets are the target groups that requests went to at first.
	targets map[string][]string
	// groups are the target groups that were there at first.
	groups []string
}

// series is what was observed of one thing to do, from its first moment to its last one.
type series struct {
	what string
	// tasks are those that need it; nil for a request.
	tasks *Generation
	// right says that it is a call that has to be allowed.
	right bool
	// settled says that it worked when the deployment of the tasks was over.
	settled bool
	first   int
	// reasons are empty where it worked.
	reasons []string
}

// relevant reports whether something depends on the things of a type.
func relevant(typ string) bool { return slices.Contains(types, typ) || calls.Decides(typ) }

func (w *watcher) see(tx *world.Tx, step world.Step) error {
	first := w.state == nil
	if !first && !slices.ContainsFunc(step.Changes, func(c world.Change) bool {
		return c.Kind == world.Done && w.concerns(c.URN) || relevant(c.Key.Type)
	}) {
		return nil
	}
	if err := w.read(tx, step); err != nil {
		return err
	}
	before := w.state
	w.state = NewState(w.available(), w.images)
	if err := w.deploy(tx, step, first); err != nil {
		return err
	}
	w.moments = append(w.moments, describe(step))
	if first {
		for _, group := range w.state.byType[token.TargetGroup] {
			w.groups = append(w.groups, group.ARN)
		}
	}
	if !first && slices.ContainsFunc(step.Changes, func(c world.Change) bool {
		return c.Kind == world.Update && c.Key.Type == token.NetworkAcl
	}) {
		w.observe(w.state.withoutChanged(before))
	}
	w.observe(w.state)
	if first || slices.ContainsFunc(step.Changes, func(c world.Change) bool { return calls.Decides(c.Key.Type) }) ||
		w.starts(step) {
		return w.decide(tx)
	}
	return nil
}

func (w *watcher) concerns(urn string) bool {
	for _, urns := range w.pending {
		if slices.Contains(urns, urn) {
			return true
		}
	}
	return slices.ContainsFunc(w.running, func(g *Generation) bool { return g.Service.URN == urn })
}

func (w *watcher) starts(step world.Step) bool {
	return slices.ContainsFunc(step.Changes, func(c world.Change) bool { return c.Key.Type == token.Service })
}

// read reads the world after a step.
func (w *watcher) read(tx *world.Tx, step world.Step) (err error) {
	for _, change := range step.Changes {
		switch change.Kind {
		case world.Create:
			w.pending[change.Key] = urnsOf(step)
		case world.Delete:
			delete(w.pending, change.Key)
		case world.Done:
			maps.DeleteFunc(w.pending, func(_ world.Key, urns []string) bool {
				return slices.Contains(urns, change.URN)
			})
			continue
		}
		w.things = nil
	}
	if w.things != nil {
		return nil
	}
	if w.things, err = tx.All(); err != nil {
		return err
	}
	w.images = nil
	for _, thing := range w.things {
		if thing.Type != token.Repository {
			continue
		}
		images, err := tx.Images(bridge.StateOf(thing).Str("repositoryUrl"))
		if err != nil {
			return err
		}
		w.images = append(w.images, images...)
	}
	return nil
}

func urnsOf(step world.Step) []string {
	var urns []string
	for _, change := range step.Changes {
		urns = append(urns, change.URN)
	}
	return urns
}

// available returns the things whose creation is over.
func (w *watcher) available() []*world.Thing {
	return slices.DeleteFunc(slices.Clone(w.things), func(t *world.Thing) bool {
		_, pending := w.pending[t.Key]
		return pending
	})
}

// deploy starts and ends generations.
func (w *watcher) deploy(tx *world.Tx, step world.Step, first bool) error {
	if first {
		for _, service := range w.state.byType[token.Service] {
			g, err := w.start(tx, service)
			if err != nil {
				return err
			}
			g.Starting = false
		}
		return nil
	}
	for _, change := range step.Changes {
		switch {
		case change.Kind == world.Done:
			w.settle(change.URN)
		case change.Key.Type != token.Service:
		case change.Kind == world.Delete:
			w.running = slices.DeleteFunc(w.running, func(g *Generation) bool { return g.Service.Key == change.Key })
		default:
			i := slices.IndexFunc(w.things, func(t *world.Thing) bool { return t.Key == change.Key })
			if i < 0 {
				continue
			}
			if _, err := w.start(tx, w.things[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *watcher) start(tx *world.Tx, service *world.Thing) (*Generation, error) {
	made, err := calls.Made(tx, service)
	if err != nil {
		return nil, err
	}
	g, err := NewGeneration(w.state, service, made)
	if err != nil {
		return nil, err
	}
	w.running = append(w.running, g)
	return g, nil
}

// settle ends a deployment: only its own tasks are left.
func (w *watcher) settle(urn string) {
	last := -1
	for i, g := range w.running {
		if g.Service.URN == urn && g.Starting {
			last = i
		}
	}
	if last < 0 {
		return
	}
	kept := w.running[last]
	kept.Starting = false
	for _, one := range w.series {
		if one.tasks == kept {
			one.settled = one.last() == ""
		}
	}
	w.running = slices.DeleteFunc(w.running, func(g *Generation) bool { return g.Service.URN == urn && g != kept })
}

// observe asks for everything that has ever been asked for.
func (w *watcher) observe(s *State) {
	for _, request := range s.Requests() {
		if !slices.Contains(w.asked, request) {
			w.asked = append(w.asked, request)
		}
	}
	for _, request := range w.asked {
		if len(w.moments) == 1 {
			w.targets[request.String()], _, _ = s.forward(request)
		}
		w.note(request.String(), nil, s.answer(request, w.stable()))
	}
	for _, g := range w.running {
		for _, need := range s.Needs(g) {
			w.note(fmt.Sprintf("%s of the tasks of %s, deployment %p", need.Name, g.name(), g), g,
				need.Check(s, w.running))
		}
	}
}

// stable are the generations whose tasks are healthy. Without a task definition none has started.
func (w *watcher) stable() []*Generation {
	return slices.DeleteFunc(slices.Clone(w.running), func(g *Generation) bool {
		return g.Starting || g.Definition == nil
	})
}

func (w *watcher) decide(tx *world.Tx) error {
	for _, g := range w.running {
		for _, call := range g.rights {
			decision, err := calls.Decide(tx, call)
			gone := false
			if err == nil && !decision.Allowed {
				gone, err = w.gone(tx, g, call)
			}
			switch {
			case err != nil:
				return err
			case !gone:
				w.noteRight(g, call, decision)
			}
		}
	}
	return nil
}

// gone reports whether a call of tasks, that no others take the place of, is about what is not there any more, such as
// an index.
func (w *watcher) gone(tx *world.Tx, g *Generation, call authorization.Request) (bool, error) {
	if slices.ContainsFunc(w.running, func(other *Generation) bool {
		return other != g && other.Service.Key == g.Service.Key
	}) {
		return false, nil
	}
	made, err := calls.Made(tx, g.Service)
	return !slices.ContainsFunc(made, func(m authorization.Request) bool {
		return m.Action == call.Action && m.Resource == call.Resource
	}), err
}

func (w *watcher) noteRight(g *Generation, call authorization.Request, decision authorization.Decision) {
	var denied error
	if !decision.Allowed {
		denied = fmt.Errorf("%s, %s", call, decision.Reason)
	}
	name := fmt.Sprintf("%s on %s of the tasks of %s, deployment %p", call.Action, call.Resource, g.name(), g)
	w.note(name, g, denied)
	w.series[name].right = true
}

func (w *watcher) note(name string, tasks *Generation, missing error) {
	now := len(w.moments) - 1
	if w.series[name] == nil {
		w.series[name] = &series{what: name, tasks: tasks, first: now}
		w.order = append(w.order, name)
	}
	one := w.series[name]
	reason := ""
	if missing != nil {
		reason = missing.Error()
	}
	for len(one.reasons) < now-one.first { // what was not asked for was as before
		one.reasons = append(one.reasons, one.last())
	}
	if len(one.reasons) == now-one.first {
		one.reasons = append(one.reasons, reason)
	} else if reason != "" { // in the middle of the step it did not work
		one.reasons[now-one.first] = reason
	}
}

func (s *series) last() string {
	if len(s.reasons) == 0 {
		return ""
	}
	return s.reasons[len(s.reasons)-1]
}

// outages returns what did not work at a moment and should have: requests that are answered before and after, what the
// tasks of before could do, and what the tasks of later can do in the end.
func (w *watcher) outages() []Outage {
	var found []Outage
	for _, name := range w.order {
		one := w.series[name]
		end := w.endOf(one)
		if !w.expected(one, end) {
			continue
		}
		for i, reason := range one.reasons[:end] {
			if reason == "" {
				continue
			}
			what, _, _ := strings.Cut(one.what, ", deployment ")
			o := Outage{What: what, Since: w.moments[one.first+i], Reason: reason}
			for _, later := range one.reasons[i:end] {
				if later != "" {
					o.Steps++
				}
			}
			found = append(found, o)
			break
		}
	}
	return found
}

func (w *watcher) expected(one *series, end int) bool {
	if end == 0 {
		return false
	}
	before, after := one.reasons[0] == "", one.reasons[end-1] == ""
	switch {
	case one.tasks == nil:
		return one.first == 0 && before && after && end == len(w.moments) && !w.handedOn(one)
	case one.first == 0 && before || one.settled:
		return !w.givenUp(one) && !w.withdrawn(one, after)
	}
	return one.first > 0 && after
}

// handedOn reports whether a series is of requests whose route is gone in the end, with the target group that they went
// to, and that a target group answers then which was not there before: that of a new service with a more general route.
func (w *watcher) handedOn(one *series) bool {
	isThere := func(group string) bool { return w.state.find(token.TargetGroup, "arn", group) != nil }
	wasThere := func(group string) bool { return slices.Contains(w.groups, group) }
	i := slices.IndexFunc(w.asked, func(r Request) bool { return r.String() == one.what })
	answering, _, err := w.state.forward(w.asked[i])
	return err == nil && !slices.ContainsFunc(answering, wasThere) &&
		!slices.ContainsFunc(w.targets[one.what], isThere) &&
		!slices.ContainsFunc(w.state.Requests(), func(r Request) bool { return r.String() == one.what })
}

// withdrawn reports whether a series is of a right that tasks which run in the end do not have in the end: it was taken
// from them and from no others in their place.
func (w *watcher) withdrawn(one *series, after bool) bool {
	return one.right && !after && slices.Contains(w.running, one.tasks)
}

// givenUp reports whether a series is of calls of another service that is to have no tasks in the end, or that the
// tasks which run in the end do not make, and none in their place: such a request is not answered after the change.
func (w *watcher) givenUp(one *series) bool {
	peer, isCall := strings.CutPrefix(one.what, "service ")
	if !isCall {
		return false
	}
	name, _, _ := strings.Cut(peer, ":")
	for _, g := range w.running {
		if g.isCalled(name) && !w.state.hasTasks(g) {
			return true
		}
	}
	calls := func(g *Generation) bool {
		return slices.ContainsFunc(g.peers(), func(p string) bool { return strings.HasPrefix(p, name+":") })
	}
	own := slices.DeleteFunc(slices.Clone(w.running), func(g *Generation) bool {
		return g.Service.Key != one.tasks.Service.Key
	})
	if len(own) == 0 { // it may be there by another name
		return !slices.ContainsFunc(w.running, calls)
	}
	return !slices.ContainsFunc(own, func(g *Generation) bool {
		return calls(g) || slices.ContainsFunc(g.peers(), func(p string) bool {
			return !slices.Contains(one.tasks.peers(), p)
		})
	})
}

// endOf returns how many of the moments of a series count: tasks of a service that is deleted need nothing any more
// once nothing but deletions is left.
func (w *watcher) endOf(one *series) int {
	if one.tasks == nil || w.state.find(token.Service, "arn", one.tasks.Service.ID) != nil ||
		w.state.find(token.Service, "", one.tasks.Service.ID) != nil {
		return len(one.reasons)
	}
	return min(len(one.reasons), max(0, w.lastBuilt()-one.first+1))
}

// lastBuilt returns the last moment at which something was created or updated.
func (w *watcher) lastBuilt() int {
	for i := len(w.moments) - 1; i > 0; i-- {
		if !strings.HasPrefix(w.moments[i], string(world.Delete)) &&
			!strings.HasPrefix(w.moments[i], string(world.Done)) {
			return i
		}
	}
	return 0
}

// describe says what a step does: update Service orders-service.
func describe(step world.Step) string {
	var all []string
	for _, change := range step.Changes {
		urn := resource.URN(change.URN)
		all = append(all, fmt.Sprintf("%s %s %s", change.Kind, urn.Type().Name(), urn.Name()))
	}
	return strings.Join(all, ", ")
}

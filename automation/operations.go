package automation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/awslab/awslab/automation/cost"
	"github.com/awslab/awslab/automation/internal/callbacks"
	"github.com/awslab/awslab/automation/internal/outfile"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Operation is what is being done to a stack.
type Operation string

const (
	OperationPreview Operation = "preview"
	OperationUp      Operation = "up"
	OperationRefresh Operation = "refresh"
	OperationDestroy Operation = "destroy"
	OperationDrift   Operation = "drift"
	OperationRecover Operation = "recover"
	OperationRemove  Operation = "remove"
)

// Result is what an operation did, or in a preview would do.
type Result struct {
	Operation Operation `json:"operation"`
	Stack     string    `json:"stack"`
	Target    Target    `json:"target"`
	Succeeded bool      `json:"succeeded"`
	// Cancelled says that the operation was cancelled before it was complete. What it did until then is in the state.
	Cancelled bool `json:"cancelled,omitempty"`
	// Progress is how far a cancelled up, refresh or destroy came. It is nil where that is not known.
	Progress *Progress `json:"progress,omitempty"`
	// Changes counts resources by operation (create, update, replace, delete, same, ...).
	Changes map[string]int `json:"changes"`
	// Steps holds the last step of each resource that changes, in the order in which they began.
	Steps       []Step       `json:"steps,omitempty"`
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
	Violations  []Violation  `json:"violations,omitempty"`
	// TaskFailures are ECS tasks that stopped while an operation went on that failed, by service: those that failed by
	// themselves first, the latest first.
	TaskFailures []TaskFailure `json:"taskFailures,omitempty"`
	// Recovery is what a recover found out.
	Recovery *Recovery `json:"recovery,omitempty"`
	// Outputs of the stack after an up.
	Outputs Outputs `json:"outputs,omitempty"`
	// Permanent are, of the preview that [WithConfirm] shows before an up, the settings that cannot change once it is
	// done, and could until then: values by their keys in the configuration.
	Permanent map[string]string `json:"permanent,omitempty"`
	// Duration in nanoseconds, from the call to its return.
	Duration time.Duration `json:"duration"`

	// before and after are all resources as they are, and as the program wants them, of a preview.
	before, after []cost.Resource
	// created are the resources of AWS that a preview would create, and regions those of its providers, by URN.
	created []apitype.StepEventStateMetadata
	regions map[string]string
	// refreshed are the URNs of the resources that a refresh has read.
	refreshed map[string]bool
}

// Unchanged reports whether the operation found nothing to do.
func (r *Result) Unchanged() bool { return len(r.Steps) == 0 }

func (r *Result) mandatory() []Violation {
	var found []Violation
	for _, v := range r.Violations {
		if v.Mandatory {
			found = append(found, v)
		}
	}
	return found
}

func (r *Result) errors() []Diagnostic {
	var found []Diagnostic
	for _, d := range r.Diagnostics {
		if d.Severity == "error" {
			found = append(found, d)
		}
	}
	return found
}

// Preview computes what Up would do, gated by the policy packs, and changes nothing.
func (l *Lab) Preview(ctx context.Context, options ...Option) (*Result, error) {
	chosen, err := choose(OperationPreview, options)
	if err != nil {
		return nil, err
	}
	return l.alone(ctx, OperationPreview, func(ctx context.Context) (*Result, error) { return l.preview(ctx, chosen) })
}

func (l *Lab) preview(ctx context.Context, chosen *choices) (*Result, error) {
	packs, configs, err := l.buildPacks(ctx)
	if err != nil {
		return nil, l.orCancelled(ctx, OperationPreview, err)
	}
	result, err := l.operate(ctx, OperationPreview, chosen, func(ch chan<- events.EngineEvent) (Outputs, error) {
		run := func(plan string) error {
			_, err := l.stack.Preview(ctx, append(
				chosen.preview(),
				optpreview.EventStreams(ch),
				optpreview.ConfigFile(l.configFile),
				optpreview.SuppressProgress(),
				optpreview.PolicyPacks(packs...),
				optpreview.PolicyPackConfigs(configs...),
				optpreview.Plan(plan),
			)...)
			return err
		}
		if chosen.savePlan == "" {
			return nil, run("")
		}
		return nil, outfile.Write(chosen.savePlan, run)
	})
	if err != nil {
		return result, err
	}
	if err := l.checkSelected(ctx, chosen, result); err != nil {
		return result, l.orCancelled(ctx, OperationPreview, err)
	}
	return result, nil
}

// checkSelected refuses names of resources that are neither in the state nor, after a preview, in the program.
func (l *Lab) checkSelected(ctx context.Context, chosen *choices, preview *Result) error {
	if !chosen.selects() {
		return nil
	}
	_, state, err := l.deployment(ctx)
	if err != nil {
		return err
	}
	urns := urnsOf(state)
	if preview != nil {
		for _, r := range preview.after {
			urns = append(urns, r.URN)
		}
	}
	return chosen.unmatched(l.options.Stack, urns)
}

func urnsOf(state *apitype.DeploymentV3) []string {
	urns := make([]string, len(state.Resources))
	for i, r := range state.Resources {
		urns[i] = string(r.URN)
	}
	return urns
}

// Up previews and deploys, unless a policy, a *ProtectedError or an *InterruptedError refuses. The engine alone would
// judge a resource only on reaching it, in the middle of the deployment.
func (l *Lab) Up(ctx context.Context, options ...Option) (*Result, error) {
	chosen, err := choose(OperationUp, options)
	if err != nil {
		return nil, err
	}
	var planned resourcePlans
	if chosen.plan != "" {
		if planned, err = l.givenPlan(chosen.plan); err != nil {
			return nil, &InputError{"plan", chosen.plan, "a file that its preview has written: " + err.Error()}
		}
	}
	return l.cancellable(ctx, OperationUp, func(ctx context.Context) (*Result, error) {
		return l.up(ctx, chosen, planned)
	})
}

func (l *Lab) up(ctx context.Context, chosen *choices, planned resourcePlans) (*Result, error) {
	packs, configs, err := l.buildPacks(ctx)
	if err != nil {
		return nil, l.orCancelled(ctx, OperationUp, err)
	}
	state, err := l.settled(ctx)
	if err != nil {
		return nil, l.orCancelled(ctx, OperationUp, err)
	}
	preview, err := l.previewPlanned(ctx, chosen, planned, state)
	var kept *ProtectedError // by the engine; AWS protects others
	if err != nil && !errors.As(err, &kept) {
		return preview, l.orCancelled(ctx, OperationUp, err)
	}
	if err := l.refuseDeletion(state, OperationUp, func(urn string) bool {
		return preview.deleted(urn) || kept != nil && slices.Contains(kept.Resources, urn)
	}); err != nil {
		return preview, err
	}
	if err := l.requirePermissions(ctx, preview); err != nil {
		return preview, l.orCancelled(ctx, OperationUp, err)
	}
	preview.Permanent = l.permanent(state)
	if err := l.confirmed(ctx, OperationUp, chosen, preview); err != nil {
		return preview, err
	}
	return l.operate(ctx, OperationUp, chosen, func(ch chan<- events.EngineEvent) (Outputs, error) {
		result, err := l.stack.Up(ctx, append(
			chosen.up(),
			optup.EventStreams(ch),
			optup.ConfigFile(l.configFile),
			optup.SuppressProgress(),
			optup.ShowSecrets(false),
			optup.PolicyPacks(packs...),
			optup.PolicyPackConfigs(configs...),
		)...)
		return newOutputs(result.Outputs), err
	}, func(r *Result) {
		l.measure(ctx, r, func(left *apitype.DeploymentV3) Progress { return r.upProgress(preview.Steps, left) })
	})
}

// Refresh brings the state in line with what exists at the target.
func (l *Lab) Refresh(ctx context.Context, options ...Option) (*Result, error) {
	chosen, err := choose(OperationRefresh, options)
	if err != nil {
		return nil, err
	}
	return l.cancellable(ctx, OperationRefresh, func(ctx context.Context) (*Result, error) {
		if err := l.checkSelected(ctx, chosen, nil); err != nil {
			return nil, l.orCancelled(ctx, OperationRefresh, err)
		}
		if would, err := l.confirmFirst(ctx, OperationRefresh, chosen, l.drift); err != nil {
			return would, err
		}
		return l.operate(ctx, OperationRefresh, chosen, func(ch chan<- events.EngineEvent) (Outputs, error) {
			return nil, l.refresh(ctx, ch, chosen)
		}, func(r *Result) { l.measure(ctx, r, r.refreshProgress) })
	})
}

func (l *Lab) refresh(ctx context.Context, ch chan<- events.EngineEvent, chosen *choices) error {
	_, err := l.stack.Refresh(ctx, append(
		chosen.refresh(),
		optrefresh.EventStreams(ch),
		optrefresh.ConfigFile(l.configFile),
		optrefresh.SuppressProgress(),
		optrefresh.ShowSecrets(false),
	)...)
	return err
}

// Drift finds what differs between the state and what exists at the target, and changes neither. Its steps are what
// Refresh would record: resources that were changed or deleted by others. There are none if the result is Unchanged.
func (l *Lab) Drift(ctx context.Context, options ...Option) (*Result, error) {
	chosen, err := choose(OperationDrift, options)
	if err != nil {
		return nil, err
	}
	return l.alone(ctx, OperationDrift, func(ctx context.Context) (*Result, error) {
		if err := l.checkSelected(ctx, chosen, nil); err != nil {
			return nil, l.orCancelled(ctx, OperationDrift, err)
		}
		return l.drift(ctx, chosen)
	})
}

func (l *Lab) drift(ctx context.Context, chosen *choices) (*Result, error) {
	return l.operate(ctx, OperationDrift, chosen, func(ch chan<- events.EngineEvent) (Outputs, error) {
		_, err := l.stack.PreviewRefresh(ctx, append(
			chosen.refresh(),
			optrefresh.EventStreams(ch),
			optrefresh.ConfigFile(l.configFile),
			optrefresh.SuppressProgress(),
		)...)
		return nil, err
	})
}

// Destroy deletes every resource of the stack. The stack itself, its configuration and history stay until Remove. A
// stack that holds what is protected against deletion is refused by a *ProtectedError, whole, and one in which another
// operation is under way, or was killed, by an *InterruptedError.
func (l *Lab) Destroy(ctx context.Context, options ...Option) (*Result, error) {
	chosen, err := choose(OperationDestroy, options)
	if err != nil {
		return nil, err
	}
	return l.cancellable(ctx, OperationDestroy, func(ctx context.Context) (*Result, error) {
		return l.destroy(ctx, chosen)
	})
}

func (l *Lab) destroy(ctx context.Context, chosen *choices) (*Result, error) {
	state, err := l.settled(ctx)
	if err != nil {
		return nil, l.orCancelled(ctx, OperationDestroy, err)
	}
	if err := chosen.unmatched(l.options.Stack, urnsOf(state)); err != nil {
		return nil, err
	}
	if err := l.refuseDeletion(state, OperationDestroy, chosen.reaches); err != nil {
		return nil, err
	}
	if would, err := l.confirmFirst(ctx, OperationDestroy, chosen, l.previewDestroy); err != nil {
		return would, err
	}
	return l.operate(ctx, OperationDestroy, chosen, func(ch chan<- events.EngineEvent) (Outputs, error) {
		_, err := l.stack.Destroy(ctx, append(
			chosen.destroy(),
			optdestroy.EventStreams(ch),
			optdestroy.ConfigFile(l.configFile),
			optdestroy.SuppressProgress(),
			optdestroy.ShowSecrets(false),
		)...)
		return nil, err
	}, func(r *Result) {
		l.measure(ctx, r, func(left *apitype.DeploymentV3) Progress { return destroyProgress(state, left) })
	})
}

// previewDestroy computes what a destroy would delete.
func (l *Lab) previewDestroy(ctx context.Context, chosen *choices) (*Result, error) {
	of := *chosen
	of.destroys = true
	return l.operate(ctx, OperationPreview, &of, func(ch chan<- events.EngineEvent) (Outputs, error) {
		_, err := l.stack.PreviewDestroy(ctx, append(
			chosen.destroy(),
			optdestroy.EventStreams(ch),
			optdestroy.ConfigFile(l.configFile),
			optdestroy.SuppressProgress(),
		)...)
		return nil, err
	})
}

// confirmFirst previews an operation that somebody wants to confirm, and asks. It returns the preview.
func (l *Lab) confirmFirst(
	ctx context.Context, operation Operation, chosen *choices,
	preview func(context.Context, *choices) (*Result, error),
) (*Result, error) {
	if chosen.confirm == nil {
		return nil, nil
	}
	would, err := preview(ctx, chosen)
	if err == nil {
		err = l.confirmed(ctx, operation, chosen, would)
	}
	if err != nil {
		err = l.orCancelled(ctx, operation, err)
	}
	return would, err
}

// confirmed asks whether an operation that would do this may go on.
func (l *Lab) confirmed(ctx context.Context, operation Operation, chosen *choices, would *Result) error {
	if chosen.confirm == nil || would.Unchanged() {
		return nil
	}
	err := chosen.confirm(ctx, would)
	switch {
	case ctx.Err() != nil:
		return l.cancelled(ctx, operation, nil, false)
	case err != nil:
		return &CancelledError{
			Operation: operation, Stack: l.options.Stack, Target: l.options.Target, Cause: err,
		}
	}
	return nil
}

// permanent returns the settings that another up could not change any more, and that the stack's latest one could.
func (l *Lab) permanent(state *apitype.DeploymentV3) map[string]string {
	if l.configuration == nil {
		return nil
	}
	settings := l.configuration.Permanent()
	for _, r := range state.Resources {
		if recorded, _ := r.Outputs["permanent"].(map[string]any); r.Type == resource.RootStackType {
			maps.DeleteFunc(settings, func(key, value string) bool { return recorded[key] == value })
		}
	}
	return settings
}

// operate runs one engine operation and collects what its events say. complete adds to the result what they do not.
func (l *Lab) operate(
	ctx context.Context, operation Operation, chosen *choices,
	run func(chan<- events.EngineEvent) (Outputs, error), complete ...func(*Result),
) (*Result, error) {
	began := time.Now()
	l.operation.Store(&ctx)
	c := &collector{lab: l, ctx: ctx, began: began, diff: chosen.diff, result: Result{
		Operation: operation, Stack: l.options.Stack, Target: l.options.Target, Changes: map[string]int{},
		refreshed: map[string]bool{}, regions: map[string]string{},
	}}
	c.emit(Event{Type: EventStarted, Time: began.UTC()})

	var (
		outputs Outputs
		err     error
	)
	runs := operation == OperationUp || operation == OperationPreview && !chosen.destroys
	if runs {
		err = l.settings.problem
	}
	if err == nil && l.account != nil {
		err = l.account.require(ctx)
		if err == nil && runs {
			err = l.requireImageStore(ctx)
		}
	}
	if err == nil {
		err = ctx.Err() // the SDK leaves a goroutine behind if the engine never begins
	}
	if err == nil {
		err = l.configured(func() (err error) {
			defer func() { callbacks.Stop(l.ran.Swap(nil)) }()
			outputs, err = c.drain(run)
			return err
		})
	}
	switch {
	case c.complete && ctx.Err() != nil:
		// What the SDK asks once the engine is done (outputs, history) was cancelled, which undoes nothing.
		err = nil
		if operation == OperationUp {
			outputs, err = l.Outputs(context.WithoutCancel(ctx))
		}
	case !c.complete && ctx.Err() != nil:
		c.result.Cancelled = true
		err = errors.Join(err, ctx.Err())
	case !c.complete && err == nil:
		err = errors.New("the engine ended without saying that it succeeded")
	}
	for _, add := range complete {
		add(&c.result)
	}
	c.result.Succeeded = err == nil
	c.result.Outputs = outputs
	if err != nil {
		c.explain(ctx)
	}
	c.result.Duration = time.Since(began)
	result := c.result
	c.emit(Event{Type: EventFinished, Time: time.Now().UTC(), Result: &result})
	if err == nil {
		return &result, nil
	}
	if result.Cancelled {
		_, changes := made[operation]
		killed := l.leftLocked(ctx, err) || changes && result.Progress == nil
		return &result, l.cancelled(ctx, operation, result.Progress, killed)
	}
	if refused := l.refused.Swap(nil); refused != nil && ctx.Err() == nil {
		return &result, refused
	}
	err = classify(ctx, fmt.Errorf("%s of stack %s: %w", operation, l.options.Stack, redact(err)), err, &result)
	return &result, l.located(err)
}

// located tells an error about a lock, or about a stack that is not there, which stack it is about.
func (l *Lab) located(err error) error {
	var locked *ConcurrentUpdateError
	if errors.As(err, &locked) {
		locked.Stack, locked.Target = l.options.Stack, l.options.Target
	}
	var absent *NoStackError
	if errors.As(err, &absent) {
		absent.Stack, absent.Target = l.options.Stack, l.options.Target
	}
	return err
}

// collector folds the event stream into a Result and hands the events on.
type collector struct {
	lab    *Lab
	ctx    context.Context //nolint:containedctx // the operation's, which the collector does not outlive
	began  time.Time
	result Result
	// complete holds once the engine has reported success of an operation that nobody had cancelled by then. A destroy
	// that is cancelled ends with exit code 0 and the result "succeeded" although resources are left, and so does an up
	// that is cancelled while it deletes (Pulumi 3.259), so that its word counts only until the cancellation.
	complete bool
	index    map[string]int
	// diff fills the steps' diffs.
	diff bool
	// services are the ECS services that were deployed, by URN, and deploying those that are being deployed.
	services, deploying map[string]ecsService
	// told are the ARNs of stopped tasks that were told of while the operation went on.
	told map[string]bool
}

// drain runs the operation while it reads the channel. The channel must always be read, or the engine hangs, and it
// may never be closed, when the engine dies before it connects; so reading ends on whichever comes first.
func (c *collector) drain(run func(chan<- events.EngineEvent) (Outputs, error)) (Outputs, error) {
	stream := make(chan events.EngineEvent)
	returned := make(chan struct{})
	var outputs Outputs
	var err error
	go func() {
		defer close(returned)
		outputs, err = run(stream)
	}()
	ended := false
	defer func() {
		if !ended { // OnEvent has panicked, or ended its goroutine
			c.lab.abort(errors.New("OnEvent did not return"))
			discard(stream, returned)
		}
	}()
	var looked <-chan map[string][]TaskFailure
	ctx, cancel := context.WithCancel(c.ctx)
	next := time.NewTicker(rolloutPause)
	defer func() {
		next.Stop()
		cancel()
		if looked != nil {
			<-looked
		}
	}()
	for {
		select {
		case e, open := <-stream:
			if !open {
				<-returned
				ended = true
				return outputs, err
			}
			c.take(e)
		case <-next.C:
			if looked == nil {
				looked = c.look(ctx)
			}
		case found := <-looked:
			looked = nil
			c.tell(found)
		case <-returned:
			ended = true
			return outputs, err
		}
	}
}

// discard reads the stream of an operation until it has returned.
func discard(stream <-chan events.EngineEvent, returned <-chan struct{}) {
	for {
		select {
		case _, open := <-stream:
			if !open {
				stream = nil
			}
		case <-returned:
			return
		}
	}
}

func (c *collector) take(e events.EngineEvent) {
	if s := e.SummaryEvent; s != nil {
		succeeded := s.Result == apitype.OperationResultSucceeded || (s.Result == "" && s.IsPreview)
		c.complete = succeeded && c.ctx.Err() == nil
		for op, n := range s.ResourceChanges {
			c.result.Changes[string(op)] = n
		}
		return
	}
	c.note(e)
	// The operation of what a refresh has read is what it found: same, update or delete.
	if read := e.ResOutputsEvent; read != nil && c.result.Operation == OperationRefresh &&
		!isDefaultProvider(resource.URN(read.Metadata.URN)) {
		c.result.refreshed[read.Metadata.URN] = true
	}
	if planned := e.ResourcePreEvent; planned != nil && planned.Planning {
		c.result.plan(planned.Metadata)
		c.result.planCreation(planned.Metadata)
	}
	event, ok := translate(e)
	if found := e.ResOutputsEvent; found != nil && c.result.Operation == OperationDrift {
		// The engine announces that it reads a resource, and says what it found when it has read it.
		event, ok = event.withStep(found.Metadata, Planned)
	}
	if !ok {
		return
	}
	switch event.Type {
	case EventDiagnostic:
		if c.lab.refused.Load() != nil && event.Diagnostic.Severity == "error" {
			return // the operation's error says it
		}
		c.result.Diagnostics = append(c.result.Diagnostics, *event.Diagnostic)
	case EventViolation:
		c.result.Violations = append(c.result.Violations, *event.Violation)
	case EventResource:
		switch found := e.ResOutputsEvent; {
		case c.diff && e.ResourcePreEvent != nil:
			event.Resource.Diff = diffOf(e.ResourcePreEvent.Metadata)
		case c.diff && found != nil && c.result.Operation == OperationDrift:
			event.Resource.Diff = diffOf(found.Metadata)
		}
		c.step(*event.Resource)
	}
	c.emit(event)
}

// step keeps one entry per resource: a replacement arrives as three steps, of which "replace" names the whole.
func (c *collector) step(s Step) {
	if c.index == nil {
		c.index = map[string]int{}
	}
	at, known := c.index[s.URN]
	if !known {
		c.index[s.URN] = len(c.result.Steps)
		c.result.Steps = append(c.result.Steps, s)
		return
	}
	if c.result.Steps[at].Op == "replace" && s.Op != "replace" {
		c.result.Steps[at].Phase = s.Phase
		return
	}
	if s.Diff == nil {
		s.Diff = c.result.Steps[at].Diff
	}
	c.result.Steps[at] = s
}

func (c *collector) emit(e Event) {
	if c.lab.options.OnEvent == nil {
		return
	}
	e.Operation, e.Stack, e.Target = c.result.Operation, c.result.Stack, c.result.Target
	c.lab.options.OnEvent(e)
}

package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/awslab/awslab/automation/internal/recovery"
	"github.com/awslab/awslab/infra/stack"
)

// RecoverOptions choose how a stack is recovered.
type RecoverOptions struct {
	// IDs are those of resources that Recover could not find by itself, as `pulumi import` takes them, by the names or
	// URNs of the resources.
	IDs map[string]string
}

// Verdict says what became of a resource whose creation was interrupted.
type Verdict = recovery.Verdict

// The fates of such resources: adopted into the state, if they exist; cleared from it, as they do not exist or may be
// created once more; or for a person to find out.
const (
	Adopted = recovery.Adopted
	Cleared = recovery.Cleared
	Unknown = recovery.Unknown
)

// Recovery is what Recover found out.
type Recovery struct {
	// Released names the holders of locks that were stale: their processes had ended.
	Released []string `json:"released,omitempty"`
	// Verdicts say what becomes of each resource whose creation had been interrupted.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Written says that the state has the verdicts; until then they are what was found out.
	Written bool `json:"written,omitempty"`
}

// unknown returns what only a person can find.
func (r *Recovery) unknown() []Verdict {
	var unknown []Verdict
	for _, v := range r.Verdicts {
		if v.Fate == Unknown {
			unknown = append(unknown, v)
		}
	}
	return unknown
}

// UnknownResourcesError says that resources may exist of which the state does not know. The state is as it was.
type UnknownResourcesError struct {
	Stack     string
	Target    Target
	Resources []Verdict
}

func (e *UnknownResourcesError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s of stack %s may exist, and neither name nor tags tell:",
		count(len(e.Resources), "resource"), e.Stack)
	for _, r := range e.Resources {
		fmt.Fprintf(&text, "\n  %s: find its id with: %s", r.Name(), r.Lookup)
	}
	fmt.Fprintf(&text, "\nThen run awslab recover%s again, with --id NAME=ID for each that exists and --id NAME= for "+
		"each that does not", Flags(e.Stack, e.Target))
	return text.String()
}

// Recover mends the state of a stack whose operation was killed. It releases the lock if the process that held it has
// ended, and refuses otherwise with a *ConcurrentUpdateError. Each resource whose creation was interrupted is looked
// for by its name or by the stack's tags and adopted into the state, or cleared from it if it does not exist; then the
// state is refreshed. The next Up completes what was interrupted. An *UnknownResourcesError names what could not be
// found out.
func (l *Lab) Recover(ctx context.Context, options RecoverOptions) (*Result, error) {
	return l.cancellable(ctx, OperationRecover, func(ctx context.Context) (*Result, error) {
		return l.recover(ctx, options)
	})
}

func (l *Lab) recover(ctx context.Context, options RecoverOptions) (*Result, error) {
	done := Recovery{Released: l.released}
	result, err := l.operate(ctx, OperationRecover, &choices{}, func(ch chan<- events.EngineEvent) (Outputs, error) {
		created, err := l.adopt(ctx, options.IDs, &done)
		if err != nil {
			return nil, err
		}
		if err := l.unlocked(ctx, &done, func() error { return l.refresh(ctx, ch, &choices{}) }); err != nil ||
			len(created) == 0 {
			return nil, err
		}
		return nil, l.rewrite(ctx, func(state *apitype.DeploymentV3) {
			recovery.Complete(state, created)
		}, l.stack.Import)
	}, func(r *Result) { r.Recovery = &done })
	var locked *ConcurrentUpdateError
	if errors.As(err, &locked) {
		locked.Unproven = true
	}
	return result, err
}

// rewrite changes the stack's state and writes it back. It reads the state anew: what was read before may be old by
// then, if an operation was under way that has ended since.
func (l *Lab) rewrite(
	ctx context.Context, change func(*apitype.DeploymentV3),
	write func(context.Context, apitype.UntypedDeployment) error,
) error {
	exported, state, err := l.deployment(ctx)
	if err != nil {
		return err
	}
	change(state)
	if exported.Deployment, err = json.Marshal(state); err != nil {
		return fmt.Errorf("writing the state of stack %s: %w", l.options.Stack, err)
	}
	return write(ctx, exported)
}

// adopt settles every pending create in the state, and returns those that are to be read.
func (l *Lab) adopt(
	ctx context.Context, given map[string]string, done *Recovery,
) (created []apitype.ResourceV3, err error) {
	_, state, err := l.deployment(ctx)
	if err != nil {
		return nil, err
	}
	pending, unread := recovery.Pending(state), recovery.Unread(state)
	ids, err := idsByURN(given, pending)
	if err != nil || len(pending) == 0 {
		return unread, err
	}
	found, err := l.findTagged(ctx)
	if err != nil {
		return nil, err
	}
	// What serves the offline target's API ends with the recovery.
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	api, err := l.cloudControl(serving)
	if err != nil {
		return nil, err
	}
	sources := recovery.Sources{Tagged: found, CloudControl: api}
	done.Verdicts = recovery.Judge(ctx, state, sources, ids)
	// The engine drops from a state that it imports what is pending: nothing may be left in doubt.
	if unknown := done.unknown(); len(unknown) > 0 {
		return nil, &UnknownResourcesError{
			Stack: l.options.Stack, Target: l.options.Target, Resources: unknown,
		}
	}
	err = l.rewrite(ctx, func(state *apitype.DeploymentV3) {
		recovery.Apply(state, done.Verdicts)
	}, func(ctx context.Context, changed apitype.UntypedDeployment) error {
		return l.unlocked(ctx, done, func() error { return l.stack.Import(ctx, changed) })
	})
	done.Written = err == nil
	return append(unread, pending...), err
}

// idsByURN resolves names, and refuses what is no pending create or the name of several.
func idsByURN(given map[string]string, pending []apitype.ResourceV3) (map[string]string, error) {
	ids := map[string]string{}
	for name, id := range given {
		var meant []string
		for _, r := range pending {
			if string(r.URN) == name || r.URN.Name() == name {
				meant = append(meant, string(r.URN))
			}
		}
		switch len(meant) {
		case 0:
			return nil, &InputError{Field: "id", Value: name, Allowed: "the name of a resource whose creation was " +
				"interrupted: " + strings.Join(namesOf(pending), ", ")}
		case 1:
			ids[meant[0]] = id
		default:
			return nil, &InputError{Field: "id", Value: name, Allowed: "one of " + strings.Join(meant, ", ")}
		}
	}
	return ids, nil
}

func namesOf(pending []apitype.ResourceV3) []string {
	names := map[string]bool{}
	for _, r := range pending {
		names[r.URN.Name()] = true
	}
	if len(names) == 0 {
		return []string{"there is none"}
	}
	return slices.Sorted(maps.Keys(names))
}

// findTagged asks AWS what has the tags of the stack, through a preview, which needs no lock and changes nothing.
func (l *Lab) findTagged(ctx context.Context) (*stack.Tagged, error) {
	var found stack.Tagged
	space := l.stack.Workspace()
	space.SetProgram(stack.FindTagged(&found))
	defer space.SetProgram(l.program)
	_, err := l.stack.Preview(ctx, optpreview.ConfigFile(l.configFile), optpreview.SuppressProgress())
	if err != nil {
		return nil, fmt.Errorf("finding what has the tags of stack %s: %w", l.options.Stack, redact(err))
	}
	return &found, nil
}

// cloudControl returns how Cloud Control API is called in a region.
func (l *Lab) cloudControl(ctx context.Context) (func(region string) recovery.CloudControl, error) {
	var settings aws.Config
	var err error
	if l.account != nil {
		settings, err = l.account.config(ctx)
	} else {
		var endpoint string
		endpoint, err = l.offline.CloudControl(ctx)
		settings.BaseEndpoint = &endpoint
		settings.Credentials = credentials.NewStaticCredentialsProvider("offline", "offline", "")
	}
	if err != nil {
		return nil, err
	}
	return func(region string) recovery.CloudControl {
		return cloudcontrol.NewFromConfig(settings, func(o *cloudcontrol.Options) {
			o.Region = region
			if l.account != nil {
				l.account.provider.endpoint(&o.BaseEndpoint, "cloudcontrol", "cloudcontrolapi")
			}
		})
	}, nil
}

// unlocked runs what needs the stack's lock, and releases the lock first if those who hold it have ended.
func unlocked(ctx context.Context, done *Recovery, release func(error) error, f func() error) error {
	err := f()
	if err == nil || !lockedOut(err) {
		return err
	}
	holders := recovery.Holders(err.Error())
	stale, staleErr := recovery.Stale(ctx, holders)
	if staleErr != nil {
		return staleErr
	}
	if !stale {
		return err
	}
	if err := release(err); err != nil {
		return fmt.Errorf("releasing a stale lock: %w", err)
	}
	for _, holder := range holders {
		done.Released = append(done.Released, holder.String())
	}
	return f()
}

// unlocked releases the lock of the lab's stack, if need be, as the engine does.
func (l *Lab) unlocked(ctx context.Context, done *Recovery, f func() error) error {
	return unlocked(ctx, done, func(error) error {
		if err := l.stack.Cancel(ctx); err != nil {
			return redact(err)
		}
		return nil
	}, f)
}

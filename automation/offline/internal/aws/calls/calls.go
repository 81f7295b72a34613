// Package calls lists who calls what in AWS because of what exists: ECS that pulls an image as a task's execution role,
// a task that mounts a file system, CloudWatch that publishes to a topic. Package authorization decides each call by
// the policies in the world.
//
// A call has the condition keys that the calling service documents, and no others: a condition on a key that is not
// sent denies for ever.
package calls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Line says which calls are made because of the things of a type.
type Line struct {
	// Of is the type of the things.
	Of string
	// Does says who does what, for the error of a deployment.
	Does string
	// Source is where AWS documents the call and the condition keys that come with it.
	Source string
	// Optional says that nothing fails without the permission, so that a missing one is no fault.
	Optional bool
	// Refusal says why a call fails that IAM allows, or "". Nil means that none does.
	Refusal func(r *reader, thing *world.Thing) string
	// Calls are those because of one thing. They are made as soon as the thing is created or updated.
	Calls func(r *reader, thing *world.Thing) []authorization.Request
}

// Lines are all that the offline target knows.
var Lines = slices.Concat(taskLines, computeLines, messageLines, storeLines, databaseLines, codeLines)

// Authorize refuses a change of a thing when a call that follows from it is denied. What follows is what the service
// does next, so that the refusal is retried: the policy may be on its way.
func Authorize(tx *world.Tx, thing *world.Thing) error {
	r := &reader{tx: tx}
	for _, line := range Lines {
		if line.Of != thing.Type || line.Optional {
			continue
		}
		for _, verdict := range r.judge(line, thing) {
			if !verdict.Allowed {
				return bridge.RefuseRetried("AccessDenied", "%s", verdict)
			}
		}
		if line.Refusal == nil {
			continue
		}
		if refusal := line.Refusal(r, thing); refusal != "" {
			return bridge.Refuse("AccessDenied", "%s: %s (%s)", line.Does, refusal, line.Source)
		}
	}
	return r.err
}

// Verdict is what IAM answers to a call.
type Verdict struct {
	authorization.Request
	authorization.Decision
	Line  Line
	Thing *world.Thing
}

func (v Verdict) String() string {
	return fmt.Sprintf("%s: %s, %s (%s)", v.Line.Does, v.Request, v.Reason, v.Line.Source)
}

// judge decides every call because of a thing.
func (r *reader) judge(line Line, thing *world.Thing) []Verdict {
	var verdicts []Verdict
	for _, call := range line.Calls(r, thing) {
		verdicts = append(verdicts, Verdict{call, r.decide(call), line, thing})
	}
	return verdicts
}

// Audit is what a whole world has to say of its policies.
type Audit struct {
	// Denied are the calls that are not allowed.
	Denied []Verdict
	// Unused are the grants of roles and resources that no call needs.
	Unused []authorization.Grant
}

// Review judges every call in a world.
func Review(tx *world.Tx) (Audit, error) {
	r := &reader{tx: tx}
	things, err := tx.All()
	if err != nil {
		return Audit{}, err
	}
	var audit Audit
	used := map[authorization.Grant]bool{}
	for _, thing := range things {
		for _, line := range Lines {
			if line.Of != thing.Type {
				continue
			}
			for _, verdict := range r.judge(line, thing) {
				if !verdict.Allowed && !line.Optional {
					audit.Denied = append(audit.Denied, verdict)
				}
				for _, grant := range verdict.Grants {
					used[grant] = true
				}
			}
		}
	}
	for _, thing := range things {
		for _, policy := range r.policiesIn(thing) {
			for _, grant := range policy.Grants() {
				if !used[grant] && !accountDecides(policy, grant) {
					audit.Unused = append(audit.Unused, grant)
				}
			}
		}
	}
	return audit, r.err
}

// accountDecides reports whether a grant is the one by which a key leaves the decision to the policies of the account.
func accountDecides(policy authorization.Policy, grant authorization.Grant) bool {
	return grant.Action == "kms:*" && slices.ContainsFunc(
		policy.Statements[grant.Statement].Principals,
		func(p authorization.Principal) bool { return strings.HasSuffix(p.Value, ":root") })
}

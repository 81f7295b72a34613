package serve

import (
	"errors"
	"fmt"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/internal/exemption"
	"github.com/awslab/awslab/policy/internal/rule"
)

// exemptions are those of a stack, and what became of each in this preview or update.
type exemptions struct {
	given []exemption.Exemption

	mu    sync.Mutex
	fates map[int]fate // by the index of the exemption
}

// fate is what became of an exemption.
type fate int

const (
	unused  fate = iota
	perhaps      // its rule could not judge what it covers
	used
)

// readExemptions reads a stack's configuration. A pack that knows every rule refuses other names.
func readExemptions(pack rule.Pack, project, stack, text string) (*exemptions, error) {
	given, err := exemption.Parse(text, time.Now())
	if err != nil {
		return nil, err
	}
	var problems []error
	for i, e := range given {
		if !pack.Knows(e.Rule) {
			problems = append(problems, fmt.Errorf("%s[%d].rule: %s", exemption.Key, i, noRule(pack, e.Rule)))
		}
		if e.CoversAll(project, stack) {
			problems = append(problems, fmt.Errorf(
				"%s[%d].resource: %q is every resource of the stack; say which",
				exemption.Key,
				i,
				e.Resource,
			))
		}
	}
	return &exemptions{given: given, fates: map[int]fate{}}, errors.Join(problems...)
}

// noRule says that a name is not a rule's, and which may be meant.
func noRule(pack rule.Pack, name string) string {
	hint := "see: awslab policy list"
	if like := pack.Like(name); like != "" {
		hint = fmt.Sprintf("did you mean %s?", like)
	}
	return fmt.Sprintf("there is no rule %q; %s", name, hint)
}

// covering returns the exemptions that are about what a rule finds on a resource, and notes what became of them.
func (e *exemptions) covering(ruleName, urn string, became fate) []exemption.Exemption {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []exemption.Exemption
	for i := range e.given {
		if e.given[i].Covers(ruleName, urn) {
			e.fates[i] = max(e.fates[i], became)
			found = append(found, e.given[i])
		}
	}
	return found
}

func (e *exemptions) useOf(i int) fate {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fates[i]
}

func (e *exemptions) mayBeUsed(ruleName, urn string) { e.covering(ruleName, urn, perhaps) }

// exempt reports whether what a rule finds on a resource is accepted, and lists the exemption that accepts it.
func (s *session) exempt(r rule.Rule, on rule.Resource) bool {
	for _, e := range s.exemptions.covering(r.Name, on.URN, used) {
		if e.Expired(time.Now()) {
			continue
		}
		if s.config[diagnostic.Exemptions].level != pulumirpc.EnforcementLevel_DISABLED {
			s.report(r, on, &pulumirpc.AnalyzeDiagnostic{
				PolicyName:       diagnostic.Exemptions,
				Description:      "A finding is accepted",
				EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY,
				Message: diagnostic.Diagnostic{
					Accepted: r.Name,
					Resource: on.Name,
					Until:    e.Expires,
					Reason:   e.Reason,
				}.String(),
			})
		}
		s.outcome(r).decided = true
		return true
	}
	return false
}

// reviewExemptions finds those that have expired, and those of this pack's rules that nothing needs. It comes when all
// rules have judged.
func (s *session) reviewExemptions() {
	for i, e := range s.exemptions.given {
		r, ours := s.pack.Rule(e.Rule)
		if !ours || s.disabled(r) {
			continue
		}
		at := fmt.Sprintf("%s[%d]: the exemption from %s for %s", exemption.Key, i, e.Rule, e.Resource)
		switch {
		case e.Expired(time.Now()):
			s.complain(diagnostic.Diagnostic{Finding: at + " ended on " + e.Expires + ".",
				Fix: "do what the rule asks for, or decide anew and set expires."})
		case s.exemptions.useOf(i) == unused:
			s.complain(
				diagnostic.Diagnostic{Finding: at + " exempts nothing: there is no such finding.", Fix: "take it out."},
			)
		}
	}
}

// complain reports what is wrong with an exemption. It is about the stack, not about a resource. Where all rules are
// advice it refuses nonetheless, unless the configuration names it: an exemption is a decision, and one that has ended
// is none.
func (s *session) complain(about diagnostic.Diagnostic) {
	level := pulumirpc.EnforcementLevel_MANDATORY
	if config, ok := s.config[diagnostic.Exemptions]; ok {
		level = config.level
	}
	if level == pulumirpc.EnforcementLevel_DISABLED {
		return
	}
	s.answer.Diagnostics = append(s.answer.Diagnostics, &pulumirpc.AnalyzeDiagnostic{
		PolicyName: diagnostic.Exemptions, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version,
		Description: "Every exemption is of use, and in force", Message: about.String(), EnforcementLevel: level,
	})
}

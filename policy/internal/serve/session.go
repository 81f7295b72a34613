package serve

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/rule"
)

// session turns the verdicts of one call into the answer to the engine. It keeps the configuration that was in force
// when the call began.
type session struct {
	pack     rule.Pack
	run      rule.Run
	config   map[string]ruleConfig
	answer   pulumirpc.AnalyzeResponse
	outcomes map[string]*outcome // by the rule's name
	// exemptions are the stack's, which remember over all calls what they were used for.
	exemptions *exemptions
	secrets    func() []string
}

// outcome is what a rule came to over all resources of a call.
type outcome struct {
	decided, unjudged bool
	notApplicable     string
}

// session begins a call that shows these resources to the rules.
func (s *Server) session(resources ...rule.Resource) *session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return &session{
		pack: s.pack, run: s.run, config: s.config, exemptions: s.exemptions,
		outcomes: map[string]*outcome{}, secrets: sync.OnceValue(func() []string { return secretsOf(resources) }),
	}
}

func (s *session) level(r rule.Rule) pulumirpc.EnforcementLevel {
	if config, ok := s.config[r.Name]; ok {
		return config.level
	}
	return defaultLevel(r)
}

func (s *session) disabled(r rule.Rule) bool {
	return s.level(r) == pulumirpc.EnforcementLevel_DISABLED
}

// judge runs one rule on one resource and takes note of its verdict.
func (s *session) judge(r rule.Rule, on rule.Resource, verdictOn func(rule.Run) rule.Verdict) {
	verdict := guarded(func() rule.Verdict { return verdictOn(s.run.WithSettings(s.config[r.Name].settings)) })
	switch {
	case len(verdict.Unjudged) > 0:
		s.outcome(r).unjudged = true
		s.exemptions.mayBeUsed(r.Name, on.URN)
		s.unevaluated(r, on, verdict.Unjudged)
	case verdict.NotApplicable != "":
		s.notApplicable(r, verdict.NotApplicable)
	default:
		s.outcome(r).decided = true
	}
	if len(verdict.Violations) > 0 && s.exempt(r, on) {
		return
	}
	for _, finding := range verdict.Violations {
		s.report(r, on, &pulumirpc.AnalyzeDiagnostic{
			PolicyName:       r.Name,
			Description:      r.Headline(),
			Severity:         severities[r.Severity],
			EnforcementLevel: s.level(r),
			Message:          r.Diagnostic(on.Name, finding).String(),
		})
	}
}

// guarded runs a rule so that its crash is told as something it could not judge. The panic's own text is left out: it
// can hold a property's value.
func guarded(judge func() rule.Verdict) (verdict rule.Verdict) {
	defer func() {
		if recover() != nil {
			verdict = rule.Unjudged(
				"resource",
				"could not be judged: the rule crashed at %s, which is a bug in the rule",
				crashSite(),
			)
		}
	}()
	return judge()
}

// crashSite returns file:line of the function that panicked.
func crashSite() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		if panicking && !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}

// unevaluated reports what the rule could not judge: one diagnostic for the resource and the rule.
func (s *session) unevaluated(r rule.Rule, on rule.Resource, findings []rule.Finding) {
	if s.config[diagnostic.Unevaluated].level == pulumirpc.EnforcementLevel_DISABLED {
		return
	}
	texts := make([]string, len(findings))
	for i, finding := range findings {
		texts[i] = finding.String()
	}
	s.report(r, on, &pulumirpc.AnalyzeDiagnostic{
		PolicyName:       diagnostic.Unevaluated,
		Description:      "A rule could not decide",
		EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY,
		Message: diagnostic.Diagnostic{
			Unjudged: r.Name,
			Resource: on.Name,
			Finding:  strings.Join(texts, "; ") + ".",
		}.String(),
	})
}

func (s *session) report(r rule.Rule, on rule.Resource, d *pulumirpc.AnalyzeDiagnostic) {
	d.PolicyPackName, d.PolicyPackVersion, d.Urn = s.pack.NameFor(r), s.pack.Version, on.URN
	d.Message = s.redact(d.Message)
	s.answer.Diagnostics = append(s.answer.Diagnostics, d)
}

// shortestSecret is the length in bytes below which a text is not searched for in messages: a secret "a" is not a
// secret, and to remove it would leave nothing readable.
const shortestSecret = 4

// secretsOf returns the resources' secrets, those that hold others first.
func secretsOf(resources []rule.Resource) []string {
	var secrets []string
	for _, r := range resources {
		secrets = append(secrets, r.Properties.Secrets()...)
	}
	secrets = slices.DeleteFunc(secrets, func(secret string) bool { return len(secret) < shortestSecret })
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return secrets
}

// redact takes the secrets of all resources in view out of a message. Rules do not repeat values; this is the net below
// them.
func (s *session) redact(message string) string {
	for _, secret := range s.secrets() {
		message = strings.ReplaceAll(message, secret, "[secret]")
	}
	return message
}

func (s *session) notApplicable(r rule.Rule, reason string) {
	s.outcome(r).notApplicable = "not applicable: " + reason
}

func (s *session) outcome(r rule.Rule) *outcome {
	o, ok := s.outcomes[r.Name]
	if !ok {
		o = &outcome{}
		s.outcomes[r.Name] = o
	}
	return o
}

// response returns the answer. The engine counts a rule as passed unless it failed or is in the list of those that do
// not apply, so a rule that could not judge some resource goes into that list as well.
func (s *session) response() *pulumirpc.AnalyzeResponse {
	for _, r := range s.pack.Rules {
		o, ok := s.outcomes[r.Name]
		switch {
		case !ok:
			continue
		case o.unjudged:
			s.answer.NotApplicable = append(
				s.answer.NotApplicable,
				&pulumirpc.PolicyNotApplicable{PolicyName: r.Name, Reason: "could not be judged"},
			)
		case !o.decided:
			s.answer.NotApplicable = append(
				s.answer.NotApplicable,
				&pulumirpc.PolicyNotApplicable{PolicyName: r.Name, Reason: o.notApplicable},
			)
		}
	}
	return &s.answer
}

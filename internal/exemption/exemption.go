// Package exemption decides what an exemption may say. A stack's configuration accepts with one what a policy rule
// finds, and says why and until when:
//
//	awslab:exemptions:
//	  - rule: rds-multi-az
//	    resource: "*::database-instance"
//	    reason: the reporting database can be made again in an hour
//	    expires: 2027-01-31
//
// An exemption is about one rule, is listed whenever it is used, and is a finding itself when it has expired or exempts
// nothing. Package infra/config refuses what an exemption may not say before anything is deployed; the policy packs,
// which also judge other people's programs, refuse the same and apply the rest.
package exemption

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/awslab/awslab/internal/problem"
)

// Key is the configuration key, in the project's namespace.
const Key = "exemptions"

// longest is for how many days an exemption can be given: a year, leap day included. Then the decision has to be
// renewed.
const longest = 366

// shortestReason keeps out reasons such as "todo", in characters.
const shortestReason = 10

// Exemption accepts what one policy rule finds about some resources, for a time. It is listed whenever it is used, and
// is a finding itself when it has expired or nothing needs it.
type Exemption struct {
	// Rule is the rule's name, as awslab policy list shows it.
	Rule string `json:"rule" jsonschema:"required,example=rds-multi-az"`
	// Resource is a URN in which * stands for any text.
	Resource string `json:"resource" jsonschema:"required,example=*::database-instance"`
	// Reason is for those who ask later, in 10 characters or more.
	Reason string `json:"reason" jsonschema:"required"`
	// Expires is the last day on which it holds, in UTC: within a year.
	Expires string `json:"expires" jsonschema:"required,example=2027-01-31"`
}

// Parse reads the JSON text of the configuration key. Its error names every mistake.
func Parse(text string, now time.Time) ([]Exemption, error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var exemptions []Exemption
	if err := decoder.Decode(&exemptions); err != nil {
		return nil, fmt.Errorf("%s: is not a list of rule, resource, reason and expires: %w", Key, err)
	}
	var mistakes []error
	for i := range exemptions {
		exemptions[i].Expires = day(exemptions[i].Expires)
		for _, p := range problem.All(exemptions[i].Check(now)) {
			mistakes = append(mistakes, fmt.Errorf("%s[%d].%s: %s", Key, i, p.Field, p.Message))
		}
	}
	return exemptions, errors.Join(mistakes...)
}

// Check returns the problems of an exemption, by its keys.
func (e Exemption) Check(now time.Time) error {
	var problems []error
	if e.Rule == "" {
		problems = append(problems, problem.New("rule", "is missing; name one rule"))
	}
	if !named.MatchString(allOfStack.ReplaceAllString(e.Resource, "")) {
		problems = append(problems, problem.New("resource",
			"%q; use a URN, with * for any text, that says which resource: *::database-instance", e.Resource))
	}
	if utf8.RuneCountInString(strings.TrimSpace(e.Reason)) < shortestReason {
		problems = append(
			problems,
			problem.New("reason", "%q; say in %d characters or more why the finding is accepted",
				e.Reason, shortestReason),
		)
	}
	last, err := e.lastDay()
	switch latest := now.UTC().AddDate(0, 0, longest); {
	case err != nil:
		problems = append(problems, problem.New("expires", "%q; use a date such as 2027-01-31", e.Expires))
	case last.After(latest):
		problems = append(problems, problem.New(
			"expires",
			"%q is more than a year ahead; use a date up to %s, and decide anew then",
			e.Expires,
			latest.Format(time.DateOnly),
		))
	}
	return errors.Join(problems...)
}

func (e Exemption) lastDay() (time.Time, error) { return time.Parse(time.DateOnly, day(e.Expires)) }

// day takes off a date what YAML and the engine make of one without quotes: a point in time.
func day(expires string) string {
	return strings.TrimSuffix(strings.TrimSuffix(expires, "T00:00:00Z"), " 00:00:00 +0000 UTC")
}

// allOfStack is what the URNs of all resources of a stack begin with, and named what a pattern has to have besides.
var (
	allOfStack = regexp.MustCompile(`^urn:(pulumi:[^:]*(::[^:]*::)?)?`)
	named      = regexp.MustCompile(`[A-Za-z0-9]`)
)

// CoversAll reports whether it covers every resource of a stack, or as good as every one.
func (e Exemption) CoversAll(project, stack string) bool {
	const something = "\x00:\x00:\x00$\x00:\x00/\x00:\x00::\x00"
	return e.matches("urn:pulumi:" + stack + "::" + project + "::" + something)
}

// Covers reports whether it is about what the rule finds on the resource.
func (e Exemption) Covers(rule, urn string) bool { return e.Rule == rule && e.matches(urn) }

// matches reports whether the pattern is the whole URN, * being any text.
func (e Exemption) matches(urn string) bool {
	parts := strings.Split(e.Resource, "*")
	rest, begins := strings.CutPrefix(urn, parts[0])
	if !begins || len(parts) == 1 {
		return begins && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// Expired reports whether its last day is over.
func (e Exemption) Expired(now time.Time) bool {
	last, err := e.lastDay()
	return err != nil || !now.Before(last.AddDate(0, 0, 1))
}

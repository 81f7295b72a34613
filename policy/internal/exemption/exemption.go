// Package exemption lets a stack's configuration say which finding is accepted, why, and until when:
//
//	awslab:exemptions:
//	  - rule: rds-multi-az
//	    resource: "*::database-instance"
//	    reason: the reporting database can be made again in an hour
//	    expires: 2027-01-31
//
// An exemption is about one rule, is listed whenever it is used, and is a finding itself when it has expired or exempts
// nothing. Package serve applies them.
package exemption

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Key is the configuration key, in the project's namespace.
const Key = "exemptions"

// longest is for how many days an exemption can be given: a year, leap day included. Then somebody has to decide anew.
const longest = 366

// shortestReason keeps out reasons such as "todo", in characters.
const shortestReason = 10

// Exemption accepts what one rule finds about some resources.
type Exemption struct {
	// Rule is the rule's name.
	Rule string `json:"rule"`
	// Resource is a URN in which * stands for any text, such as *::database-instance.
	Resource string `json:"resource"`
	// Reason is for whoever reads the finding that is not there.
	Reason string `json:"reason"`
	// Expires is the last day on which it holds, as 2027-01-31, in UTC: within a year.
	Expires string `json:"expires"`

	pattern *regexp.Regexp
	ends    time.Time
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
		return nil, fmt.Errorf("%s: is no list of rule, resource, reason and expires: %w", Key, err)
	}
	var problems []error
	for i := range exemptions {
		for _, problem := range exemptions[i].complete(now) {
			problems = append(problems, fmt.Errorf("%s[%d].%w", Key, i, problem))
		}
	}
	return exemptions, errors.Join(problems...)
}

func (e *Exemption) complete(now time.Time) []error {
	var problems []error
	if e.Rule == "" {
		problems = append(problems, errors.New("rule: is missing; name one rule"))
	}
	if !named.MatchString(allOfStack.ReplaceAllString(e.Resource, "")) {
		problems = append(problems, fmt.Errorf("resource: %q; use a URN, with * for any text, that says which resource: *::database-instance", e.Resource))
	}
	if utf8.RuneCountInString(strings.TrimSpace(e.Reason)) < shortestReason {
		problems = append(problems, fmt.Errorf("reason: %q; say in %d characters or more why the finding is accepted", e.Reason, shortestReason))
	}
	// A date without quotes is a point in time to YAML, which the engine hands on in words of its own.
	for _, midnight := range []string{"T00:00:00Z", " 00:00:00 +0000 UTC"} {
		e.Expires = strings.TrimSuffix(e.Expires, midnight)
	}
	day, err := time.Parse(time.DateOnly, e.Expires)
	switch last := now.UTC().AddDate(0, 0, longest); {
	case err != nil:
		problems = append(problems, fmt.Errorf("expires: %q; use a date such as 2027-01-31", e.Expires))
	case day.After(last):
		problems = append(problems, fmt.Errorf("expires: %q is more than a year ahead; use a date up to %s, and decide anew then", e.Expires, last.Format(time.DateOnly)))
	}
	e.ends = day.AddDate(0, 0, 1)
	parts := strings.Split(e.Resource, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	e.pattern = regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	return problems
}

// allOfStack is what the URNs of all resources of a stack begin with, and named what a pattern has to have besides.
var (
	allOfStack = regexp.MustCompile(`^urn:(pulumi:[^:]*(::[^:]*::)?)?`)
	named      = regexp.MustCompile(`[A-Za-z0-9]`)
)

// CoversAll tells whether it covers every resource of a stack, or as good as every one.
func (e *Exemption) CoversAll(project, stack string) bool {
	const something = "\x00:\x00:\x00$\x00:\x00/\x00:\x00::\x00"
	return e.pattern.MatchString("urn:pulumi:" + stack + "::" + project + "::" + something)
}

// Covers tells whether it is about what the rule finds on the resource.
func (e *Exemption) Covers(rule, urn string) bool {
	return e.Rule == rule && e.pattern.MatchString(urn)
}

// Expired tells whether its last day is over.
func (e *Exemption) Expired(now time.Time) bool { return !now.Before(e.ends) }

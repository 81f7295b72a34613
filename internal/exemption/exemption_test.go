package exemption_test

import (
	"strings"
	"testing"
	"time"

	"github.com/awslab/awslab/internal/exemption"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const good = `{"rule": "rds-multi-az", "resource": "*::database-*", "reason": "it can be made again", "expires": ` +
	`"2027-01-31"}`

func TestAnExemptionCoversOneRuleAndWhatMatches(t *testing.T) {
	exemptions, err := exemption.Parse("["+good+"]", today)
	if err != nil {
		t.Fatal(err)
	}
	const urn = "urn:pulumi:prod::awslab::awslab:data:Database$aws:rds/instance:Instance::"
	for _, c := range []struct {
		rule, urn string
		want      bool
	}{
		{"rds-multi-az", urn + "database-instance", true},
		{"rds-multi-az", urn + "reports", false},
		{"rds-backup", urn + "database-instance", false},
	} {
		if got := exemptions[0].Covers(c.rule, c.urn); got != c.want {
			t.Errorf("%s on %s: %v", c.rule, c.urn, got)
		}
	}
}

func TestItHoldsToTheEndOfItsLastDay(t *testing.T) {
	exemptions, err := exemption.Parse("["+good+"]", today)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{"2027-01-31T23:59:59Z": false, "2027-02-01T00:00:00Z": true} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := exemptions[0].Expired(now); got != want {
			t.Errorf("at %s: %v", at, got)
		}
	}
}

func TestADateMayBeAPointInTimeAsYAMLMakesIt(t *testing.T) {
	for _, written := range []string{"2027-01-31T00:00:00Z", "2027-01-31 00:00:00 +0000 UTC"} {
		exemptions, err := exemption.Parse("["+strings.Replace(good, "2027-01-31", written, 1)+"]", today)
		if err != nil || exemptions[0].Expires != "2027-01-31" {
			t.Errorf("%v %v", exemptions, err)
		}
	}
}

func TestNothingIsNoExemption(t *testing.T) {
	for _, text := range []string{"", "[]"} {
		if got, err := exemption.Parse(text, today); err != nil || len(got) > 0 {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	for text, wants := range map[string][]string{
		`{}`: {"exemptions: is not a list"},
		`[` + good + `, {"resource": "**", "reason": "todo", "expires": "soon"}]`: {
			"exemptions[1].rule: is missing",
			`exemptions[1].resource: "**"`,
			`exemptions[1].reason: "todo"; say in 10 characters`,
			`exemptions[1].expires: "soon"; use a date`,
		},
		`[{"rules": "rds-multi-az"}]`: {`unknown field "rules"`},
	} {
		_, err := exemption.Parse(text, today)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: want %q in %v", text, want, err)
			}
		}
	}
}

func TestAnExemptionIsAboutSomethingAndForAYear(t *testing.T) {
	for resource, expires := range map[string]string{
		"*":                          "2026-12-31",
		"*:*":                        "2026-12-31",
		"*::*":                       "2026-12-31",
		"urn:*":                      "2026-12-31",
		"urn:pulumi:*":               "2026-12-31",
		"urn:pulumi:prod::*":         "2026-12-31",
		"urn:pulumi:prod::awslab::*": "2026-12-31",
		"urn:pulumi:*::awslab::*":    "2026-12-31",
		"urn:pulumi:prod*":           "2026-12-31",
		"*::database":                "2027-06-03",
		"*::store":                   "2999-12-31",
	} {
		text := strings.Replace(strings.Replace(good, "*::database-*", resource, 1), "2027-01-31", expires, 1)
		if _, err := exemption.Parse("["+text+"]", today); err == nil {
			t.Errorf("%s until %s is taken", resource, expires)
		}
	}
	for _, resource := range []string{
		"*::database",
		"*$aws:rds/instance:Instance::*",
		"urn:pulumi:*::database",
		"urn:pulumi:prod::awslab::*::database",
	} {
		text := strings.Replace(strings.Replace(good, "*::database-*", resource, 1), "2027-01-31", "2027-06-02", 1)
		if _, err := exemption.Parse("["+text+"]", today); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatCoversAStackIsTold(t *testing.T) {
	for resource, want := range map[string]bool{
		"*prod*":       true,
		"*::awslab::*": true,
		"*awslab*":     true,
		"*::database":  false,
		"*aws:rds/*":   false,
	} {
		exemptions, err := exemption.Parse("["+strings.Replace(good, "*::database-*", resource, 1)+"]", today)
		if err != nil || exemptions[0].CoversAll("awslab", "prod") != want {
			t.Errorf("%s: %v", resource, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[" + good + "]")
	f.Add(`[{"rule": "a", "resource": "*(*["}]`)
	f.Fuzz(func(t *testing.T, text string) {
		exemptions, err := exemption.Parse(text, today)
		if err != nil {
			return
		}
		for i := range exemptions {
			exemptions[i].Covers(exemptions[i].Rule, "urn")
			exemptions[i].Expired(time.Now())
		}
	})
}

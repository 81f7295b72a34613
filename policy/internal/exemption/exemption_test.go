package exemption_test

import (
	"strings"
	"testing"
	"time"

	"github.com/awslab/awslab/policy/internal/exemption"
)

const good = `{"rule": "rds-multi-az", "resource": "*::database-*", "reason": "it can be made again", "expires": "2027-01-31"}`

func TestAnExemptionCoversOneRuleAndWhatMatches(t *testing.T) {
	exemptions, err := exemption.Parse("[" + good + "]")
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
	exemptions, err := exemption.Parse("[" + good + "]")
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
		exemptions, err := exemption.Parse("[" + strings.Replace(good, "2027-01-31", written, 1) + "]")
		if err != nil || exemptions[0].Expires != "2027-01-31" {
			t.Errorf("%v %v", exemptions, err)
		}
	}
}

func TestNothingIsNoExemption(t *testing.T) {
	for _, text := range []string{"", "[]"} {
		if got, err := exemption.Parse(text); err != nil || len(got) > 0 {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	for text, wants := range map[string][]string{
		`{}`: {"exemptions: is no list"},
		`[` + good + `, {"resource": "**", "reason": "todo", "expires": "soon"}]`: {
			"exemptions[1].rule: is missing", `exemptions[1].resource: "**"`, `exemptions[1].reason: "todo"; say in 10 characters`, `exemptions[1].expires: "soon"; use a date`,
		},
		`[{"rules": "rds-multi-az"}]`: {`unknown field "rules"`},
	} {
		_, err := exemption.Parse(text)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: want %q in %v", text, want, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[" + good + "]")
	f.Add(`[{"rule": "a", "resource": "*(*["}]`)
	f.Fuzz(func(t *testing.T, text string) {
		exemptions, err := exemption.Parse(text)
		if err != nil {
			return
		}
		for i := range exemptions {
			exemptions[i].Covers(exemptions[i].Rule, "urn")
			exemptions[i].Expired(time.Now())
		}
	})
}

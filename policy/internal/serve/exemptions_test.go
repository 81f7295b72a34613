package serve_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/ruletest"
)

// soon is a date that exemptions can end on.
var soon = time.Now().AddDate(0, 1, 0).Format(time.DateOnly)

// exempting returns a client for the test pack in a stack with these exemptions.
func exempting(t *testing.T, pack rule.Pack, text string) (pulumirpc.AnalyzerClient, error) {
	t.Helper()
	client := ruletest.Client(t, pack)
	_, err := client.ConfigureStack(t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{
		Project: "awslab", Stack: "test", Config: map[string]string{"awslab:exemptions": text},
	})
	return client, err
}

func fromSize(resource, expires string) string {
	return fmt.Sprintf(
		`[{"rule": "size", "resource": %q, "reason": "it has always been large", "expires": %q}]`,
		resource,
		expires,
	)
}

func analyzeStack(
	t *testing.T,
	client pulumirpc.AnalyzerClient,
	resources ...ruletest.Resource,
) []*pulumirpc.AnalyzeDiagnostic {
	t.Helper()
	response, err := client.AnalyzeStack(t.Context(), ruletest.StackRequest(t, resources...))
	if err != nil {
		t.Fatal(err)
	}
	return response.GetDiagnostics()
}

func TestAnExemptFindingIsListedAndIsNoViolation(t *testing.T) {
	client, err := exempting(t, testPack(), fromSize("*::thing", soon))
	if err != nil {
		t.Fatal(err)
	}
	large := thing(ruletest.Props{"size": 11})
	got := analyze(t, client, large)
	if len(got) != 1 || got[0].GetPolicyName() != diagnostic.Exemptions ||
		got[0].GetEnforcementLevel() != pulumirpc.EnforcementLevel_ADVISORY ||
		got[0].GetMessage() != "size is accepted for thing until "+soon+": it has always been large." {
		t.Errorf("%v", got)
	}
	if got := analyzeStack(t, client, large); len(got) != 0 {
		t.Errorf("it is of use: %v", got)
	}
	other := large
	other.Name = "other"
	if got := analyze(t, client, other); len(got) != 1 || got[0].GetPolicyName() != "size" {
		t.Errorf("it is about one thing: %v", got)
	}
}

func TestAnExpiredExemptionExemptsNothingAndIsAFinding(t *testing.T) {
	client, err := exempting(t, testPack(), fromSize("*::thing", "2020-01-31"))
	if err != nil {
		t.Fatal(err)
	}
	large := thing(ruletest.Props{"size": 11})
	if got := analyze(t, client, large); len(got) != 1 || got[0].GetPolicyName() != "size" {
		t.Errorf("%v", got)
	}
	got := analyzeStack(t, client, large)
	if len(got) != 1 || got[0].GetEnforcementLevel() != pulumirpc.EnforcementLevel_MANDATORY ||
		!strings.Contains(got[0].GetMessage(), "ended on 2020-01-31") {
		t.Errorf("%v", got)
	}
}

func TestAnExemptionThatNothingNeedsIsAFinding(t *testing.T) {
	client, err := exempting(t, testPack(), fromSize("*::thing", soon))
	if err != nil {
		t.Fatal(err)
	}
	if err := configure(t, client, diagnostic.Exemptions, pulumirpc.EnforcementLevel_ADVISORY, nil); err != nil {
		t.Fatal(err)
	}
	small := thing(ruletest.Props{"size": 1})
	analyze(t, client, small)
	got := analyzeStack(t, client, small)
	if len(got) != 1 || got[0].GetEnforcementLevel() != pulumirpc.EnforcementLevel_ADVISORY ||
		!strings.Contains(got[0].GetMessage(), "exempts nothing") {
		t.Errorf("%v", got)
	}
}

func TestAnExemptionThatMayBeNeededIsLeftAlone(t *testing.T) {
	client, err := exempting(t, testPack(), fromSize("*::thing", soon))
	if err != nil {
		t.Fatal(err)
	}
	unclear := thing(ruletest.Props{"size": ruletest.Computed})
	analyze(t, client, unclear)
	if got := analyzeStack(t, client, unclear); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestExemptionsOfNoRuleAreRefusedByThePackThatKnowsThemAll(t *testing.T) {
	text := strings.Replace(fromSize("*::thing", soon), "size", "sizes", 1)
	if _, err := exempting(t, testPack(), text); err != nil {
		t.Errorf("it may be another pack's: %v", err)
	}
	_, err := exempting(t, rule.Join("all", "All rules.", testPack()), text)
	if status.Code(err) != codes.InvalidArgument ||
		!strings.Contains(err.Error(), `exemptions[0].rule: there is no rule "sizes"; did you mean size?`) {
		t.Errorf("%v", err)
	}
	if _, err := exempting(t, testPack(), `[{"rule": "size"}]`); status.Code(err) != codes.InvalidArgument {
		t.Errorf("what is not well-formed is refused by every pack: %v", err)
	}
}

func TestAnExemptionFromEverythingIsRefused(t *testing.T) {
	_, err := exempting(t, testPack(), fromSize("*test*", soon))
	if status.Code(err) != codes.InvalidArgument ||
		!strings.Contains(err.Error(), `exemptions[0].resource: "*test*" is every resource of the stack`) {
		t.Errorf("%v", err)
	}
}

// The engine applies "all" to what a pack says it has, and hands on other names as they are.
func TestAllIsNotForExemptions(t *testing.T) {
	client, err := exempting(t, testPack(), fromSize("*::thing", "2020-01-31"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := client.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]*pulumirpc.PolicyConfig{"all": {EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY}}
	for _, p := range info.GetPolicies() {
		config[p.GetName()] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY}
	}
	for _, want := range []pulumirpc.EnforcementLevel{
		pulumirpc.EnforcementLevel_MANDATORY,
		pulumirpc.EnforcementLevel_ADVISORY,
	} {
		if _, err := client.Configure(
			t.Context(),
			&pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config},
		); err != nil {
			t.Fatal(err)
		}
		got := analyzeStack(t, client, thing(nil))
		if len(got) != 1 || got[0].GetEnforcementLevel() != want {
			t.Errorf("want %v: %v", want, got)
		}
		config[diagnostic.Exemptions] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY}
	}
}

func TestConfigurationOfNoRuleIsRefusedByAPackThatKnowsThemAll(t *testing.T) {
	other := testRule("weight")
	other.Judge = testPack().Rules[0].Judge
	client := ruletest.Client(t, testPack().Among(rule.Pack{Rules: []rule.Rule{other}}))
	for name, want := range map[string]string{
		"size":                "",
		"weight":              "",
		"all":                 "",
		diagnostic.Exemptions: "",
		"sise":                `there is no rule "sise"; did you mean size?`,
		"something-else":      "see: awslab policy list",
	} {
		_, err := client.Configure(
			t.Context(),
			&pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
				name: {EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY}}},
		)
		if want == "" && err != nil ||
			want != "" && (status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

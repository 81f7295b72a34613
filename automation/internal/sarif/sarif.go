// Package sarif writes the findings of a preview or update as a SARIF 2.1.0 log, which code-scanning tools read.
package sarif

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation"
)

const schema = "https://json.schemastore.org/sarif-2.1.0.json"

// scores are the middles of the bands that code-scanning tools sort severities into, on the scale of CVSS from 0 to 10.
var scores = map[string]string{"LOW": "3.0", "MEDIUM": "5.5", "HIGH": "8.0", "CRITICAL": "9.5"}

type (
	report struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name           string `json:"name"`
		InformationURI string `json:"informationUri"`
		Rules          []rule `json:"rules"`
	}
	text struct {
		Text string `json:"text"`
	}
	rule struct {
		ID                   string        `json:"id"`
		ShortDescription     text          `json:"shortDescription"`
		Help                 text          `json:"help"`
		DefaultConfiguration configuration `json:"defaultConfiguration"`
		Properties           properties    `json:"properties"`
	}
	configuration struct {
		Level string `json:"level"`
	}
	properties struct {
		SecuritySeverity string   `json:"security-severity,omitempty"`
		Tags             []string `json:"tags"`
	}
	result struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             text              `json:"message"`
		Locations           []location        `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		Suppressions        []suppression     `json:"suppressions,omitempty"`
	}
	suppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	location struct {
		PhysicalLocation physical  `json:"physicalLocation"`
		LogicalLocations []logical `json:"logicalLocations,omitempty"`
	}
	physical struct {
		ArtifactLocation artifact `json:"artifactLocation"`
		Region           region   `json:"region"`
	}
	artifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
	logical struct {
		Name               string `json:"name"`
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
)

// Write writes the violations of a stack. Mandatory ones are errors, advisory ones warnings, and what a rule could not
// judge is a note, as is what the configuration accepts, which is suppressed and goes by the rule's own name. A
// resource is in no line of a file, so that each result points to the stack's configuration file and names the resource
// by its URN.
func Write(w io.Writer, stack string, violations []automation.Violation) error {
	r := run{
		Tool:    tool{driver{Name: "awslab", InformationURI: "https://github.com/awslab/awslab", Rules: []rule{}}},
		Results: []result{},
	}
	sorted := slices.Clone(violations)
	slices.SortStableFunc(sorted, func(a, b automation.Violation) int {
		// What is accepted comes last, so that a violation describes the rule.
		return strings.Compare(
			id(a)+"\n"+a.Accepted+"\n"+a.URN+"\n"+a.Message,
			id(b)+"\n"+b.Accepted+"\n"+b.URN+"\n"+b.Message,
		)
	})
	for _, v := range sorted {
		// Sorted by rule: a new rule is never one before the last.
		if rules := r.Tool.Driver.Rules; len(rules) == 0 || rules[len(rules)-1].ID != id(v) {
			r.Tool.Driver.Rules = append(rules, ruleOf(v))
		}
		r.Results = append(r.Results, resultOf(v, stack, len(r.Tool.Driver.Rules)-1))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(report{Schema: schema, Version: "2.1.0", Runs: []run{r}})
}

// id tells apart rules of the same name in different packs.
func id(v automation.Violation) string {
	if v.Unjudged != "" {
		return v.Policy
	}
	return v.Pack + "/" + cmp.Or(v.Accepted, v.Policy)
}

func level(v automation.Violation) string {
	switch {
	case v.Unjudged != "" || v.Accepted != "":
		return "note"
	case v.Mandatory:
		return "error"
	default:
		return "warning"
	}
}

func ruleOf(v automation.Violation) rule {
	described := rule{
		ID:                   id(v),
		ShortDescription:     text{v.Title},
		Help:                 text{strings.TrimSpace(v.Why + "\n" + v.Fix)},
		DefaultConfiguration: configuration{level(v)},
		Properties: properties{
			SecuritySeverity: scores[v.Severity],
			Tags:             append([]string{"security"}, v.Controls...),
		},
	}
	switch {
	case v.Unjudged != "":
		described.ShortDescription.Text = "A rule could not decide"
		described.Help.Text = "Preview again once the resource exists: a value that the rule needs is not known before."
	case v.Title == "":
		described.ShortDescription.Text = cmp.Or(v.Accepted, v.Policy)
	}
	if described.Help.Text == "" {
		described.Help.Text = described.ShortDescription.Text
	}
	return described
}

func resultOf(v automation.Violation, stack string, ruleIndex int) result {
	where := location{PhysicalLocation: physical{artifact{"Pulumi." + stack + ".yaml", "%SRCROOT%"}, region{1}}}
	if v.URN != "" {
		where.LogicalLocations = []logical{{Name: v.ResourceName, FullyQualifiedName: v.URN, Kind: "resource"}}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{id(v), v.Unjudged, v.URN, v.Finding}, "\n")))
	var suppressions []suppression
	if v.Accepted != "" {
		suppressions = []suppression{{Kind: "external", Status: "accepted", Justification: v.Reason}}
	}
	return result{
		Suppressions:        suppressions,
		RuleID:              id(v),
		RuleIndex:           ruleIndex,
		Level:               level(v),
		Message:             text{v.Message},
		Locations:           []location{where},
		PartialFingerprints: map[string]string{"awslabFinding/v1": hex.EncodeToString(sum[:16])},
	}
}

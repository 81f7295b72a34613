package iam

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// policyDocument is a policy as the provider's data source writes it: fields in this order, a list of one as its
// element.
type policyDocument struct {
	Version    string            `json:"Version,omitempty"`
	ID         string            `json:"Id,omitempty"`
	Statements []policyStatement `json:"Statement,omitempty"`
}

type policyStatement struct {
	Sid          string `json:"Sid,omitempty"`
	Effect       string `json:"Effect,omitempty"`
	Actions      any    `json:"Action,omitempty"`
	NotActions   any    `json:"NotAction,omitempty"`
	Resources    any    `json:"Resource,omitempty"`
	NotResources any    `json:"NotResource,omitempty"`
	Principals   any    `json:"Principal,omitempty"`
	NotPrincipal any    `json:"NotPrincipal,omitempty"`
	Conditions   any    `json:"Condition,omitempty"`
}

func getPolicyDocument(c bridge.Call) (map[string]any, error) {
	document := policyDocument{Version: c.Args.Str("version"), ID: c.Args.Str("policyId")}
	if document.Version == "" {
		document.Version = "2012-10-17"
	}
	sources := c.Args.Strings("sourcePolicyDocuments")
	if source := c.Args.Str("sourceJson"); source != "" {
		sources = append([]string{source}, sources...)
	}
	for i, source := range sources {
		if err := document.merge(source, false); err != nil {
			return nil, fmt.Errorf("sourcePolicyDocuments[%d]: %w", i, err)
		}
	}
	for i, statement := range c.Args.Objects("statements") {
		rendered, err := renderStatement(statement)
		if err != nil {
			return nil, fmt.Errorf("statements[%d]: %w", i, err)
		}
		document.add(rendered, true)
	}
	overrides := c.Args.Strings("overridePolicyDocuments")
	if override := c.Args.Str("overrideJson"); override != "" {
		overrides = append([]string{override}, overrides...)
	}
	for i, override := range overrides {
		if err := document.merge(override, true); err != nil {
			return nil, fmt.Errorf("overridePolicyDocuments[%d]: %w", i, err)
		}
	}
	indented, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, err
	}
	minified, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id": fmt.Sprint(crc32.ChecksumIEEE(indented)), "json": string(indented), "minifiedJson": string(minified),
	}, nil
}

// add appends a statement, or puts it in the place of the one with its Sid.
func (d *policyDocument) add(statement policyStatement, replace bool) {
	if statement.Sid != "" {
		for i := range d.Statements {
			if d.Statements[i].Sid == statement.Sid && replace {
				d.Statements[i] = statement
				return
			}
		}
	}
	d.Statements = append(d.Statements, statement)
}

func (d *policyDocument) merge(source string, replace bool) error {
	var other struct {
		Version    string          `json:"Version"`
		ID         string          `json:"Id"`
		Statements json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(source), &other); err != nil {
		return fmt.Errorf("it is no policy document: %w", err)
	}
	var statements []policyStatement
	if err := json.Unmarshal(other.Statements, &statements); err != nil {
		var one policyStatement
		if err := json.Unmarshal(other.Statements, &one); err != nil {
			return fmt.Errorf("its statements cannot be read: %w", err)
		}
		statements = []policyStatement{one}
	}
	for _, statement := range statements {
		if !replace && statement.Sid != "" &&
			slices.ContainsFunc(d.Statements, func(s policyStatement) bool { return s.Sid == statement.Sid }) {
			return fmt.Errorf("duplicate Sid %q: use unique Sids or overridePolicyDocuments", statement.Sid)
		}
		d.add(statement, replace)
	}
	return nil
}

func renderStatement(s values.View) (policyStatement, error) {
	effect := s.Str("effect")
	switch effect {
	case "":
		effect = "Allow"
	case "Allow", "Deny":
	default:
		return policyStatement{}, fmt.Errorf("expected effect to be one of [\"Allow\" \"Deny\"], got %s", effect)
	}
	return policyStatement{
		Sid:          s.Str("sid"),
		Effect:       effect,
		Actions:      oneOrMore(s.Strings("actions")),
		NotActions:   oneOrMore(s.Strings("notActions")),
		Resources:    oneOrMore(s.Strings("resources")),
		NotResources: oneOrMore(s.Strings("notResources")),
		Principals:   renderPrincipals(s.Objects("principals")),
		NotPrincipal: renderPrincipals(s.Objects("notPrincipals")),
		Conditions:   renderConditions(s.Objects("conditions")),
	}, nil
}

// oneOrMore writes a list as the data source does: sorted backwards, and one element bare. &{ stands for ${, which
// other tools would expand.
func oneOrMore(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	sorted := make([]string, len(texts))
	for i, text := range texts {
		sorted[i] = strings.ReplaceAll(text, "&{", "${")
	}
	if len(sorted) == 1 {
		return sorted[0]
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	return sorted
}

func renderPrincipals(principals []values.View) any {
	if len(principals) == 0 {
		return nil
	}
	byType := map[string][]string{}
	for _, principal := range principals {
		kind := principal.Str("type")
		byType[kind] = append(byType[kind], principal.Strings("identifiers")...)
	}
	if everyone := byType["*"]; len(byType) == 1 && len(everyone) == 1 && everyone[0] == "*" {
		return "*"
	}
	rendered := map[string]any{}
	for kind, identifiers := range byType {
		rendered[kind] = oneOrMore(identifiers)
	}
	return rendered
}

func renderConditions(conditions []values.View) any {
	if len(conditions) == 0 {
		return nil
	}
	rendered := map[string]map[string]any{}
	for _, condition := range conditions {
		test := condition.Str("test")
		if rendered[test] == nil {
			rendered[test] = map[string]any{}
		}
		values := condition.Strings("values")
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], "&{", "${")
		}
		if len(values) == 1 {
			rendered[test][condition.Str("variable")] = values[0]
		} else {
			rendered[test][condition.Str("variable")] = values
		}
	}
	return rendered
}

// Package reference writes docs/policies.md from the packs: what each rule asks for, why, and how to comply.
package reference

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/remediation"
	"github.com/awslab/awslab/policy/internal/rule"
)

//go:generate go run ./gen

//go:embed introduction.md
var introduction string

// Markdown returns docs/policies.md for the repository at root. What fails a rule is quoted from the findings that the
// tests of the packs record.
func Markdown(root string) ([]byte, error) {
	var text strings.Builder
	text.WriteString(introduction)
	for _, pack := range append(packs.Separate[:len(packs.Separate):len(packs.Separate)], remediation.Pack) {
		fmt.Fprintf(&text, "\n## %s\n\n%s\n", pack.Name, pack.Description)
		findings, err := recorded(root, pack)
		if err != nil {
			return nil, err
		}
		for _, r := range pack.Rules {
			writeRule(&text, r, findings[r.Name])
		}
	}
	return []byte(text.String()), nil
}

// recorded returns what the rules of a pack say to the resources that fail in its tests, by rule. Rules with remedies
// change resources, and so find nothing.
func recorded(root string, pack rule.Pack) (map[string][]string, error) {
	if pack.Name == remediation.Pack.Name {
		return nil, nil
	}
	folder := strings.ReplaceAll(strings.TrimPrefix(pack.Name, "awslab-"), "-", "")
	path := filepath.Join(root, "policy", "internal", "packs", folder, "testdata", "findings.json")
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the recorded findings of %s: %w", pack.Name, err)
	}
	var findings map[string][]string
	if err := json.Unmarshal(content, &findings); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return findings, nil
}

func writeRule(text *strings.Builder, r rule.Rule, findings []string) {
	controls := make([]string, len(r.Controls))
	for i, control := range r.Controls {
		controls[i] = control.Label()
	}
	fmt.Fprintf(text, "\n### %s\n\n", r.Name)
	paragraph(text, fmt.Sprintf("**%s** %s [%s]", r.Description, r.Severity, strings.Join(controls, ", ")))
	fmt.Fprintln(text)
	item(text, "Why: "+r.Why)
	if len(findings) > 0 {
		shown := findings[:min(len(findings), maxFindings)]
		item(text, "Fails: "+strings.ReplaceAll(strings.Join(shown, " "), "*", `\*`))
	}
	item(text, "Fix: "+strings.ToUpper(r.Fix[:1])+r.Fix[1:])
	for _, s := range r.Settings {
		item(text, fmt.Sprintf("Setting `%s`, by default `%v`: %s", s.Name, s.Schema()["default"], s.Description))
	}
	if len(r.Types) > 0 && len(r.Types) <= maxTypes {
		item(text, "Resource types: `"+strings.Join(r.Types, "`, `")+"`")
	}
}

// maxTypes keeps rules about nearly every type from listing them.
const maxTypes = 12

// maxFindings keeps variations of one finding from hiding the rest.
const maxFindings = 3

func paragraph(text *strings.Builder, line string) { wrapped(text, line, "", "") }

func item(text *strings.Builder, line string) { wrapped(text, line, "- ", "  ") }

// wrapped breaks a line between words at 120 columns.
func wrapped(text *strings.Builder, line, first, rest string) {
	const columns = 120
	current := first
	for i, word := range strings.Fields(line) {
		if i > 0 && len(current)+1+len(word) > columns {
			fmt.Fprintln(text, current)
			current = rest + word
			continue
		}
		if i > 0 {
			current += " "
		}
		current += word
	}
	fmt.Fprintln(text, current)
}

package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/internal/analyzer"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/diagnostic"
)

// Policy is a rule of a policy pack, and what it does in each stack.
type Policy struct {
	Name string `json:"name"`
	Pack string `json:"pack"`
	// Severity is one of Severities, or empty where the pack gives none.
	Severity    string   `json:"severity,omitempty"`
	Controls    []string `json:"controls,omitempty"`
	Description string   `json:"description"`
	// Why says what can happen to a resource that breaks the rule, and Fix which property to set.
	Why string `json:"why,omitempty"`
	Fix string `json:"fix,omitempty"`
	// Level is the pack's own: advisory, mandatory, remediate or disabled.
	Level string `json:"level"`
	// Levels are in force by stack: the stack's configuration over the pack's own.
	Levels map[string]string `json:"levels"`
}

// Policies lists the rules of the packs below projectDir/policy with their levels in the stacks, which default to all
// stacks of the project. A pack that is a folder is compiled first.
func Policies(ctx context.Context, projectDir string, stacks ...string) ([]Policy, error) {
	root, err := filepath.Abs(projectDir)
	if err != nil {
		return nil, fmt.Errorf("resolving the project folder: %w", err)
	}
	if _, err := loadProject(root); err != nil {
		return nil, err
	}
	known := Stacks(root)
	for _, name := range stacks {
		if !slices.Contains(known, name) {
			return nil, &InputError{Field: "stack", Value: name, Allowed: "one of " + strings.Join(known, ", ")}
		}
	}
	if len(stacks) == 0 {
		stacks = known
	}
	packs, err := FindPolicyPacks(root)
	if err != nil {
		return nil, err
	}
	var policies []Policy
	for _, pack := range packs {
		path, err := buildPack(ctx, root, pack.Path)
		if err != nil {
			return nil, err
		}
		info, err := analyzer.Info(ctx, path)
		if err != nil {
			return nil, orCancelled(ctx, err)
		}
		policies = append(policies, policiesOf(info)...)
		policies = append(policies, exemptionsOf(info)...)
	}
	for _, name := range stacks {
		levels, err := readLevels(levelsFile(root, name, profileOf(root, name)))
		if err != nil {
			return nil, err
		}
		for i := range policies {
			policies[i].Levels[name] = levels.of(policies[i])
		}
	}
	return policies, nil
}

// profileOf returns a stack's profile, or nothing where its configuration is wrong, which other commands report.
func profileOf(root, stack string) string {
	project, err := workspace.LoadProject(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return ""
	}
	configured, err := config.LoadFile(string(project.Name), stackFile(Options{ProjectDir: root, Stack: stack}))
	if err != nil {
		return ""
	}
	return configured.Profile
}

func policiesOf(info *pulumirpc.AnalyzerInfo) []Policy {
	policies := make([]Policy, len(info.GetPolicies()))
	for i, p := range info.GetPolicies() {
		description, why, _ := strings.Cut(p.GetDescription(), "\n")
		description = cmp.Or(diagnostic.Parse(p.GetName(), "", description).Title, description)
		// Our packs name the one that a rule comes from in front of its name.
		pack, name, qualified := strings.Cut(p.GetDisplayName(), "/")
		if !qualified || name != p.GetName() {
			pack = info.GetName()
		}
		policies[i] = Policy{
			Name: p.GetName(), Pack: pack, Severity: severityOf(p.GetSeverity()), Controls: p.GetTags(),
			Description: description, Why: why, Fix: p.GetRemediationSteps(),
			Level: strings.ToLower(p.GetEnforcementLevel().String()), Levels: map[string]string{},
		}
	}
	return policies
}

// exemptionsOf returns what awslab's packs do besides their rules, and do not tell the engine of, lest "all" be for it
// too.
func exemptionsOf(info *pulumirpc.AnalyzerInfo) []Policy {
	if !slices.ContainsFunc(
		info.GetPolicies(),
		func(p *pulumirpc.PolicyInfo) bool { return p.GetName() == diagnostic.Unevaluated },
	) {
		return nil
	}
	return []Policy{{
		Name: diagnostic.Exemptions, Pack: info.GetName(), Level: "mandatory", Levels: map[string]string{},
		Description: "Every exemption is of use, and in force. Those that are used are listed, as advice.",
	}}
}

func severityOf(severity pulumirpc.PolicySeverity) string {
	name := strings.TrimPrefix(severity.String(), "POLICY_SEVERITY_")
	if slices.Contains(Severities, name) {
		return name
	}
	return ""
}

// levels are a stack's levels by rule; the key "all" stands for the rules that have none of their own.
type levels map[string]string

func (l levels) of(p Policy) string {
	for _, name := range []string{p.Name, "all"} {
		if level, ok := l[name]; ok && (name != "all" || p.Name != diagnostic.Exemptions) {
			// What could not be judged is always told as advice, or not at all.
			if p.Name == diagnostic.Unevaluated && level != "disabled" {
				return p.Level
			}
			return level
		}
	}
	return p.Level
}

// readLevels reads the levels in a configuration of the packs; an empty path has none. A rule has a level, or an
// object of settings whose enforcementLevel may be missing.
func readLevels(path string) (levels, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policies' configuration: %w", err)
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(content, &entries); err != nil {
		return nil, &InputError{
			"policies' configuration", path, "an object of levels and settings by rule in JSON: " + err.Error(),
		}
	}
	found := levels{}
	for name, entry := range entries {
		var level string
		if json.Unmarshal(entry, &level) != nil {
			var settings struct {
				EnforcementLevel string `json:"enforcementLevel"`
			}
			if err := json.Unmarshal(entry, &settings); err != nil {
				return nil, &InputError{
					"policies' configuration", path,
					fmt.Sprintf("a level or an object with enforcementLevel for %s, not %s", name, entry),
				}
			}
			level = settings.EnforcementLevel
		}
		if level != "" {
			found[name] = level
		}
	}
	return found, nil
}

package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Run is what a rule may know about the preview or update besides resources.
type Run struct {
	Organization, Project, Stack string
	// Tags are the stack's own tags.
	Tags map[string]string
	// Preview is true when nothing is changed, and values that depend on new resources are unknown.
	Preview bool

	settings map[string]int
}

// WithSettings returns the run with a rule's settings in force.
func (r Run) WithSettings(settings map[string]int) Run {
	r.settings = settings
	return r
}

// Int returns the setting's value in this run.
func (r Run) Int(s Setting) int {
	if value, ok := r.settings[s.Name]; ok {
		return value
	}
	return s.Default
}

// Setting is a whole number that a stack's configuration can set for a rule.
type Setting struct {
	Name, Description string
	Default, Minimum  int
}

// Schema returns the setting's JSON Schema, with which the engine checks a configuration file and fills in defaults.
func (s Setting) Schema() map[string]any {
	return map[string]any{"type": "integer", "description": s.Description, "default": s.Default, "minimum": s.Minimum}
}

// ReadSettings checks what a configuration gives for the rule and returns its settings, defaults filled in. It refuses
// unknown names, which the engine's own check lets pass.
func (r Rule) ReadSettings(given map[string]any) (map[string]int, error) {
	settings := map[string]int{}
	var names []string
	for _, s := range r.Settings {
		names = append(names, s.Name)
		settings[s.Name] = s.Default
		value, ok := given[s.Name]
		if !ok {
			continue
		}
		number, ok := value.(float64)
		if !ok || number != math.Trunc(number) || number < float64(s.Minimum) || number > math.MaxInt32 {
			return nil, fmt.Errorf("%s: %s is %v; it must be a whole number, %d or more", r.Name, s.Name, value, s.Minimum)
		}
		settings[s.Name] = int(number)
	}
	for name := range given {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s: there is no setting %q; its settings are: %s", r.Name, name, orNone(names))
		}
	}
	return settings, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

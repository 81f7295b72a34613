package rule

import (
	"errors"
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

	settings Settings
}

// WithSettings returns the run with a rule's settings in force. What they leave out has its default.
func (r Run) WithSettings(settings Settings) Run {
	r.settings = settings
	return r
}

// Int returns the value in this run of a setting that is a number.
func (r Run) Int(s Setting) int {
	if value, ok := r.settings[s.Name].(int); ok {
		return value
	}
	return s.Default
}

// Texts returns the value in this run of a setting that is a list of texts.
func (r Run) Texts(s Setting) []string {
	if value, ok := r.settings[s.Name].([]string); ok {
		return value
	}
	return s.Texts
}

// Numbers returns the value in this run of a setting that is a list of numbers.
func (r Run) Numbers(s Setting) []int {
	if value, ok := r.settings[s.Name].([]int); ok {
		return value
	}
	return s.Numbers
}

// Setting is a whole number, a list of them, or a list of texts, that a stack's configuration can set for a rule.
type Setting struct {
	Name, Description string
	// Default is the number, and Minimum the least that it, or each of Numbers, can be.
	Default, Minimum int
	// Texts or Numbers makes the setting a list, with these by default. Nil makes it a number.
	Texts   []string
	Numbers []int
}

// Settings are the values of a rule's settings by name: an int, a []int or a []string each.
type Settings map[string]any

// Schema returns the setting's JSON Schema, with which the engine checks a configuration file and fills in defaults.
func (s Setting) Schema() map[string]any {
	switch {
	case s.Texts != nil:
		return s.list(map[string]any{"type": "string"}, values(s.Texts))
	case s.Numbers != nil:
		return s.list(map[string]any{"type": "integer", "minimum": s.Minimum}, values(s.Numbers))
	}
	return map[string]any{"type": "integer", "description": s.Description, "default": s.Default, "minimum": s.Minimum}
}

func (s Setting) list(items map[string]any, byDefault []any) map[string]any {
	return map[string]any{"type": "array", "items": items, "description": s.Description, "default": byDefault}
}

func values[T any](list []T) []any {
	result := make([]any, len(list))
	for i, one := range list {
		result[i] = one
	}
	return result
}

// ReadSettings checks what a configuration gives for the rule and returns its settings. It refuses unknown names, which
// the engine's own check lets pass.
func (r Rule) ReadSettings(given map[string]any) (Settings, error) {
	settings := Settings{}
	var names []string
	for _, s := range r.Settings {
		names = append(names, s.Name)
		value, ok := given[s.Name]
		if !ok {
			continue
		}
		read, err := s.read(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %s is %v; %w", r.Name, s.Name, value, err)
		}
		settings[s.Name] = read
	}
	for name := range given {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s: there is no setting %q; its settings are: %s", r.Name, name, orNone(names))
		}
	}
	return settings, nil
}

// read returns an int, a []int or a []string.
func (s Setting) read(value any) (any, error) {
	elements, ok := value.([]any)
	switch {
	case s.Numbers != nil:
		numbers := make([]int, len(elements))
		for i, element := range elements {
			number, whole := s.number(element)
			numbers[i], ok = number, ok && whole
		}
		if !ok {
			return nil, fmt.Errorf("it must be a list of whole numbers, %d or more", s.Minimum)
		}
		return numbers, nil
	case s.Texts == nil:
		number, ok := s.number(value)
		if !ok {
			return nil, fmt.Errorf("it must be a whole number, %d or more", s.Minimum)
		}
		return number, nil
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i], _ = element.(string)
		ok = ok && texts[i] != ""
	}
	if !ok {
		return nil, errors.New("it must be a list of texts, none of them empty")
	}
	return texts, nil
}

func (s Setting) number(value any) (int, bool) {
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) || number < float64(s.Minimum) || number > math.MaxInt32 {
		return 0, false
	}
	return int(number), true
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

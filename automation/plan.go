package automation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// PlanError says that an up would do what its plan does not have: the stack, the program or the configuration has
// changed since the plan was saved. What was done until then is in the plan, and in the state.
type PlanError struct {
	Stack string
	// Diagnostics say what is not in the plan.
	Diagnostics []Diagnostic
}

func (e *PlanError) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	return fmt.Sprintf("up of stack %s is not what was planned:\n%s\nSave another plan with awslab preview --stack %s "+
		"--save-plan, and look at it", e.Stack, strings.Join(lines, "\n"), e.Stack)
}

// violation is how the engine says that a step is not in the plan (pkg/resource/deploy of Pulumi 3.259).
var violation = regexp.MustCompile(`violates plan|not allowed by the plan|expected resource operations for`)

// planViolations returns the errors among diagnostics that say so.
func planViolations(diagnostics []Diagnostic) []Diagnostic {
	var found []Diagnostic
	for _, d := range diagnostics {
		if violation.MatchString(d.Message) {
			found = append(found, d)
		}
	}
	return found
}

// savePlan calls f with a file beside path, which only its owner can read, and gives it that path if f succeeds.
func savePlan(path string, f func(file string) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".plan-")
	if err != nil {
		return fmt.Errorf("creating the plan %s: %w", path, err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if err := errors.Join(file.Close(), f(file.Name())); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing the plan %s: %w", path, err)
	}
	return nil
}

// checkPlan refuses a plan that cannot be read.
func checkPlan(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path) //nolint:gosec // the caller's own file
	if err != nil {
		return &InputError{"plan", path, "a file that a preview has written: " + err.Error()}
	}
	return file.Close()
}

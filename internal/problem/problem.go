// Package problem says what is wrong with the arguments of a component, as data: which field it is, and why its value
// is refused. Components return problems among the errors of their validation; package config turns a field into the
// path that the user wrote.
package problem

import (
	"errors"
	"fmt"
	"slices"
)

// Problem is one thing that is wrong with a field.
type Problem struct {
	// Field leads from the arguments to the field, such as Scaling.Schedules[1].Timezone.
	Field string
	// Message says what the value is, what is allowed, and what to do.
	Message string
}

// New returns a Problem with the message that format and values make.
func New(field, format string, values ...any) error {
	return &Problem{Field: field, Message: fmt.Sprintf(format, values...)}
}

func (p *Problem) Error() string { return p.Field + ": " + p.Message }

// In returns the error with a path before the fields of its problems, such as Access before Tables[0].Name.
func In(path string, err error) error {
	found := All(err)
	moved := make([]error, len(found))
	for i, p := range found {
		moved[i] = &Problem{Field: path + "." + p.Field, Message: p.Message}
	}
	return errors.Join(moved...)
}

// All returns the problems that an error holds, in the order in which they were joined. An error that is no problem,
// which no validation returns, comes without a field.
func All(err error) []Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok { //nolint:errorlint // what it wraps is looked through below
		return []Problem{*p}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // as above
		return slices.Concat(each(joined.Unwrap())...)
	}
	if inner := errors.Unwrap(err); inner != nil {
		return All(inner)
	}
	return []Problem{{Message: err.Error()}}
}

func each(errs []error) [][]Problem {
	found := make([][]Problem, len(errs))
	for i, err := range errs {
		found[i] = All(err)
	}
	return found
}

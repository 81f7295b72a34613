// Package invalid says what is wrong with a field of what a client sent.
package invalid

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says which field is wrong, and what is allowed.
type Error struct {
	Field   string // as named in JSON, such as lines[0].quantity
	Message string
}

func (e *Error) Error() string { return e.Field + ": " + e.Message }

// Required returns an error unless text holds more than white space.
func Required(field, text string) error {
	if strings.TrimSpace(text) == "" {
		return &Error{field, "is required"}
	}
	return nil
}

// Text returns an error for text of more than limit characters, or with a control character other than those in
// allowed. A NUL, which PostgreSQL cannot store, is a control character too.
func Text(field, text string, limit int, allowed string) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return &Error{field, fmt.Sprintf("has %d characters; at most %d are allowed", n, limit)}
	}
	for _, r := range text {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			return &Error{field, fmt.Sprintf("holds the control character %U", r)}
		}
	}
	return nil
}

// Number returns an error for a number that is missing, or not from low to high.
func Number(field string, n *int64, low, high int64) error {
	if n == nil {
		return &Error{field, "is required"}
	}
	if *n < low || *n > high {
		return &Error{field, fmt.Sprintf("is %d; allowed are %d to %d", *n, low, high)}
	}
	return nil
}

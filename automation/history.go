package automation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/opthistory"
)

// PastOperation is one that changed the stack, or failed to.
type PastOperation struct {
	// Operation is the engine's word: update, refresh, destroy, ...
	Operation string `json:"operation"`
	// Message is the one that WithMessage gave it; may be empty.
	Message string `json:"message,omitempty"`
	// Result is succeeded, failed or in-progress.
	Result string    `json:"result"`
	Began  time.Time `json:"began"`
	// Ended is zero while the operation is under way.
	Ended time.Time `json:"ended,omitzero"`
	// Changes counts resources by operation (create, update, replace, delete, same, ...).
	Changes map[string]int `json:"changes,omitempty"`
}

// History returns the latest operations on the stack, the latest first, limit of them at most (1 or more).
func (l *Lab) History(ctx context.Context, limit int) ([]PastOperation, error) {
	if limit < 1 {
		return nil, &InputError{Field: "limit", Value: strconv.Itoa(limit), Allowed: "1 or more"}
	}
	summaries, err := l.stack.History(ctx, limit, 1, opthistory.ShowSecrets(false))
	if err != nil {
		wrapped := fmt.Errorf("reading the history of stack %s: %w", l.options.Stack, redact(err))
		return nil, l.located(classify(ctx, wrapped, err, nil))
	}
	past := make([]PastOperation, len(summaries))
	for i, s := range summaries {
		past[i] = PastOperation{Operation: s.Kind, Message: unquoted(s.Message), Result: s.Result}
		if past[i].Began, err = time.Parse(time.RFC3339, s.StartTime); err != nil {
			return nil, fmt.Errorf("reading the history of stack %s: %w", l.options.Stack, err)
		}
		if s.EndTime != nil {
			past[i].Ended, _ = time.Parse(time.RFC3339, *s.EndTime)
		}
		if s.ResourceChanges != nil {
			past[i].Changes = *s.ResourceChanges
		}
	}
	return past, nil
}

// unquoted takes off the quotes that the SDK puts around a message.
func unquoted(message string) string {
	if text, err := strconv.Unquote(message); err == nil {
		return text
	}
	return message
}

package bridge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/model"
)

// APIError is a refusal in AWS's words.
type APIError struct {
	// Code is the error code of the service's API, such as InvalidSubnet.Range.
	Code    string
	Message string
	// retried says that the provider tries again for minutes before it gives up, since the reason often goes away.
	retried bool
}

func (e *APIError) Error() string { return fmt.Sprintf("api error %s: %s", e.Code, e.Message) }

// Refuse makes an AWS refusal.
func Refuse(code, format string, args ...any) error {
	return &APIError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// RefuseRetried makes an AWS refusal that the provider waits out.
func RefuseRetried(code, format string, args ...any) error {
	return &APIError{Code: code, Message: fmt.Sprintf(format, args...), retried: true}
}

func isRetried(err error) bool {
	var refusal *APIError
	return errors.As(err, &refusal) && refusal.retried
}

// wrap says what was attempted, in the provider's form: creating EC2 Subnet (name): operation error EC2: CreateSubnet,
// api error InvalidSubnet.Range: ...
func (k *knowledge) wrap(doing, operation, token, name string, err error) error {
	service, known := k.names[model.ServiceOf(token)]
	if !known {
		service = model.ServiceOf(token)
	}
	what := fmt.Sprintf("%s %s %s (%s)", doing, service, Spaced(model.ShortName(token)), name)
	var refusal *APIError
	if errors.As(err, &refusal) {
		return fmt.Errorf("%s: operation error %s: %s%s, %w", what, service, operation, model.ShortName(token), refusal)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Spaced writes a type's name as words: Route Table for RouteTable.
func Spaced(name string) string {
	var words strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z' {
			words.WriteByte(' ')
		}
		words.WriteRune(r)
	}
	return words.String()
}

package jsonapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/awslab/awslab/services/internal/invalid"
)

// MaxBody is the largest body in bytes that reaches a service from outside: AWS WAF inspects no more behind a load
// balancer, and AWS's Core rule set blocks what is larger (SizeRestrictions_BODY; "Baseline rule groups", AWS WAF
// developer guide). A service that took more would be answered for with 403.
const MaxBody = 8 << 10

// Body is what an API takes as the body of a request.
type Body struct {
	// Max bounds the body in bytes.
	Max int64
	// Code is the error's for JSON that is not what the API takes.
	Code string
	// Types are what JSON must have in a field, such as "a string", by the path that encoding/json gives it. Each field
	// that is allowed has one.
	Types map[string]string
	// Known says which fields are allowed, for the message about one that is not.
	Known string
}

// Read reads the body of a request, and has decode make a value of it.
func Read[T any](w http.ResponseWriter, r *http.Request, b Body, decode func([]byte) (T, error)) (T, *Error) {
	var none T
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil ||
		mediaType != "application/json" {
		return none, &Error{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
			Message: "the Content-Type must be application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, b.Max))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		// MaxBytesReader asks for this itself, but only of the server's own ResponseWriter, which is wrapped here.
		w.Header().Set("Connection", "close")
		return none, &Error{Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Message: fmt.Sprintf("the body is longer than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return none, &Error{Status: http.StatusBadRequest, Code: "incomplete_body", Message: "the body ended early"}
	}
	value, err := decode(body)
	if refused := b.Refuse(err); refused != nil {
		return none, refused
	}
	if err != nil {
		return none, &Error{Status: http.StatusBadRequest, Code: "invalid_json", Message: err.Error()}
	}
	return value, nil
}

// Refuse returns the answer for an *invalid.Error, and nil for any other error.
func (b Body) Refuse(err error) *Error {
	wrong := new(invalid.Error)
	if !errors.As(err, &wrong) {
		return nil
	}
	return &Error{
		Status:  http.StatusUnprocessableEntity,
		Code:    b.Code,
		Field:   wrong.Field,
		Message: wrong.Message,
	}
}

// Decode reads one JSON object, strictly: an unknown field, one that is given twice, a value of the wrong type, or
// anything after the object is an error. What is JSON but of another shape gives an *invalid.Error.
func Decode[T any](b Body, body []byte) (T, error) {
	var value, none T
	if !utf8.Valid(body) {
		return none, errors.New("the body is not UTF-8") // encoding/json would replace what it cannot read
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return none, errors.New("the body must be one JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		return none, b.explain(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return none, errors.New("the body must end after its JSON object")
	}
	if err := b.checkNames(json.NewDecoder(bytes.NewReader(body)), ""); err != nil {
		return none, err
	}
	return value, nil
}

// checkNames reads a value at a path, and refuses a field that is given twice, or in another case than it is known:
// encoding/json takes both.
func (b Body) checkNames(decoder *json.Decoder, path string) error {
	opening, err := decoder.Token()
	if err != nil {
		return b.explain(err)
	}
	given := map[string]bool{}
	for opening == json.Delim('{') && decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return b.explain(err)
		}
		at := strings.TrimPrefix(fmt.Sprintf("%s.%s", path, name), ".")
		switch {
		case given[at]:
			return &invalid.Error{Field: at, Message: "is given more than once"}
		case b.Types[at] == "":
			return b.unknown(at)
		}
		given[at] = true
		if err := b.checkNames(decoder, at); err != nil {
			return err
		}
	}
	for opening == json.Delim('[') && decoder.More() {
		if err := b.checkNames(decoder, path); err != nil {
			return err
		}
	}
	if opening == json.Delim('{') || opening == json.Delim('[') {
		_, err = decoder.Token() // the closing one
	}
	return err
}

func (b Body) unknown(field string) error {
	return &invalid.Error{Field: field, Message: "is unknown; allowed are " + b.Known}
}

// explain puts an error of encoding/json in the words of the API's clients, who know no Go types.
func (b Body) explain(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return &invalid.Error{Field: wrong.Field, Message: "is not " + b.Types[wrong.Field]}
	}
	// encoding/json has no type for this error.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if field, err := strconv.Unquote(quoted); err == nil {
			return b.unknown(field)
		}
	}
	return errors.New("the body is not well-formed JSON")
}

// Limits of the number of elements that a list answers with.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// ListQuery reads limit and the parameter that continues a list, and refuses any other parameter and any given twice.
func ListQuery(raw, cursorName string) (limit int, cursor string, problem *Error) {
	refuse := func(field, message string) (int, string, *Error) {
		return 0, "", &Error{Status: http.StatusBadRequest, Code: "invalid_query", Field: field, Message: message}
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return refuse("", "the query string is malformed")
	}
	for name, values := range query {
		if name != "limit" && name != cursorName {
			return refuse(name, "is unknown; allowed are limit and "+cursorName)
		}
		if len(values) > 1 {
			return refuse(name, "is given more than once")
		}
	}
	limit = DefaultLimit
	if query.Has("limit") {
		limit, err = strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 1 || limit > MaxLimit {
			return refuse("limit", "must be a whole number from 1 to "+strconv.Itoa(MaxLimit))
		}
	}
	return limit, query.Get(cursorName), nil
}

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/awslab/awslab/services/orders/internal/order"
)

// maxBody bounds a request's body in bytes. An order whose texts are all at their limit fits in, even if each character is
// written as an escaped surrogate pair of 12 bytes.
const maxBody = 128 << 10

// Error is how a request is refused: {"error": {"code": ..., "message": ..., "field": ...}}.
type Error struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`            // stable, for programs
	Message string `json:"message"`         // for people
	Field   string `json:"field,omitempty"` // the body's field or the query's parameter that the message is about
}

var internalError = Error{Status: http.StatusInternalServerError, Code: "internal", Message: "the service failed; its log has the cause under this request's id"}

func writeError(w http.ResponseWriter, e Error) {
	writeJSON(w, e.Status, map[string]Error{"error": e})
}

// writeJSON ignores a failed write: the client is gone, and nobody is left to tell.
func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(fmt.Errorf("encoding an answer of type %T: %w", answer, err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// readOrder reads the body of a create request and makes an order of it.
func readOrder(w http.ResponseWriter, r *http.Request) (order.Order, *Error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return order.Order{}, &Error{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
			Message: "the Content-Type must be application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		// MaxBytesReader asks for this itself, but only of the server's own ResponseWriter, which is wrapped here.
		w.Header().Set("Connection", "close")
		return order.Order{}, &Error{Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Message: fmt.Sprintf("the body is longer than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return order.Order{}, &Error{Status: http.StatusBadRequest, Code: "incomplete_body", Message: "the body ended early"}
	}
	created, err := decodeOrder(body, time.Now())
	if invalid := new(order.InvalidError); errors.As(err, &invalid) {
		return order.Order{}, &Error{Status: http.StatusUnprocessableEntity, Code: "invalid_order", Field: invalid.Field, Message: invalid.Message}
	}
	if err != nil {
		return order.Order{}, &Error{Status: http.StatusBadRequest, Code: "invalid_json", Message: err.Error()}
	}
	return created, nil
}

// decodeOrder reads one JSON object, strictly: an unknown field, a value of the wrong type, or anything after the object
// is an error. What is JSON but no order gives an *order.InvalidError.
func decodeOrder(body []byte, now time.Time) (order.Order, error) {
	if !utf8.Valid(body) {
		return order.Order{}, errors.New("the body is not UTF-8") // encoding/json would replace what it cannot read
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return order.Order{}, errors.New("the body must be one JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var draft order.Draft
	if err := decoder.Decode(&draft); err != nil {
		return order.Order{}, explain(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return order.Order{}, errors.New("the body must end after its JSON object")
	}
	return order.New(draft, now)
}

// wanted is what JSON must have in a field, by the path that encoding/json gives it.
var wanted = map[string]string{
	"customer": "a string", "lines": "an array of objects", "lines.item": "a string",
	"lines.quantity": "a whole number", "lines.priceCents": "a whole number",
}

// explain puts an error of encoding/json in the words of the API's clients, who know no Go types.
func explain(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return &order.InvalidError{Field: wrong.Field, Message: "is not " + wanted[wrong.Field]}
	}
	// encoding/json has no type for this error.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if field, err := strconv.Unquote(quoted); err == nil {
			return &order.InvalidError{Field: field, Message: "is unknown; allowed are customer and lines, and in a line item, quantity and priceCents"}
		}
	}
	return errors.New("the body is not well-formed JSON")
}

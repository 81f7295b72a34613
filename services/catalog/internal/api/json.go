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
	"unicode/utf8"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

// maxBody bounds a request's body in bytes. A draft whose texts are all at their limit fits in, even if each character
// is written as an escaped surrogate pair of 12 bytes.
const maxBody = 32 << 10

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

// readDraft reads and validates the body of a create request.
func readDraft(w http.ResponseWriter, r *http.Request) (item.Draft, *Error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return item.Draft{}, &Error{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
			Message: "the Content-Type must be application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		// MaxBytesReader asks for this itself, but only of the server's own ResponseWriter, which is wrapped here.
		w.Header().Set("Connection", "close")
		return item.Draft{}, &Error{Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Message: fmt.Sprintf("the body is longer than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return item.Draft{}, &Error{Status: http.StatusBadRequest, Code: "incomplete_body", Message: "the body ended early"}
	}
	draft, err := decodeDraft(body)
	if invalid := new(item.InvalidError); errors.As(err, &invalid) {
		return item.Draft{}, &Error{Status: http.StatusUnprocessableEntity, Code: "invalid_item", Field: invalid.Field, Message: invalid.Message}
	}
	if err != nil {
		return item.Draft{}, &Error{Status: http.StatusBadRequest, Code: "invalid_json", Message: err.Error()}
	}
	return draft, nil
}

// decodeDraft reads one JSON object, strictly: an unknown field, a value of the wrong type, or anything after the object
// is an error. What is JSON but no item gives an *item.InvalidError.
func decodeDraft(body []byte) (item.Draft, error) {
	if !utf8.Valid(body) {
		return item.Draft{}, errors.New("the body is not UTF-8") // encoding/json would replace what it cannot read
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return item.Draft{}, errors.New("the body must be one JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var draft item.Draft
	if err := decoder.Decode(&draft); err != nil {
		return item.Draft{}, explain(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return item.Draft{}, errors.New("the body must end after its JSON object")
	}
	if err := draft.Validate(); err != nil {
		return item.Draft{}, err
	}
	return draft, nil
}

// explain puts an error of encoding/json in the words of the API's clients, who know no Go types.
func explain(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		want := "a string"
		if wrong.Field == "priceCents" {
			want = "a whole number"
		}
		return &item.InvalidError{Field: wrong.Field, Message: "is not " + want}
	}
	// encoding/json has no type for this error.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if field, err := strconv.Unquote(quoted); err == nil {
			return &item.InvalidError{Field: field, Message: "is unknown; allowed are name, description and priceCents"}
		}
	}
	return errors.New("the body is not well-formed JSON")
}

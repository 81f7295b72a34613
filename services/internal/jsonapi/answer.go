package jsonapi

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Error is how a request is refused: {"error": {"code": ..., "message": ..., "field": ...}}.
type Error struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`            // stable, for programs
	Message string `json:"message"`         // for people
	Field   string `json:"field,omitempty"` // the body's field or the query's parameter that the message is about
}

// Internal is the answer for a failure of the service.
var Internal = Error{
	Status:  http.StatusInternalServerError,
	Code:    "internal",
	Message: "the service failed; its log has the cause under this request's id",
}

// WriteError answers with an error.
func WriteError(w http.ResponseWriter, e Error) {
	WriteJSON(w, e.Status, map[string]Error{"error": e})
}

// WriteJSON ignores a failed write: the client is gone, and nobody is left to tell.
func WriteJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(fmt.Errorf("encoding an answer of type %T: %w", answer, err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

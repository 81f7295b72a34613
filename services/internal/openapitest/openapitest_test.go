package openapitest

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerThatNoTestGotIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "204": {description: It is there.}
        "404": {description: It is not.}
`), 0o600))
	document := New(file)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/things/a" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	})
	require.ErrorContains(t, document.requireAllSeen(),
		"no test got these documented answers: GET /things/{id} 204, GET /things/{id} 404; add tests")
	document.Send(t.Context(), t, handler, "GET", "/things/a", "")
	require.ErrorContains(t, document.requireAllSeen(), "answers: GET /things/{id} 404; add tests")
	document.Send(t.Context(), t, handler, "GET", "/things/b", "")
	require.NoError(t, document.requireAllSeen())
}

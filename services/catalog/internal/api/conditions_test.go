package api

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

const changed = `{"name": "changed", "priceCents": 300}`

func TestAnUpdateNamesTheVersionThatItIsFor(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	created := create(t, handler, "lamp")
	at := "/items/" + created.ID

	answer := send(t, handler, "PUT", at, changed, "If-Match", `"1"`)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, `"2"`, answer.Header.Get("ETag"))
	updated := decode[item.Item](t, answer)
	assert.Equal(t, item.Item{
		ID: created.ID, Version: 2, Name: "changed", PriceCents: 300, CreatedAt: created.CreatedAt,
	}, updated)

	for _, method := range []string{"PUT", "DELETE"} {
		answer = send(t, handler, method, at, changed, "If-Match", `"1"`)
		require.Equal(t, http.StatusPreconditionFailed, answer.StatusCode)
		assert.Equal(t, "precondition_failed", decodeError(t, answer).Code)
	}
	answer = send(t, handler, "GET", at, "")
	assert.Equal(t, `"2"`, answer.Header.Get("ETag"))
	assert.Equal(t, updated, decode[item.Item](t, answer))

	require.Equal(t, http.StatusNoContent, send(t, handler, "DELETE", at, "", "If-Match", `"2"`).StatusCode)
	require.Equal(t, http.StatusNotFound, send(t, handler, "GET", at, "").StatusCode)
}

func TestAVersionIsOneStrongETag(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	at := "/items/" + create(t, handler, "lamp").ID
	for _, tag := range []string{
		"", "1", `"1`, `W/"1"`, "*", `"1", "2"`, `"0"`, `"01"`, `"-1"`, `"one"`, `"9999999999999999999"`,
	} {
		answer := send(t, handler, "DELETE", at, "", "If-Match", tag)
		require.Equal(t, http.StatusBadRequest, answer.StatusCode, "%q", tag)
		assert.Equal(t, "If-Match", decodeError(t, answer).Field)
	}
	require.Equal(t, http.StatusOK, send(t, handler, "GET", at, "").StatusCode)
}

func TestAnItemThatTheClientHasIsNotSentAgain(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	at := "/items/" + create(t, handler, "lamp").ID
	for tags, want := range map[string]int{
		``:              http.StatusOK,
		`"2"`:           http.StatusOK,
		`"11"`:          http.StatusOK,
		`1`:             http.StatusOK,
		`"1"`:           http.StatusNotModified,
		`W/"1"`:         http.StatusNotModified,
		`"7", W/"1" ,x`: http.StatusNotModified,
		`*`:             http.StatusNotModified,
	} {
		answer := send(t, handler, "GET", at, "", "If-None-Match", tags)
		assert.Equal(t, want, answer.StatusCode, "%q", tags)
		assert.Equal(t, `"1"`, answer.Header.Get("ETag"))
		if want == http.StatusNotModified {
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Empty(t, body)
		}
	}
}

package api

import (
	"io"
	"net/http"
	"strconv"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// exportPage is how many items an export reads at once: about as many of the usual size as DynamoDB returns.
const exportPage = 1000

func (a *API) withExports(handler http.HandlerFunc) http.HandlerFunc {
	if a.exports != nil {
		return handler
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		notConfigured(w, "this catalog writes no exports: its configuration names no folder")
	}
}

func (a *API) createExport(w http.ResponseWriter, r *http.Request) {
	written, err := a.exports.Write(r.Context(), item.All(r.Context(), a.items, exportPage))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/items/exports/files/"+written.Name)
	jsonapi.WriteJSON(w, http.StatusCreated, written)
}

// getExport announces the length of the file, so that the client notices if the answer ends early.
func (a *API) getExport(w http.ResponseWriter, r *http.Request) {
	file, size, err := a.exports.Open(r.PathValue("name"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := io.Copy(w, file); err != nil {
		a.log.WarnContext(r.Context(), "export sent in part", "error", err)
	}
}

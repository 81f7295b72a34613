package api

import (
	"errors"
	"net/http"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

type listAnswer struct {
	Items []item.Item `json:"items"`
	Next  string      `json:"next,omitempty"` // cursor of the following page
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	limit, cursor, problem := jsonapi.ListQuery(r.URL.RawQuery, "cursor")
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	page, err := a.items.List(r.Context(), limit, cursor)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	jsonapi.WriteJSON(w, http.StatusOK, listAnswer{Items: page.Items, Next: page.Next})
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	draft, problem := jsonapi.Read(w, r, draftBody, decodeDraft)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	created, err := a.items.Create(r.Context(), draft)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/items/"+created.ID)
	writeItem(w, http.StatusCreated, created)
}

func (a *API) get(w http.ResponseWriter, r *http.Request, id string) {
	found, err := a.items.Get(r.Context(), id)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if noneMatch(r, etag(found)) {
		writeItem(w, http.StatusOK, found)
		return
	}
	w.Header().Set("ETag", etag(found))
	w.WriteHeader(http.StatusNotModified)
}

func (a *API) update(w http.ResponseWriter, r *http.Request, id string) {
	version, problem := ifMatch(r)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	draft, problem := jsonapi.Read(w, r, draftBody, decodeDraft)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	updated, err := a.items.Update(r.Context(), id, version, draft)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeItem(w, http.StatusOK, updated)
}

// delete deletes the picture also of an item that is gone already: an earlier request may have failed in between, and
// its client tries again.
func (a *API) delete(w http.ResponseWriter, r *http.Request, id string) {
	version, problem := ifMatch(r)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	err := a.items.Delete(r.Context(), id, version)
	if err != nil && !errors.Is(err, item.ErrNotFound) {
		a.fail(w, r, err)
		return
	}
	if a.pictures != nil {
		if err := a.pictures.Delete(r.Context(), id); err != nil {
			a.fail(w, r, err)
			return
		}
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeItem(w http.ResponseWriter, status int, i item.Item) {
	w.Header().Set("ETag", etag(i))
	jsonapi.WriteJSON(w, status, i)
}

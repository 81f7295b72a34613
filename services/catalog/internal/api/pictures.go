package api

import (
	"net/http"

	"github.com/awslab/awslab/services/catalog/internal/picture"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// pictureBody is what announces a picture.
var pictureBody = jsonapi.Body{
	Max:   1 << 10,
	Code:  "invalid_picture",
	Types: map[string]string{"contentType": "a string", "size": "a whole number"},
	Known: "contentType and size",
}

// decodePicture returns an *invalid.Error for what is JSON but announces no picture.
func decodePicture(body []byte) (picture.Draft, error) {
	draft, err := jsonapi.Decode[picture.Draft](pictureBody, body)
	if err != nil {
		return picture.Draft{}, err
	}
	if err := draft.Validate(); err != nil {
		return picture.Draft{}, err
	}
	return draft, nil
}

func (a *API) withPictures(handler http.HandlerFunc) http.HandlerFunc {
	if a.pictures != nil {
		return handler
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		notConfigured(w, "this catalog keeps no pictures: its configuration names no bucket")
	}
}

// putPicture answers with the request that sends the picture to S3.
func (a *API) putPicture(w http.ResponseWriter, r *http.Request, id string) {
	draft, problem := jsonapi.Read(w, r, pictureBody, decodePicture)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	if _, err := a.items.Get(r.Context(), id); err != nil {
		a.fail(w, r, err)
		return
	}
	upload, err := a.pictures.Upload(r.Context(), id, draft)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store") // the URL is a secret, and expires
	jsonapi.WriteJSON(w, http.StatusCreated, upload)
}

// getPicture sends the client to S3.
func (a *API) getPicture(w http.ResponseWriter, r *http.Request, id string) {
	if _, err := a.items.Get(r.Context(), id); err != nil {
		a.fail(w, r, err)
		return
	}
	from, err := a.pictures.URL(r.Context(), id)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", from)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

package api

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
	"github.com/awslab/awslab/services/catalog/internal/picture"
	"github.com/awslab/awslab/services/catalog/internal/picture/picturetest"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// withPictures returns an API that keeps pictures, and what it logs.
func withPictures(t *testing.T, between ...func(http.Handler) http.Handler) (*API, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	return New(Parts{
		Items:    item.NewMemory(10),
		Pictures: picture.New(picturetest.Client(t, picturetest.Start(t, between...)), picturetest.Bucket),
		Log:      jsonapi.NewLogger(&log, slog.LevelDebug),
	}), &log
}

const announcement = `{"contentType": "image/png", "size": 5}`

func TestAPictureIsSentToTheBucketAndFetchedFromIt(t *testing.T) {
	handler, log := withPictures(t)
	at := "/items/" + create(t, handler, "lamp").ID
	answer := send(t, handler, "GET", at+"/picture", "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	assert.Equal(t, "the item has no picture", decodeError(t, answer).Message)

	answer = send(t, handler, "PUT", at+"/picture", announcement)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	picturetest.Send(t, decode[picture.Upload](t, answer), "bytes")

	answer = send(t, handler, "GET", at+"/picture", "")
	require.Equal(t, http.StatusTemporaryRedirect, answer.StatusCode)
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	fetched, err := http.Get(answer.Header.Get("Location"))
	require.NoError(t, err)
	defer fetched.Body.Close()
	body, err := io.ReadAll(fetched.Body)
	require.NoError(t, err)
	assert.Equal(t, "bytes", string(body))
	assert.Equal(t, "image/png", fetched.Header.Get("Content-Type"))
	assert.NotContains(t, log.String(), "X-Amz-Signature", "who has a presigned URL can use it")
}

func TestAnItemIsDeletedWithItsPicture(t *testing.T) {
	handler, _ := withPictures(t)
	at := "/items/" + create(t, handler, "lamp").ID
	picturetest.Send(t, decode[picture.Upload](t, send(t, handler, "PUT", at+"/picture", announcement)), "bytes")
	from := send(t, handler, "GET", at+"/picture", "").Header.Get("Location")
	status := func() int {
		answer, err := http.Get(from)
		require.NoError(t, err)
		defer answer.Body.Close()
		return answer.StatusCode
	}

	answer := send(t, handler, "DELETE", at, "", "If-Match", `"2"`)
	require.Equal(t, http.StatusPreconditionFailed, answer.StatusCode)
	assert.Equal(t, http.StatusOK, status(), "an item that stays keeps its picture")

	require.Equal(t, http.StatusNoContent, send(t, handler, "DELETE", at, "", "If-Match", `"1"`).StatusCode)
	assert.Equal(t, http.StatusNotFound, status())
	assert.Equal(t, http.StatusNotFound, send(t, handler, "GET", at+"/picture", "").StatusCode)
}

// The item is gone when its picture cannot be deleted, so that its client has to try again.
func TestADeletionThatFailsAtThePictureCanBeRepeated(t *testing.T) {
	fails := false
	var deleted []string
	handler, _ := withPictures(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				if fails {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				deleted = append(deleted, r.URL.Path)
			}
			next.ServeHTTP(w, r)
		})
	})
	id := create(t, handler, "lamp").ID
	fails = true
	require.Equal(t, http.StatusInternalServerError,
		send(t, handler, "DELETE", "/items/"+id, "", "If-Match", `"1"`).StatusCode)
	fails = false
	require.Equal(t, http.StatusNotFound,
		send(t, handler, "DELETE", "/items/"+id, "", "If-Match", `"1"`).StatusCode)
	assert.Equal(t, []string{"/uploads/pictures/" + id}, deleted)
}

func TestPicturesThatAreRefused(t *testing.T) {
	handler, _ := withPictures(t)
	at := "/items/" + create(t, handler, "lamp").ID + "/picture"
	for name, tc := range map[string]struct {
		method, target, body string
		want                 jsonapi.Error
	}{
		"of no item": {
			"PUT", "/items/" + storetest.Absent + "/picture", announcement,
			refusal(404, "not_found", "no item has this id", "id"),
		},
		"of what is no id": {
			"PUT", "/items/absent/picture", announcement,
			refusal(404, "not_found", "no item has this id", "id"),
		},
		"fetched of no item": {
			"GET", "/items/" + storetest.Absent + "/picture", "",
			refusal(404, "not_found", "no item has this id", "id"),
		},
		"another type": {
			"PUT", at, `{"contentType": "image/svg+xml", "size": 1}`,
			refusal(422, "invalid_picture", "is not one of image/png, image/jpeg, image/webp", "contentType"),
		},
		"empty": {
			"PUT", at, `{"contentType": "image/png", "size": 0}`,
			refusal(422, "invalid_picture", "is 0; allowed are 1 to 5242880", "size"),
		},
		"too large": {
			"PUT", at, `{"contentType": "image/png", "size": 5242881}`,
			refusal(422, "invalid_picture", "is 5242881; allowed are 1 to 5242880", "size"),
		},
		"size no number": {
			"PUT", at, `{"contentType": "image/png", "size": "5"}`,
			refusal(422, "invalid_picture", "is not a whole number", "size"),
		},
		"unknown field": {
			"PUT", at, `{"contentType": "image/png", "size": 5, "name": "x"}`,
			refusal(422, "invalid_picture", "is unknown; allowed are contentType and size", "name"),
		},
		"the picture itself": {
			"PUT", at, "\x89PNG\r\n",
			refusal(400, "invalid_json", "the body is not UTF-8", ""),
		},
		"the picture itself, by its type": {
			"PUT", at, "png",
			refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"a long body": {
			"PUT", at, strings.Repeat(" ", 1025),
			refusal(413, "body_too_large", "the body is longer than 1024 bytes", ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			contentType := "application/json"
			if tc.want.Status == http.StatusUnsupportedMediaType {
				contentType = "image/png"
			}
			answer := send(t, handler, tc.method, tc.target, tc.body, "Content-Type", contentType)
			got := decodeError(t, answer)
			got.Status = answer.StatusCode
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestPicturesOfAStoreThatFails(t *testing.T) {
	for want, store := range map[int]brokenStore{
		http.StatusInternalServerError: {},
		http.StatusServiceUnavailable:  {err: item.ErrUnavailable},
	} {
		handler := New(Parts{
			Items:    store,
			Pictures: picture.New(picturetest.Client(t, picturetest.Start(t)), picturetest.Bucket),
			Log:      slog.New(slog.DiscardHandler),
		})
		for _, method := range []string{"GET", "PUT"} {
			answer := send(t, handler, method, "/items/"+storetest.Absent+"/picture", announcement)
			require.Equal(t, want, answer.StatusCode, method)
		}
	}
}

func TestWithoutABucketThereAreNoPictures(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	at := "/items/" + create(t, handler, "lamp").ID
	for _, method := range []string{"GET", "PUT"} {
		answer := send(t, handler, method, at+"/picture", announcement)
		require.Equal(t, http.StatusNotImplemented, answer.StatusCode)
		assert.Equal(t, "not_configured", decodeError(t, answer).Code)
	}
	assert.Equal(t, http.StatusNoContent, send(t, handler, "DELETE", at, "", "If-Match", `"1"`).StatusCode)
}

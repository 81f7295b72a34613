package picture_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
	"github.com/awslab/awslab/services/catalog/internal/picture"
	"github.com/awslab/awslab/services/catalog/internal/picture/picturetest"
	"github.com/awslab/awslab/services/internal/invalid"
)

func newStore(t *testing.T, between ...func(http.Handler) http.Handler) *picture.Store {
	t.Helper()
	return picture.New(picturetest.Client(t, picturetest.Start(t, between...)), picturetest.Bucket)
}

func draft(contentType string, size int64) picture.Draft {
	return picture.Draft{ContentType: contentType, Size: &size}
}

func fetch(t *testing.T, from string) (contentType, body string) {
	t.Helper()
	answer, err := http.Get(from)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	read, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.Header.Get("Content-Type"), string(read)
}

func TestAPictureIsSentFetchedReplacedAndDeleted(t *testing.T) {
	store := newStore(t)
	_, err := store.URL(t.Context(), storetest.Absent)
	require.ErrorIs(t, err, picture.ErrNotFound)

	for contentType, body := range map[string]string{"image/png": "first", "image/webp": "and second"} {
		upload, err := store.Upload(t.Context(), storetest.Absent, draft(contentType, int64(len(body))))
		require.NoError(t, err)
		picturetest.Send(t, upload, body)
		from, err := store.URL(t.Context(), storetest.Absent)
		require.NoError(t, err)
		gotType, gotBody := fetch(t, from)
		assert.Equal(t, contentType, gotType)
		assert.Equal(t, body, gotBody)
	}

	for range 2 {
		require.NoError(
			t,
			store.Delete(t.Context(), storetest.Absent),
			"a picture that is not there is deleted already",
		)
		_, err = store.URL(t.Context(), storetest.Absent)
		require.ErrorIs(t, err, picture.ErrNotFound)
	}
}

// S3 refuses a request that differs from what was signed.
func TestAnUploadIsSignedWithItsContentTypeAndSize(t *testing.T) {
	store := newStore(t)
	before := time.Now()
	upload, err := store.Upload(t.Context(), storetest.Absent, draft("image/png", 12345))
	require.NoError(t, err)
	assert.Equal(t, http.MethodPut, upload.Method)
	assert.Equal(t, map[string]string{"Content-Type": "image/png", "Content-Length": "12345"}, upload.Headers)
	assert.WithinRange(t, upload.Expires, before.Add(5*time.Minute-time.Second), time.Now().Add(5*time.Minute))

	signed, err := url.Parse(upload.URL)
	require.NoError(t, err)
	assert.Equal(t, "/uploads/pictures/"+storetest.Absent, signed.Path)
	query := signed.Query()
	assert.Equal(t, "content-length;content-type;host", query.Get("X-Amz-SignedHeaders"))
	assert.Equal(t, "300", query.Get("X-Amz-Expires"))
	for name := range query {
		assert.NotContains(t, strings.ToLower(name), "checksum", "the client computes no checksum")
	}
}

func TestDraftValidate(t *testing.T) {
	for _, contentType := range []string{"image/png", "image/jpeg", "image/webp"} {
		for _, size := range []int64{1, picture.MaxSize} {
			require.NoError(t, draft(contentType, size).Validate())
		}
	}
	for name, tc := range map[string]struct {
		draft picture.Draft
		want  string
	}{
		"no content type": {draft("", 1), "contentType: is required"},
		"a page": {
			draft("text/html", 1),
			"contentType: is not one of image/png, image/jpeg, image/webp",
		},
		"no size":   {picture.Draft{ContentType: "image/png"}, "size: is required"},
		"empty":     {draft("image/png", 0), "size: is 0; allowed are 1 to 5242880"},
		"too large": {draft("image/png", picture.MaxSize+1), "size: is 5242881; allowed are 1 to 5242880"},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong *invalid.Error
			require.ErrorAs(t, tc.draft.Validate(), &wrong)
			assert.EqualError(t, wrong, tc.want)
		})
	}
}

func TestABucketThatDoesNotAnswerIsUnavailable(t *testing.T) {
	store := newStore(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := store.URL(ctx, storetest.Absent)
	require.ErrorIs(t, err, picture.ErrUnavailable)
	require.ErrorIs(t, store.Delete(ctx, storetest.Absent), picture.ErrUnavailable)
}

// Package picturetest runs an S3 in the process of a test: gofakes3, which speaks the protocol of the SDK. It checks
// neither signatures nor permissions.
package picturetest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
	"github.com/awslab/awslab/services/catalog/internal/picture"
)

// Bucket is the bucket that the S3 has.
const Bucket = "uploads"

// Start runs an S3 with an empty bucket until the test ends, and returns its URL. Each handler of between is given what
// sends a request on, and answers requests instead.
func Start(t testing.TB, between ...func(next http.Handler) http.Handler) (url string) {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket(Bucket))
	handler := gofakes3.New(backend).Server()
	for _, wrap := range between {
		handler = wrap(handler)
	}
	running := httptest.NewServer(handler)
	t.Cleanup(running.Close)
	return running.URL
}

// Client returns a client of the S3 with the URL, configured as the service configures its own.
func Client(t testing.TB, url string) *s3.Client {
	t.Helper()
	loaded, err := awsclient.Load(context.Background(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, err)
	return s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.BaseEndpoint = &url
		o.Region = "eu-west-1"
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})
	})
}

// Send does what a client does with an upload.
func Send(t testing.TB, upload picture.Upload, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), upload.Method, upload.URL, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range upload.Headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

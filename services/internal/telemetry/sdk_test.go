package telemetry

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARequestOfTheSDKIsASpan(t *testing.T) {
	var traced []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		traced = append(traced, r.Header.Get("traceparent"))
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	spans := recorded(t, func() {
		var loaded aws.Config
		TraceSDK(&loaded)
		for _, target := range []string{"DynamoDB_20120810.GetItem", ""} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
			require.NoError(t, err)
			r.Header.Set("X-Amz-Target", target)
			answer, err := loaded.HTTPClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			assert.Equal(t, http.StatusFound, answer.StatusCode)
		}
	})
	require.Len(t, spans, 2)
	assert.Equal(t, "DynamoDB_20120810.GetItem", spans[0].Name)
	assert.Equal(t, "POST", spans[1].Name)
	for i, header := range traced {
		assert.Contains(t, header, spans[i].SpanContext.TraceID().String())
	}
}

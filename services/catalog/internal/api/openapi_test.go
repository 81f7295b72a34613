package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

var router = sync.OnceValues(func() (routers.Router, error) {
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder)
	doc, err := document()
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// send sends a request to the handler and returns its answer. Both agree with openapi.yaml, or the test fails: the
// document describes the answer, a route that is not in it is not found, and a request that breaks it is refused.
func send(t require.TestingT, handler http.Handler, method, target, body string, header ...string) *http.Response {
	return sendWithin(context.Background(), t, handler, method, target, body, header...)
}

// sendWithin sends a request with a context.
func sendWithin(
	ctx context.Context,
	t require.TestingT,
	handler http.Handler,
	method, target, body string,
	header ...string,
) *http.Response {
	newRequest := func() *http.Request {
		r := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, newRequest())
	answer := w.Result()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body = io.NopCloser(bytes.NewReader(content))

	routes, err := router()
	require.NoError(t, err)
	request := newRequest()
	route, parameters, err := routes.FindRoute(request)
	if err != nil {
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.StatusCode,
			"%s %s is answered, but not documented", method, target)
		return answer
	}
	input := &openapi3filter.RequestValidationInput{
		Request:    request,
		PathParams: parameters,
		Route:      route,
		// What the handler does not see, the document's defaults included, is not added to the request.
		Options: &openapi3filter.Options{SkipSettingDefaults: true},
	}
	if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
		require.GreaterOrEqual(t, answer.StatusCode, http.StatusBadRequest, "it is not refused: %v", err)
	}
	// ValidateResponse passes redirections unseen.
	require.NotNil(t, route.Operation.Responses.Status(answer.StatusCode),
		"%s %s answers %d, which is not documented", method, target, answer.StatusCode)
	require.NoError(t, openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.StatusCode,
		Header:                 answer.Header,
		Body:                   io.NopCloser(bytes.NewReader(content)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	}))
	return answer
}

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	doc, err := document()
	require.NoError(t, err)
	documented := []string{}
	for path, at := range doc.Paths.Map() {
		for method := range at.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	served := []string{"GET /healthz", "GET /readyz"} // of jsonapi.Service
	for pattern := range New(Parts{Items: item.NewMemory(1), Log: slog.New(slog.DiscardHandler)}).routes() {
		served = append(served, pattern)
	}
	slices.Sort(documented)
	slices.Sort(served)
	require.Equal(t, served, documented)
}

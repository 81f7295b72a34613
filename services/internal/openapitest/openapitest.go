// Package openapitest checks in tests that an API does what its OpenAPI document says, and nothing else.
package openapitest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"
)

// Document is an OpenAPI document.
type Document struct {
	load func() (*openapi3.T, routers.Router, error)
	// seen are the documented answers that were sent, such as "GET /items 200".
	seen *sync.Map
}

// New returns the document in a file, which is read when it is first used.
func New(file string) Document {
	var doc *openapi3.T
	router := sync.OnceValues(func() (routers.Router, error) {
		openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder)
		var err error
		if doc, err = openapi3.NewLoader().LoadFromFile(file); err != nil {
			return nil, err
		}
		if err := doc.Validate(context.Background()); err != nil {
			return nil, err
		}
		return gorillamux.NewRouter(doc)
	})
	return Document{seen: &sync.Map{}, load: func() (*openapi3.T, routers.Router, error) {
		routes, err := router()
		return doc, routes, err
	}}
}

// Main runs the tests of a package, and fails them if the document has an answer that none of them got by
// [Document.Send]. Where flags choose some of the tests, it does not ask for all answers. It returns the exit code.
func (d Document) Main(m *testing.M) int {
	code := m.Run()
	for _, choice := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if code != 0 || flag.Lookup(choice).Value.String() != "" {
			return code
		}
	}
	if err := d.requireAllSeen(); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	return 0
}

// requireAllSeen returns an error that names the documented answers that were never sent.
func (d Document) requireAllSeen() error {
	doc, _, err := d.load()
	if err != nil {
		return err
	}
	var unseen []string
	for path, at := range doc.Paths.Map() {
		for method, operation := range at.Operations() {
			for status := range operation.Responses.Map() {
				answer := method + " " + path + " " + status
				if _, seen := d.seen.Load(answer); !seen {
					unseen = append(unseen, answer)
				}
			}
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	slices.Sort(unseen)
	return fmt.Errorf("no test got these documented answers: %s; add tests, or take out of the document what cannot "+
		"come", strings.Join(unseen, ", "))
}

// RequireRoutes fails the test unless the document has the routes, in the form of http.ServeMux, and the health checks
// of jsonapi.Service, and no other.
func (d Document) RequireRoutes(t require.TestingT, routes map[string]http.HandlerFunc) {
	doc, _, err := d.load()
	require.NoError(t, err)
	documented := []string{}
	for path, at := range doc.Paths.Map() {
		for method := range at.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	served := []string{"GET /healthz", "GET /readyz"}
	for pattern := range routes {
		served = append(served, pattern)
	}
	slices.Sort(documented)
	slices.Sort(served)
	require.Equal(t, served, documented)
}

// Send sends a request to the handler and returns its answer. Both agree with the document, or the test fails: the
// document describes the answer, a route that is not in it is not found, and a request that breaks it is refused.
func (d Document) Send(
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
	d.requireAgreement(t, newRequest(), answer, content)
	return answer
}

func (d Document) requireAgreement(t require.TestingT, r *http.Request, answer *http.Response, content []byte) {
	_, routes, err := d.load()
	require.NoError(t, err)
	route, parameters, err := routes.FindRoute(r)
	if err != nil {
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.StatusCode,
			"%s %s is answered, but not documented", r.Method, r.URL)
		return
	}
	input := &openapi3filter.RequestValidationInput{
		Request:    r,
		PathParams: parameters,
		Route:      route,
		// What the handler does not see, the document's defaults included, is not added to the request.
		Options: &openapi3filter.Options{SkipSettingDefaults: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		require.GreaterOrEqual(t, answer.StatusCode, http.StatusBadRequest, "it is not refused: %v", err)
	}
	// ValidateResponse passes redirections unseen.
	require.NotNil(t, route.Operation.Responses.Status(answer.StatusCode),
		"%s %s answers %d, which is not documented", r.Method, r.URL, answer.StatusCode)
	require.NoError(t, openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.StatusCode,
		Header:                 answer.Header,
		Body:                   io.NopCloser(bytes.NewReader(content)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	}))
	d.seen.Store(fmt.Sprintf("%s %s %d", route.Method, route.Path, answer.StatusCode), true)
}

package api

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/openapitest"
)

var document = openapitest.New("../../openapi.yaml")

func TestMain(m *testing.M) { os.Exit(document.Main(m)) }

// send sends a request to the handler and returns its answer, which both agree with openapi.yaml.
func send(t require.TestingT, handler http.Handler, method, target, body string, header ...string) *http.Response {
	return document.Send(context.Background(), t, handler, method, target, body, header...)
}

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	document.RequireRoutes(t, New(Parts{Items: item.NewMemory(1), Log: slog.New(slog.DiscardHandler)}).routes())
}

package api

import (
	"context"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/openapitest"
	"github.com/awslab/awslab/services/orders/internal/order"
)

var document = openapitest.New("../../openapi.yaml")

func TestMain(m *testing.M) { os.Exit(document.Main(m)) }

// send sends a request to the handler and returns its answer, which both agree with openapi.yaml.
func send(t require.TestingT, handler http.Handler, method, target, body string, header ...string) *http.Response {
	return document.Send(context.Background(), t, handler, method, target, body, header...)
}

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	document.RequireRoutes(t, quiet(order.NewMemory(1)).routes())
}

package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/openapitest"
	"github.com/awslab/awslab/services/orders/internal/order"
)

var document = openapitest.New("../../openapi.yaml")

// send sends a request to the handler and returns its answer, which both agree with openapi.yaml.
func send(t require.TestingT, handler http.Handler, method, target, body string, header ...string) *http.Response {
	return document.Send(context.Background(), t, handler, method, target, body, header...)
}

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	document.RequireRoutes(t, quiet(order.NewMemory(1)).routes())
}

package telemetry

import (
	"cmp"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// TraceSDK makes each request of the AWS SDK a span of the trace that it belongs to, a retry one of its own. A span is
// named after the operation where a header has it, as for DynamoDB, and after the method otherwise.
func TraceSDK(loaded *aws.Config) {
	if loaded.HTTPClient == nil {
		loaded.HTTPClient = awshttp.NewBuildableClient() // which a client of the SDK takes
	}
	loaded.HTTPClient = &http.Client{
		Transport: otelhttp.NewTransport(roundTripper(loaded.HTTPClient.Do),
			otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
				return cmp.Or(r.Header.Get("X-Amz-Target"), r.Method)
			})),
		// The SDK's own client has followed the redirects that it follows.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

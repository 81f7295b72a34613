// Package awsclient configures the SDK for DynamoDB and S3, and tells which of their errors pass by themselves.
package awsclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/awslab/awslab/services/internal/telemetry"
)

const (
	// maxAttempts is about what fits into the time of a request (jsonapi.Timeout). It bounds the attempts of a caller
	// without a deadline.
	maxAttempts = 20
	// maxBackoff bounds the random delay before each further attempt.
	maxBackoff = 500 * time.Millisecond
	// maxIdleConnections to one service is how many requests can run at once without a TLS handshake for each. The
	// SDK's default is 10.
	maxIdleConnections = 100
)

// Load returns the SDK's configuration from the environment: the Region, the credentials of the task role, and
// endpoints where a test sets them. Clients of it retry throttled and failed requests with a jittered backoff, until
// their context ends or the SDK's quota of retries is used up. The quota stays, as the deadline and the jitter alone
// would let each request to a throttled table become about 20, which keep it throttled. The SDK's warnings go to the
// log, its requests to the traces.
func Load(ctx context.Context, log *slog.Logger) (aws.Config, error) {
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = maxAttempts
				o.MaxBackoff = maxBackoff
			})
		}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = maxIdleConnections
		})),
		config.WithLogger(logging.LoggerFunc(func(class logging.Classification, format string, values ...any) {
			level := slog.LevelWarn
			if class == logging.Debug {
				level = slog.LevelDebug
			}
			log.Log(ctx, level, "AWS SDK", "message", fmt.Sprintf(format, values...))
		})),
	)
	if err != nil {
		return aws.Config{}, fmt.Errorf("configuring the AWS SDK: %w", err)
	}
	telemetry.TraceSDK(&loaded)
	return loaded, nil
}

var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

// IsUnavailable reports whether an error of the SDK says that a service was throttling, failing or out of reach for as
// long as the context allowed, so that the same request may succeed later.
func IsUnavailable(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || retryables.IsErrorRetryable(err) == aws.TrueTernary
}

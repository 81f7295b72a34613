package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

func TestIsUnavailable(t *testing.T) {
	answered := func(status int) error {
		return &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      errors.New("no body"),
		}
	}
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"throttled":         {&smithy.GenericAPIError{Code: "ThrottlingException"}, true},
		"beyond a capacity": {&smithy.GenericAPIError{Code: "ProvisionedThroughputExceededException"}, true},
		"slowed down":       {&smithy.GenericAPIError{Code: "SlowDown"}, true},
		"failed":            {answered(http.StatusServiceUnavailable), true},
		"refused":           {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"cut off":           {&smithyhttp.RequestSendError{Err: io.ErrUnexpectedEOF}, true},
		"out of time":       {&aws.RequestCanceledError{Err: context.DeadlineExceeded}, true},
		"cancelled":         {&aws.RequestCanceledError{Err: context.Canceled}, false},
		"not permitted":     {&smithy.GenericAPIError{Code: "AccessDeniedException"}, false},
		"not found":         {answered(http.StatusNotFound), false},
		"another error":     {errors.New("the credentials cannot be read"), false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, awsclient.IsUnavailable(tc.err))
			assert.Equal(t, tc.want, awsclient.IsUnavailable(fmt.Errorf("reading: %w", tc.err)))
		})
	}
}

// Requests to a table that throttles for long become few more by their retries. See Load.
func TestRetriesStayWithinTheQuotaOfTheSDK(t *testing.T) {
	const requests, quota, cost = 200, 500, 5
	for name, value := range dynamotest.Environment("http://dynamodb") {
		t.Setenv(name, value)
	}
	synctest.Test(t, func(t *testing.T) {
		loaded, err := awsclient.Load(t.Context(), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		asked := 0
		loaded.HTTPClient = smithyhttp.ClientDoFunc(func(*http.Request) (*http.Response, error) {
			asked++
			return &http.Response{
				StatusCode: http.StatusBadRequest,
				Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
				Body:       io.NopCloser(strings.NewReader(`{"__type": "ThrottlingException"}`)),
			}, nil
		})
		client := dynamodb.NewFromConfig(loaded)
		for range requests {
			ctx, cancel := context.WithTimeout(t.Context(), jsonapi.Timeout)
			_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("items")})
			cancel()
			require.True(t, awsclient.IsUnavailable(err), "%v", err)
		}
		assert.LessOrEqual(t, asked, requests+quota/cost)
	})
}

package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
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

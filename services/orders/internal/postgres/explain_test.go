package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/services/orders/internal/order"
)

func TestErrorsThatPassAreToldFromOthers(t *testing.T) {
	answered := func(code string) error { return &pgconn.PgError{Code: code} }
	for name, tc := range map[string]struct{ err, want error }{
		"shut down":             {answered("57P01"), order.ErrUnavailable},
		"crashed":               {answered("57P02"), order.ErrUnavailable},
		"starting up":           {answered("57P03"), order.ErrUnavailable},
		"too many connections":  {answered("53300"), order.ErrUnavailable},
		"a reader by now":       {answered("25006"), order.ErrUnavailable},
		"password of yesterday": {answered("28P01"), order.ErrUnavailable},
		"cut off":               {io.ErrUnexpectedEOF, order.ErrUnavailable},
		"closed":                {net.ErrClosed, order.ErrUnavailable},
		"reset":                 {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, order.ErrUnavailable},
		"out of time":           {context.DeadlineExceeded, order.ErrUnavailable},
		"no table":              {answered("42P01"), errSchema},
		"another user's table":  {answered("42501"), errSchema},
		"a broken constraint":   {answered("23514"), nil},
		"the client went away":  {context.Canceled, nil},
		"another error":         {errors.New("the secret cannot be read"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, explain(fmt.Errorf("creating: %w", tc.err)))
		})
	}
}

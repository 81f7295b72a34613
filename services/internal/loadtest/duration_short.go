//go:build !load

package loadtest

import "time"

// Duration lets each client use a service once. Build with the tag load for longer, and for more clients.
const Duration = time.Duration(0)

// Each request has five seconds, also on a machine that runs the tests of other packages meanwhile.
const clients = 40

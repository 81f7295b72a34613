//go:build !load

package loadtest

import "time"

// Duration lets each client use a service once. Build with the tag load for longer.
const Duration = time.Duration(0)

//go:build load

package loadtest

import "time"

// Duration is for how long the clients use a service.
const Duration = 30 * time.Second

const clients = 200

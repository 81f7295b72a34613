//go:build load

package api

import "time"

const loadDuration = 30 * time.Second

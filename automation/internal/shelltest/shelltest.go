// Package shelltest helps tests to write shell scripts that take the place of a program.
package shelltest

import (
	"fmt"
	"os"
	"testing"
)

// Never is a condition that does not come true.
const Never = "false"

// Until returns the shell command that waits for a condition, itself a shell command that succeeds once it is true. The
// script exits with 1 when the test or its process ends first, even if it was killed: so no script outlives its test.
func Until(t testing.TB, condition string) string {
	return fmt.Sprintf(
		`until %s; do test -d '%s' && kill -0 %d 2>/dev/null || exit 1; /bin/sleep 0.01; done`,
		condition, t.TempDir(), os.Getpid(),
	)
}

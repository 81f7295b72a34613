package images

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The compiler runs on the machine that builds, for the platform of the image: a machine without an emulator builds the
// images of both architectures.
func TestEveryDockerfileCompilesOnTheMachineThatBuilds(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../services/*/Dockerfile", "../../examples/*/Dockerfile"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		files = slices.Concat(files, found)
	}
	stage := regexp.MustCompile(`(?ms)^FROM (.*?)(^FROM |\z)`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		build := stage.FindStringSubmatch(string(content))
		require.NotNil(t, build, file)
		require.Regexp(t, `^--platform=\$\{BUILDPLATFORM\} `, build[1], file)
		require.Regexp(t, `(?m)^ARG TARGETARCH$`, build[1], file)
		require.Regexp(t, `GOARCH=\$\{TARGETARCH\}`, build[1], file)
	}
}

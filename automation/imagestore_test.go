package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/callertest"
)

// A Docker engine whose images cannot be pushed is found before anything is built: the one that the provider would use.
func TestImagesInTheContainerdStore(t *testing.T) {
	p, home := newProject(t), t.TempDir()
	require.NoError(t, os.WriteFile(
		filepath.Join(home, "docker"),
		[]byte("#!/bin/sh\n[ \"$DOCKER_HOST\" = tcp://builder:2375 ] && "+
			"echo '[[driver-type io.containerd.snapshotter.v1]]'\n"),
		0o700, //nolint:gosec // it has to be run
	))
	p.configure(t, "dev", "config:\n", "config:\n  docker:host: tcp://builder:2375\n")
	variables := credentialsOf(callertest.Start(t))
	variables["PATH"] = home + string(os.PathListSeparator) + os.Getenv("PATH")
	lab := p.openOnAWS(t, variables)
	for _, operation := range []func(context.Context, ...automation.Option) (*automation.Result, error){
		lab.Preview, lab.Up,
	} {
		_, err := operation(context.Background())
		var store *automation.ImageStoreError
		require.ErrorAs(t, err, &store)
		require.ErrorContains(t, err, `{"features": {"containerd-snapshotter": false}} in /etc/docker/daemon.json`)
	}
}

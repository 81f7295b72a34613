package automation

import (
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/awslab/awslab/infra/config"
)

// ImageStoreError says that Docker keeps images in the store of containerd, from which they cannot be pushed to Amazon
// ECR as they are built (pulumi/pulumi-docker#967). Nothing has been done.
type ImageStoreError struct{}

func (*ImageStoreError) Error() string {
	return "Docker keeps its images in the containerd store, from which pushes to Amazon ECR fail: turn it off, with " +
		`{"features": {"containerd-snapshotter": false}} in /etc/docker/daemon.json and a restart of Docker, or in ` +
		"Docker Desktop under Settings, General"
}

// containerdStore is what docker info says of images in that store.
const containerdStore = "io.containerd.snapshotter.v1"

// requireImageStore refuses a Docker engine whose images cannot be pushed: that of docker:host, if the stack's
// configuration names one. One that does not answer is the business of the provider, which needs none where nothing has
// to be built.
func (l *Lab) requireImageStore(ctx context.Context) error {
	provider, err := config.Namespace("docker", l.settings.name, l.settings.text)
	if err != nil {
		return err
	}
	info := exec.CommandContext(ctx, "docker", "info", "--format", "{{.DriverStatus}}")
	if host := provider["host"]; host != "" {
		info.Env = append(os.Environ(), "DOCKER_HOST="+host)
	}
	status, err := info.Output()
	if err == nil && strings.Contains(string(status), containerdStore) {
		return &ImageStoreError{}
	}
	return nil
}

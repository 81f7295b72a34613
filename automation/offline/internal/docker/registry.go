package docker

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// localRegistry is a container registry on loopback that stands in for ECR. It starts when the first image is pushed
// and ends with the process; what was pushed stays on disk, so that layers need not be pushed again.
type localRegistry struct {
	// dir is where the layers are kept.
	dir string

	once    sync.Once
	address string
	err     error
}

// newRegistry returns a registry that keeps its layers beside the world's file.
func newRegistry(world string) *localRegistry {
	return &localRegistry{dir: filepath.Join(filepath.Dir(world), "registry")}
}

// start returns host:port of the running registry.
func (r *localRegistry) start() (string, error) {
	r.once.Do(func() {
		if r.err = os.MkdirAll(r.dir, 0o700); r.err != nil {
			return
		}
		var listener net.Listener
		if listener, r.err = net.Listen("tcp", "127.0.0.1:0"); r.err != nil {
			return
		}
		handler := registry.New(
			registry.WithBlobHandler(registry.NewDiskBlobHandler(r.dir)),
			registry.Logger(log.New(io.Discard, "", 0)),
		)
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.Serve(listener) }()
		r.address = listener.Addr().String()
	})
	if r.err != nil {
		return "", fmt.Errorf("starting the offline target's container registry: %w", r.err)
	}
	return r.address, nil
}

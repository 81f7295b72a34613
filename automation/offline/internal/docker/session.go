package docker

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/moby/moby/client"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// openSession opens the connection on which BuildKit calls its client back, and returns its id for the build request.
// Without one BuildKit pulls no base image from a registry that hands out tokens, as Docker Hub does to everybody. It
// asks for credentials there and is told that there are none: base images are pulled as the public gets them.
func openSession(ctx context.Context, engine *client.Client) (id string, end func(), err error) {
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	id = uuid.NewString()
	// The header names are those of github.com/moby/buildkit/session.
	headers := map[string][]string{
		"X-Docker-Expose-Session-Uuid":      {id},
		"X-Docker-Expose-Session-Name":      {"awslab"},
		"X-Docker-Expose-Session-Sharedkey": {""},
	}
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			name := "/" + service + "/" + method.Name
			headers["X-Docker-Expose-Session-Grpc-Method"] = append(
				headers["X-Docker-Expose-Session-Grpc-Method"],
				name,
			)
		}
	}
	conn, err := engine.DialHijack(ctx, "/session", "h2c", headers)
	if err != nil {
		return "", nil, fmt.Errorf("opening a session with BuildKit: %w", err)
	}
	//lint:ignore SA1019 BuildKit speaks HTTP/2 on a connection that is open already; net/http has no server for one.
	go (&http2.Server{}).ServeConn(conn, &http2.ServeConnOpts{Context: ctx, Handler: server})
	return id, func() { _ = conn.Close() }, nil
}

// Package serve runs a stand-in as the process the Pulumi engine expects a plugin to be: it listens on
// loopback, says its port on standard output and nothing else, and lives exactly as long as its engine.
package serve

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

// maxMessageSize is Pulumi's own bound for one gRPC message: 400 MiB (rpcutil.GrpcChannelOptions).
const maxMessageSize = 400 << 20

// Host is the engine that started the stand-in.
type Host struct {
	address string
	conn    *grpc.ClientConn
	engine  pulumirpc.EngineClient
}

// NewHost connects to the engine at address. The connection is made in the background.
func NewHost(address string) (*Host, error) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageSize)),
		// The connection stands for the engine's life (see awaitLoss), so a quiet one must not be closed.
		grpc.WithIdleTimeout(0),
	)
	if err != nil {
		return nil, fmt.Errorf("connecting to the engine at %s: %w", address, err)
	}
	return &Host{address: address, conn: conn, engine: pulumirpc.NewEngineClient(conn)}, nil
}

// Address returns the engine's, host:port. Every engine has one of its own, so it also tells one run from another.
func (h *Host) Address() string { return h.address }

// Connection returns the connection to the engine, for what needs more of it than a log.
func (h *Host) Connection() *grpc.ClientConn { return h.conn }

// Log shows message in the engine's output, under the resource named by urn; an empty urn means the whole run.
func (h *Host) Log(ctx context.Context, severity pulumirpc.LogSeverity, urn, message string) error {
	_, err := h.engine.Log(ctx, &pulumirpc.LogRequest{
		Severity: severity,
		Urn:      urn,
		Message:  strings.ToValidUTF8(message, "\uFFFD"),
	})
	if err != nil {
		return fmt.Errorf("logging to the engine: %w", err)
	}
	return nil
}

// awaitLoss returns when the engine cannot be reached or is no longer there. The kernel closes the connections of a
// dead process, however it died, so this holds after kill -9 too, and on every operating system.
func (h *Host) awaitLoss(ctx context.Context) {
	h.conn.Connect()
	connected := false
	for state := h.conn.GetState(); ; state = h.conn.GetState() {
		switch state {
		case connectivity.Ready:
			connected = true
		case connectivity.TransientFailure, connectivity.Shutdown:
			return
		case connectivity.Idle:
			if connected {
				return
			}
		}
		if !h.conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// Provider returns the registration, for Run, of the resource provider that newProvider returns.
func Provider(newProvider func(*Host) (pulumirpc.ResourceProviderServer, error)) func(*Host, *grpc.Server) error {
	return func(host *Host, server *grpc.Server) error {
		provider, err := newProvider(host)
		if err != nil {
			return err
		}
		pulumirpc.RegisterResourceProviderServer(server, provider)
		return nil
	}
}

// Run serves what register adds to the server until the engine asks the process to stop, which it does with SIGINT at
// the end of every run, or until the engine is gone. Calls in progress are completed in the first case and abandoned
// in the second. name is the plugin's, for messages. The engine's address is the last of the process's arguments;
// what comes before it are flags for logs and traces, which a stand-in has no use for.
func Run(name string, register func(*Host, *grpc.Server) error) error {
	if len(os.Args) < 2 {
		return fmt.Errorf("%s is started by the Pulumi engine, with the engine's address as its last argument", name)
	}
	host, err := NewHost(os.Args[len(os.Args)-1])
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageSize))
	if err := register(host, server); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the engine: %w", err)
	}

	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	go func() {
		<-stop.Done()
		server.GracefulStop()
	}()
	go func() {
		host.awaitLoss(context.Background())
		os.Exit(1)
	}()

	if _, err := fmt.Println(listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("telling the engine the port: %w", err)
	}
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("serving %s: %w", name, err)
	}
	return nil
}

// Package serve runs a policy pack for the Pulumi engine: it speaks the engine's Analyzer protocol itself, because the
// SDK's own server stops the run on an unknown value, gives stack rules no configuration, and decodes a resource once
// for every rule.
package serve

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/awslab/awslab/policy/internal/rule"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

// maxMessage is the size in bytes that the engine allows for a message, and that a whole stack may need.
const maxMessage = 400 << 20

// connectTime is how long the engine may take to accept a connection. One that refuses it is gone.
const connectTime = 5 * time.Second

// Main serves the pack until the engine interrupts it or goes away, and ends the process.
//
// The engine starts a pack as an executable with its own address, or through a language plugin with the address and the
// pack's folder. Without an address, as when started by hand, it serves until it is interrupted.
func Main(pack rule.Pack) {
	server, err := New(pack)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	Run(server)
}

// Run serves an analyzer as [Main] does a pack.
func Run(server pulumirpc.AnalyzerServer) {
	// The engine asks one thing after the other, and waits: to hand each call from core to core takes longer.
	runtime.GOMAXPROCS(1)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	engine := ""
	if len(os.Args) > 1 {
		engine = os.Args[1]
	}
	if err := run(ctx, server, engine, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends or the engine goes away. It writes its port, and nothing else, to out.
func run(ctx context.Context, server pulumirpc.AnalyzerServer, engine string, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("policy pack: listening on loopback: %w", err)
	}
	rpc := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterAnalyzerServer(rpc, server)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if engine != "" {
		go func() {
			waitUntilGone(ctx, engine)
			cancel()
		}()
	}
	go func() {
		<-ctx.Done()
		rpc.Stop()
	}()
	fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port)
	if err := rpc.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("policy pack: serving: %w", err)
	}
	return nil
}

// waitUntilGone returns when the engine has gone away, or ctx ends. A dead engine's connections are closed by the
// operating system, so an engine that was killed is noticed as well, and at once.
func waitUntilGone(ctx context.Context, engine string) {
	conn, err := grpc.NewClient(
		engine,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithIdleTimeout(0),
		grpc.WithNoProxy(),
	)
	if err != nil {
		fmt.Fprintf(os.Stderr, "the engine's address %q is invalid: %v\n", engine, err)
		return
	}
	defer conn.Close()
	for connected(ctx, conn) {
		conn.WaitForStateChange(ctx, connectivity.Ready)
	}
}

// connected reports whether the engine accepts a connection.
func connected(ctx context.Context, conn *grpc.ClientConn) bool {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	for {
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return true
		case connectivity.TransientFailure:
			return false
		case connectivity.Idle:
			conn.Connect()
		}
		if !conn.WaitForStateChange(ctx, state) {
			return false
		}
	}
}

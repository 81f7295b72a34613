package serve

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// role tells the test's own executable, started again, which process of the play it is.
const role = "AWSLAB_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "stand-in":
		if err := Run("stand-in", Provider(func(host *Host) (pulumirpc.ResourceProviderServer, error) {
			return &slowProvider{host: host}, nil
		})); err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error())
			os.Exit(1)
		}
	case "engine":
		runEngine()
	default:
		os.Exit(m.Run())
	}
}

// slowProvider answers Create only once its caller has gone.
type slowProvider struct {
	pulumirpc.UnimplementedResourceProviderServer
	host *Host
}

func (p *slowProvider) GetPluginInfo(ctx context.Context, _ *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	if err := p.host.Log(ctx, pulumirpc.LogSeverity_WARNING, "urn:x", "bad \xff byte"); err != nil {
		return nil, err
	}
	return &pulumirpc.PluginInfo{Version: "1.2.3"}, nil
}

func (p *slowProvider) Create(ctx context.Context, _ *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// engineRecorder is the side of the engine that a stand-in logs to.
type engineRecorder struct {
	pulumirpc.UnimplementedEngineServer
	mu   sync.Mutex
	logs []*pulumirpc.LogRequest
}

func (e *engineRecorder) Log(_ context.Context, req *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.logs = append(e.logs, req)
	return &emptypb.Empty{}, nil
}

func serveEngine(engine *engineRecorder) (string, *grpc.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, engine)
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), server, nil
}

func standIn(address string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], address)
	cmd.Env = append(os.Environ(), role+"=stand-in")
	return cmd
}

// runEngine is a process that plays the engine: it starts a stand-in, keeps a call to it in progress and waits to be
// killed. The stand-in holds the process's standard error open, which is how the test sees it end.
func runEngine() {
	address, _, err := serveEngine(&engineRecorder{})
	if err != nil {
		panic(err)
	}
	cmd := standIn(address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient(
		"127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
	if err != nil {
		panic(err)
	}
	client := pulumirpc.NewResourceProviderClient(conn)
	if _, err := client.GetPluginInfo(context.Background(), &emptypb.Empty{}); err != nil {
		panic(err)
	}
	_, _ = io.WriteString(os.Stdout, "ready\n")
	_, _ = client.Create(context.Background(), &pulumirpc.CreateRequest{})
	select {}
}

// start runs the stand-in against an engine in this process and returns a client of it.
func start(t *testing.T, engine *engineRecorder) (*exec.Cmd, *bufio.Reader, pulumirpc.ResourceProviderClient) {
	address, server, err := serveEngine(engine)
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	cmd := standIn(address)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	out := bufio.NewReader(pipe)
	port, err := out.ReadString('\n')
	require.NoError(t, err)
	conn, err := grpc.NewClient(
		"127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return cmd, out, pulumirpc.NewResourceProviderClient(conn)
}

func TestServesAndLogsUntilInterrupted(t *testing.T) {
	engine := &engineRecorder{}
	cmd, out, client := start(t, engine)

	info, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.Equal(t, "1.2.3", info.GetVersion())
	require.Len(t, engine.logs, 1)
	require.Equal(t, "bad \uFFFD byte", engine.logs[0].GetMessage(), "what is no UTF-8 must not fail the call")
	require.Equal(t, pulumirpc.LogSeverity_WARNING, engine.logs[0].GetSeverity())

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.Empty(t, rest, "standard output carries the port and nothing else")
	require.NoError(t, cmd.Wait(), "the engine's SIGINT is the ordinary end")
}

func TestEndsWithAKilledEngineEvenInTheMiddleOfACall(t *testing.T) {
	stderr, childStderr, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=engine")
	cmd.Stderr = childStderr
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, childStderr.Close())
	line, err := bufio.NewReader(pipe).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)

	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	require.Error(t, cmd.Wait())
	// The pipe is at its end only once the stand-in, too, is gone.
	require.NoError(t, stderr.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = io.ReadAll(stderr)
	require.NoError(t, err, "the stand-in outlived its engine")
}

func TestEndsWhenThereIsNoEngine(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	require.Error(t, standIn(address).Run())
}

func TestAWrongStartSaysHowItIsStarted(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=stand-in")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "started by the Pulumi engine")
}

// Package analyzer asks a policy pack what rules it has: it starts the pack's executable as the Pulumi engine would,
// speaks the Analyzer protocol with it and ends it.
package analyzer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/awslab/awslab/automation/internal/environ"
)

const (
	// answerTime bounds the whole conversation; a pack answers in a fraction of a second.
	answerTime = 30 * time.Second
	// endTime is what a pack gets to end after it was interrupted, before it is killed.
	endTime = 2 * time.Second
)

// Info starts the executable at path and returns the description that it gives of itself. The process has ended when
// Info returns.
func Info(ctx context.Context, path string) (info *pulumirpc.AnalyzerInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	// A pack ends when the engine whose address it is given does not answer.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	engine := grpc.NewServer()
	go func() { _ = engine.Serve(listener) }()
	defer engine.Stop()

	cmd := exec.CommandContext(ctx, path, listener.Addr().String()) //nolint:gosec // the user's own pack
	cmd.Env = environ.Inherited(os.Environ())
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endTime
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	line, readErr := bufio.NewReader(stdout).ReadString('\n')
	if readErr == nil {
		info, err = ask(ctx, strings.TrimSpace(line))
	} else {
		err = errors.New("it ended, or closed its standard output, before it printed its port")
	}
	cancel()
	// How the process ends says nothing about the answer: it was interrupted.
	_ = cmd.Wait()
	if err != nil {
		return nil, fmt.Errorf("asking %s for its rules: %w%s", path, err, tail(stderr.String()))
	}
	return info, nil
}

// ask speaks with the pack at a port of this machine. A pack may know its rules only once it knows a stack.
func ask(ctx context.Context, port string) (*pulumirpc.AnalyzerInfo, error) {
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("it printed %q; a policy pack prints the port that it listens on first", port)
	}
	conn, err := grpc.NewClient(
		"127.0.0.1:"+port,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := pulumirpc.NewAnalyzerClient(conn)
	// Older packs have neither call, which their answer to the last one makes good.
	_, _ = client.Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{})
	_, _ = client.ConfigureStack(
		ctx,
		&pulumirpc.AnalyzerStackConfigureRequest{Stack: "none", Project: "none", DryRun: true},
	)
	return client.GetAnalyzerInfo(ctx, &emptypb.Empty{})
}

// tail returns the last lines of what the pack said on standard error.
func tail(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return "\n" + strings.Join(lines[max(0, len(lines)-10):], "\n")
}

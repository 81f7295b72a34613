// Package languagehost runs Pulumi programs and policy packs written in Go for the engine. A release of Pulumi ships
// pulumi-language-go for that; an engine built from modules comes without one, and there the offline target puts this
// host in its place, so that the stock commands (pulumi preview, --policy-pack with a folder) work as usual.
package languagehost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Host implements pulumirpc.LanguageRuntimeServer for the runtime "go".
type Host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	// EngineAddress is handed to the programs, which log through it.
	EngineAddress string
	// Version is what GetPluginInfo answers.
	Version string
	// Cache is the folder that keeps compiled programs, so that an unchanged one is not linked again.
	Cache string
}

// Handshake accepts any engine; the program's folders arrive again with each request.
func (h *Host) Handshake(
	context.Context,
	*pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo implements pulumirpc.LanguageRuntimeServer.
func (h *Host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: h.Version}, nil
}

// GetRequiredPackages names none: the SDKs ask for the exact version of their provider when they register a resource.
func (h *Host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// InstallDependencies has nothing to do: go build fetches what is missing.
func (h *Host) InstallDependencies(
	_ *pulumirpc.InstallDependenciesRequest, _ grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	return nil
}

// Run builds and runs a Pulumi program.
func (h *Host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	program, err := h.build(ctx, req.GetInfo())
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	env, err := h.programEnv(req)
	if err != nil {
		return nil, fmt.Errorf("preparing the program's environment: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, req.GetArgs()...)
	cmd.Dir = req.GetPwd()
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmdutil.RegisterProcessGroup(cmd)

	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == constant.ExitStatusLoggedError:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("running the program: %v", err)}, nil
	}
}

// RunPlugin builds and runs a plugin that is given as a folder; here that is a policy pack.
func (h *Host) RunPlugin(
	req *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	program, err := h.build(stream.Context(), req.GetInfo())
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(stream.Context(), program, req.GetArgs()...)
	cmd.Dir = req.GetPwd()
	cmd.Env = req.GetEnv()
	// The two pipes are copied side by side, and a stream takes one message at a time.
	var sending sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(response)
	}
	cmd.Stdout = writer(func(p []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: p}})
	})
	cmd.Stderr = writer(func(p []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: p}})
	})
	cmdutil.RegisterProcessGroup(cmd)

	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("running %s: %w", program, err)
	}
	code := int32(cmd.ProcessState.ExitCode()) //nolint:gosec // an exit code fits
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// build compiles the program of info. The result stays at one path per program, where go build leaves it untouched
// while it is up to date.
func (h *Host) build(ctx context.Context, info *pulumirpc.ProgramInfo) (string, error) {
	dir := filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint())
	sum := sha256.Sum256([]byte(dir))
	target := filepath.Join(h.Cache, hex.EncodeToString(sum[:8]))
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "build", "-o", target, ".")
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("compiling the Go program in %s: %w\n%s", dir, err, strings.TrimSpace(output.String()))
	}
	return target, nil
}

// programEnv returns the contract between the engine and the Go SDK (pulumi.Run reads these).
func (h *Host) programEnv(req *pulumirpc.RunRequest) ([]string, error) {
	config, err := json.Marshal(req.GetConfig())
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	return append(os.Environ(),
		pulumi.EnvOrganization+"="+req.GetOrganization(),
		pulumi.EnvProject+"="+req.GetProject(),
		pulumi.EnvPulumiRootDirectory+"="+req.GetInfo().GetRootDirectory(),
		pulumi.EnvStack+"="+req.GetStack(),
		pulumi.EnvConfig+"="+string(config),
		pulumi.EnvConfigSecretKeys+"="+string(secretKeys),
		pulumi.EnvDryRun+"="+strconv.FormatBool(req.GetDryRun()),
		pulumi.EnvParallel+"="+strconv.Itoa(int(req.GetParallel())),
		pulumi.EnvMonitor+"="+req.GetMonitorAddress(),
		pulumi.EnvEngine+"="+h.EngineAddress,
	), nil
}

type writer func([]byte) error

var _ io.Writer = writer(nil)

func (w writer) Write(p []byte) (int, error) {
	if err := w(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

//go:build mutation

package mutation_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// recordInto, in the environment of this test's own executable, makes it a policy pack that records into that folder.
const recordInto = "AWSLAB_TEST_RECORD_INTO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(recordInto); dir != "" {
		server, err := serve.New(rule.Pack{Name: "recorder"})
		if err != nil {
			panic(err)
		}
		serve.Run(&recorder{Server: server, dir: dir})
		return
	}
	os.Exit(m.Run())
}

// recorder writes down what the engine shows to packs in an update. A preview knows less.
type recorder struct {
	*serve.Server
	dir    string
	update atomic.Bool
	count  atomic.Int64
}

func (r *recorder) ConfigureStack(
	ctx context.Context,
	req *pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	r.update.Store(!req.GetDryRun())
	return r.Server.ConfigureStack(ctx, req)
}

func (r *recorder) Analyze(_ context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	return &pulumirpc.AnalyzeResponse{}, r.write(fmt.Sprintf("resource-%05d", r.count.Add(1)), req)
}

func (r *recorder) AnalyzeStack(
	_ context.Context,
	req *pulumirpc.AnalyzeStackRequest,
) (*pulumirpc.AnalyzeResponse, error) {
	return &pulumirpc.AnalyzeResponse{}, r.write("stack", req)
}

func (r *recorder) write(name string, message proto.Message) error {
	if !r.update.Load() {
		return nil
	}
	content, err := proto.Marshal(message)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, name), content, 0o600)
}

// recordProd brings prod up on an offline target of its own, with other text in its configuration, and returns what
// packs were shown.
func recordProd(t *testing.T, changes ...string) world {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	project, plugin, recording := t.TempDir(), filepath.Join(t.TempDir(), "awslab-offline"), t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "./automation/offline/cmd/awslab-offline")
	build.Dir = root
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	for _, name := range []string{"Pulumi.yaml", "Pulumi.prod.yaml"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(project, name), content, 0o600))
	}
	configuration := filepath.Join(project, "Pulumi.prod.yaml")
	content, err := os.ReadFile(configuration)
	require.NoError(t, err)
	require.NoError(
		t,
		os.WriteFile(configuration, []byte(strings.NewReplacer(changes...).Replace(string(content))), 0o600),
	)
	require.NoError(t, os.Mkdir(filepath.Join(project, "infra"), 0o700))
	require.NoError(t, os.CopyFS(filepath.Join(project, "services"), os.DirFS(filepath.Join(root, "services"))))

	self, err := os.Executable()
	require.NoError(t, err)
	lab, err := automation.Open(t.Context(), automation.Options{
		ProjectDir: project, Stack: "prod", OfflinePlugin: plugin, PolicyPacks: []automation.PolicyPack{{Path: self}},
		Environment: map[string]string{recordInto: recording},
	})
	require.NoError(t, err)
	_, err = lab.Up(t.Context())
	require.NoError(t, err)
	return readWorld(t, recording)
}

// world is what packs are shown: each resource's inputs by URN, and all resources with their outputs.
type world struct {
	inputs map[string]*pulumirpc.AnalyzeRequest
	stack  []*pulumirpc.AnalyzerResource
}

func readWorld(t *testing.T, dir string) world {
	t.Helper()
	w := world{inputs: map[string]*pulumirpc.AnalyzeRequest{}}
	files, err := filepath.Glob(filepath.Join(dir, "resource-*"))
	require.NoError(t, err)
	for _, file := range files {
		var req pulumirpc.AnalyzeRequest
		read(t, file, &req)
		w.inputs[req.GetUrn()] = &req
	}
	var stack pulumirpc.AnalyzeStackRequest
	read(t, filepath.Join(dir, "stack"), &stack)
	w.stack = stack.GetResources()
	require.NotEmpty(t, w.inputs)
	require.NotEmpty(t, w.stack)
	return w
}

func read(t *testing.T, file string, into proto.Message) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, proto.Unmarshal(content, into))
}

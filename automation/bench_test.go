package automation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/offline"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The benchmarks time the awslab command on a stack beside the engine's own floor: a program that registers the same
// resources with ready-made inputs, with a provider that echoes them. What lies between is ours: the program, the
// stand-ins, the policy packs, the start of the command. Run them with: make bench

// BenchmarkPreview has a second floor, with a policy pack without rules: the engine asks a pack about every resource
// twice, which no program can avoid.
func BenchmarkPreview(b *testing.B) {
	pack := packWithoutRules(b)
	onEveryStack(b, func(b *testing.B, lab func(operation string) error, floor auto.Stack, times *compared) {
		if times.lab == 0 {
			require.NoError(b, lab("preview")) // which prepares the offline target
		}
		times.lab += timed(b, func() error { return lab("preview") })
		times.floor += timed(b, func() error { _, err := floor.Preview(b.Context()); return err })
		times.judged += timed(b, func() error {
			_, err := floor.Preview(b.Context(), optpreview.PolicyPacks(pack))
			return err
		})
	})
}

// BenchmarkServices previews prod with 10 services and with 100, of images that exist: how long that takes, how it
// grows, and the most memory that all processes take at once.
func BenchmarkServices(b *testing.B) {
	counts := []int{10, 100}
	var times [2]time.Duration
	var memory [2]uint64
	for i, count := range counts {
		p := newProject(b)
		p.edit(b, "prod", map[string]any{"services": servicesOfImages(count)})
		lab := p.command(b, "prod")
		require.NoError(b, lab("preview"))
		for range 2 {
			stop := watchMemory(b)
			times[i] += timed(b, func() error { return lab("preview") }) / 2
			memory[i] = max(memory[i], stop())
		}
	}
	growth := math.Log(times[1].Seconds()/times[0].Seconds()) / math.Log(float64(counts[1])/float64(counts[0]))
	b.ReportMetric(times[0].Seconds(), "10-services-s")
	b.ReportMetric(times[1].Seconds(), "100-services-s")
	b.ReportMetric(growth, "exponent")
	b.ReportMetric(float64(memory[1])/1e9, "GB")
	b.ReportMetric(0, "ns/op")
}

// servicesOfImages are so many services, each with a path of its own, the database and a table.
func servicesOfImages(count int) []map[string]any {
	services := make([]map[string]any, count)
	for i := range services {
		services[i] = map[string]any{
			"name":  fmt.Sprintf("service-%03d", i),
			"image": map[string]any{"uri": "quay.io/lab/shop:1"},
			"port":  8080, "path": fmt.Sprintf("/s%d", i), "priority": i + 1,
			"access": map[string]any{
				"database": true, "tables": []map[string]any{{"name": "items", "mode": "read"}},
				"fileSystem": map[string]any{"path": "/files", "mode": "read"},
			},
		}
	}
	return services
}

// watchMemory begins to watch this process's children and theirs. What it returns ends that, and says the most resident
// memory, in bytes, that all of them had at once.
func watchMemory(b *testing.B) (stop func() uint64) {
	ended, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-ended:
				most <- peak
				return
			case <-time.After(50 * time.Millisecond):
				peak = max(peak, residentBelow(int32(os.Getpid())))
			}
		}
	}()
	return func() uint64 { close(ended); return <-most }
}

// residentBelow returns the resident memory of the processes that a process has begun, directly or not.
func residentBelow(pid int32) uint64 {
	children, err := (&process.Process{Pid: pid}).Children()
	if err != nil {
		return 0
	}
	var sum uint64
	for _, child := range children {
		if info, err := child.MemoryInfo(); err == nil {
			sum += info.RSS
		}
		sum += residentBelow(child.Pid)
	}
	return sum
}

// BenchmarkUp includes the preview that goes before an up, as in pulumi up, on both sides; alone-ratio leaves out that
// of the floor. Prod is to come up in a minute on two cores.
func BenchmarkUp(b *testing.B) {
	onEveryStack(b, func(b *testing.B, lab func(operation string) error, floor auto.Stack, times *compared) {
		times.lab += timed(b, func() error { return lab("up") })
		times.floor += timed(b, func() error { _, err := floor.Preview(b.Context()); return err })
		alone := timed(b, func() error { _, err := floor.Up(b.Context()); return err })
		times.floor, times.alone = times.floor+alone, times.alone+alone
		require.NoError(b, lab(forget))
		_, err := floor.Destroy(b.Context())
		require.NoError(b, err)
	})
}

func onEveryStack(
	b *testing.B,
	time func(b *testing.B, lab func(operation string) error, floor auto.Stack, times *compared),
) {
	for _, name := range []string{"dev", "prod"} {
		b.Run(name, func(b *testing.B) {
			lab, floor := newBench(b, name)
			var times compared
			for b.Loop() {
				time(b, lab, floor, &times)
			}
			times.report(b)
		})
	}
}

// BenchmarkPolicies times previews of prod without packs, with a pack that has no rules, and with all rules. The engine
// asks a pack about every resource twice, one after the other, whatever its rules are; what the rules take is the rest.
func BenchmarkPolicies(b *testing.B) {
	p := newProject(b)
	variants := []struct {
		metric string
		packs  []automation.PolicyPack
	}{
		{"no-pack-s", []automation.PolicyPack{}},
		{"empty-pack-s", []automation.PolicyPack{{Path: packWithoutRules(b)}}},
		{
			"all-rules-s",
			[]automation.PolicyPack{
				{Path: filepath.Join(bin, "policy"), Config: filepath.Join(p.dir, "policy", "config", "prod.json")},
			},
		},
	}
	times := make([]time.Duration, len(variants))
	for b.Loop() {
		for i, variant := range variants {
			options := p.options("prod")
			options.PolicyPacks = variant.packs
			lab, err := automation.Open(b.Context(), options)
			require.NoError(b, err)
			times[i] += timed(b, func() error { _, err := lab.Preview(b.Context()); return err })
		}
	}
	for i, variant := range variants {
		b.ReportMetric(times[i].Seconds()/float64(b.N), variant.metric)
	}
	b.ReportMetric(100*(times[2]-times[1]).Seconds()/times[0].Seconds(), "rules-%")
	b.ReportMetric(0, "ns/op")
}

// packWithoutRules returns the path of this executable under the name by which it is such a pack.
func packWithoutRules(b *testing.B) string {
	self, err := os.Executable()
	require.NoError(b, err)
	content, err := os.ReadFile(self) // the engine would follow a link
	require.NoError(b, err)
	path := filepath.Join(b.TempDir(), emptyPack)
	require.NoError(b, os.WriteFile(path, content, 0o700)) //nolint:gosec // it is run
	return path
}

// compared are the times of the awslab command, of the floor and, where they are measured, of the floor with a pack and
// of the floor's update alone.
type compared struct{ lab, floor, judged, alone time.Duration }

func (c compared) report(b *testing.B) {
	b.ReportMetric(c.lab.Seconds()/float64(b.N), "awslab-s")
	b.ReportMetric(c.floor.Seconds()/float64(b.N), "floor-s")
	b.ReportMetric(c.lab.Seconds()/c.floor.Seconds(), "ratio")
	if c.judged > 0 {
		b.ReportMetric(c.judged.Seconds()/float64(b.N), "floor-with-pack-s")
		b.ReportMetric(c.lab.Seconds()/c.judged.Seconds(), "ratio-with-pack")
	}
	if c.alone > 0 {
		b.ReportMetric(c.lab.Seconds()/c.alone.Seconds(), "alone-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, do func() error) time.Duration {
	began := time.Now()
	require.NoError(b, do())
	return time.Since(began)
}

// forget is the operation that forgets a stack and its world: what protects prod does not let it be destroyed.
const forget = "forget"

// newBench returns the awslab command on a fresh project and the floor for one of its stacks, both down.
func newBench(b *testing.B, stackName string) (func(operation string) error, auto.Stack) {
	p := newProject(b)
	lab := p.command(b, stackName)
	require.NoError(b, lab("up"))
	deployment, err := p.open(b, stackName).Export(b.Context(), automation.ExportOptions{ShowSecrets: true})
	require.NoError(b, err)
	require.NoError(b, lab(forget))
	return lab, newFloor(b, deployment)
}

// command compiles the awslab command and returns it, for a stack of the project.
func (p *project) command(b *testing.B, stackName string) func(operation string) error {
	ctx := b.Context()
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(bin, "awslab"), "./cmd/awslab")
	build.Stderr = os.Stderr
	require.NoError(b, build.Run())
	// The packs are found and compiled in the project, as in a checkout.
	require.NoError(b, os.RemoveAll(filepath.Join(p.dir, "policy")))
	require.NoError(b, os.Symlink(absolute(b, "../policy"), filepath.Join(p.dir, "policy")))
	return func(operation string) error {
		if operation == forget {
			return os.RemoveAll(filepath.Join(p.dir, ".awslab", "offline"))
		}
		cmd := exec.CommandContext(ctx, filepath.Join(bin, "awslab"), operation, "--stack", stackName, "-C", p.dir)
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("awslab %s: %w\n%s", operation, err, output)
		}
		return nil
	}
}

func absolute(b *testing.B, path string) string {
	path, err := filepath.Abs(path)
	require.NoError(b, err)
	return path
}

// newFloor returns a stack on an offline target of its own whose plugins are this test's executable, which echoes.
func newFloor(b *testing.B, deployment apitype.UntypedDeployment) auto.Stack {
	ctx := b.Context()
	self, err := os.Executable()
	require.NoError(b, err)
	home, err := offline.Open(b.TempDir(), self, false)
	require.NoError(b, err)
	found, err := engine.Find(ctx, "", nil)
	require.NoError(b, err)
	environ := os.Environ()
	for name, value := range home.Environment() {
		environ = append(environ, name+"="+value)
	}
	var state apitype.DeploymentV3
	require.NoError(b, json.Unmarshal(deployment.Deployment, &state))
	floor, err := auto.UpsertStackInlineSource(
		ctx,
		"floor",
		"floor",
		readyMade(state.Resources),
		auto.Pulumi(
			&engine.Command{Engine: found, Environ: environ},
		),
		auto.PulumiHome(home.PulumiHome()),
		auto.WorkDir(b.TempDir()),
	)
	require.NoError(b, err)
	return floor
}

// readyMade registers the resources of a state, flat and without dependencies.
func readyMade(resources []apitype.ResourceV3) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		for i, r := range resources {
			name := fmt.Sprintf("%s-%d", resource.URN(r.URN).Name(), i)
			if r.Type == resource.RootStackType || strings.HasPrefix(string(r.Type), "pulumi:providers:") {
				continue
			}
			if !r.Custom {
				if err := ctx.RegisterComponentResource(string(r.Type), name, &pulumi.ResourceState{}); err != nil {
					return err
				}
				continue
			}
			inputs := pulumi.Map{}
			for key, value := range r.Inputs {
				if !strings.HasPrefix(key, "__") {
					inputs[key] = input(value)
				}
			}
			version := pulumi.Version(versionOf(string(r.Type)))
			if err := ctx.RegisterResource(
				string(r.Type),
				name,
				inputs,
				&pulumi.CustomResourceState{},
				version,
			); err != nil {
				return err
			}
		}
		return nil
	}
}

// input returns a value of a state as an input. What is encrypted there stays a secret, of some other text.
func input(value any) pulumi.Input {
	switch v := value.(type) {
	case map[string]any:
		if v[resource.SigKey] == resource.SecretSig {
			return pulumi.ToSecret(pulumi.String("secret"))
		}
		object := pulumi.Map{}
		for key := range v {
			object[key] = input(v[key])
		}
		return object
	case []any:
		list := make(pulumi.Array, len(v))
		for i := range v {
			list[i] = input(v[i])
		}
		return list
	default:
		return pulumi.Any(value)
	}
}

func versionOf(token string) string {
	if strings.HasPrefix(token, "docker:") {
		return "4.11.2"
	}
	return "6.83.2"
}

// echo is a provider that accepts everything and gives it back.
type echo struct {
	pulumirpc.UnimplementedResourceProviderServer
}

// serveFloor returns what this executable does when the engine starts it as a plugin.
func serveFloor() error {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Init: func(server *grpc.Server) error {
		pulumirpc.RegisterResourceProviderServer(server, &echo{})
		pulumirpc.RegisterAnalyzerServer(server, &noRules{})
		return nil
	}})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

func (*echo) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	version := versionOf(strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-resource-") + ":")
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (*echo) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (*echo) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (*echo) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

func (*echo) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (*echo) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	return &pulumirpc.CreateResponse{Id: "id", Properties: r.GetProperties()}, nil
}

func (*echo) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (*echo) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// emptyPack is the name under which this executable is a policy pack without rules.
const emptyPack = "empty-pack"

type noRules struct {
	pulumirpc.UnimplementedAnalyzerServer
}

func (*noRules) Handshake(
	context.Context,
	*pulumirpc.AnalyzerHandshakeRequest,
) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

func (*noRules) ConfigureStack(
	context.Context,
	*pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

func (*noRules) Configure(context.Context, *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (*noRules) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (*noRules) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	return &pulumirpc.AnalyzerInfo{Name: emptyPack, Version: "1.0.0", SupportsConfig: true}, nil
}

func (*noRules) Analyze(context.Context, *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	return &pulumirpc.AnalyzeResponse{}, nil
}

func (*noRules) AnalyzeStack(context.Context, *pulumirpc.AnalyzeStackRequest) (*pulumirpc.AnalyzeResponse, error) {
	return &pulumirpc.AnalyzeResponse{}, nil
}

func (*noRules) Remediate(context.Context, *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	return &pulumirpc.RemediateResponse{}, nil
}

func (*noRules) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

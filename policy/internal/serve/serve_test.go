package serve_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/ruletest"
	"github.com/awslab/awslab/policy/internal/serve"
)

var limit = rule.Setting{Name: "limit", Description: "largest size", Default: 10, Minimum: 1}

func testRule(name string) rule.Rule {
	return rule.Rule{
		Name:        name,
		Description: "Things are small.",
		Severity:    rule.Low,
		Level:       rule.Mandatory,
		Why:         "Big things break.",
		Fix:         "set size.",
		Controls:    []rule.Control{{Framework: rule.FSBP, ID: "Thing.1"}},
		Types:       []string{"test:index:Thing"},
	}
}

// testPack has a rule for each thing that the server must cope with.
func testPack() rule.Pack {
	size := testRule("size")
	size.Settings = []rule.Setting{limit}
	size.Judge = func(r rule.Resource, run rule.Run) rule.Verdict {
		n, state := r.Get("size").Number()
		if state != property.Known {
			return rule.Unreadable(r.Get("size"), state)
		}
		if n > float64(run.Int(limit)) {
			return rule.Violation("size", "is above %d", run.Int(limit))
		}
		return rule.Pass()
	}
	total := testRule("total")
	total.Settings = []rule.Setting{limit}
	total.JudgeInStack = func(_ rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
		if len(stack.Resources()) > run.Int(limit) {
			return rule.Violation("stack", "has too many things")
		}
		return rule.Pass()
	}
	crash := testRule("crash")
	crash.Judge = func(r rule.Resource, _ rule.Run) rule.Verdict {
		if boom, _ := r.Get("boom").Text(); boom != "" {
			panic("crashed with " + boom)
		}
		return rule.Pass()
	}
	gossip := testRule("gossip")
	gossip.Level = rule.Advisory
	gossip.Judge = func(r rule.Resource, _ rule.Run) rule.Verdict {
		if name, state := r.Get("name").Text(); state == property.Known {
			return rule.Violation("name", "is %s", name)
		}
		return rule.Pass()
	}
	return rule.Pack{Name: "test", Version: "1.2.3", Rules: []rule.Rule{size, total, crash, gossip}}
}

func thing(properties ruletest.Props) ruletest.Resource {
	return ruletest.Resource{Type: "test:index:Thing", Name: "thing", Properties: properties}
}

func configure(
	t *testing.T,
	client pulumirpc.AnalyzerClient,
	name string,
	level pulumirpc.EnforcementLevel,
	settings map[string]any,
) error {
	t.Helper()
	properties, err := structpb.NewStruct(settings)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Configure(
		t.Context(),
		&pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
			name:            {EnforcementLevel: level, Properties: properties},
			"another-packs": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY},
		}},
	)
	return err
}

func analyze(t *testing.T, client pulumirpc.AnalyzerClient, r ruletest.Resource) []*pulumirpc.AnalyzeDiagnostic {
	t.Helper()
	response, err := client.Analyze(t.Context(), ruletest.Request(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return response.GetDiagnostics()
}

func TestInfoDescribesEveryRule(t *testing.T) {
	info, err := ruletest.Client(t, testPack()).GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if info.GetName() != "test" || info.GetVersion() != "1.2.3" || !info.GetSupportsConfig() ||
		len(info.GetPolicies()) != 5 {
		t.Fatalf("%v", info)
	}
	size := info.GetPolicies()[0]
	if size.GetDisplayName() != "test/size" || size.GetDescription() != "[LOW][Thing.1] Things are small.\nBig "+
		"things break." ||
		size.GetEnforcementLevel() != pulumirpc.EnforcementLevel_MANDATORY ||
		size.GetPolicyType() != pulumirpc.PolicyType_POLICY_TYPE_RESOURCE ||
		size.GetRemediationSteps() != "set size." || size.GetFramework().GetReference() != "Thing.1" {
		t.Errorf("%v", size)
	}
	schema := size.GetConfigSchema().GetProperties().AsMap()["limit"].(map[string]any)
	if schema["type"] != "integer" || schema["default"] != 10.0 || schema["minimum"] != 1.0 {
		t.Errorf("%v", schema)
	}
	if total := info.GetPolicies()[1]; total.GetPolicyType() != pulumirpc.PolicyType_POLICY_TYPE_STACK {
		t.Errorf("%v", total)
	}
}

func TestDefaultLevelIsTheRulesOwn(t *testing.T) {
	client := ruletest.Client(t, testPack())
	got := analyze(t, client, thing(ruletest.Props{"size": 11}))
	if len(got) != 1 || got[0].GetPolicyName() != "size" ||
		got[0].GetEnforcementLevel() != pulumirpc.EnforcementLevel_MANDATORY {
		t.Fatalf("%v", got)
	}
	want := "[LOW][Thing.1] Things are small.\nthing: size is above 10.\nWhy: Big things break.\nFix: set size."
	if got[0].GetMessage() != want || got[0].GetUrn() != "urn:pulumi:test::awslab::test:index:Thing::thing" {
		t.Errorf("message %q for %s", got[0].GetMessage(), got[0].GetUrn())
	}
}

func TestConfiguredLevelIsHonored(t *testing.T) {
	for _, level := range []pulumirpc.EnforcementLevel{
		pulumirpc.EnforcementLevel_ADVISORY,
		pulumirpc.EnforcementLevel_MANDATORY,
		pulumirpc.EnforcementLevel_REMEDIATE,
	} {
		client := ruletest.Client(t, testPack())
		if err := configure(t, client, "size", level, nil); err != nil {
			t.Fatal(err)
		}
		if got := analyze(t, client, thing(ruletest.Props{"size": 11})); len(got) != 1 ||
			got[0].GetEnforcementLevel() != level {
			t.Errorf("%v: %v", level, got)
		}
	}
	client := ruletest.Client(t, testPack())
	if err := configure(t, client, "size", pulumirpc.EnforcementLevel_DISABLED, nil); err != nil {
		t.Fatal(err)
	}
	if got := analyze(t, client, thing(ruletest.Props{"size": 11})); len(got) != 0 {
		t.Errorf("disabled: %v", got)
	}
}

func TestSettingsReachResourceAndStackRules(t *testing.T) {
	client := ruletest.Client(t, testPack())
	if err := configure(
		t,
		client,
		"size",
		pulumirpc.EnforcementLevel_MANDATORY,
		map[string]any{"limit": 20},
	); err != nil {
		t.Fatal(err)
	}
	if got := analyze(t, client, thing(ruletest.Props{"size": 11})); len(got) != 0 {
		t.Errorf("resource rule: %v", got)
	}
	if err := configure(
		t,
		client,
		"total",
		pulumirpc.EnforcementLevel_MANDATORY,
		map[string]any{"limit": 1},
	); err != nil {
		t.Fatal(err)
	}
	other := thing(nil)
	other.Name = "other"
	response, err := client.AnalyzeStack(t.Context(), ruletest.StackRequest(t, thing(nil), other))
	if err != nil || len(response.GetDiagnostics()) != 2 {
		t.Errorf("stack rule: %v %v", response, err)
	}
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	for name, settings := range map[string]map[string]any{
		"unknown name": {"limits": 3},
		"fraction":     {"limit": 1.5},
		"text":         {"limit": "3"},
		"too small":    {"limit": 0},
		"too large":    {"limit": 1e12},
	} {
		err := configure(t, ruletest.Client(t, testPack()), "size", pulumirpc.EnforcementLevel_MANDATORY, settings)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "size: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownIsReportedOnceAsAdvice(t *testing.T) {
	client := ruletest.Client(t, testPack())
	response, err := client.Analyze(t.Context(), ruletest.Request(t, thing(ruletest.Props{"size": ruletest.Computed})))
	if err != nil {
		t.Fatal(err)
	}
	got := response.GetDiagnostics()
	if len(got) != 1 || got[0].GetPolicyName() != diagnostic.Unevaluated ||
		got[0].GetEnforcementLevel() != pulumirpc.EnforcementLevel_ADVISORY {
		t.Fatalf("%v", got)
	}
	if want := "size could not be judged for thing: size is not known yet."; got[0].GetMessage() != want {
		t.Errorf("message %q, want %q", got[0].GetMessage(), want)
	}
	// Without this the engine counts the rule as passed.
	if na := response.GetNotApplicable(); len(na) != 1 || na[0].GetPolicyName() != "size" {
		t.Errorf("not applicable: %v", na)
	}
	if err := configure(t, client, diagnostic.Unevaluated, pulumirpc.EnforcementLevel_DISABLED, nil); err != nil {
		t.Fatal(err)
	}
	if got := analyze(t, client, thing(ruletest.Props{"size": ruletest.Computed})); len(got) != 0 {
		t.Errorf("disabled: %v", got)
	}
}

func TestCrashOfARuleIsReportedWithoutItsText(t *testing.T) {
	got := analyze(t, ruletest.Client(t, testPack()), thing(ruletest.Props{"size": 11, "boom": "value-in-clear"}))
	if len(got) != 2 || got[0].GetPolicyName() != "size" || got[1].GetPolicyName() != diagnostic.Unevaluated {
		t.Fatalf("the other rules must still judge: %v", got)
	}
	if m := got[1].GetMessage(); !strings.Contains(m, "crash could not be judged") ||
		!strings.Contains(m, "serve_test.go:") ||
		strings.Contains(m, "value-in-clear") {
		t.Errorf("message: %s", m)
	}
}

func TestSecretIsNeverTold(t *testing.T) {
	got := analyze(
		t,
		ruletest.Client(t, testPack()),
		thing(ruletest.Props{"size": 1, "name": ruletest.Secretly("hunter22")}),
	)
	if len(got) != 1 || strings.Contains(got[0].String(), "hunter22") ||
		!strings.Contains(got[0].GetMessage(), "name is [secret]") {
		t.Errorf("%v", got)
	}
}

func TestPulumisOwnResourcesAreNotJudged(t *testing.T) {
	pack := testPack()
	for i := range pack.Rules {
		pack.Rules[i].Types = nil
	}
	client := ruletest.Client(t, pack)
	own := []ruletest.Resource{
		{Type: "pulumi:pulumi:Stack", Name: "awslab-test", Properties: ruletest.Props{"size": 11}},
		{Type: "pulumi:providers:aws", Name: "default", Properties: ruletest.Props{"size": 11}},
	}
	for _, r := range own {
		if got := analyze(t, client, r); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
	if err := configure(
		t,
		client,
		"total",
		pulumirpc.EnforcementLevel_MANDATORY,
		map[string]any{"limit": 1},
	); err != nil {
		t.Fatal(err)
	}
	response, err := client.AnalyzeStack(t.Context(), ruletest.StackRequest(t, append(own, thing(nil))...))
	if err != nil || len(response.GetDiagnostics()) != 0 {
		t.Errorf("%v %v", response, err)
	}
}

func TestNothingDependsOnTheOrderOfCalls(t *testing.T) {
	client := ruletest.Client(t, testPack())
	ctx := t.Context()
	for _, call := range []func() error{
		func() error { _, err := client.Cancel(ctx, &emptypb.Empty{}); return err },
		func() error { _, err := client.AnalyzeStack(ctx, &pulumirpc.AnalyzeStackRequest{}); return err },
		func() error { _, err := client.Remediate(ctx, &pulumirpc.AnalyzeRequest{}); return err },
		func() error { _, err := client.Analyze(ctx, &pulumirpc.AnalyzeRequest{}); return err },
		func() error { _, err := client.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{}); return err },
		func() error { _, err := client.GetPluginInfo(ctx, &emptypb.Empty{}); return err },
		func() error { _, err := client.GetAnalyzerInfo(ctx, &emptypb.Empty{}); return err },
		func() error {
			_, err := client.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{})
			return err
		},
		func() error { _, err := client.Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{}); return err },
	} {
		if err := call(); err != nil {
			t.Error(err)
		}
	}
}

func TestMistakesInAPackAreToldAtOnce(t *testing.T) {
	bad := testRule("all")
	bad.Fix = ""
	_, err := serve.New(rule.Pack{Name: "Test Pack", Rules: []rule.Rule{bad, testPack().Rules[0], testPack().Rules[0]}})
	for _, want := range []string{"Test Pack", "reserved", "needs a fix", "one of Judge", "used twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
}

// servePack, in the environment of this test's own executable, makes it a pack.
const servePack = "AWSLAB_TEST_SERVE_PACK"

func TestMain(m *testing.M) {
	if os.Getenv(servePack) != "" {
		serve.Main(testPack())
		return
	}
	os.Exit(m.Run())
}

// start runs the pack as the engine does and returns a client for the port that it printed.
func start(t *testing.T, args ...string) (*exec.Cmd, *strings.Builder, pulumirpc.AnalyzerClient) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), servePack+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("reading the port: %v; stderr: %s", err, stderr.String())
	}
	port, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
	if err != nil {
		t.Fatalf("stdout must hold the port alone: %v", err)
	}
	conn, err := grpc.NewClient(
		fmt.Sprintf("127.0.0.1:%d", port),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return cmd, &stderr, pulumirpc.NewAnalyzerClient(conn)
}

// wait returns once the process has ended, and fails when it does not end by itself, or not quietly.
func wait(t *testing.T, cmd *exec.Cmd, stderr *strings.Builder) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil || stderr.Len() > 0 {
			t.Errorf("want a quiet end: %v; stderr: %s", err, stderr.String())
		}
	case <-time.After(30 * time.Second):
		t.Error("the pack still runs")
	}
}

func TestProcessEndsWithItsEngine(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	engine := grpc.NewServer()
	go func() { _ = engine.Serve(listener) }()
	cmd, stderr, client := start(t, listener.Addr().String(), ".")
	if _, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	engine.Stop()
	wait(t, cmd, stderr)
}

func TestProcessEndsQuietlyWhenInterrupted(t *testing.T) {
	cmd, stderr, client := start(t)
	if _, err := client.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	wait(t, cmd, stderr)
}

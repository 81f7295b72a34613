// Package ruletest tests the rules of a pack the way the engine runs them: over the wire, one situation at a time.
//
// A rule is proven by five situations: it passes, it fails, a value is unknown, a value is secret, a value is absent.
// Run fails for a rule that lacks one.
package ruletest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
)

// Situation is one of the five that every rule has to be tested in.
type Situation string

// Gone, in DependsOn, is a resource that is not in the stack any more.
const Gone = "gone"

// The five situations.
const (
	Passes  Situation = "passes"
	Fails   Situation = "fails"
	Unknown Situation = "unknown"
	Secret  Situation = "secret"
	Absent  Situation = "absent"
)

var situations = []Situation{Passes, Fails, Unknown, Secret, Absent}

// Props are a resource's properties as plain Go values, Computed and Secretly among them.
type Props map[string]any

// Computed is a value that is unknown in preview.
var Computed = resource.Computed{Element: resource.NewProperty("")}

// Secretly returns the value as a secret.
func Secretly(value any) *resource.Secret {
	return &resource.Secret{Element: resource.NewPropertyValue(value)}
}

// Resource is a resource in a test. Others refer to it by its name.
type Resource struct {
	Type, Name string
	// Parent is the name of the component that the resource belongs to.
	Parent string
	// Protect is the resource option, Region that of the provider.
	Protect    bool
	Region     string
	Properties Props
	// DependsOn lists for each property the names of the resources that its value comes from.
	DependsOn map[string][]string
}

// Case is one resource in one situation, and what the rule says to it.
type Case struct {
	// Name tells what is special, where a rule has several cases for a situation.
	Name      string
	Situation Situation
	// Resource is the one that is judged.
	Resource Resource
	// Rest is the rest of the stack, for rules that judge in the stack.
	Rest     []Resource
	Settings map[string]any
	Want     Want
}

// Want is an expected verdict.
type Want struct {
	kind, property string
}

// The expected verdicts. A violation or an undecided case names the property that it is about.
var (
	Pass          = Want{kind: "pass"}
	NotApplicable = Want{kind: "not applicable"}
)

// Violation expects a violation about the property.
func Violation(property string) Want { return Want{kind: "violation", property: property} }

// Unevaluated expects that the rule cannot decide because of the property.
func Unevaluated(property string) Want { return Want{kind: "unevaluated", property: property} }

// Run runs the cases of every rule in the pack, by the rule's name.
func Run(t *testing.T, pack rule.Pack, cases map[string][]Case) {
	t.Helper()
	for name := range cases {
		if !slices.ContainsFunc(pack.Rules, func(r rule.Rule) bool { return r.Name == name }) {
			t.Errorf("there are cases for %q, which is no rule of the pack", name)
		}
	}
	for _, r := range pack.Rules {
		t.Run(r.Name, func(t *testing.T) {
			for _, situation := range situations {
				if !slices.ContainsFunc(cases[r.Name], func(c Case) bool { return c.Situation == situation }) {
					t.Errorf("rule %s has no case for the situation %q", r.Name, situation)
				}
			}
			for _, c := range cases[r.Name] {
				t.Run(strings.TrimSpace(string(c.Situation)+" "+c.Name), func(t *testing.T) { check(t, pack, r, c) })
			}
		})
	}
	t.Run("the recorded findings are current", func(t *testing.T) { checkFindings(t, pack, cases) })
}

func check(t *testing.T, pack rule.Pack, r rule.Rule, c Case) {
	checkSituation(t, c)
	client := Client(t, pack)
	configureOnly(t, client, pack, r, c.Settings)
	response := judge(t, client, r, c)

	got := Pass
	for _, d := range response.GetDiagnostics() {
		if d.GetUrn() != urn(c.Resource) {
			continue
		}
		got = Want{kind: "violation"}
		if d.GetPolicyName() == diagnostic.Unevaluated {
			got.kind = "unevaluated"
		}
		if strings.Contains(d.GetMessage(), c.Want.property+" ") {
			got.property = c.Want.property
		}
		checkDiagnostic(t, r, d, secrets(c))
	}
	if got == Pass && len(response.GetNotApplicable()) > 0 {
		got = NotApplicable
	}
	if got != c.Want {
		t.Errorf("got %+v, want %+v; diagnostics: %v", got, c.Want, response.GetDiagnostics())
	}
}

// checkSituation refuses a case that is not in the situation it claims to be in.
func checkSituation(t *testing.T, c Case) {
	t.Helper()
	unknown, secret := false, false
	for _, r := range append([]Resource{c.Resource}, c.Rest...) {
		properties := propertyMap(r)
		unknown = unknown || properties.ContainsUnknowns()
		secret = secret || properties.ContainsSecrets()
	}
	switch {
	case c.Situation == Unknown && !unknown:
		t.Error("the case has no unknown value")
	case c.Situation == Secret && !secret:
		t.Error("the case has no secret value")
	case c.Situation == Passes && c.Want != Pass && c.Want != NotApplicable:
		t.Errorf("a case that passes cannot want %+v", c.Want)
	case c.Situation == Fails && c.Want.kind != "violation":
		t.Errorf("a case that fails cannot want %+v", c.Want)
	}
}

func checkDiagnostic(t *testing.T, r rule.Rule, d *pulumirpc.AnalyzeDiagnostic, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(d.GetMessage(), secret) {
			t.Errorf("the message tells a secret: %s", d.GetMessage())
		}
	}
	if d.GetPolicyName() == diagnostic.Unevaluated {
		if !strings.Contains(d.GetMessage(), r.Name) || d.GetEnforcementLevel() != pulumirpc.EnforcementLevel_ADVISORY {
			t.Errorf("what cannot be judged must name the rule and be advice: %v", d)
		}
		return
	}
	for _, part := range []string{r.Headline(), r.Why, r.Fix} {
		if !strings.Contains(d.GetMessage(), part) {
			t.Errorf("the message lacks %q: %s", part, d.GetMessage())
		}
	}
}

// configureOnly disables every other rule.
func configureOnly(
	t *testing.T,
	client pulumirpc.AnalyzerClient,
	pack rule.Pack,
	only rule.Rule,
	settings map[string]any,
) {
	t.Helper()
	properties, err := structpb.NewStruct(settings)
	if err != nil {
		t.Fatalf("the case's settings: %v", err)
	}
	config := map[string]*pulumirpc.PolicyConfig{}
	for _, r := range pack.Rules {
		config[r.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED}
	}
	config[only.Name] = &pulumirpc.PolicyConfig{
		EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY,
		Properties:       properties,
	}
	if _, err := client.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config}); err != nil {
		t.Fatalf("configuring the rule: %v", err)
	}
}

func judge(t *testing.T, client pulumirpc.AnalyzerClient, r rule.Rule, c Case) *pulumirpc.AnalyzeResponse {
	t.Helper()
	var response *pulumirpc.AnalyzeResponse
	var err error
	if r.JudgeInStack != nil {
		response, err = client.AnalyzeStack(t.Context(), StackRequest(t, append([]Resource{c.Resource}, c.Rest...)...))
	} else {
		response, err = client.Analyze(t.Context(), Request(t, c.Resource))
	}
	if err != nil {
		t.Fatalf("a rule must not fail the call: %v", err)
	}
	return response
}

// Client returns a connection to a server for the pack.
func Client(tb testing.TB, pack rule.Pack) pulumirpc.AnalyzerClient {
	tb.Helper()
	server, err := serve.New(pack)
	if err != nil {
		tb.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	rpc := grpc.NewServer()
	pulumirpc.RegisterAnalyzerServer(rpc, server)
	go func() { _ = rpc.Serve(listener) }()
	tb.Cleanup(rpc.Stop)
	conn, err := grpc.NewClient(
		"passthrough:///pack",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(
			func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) },
		),
	)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return pulumirpc.NewAnalyzerClient(conn)
}

// Request returns the engine's call for one resource.
func Request(tb testing.TB, r Resource) *pulumirpc.AnalyzeRequest {
	tb.Helper()
	return &pulumirpc.AnalyzeRequest{
		Urn:        urn(r),
		Type:       r.Type,
		Name:       r.Name,
		Properties: wire(tb, r),
		Options:    options(r),
		Provider:   provider(r),
	}
}

// StackRequest returns the engine's call for a stack.
func StackRequest(tb testing.TB, resources ...Resource) *pulumirpc.AnalyzeStackRequest {
	tb.Helper()
	urns := map[string]string{}
	for _, r := range resources {
		urns[r.Name] = urn(r)
	}
	request := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range resources {
		dependencies := map[string]*pulumirpc.AnalyzerPropertyDependencies{}
		for property, names := range r.DependsOn {
			dependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{}
			for _, name := range names {
				if name == Gone {
					dependencies[property].Urns = append(dependencies[property].Urns, urn(Resource{Name: name}))
					continue
				}
				if urns[name] == "" {
					tb.Fatalf("%s depends on %q, which is not in the case", r.Name, name)
				}
				dependencies[property].Urns = append(dependencies[property].Urns, urns[name])
			}
		}
		request.Resources = append(request.Resources, &pulumirpc.AnalyzerResource{
			Urn: urn(r), Type: r.Type, Name: r.Name, Parent: urns[r.Parent], Options: options(r), Provider: provider(r),
			Properties: wire(tb, r), PropertyDependencies: dependencies,
		})
	}
	return request
}

func options(r Resource) *pulumirpc.AnalyzerResourceOptions {
	return &pulumirpc.AnalyzerResourceOptions{Protect: r.Protect}
}

func provider(r Resource) *pulumirpc.AnalyzerProviderResource {
	if r.Region == "" {
		return nil
	}
	return &pulumirpc.AnalyzerProviderResource{
		Type: "pulumi:providers:aws", Name: "aws",
		Properties: &structpb.Struct{Fields: map[string]*structpb.Value{"region": structpb.NewStringValue(r.Region)}},
	}
}

func urn(r Resource) string {
	return fmt.Sprintf("urn:pulumi:test::awslab::%s::%s", r.Type, r.Name)
}

// wire marshals the properties with the options that the engine uses for analyzers.
func wire(tb testing.TB, r Resource) *structpb.Struct {
	tb.Helper()
	message, err := plugin.MarshalProperties(
		propertyMap(r),
		plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipInternalKeys: true},
	)
	if err != nil {
		tb.Fatalf("marshaling %s: %v", r.Name, err)
	}
	return message
}

func propertyMap(r Resource) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(r.Properties)
}

func secrets(c Case) []string {
	var texts []string
	for _, r := range append([]Resource{c.Resource}, c.Rest...) {
		for _, value := range propertyMap(r) {
			collectSecrets(value, false, &texts)
		}
	}
	return texts
}

func collectSecrets(v resource.PropertyValue, secret bool, texts *[]string) {
	switch {
	case v.IsSecret():
		collectSecrets(v.SecretValue().Element, true, texts)
	case v.IsArray():
		for _, element := range v.ArrayValue() {
			collectSecrets(element, secret, texts)
		}
	case v.IsObject():
		for _, field := range v.ObjectValue() {
			collectSecrets(field, secret, texts)
		}
	case v.IsString() && secret:
		*texts = append(*texts, v.StringValue())
	}
}

// Fuzz gives every rule of the pack odd properties, as JSON, and fails when a rule crashes. The seeds are the
// properties of the cases; every resource type in the cases gets every input.
func Fuzz(f *testing.F, pack rule.Pack, cases map[string][]Case) {
	types := map[string]bool{}
	for _, ofRule := range cases {
		for _, c := range ofRule {
			for _, r := range append([]Resource{c.Resource}, c.Rest...) {
				types[r.Type] = true
				seed, err := wire(f, r).MarshalJSON()
				if err != nil {
					f.Fatalf("the properties of %s as a seed: %v", r.Name, err)
				}
				f.Add(seed)
			}
		}
	}
	client := Client(f, pack)
	f.Fuzz(func(t *testing.T, properties []byte) {
		var message structpb.Struct
		if message.UnmarshalJSON(properties) != nil {
			t.Skip("not an object")
		}
		stack := &pulumirpc.AnalyzeStackRequest{}
		var diagnostics []*pulumirpc.AnalyzeDiagnostic
		for resourceType := range types {
			response, err := client.Analyze(
				t.Context(),
				&pulumirpc.AnalyzeRequest{Urn: resourceType, Type: resourceType, Properties: &message},
			)
			if err != nil {
				t.Fatalf("a rule must not fail the call: %v", err)
			}
			diagnostics = append(diagnostics, response.GetDiagnostics()...)
			stack.Resources = append(
				stack.Resources,
				&pulumirpc.AnalyzerResource{Urn: resourceType, Type: resourceType, Properties: &message},
			)
		}
		response, err := client.AnalyzeStack(t.Context(), stack)
		if err != nil {
			t.Fatalf("a rule must not fail the call: %v", err)
		}
		for _, d := range append(diagnostics, response.GetDiagnostics()...) {
			if strings.Contains(d.GetMessage(), "crashed") {
				t.Error(d.GetMessage())
			}
		}
	})
}

package serve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/internal/exemption"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Server answers the engine for one pack. Its calls may come in any order and at the same time: what has not been
// configured has its defaults.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer

	pack rule.Pack

	mu         sync.RWMutex
	run        rule.Run
	config     map[string]ruleConfig
	exemptions *exemptions
}

// ruleConfig is what the stack's configuration says about one rule.
type ruleConfig struct {
	level    pulumirpc.EnforcementLevel
	settings rule.Settings
}

// New returns a server for the pack, or all mistakes in the pack.
func New(pack rule.Pack) (*Server, error) {
	if err := pack.Validate(); err != nil {
		return nil, fmt.Errorf("policy pack %s: %w", pack.Name, err)
	}
	return &Server{pack: pack, exemptions: &exemptions{}}, nil
}

// Handshake accepts every engine.
func (s *Server) Handshake(
	context.Context,
	*pulumirpc.AnalyzerHandshakeRequest,
) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

// ConfigureStack takes note of the stack that is judged, and of its exemptions. It refuses those that are not
// well-formed, or of no rule.
func (s *Server) ConfigureStack(
	_ context.Context, req *pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	given, err := readExemptions(
		s.pack,
		req.GetProject(),
		req.GetStack(),
		req.GetConfig()[req.GetProject()+":"+exemption.Key],
	)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "configuration of stack %s: %v", req.GetStack(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exemptions = given
	s.run = rule.Run{
		Organization: req.GetOrganization(), Project: req.GetProject(), Stack: req.GetStack(),
		Tags: req.GetTags(), Preview: req.GetDryRun(),
	}
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

// GetPluginInfo tells the pack's version.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.pack.Version}, nil
}

// Configure takes the levels and settings of a stack. The engine has applied "all" and filled in defaults. Names of
// other packs' rules are passed over, so that a stack can have one file for all its packs; those of no pack's are
// refused.
func (s *Server) Configure(_ context.Context, req *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	for _, name := range slices.Sorted(maps.Keys(req.GetPolicyConfig())) {
		if !s.pack.Knows(name) && !rule.IsReserved(name) {
			return nil, status.Errorf(
				codes.InvalidArgument,
				"configuration of policy pack %s: %s",
				s.pack.Name,
				noRule(s.pack, name),
			)
		}
	}
	config := map[string]ruleConfig{}
	for _, r := range s.pack.Rules {
		given, ok := req.GetPolicyConfig()[r.Name]
		if !ok {
			continue
		}
		settings, err := r.ReadSettings(given.GetProperties().AsMap())
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "configuration of policy pack %s: %v", s.pack.Name, err)
		}
		config[r.Name] = ruleConfig{level: given.GetEnforcementLevel(), settings: settings}
	}
	for _, name := range []string{diagnostic.Unevaluated, diagnostic.Exemptions} {
		if given, ok := req.GetPolicyConfig()[name]; ok {
			config[name] = ruleConfig{level: given.GetEnforcementLevel()}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config = config
	return &emptypb.Empty{}, nil
}

// Analyze judges one resource by its inputs.
func (s *Server) Analyze(_ context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	if rule.IsInternal(req.GetType()) {
		return &pulumirpc.AnalyzeResponse{}, nil
	}
	r := resourceOf(req).Remembering()
	session := s.session(r)
	for _, candidate := range s.pack.Rules {
		judge := candidate.Judge
		if len(candidate.Remedies) > 0 && session.level(candidate) != pulumirpc.EnforcementLevel_REMEDIATE {
			judge = func(r rule.Resource, _ rule.Run) rule.Verdict { return judgeRemedies(candidate, r) }
		}
		if judge == nil || session.disabled(candidate) {
			continue
		}
		if !candidate.Judges(r.Type) {
			session.notApplicable(candidate, "it does not judge "+r.Type)
			continue
		}
		session.judge(candidate, r, func(run rule.Run) rule.Verdict { return judge(r, run) })
	}
	return session.response(), nil
}

// AnalyzeStack judges every resource of the stack by its outputs.
func (s *Server) AnalyzeStack(
	_ context.Context,
	req *pulumirpc.AnalyzeStackRequest,
) (*pulumirpc.AnalyzeResponse, error) {
	stack := stackOf(req.GetResources())
	session := s.session(stack.Resources()...)
	for _, candidate := range s.pack.Rules {
		if candidate.JudgeInStack == nil || session.disabled(candidate) {
			continue
		}
		judged := false
		for _, r := range stack.Resources() {
			if candidate.Judges(r.Type) {
				judged = true
				session.judge(
					candidate,
					r,
					func(run rule.Run) rule.Verdict { return candidate.JudgeInStack(r, stack, run) },
				)
			}
		}
		if !judged {
			session.notApplicable(candidate, "the stack has no resource that it judges")
		}
	}
	session.reviewExemptions()
	return session.response(), nil
}

func resourceOf(req *pulumirpc.AnalyzeRequest) rule.Resource {
	return rule.Resource{
		URN:        req.GetUrn(),
		Type:       rule.Canonical(req.GetType()),
		Name:       req.GetName(),
		Parent:     req.GetOptions().GetParent(),
		Protect:    req.GetOptions().GetProtect(),
		Region:     regionOf(req.GetProvider()),
		Properties: property.Of(req.GetProperties()),
	}
}

func regionOf(provider *pulumirpc.AnalyzerProviderResource) string {
	region, _ := property.Of(provider.GetProperties()).Get("region").Text()
	return region
}

func stackOf(resources []*pulumirpc.AnalyzerResource) rule.Stack {
	views := make([]rule.Resource, len(resources))
	for i, r := range resources {
		dependencies := make(map[string][]string, len(r.GetPropertyDependencies()))
		for name, urns := range r.GetPropertyDependencies() {
			dependencies[name] = urns.GetUrns()
		}
		view := rule.Resource{
			URN:                  r.GetUrn(),
			Type:                 rule.Canonical(r.GetType()),
			Name:                 r.GetName(),
			Parent:               r.GetParent(),
			Protect:              r.GetOptions().GetProtect(),
			Region:               regionOf(r.GetProvider()),
			Properties:           property.Of(r.GetProperties()),
			PropertyDependencies: dependencies,
		}
		views[i] = view.Remembering()
	}
	return rule.NewStack(views)
}

// Cancel has nothing to abort: a call takes milliseconds. The engine interrupts the process next.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// GetAnalyzerInfo describes the pack and its rules. It leaves out the exemptions, to which the engine would otherwise
// apply "all"; a level that a configuration gives them by name arrives all the same.
func (s *Server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	policies := make([]*pulumirpc.PolicyInfo, 0, len(s.pack.Rules)+1)
	for _, r := range s.pack.Rules {
		info, err := policyInfo(r)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "describing rule %s: %v", r.Name, err)
		}
		// The protocol has no field for the pack of a rule.
		info.DisplayName = s.pack.NameFor(r) + "/" + r.Name
		policies = append(policies, info)
	}
	policies = append(policies, &pulumirpc.PolicyInfo{
		Name: diagnostic.Unevaluated,
		Description: "Every rule could decide. What a rule could not judge is listed here, always as advice; " +
			"disabled silences it.",
		EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY,
	})
	return &pulumirpc.AnalyzerInfo{
		Name: s.pack.Name, Version: s.pack.Version, Description: s.pack.Description,
		Policies: policies, SupportsConfig: true,
	}, nil
}

func policyInfo(r rule.Rule) (*pulumirpc.PolicyInfo, error) {
	schemas := map[string]any{}
	for _, setting := range r.Settings {
		schemas[setting.Name] = setting.Schema()
	}
	properties, err := structpb.NewStruct(schemas)
	if err != nil {
		return nil, err
	}
	tags := make([]string, len(r.Controls))
	for i, control := range r.Controls {
		tags[i] = control.Label()
	}
	anchor := r.Controls[0]
	policyType := pulumirpc.PolicyType_POLICY_TYPE_RESOURCE
	if r.JudgeInStack != nil {
		policyType = pulumirpc.PolicyType_POLICY_TYPE_STACK
	}
	return &pulumirpc.PolicyInfo{
		Name:             r.Name,
		Description:      r.Headline() + "\n" + r.Why,
		EnforcementLevel: defaultLevel(r),
		PolicyType:       policyType,
		Severity:         severities[r.Severity],
		Tags:             tags,
		RemediationSteps: r.Fix,
		ConfigSchema:     &pulumirpc.PolicyConfigSchema{Properties: properties},
		Framework: &pulumirpc.PolicyComplianceFramework{
			Name: anchor.Framework.Name, Version: anchor.Framework.Version, Reference: anchor.ID,
		},
	}, nil
}

var severities = map[rule.Severity]pulumirpc.PolicySeverity{
	rule.Low:      pulumirpc.PolicySeverity_POLICY_SEVERITY_LOW,
	rule.Medium:   pulumirpc.PolicySeverity_POLICY_SEVERITY_MEDIUM,
	rule.High:     pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH,
	rule.Critical: pulumirpc.PolicySeverity_POLICY_SEVERITY_CRITICAL,
}

func defaultLevel(r rule.Rule) pulumirpc.EnforcementLevel {
	switch r.Level {
	case rule.Mandatory:
		return pulumirpc.EnforcementLevel_MANDATORY
	case rule.Remediate:
		return pulumirpc.EnforcementLevel_REMEDIATE
	case rule.Disabled:
		return pulumirpc.EnforcementLevel_DISABLED
	default:
		return pulumirpc.EnforcementLevel_ADVISORY
	}
}

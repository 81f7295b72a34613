package serve

import (
	"context"
	"fmt"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Remediate applies the remedies of the rules that are about the resource and whose level is remediate. What is unknown
// or secret stays as it is. Rules that set nothing right here are said not to apply: the engine tells its events and
// Pulumi Cloud of every other one that it passed.
func (s *Server) Remediate(_ context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	response := &pulumirpc.RemediateResponse{}
	session := s.session()
	properties := req.GetProperties()
	r := resourceOf(req)
	for _, candidate := range s.pack.Rules {
		if !session.remedies(candidate, r) {
			response.NotApplicable = append(
				response.NotApplicable,
				&pulumirpc.PolicyNotApplicable{PolicyName: candidate.Name, Reason: "it sets nothing right here"},
			)
			continue
		}
		remedied, changed, err := remedy(properties, candidate.Remedies)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", candidate.Name, err)
		}
		if !changed {
			continue
		}
		properties = remedied
		response.Remediations = append(response.Remediations, &pulumirpc.Remediation{
			PolicyName: candidate.Name, PolicyPackName: s.pack.NameFor(candidate), PolicyPackVersion: s.pack.Version,
			Description: candidate.Headline(), Properties: remedied,
		})
	}
	return response, nil
}

// remedies reports whether a rule sets something right on a resource where that is wrong.
func (s *session) remedies(candidate rule.Rule, r rule.Resource) bool {
	return len(candidate.Remedies) > 0 && candidate.Judges(r.Type) &&
		s.level(candidate) == pulumirpc.EnforcementLevel_REMEDIATE &&
		(candidate.Unless == nil || !candidate.Unless(r))
}

// remedy returns the properties with the remedies applied, and whether they changed anything.
func remedy(properties *structpb.Struct, remedies []rule.Remedy) (*structpb.Struct, bool, error) {
	result, changed := proto.Clone(properties).(*structpb.Struct), false
	if result == nil {
		result = &structpb.Struct{}
	}
	for _, r := range remedies {
		value, err := structpb.NewValue(r.Value)
		if err != nil {
			return nil, false, fmt.Errorf("the remedy of %s: %w", r.Path, err)
		}
		if isAbsent(result, r) && r.Default {
			continue
		}
		if set(result, strings.Split(r.Path, "."), value) {
			changed = true
		}
	}
	return result, changed, nil
}

// set puts a value below the keys, making the objects on the way, and tells whether that changed anything.
func set(holder *structpb.Struct, keys []string, value *structpb.Value) bool {
	if holder.Fields == nil {
		holder.Fields = map[string]*structpb.Value{}
	}
	found := holder.Fields[keys[0]]
	if state := property.Of(holder).Get(keys[0]).State(); state != property.Known && state != property.Absent {
		return false // it becomes known later, or is something else than expected
	}
	if len(keys) == 1 {
		if _, hidden := found.GetKind().(*structpb.Value_StructValue); hidden || proto.Equal(found, value) {
			return false
		}
		holder.Fields[keys[0]] = value
		return true
	}
	inner := found.GetStructValue()
	if inner == nil {
		inner = &structpb.Struct{}
		holder.Fields[keys[0]] = structpb.NewStructValue(inner)
	}
	return set(inner, keys[1:], value)
}

func isAbsent(properties *structpb.Struct, r rule.Remedy) bool {
	return property.Of(properties).Get(strings.Split(r.Path, ".")...).State() == property.Absent
}

// judgeRemedies tells what a rule would set right, at a level at which it does not.
func judgeRemedies(r rule.Rule, on rule.Resource) rule.Verdict {
	if r.Unless != nil && r.Unless(on) {
		return rule.NotApplicable("it is not for what this is")
	}
	var verdict rule.Verdict
	for _, remedy := range r.Remedies {
		value := on.Get(strings.Split(remedy.Path, ".")...)
		switch state := value.State(); {
		case state == property.Unknown:
			verdict.Unjudged = append(verdict.Unjudged, rule.Finding{Property: remedy.Path, Text: state.String()})
		case state == property.Absent && remedy.Default || is(value, remedy.Value):
		default:
			verdict.Violations = append(
				verdict.Violations,
				rule.Finding{Property: remedy.Path, Text: fmt.Sprintf("is not %v", remedy.Value)},
			)
		}
	}
	return verdict
}

func is(value property.Value, want any) bool {
	var got any
	state := property.Known
	switch want.(type) {
	case bool:
		got, state = value.Bool()
	case float64:
		got, state = value.Number()
	default:
		got, state = value.Text()
	}
	return state == property.Known && got == want
}

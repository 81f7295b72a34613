package permissions

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

func TestPermissionsThatCreationsNeed(t *testing.T) {
	table := Resource{"aws:dynamodb/table:Table", "eu-west-1", map[string]string{"name": "awslab-dev-items"}}
	for name, test := range map[string]struct {
		created []Resource
		want    []Permission
	}{
		"of a name": {
			[]Resource{{"aws:kms/alias:Alias", "eu-west-1", map[string]string{"name": "alias/awslab"}}},
			[]Permission{
				{"kms:CreateAlias", "arn:aws-cn:kms:eu-west-1:1:alias/awslab", "eu-west-1"},
				{"kms:ListAliases", "*", "eu-west-1"},
			},
		},
		"of a name that is not known yet": {
			[]Resource{{Type: "aws:iam/rolePolicy:RolePolicy", Region: "eu-west-1"}}, nil,
		},
		"of another resource's name": {
			[]Resource{
				{"aws:lb/listener:Listener", "eu-west-1", nil},
				{"aws:lb/loadBalancer:LoadBalancer", "eu-north-1", map[string]string{"name": "elsewhere"}},
				{"aws:lb/loadBalancer:LoadBalancer", "eu-west-1", map[string]string{"name": "awslab"}},
			},
			[]Permission{{
				"elasticloadbalancing:CreateListener",
				"arn:aws-cn:elasticloadbalancing:eu-west-1:1:loadbalancer/app/awslab/*", "eu-west-1",
			}},
		},
		"of a service in no Region": {
			[]Resource{{"aws:iam/rolePolicy:RolePolicy", "eu-west-1", map[string]string{"role": "awslab-dev"}}},
			[]Permission{
				{"iam:GetRolePolicy", "arn:aws-cn:iam::1:role/awslab-dev", ""},
				{"iam:PutRolePolicy", "arn:aws-cn:iam::1:role/awslab-dev", ""},
			},
		},
		"of an input that an ARN writes otherwise": {
			[]Resource{{
				"aws:wafv2/ipSet:IpSet", "us-east-1", map[string]string{"name": "office", "scope": "CLOUDFRONT"},
			}},
			[]Permission{
				{"wafv2:CreateIPSet", "arn:aws-cn:wafv2:us-east-1:1:global/ipset/office/*", "us-east-1"},
				{"wafv2:GetIPSet", "arn:aws-cn:wafv2:us-east-1:1:global/ipset/office/*", "us-east-1"},
			},
		},
		"of a path": {
			[]Resource{{"aws:ssm/parameter:Parameter", "eu-west-1", map[string]string{"name": "/awslab/dev"}}},
			[]Permission{
				{"ssm:DescribeParameters", "*", "eu-west-1"},
				{"ssm:GetParameter", "arn:aws-cn:ssm:eu-west-1:1:parameter/awslab/dev", "eu-west-1"},
				{"ssm:PutParameter", "arn:aws-cn:ssm:eu-west-1:1:parameter/awslab/dev", "eu-west-1"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			needed := Needed(test.created, "aws-cn", "1")
			for _, permission := range test.want {
				require.Contains(t, needed, permission)
			}
			require.Equal(t, len(test.want) == 0, len(needed) == 0)
		})
	}
	other := table
	other.Inputs = map[string]string{"name": "awslab-dev-orders"}
	require.Equal(t, Needed([]Resource{table}, "aws", "1"), Needed([]Resource{table, other}, "aws", "1"),
		"one of a type stands for all")
	other.Region = "eu-north-1"
	require.Len(t, Needed([]Resource{table, other}, "aws", "1"), 2*len(Needed([]Resource{table}, "aws", "1")))
}

// simulator answers with decisions by action; what it has none for is allowed. It gives one result a page.
type simulator struct {
	decisions map[string]types.EvaluationResult
	roles     map[string]string
	mutex     sync.Mutex
	asked     []*iam.SimulatePrincipalPolicyInput
}

func (s *simulator) GetRole(
	_ context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options),
) (*iam.GetRoleOutput, error) {
	if role, is := s.roles[*in.RoleName]; is {
		return &iam.GetRoleOutput{Role: &types.Role{Arn: &role}}, nil
	}
	return nil, errors.New("AccessDenied")
}

func (s *simulator) SimulatePrincipalPolicy(
	_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options),
) (*iam.SimulatePrincipalPolicyOutput, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asked = append(s.asked, in)
	at := 0
	if in.Marker != nil {
		at = slices.Index(in.ActionNames, *in.Marker)
	}
	action := in.ActionNames[at]
	result, is := s.decisions[action]
	if !is {
		result.EvalDecision = types.PolicyEvaluationDecisionTypeAllowed
	}
	result.EvalActionName = &action
	if !slices.Equal(in.ResourceArns, []string{"*"}) {
		for _, resource := range in.ResourceArns {
			result.ResourceSpecificResults = append(result.ResourceSpecificResults, types.ResourceSpecificResult{
				EvalResourceName: &resource, EvalResourceDecision: result.EvalDecision,
				MissingContextValues:              result.MissingContextValues,
				PermissionsBoundaryDecisionDetail: result.PermissionsBoundaryDecisionDetail,
			})
		}
	}
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []types.EvaluationResult{result}}
	if at+1 < len(in.ActionNames) {
		out.IsTruncated, out.Marker = true, &in.ActionNames[at+1]
	}
	return out, nil
}

func TestWhatIsMissing(t *testing.T) {
	const (
		implicit = types.PolicyEvaluationDecisionTypeImplicitDeny
		explicit = types.PolicyEvaluationDecisionTypeExplicitDeny
	)
	for name, test := range map[string]struct {
		decision types.EvaluationResult
		want     string
	}{
		"what no policy allows": {types.EvaluationResult{EvalDecision: implicit}, "no policy allows"},
		"what a policy denies":  {types.EvaluationResult{EvalDecision: explicit}, "a policy denies"},
		"what depends on a request": {types.EvaluationResult{
			EvalDecision: implicit, MissingContextValues: []string{"aws:RequestTag/Stack"},
		}, ""},
		"what depends on an organization": {types.EvaluationResult{
			EvalDecision: explicit, OrganizationsDecisionDetail: &types.OrganizationsDecisionDetail{},
		}, ""},
		"what a boundary leaves out": {types.EvaluationResult{
			EvalDecision:                      implicit,
			PermissionsBoundaryDecisionDetail: &types.PermissionsBoundaryDecisionDetail{},
		}, "its permissions boundary does not allow"},
	} {
		t.Run(name, func(t *testing.T) {
			needed := []Permission{
				{"kms:CreateAlias", "arn:aws:kms:eu-west-1:1:alias/a", "eu-west-1"},
				{"kms:CreateKey", "*", "eu-west-1"},
				{"kms:DescribeKey", "arn:aws:kms:eu-west-1:1:key/*", "eu-west-1"},
			}
			api := &simulator{decisions: map[string]types.EvaluationResult{
				"kms:CreateKey": test.decision, "kms:DescribeKey": test.decision,
			}}
			missing, err := Check(t.Context(), api, "arn:aws:iam::1:user/tester", needed)
			require.NoError(t, err)
			if test.want == "" {
				require.Empty(t, missing)
				return
			}
			require.Equal(t, []Missing{{needed[1], test.want}, {needed[2], test.want}}, missing)
		})
	}
}

func TestWhosePoliciesAreSimulated(t *testing.T) {
	needed := []Permission{{"kms:CreateKey", "*", "eu-west-1"}}
	for caller, want := range map[string]string{
		"arn:aws:iam::1:user/team/tester":                 "arn:aws:iam::1:user/team/tester",
		"arn:aws-cn:sts::1:assumed-role/deployer/session": "arn:aws-cn:iam::1:role/team/deployer",
		"arn:aws:iam::1:root":                             "",
		"arn:aws:sts::1:federated-user/tester":            "",
	} {
		api := &simulator{roles: map[string]string{"deployer": "arn:aws-cn:iam::1:role/team/deployer"}}
		_, err := Check(t.Context(), api, caller, needed)
		require.NoError(t, err)
		if want == "" {
			require.Empty(t, api.asked)
			continue
		}
		require.Equal(t, want, *api.asked[0].PolicySourceArn)
		require.Equal(t, []types.ContextEntry{{
			ContextKeyName: aws.String("aws:RequestedRegion"), ContextKeyType: "string",
			ContextKeyValues: []string{"eu-west-1"},
		}}, api.asked[0].ContextEntries)
	}
	_, err := Check(t.Context(), &simulator{}, "arn:aws:sts::1:assumed-role/deployer/session", needed)
	require.EqualError(t, err, "looking for role deployer: AccessDenied")
}

// Every type that takes AWS time to create calls something, and what that is concerns resources of its own service.
func TestEveryTypeHasItsCreation(t *testing.T) {
	text, err := os.ReadFile("../makespan/durations.json")
	require.NoError(t, err)
	var durations struct {
		Waits []struct{ Type string }
		Calls struct{ Types []string }
	}
	require.NoError(t, json.Unmarshal(text, &durations))
	kinds := durations.Calls.Types
	for _, wait := range durations.Waits {
		kinds = append(kinds, wait.Type)
	}
	for _, kind := range kinds {
		if kind != "docker:index/image:Image" { // a push needs what the creation of its repository names
			require.NotEmpty(t, creations()[kind], kind)
		}
	}
	for kind, resources := range creations() {
		for resource, actions := range resources {
			for _, action := range actions {
				require.Regexp(t, `^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`, action, kind)
				if resource != "*" {
					require.Regexp(t, "^"+Permission{Action: action}.service()+":", resource, kind)
				}
			}
		}
	}
}

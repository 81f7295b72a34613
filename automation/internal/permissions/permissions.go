// Package permissions asks IAM, before a stack is changed on AWS, whether the caller may create what the update
// creates. A missing permission would otherwise be found by the creation that needs it, in the middle of the update.
// What IAM cannot decide without the request itself, such as a condition on a tag, counts as allowed.
package permissions

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"
)

// creationsJSON says what the creation of each type calls, by what IAM authorizes it for: an ARN after its partition,
// or * where AWS's Service Authorization Reference names no resource for an action. In braces is an input of what is
// created, or of the first that is created of another type.
//
//go:embed creations.json
var creationsJSON []byte

// creations are actions by type and resource.
var creations = sync.OnceValue(func() map[string]map[string][]string {
	var table map[string]map[string][]string
	if err := json.Unmarshal(creationsJSON, &table); err != nil {
		panic("creations.json: " + err.Error())
	}
	return table
})

// Resource is one that is to be created.
type Resource struct {
	Type, Region string
	// Inputs are the texts among its inputs that are known.
	Inputs map[string]string
}

// Permission is an action on a resource.
type Permission struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
	// region is where the request goes, or empty for a service that is in no Region.
	region string
}

func (p Permission) service() string { return p.Action[:strings.Index(p.Action, ":")] }

// Missing is a permission that the caller does not have.
type Missing struct {
	Permission
	// Why is what denies it.
	Why string `json:"why"`
}

func (m Missing) String() string {
	return fmt.Sprintf("%s on %s, which %s", m.Action, m.Resource, m.Why)
}

// Needed returns the permissions that creations need, sorted: for one resource of each type and Region, as permissions
// are given by patterns of names, which are the same for all that a stack creates.
func Needed(resources []Resource, partition, account string) []Permission {
	needed := map[Permission]bool{}
	seen := map[[3]string]bool{}
	for _, r := range resources {
		for pattern, actions := range creations()[r.Type] {
			of := [3]string{r.Type, r.Region, pattern}
			name, known := fill(pattern, r, resources, account)
			if !known || seen[of] {
				continue
			}
			seen[of] = true
			if name != "*" {
				name = "arn:" + partition + ":" + name
			}
			for _, action := range actions {
				permission := Permission{Action: action, Resource: name}
				if !slices.Contains([]string{"iam", "cloudfront", "route53"}, permission.service()) {
					permission.region = r.Region
				}
				needed[permission] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(needed), func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.region, b.region))
	})
}

var placeholder = regexp.MustCompile(`\{(?:([^{} ]+) )?(\w+)\}`)

// inARN is how the inputs of a web ACL are written in its ARN.
var inARN = map[string]string{"REGIONAL": "regional", "CLOUDFRONT": "global"}

// fill completes the pattern of a resource's ARN. It is not known if an input that it names is not.
func fill(pattern string, r Resource, all []Resource, account string) (name string, known bool) {
	known = true
	name = placeholder.ReplaceAllStringFunc(pattern, func(text string) string {
		match := placeholder.FindStringSubmatch(text)
		switch text {
		case "{region}":
			return r.Region
		case "{account}":
			return account
		}
		of := r
		if match[1] != "" {
			i := slices.IndexFunc(all, func(o Resource) bool { return o.Type == match[1] && o.Region == r.Region })
			if i < 0 {
				known = false
				return ""
			}
			of = all[i]
		}
		value := of.Inputs[match[2]]
		known = known && value != ""
		return strings.TrimPrefix(cmp.Or(inARN[value], value), "/") // the name of a parameter begins with one
	})
	return name, known
}

// API is what is asked of IAM.
type API interface {
	iam.SimulatePrincipalPolicyAPIClient
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
}

// Check returns those of the permissions that the caller does not have, sorted. It asks nothing for the root user, who
// has all of them, and for a federated user, whose policies IAM does not tell.
func Check(ctx context.Context, api API, caller string, needed []Permission) ([]Missing, error) {
	source, err := policySource(ctx, api, caller)
	if err != nil || source == "" {
		return nil, err
	}
	type question struct {
		service, region string
		any             bool
	}
	questions := map[question][]Permission{}
	for _, permission := range needed {
		of := question{permission.service(), permission.region, permission.Resource == "*"}
		questions[of] = append(questions[of], permission)
	}
	var mutex sync.Mutex
	var missing []Missing
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(4) // IAM throttles simulations
	for _, permissions := range questions {
		asking.Go(func() error {
			denied, err := simulate(ctx, api, source, permissions)
			mutex.Lock()
			defer mutex.Unlock()
			missing = append(missing, denied...)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(missing, func(a, b Missing) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(missing), nil
}

// policySource returns the user or role whose policies are the caller's. The ARN of a session lacks its role's path.
func policySource(ctx context.Context, api API, caller string) (string, error) {
	parsed, err := arn.Parse(caller)
	if err != nil {
		return "", fmt.Errorf("reading the caller %s: %w", caller, err)
	}
	kind, name, _ := strings.Cut(parsed.Resource, "/")
	switch kind {
	case "user":
		return caller, nil
	case "assumed-role":
		name, _, _ = strings.Cut(name, "/")
		role, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		if err != nil {
			return "", fmt.Errorf("looking for role %s: %w", name, err)
		}
		return *role.Role.Arn, nil
	}
	return "", nil
}

// simulate asks for every action on every resource of permissions of one service, and returns those that are denied.
func simulate(ctx context.Context, api API, source string, permissions []Permission) ([]Missing, error) {
	input := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &source, MaxItems: aws.Int32(1000)}
	for _, permission := range permissions {
		input.ActionNames = append(input.ActionNames, permission.Action)
		input.ResourceArns = append(input.ResourceArns, permission.Resource)
	}
	slices.Sort(input.ActionNames)
	slices.Sort(input.ResourceArns)
	input.ActionNames, input.ResourceArns = slices.Compact(input.ActionNames), slices.Compact(input.ResourceArns)
	if region := permissions[0].region; region != "" {
		input.ContextEntries = []types.ContextEntry{{
			ContextKeyName: aws.String("aws:RequestedRegion"), ContextKeyType: types.ContextKeyTypeEnumString,
			ContextKeyValues: []string{region},
		}}
	}
	var missing []Missing
	pages := iam.NewSimulatePrincipalPolicyPaginator(api, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("simulating the policies of %s: %w", source, err)
		}
		for _, result := range page.EvaluationResults {
			missing = append(missing, denied(result, permissions)...)
		}
	}
	return missing, nil
}

// denied returns those of the permissions that a result denies for certain. Which conditions of an organization's
// policies are undecided, IAM does not say.
func denied(result types.EvaluationResult, permissions []Permission) []Missing {
	if o := result.OrganizationsDecisionDetail; o != nil && !o.AllowedByOrganizations {
		return nil
	}
	results := result.ResourceSpecificResults
	if len(results) == 0 { // as for *
		results = []types.ResourceSpecificResult{{
			EvalResourceName: aws.String("*"), EvalResourceDecision: result.EvalDecision,
			MissingContextValues:              result.MissingContextValues,
			PermissionsBoundaryDecisionDetail: result.PermissionsBoundaryDecisionDetail,
		}}
	}
	var missing []Missing
	for _, of := range results {
		if of.EvalResourceDecision == types.PolicyEvaluationDecisionTypeAllowed || len(of.MissingContextValues) > 0 {
			continue
		}
		for _, permission := range permissions {
			if permission.Action == *result.EvalActionName && permission.Resource == *of.EvalResourceName {
				missing = append(missing, Missing{permission, why(of)})
			}
		}
	}
	return missing
}

func why(result types.ResourceSpecificResult) string {
	switch boundary := result.PermissionsBoundaryDecisionDetail; {
	case boundary != nil && !boundary.AllowedByPermissionsBoundary:
		return "its permissions boundary does not allow"
	case result.EvalResourceDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		return "a policy denies"
	}
	return "no policy allows"
}

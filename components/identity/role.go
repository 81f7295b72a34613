package identity

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/limits"
	"github.com/awslab/awslab/internal/names"
	"github.com/awslab/awslab/internal/problem"
)

// Limits of IAM, from "IAM and AWS STS quotas" in the IAM user guide. Sizes are characters without white space.
const (
	maxRoleName       = 64
	maxPolicyName     = 128
	maxInlinePolicies = 10240 // all inline policies of one role together
	maxTrustPolicy    = 2048  // the default quota
)

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]+$`)
	pathPattern = regexp.MustCompile(`^/([!-~]+/)?$`)
)

// RoleArgs describe a role. Everything in it but LateTags is plain Go, so that it is known in a preview.
type RoleArgs struct {
	Name                string              // name in IAM, at most 64 characters
	Path                string              // begins and ends with a slash; empty means "/"
	Description         string              // what the role is for
	Trust               Document            // who may assume the role; see [ServiceTrust]
	Policies            map[string]Document // inline policies by name; may be empty
	AllowedWildcards    []string            // actions with a wildcard that Policies may use, letter for letter
	PermissionsBoundary string              // ARN of the policy that caps the role; empty means no boundary
	// Rolling is for roles of tasks, of which old ones run on while the policies change: a policy that says something
	// else is then created beside the old one, which goes last. So both have to fit: the policies together may have
	// half of what IAM allows.
	Rolling bool
	Tags    map[string]string
	// LateTags are tags whose values are known only once something else is there. Policies say
	// ${aws:PrincipalTag/<key>} for them. A tag without a value, nil, stays as it is on a role that has it, for the
	// tasks that still run. Nobody else sets such tags: [ServiceTrust] and [AccountTrust] do not allow sts:TagSession,
	// by which whoever assumes a role could.
	LateTags map[string]pulumi.StringInput
}

// Role is an IAM role with its inline policies. Its type token is awslab:identity:Role.
type Role struct {
	pulumi.ResourceState

	// Name is the role's name in IAM.
	Name pulumi.StringOutput `pulumi:"name"`
	// Arn becomes known once the policies are in place, so that what uses the role never runs without them.
	Arn pulumi.StringOutput `pulumi:"arn"`
}

// formerly is what the resource of a policy was called before it was called after what the policy says.
func (args *RoleArgs) formerly(name string) pulumi.ResourceOption {
	if !args.Rolling {
		return pulumi.Aliases(nil)
	}
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(name)}})
}

// beside has a policy that was called otherwise replaced by one beside it: the provider would delete a policy that has
// a name of ours before it creates the next one, and with it what depends on the role.
var beside = pulumi.DeleteBeforeReplace(false)

// NewRole creates a role and one iam.RolePolicy for each inline policy, in the order of their names.
func NewRole(ctx *pulumi.Context, name string, args *RoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	if args == nil {
		args = &RoleArgs{}
	}
	documents, err := args.render()
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", name, err)
	}

	component := &Role{}
	if err := ctx.RegisterComponentResource("awslab:identity:Role", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering role %q: %w", name, err)
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:                pulumi.String(args.Name),
		Path:                optionalString(args.Path),
		Description:         optionalString(args.Description),
		AssumeRolePolicy:    pulumi.String(documents.trust),
		PermissionsBoundary: optionalString(args.PermissionsBoundary),
		Tags:                args.tags(),
	}, pulumi.Parent(component), pulumi.IgnoreChanges(args.keptTags()))
	if err != nil {
		return nil, fmt.Errorf("creating role %q: %w", args.Name, err)
	}

	usable := []any{role.Arn}
	for _, policyName := range slices.Sorted(maps.Keys(documents.policies)) {
		document := documents.policies[policyName]
		inIAM := args.nameOf(policyName, document)
		policy, err := iam.NewRolePolicy(ctx, name+"-"+inIAM, &iam.RolePolicyArgs{
			Name:   pulumi.String(inIAM),
			Role:   role.Name,
			Policy: pulumi.String(document),
		}, pulumi.Parent(component), args.formerly(name+"-"+policyName), beside)
		if err != nil {
			return nil, fmt.Errorf("creating policy %q of role %q: %w", policyName, args.Name, err)
		}
		usable = append(usable, policy.URN()) // known in a preview, also of one that is replaced
	}

	component.Name = role.Name
	component.Arn = pulumi.All(usable...).ApplyT(
		func(values []any) string { return values[0].(string) },
	).(pulumi.StringOutput)
	if err := ctx.RegisterResourceOutputs(
		component,
		pulumi.Map{"name": component.Name, "arn": component.Arn},
	); err != nil {
		return nil, fmt.Errorf("registering outputs of role %q: %w", name, err)
	}
	return component, nil
}

func (args *RoleArgs) tags() pulumi.StringMap {
	tags := pulumi.ToStringMap(args.Tags)
	for key, value := range args.LateTags {
		if value != nil {
			tags[key] = value
		}
	}
	return tags
}

// keptTags returns the paths of the tags without a value.
func (args *RoleArgs) keptTags() []string {
	var kept []string
	for _, key := range slices.Sorted(maps.Keys(args.LateTags)) {
		if args.LateTags[key] == nil {
			kept = append(kept, fmt.Sprintf("tags[%q]", key))
		}
	}
	return kept
}

type renderedRole struct {
	trust    string
	policies map[string]string
}

// render turns the role's documents into text, or reports everything that is wrong with the arguments.
func (args *RoleArgs) render() (renderedRole, error) {
	rendered := renderedRole{policies: map[string]string{}}
	problems := args.problems()

	if err := args.Trust.Validate(TrustPolicy); err != nil {
		problems = append(problems, problem.New("Trust", "%v", err))
	}
	trust, err := args.Trust.JSON()
	if err != nil {
		problems = append(problems, problem.New("Trust", "%v", err))
	}
	rendered.trust = trust
	if size := limits.DocumentSize(trust); size > maxTrustPolicy {
		problems = append(problems, problem.New("Trust", "%d characters; IAM allows %d", size, maxTrustPolicy))
	}

	total := 0
	for _, name := range slices.Sorted(maps.Keys(args.Policies)) {
		document, at := args.Policies[name], fmt.Sprintf("Policies[%q]", name)
		if len(args.nameOf(name, "")) > maxPolicyName || !namePattern.MatchString(name) {
			problems = append(problems, problem.New(
				at,
				"a policy's name has 1 to %d of the characters A-Z a-z 0-9 + = , . @ _ -",
				maxPolicyName,
			))
		}
		if err := document.Validate(IdentityPolicy, args.AllowedWildcards...); err != nil {
			problems = append(problems, problem.New(at, "%v", err))
		}
		text, err := document.JSON()
		if err != nil {
			problems = append(problems, problem.New(at, "%v", err))
		}
		rendered.policies[name] = text
		total += limits.DocumentSize(text)
	}
	switch {
	case args.Rolling && total > maxInlinePolicies/2:
		problems = append(problems, problem.New(
			"Policies",
			"%d characters together; use at most %d, half of what IAM allows a role, as tasks of before and after a "+
				"change run at the same time. Grant less, or use a managed policy",
			total,
			maxInlinePolicies/2,
		))
	case total > maxInlinePolicies:
		problems = append(problems, problem.New(
			"Policies",
			"%d characters together; IAM allows a role %d. Grant less, or use a managed policy",
			total,
			maxInlinePolicies,
		))
	}
	return rendered, errors.Join(problems...)
}

func (args *RoleArgs) problems() []error {
	var problems []error
	if len(args.Name) > maxRoleName || !namePattern.MatchString(args.Name) {
		problems = append(problems, problem.New(
			"Name",
			"%q has %d characters; a role's name has 1 to %d of A-Z a-z 0-9 + = , . @ _ -",
			args.Name,
			len(args.Name),
			maxRoleName,
		))
	}
	if args.Path != "" && !pathPattern.MatchString(args.Path) {
		problems = append(problems, problem.New("Path", "%q is not a path; it begins and ends with a slash", args.Path))
	}
	if args.PermissionsBoundary != "" && !grammar.PolicyArn.Match(args.PermissionsBoundary) {
		problems = append(
			problems,
			problem.New("PermissionsBoundary", "%q is not an ARN of an IAM policy", args.PermissionsBoundary),
		)
	}
	return problems
}

// nameOf returns a policy's name in IAM, which for a rolling role follows from what the policy says. So does the
// resource's: when what it says changes, another one is created, and the old one is deleted when everything else is
// done. Were it replaced, a failed update would leave the old one to be deleted, also after the change was taken back.
func (args *RoleArgs) nameOf(policy, document string) string {
	if !args.Rolling {
		return policy
	}
	return policy + "-" + names.Hash(document)
}

func optionalString(value string) pulumi.StringPtrInput {
	if value == "" {
		return nil
	}
	return pulumi.String(value)
}

package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// DatabaseSignInArgs let a role sign in to a database with IAM database authentication.
type DatabaseSignInArgs struct {
	Location Location
	Role     *Role
	// Name is that of the inline policy. The other ones of a role have names of their own.
	Name string
	// User is the user in the database.
	User string
	// ResourceIds are those that IAM knows by what the role connects to: db-... of an instance, cluster-... of a
	// cluster, prx-... of a proxy ("Creating and using an IAM policy for IAM database access", RDS user guide).
	ResourceIds pulumi.StringArrayInput
}

// NewDatabaseSignIn creates an inline policy of the role. It is a policy of its own, because AWS gives out resource ids
// when it creates a database: until then this policy is not known in a preview, while the role's others are.
func NewDatabaseSignIn(
	ctx *pulumi.Context,
	name string,
	args *DatabaseSignInArgs,
	opts ...pulumi.ResourceOption,
) (pulumi.Resource, error) {
	if args == nil {
		args = &DatabaseSignInArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("sign-in %q: %w", name, err)
	}
	policy, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Name: pulumi.String(args.Name),
		Role: args.Role.Name,
		Policy: args.ResourceIds.ToStringArrayOutput().ApplyT(func(ids []string) (string, error) {
			return args.document(ids).JSON()
		}).(pulumi.StringOutput),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("letting user %q sign in: %w", args.User, err)
	}
	return policy, nil
}

func (args *DatabaseSignInArgs) validate() error {
	problems := []error{args.Location.Validate(), grammar.DatabaseUser.Check("User", args.User)}
	if !namePattern.MatchString(args.Name) {
		problems = append(problems, problem.New("Name", "%q is not a name of a policy", args.Name))
	}
	if args.Role == nil {
		problems = append(problems, problem.New("Role", "missing"))
	}
	if args.ResourceIds == nil {
		problems = append(problems, problem.New("ResourceIds", "missing"))
	}
	return errors.Join(problems...)
}

func (args *DatabaseSignInArgs) document(resourceIds []string) Document {
	return Document{Statements: []Statement{{
		Sid:     "SignInToDatabase",
		Actions: []string{"rds-db:connect"},
		Resources: each(resourceIds, func(id string) string {
			return args.Location.Arn("rds-db", "dbuser:"+id+"/"+args.User)
		}),
	}}}
}

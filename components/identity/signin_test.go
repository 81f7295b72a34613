package identity

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// A grant is for one user, on exactly what the role connects to.
func TestDatabaseSignInIsForOneUserOfTheseDatabases(t *testing.T) {
	args := &DatabaseSignInArgs{Location: ireland, User: "svc_orders"}
	text, err := args.document([]string{"db-A", "db-B"}).JSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "SignInToDatabase", "Effect": "Allow",
		"Action": "rds-db:connect", "Resource": ["arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-A/svc_orders",
			"arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-B/svc_orders"]}]}`, text)
}

func TestDatabaseSignInProblemsAreReportedTogether(t *testing.T) {
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewDatabaseSignIn(ctx, "it", &DatabaseSignInArgs{Location: ireland, User: "*", Name: "a b"})
		return err
	}, pulumi.WithMocks("awslab", "dev", &graph{}))
	for _, want := range []string{
		`User: "*" is not a name of a database user`, `Name: "a b" is not a name of a policy`,
		"Role: missing", "ResourceIds: missing",
	} {
		require.ErrorContains(t, err, want)
	}
}

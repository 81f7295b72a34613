package data

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// SecretName returns the name of the master user's secret, or empty when RDS manages the secret and chooses its name.
// RDS manages and rotates it, except for an instance with read replicas, as RDS makes no replica of an instance whose
// password it manages ("Password management with Amazon RDS and AWS Secrets Manager", RDS user guide). There the
// component makes the secret, and does not rotate it. Both look alike: {"username": ..., "password": ...}. So the first
// replica, and taking away the last one, changes SecretArn and the password.
func (args *DatabaseArgs) SecretName() string {
	if args.isCluster() || args.ReadReplicas == 0 {
		return ""
	}
	return args.Identifier + "-master"
}

// masterSecret is what a secret says, in the words of those that RDS manages.
type masterSecret struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// protectedSecretDays is the least that Secrets Manager keeps a deleted secret for.
const protectedSecretDays = 7

// secretRecoveryDays is for how long a deleted secret can be restored. One that waits for its deletion keeps its name
// from the next one, and RDS sets a new master password whenever asked, also for a database that is restored from a
// snapshot: only what is protected from deletion is worth that.
func (db *Database) secretRecoveryDays() int {
	if db.args.DeletionProtection {
		return protectedSecretDays
	}
	return 0
}

// newSecret creates a secret with a random password and returns the password.
func (db *Database) newSecret(ctx *pulumi.Context) (pulumi.StringOutput, error) {
	secret, err := secretsmanager.NewSecret(ctx, db.name+"-secret", &secretsmanager.SecretArgs{
		Name:                 pulumi.String(db.SecretName),
		Description:          pulumi.String("The master user of the database " + db.Identifier),
		KmsKeyId:             databaseOptional(db.args.KmsKeyArn),
		RecoveryWindowInDays: pulumi.Int(db.secretRecoveryDays()),
		Tags:                 pulumi.ToStringMap(db.args.Tags),
	}, pulumi.Parent(db))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating secret %q: %w", db.SecretName, err)
	}
	text, err := json.Marshal(masterSecret{db.Username, rand.Text()})
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("writing secret %q: %w", db.SecretName, err)
	}
	// Every run draws a password, of which only the first is kept. Another user is another database with another
	// password, hence the user in the name.
	version, err := secretsmanager.NewSecretVersion(
		ctx,
		db.name+"-secret-"+db.Username,
		&secretsmanager.SecretVersionArgs{
			SecretId:     secret.ID(),
			SecretString: pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput),
		},
		pulumi.Parent(db),
		pulumi.IgnoreChanges([]string{"secretString"}),
	)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the first version of secret %q: %w", db.SecretName, err)
	}
	db.SecretArn = secret.Arn
	password := version.SecretString.ApplyT(func(text *string) (string, error) {
		if text == nil {
			return "", fmt.Errorf("secret %q is empty", db.SecretName)
		}
		var kept masterSecret
		if err := json.Unmarshal([]byte(*text), &kept); err != nil {
			return "", fmt.Errorf("secret %q is not the JSON that it was made as", db.SecretName)
		}
		return kept.Password, nil
	})
	return pulumi.ToSecret(password).(pulumi.StringOutput), nil
}

// UserSecretName returns the name of the secret that RDS Proxy signs in as a user with. It has no hyphen near its end:
// Secrets Manager would take the six characters behind one for its own, where an ARN is given without those.
func (args *DatabaseArgs) UserSecretName(user string) string { return args.Identifier + "/" + user }

// newUserSecrets creates a secret for each user, and returns how the proxy takes them. The secrets are empty, so that
// no password is in the state: who creates the user in the database sets it. Until then the proxy refuses that user
// alone ("This RDS Proxy has no credentials for the role", RDS user guide, "Troubleshooting for RDS Proxy"), and is
// itself complete.
func (db *Database) newUserSecrets(ctx *pulumi.Context) (rds.ProxyAuthArray, error) {
	var auths rds.ProxyAuthArray
	for _, user := range db.args.Users {
		name := db.args.UserSecretName(user)
		secret, err := secretsmanager.NewSecret(ctx, db.name+"-user-"+user, &secretsmanager.SecretArgs{
			Name: pulumi.String(name),
			Description: pulumi.Sprintf(
				"How RDS Proxy signs in to the database %s as %s",
				db.Identifier,
				user,
			),
			KmsKeyId:             databaseOptional(db.args.KmsKeyArn),
			RecoveryWindowInDays: pulumi.Int(0), // a migration makes another password whenever it runs
			Tags:                 pulumi.ToStringMap(db.args.UserTags),
		}, pulumi.Parent(db))
		if err != nil {
			return nil, fmt.Errorf("creating secret %q: %w", name, err)
		}
		auths = append(auths, rds.ProxyAuthArgs{
			AuthScheme:             pulumi.String("SECRETS"),
			SecretArn:              secret.Arn,
			IamAuth:                pulumi.String("REQUIRED"),
			ClientPasswordAuthType: pulumi.String(db.flavor.proxyAuth),
		})
	}
	return auths, nil
}

// maxListedUsers is how many secrets the policy of a role has room to list: their names have up to 95 characters, in
// ARNs of up to 160, and a role's policies 10,240 ("IAM and AWS STS quotas").
const maxListedUsers = 50

// readUserSecrets lets a role read the users' secrets and no others. Those of many are matched by the beginning of
// their names, which no other secrets have.
func (args *DatabaseArgs) readUserSecrets() []identity.Statement {
	statement := identity.Statement{Sid: "ReadUserSecrets", Actions: []string{"secretsmanager:GetSecretValue"}}
	users := args.Users
	if len(users) > maxListedUsers {
		users = []string{"*"}
	}
	for _, user := range users {
		statement.Resources = append(statement.Resources, args.Location.SecretArn(args.UserSecretName(user)))
	}
	if args.KeyAlias == "" {
		return []identity.Statement{statement}
	}
	return []identity.Statement{
		statement,
		identity.KeyUse("DecryptUserSecrets", args.Location, args.KeyAlias, "secretsmanager", "kms:Decrypt"),
	}
}

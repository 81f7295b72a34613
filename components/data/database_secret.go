package data

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

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

// readSecret lets a role read the master user's secret and no other.
func (args *DatabaseArgs) readSecret() []identity.Statement {
	statement := identity.Statement{Sid: "ReadDatabaseSecret", Actions: []string{"secretsmanager:GetSecretValue"}}
	switch {
	case args.SecretName() != "":
		statement.Resources = []string{args.Location.SecretArn(args.SecretName())}
	case args.isCluster():
		statement.Resources = []string{args.Location.Arn("secretsmanager", "secret:rds!cluster-*")}
		statement.Conditions = []identity.Condition{
			{
				Operator: "StringEquals",
				Key:      "aws:ResourceTag/aws:rds:primaryDBClusterArn",
				Values:   []string{args.arn()},
			},
		}
	default:
		statement.Resources = []string{args.Location.Arn("secretsmanager", "secret:rds!db-*")}
		statement.Conditions = []identity.Condition{
			{
				Operator: "StringEquals",
				Key:      "aws:ResourceTag/aws:rds:primaryDBInstanceArn",
				Values:   []string{args.arn()},
			},
		}
	}
	if args.KeyAlias == "" {
		return []identity.Statement{statement}
	}
	return []identity.Statement{
		statement,
		identity.KeyUse("DecryptDatabaseSecret", args.Location, args.KeyAlias, "secretsmanager", "kms:Decrypt"),
	}
}

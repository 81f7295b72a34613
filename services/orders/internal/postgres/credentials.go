package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// User is a database user. Printing one does not show its password.
type User struct {
	Name     string
	password string
}

func (u User) String() string   { return u.Name }
func (u User) GoString() string { return u.Name }

// ParseUser reads the JSON that Secrets Manager keeps for a database user, {"username": ..., "password": ...} and more
// that does not matter here. Its error does not repeat the JSON.
func ParseUser(secret string) (User, error) {
	var read struct{ Username, Password string }
	if err := json.Unmarshal([]byte(secret), &read); err != nil {
		return User{}, errors.New("is not JSON such as {\"username\": ..., \"password\": ...}")
	}
	if read.Username == "" || read.Password == "" {
		return User{}, errors.New("has no username or no password")
	}
	return User{Name: read.Username, password: read.Password}, nil
}

// errSecret is the error of a secret that is not one of a database user.
var errSecret = errors.New("the secret is of no use")

// Credentials return the user of a new connection.
type Credentials func(context.Context) (User, error)

// Fixed returns credentials that do not change.
func Fixed(user User) Credentials {
	return func(context.Context) (User, error) { return user, nil }
}

// FromSecretsManager returns credentials that read the secret with the ARN for each new connection, so that a rotation
// goes unnoticed. Region and permissions are those of the SDK's environment.
func FromSecretsManager(arn string) Credentials {
	return func(ctx context.Context) (User, error) {
		loaded, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return User{}, fmt.Errorf("configuring the AWS SDK: %w", err)
		}
		secret, err := secretsmanager.NewFromConfig(loaded).GetSecretValue(
			ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
		if err != nil {
			return User{}, fmt.Errorf("reading secret %s: %w", arn, err)
		}
		if secret.SecretString == nil {
			return User{}, fmt.Errorf("%w: secret %s has no text", errSecret, arn)
		}
		user, err := ParseUser(*secret.SecretString)
		if err != nil {
			return User{}, fmt.Errorf("%w: secret %s %w", errSecret, arn, err)
		}
		return user, nil
	}
}

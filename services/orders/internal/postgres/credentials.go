package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/awslab/awslab/services/internal/telemetry"
)

// User is a database user. Printing one does not show its password.
type User struct {
	Name     string
	password string
	isToken  bool // the password is an IAM token, which only the database that it is meant for may see
}

func (u User) String() string   { return u.Name }
func (u User) GoString() string { return u.Name }

// credential is a database user as Secrets Manager keeps it, for this service and for RDS Proxy.
type credential struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// ParseUser reads the JSON that Secrets Manager keeps for a database user, {"username": ..., "password": ...} and more
// that does not matter here. Its error does not repeat the JSON.
func ParseUser(secret string) (User, error) {
	var read credential
	if err := json.Unmarshal([]byte(secret), &read); err != nil {
		return User{}, errors.New("is not JSON such as {\"username\": ..., \"password\": ...}")
	}
	if read.Username == "" || read.Password == "" {
		return User{}, errors.New("has no username or no password")
	}
	return User{Name: read.Username, password: read.Password}, nil
}

// Credentials return the user of a new connection.
type Credentials func(context.Context) (User, error)

// FromTokens returns credentials of a user whose password is a token that is made for each new connection. A connection
// that does not verify the database's certificate is refused such credentials.
func FromTokens(user string, token func(context.Context) (string, error)) Credentials {
	return func(ctx context.Context) (User, error) {
		made, err := token(ctx)
		if err != nil {
			return User{}, fmt.Errorf("making a token for database user %s: %w", user, err)
		}
		return User{Name: user, password: made, isToken: true}, nil
	}
}

// FromIAM returns credentials that log the user in with an IAM authentication token, as the principal of the SDK's
// environment, which needs rds-db:connect. host and port are those of the database or of its RDS Proxy. A token is
// valid for 15 minutes, and a connection outlives it ("IAM database authentication", Amazon RDS user guide).
func FromIAM(user, region, host string, port uint16) Credentials {
	load := sdkConfig()
	endpoint := net.JoinHostPort(host, strconv.Itoa(int(port)))
	return FromTokens(user, func(ctx context.Context) (string, error) {
		sdk, err := load()
		if err != nil {
			return "", err
		}
		return auth.BuildAuthToken(ctx, endpoint, region, user, sdk.Credentials)
	})
}

// sdkConfig returns a function that reads the SDK's environment once, so that credentials of a task role are fetched
// when they are about to expire and not for each connection.
func sdkConfig() func() (aws.Config, error) {
	return sync.OnceValues(func() (aws.Config, error) {
		loaded, err := config.LoadDefaultConfig(context.Background())
		if err != nil {
			return aws.Config{}, fmt.Errorf("configuring the AWS SDK: %w", err)
		}
		telemetry.TraceSDK(&loaded)
		return loaded, nil
	})
}

// Secret is where the password of a user is kept.
type Secret struct {
	// Read returns the user. Its error is errSecret or errNoValue if the secret holds none.
	Read Credentials
	// Write keeps a user. Nil says that the secret is not this service's to write.
	Write func(context.Context, User) error
}

var (
	// errSecret is the error of a secret that holds something else than a database user.
	errSecret = errors.New("the secret is of no use")
	// errNoValue is the error of a secret that holds nothing yet.
	errNoValue = errors.New("the secret has no value")
)

// FixedSecret returns a secret with a user that does not change.
func FixedSecret(user User) Secret {
	return Secret{Read: func(context.Context) (User, error) { return user, nil }}
}

// SecretsManager returns the secret with the ARN. It is read anew for each connection, so that a rotation goes
// unnoticed. Region and permissions are those of the SDK's environment.
func SecretsManager(arn string) Secret {
	load := sdkConfig()
	client := func() (*secretsmanager.Client, error) {
		sdk, err := load()
		return secretsmanager.NewFromConfig(sdk), err
	}
	return Secret{
		Read: func(ctx context.Context) (User, error) {
			client, err := client()
			if err != nil {
				return User{}, err
			}
			return readSecret(ctx, client, arn)
		},
		Write: func(ctx context.Context, user User) error {
			client, err := client()
			if err != nil {
				return err
			}
			return writeSecret(ctx, client, arn, user)
		},
	}
}

func readSecret(ctx context.Context, client *secretsmanager.Client, arn string) (User, error) {
	secret, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if empty := new(types.ResourceNotFoundException); errors.As(err, &empty) {
		return User{}, fmt.Errorf("%w: reading secret %s: %w", errNoValue, arn, err)
	}
	if err != nil {
		return User{}, fmt.Errorf("reading secret %s: %w", arn, err)
	}
	user, err := ParseUser(aws.ToString(secret.SecretString))
	if err != nil {
		return User{}, fmt.Errorf("%w: secret %s %w", errSecret, arn, err)
	}
	return user, nil
}

func writeSecret(ctx context.Context, client *secretsmanager.Client, arn string, user User) error {
	value, err := json.Marshal(credential{Username: user.Name, Password: user.password})
	if err != nil {
		return fmt.Errorf("encoding the secret of database user %s: %w", user.Name, err)
	}
	_, err = client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId:     &arn,
		SecretString: aws.String(string(value)),
	})
	if err != nil {
		return fmt.Errorf("writing secret %s: %w", arn, err)
	}
	return nil
}

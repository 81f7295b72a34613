package automation

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	labconfig "github.com/awslab/awslab/infra/config"
)

// CredentialsError says that there are no AWS credentials to act with. Nothing has been done.
type CredentialsError struct {
	// Profile is the one that aws:profile or AWS_PROFILE names; may be empty.
	Profile string
	cause   error
}

func (e *CredentialsError) Error() string {
	if e.Profile != "" {
		return fmt.Sprintf(
			"there are no AWS credentials in profile %q: %v; run aws sso login --profile %s, or name a profile of aws "+
				"configure list-profiles in aws:profile or AWS_PROFILE",
			e.Profile, e.cause, e.Profile,
		)
	}
	return "there are no AWS credentials: set aws:profile or AWS_PROFILE to a profile of aws configure " +
		"list-profiles, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or leave --target aws out to stay offline"
}

func (e *CredentialsError) Unwrap() error { return e.cause }

// account is how AWS is asked what the engine does not tell, with the credentials that the providers use too.
type account struct {
	region string
	// settings are those of the aws provider that decide over credentials, by name without the namespace.
	settings map[string]string
}

// ownCredentials are settings with which the aws provider finds credentials in other ways than the AWS SDK does.
var ownCredentials = []string{"accessKey", "assumeRole", "assumeRoleWithWebIdentity", "sharedCredentialsFiles",
	"sharedConfigFiles", "skipCredentialsValidation"}

func newAccount(s *settings, region string) (*account, error) {
	ofProvider, err := labconfig.Namespace("aws", s.name, s.text)
	if err != nil {
		return nil, err
	}
	return &account{region: region, settings: ofProvider}, nil
}

func (a *account) load(ctx context.Context) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx,
		config.WithRegion(a.region),
		config.WithSharedConfigProfile(a.settings["profile"]),
		config.WithLogger(logging.Nop{}), // an error says what its warnings say
	)
}

// require refuses to begin without credentials, which the provider would do only after the engine has begun, and with
// an error of many lines.
func (a *account) require(ctx context.Context) error {
	for _, name := range ownCredentials {
		if a.settings[name] != "" {
			return nil
		}
	}
	loaded, err := a.load(ctx)
	if err == nil {
		_, err = loaded.Credentials.Retrieve(ctx)
	}
	if err == nil {
		return nil
	}
	profile := a.settings["profile"]
	if profile == "" {
		profile = os.Getenv("AWS_PROFILE")
	}
	return &CredentialsError{Profile: profile, cause: err}
}

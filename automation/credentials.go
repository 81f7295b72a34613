package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// CredentialsError says that there are no AWS credentials to act with, or that AWS did not accept them: they have
// expired, or are wrong, or AWS cannot be reached. Nothing has been done.
type CredentialsError struct {
	// Profile is the one that aws:profile or AWS_PROFILE names; may be empty.
	Profile string
	// Found says that there are credentials.
	Found bool
	cause error
}

func (e *CredentialsError) Error() string {
	if e.Found {
		return e.refused()
	}
	if e.Profile != "" {
		return fmt.Sprintf(
			"there are no AWS credentials in profile %q: %v; run aws sso login --profile %s, or name a profile of aws "+
				"configure list-profiles in aws:profile or AWS_PROFILE",
			e.Profile, e.cause, e.Profile,
		)
	}
	if e.cause != nil && strings.Contains(e.cause.Error(), "SSO") {
		return "the AWS credentials have expired: run aws sso login, and then the command again"
	}
	return "there are no AWS credentials: set aws:profile or AWS_PROFILE to a profile of aws configure " +
		"list-profiles, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or leave --target aws out to stay offline"
}

// refused says why AWS did not accept credentials, by the code of its error.
func (e *CredentialsError) refused() string {
	whose := "the AWS credentials"
	if e.Profile != "" {
		whose += fmt.Sprintf(" of profile %q", e.Profile)
	}
	var answer smithy.APIError
	switch {
	case !errors.As(e.cause, &answer):
		return fmt.Sprintf("AWS could not be asked whose %s are: %v; check the network and its proxies (HTTPS_PROXY, "+
			"aws:httpsProxy), or set aws:skipCredentialsValidation: true", whose, e.cause)
	case strings.HasPrefix(answer.ErrorCode(), "Expired"):
		return whose + " have expired: renew them, with aws sso login or what gave them, and run the command again"
	}
	return fmt.Sprintf("AWS does not accept %s: %s: %s; correct them, or name another profile in aws:profile or "+
		"AWS_PROFILE", whose, answer.ErrorCode(), answer.ErrorMessage())
}

func (e *CredentialsError) Unwrap() error { return e.cause }

// WrongAccountError says that the AWS credentials are those of an account that the stack may not be in. Nothing has
// been done.
type WrongAccountError struct {
	// Account and Principal are whose the credentials are.
	Account, Principal string
	// Allowed are the accounts of aws:allowedAccountIds; empty if aws:forbiddenAccountIds refuses this one.
	Allowed []string
}

func (e *WrongAccountError) Error() string {
	why := "aws:forbiddenAccountIds forbids"
	if len(e.Allowed) > 0 {
		why = "aws:allowedAccountIds does not allow: it allows " + strings.Join(e.Allowed, ", ")
	}
	return fmt.Sprintf("the AWS credentials are those of %s in account %s, which %s; name a profile of another "+
		"account in aws:profile or AWS_PROFILE", e.Principal, e.Account, why)
}

// require refuses to begin without credentials, with some that AWS refuses, and in an account that the stack may not
// be in. The provider would do so only after the engine has begun, and with an error of many lines.
func (a *account) require(ctx context.Context) error {
	loaded, err := a.load(ctx)
	var wrong *InputError
	if errors.As(err, &wrong) {
		return wrong
	}
	if err == nil {
		_, err = loaded.Credentials.Retrieve(ctx)
	}
	if err != nil {
		return &CredentialsError{Profile: a.profile(), cause: err}
	}
	if a.provider.SkipCredentialsValidation || loaded.Region == "" {
		return nil
	}
	caller, err := a.sts(loaded).GetCallerIdentity(ctx, nil)
	if err != nil {
		return &CredentialsError{Profile: a.profile(), Found: true, cause: err}
	}
	a.caller.Store(caller.Arn)
	return a.allow(*caller.Account, *caller.Arn)
}

// allow refuses an account that the stack may not be in.
func (a *account) allow(account, principal string) error {
	allowed := a.provider.AllowedAccountIDs
	if slices.Contains(a.provider.ForbiddenAccountIDs, accountID(account)) {
		return &WrongAccountError{Account: account, Principal: principal}
	}
	if len(allowed) == 0 || slices.Contains(allowed, accountID(account)) {
		return nil
	}
	refused := &WrongAccountError{Account: account, Principal: principal}
	for _, id := range allowed {
		refused.Allowed = append(refused.Allowed, string(id))
	}
	return refused
}

func (a *account) profile() string { return cmp.Or(a.provider.Profile, os.Getenv("AWS_PROFILE")) }

// Package backend checks where the engine keeps the state of stacks, and with what it encrypts their secrets, before
// the engine runs: its own refusals come late and do not say what to do.
package backend

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"golang.org/x/sys/unix"

	"github.com/awslab/awslab/automation/internal/environ"
)

// Error says that there is no backend to keep state in, or that it cannot be used. Nothing was done.
type Error struct {
	// URL is the backend's; empty if none is chosen.
	URL string
	// Problem is what is wrong with it, Next what to do about it.
	Problem, Next string
}

func (e *Error) Error() string { return describe("backend", e.URL, e.Problem, e.Next) }

// SecretsError says that the secrets provider of a stack cannot be used. Nothing was done.
type SecretsError struct {
	// Provider is its URL, or its name; empty if none is chosen.
	Provider string
	// Problem is what is wrong with it, Next what to do about it.
	Problem, Next string
}

func (e *SecretsError) Error() string {
	return describe("secrets provider", e.Provider, e.Problem, e.Next)
}

func describe(what, value, problem, next string) string {
	if value != "" {
		what = fmt.Sprintf("%s %q", what, value)
	}
	return fmt.Sprintf("%s %s; %s", what, problem, next)
}

// Variables of the engine.
const (
	urlVariable            = "PULUMI_BACKEND_URL"
	tokenVariable          = "PULUMI_ACCESS_TOKEN"
	passphraseVariable     = "PULUMI_CONFIG_PASSPHRASE"
	passphraseFileVariable = "PULUMI_CONFIG_PASSPHRASE_FILE"
)

const (
	chooseBackend = "choose s3://BUCKET?region=REGION, file:///FOLDER or https://api.pulumi.com: in the option " +
		"Backend, in " + urlVariable + ", or with pulumi login"
	chooseSecrets = "choose passphrase, awskms://alias/NAME?region=REGION, azurekeyvault://, gcpkms:// or hashivault://"
	setPassphrase = "set " + passphraseVariable + ", or " + passphraseFileVariable + " to the path of a file"
)

// Find returns the URL of the backend that the engine uses: that of the options, the environment, the project, or the
// one that it was logged in to.
func Find(chosen string, variables []string, project *workspace.Project) string {
	if chosen != "" {
		return chosen
	}
	if url, _ := environ.Value(variables, urlVariable); url != "" {
		return url
	}
	if project.Backend != nil && project.Backend.URL != "" {
		return project.Backend.URL
	}
	stored, err := workspace.GetStoredCredentials()
	if err != nil {
		return "" // as without any: there is nowhere to log in from
	}
	return stored.Current
}

// check returns an error for a backend of a scheme that cannot be used.
type check func(address *url.URL, variables []string) error

var checks = map[string]check{
	"file":   checkFolder,
	"s3":     checkS3,
	"gs":     checkBucket,
	"azblob": checkBucket,
	"https":  checkLogin,
	"http":   checkLogin,
}

// Check returns an *Error for a backend that the engine could not use in an environment.
func Check(address string, variables []string) error {
	if address == "" {
		return &Error{Problem: "is missing, so that there is nowhere to keep the stack's state", Next: chooseBackend}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return &Error{address, "is no URL", chooseBackend}
	}
	check, known := checks[parsed.Scheme]
	if !known {
		return &Error{address, "has an unknown scheme", chooseBackend}
	}
	return check(parsed, variables)
}

func checkFolder(address *url.URL, _ []string) error {
	folder := address.Host + address.Path
	if strings.HasPrefix(folder, "~") {
		home, err := os.UserHomeDir()
		if err != nil {
			return &Error{address.String(), "is below a home folder that is not known", "set HOME"}
		}
		folder = home + folder[1:]
	}
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &Error{address.String(), "does not exist", "create it with: mkdir -p " + folder}
	case err != nil:
		return &Error{address.String(), "cannot be opened: " + err.Error(), chooseBackend}
	case !info.IsDir():
		return &Error{address.String(), "is no folder", chooseBackend}
	case unix.Access(folder, unix.W_OK|unix.X_OK) != nil:
		return &Error{address.String(), "cannot be written to", "choose another folder, or make it yours with chown"}
	}
	return nil
}

func checkBucket(address *url.URL, _ []string) error {
	if address.Host == "" {
		return &Error{address.String(), "names no bucket", chooseBackend}
	}
	return nil
}

// bucketName and regionName follow "General purpose bucket naming rules" (Amazon S3 user guide) and the codes in "AWS
// Regions" (AWS general reference).
var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
)

func checkS3(address *url.URL, variables []string) error {
	if err := checkBucket(address, variables); err != nil {
		return err
	}
	region := address.Query().Get("region")
	switch {
	case !bucketName.MatchString(address.Host):
		return &Error{address.String(), fmt.Sprintf("has %q, which is no name of a bucket", address.Host),
			"write 3 to 63 lower case letters, digits, dots and hyphens, as in s3://BUCKET?region=REGION"}
	case address.Query().Has("region") && !regionName.MatchString(region):
		return &Error{address.String(), fmt.Sprintf("has %q, which is no region", region),
			"write one such as s3://BUCKET?region=eu-west-1"}
	}
	return nil
}

func checkLogin(address *url.URL, variables []string) error {
	if address.Host == "" {
		return &Error{address.String(), "names no host", chooseBackend}
	}
	if token, _ := environ.Value(variables, tokenVariable); token != "" {
		return nil
	}
	if account, err := workspace.GetAccount(address.String()); err == nil && account.AccessToken != "" {
		return nil
	}
	return &Error{
		URL:     address.String(),
		Problem: "knows no token of yours",
		Next:    "set " + tokenVariable + ", or run pulumi login " + address.String(),
	}
}

// Passphrase is the secrets provider that encrypts with a key made from a passphrase.
const Passphrase = "passphrase"

// secretsSchemes are those of secrets providers.
var secretsSchemes = []string{"awskms", "azurekeyvault", "gcpkms", "hashivault"}

// CheckSecretsProvider returns a *SecretsError for a secrets provider that a new stack could not have in a backend.
// Empty is the backend's own.
func CheckSecretsProvider(provider, backend string, variables []string) error {
	scheme, key, isURL := strings.Cut(provider, "://")
	switch {
	case provider == Passphrase, provider == "" && !isCloud(backend):
		return CheckPassphrase(variables)
	case provider == "":
		return nil
	case !isURL || !slices.Contains(secretsSchemes, scheme):
		return &SecretsError{provider, "is unknown", chooseSecrets}
	case strings.Trim(key, "/") == "":
		return &SecretsError{provider, "names no key", chooseSecrets}
	case scheme == "awskms":
		return checkKMS(provider, key)
	}
	return nil
}

// kmsKey is what KMS takes for a key ("KeyId" of the API reference of AWS KMS): an id, an alias, or the ARN of either,
// which the engine takes behind a third slash.
var kmsKey = regexp.MustCompile(`^(alias/[A-Za-z0-9/_-]+|(mrk-)?[0-9a-f-]{32,36}|` +
	`/arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key/(mrk-)?[0-9a-f-]{32,36}|alias/[A-Za-z0-9/_-]+))$`)

func checkKMS(provider, key string) error {
	key, query, _ := strings.Cut(key, "?")
	parameters, err := url.ParseQuery(query)
	switch {
	case err != nil:
		return &SecretsError{provider, "is no URL", chooseSecrets}
	case !kmsKey.MatchString(key):
		return &SecretsError{provider, fmt.Sprintf("has %q, which is no KMS key", key), "write awskms://alias/NAME, " +
			"awskms://KEY-ID or awskms:///KEY-ARN, with ?region=REGION"}
	case parameters.Has("region") && !regionName.MatchString(parameters.Get("region")):
		return &SecretsError{provider, fmt.Sprintf("has %q, which is no region", parameters.Get("region")),
			"write one such as awskms://alias/NAME?region=eu-west-1"}
	}
	return nil
}

// CheckPassphrase returns a *SecretsError if there is no passphrase in an environment.
func CheckPassphrase(variables []string) error {
	if _, set := environ.Value(variables, passphraseVariable); set {
		return nil // it may be empty
	}
	path, set := environ.Value(variables, passphraseFileVariable)
	if !set || path == "" {
		return &SecretsError{Passphrase, "has no passphrase", setPassphrase}
	}
	if _, err := os.ReadFile(path); err != nil { //nolint:gosec // named by the user
		return &SecretsError{Passphrase, "has no passphrase: " + err.Error(), setPassphrase}
	}
	return nil
}

// isCloud reports whether a backend is a service, which encrypts by itself.
func isCloud(backend string) bool {
	return strings.HasPrefix(backend, "https://") || strings.HasPrefix(backend, "http://")
}

// refusals are what the engine says of a passphrase, and what is wrong then.
var refusals = map[string]SecretsError{
	"passphrase must be set": {Passphrase, "has no passphrase", setPassphrase},
	"incorrect passphrase": {
		Passphrase, "has another passphrase than the one that the stack's secrets are encrypted with",
		"set " + passphraseVariable + " to the stack's own",
	},
}

// Refused returns what the engine's output says of the secrets provider, or nil.
func Refused(output string) *SecretsError {
	for text, refusal := range refusals {
		if strings.Contains(output, text) {
			return &refusal
		}
	}
	return nil
}

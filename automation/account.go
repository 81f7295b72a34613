package automation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/net/http/httpproxy"

	labconfig "github.com/awslab/awslab/infra/config"
)

// account is how AWS is asked what the engine does not tell: as the aws provider of the stack does, or else it would be
// in another account.
type account struct {
	region   string
	provider awsSettings
	// known is what was loaded last. A role that is assumed stays so meanwhile.
	known atomic.Pointer[aws.Config]
	// caller is the ARN of whose credentials they are; nil if AWS was not asked.
	caller atomic.Pointer[string]
}

// awsSettings are the keys of the namespace aws that decide who asks AWS, and where and through what.
type awsSettings struct {
	AccessKey                  string               `json:"accessKey"`
	SecretKey                  string               `json:"secretKey"`
	Token                      string               `json:"token"`
	Profile                    string               `json:"profile"`
	SharedConfigFiles          []string             `json:"sharedConfigFiles"`
	SharedCredentialsFiles     []string             `json:"sharedCredentialsFiles"`
	AssumeRole                 *assumedRole         `json:"assumeRole"`
	AssumeRoleWithWebIdentity  *webIdentity         `json:"assumeRoleWithWebIdentity"`
	AllowedAccountIDs          []accountID          `json:"allowedAccountIds"`
	ForbiddenAccountIDs        []accountID          `json:"forbiddenAccountIds"`
	SkipCredentialsValidation  bool                 `json:"skipCredentialsValidation"`
	STSRegion                  string               `json:"stsRegion"`
	Endpoints                  []map[string]*string `json:"endpoints"`
	UseFipsEndpoint            bool                 `json:"useFipsEndpoint"`
	UseDualstackEndpoint       bool                 `json:"useDualstackEndpoint"`
	CustomCABundle             string               `json:"customCaBundle"`
	EC2MetadataServiceEndpoint string               `json:"ec2MetadataServiceEndpoint"`
	HTTPProxy                  string               `json:"httpProxy"`
	HTTPSProxy                 string               `json:"httpsProxy"`
	NoProxy                    string               `json:"noProxy"`
}

// session is what a role that is assumed gets, however it is assumed.
type session struct {
	RoleARN     string   `json:"roleArn"`
	SessionName string   `json:"sessionName"`
	Duration    string   `json:"duration"`
	Policy      *string  `json:"policy"`
	PolicyARNs  []string `json:"policyArns"`
}

type assumedRole struct {
	session
	ExternalID        *string           `json:"externalId"`
	SourceIdentity    *string           `json:"sourceIdentity"`
	Tags              map[string]string `json:"tags"`
	TransitiveTagKeys []string          `json:"transitiveTagKeys"`
}

type webIdentity struct {
	session
	Token     string `json:"webIdentityToken"`
	TokenFile string `json:"webIdentityTokenFile"`
}

// accountID takes a number too, as YAML reads an id without quotes.
type accountID string

func (id *accountID) UnmarshalJSON(text []byte) error {
	*id = accountID(strings.Trim(string(text), `"`))
	return nil
}

// openAccount reads the settings of the aws provider, those too that are encrypted.
func (l *Lab) openAccount(ctx context.Context) error {
	if l.account == nil {
		l.account = &account{}
	}
	settings, err := labconfig.Namespace("aws", l.settings.name, l.settings.text)
	if err != nil {
		return err
	}
	for _, text := range settings {
		if strings.Contains(text, labconfig.Encrypted) {
			if err := l.reveal(ctx, settings); err != nil {
				return err
			}
			break
		}
	}
	return l.account.provider.read(settings)
}

// reveal decrypts settings of the aws provider.
func (l *Lab) reveal(ctx context.Context, settings map[string]string) error {
	return l.inFile(func(file string) error {
		stdout, stderr, _, err := l.command.Run(
			ctx, l.options.ProjectDir, nil, nil, nil, nil,
			"config", "--json", "--show-secrets", "--stack", l.options.Stack, "--config-file", file,
		)
		if err != nil {
			return fmt.Errorf("decrypting the settings of the aws provider: %w: %s", err, strings.TrimSpace(stderr))
		}
		var values map[string]struct {
			Value string `json:"value"`
		}
		if err := json.Unmarshal([]byte(stdout), &values); err != nil {
			return fmt.Errorf("reading the settings of the aws provider: %w", err)
		}
		for name := range settings {
			settings[name] = values["aws:"+name].Value
		}
		return nil
	})
}

// read takes settings by name, as the engine hands them to the provider: what is no text is written as JSON.
func (s *awsSettings) read(settings map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		text, err := json.Marshal(settings[name])
		if err != nil {
			return fmt.Errorf("reading aws:%s: %w", name, err)
		}
		if json.Unmarshal(fmt.Appendf(nil, `{%q: %s}`, name, text), s) == nil ||
			json.Unmarshal(fmt.Appendf(nil, `{%q: %s}`, name, settings[name]), s) == nil {
			continue
		}
		return &labconfig.Error{Problems: []labconfig.Problem{{
			Path:    "aws:" + name,
			Message: `is not what the aws provider takes; use a list such as ["123456789012"], an object or a boolean`,
		}}}
	}
	return nil
}

// config returns how AWS is asked.
func (a *account) config(ctx context.Context) (aws.Config, error) {
	if known := a.known.Load(); known != nil {
		return *known, nil
	}
	return a.load(ctx)
}

// load finds out anew how AWS is asked, as credentials may have been renewed.
func (a *account) load(ctx context.Context) (aws.Config, error) {
	given := a.provider
	options := []func(*config.LoadOptions) error{
		config.WithRegion(a.region),
		config.WithSharedConfigProfile(given.Profile),
		config.WithLogger(logging.Nop{}), // an error says what its warnings say
		config.WithEC2IMDSEndpoint(given.EC2MetadataServiceEndpoint),
		config.WithHTTPClient(given.client()),
	}
	if given.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(given.AccessKey, given.SecretKey, given.Token)))
	}
	if len(given.SharedConfigFiles) > 0 {
		options = append(options, config.WithSharedConfigFiles(inHome(given.SharedConfigFiles)))
	}
	if len(given.SharedCredentialsFiles) > 0 {
		options = append(options, config.WithSharedCredentialsFiles(inHome(given.SharedCredentialsFiles)))
	}
	if given.UseFipsEndpoint {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if given.UseDualstackEndpoint {
		options = append(options, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	if given.CustomCABundle != "" {
		bundle, err := os.ReadFile(inHome([]string{given.CustomCABundle})[0])
		if err != nil {
			return aws.Config{}, fmt.Errorf("reading aws:customCaBundle: %w", err)
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(bundle)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, err
	}
	if err := a.assume(&loaded); err != nil {
		return aws.Config{}, err
	}
	a.known.Store(&loaded)
	return loaded, nil
}

// assume puts the roles that the provider assumes in the place of the credentials that it begins with.
func (a *account) assume(loaded *aws.Config) error {
	if web := a.provider.AssumeRoleWithWebIdentity; web != nil {
		duration, err := web.duration()
		if err != nil {
			return err
		}
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(a.sts(*loaded), web.RoleARN,
			web, func(o *stscreds.WebIdentityRoleOptions) {
				o.RoleSessionName, o.Duration, o.Policy = web.SessionName, duration, web.Policy
				o.PolicyARNs = web.policies()
			}))
	}
	role := a.provider.AssumeRole
	if role == nil {
		return nil
	}
	duration, err := role.duration()
	if err != nil {
		return err
	}
	loaded.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(a.sts(*loaded), role.RoleARN,
		func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.Duration, o.Policy = role.SessionName, duration, role.Policy
			o.PolicyARNs, o.ExternalID = role.policies(), role.ExternalID
			o.SourceIdentity, o.TransitiveTagKeys = role.SourceIdentity, role.TransitiveTagKeys
			for _, key := range slices.Sorted(maps.Keys(role.Tags)) {
				o.Tags = append(o.Tags, types.Tag{Key: &key, Value: aws.String(role.Tags[key])})
			}
		}))
	return nil
}

func (a *account) sts(loaded aws.Config) *sts.Client {
	return sts.NewFromConfig(loaded, func(o *sts.Options) {
		a.provider.endpoint(&o.BaseEndpoint, "sts")
		if a.provider.STSRegion != "" {
			o.Region = a.provider.STSRegion
		}
	})
}

// duration is 15 minutes unless it is given, which is the provider's default too.
func (s session) duration() (time.Duration, error) {
	if s.Duration == "" {
		return 0, nil
	}
	duration, err := time.ParseDuration(s.Duration)
	if err != nil {
		return 0, &InputError{"duration of role " + s.RoleARN, s.Duration, "hours and minutes, such as 1h30m"}
	}
	return duration, nil
}

func (s session) policies() (policies []types.PolicyDescriptorType) {
	for _, arn := range s.PolicyARNs {
		policies = append(policies, types.PolicyDescriptorType{Arn: &arn})
	}
	return policies
}

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (w *webIdentity) GetIdentityToken() ([]byte, error) {
	if w.Token != "" {
		return []byte(w.Token), nil
	}
	return os.ReadFile(w.TokenFile)
}

// endpoint sets where a service answers, if aws:endpoints says so by one of its names.
func (s awsSettings) endpoint(base **string, names ...string) {
	for _, endpoints := range s.Endpoints {
		for _, name := range names {
			if url := endpoints[name]; url != nil {
				*base = url
			}
		}
	}
}

// client goes through the provider's proxies.
func (s awsSettings) client() *awshttp.BuildableClient {
	proxies := httpproxy.FromEnvironment()
	proxies.HTTPProxy = cmp.Or(s.HTTPProxy, proxies.HTTPProxy)
	proxies.HTTPSProxy = cmp.Or(s.HTTPSProxy, proxies.HTTPSProxy, s.HTTPProxy)
	proxies.NoProxy = cmp.Or(s.NoProxy, proxies.NoProxy)
	through := proxies.ProxyFunc()
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = func(request *http.Request) (*url.URL, error) { return through(request.URL) }
	})
}

// inHome resolves paths that begin with ~.
func inHome(paths []string) []string {
	var resolved []string
	for _, path := range paths {
		if below, is := strings.CutPrefix(path, "~/"); is {
			if home, err := os.UserHomeDir(); err == nil {
				path = filepath.Join(home, below)
			}
		}
		resolved = append(resolved, path)
	}
	return resolved
}

package images

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// PullThroughCacheArgs describe a cache, in the account's own registry, of images of another registry.
type PullThroughCacheArgs struct {
	Location identity.Location
	// Upstream is the registry whose images are cached: public.ecr.aws, registry.k8s.io or quay.io, or one that asks
	// who pulls: docker.io, ghcr.io or registry.gitlab.com.
	Upstream string
	// Prefix begins the names of the repositories that ECR makes for the cache, before a slash; 2 to 30 characters.
	Prefix string
	// CredentialArn is the ARN of the Secrets Manager secret with the user name and access token for the upstream
	// registry, for those that ask who pulls. The secret's name begins with ecr-pullthroughcache/.
	CredentialArn pulumi.StringPtrInput
	// Keep is the number of images that each repository keeps, 1 to 1000. Default: 100. An image for several
	// architectures counts once for each and once for its index.
	Keep int
}

// PullThroughCache lets images of another registry be pulled from the account's own. ECR fetches an image when it is
// first pulled, and asks upstream for news of its tag once a day; services start when upstream is down or counts pulls.
// Its type token is awslab:images:PullThroughCache.
//
// Who pulls needs the rights to fetch, too: identity.ExecutionRoleArgs.CachedRepositories. ECR does not scan the
// repositories it makes unless the account's registry is set to.
type PullThroughCache struct {
	pulumi.ResourceState

	// ready is known once images can be pulled.
	ready pulumi.Output
	args  PullThroughCacheArgs
}

// upstream is a registry that ECR can cache (ECR API, CreatePullThroughCacheRule, upstreamRegistryUrl).
type upstream struct {
	host        string // in references, as the client library normalizes them
	url         string // as ECR knows the registry
	credentials bool
}

var upstreams = map[string]upstream{
	"public.ecr.aws":      {"public.ecr.aws", "public.ecr.aws", false},
	"registry.k8s.io":     {"registry.k8s.io", "registry.k8s.io", false},
	"quay.io":             {"quay.io", "quay.io", false},
	"docker.io":           {name.DefaultRegistry, "registry-1.docker.io", true},
	"ghcr.io":             {"ghcr.io", "ghcr.io", true},
	"registry.gitlab.com": {"registry.gitlab.com", "registry.gitlab.com", true},
}

// AsksWhoPulls reports whether a registry that ECR can cache requires credentials.
func AsksWhoPulls(registry string) bool { return upstreams[registry].credentials }

// maxRepositoryName is the longest name of a repository (ECR API, CreateRepository).
const maxRepositoryName = 256

func (args PullThroughCacheArgs) withDefaults() PullThroughCacheArgs {
	args.Keep = cmp.Or(args.Keep, 100)
	return args
}

func (args PullThroughCacheArgs) validate() error {
	problems := []error{args.Location.Validate()}
	from, known := upstreams[args.Upstream]
	switch {
	case !known:
		problems = append(
			problems,
			problem.New("Upstream", "%q; ECR caches %q", args.Upstream, slices.Sorted(maps.Keys(upstreams))),
		)
	case from.credentials && args.CredentialArn == nil:
		problems = append(problems, problem.New(
			"CredentialArn",
			"missing; %s asks who pulls, so give the ARN of a secret named ecr-pullthroughcache/...",
			args.Upstream,
		))
	case !from.credentials && args.CredentialArn != nil:
		problems = append(
			problems,
			problem.New("CredentialArn", "%s does not ask who pulls; leave it out", args.Upstream),
		)
	}
	if len(args.Prefix) < 2 || len(args.Prefix) > 30 || !repositoryName.MatchString(args.Prefix) {
		problems = append(problems, problem.New(
			"Prefix",
			"%q; use 2 to 30 lower-case letters, digits, and single . _ - / between them",
			args.Prefix,
		))
	}
	if args.Keep < 1 || args.Keep > 1000 {
		problems = append(problems, problem.New("Keep", "%d; use 1 to 1000", args.Keep))
	}
	return errors.Join(problems...)
}

// CachedImage is an image as it is pulled through a cache.
type CachedImage struct {
	Repository string // in the account's own registry
	Reference  string // what to pull
}

// Cached returns how an image of the upstream registry is pulled through the cache. The reference may leave out what
// Docker fills in: docker.io, library/ and the tag latest. Where both a tag and a digest are given the digest counts,
// as in Docker. It is false for an image of another registry.
func (args *PullThroughCacheArgs) Cached(reference string) (CachedImage, bool, error) {
	parsed, err := name.ParseReference(reference)
	if err != nil {
		return CachedImage{}, false, fmt.Errorf("reading image %q: %w", reference, err)
	}
	if parsed.Context().RegistryStr() != upstreams[args.Upstream].host {
		return CachedImage{}, false, nil
	}
	repository := args.Prefix + "/" + parsed.Context().RepositoryStr()
	if len(repository) > maxRepositoryName || !repositoryName.MatchString(repository) {
		return CachedImage{}, false, fmt.Errorf(
			"image %q would be cached as %q, which is no name of a repository in ECR: it has at most %d "+
				"lower-case letters, digits, and single . _ - / between them",
			reference,
			repository,
			maxRepositoryName,
		)
	}
	separator := ":"
	if _, isDigest := parsed.(name.Digest); isDigest {
		separator = "@"
	}
	return CachedImage{
		repository,
		args.Location.RegistryHost() + "/" + repository + separator + parsed.Identifier(),
	}, true, nil
}

// Ref returns the reference of an image pulled through the cache, for those who start it: it is known once the cache is
// there.
func (component *PullThroughCache) Ref(reference string) (pulumi.StringOutput, error) {
	image, ours, err := component.args.Cached(reference)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	if !ours {
		return pulumi.StringOutput{}, fmt.Errorf(
			"image %q is not of %s; name one that is, or use it without the cache",
			reference,
			component.args.Upstream,
		)
	}
	return component.ready.ApplyT(func(any) string { return image.Reference }).(pulumi.StringOutput), nil
}

// NewPullThroughCache creates a cache: ECR's rule, and the template of the repositories that ECR makes by it.
func NewPullThroughCache(
	ctx *pulumi.Context,
	name string,
	given *PullThroughCacheArgs,
	opts ...pulumi.ResourceOption,
) (*PullThroughCache, error) {
	if given == nil {
		given = &PullThroughCacheArgs{}
	}
	args := given.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("pull-through cache %q: %w", name, err)
	}
	component := &PullThroughCache{args: args}
	if err := ctx.RegisterComponentResource("awslab:images:PullThroughCache", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering pull-through cache %q: %w", name, err)
	}
	template, err := component.newTemplate(ctx, name)
	if err != nil {
		return nil, err
	}
	rule, err := ecr.NewPullThroughCacheRule(ctx, name+"-rule", &ecr.PullThroughCacheRuleArgs{
		EcrRepositoryPrefix: pulumi.String(args.Prefix),
		UpstreamRegistryUrl: pulumi.String(upstreams[args.Upstream].url),
		CredentialArn:       args.CredentialArn,
		// A prefix has one rule.
	}, pulumi.Parent(component), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("creating the rule of pull-through cache %q: %w", name, err)
	}
	component.ready = pulumi.All(template.ID(), rule.ID())
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of pull-through cache %q: %w", name, err)
	}
	return component, nil
}

// newTemplate says how ECR makes the cache's repositories. Their tags are not immutable, because upstream moves them.
// They are encrypted with ECR's own key and bear no tags: for more, ECR has to assume a role, and AWS documents no
// condition by which such a role could tell for whom ECR acts.
func (component *PullThroughCache) newTemplate(
	ctx *pulumi.Context,
	name string,
) (*ecr.RepositoryCreationTemplate, error) {
	// What is untagged stays as well: it is the parts of an index, and what is pulled by digest.
	lifecycle, err := renderLifecycle(newestStay(component.args.Keep))
	if err != nil {
		return nil, fmt.Errorf("rendering the lifecycle policy of pull-through cache %q: %w", name, err)
	}
	template, err := ecr.NewRepositoryCreationTemplate(ctx, name+"-template", &ecr.RepositoryCreationTemplateArgs{
		Prefix:             pulumi.String(component.args.Prefix),
		Description:        pulumi.String("Cached images of " + component.args.Upstream),
		AppliedFors:        pulumi.ToStringArray([]string{"PULL_THROUGH_CACHE"}),
		ImageTagMutability: pulumi.String("MUTABLE"),
		EncryptionConfigurations: ecr.RepositoryCreationTemplateEncryptionConfigurationArray{
			ecr.RepositoryCreationTemplateEncryptionConfigurationArgs{EncryptionType: pulumi.String("AES256")},
		},
		LifecyclePolicy: pulumi.String(lifecycle),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the repository template of pull-through cache %q: %w", name, err)
	}
	return template, nil
}

package images

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func (g *graph) cache(args *PullThroughCacheArgs, use func(*pulumi.Context, *PullThroughCache)) error {
	return pulumi.RunErr(func(ctx *pulumi.Context) error {
		cache, err := NewPullThroughCache(ctx, "public", args)
		if err == nil && use != nil {
			use(ctx, cache)
		}
		return err
	}, pulumi.WithMocks("awslab", "dev", g))
}

func TestAPullThroughCachesInputs(t *testing.T) {
	g := newGraph()
	args := &PullThroughCacheArgs{
		Location: ireland, Upstream: "docker.io", Prefix: "awslab-dev/hub", Keep: 7,
		CredentialArn: pulumi.String(
			"arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/hub-abcdef",
		),
	}
	require.NoError(t, g.cache(args, func(ctx *pulumi.Context, cache *PullThroughCache) {
		ref, err := cache.Ref("nginx:1.29")
		require.NoError(t, err)
		known, err := internals.UnsafeAwaitOutput(ctx.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/awslab-dev/hub/library/nginx:1.29", known.Value)
		require.Len(t, known.Dependencies, 2, "who pulls waits for the rule and the template")

		_, err = cache.Ref("quay.io/prometheus/prometheus:v3")
		require.ErrorContains(t, err, `image "quay.io/prometheus/prometheus:v3" is not of docker.io`)
	}))
	require.Equal(t, object{
		"ecrRepositoryPrefix": "awslab-dev/hub", "upstreamRegistryUrl": "registry-1.docker.io",
		"credentialArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/hub-abcdef",
	}, g.find(t, "public-rule").Inputs.Mappable())

	template := g.find(t, "public-template").Inputs.Mappable()
	require.JSONEq(t, `{"rules": [{"rulePriority": 1, "description": "The newest 7 images stay",
		"selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 7},
			"action": {"type": "expire"}}]}`, template["lifecyclePolicy"].(string))
	delete(template, "lifecyclePolicy")
	require.Equal(t, object{
		"prefix":                   "awslab-dev/hub",
		"description":              "Cached images of docker.io",
		"appliedFors":              []any{"PULL_THROUGH_CACHE"},
		"imageTagMutability":       "MUTABLE",
		"encryptionConfigurations": []any{object{"encryptionType": "AES256"}},
	}, template)
	for _, child := range []string{"public-rule", "public-template"} {
		require.Contains(t, g.find(t, child).RegisterRPC.GetParent(), "awslab:images:PullThroughCache::public")
	}
}

func TestWhatAPullThroughCacheRefuses(t *testing.T) {
	secret := pulumi.String("arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/hub-abcdef")
	tests := map[string]struct {
		change func(*PullThroughCacheArgs)
		want   string
	}{
		"a registry ECR cannot cache": {
			func(a *PullThroughCacheArgs) { a.Upstream = "gcr.io" },
			`Upstream: "gcr.io"; ECR caches ["docker.io" "ghcr.io" "public.ecr.aws"`,
		},
		"no credentials for one that asks": {
			func(a *PullThroughCacheArgs) { a.Upstream = "ghcr.io" },
			"CredentialArn: missing; ghcr.io asks who pulls",
		},
		"credentials for one that does not": {
			func(a *PullThroughCacheArgs) { a.CredentialArn = secret },
			"CredentialArn: public.ecr.aws does not ask who pulls",
		},
		"a prefix with a slash behind it": {
			func(a *PullThroughCacheArgs) { a.Prefix = "public/" },
			`Prefix: "public/"; use 2 to 30`,
		},
		"a long prefix": {
			func(a *PullThroughCacheArgs) { a.Prefix = strings.Repeat("p", 31) },
			`use 2 to 30`,
		},
		"images to keep": {func(a *PullThroughCacheArgs) { a.Keep = -1 }, "Keep: -1; use 1 to 1000"},
		"no place": {
			func(a *PullThroughCacheArgs) { a.Location.Region = "" },
			`Location.Region: ""`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, args := newGraph(), &PullThroughCacheArgs{
				Location: ireland,
				Upstream: "public.ecr.aws",
				Prefix:   "public",
			}
			test.change(args)
			require.ErrorContains(t, g.cache(args, nil), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
	require.ErrorContains(t, (newGraph()).cache(nil, nil), `pull-through cache "public": Location`)
}

func TestHowImagesArePulledThroughACache(t *testing.T) {
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/"
	digest := "@sha256:" + strings.Repeat("ab", 32)
	for reference, test := range map[string]struct{ upstream, want string }{
		"public.ecr.aws/nginx/nginx:1.29":                {"public.ecr.aws", "cache/nginx/nginx:1.29"},
		"public.ecr.aws/nginx/nginx":                     {"public.ecr.aws", "cache/nginx/nginx:latest"},
		"public.ecr.aws/docker/library/redis:8" + digest: {"public.ecr.aws", "cache/docker/library/redis" + digest},
		"registry.k8s.io/pause:3.10":                     {"registry.k8s.io", "cache/pause:3.10"},
		"ghcr.io/open-telemetry/collector" + digest:      {"ghcr.io", "cache/open-telemetry/collector" + digest},
		"nginx":                                              {"docker.io", "cache/library/nginx:latest"},
		"docker.io/grafana/grafana:12":                       {"docker.io", "cache/grafana/grafana:12"},
		"quay.io/prometheus/prometheus:v3":                   {"docker.io", ""},
		host + "orders:1":                                    {"public.ecr.aws", ""},
		"public.ecr.aws.example.com/nginx/nginx:1.29":        {"public.ecr.aws", ""},
		"registry.example.com:5000/public.ecr.aws/nginx:1.2": {"public.ecr.aws", ""},
	} {
		cache := &PullThroughCacheArgs{Location: ireland, Upstream: test.upstream, Prefix: "cache"}
		image, ours, err := cache.Cached(reference)
		require.NoError(t, err, reference)
		require.Equal(t, test.want != "", ours, reference)
		if ours {
			require.Equal(t, host+test.want, image.Reference, reference)
			require.Equal(
				t,
				strings.FieldsFunc(test.want, func(r rune) bool { return r == ':' || r == '@' })[0],
				image.Repository,
			)
		}
	}
	for reference, want := range map[string]string{
		"public.ecr.aws/Nginx:1": `reading image "public.ecr.aws/Nginx:1"`,
		"":                       `reading image ""`,
		"public.ecr.aws/" + strings.Repeat("a", 252) + ":1": "it has at most 256",
		"public.ecr.aws/a/-b:1": `would be cached as "cache/a/-b", which is no name of ` +
			`a repository`,
	} {
		_, _, err := (&PullThroughCacheArgs{Location: ireland, Upstream: "public.ecr.aws", Prefix: "cache"}).Cached(
			reference,
		)
		require.ErrorContains(t, err, want)
	}
}

// Whatever is pulled, the cache changes where it comes from and nothing else: the same path behind the prefix, the same
// tag or digest, once and not twice. And of two registries' caches at most one takes an image.
func TestACacheChangesWhereAnImageComesFromAndNothingElse(t *testing.T) {
	registries := slices.Sorted(maps.Keys(upstreams))
	rapid.Check(t, func(t *rapid.T) {
		registry := rapid.SampledFrom(append(registries, "gcr.io", "registry.example.com:5000")).Draw(t, "registry")
		path := rapid.StringMatching(`[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?(/[a-z0-9]{2,8}){1,3}`).Draw(t, "path")
		version := rapid.StringMatching(`(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}|@sha256:[0-9a-f]{64})`).Draw(t, "version")
		prefix := rapid.StringMatching(`[a-z0-9]{2,8}(/[a-z0-9]{2,8})?`).Draw(t, "prefix")
		var takers int
		for _, upstream := range registries {
			cache := &PullThroughCacheArgs{Location: ireland, Upstream: upstream, Prefix: prefix}
			image, ours, err := cache.Cached(registry + "/" + path + version)
			require.NoError(t, err)
			require.Equal(t, upstream == registry, ours)
			if !ours {
				continue
			}
			takers++
			require.Equal(t, ireland.RegistryHost()+"/"+prefix+"/"+path+version, image.Reference)
			require.Equal(t, prefix+"/"+path, image.Repository)
			parsed, err := name.ParseReference(image.Reference, name.StrictValidation)
			require.NoError(t, err, "what comes out is a whole reference")
			require.Equal(t, image.Repository, parsed.Context().RepositoryStr())

			_, again, err := cache.Cached(image.Reference)
			require.NoError(t, err)
			require.False(t, again, "a cached image is not cached once more")
		}
		require.LessOrEqual(t, takers, 1)
	})
}

package stack

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

func (l *lab) containerImages() error {
	if err := l.imageCaches(); err != nil {
		return err
	}
	l.images, l.versions = map[string]pulumi.StringInput{}, map[string]string{}
	l.sources = map[string]images.Source{}
	for _, s := range l.config.Services {
		var err error
		if s.Image.URI != "" {
			l.images[s.Name], err = l.existingImage(s.Image.URI)
			l.versions[s.Name] = names.Hash(s.Image.URI)
		} else {
			l.images[s.Name], err = l.newImage(s.Name, s.Image, s.Architecture, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) imageCaches() error {
	l.caches = map[string]*images.PullThroughCache{}
	for _, c := range l.config.Images.Caches {
		cache, err := images.NewPullThroughCache(
			l.Context,
			"images-"+cacheNames[c.Registry],
			l.cacheArgs(c),
			l.providers.all,
		)
		if err != nil {
			return err
		}
		l.caches[c.Registry] = cache
	}
	return nil
}

// cacheNames are short, as those of repositories begin with them.
var cacheNames = map[string]string{
	"public.ecr.aws":      "public",
	"registry.k8s.io":     "k8s",
	"quay.io":             "quay",
	"docker.io":           "docker",
	"ghcr.io":             "github",
	"registry.gitlab.com": "gitlab",
}

func (l *lab) cacheArgs(c config.Cache) *images.PullThroughCacheArgs {
	args := &images.PullThroughCacheArgs{
		Location: l.location,
		Upstream: c.Registry,
		Prefix:   names.CachePrefix.Fit(l.name(cacheNames[c.Registry])),
		Keep:     l.config.Images.Keep,
	}
	if c.CredentialArn != "" {
		args.CredentialArn = pulumi.String(c.CredentialArn)
	}
	return args
}

// cached returns how an image is pulled through one of the caches, if one takes it, and that cache's registry.
func (l *lab) cached(uri string) (images.CachedImage, string, error) {
	for _, c := range l.config.Images.Caches {
		if image, ours, err := l.cacheArgs(c).Cached(uri); ours || err != nil {
			return image, c.Registry, err
		}
	}
	return images.CachedImage{}, "", nil
}

func (l *lab) existingImage(uri string) (pulumi.StringInput, error) {
	_, registry, err := l.cached(uri)
	if err != nil || registry == "" {
		return pulumi.String(uri), err
	}
	return l.caches[registry].Ref(uri)
}

// newImage builds an image; functionArn is that of the Lambda function that runs it, if one does.
func (l *lab) newImage(name string, i config.Image, architecture, functionArn string) (pulumi.StringInput, error) {
	var copied *images.RepositoryCopy
	if l.config.Images.Replicate {
		copied = &images.RepositoryCopy{Provider: l.providers.copies, KmsKeyArn: l.keys.copies.Arn}
	}
	args := i.ImageArgs(l.root, architecture)
	args.Location, args.Repository, args.KmsKeyArn = l.location, l.name(name), l.keys.data.Arn
	args.Keep, args.ForceDelete = l.config.Images.Keep, l.config.Images.ForceDelete
	args.FunctionArn, args.BuiltBefore, args.Copy, args.Tags = functionArn, builtIn(l.state), copied, l.tags
	args.Source = l.sourceOf(args.Context)
	image, err := images.NewImage(l.Context, name, args, l.providers.all)
	if err != nil {
		return nil, err
	}
	l.versions[name] = names.Hash(image.Tag)
	return image.Ref, nil
}

// sourceOf returns the commit of a folder. Git takes 10 ms for one, and most images have the same.
func (l *lab) sourceOf(folder string) images.Source {
	if source, known := l.sources[folder]; known {
		return source
	}
	l.sources[folder] = images.SourceOf(l.Context.Context(), folder)
	return l.sources[folder]
}

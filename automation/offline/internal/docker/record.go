package docker

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/distribution/reference"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

const repositoryType = "aws:ecr/repository:Repository"

var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$`)

// repository is where an image goes: one of ECR's, or none that the offline target knows.
type repository struct {
	region, name, url string
}

// repositoryOf returns nil for an image that is not named after an ECR repository.
func repositoryOf(image reference.Named) *repository {
	m := ecrHost.FindStringSubmatch(reference.Domain(image))
	if m == nil {
		return nil
	}
	return &repository{region: m[2], name: reference.Path(image), url: image.Name()}
}

// inECR reports whether the image is named after an ECR repository.
func inECR(image string) bool {
	name, err := reference.ParseNormalizedNamed(image)
	return err == nil && repositoryOf(name) != nil
}

// find refuses with ECR's own word when there is no such repository.
func (r *repository) find(tx *world.Tx) (*world.Thing, error) {
	things, err := tx.ByName(repositoryType, r.name)
	if err != nil {
		return nil, fmt.Errorf("looking for repository %s: %w", r.name, err)
	}
	for _, thing := range things {
		if thing.Region == r.region && text(thing.State["repositoryUrl"]) == r.url {
			return thing, nil
		}
	}
	return nil, fmt.Errorf("RepositoryNotFoundException: there is no repository %s; "+
		"name the image after the repositoryUrl of an aws:ecr/repository:Repository, so that it is created "+
		"first", r.url)
}

// errTagExists is ECR's refusal to move a tag.
var errTagExists = errors.New("ImageTagAlreadyExistsException")

// checkTag refuses to move a tag of a repository whose tags are immutable. An image takes the tag of one that could not
// be built: ECR would have neither.
func (r *repository) checkTag(tx *world.Tx, repository *world.Thing, pushed world.Image) error {
	if text(repository.State["imageTagMutability"]) != "IMMUTABLE" {
		return nil
	}
	images, err := tx.Images(r.url)
	if err != nil {
		return err
	}
	for _, existing := range images {
		if existing.Tag == pushed.Tag && existing.Digest != pushed.Digest && (existing.IsBuilt() || !pushed.IsBuilt()) {
			return fmt.Errorf(
				"%w: the image tag '%s' already exists in the '%s' repository and cannot be overwritten because the "+
					"repository is immutable; give the image a tag of its own, such as the commit",
				errTagExists,
				pushed.Tag,
				r.name,
			)
		}
	}
	return nil
}

// unbuilt returns the digest that was made up for the image with the tag, or nothing if there is none or it was built.
func (r *repository) unbuilt(ctx context.Context, w *world.World, tag string) (digest string, err error) {
	images, err := w.Images(ctx, r.url)
	for _, image := range images {
		if image.Tag == tag && !image.IsBuilt() {
			digest = image.Digest
		}
	}
	return digest, err
}

// record writes the image into the world as pushed, or refuses as ECR would.
func (r *repository) record(ctx context.Context, w *world.World, tag, digest string, size int64) error {
	return w.Update(ctx, func(tx *world.Tx) error {
		thing, err := r.find(tx)
		if err != nil {
			return err
		}
		pushed := world.Image{Repository: r.url, Tag: tag, Digest: digest, Size: size}
		if err := r.checkTag(tx, thing, pushed); err != nil {
			return err
		}
		return tx.PutImage(pushed)
	})
}

// digestOf returns the digest of the image with the tag, or refuses as ECR would.
func (r *repository) digestOf(ctx context.Context, w *world.World, tag string) (string, error) {
	var images []world.Image
	err := w.View(ctx, func(tx *world.Tx) (err error) {
		if _, err := r.find(tx); err != nil {
			return err
		}
		images, err = tx.Images(r.url)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, image := range images {
		if image.Tag == tag {
			return image.Digest, nil
		}
	}
	return "", fmt.Errorf("ImageNotFoundException: there is no image with the tag %s in repository %s", tag, r.url)
}

package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

// ImageOptions say which images of a stack to build or test.
type ImageOptions struct {
	// Services are names of services. None means all.
	Services []string
	// Platform is what to build for, one of Platforms. Empty means the architecture of each service.
	Platform string
	// OnProgress is called with each line that a build prints, and with each step of a test. May be nil.
	OnProgress func(service, line string)
}

// Platforms lists the platforms that images can be built for.
var Platforms = []string{"linux/amd64", "linux/arm64"}

// BuildImages builds the images of a stack's services with the Docker engine of this machine, as a deployment does. It
// needs no Pulumi engine and no target. A wrong option gives an *InputError, wrong configuration a *config.Error, no
// Docker engine an *images.EngineError, and an image that cannot be built an *images.FailedError.
func BuildImages(ctx context.Context, o Options, which ImageOptions) ([]images.Result, error) {
	options, err := imagesOf(o, which)
	if err != nil {
		return nil, err
	}
	return ended(ctx, images.Build, options)
}

// TestImages builds the images of a stack's services, runs a container of each as its task definition says, and sends
// it the service's smoke requests. Its errors are those of BuildImages; an *images.FailedError also says that a
// container failed its test. Containers and volumes are removed, also when ctx is cancelled.
func TestImages(ctx context.Context, o Options, which ImageOptions) ([]images.Result, error) {
	options, err := imagesOf(o, which)
	if err != nil {
		return nil, err
	}
	return ended(ctx, images.Test, options)
}

// TestChangedImages does what TestImages does for the images that the stack has not deployed: those whose content tag
// is not among its outputs. Without any it needs no Docker engine.
func (l *Lab) TestChangedImages(ctx context.Context, which ImageOptions) ([]images.Result, error) {
	if l.account != nil {
		if err := l.account.require(ctx); err != nil {
			return nil, err
		}
	}
	options, err := l.imagesOf(which)
	if err != nil {
		return nil, err
	}
	outputs, err := l.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	deployed, _ := outputs["images"].Value.(map[string]any)
	if options.Services, err = changedServices(options, deployed); err != nil || len(options.Services) == 0 {
		return nil, err
	}
	if l.account != nil {
		if err := l.requireImageStore(ctx); err != nil {
			return nil, err
		}
	}
	return ended(ctx, images.Test, options)
}

// changedServices returns the services whose image is built from other content than the deployed one.
func changedServices(options images.Options, deployed map[string]any) ([]config.Service, error) {
	var changed []config.Service
	for _, s := range options.Services {
		if s.Image.Context == "" {
			continue
		}
		tag, err := s.Image.ImageArgs(options.Root, s.Architecture).ContentTag()
		if err != nil {
			return nil, fmt.Errorf("reading what the image of service %s is built from: %w", s.Name, err)
		}
		if reference, _ := deployed[s.Name].(string); !strings.HasSuffix(reference, ":"+tag) {
			changed = append(changed, s)
		}
	}
	return changed, nil
}

func ended(
	ctx context.Context,
	do func(context.Context, images.Options) ([]images.Result, error),
	options images.Options,
) ([]images.Result, error) {
	results, err := do(ctx, options)
	return results, orCancelled(ctx, err)
}

// imagesOf reads the stack's configuration.
func imagesOf(o Options, which ImageOptions) (images.Options, error) {
	o, project, err := checkOptions(o)
	if err != nil {
		return images.Options{}, err
	}
	l := &Lab{options: o, project: project}
	if l.settings, err = newSettings(string(project.Name), o); err != nil {
		return images.Options{}, err
	}
	if l.settings.text == nil {
		return images.Options{}, unconfigured(o)
	}
	return l.imagesOf(which)
}

func (l *Lab) imagesOf(which ImageOptions) (images.Options, error) {
	if which.Platform != "" && !slices.Contains(Platforms, which.Platform) {
		return images.Options{}, &InputError{"platform", which.Platform, strings.Join(Platforms, " or ")}
	}
	project := string(l.project.Name)
	configured, err := l.settings.load(project, l.options.ProjectDir)
	if err != nil {
		return images.Options{}, err
	}
	services, err := servicesNamed(configured.Services, which.Services)
	return images.Options{
		Root:       l.options.ProjectDir,
		Prefix:     names.New(project, l.options.Stack, "").Prefix(),
		Region:     configured.Region,
		Services:   services,
		Platform:   which.Platform,
		OnProgress: which.OnProgress,
	}, err
}

// servicesNamed returns the services with the names, or all for no name.
func servicesNamed(services []config.Service, wanted []string) ([]config.Service, error) {
	if len(wanted) == 0 {
		return services, nil
	}
	var known []string
	for _, s := range services {
		known = append(known, s.Name)
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, &InputError{"service", name, "one of " + strings.Join(known, ", ")}
		}
	}
	return slices.DeleteFunc(services, func(s config.Service) bool { return !slices.Contains(wanted, s.Name) }), nil
}

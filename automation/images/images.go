// Package images builds the container images of a stack's services with the Docker engine of this machine, and tests
// each container before it goes to AWS (step 2 of the lab). A container runs as its task definition says: with the same
// user, limits, volumes, environment and health check, and with a read-only root file system.
package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/awslab/awslab/infra/config"
)

// Options say which images to build or test.
type Options struct {
	// Root is the folder of Pulumi.yaml, below which the build contexts are.
	Root string
	// Prefix begins the names of the images in the Docker engine. A name goes on with the service and the content tag.
	Prefix string
	// Region is the AWS region that containers are told.
	Region string
	// Services are built and tested in their order.
	Services []config.Service
	// Platform is what to build for, linux/amd64 or linux/arm64. Empty means the architecture of each service.
	Platform string
	// OnProgress is called with each line that a build prints, and with each step of a test. May be nil.
	OnProgress func(service, line string)

	// settle is how long a container is watched after it was healthy. 0 means settleTime.
	settle time.Duration
}

// Outcome is what became of an image.
type Outcome string

const (
	// Built says that the image was built and not run.
	Built Outcome = "built"
	// Passed says that the container passed its test.
	Passed Outcome = "passed"
	// Failed says that the image could not be built, or that the container failed its test.
	Failed Outcome = "failed"
	// Skipped says that there was nothing to build or run.
	Skipped Outcome = "skipped"
)

// Result is what became of the image of a service. Durations are in nanoseconds, and 0 for what was not done.
type Result struct {
	Service string `json:"service"`
	// Image is the image's name in the Docker engine.
	Image string `json:"image"`
	// Platform is what the image is for, such as linux/amd64.
	Platform string `json:"platform,omitempty"`
	// ID is the digest of the image's configuration.
	ID string `json:"id,omitempty"`
	// Size is that of all layers, in bytes.
	Size      int64         `json:"size,omitempty"`
	Layers    int           `json:"layers,omitempty"`
	BuildTime time.Duration `json:"buildTime,omitempty"`
	// StartTime is the time until the container was healthy, StopTime the time from SIGTERM until it had exited.
	StartTime time.Duration `json:"startTime,omitempty"`
	StopTime  time.Duration `json:"stopTime,omitempty"`
	// Findings are nil if the image was not scanned, and Unscanned says why.
	Findings  *Findings `json:"findings,omitempty"`
	Unscanned string    `json:"unscanned,omitempty"`
	// Unset are the environment variables that the container has on AWS only, because their values follow from access
	// and secrets, or are encrypted in the stack's configuration, and testEnvironment has none.
	Unset   []string `json:"unset,omitempty"`
	Outcome Outcome  `json:"outcome"`
	// Reason says why an image was skipped, or was built and not run.
	Reason string `json:"reason,omitempty"`
	// Failure is nil unless Outcome is Failed.
	Failure *Failure `json:"failure,omitempty"`
}

// Build builds the image of every service that has a build context. An image that cannot be built does not keep the
// others from being built: they have results too, and the error is a *FailedError. Without a Docker engine the error is
// an *EngineError.
func Build(ctx context.Context, options Options) ([]Result, error) {
	return options.each(ctx, options.build)
}

// Test builds the image of every service that has a build context, scans it if a scanner is installed, and runs each
// that is for the platform of the Docker engine. An existing image is tested if it is on this machine. Containers and
// volumes are removed, also when ctx ends. The errors are those of [Build].
func Test(ctx context.Context, options Options) ([]Result, error) {
	return options.each(ctx, options.test)
}

// each does one thing with every service. It ends early when ctx ends, and when there is no engine.
func (o Options) each(
	ctx context.Context,
	do func(context.Context, docker, config.Service, *Result) error,
) ([]Result, error) {
	engine, err := openDocker(ctx)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, s := range o.Services {
		result := Result{Service: s.Name}
		err := do(ctx, engine, s, &result)
		var noEngine *EngineError
		if ctx.Err() != nil || errors.As(err, &noEngine) {
			return results, errors.Join(err, ctx.Err())
		}
		if err != nil {
			if gone := engine.gone(ctx, s.Name, err); gone != nil {
				return results, cmp.Or(ctx.Err(), gone)
			}
		}
		result.fail(err)
		results = append(results, result)
	}
	return results, failed(results)
}

// fail records why an image failed; a nil error means that it did not.
func (r *Result) fail(err error) {
	if err == nil {
		return
	}
	r.Outcome = Failed
	if !errors.As(err, &r.Failure) {
		r.Failure = &Failure{Kind: EngineFailed, Message: err.Error()}
	}
	r.Failure.unset(r.Unset)
}

// progress reports a step of a service.
func (o Options) progress(s config.Service, format string, args ...any) {
	if o.OnProgress != nil {
		o.OnProgress(s.Name, fmt.Sprintf(format, args...))
	}
}

// build builds the image of a service, unless the service has an existing one.
func (o Options) build(ctx context.Context, engine docker, s config.Service, result *Result) error {
	if s.Image.Context == "" {
		result.Image, result.Outcome = s.Image.URI, Skipped
		result.Reason = "not built: image.uri names an existing image"
		return nil
	}
	b, err := o.newBuild(ctx, s)
	if err != nil {
		return err
	}
	result.Image, result.Platform = b.image, b.platform
	began := time.Now()
	if err := b.run(ctx, engine, func(line string) { o.progress(s, "%s", line) }); err != nil {
		return err
	}
	result.BuildTime, result.Outcome = time.Since(began), Built
	return result.describe(ctx, engine)
}

// describe reads what the engine knows of the image.
func (r *Result) describe(ctx context.Context, engine docker) error {
	image, err := engine.inspectImage(ctx, r.Image)
	if err != nil {
		return err
	}
	r.Platform, r.ID, r.Size, r.Layers = image.platform(), image.ID, image.Size, len(image.RootFS.Layers)
	return nil
}

// test builds the image of a service and tests its container.
func (o Options) test(ctx context.Context, engine docker, s config.Service, result *Result) error {
	if err := o.build(ctx, engine, s, result); err != nil {
		return err
	}
	if result.Outcome == Skipped {
		if result.describe(ctx, engine) != nil {
			result.Reason = fmt.Sprintf("not tested: the image is not on this machine; run docker pull %s", s.Image.URI)
			return nil
		}
		result.Reason = ""
	}
	result.scan(ctx, func(format string, args ...any) { o.progress(s, format, args...) })
	if err := refuse(ctx, engine, s, result); err != nil {
		return err
	}
	if result.Platform != engine.platform {
		result.Reason = fmt.Sprintf("built, not run: no emulation of %s on %s", result.Platform, engine.platform)
		return nil
	}
	return o.check(ctx, engine, s, result)
}

// refuse refuses an image that starts nothing, and one that was built here and runs as root by itself. ECS runs it as
// another user, but what else starts the image does not.
func refuse(ctx context.Context, engine docker, s config.Service, result *Result) error {
	inspected, err := engine.inspectImage(ctx, result.Image)
	if err != nil {
		return err
	}
	user, _, _ := strings.Cut(inspected.Config.User, ":")
	switch {
	case result.Outcome == Built && (user == "" || user == "root" || strings.Trim(user, "0") == ""):
		return runsAsRoot(s, inspected.Config.User)
	case len(inspected.Config.Entrypoint) == 0 && len(inspected.Config.Cmd) == 0:
		return startsNothing()
	}
	return nil
}

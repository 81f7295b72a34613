package images

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/internal/buildfailure"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/infra/config"
)

// build is the build of one image, with what the deployment builds it from.
type build struct {
	args images.ImageArgs
	// dockerfile is the path below the folder of Pulumi.yaml, for messages.
	dockerfile      string
	image, platform string
}

func (o Options) newBuild(ctx context.Context, s config.Service) (*build, error) {
	for _, name := range slices.Sorted(maps.Keys(s.Image.Args)) {
		if s.Image.Args[name] == config.Encrypted {
			return nil, encryptedArgument(name)
		}
	}
	architecture := s.Architecture
	if o.Platform != "" {
		architecture = strings.TrimPrefix(o.Platform, "linux/")
	}
	args := *s.Image.ImageArgs(o.Root, architecture)
	tag, err := args.ContentTag()
	if err != nil {
		return nil, fmt.Errorf("reading what the image of service %s is built from: %w", s.Name, err)
	}
	args.Source = images.SourceOf(ctx, args.Context)
	return &build{
		args:       args,
		dockerfile: filepath.Join(s.Image.Context, s.Image.Dockerfile),
		image:      o.Prefix + "-" + s.Name + ":" + tag,
		platform:   "linux/" + architecture,
	}, nil
}

// run builds the image. Its error is a *Failure where the Dockerfile or the network is the cause.
func (b *build) run(ctx context.Context, engine docker, progress func(string)) error {
	var printed []string
	err := engine.stream(ctx, func(line string) {
		if !meaningless.MatchString(line) {
			printed = append(printed, line)
			progress(line)
		}
	}, b.arguments()...)
	if err == nil || ctx.Err() != nil {
		return err
	}
	text := strings.Join(printed, "\n")
	if strings.Contains(text, "buildx component is missing") {
		return &EngineError{"the docker command " + engine.path + " has no BuildKit; install its buildx component, " +
			"https://docs.docker.com/go/buildx/, or put another docker command first on PATH"}
	}
	return &Failure{
		Kind: BuildFailed,
		Log:  printed[max(0, len(printed)-lastLines):],
		Message: buildfailure.Describe(
			b.dockerfile, b.path(), buildfailure.Step(text), buildfailure.NoNetwork(text)),
	}
}

// meaningless matches empty lines, and the digests of BuildKit's steps: "#8 sha256:a356476e5a28".
var meaningless = regexp.MustCompile(`^(#\d+ sha256:[0-9a-f]+)?\s*$`)

func (b *build) path() string { return filepath.Join(b.args.Context, b.args.Dockerfile) }

func (b *build) arguments() []string {
	arguments := []string{
		"build",
		"--progress", "plain",
		"--platform", b.platform,
		"--file", b.path(),
		"--tag", b.image,
	}
	if b.args.Target != "" {
		arguments = append(arguments, "--target", b.args.Target)
	}
	values := b.args.BuildArgs()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		arguments = append(arguments, "--build-arg", name+"="+values[name])
	}
	return append(arguments, b.args.Context)
}

package images

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

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
	return b.failure(text, printed[max(0, len(printed)-lastLines):])
}

// meaningless matches empty lines, and the digests of BuildKit's steps: "#8 sha256:a356476e5a28".
var meaningless = regexp.MustCompile(`^(#\d+ sha256:[0-9a-f]+)?\s*$`)

func (b *build) arguments() []string {
	arguments := []string{
		"build",
		"--progress", "plain",
		"--platform", b.platform,
		"--file", filepath.Join(b.args.Context, b.args.Dockerfile),
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

var (
	// failedStep matches BuildKit's heading of the output of the step that failed: " > [build 4/8] RUN go build:".
	failedStep = regexp.MustCompile(`(?m)^ > \[(internal)?[^\]]*\] (.+?):?$`)
	// noNetwork matches how Go, curl and package managers report that they reach no server.
	noNetwork = regexp.MustCompile(`(?i)dial tcp|i/o timeout|no such host|could not resolve|` +
		`temporary failure (in name resolution|resolving)|network is unreachable|connection (refused|timed out)|` +
		`TLS handshake timeout|certificate signed by unknown authority|failed to connect to`)
)

// failure explains a build that failed from what it printed.
func (b *build) failure(text string, last []string) *Failure {
	where := ""
	if step := failedStep.FindStringSubmatch(text); step != nil {
		where = " at " + step[2]
		if line := b.lineOf(step[2]); line > 0 {
			where = fmt.Sprintf(" at line %d, %s", line, step[2])
		}
	}
	next := "correct the Dockerfile or what it copies"
	if noNetwork.MatchString(text) {
		next = "a server could not be reached: check the network, or name mirrors in images.args, such " +
			"as BUILD_IMAGE for the base image and GOPROXY for Go modules"
	}
	return &Failure{
		Kind:    BuildFailed,
		Log:     last,
		Message: fmt.Sprintf("building %s failed%s; %s", b.dockerfile, where, next),
	}
}

// lineOf returns the number of the line in the Dockerfile at which an instruction begins, and 0 if it is not found:
// BuildKit prints the instruction with continued lines joined and most variables replaced.
func (b *build) lineOf(instruction string) int {
	text, err := os.ReadFile(filepath.Join(b.args.Context, b.args.Dockerfile))
	if err != nil {
		return 0
	}
	instruction = strings.Join(strings.Fields(instruction), " ")
	for i, line := range strings.Split(string(text), "\n") {
		first := strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(line), `\`)), " ")
		if strings.Contains(first, " ") && strings.HasPrefix(instruction, first) {
			return i + 1
		}
	}
	return 0
}

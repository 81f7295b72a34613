package docker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/distribution/reference"
	buildtypes "github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/automation/internal/buildfailure"
)

// unavailable is a reason why an image cannot be built here that says nothing against the image.
type unavailable struct {
	reason    string
	hasEngine bool
}

func (u unavailable) Error() string { return u.reason }

// commandFailed is how the builders say that a command in the Dockerfile failed, whatever it was about.
var commandFailed = regexp.MustCompile(`did not complete successfully|executor failed running|returned a non-zero code`)

// builder builds and pushes with a Docker Engine.
type builder struct {
	client   *client.Client
	registry *localRegistry
}

// pingTimeout is for how long an engine may take to answer that it is there.
const pingTimeout = 3 * time.Second

// connect returns a builder with the Docker Engine at host, or at DOCKER_HOST, or at its usual place. The error is
// unavailable when none answers.
func connect(ctx context.Context, host string, registry *localRegistry) (*builder, error) {
	options := []client.Opt{client.FromEnv}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	c, err := client.New(options...)
	if err != nil {
		return nil, fmt.Errorf("configuring the connection to the Docker Engine: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if _, err := c.Ping(ctx, client.PingOptions{}); err != nil {
		return nil, errors.Join(unavailable{reason: "no Docker Engine answers at " + c.DaemonHost()}, c.Close())
	}
	return &builder{client: c, registry: registry}, nil
}

// Answers reports whether there is a Docker Engine at DOCKER_HOST, or at its usual place.
func Answers(ctx context.Context) bool {
	engine, err := connect(ctx, "", nil)
	return err == nil && engine.close() == nil
}

func (b *builder) close() error { return b.client.Close() }

// build builds the image, tags it with its name and returns its id.
func (b *builder) build(ctx context.Context, i *image) (id string, err error) {
	context, err := openContext(i.build.context, i.build.dockerfile)
	if err != nil {
		return "", err
	}
	reader, writer := io.Pipe()
	go func() { _ = writer.CloseWithError(context.writeTar(writer)) }()
	defer reader.Close()

	args := map[string]*string{}
	for name, v := range i.build.args {
		args[name] = &v
	}
	options := client.ImageBuildOptions{
		Version:     buildtypes.BuilderBuildKit,
		Dockerfile:  context.name,
		Tags:        []string{i.name.String()},
		BuildArgs:   args,
		Target:      i.build.target,
		Platforms:   []ocispec.Platform{i.build.forPlatform()},
		NetworkMode: i.build.network,
		CacheFrom:   i.build.cacheFrom,
		ExtraHosts:  i.build.addHosts,
		Remove:      true,
	}
	if i.build.classic {
		options.Version = buildtypes.BuilderV1
	} else {
		session, end, err := openSession(ctx, b.client)
		if err != nil {
			return "", err
		}
		defer end()
		options.SessionID = session
	}
	response, err := b.client.ImageBuild(ctx, reader, options)
	if err != nil {
		return "", fmt.Errorf("building %s: %w", i.given, err)
	}
	defer response.Body.Close()
	var reported trace
	output, err := follow(response.Body, reported.add)
	if err != nil {
		return "", buildFailure(i, reported.failed, output+reported.output.String(), err)
	}
	inspected, err := b.client.ImageInspect(ctx, i.name.String())
	if err != nil {
		return "", fmt.Errorf("looking at the image %s: %w", i.given, err)
	}
	return inspected.ID, nil
}

// forPlatform returns the platform, which is one of platforms.
func (b build) forPlatform() ocispec.Platform {
	parts := append(strings.Split(b.platform, "/"), "")
	return ocispec.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
}

// buildFailure says why a build failed, at which step if the builder told.
func buildFailure(i *image, step, output string, err error) error {
	cause := err.Error()
	if commandFailed.MatchString(cause) {
		cause = output
	}
	noNetwork := buildfailure.NoNetwork(cause)
	dockerfile := i.build.dockerfile
	message := buildfailure.Describe(dockerfile, dockerfile, cmp.Or(step, buildfailure.Step(output)), noNetwork)
	if noNetwork {
		return unavailable{i.redact(message + lastLines(cause)), true}
	}
	again := "docker build"
	if i.build.target != "" {
		again += " --target " + i.build.target
	}
	return fmt.Errorf("%s: %s\nthe whole output: %s --file %s %s", i.given,
		i.redact(message+": "+err.Error()+lastLines(output)), again, dockerfile, i.build.context)
}

// lastLines are as many lines of a build's output as help to see what failed.
func lastLines(output string) string {
	const shown = 20
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "\n" + strings.Join(lines[max(0, len(lines)-shown):], "\n")
}

// removeOptions untag an image, and remove it when that was its last tag.
var removeOptions = client.ImageRemoveOptions{PruneChildren: true}

// push pushes the built image to the offline target's registry and returns the digest of its manifest and the size of
// its layers in bytes. The registry that the image is named after is not contacted.
func (b *builder) push(ctx context.Context, i *image) (digest string, size int64, err error) {
	address, err := b.registry.start()
	if err != nil {
		return "", 0, err
	}
	local := address + "/" + reference.Path(i.name) + ":" + i.tag()
	tag := client.ImageTagOptions{Source: i.name.String(), Target: local}
	if _, err := b.client.ImageTag(ctx, tag); err != nil {
		return "", 0, fmt.Errorf("tagging %s as %s: %w", i.given, local, err)
	}
	defer func() {
		_, removeErr := b.client.ImageRemove(context.WithoutCancel(ctx), local, removeOptions)
		if err == nil && removeErr != nil {
			err = fmt.Errorf("removing the tag %s: %w", local, removeErr)
		}
	}()
	// The engine insists on credentials; the registry does not look at them.
	stream, err := b.client.ImagePush(ctx, local, client.ImagePushOptions{RegistryAuth: "e30="})
	if err != nil {
		return "", 0, fmt.Errorf("pushing %s: %w", i.given, err)
	}
	defer stream.Close()
	_, err = follow(stream, func(aux json.RawMessage) {
		var result struct{ Digest string }
		if json.Unmarshal(aux, &result) == nil && result.Digest != "" {
			digest = result.Digest
		}
	})
	switch {
	case err != nil && buildfailure.NoNetwork(err.Error()):
		return "", 0, unavailable{
			fmt.Sprintf(
				"the Docker Engine does not reach the registry at %s on this machine's loopback (%v)",
				address,
				err,
			),
			true,
		}
	case err != nil:
		return "", 0, fmt.Errorf("pushing %s to the offline target's registry: %w", i.given, err)
	case digest == "":
		return "", 0, fmt.Errorf("pushing %s: the Docker Engine reported no digest", i.given)
	}
	inspected, err := b.client.ImageInspect(ctx, i.name.String())
	if err != nil {
		return "", 0, fmt.Errorf("looking at the image %s: %w", i.given, err)
	}
	return digest, inspected.Size, nil
}

// follow reads the engine's report to its end, or to its error, and returns what a build printed.
func follow(report io.Reader, aux func(json.RawMessage)) (string, error) {
	var output bytes.Buffer
	decoder := json.NewDecoder(report)
	for {
		var message struct {
			Stream string          `json:"stream"`
			Error  string          `json:"error"`
			Aux    json.RawMessage `json:"aux"`
		}
		switch err := decoder.Decode(&message); {
		case errors.Is(err, io.EOF):
			return output.String(), nil
		case err != nil:
			return output.String(), fmt.Errorf("reading the Docker Engine's report: %w", err)
		case message.Error != "":
			return output.String(), errors.New(message.Error)
		}
		output.WriteString(message.Stream)
		if message.Aux != nil {
			aux(message.Aux)
		}
	}
}

// engineHost is where the Docker Engine is by the provider's configuration; the empty text leaves it to the client.
func engineHost(config *structpb.Struct) string {
	if host := config.GetFields()["host"].GetStringValue(); host != "" {
		return host
	}
	return os.Getenv("DOCKER_HOST")
}

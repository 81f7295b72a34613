package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// image is what the inputs of docker:index/image:Image ask for.
type image struct {
	name      reference.Named
	given     string
	skipPush  bool
	onPreview bool
	server    string
	build     build
	// secrets are the values that must not be shown: the registry's password, and what the program marked.
	secrets []string
}

type build struct {
	context    string
	dockerfile string
	digest     string
	args       map[string]string
	target     string
	platform   string
	network    string
	// cacheFrom has no image of ECR, which a builder would ask for it.
	cacheFrom []string
	addHosts  []string
	// classic asks for the builder before BuildKit.
	classic bool
}

// refusal is a reason why inputs cannot be accepted, with the property it is in.
type refusal struct {
	path, reason string
}

// An image can be built for these alone: they are what the offline target's users run, and what AWS Fargate runs.
var platforms = regexp.MustCompile(`^linux/(amd64|arm64)(/v8)?$`)

const (
	classicBuilder = "BuilderV1"
	buildKit       = "BuilderBuildKit"
)

var builders = []string{classicBuilder, buildKit}

// hostPlatform returns what is built for when the program does not say.
func hostPlatform() string { return "linux/" + runtime.GOARCH }

// check completes inputs of the right types as the real provider does and refuses what could not be built.
// platformGiven is false when the platform was not given, which the real provider remarks upon.
func check(inputs resource.PropertyMap) (checked resource.PropertyMap, platformGiven bool, refusals []refusal) {
	checked = inputs.Copy()
	refuse := func(path, reason string, args ...any) {
		refusals = append(refusals, refusal{path, fmt.Sprintf(reason, args...)})
	}
	if _, given := checked["buildOnPreview"]; !given {
		checked["buildOnPreview"] = resource.NewProperty(false)
	}
	checkName(checked, refuse)
	if plain(checked["build"]).IsComputed() {
		return checked, true, refusals
	}
	b := resource.PropertyMap{}
	if v := plain(checked["build"]); v.IsObject() {
		b = v.ObjectValue().Copy()
	}
	rewrap := checked["build"].IsSecret()
	if plain(b["context"]).IsNull() {
		b["context"] = resource.NewProperty(".")
	}
	context := plain(b["context"])
	if plain(b["dockerfile"]).IsNull() && context.IsString() {
		b["dockerfile"] = resource.NewProperty(filepath.ToSlash(filepath.Join(context.StringValue(), "Dockerfile")))
	}
	if dockerfile := plain(b["dockerfile"]); context.IsString() && dockerfile.IsString() {
		digest := checkContext(context.StringValue(), dockerfile.StringValue(), text(b["target"]), refuse)
		if digest != "" {
			b["contextDigest"] = resource.NewProperty(digest)
		}
	}
	if builder := plain(b["builderVersion"]); builder.IsString() && !slices.Contains(builders, builder.StringValue()) {
		refuse("build.builderVersion", "%q is none of %s", builder.StringValue(), strings.Join(builders, " and "))
	}
	platform := plain(b["platform"])
	platformGiven = !platform.IsNull()
	switch {
	case !platformGiven:
		b["platform"] = resource.NewProperty(hostPlatform())
	case platform.IsString() && !platforms.MatchString(platform.StringValue()):
		refuse("build.platform", "%q is none of linux/amd64 and linux/arm64", platform.StringValue())
	}
	checked["build"] = resource.NewProperty(b)
	if rewrap {
		checked["build"] = resource.MakeSecret(checked["build"])
	}
	return checked, platformGiven, refusals
}

func checkName(inputs resource.PropertyMap, refuse func(string, string, ...any)) {
	name := plain(inputs["imageName"])
	if name.IsString() {
		if _, err := reference.ParseNormalizedNamed(name.StringValue()); err != nil {
			refuse("imageName", "%q is not an image name: %v", name.StringValue(), err)
		}
	}
}

// checkContext returns the digest of the context, or refuses what makes it unreadable.
func checkContext(dir, dockerfile, target string, refuse func(string, string, ...any)) string {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		refuse("build.context", "the folder %s cannot be read: %v", dir, errors.Unwrap(err))
		return ""
	case !info.IsDir():
		refuse("build.context", "%s is not a folder", dir)
		return ""
	}
	c, err := openContext(dir, dockerfile)
	if errors.Is(err, fs.ErrNotExist) {
		hint := ""
		within := filepath.Join(dir, dockerfile)
		if _, err := os.Stat(within); err == nil && !filepath.IsAbs(dockerfile) {
			hint = fmt.Sprintf(`; the path is not relative to the context: try "%s"`, within)
		}
		refuse("build.dockerfile", "there is no %s%s", dockerfile, hint)
		return ""
	}
	if err != nil {
		refuse("build.dockerfile", "%v", err)
		return ""
	}
	if err := checkDockerfile(c.dockerfile, target); err != nil {
		path := "build.dockerfile"
		if target != "" && strings.Contains(err.Error(), "stage named") {
			path = "build.target"
		}
		refuse(path, "%s is not a Dockerfile to build from: %v", dockerfile, err)
		return ""
	}
	digest, err := c.digest()
	if err != nil {
		refuse("build.context", "%v", err)
	}
	return digest
}

// newImage reads checked inputs, of which all are known.
func newImage(inputs resource.PropertyMap) (*image, error) {
	given := text(inputs["imageName"])
	name, err := reference.ParseNormalizedNamed(given)
	if err != nil {
		return nil, fmt.Errorf("imageName: %q is not an image name: %w", given, err)
	}
	registry := object(inputs["registry"])
	b := object(inputs["build"])
	i := &image{
		name:      reference.TagNameOnly(name),
		given:     given,
		skipPush:  boolean(inputs["skipPush"]),
		onPreview: boolean(inputs["buildOnPreview"]),
		server:    text(registry["server"]),
		build: build{
			context:    text(b["context"]),
			dockerfile: text(b["dockerfile"]),
			digest:     text(b["contextDigest"]),
			args:       map[string]string{},
			target:     text(b["target"]),
			platform:   text(b["platform"]),
			network:    text(b["network"]),
			cacheFrom:  slices.DeleteFunc(list(object(b["cacheFrom"])["images"]), inECR),
			addHosts:   list(b["addHosts"]),
			classic:    text(b["builderVersion"]) == classicBuilder,
		},
	}
	for name, v := range object(b["args"]) {
		i.build.args[string(name)] = text(v)
	}
	i.secrets = secretsOf(resource.NewProperty(inputs), false)
	if password := text(registry["password"]); password != "" {
		i.secrets = append(i.secrets, password)
	}
	return i, nil
}

func (i *image) tag() string {
	if tagged, ok := i.name.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return ""
}

// withDigest returns how an image is named for good: <repository>@sha256:...
func (i *image) withDigest(digest string) string {
	return i.name.Name() + "@" + digest
}

// redact takes the secrets out of a text.
func (i *image) redact(text string) string {
	for _, secret := range i.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	return text
}

// secretsOf collects the texts that are marked secret.
func secretsOf(v resource.PropertyValue, inSecret bool) []string {
	var secrets []string
	switch {
	case v.IsSecret():
		return secretsOf(v.SecretValue().Element, true)
	case v.IsOutput():
		return secretsOf(v.OutputValue().Element, inSecret || v.OutputValue().Secret)
	case v.IsObject():
		for _, element := range v.ObjectValue() {
			secrets = append(secrets, secretsOf(element, inSecret)...)
		}
	case v.IsArray():
		for _, element := range v.ArrayValue() {
			secrets = append(secrets, secretsOf(element, inSecret)...)
		}
	case inSecret && v.IsString() && v.StringValue() != "":
		secrets = append(secrets, v.StringValue())
	}
	return secrets
}

// plain looks through secrets and known outputs; a value that is not known is computed.
func plain(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return plain(v.SecretValue().Element)
	case v.IsOutput() && !v.OutputValue().Known:
		return resource.MakeComputed(resource.NewProperty(""))
	case v.IsOutput():
		return plain(v.OutputValue().Element)
	default:
		return v
	}
}

func text(v resource.PropertyValue) string {
	if v = plain(v); v.IsString() {
		return v.StringValue()
	}
	return ""
}

func boolean(v resource.PropertyValue) bool {
	v = plain(v)
	return v.IsBool() && v.BoolValue()
}

func object(v resource.PropertyValue) resource.PropertyMap {
	if v = plain(v); v.IsObject() {
		return v.ObjectValue()
	}
	return nil
}

func list(v resource.PropertyValue) []string {
	var items []string
	if v = plain(v); v.IsArray() {
		for _, item := range v.ArrayValue() {
			items = append(items, text(item))
		}
	}
	return items
}

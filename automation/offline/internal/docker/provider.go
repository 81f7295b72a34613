// Package docker stands in for the Pulumi Docker provider. It models docker:index/image:Image: where a Docker Engine
// answers, the image is really built from its context and really pushed, to a registry on loopback in the place of the
// one it is named after; where none answers, nothing is built and the run says so. Either way repoDigest follows from
// what goes into the image alone, so an unchanged image gives an unchanged deployment.
package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

const (
	imageType             = "docker:index/image:Image"
	registryImageFunction = "docker:index/getRegistryImage:getRegistryImage"
)

// Log shows a message in the engine's output, under the resource with the URN.
type Log func(ctx context.Context, severity pulumirpc.LogSeverity, urn, message string) error

// Provider implements pulumirpc.ResourceProviderServer for the package docker.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	world    *world.World
	log      Log
	schema   *schema.Package
	registry *localRegistry
	// host is where the Docker Engine is, empty for where it usually is.
	host string
	// online reports whether there is a network to build with.
	online func(context.Context) bool
}

// New returns the stand-in over a world.
func New(w *world.World, log Log) (*Provider, error) {
	pkg, err := schema.Docker()
	if err != nil {
		return nil, err
	}
	return &Provider{world: w, log: log, schema: pkg, registry: newRegistry(w.Path()), online: isOnline}, nil
}

// Handshake implements pulumirpc.ResourceProviderServer.
func (p *Provider) Handshake(
	context.Context,
	*pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true}, nil
}

// GetPluginInfo implements pulumirpc.ResourceProviderServer.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.schema.Version}, nil
}

// GetSchema returns the package's name and version. Nothing at run time asks for more: SDKs are generated elsewhere.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	text, err := json.Marshal(map[string]string{"name": p.schema.Name, "version": p.schema.Version})
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return &pulumirpc.GetSchemaResponse{Schema: string(text)}, nil
}

// CheckConfig implements pulumirpc.ResourceProviderServer.
func (p *Provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: req.GetNews()}, nil
}

// DiffConfig implements pulumirpc.ResourceProviderServer. Another engine builds the same images, and is an update:
// Pulumi configures an unchanged provider as the run before did, and the SDK takes the host from DOCKER_HOST.
func (p *Provider) DiffConfig(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	if engineHost(req.GetOldInputs()) == engineHost(req.GetNews()) {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME, Diffs: []string{"host"}}, nil
}

// Configure implements pulumirpc.ResourceProviderServer.
func (p *Provider) Configure(_ context.Context, req *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	p.host = engineHost(req.GetArgs())
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true}, nil
}

// Cancel implements pulumirpc.ResourceProviderServer. The engine sends it at the end of every run.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Invoke answers getRegistryImage for images of the world's ECR repositories. Other registries are not asked.
func (p *Provider) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	if req.GetTok() != registryImageFunction {
		return nil, notModelled(req.GetTok())
	}
	args, err := plugin.UnmarshalProperties(req.GetArgs(), marshal)
	if err != nil {
		return nil, fmt.Errorf("reading the arguments: %w", err)
	}
	given := text(args["name"])
	name, err := reference.ParseNormalizedNamed(given)
	if err != nil {
		return nil, fmt.Errorf("name: %q is not an image name: %w", given, err)
	}
	i := image{name: reference.TagNameOnly(name), given: given}
	target := repositoryOf(i.name)
	if target == nil {
		return nil, fmt.Errorf("offline: %s is in no ECR repository; other registries are not asked", given)
	}
	digest, err := target.digestOf(ctx, p.world, i.tag())
	if err != nil {
		return nil, err
	}
	result, err := plugin.MarshalProperties(resource.PropertyMap{
		"id":           resource.NewProperty(digest),
		"name":         resource.NewProperty(given),
		"sha256Digest": resource.NewProperty(digest),
	}, marshal)
	if err != nil {
		return nil, fmt.Errorf("writing the result: %w", err)
	}
	return &pulumirpc.InvokeResponse{Return: result}, nil
}

func notModelled(token string) error {
	return status.Errorf(
		codes.Unimplemented,
		"offline: %s has no stand-in; of docker the offline target models %s and %s",
		token,
		imageType,
		registryImageFunction,
	)
}

// modelled tells the type of the resource with the URN, or that it has no stand-in.
func modelled(urn string) error {
	if typ := resource.URN(urn).Type().String(); typ != imageType {
		return notModelled(typ)
	}
	return nil
}

var marshal = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true}

// Check completes the inputs and refuses what could not be built; it adds the digest of the build context, by which a
// changed file shows as a change of the image.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if err := modelled(req.GetUrn()); err != nil {
		return nil, err
	}
	inputs, err := plugin.UnmarshalProperties(req.GetNews(), marshal)
	if err != nil {
		return nil, fmt.Errorf("reading the inputs: %w", err)
	}
	if failures := p.checkTypes(inputs); len(failures) > 0 {
		return &pulumirpc.CheckResponse{Inputs: req.GetNews(), Failures: failures}, nil
	}
	checked, platformGiven, refusals := check(inputs)
	if !platformGiven {
		if err := p.log(ctx, pulumirpc.LogSeverity_INFO, req.GetUrn(), fmt.Sprintf(
			"Building your image for %s architecture.\nTo ensure you are building for the correct platform, "+
				"consider explicitly setting "+
				"the `platform` field on ImageBuildOptions.", hostPlatform())); err != nil {
			return nil, err
		}
	}
	response := &pulumirpc.CheckResponse{}
	for _, r := range refusals {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: r.path, Reason: r.reason})
	}
	if response.Inputs, err = plugin.MarshalProperties(checked, marshal); err != nil {
		return nil, fmt.Errorf("writing the checked inputs: %w", err)
	}
	return response, nil
}

// checkTypes refuses inputs that the schema does not know or that have another type there.
func (p *Provider) checkTypes(inputs resource.PropertyMap) []*pulumirpc.CheckFailure {
	image, _ := p.schema.Resource(imageType)
	var failures []*pulumirpc.CheckFailure
	for _, f := range p.schema.CheckInputs(image.Inputs, inputs) {
		failures = append(failures, &pulumirpc.CheckFailure{Property: f.Path, Reason: f.Reason})
	}
	return failures
}

// Diff updates the image in place when anything that goes into it has changed, and when it could not be built before
// and can be now. New credentials are no change.
func (p *Provider) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	news, detailed, err := changes(req.GetOldInputs(), req.GetNews())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true}
	if len(detailed) == 0 {
		overdue, err := p.isOverdue(ctx, news, req.GetOlds())
		if overdue {
			response.Changes, response.Diffs = pulumirpc.DiffResponse_DIFF_SOME, []string{"repoDigest"}
			response.DetailedDiff = map[string]*pulumirpc.PropertyDiff{
				"repoDigest": {Kind: pulumirpc.PropertyDiff_UPDATE},
			}
		}
		return response, err
	}
	response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	response.DetailedDiff = map[string]*pulumirpc.PropertyDiff{}
	top := map[string]bool{}
	for path, change := range detailed {
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{
			Kind:      pulumirpc.PropertyDiff_Kind(change.Kind),
			InputDiff: true,
		}
		property, _, _ := strings.Cut(path, ".")
		if !top[property] {
			top[property] = true
			response.Diffs = append(response.Diffs, property)
		}
	}
	return response, nil
}

// changes returns the new inputs, and what changes the image in them.
func changes(oldInputs, newInputs *structpb.Struct) (resource.PropertyMap, map[string]plugin.PropertyDiff, error) {
	olds, err := plugin.UnmarshalProperties(oldInputs, marshal)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the old inputs: %w", err)
	}
	news, err := plugin.UnmarshalProperties(newInputs, marshal)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the new inputs: %w", err)
	}
	diff := withoutCredentials(olds).Diff(withoutCredentials(news))
	return news, plugin.NewDetailedDiffFromObjectDiff(diff, true), nil
}

// isOverdue reports whether the image could not be built, and there is now what it lacked: an engine, or for one that
// an engine could not build the network. With other arguments, such as mirrors, it is another image.
func (p *Provider) isOverdue(ctx context.Context, inputs resource.PropertyMap, state *structpb.Struct) (bool, error) {
	if inputs.ContainsUnknowns() {
		return false, nil
	}
	i, err := newImage(inputs)
	if err != nil {
		return false, err
	}
	target := repositoryOf(i.name)
	if target == nil || i.skipPush {
		return false, nil
	}
	lacking, err := target.unbuilt(ctx, p.world, i.tag())
	if lacking == "" || err != nil {
		return false, err
	}
	engine, err := connect(ctx, p.host, p.registry)
	if err != nil {
		return false, nil // as before: make says why
	}
	return !state.GetFields()[waitsForNetwork].GetBoolValue() || p.online(ctx), engine.close()
}

// waitsForNetwork is true in the state of an image that an engine could not build for want of a network.
const waitsForNetwork = "waitsForNetwork"

// registryLookup is for how long the name of the public registry may take to be resolved.
const registryLookup = time.Second

// isOnline reports whether the name of Docker's public registry is known here: what a build needs besides an engine is
// most likely there, too.
func isOnline(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, registryLookup)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, "registry-1.docker.io")
	return err == nil
}

func withoutCredentials(inputs resource.PropertyMap) resource.PropertyMap {
	registry := object(inputs["registry"])
	if registry == nil {
		return inputs
	}
	registry = registry.Copy()
	delete(registry, "username")
	delete(registry, "password")
	inputs = inputs.Copy()
	inputs["registry"] = resource.NewProperty(registry)
	return inputs
}

// Create builds and pushes the image.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if err := modelled(req.GetUrn()); err != nil {
		return nil, err
	}
	if !req.GetPreview() {
		if err := p.injectFault(ctx, world.Create, req.GetUrn()); err != nil {
			return nil, err
		}
	}
	id, properties, err := p.apply(ctx, req.GetUrn(), req.GetProperties(), req.GetPreview(), "")
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: properties}, nil
}

// Update builds and pushes the image again. One that still cannot be built keeps the digest that was made up for it,
// since its tag may be immutable.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	if !req.GetPreview() {
		if err := p.injectFault(ctx, world.Update, req.GetUrn()); err != nil {
			return nil, err
		}
	}
	_, detailed, err := changes(req.GetOldInputs(), req.GetNews())
	if err != nil {
		return nil, err
	}
	kept := ""
	if len(detailed) == 0 {
		_, kept, _ = strings.Cut(req.GetOlds().GetFields()["repoDigest"].GetStringValue(), "@")
	}
	_, properties, err := p.apply(ctx, req.GetUrn(), req.GetNews(), req.GetPreview(), kept)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.UpdateResponse{Properties: properties}, nil
}

// Read returns the state as it is: the real provider does not look at the registry either.
func (p *Provider) Read(_ context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: req.GetId(), Inputs: req.GetInputs(), Properties: req.GetProperties()}, nil
}

// Delete leaves the image where it is, as the real provider does.
func (p *Provider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// injectFault lets a requested fault strike.
func (p *Provider) injectFault(ctx context.Context, operation world.Operation, urn string) error {
	fault, err := p.world.TakeFault(ctx, operation, urn)
	if fault == nil || err != nil {
		return err
	}
	timer := time.NewTimer(fault.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if fault.Code == "" {
		return nil
	}
	return fmt.Errorf("%s: %s", fault.Code, fault.Message)
}

// apply builds the image and returns its id and outputs. In preview it does so only when the program asks for it, and
// then without a push; the digest is unknown otherwise. An image that cannot be built has the digest unbuilt, or one
// that is made up if that is empty.
func (p *Provider) apply(
	ctx context.Context,
	urn string,
	properties *structpb.Struct,
	preview bool,
	unbuilt string,
) (string, *structpb.Struct, error) {
	inputs, err := plugin.UnmarshalProperties(properties, marshal)
	if err != nil {
		return "", nil, fmt.Errorf("reading the inputs: %w", err)
	}
	if preview && (!boolean(inputs["buildOnPreview"]) || inputs.ContainsUnknowns()) {
		inputs["repoDigest"] = resource.MakeComputed(resource.NewProperty(""))
		outputs, err := plugin.MarshalProperties(inputs, marshal)
		if err != nil {
			return "", nil, fmt.Errorf("writing the outputs: %w", err)
		}
		return "", outputs, nil
	}
	i, err := newImage(inputs)
	if err != nil {
		return "", nil, err
	}
	digest, lacksNetwork, err := p.make(ctx, urn, i, preview, unbuilt)
	if err != nil {
		return "", nil, err
	}
	state := resource.PropertyMap{
		"baseImageName":  like(inputs["imageName"], i.given),
		"imageName":      like(inputs["imageName"], i.given),
		"repoDigest":     like(inputs["imageName"], digest),
		"registryServer": like(object(inputs["registry"])["server"], i.server),
		"context":        like(object(inputs["build"])["context"], i.build.context),
		"dockerfile":     like(object(inputs["build"])["dockerfile"], i.build.dockerfile),
		"platform":       like(object(inputs["build"])["platform"], i.build.platform),
	}
	if lacksNetwork {
		state[waitsForNetwork] = resource.NewProperty(true)
	}
	outputs, err := plugin.MarshalProperties(state, marshal)
	if err != nil {
		return "", nil, fmt.Errorf("writing the outputs: %w", err)
	}
	return i.given, outputs, nil
}

// like returns an output that is secret when the input it shows is.
func like(input resource.PropertyValue, output string) resource.PropertyValue {
	if input.ContainsSecrets() {
		return resource.MakeSecret(resource.NewProperty(output))
	}
	return resource.NewProperty(output)
}

// make builds and pushes the image, as far as that is possible here. It returns repoDigest, and whether there was an
// engine and no network.
func (p *Provider) make(
	ctx context.Context,
	urn string,
	i *image,
	preview bool,
	unbuilt string,
) (repoDigest string, lacksNetwork bool, err error) {
	local := i.skipPush || preview
	target := repositoryOf(i.name)
	if !local && target != nil {
		// Better to know before the build that the push will be refused.
		if err := p.world.View(ctx, func(tx *world.Tx) error { _, err := target.find(tx); return err }); err != nil {
			return "", false, err
		}
	}
	digest, size, err := p.buildAndPush(ctx, i, local)
	var cannot unavailable
	if errors.As(err, &cannot) {
		if cannot.hasEngine && unbuilt == "" && target != nil {
			// The run that could not build it either was killed before the state was written.
			if unbuilt, err = target.unbuilt(ctx, p.world, i.tag()); err != nil {
				return "", false, err
			}
		}
		digest = cmp.Or(unbuilt, madeUpDigest())
		err = p.log(ctx, pulumirpc.LogSeverity_WARNING, urn, fmt.Sprintf(
			"offline: image not built: %s: %s. Its digest is made up, and there is nothing to run.",
			i.given,
			cannot.reason,
		))
	}
	if err != nil {
		return "", false, err
	}
	if local {
		return digest, cannot.hasEngine, nil
	}
	if target != nil {
		if err := target.record(ctx, p.world, i.tag(), digest, size); err != nil {
			return "", false, fmt.Errorf("pushing %s: %w", i.given, err)
		}
	}
	return i.withDigest(digest), cannot.hasEngine, nil
}

// buildAndPush returns the digest of the pushed manifest, or the id of an image that is not to be pushed.
func (p *Provider) buildAndPush(ctx context.Context, i *image, local bool) (digest string, size int64, err error) {
	b, err := connect(ctx, p.host, p.registry)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	id, err := b.build(ctx, i)
	if err != nil || local {
		return id, 0, err
	}
	return b.push(ctx, i)
}

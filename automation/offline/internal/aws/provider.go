package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// patience is for how long an operation waits for a reason of refusal to go away that the real provider waits out for
// minutes. Nothing offline takes longer than the engine takes to get to it.
const patience = 5 * time.Second

// Warn says something to the user, about the resource with the URN.
type Warn func(ctx context.Context, urn, message string)

// Provider is the stand-in for one instance of the AWS provider, that is for one region.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer

	world    *world.World
	schema   *schema.Package
	warn     Warn
	run      string
	patience time.Duration
	knowledge

	// Set by Configure, before any other call.
	region      Region
	defaultTags map[string]string

	cancelled context.Context
	cancel    context.CancelFunc

	warned sync.Map
}

// NewProvider returns the provider of a package over a world. The run tells the operation of the engine it serves from others: what is said
// once is said once in a run, by any of its provider processes.
func NewProvider(pkg *schema.Package, known Knowledge, w *world.World, warn Warn, run string) *Provider {
	cancelled, cancel := context.WithCancel(context.Background())
	return &Provider{
		world: w, schema: pkg, warn: warn, run: run, patience: patience, knowledge: known.index(),
		region: regions[0], cancelled: cancelled, cancel: cancel,
	}
}

// Handshake answers what the engine asks before Configure.
func (p *Provider) Handshake(
	context.Context, *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, SupportsAutonamingConfiguration: true}, nil
}

// GetPluginInfo returns the version that is stood in for.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.schema.Version}, nil
}

// GetSchema returns the package's name and version. Nothing at run time asks for more: SDKs are generated elsewhere.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	text, err := json.Marshal(map[string]string{"name": p.schema.Name, "version": p.schema.Version})
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetSchemaResponse{Schema: string(text)}, nil
}

// Attach is for providers that are debugged in a process of their own; the engine has nothing to be told.
func (p *Provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Cancel ends every wait.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.cancel()
	return &emptypb.Empty{}, nil
}

// CheckConfig refuses a region that does not exist and an account that is not the offline target's.
func (p *Provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	config := view(news)
	var failures []failure
	if region := config.str("region"); region != "" {
		if _, err := regionNamed(region); err != nil {
			failures = append(failures, failure{"region", err.Error()})
		}
	}
	allowed, forbidden := jsonStrings(config, "allowedAccountIds"), jsonStrings(config, "forbiddenAccountIds")
	if len(allowed) > 0 && !slices.Contains(allowed, world.Account) {
		failures = append(failures, failf("allowedAccountIds", "AWS account ID not allowed: %s (the offline target's) is "+
			"not among %s", world.Account, strings.Join(allowed, ", ")))
	}
	if slices.Contains(forbidden, world.Account) {
		failures = append(failures, failf("forbiddenAccountIds", "AWS account ID not allowed: %s (the offline target's) "+
			"is forbidden", world.Account))
	}
	if _, err := defaultTagsOf(config); err != nil {
		failures = append(failures, failure{"defaultTags", err.Error()})
	}
	return checkResponse(news, failures)
}

// DiffConfig says that another region or account is another provider, whose resources are replaced.
func (p *Provider) DiffConfig(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, key := range append(olds.StableKeys(), news.StableKeys()...) {
		if key == "version" || reveal(olds[key]).DeepEquals(reveal(news[key])) {
			continue
		}
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Diffs = append(response.Diffs, string(key))
		if key == "region" {
			response.Replaces = append(response.Replaces, string(key))
		}
	}
	slices.Sort(response.Diffs)
	response.Diffs = slices.Compact(response.Diffs)
	response.Replaces = slices.Compact(response.Replaces)
	return response, nil
}

// Configure sets the region and the default tags.
func (p *Provider) Configure(
	_ context.Context, req *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	config, err := configuration(req)
	if err != nil {
		return nil, err
	}
	name := config.str("region")
	if name == "" {
		return nil, errors.New("missing region information: set it with `pulumi config set aws:region <region>`, for " +
			"example us-east-1, or on the provider resource")
	}
	if p.region, err = regionNamed(name); err != nil {
		return nil, err
	}
	if p.defaultTags, err = defaultTagsOf(config); err != nil {
		return nil, err
	}
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// configuration reads the provider's configuration.
func configuration(req *pulumirpc.ConfigureRequest) (view, error) {
	args, err := unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	if args == nil {
		args = resource.PropertyMap{}
	}
	return view(args), nil
}

// defaultTagsOf reads defaultTags, an object or, in the configuration, JSON.
func defaultTagsOf(config view) (map[string]string, error) {
	tags := map[string]string{}
	value, given := config.at("defaultTags")
	if !given || isEmpty(value) {
		return tags, nil
	}
	var object struct{ Tags map[string]string }
	if err := json.Unmarshal([]byte(document(value)), &object); err != nil {
		return nil, fmt.Errorf("defaultTags must be an object like {\"tags\": {\"Project\": \"lab\"}}: %w", err)
	}
	for key, tag := range object.Tags {
		tags[key] = tag
	}
	return tags, nil
}

// jsonStrings reads a list of texts that may be given as JSON.
func jsonStrings(config view, path string) []string {
	value, given := config.at(path)
	if !given {
		return nil
	}
	var texts []string
	if json.Unmarshal([]byte(document(value)), &texts) != nil {
		return nil
	}
	return texts
}

// kind is a resource type with all that is known of it, for the resource with the URN.
type kind struct {
	urn   resource.URN
	token string
	// resource is nil for a type that the SDK does not have.
	resource *schema.Resource
	objects  *schema.Package
	// model is never nil: a type without one has an empty model.
	model      *Model
	behavior   behavior
	equalities map[string]func(a, b string) bool
}

var generic = &Model{}

// kindOf returns what is known of a resource's type, and says so, once in a run, if that is little.
func (p *Provider) kindOf(ctx context.Context, text string) (kind, error) {
	name, err := urn.Parse(text)
	if err != nil {
		return kind{}, status.Errorf(codes.InvalidArgument, "%q is no URN: %v", text, err)
	}
	k := kind{urn: name, token: string(name.Type()), objects: p.schema}
	if k.model, err = p.models.of(k.token); err != nil {
		return kind{}, err
	}
	k.resource, _ = p.schema.Resource(k.token)
	if k.resource == nil && k.model == nil {
		return kind{}, status.Errorf(codes.InvalidArgument, "unrecognized resource type (%s): pulumi-aws %s has no such type",
			k.token, p.schema.Version)
	}
	k.behavior = p.behaviors[k.token]
	k.equalities = p.equalities
	if k.model == nil {
		k.model = generic
		p.warnUnmodelled(ctx, k)
	}
	return k, nil
}

func (p *Provider) warnUnmodelled(ctx context.Context, k kind) {
	if _, said := p.warned.LoadOrStore(k.token, true); said {
		return
	}
	first, err := p.world.Once(ctx, p.run+"|no model|"+k.token)
	if err != nil || first {
		p.warn(ctx, string(k.urn), fmt.Sprintf("offline: no model for %s; it round-trips only", k.token))
	}
}

// region of a thing of the kind.
func (p *Provider) homeOf(k kind) string {
	if k.model.Global {
		return world.Global
	}
	return p.region.Name
}

var marshalOptions = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true}

func marshal(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, marshalOptions)
}

func unmarshal(properties *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(properties, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, SkipNulls: true,
	})
}

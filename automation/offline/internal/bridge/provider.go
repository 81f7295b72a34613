// Package bridge serves a provider's resource types as the bridged Terraform providers do: it checks inputs, names what
// the program left unnamed, tells differences, makes and keeps things, resolves references and reads back, all from the
// schema of the package and from what it is told of the types (see Knowledge). It knows no service: what only one
// does are Behaviors, and what can be said as data are models.
package bridge

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

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
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
	Schema   *schema.Package
	warn     Warn
	run      string
	Patience time.Duration
	// Authorize is that of the Knowledge. Nil allows everything.
	Authorize func(tx *world.Tx, thing *world.Thing) error
	limit     func(tx *world.Tx, thing *world.Thing) error
	knowledge

	// Set by Configure, before any other call.
	Region      region.Region
	DefaultTags map[string]string

	cancelled context.Context
	cancel    context.CancelFunc

	warned sync.Map
}

// New returns the provider of a package over a world. The run tells the operation of the engine it serves from others:
// what is said once is said once in a run, by any of its provider processes.
func New(pkg *schema.Package, known Knowledge, w *world.World, warn Warn, run string) *Provider {
	cancelled, cancel := context.WithCancel(context.Background())
	return &Provider{
		world: w, Schema: pkg, warn: warn, run: run, Patience: patience, Authorize: known.Authorize, limit: known.Limit,
		knowledge: known.index(),
		Region:    region.All[0], cancelled: cancelled, cancel: cancel,
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
	return &pulumirpc.PluginInfo{Version: p.Schema.Version}, nil
}

// GetSchema returns the package's name and version. Nothing at run time asks for more: SDKs are generated elsewhere.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	text, err := json.Marshal(map[string]string{"name": p.Schema.Name, "version": p.Schema.Version})
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
	news, err := Unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	config := values.View(news)
	var failures []Failure
	if name := config.Str("region"); name != "" {
		if _, err := regionOf(config, name); err != nil {
			failures = append(failures, Failure{"region", err.Error()})
		}
	}
	allowed, forbidden := jsonStrings(config, "allowedAccountIds"), jsonStrings(config, "forbiddenAccountIds")
	if len(allowed) > 0 && !slices.Contains(allowed, world.Account) {
		failures = append(
			failures,
			Failf("allowedAccountIds", "AWS account ID not allowed: %s (the offline target's) is "+
				"not among %s", world.Account, strings.Join(allowed, ", ")),
		)
	}
	if slices.Contains(forbidden, world.Account) {
		failures = append(
			failures,
			Failf("forbiddenAccountIds", "AWS account ID not allowed: %s (the offline target's) "+
				"is forbidden", world.Account),
		)
	}
	if _, err := defaultTagsOf(config); err != nil {
		failures = append(failures, Failure{"defaultTags", err.Error()})
	}
	return checkResponse(news, failures)
}

// DiffConfig says that another region or account is another provider, whose resources are replaced.
func (p *Provider) DiffConfig(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := Unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := Unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, key := range append(olds.StableKeys(), news.StableKeys()...) {
		if key == "version" || values.Reveal(olds[key]).DeepEquals(values.Reveal(news[key])) {
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
	name := config.Str("region")
	if name == "" {
		return nil, errors.New("missing region information: set it with `pulumi config set aws:region <region>`, for " +
			"example us-east-1, or on the provider resource")
	}
	if p.Region, err = regionOf(config, name); err != nil {
		return nil, err
	}
	if p.DefaultTags, err = defaultTagsOf(config); err != nil {
		return nil, err
	}
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// regionOf refuses a region that the provider does not know, unless it is told not to.
func regionOf(config values.View, name string) (region.Region, error) {
	if config.Bool("skipRegionValidation") {
		return region.Of(name), nil
	}
	return region.Named(name)
}

// configuration reads the provider's configuration.
func configuration(req *pulumirpc.ConfigureRequest) (values.View, error) {
	args, err := Unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	if args == nil {
		args = resource.PropertyMap{}
	}
	return values.View(args), nil
}

// defaultTagsOf reads defaultTags, an object or, in the configuration, JSON.
func defaultTagsOf(config values.View) (map[string]string, error) {
	tags := map[string]string{}
	value, given := config.At("defaultTags")
	if !given || values.IsEmpty(value) {
		return tags, nil
	}
	var object struct{ Tags map[string]string }
	if err := json.Unmarshal([]byte(values.Document(value)), &object); err != nil {
		return nil, fmt.Errorf("defaultTags must be an object like {\"tags\": {\"Project\": \"lab\"}}: %w", err)
	}
	for key, tag := range object.Tags {
		tags[key] = tag
	}
	return tags, nil
}

// jsonStrings reads a list of texts that may be given as JSON.
func jsonStrings(config values.View, path string) []string {
	value, given := config.At(path)
	if !given {
		return nil
	}
	var texts []string
	if json.Unmarshal([]byte(values.Document(value)), &texts) != nil {
		return nil
	}
	return texts
}

// kind is a resource type with all that is known of it, for the resource with the URN.
type kind struct {
	urn   resource.URN
	Token string
	diff.Type
	behavior Behavior
}

var generic = &model.Model{}

// kindOf returns what is known of a resource's type, and says so, once in a run, if that is little.
func (p *Provider) kindOf(ctx context.Context, text string) (kind, error) {
	name, err := urn.Parse(text)
	if err != nil {
		return kind{}, status.Errorf(codes.InvalidArgument, "%q is not a URN: %v", text, err)
	}
	k := kind{urn: name, Token: string(name.Type()), Type: diff.Type{Objects: p.Schema}}
	if k.Model, err = p.models.Of(k.Token); err != nil {
		return kind{}, err
	}
	k.Resource, _ = p.Schema.Resource(k.Token)
	if k.Resource == nil && k.Model == nil {
		return kind{}, status.Errorf(
			codes.InvalidArgument,
			"unrecognized resource type (%s): pulumi-aws %s has no such type",
			k.Token,
			p.Schema.Version,
		)
	}
	k.behavior = p.behaviors[k.Token]
	k.Equalities = p.equalities
	if k.Model == nil {
		k.Model = generic
		p.warnUnmodelled(ctx, k)
	}
	return k, nil
}

// received reads what the engine sends of a resource: its type, and two of its sets of properties.
func (p *Provider) received(
	ctx context.Context, urn string, first, second *structpb.Struct,
) (k kind, one, two resource.PropertyMap, err error) {
	if k, err = p.kindOf(ctx, urn); err != nil {
		return kind{}, nil, nil, err
	}
	if one, err = Unmarshal(first); err != nil {
		return kind{}, nil, nil, err
	}
	if two, err = Unmarshal(second); err != nil {
		return kind{}, nil, nil, err
	}
	return k, one, two, nil
}

func (p *Provider) warnUnmodelled(ctx context.Context, k kind) {
	if _, said := p.warned.LoadOrStore(k.Token, true); said {
		return
	}
	first, err := p.world.Once(ctx, p.run+"|no model|"+k.Token)
	if err != nil || first {
		p.warn(ctx, string(k.urn), fmt.Sprintf("offline: no model for %s; it round-trips only", k.Token))
	}
}

// region of a thing of the kind.
func (p *Provider) homeOf(k kind) string {
	if k.Model.Global {
		return world.Global
	}
	return p.Region.Name
}

var marshalOptions = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true}

// Marshal writes properties as the engine does.
func Marshal(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, marshalOptions)
}

// Unmarshal reads properties as the engine does, secrets and unknown values included.
func Unmarshal(properties *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(properties, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, SkipNulls: true,
	})
}

// Package recovery works out what became of the resources whose creation was interrupted: the state names them as
// pending operations, and says neither whether they exist nor under which id. It changes a deployment so that the
// engine's next refresh reads them, with which they are in the state or gone from it.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/infra/stack"
)

// Fate is what becomes of a resource whose creation was interrupted.
type Fate string

const (
	// Adopted resources are read at the target: they are in the state then, or do not exist.
	Adopted Fate = "adopted"
	// Cleared ones do not exist, or creating them once more does no harm. The next up creates them.
	Cleared Fate = "cleared"
	// Unknown ones may exist. Only a person can tell: see Lookup.
	Unknown Fate = "unknown"
)

// Verdict says what becomes of one pending create.
type Verdict struct {
	URN  string `json:"urn"`
	Fate Fate   `json:"fate"`
	// ID is that of an adopted resource, as `pulumi import` takes it.
	ID string `json:"id,omitempty"`
	// Lookup says how to find the id of one that is unknown.
	Lookup string `json:"lookup,omitempty"`
}

// Name returns that of the resource in the program.
func (v Verdict) Name() string { return resource.URN(v.URN).Name() }

// Pending returns the creates that a deployment was interrupted in.
func Pending(deployment *apitype.DeploymentV3) []apitype.ResourceV3 {
	var pending []apitype.ResourceV3
	for _, op := range deployment.PendingOperations {
		if op.Type == apitype.OperationTypeCreating {
			pending = append(pending, op.Resource)
		}
	}
	return pending
}

// Unread returns what an earlier recovery adopted and was ended before it had read it.
func Unread(deployment *apitype.DeploymentV3) []apitype.ResourceV3 {
	var unread []apitype.ResourceV3
	for _, r := range deployment.Resources {
		if _, known := lookups[r.Type]; known && len(r.Outputs) == 0 {
			unread = append(unread, r)
		}
	}
	return unread
}

// Sources are where what exists is looked up.
type Sources struct {
	Tagged *stack.Tagged
	// CloudControl returns the API of a region.
	CloudControl func(region string) CloudControl
}

// Judge says what becomes of each pending create. ids are those that a person gives, by URN; an empty one says that
// there is none.
func Judge(
	ctx context.Context, deployment *apitype.DeploymentV3, sources Sources, ids map[string]string,
) []Verdict {
	var verdicts []Verdict
	for _, pending := range Pending(deployment) {
		verdict := Verdict{URN: string(pending.URN)}
		if id, given := ids[verdict.URN]; given {
			verdict.settle(id)
		} else {
			verdict.judge(ctx, deployment, pending, sources)
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// settle adopts what has an id, and clears what has none.
func (v *Verdict) settle(id string) {
	v.Fate, v.ID = Adopted, id
	if id == "" {
		v.Fate = Cleared
	}
}

func (v *Verdict) judge(
	ctx context.Context, deployment *apitype.DeploymentV3, pending apitype.ResourceV3, sources Sources,
) {
	how, known := lookups[pending.Type]
	// What is not custom is a component, which exists in the state alone.
	if how.again || !pending.Custom || strings.HasPrefix(string(pending.Type), "pulumi:") {
		v.Fate = Cleared
		return
	}
	for _, template := range how.inputs {
		if id, complete := expand(template, pending.Inputs, nil); complete {
			v.settle(id)
			return
		}
	}
	var candidates []string
	var err error
	switch {
	case how.service != "":
		candidates = how.tagged(regionOf(deployment, pending), pending, sources.Tagged)
	case how.list.typeName != "":
		candidates, err = how.listed(ctx, deployment, pending, sources)
	default:
		err = errors.New("it cannot be listed")
	}
	// What the state has is what the pending create was to replace.
	candidates = slices.DeleteFunc(candidates, func(id string) bool { return inState(deployment, pending, id) })
	switch {
	case err != nil || !known:
		v.Fate = Unknown
		if v.Lookup, _ = expand(how.command, pending.Inputs, nil); !known {
			v.Lookup = "the section Import of the documentation of " + string(pending.Type)
		}
	case len(candidates) > 1:
		v.Fate, v.Lookup = Unknown, "several have its name: "+strings.Join(candidates, ", ")
	default:
		v.settle(strings.Join(candidates, ""))
	}
}

// tagged returns the ids of what has the stack's tags and the name, in the region or in none.
func (l lookup) tagged(region string, pending apitype.ResourceV3, found *stack.Tagged) []string {
	name := nameOf(pending)
	var ids []string
	for _, r := range found.Resources {
		parsed, err := arn.Parse(r.Arn)
		if err != nil || r.Name != name || parsed.Service != l.service ||
			parsed.Region != "" && parsed.Region != region {
			continue
		}
		suffix, ofKind := cutKind(parsed.Resource, l.kind)
		if !ofKind {
			continue
		}
		id, complete := expand(l.id, pending.Inputs, map[string]string{
			"arn":  r.Arn,
			"id":   suffix,
			"last": parsed.Resource[strings.LastIndex(parsed.Resource, "/")+1:],
			"url":  found.Location.QueueUrl(parsed.Resource),
		})
		if complete {
			ids = append(ids, id)
		}
	}
	return ids
}

// listed returns the ids of what Cloud Control API lists.
func (l lookup) listed(
	ctx context.Context, deployment *apitype.DeploymentV3, pending apitype.ResourceV3, sources Sources,
) ([]string, error) {
	region := regionOf(deployment, pending)
	found, err := l.list.find(ctx, sources.CloudControl(region), pending.Inputs)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, properties := range found {
		variables := map[string]string{
			"partition": sources.Tagged.Location.Partition,
			"account":   sources.Tagged.Location.AccountId,
			"region":    region,
		}
		for name, value := range properties {
			if text, is := value.(string); is {
				variables[name] = text
			}
		}
		if id, complete := expand(l.id, pending.Inputs, variables); complete {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// regionOf returns the region of the provider of a resource.
func regionOf(deployment *apitype.DeploymentV3, pending apitype.ResourceV3) string {
	urn := providerURN(pending.Provider)
	for _, r := range deployment.Resources {
		if region, is := r.Inputs["region"].(string); r.URN == urn && is {
			return region
		}
	}
	return ""
}

// nameOf returns the tag Name that a resource is created with.
func nameOf(r apitype.ResourceV3) string {
	for _, property := range []string{"tags", "tagsAll"} {
		if tags, ok := r.Inputs[property].(map[string]any); ok {
			if name, ok := tags["Name"].(string); ok {
				return name
			}
		}
	}
	return r.URN.Name()
}

// providerURN returns the URN in a reference to a provider, which its id follows after ::.
func providerURN(reference string) resource.URN {
	return resource.URN(reference[:max(0, strings.LastIndex(reference, "::"))])
}

// inState reports whether the state has a resource of the type with the id: the whole of it, or the end of an ARN.
func inState(deployment *apitype.DeploymentV3, pending apitype.ResourceV3, id string) bool {
	return slices.ContainsFunc(deployment.Resources, func(r apitype.ResourceV3) bool {
		return r.Type == pending.Type && r.ID != "" &&
			(r.Outputs["arn"] == id || strings.HasSuffix(id, string(r.ID)) || strings.HasPrefix(id, string(r.ID)+"/"))
	})
}

// cutKind returns what follows the kind in the resource part of an ARN. A web ACL's begins with its scope.
func cutKind(resource, kind string) (suffix string, ofKind bool) {
	if suffix, ofKind = strings.CutPrefix(resource, kind); ofKind {
		return suffix, true
	}
	_, suffix, ofKind = strings.Cut(resource, "/"+kind)
	return suffix, ofKind
}

// expand fills a template, and reports whether everything in it has a value.
func expand(template string, inputs map[string]any, variables map[string]string) (text string, complete bool) {
	complete = template != ""
	for {
		before, rest, more := strings.Cut(template, "{")
		text += before
		if !more {
			return text, complete
		}
		var name string
		name, template, _ = strings.Cut(rest, "}")
		value, has := variables[name]
		if !has {
			value, has = input(inputs, name)
		}
		text, complete = text+value, complete && has
	}
}

// input returns an input as text; cluster/ is what follows the last slash of the input cluster, name. the input name
// without a dot at its end.
func input(inputs map[string]any, name string) (string, bool) {
	name, last := strings.CutSuffix(name, "/")
	name, dotless := strings.CutSuffix(name, ".")
	value, has := inputs[name]
	if !has || value == nil || value == "" {
		return "", false
	}
	text := fmt.Sprint(value)
	if last {
		text = text[strings.LastIndex(text, "/")+1:]
	}
	if dotless {
		text = strings.TrimSuffix(text, ".")
	}
	return text, true
}

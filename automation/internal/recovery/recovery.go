// Package recovery works out what became of the resources whose creation was interrupted: the state names them as
// pending operations, and says neither whether they exist nor under which id. It changes a deployment so that the
// engine's next refresh reads them, with which they are in the state or gone from it.
package recovery

import (
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

// Judge says what becomes of each pending create. ids are those that a person
// gives, by URN; an empty one says that there is none.
func Judge(deployment *apitype.DeploymentV3, found *stack.Tagged, ids map[string]string) []Verdict {
	var verdicts []Verdict
	for _, pending := range Pending(deployment) {
		verdict := judge(deployment, pending, found)
		if id, given := ids[verdict.URN]; given {
			verdict = Verdict{URN: verdict.URN, Fate: Adopted, ID: id}
			if id == "" {
				verdict.Fate = Cleared
			}
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

func judge(deployment *apitype.DeploymentV3, pending apitype.ResourceV3, found *stack.Tagged) Verdict {
	verdict := Verdict{URN: string(pending.URN)}
	how, known := lookups[pending.Type]
	switch {
	case how.again || strings.HasPrefix(string(pending.Type), "pulumi:"):
		verdict.Fate = Cleared
		return verdict
	case how.service != "":
		return how.byTags(verdict, deployment, pending, found)
	}
	for _, template := range how.inputs {
		if id, complete := expand(template, pending.Inputs, nil); complete {
			verdict.Fate, verdict.ID = Adopted, id
			return verdict
		}
	}
	verdict.Fate = Unknown
	verdict.Lookup, _ = expand(how.command, pending.Inputs, nil)
	if !known {
		verdict.Lookup = "the section Import of the documentation of " + string(pending.Type)
	}
	return verdict
}

// byTags looks for the resource among what has the stack's tags and is not in its state.
func (l lookup) byTags(
	verdict Verdict, deployment *apitype.DeploymentV3, pending apitype.ResourceV3, found *stack.Tagged,
) Verdict {
	name := nameOf(pending)
	var candidates []string
	for _, r := range found.Resources[providerURN(pending.Provider).Name()] {
		parsed, err := arn.Parse(r.Arn)
		if err != nil || r.Name != name || parsed.Service != l.service || inState(deployment, pending, r.Arn) {
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
			candidates = append(candidates, id)
		}
	}
	switch len(candidates) {
	case 0:
		verdict.Fate = Cleared
	case 1:
		verdict.Fate, verdict.ID = Adopted, candidates[0]
	default:
		verdict.Fate = Unknown
		verdict.Lookup = "several have its name: " + strings.Join(candidates, ", ")
	}
	return verdict
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

// inState reports whether the state has a resource of the type with the ARN.
func inState(deployment *apitype.DeploymentV3, pending apitype.ResourceV3, arn string) bool {
	return slices.ContainsFunc(deployment.Resources, func(r apitype.ResourceV3) bool {
		id := string(r.ID)
		return r.Type == pending.Type && (r.Outputs["arn"] == arn || id == arn ||
			id != "" && (strings.HasSuffix(arn, "/"+id) || strings.HasSuffix(arn, ":"+id)))
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

// input returns an input as text; cluster/ is what follows the last slash of the input cluster.
func input(inputs map[string]any, name string) (string, bool) {
	name, last := strings.CutSuffix(name, "/")
	value, has := inputs[name]
	if !has || value == nil || value == "" {
		return "", false
	}
	text := fmt.Sprint(value)
	if last {
		text = text[strings.LastIndex(text, "/")+1:]
	}
	return text, true
}

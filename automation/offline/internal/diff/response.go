package diff

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Response returns the answer of a provider, for inputs as Check returned them.
func (d *Difference) Response(inputs resource.PropertyMap) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		HasDetailedDiff: true,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
	}
	for at, e := range d.Edits {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.DetailedDiff[at] = &pulumirpc.PropertyDiff{Kind: rpcKind(e)}
		top, _, _ := strings.Cut(e.Path, ".")
		response.Diffs = append(response.Diffs, top)
		if e.Replaces {
			response.Replaces = append(response.Replaces, top)
		}
	}
	slices.Sort(response.Diffs)
	response.Diffs = slices.Compact(response.Diffs)
	slices.Sort(response.Replaces)
	response.Replaces = slices.Compact(response.Replaces)
	response.DeleteBeforeReplace = len(response.Replaces) > 0 && (d.Model.DeleteBeforeReplace || d.nameIsGiven(inputs))
	return response
}

// nameIsGiven reports whether the program named what is otherwise named automatically: a replacement would then meet
// its predecessor under the same name.
func (d *Difference) nameIsGiven(inputs resource.PropertyMap) bool {
	rule := d.Model.AutoName
	if rule == nil || !inputs.HasValue(resource.PropertyKey(rule.Property)) {
		return false
	}
	return !slices.Contains(values.DefaultedOf(inputs), rule.Property)
}

func rpcKind(e Edit) pulumirpc.PropertyDiff_Kind {
	kinds := map[changeKind][2]pulumirpc.PropertyDiff_Kind{
		added:   {pulumirpc.PropertyDiff_ADD, pulumirpc.PropertyDiff_ADD_REPLACE},
		deleted: {pulumirpc.PropertyDiff_DELETE, pulumirpc.PropertyDiff_DELETE_REPLACE},
		updated: {pulumirpc.PropertyDiff_UPDATE, pulumirpc.PropertyDiff_UPDATE_REPLACE},
	}
	if e.Replaces {
		return kinds[e.change][1]
	}
	return kinds[e.change][0]
}

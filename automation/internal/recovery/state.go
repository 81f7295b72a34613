package recovery

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Apply carries verdicts out in a deployment: no create is pending any more but those that are unknown, and what is
// adopted is a resource without outputs, which the engine's refresh reads as it reads an import.
func Apply(deployment *apitype.DeploymentV3, verdicts []Verdict) {
	fates := map[resource.URN]Verdict{}
	for _, v := range verdicts {
		fates[resource.URN(v.URN)] = v
	}
	var left []apitype.OperationV2
	for _, op := range deployment.PendingOperations {
		verdict, judged := fates[op.Resource.URN]
		switch {
		case op.Type != apitype.OperationTypeCreating || !judged || verdict.Fate == Unknown:
			left = append(left, op)
		case verdict.Fate == Adopted:
			adopt(deployment, op.Resource, verdict.ID)
		}
	}
	deployment.PendingOperations = left
	deployment.Resources = inOrder(deployment.Resources)
}

// adopt adds a resource. One of the same URN is what it replaces: deleted already, or to be deleted by the next up.
func adopt(deployment *apitype.DeploymentV3, created apitype.ResourceV3, id string) {
	var resources []apitype.ResourceV3
	for _, r := range deployment.Resources {
		if r.URN == created.URN && !r.Delete {
			if r.PendingReplacement {
				continue
			}
			r.Delete = true
		}
		resources = append(resources, r)
	}
	created.ID, created.Outputs = resource.ID(id), nil
	deployment.Resources = append(resources, created)
}

// inOrder returns resources each after those that it depends on, which the engine demands of a state, and otherwise as
// they were.
func inOrder(resources []apitype.ResourceV3) []apitype.ResourceV3 {
	at := map[resource.URN]int{}
	for i, r := range resources {
		if _, known := at[r.URN]; !known || !r.Delete {
			at[r.URN] = i
		}
	}
	ordered, placed := make([]apitype.ResourceV3, 0, len(resources)), make([]bool, len(resources))
	var place func(i int)
	place = func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true
		for _, urn := range needs(resources[i]) {
			if before, known := at[urn]; known && before != i {
				place(before)
			}
		}
		ordered = append(ordered, resources[i])
	}
	for i := range resources {
		place(i)
	}
	return ordered
}

// needs lists what has to come before a resource in a state.
func needs(r apitype.ResourceV3) []resource.URN {
	urns := append([]resource.URN{r.Parent, r.DeletedWith}, r.Dependencies...)
	for _, dependencies := range r.PropertyDependencies {
		urns = append(urns, dependencies...)
	}
	if r.Provider != "" {
		urns = append(urns, providerURN(r.Provider))
	}
	return urns
}

package recovery

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Apply carries verdicts out in a deployment, none of which may be unknown: no create is pending any more, and what is
// adopted is a resource without outputs, which the engine's refresh reads as it reads an import.
func Apply(deployment *apitype.DeploymentV3, verdicts []Verdict) {
	adopted := map[resource.URN]string{}
	for _, v := range verdicts {
		if v.Fate == Adopted {
			adopted[resource.URN(v.URN)] = v.ID
		}
	}
	var left []apitype.OperationV2
	for _, op := range deployment.PendingOperations {
		if op.Type != apitype.OperationTypeCreating {
			left = append(left, op)
		} else if id, exists := adopted[op.Resource.URN]; exists {
			adopt(deployment, op.Resource, id)
		}
	}
	deployment.PendingOperations = left
	deployment.Resources = inOrder(deployment.Resources)
	forget(deployment.Resources)
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

// Complete gives what was adopted, once it has been read, the inputs that it was created with, and the outputs that a
// provider only knows from them: names that it made up, passwords, what it does on deletion. The state is then that of
// an operation which was not interrupted. created are the resources as they were pending.
func Complete(deployment *apitype.DeploymentV3, created []apitype.ResourceV3) {
	inputs := map[resource.URN]map[string]any{}
	for _, r := range created {
		inputs[r.URN] = r.Inputs
	}
	for i := range deployment.Resources {
		r := &deployment.Resources[i]
		given, adopted := inputs[r.URN]
		if !adopted || r.Delete || len(r.Outputs) == 0 {
			continue
		}
		r.Inputs = given
		for name, value := range given {
			if _, read := r.Outputs[name]; !read && name != defaultsKey {
				r.Outputs[name] = value
			}
		}
	}
}

// defaultsKey is the input in which a bridged provider lists those that it made up.
const defaultsKey = "__defaults"

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

// forget removes dependencies on what is no resource, as the engine does when a refresh finds something gone.
func forget(resources []apitype.ResourceV3) {
	known := map[resource.URN]bool{}
	for _, r := range resources {
		known[r.URN] = true
	}
	missing := func(urn resource.URN) bool { return !known[urn] }
	for i := range resources {
		r := &resources[i]
		r.Dependencies = slices.DeleteFunc(r.Dependencies, missing)
		for name, urns := range r.PropertyDependencies {
			r.PropertyDependencies[name] = slices.DeleteFunc(urns, missing)
		}
		if missing(r.DeletedWith) {
			r.DeletedWith = ""
		}
	}
}

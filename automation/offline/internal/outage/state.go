package outage

import (
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// State is what exists at one moment, and whose creation is over.
type State struct {
	byType map[string][]*world.Thing
	images map[string]bool // by reference: repository:tag and repository@digest
	// rules are those of network ACLs by their ids, where a change of an ACL is under way: the provider deletes what
	// changed before it creates anything.
	rules map[string]aclRules
}

// types are those that a request or a task depends on.
var types = []string{
	token.Subnet,
	token.InternetGateway,
	token.NatGateway,
	token.Route,
	token.RouteTableAssoc,
	token.NetworkAcl,
	token.NetworkAclAssoc,
	token.SecurityGroup,
	token.IngressRule,
	token.EgressRule,
	token.VpcEndpoint,
	token.Cluster,
	token.ClusterProviders,
	token.TaskDefinition,
	token.Service,
	token.ScalingTarget,
	token.LoadBalancer,
	token.Listener,
	token.ListenerRule,
	token.TargetGroup,
	token.Record,
	token.DBInstance,
	token.DBSubnetGroup,
	token.DBCluster,
	token.DBClusterInstance,
	token.MountTarget,
	token.LogGroup,
	token.DBProxy,
	token.DBProxyEndpoint,
	token.Parameter,
	token.Certificate,
	token.Repository,
	token.Distribution,
	token.AccessControl,
	token.Bucket,
	token.BucketPolicy,
	token.BucketObjectV2,
}

// NewState returns the state of things and images.
func NewState(things []*world.Thing, images []world.Image) *State {
	s := &State{byType: map[string][]*world.Thing{}, images: map[string]bool{}}
	for _, thing := range things {
		s.byType[thing.Type] = append(s.byType[thing.Type], thing)
	}
	for _, image := range images {
		s.images[image.Repository+":"+image.Tag], s.images[image.Repository+"@"+image.Digest] = true, true
	}
	return s
}

// find returns the thing of a type in whose property the value is, or nil. An empty property is the id.
func (s *State) find(typ, property, value string) *world.Thing {
	i := slices.IndexFunc(s.byType[typ], func(t *world.Thing) bool {
		if property == "" {
			return t.ID == value
		}
		return bridge.StateOf(t).Str(property) == value
	})
	if value == "" || i < 0 {
		return nil
	}
	return s.byType[typ][i]
}

// every returns the states of the things of a type in whose property the value is.
func (s *State) every(typ, property, value string) []values.View {
	var found []values.View
	for _, thing := range s.byType[typ] {
		if state := bridge.StateOf(thing); state.Str(property) == value {
			found = append(found, state)
		}
	}
	return found
}

// withoutChanged returns the state in the middle of a change of network ACLs, of which only the rules are left that are
// the same before and after.
func (s *State) withoutChanged(before *State) *State {
	middle := *s
	middle.rules = map[string]aclRules{}
	for _, acl := range s.byType[token.NetworkAcl] {
		if earlier := before.find(token.NetworkAcl, "", acl.ID); earlier != nil {
			middle.rules[acl.ID] = rulesOf(earlier).common(rulesOf(acl))
		}
	}
	return &middle
}

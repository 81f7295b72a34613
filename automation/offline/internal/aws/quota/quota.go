// Package quota refuses what AWS has no room for at the moment at which it is made. An update makes new things before
// it deletes old ones, so that a stack which is within the limits before and after can exceed them in between.
package quota

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
	"github.com/awslab/awslab/internal/limits"
)

// refusal is how AWS refuses what exceeds a limit.
type refusal struct {
	// limit is the name of one of [limits.All].
	limit string
	// code is the error's, from the service's API reference.
	code string
	// with are the types that the limit counts besides.
	with []string
}

// refusals are those of the creation of things, by type.
var refusals = map[string]refusal{
	token.ListenerRule:        {"rules of the load balancer", "TooManyRules", []string{token.Listener}},
	token.ListenerCertificate: {"further certificates of a listener", "TooManyCertificates", nil},
	token.IngressRule:         {"inbound rules of a security group", "RulesPerSecurityGroupLimitExceeded", nil},
	token.EgressRule:          {"outbound rules of a security group", "RulesPerSecurityGroupLimitExceeded", nil},
	token.EventRule:           {"rules of the event bus", "LimitExceededException", nil},
	token.EventTarget:         {"targets of an event rule", "LimitExceededException", nil},
}

// Refuse refuses a thing that has been created beyond a limit.
func Refuse(tx *world.Tx, made *world.Thing) error {
	refused, limited := refusals[made.Type]
	if !limited {
		return nil
	}
	var resources []limits.Resource
	for _, typ := range append([]string{made.Type}, refused.with...) {
		things, err := tx.OfType(made.Region, typ)
		if err != nil {
			return err
		}
		for _, thing := range things {
			resources = append(resources, limits.Resource{Type: typ, Name: thing.ID, Inputs: thing.State})
		}
	}
	for _, exceeded := range limits.Check(resources) {
		if exceeded.Name == refused.limit {
			return bridge.Refuse(refused.code, "%s", exceeded)
		}
	}
	return nil
}

package calls

import (
	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Made returns the calls because of a thing, those of its code too.
func Made(tx *world.Tx, thing *world.Thing) ([]authorization.Request, error) {
	r := &reader{tx: tx}
	var all []authorization.Request
	for _, line := range Lines {
		if line.Of == thing.Type {
			all = append(all, line.Calls(r, thing)...)
		}
	}
	return all, r.err
}

// Decide decides a call by the policies in the world.
func Decide(tx *world.Tx, call authorization.Request) (authorization.Decision, error) {
	r := &reader{tx: tx}
	return r.decide(call), r.err
}

// Decides reports whether things of a type take part in decisions.
func Decides(typ string) bool {
	return documents[typ] != "" || typ == token.RoleAttachment || typ == token.Permission
}

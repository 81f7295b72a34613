package model

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Naming is what the engine says about the automatic name of a resource.
type Naming struct {
	// Name is the resource's name in the program.
	Name   string
	Seed   []byte
	Option *pulumirpc.CheckRequest_AutonamingOptions
}

// Automatic makes the name of a resource that the program left unnamed: its name in the program, the separator and
// random digits, or what the engine's autonaming configuration proposes. The second result is false if the
// configuration turned automatic names off.
func (n Naming) Automatic(rule *AutoName) (string, bool, error) {
	if n.Option == nil && rule.Random == 0 {
		return n.base(rule, n.Name), true, nil
	}
	if n.Option == nil {
		name, err := resource.NewUniqueName(n.Seed, n.base(rule, n.Name)+rule.Separator, rule.Random, rule.Max, nil)
		return name, true, err
	}
	switch n.Option.Mode {
	case pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
		return "", false, nil
	case pulumirpc.CheckRequest_AutonamingOptions_ENFORCE:
		return n.Option.ProposedName, true, nil
	default:
		name := n.base(rule, n.Option.ProposedName)
		if len(name) > rule.Max {
			return "", true, fmt.Errorf("the proposed name %q is longer than %d characters", name, rule.Max)
		}
		return name, true, nil
	}
}

// base gives a name the form the type requires.
func (n Naming) base(rule *AutoName, name string) string {
	if rule.Lower {
		name = strings.ToLower(name)
	}
	if !strings.HasPrefix(name, rule.Prefix) {
		name = rule.Prefix + name
	}
	return name
}

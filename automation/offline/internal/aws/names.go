package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// naming is what the engine says about the automatic name of a resource.
type naming struct {
	// name is the resource's name in the program.
	name   string
	seed   []byte
	option *pulumirpc.CheckRequest_AutonamingOptions
}

// automatic makes the name of a resource that the program left unnamed: its name in the program, the separator and
// random digits, or what the engine's autonaming configuration proposes. The second result is false if the
// configuration turned automatic names off.
func (n naming) automatic(rule *AutoName) (string, bool, error) {
	if n.option == nil && rule.Random == 0 {
		return n.base(rule, n.name), true, nil
	}
	if n.option == nil {
		name, err := resource.NewUniqueName(n.seed, n.base(rule, n.name)+rule.Separator, rule.Random, rule.Max, nil)
		return name, true, err
	}
	switch n.option.Mode {
	case pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
		return "", false, nil
	case pulumirpc.CheckRequest_AutonamingOptions_ENFORCE:
		return n.option.ProposedName, true, nil
	default:
		name := n.base(rule, n.option.ProposedName)
		if len(name) > rule.Max {
			return "", true, fmt.Errorf("the proposed name %q is longer than %d characters", name, rule.Max)
		}
		return name, true, nil
	}
}

// base gives a name the form the type wants.
func (n naming) base(rule *AutoName, name string) string {
	if rule.Lower {
		name = strings.ToLower(name)
	}
	if !strings.HasPrefix(name, rule.Prefix) {
		name = rule.Prefix + name
	}
	return name
}

package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Reference is a property that names another thing.
type Reference struct {
	Property string
	To       Target
	// Holds is the error code with which AWS refuses to delete the other thing while this one is there; empty if it
	// does not refuse.
	Holds string
}

// follow finds the things that the inputs refer to, and refuses those that are sent and do not exist here.
func (c *Change) follow() (err error) {
	if c.Links, err = c.found(); err != nil {
		return err
	}
	for _, r := range c.p.references[c.Token] {
		for _, found := range values.View(c.State).Each(r.Property) {
			value := strings.TrimSuffix(values.Text(found.Value), r.To.Trim)
			if value == "" || world.IsSecretMarker(found.Value) || !c.inWorld(r.To, value) {
				continue
			}
			thing, err := c.LookUp(r.To, value)
			if gone := new(APIError); errors.As(err, &gone) && !c.sends(r.Property) {
				continue
			}
			if err != nil {
				return err
			}
			if thing != nil {
				c.Links = append(c.Links, world.Link{Property: r.Property, Target: thing})
			}
		}
	}
	return nil
}

// found returns the links of the thing that a behavior found when it was created, and whose property stays as it is.
func (c *Change) found() ([]world.Link, error) {
	if c.Thing == nil {
		return nil, nil
	}
	links, err := c.Tx.Links(c.Thing)
	return slices.DeleteFunc(links, func(l world.Link) bool {
		return c.sends(l.Property) || slices.ContainsFunc(c.p.references[c.Token], func(r Reference) bool {
			return r.Property == l.Property
		})
	}), err
}

// sends reports whether a property goes to AWS: an update sends what changes, and AWS looks at no more.
func (c *Change) sends(property string) bool {
	input, _, _ := strings.Cut(property, ".")
	return c.Difference == nil || c.Difference.Changed(input)
}

// inWorld reports whether what a value names ought to be in the world.
func (c *Change) inWorld(to Target, value string) bool {
	parsed, err := arn.Parse(value)
	if !strings.HasPrefix(value, to.Prefix) || to.Service != "" && parsed.Service != to.Service ||
		to.Skip != nil && to.Skip(value) {
		return false
	}
	return err != nil || parsed.AccountID == "" || parsed.AccountID == world.Account
}

// LookUp returns the thing that a value names in this region, nil for a part of another thing or of the account, and
// otherwise AWS's refusal.
func (c *Change) LookUp(to Target, value string) (*world.Thing, error) {
	candidates, err := c.candidates(to, value)
	if err != nil {
		return nil, err
	}
	region, elsewhere := cmp.Or(to.Region, c.Region().Name), ""
	for _, thing := range candidates {
		switch {
		case !slices.Contains(to.Types, thing.Type):
		case thing.Region == world.Global || thing.Region == region || region == Anywhere:
			return thing, nil
		default:
			elsewhere = thing.Region
		}
	}
	if to.Part != "" {
		if _, err := c.Tx.PartOwner(c.Region().Name, to.Part, value); err == nil {
			return nil, nil
		}
	}
	if slices.Contains(c.Region().AccountParts(), value) {
		return nil, nil
	}
	if to.Optional {
		return nil, nil
	}
	message := fmt.Sprintf(to.Message, value)
	if elsewhere != "" {
		message += fmt.Sprintf(" in %s (it is in %s)", region, elsewhere)
	}
	return nil, &APIError{Code: to.Code, Message: message}
}

func (c *Change) candidates(to Target, value string) ([]*world.Thing, error) {
	forms := to.Forms
	if len(forms) == 0 {
		forms = []Form{ByID}
	}
	var candidates []*world.Thing
	for _, f := range forms {
		if f == ByARN {
			things, err := c.Tx.ByARN(value)
			if err != nil {
				return nil, err
			}
			candidates = append(candidates, things...)
			continue
		}
		for _, token := range to.Types {
			search := c.Tx.ByID
			if f == ByName {
				search = c.Tx.ByName
			}
			things, err := search(token, value)
			if err != nil {
				return nil, err
			}
			candidates = append(candidates, things...)
		}
	}
	return candidates, nil
}

// refuseUsed refuses to delete a thing that others hold.
func (c *Change) refuseUsed() error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if code := c.holdsWith(r); code != "" && !c.letsGo(r) {
			return RefuseRetried(
				code,
				"%s %s is in use: %s %s refers to it by %s",
				Spaced(
					model.ShortName(c.Token),
				),
				c.Thing.ID,
				Spaced(model.ShortName(r.Thing.Type)),
				r.Thing.ID,
				r.Property,
			)
		}
	}
	return nil
}

func (c *Change) holdsWith(r world.Referrer) string {
	for _, reference := range c.p.references[r.Thing.Type] {
		if reference.Property == r.Property {
			return reference.Holds
		}
	}
	return ""
}

// letsGo reports whether what holds the thing goes with it.
func (c *Change) letsGo(r world.Referrer) bool {
	return c.behavior.Releases != nil && c.behavior.Releases(c, r)
}

// StateOf returns the state of a thing that a reference led to.
func StateOf(thing *world.Thing) values.View {
	if thing == nil {
		return nil
	}
	return values.View(thing.State)
}

// Emptied lets what is in a container go with it when the container is to be emptied by force.
func Emptied(c *Change, _ world.Referrer) bool { return c.Olds.Bool("forceDestroy") }

// Anywhere stands for every region.
const Anywhere = "*"

// Form is a way in which a property can name a thing.
type Form int

const (
	ByID Form = iota
	ByARN
	ByName
)

// Target is a kind of thing that properties refer to.
type Target struct {
	Types []string
	Forms []Form
	// Prefix is what a value must begin with to be such a reference; others are left alone.
	Prefix string
	// Service is what a value must be an ARN of to be such a reference; others are left alone.
	Service string
	// Code and message are AWS's refusal when there is no such thing. The message takes the value.
	Code, Message string
	// Trim is cut off a value's end.
	Trim string
	// Skip says which values name things that exist without being in the world, such as AWS's own policies.
	Skip func(value string) bool
	// Part is the type of thing that also counts, as part of another: a VPC's default security group.
	Part string
	// Region is where the thing must be when that is not the provider's region; anywhere for any region.
	Region string
	// Optional says that the thing may exist without being in the world: somebody else may have made it.
	Optional bool
}

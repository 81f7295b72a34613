package baseline

import (
	"maps"
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

var cases = func() map[string][]ruletest.Case {
	all := map[string][]ruletest.Case{}
	for _, some := range []map[string][]ruletest.Case{
		encryptionCases,
		authenticationCases,
		exposureCases,
		aclCases,
		recordingCases,
		bucketCases,
		tierCases,
		alarmCases,
		tagCases,
	} {
		maps.Copy(all, some)
	}
	return all
}()

func TestRules(t *testing.T) { ruletest.Run(t, Pack, cases) }

func TestFixesNameProperties(t *testing.T) { ruletest.FixesNameProperties(t, Pack) }

func TestPropertyNames(t *testing.T) { ruletest.PropertyNames(t, cases) }

func FuzzRules(f *testing.F) { ruletest.Fuzz(f, Pack, cases) }

type object = map[string]any

var (
	violation   = ruletest.Violation
	unevaluated = ruletest.Unevaluated
	of          = ruletest.Of
)

// below makes the properties of a resource from a value that lies in an object.
func below(
	resource func(ruletest.Props) ruletest.Resource,
	outer, inner string,
) func(ruletest.Props) ruletest.Resource {
	return func(p ruletest.Props) ruletest.Resource {
		if len(p) == 0 {
			return resource(ruletest.Props{})
		}
		return resource(ruletest.Props{outer: object{inner: p[outer+"."+inner]}})
	}
}

// companionCases returns the five situations of a rule that wants another resource to be about the first.
func companionCases(first, other string, about string) []ruletest.Case {
	it := ruletest.Resource{Type: first, Name: "it", Properties: ruletest.Props{"id": "it-id"}}
	unnamed := ruletest.Resource{Type: first, Name: "it", Properties: ruletest.Props{"id": ruletest.Computed}}
	with := func(value any, sources ...string) []ruletest.Resource {
		r := ruletest.Resource{Type: other, Name: "other", Properties: ruletest.Props{about: value}}
		if len(sources) > 0 {
			r.DependsOn = map[string][]string{about: sources}
		}
		return []ruletest.Resource{r}
	}
	return []ruletest.Case{
		{Situation: ruletest.Passes, Resource: it, Rest: with("it-id"), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: it, Rest: with("another-id"), Want: violation("it")},
		{Situation: ruletest.Unknown, Resource: unnamed, Rest: with(ruletest.Computed, "it"), Want: ruletest.Pass},
		{
			Situation: ruletest.Unknown,
			Name:      "from nowhere",
			Resource:  unnamed,
			Rest:      with(ruletest.Computed),
			Want:      unevaluated("it"),
		},
		{Situation: ruletest.Secret, Resource: it, Rest: with(ruletest.Secretly("it-id")), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: it, Want: violation("it")},
	}
}

package names

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNamesAreStable holds what stacks are called today: another name replaces what it names.
func TestNamesAreStable(t *testing.T) {
	tests := map[string]struct{ project, stack, want string }{
		"one word": {"awslab", "dev", "awslab-dev"},
		"digits":   {"awslab", "pr42", "awslab-pr42"},
		"a hyphen": {"awslab", "dev-x", "awslab-dev-x-f2b53550"},
		"a branch": {
			"awslab",
			"feature-checkout-redesign-with-payments-4711",
			"awslab-feature-checko-c0d74361",
		},
		"upper case, _ and .": {"awslab", "Feature_X.1", "awslab-feature-x-1-0f94ef25"},
		"hyphens only":        {"awslab", "---", "awslab-4b86d0ca"},
		"a digit first":       {"1lab", "dev", "lab-1lab-dev-2a6bc4a9"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, New(test.project, test.stack, "").Prefix())
		})
	}
	require.Equal(t, "awslab-dev-catalog-task", New("awslab", "dev", "").Name("catalog", "task"))
}

func TestAStackKeepsItsPrefix(t *testing.T) {
	require.Equal(t, "awslab-before", New("awslab", "after", "awslab-before").Prefix())
	require.Equal(
		t,
		"awslab-feature-a",
		Legacy("awslab", "feature-a").Prefix(),
		"as stacks were called before they kept it",
	)
	require.Equal(
		t,
		New("awslab", "Feature_X.1", ""),
		Legacy("awslab", "Feature_X.1"),
		"which could not come up before",
	)
}

func TestFit(t *testing.T) {
	require.Equal(t, "awslab-dev-alb", LoadBalancer.Fit("awslab-dev-alb"))
	long := "awslab-feature-checko-c0d74361-catalog"
	fitted := LoadBalancer.Fit(long)
	require.Len(t, fitted, LoadBalancer.Max)
	require.True(t, strings.HasPrefix(fitted, "awslab-feature-checko"), fitted)
	require.NotEqual(t, fitted, LoadBalancer.Fit(long+"s"))
}

// stacks draws names that Pulumi accepts for projects and stacks.
func stacks() *rapid.Generator[string] { return rapid.StringMatching(`[A-Za-z0-9_.-]{1,100}`) }

// parts draws names of services, tables and buckets that the configuration accepts.
func parts() *rapid.Generator[string] {
	return rapid.StringMatching(`[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,4}){0,2}`)
}

func TestEveryPrefixIsAcceptedByEveryService(t *testing.T) {
	accepted := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	rapid.Check(t, func(t *rapid.T) {
		prefix := New(stacks().Draw(t, "project"), stacks().Draw(t, "stack"), "").Prefix()
		if !accepted.MatchString(prefix) || len(prefix) > maxPrefix {
			t.Fatalf("prefix %q", prefix)
		}
	})
}

// TestTwoStacksNeverShareAName draws stacks from few words, so that what one says in its name another says in its
// parts.
func TestTwoStacksNeverShareAName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.StringMatching(`[aA](-[aA]){0,2}`)
		var named [2][3]string
		var names [2]string
		for i := range named {
			project, stack := few.Draw(t, "project"), rapid.OneOf(few, stacks()).Draw(t, "stack")
			part := rapid.OneOf(rapid.Map(few, strings.ToLower), parts()).Draw(t, "part")
			named[i] = [3]string{project, stack, part}
			names[i] = LoadBalancer.Fit(New(project, stack, "").Name(part))
		}
		if named[0] != named[1] && names[0] == names[1] {
			t.Fatalf("%q and %q are both called %s", named[0], named[1], names[0])
		}
	})
}

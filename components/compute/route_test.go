package compute

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	segment = rapid.StringMatching(`[a-z0-9]{1,12}`)
	host    = rapid.SampledFrom([]string{"", "*.example.com", "api.example.com", "shop.example.com"})
)

func routePath(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		segments := rapid.SliceOfN(segment, depth, depth).Draw(t, "segments")
		return "/" + strings.Join(segments, "/")
	})
}

func TestAPriorityIsOneThatListenersHave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Route{
			Host: host.Draw(t, "host"),
			Path: routePath(rapid.IntRange(0, MaxDepth).Draw(t, "depth")).Draw(t, "path"),
		}
		require.GreaterOrEqual(t, r.RulePriority(), 1)
		require.LessOrEqual(t, r.RulePriority(), MaxPriority)
	})
}

func TestARouteGoesBeforeThoseItLiesBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(0, MaxDepth-1).Draw(t, "depth")
		outer := Route{Host: host.Draw(t, "host"), Path: routePath(depth).Draw(t, "outer")}
		below := routePath(rapid.IntRange(1, MaxDepth-depth).Draw(t, "more")).Draw(t, "below")
		inner := Route{Host: outer.Host, Path: strings.TrimSuffix(outer.Path, "/") + below}
		require.Less(t, inner.RulePriority(), outer.RulePriority())
	})
}

func TestAHostGoesBeforeAPatternAndAPatternBeforeAnyHost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := func(label string) string {
			return routePath(rapid.IntRange(0, MaxDepth).Draw(t, label)).Draw(t, label+" path")
		}
		exact := Route{Host: "api.example.com", Path: any("exact")}.RulePriority()
		pattern := Route{Host: "*.example.com", Path: any("pattern")}.RulePriority()
		every := Route{Path: any("every")}.RulePriority()
		require.Less(t, exact, pattern)
		require.Less(t, pattern, every)
	})
}

func TestSpellingsOfOneRouteHaveOnePriority(t *testing.T) {
	require.Equal(t, Route{Path: "/items"}.RulePriority(), Route{Path: "/items/"}.RulePriority())
	require.Equal(
		t,
		Route{Host: "api.example.com"}.RulePriority(),
		Route{Host: "API.Example.com", Path: "/"}.RulePriority(),
	)
	require.NotEqual(t, Route{Path: "/items"}.RulePriority(), Route{Path: "/Items"}.RulePriority(), "paths know case")
}

// Another derivation would renumber the rules of every stack.
func TestPrioritiesStay(t *testing.T) {
	for route, want := range map[Route]int{
		{Path: "/items"}:                          48135,
		{Path: "/items/images"}:                   45686,
		{Host: "api.example.com"}:                 16141,
		{Host: "*.example.com", Path: "/v1"}:      30799,
		{Host: "api.example.com", Path: "/items"}: 14010,
		{Path: "/items", Priority: 7}:             7,
	} {
		require.Equal(t, want, route.RulePriority(), "%+v", route)
	}
}

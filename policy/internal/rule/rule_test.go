package rule

import (
	"slices"
	"testing"
)

func names(resources []Resource) []string {
	var got []string
	for _, r := range resources {
		got = append(got, r.Name)
	}
	return got
}

func subnet(name, parent string) Resource {
	return Resource{URN: name, Type: "subnet", Name: name, Parent: parent}
}

func TestStackIsInTheOrderOfURNs(t *testing.T) {
	stack := NewStack(
		[]Resource{
			subnet("c", ""),
			{URN: "stack", Type: "pulumi:pulumi:Stack"},
			subnet("a", ""),
			{URN: "aws", Type: "pulumi:providers:aws"},
			subnet("b", ""),
		},
	)
	if got := names(stack.Resources()); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v", got)
	}
}

func TestSources(t *testing.T) {
	stack := NewStack([]Resource{
		{URN: "network", Type: "component", Name: "network"},
		{URN: "vpc", Type: "component", Name: "vpc", Parent: "network"},
		subnet("private1", "vpc"), subnet("private2", "vpc"), subnet("public1", "vpc"),
		{URN: "vpc-itself", Type: "vpc", Parent: "vpc"},
		{URN: "sg", Type: "group"},
		subnet("lone", ""),
	})
	for _, c := range []struct {
		name   string
		from   []string
		want   []string
		others []string
	}{
		{"nothing", nil, nil, nil},
		{"resources", []string{"private2", "private1", "sg"}, []string{"private1", "private2"}, []string{"group"}},
		{
			"a component stands for what is below it, at any depth",
			[]string{"network"},
			[]string{"private1", "private2", "public1"},
			nil,
		},
		{
			"a component is narrowed by what is named below it",
			[]string{"network", "vpc", "private1"},
			[]string{"private1"},
			nil,
		},
		{
			"a component is not narrowed by what lies elsewhere",
			[]string{"vpc", "lone"},
			[]string{"lone", "private1", "private2", "public1"},
			nil,
		},
		{"a URN outside the stack", []string{"gone"}, nil, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			service := Resource{URN: "service", PropertyDependencies: map[string][]string{"subnets": c.from}}
			got := stack.Sources(service, "subnets", "subnet")
			if !slices.Equal(names(got.Resources), c.want) || !slices.Equal(got.Others, c.others) {
				t.Errorf("got %v and %v, want %v and %v", names(got.Resources), got.Others, c.want, c.others)
			}
		})
	}
}

// The engine rules out a resource that is its own ancestor; a snapshot edited by hand does not.
func TestDescendantsEndInACycle(t *testing.T) {
	stack := NewStack([]Resource{subnet("a", "b"), subnet("b", "a")})
	if got := names(stack.Descendants("a")); !slices.Equal(got, []string{"b"}) {
		t.Errorf("%v", got)
	}
}

func TestSettingsOfBothKinds(t *testing.T) {
	limit := Setting{Name: "limit", Description: "largest size", Default: 10, Minimum: 1}
	tags := Setting{Name: "tags", Description: "tags", Texts: []string{"Project"}}
	r := Rule{Name: "size", Settings: []Setting{limit, tags}}
	for name, c := range map[string]struct {
		given map[string]any
		limit int
		tags  []string
	}{
		"defaults":     {nil, 10, []string{"Project"}},
		"both":         {map[string]any{"limit": 3.0, "tags": []any{"Team", "Cost"}}, 3, []string{"Team", "Cost"}},
		"an empty one": {map[string]any{"tags": []any{}}, 10, []string{}},
	} {
		settings, err := r.ReadSettings(c.given)
		run := Run{}.WithSettings(settings)
		if err != nil || run.Int(limit) != c.limit || !slices.Equal(run.Texts(tags), c.tags) {
			t.Errorf("%s: %d and %v, %v", name, run.Int(limit), run.Texts(tags), err)
		}
	}
	for name, given := range map[string]map[string]any{
		"a text":               {"tags": "Project"},
		"a number among texts": {"tags": []any{"Project", 1.0}},
		"an empty text":        {"tags": []any{""}},
		"a list for a number":  {"limit": []any{1.0}},
		"too small":            {"limit": 0.0},
		"unknown":              {"labels": []any{"a"}},
	} {
		if settings, err := r.ReadSettings(given); err == nil {
			t.Errorf("%s: read as %v", name, settings)
		}
	}
	if schema := tags.Schema(); schema["type"] != "array" || schema["default"].([]any)[0] != "Project" {
		t.Errorf("%v", schema)
	}
}

func TestLikeFindsWhatIsMisspelt(t *testing.T) {
	pack := Pack{
		Rules: []Rule{{Name: "rds-multi-az"}, {Name: "ecs-multi-az"}},
	}.Among(
		Pack{Rules: []Rule{{Name: "s3-logs"}}},
	)
	for name, want := range map[string]string{
		"rds-mutli-az":  "rds-multi-az",
		"rds-multiaz":   "rds-multi-az",
		"s3-log":        "s3-logs",
		"anything-else": "",
		"":              "",
	} {
		if got := pack.Like(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestOnceReadsOnceWhereItRemembers(t *testing.T) {
	type key struct{}
	for _, c := range []struct {
		resource Resource
		want     int
	}{{Resource{}.Remembering(), 1}, {Resource{}, 2}} {
		reads := 0
		for range 2 {
			Once(c.resource, key{}, func() int { reads++; return reads })
		}
		if reads != c.want {
			t.Errorf("%d times, want %d", reads, c.want)
		}
	}
}

func TestNumbersAreAListOfWholeOnes(t *testing.T) {
	ports := Setting{Name: "ports", Numbers: []int{80, 443}, Minimum: 1}
	r := Rule{Name: "open", Settings: []Setting{ports}}
	settings, err := r.ReadSettings(map[string]any{"ports": []any{8443.0}})
	if err != nil || !slices.Equal(Run{}.WithSettings(settings).Numbers(ports), []int{8443}) ||
		!slices.Equal(Run{}.Numbers(ports), []int{80, 443}) {
		t.Errorf("%v %v", settings, err)
	}
	for _, given := range []any{8443.0, []any{"80"}, []any{0.0}, []any{1.5}, "80"} {
		if settings, err := r.ReadSettings(map[string]any{"ports": given}); err == nil {
			t.Errorf("%v is taken for %v", given, settings)
		}
	}
}

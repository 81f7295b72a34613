package stack

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

func TestATargetGroupStaysWithItsServiceOrWithTheRouteOfOneThatIsGone(t *testing.T) {
	public := func(name, path string) config.Service { return config.Service{Name: name, Port: 8080, Path: path} }
	before := map[string]string{
		"targets:shop": "shop", "route:shop": "/items",
		"targets:cart": "cart", "route:cart": "/cart",
	}
	for name, test := range map[string]struct {
		services []config.Service
		before   map[string]string
		want     map[string]string
	}{
		"a new stack": {
			[]config.Service{public("shop", "/items"), {Name: "worker"}},
			nil,
			map[string]string{"shop": "shop"},
		},
		"a renaming": {
			[]config.Service{public("goods", "/items/"), public("cart", "/cart")},
			before,
			map[string]string{"goods": "shop", "cart": "cart"},
		},
		"a renaming with a host": {
			[]config.Service{{Name: "goods", Port: 8080, Host: "shop.example.com", Path: "/items"}},
			before,
			map[string]string{"goods": "shop"},
		},
		"a renaming that has the route, beside one with requests of it": {
			[]config.Service{public("goods", "/items")},
			map[string]string{
				"targets:cart": "cart", "route:cart": "shop.example.com/items",
				"targets:shop": "shop", "route:shop": "/items",
			},
			map[string]string{"goods": "shop"},
		},
		"a renaming to another host": {
			[]config.Service{{Name: "goods", Port: 8080, Host: "shop.example.com", Path: "/items"}},
			map[string]string{"targets:shop": "shop", "route:shop": "lab.example.com/items"},
			map[string]string{"goods": "goods"},
		},
		"a part of what is gone": {
			[]config.Service{public("sold", "/items/sold"), public("cart", "/cart")},
			before,
			map[string]string{"sold": "shop", "cart": "cart"},
		},
		"a more general route than one that is gone": {
			[]config.Service{public("all", "/"), public("cart", "/cart")},
			before,
			map[string]string{"all": "shop", "cart": "cart"},
		},
		"a renaming with a new path": {
			[]config.Service{public("goods", "/goods")},
			before,
			map[string]string{"goods": "goods"},
		},
		"a new path": {
			[]config.Service{public("shop", "/goods"), public("cart", "/cart")},
			before,
			map[string]string{"shop": "shop", "cart": "cart"},
		},
		"paths that are swapped": {
			[]config.Service{public("shop", "/cart"), public("cart", "/items")},
			before,
			map[string]string{"shop": "shop", "cart": "cart"},
		},
		"another service of the old name": {
			[]config.Service{public("goods", "/items"), public("shop", "/other"), public("cart", "/cart")},
			map[string]string{"targets:goods": "shop", "route:goods": "/items"},
			map[string]string{"goods": "shop", "shop": "shop-2", "cart": "cart"},
		},
		"a new service of the name of one that is gone": {
			[]config.Service{public("goods", "/items"), public("shop", "/other"), public("cart", "/cart")},
			map[string]string{"targets:sold": "shop", "route:sold": "/sold"},
			map[string]string{"goods": "goods", "shop": "shop-2", "cart": "cart"},
		},
		"a stack of before there were records": {
			[]config.Service{public("shop", "/items")},
			map[string]string{"region": "eu-west-1"},
			map[string]string{"shop": "shop"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, targetGroups(test.services, test.before))
		})
	}
}

func TestANewServiceIsNotSentTheRequestsOfAnotherBeforeItHasTasks(t *testing.T) {
	public := func(name, host, path string) config.Service {
		return config.Service{Name: name, Port: 8080, Host: host, Path: path}
	}
	before := map[string]string{
		"targets:shop": "shop", "route:shop": "/items",
		"targets:gifts": "gifts", "route:gifts": "*.example.com/items",
		"targets:home": "home", "route:home": "",
		"targets:late": "late", "route:late": "/items/late 49000",
		"targets:idle": "idle", "route:idle": "/idle", "idle:idle": "idle",
	}
	stays := []config.Service{
		public("shop", "", "/items"), public("gifts", "*.example.com", "/items"), public("late", "", "/late"),
	}
	for name, test := range map[string]struct {
		services []config.Service
		before   map[string]string
		want     string
	}{
		"a new stack":                    {[]config.Service{public("new", "", "/items")}, nil, ""},
		"a part of a route":              {append(stays, public("new", "", "/items/sold")), before, "shop"},
		"a part of a route, at a host":   {append(stays, public("new", "a.b", "/items/sold")), before, "shop"},
		"a part of a route of hosts":     {append(stays, public("new", "a.example.com", "/items")), before, "gifts"},
		"the rule that comes first":      {append(stays, public("new", "", "/items/late")), before, "shop"},
		"another route":                  {append(stays, public("new", "", "/carts")), before, ""},
		"a route that begins as another": {append(stays, public("new", "", "/items2")), before, ""},
		"two parts of a route that is gone": {
			[]config.Service{public("sold", "", "/items/sold"), public("new", "", "/items/new")}, before, "shop",
		},
		"a route that one has given away": {
			[]config.Service{public("shop", "", "/other"), stays[1], public("new", "", "/items")}, before, "shop",
		},
		"a service that is renamed": {
			[]config.Service{public("goods", "", "/items"), public("new", "", "/items/sold")}, before, "shop",
		},
		"a service that takes the place of another": {
			[]config.Service{public("home", "", "/"), public("new", "", "/items")}, before, "",
		},
		"a service with tasks": {
			[]config.Service{stays[0], public("late", "", "/items/sold"), public("new", "", "/late")}, before, "",
		},
		"a service that had no tasks, with its route": {append(stays, public("idle", "", "/idle")), before, ""},
		"a service that had no tasks, with a part of another's": {
			append(stays, public("idle", "", "/items/sold")), before, "shop",
		},
		"a new service with the route of one without tasks": {
			append(stays, public("idle", "", "/other"), public("new", "", "/idle")), before, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			groups := targetGroups(test.services, test.before)
			require.Equal(t, test.want, predecessor(test.services[len(test.services)-1], groups, test.before))
		})
	}
}

func TestRequestsThatNobodyAnswersUntilANewServiceHasTasks(t *testing.T) {
	before := map[string]string{"targets:shop": "shop", "route:shop": "/items"}
	gateway := config.Service{Name: "gateway", Port: 8080, Path: "/items"}
	for name, test := range map[string]struct {
		shop config.Service
		want string
	}{
		"the other is made internal":   {config.Service{Name: "shop", Port: 8080, Internal: true}, "shop"},
		"the other gets another route": {config.Service{Name: "shop", Port: 8080, Path: "/old"}, ""},
		"the other is renamed":         {config.Service{Name: "cart", Port: 8080, Path: "/cart"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			groups := targetGroups([]config.Service{test.shop, gateway}, before)
			require.Equal(t, test.want, unanswered(gateway, groups, before))
		})
	}
}

func TestWhatGoesToAServiceThatIsNotPublicAnyMoreIsHandedOver(t *testing.T) {
	public := func(name, path string) config.Service { return config.Service{Name: name, Port: 8080, Path: path} }
	inner := config.Service{Name: "shop", Port: 8080, Internal: true}
	before := map[string]string{
		"targets:all": "all", "route:all": "",
		"targets:shop": "shop", "route:shop": "/items/old",
	}
	for name, test := range map[string]struct {
		services []config.Service
		want     []string
	}{
		"it stays public":                {[]config.Service{public("all", "/"), public("shop", "/shop")}, nil},
		"it is gone":                     {[]config.Service{public("all", "/")}, []string{"shop to all"}},
		"it is internal":                 {[]config.Service{public("all", "/"), inner}, []string{"shop to all"}},
		"another has the route":          {[]config.Service{public("all", "/items/old")}, nil},
		"a new one has the target group": {[]config.Service{public("all", "/"), public("sold", "/items")}, nil},
		"a new one answers, which has no tasks": {
			[]config.Service{public("all", "/"), inner, public("sold", "/items")}, nil,
		},
		"nobody answers": {[]config.Service{public("all", "/cart")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var found []string
			for _, h := range handovers(test.services, targetGroups(test.services, before), before) {
				found = append(found, h.left.service+" to "+h.next.service)
			}
			require.Equal(t, test.want, found)
		})
	}
}

func TestARouteIsAnsweredWhileItsRuleIsUpdated(t *testing.T) {
	service := func(name, path string, priority int) config.Service {
		return config.Service{Name: name, Port: 8080, Path: path, Priority: priority}
	}
	before := map[string]string{
		"targets:shop": "shop", "route:shop": "/items 3",
		"targets:cart": "cart", "route:cart": "/cart 1",
		"targets:sold": "sold", "route:sold": "/items/sold 2",
		"targets:idle": "idle", "route:idle": "/idle 7", "idle:idle": "idle",
	}
	sold := service("sold", "/items/sold", 2)
	for name, test := range map[string]struct {
		services []config.Service
		want     []string
	}{
		"nothing changes": {
			[]config.Service{service("shop", "/items", 3), service("cart", "/cart", 1), sold}, nil,
		},
		"priorities that are swapped": {
			[]config.Service{service("shop", "/items", 1), service("cart", "/cart", 3), sold},
			[]string{"cart at 4 before 1", "shop at 5 before 3"},
		},
		"paths that are swapped": {
			[]config.Service{service("shop", "/cart", 3), service("cart", "/items", 1), sold},
			[]string{"cart at 4 before 1", "shop at 5 before 3"},
		},
		"one that gets a priority of its own": {
			[]config.Service{service("shop", "/items", 3), service("cart", "/cart", 9), sold}, nil,
		},
		"a new one that gets the priority of another": {
			[]config.Service{
				service("shop", "/items", 8), service("cart", "/cart", 1), sold, service("new", "/new", 3),
			},
			[]string{"shop at 4 before 3"},
		},
		"a part of what a more general route has answered": {
			[]config.Service{service("shop", "/other", 3), service("cart", "/items/old", 1), sold},
			[]string{"shop at 4 before 3"},
		},
		"two parts of what a more general route has answered": {
			[]config.Service{
				service("shop", "/other", 3), service("cart", "/items/old", 1), service("sold", "/items/new", 2),
			},
			[]string{"shop at 4 before 3", "shop at 5 before 3"},
		},
		"one below another, with no priority between": {
			[]config.Service{
				service("shop", "/items", 3), service("cart", "/items/sold", 1), service("sold", "/cart", 2),
			},
			[]string{"cart at 4 before 1", "sold at 0 before 2"},
		},
		"one that is gone": {
			[]config.Service{service("shop", "/cart", 3), sold}, nil,
		},
		"one that had no tasks, and changes places with another": {
			[]config.Service{
				service("shop", "/idle", 3), service("cart", "/cart", 1), sold, service("idle", "/items", 7),
			},
			[]string{"shop at 4 before 3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var found []string
			for _, d := range detours(test.services, targetGroups(test.services, before), before) {
				found = append(found, fmt.Sprintf("%s at %d before %d", d.left.service, d.left.route.Priority, d.rule))
			}
			require.Equal(t, test.want, found)
		})
	}
}

func TestRulesOfHTTPSFromAnEarlierVersion(t *testing.T) {
	const rule = "urn:pulumi:prod::awslab::aws:lb/listenerRule:ListenerRule::lab-"
	listener := func(protocol string) resourceState {
		return resourceState{listenerType, map[string]any{"arn": "arn:listener", "protocol": protocol}}
	}
	there := resourceState{listenerRuleType, map[string]any{"listenerArn": "arn:listener"}}
	for name, test := range map[string]struct {
		protocol, rule string
		want           bool
	}{
		"HTTP":                        {"HTTP", "rule-7", false},
		"HTTPS":                       {"HTTPS", "https-rule-7", false},
		"HTTPS of an earlier version": {"HTTPS", "rule-7", true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, hasFormerRules(map[string]resourceState{
				"urn::listener": listener(test.protocol), rule + test.rule: there,
			}))
		})
	}
}

func TestTargetGroupsThatADestroyHasDeletedAreForgotten(t *testing.T) {
	recorded := map[string]any{
		prefixKey: "awslab-dev", "targets:all": "all", "route:all": "", "targets:shop": "shop", "route:shop": "/items",
	}
	made := &account{outputs: map[string]any{permanentOutput: recorded}}
	values := map[string]string{
		"region":   "eu-west-1",
		"services": `[{"name": "all", "image": {"uri": "quay.io/lab/all:1"}, "port": 8080, "path": "/"}]`,
	}
	require.NoError(t, deployTo(made, "../..", "dev", values), "it is not looked up")
	made.state = map[string]any{}
	for _, name := range []string{"awslab-dev-all", "awslab-dev-shop"} {
		made.state["urn::"+name] = map[string]any{"type": targetGroupType, "outputs": map[string]any{"name": name}}
	}
	require.ErrorContains(t, deployTo(made, "../..", "dev", values), "finding the target group awslab-dev-all")
}

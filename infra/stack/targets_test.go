package stack

import (
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

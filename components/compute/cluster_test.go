package compute

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestACluster(t *testing.T) {
	share := func(provider string, base, weight float64) object {
		return object{"capacityProvider": provider, "base": base, "weight": weight}
	}
	tests := map[string]struct {
		capacity Capacity
		want     []any
	}{
		"on demand": {Capacity{OnDemandWeight: 1}, []any{share("FARGATE", 0, 1)}},
		"spot":      {Capacity{SpotWeight: 1}, []any{share("FARGATE_SPOT", 0, 1)}},
		"a base, then spot": {
			Capacity{OnDemandBase: 2, SpotWeight: 1},
			[]any{share("FARGATE", 2, 0), share("FARGATE_SPOT", 0, 1)},
		},
		"a base, then shares": {Capacity{3, 1, 4}, []any{share("FARGATE", 3, 1), share("FARGATE_SPOT", 0, 4)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.NoError(t, g.run(func(ctx *pulumi.Context) error {
				_, err := NewCluster(
					ctx,
					"lab",
					&ClusterArgs{Name: "awslab-dev", ContainerInsights: true, Capacity: test.capacity, Tags: labTags},
				)
				return err
			}))
			require.Equal(
				t,
				object{
					"name":     "awslab-dev",
					"settings": []any{object{"name": "containerInsights", "value": "enabled"}},
					"tags":     asTags,
				},
				g.inputs(t, "lab-cluster"),
			)
			require.Equal(t, object{
				"clusterName":                       "awslab-dev",
				"capacityProviders":                 []any{"FARGATE", "FARGATE_SPOT"},
				"defaultCapacityProviderStrategies": test.want,
			}, g.inputs(t, "lab-capacity"))
		})
	}
}

func given(certificate string) pulumi.StringInput {
	if certificate == "" {
		return nil
	}
	return pulumi.String(certificate)
}

func runBalancer(g *graph, certificate string) error {
	return g.run(func(ctx *pulumi.Context) error {
		_, err := NewLoadBalancer(ctx, "lab", &LoadBalancerArgs{
			Name:               "awslab-dev-alb",
			SubnetIds:          pulumi.ToStringArray([]string{"a", "b"}),
			SecurityGroupId:    pulumi.String("sg"),
			CertificateArn:     given(certificate),
			DeletionProtection: true,
			Tags:               labTags,
		})
		return err
	})
}

func TestALoadBalancer(t *testing.T) {
	g := &graph{}
	require.NoError(t, runBalancer(g, ""))
	require.Equal(t, object{
		"name":                     "awslab-dev-alb",
		"loadBalancerType":         "application",
		"internal":                 false,
		"subnets":                  []any{"a", "b"},
		"securityGroups":           []any{"sg"},
		"dropInvalidHeaderFields":  true,
		"desyncMitigationMode":     "strictest",
		"enableDeletionProtection": true,
		"idleTimeout":              60.0,
		"ipAddressType":            "ipv4",
		"accessLogs":               object{"bucket": "", "enabled": false},
		"tags":                     asTags,
	}, g.inputs(t, "lab-alb"))
	require.Equal(t, []string{"lab-http"}, g.names("aws:lb/listener:Listener"))
	http := g.inputs(t, "lab-http")
	require.Equal(t, "fixed-response", http["defaultActions"].([]any)[0].(object)["type"])
	require.Equal(t, "404", http["defaultActions"].([]any)[0].(object)["fixedResponse"].(object)["statusCode"])
}

func TestACertificateMakesHTTPSAndARedirect(t *testing.T) {
	g := &graph{}
	require.NoError(t, runBalancer(g, "arn:certificate"))
	redirect := g.inputs(t, "lab-http")["defaultActions"].([]any)[0].(object)
	require.Equal(t, "redirect", redirect["type"])
	require.Equal(t, object{"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}, redirect["redirect"])
	https := g.inputs(t, "lab-https")
	require.Equal(t, "ELBSecurityPolicy-TLS13-1-2-2021-06", https["sslPolicy"])
	require.Equal(t, "arn:certificate", https["certificateArn"])
	require.Equal(t, false, https["routingHttpResponseServerEnabled"])
	require.Equal(t, "max-age=0", https["routingHttpResponseStrictTransportSecurityHeaderValue"],
		"browsers are bound only by who says so")
	require.Equal(t, "fixed-response", https["defaultActions"].([]any)[0].(object)["type"])
}

// A priority is in use in one listener while the rule of before is there: so another listener has other rules.
func TestRulesAreNamedAfterTheirListener(t *testing.T) {
	for name, test := range map[string]struct {
		certificate string
		former      bool
		rule        string
		alias       string
	}{
		"HTTP":                        {"", false, "lab-rule-7", ""},
		"HTTPS":                       {"arn:certificate", false, "lab-https-rule-7", ""},
		"HTTPS of an earlier version": {"arn:certificate", true, "lab-https-rule-7", "lab-rule-7"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.NoError(t, g.run(func(ctx *pulumi.Context) error {
				balancer, err := NewLoadBalancer(ctx, "lab", &LoadBalancerArgs{
					Name:            "awslab-dev-alb",
					SubnetIds:       pulumi.ToStringArray([]string{"a", "b"}),
					SecurityGroupId: pulumi.String("sg"),
					CertificateArn:  given(test.certificate),
					FormerRules:     test.former,
				})
				if err != nil {
					return err
				}
				route := Route{Path: "/cart", Priority: 7}
				_, err = balancer.HandOver(ctx, "cart", route, pulumi.String("arn:shop-targets"))
				return err
			}))
			require.Equal(t, []string{test.rule}, g.names("aws:lb/listenerRule:ListenerRule"))
			var names []string
			for _, alias := range g.find(t, test.rule).RegisterRPC.GetAliases() {
				names = append(names, alias.GetSpec().GetName())
			}
			require.Equal(t, test.alias != "", slices.Contains(names, test.alias) && test.alias != "")
		})
	}
}

package quota_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestASecurityGroupHasSixtyRulesInEachDirection(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, _ := l.Network()
	full := l.Create(token.SecurityGroup, "full", awstest.In{"vpcId": vpc.Str("id")})
	other := l.Create(token.SecurityGroup, "other", awstest.In{"vpcId": vpc.Str("id")})
	for _, direction := range []string{token.IngressRule, token.EgressRule} {
		rule := func(group awstest.Made, port int) awstest.In {
			return awstest.In{
				"securityGroupId": group.Str("id"), "cidrIpv4": "10.0.0.0/16",
				"ipProtocol": "tcp", "fromPort": port, "toPort": port,
			}
		}
		for port := range 60 {
			l.Create(direction, fmt.Sprint(port), rule(full, port))
		}
		_, err := l.TryCreate(direction, "more", rule(full, 60))
		require.ErrorContains(t, err, "RulesPerSecurityGroupLimitExceeded")
		l.Create(direction, "of-another", rule(other, 60))
	}
}

func TestTheRulesOfALoadBalancerAreThoseOfAllItsListeners(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, subnets := l.Network()
	balancer := l.Create(token.LoadBalancer, "alb", awstest.In{
		"subnets": []any{subnets[0].Str("id"), subnets[1].Str("id")},
	})
	group := l.Create(token.TargetGroup, "shop", awstest.In{
		"vpcId": vpc.Str("id"), "port": 80, "protocol": "HTTP", "targetType": "ip",
	})
	forward := []any{awstest.In{"type": "forward", "targetGroupArn": group.Str("arn")}}
	var listeners []awstest.Made
	for _, port := range []int{80, 81} {
		listeners = append(listeners, l.Create(token.Listener, fmt.Sprint(port), awstest.In{
			"loadBalancerArn": balancer.Str("arn"), "port": port, "protocol": "HTTP", "defaultActions": forward,
		}))
	}
	rule := func(i int) awstest.In {
		return awstest.In{
			"listenerArn": listeners[i%2].Str("arn"), "priority": 1 + i, "actions": forward,
			"conditions": []any{awstest.In{"pathPattern": awstest.In{"values": []any{fmt.Sprintf("/%d", i)}}}},
		}
	}
	for i := range 100 {
		l.Create(token.ListenerRule, fmt.Sprint("rule-", i), rule(i))
	}
	_, err := l.TryCreate(token.ListenerRule, "more", rule(100))
	require.ErrorContains(t, err, "TooManyRules")
	require.ErrorContains(t, err, "101 rules of the load balancer; AWS allows 100")
}

// Package elb stands in for load balancers: listeners, rules, target groups and the logs they write.
package elb

import (
	"fmt"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "lb", Name: "ELBv2",
	Behaviors: map[string]bridge.Behavior{
		token.LoadBalancer: {
			Diff:   diffLoadBalancer,
			Plan:   planLoadBalancer,
			Create: createLoadBalancer,
			Update: updateLoadBalancer,
			Remove: removeLoadBalancer,
		},
		token.Listener: {
			Check:  checkActions("defaultActions"),
			Create: createListener,
			Update: updateListener,
			Remove: removeListener,
			Read:   readActions("defaultActions"),
		},
		token.ListenerRule: {
			Check:  checkRule,
			Create: createListenerRule,
			Update: updateListenerRule,
			Read:   readActions("actions"),
		},
		token.TargetGroup: {Check: checkTargetGroup, Create: createTargetGroup, Read: readTargetGroup},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:elb/getServiceAccount:getServiceAccount": getServiceAccount,
		"aws:lb/getLoadBalancer:getLoadBalancer": bridge.GetByName(
			"name",
			token.LoadBalancer,
			"LoadBalancerNotFound",
		),
		"aws:lb/getTargetGroup:getTargetGroup": bridge.GetByName("name", token.TargetGroup, "TargetGroupNotFound"),
	},
}

func getServiceAccount(c bridge.Call) (map[string]any, error) {
	r := c.Region()
	if name := c.Args.Str("region"); name != "" {
		var err error
		if r, err = region.Named(name); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"id":  r.ELBAccount,
		"arn": fmt.Sprintf("arn:%s:iam::%s:root", r.Partition(), r.ELBAccount),
	}, nil
}

package elb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func checkTargetGroup(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	if wait := inputs.Num("slowStart"); wait != 0 && (wait < 30 || wait > 900) {
		failures = append(
			failures,
			bridge.Failf("slowStart", "expected slowStart to be 0 or in the range (30 - 900), got %g", wait),
		)
	}
	kind, check := inputs.Str("targetType"), inputs.Str("healthCheck.protocol")
	if kind == "lambda" {
		if check == "TCP" {
			failures = append(
				failures,
				bridge.Failf("healthCheck.protocol", "health_check.protocol cannot be TCP when target_type is lambda"),
			)
		}
		return failures
	}
	for _, property := range []string{"port", "protocol", "vpcId"} {
		if !inputs.Given(property) {
			failures = append(
				failures,
				bridge.Failf(property, "%s should be set when target type is %s", property, kind),
			)
		}
	}
	if protocol := inputs.Str("protocol"); check == "TCP" && (protocol == "HTTP" || protocol == "HTTPS") {
		failures = append(failures, bridge.Failf(
			"healthCheck.protocol",
			"health check protocol TCP is not possible with protocol %s",
			protocol,
		))
	}
	for _, property := range []string{"healthCheck.path", "healthCheck.matcher"} {
		if check == "TCP" && inputs.Given(property) {
			failures = append(
				failures,
				bridge.Failf(property, "%s is not supported for target_groups with TCP health checks", property),
			)
		}
	}
	return failures
}

func createTargetGroup(c *bridge.Change) error {
	c.Variables["path"] = fmt.Sprintf("%s/%s", c.Inputs.Str("name"), template.RandomHex(16))
	c.Set("arnSuffix", "targetgroup/"+c.Variables["path"])
	protocol := c.Inputs.Str("protocol")
	web := protocol == "HTTP" || protocol == "HTTPS"
	if web {
		c.Out("protocolVersion", "HTTP1")
	} else {
		c.Out("preserveClientIp", fmt.Sprint(c.Inputs.Str("targetType") == "instance"))
	}
	fillHealthCheck(c, web)
	stickiness := "lb_cookie"
	if !web {
		stickiness = "source_ip"
	}
	if !values.View(c.State).Has("stickiness") {
		c.Set("stickiness", map[string]any{"enabled": false, "type": stickiness, "cookieDuration": 86400})
	}
	return nil
}

// fillHealthCheck fills in what AWS does of a health check that the program leaves out, as a whole or in part.
func fillHealthCheck(c *bridge.Change, web bool) {
	check := c.Inputs.Str("healthCheck.protocol")
	if check == "" {
		check = "HTTP"
		if !web {
			check = "TCP"
		}
	}
	defaults := map[string]any{
		"enabled": true, "healthyThreshold": 3, "unhealthyThreshold": 3, "interval": 30, "port": "traffic-port",
		"protocol": check, "timeout": 5,
	}
	if check == "TCP" {
		defaults["timeout"] = 10
	} else {
		defaults["path"] = "/"
		defaults["matcher"] = "200"
		switch {
		case c.Inputs.Str("protocolVersion") == "GRPC":
			defaults["matcher"], defaults["path"] = "12", "/AWS.ALB/healthcheck"
		case !web:
			defaults["matcher"] = "200-399"
		}
	}
	for _, name := range values.SortedKeys(defaults) {
		c.Out("healthCheck."+name, defaults[name])
	}
}

// readTargetGroup shows which load balancers use the group.
func readTargetGroup(c *bridge.Change) error {
	balancers, err := BalancersOf(c, c.Thing)
	if err != nil {
		return err
	}
	c.Set("loadBalancerArns", values.ToAny(balancers))
	return nil
}

// BalancersOf returns the ARNs of the load balancers whose listeners or rules use a target group.
func BalancersOf(c *bridge.Change, group *world.Thing) ([]string, error) {
	referrers, err := c.Tx.Referrers(group)
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, r := range referrers {
		listener := r.Thing
		if listener.Type == token.ListenerRule {
			if listener, err = c.Tx.Get(world.Key{
				Region: listener.Region,
				Type:   token.Listener,
				Key:    bridge.StateOf(listener).Str("listenerArn"),
			}); err != nil {
				if errors.Is(err, world.ErrNotFound) {
					continue
				}
				return nil, err
			}
		}
		if listener.Type == token.Listener {
			arns = append(arns, bridge.StateOf(listener).Str("loadBalancerArn"))
		}
	}
	slices.Sort(arns)
	return slices.Compact(arns), nil
}

package elb

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func removeListener(c *bridge.Change) error { return removeReferrers(c, token.ListenerRule) }

// removeReferrers deletes the things of a type that refer to this one, and rules of listeners with them.
func removeReferrers(c *bridge.Change, typ string) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type != typ {
			continue
		}
		if typ == token.Listener {
			inner := c.Of(r.Thing)
			if err := removeReferrers(inner, token.ListenerRule); err != nil {
				return err
			}
		}
		if err := c.Tx.Remove(r.Thing.Key); err != nil {
			return err
		}
	}
	return nil
}

// actionBlocks are the blocks that the types of actions need.
var actionBlocks = map[string]string{
	"redirect": "redirect", "fixed-response": "fixedResponse",
	"authenticate-cognito": "authenticateCognito", "authenticate-oidc": "authenticateOidc",
}

func checkActions(property string) func(values.View) []bridge.Failure {
	return func(inputs values.View) []bridge.Failure {
		var failures []bridge.Failure
		for i, action := range inputs.Objects(property) {
			at := fmt.Sprintf("%s[%d]", property, i)
			kind := action.Str("type")
			if kind == "forward" {
				failures = append(failures, checkForward(at, action)...)
			} else if block, needs := actionBlocks[kind]; needs && !action.Given(block) {
				failures = append(
					failures,
					bridge.Failf(at+"."+block, "attribute %q must be specified when \"type\" is %q", block, kind),
				)
			}
		}
		return failures
	}
}

func checkForward(at string, action values.View) []bridge.Failure {
	arn, forward := action.Given("targetGroupArn"), action.Given("forward")
	switch {
	case !arn && !forward:
		return []bridge.Failure{
			bridge.Failf(
				at+".targetGroupArn",
				"either \"targetGroupArn\" or \"forward\" must be specified when \"type\" is \"forward\"",
			),
		}
	case arn && forward && action.Has("targetGroupArn") && !forwardsTo(action, action.Str("targetGroupArn")):
		return []bridge.Failure{
			bridge.Failf(
				at+".forward",
				"\"targetGroupArn\" and \"forward\" must name the same single target group when both are given",
			),
		}
	default:
		return nil
	}
}

func forwardsTo(action values.View, arn string) bool {
	groups := action.Objects("forward.targetGroups")
	return len(groups) == 1 && (!groups[0].Has("arn") || groups[0].Str("arn") == arn)
}

// number actions as AWS does: 1, 2, ...
func orderActions(c *bridge.Change, property string) {
	value, has := values.View(c.State).At(property)
	if !has || !value.IsArray() {
		return
	}
	actions := make([]resource.PropertyValue, len(value.ArrayValue()))
	for i, element := range value.ArrayValue() {
		actions[i] = element
		if action := values.Reveal(element); action.IsObject() {
			ordered := action.ObjectValue().Copy()
			if !ordered.HasValue("order") {
				ordered["order"] = resource.NewProperty(float64(i + 1))
			}
			actions[i] = resource.NewProperty(ordered)
		}
	}
	c.Set(property, resource.NewProperty(actions))
}

func createListener(c *bridge.Change) error {
	balancer := c.Target("loadBalancerArn")
	if balancer == nil {
		return bridge.Refuse(
			"LoadBalancerNotFound",
			"One or more load balancers not found: %s",
			c.Inputs.Str("loadBalancerArn"),
		)
	}
	c.Variables["path"] = bridge.StateOf(balancer).Str("arnSuffix")
	if bridge.StateOf(balancer).Str("loadBalancerType") != "application" {
		c.Out("tcpIdleTimeoutSeconds", 350.0)
	}
	return updateListener(c)
}

func updateListener(c *bridge.Change) error {
	siblings, err := c.Siblings(token.Listener)
	if err != nil {
		return err
	}
	for _, other := range siblings {
		state := bridge.StateOf(other)
		if state.Str("loadBalancerArn") == c.Inputs.Str("loadBalancerArn") &&
			state.Str("port") == c.Inputs.Str("port") {
			return bridge.Refuse(
				"DuplicateListener",
				"A listener already exists on this port for this load balancer '%s': %s",
				c.Inputs.Str("loadBalancerArn"),
				other.ID,
			)
		}
	}
	protocol := values.View(c.State).Str("protocol")
	if strings.HasPrefix(protocol, "HTTP") {
		c.Out("routingHttpResponseServerEnabled", true)
	}
	if protocol == "HTTPS" || protocol == "TLS" {
		if err := refuseCertificate(c); err != nil {
			return err
		}
		c.Out("sslPolicy", "ELBSecurityPolicy-2016-08")
		c.Out("mutualAuthentication", map[string]any{"mode": "off"})
	}
	orderActions(c, "defaultActions")
	return nil
}

func refuseCertificate(c *bridge.Change) error {
	if !c.Inputs.Has("certificateArn") {
		return bridge.Refuse(
			"CertificateNotFound",
			"A certificate must be specified for %s listeners",
			c.Inputs.Str("protocol"),
		)
	}
	certificate := c.Target("certificateArn")
	if certificate != nil && bridge.StateOf(certificate).Str("status") != "ISSUED" {
		return bridge.RefuseRetried(
			"UnsupportedCertificate",
			"The certificate '%s' must have a fully-qualified domain name, a supported "+
				"signature, and a supported key size, and be issued: it is %s",
			certificate.ARN,
			bridge.StateOf(certificate).Str("status"),
		)
	}
	return nil
}

// conditionKinds are the properties of a condition of which it has one.
var conditionKinds = []string{
	"hostHeader",
	"httpHeader",
	"httpRequestMethod",
	"pathPattern",
	"queryStrings",
	"sourceIp",
}

func checkRule(inputs values.View) []bridge.Failure {
	return checkActions("actions")(inputs)
}

func createListenerRule(c *bridge.Change) error {
	listener := c.Target("listenerArn")
	if listener == nil {
		return bridge.Refuse("ListenerNotFound", "One or more listeners not found: %s", c.Inputs.Str("listenerArn"))
	}
	_, path, _ := strings.Cut(listener.ARN, ":listener/")
	c.Variables["path"] = path
	return updateListenerRule(c)
}

func updateListenerRule(c *bridge.Change) error {
	if err := refuseConditions(c.Inputs); err != nil {
		return err
	}
	siblings, err := c.Siblings(token.ListenerRule)
	if err != nil {
		return err
	}
	highest := 0.0
	for _, other := range siblings {
		state := bridge.StateOf(other)
		if state.Str("listenerArn") != c.Inputs.Str("listenerArn") {
			continue
		}
		if c.Inputs.Has("priority") && state.Num("priority") == c.Inputs.Num("priority") {
			return bridge.Refuse(
				"PriorityInUse",
				"Priority '%g' is currently in use by %s",
				c.Inputs.Num("priority"),
				other.ID,
			)
		}
		highest = max(highest, state.Num("priority"))
	}
	c.Out("priority", highest+1)
	orderActions(c, "actions")
	return nil
}

// maxConditionValues is from "Quotas for your Application Load Balancers".
const maxConditionValues = 5

func refuseConditions(rule values.View) error {
	values := 0
	for i, condition := range rule.Objects("conditions") {
		given := bridge.GivenOf(condition, conditionKinds)
		if len(given) != 1 {
			return fmt.Errorf(
				"conditions[%d]: exactly one of %s must be given, not %d",
				i,
				strings.Join(conditionKinds, ", "),
				len(given),
			)
		}
		if given[0] == "queryStrings" {
			values += len(condition.List("queryStrings"))
		} else {
			values += len(condition.List(given[0] + ".values"))
		}
	}
	if values > maxConditionValues {
		return bridge.Refuse(
			"TooManyUniqueTargetGroupsPerLoadBalancer",
			"The rule has %d condition values; at most %d are possible",
			values,
			maxConditionValues,
		)
	}
	return nil
}

// readActions returns a Read for actions. An import has neither the program nor a state to say how an action names its
// target group, so the provider reads it in both ways.
func readActions(property string) func(*bridge.Change) error {
	return func(c *bridge.Change) error {
		if len(c.Olds) > 0 {
			return nil
		}
		state := values.Rewrite(resource.NewProperty(c.State), property, forwardBoth)
		c.State = state.ObjectValue()
		return nil
	}
}

func forwardBoth(actions resource.PropertyValue) resource.PropertyValue {
	var both []any
	for _, action := range actions.ArrayValue() {
		object := action.ObjectValue().Copy()
		group, named := values.View(object).At("targetGroupArn")
		if named && !object.HasValue("forward") {
			object["forward"] = values.Of(map[string]any{
				"targetGroups": []any{map[string]any{"arn": group, "weight": 1.0}},
			})
		}
		both = append(both, resource.NewProperty(object))
	}
	return values.Of(both)
}

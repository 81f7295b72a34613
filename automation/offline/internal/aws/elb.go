package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// elbService is what ELBv2 does beyond its models.
var elbService = service{
	module: "lb", name: "ELBv2",
	behaviors: map[string]behavior{
		tLoadBalancer: {diff: diffLoadBalancer, plan: planLoadBalancer, create: createLoadBalancer, update: updateLoadBalancer, remove: removeLoadBalancer},
		tListener:     {check: checkActions("defaultActions"), create: createListener, update: updateListener, remove: removeListener},
		tListenerRule: {check: checkRule, create: createListenerRule, update: updateListenerRule},
		tTargetGroup:  {check: checkTargetGroup, create: createTargetGroup, read: readTargetGroup},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:elb/getServiceAccount:getServiceAccount": getServiceAccount,
		"aws:lb/getLoadBalancer:getLoadBalancer":      getByName("name", tLoadBalancer, "LoadBalancerNotFound"),
	},
}

// balancerKinds are the parts of ARNs that tell the types of load balancers.
var balancerKinds = map[string]string{"application": "app", "network": "net", "gateway": "gwy"}

// diffLoadBalancer replaces a network load balancer that loses a subnet or gains or loses security groups as such.
func diffLoadBalancer(d *difference) error {
	if d.news.str("loadBalancerType") != "network" {
		return nil
	}
	after := d.news.strings("subnets")
	lost := slices.ContainsFunc(d.olds.strings("subnets"), func(subnet string) bool { return !slices.Contains(after, subnet) })
	if d.changed("subnets") && lost {
		d.replace("subnets", true)
	}
	if d.changed("securityGroups") && (len(d.olds.list("securityGroups")) == 0) != (len(d.news.list("securityGroups")) == 0) {
		d.replace("securityGroups", true)
	}
	return nil
}

func planLoadBalancer(d *difference) []string {
	switch {
	case d.changed("subnets"):
		return []string{"subnetMappings"}
	case d.changed("subnetMappings"):
		return []string{"subnets"}
	default:
		return nil
	}
}

func createLoadBalancer(c *change) error {
	kind := c.inputs.str("loadBalancerType")
	if err := placeLoadBalancer(c); err != nil {
		return err
	}
	name, id := c.inputs.str("name"), randomHex(16)
	path := fmt.Sprintf("%s/%s/%s", balancerKinds[kind], name, id)
	c.variables["path"] = path
	c.set("arnSuffix", path)
	region := c.region()
	if kind == "network" {
		c.set("dnsName", fmt.Sprintf("%s-%s.elb.%s.%s", name, id, region.Name, region.DNSSuffix()))
		c.set("zoneId", region.NLBZone)
		if len(c.inputs.list("securityGroups")) > 0 {
			c.out("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on")
		}
		return nil
	}
	prefix := ""
	if c.inputs.bool("internal") {
		prefix = "internal-"
	}
	c.set("dnsName", fmt.Sprintf("%s%s-%s.%s.elb.%s", prefix, name, randomText(alphabets["digits"], 10), region.Name, region.DNSSuffix()))
	c.set("zoneId", region.ALBZone)
	return nil
}

func updateLoadBalancer(c *change) error { return placeLoadBalancer(c) }

// placeLoadBalancer refuses subnets that do not do and computes what follows from them.
func placeLoadBalancer(c *change) error {
	for _, kind := range []string{"accessLogs", "connectionLogs"} {
		if err := c.refuseLogs(kind); err != nil {
			return err
		}
	}
	if len(c.inputs.list("subnets")) > 0 {
		delete(c.state, "subnetMappings")
	}
	subnets := append(c.targets("subnets"), c.targets("subnetMappings.subnetId")...)
	unique := map[string]*world.Thing{}
	zones := map[string]string{}
	for _, subnet := range subnets {
		if unique[subnet.ID] != nil {
			continue
		}
		unique[subnet.ID] = subnet
		zone := stateOf(subnet).str("availabilityZone")
		if other, taken := zones[zone]; taken {
			return refuse("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same "+
				"Availability Zone: %s and %s are both in %s", other, subnet.ID, zone)
		}
		zones[zone] = subnet.ID
	}
	application := c.inputs.str("loadBalancerType") == "application"
	if application && len(zones) < 2 {
		return refuse("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	if len(unique) == 0 {
		return refuse("ValidationError", "At least one subnet must be specified")
	}
	return c.placeInVPC(unique, application)
}

func (c *change) placeInVPC(subnets map[string]*world.Thing, application bool) error {
	var mappings, ids []any
	vpc := ""
	for _, id := range sortedKeys(subnets) {
		of := stateOf(subnets[id]).str("vpcId")
		if vpc != "" && of != vpc {
			return refuse("InvalidConfigurationRequest", "All subnets must belong to the same VPC: %s is in %s, others in %s", id, of, vpc)
		}
		vpc = of
		ids = append(ids, id)
		mappings = append(mappings, map[string]any{
			"subnetId": id, "outpostId": "", "allocationId": "", "ipv6Address": "", "privateIpv4Address": "",
		})
	}
	if err := c.refuseForeignGroups("subnets", "securityGroups"); err != nil {
		return err
	}
	if err := c.refuseUnreachable(vpc, application); err != nil {
		return err
	}
	c.set("vpcId", vpc)
	c.out("subnetMappings", mappings)
	c.out("subnets", ids)
	if application && len(c.inputs.list("securityGroups")) == 0 {
		vpcs, err := c.tx.ByID(tVpc, vpc)
		if err != nil || len(vpcs) == 0 {
			return err
		}
		c.out("securityGroups", []any{stateOf(vpcs[0]).str("defaultSecurityGroupId")})
	}
	return nil
}

// refuseUnreachable refuses a load balancer for the internet in a VPC without a gateway to it.
func (c *change) refuseUnreachable(vpc string, application bool) error {
	if c.inputs.bool("internal") || !application || vpc == c.region().defaultVPC() {
		return nil
	}
	gateways, err := c.siblings(tInternetGateway)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(gateways, func(g *world.Thing) bool { return stateOf(g).str("vpcId") == vpc }) {
		return refuseRetried("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	return nil
}

// removeLoadBalancer takes the listeners and their rules along.
func removeLoadBalancer(c *change) error {
	if c.olds.bool("enableDeletionProtection") {
		return refuse("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled; set "+
			"enableDeletionProtection to false and run an update first", c.thing.ARN)
	}
	return c.removeReferrers(tListener)
}

func removeListener(c *change) error { return c.removeReferrers(tListenerRule) }

// removeReferrers deletes the things of a type that refer to this one, and rules of listeners with them.
func (c *change) removeReferrers(token string) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type != token {
			continue
		}
		if token == tListener {
			inner := &change{kind: c.kind, p: c.p, tx: c.tx, thing: r.Thing}
			if err := inner.removeReferrers(tListenerRule); err != nil {
				return err
			}
		}
		if err := c.tx.Remove(r.Thing.Key); err != nil {
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

func checkActions(property string) func(view) []failure {
	return func(inputs view) []failure {
		var failures []failure
		for i, action := range inputs.objects(property) {
			at := fmt.Sprintf("%s[%d]", property, i)
			kind := action.str("type")
			if kind == "forward" {
				failures = append(failures, checkForward(at, action)...)
			} else if block, needs := actionBlocks[kind]; needs && !action.given(block) {
				failures = append(failures, failf(at+"."+block, "attribute %q must be specified when \"type\" is %q", block, kind))
			}
		}
		return failures
	}
}

func checkForward(at string, action view) []failure {
	arn, forward := action.given("targetGroupArn"), action.given("forward")
	switch {
	case !arn && !forward:
		return []failure{failf(at+".targetGroupArn", "either \"targetGroupArn\" or \"forward\" must be specified when \"type\" is \"forward\"")}
	case arn && forward && action.has("targetGroupArn") && !forwardsTo(action, action.str("targetGroupArn")):
		return []failure{failf(at+".forward", "\"targetGroupArn\" and \"forward\" must name the same single target group when both are given")}
	default:
		return nil
	}
}

func forwardsTo(action view, arn string) bool {
	groups := action.objects("forward.targetGroups")
	return len(groups) == 1 && (!groups[0].has("arn") || groups[0].str("arn") == arn)
}

// number actions as AWS does: 1, 2, ...
func orderActions(c *change, property string) {
	value, has := view(c.state).at(property)
	if !has || !value.IsArray() {
		return
	}
	actions := make([]resource.PropertyValue, len(value.ArrayValue()))
	for i, element := range value.ArrayValue() {
		actions[i] = element
		if action := reveal(element); action.IsObject() {
			ordered := action.ObjectValue().Copy()
			if !ordered.HasValue("order") {
				ordered["order"] = resource.NewProperty(float64(i + 1))
			}
			actions[i] = resource.NewProperty(ordered)
		}
	}
	c.set(property, resource.NewProperty(actions))
}

func createListener(c *change) error {
	balancer := c.target("loadBalancerArn")
	if balancer == nil {
		return refuse("LoadBalancerNotFound", "One or more load balancers not found: %s", c.inputs.str("loadBalancerArn"))
	}
	c.variables["path"] = stateOf(balancer).str("arnSuffix")
	if stateOf(balancer).str("loadBalancerType") != "application" {
		c.out("tcpIdleTimeoutSeconds", 350.0)
	}
	return updateListener(c)
}

func updateListener(c *change) error {
	siblings, err := c.siblings(tListener)
	if err != nil {
		return err
	}
	for _, other := range siblings {
		state := stateOf(other)
		if state.str("loadBalancerArn") == c.inputs.str("loadBalancerArn") && state.str("port") == c.inputs.str("port") {
			return refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s': %s",
				c.inputs.str("loadBalancerArn"), other.ID)
		}
	}
	protocol := c.inputs.str("protocol")
	if protocol == "HTTPS" || protocol == "TLS" {
		if err := refuseCertificate(c); err != nil {
			return err
		}
		c.out("sslPolicy", "ELBSecurityPolicy-2016-08")
		c.out("mutualAuthentication", map[string]any{"mode": "off"})
	}
	orderActions(c, "defaultActions")
	return nil
}

func refuseCertificate(c *change) error {
	if !c.inputs.has("certificateArn") {
		return refuse("CertificateNotFound", "A certificate must be specified for %s listeners", c.inputs.str("protocol"))
	}
	certificate := c.target("certificateArn")
	if certificate != nil && stateOf(certificate).str("status") != "ISSUED" {
		return refuseRetried("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported "+
			"signature, and a supported key size, and be issued: it is %s", certificate.ARN, stateOf(certificate).str("status"))
	}
	return nil
}

// conditionKinds are the properties of a condition of which it has one.
var conditionKinds = []string{"hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "queryStrings", "sourceIp"}

func checkRule(inputs view) []failure {
	return checkActions("actions")(inputs)
}

func createListenerRule(c *change) error {
	listener := c.target("listenerArn")
	if listener == nil {
		return refuse("ListenerNotFound", "One or more listeners not found: %s", c.inputs.str("listenerArn"))
	}
	_, path, _ := strings.Cut(listener.ARN, ":listener/")
	c.variables["path"] = path
	return updateListenerRule(c)
}

func updateListenerRule(c *change) error {
	if err := refuseConditions(c.inputs); err != nil {
		return err
	}
	siblings, err := c.siblings(tListenerRule)
	if err != nil {
		return err
	}
	highest := 0.0
	for _, other := range siblings {
		state := stateOf(other)
		if state.str("listenerArn") != c.inputs.str("listenerArn") {
			continue
		}
		if c.inputs.has("priority") && state.num("priority") == c.inputs.num("priority") {
			return refuse("PriorityInUse", "Priority '%g' is currently in use by %s", c.inputs.num("priority"), other.ID)
		}
		highest = max(highest, state.num("priority"))
	}
	c.out("priority", highest+1)
	orderActions(c, "actions")
	return nil
}

// maxConditionValues is from "Quotas for your Application Load Balancers".
const maxConditionValues = 5

func refuseConditions(rule view) error {
	values := 0
	for i, condition := range rule.objects("conditions") {
		given := givenOf(condition, conditionKinds)
		if len(given) != 1 {
			return fmt.Errorf("conditions[%d]: exactly one of %s must be given, not %d", i, strings.Join(conditionKinds, ", "), len(given))
		}
		if given[0] == "queryStrings" {
			values += len(condition.list("queryStrings"))
		} else {
			values += len(condition.list(given[0] + ".values"))
		}
	}
	if values > maxConditionValues {
		return refuse("TooManyUniqueTargetGroupsPerLoadBalancer", "The rule has %d condition values; at most %d are possible", values, maxConditionValues)
	}
	return nil
}

func checkTargetGroup(inputs view) []failure {
	var failures []failure
	if wait := inputs.num("slowStart"); wait != 0 && (wait < 30 || wait > 900) {
		failures = append(failures, failf("slowStart", "expected slowStart to be 0 or in the range (30 - 900), got %g", wait))
	}
	kind, check := inputs.str("targetType"), inputs.str("healthCheck.protocol")
	if kind == "lambda" {
		if check == "TCP" {
			failures = append(failures, failf("healthCheck.protocol", "health_check.protocol cannot be TCP when target_type is lambda"))
		}
		return failures
	}
	for _, property := range []string{"port", "protocol", "vpcId"} {
		if !inputs.given(property) {
			failures = append(failures, failf(property, "%s should be set when target type is %s", property, kind))
		}
	}
	if protocol := inputs.str("protocol"); check == "TCP" && (protocol == "HTTP" || protocol == "HTTPS") {
		failures = append(failures, failf("healthCheck.protocol", "health check protocol TCP is not possible with protocol %s", protocol))
	}
	for _, property := range []string{"healthCheck.path", "healthCheck.matcher"} {
		if check == "TCP" && inputs.given(property) {
			failures = append(failures, failf(property, "%s is not supported for target_groups with TCP health checks", property))
		}
	}
	return failures
}

func createTargetGroup(c *change) error {
	c.variables["path"] = fmt.Sprintf("%s/%s", c.inputs.str("name"), randomHex(16))
	c.set("arnSuffix", "targetgroup/"+c.variables["path"])
	protocol := c.inputs.str("protocol")
	web := protocol == "HTTP" || protocol == "HTTPS"
	if web {
		c.out("protocolVersion", "HTTP1")
	} else {
		c.out("preserveClientIp", fmt.Sprint(c.inputs.str("targetType") == "instance"))
	}
	c.fillHealthCheck(web)
	stickiness := "lb_cookie"
	if !web {
		stickiness = "source_ip"
	}
	if !view(c.state).has("stickiness") {
		c.set("stickiness", map[string]any{"enabled": false, "type": stickiness, "cookieDuration": 86400})
	}
	return nil
}

// fillHealthCheck fills in what AWS does of a health check that the program leaves out, as a whole or in part.
func (c *change) fillHealthCheck(web bool) {
	check := c.inputs.str("healthCheck.protocol")
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
		case c.inputs.str("protocolVersion") == "GRPC":
			defaults["matcher"], defaults["path"] = "12", "/AWS.ALB/healthcheck"
		case !web:
			defaults["matcher"] = "200-399"
		}
	}
	for _, name := range sortedKeys(defaults) {
		c.out("healthCheck."+name, defaults[name])
	}
}

// readTargetGroup shows which load balancers use the group.
func readTargetGroup(c *change) error {
	balancers, err := c.balancersOf(c.thing)
	if err != nil {
		return err
	}
	c.set("loadBalancerArns", toAny(balancers))
	return nil
}

// balancersOf returns the ARNs of the load balancers whose listeners or rules use a target group.
func (c *change) balancersOf(group *world.Thing) ([]string, error) {
	referrers, err := c.tx.Referrers(group)
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, r := range referrers {
		listener := r.Thing
		if listener.Type == tListenerRule {
			if listener, err = c.tx.Get(world.Key{Region: listener.Region, Type: tListener, Key: stateOf(listener).str("listenerArn")}); err != nil {
				if errors.Is(err, world.ErrNotFound) {
					continue
				}
				return nil, err
			}
		}
		if listener.Type == tListener {
			arns = append(arns, stateOf(listener).str("loadBalancerArn"))
		}
	}
	slices.Sort(arns)
	return slices.Compact(arns), nil
}

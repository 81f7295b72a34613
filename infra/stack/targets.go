package stack

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/limits"
	"github.com/awslab/awslab/internal/names"
)

// A stack records, in its output permanent, which target group each public service has, and which route. A service that
// is new and has the route of one that is gone, as after a renaming, takes over its target group: a listener rule that
// led to another one would lead to no task before the new service is healthy. So it does if its host is another one
// that has requests in common, which follow one of the two rules until the old one is gone, and if its route is a part
// of the one that is gone.
//
// A service that goes from behind the load balancer leaves requests to a more general route of another one. Its rule
// leads to that one first: otherwise they would go to no task until the rule is deleted.
//
// A rule is named after its priority, and where routes change places, by their paths or their priorities, both rules
// are updated: one route would have none in between. A third rule answers it in this update, which the next deletes.
//
// A new service may also be given requests that another, which stays, has answered: its route or what lies below it.
// That one goes on to answer them in this update, and the next sends them to the new service, whose tasks are there.
const (
	targetsKey = "targets:" // begins those of the target groups
	routeKey   = "route:"   // begins those of the routes
	idleKey    = "idle:"    // begins those of the services that have a target group and no tasks
)

// targetGroups returns the name of the target group of each public service, by the service's name. A target group is
// named after the service that had it first.
func targetGroups(services []config.Service, before map[string]string) map[string]string {
	groups, taken := map[string]string{}, map[string]bool{}
	all := recorded(before)
	take := func(service, group string) {
		groups[service], taken[group] = group, true
	}
	for _, s := range services {
		if group := before[targetsKey+s.Name]; s.Public() && group != "" {
			take(s.Name, group)
		}
	}
	for _, s := range services {
		if group := inherited(s, services, before); s.Public() && groups[s.Name] == "" && group != "" && !taken[group] {
			take(s.Name, group)
		}
	}
	for _, s := range services {
		if !s.Public() || groups[s.Name] != "" {
			continue
		}
		group := s.Name
		// The tasks of another service are in what is recorded until the update is over.
		for next := 2; taken[group] || hasGroup(all, group); next++ {
			group = fmt.Sprintf("%s-%d", s.Name, next)
		}
		take(s.Name, group)
	}
	return groups
}

// inherited returns the target group of the service that had the route, or else its requests or some of them, and is
// gone, or nothing.
func inherited(s config.Service, services []config.Service, before map[string]string) string {
	route := s.Route().Normal()
	gone := slices.DeleteFunc(recorded(before), func(t target) bool {
		return slices.ContainsFunc(services, func(s config.Service) bool { return s.Name == t.service })
	})
	first := func(matches func(target) bool) string {
		if i := slices.IndexFunc(gone, matches); i >= 0 {
			return gone[i].group
		}
		return ""
	}
	same := first(func(t target) bool { return sameRequests(t.route, route) })
	if answers := answering(route, recorded(before)); same == "" && answers != nil {
		return first(func(t target) bool { return t == *answers })
	}
	return cmp.Or(same, first(func(t target) bool { return overlap(t.route, route) || covers(route, t.route) }))
}

// handover is what a service had that is not public any more, and what has its requests from now on.
type handover struct{ left, next target }

// handovers returns those to services that have tasks. The others are made with a target group that others leave, or
// there is nothing that could answer.
func handovers(services []config.Service, groups, before map[string]string) []handover {
	had, has := recorded(before), targetsOf(services, groups)
	var handed []handover
	for _, left := range had {
		next := answering(left.route, has)
		goesOn := func(t target) bool {
			return t.service == left.service || t.group == left.group ||
				t.route.RulePriority() == left.route.RulePriority()
		}
		if next == nil || slices.ContainsFunc(has, goesOn) {
			continue
		}
		if answers(had, next.group) {
			handed = append(handed, handover{left, *next})
		}
	}
	return handed
}

// detour is a route that another rule answers from now on, while the rule that has answered it gets another route.
type detour struct {
	handover     // whose route has the priority of the rule that answers meanwhile
	rule     int // the priority of the one that is updated
}

// detours returns those of routes that tasks answer before the update and after it. Where every priority with which the
// requests would find the rule is taken, it is 0, and there is none.
func detours(services []config.Service, groups, before map[string]string) []detour {
	had, has := recorded(before), targetsOf(services, groups)
	all := slices.Concat(had, has)
	var found []detour
	for _, asked := range all {
		was, is := answering(asked.route, had), answering(asked.route, has)
		if was == nil || is == nil || was.idle || is.idle || slices.ContainsFunc(found, func(d detour) bool {
			return sameRequests(d.left.route, asked.route)
		}) {
			continue
		}
		rule := was.route.RulePriority()
		i := slices.IndexFunc(has, func(t target) bool { return t.route.RulePriority() == rule })
		if i < 0 || covers(has[i].route, asked.route) {
			continue // the rule is deleted at the end, or goes on to answer
		}
		next := *is
		if !answers(had, next.group) {
			next = *was // the service has no tasks yet: see predecessor
		}
		left := target{service: was.service, group: was.group, route: asked.route}
		left.route.Priority = freePriority(asked.route, rule, all)
		if !answers(has, next.group) {
			continue
		}
		if left.route.Priority != 0 {
			all = append(all, left)
		}
		found = append(found, detour{handover{left, next}, rule})
	}
	return found
}

// freePriority returns the nearest priority to that of a rule that no target has, and with which the route is neither
// behind a more general one nor before a part of it, or 0.
func freePriority(route compute.Route, rule int, targets []target) int {
	for _, step := range []int{1, -1} {
		for at := rule + step; at >= 1 && at <= compute.MaxPriority; at += step {
			i := slices.IndexFunc(targets, func(t target) bool { return t.route.RulePriority() == at })
			if i < 0 {
				return at
			}
			other := targets[i].route
			behind, before := covers(other, route), covers(route, other)
			if !sameRequests(route, other) && (step > 0 && behind || step < 0 && before) {
				break
			}
		}
	}
	return 0
}

func hasGroup(targets []target, group string) bool {
	return slices.ContainsFunc(targets, func(t target) bool { return t.group == group })
}

// answers reports whether there are tasks in a target group.
func answers(targets []target, group string) bool {
	return slices.ContainsFunc(targets, func(t target) bool { return t.group == group && !t.idle })
}

func sameRequests(one, other compute.Route) bool {
	return one.Host == other.Host && one.Path == other.Path
}

// predecessor returns the target group that answers the requests of a service until its own has tasks, or nothing: its
// own has them, or no service goes on to answer them.
func predecessor(s config.Service, groups, before map[string]string) string {
	answers := answeredBefore(s, groups, before)
	if answers == nil || !slices.Contains(slices.Collect(maps.Values(groups)), answers.group) {
		return ""
	}
	return answers.group
}

// unanswered returns the service that has answered a new one's requests and goes from behind the load balancer, if
// nobody answers them until the tasks of the new one are healthy.
func unanswered(s config.Service, groups, before map[string]string) string {
	answers := answeredBefore(s, groups, before)
	if answers == nil || predecessor(s, groups, before) != "" {
		return ""
	}
	return answers.service
}

// answeredBefore returns the target that has answered the requests of a public service whose own target group has no
// tasks yet, or nil.
func answeredBefore(s config.Service, groups, before map[string]string) *target {
	if !s.Public() || answers(recorded(before), groups[s.Name]) {
		return nil
	}
	if had := answering(s.Route().Normal(), recorded(before)); had != nil && !had.idle {
		return had
	}
	return nil
}

// answering returns the target whose rule comes first for all requests of a route, or nil.
func answering(route compute.Route, targets []target) *target {
	var first *target
	for _, t := range targets {
		if covers(t.route, route) && (first == nil || t.route.RulePriority() < first.route.RulePriority()) {
			first = &t
		}
	}
	return first
}

// overlap reports whether routes of one path may have requests in common.
func overlap(one, other compute.Route) bool {
	return one.Path == other.Path &&
		(one.Host == "" || other.Host == "" || strings.ContainsAny(one.Host+other.Host, "*?"))
}

// predecessor returns the ARN of the target group that answers a service's requests in this update, or nil for its own.
func (l *lab) predecessor(s config.Service) (pulumi.StringInput, error) {
	group := predecessor(s, l.targetGroups, l.before)
	if group == "" {
		return nil, nil
	}
	return l.targetGroupArn(group)
}

// targetGroupArn returns the ARN of a target group that is there.
func (l *lab) targetGroupArn(group string) (pulumi.StringInput, error) {
	name := names.LoadBalancer.Fit(l.name(group))
	found, err := lb.LookupTargetGroup(l.Context, &lb.LookupTargetGroupArgs{Name: &name}, l.providers.invoke)
	if err != nil {
		return nil, fmt.Errorf("finding the target group %s, which answers requests of another service: %w", name, err)
	}
	return pulumi.String(found.Arn), nil
}

const targetGroupType = "aws:lb/targetGroup:TargetGroup"

// forgetGone forgets target groups that are not in the state, once they have their names: a destroy that was
// interrupted leaves what is recorded.
func (l *lab) forgetGone() {
	there := map[any]bool{}
	for _, r := range l.state {
		if r.Type == targetGroupType {
			there[r.Outputs["name"]] = true
		}
	}
	for _, t := range recorded(l.before) {
		if !there[names.LoadBalancer.Fit(l.name(t.group))] {
			delete(l.before, targetsKey+t.service)
			delete(l.before, routeKey+t.service)
			delete(l.before, idleKey+t.service)
		}
	}
}

// handOver leads what goes to services that are not public any more to those that answer it from now on. It returns the
// rules by the names of the services that are left, which are updated after them.
func (l *lab) handOver() (map[string]pulumi.Resource, error) {
	rules := map[string]pulumi.Resource{}
	for _, h := range handovers(l.config.Services, l.targetGroups, l.before) {
		var err error
		if rules[h.left.service], err = l.lead(h); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// detour answers routes whose rules are updated. It returns the rules that do, by the priorities of those that are
// updated after them.
func (l *lab) detour() (map[int][]pulumi.Resource, error) {
	rules := map[int][]pulumi.Resource{}
	for _, d := range detours(l.config.Services, l.targetGroups, l.before) {
		if d.left.route.Priority == 0 {
			continue
		}
		rule, err := l.lead(d.handover)
		if err != nil {
			return nil, err
		}
		rules[d.rule] = append(rules[d.rule], rule)
	}
	return rules, nil
}

// lead makes the rule of a handover, which is there for one update.
func (l *lab) lead(h handover) (pulumi.Resource, error) {
	arn, err := l.targetGroupArn(h.next.group)
	if err != nil {
		return nil, err
	}
	return l.balancer.HandOver(l.Context, h.left.service, h.left.route, arn)
}

const (
	listenerType     = "aws:lb/listener:Listener"
	listenerRuleType = "aws:lb/listenerRule:ListenerRule"
)

// httpsListeners returns the ARNs of the HTTPS listeners in the state.
func httpsListeners(state map[string]resourceState) []string {
	var listeners []string
	for _, r := range state {
		if r.Type == listenerType && r.text("protocol") == "HTTPS" {
			listeners = append(listeners, r.text("arn"))
		}
	}
	return listeners
}

// closesHTTPS reports whether this update takes the HTTPS listener away. Requests are redirected to it, and the network
// ACL of the public subnets lets its port in, until the next: rules of the HTTP listener answer them then.
func (l *lab) closesHTTPS() bool {
	return !l.config.LoadBalancer.HTTPS() && len(httpsListeners(l.state)) > 0
}

// hasFormerRules reports whether an HTTPS listener has rules by the names of HTTP's, from an earlier version of awslab.
func hasFormerRules(state map[string]resourceState) bool {
	https := httpsListeners(state)
	for urn, r := range state {
		if r.Type == listenerRuleType && slices.Contains(https, r.text("listenerArn")) &&
			!strings.Contains(urn, "-https-rule-") {
			return true
		}
	}
	return false
}

// checkRules refuses an update in which the load balancer would have more rules than AWS allows: it makes new ones
// before it deletes old ones, and all anew on another listener. The error is a *config.Error.
func checkRules(project string, c *config.Config, before map[string]string, state map[string]resourceState) error {
	was, listener := map[int]bool{}, ""
	for _, r := range state {
		if r.Type == listenerRuleType {
			priority, _ := r.Outputs["priority"].(float64)
			was[int(priority)], listener = true, r.text("listenerArn")
		}
	}
	groups := targetGroups(c.Services, before)
	atOnce := maps.Clone(was)
	for _, t := range targetsOf(c.Services, groups) {
		atOnce[t.route.RulePriority()] = true
	}
	for _, d := range detours(c.Services, groups, before) {
		if d.left.route.Priority != 0 {
			atOnce[d.left.route.Priority] = true
		}
	}
	count := len(atOnce)
	if slices.Contains(httpsListeners(state), listener) != c.LoadBalancer.HTTPS() {
		count = len(was) + len(targetsOf(c.Services, groups))
	}
	if len(was) == 0 || count <= limits.BalancerRules {
		return nil
	}
	return &config.Error{Problems: []config.Problem{{
		Path: project + ":services",
		Message: fmt.Sprintf("%d rules of the load balancer at once; AWS allows %d, and an update makes new rules "+
			"before it deletes old ones. Change fewer routes and priorities at a time, or first make %d services "+
			"internal",
			count, limits.BalancerRules, count-limits.BalancerRules),
	}}}
}

// covers reports whether the requests of a route are among those of another.
func covers(general, route compute.Route) bool {
	matches, _ := path.Match(general.Host, route.Host) // a host has none of the other letters of a pattern
	return (general.Host == "" || matches) && strings.HasPrefix(route.Path+"/", general.Path+"/")
}

// target is what is recorded of a public service, its route in normal form.
type target struct {
	service, group string
	route          compute.Route
	idle           bool // it has no tasks
}

// targetsOf returns the targets of the public services.
func targetsOf(services []config.Service, groups map[string]string) []target {
	var targets []target
	for _, s := range services {
		if s.Public() {
			targets = append(targets, target{s.Name, groups[s.Name], s.Route().Normal(), isIdle(s)})
		}
	}
	return targets
}

// isIdle reports whether a service has no tasks.
func isIdle(s config.Service) bool {
	return s.Scaling == nil && s.DesiredCount != nil && *s.DesiredCount == 0
}

// recorded returns the targets of the last run, sorted by service.
func recorded(before map[string]string) []target {
	var targets []target
	for _, key := range slices.Sorted(maps.Keys(before)) {
		service, isTarget := strings.CutPrefix(key, targetsKey)
		if !isTarget {
			continue
		}
		route, priority, _ := strings.Cut(before[routeKey+service], " ")
		t := target{service: service, group: before[key], idle: before[idleKey+service] != ""}
		t.route.Priority, _ = strconv.Atoi(priority) // 0 where none is recorded
		t.route.Host = route
		if i := strings.Index(route, "/"); i >= 0 {
			t.route.Host, t.route.Path = route[:i], route[i:]
		}
		targets = append(targets, t)
	}
	return targets
}

// recordTargets records the target groups and the routes of the public services.
func (l *lab) recordTargets(values map[string]string) {
	for _, t := range targetsOf(l.config.Services, l.targetGroups) {
		text := t.route.Host + t.route.Path
		if t.route.Priority != 0 {
			text += " " + strconv.Itoa(t.route.Priority)
		}
		values[targetsKey+t.service], values[routeKey+t.service] = t.group, text
		if t.idle {
			values[idleKey+t.service] = "idle"
		}
	}
}

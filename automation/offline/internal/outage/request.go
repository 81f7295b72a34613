package outage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Request is one that a client on the internet makes of a load balancer or a distribution.
type Request struct {
	Scheme, Host, Path string
}

func (r Request) String() string { return r.Scheme + "://" + r.Host + r.Path }

func (r Request) port() int {
	if r.Scheme == "https" {
		return 443
	}
	return 80
}

// Requests returns one for each name, scheme and pattern of the rules of load balancers, and for each file of websites.
func (s *State) Requests() []Request {
	all := s.downloads()
	for _, rule := range s.byType[token.ListenerRule] {
		listener := s.find(token.Listener, "", bridge.StateOf(rule).Str("listenerArn"))
		if listener == nil {
			continue
		}
		balancer := s.find(token.LoadBalancer, "", bridge.StateOf(listener).Str("loadBalancerArn"))
		if balancer == nil {
			continue
		}
		paths, hosts := conditionsOf(bridge.StateOf(rule))
		if len(hosts) == 0 {
			hosts = s.namesOf(balancer)
		}
		for _, host := range hosts {
			for _, path := range paths {
				for _, scheme := range []string{"http", "https"} {
					all = append(all, Request{scheme, sample(host), sample(path)})
				}
			}
		}
	}
	return all
}

// sample returns a text that matches a pattern.
func sample(pattern string) string { return strings.NewReplacer("*", "x", "?", "x").Replace(pattern) }

func conditionsOf(rule values.View) (paths, hosts []string) {
	for _, condition := range rule.Objects("conditions") {
		paths = append(paths, condition.Strings("pathPattern.values")...)
		hosts = append(hosts, condition.Strings("hostHeader.values")...)
	}
	if len(paths) == 0 {
		paths = []string{"/*"}
	}
	return paths, hosts
}

// namesOf returns the names by which clients know a load balancer.
func (s *State) namesOf(balancer *world.Thing) []string {
	names := []string{bridge.StateOf(balancer).Str("dnsName")}
	for _, record := range s.byType[token.Record] {
		if leadsTo(record, names[0]) {
			names = append(names, bridge.StateOf(record).Str("name"))
		}
	}
	return names
}

func leadsTo(record *world.Thing, name string) bool {
	return slices.ContainsFunc(bridge.StateOf(record).Objects("aliases"), func(alias values.View) bool {
		return strings.EqualFold(alias.Str("name"), name)
	})
}

// balancerOf returns the load balancer that a client finds by a name. Its own name, and one whose record is kept
// elsewhere, lead to every one.
func (s *State) balancerOf(host string) (*world.Thing, error) {
	for _, balancer := range s.byType[token.LoadBalancer] {
		for _, name := range s.namesOf(balancer) {
			if values.Wildcard(name, host) {
				return balancer, nil
			}
		}
	}
	return nil, fmt.Errorf("no DNS record leads %s to a load balancer", host)
}

// answer returns nil if a request gets a file or the answer of a service's task, or the hop that is missing.
func (s *State) answer(r Request, running []*Generation) error {
	if distribution := s.distributionOf(r.Host); distribution != nil {
		return s.serve(distribution, r.Path)
	}
	targetGroups, fronts, err := s.forward(r)
	if err != nil {
		return err
	}
	for _, targetGroup := range targetGroups {
		if err := s.healthy(targetGroup, fronts, running); err != nil {
			return err
		}
	}
	return nil
}

// forward returns the target groups that a request may go to, and from where, or the hop that is missing.
func (s *State) forward(r Request) (targetGroups []string, fronts []end, err error) {
	balancer, err := s.balancerOf(r.Host)
	if err != nil {
		return nil, nil, err
	}
	state := bridge.StateOf(balancer)
	fronts, err = s.inSubnets("the load balancer", state.Strings("subnets"), state.Strings("securityGroups"))
	if err != nil {
		return nil, nil, err
	}
	if err := s.openFromAll([]end{internet}, fronts, r.port()); err != nil {
		return nil, nil, err
	}
	listener := s.listenerOf(balancer, r.port())
	if listener == nil {
		return nil, nil, fmt.Errorf("the load balancer does not listen on port %d", r.port())
	}
	if err := s.certified(listener, r.Host); r.Scheme == "https" && err != nil {
		return nil, nil, err
	}
	action := s.actionOf(listener, r)
	switch {
	case action.Str("type") == "redirect" && r.Scheme == "http" && action.Str("redirect.protocol") == "HTTPS":
		r.Scheme = "https"
		return s.forward(r)
	case action.Str("type") != "forward":
		return nil, nil, fmt.Errorf("no rule of the listener on port %d forwards %s", r.port(), r.Path)
	}
	targetGroups = targetGroupsOf(action, 1)
	if len(targetGroups) == 0 {
		return nil, nil, fmt.Errorf("every target group that the rule for %s forwards to has weight 0", r.Path)
	}
	return targetGroups, fronts, nil
}

// targetGroupsOf returns the target groups that an action forwards to with at least a weight.
func targetGroupsOf(action values.View, least float64) []string {
	if group := action.Str("targetGroupArn"); group != "" {
		return []string{group}
	}
	var groups []string
	for _, group := range action.Objects("forward.targetGroups") {
		if !group.Has("weight") || group.Num("weight") >= least {
			groups = append(groups, group.Str("arn"))
		}
	}
	return groups
}

func (s *State) listenerOf(balancer *world.Thing, port int) *world.Thing {
	for _, listener := range s.byType[token.Listener] {
		state := bridge.StateOf(listener)
		if state.Str("loadBalancerArn") == balancer.ARN && int(state.Num("port")) == port {
			return listener
		}
	}
	return nil
}

// certified judges certificates of the stack. One that comes from elsewhere is taken to be right.
func (s *State) certified(listener *world.Thing, host string) error {
	certificate := s.find(token.Certificate, "arn", bridge.StateOf(listener).Str("certificateArn"))
	if certificate == nil {
		return nil
	}
	state := bridge.StateOf(certificate)
	for _, name := range append(state.Strings("subjectAlternativeNames"), state.Str("domainName")) {
		label, rest, _ := strings.Cut(host, ".")
		if strings.EqualFold(name, host) || label != "" && strings.EqualFold(name, "*."+rest) {
			return nil
		}
	}
	return fmt.Errorf("the certificate %s does not cover %s", state.Str("domainName"), host)
}

// actionOf returns the last action of the first rule that matches, or of the listener.
func (s *State) actionOf(listener *world.Thing, r Request) values.View {
	rules := s.every(token.ListenerRule, "listenerArn", listener.ARN)
	slices.SortFunc(rules, func(a, b values.View) int { return cmp.Compare(a.Num("priority"), b.Num("priority")) })
	actions := bridge.StateOf(listener).Objects("defaultActions")
	for _, rule := range rules {
		paths, hosts := conditionsOf(rule)
		matches := func(patterns []string, value string) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { return values.Wildcard(p, value) })
		}
		if matches(paths, r.Path) && (len(hosts) == 0 || matches(hosts, r.Host)) {
			actions = rule.Objects("actions")
			break
		}
	}
	if len(actions) == 0 {
		return values.View{}
	}
	return actions[len(actions)-1]
}

// healthy returns nil if a running task is in a target group and the load balancer reaches it.
func (s *State) healthy(targetGroup string, fronts []end, running []*Generation) error {
	if s.find(token.TargetGroup, "arn", targetGroup) == nil {
		return fmt.Errorf("the target group %s does not exist", targetGroup)
	}
	missing := errors.New("no service has tasks in it")
	for _, g := range running {
		for _, target := range g.view().Objects("loadBalancers") {
			if target.Str("targetGroupArn") != targetGroup || !s.hasTasks(g) {
				continue
			}
			tasks, err := s.tasksOf(g)
			if err == nil {
				err = s.openFromAll(fronts, tasks, int(target.Num("containerPort")))
			}
			if err == nil {
				return nil
			}
			missing = err
		}
	}
	return fmt.Errorf("the target group %s has no healthy target: %w", targetGroup, missing)
}

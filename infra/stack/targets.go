package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/awslab/awslab/infra/config"
)

// A stack records, in its output permanent, which target group each public service has, and which route. A service that
// is new and has the route of one that is gone, as after a renaming, takes over its target group: a listener rule that
// led to another one would lead to no task before the new service is healthy. So it does if its host is another one
// that has requests in common, which follow one of the two rules until the old one is gone.
const (
	targetsKey = "targets:" // begins those of the target groups
	routeKey   = "route:"   // begins those of the routes
)

// targetGroups returns the name of the target group of each public service, by the service's name. A target group is
// named after the service that had it first.
func targetGroups(services []config.Service, before map[string]string) map[string]string {
	groups, taken := map[string]string{}, map[string]bool{}
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
		for next := 2; taken[group]; next++ {
			group = fmt.Sprintf("%s-%d", s.Name, next)
		}
		take(s.Name, group)
	}
	return groups
}

// inherited returns the target group of the service that had the route, or else requests of it, and is gone, or
// nothing.
func inherited(s config.Service, services []config.Service, before map[string]string) string {
	heir := ""
	for _, key := range slices.Sorted(maps.Keys(before)) {
		other, found := strings.CutPrefix(key, routeKey)
		isThere := slices.ContainsFunc(services, func(s config.Service) bool { return s.Name == other })
		switch {
		case !found || isThere:
		case before[key] == routeOf(s):
			return before[targetsKey+other]
		case overlap(before[key], routeOf(s)) && heir == "":
			heir = before[targetsKey+other]
		}
	}
	return heir
}

// overlap reports whether routes of one path may have requests in common, as they are recorded.
func overlap(one, two string) bool {
	host, path, _ := strings.Cut(one, "/")
	other, below, _ := strings.Cut(two, "/")
	return path == below && (host == other || host == "" || other == "" || strings.ContainsAny(host+other, "*?"))
}

// routeOf writes a route as it is recorded.
func routeOf(s config.Service) string {
	route := s.Route().Normal()
	return route.Host + route.Path
}

// recordTargets records the target groups and the routes of the public services.
func (l *lab) recordTargets(values map[string]string) {
	for _, s := range l.config.Services {
		if s.Public() {
			values[targetsKey+s.Name], values[routeKey+s.Name] = l.targetGroups[s.Name], routeOf(s)
		}
	}
}

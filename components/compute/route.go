package compute

import (
	"errors"
	"hash/fnv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Route says which requests go to a service: those for Host, if given, whose path is Path or lies below it.
type Route struct {
	Host, Path string
	// Priority is the listener rule's, 1 to [MaxPriority]; 0 derives it from Host and Path.
	Priority int
}

const (
	// MaxPriority is the highest number a listener rule may have (Elastic Load Balancing API, CreateRule). The lowest
	// number that matches wins.
	MaxPriority = 50000
	// MaxDepth is the largest number of segments that a route's path may have.
	MaxDepth = 9
)

// Derived priorities are in bands, one for each kind of host and depth of path, the most specific first: a host
// outranks every host, an exact one a pattern, and a path outranks those it lies below.
const (
	exactHost = iota
	hostPattern
	anyHost
	hostKinds
)

const bandSize = MaxPriority / (hostKinds * (MaxDepth + 1))

// Normal returns the route as it is compared: host names know no case, and /items/ is /items.
func (r Route) Normal() Route {
	return Route{Host: strings.ToLower(r.Host), Path: strings.TrimRight(r.Path, "/"), Priority: r.Priority}
}

// Depth returns the number of segments of the path.
func (r Route) Depth() int { return strings.Count(r.Normal().Path, "/") }

func (r Route) hostKind() int {
	switch {
	case r.Host == "":
		return anyHost
	case strings.ContainsAny(r.Host, "*?"):
		return hostPattern
	default:
		return exactHost
	}
}

// RulePriority returns Priority or, when that is 0, one that follows from Host and Path alone, so that adding a service
// never renumbers another's rule. Two routes of one band can come out the same, which a program has to refuse before it
// deploys; giving one of them a Priority parts them.
func (r Route) RulePriority() int {
	if r.Priority != 0 {
		return r.Priority
	}
	normal := r.Normal()
	band := normal.hostKind()*(MaxDepth+1) + MaxDepth - min(normal.Depth(), MaxDepth)
	digest := fnv.New32a()
	_, _ = digest.Write([]byte(normal.Host + "\n" + normal.Path))
	return band*bandSize + int(digest.Sum32()%bandSize) + 1
}

func (r Route) validate() error {
	var problems []error
	if r.Host == "" && r.Path == "" {
		problems = append(problems, problem.New("Route", "missing; give a path, a host or both"))
	}
	if r.Path != "" && !strings.HasPrefix(r.Path, "/") {
		problems = append(problems, problem.New("Route.Path", "%q; begin with /", r.Path))
	}
	if r.Depth() > MaxDepth {
		problems = append(
			problems,
			problem.New("Route.Path", "%q has %d segments; use at most %d", r.Path, r.Depth(), MaxDepth),
		)
	}
	if r.Priority < 0 || r.Priority > MaxPriority {
		problems = append(
			problems,
			problem.New("Route.Priority", "%d; use 1 to %d, or 0 to derive it", r.Priority, MaxPriority),
		)
	}
	return errors.Join(problems...)
}

func (r Route) conditions() lb.ListenerRuleConditionArray {
	r = r.Normal()
	var conditions lb.ListenerRuleConditionArray
	if r.Host != "" {
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			HostHeader: lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.ToStringArray([]string{r.Host})},
		})
	}
	if r.Path != "" || r.Host == "" {
		patterns := []string{r.Path, r.Path + "/*"}
		if r.Path == "" {
			patterns = []string{"/*"}
		}
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			PathPattern: lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(patterns)},
		})
	}
	return conditions
}

package compute

import (
	"hash/fnv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Route says which requests go to a service: those for Host, if given, whose path is Path or lies below it.
type Route struct {
	Host, Path string
}

// Listener rules have priorities from 1 to 50000 (Elastic Load Balancing API, CreateRule), and the lowest number that
// matches wins. They are divided into bands, one for each length of a route, the longest first, so that a route wins
// over one that it lies below.
const (
	bands    = 200
	bandSize = 250
	hostBand = 64 // a host outranks a path of up to this length
)

// Priority is the route's priority. It follows from the route alone: adding a service never renumbers another's rule.
// Two routes of one length can come out the same, which a program has to refuse before it deploys.
func (r Route) Priority() int {
	length := len(strings.TrimSuffix(r.Path, "/"))
	if r.Host != "" {
		length += hostBand
	}
	band := bands - 1 - min(length, bands-1)
	digest := fnv.New32a()
	_, _ = digest.Write([]byte(r.Host + "\n" + r.Path))
	return band*bandSize + int(digest.Sum32()%bandSize) + 1
}

func (r Route) conditions() lb.ListenerRuleConditionArray {
	var conditions lb.ListenerRuleConditionArray
	if r.Host != "" {
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			HostHeader: lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.ToStringArray([]string{r.Host})},
		})
	}
	if path := strings.TrimSuffix(r.Path, "/"); path != "" || r.Host == "" {
		patterns := []string{path, path + "/*"}
		if path == "" {
			patterns = []string{"/*"}
		}
		conditions = append(conditions, lb.ListenerRuleConditionArgs{
			PathPattern: lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(patterns)},
		})
	}
	return conditions
}

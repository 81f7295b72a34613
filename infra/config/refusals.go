package config

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/awslab/awslab/internal/problem"
)

// fields are the keys behind the fields of a component's arguments, with [] for any element of a list. A field that is
// none of them has its value from elsewhere.
type fields map[string]string

var (
	serviceFields = fields{
		"Scaling":                        "scaling",
		"Scaling.Min":                    "scaling.min",
		"Scaling.RequestsPerTarget":      "scaling.requestsPerTarget",
		"Scaling.ScaleOutCooldown":       "scaling.scaleOutCooldownSeconds",
		"Scaling.ScaleInCooldown":        "scaling.scaleInCooldownSeconds",
		"Scaling.Schedules[].Min":        "scaling.schedules[].min",
		"Scaling.Schedules[].Name":       "scaling.schedules[].name",
		"Scaling.Schedules[].Expression": "scaling.schedules[].at",
		"Scaling.Schedules[].Timezone":   "scaling.schedules[].timeZone",
		"Scaling.Schedules[]":            "scaling.schedules[]",
		"Health.Path":                    "healthCheck.path",
		"Health.Interval":                "healthCheck.intervalSeconds",
		"Health.Timeout":                 "healthCheck.timeoutSeconds",
		"Health.Grace":                   "healthCheck.graceSeconds",
		"Health.Command":                 "healthCheck.command",
		"Deployment":                     "deployment",
		"Deployment.Alarms[]":            "rollbackAlarms[]",
		"Deployment.ServerErrors":        "rollbackErrors",
		"Route.Path":                     "path",
		"Route.Priority":                 "priority",
		"Port":                           "port",
		"Tracing.CPU":                    "cpu",
		"Tracing.Memory":                 "memory",
		"Architecture":                   "architecture",
		"DesiredCount":                   "desiredCount",
		"Before[].Name":                  "before[].name",
		"Before[].Command":               "before[].command",
		"Before[].Timeout":               "before[].timeoutSeconds",
		"After[].Name":                   "after[].name",
		"After[].Command":                "after[].command",
		"After[].Timeout":                "after[].timeoutSeconds",
		"ScratchPaths[]":                 "scratchPaths[]",
		"Volumes[].Path":                 "access.fileSystem.path",
	}
	tableFields = fields{
		"HashKey.Name":            "hashKey.name",
		"HashKey.Type":            "hashKey.type",
		"RangeKey.Name":           "rangeKey.name",
		"RangeKey.Type":           "rangeKey.type",
		"TimeToLive":              "timeToLive",
		"TimeToLiveOff":           "timeToLiveOff",
		"Stream":                  "stream",
		"Indexes":                 "indexes",
		"Indexes[].Name":          "indexes[].name",
		"Indexes[].HashKey.Name":  "indexes[].hashKey.name",
		"Indexes[].HashKey.Type":  "indexes[].hashKey.type",
		"Indexes[].RangeKey.Name": "indexes[].rangeKey.name",
		"Indexes[].RangeKey.Type": "indexes[].rangeKey.type",
		"Capacity.Read":           "capacity.read",
		"Capacity.Read.Min":       "capacity.read.min",
		"Capacity.Read.Max":       "capacity.read.max",
		"Capacity.Write":          "capacity.write",
		"Capacity.Write.Min":      "capacity.write.min",
		"Capacity.Write.Max":      "capacity.write.max",
		"Capacity.Utilization":    "capacity.utilization",
	}
	bucketFields = fields{
		"ExpireDays":     "expireDays",
		"OldVersionDays": "oldVersionDays",
	}
	firewallFields = fields{
		"AllowCidrs":      "allowCidrs",
		"AllowCidrs[]":    "allowCidrs[]",
		"DenyCidrs":       "denyCidrs",
		"DenyCidrs[]":     "denyCidrs[]",
		"DenyCountries[]": "denyCountries[]",
		"RequestsPerIp":   "requestsPerIp",
	}
	loadBalancerFields = fields{
		"HstsDays":    "hstsDays",
		"IdleTimeout": "idleTimeoutSeconds",
	}
)

var element = regexp.MustCompile(`\[(\d+)\]`)

// key returns the key behind a field, such as scaling.schedules[1].at, or nothing.
func (f fields) key(field string) string {
	key, known := f[element.ReplaceAllString(field, "[]")]
	if !known {
		return ""
	}
	for _, index := range element.FindAllString(field, -1) {
		key = strings.Replace(key, "[]", index, 1)
	}
	return key
}

// component refuses what a component refuses, so that it does so before anything is registered. Where the configuration
// has a reason of its own, that is the one that counts.
func (d *decoder) component(path string, found []problem.Problem, known fields) {
	for _, p := range found {
		key := known.key(p.Field)
		if key == "" || d.refused(path+"."+key) {
			continue
		}
		d.add(path+"."+key, "%s", p.Message)
	}
}

// refused reports whether there is a problem already with the value at a path, or with what it is in or holds.
func (d *decoder) refused(path string) bool {
	for _, p := range d.problems {
		if within(p.Path, path) || within(path, p.Path) {
			return true
		}
	}
	return false
}

// components asks every component whose arguments the configuration decides.
func (d *decoder) components(project string, c *Config) {
	for i, s := range c.Services {
		if path := fmt.Sprintf("%s:services[%d]", project, i); d.sound(path) {
			d.component(path, s.Args(c.Monitoring.Tracing).Problems(), serviceFields)
		}
	}
	for i, t := range c.Tables {
		if path := fmt.Sprintf("%s:tables[%d]", project, i); d.sound(path) {
			d.component(path, t.Args().Problems(), tableFields)
		}
	}
	for i, b := range c.Buckets {
		if path := fmt.Sprintf("%s:buckets[%d]", project, i); d.sound(path) {
			d.component(path, b.Args().Problems(), bucketFields)
		}
	}
	if d.sound(project + ":firewall") {
		keys := maps.Clone(firewallFields)
		for group := range c.Firewall.Exclusions {
			keys["Exclusions."+group] = "exclusions." + group
		}
		d.component(project+":firewall", c.Firewall.Args().Problems(), keys)
	}
	if d.sound(project + ":loadBalancer") {
		d.component(project+":loadBalancer", c.LoadBalancer.Args().Problems(), loadBalancerFields)
	}
}

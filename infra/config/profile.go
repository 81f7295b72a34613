package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Profiles are sets of defaults: dev is small and cheap, prod highly available and protected.
var Profiles = []string{"dev", "prod"}

// Default is what a key means when a stack's configuration leaves it out.
type Default struct {
	// Key is a path in the configuration; [] stands for every element of a list.
	Key       string
	Dev, Prod any
}

// Defaults are all there are. Keys that are not among them are empty, 0 or false, or follow from other keys.
var Defaults = []Default{
	{"network.cidr", "10.0.0.0/16", "10.0.0.0/16"},
	{"network.availabilityZones", 2, 3},
	{"network.natGateways", "single", "onePerAz"},
	{"network.interfaceEndpoints", []string{}, []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager"}},
	{"network.egressPorts", []int{80, 443}, []int{80, 443}},
	{"network.flowLogRetentionDays", 30, 365},
	{"images.keep", 30, 30},
	{"images.forceDelete", true, false},
	{"images.replicate", false, true},
	{"images.reportFindings", false, true},
	{"cluster.launchType", "fargate", "fargate"},
	{"cluster.containerInsights", false, true},
	{"cluster.onDemandBase", 0, 3},
	{"cluster.onDemandWeight", 0, 1},
	{"cluster.spotWeight", 1, 1},
	{"cluster.instances.types", []string{"t3.medium", "t3a.medium"}, []string{"m7i.large", "m6i.large"}},
	{"cluster.instances.min", 2, 3},
	{"cluster.instances.max", 4, 12},
	{"cluster.instances.targetCapacity", 100, 80},
	{"cluster.instances.spotPercentage", 100, 0},
	{"loadBalancer.clientCidrs", []string{"0.0.0.0/0"}, []string{"0.0.0.0/0"}},
	{"loadBalancer.idleTimeoutSeconds", 60, 60},
	{"loadBalancer.hstsDays", 0, 365},
	{"loadBalancer.accessLogs", false, true},
	{"loadBalancer.forceDelete", true, false},
	{"loadBalancer.deletionProtection", false, true},
	{"services[].cpu", 256, 512},
	{"services[].memory", 512, 1024},
	{"services[].architecture", "amd64", "amd64"},
	{"services[].desiredCount", 1, 3},
	{"services[].rollbackErrors", 0, 10},
	{"services[].deployment.minimumPercent", 100, 100},
	{"services[].deployment.maximumPercent", 200, 200},
	{"services[].logRetentionDays", 30, 365},
	{"services[].scaling.min", 1, 3},
	{"services[].scaling.cpu", 70, 70},
	{"services[].scaling.memory", 80, 80},
	{"services[].scaling.scaleOutCooldownSeconds", 60, 60},
	{"services[].scaling.scaleInCooldownSeconds", 300, 300},
	{"services[].healthCheck.path", "/healthz", "/healthz"},
	{"services[].healthCheck.intervalSeconds", 10, 10},
	{"services[].healthCheck.timeoutSeconds", 5, 5},
	{"services[].healthCheck.graceSeconds", 30, 30},
	{"services[].before[].timeoutSeconds", 300, 300},
	{"services[].after[].timeoutSeconds", 300, 300},
	{"services[].objectives.availability", 0, 99.9},
	{"services[].objectives.latencyMilliseconds", 0, 500},
	{"services[].objectives.latencyPercentage", 0, 99},
	{"services[].smoke[].method", "GET", "GET"},
	{"services[].smoke[].status", 200, 200},
	{"database.engine", "postgres", "postgres"},
	{"database.kind", "instance", "instance"},
	{"database.class", "db.t4g.micro", "db.m7g.large"}, // of kind instance
	{"database.multiAz", false, true},
	{"database.readReplicas", 0, 1},
	{"database.storageGiB", 20, 100},
	{"database.maxStorageGiB", 100, 1000},
	{"database.name", "lab", "lab"},
	{"database.backupRetentionDays", 7, 35},
	{"database.backupWindow", "02:30-03:00", "02:30-03:00"},
	{"database.maintenanceWindow", "sun:03:00-sun:03:30", "sun:03:00-sun:03:30"},
	{"database.applyImmediately", true, false},
	{"database.monitoringSeconds", 0, 60},
	{"database.proxy", false, true},
	{"database.deletionProtection", false, true},
	{"database.finalSnapshot", false, true},
	{"tables[].hashKey.type", "S", "S"},
	{"tables[].rangeKey.type", "S", "S"},
	{"tables[].indexes[].hashKey.type", "S", "S"},
	{"tables[].indexes[].rangeKey.type", "S", "S"},
	{"tables[].replicate", false, true},
	{"tables[].deletionProtection", false, true},
	{"buckets[].oldVersionDays", 30, 90},
	{"buckets[].replicate", false, true},
	{"buckets[].forceDelete", true, false},
	{"fileSystem.infrequentAccessDays", 30, 30},
	{"fileSystem.replicate", false, true},
	{"fileSystem.deletionProtection", false, true},
	{"website.priceClass", "PriceClass_100", "PriceClass_All"},
	{"monitoring.alarms", true, true},
	{"monitoring.anomalies", false, true},
	{"monitoring.requestMetrics", false, true},
	{"monitoring.logRetentionDays", 30, 365},
	{"monitoring.tracing", false, true},
	{"firewall.enabled", true, true},
	{"firewall.requestsPerIp", 2000, 2000},
	{"firewall.logRetentionDays", 30, 365},
	{"backup.enabled", true, true},
	{
		"backup.rules",
		[]BackupRule{{"daily", 7, 0}},
		[]BackupRule{{"hourly", 7, 0}, {"daily", 35, 35}, {"monthly", 365, 365}},
	},
	{"backup.lock", false, true},
	{"backup.forceDelete", true, false},
	{"backup.restoreTesting", false, true},
}

// In returns the default in a profile.
func (d Default) In(profile string) any {
	if profile == "prod" {
		return d.Prod
	}
	return d.Dev
}

// defaultOf returns the default of a key in the profile of a configuration.
func (c *Config) defaultOf(key string) any {
	for _, d := range Defaults {
		if d.Key == key {
			return d.In(c.Profile)
		}
	}
	panic(fmt.Sprintf("%s has no default", key))
}

var index = regexp.MustCompile(`\[\d+\]`)

// setDefaults fills in what holds when a key is left out. It comes before decoding, so that a zero somebody wrote stays
// a zero and is judged as one. Pointers stay nil: what they stand for is optional, or follows from other keys too.
func (d *decoder) setDefaults(path string, into reflect.Value) {
	_, key, _ := strings.Cut(path, ":")
	key = index.ReplaceAllString(key, "[]")
	for name, field := range fieldsOf(into.Type()) {
		value := into.FieldByIndex(field.Index)
		switch value.Kind() {
		case reflect.Struct:
			d.setDefaults(join(path, name), value)
		case reflect.Pointer:
		default:
			if raw, found := d.defaults[join(key, name)]; found {
				d.value(join(path, name), raw, value)
			}
		}
	}
}

func join(path, key string) string {
	if path == "" || strings.HasSuffix(path, ":") {
		return path + key
	}
	return path + "." + key
}

// defaultsIn returns the defaults of a profile by key, as plain JSON values.
func defaultsIn(profile string) map[string]any {
	values := map[string]any{}
	for _, d := range Defaults {
		text, err := json.Marshal(d.In(profile))
		if err != nil {
			panic(fmt.Sprintf("default of %s: %v", d.Key, err))
		}
		var raw any
		if err := json.Unmarshal(text, &raw); err != nil {
			panic(fmt.Sprintf("default of %s: %v", d.Key, err))
		}
		values[d.Key] = raw
	}
	return values
}

// Package configtest draws configurations at random and lists the changes of one, for tests that hold infra/config to
// its word: what it accepts comes up, on mocks and on the offline target.
package configtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/awslab/awslab/infra/config"
)

// Draw returns an ordinary configuration, by key without the project's name: what infra/config refuses is taken out of
// one that is drawn. Its values are what encoding/json decodes.
func Draw(t *rapid.T) map[string]any {
	drawn := drawConfiguration(t)
	drawn["profile"] = rapid.SampledFrom(config.Profiles).Draw(t, "profile")
	drawn["region"], drawn["copyRegion"] = "eu-west-1", "eu-central-1"
	configuration := decoded(t, drawn)
	for {
		_, err := config.Decode("awslab", Values(t, configuration))
		if err == nil {
			return configuration
		}
		refused := new(config.Error)
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(refused.Problems[0].Path, ":")
		if !remove(configuration, elements.FindAllString(path, -1)) {
			// What is refused is a default, or it is missing: something else asks for it. The services, which bring the
			// most to a configuration, go last.
			keys := slices.DeleteFunc(optional(configuration), func(key string) bool { return key == "services" })
			if len(keys) == 0 {
				keys = []string{"services"}
			}
			delete(configuration, rapid.SampledFrom(keys).Draw(t, "removed"))
		}
	}
}

// optional returns the keys that a configuration can do without.
func optional(configuration map[string]any) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(configuration)), func(key string) bool {
		return slices.Contains([]string{"profile", "region", "copyRegion"}, key)
	})
}

// elements are the keys and the indexes of a path such as services[1].image.
var elements = regexp.MustCompile(`[^.\[\]]+`)

// remove deletes the value at a path, the whole of it where the path leads into a list of scalars, and reports whether
// there was one.
func remove(from map[string]any, path []string) bool {
	value, there := from[path[0]]
	if !there {
		return false
	}
	inner := path[1:]
	if list, isList := value.([]any); isList && len(inner) > 1 {
		if i, err := strconv.Atoi(inner[0]); err == nil && i < len(list) {
			value, inner = list[i], inner[1:]
		}
	}
	if object, isObject := value.(map[string]any); isObject && len(inner) > 0 {
		return remove(object, inner)
	}
	delete(from, path[0])
	return true
}

// Values returns a configuration as Pulumi hands it to a program: texts, of which those that are no scalars are JSON.
func Values(t *rapid.T, configuration map[string]any) map[string]string {
	values, err := texts(configuration)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func texts(configuration map[string]any) (map[string]string, error) {
	values := map[string]string{}
	for key, value := range configuration {
		text, isText := value.(string)
		if !isText {
			encoded, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("encoding %s: %w", key, err)
			}
			text = string(encoded)
		}
		values[key] = text
	}
	return values, nil
}

// decoded gives the values the types that encoding/json has for them.
func decoded(t *rapid.T, value map[string]any) map[string]any {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(fmt.Errorf("encoding %v: %w", value, err))
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

type object = map[string]any

// some draws a value for a key, or leaves it out.
func some(t *rapid.T, into object, key string, choices ...any) {
	if i := rapid.IntRange(-1, len(choices)-1).Draw(t, key); i >= 0 {
		into[key] = choices[i]
	}
}

func drawConfiguration(t *rapid.T) object {
	network := object{}
	some(t, network, "cidr", "10.0.0.0/16", "10.4.0.0/20", "192.168.0.0/22")
	some(t, network, "availabilityZones", 2, 3)
	some(t, network, "natGateways", "none", "single", "onePerAz")
	some(
		t,
		network,
		"interfaceEndpoints",
		[]string{},
		[]string{"ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "elasticfilesystem",
			"events", "kms", "logs", "monitoring", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "sts", "xray"},
	)
	some(t, network, "zoneNames", []string{"eu-west-1c", "eu-west-1a"})
	some(t, network, "ipv6", true)
	some(t, network, "egressPorts", []int{443}, []int{443, 587, 65535})
	cluster := object{}
	some(t, cluster, "launchType", "fargate", "ec2")
	some(t, cluster, "onDemandBase", 0, 5)
	some(t, cluster, "onDemandWeight", 0, 10)
	some(t, cluster, "spotWeight", 0, 10)
	some(
		t,
		cluster,
		"instances",
		object{"types": []string{"m7g.large", "c7gn.large"}},
		object{"min": 0, "max": 1},
		object{"types": []string{"t3.small"}, "spotPercentage": 50},
	)
	balancer := object{}
	some(t, balancer, "clientCidrs", []string{"203.0.113.0/24"})
	some(
		t,
		balancer,
		"certificateArn",
		"arn:aws:acm:eu-west-1:123456789012:certificate/6a1b7c1e-0000-4000-8000-123456789012",
	)
	some(t, balancer, "domain", "api.example.com")
	some(t, balancer, "zone", "example.com")
	some(t, balancer, "hstsDays", 0, 730)
	some(t, balancer, "accessLogs", true, false)
	some(t, balancer, "idleTimeoutSeconds", 1, 4000)
	backup := object{}
	some(t, backup, "enabled", false)
	some(
		t,
		backup,
		"rules",
		[]object{{"schedule": "hourly", "retentionDays": 1}},
		[]object{{"schedule": "monthly", "retentionDays": 400, "copyRetentionDays": 400}},
	)
	some(t, backup, "lock", true, false)
	some(t, backup, "restoreTesting", true, false)
	some(t, backup, "keepers", []string{"arn:aws:iam::123456789012:role/keeper"})
	configuration := object{"network": network, "cluster": cluster, "loadBalancer": balancer, "backup": backup}
	some(
		t,
		configuration,
		"images",
		object{"keep": 1000, "replicate": true, "caches": []object{{"registry": "quay.io"}}},
		object{"replicate": false},
	)
	some(t, configuration, "database", drawDatabase(t))
	some(t, configuration, "tables", []object{drawTable(t)})
	some(
		t,
		configuration,
		"buckets",
		[]object{{"name": "uploads", "expireDays": 1, "oldVersionDays": 1}},
		[]object{{"name": "uploads", "replicate": false}, {"name": "b-2"}},
	)
	some(t, configuration, "topics", []object{{"name": "events"}}, []object{{"name": "events"}, {"name": "t-2"}})
	some(t, configuration, "fileSystem", object{}, object{"replicate": true, "infrequentAccessDays": 365})
	configuration["services"] = drawServices(t, configuration)
	some(
		t,
		configuration,
		"website",
		object{"folder": "services/website"},
		object{"folder": "services/website", "priceClass": "PriceClass_200"},
	)
	some(
		t,
		configuration,
		"monitoring",
		object{
			"emails":  []string{"ops@example.com"},
			"tracing": true,
			"slack":   object{"team": "T012345AB", "channel": "C012345AB"},
			"teams": object{
				"tenant":  "6a1b7c1e-0000-4000-8000-123456789012",
				"team":    "6a1b7c1e-0000-4000-8000-123456789012",
				"channel": "19%3a1%40thread.tacv2",
			},
		},
		object{"logRetentionDays": 1},
		object{"alarms": false},
	)
	some(
		t,
		configuration,
		"firewall",
		object{"enabled": false},
		object{
			"countOnly":     true,
			"allowCidrs":    []string{"203.0.113.0/24"},
			"denyCidrs":     []string{"198.51.100.7/32"},
			"requestsPerIp": 10,
			"denyCountries": []string{"KP"},
		},
	)
	return configuration
}

func drawDatabase(t *rapid.T) object {
	db := object{}
	some(t, db, "engine", "postgres", "mysql")
	some(t, db, "kind", "instance", "multiAzCluster", "aurora")
	some(t, db, "class", "db.r6gd.large", "db.m6gd.large", "db.m7g.large", "db.r7g.large")
	some(t, db, "multiAz", true, false)
	some(t, db, "readReplicas", 0, 1, 5)
	some(t, db, "storageGiB", 20, 100)
	some(t, db, "maxStorageGiB", 200, 65536)
	some(t, db, "name", "lab", "order_data", "postgres", "mysql", "select")
	some(t, db, "backupWindow", "02:30-03:00", "09:00-10:00", "23:50-00:20")
	some(t, db, "maintenanceWindow", "mon:03:05-mon:03:35", "wed:09:00-wed:10:00")
	some(t, db, "proxy", true, false)
	some(t, db, "monitoringSeconds", 0, 1, 60)
	some(t, db, "deletionProtection", true, false)
	return db
}

func drawTable(t *rapid.T) object {
	table := object{"name": "items", "hashKey": object{"name": "id"}}
	some(t, table, "rangeKey", object{"name": "at", "type": "N"})
	some(
		t,
		table,
		"indexes",
		[]object{{"name": "by-day", "hashKey": object{"name": "day"}, "rangeKey": object{"name": "at", "type": "N"}}},
		[]object{{"name": "all", "hashKey": object{"name": "id"}}},
	)
	some(t, table, "timeToLive", "ends", "at")
	some(t, table, "stream", "KEYS_ONLY", "NEW_AND_OLD_IMAGES")
	some(
		t,
		table,
		"capacity",
		object{"read": object{"min": 1, "max": 40000}, "write": object{"min": 5, "max": 5}, "utilization": 90},
	)
	some(t, table, "replicate", true, false)
	return table
}

func drawServices(t *rapid.T, among object) []object {
	web := object{
		"name":  "web",
		"image": object{"context": "services", "dockerfile": "catalog/Dockerfile"},
		"port":  8080,
		"path":  "/",
	}
	some(t, web, "host", "api.example.com", "*.example.com")
	some(t, web, "cpu", 512, 1024)
	some(t, web, "memory", 2048, 4096)
	some(t, web, "architecture", "amd64", "arm64")
	some(t, web, "desiredCount", 3)
	some(
		t,
		web,
		"scaling",
		object{
			"min": 0,
			"max": 3,
			"schedules": []object{
				{"name": "day", "at": "cron(0 6 ? * * *)", "min": 1, "max": 3},
			},
		},
		object{
			"max":                     10,
			"requestsPerTarget":       100,
			"scaleOutCooldownSeconds": 1,
			"scaleInCooldownSeconds":  3600,
			"schedules": []object{
				{"name": "night", "at": "cron(0 22 ? * * *)", "timeZone": "Europe/Dublin", "min": 0, "max": 0},
			},
		},
	)
	some(t, web, "exec", true)
	some(t, web, "scratchPaths", []string{"/tmp"})
	some(
		t,
		web,
		"healthCheck",
		object{
			"path":            "/",
			"intervalSeconds": 5,
			"timeoutSeconds":  4,
			"graceSeconds":    1,
			"command":         []string{"CMD", "/x"},
		},
		object{"intervalSeconds": 300, "timeoutSeconds": 120},
	)
	some(
		t,
		web,
		"objectives",
		object{"availability": 99.999, "latencyMilliseconds": 1, "latencyPercentage": 95.1},
		object{"availability": 96},
	)
	some(t, web, "smoke", []object{{"path": "/items"}, {"method": "POST", "path": "/items?x=1", "status": 400}})
	some(t, web, "before", []object{{"name": "migrate", "command": []string{"x"}, "timeoutSeconds": 840}})
	some(t, web, "rollbackErrors", 0, 1)
	some(
		t,
		web,
		"deployment",
		object{"minimumPercent": 0, "maximumPercent": 100},
		object{"minimumPercent": 0},
		object{"maximumPercent": 150},
		object{"maximumPercent": 100},
	)
	worker := object{"name": "worker", "image": object{"uri": "quay.io/lab/worker:1"}}
	some(t, worker, "rollbackAlarms", []string{"queue-too-old", "worker-errors"})
	some(t, worker, "after", []object{{"name": "tell", "command": []string{"x"}}})
	some(
		t,
		worker,
		"secrets",
		object{
			"A": object{"name": "a/b", "field": "password", "keyAlias": "alias/shop"},
			"B": object{"parameter": "/a/b"},
		},
	)
	if worker["secrets"] != nil {
		some(t, worker, "testEnvironment", object{"A": "none"})
	}
	access := object{}
	for key, value := range map[string]any{
		"tables":     []object{{"name": "items", "mode": "write"}},
		"buckets":    []object{{"name": "uploads", "mode": "read"}},
		"topics":     []string{"events"},
		"database":   true,
		"fileSystem": object{"path": "/files", "mode": "read"},
	} {
		if among[key] != nil {
			access[key] = value
		}
	}
	some(
		t,
		access,
		"queues",
		[]object{
			{"name": "jobs", "mode": "readwrite", "keyAlias": "alias/shop"},
			{"name": "orders.fifo", "mode": "write"},
		},
	)
	some(t, access, "services", []string{"inner"})
	web["access"] = access
	return []object{
		web,
		worker,
		{"name": "inner", "image": object{"uri": "quay.io/lab/inner:2"}, "port": 81, "internal": true},
	}
}

// DrawWithout takes one drawn value, however deep, out of a configuration and returns its path. What a stack cannot do
// without stays.
func DrawWithout(t *rapid.T, configuration map[string]any) string {
	var paths [][]string
	for _, key := range optional(configuration) {
		paths = append(paths, pathsIn(configuration[key], key)...)
	}
	if len(paths) == 0 {
		t.Skip("everything in it is needed")
	}
	path := rapid.SampledFrom(paths).Draw(t, "removed")
	remove(configuration, path)
	return strings.Join(path, ".")
}

// pathsIn lists the path to a value and those to what is in it, but for the elements of lists.
func pathsIn(value any, path ...string) [][]string {
	paths := [][]string{path}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			paths = append(paths, pathsIn(value[key], append(slices.Clone(path), key)...)...)
		}
	case []any:
		for i, element := range value {
			if object, isObject := element.(map[string]any); isObject {
				paths = append(paths, pathsIn(object, append(slices.Clone(path), strconv.Itoa(i))...)[1:]...)
			}
		}
	}
	return paths
}

package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

// What the configuration names is another resource than what the stack makes by itself, or for something else in the
// configuration, although it has the same name. Or the name is refused.
func TestNamesOfTheConfigurationMeetNoneOfTheStacksOwn(t *testing.T) {
	own := ownNames(t)
	require.Greater(t, len(own), 200)
	for chunk := range slices.Chunk(own, 80) {
		values := map[string][]object{}
		for i, name := range chunk {
			values["services"] = append(values["services"], object{
				"name": name, "image": object{"context": "services", "dockerfile": "catalog/Dockerfile"},
				"port": 8080, "path": fmt.Sprint("/s", i), "priority": i + 1, "exec": true,
				"before": []object{{"name": "migrate", "command": []string{"migrate"}}},
				"access": object{"database": true},
			})
		}
		requireNamesOfTheirOwn(t, values, map[string]string{"tables": "[]", "buckets": "[]", "fileSystem": "null"})
	}
	values := map[string][]object{}
	for _, name := range own {
		values["tables"] = append(values["tables"], object{"name": name, "hashKey": object{"name": "id"}})
		values["buckets"] = append(values["buckets"], object{"name": name, "replicate": true})
		values["topics"] = append(values["topics"], object{"name": name})
	}
	requireNamesOfTheirOwn(t, values, map[string]string{
		"services": "[]", "fileSystem": "null",
		"backup": `{"restoreTesting": false}`, // their role has no room for so many
	})
}

// refusedName is the path of a name that is refused.
var refusedName = regexp.MustCompile(`^awslab:(\w+)\[(\d+)\]\.name$`)

// requireNamesOfTheirOwn deploys prod with the values whose names are not refused.
func requireNamesOfTheirOwn(t *testing.T, values map[string][]object, changes map[string]string) {
	t.Helper()
	texts := func() map[string]string {
		all := maps.Clone(changes)
		for key, list := range values {
			text, err := json.Marshal(list)
			require.NoError(t, err)
			all[key] = string(text)
		}
		return all
	}
	var refused *config.Error
	if _, err := config.Decode("awslab", texts()); errors.As(err, &refused) {
		for _, problem := range slices.Backward(refused.Problems) {
			if parts := refusedName.FindStringSubmatch(problem.Path); parts != nil {
				i, err := strconv.Atoi(parts[2])
				require.NoError(t, err)
				values[parts[1]] = slices.Delete(values[parts[1]], i, i+1)
			}
		}
	}
	for name, resources := range prodOfEverything(t, texts()).byName() {
		require.Len(t, resources, 1, "%s is the name of %s", name, resources)
	}
}

// ownNames returns the names in prod that something in the configuration could have too: those that names of resources
// begin with, and in AWS those behind the stack's.
func ownNames(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for _, r := range prodOfEverything(t, nil).resources {
		for i, letter := range r.Name + "-" {
			if letter == '-' {
				found[r.Name[:i]] = true
			}
		}
		for _, value := range r.Inputs {
			if !value.IsString() {
				continue
			}
			for _, stack := range []string{"awslab-prod-", "/ecs/awslab-prod-"} {
				if name, ofStack := strings.CutPrefix(value.StringValue(), stack); ofStack {
					found[strings.TrimSuffix(name, "-123456789012-eu-west-1")] = true
				}
			}
		}
	}
	short := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(name string) bool {
		return len(name) > 16 || !short.MatchString(name)
	})
}

// namedInAWS are the types whose names in AWS are given by the stack, with the property.
var namedInAWS = map[string]string{
	"aws:s3/bucketV2:BucketV2":              "bucket",
	"aws:ecr/repository:Repository":         "name",
	"aws:cloudwatch/logGroup:LogGroup":      "name",
	"aws:iam/role:Role":                     "name",
	"aws:sns/topic:Topic":                   "name",
	"aws:sqs/queue:Queue":                   "name",
	"aws:dynamodb/table:Table":              "name",
	"aws:lambda/function:Function":          "name",
	"aws:ecs/service:Service":               "name",
	"aws:ecs/taskDefinition:TaskDefinition": "family",
	metricAlarm:                             "name",
	compositeAlarm:                          "alarmName",
}

// byName returns the URNs of all resources by what has to be unique: the URN itself, and the name in AWS and a Region.
func (a *account) byName() map[string][]string {
	found := map[string][]string{}
	for _, r := range a.resources {
		parent := r.RegisterRPC.GetParent()
		parent = parent[:max(0, strings.LastIndex(parent, "::"))]
		urn := fmt.Sprintf("%s$%s::%s", parent[strings.LastIndex(parent, "::")+1:], r.TypeToken, r.Name)
		found[urn] = append(found[urn], urn)
		if property := namedInAWS[r.TypeToken]; property != "" {
			name := fmt.Sprintf("%s %v of %s", r.TypeToken, r.Inputs.Mappable()[property], r.Provider)
			found[name] = append(found[name], urn)
		}
	}
	return found
}

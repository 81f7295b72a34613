package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// container is what is read of a container definition. Everything else is kept as it is.
type container struct {
	Name         string
	Image        string
	PortMappings []struct{ ContainerPort int }
}

func containersOf(definitions string) ([]container, error) {
	var containers []container
	if err := json.Unmarshal([]byte(definitions), &containers); err != nil {
		return nil, fmt.Errorf("ECS Task Definition container_definitions is invalid: Error decoding JSON: %w", err)
	}
	for i, c := range containers {
		if c.Name == "" {
			return nil, fmt.Errorf("ECS Task Definition container_definitions is invalid: container %d has no name", i)
		}
	}
	return containers, nil
}

// NormalizeContainers writes container definitions as ECS returns them.
func NormalizeContainers(definitions string) string {
	parsed, _ := values.ParseJSON(definitions)
	containers, is := parsed.([]any)
	if !is {
		return definitions
	}
	for _, element := range containers {
		definition, is := element.(map[string]any)
		if !is {
			continue
		}
		for key, value := range definition {
			if value == nil {
				delete(definition, key)
			}
		}
		for _, key := range []string{"environment", "mountPoints", "portMappings", "volumesFrom", "systemControls"} {
			if definition[key] == nil {
				definition[key] = []any{}
			}
		}
		if capabilities := capabilitiesOf(definition); capabilities != nil {
			for _, key := range []string{"add", "drop"} {
				if capabilities[key] == nil {
					capabilities[key] = []any{}
				}
			}
		}
		if definition["cpu"] == nil {
			definition["cpu"] = 0
		}
		if definition["essential"] == nil {
			definition["essential"] = true
		}
	}
	return values.Written(containers)
}

// capabilitiesOf returns linuxParameters.capabilities of a container definition, or nil. ECS returns both of its lists,
// and the provider compares them as they are: a definition that leaves one out is another one at the next update.
func capabilitiesOf(definition map[string]any) map[string]any {
	parameters, _ := definition["linuxParameters"].(map[string]any)
	capabilities, _ := parameters["capabilities"].(map[string]any)
	return capabilities
}

// canonicalContainers brings container definitions into one form: sorted by name, with the defaults of ECS filled in
// and what means nothing left out.
func canonicalContainers(v any) any {
	containers, is := v.([]any)
	if !is {
		return v
	}
	for i, element := range containers {
		if definition, is := element.(map[string]any); is {
			containers[i] = canonicalContainer(definition)
		}
	}
	sortByName(containers)
	return containers
}

func canonicalContainer(definition map[string]any) map[string]any {
	if definition["essential"] == nil {
		definition["essential"] = true
	}
	if cpu, is := definition["cpu"].(json.Number); is && cpu.String() == "0" {
		delete(definition, "cpu")
	}
	for _, key := range []string{"environment", "secrets"} {
		if list, is := definition[key].([]any); is {
			sortByName(list)
		}
	}
	mappings, _ := definition["portMappings"].([]any)
	for _, element := range mappings {
		mapping, is := element.(map[string]any)
		if !is {
			continue
		}
		if mapping["protocol"] == nil {
			mapping["protocol"] = "tcp"
		}
		if host, is := mapping["hostPort"].(json.Number); is &&
			(host.String() == "0" || host == mapping["containerPort"]) {
			delete(mapping, "hostPort")
		}
	}
	capabilities := maps.Clone(capabilitiesOf(definition))
	pruned, _ := prune(definition).(map[string]any)
	if capabilities != nil {
		pruned["capabilities"] = capabilities // which the provider does not prune
	}
	return pruned
}

// prune drops nulls and empty lists, objects and texts.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value = prune(value); value == nil {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case string:
		if v == "" {
			return nil
		}
		return v
	default:
		return v
	}
}

func sortByName(list []any) {
	name := func(v any) string {
		object, _ := v.(map[string]any)
		name, _ := object["name"].(string)
		return name
	}
	slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(name(a), name(b)) })
}

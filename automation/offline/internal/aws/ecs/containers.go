package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
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
		if definition, is := element.(map[string]any); is {
			normalizeContainer(definition)
		}
	}
	return values.Written(containers)
}

func normalizeContainer(definition map[string]any) {
	for key, value := range definition {
		if value == nil {
			delete(definition, key)
		}
	}
	for _, key := range []string{"environment", "mountPoints", "portMappings", "volumesFrom", "systemControls"} {
		setDefault(definition, key, []any{})
	}
	if capabilities := capabilitiesOf(definition); capabilities != nil {
		setDefault(capabilities, "add", []any{})
		setDefault(capabilities, "drop", []any{})
	}
	setDefault(definition, "cpu", 0)
	setDefault(definition, "essential", true)
	mappings, _ := definition["portMappings"].([]any)
	for _, element := range mappings {
		if mapping, is := element.(map[string]any); is {
			setDefault(mapping, "protocol", "tcp")
			setDefault(mapping, "hostPort", 0)
		}
	}
	if check, is := definition["healthCheck"].(map[string]any); is {
		setHealthDefaults(check)
	}
}

// setHealthDefaults fills a health check in, in seconds and tries. From "HealthCheck" in the Amazon ECS API Reference.
func setHealthDefaults(check map[string]any) {
	setDefault(check, "interval", json.Number("30"))
	setDefault(check, "timeout", json.Number("5"))
	setDefault(check, "retries", json.Number("3"))
}

func setDefault(object map[string]any, key string, value any) {
	if object[key] == nil {
		object[key] = value
	}
}

// capabilitiesOf returns linuxParameters.capabilities of a container definition, or nil. ECS returns both of its lists,
// and the provider compares them as they are: a definition that leaves one out is another one at the next update.
func capabilitiesOf(definition map[string]any) map[string]any {
	parameters, _ := definition["linuxParameters"].(map[string]any)
	capabilities, _ := parameters["capabilities"].(map[string]any)
	return capabilities
}

// canonicalContainers brings container definitions into the form in which the provider compares them
// (containerDefinitions.reduce in its ecs/task_definition_equivalency.go): sorted by name, with the defaults of ECS,
// and without the empty lists of the containers themselves. What is empty further down counts.
func canonicalContainers(v any) any {
	containers, is := v.([]any)
	if !is {
		return v
	}
	for _, element := range containers {
		if definition, is := element.(map[string]any); is {
			canonicalContainer(definition)
		}
	}
	sortByName(containers)
	return containers
}

func canonicalContainer(definition map[string]any) {
	setDefault(definition, "essential", true)
	if check, is := definition["healthCheck"].(map[string]any); is {
		setHealthDefaults(check)
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
		if mapping, is := element.(map[string]any); is {
			canonicalMapping(mapping)
		}
	}
	for key, value := range definition {
		if list, is := value.([]any); value == nil || is && len(list) == 0 {
			delete(definition, key)
		}
	}
}

// canonicalMapping drops what a port mapping has without saying it: TCP, and the container's port on the host.
func canonicalMapping(mapping map[string]any) {
	if mapping["protocol"] == "tcp" {
		delete(mapping, "protocol")
	}
	host, is := mapping["hostPort"].(json.Number)
	if is && (host.String() == "0" || host == mapping["containerPort"]) {
		delete(mapping, "hostPort")
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

// Package taskrun runs one ECS task to its end and tells how it ended.
package taskrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Event says what to run and where.
type Event struct {
	Cluster        string `json:"cluster"`        // ARN or name
	TaskDefinition string `json:"taskDefinition"` // ARN, or family and revision
	// CapacityProviderStrategy is where the task finds room. Without it, the cluster's own strategy applies.
	CapacityProviderStrategy []Capacity `json:"capacityProviderStrategy"`
	Subnets                  []string   `json:"subnets"`
	SecurityGroups           []string   `json:"securityGroups"`
	// ContainerName is the container that gets the command, and whose exit code is the task's result.
	ContainerName string `json:"containerName"`
	// Command replaces the image's CMD, which follows its ENTRYPOINT.
	Command []string `json:"command"`
	// TimeoutSeconds is how long the task may take from the call on, waiting for room and pulling the image included.
	TimeoutSeconds int `json:"timeoutSeconds"` // 1 to MaxTimeout
	// LogGroup and LogStreamPrefix are those of the container's awslogs driver, for the last lines of a task that
	// fails.
	LogGroup        string `json:"logGroup"`
	LogStreamPrefix string `json:"logStreamPrefix"`
	// StartedBy is shown with the task: up to 128 letters, digits, hyphens, underscores, slashes and periods (ECS API,
	// RunTask).
	StartedBy string `json:"startedBy"`
}

// Capacity is a part of a capacity provider strategy.
type Capacity struct {
	CapacityProvider string `json:"capacityProvider"`
	Base             int32  `json:"base"`
	Weight           int32  `json:"weight"`
}

// MaxTimeout in seconds leaves a minute of the 15 that a Lambda function may take.
const MaxTimeout = 840

// UnmarshalJSON refuses what is unknown, so that a misspelled member does not change what runs.
func (e *Event) UnmarshalJSON(text []byte) error {
	type plain Event
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(e))
}

func (e Event) validate() error {
	var problems []error
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	for _, required := range []struct{ member, value string }{
		{"cluster", e.Cluster}, {"taskDefinition", e.TaskDefinition}, {"containerName", e.ContainerName},
	} {
		add(required.value == "", "%s: missing", required.member)
	}
	add(len(e.Subnets) == 0, "subnets: missing; name at least one")
	add(len(e.SecurityGroups) == 0, "securityGroups: missing; name at least one")
	add(len(e.Command) == 0, "command: missing")
	add(
		e.TimeoutSeconds < 1 || e.TimeoutSeconds > MaxTimeout,
		"timeoutSeconds: %d; use 1 to %d",
		e.TimeoutSeconds,
		MaxTimeout,
	)
	add(
		(e.LogGroup == "") != (e.LogStreamPrefix == ""),
		"logGroup %q and logStreamPrefix %q: one is missing",
		e.LogGroup,
		e.LogStreamPrefix,
	)
	return errors.Join(problems...)
}

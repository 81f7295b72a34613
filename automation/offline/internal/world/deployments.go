package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Rollout is how far a deployment of an ECS service is (ECS API, Deployment).
type Rollout string

const (
	InProgress Rollout = "IN_PROGRESS"
	Completed  Rollout = "COMPLETED"
	Failed     Rollout = "FAILED"
)

// Deployment is one of an ECS service.
type Deployment struct {
	ID string `json:"id"`
	// Definition is the ARN of the task definition.
	Definition string    `json:"definition"`
	Rollout    Rollout   `json:"rollout"`
	Reason     string    `json:"reason"`
	Updated    time.Time `json:"updated"`
	// Stopped are tasks of the deployment that stopped.
	Stopped []StoppedTask `json:"stopped,omitempty"`
	// Revision is what the deployment deploys.
	Revision Revision `json:"revision"`
	// Alarmed is set while an alarm is about to fail the deployment in its bake time: Watched says that somebody has
	// seen it bake.
	Alarmed bool `json:"alarmed,omitempty"`
	Watched bool `json:"watched,omitempty"`
}

// StoppedTask is a task of ECS that stopped.
type StoppedTask struct {
	ARN       string    `json:"arn"`
	Code      string    `json:"code"`
	Reason    string    `json:"reason"`
	Container string    `json:"container"`
	ExitCode  int32     `json:"exitCode"`
	Lines     []string  `json:"lines,omitempty"`
	At        time.Time `json:"at"`
}

// Revision is some properties of a thing, with the links that go with them.
type Revision struct {
	// Properties is JSON; those that were not set are missing.
	Properties json.RawMessage `json:"properties"`
	Links      []RevisionLink  `json:"links"`
}

// RevisionLink is a link to a thing, which may be gone by now.
type RevisionLink struct {
	Property string `json:"property"`
	Target   Key    `json:"target"`
}

// NewRevision returns the properties of a thing with the links.
func NewRevision(thing *Thing, links []Link, properties []string) (Revision, error) {
	chosen := resource.PropertyMap{}
	for _, property := range properties {
		if value, has := thing.State[resource.PropertyKey(property)]; has {
			chosen[resource.PropertyKey(property)] = value
		}
	}
	text, err := encode(chosen)
	if err != nil {
		return Revision{}, fmt.Errorf("remembering a revision of %s: %w", thing.ID, err)
	}
	revision := Revision{Properties: json.RawMessage(text)}
	for _, link := range links {
		if inProperties(link.Property, properties) {
			revision.Links = append(revision.Links, RevisionLink{link.Property, link.Target.Key})
		}
	}
	return revision, nil
}

// inProperties reports whether the path of a link begins with one of the properties.
func inProperties(path string, properties []string) bool {
	top, _, _ := strings.Cut(path, ".")
	return slices.Contains(properties, top)
}

// Restore puts the properties of a revision back into a thing, and their links to what is still there.
func (t *Tx) Restore(thing *Thing, revision Revision, properties []string) error {
	earlier, err := decode(string(revision.Properties))
	if err != nil {
		return fmt.Errorf("restoring a revision of %s: %w", thing.ID, err)
	}
	for _, property := range properties {
		key := resource.PropertyKey(property)
		if value, has := earlier[key]; has {
			thing.State[key] = value
		} else {
			delete(thing.State, key)
		}
	}
	links, err := t.Links(thing)
	if err != nil {
		return err
	}
	links = slices.DeleteFunc(links, func(l Link) bool { return inProperties(l.Property, properties) })
	for _, link := range revision.Links {
		target, err := t.Get(link.Target)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		links = append(links, Link{Property: link.Property, Target: target})
	}
	return t.Put(thing, links)
}

// deploymentsKept is how many deployments of a service ECS is taken to remember.
const deploymentsKept = 10

// Deployments returns those of a service, oldest first.
func (t *Tx) Deployments(service string) ([]*Deployment, error) {
	return t.deployments("service = ?", service)
}

// AllDeployments returns those of every service, oldest first.
func (t *Tx) AllDeployments() ([]*Deployment, error) { return t.deployments("1") }

func (t *Tx) deployments(where string, args ...any) ([]*Deployment, error) {
	rows, err := t.tx.QueryContext(t.ctx, "SELECT document FROM deployments WHERE "+where+" ORDER BY number", args...)
	if err != nil {
		return nil, fmt.Errorf("reading deployments: %w", err)
	}
	defer rows.Close()
	var found []*Deployment
	for rows.Next() {
		var document string
		if err := rows.Scan(&document); err != nil {
			return nil, fmt.Errorf("reading deployments: %w", err)
		}
		deployment := &Deployment{}
		if err := json.Unmarshal([]byte(document), deployment); err != nil {
			return nil, fmt.Errorf("reading a deployment: %w", err)
		}
		found = append(found, deployment)
	}
	return found, rows.Err()
}

// PutDeployments writes the deployments of a service, oldest first. The oldest of many are forgotten.
func (t *Tx) PutDeployments(service string, deployments []*Deployment) error {
	if err := t.exec("DELETE FROM deployments WHERE service = ?", service); err != nil {
		return fmt.Errorf("forgetting the deployments of %s: %w", service, err)
	}
	for _, deployment := range deployments[max(0, len(deployments)-deploymentsKept):] {
		document, err := json.Marshal(deployment)
		if err != nil {
			return fmt.Errorf("writing a deployment of %s: %w", service, err)
		}
		const insert = "INSERT INTO deployments (service, document) VALUES (?, ?)"
		if err := t.exec(insert, service, string(document)); err != nil {
			return fmt.Errorf("writing a deployment of %s: %w", service, err)
		}
	}
	return nil
}

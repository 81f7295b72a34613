package ecs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// revisionProperties are what a deployment deploys, and what ECS goes back to ("ServiceRevision", Amazon ECS API
// Reference).
var revisionProperties = []string{
	"taskDefinition", "networkConfiguration", "loadBalancers", "serviceConnectConfiguration", "serviceRegistries",
	"capacityProviderStrategies", "platformVersion", "volumeConfiguration",
}

// plainProperties are those whose change alone calls no UpdateService (resourceServiceUpdate in the provider's
// ecs/service.go).
var plainProperties = []string{"tags", "tagsAll", "forceDelete"}

// Thresholds of the deployment circuit breaker, in failed tasks: half of the desired count, within these limits ("How
// the Amazon ECS deployment circuit breaker detects failures", Amazon ECS Developer Guide).
const (
	leastFailures = 3
	mostFailures  = 200
)

func failureThreshold(desired int) int { return min(max((desired+1)/2, leastFailures), mostFailures) }

// runDeployment deploys a service, unless nothing is deployed, and goes back to the last completed deployment where ECS
// does.
func runDeployment(c *bridge.Change) error {
	if !deploys(c) {
		if c.Fault != nil {
			c.Warn("nothing was deployed that could fail (%s)", c.Fault.Code)
		}
		return nil
	}
	history, err := c.Tx.Deployments(c.Thing.ARN)
	if err != nil {
		return err
	}
	next, err := newDeployment(c.Tx, c.Thing)
	if err != nil {
		return err
	}
	if c.Fault == nil || values.View(c.State).Num("desiredCount") == 0 {
		history = append(history, next)
	} else if history, err = fail(c, history, next); err != nil {
		return err
	}
	return c.Tx.PutDeployments(c.Thing.ARN, history)
}

// deploys reports whether a create or update starts a deployment.
func deploys(c *bridge.Change) bool {
	if c.Difference == nil {
		return true
	}
	for _, edit := range c.Difference.Edits {
		top, _, _ := strings.Cut(edit.Path, ".")
		if slices.Contains(revisionProperties, top) ||
			c.Inputs.Bool("forceNewDeployment") && !slices.Contains(plainProperties, top) {
			return true
		}
	}
	return false
}

// newDeployment returns a completed deployment of the service as it is now.
func newDeployment(tx *world.Tx, service *world.Thing) (*world.Deployment, error) {
	id, err := deploymentID(tx)
	if err != nil {
		return nil, err
	}
	links, err := tx.Links(service)
	if err != nil {
		return nil, err
	}
	revision, err := world.NewRevision(service, links, revisionProperties)
	if err != nil {
		return nil, err
	}
	return &world.Deployment{
		ID:         id,
		Definition: bridge.StateOf(service).Str("taskDefinition"),
		Rollout:    world.Completed,
		Reason:     "ECS deployment " + id + " completed.",
		Updated:    time.Now().UTC(),
		Revision:   revision,
	}, nil
}

func deploymentID(tx *world.Tx) (string, error) {
	number, err := tx.Next("ECS deployment")
	return fmt.Sprintf("ecs-svc/%019d", number), err
}

// fail makes a deployment fail as the change's fault says, and returns the service's deployments.
func fail(c *bridge.Change, history []*world.Deployment, next *world.Deployment) ([]*world.Deployment, error) {
	state := values.View(c.State)
	if c.Fault.Code == world.Alarm {
		if !state.Bool("alarms.enable") || len(state.List("alarms.alarmNames")) == 0 {
			c.Warn("the service has no alarm that could fail its deployment; set rollbackErrors or rollbackAlarms")
			return append(history, next), nil
		}
		c.Warn("an alarm fails the deployment in its bake time, as a fault was asked for")
		next.Rollout, next.Reason, next.Alarmed = world.InProgress, "ECS deployment "+next.ID+" in progress.", true
		next.Stopped = stoppedTasks(c, next, int(state.Num("desiredCount")))
		return append(history, next), nil
	}
	c.Warn("tasks of the deployment fail, as a fault was asked for (%s)", c.Fault.Code)
	next.Stopped = stoppedTasks(c, next, failureThreshold(int(state.Num("desiredCount"))))
	if !state.Bool("deploymentCircuitBreaker.enable") {
		next.Rollout, next.Reason = world.InProgress, "ECS deployment "+next.ID+" in progress."
		failWait(c)
		return append(history, next), nil
	}
	next.Rollout, next.Reason = world.Failed, "ECS deployment circuit breaker: tasks failed to start."
	if state.Bool("deploymentCircuitBreaker.rollback") {
		back, err := goBack(c.Tx, c.Thing, append(history, next), "ECS deployment circuit breaker")
		if len(back) > 0 || err != nil {
			return back, err
		}
	}
	failWait(c)
	return append(history, next), nil
}

// goBack makes a service what its last completed deployment deployed, by a deployment of its own, and returns the
// service's deployments. It returns none if none was completed.
func goBack(
	tx *world.Tx, service *world.Thing, history []*world.Deployment, why string,
) ([]*world.Deployment, error) {
	var last *world.Deployment
	for _, d := range history {
		if d.Rollout == world.Completed {
			last = d
		}
	}
	if last == nil {
		return nil, nil
	}
	if err := tx.Restore(service, last.Revision, revisionProperties); err != nil {
		return nil, err
	}
	back, err := newDeployment(tx, service)
	if err != nil {
		return nil, err
	}
	back.Reason = why + ": rolling back to deploymentId " + last.ID + "."
	return append(history, back), nil
}

// waitMinutes is how long the provider waits for a service (resourceService in its ecs/service.go).
const waitMinutes = 20

// failWait fails the provider's wait for a service that has never what it wants: as many tasks as are desired, of one
// deployment.
func failWait(c *bridge.Change) {
	if !c.Inputs.Bool("waitForSteadyState") {
		return
	}
	operation := "update"
	if c.Difference == nil {
		operation = "create"
	}
	c.Fail(fmt.Errorf("waiting for ECS Service (%s) %s: timeout while waiting for state to become 'tfSTABLE' (last "+
		"state: 'tfPENDING', timeout: %dm0s)", c.Id, operation, waitMinutes))
}

// forgetDeployments goes with a service that is deleted.
func forgetDeployments(c *bridge.Change) error { return c.Tx.PutDeployments(c.Thing.ARN, nil) }

// How the tasks of a deployment stop ("Stopped task error messages", Amazon ECS Developer Guide).
type stop struct {
	code, reason string
	exitCode     int32
	// lines are what the container logs unless the fault says it.
	lines []string
}

const (
	bySchedulerCode = "ServiceSchedulerInitiated"
	terminated      = 143 // 128 and SIGTERM
)

// stopOf returns how a fault stops tasks of a service.
func stopOf(c *bridge.Change, deployment string) stop {
	switch c.Fault.Code {
	case world.Exit:
		return stop{
			"EssentialContainerExited", "Essential container in task exited", 1,
			[]string{"offline: the container exits with code 1, as a fault was asked for"},
		}
	case world.Alarm:
		return stop{
			bySchedulerCode, "Scaling activity initiated by (deployment " + deployment + ")", terminated,
			[]string{"offline: an alarm fails the deployment, as a fault was asked for"},
		}
	}
	reason := "Task failed container health checks"
	if group := c.Target("loadBalancers.targetGroupArn"); group != nil {
		reason = "Task failed ELB health checks in (target-group " + group.ARN + ")"
	}
	return stop{
		bySchedulerCode, reason, terminated,
		[]string{"offline: the health checks fail, as a fault was asked for"},
	}
}

// stoppedTasks returns tasks of a deployment that the fault has stopped.
func stoppedTasks(c *bridge.Change, deployment *world.Deployment, count int) []world.StoppedTask {
	how := stopOf(c, deployment.ID)
	lines := how.lines
	if c.Fault.Message != "" {
		lines = strings.Split(c.Fault.Message, "\n")
	}
	prefix, path, _ := strings.Cut(c.Thing.ARN, ":service/")
	cluster, _, _ := strings.Cut(path, "/")
	var tasks []world.StoppedTask
	for i := range count {
		id := c.Region().Digest(fmt.Sprint(c.Thing.ARN, deployment.ID, i), 32)
		tasks = append(tasks, world.StoppedTask{
			ARN:       prefix + ":task/" + cluster + "/" + id,
			Code:      how.code,
			Reason:    how.reason,
			Container: mainContainer(c),
			ExitCode:  how.exitCode,
			Lines:     lines,
			At:        deployment.Updated,
		})
	}
	return tasks
}

// mainContainer returns the name of the container that is called, or else of the first of a task.
func mainContainer(c *bridge.Change) string {
	for _, balancer := range values.View(c.State).Objects("loadBalancers") {
		return balancer.Str("containerName")
	}
	definitions, _ := bridge.StateOf(c.Target("taskDefinition")).At("containerDefinitions")
	containers, err := containersOf(values.Document(definitions))
	if err != nil || len(containers) == 0 {
		return ""
	}
	return containers[0].Name
}

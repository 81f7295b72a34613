package aws

import (
	"slices"
	"strings"
)

const defaultBus = "default"

// busOf returns the event bus, which is empty for the default one.
func busOf(inputs view) string {
	if bus := inputs.str("eventBusName"); bus != defaultBus {
		return afterLast(bus, "/")
	}
	return ""
}

func createEventRule(c *change) error {
	c.id = c.inputs.str("name")
	if bus := busOf(c.inputs); bus != "" {
		c.id = bus + "/" + c.id
	}
	c.variables["path"] = c.id
	c.out("isEnabled", c.inputs.str("state") != "DISABLED")
	return nil
}

func createEventTarget(c *change) error {
	c.id = c.inputs.str("rule") + "-" + c.inputs.str("targetId")
	if bus := busOf(c.inputs); bus != "" {
		c.id = bus + "-" + c.id
	}
	return refuseTarget(c)
}

// assumed are the services whose targets EventBridge reaches by assuming a role; the others let it in by a policy of
// their own. From "Granting EventBridge access to targets" in the EventBridge User Guide.
var assumed = []string{"states", "ecs", "kinesis", "batch", "codebuild", "codepipeline", "ssm", "redshift", "sagemaker"}

// maxTargets is how many targets a rule has, from "Amazon EventBridge quotas".
const maxTargets = 5

// refuseTarget refuses a target that EventBridge could not reach.
func refuseTarget(c *change) error {
	parts := strings.SplitN(c.inputs.str("arn"), ":", 4)
	if len(parts) > 2 && slices.Contains(assumed, parts[2]) && !c.inputs.has("roleArn") {
		return refuse("ValidationException", "RoleArn is required for target %s.", c.inputs.str("arn"))
	}
	siblings, err := c.siblings(tEventTarget)
	if err != nil {
		return err
	}
	count := 1
	for _, other := range siblings {
		if state := stateOf(other); state.str("rule") == c.inputs.str("rule") && busOf(state) == busOf(c.inputs) {
			count++
		}
	}
	if count > maxTargets {
		return refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed: the rule %s would have "+
			"%d targets, %d are allowed", c.inputs.str("rule"), count, maxTargets)
	}
	return nil
}

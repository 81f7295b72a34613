package cloudwatch

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/internal/eventpattern"
)

// eventBusName returns the event bus, which is empty for the default one.
func eventBusName(inputs values.View) string {
	if bus := inputs.Str("eventBusName"); bus != references.DefaultBus {
		return values.AfterLast(bus, "/")
	}
	return ""
}

func createEventRule(c *bridge.Change) error {
	if err := refuseRule(c); err != nil {
		return err
	}
	c.Id = c.Inputs.Str("name")
	if bus := eventBusName(c.Inputs); bus != "" {
		c.Id = bus + "/" + c.Id
	}
	c.Variables["path"] = c.Id
	c.Out("isEnabled", c.Inputs.Str("state") != "DISABLED")
	return nil
}

// refuseRule refuses a pattern that is none.
func refuseRule(c *bridge.Change) error {
	if !c.Inputs.Given("eventPattern") {
		return nil
	}
	if _, err := eventpattern.Parse(c.Inputs.Str("eventPattern")); err != nil {
		return bridge.Refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	return nil
}

func createEventTarget(c *bridge.Change) error {
	c.Id = c.Inputs.Str("rule") + "-" + c.Inputs.Str("targetId")
	if bus := eventBusName(c.Inputs); bus != "" {
		c.Id = bus + "-" + c.Id
	}
	return refuseTarget(c)
}

// assumed are the services whose targets EventBridge reaches by assuming a role; the others let it in by a policy of
// their own. From "Granting EventBridge access to targets" in the EventBridge User Guide.
var assumed = []string{"states", "ecs", "kinesis", "batch", "codebuild", "codepipeline", "ssm", "redshift", "sagemaker"}

// youngest is the least age of an event, in seconds, at which EventBridge may give up. From "RetryPolicy" in the Amazon
// EventBridge API Reference.
const youngest = 60

// refuseTarget refuses a target that EventBridge could not reach. The provider sends an age of 0 for one that a retry
// policy leaves out (expandRetryPolicyParameters in its events/target.go), which EventBridge does not take.
func refuseTarget(c *bridge.Change) error {
	if age := c.Inputs.Num("retryPolicy.maximumEventAgeInSeconds"); c.Inputs.Given("retryPolicy") && age < youngest {
		return bridge.Refuse(
			"ValidationException",
			"1 validation error detected: Value '%g' at 'targets.1.member.retryPolicy.maximumEventAgeInSeconds' "+
				"failed to satisfy constraint: Member must have value greater than or equal to %d",
			age,
			youngest,
		)
	}
	parts := strings.SplitN(c.Inputs.Str("arn"), ":", 4)
	if len(parts) > 2 && slices.Contains(assumed, parts[2]) && !c.Inputs.Has("roleArn") {
		return bridge.Refuse("ValidationException", "RoleArn is required for target %s.", c.Inputs.Str("arn"))
	}
	return nil
}

// Package sns stands in for topics and subscriptions.
package sns

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "sns", Name: "SNS",
	Behaviors: map[string]bridge.Behavior{
		token.Topic:             {NameSuffix: bridge.SuffixIf("fifoTopic", ".fifo"), Check: checkTopic},
		token.TopicSubscription: {Check: checkSubscription, Create: createSubscription},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:sns/getTopic:getTopic": bridge.GetByName("name", token.Topic, "NotFound"),
	},
}

func checkTopic(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	fifo := inputs.Bool("fifoTopic")
	if name := inputs.Str("name"); name != "" && fifo != strings.HasSuffix(name, ".fifo") {
		failures = append(
			failures,
			bridge.Failf("name", "invalid topic name: %s: the name of a FIFO topic, and no other, ends in .fifo", name),
		)
	}
	for _, property := range []string{"archivePolicy", "fifoThroughputScope", "contentBasedDeduplication"} {
		if value, given := inputs.At(property); given && !values.IsEmpty(value) && !fifo {
			failures = append(failures, bridge.Failf(property, "%s can only be set for FIFO topics", property))
		}
	}
	return failures
}

func checkSubscription(inputs values.View) []bridge.Failure {
	if inputs.Given("filterPolicyScope") && !inputs.Given("filterPolicy") {
		return []bridge.Failure{
			bridge.Failf("filterPolicyScope", "filter_policy is required when filter_policy_scope is set"),
		}
	}
	return nil
}

// createSubscription leaves a subscription by mail or over HTTP waiting for its confirmation.
func createSubscription(c *bridge.Change) error {
	protocol := c.Inputs.Str("protocol")
	pending := strings.HasPrefix(protocol, "email") || strings.HasPrefix(protocol, "http")
	c.Set("pendingConfirmation", pending)
	c.Set("confirmationWasAuthenticated", !pending)
	if c.Inputs.Str("filterPolicy") != "" {
		c.Out("filterPolicyScope", "MessageAttributes")
	}
	return nil
}

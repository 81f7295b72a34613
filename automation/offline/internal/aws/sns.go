package aws

import "strings"

// snsService is what SNS does beyond its models.
var snsService = service{
	module: "sns", name: "SNS",
	behaviors: map[string]behavior{
		tTopic:             {nameSuffix: fifoSuffix, check: checkTopic},
		tTopicSubscription: {check: checkSubscription, create: createSubscription},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:sns/getTopic:getTopic": getByName("name", tTopic, "NotFound"),
	},
}

func fifoSuffix(inputs view) string {
	if inputs.bool("fifoTopic") {
		return ".fifo"
	}
	return ""
}

func checkTopic(inputs view) []failure {
	var failures []failure
	fifo := inputs.bool("fifoTopic")
	if name := inputs.str("name"); name != "" && fifo != strings.HasSuffix(name, ".fifo") {
		failures = append(failures, failf("name", "invalid topic name: %s: the name of a FIFO topic, and no other, ends in .fifo", name))
	}
	for _, property := range []string{"archivePolicy", "fifoThroughputScope", "contentBasedDeduplication"} {
		if value, given := inputs.at(property); given && !isEmpty(value) && !fifo {
			failures = append(failures, failf(property, "%s can only be set for FIFO topics", property))
		}
	}
	return failures
}

func checkSubscription(inputs view) []failure {
	if inputs.given("filterPolicyScope") && !inputs.given("filterPolicy") {
		return []failure{failf("filterPolicyScope", "filter_policy is required when filter_policy_scope is set")}
	}
	return nil
}

// createSubscription leaves a subscription by mail or over HTTP waiting for its confirmation.
func createSubscription(c *change) error {
	protocol := c.inputs.str("protocol")
	pending := strings.HasPrefix(protocol, "email") || strings.HasPrefix(protocol, "http")
	c.set("pendingConfirmation", pending)
	c.set("confirmationWasAuthenticated", !pending)
	if c.inputs.str("filterPolicy") != "" {
		c.out("filterPolicyScope", "MessageAttributes")
	}
	return nil
}

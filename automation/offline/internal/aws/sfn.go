package aws

import (
	"strings"

	"github.com/google/uuid"
)

// sfnService is what SFN does beyond its models.
var sfnService = service{
	module: "sfn", name: "SFN",
	behaviors: map[string]behavior{
		tStateMachine: {check: checkStateMachine, plan: planStateMachine, create: createStateMachine, update: updateStateMachine},
	},
}

func checkStateMachine(inputs view) []failure {
	kind := inputs.str("encryptionConfiguration.type")
	if kind == "CUSTOMER_MANAGED_KMS_KEY" && !inputs.given("encryptionConfiguration.kmsKeyId") {
		return []failure{failf("encryptionConfiguration.kmsKeyId", "must be given for the encryption %s", kind)}
	}
	return nil
}

func planStateMachine(d *difference) []string {
	if d.news.bool("publish") && len(d.edits) > 0 {
		return []string{"revisionId", "stateMachineVersionArn"}
	}
	return nil
}

func createStateMachine(c *change) error {
	if err := refuseStateMachine(c); err != nil {
		return err
	}
	if !c.inputs.bool("publish") {
		return nil
	}
	return c.publishStateMachine()
}

func updateStateMachine(c *change) error {
	if err := refuseStateMachine(c); err != nil {
		return err
	}
	if !c.difference.changed("definition") && !c.difference.changed("roleArn") {
		return nil
	}
	c.set("revisionId", uuid.NewString())
	if !c.inputs.bool("publish") {
		return nil
	}
	return c.publishStateMachine()
}

func (c *change) publishStateMachine() error {
	version, err := c.expand("arn:{partition}:states:{region}:{account}:stateMachine:{name}")
	if err != nil {
		return err
	}
	number, err := c.tx.Next("state machine " + version)
	if err != nil {
		return err
	}
	c.set("stateMachineVersionArn", version+":"+text(property(float64(number))))
	return nil
}

// refuseStateMachine refuses a definition that begins nowhere, and logs that go nowhere.
func refuseStateMachine(c *change) error {
	parsed, _ := parseJSON(c.inputs.str("definition"))
	definition, _ := parsed.(map[string]any)
	states, _ := definition["States"].(map[string]any)
	start, _ := definition["StartAt"].(string)
	if states[start] == nil {
		return refuse("InvalidDefinition", "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: StartAt must name one of "+
			"States: %q at /StartAt'", start)
	}
	level, destination := c.inputs.str("loggingConfiguration.level"), c.inputs.str("loggingConfiguration.logDestination")
	if level != "" && level != "OFF" && !strings.HasSuffix(destination, ":*") {
		return refuse("InvalidLoggingConfiguration", "Invalid Logging Configuration: the log destination %q must be the ARN of a log "+
			"group with :* at its end", destination)
	}
	return nil
}

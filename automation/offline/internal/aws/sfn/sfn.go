// Package sfn stands in for state machines and their versions.
package sfn

import (
	"strings"

	"github.com/google/uuid"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "sfn", Name: "SFN",
	Behaviors: map[string]bridge.Behavior{
		token.StateMachine: {
			Check:  checkStateMachine,
			Plan:   planStateMachine,
			Create: createStateMachine,
			Update: updateStateMachine,
		},
	},
}

func checkStateMachine(inputs values.View) []bridge.Failure {
	kind := inputs.Str("encryptionConfiguration.type")
	if kind == "CUSTOMER_MANAGED_KMS_KEY" && !inputs.Given("encryptionConfiguration.kmsKeyId") {
		return []bridge.Failure{
			bridge.Failf("encryptionConfiguration.kmsKeyId", "must be given for the encryption %s", kind),
		}
	}
	return nil
}

func planStateMachine(d *diff.Difference) []string {
	if d.News.Bool("publish") && len(d.Edits) > 0 {
		return []string{"revisionId", "stateMachineVersionArn"}
	}
	return nil
}

func createStateMachine(c *bridge.Change) error {
	if err := refuseStateMachine(c); err != nil {
		return err
	}
	if !c.Inputs.Bool("publish") {
		return nil
	}
	return publishStateMachine(c)
}

func updateStateMachine(c *bridge.Change) error {
	if err := refuseStateMachine(c); err != nil {
		return err
	}
	if !c.Difference.Changed("definition") && !c.Difference.Changed("roleArn") {
		return nil
	}
	c.Set("revisionId", uuid.NewString())
	if !c.Inputs.Bool("publish") {
		return nil
	}
	return publishStateMachine(c)
}

func publishStateMachine(c *bridge.Change) error {
	version, err := c.Expand("arn:{partition}:states:{region}:{account}:stateMachine:{name}")
	if err != nil {
		return err
	}
	number, err := c.Tx.Next("state machine " + version)
	if err != nil {
		return err
	}
	c.Set("stateMachineVersionArn", version+":"+values.Text(values.Of(float64(number))))
	return nil
}

// refuseStateMachine refuses a definition that begins nowhere, and logs that go nowhere.
func refuseStateMachine(c *bridge.Change) error {
	parsed, _ := values.ParseJSON(c.Inputs.Str("definition"))
	definition, _ := parsed.(map[string]any)
	states, _ := definition["States"].(map[string]any)
	start, _ := definition["StartAt"].(string)
	if states[start] == nil {
		return bridge.Refuse(
			"InvalidDefinition",
			"Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: StartAt must name one of "+
				"States: %q at /StartAt'",
			start,
		)
	}
	level := c.Inputs.Str("loggingConfiguration.level")
	destination := c.Inputs.Str("loggingConfiguration.logDestination")
	if level != "" && level != "OFF" && !strings.HasSuffix(destination, ":*") {
		return bridge.Refuse(
			"InvalidLoggingConfiguration",
			"Invalid Logging Configuration: the log destination %q must be the ARN of a log "+
				"group with :* at its end",
			destination,
		)
	}
	return nil
}

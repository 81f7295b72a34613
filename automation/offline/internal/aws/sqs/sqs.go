// Package sqs stands in for queues and where their dead letters go.
package sqs

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "sqs", Name: "SQS",
	Behaviors: map[string]bridge.Behavior{
		token.Queue: {
			NameSuffix: bridge.SuffixIf("fifoQueue", ".fifo"),
			Check:      checkQueue,
			Create:     createQueue,
			Update:     createQueue,
		},
		token.QueueRedrive: {Create: refuseDeadLetters, Update: refuseDeadLetters},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:sqs/getQueue:getQueue": bridge.GetByName("name", token.Queue, "AWS.SimpleQueueService.NonExistentQueue"),
	},
}

func checkQueue(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	fifo, name := inputs.Bool("fifoQueue"), inputs.Str("name")
	bare, isFIFO := strings.CutSuffix(name, ".fifo")
	if name != "" && (fifo != isFIFO || len(name) > 80 || strings.Trim(bare, template.Alphabets["alnum"]+"_-") != "") {
		failures = append(failures, bridge.Failf(
			"name",
			"invalid queue name: %s: letters, digits, _ and -, at most 80, and the name of a FIFO queue, and "+
				"no other, ends in .fifo",
			name,
		))
	}
	if inputs.Bool("contentBasedDeduplication") && !fifo {
		failures = append(
			failures,
			bridge.Failf("contentBasedDeduplication", "content-based deduplication can only be set for FIFO queue"),
		)
	}
	return failures
}

func createQueue(c *bridge.Change) error {
	c.Out("sqsManagedSseEnabled", !c.Inputs.Has("kmsMasterKeyId"))
	if c.Inputs.Bool("fifoQueue") {
		c.Out("deduplicationScope", "queue")
		c.Out("fifoThroughputLimit", "perQueue")
	}
	return refuseDeadLetters(c)
}

// refuseDeadLetters refuses to send dead letters to a queue that does not exist here.
func refuseDeadLetters(c *bridge.Change) error {
	value, has := c.Inputs.At("redrivePolicy")
	if !has {
		return nil
	}
	parsed, _ := values.ParseJSON(values.Document(value))
	policy, _ := parsed.(map[string]any)
	arn, _ := policy["deadLetterTargetArn"].(string)
	if arn == "" {
		return nil
	}
	if _, err := c.LookUp(references.ToQueue, arn); err != nil {
		return bridge.RefuseRetried(
			"InvalidParameterValue",
			"Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
			values.Document(value),
		)
	}
	return nil
}

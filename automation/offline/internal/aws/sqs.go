package aws

import "strings"

// sqsService is what SQS does beyond its models.
var sqsService = service{
	module: "sqs", name: "SQS",
	behaviors: map[string]behavior{
		tQueue:        {nameSuffix: queueSuffix, check: checkQueue, create: createQueue, update: createQueue},
		tQueueRedrive: {create: refuseDeadLetters, update: refuseDeadLetters},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:sqs/getQueue:getQueue": getByName("name", tQueue, "AWS.SimpleQueueService.NonExistentQueue"),
	},
}

func queueSuffix(inputs view) string {
	if inputs.bool("fifoQueue") {
		return ".fifo"
	}
	return ""
}

func checkQueue(inputs view) []failure {
	var failures []failure
	fifo, name := inputs.bool("fifoQueue"), inputs.str("name")
	bare, isFIFO := strings.CutSuffix(name, ".fifo")
	if name != "" && (fifo != isFIFO || len(name) > 80 || strings.Trim(bare, alphabets["alnum"]+"_-") != "") {
		failures = append(failures, failf("name", "invalid queue name: %s: letters, digits, _ and -, at most 80, and the name of a FIFO queue, and "+
			"no other, ends in .fifo", name))
	}
	if inputs.bool("contentBasedDeduplication") && !fifo {
		failures = append(failures, failf("contentBasedDeduplication", "content-based deduplication can only be set for FIFO queue"))
	}
	return failures
}

func createQueue(c *change) error {
	c.out("sqsManagedSseEnabled", !c.inputs.has("kmsMasterKeyId"))
	if c.inputs.bool("fifoQueue") {
		c.out("deduplicationScope", "queue")
		c.out("fifoThroughputLimit", "perQueue")
	}
	return refuseDeadLetters(c)
}

// refuseDeadLetters refuses to send dead letters to a queue that does not exist here.
func refuseDeadLetters(c *change) error {
	value, has := c.inputs.at("redrivePolicy")
	if !has {
		return nil
	}
	parsed, _ := parseJSON(document(value))
	policy, _ := parsed.(map[string]any)
	arn, _ := policy["deadLetterTargetArn"].(string)
	if arn == "" {
		return nil
	}
	if _, err := c.lookUp(toQueue, arn); err != nil {
		return refuseRetried("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
			document(value))
	}
	return nil
}

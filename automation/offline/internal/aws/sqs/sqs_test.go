package sqs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func TestQueues(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs, failures := l.Check(token.Queue, "jobs", nil, values.Of(awstest.In{"fifoQueue": true}).ObjectValue())
	require.Empty(t, failures)
	assert.Regexp(t, `^jobs-[0-9a-f]{7}\.fifo$`, values.View(inputs).Str("name"))
	for name, c := range map[string]awstest.In{
		"a FIFO queue's name":    {"name": "jobs", "fifoQueue": true},
		"another queue's name":   {"name": "jobs.fifo"},
		"a name with blanks":     {"name": "my jobs"},
		"two kinds of keys":      {"kmsMasterKeyId": "alias/lab", "sqsManagedSseEnabled": true},
		"no FIFO queue's choice": {"contentBasedDeduplication": true},
	} {
		_, failures := l.Check(token.Queue, "jobs", nil, values.Of(c).ObjectValue())
		assert.Len(t, failures, 1, name)
	}
	_, err := l.TryCreate(
		token.Queue,
		"jobs",
		awstest.In{
			"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":5}`,
		},
	)
	assert.ErrorContains(t, err, "Dead letter target does not exist.")
	plain := l.Create(token.Queue, "plain", awstest.In{})
	assert.Equal(t, "true", plain.Str("sqsManagedSseEnabled"), "SQS encrypts unless told otherwise")
	keyed := l.Create(token.Queue, "keyed", awstest.In{"kmsMasterKeyId": "alias/lab"})
	assert.Equal(t, "false", keyed.Str("sqsManagedSseEnabled"))
}

package sfn_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestStateMachines(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	role := l.Create(token.Role, "it", awstest.In{"assumeRolePolicy": awstest.Trust})
	logs := l.Create(token.LogGroup, "it", awstest.In{})
	for want, inputs := range map[string]awstest.In{
		"StartAt must name one of States": {
			"definition": `{"StartAt":"None","States":{"Some":{"Type":"Pass","End":true}}}`,
		},
		"InvalidLoggingConfiguration": {
			"definition":           awstest.Steps,
			"loggingConfiguration": awstest.In{"level": "ERROR", "logDestination": logs.Str("arn")},
		},
		"The specified log group does not": {
			"definition": awstest.Steps,
			"loggingConfiguration": awstest.In{
				"level":          "ERROR",
				"logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:none:*",
			},
		},
		"does not exist or cannot be assum": {
			"definition": awstest.Steps,
			"roleArn":    "arn:aws:iam::123456789012:role/none",
		},
	} {
		_, err := l.TryCreate(token.StateMachine, "it", awstest.Merge(awstest.In{"roleArn": role.Str("arn")}, inputs))
		assert.ErrorContains(t, err, want)
	}
	inputs := awstest.In{
		"definition":           awstest.Steps,
		"roleArn":              role.Str("arn"),
		"loggingConfiguration": awstest.In{"level": "ERROR", "logDestination": logs.Str("arn") + ":*"},
	}
	m := l.Create(token.StateMachine, "it", inputs)
	changed := awstest.Merge(inputs, awstest.In{"definition": `{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`})
	assert.Empty(t, l.DiffChecked(m, changed).GetReplaces())
	assert.NotEqual(t, m.Str("revisionId"), l.Update(m, changed).Str("revisionId"))
	assert.Equal(
		t,
		[]string{"type"},
		l.DiffChecked(m, awstest.Merge(inputs, awstest.In{"type": "EXPRESS"})).GetReplaces(),
	)
}

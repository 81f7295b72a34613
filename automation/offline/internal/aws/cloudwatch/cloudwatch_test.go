package cloudwatch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestEventBridgeRefusesTargetsItCannotReach(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	role := l.Create(token.Role, "events", awstest.In{"assumeRolePolicy": awstest.Trust})
	machine := l.Create(
		token.StateMachine,
		"redeploy",
		awstest.In{"definition": awstest.Steps, "roleArn": role.Str("arn")},
	)
	topic := l.Create(token.Topic, "ops", awstest.In{})
	rule := l.Create(token.EventRule, "rule", awstest.In{"scheduleExpression": "rate(1 hour)"})
	_, err := l.TryCreate(token.EventTarget, "it", awstest.In{"rule": rule.Str("name"), "arn": machine.Str("arn")})
	assert.ErrorContains(t, err, "RoleArn is required for target "+machine.Str("arn"))
	l.Create(
		token.EventTarget,
		"it",
		awstest.In{"rule": rule.Str("name"), "arn": machine.Str("arn"), "roleArn": role.Str("arn")},
	)
	for _, name := range []string{"2", "3", "4", "5"} {
		l.Create(token.EventTarget, name, awstest.In{"rule": rule.Str("name"), "arn": topic.Str("arn")})
	}
	_, err = l.TryCreate(token.EventTarget, "6", awstest.In{"rule": rule.Str("name"), "arn": topic.Str("arn")})
	assert.ErrorContains(t, err, "6 targets of an event rule; AWS allows 5")
}

func TestEventBridgeRefusesPatternsThatAreNone(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	const invalid = "InvalidEventPatternException: Event pattern is not valid. Reason: "
	_, err := l.TryCreate(
		token.EventRule,
		"rule",
		awstest.In{"eventPattern": `{"detail": {"name": [{"begins": "x"}]}}`},
	)
	require.ErrorContains(t, err, invalid+`event pattern: "detail.name": unrecognized match type begins`)
	rule := l.Create(token.EventRule, "rule", awstest.In{"eventPattern": `{"source": ["aws.ec2"]}`})
	_, err = l.TryUpdate(rule, awstest.In{"eventPattern": `{"source": "aws.ec2"}`})
	require.ErrorContains(t, err, invalid+`event pattern: "source" must be an object or an array`)
}

func TestCompositeAlarmsHoldTheAlarmsTheyName(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, err := l.TryCreate(
		token.CompositeAlarm,
		"shop",
		awstest.In{"alarmName": "shop", "alarmRule": `ALARM("errors") OR ALARM("slow")`},
	)
	assert.ErrorContains(t, err, "Could not save the composite alarm as alarms [errors] in the alarm rule do not exist")
	alarm := func(name string) awstest.Made {
		return l.Create(
			token.MetricAlarm,
			name,
			awstest.In{
				"name":               name,
				"comparisonOperator": "GreaterThanThreshold",
				"evaluationPeriods":  1,
				"metricName":         "m",
				"namespace":          "n",
				"period":             60,
				"statistic":          "Sum",
				"threshold":          1,
			},
		)
	}
	errors, slow := alarm("errors"), alarm("slow")
	composite := l.Create(
		token.CompositeAlarm,
		"shop",
		awstest.In{"alarmName": "shop", "alarmRule": `ALARM("errors") AND NOT OK(` + slow.Str("arn") + `)`},
	)
	assert.ErrorContains(
		t,
		l.TryDelete(errors),
		"Cannot delete errors as there are composite alarm(s) depending on it: shop",
	)
	assert.ErrorContains(t, l.TryDelete(slow), "composite alarm(s) depending on it")
	require.NoError(t, l.TryDelete(composite))
	require.NoError(t, l.TryDelete(errors))
}

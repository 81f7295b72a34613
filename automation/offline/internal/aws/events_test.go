package aws

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// function makes a function of a container image, as the lab's are.
func (l *lab) function(name string, more in) made {
	l.Helper()
	role := l.create(tRole, name, in{"name": name, "assumeRolePolicy": trust})
	repository := l.create(tRepository, name, in{"name": name})
	url := repository.str("repositoryUrl")
	require.NoError(l, l.w.PutImage(l.Context(), world.Image{Repository: url, Tag: "v1", Digest: "sha256:a"}))
	return l.create(tFunction, name, merge(in{"name": name, "role": role.str("arn"), "packageType": "Image", "imageUri": url + "@sha256:a"}, more))
}

func TestAFunctionsImageIsInItsRegion(t *testing.T) {
	l := newLab(t, "us-east-1")
	l.function("runtask", nil)
	role := l.create(tRole, "it", in{"assumeRolePolicy": trust})
	const registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	for image, want := range map[string]string{
		registry + "/runtask:v2":                                "Source image " + registry + "/runtask:v2 does not exist. Provide a valid source image.",
		registry + "/none@sha256:a":                             "does not exist",
		"public.ecr.aws/lambda/go:1":                            "is not valid",
		"123456789012.dkr.ecr.us-west-2.amazonaws.com/x:latest": "one of ECR in us-east-1",
	} {
		_, err := l.tryCreate(tFunction, "it", in{"role": role.str("arn"), "packageType": "Image", "imageUri": image})
		assert.ErrorContains(t, err, want)
	}
	_, failures := l.check(tFunction, "it", nil, property(in{"role": role.str("arn"), "packageType": "Image", "s3Bucket": "b", "s3Key": "k"}).ObjectValue())
	require.Len(t, failures, 1)
	assert.Equal(t, "imageUri", failures[0].GetProperty())
}

// An invocation runs nothing offline, says so, and happens again, as a replacement, when its triggers or input change.
func TestAnInvocationSaysThatNothingRan(t *testing.T) {
	l := newLab(t, "us-east-1")
	function := l.function("runtask", nil)
	inputs := in{"functionName": "runtask", "input": `{"command":["migrate"]}`, "triggers": in{"definition": "orders:1"}}
	first := l.create(tInvocation, "before", inputs)
	assert.JSONEq(t, `{"offline":true,"message":"not run: the offline target has nothing to run functions on"}`, first.str("result"))
	assert.Equal(t, "runtask_$LATEST_3243ecb6f348c9420edc6120ab52dd41", first.id, "the MD5 sum of the input")

	next := merge(inputs, in{"triggers": in{"definition": "orders:2"}})
	assert.Equal(t, []string{"triggers"}, l.diffChecked(first, next).GetReplaces())
	assert.False(t, l.diffChecked(first, next).GetDeleteBeforeReplace())
	second := l.create(tInvocation, "before", next)
	assert.Equal(t, first.id, second.id, "the real provider's id is the same too")
	require.NoError(t, l.tryDelete(first))
	_, exists := l.refresh(second)
	assert.True(t, exists, "the replaced one does not take the new one along")

	assert.Equal(t, []string{"input"}, l.diffChecked(second, merge(next, in{"input": `{}`})).GetReplaces())
	lasting := l.create(tInvocation, "lasting", merge(inputs, in{"lifecycleScope": "CRUD"}))
	assert.Empty(t, l.diffChecked(lasting, merge(inputs, in{"lifecycleScope": "CRUD", "input": `{}`})).GetReplaces())
	_, err := l.tryCreate(tInvocation, "none", merge(inputs, in{"functionName": "none"}))
	assert.ErrorContains(t, err, "Function not found: none")
	require.NoError(t, l.tryDelete(function))
}

func TestSecretInputsOfInvocationsStayOutOfTheWorld(t *testing.T) {
	l := newLab(t, "us-east-1")
	l.function("runtask", nil)
	l.create(tInvocation, "it", in{"functionName": "runtask", "input": resource.MakeSecret(property(`{"password":"hunter2"}`)), "triggers": in{"token": resource.MakeSecret(property("hunter3"))}})
	things, err := l.w.List(t.Context())
	require.NoError(t, err)
	for _, thing := range things {
		assert.NotContains(t, thing.Key.Key+thing.ID, "hunter")
	}
}

func TestAQueuesMessagesStayHiddenWhileTheFunctionRuns(t *testing.T) {
	l := newLab(t, "us-east-1")
	l.function("worker", in{"timeout": 60})
	queue := l.create(tQueue, "jobs", in{"name": "jobs"})
	source := in{"functionName": "worker", "eventSourceArn": queue.str("arn")}
	_, err := l.tryCreate(tEventSource, "jobs", source)
	assert.ErrorContains(t, err, "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
	l.update(queue, in{"name": "jobs", "visibilityTimeoutSeconds": 360})
	m := l.create(tEventSource, "jobs", source)
	assert.Equal(t, "10", m.str("batchSize"))
	assert.Empty(t, l.diffChecked(m, source).GetDetailedDiff())
	assert.Empty(t, l.diffChecked(m, merge(source, in{"functionName": "arn:aws:lambda:us-east-1:123456789012:function:worker"})).GetDetailedDiff())
}

func TestQueues(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs, failures := l.check(tQueue, "jobs", nil, property(in{"fifoQueue": true}).ObjectValue())
	require.Empty(t, failures)
	assert.Regexp(t, `^jobs-[0-9a-f]{7}\.fifo$`, view(inputs).str("name"))
	for name, c := range map[string]in{
		"a FIFO queue's name":    {"name": "jobs", "fifoQueue": true},
		"another queue's name":   {"name": "jobs.fifo"},
		"a name with blanks":     {"name": "my jobs"},
		"two kinds of keys":      {"kmsMasterKeyId": "alias/lab", "sqsManagedSseEnabled": true},
		"no FIFO queue's choice": {"contentBasedDeduplication": true},
	} {
		_, failures := l.check(tQueue, "jobs", nil, property(c).ObjectValue())
		assert.Len(t, failures, 1, name)
	}
	_, err := l.tryCreate(tQueue, "jobs", in{"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":5}`})
	assert.ErrorContains(t, err, "Dead letter target does not exist.")
	plain := l.create(tQueue, "plain", in{})
	assert.Equal(t, "true", plain.str("sqsManagedSseEnabled"), "SQS encrypts unless told otherwise")
	keyed := l.create(tQueue, "keyed", in{"kmsMasterKeyId": "alias/lab"})
	assert.Equal(t, "false", keyed.str("sqsManagedSseEnabled"))
}

func TestEventBridgeRefusesTargetsItCannotReach(t *testing.T) {
	l := newLab(t, "us-east-1")
	role := l.create(tRole, "events", in{"assumeRolePolicy": trust})
	machine := l.create(tStateMachine, "redeploy", in{"definition": steps, "roleArn": role.str("arn")})
	topic := l.create(tTopic, "ops", in{})
	rule := l.create(tEventRule, "rule", in{"scheduleExpression": "rate(1 hour)"})
	_, err := l.tryCreate(tEventTarget, "it", in{"rule": rule.str("name"), "arn": machine.str("arn")})
	assert.ErrorContains(t, err, "RoleArn is required for target "+machine.str("arn"))
	l.create(tEventTarget, "it", in{"rule": rule.str("name"), "arn": machine.str("arn"), "roleArn": role.str("arn")})
	for _, name := range []string{"2", "3", "4", "5"} {
		l.create(tEventTarget, name, in{"rule": rule.str("name"), "arn": topic.str("arn")})
	}
	_, err = l.tryCreate(tEventTarget, "6", in{"rule": rule.str("name"), "arn": topic.str("arn")})
	assert.ErrorContains(t, err, "would have 6 targets, 5 are allowed")
}

func TestStateMachines(t *testing.T) {
	l := newLab(t, "us-east-1")
	role := l.create(tRole, "it", in{"assumeRolePolicy": trust})
	logs := l.create(tLogGroup, "it", in{})
	for want, inputs := range map[string]in{
		"StartAt must name one of States":   {"definition": `{"StartAt":"None","States":{"Some":{"Type":"Pass","End":true}}}`},
		"InvalidLoggingConfiguration":       {"definition": steps, "loggingConfiguration": in{"level": "ERROR", "logDestination": logs.str("arn")}},
		"The specified log group does not":  {"definition": steps, "loggingConfiguration": in{"level": "ERROR", "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:none:*"}},
		"does not exist or cannot be assum": {"definition": steps, "roleArn": "arn:aws:iam::123456789012:role/none"},
	} {
		_, err := l.tryCreate(tStateMachine, "it", merge(in{"roleArn": role.str("arn")}, inputs))
		assert.ErrorContains(t, err, want)
	}
	inputs := in{"definition": steps, "roleArn": role.str("arn"), "loggingConfiguration": in{"level": "ERROR", "logDestination": logs.str("arn") + ":*"}}
	m := l.create(tStateMachine, "it", inputs)
	changed := merge(inputs, in{"definition": `{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`})
	assert.Empty(t, l.diffChecked(m, changed).GetReplaces())
	assert.NotEqual(t, m.str("revisionId"), l.update(m, changed).str("revisionId"))
	assert.Equal(t, []string{"type"}, l.diffChecked(m, merge(inputs, in{"type": "EXPRESS"})).GetReplaces())
}

func TestCompositeAlarmsHoldTheAlarmsTheyName(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, err := l.tryCreate(tCompositeAlarm, "shop", in{"alarmName": "shop", "alarmRule": `ALARM("errors") OR ALARM("slow")`})
	assert.ErrorContains(t, err, "Could not save the composite alarm as alarms [errors] in the alarm rule do not exist")
	alarm := func(name string) made {
		return l.create(tMetricAlarm, name, in{"name": name, "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "metricName": "m", "namespace": "n",
			"period": 60, "statistic": "Sum", "threshold": 1})
	}
	errors, slow := alarm("errors"), alarm("slow")
	composite := l.create(tCompositeAlarm, "shop", in{"alarmName": "shop", "alarmRule": `ALARM("errors") AND NOT OK(` + slow.str("arn") + `)`})
	assert.ErrorContains(t, l.tryDelete(errors), "Cannot delete errors as there are composite alarm(s) depending on it: shop")
	assert.ErrorContains(t, l.tryDelete(slow), "composite alarm(s) depending on it")
	require.NoError(t, l.tryDelete(composite))
	require.NoError(t, l.tryDelete(errors))
}

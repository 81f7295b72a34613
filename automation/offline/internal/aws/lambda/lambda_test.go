package lambda_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func TestAFunctionsImageIsInItsRegion(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	l.Function("runtask", nil)
	role := l.Create(token.Role, "it", awstest.In{"assumeRolePolicy": awstest.Trust})
	const registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	for image, want := range map[string]string{
		registry + "/runtask:v2": "Source image " + registry +
			"/runtask:v2 does not exist. Provide a valid source image.",
		registry + "/none@sha256:a":                             "does not exist",
		"public.ecr.aws/lambda/go:1":                            "is not valid",
		"123456789012.dkr.ecr.us-west-2.amazonaws.com/x:latest": "one of ECR in us-east-1",
	} {
		_, err := l.TryCreate(
			token.Function,
			"it",
			awstest.In{"role": role.Str("arn"), "packageType": "Image", "imageUri": image},
		)
		assert.ErrorContains(t, err, want)
	}
	_, failures := l.Check(
		token.Function,
		"it",
		nil,
		values.Of(
			awstest.In{"role": role.Str("arn"), "packageType": "Image", "s3Bucket": "b", "s3Key": "k"},
		).ObjectValue(),
	)
	require.Len(t, failures, 1)
	assert.Equal(t, "imageUri", failures[0].GetProperty())
}

// An invocation runs nothing offline, says so, and happens again, as a replacement, when its triggers or input change.
func TestAnInvocationSaysThatNothingRan(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	function := l.Function("runtask", nil)
	inputs := awstest.In{
		"functionName": "runtask",
		"input":        `{"command":["migrate"]}`,
		"triggers":     awstest.In{"definition": "orders:1"},
	}
	first := l.Create(token.Invocation, "before", inputs)
	assert.JSONEq(
		t,
		`{"offline":true,"message":"not run: the offline target has nothing to run functions on"}`,
		first.Str("result"),
	)
	assert.Equal(t, "runtask_$LATEST_3243ecb6f348c9420edc6120ab52dd41", first.Id, "the MD5 sum of the input")

	next := awstest.Merge(inputs, awstest.In{"triggers": awstest.In{"definition": "orders:2"}})
	assert.Equal(t, []string{"triggers"}, l.DiffChecked(first, next).GetReplaces())
	assert.False(t, l.DiffChecked(first, next).GetDeleteBeforeReplace())
	second := l.Create(token.Invocation, "before", next)
	assert.Equal(t, first.Id, second.Id, "the real provider's id is the same too")
	require.NoError(t, l.TryDelete(first))
	_, exists := l.Refresh(second)
	assert.True(t, exists, "the replaced one does not take the new one along")

	assert.Equal(
		t,
		[]string{"input"},
		l.DiffChecked(second, awstest.Merge(next, awstest.In{"input": `{}`})).GetReplaces(),
	)
	lasting := l.Create(token.Invocation, "lasting", awstest.Merge(inputs, awstest.In{"lifecycleScope": "CRUD"}))
	assert.Empty(
		t,
		l.DiffChecked(
			lasting,
			awstest.Merge(inputs, awstest.In{"lifecycleScope": "CRUD", "input": `{}`}),
		).GetReplaces(),
	)
	_, err := l.TryCreate(token.Invocation, "none", awstest.Merge(inputs, awstest.In{"functionName": "none"}))
	assert.ErrorContains(t, err, "Function not found: none")
	require.NoError(t, l.TryDelete(function))
}

func TestSecretInputsOfInvocationsStayOutOfTheWorld(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	l.Function("runtask", nil)
	l.Create(
		token.Invocation,
		"it",
		awstest.In{
			"functionName": "runtask",
			"input":        resource.MakeSecret(values.Of(`{"password":"hunter2"}`)),
			"triggers":     awstest.In{"token": resource.MakeSecret(values.Of("hunter3"))},
		},
	)
	things, err := l.W.List(t.Context())
	require.NoError(t, err)
	for _, thing := range things {
		assert.NotContains(t, thing.Key.Key+thing.ID, "hunter")
	}
}

func TestAQueuesMessagesStayHiddenWhileTheFunctionRuns(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	l.Function("worker", awstest.In{"timeout": 60})
	queue := l.Create(token.Queue, "jobs", awstest.In{"name": "jobs"})
	source := awstest.In{"functionName": "worker", "eventSourceArn": queue.Str("arn")}
	_, err := l.TryCreate(token.EventSource, "jobs", source)
	assert.ErrorContains(t, err, "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
	l.Update(queue, awstest.In{"name": "jobs", "visibilityTimeoutSeconds": 360})
	m := l.Create(token.EventSource, "jobs", source)
	assert.Equal(t, "10", m.Str("batchSize"))
	assert.Empty(t, l.DiffChecked(m, source).GetDetailedDiff())
	assert.Empty(
		t,
		l.DiffChecked(
			m,
			awstest.Merge(source, awstest.In{"functionName": "arn:aws:lambda:us-east-1:123456789012:function:worker"}),
		).GetDetailedDiff(),
	)
}

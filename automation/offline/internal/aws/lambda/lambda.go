// Package lambda stands in for functions: code, event sources, and invocations, which are not run here.
package lambda

import (
	"cmp"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/ecr"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "lambda", Name: "Lambda",
	Behaviors: map[string]bridge.Behavior{
		token.Invocation: {
			Diff: diffInvocation, Plan: planInvocation, Create: invokeFunction, Update: invokeFunction, Runs: true,
		},
		token.EventSource: {Create: createEventSource, Update: createEventSource},
		token.Function:    {Check: checkFunction, Plan: planFunction, Create: createFunction, Update: updateFunction},
	},
	Equalities: map[string]func(a, b string) bool{
		// A function is named by its name or its ARN.
		"functionName": func(a, b string) bool {
			return values.AfterLast(
				a,
				":function:",
			) == values.AfterLast(b, ":function:")
		},
	},
}

func checkFunction(inputs values.View) []bridge.Failure {
	if inputs.Str("packageType") == "Image" && !inputs.Given("imageUri") {
		return []bridge.Failure{bridge.Failf("imageUri", "image_uri must be set when PackageType is Image")}
	}
	if inputs.Str("packageType") != "Zip" {
		return nil
	}
	var failures []bridge.Failure
	for _, property := range []string{"handler", "runtime"} {
		if !inputs.Given(property) {
			failures = append(
				failures,
				bridge.Failf(property, "handler and runtime must be set when PackageType is Zip"),
			)
		}
	}
	return failures
}

// codeProperties are the inputs whose change deploys new code.
var codeProperties = []string{
	"code",
	"sourceCodeHash",
	"s3Bucket",
	"s3Key",
	"s3ObjectVersion",
	"imageUri",
	"architectures",
}

func planFunction(d *diff.Difference) []string {
	var changing []string
	if d.ChangedAny(codeProperties) {
		changing = append(changing, "lastModified")
	}
	if d.News.Bool("publish") && len(d.Edits) > 0 {
		changing = append(changing, "version", "qualifiedArn", "qualifiedInvokeArn")
	}
	return changing
}

func createFunction(c *bridge.Change) error {
	if c.Inputs.Bool("publish") {
		c.Set("version", "1")
	}
	logAsLambda(c)
	return refuseFunctionImage(c)
}

// logAsLambda fills in the levels of logs that are written as JSON, which plain ones do not have. From "LoggingConfig"
// in the AWS Lambda API Reference.
func logAsLambda(c *bridge.Change) {
	if values.View(c.State).Str("loggingConfig.logFormat") != "JSON" {
		return
	}
	c.Out("loggingConfig.applicationLogLevel", "INFO")
	c.Out("loggingConfig.systemLogLevel", "INFO")
}

// refuseFunctionImage refuses an image that is not in a repository of the region.
func refuseFunctionImage(c *bridge.Change) error {
	image := c.Inputs.Str("imageUri")
	if image == "" {
		return nil
	}
	repository, reference := ecr.SplitImage(image)
	registry, _, _ := strings.Cut(repository, "/")
	account, host, _ := strings.Cut(registry, ".dkr.ecr.")
	if host != c.Region().Name+"."+c.Region().DNSSuffix() {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Source image %s is not valid. Provide a valid source image: one of ECR in %s.",
			image,
			c.Region().Name,
		)
	}
	if account != world.Account {
		return nil // another account's, which the world does not know
	}
	images, err := c.Tx.Images(repository)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(images, func(i world.Image) bool { return i.Tag == reference || i.Digest == reference }) {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Source image %s does not exist. Provide a valid source image.",
			image,
		)
	}
	return nil
}

func updateFunction(c *bridge.Change) error {
	logAsLambda(c)
	if c.Difference.ChangedAny(codeProperties) {
		delete(c.State, "lastModified")
		delete(c.State, "codeSha256")
		if err := refuseFunctionImage(c); err != nil {
			return err
		}
	}
	if c.Inputs.Bool("publish") && len(c.Difference.Edits) > 0 {
		number, _ := values.Number(values.Of(values.View(c.State).Str("version")))
		c.Set("version", fmt.Sprint(number+1))
		delete(c.State, "qualifiedArn")
		delete(c.State, "qualifiedInvokeArn")
	}
	return nil
}

// diffInvocation invokes again, as a new invocation, when the input of one that happens on create alone changes.
func diffInvocation(d *diff.Difference) error {
	if d.Changed("input") && d.News.Str("lifecycleScope") == "CREATE_ONLY" {
		d.Replace("input", true)
	}
	return nil
}

func planInvocation(d *diff.Difference) []string {
	if d.Changed("input") {
		return []string{"result"}
	}
	return nil
}

// invocationResult is what an invocation gives offline, where there is nothing to run a function on.
const invocationResult = `{"offline":true,"message":"not run: the offline target has nothing to run functions on"}`

func invokeFunction(c *bridge.Change) error {
	if c.Fault != nil {
		if c.Fault.Code == world.Exit {
			return refuseRun(c)
		}
		c.Warn("a function has no deployment that could fail (%s)", c.Fault.Code)
	}
	id := fmt.Sprintf(
		"%s_%s_%x",
		c.Inputs.Str("functionName"),
		c.Inputs.Str("qualifier"),
		md5.Sum([]byte(c.Inputs.Str("input"))),
	)
	if c.Id == "" {
		c.Id = id
	}
	c.Set("result", invocationResult)
	return nil
}

// refuseRun fails an invocation as the function of services/runtask fails when the container of the task that it runs
// exits with 1: the function's error is what the provider tells (invoke in its lambda/invocation.go).
func refuseRun(c *bridge.Change) error {
	var event struct{ Cluster, ContainerName string }
	if err := json.Unmarshal([]byte(c.Inputs.Str("input")), &event); err != nil {
		return fmt.Errorf("reading the input of an invocation: %w", err)
	}
	lines := cmp.Or(c.Fault.Message, "offline: the task fails, as a fault was asked for")
	tasks := strings.Replace(event.Cluster, ":cluster/", ":task/", 1)
	task := tasks + "/" + c.Region().Digest(c.Inputs.Str("input"), 32)
	payload, err := json.Marshal(map[string]string{
		"errorMessage": fmt.Sprintf(
			"task %s failed: container %q exited with 1 (EssentialContainerExited: Essential container in task "+
				"exited); its log ends with:\n%s", task, event.ContainerName, lines),
		"errorType": "wrapError",
	})
	if err != nil {
		return err
	}
	return fmt.Errorf("invoking Lambda Function (%s): %s", c.Inputs.Str("functionName"), payload)
}

// batchSizes are how many records a function gets at once unless the program says otherwise: 10 of a queue, 100 of a
// stream.
const (
	queueBatch  = 10.0
	streamBatch = 100.0
)

// createEventSource refuses a queue whose messages reappear while the function still works on them.
func createEventSource(c *bridge.Change) error {
	function := c.Target("functionName")
	c.Set("functionArn", function.ARN)
	queue := c.Target("eventSourceArn")
	if queue == nil {
		c.Out("batchSize", streamBatch)
		return nil
	}
	c.Out("batchSize", queueBatch)
	visible, timeout := bridge.StateOf(queue).Num("visibilityTimeoutSeconds"), bridge.StateOf(function).Num("timeout")
	if visible < timeout {
		return bridge.Refuse(
			"InvalidParameterValueException",
			"Queue visibility timeout: %g seconds is less than Function timeout: %g seconds",
			visible,
			timeout,
		)
	}
	return nil
}

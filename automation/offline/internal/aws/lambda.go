package aws

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// lambdaService is what Lambda does beyond its models.
var lambdaService = service{
	module: "lambda", name: "Lambda",
	behaviors: map[string]behavior{
		tInvocation:  {diff: diffInvocation, plan: planInvocation, create: invokeFunction, update: invokeFunction},
		tEventSource: {create: createEventSource, update: createEventSource},
		tFunction:    {check: checkFunction, plan: planFunction, create: createFunction, update: updateFunction},
	},
	equalities: map[string]func(a, b string) bool{
		// A function is named by its name or its ARN.
		"functionName": func(a, b string) bool { return afterLast(a, ":function:") == afterLast(b, ":function:") },
	},
}

func checkFunction(inputs view) []failure {
	if inputs.str("packageType") == "Image" && !inputs.given("imageUri") {
		return []failure{failf("imageUri", "image_uri must be set when PackageType is Image")}
	}
	if inputs.str("packageType") != "Zip" {
		return nil
	}
	var failures []failure
	for _, property := range []string{"handler", "runtime"} {
		if !inputs.given(property) {
			failures = append(failures, failf(property, "handler and runtime must be set when PackageType is Zip"))
		}
	}
	return failures
}

// codeProperties are the inputs whose change deploys new code.
var codeProperties = []string{"code", "sourceCodeHash", "s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "architectures"}

func (d *difference) changedAny(paths []string) bool {
	for _, path := range paths {
		if d.changed(path) {
			return true
		}
	}
	return false
}

func planFunction(d *difference) []string {
	var changing []string
	if d.changedAny(codeProperties) {
		changing = append(changing, "lastModified")
	}
	if d.news.bool("publish") && len(d.edits) > 0 {
		changing = append(changing, "version", "qualifiedArn", "qualifiedInvokeArn")
	}
	return changing
}

func createFunction(c *change) error {
	if c.inputs.bool("publish") {
		c.set("version", "1")
	}
	return c.refuseFunctionImage()
}

// refuseFunctionImage refuses an image that is not in a repository of the region.
func (c *change) refuseFunctionImage() error {
	image := c.inputs.str("imageUri")
	if image == "" {
		return nil
	}
	repository, reference := splitImage(image)
	registry, _, _ := strings.Cut(repository, "/")
	account, host, _ := strings.Cut(registry, ".dkr.ecr.")
	if host != c.region().Name+"."+c.region().DNSSuffix() {
		return refuse("InvalidParameterValueException", "Source image %s is not valid. Provide a valid source image: one of ECR in %s.",
			image, c.region().Name)
	}
	if account != world.Account {
		return nil // another account's, which the world does not know
	}
	images, err := c.tx.Images(repository)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(images, func(i world.Image) bool { return i.Tag == reference || i.Digest == reference }) {
		return refuse("InvalidParameterValueException", "Source image %s does not exist. Provide a valid source image.", image)
	}
	return nil
}

func updateFunction(c *change) error {
	if c.difference.changedAny(codeProperties) {
		delete(c.state, "lastModified")
		delete(c.state, "codeSha256")
		if err := c.refuseFunctionImage(); err != nil {
			return err
		}
	}
	if c.inputs.bool("publish") && len(c.difference.edits) > 0 {
		number, _ := number(property(view(c.state).str("version")))
		c.set("version", fmt.Sprint(number+1))
		delete(c.state, "qualifiedArn")
		delete(c.state, "qualifiedInvokeArn")
	}
	return nil
}

// diffInvocation invokes again, as a new invocation, when the input of one that happens on create alone changes.
func diffInvocation(d *difference) error {
	if d.changed("input") && d.news.str("lifecycleScope") == "CREATE_ONLY" {
		d.replace("input", true)
	}
	return nil
}

func planInvocation(d *difference) []string {
	if d.changed("input") {
		return []string{"result"}
	}
	return nil
}

// invocationResult is what an invocation gives offline, where there is nothing to run a function on.
const invocationResult = `{"offline":true,"message":"not run: the offline target has nothing to run functions on"}`

func invokeFunction(c *change) error {
	id := fmt.Sprintf("%s_%s_%x", c.inputs.str("functionName"), c.inputs.str("qualifier"), md5.Sum([]byte(c.inputs.str("input"))))
	if c.id == "" {
		c.id = id
	}
	c.set("result", invocationResult)
	return nil
}

// batchSizes are how many records a function gets at once unless the program says otherwise: 10 of a queue, 100 of a stream.
const (
	queueBatch  = 10.0
	streamBatch = 100.0
)

// createEventSource refuses a queue whose messages reappear while the function still works on them.
func createEventSource(c *change) error {
	function := c.target("functionName")
	c.set("functionArn", function.ARN)
	queue := c.target("eventSourceArn")
	if queue == nil {
		c.out("batchSize", streamBatch)
		return nil
	}
	c.out("batchSize", queueBatch)
	visible, timeout := stateOf(queue).num("visibilityTimeoutSeconds"), stateOf(function).num("timeout")
	if visible < timeout {
		return refuse("InvalidParameterValueException", "Queue visibility timeout: %g seconds is less than Function timeout: %g seconds", visible, timeout)
	}
	return nil
}

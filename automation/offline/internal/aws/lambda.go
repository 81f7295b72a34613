package aws

import "fmt"

func init() {
	register(map[string]behavior{
		tFunction: {check: checkFunction, plan: planFunction, create: createFunction, update: updateFunction},
	})
}

func checkFunction(inputs view) []failure {
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
	return nil
}

func updateFunction(c *change) error {
	if c.difference.changedAny(codeProperties) {
		delete(c.state, "lastModified")
		delete(c.state, "codeSha256")
	}
	if c.inputs.bool("publish") && len(c.difference.edits) > 0 {
		number, _ := number(property(view(c.state).str("version")))
		c.set("version", fmt.Sprint(number+1))
		delete(c.state, "qualifiedArn")
		delete(c.state, "qualifiedInvokeArn")
	}
	return nil
}

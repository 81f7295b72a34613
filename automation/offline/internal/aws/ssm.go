package aws

import "strings"

// ssmService is what SSM does beyond its models.
var ssmService = service{
	module: "ssm", name: "SSM",
	behaviors: map[string]behavior{
		tParameter: {create: createParameter, update: updateParameter},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:ssm/getParameter:getParameter": getParameter,
	},
}

// createParameter finds the place in the ARN, where a name with slashes has none before it, and the key of a secure one.
func createParameter(c *change) error {
	c.variables["path"] = strings.TrimPrefix(c.inputs.str("name"), "/")
	if c.inputs.str("type") == "SecureString" {
		c.out("keyId", "alias/aws/ssm")
	} else if c.inputs.has("keyId") {
		return refuse("ValidationException", "Invalid request: keyId is for parameters of the type SecureString")
	}
	return nil
}

func updateParameter(c *change) error {
	if c.difference.changedAny([]string{"value", "insecureValue", "type", "keyId", "tier", "allowedPattern", "description"}) {
		c.set("version", c.olds.num("version")+1)
	}
	return createParameter(c)
}

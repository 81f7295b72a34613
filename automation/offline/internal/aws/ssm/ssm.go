// Package ssm stands in for parameters, the account's own and those that AWS publishes.
package ssm

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "ssm", Name: "SSM",
	Behaviors: map[string]bridge.Behavior{
		token.Parameter: {Create: createParameter, Update: updateParameter},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:ssm/getParameter:getParameter": getParameter,
	},
}

// parameters are the public parameters of Systems Manager that name AMIs.
var parameters = regexp.MustCompile(`^/aws/service/(ecs/optimized-ami|ami-amazon-linux-latest|bottlerocket)/`)

func getParameter(c bridge.Call) (map[string]any, error) {
	name := c.Args.Str("name")
	own, err := bridge.GetByName("name", token.Parameter, "ParameterNotFound")(c)
	if err == nil {
		return ownParameter(own)
	}
	if !parameters.MatchString(name) {
		return nil, bridge.Refuse(
			"ParameterNotFound",
			"there is no parameter %q; offline there are those of Amazon's AMIs, such as "+
				"/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
			name,
		)
	}
	value := c.Region().ImageID(name)
	if strings.HasSuffix(name, "/recommended") {
		value = fmt.Sprintf(
			`{"image_id":%q,"image_name":%q,"os":"Amazon Linux 2023"}`,
			value,
			"al2023-ami-ecs-hvm-2023.0.20250115-kernel-6.1-x86_64",
		)
	}
	return map[string]any{
		"id": name, "value": value, "insecureValue": value, "type": "String", "version": 1.0,
		"arn": fmt.Sprintf("arn:%s:ssm:%s::parameter%s", c.Region().Partition(), c.Region().Name, name),
	}, nil
}

// ownParameter describes a parameter in the world, if the world has its value: it holds no secrets.
func ownParameter(parameter map[string]any) (map[string]any, error) {
	state := values.View(values.Of(parameter).ObjectValue())
	if state.Str("insecureValue") == "" {
		return nil, fmt.Errorf(
			"the value of the parameter %s is a secret, which the offline target does not keep: give it as "+
				"insecureValue, "+
				"or pass it on in the program",
			state.Str("name"),
		)
	}
	parameter["value"] = parameter["insecureValue"]
	return parameter, nil
}

// createParameter finds the place in the ARN, where a name with slashes has none before it, and the key of a secure
// one.
func createParameter(c *bridge.Change) error {
	c.Variables["path"] = strings.TrimPrefix(c.Inputs.Str("name"), "/")
	if c.Inputs.Str("type") == "SecureString" {
		c.Out("keyId", "alias/aws/ssm")
	} else if c.Inputs.Has("keyId") {
		return bridge.Refuse("ValidationException", "Invalid request: keyId is for parameters of the type SecureString")
	}
	return nil
}

func updateParameter(c *bridge.Change) error {
	if c.Difference.ChangedAny(
		[]string{"value", "insecureValue", "type", "keyId", "tier", "allowedPattern", "description"},
	) {
		c.Set("version", c.Olds.Num("version")+1)
	}
	return createParameter(c)
}

package leastprivilege

import (
	"fmt"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

var (
	task        = ruletest.Of(taskDefinitionType)
	accessPoint = ruletest.Of("aws:efs/accessPoint:AccessPoint")
)

const hardened = `"user": "65532:65532", "readonlyRootFilesystem": true, "privileged": false`

func containers(settings string) string { return fmt.Sprintf(`[{"name": "app", %s}]`, settings) }

func refused(name, settings string) ruletest.Case {
	return ruletest.Case{
		Situation: ruletest.Fails,
		Name:      name,
		Resource:  task(ruletest.Props{"containerDefinitions": containers(settings)}),
		Want:      ruletest.Violation("containerDefinitions"),
	}
}

var containerCases = append(
	ruletest.Texts(
		task,
		"containerDefinitions",
		containers(hardened),
		containers(`"privileged": true`),
		ruletest.Unevaluated("containerDefinitions"),
	),
	refused("as root", `"user": "0:0", "readonlyRootFilesystem": true`),
	refused("as whoever the image says", `"readonlyRootFilesystem": true`),
	refused("a writable root", `"user": "1000"`),
	ruletest.Case{Situation: ruletest.Passes, Name: "where a secret is kept", Resource: task(ruletest.Props{
		"containerDefinitions": containers(hardened + `, "environment": [{"name": "DATABASE_SECRET_ARN",
			"value": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:it"}]`,
		)}), Want: ruletest.Pass},
	refused("a secret in the environment", hardened+`, "environment": [{"name": "DATABASE_PASSWORD", "value": "x"}]`),
	ruletest.Case{Situation: ruletest.Passes, Name: "another variable", Resource: task(ruletest.Props{
		"containerDefinitions": containers(
			hardened + `, "environment": [{"name": "TOKENS_PER_PAGE", "value": "5"}]`,
		)}), Want: ruletest.Pass},
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "the host's processes",
		Resource:  task(ruletest.Props{"containerDefinitions": containers(hardened), "pidMode": "host"}),
		Want:      ruletest.Violation("pidMode"),
	},
	ruletest.Case{
		Situation: ruletest.Unknown,
		Name:      "the network",
		Resource:  task(ruletest.Props{"containerDefinitions": containers(hardened), "networkMode": ruletest.Computed}),
		Want:      ruletest.Unevaluated("networkMode"),
	},
	ruletest.Case{
		Situation: ruletest.Absent,
		Name:      "what cannot be read",
		Resource:  task(ruletest.Props{"containerDefinitions": "["}),
		Want:      ruletest.Unevaluated("containerDefinitions"),
	},
)

func roleNamed(name string) ruletest.Resource {
	return ruletest.Resource{Type: "aws:iam/role:Role", Name: name}
}

func from(task, execution string) ruletest.Resource {
	return ruletest.Resource{
		Type:       taskDefinitionType,
		Name:       "it",
		Properties: ruletest.Props{"taskRoleArn": ruletest.Computed, "executionRoleArn": ruletest.Computed},
		DependsOn:  map[string][]string{"taskRoleArn": {task}, "executionRoleArn": {execution}},
	}
}

var rolesCases = []ruletest.Case{
	{
		Situation: ruletest.Passes,
		Resource:  task(ruletest.Props{"taskRoleArn": "arn:a", "executionRoleArn": "arn:b"}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "no execution role",
		Resource:  task(ruletest.Props{"taskRoleArn": "arn:a"}),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Fails,
		Resource:  task(ruletest.Props{"taskRoleArn": "arn:a", "executionRoleArn": "arn:a"}),
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "two roles",
		Resource:  from("a", "b"),
		Rest:      []ruletest.Resource{roleNamed("a"), roleNamed("b")},
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "one role",
		Resource:  from("a", "a"),
		Rest:      []ruletest.Resource{roleNamed("a")},
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "from nowhere",
		Resource:  task(ruletest.Props{"taskRoleArn": ruletest.Computed, "executionRoleArn": "arn:b"}),
		Want:      ruletest.Unevaluated("taskRoleArn"),
	},
	{
		Situation: ruletest.Secret,
		Resource: task(
			ruletest.Props{"taskRoleArn": ruletest.Secretly("arn:secret"), "executionRoleArn": "arn:secret"},
		),
		Want: ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Absent,
		Resource:  task(ruletest.Props{"executionRoleArn": "arn:b"}),
		Want:      ruletest.NotApplicable,
	},
}

func point(user, path any) ruletest.Resource {
	properties := ruletest.Props{}
	if user != nil {
		properties["posixUser"] = user
	}
	if path != nil {
		properties["rootDirectory"] = map[string]any{"path": path}
	}
	return accessPoint(properties)
}

var nobody = map[string]any{"uid": 65532.0, "gid": 65532.0}

var accessPointCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: point(nobody, "/orders"), Want: ruletest.Pass},
	{
		Situation: ruletest.Fails,
		Name:      "root",
		Resource:  point(map[string]any{"uid": 0.0, "gid": 0.0}, "/orders"),
		Want:      ruletest.Violation("posixUser.uid"),
	},
	{Situation: ruletest.Fails, Resource: point(nobody, "/"), Want: ruletest.Violation("rootDirectory.path")},
	{
		Situation: ruletest.Unknown,
		Resource:  point(ruletest.Computed, "/orders"),
		Want:      ruletest.Unevaluated("posixUser"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "user's id",
		Resource:  point(map[string]any{"uid": ruletest.Computed, "gid": 0.0}, "/orders"),
		Want:      ruletest.Unevaluated("posixUser.uid"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "folder",
		Resource:  point(nobody, ruletest.Computed),
		Want:      ruletest.Unevaluated("rootDirectory.path"),
	},
	{Situation: ruletest.Secret, Resource: point(nobody, ruletest.Secretly("/secret-folder")), Want: ruletest.Pass},
	{Situation: ruletest.Absent, Resource: point(nil, "/orders"), Want: ruletest.Violation("posixUser")},
	{
		Situation: ruletest.Absent,
		Name:      "folder",
		Resource:  point(nobody, nil),
		Want:      ruletest.Violation("rootDirectory.path"),
	},
}

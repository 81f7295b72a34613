package leastprivilege

import (
	"fmt"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

const (
	itemsARN     = "arn:aws:dynamodb:eu-west-1:123456789012:table/lab-items"
	parameterARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/lab/which"
	secretARN    = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:lab-database-AbCdEf"
)

func taskTold(variable string, secrets ...string) ruletest.Resource {
	list := ""
	for _, secret := range secrets {
		list = fmt.Sprintf(`{"name": "DATABASE", "valueFrom": %q}`, secret)
	}
	return taskOf(
		fmt.Sprintf(
			`[{"name": "app", "environment": [{"name": "TABLE", "value": %q}], "secrets": [%s]}]`,
			variable,
			list,
		),
	)
}

func taskOf(containers any) ruletest.Resource {
	return task(
		ruletest.Props{
			"taskRoleArn":          arnOf("code"),
			"executionRoleArn":     arnOf("start"),
			"containerDefinitions": containers,
		},
	)
}

// stackOf returns a table, a bucket and the roles of a task, of which the one has a statement for its code, the other
// for its start.
func stackOf(code, start string) []ruletest.Resource {
	return append(
		append(actor("code", byTasks, code), actor("start", byTasks, start)...),
		ruletest.Resource{
			Type:       "aws:dynamodb/table:Table",
			Name:       "items",
			Properties: ruletest.Props{"name": "lab-items", "arn": itemsARN},
		},
		ruletest.Resource{
			Type:       "aws:s3/bucketV2:BucketV2",
			Name:       "uploads",
			Properties: ruletest.Props{"bucket": "lab-uploads", "arn": "arn:aws:s3:::lab-uploads"},
		},
	)
}

var (
	pulls      = may("ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:123456789012:repository/lab")
	usesItems  = stackOf(may("dynamodb:GetItem", itemsARN), pulls)
	usesOthers = stackOf(may("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/lab-orders"), pulls)
)

func withPolicy(policyType, about, whose, statement string) ruletest.Resource {
	return ruletest.Resource{
		Type:       policyType,
		Name:       "policy",
		Properties: ruletest.Props{about: whose, "policy": statement},
	}
}

var useCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: taskTold("lab-items"), Rest: usesItems, Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "by a parameter that says which",
		Resource:  taskTold("none", parameterARN),
		Rest: append(stackOf(may("dynamodb:GetItem", itemsARN), may("ssm:GetParameters", parameterARN)),
			ruletest.Resource{
				Type:       parameterType,
				Name:       "which",
				Properties: ruletest.Props{"name": "/lab/which", "insecureValue": itemsARN},
				DependsOn:  map[string][]string{"insecureValue": {"items"}},
			}),
		Want: ruletest.Pass,
	},
	{
		Situation: ruletest.Fails,
		Name:      "a parameter that says another",
		Resource:  taskTold("none", parameterARN),
		Rest: append(stackOf(may("dynamodb:GetItem", itemsARN), may("ssm:GetParameters", parameterARN)),
			ruletest.Resource{
				Type:       parameterType,
				Name:       "which",
				Properties: ruletest.Props{"name": "/lab/which", "insecureValue": "lab-uploads"},
				DependsOn:  map[string][]string{"insecureValue": {"uploads"}},
			}),
		Want: ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Passes,
		Name:      "by a pattern",
		Resource:  taskTold("lab-items"),
		Rest:      stackOf(may("dynamodb:*Item", "arn:aws:dynamodb:*:*:table/lab-*"), pulls),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "a pattern names nothing",
		Resource:  taskTold("x"),
		Rest:      stackOf(may("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/lab-*"), pulls),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "an index is of its table",
		Resource:  taskTold(itemsARN),
		Rest:      stackOf(may("dynamodb:Query", itemsARN+"/index/*"), pulls),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "another task with the role uses it",
		Resource:  taskTold("x"),
		Want:      ruletest.Pass,
		Rest: append(
			usesItems[:len(usesItems):len(usesItems)],
			ruletest.Resource{Type: taskDefinitionType, Name: "other", Properties: taskTold("lab-items").Properties},
		),
	},
	{
		Situation: ruletest.Passes,
		Name:      "the bucket lets roles in",
		Resource:  taskTold("lab-uploads"),
		Want:      ruletest.Pass,
		Rest: append(stackOf(pulls, pulls), withPolicy(
			"aws:s3/bucketPolicy:BucketPolicy",
			"bucket",
			"lab-uploads",
			open(`{"AWS": "arn:aws:iam::123456789012:role/code"}`, ""),
		)),
	},
	{
		Situation: ruletest.Passes,
		Name:      "a policy from elsewhere may allow it",
		Resource:  taskTold("lab-items"),
		Want:      ruletest.Pass,
		Rest: append(stackOf(pulls, pulls), ruletest.Resource{
			Type:       attachmentType,
			Name:       "more",
			Properties: ruletest.Props{"role": "code", "policyArn": "arn:aws:iam::123456789012:policy/shared"},
		}),
	},
	{
		Situation: ruletest.Passes,
		Name:      "a secret that the start may read",
		Resource:  taskTold("x", secretARN+":password::"),
		Want:      ruletest.Pass,
		Rest: stackOf(
			pulls,
			may(
				"secretsmanager:GetSecretValue",
				"arn:aws:secretsmanager:eu-west-1:123456789012:secret:lab-database-??????",
			),
		),
	},

	{
		Situation: ruletest.Fails,
		Name:      "granted, not used",
		Resource:  taskTold("x"),
		Rest:      usesItems,
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "used, not granted",
		Resource:  taskTold("lab-items"),
		Rest:      usesOthers,
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a bucket, used, not granted",
		Resource:  taskTold("lab-uploads"),
		Rest:      usesOthers,
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a secret that the start may not read",
		Resource:  taskTold("x", secretARN),
		Rest:      stackOf(pulls, pulls),
		Want:      ruletest.Violation("executionRoleArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a parameter that the start may not read",
		Rest:      stackOf(pulls, pulls),
		Want:      ruletest.Violation("executionRoleArn"),
		Resource:  taskTold("x", "arn:aws:ssm:eu-west-1:123456789012:parameter/lab/key"),
	},

	{
		Situation: ruletest.Unknown,
		Resource:  taskOf(ruletest.Computed),
		Rest:      usesItems,
		Want:      ruletest.Unevaluated("containerDefinitions"),
	},
	{Situation: ruletest.Unknown, Name: "policy", Resource: taskTold("x"), Want: ruletest.Unevaluated("taskRoleArn"),
		Rest: append(usesItems[:1:1], ruletest.Resource{
			Type:       rolePolicyType,
			Name:       "p",
			Properties: ruletest.Props{"role": "code", "policy": ruletest.Computed},
		})},
	{Situation: ruletest.Unknown, Name: "role", Rest: usesItems, Want: ruletest.Unevaluated("taskRoleArn"),
		Resource: task(ruletest.Props{"taskRoleArn": ruletest.Computed, "containerDefinitions": "[]"})},
	{
		Situation: ruletest.Secret,
		Resource:  taskOf(ruletest.Secretly(`[{"environment": [{"name": "A", "value": "lab-items"}]}]`)),
		Rest:      usesOthers,
		Want:      ruletest.Violation("taskRoleArn"),
	},
	{Situation: ruletest.Absent, Resource: task(ruletest.Props{}), Want: ruletest.Unevaluated("containerDefinitions")},
	{
		Situation: ruletest.Absent,
		Name:      "roles",
		Resource:  task(ruletest.Props{"containerDefinitions": "[]"}),
		Rest:      usesItems,
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Absent,
		Name:      "role from the stack",
		Resource:  task(ruletest.Props{"containerDefinitions": "[]", "taskRoleArn": arnOf("elsewhere")}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Absent,
		Name:      "what cannot be read",
		Resource:  taskOf("{"),
		Rest:      usesItems,
		Want:      ruletest.Unevaluated("containerDefinitions"),
	},
}

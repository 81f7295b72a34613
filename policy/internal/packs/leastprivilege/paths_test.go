package leastprivilege

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

// actor returns a role, with its policy.
func actor(name, principal string, statements ...string) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type:       roleType,
			Name:       name,
			Properties: ruletest.Props{"name": name, "arn": arnOf(name), "assumeRolePolicy": trusting(principal, "")},
		},
		{
			Type:       rolePolicyType,
			Name:       name + "-policy",
			Properties: ruletest.Props{"role": name, "policy": documentOf(statements...)},
		},
	}
}

func arnOf(role string) string { return "arn:aws:iam::123456789012:role/" + role }

func documentOf(statements ...string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [%s]}`, strings.Join(statements, ", "))
}

func may(action, resource string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": %q, "Resource": %q}`, action, resource)
}

// pass passes a role to a service.
func pass(role, service string) string {
	return fmt.Sprintf(
		`{"Effect": "Allow", "Action": "iam:PassRole", "Resource": %q, "Condition": {"StringEquals": `+
			`{"iam:PassedToService": %q}}}`,
		arnOf(role),
		service,
	)
}

const (
	byTasks    = `"Service": "ecs-tasks.amazonaws.com"`
	byFunction = `"Service": "lambda.amazonaws.com"`
	byMachine  = `"Service": "ec2.amazonaws.com"`
)

// Here a deployer starts tasks as worker, and worker can do more in the ways of each case.
var (
	startsWorker = []string{
		may("ecs:RunTask", "arn:aws:ecs:eu-west-1:123456789012:task-definition/work:*"),
		pass("worker", "ecs-tasks.amazonaws.com"),
	}
	deployer = actor("deployer", byFunction, startsWorker...)
	worker   = actor("worker", byTasks, may("s3:GetObject", bucket))
	owner    = actor(
		"owner",
		byFunction,
		may("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/items"),
	)
	function = ruletest.Resource{
		Type: functionType,
		Name: "function",
		Properties: ruletest.Props{
			"name": "report",
			"arn":  "arn:aws:lambda:eu-west-1:123456789012:function:report",
			"role": arnOf("owner"),
		},
	}
)

// led returns the stack in which the deployer leads to a worker that may do something, and then to what else there is.
func led(by string, statement string, more ...ruletest.Resource) []ruletest.Resource {
	rest := append([]ruletest.Resource{deployer[1]}, actor("worker", by, statement)...)
	return append(append(rest, owner...), more...)
}

var entered = []ruletest.Resource{
	{Type: ecsClusterType, Name: "cluster", Properties: ruletest.Props{"name": "lab"}},
	{
		Type:       taskDefinitionType,
		Name:       "task",
		Properties: ruletest.Props{"arn": "arn:task", "taskRoleArn": arnOf("owner")},
	},
	{
		Type:       serviceType,
		Name:       "service",
		Properties: ruletest.Props{"enableExecuteCommand": true, "cluster": "lab", "taskDefinition": "arn:task"},
	},
}

var profile = ruletest.Resource{Type: instanceProfileType, Name: "profile", Properties: ruletest.Props{"role": "owner"}}

func pathCase(name string, rest []ruletest.Resource) ruletest.Case {
	return ruletest.Case{
		Situation: ruletest.Fails,
		Name:      name,
		Resource:  deployer[0],
		Rest:      rest,
		Want:      ruletest.Violation("it"),
	}
}

func noPath(name string, rest []ruletest.Resource) ruletest.Case {
	return ruletest.Case{Situation: ruletest.Passes, Name: name, Resource: deployer[0], Rest: rest, Want: ruletest.Pass}
}

var pathCases = []ruletest.Case{
	noPath("it acts as the role that its policy names", append([]ruletest.Resource{deployer[1]}, worker...)),
	noPath(
		"the worker may change another function",
		led(
			byTasks,
			may("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:123456789012:function:other"),
			function,
		),
	),
	noPath(
		"the worker is of a service that may not have it",
		led(byFunction, may("lambda:UpdateFunctionCode", "*"), function),
	),
	noPath("tasks cannot be entered", led(byTasks, may("ecs:ExecuteCommand", "*"), entered[:2]...)),
	noPath(
		"another is denied",
		led(
			byTasks,
			may("lambda:UpdateFunctionCode", "*")+`, {"Effect": "Deny", "Action": "lambda:*", "Resource": "*"}`,
			function,
		),
	),

	pathCase(
		"by a function's code",
		led(byTasks, may("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:report"), function),
	),
	pathCase("by a function's configuration", led(byTasks, may("lambda:UpdateFunctionConfiguration", "*"), function)),
	pathCase(
		"by entering tasks",
		led(byTasks, may("ecs:ExecuteCommand", "arn:aws:ecs:eu-west-1:123456789012:task/lab/*"), entered...),
	),
	pathCase(
		"by commands to instances",
		led(byTasks, may("ssm:SendCommand", "arn:aws:ec2:eu-west-1:123456789012:instance/*"), profile),
	),
	pathCase(
		"by passing another role",
		led(byTasks, may("lambda:CreateFunction", "*")+", "+pass("owner", "lambda.amazonaws.com")),
	),
	pathCase(
		"by another's trust",
		append(
			led(byTasks, may("s3:GetObject", bucket)),
			actor("third", `"AWS": "`+arnOf("worker")+`"`, may("s3:PutObject", bucket))...),
	),
	pathCase(
		"by its account's trust",
		append(
			led(byTasks, may("sts:AssumeRole", arnOf("third"))),
			actor("third", `"AWS": "arn:aws:iam::123456789012:root"`, may("s3:PutObject", bucket))...),
	),
	pathCase("by changing another's trust", led(byTasks, may("iam:UpdateAssumeRolePolicy", arnOf("owner")))),
	pathCase("to one that hands out rights", led(byTasks, may("iam:PutRolePolicy", "*"))),
	{
		Situation: ruletest.Fails,
		Name:      "to itself",
		Resource:  deployer[0],
		Want:      ruletest.Violation("it"),
		Rest: []ruletest.Resource{
			{
				Type: rolePolicyType,
				Name: "own",
				Properties: ruletest.Props{
					"role":   "deployer",
					"policy": documentOf(may("iam:AttachRolePolicy", arnOf("deployer"))),
				},
			}},
	},
	{
		Situation: ruletest.Fails,
		Name:      "to an administrator",
		Resource:  deployer[0],
		Want:      ruletest.Violation("it"),
		Rest: append(led(byTasks, may("s3:GetObject", bucket)), ruletest.Resource{
			Type: attachmentType,
			Name: "all",
			Properties: ruletest.Props{
				"role":      "worker",
				"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
			},
		}),
	},
	pathCase(
		"by a policy that is attached",
		append(
			led(byTasks, may("s3:GetObject", bucket), function),
			ruletest.Resource{
				Type: policyType,
				Name: "changing",
				Properties: ruletest.Props{
					"arn":    "arn:aws:iam::123456789012:policy/changing",
					"policy": documentOf(may("lambda:UpdateFunctionCode", "*")),
				},
			},
			ruletest.Resource{
				Type:       attachmentType,
				Name:       "attached",
				Properties: ruletest.Props{"role": "worker", "policyArn": "arn:aws:iam::123456789012:policy/changing"},
			},
		),
	),
	pathCase(
		"from instances",
		append(
			actor("fleet", byMachine, may("ssm:StartSession", "*")),
			led(byTasks, may("lambda:UpdateFunctionCode", "*"), function)...),
	),

	{Situation: ruletest.Unknown, Resource: deployer[0], Want: ruletest.Unevaluated("it"), Rest: []ruletest.Resource{
		{
			Type:       rolePolicyType,
			Name:       "own",
			Properties: ruletest.Props{"role": "deployer", "policy": ruletest.Computed},
		}}},
	{Situation: ruletest.Unknown, Name: "ARN, but the name is known", Want: ruletest.Violation("it"),
		Resource: ruletest.Resource{
			Type:       roleType,
			Name:       "deployer",
			Properties: ruletest.Props{"name": "deployer", "arn": ruletest.Computed},
		},
		Rest: []ruletest.Resource{deployer[1],
			{
				Type: roleType,
				Name: "worker",
				Properties: ruletest.Props{
					"name":             "worker",
					"arn":              ruletest.Computed,
					"assumeRolePolicy": trusting(byTasks, ""),
				},
			},
			{
				Type:       rolePolicyType,
				Name:       "more",
				Properties: ruletest.Props{"role": "worker", "policy": documentOf(may("iam:PutRolePolicy", "*"))},
			}}},
	{
		Situation: ruletest.Secret,
		Resource:  deployer[0],
		Want:      ruletest.Violation("it"),
		Rest: []ruletest.Resource{{Type: rolePolicyType, Name: "own",
			Properties: ruletest.Props{
				"role":   "deployer",
				"policy": ruletest.Secretly(documentOf(may("iam:PutRolePolicy", arnOf("deployer")))),
			}}},
	},
	{Situation: ruletest.Absent, Name: "policies", Resource: deployer[0], Want: ruletest.Pass},
}

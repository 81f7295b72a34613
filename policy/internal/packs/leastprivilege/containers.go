package leastprivilege

import (
	"regexp"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const taskDefinitionType = "aws:ecs/taskDefinition:TaskDefinition"

var ecsRolesSeparate = rule.Rule{
	Name:        "ecs-roles-separate",
	Description: "Task definitions have different task and execution roles.",
	Severity:    rule.Medium,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "With a shared role, the code of the task can read the secrets and images of the execution role.",
	Fix:         "set taskRoleArn to a role that only this service has.",
	Types:       []string{taskDefinitionType},
	JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
		task, execution := r.Get("taskRoleArn"), r.Get("executionRoleArn")
		one, state := task.Text()
		if state == property.Absent {
			return rule.NotApplicable("its code has no role")
		}
		two, other := execution.Text()
		switch {
		case other == property.Absent:
			return rule.NotApplicable("it has no execution role")
		case state == property.Known && other == property.Known && one != two:
			return rule.Pass()
		case state == property.Known && other == property.Known:
			return rule.Violation(
				task.Path(),
				"is the execution role, which may read the secrets of the task and pull its images",
			)
		}
		return judgeRoleSources(r, stack, task, state)
	},
}

// judgeRoleSources tells two roles apart by where their ARNs come from, while those are not known.
func judgeRoleSources(r rule.Resource, stack rule.Stack, task property.Value, state property.State) rule.Verdict {
	const roleType = "aws:iam/role:Role"
	tasks, executions := stack.Sources(r, "taskRoleArn", roleType), stack.Sources(r, "executionRoleArn", roleType)
	if len(tasks.Resources) != 1 || len(executions.Resources) != 1 {
		return rule.Unreadable(task, state)
	}
	if tasks.Resources[0].URN == executions.Resources[0].URN {
		return rule.Violation(
			task.Path(),
			"is the execution role, which may read the secrets of the task and pull its images",
		)
	}
	return rule.Pass()
}

var ecsContainerHardening = rule.Rule{
	Name: "ecs-container-hardening",
	Description: "Containers are unprivileged, run as a user other than root, have a read-only root file system, " +
		"and get secrets by reference.",
	Severity: rule.High,
	Controls: []rule.Control{
		{Framework: rule.FSBP, ID: "ECS.4"},
		{Framework: rule.FSBP, ID: "ECS.5"},
		{Framework: rule.FSBP, ID: "ECS.8"},
		{Framework: rule.FSBP, ID: "ECS.3"},
	},
	Level: rule.Mandatory,
	Why:   "Each of these limits what an attacker can do after a break-in.",
	Fix: "in containerDefinitions, set privileged to false, readonlyRootFilesystem to true, user to one that is " +
		"not root, and pass secrets in secrets.",
	Types: []string{taskDefinitionType},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		return merge(judgeNamespaces(r), judgeContainers(r))
	},
}

// judgeNamespaces refuses what a task shares with its host.
func judgeNamespaces(r rule.Resource) rule.Verdict {
	var verdict rule.Verdict
	for name, shared := range map[string]string{"pidMode": "host", "ipcMode": "host", "networkMode": "host"} {
		value := r.Get(name)
		text, state := value.Text()
		switch {
		case state == property.Known && text == shared:
			verdict = merge(verdict, rule.Violation(value.Path(), "is shared with the host"))
		case state == property.Unknown:
			verdict = merge(verdict, rule.Unreadable(value, state))
		}
	}
	return verdict
}

// secretName is a variable that by its name holds a secret ([ECS.8] looks for AWS's own three; people have more).
var secretName = regexp.MustCompile(
	`(?i)(^|_)(password|passwd|secret|token|api_?key|access_?key(_id)?|private_?key|credentials?)($|_)`,
)

// secretArn is where a secret is kept, which is none itself.
var secretArn = regexp.MustCompile(`^arn:[a-z-]+:(secretsmanager|ssm):`)

var userRoot = regexp.MustCompile(`^(root|0)(:|$)`)

func judgeContainers(task rule.Resource) rule.Verdict {
	containers, verdict := expect.Containers(task)
	for i, c := range containers {
		complain := func(wrong bool, text string) {
			if wrong {
				verdict = merge(verdict, rule.Violation("containerDefinitions", "%s (container %d)", text, i))
			}
		}
		complain(c.Privileged, "gives a container the host's privileges")
		complain(!c.ReadonlyRootFilesystem, "lets a container write to its root file system")
		complain(c.User == "" || userRoot.MatchString(c.User), "runs a container as root")
		for _, variable := range c.Environment {
			complain(
				secretName.MatchString(variable.Name) && variable.Value != "" && !secretArn.MatchString(variable.Value),
				"has a secret in the environment in clear text",
			)
		}
	}
	return verdict
}

var efsAccessPointIdentity = rule.Rule{
	Name:        "efs-access-point-identity",
	Description: "EFS access points have a POSIX user and a root directory below /.",
	Severity:    rule.Medium,
	Controls:    rule.FSBP.Controls("EFS.4", "EFS.3"),
	Level:       rule.Mandatory,
	Why:         "Without them, a client can act as any user on all files.",
	Fix:         "set posixUser, and rootDirectory.path to a folder below /.",
	Types:       []string{"aws:efs/accessPoint:AccessPoint"},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		var verdict rule.Verdict
		switch user := r.Get("posixUser"); user.State() {
		case property.Absent:
			verdict = rule.Violation(user.Path(), "is not set")
		case property.Unknown:
			verdict = rule.Unreadable(user, property.Unknown)
		default:
			verdict = judgeUser(user.Get("uid"))
		}
		folder := r.Get("rootDirectory", "path")
		switch path, state := folder.Text(); {
		case state == property.Absent || state == property.Known && (path == "/" || path == ""):
			verdict = merge(verdict, rule.Violation(folder.Path(), "is the root of the file system"))
		case state != property.Known:
			verdict = merge(verdict, rule.Unreadable(folder, state))
		}
		return verdict
	},
}

func judgeUser(uid property.Value) rule.Verdict {
	switch id, state := uid.Number(); {
	case state == property.Known && id == 0:
		return rule.Violation(uid.Path(), "is 0, which is root")
	case state != property.Known:
		return rule.Unreadable(uid, state)
	}
	return rule.Pass()
}

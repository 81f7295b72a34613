package stack

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/infra/config"
)

// commands returns what a person types to reach things, with the AWS CLI and its Session Manager plugin. Shells and
// tunnels go through a running task, so they need a service with exec; a shell, an image with /bin/sh. The tunnel needs
// nothing of the image: it is the agent's.
func (l *lab) commands() pulumi.StringMap {
	commands := pulumi.StringMap{}
	for _, s := range l.config.Services {
		commands["logs "+s.Name] = pulumi.Sprintf(
			"aws logs tail %s --follow --region %s",
			l.services[s.Name].LogGroupName,
			l.config.Region,
		)
		if s.Exec {
			commands["exec "+s.Name] = pulumi.Sprintf(
				"aws ecs execute-command --cluster %s --task \"$(%s)\" --container app --interactive --command "+
					"/bin/sh --region %s",
				l.cluster.ClusterName,
				l.anyTask(s),
				l.config.Region,
			)
		}
	}
	throughTask := slices.IndexFunc(
		l.config.Services,
		func(s config.Service) bool { return s.Exec && s.Access.Database },
	)
	if throughTask < 0 {
		return commands
	}
	port := l.config.Database.Port()
	commands["tunnel database"] = pulumi.Sprintf(
		`aws ssm start-session --target "ecs:%s_$(%s)" --document-name AWS-StartPortForwardingSessionToRemoteHost `+
			`--parameters host=%s,portNumber=%d,localPortNumber=%d --region %s`,
		l.cluster.ClusterName,
		l.anyRuntime(l.config.Services[throughTask]),
		l.databaseHost(),
		port,
		port,
		l.config.Region,
	)
	return commands
}

// anyTask prints the ARN of a running task.
func (l *lab) anyTask(s config.Service) pulumi.StringOutput {
	return pulumi.Sprintf(
		"aws ecs list-tasks --cluster %s --service-name %s --query 'taskArns[0]' --output text --region %s",
		l.cluster.ClusterName,
		l.services[s.Name].ServiceName,
		l.config.Region,
	)
}

// anyRuntime prints what Session Manager names a running container by: <task id>_<runtime id>.
func (l *lab) anyRuntime(s config.Service) pulumi.StringOutput {
	return pulumi.Sprintf(
		`task=$(%s); aws ecs describe-tasks --cluster %s --tasks "$task" --query `+
			`"tasks[0].containers[?name=='app'].join('_', ['${task##*/}', runtimeId]) | [0]" --output text `+
			`--region %s`,
		l.anyTask(s),
		l.cluster.ClusterName,
		l.config.Region,
	)
}

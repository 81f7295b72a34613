package automation

import (
	"context"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
)

// TaskFault is a failure of ECS tasks that the offline target simulates at a service's next deployment.
type TaskFault struct {
	Service string
	// Kind is one of [TaskFaults].
	Kind string
	// Log is what the failing container logs, in lines. Empty means a line that says that the failure is simulated.
	Log string
	// Times is how many deployments fail, 1 or more.
	Times int
}

// FaultBefore fails the tasks that run before a deployment.
const FaultBefore = "before"

// TaskFaults are the kinds of task faults: the health checks of the tasks fail, their containers exit, an alarm of the
// service goes off in the deployment's bake time, or a task before the deployment exits.
var TaskFaults = []string{offline.Unhealthy, offline.Exit, offline.Alarm, FaultBefore}

// OfflineFault asks the offline target of the project for a failure of a service of the stack. A wrong fault gives an
// *InputError.
func OfflineFault(ctx context.Context, o Options, fault TaskFault) error {
	o.Target = Offline
	o, project, err := checkOptions(o)
	if err != nil {
		return err
	}
	configured, err := newSettings(string(project.Name), o)
	if err != nil {
		return err
	}
	if configured.text == nil {
		return unconfigured(o)
	}
	loaded, err := configured.load(string(project.Name), o.ProjectDir)
	if err != nil {
		return err
	}
	if err := fault.check(loaded.Services); err != nil {
		return err
	}
	home, err := offlineHome(o)
	if err != nil {
		return err
	}
	urn, code := "urn:pulumi:"+o.Stack+"::"+string(project.Name)+"::*", fault.Kind
	if fault.Kind == FaultBefore {
		urn, code = urn+"aws:lambda/invocation:Invocation::"+fault.Service+"-before-*", offline.Exit
	} else {
		urn += ecsServiceType + "::" + fault.Service + "-service"
	}
	return home.Inject(ctx, offline.Fault{
		Operation: offline.Run, URN: urn, Code: code, Message: fault.Log, Times: fault.Times,
	})
}

// check refuses a fault that could never strike.
func (f TaskFault) check(services []config.Service) error {
	if !slices.Contains(TaskFaults, f.Kind) {
		return &InputError{Field: "fault", Value: f.Kind, Allowed: strings.Join(TaskFaults, ", ")}
	}
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	at := slices.Index(names, f.Service)
	switch {
	case len(names) == 0:
		return &InputError{Field: "service", Value: f.Service, Allowed: "none: the stack has no services"}
	case at < 0:
		return &InputError{
			Field:   "service",
			Value:   f.Service,
			Allowed: "a service of the stack: " + strings.Join(names, ", "),
		}
	case f.Kind == FaultBefore && len(services[at].Before) == 0:
		return &InputError{Field: "service", Value: f.Service, Allowed: "a service with tasks in before"}
	case f.Kind == offline.Alarm && *services[at].RollbackErrors == 0 && len(services[at].RollbackAlarms) == 0:
		return &InputError{
			Field:   "service",
			Value:   f.Service,
			Allowed: "a service with rollbackErrors or rollbackAlarms",
		}
	}
	return nil
}

//go:build e2e

package main

import (
	"syscall"
	"testing"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/awslab/awslab/automation/offline"
)

var (
	sighup = signalled(syscall.SIGHUP)
	frozen = way{"Ctrl-C twice, of a provider that does not answer", false, (*session).freeze, exitCancelled}
	thrice = way{
		"Ctrl-C three times, of an engine that does not answer",
		false,
		(*session).stopEngine,
		exitCancelled,
	}
)

// TestLifecycleOfInterruptedOperations interrupts each operation at many moments in every way.
func TestLifecycleOfInterruptedOperations(t *testing.T) {
	hold := func(moment offline.Moment, urn string) offline.Fault {
		return offline.Fault{Operation: moment, URN: urn}
	}
	i := newInterrupted(t)
	i.run([]interruption{
		{command: "preview", at: "preview of stack", how: ctrlC},
		{command: "preview", at: "preview ...", how: twice},
		{command: "preview", at: "preview ...", how: sighup},
		{command: "preview", at: "+ create", how: closedPipe},
		{command: "up", at: "up of stack", how: sigterm},
		{command: "up", at: "preview ...", how: ctrlC},
		{command: "up", at: "preview done", how: ctrlC},
		{command: "up", at: "up ...", how: sigint},
		{command: "up", at: "+ create", how: closedShell},
		{command: "up", at: "+ create", how: ctrlC},
		{command: "up", at: "+ create", hold: hold(offline.Create, "*ec2/subnet:*"), how: frozen},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*lb/loadBalancer:*"), how: ctrlC},
		{command: "up", at: "+ create", hold: hold(offline.Create, "*rds/instance:*"), how: thrice},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*rds/instance:*"), how: twice},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*dashboard:*"), how: sighup},
	})
	i.complete("up")
	i.run([]interruption{
		{command: "refresh", at: "refresh of stack", how: sigint},
		{command: "refresh", at: "refresh ...", how: ctrlC},
		{command: "refresh", at: "refresh ...", hold: hold("read", "*ec2/vpc:*"), how: twice},
		{command: "refresh", at: "refresh ...", hold: hold("read", "*dashboard:*"), how: sighup},
		{command: "refresh", at: "refresh ...", how: closedPipe},
	})
	i.complete("refresh")
	i.run([]interruption{
		{command: "destroy", at: "destroy of stack", how: ctrlC},
		{command: "destroy", at: "destroy ...", how: sigterm},
		{command: "destroy", at: "- delete", how: closedShell},
		{command: "destroy", at: "- delete", hold: hold(offline.Delete, "*rds/instance:*"), how: frozen},
		{command: "destroy", at: "- delete", hold: hold(offline.Deleted, "*loadBalancer:*"), how: thrice},
		{command: "destroy", at: "- delete", how: closedPipe},
		{command: "destroy", at: "- delete", hold: hold(offline.Deleted, "*ec2/vpc:*"), how: ctrlC},
	})
	i.complete("destroy")
}

// freeze stops the providers before it interrupts twice: without the second interrupt the operation would go on for as
// long as they do not answer.
func (s *session) freeze() error {
	s.frozen = s.descendants("pulumi-resource-aws")
	for _, provider := range s.frozen {
		if err := provider.Suspend(); err != nil {
			return err
		}
	}
	return s.signalTwice()
}

// stopEngine stops the engine itself, so that only killing it helps.
func (s *session) stopEngine() error {
	for _, engine := range s.descendants("pulumi") {
		if err := engine.Suspend(); err != nil {
			return err
		}
	}
	if err := s.signalTwice(); err != nil {
		return err
	}
	<-s.stoppingAtOnce
	return s.signalGroup()
}

// descendants returns the processes below awslab that have a name.
func (s *session) descendants(name string) []*process.Process {
	var found []*process.Process
	var visit func(pid int32)
	visit = func(pid int32) {
		p, err := process.NewProcess(pid)
		if err != nil {
			return
		}
		children, _ := p.Children()
		for _, child := range children {
			// The kernel keeps 15 characters of a name.
			if called, err := child.Name(); err == nil && called == name[:min(len(name), 15)] {
				found = append(found, child)
			}
			visit(child.Pid)
		}
	}
	visit(int32(s.cmd.Process.Pid))
	return found
}

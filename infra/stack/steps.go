package stack

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/infra/config"
)

// Some changes take two updates, the first of which AWS has to have made before it accepts the second. So a stack
// records, in its output permanent, what its last update left: whether its services run on instances, whom each calls,
// and on which ports tasks reach the data subnets.
const (
	instancesKey = "instances"
	inUse        = "in use"

	filesKey = "files:" // begins those of the services that mount the file system, with the mode

	dataPortsKey = "dataPorts" // through which the tasks reach database and file system

	callsKey = "calls:" // begins those of the services, with those that each calls and their ports

	endpointsKey = "endpoints" // the interface endpoints of the VPC

	scaledKey = "scaled:" // begins those of the services that Auto Scaling scales, with the least tasks that it keeps
)

func (l *lab) onInstances() bool { return l.config.Cluster.LaunchType == "ec2" }

// leavesInstances reports whether this update moves the services to Fargate, and the next one removes the instances.
func (l *lab) leavesInstances() bool { return !l.onInstances() && l.before[instancesKey] == inUse }

// serviceBefore returns a service in the state.
func (l *lab) serviceBefore(name string) (service resourceState, exists bool) {
	for urn, r := range l.state {
		if r.Type == serviceType && resource.URN(urn).Name() == name+"-service" {
			return r, true
		}
	}
	return resourceState{}, false
}

// newlyRouted reports whether the service is there and no load balancer calls it.
func (l *lab) newlyRouted(s config.Service) bool {
	service, exists := l.serviceBefore(s.Name)
	return s.Public() && exists && len(service.objects("loadBalancers")) == 0
}

// scaled returns how many tasks Auto Scaling keeps of a service, in this update, that it does not scale any more: its
// target is deleted at the end.
func (l *lab) scaled(s config.Service) int {
	if s.Scaling != nil {
		return 0
	}
	count, _ := strconv.Atoi(l.before[scaledKey+s.Name])
	return count
}

// mounts returns how a service mounts the file system: read, write, readwrite, or nothing.
func mounts(services []config.Service, name string) string {
	for _, s := range services {
		if s.Name == name && s.Access.FileSystem != nil {
			return s.Access.FileSystem.Mode
		}
	}
	return ""
}

// leaving returns the services that mounted the file system, or wrote to it, and do not any more, by name. Their tasks
// of before run until the end of this update, so that the file system's policy, which has to be there before the new
// ones, names them until the next.
func (l *lab) leaving() map[string]identity.Mode {
	leaving := map[string]identity.Mode{}
	for key, mode := range l.before {
		name, found := strings.CutPrefix(key, filesKey)
		was, is := identity.Mode(mode), identity.Mode(mounts(l.config.Services, name))
		if found && (!is.Valid() || was.Writes() && !is.Writes()) {
			leaving[name] = was
		}
	}
	return leaving
}

// closing returns the ports of the data subnets that the tasks of before may use until they are gone: the network ACL
// is updated before the services are.
func (l *lab) closing() []network.PortRange {
	var closing []network.PortRange
	for text := range strings.FieldsSeq(l.before[dataPortsKey]) {
		port, err := strconv.Atoi(text)
		if err == nil && !slices.Contains(l.config.DataPorts(), network.Port(port)) {
			closing = append(closing, network.Port(port))
		}
	}
	return closing
}

// callsOf returns the services that a service calls, with their ports.
func callsOf(c *config.Config, s config.Service) string {
	var calls []string
	for _, called := range s.Access.Services {
		calls = append(calls, fmt.Sprintf("%s:%d", called, c.Port(called)))
	}
	return strings.Join(calls, " ")
}

// checkCalls refuses an update in which a service would call, or be called by, more services than a security group has
// rules for: it makes new rules before it deletes old ones. The error is a *config.Error.
func checkCalls(project string, c *config.Config, before map[string]string) error {
	calls, callers := map[string]bool{}, map[string]int{}
	var problems []config.Problem
	for i, s := range c.Services {
		clear(calls)
		for call := range strings.FieldsSeq(before[callsKey+s.Name] + " " + callsOf(c, s)) {
			calls[call] = true
		}
		for call := range calls {
			callers[call]++
		}
		if len(calls) > config.MaxCalls {
			problems = append(problems, tooManyCalls(project, i, s.Name+" calls", len(calls)))
		}
	}
	for i, s := range c.Services {
		if count := callers[fmt.Sprintf("%s:%d", s.Name, s.Port)]; count > config.MaxCalls {
			problems = append(problems, tooManyCalls(project, i, s.Name+" is called by", count))
		}
	}
	if len(problems) > 0 {
		return &config.Error{Problems: problems}
	}
	return nil
}

func tooManyCalls(project string, service int, what string, count int) config.Problem {
	return config.Problem{
		Path: fmt.Sprintf("%s:services[%d].access.services", project, service),
		Message: fmt.Sprintf("%s %d services, of before and from now on; AWS has room for rules of %d, and an update "+
			"makes new ones before it deletes old ones; make the change in several updates",
			what, count, config.MaxCalls),
	}
}

// leavingEndpoints returns the interface endpoints that stay for this update although none is configured any more:
// AWS deletes them when the update is over, and until then they are what a new service's tasks call.
func (l *lab) leavingEndpoints() []string {
	isNew := func(s config.Service) bool {
		_, exists := l.serviceBefore(s.Name)
		return !exists
	}
	if len(l.config.Network.InterfaceEndpoints) > 0 || !slices.ContainsFunc(l.config.Services, isNew) {
		return nil
	}
	return strings.Fields(l.before[endpointsKey])
}

// ceasing returns the services that a service does not call any more, as it is gone or another, and which get another
// port in this update. The service's tasks of before call them until they are gone.
func (l *lab) ceasing(name string) []string {
	var ceasing []string
	for call := range strings.FieldsSeq(l.before[callsKey+name]) {
		called, port, _ := strings.Cut(call, ":")
		moves := func(s config.Service) bool {
			return s.Name == called && s.Port != 0 && strconv.Itoa(s.Port) != port
		}
		calls := func(s config.Service) bool { return s.Name == name && slices.Contains(s.Access.Services, called) }
		if slices.ContainsFunc(l.config.Services, moves) && !slices.ContainsFunc(l.config.Services, calls) {
			ceasing = append(ceasing, called)
		}
	}
	return ceasing
}

// callers returns the services whose tasks call others in this update: those that there are, and those that are gone
// and cease to call.
func (l *lab) callers() []string {
	var callers []string
	for _, s := range l.config.Services {
		callers = append(callers, s.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(l.before)) {
		name, calls := strings.CutPrefix(key, callsKey)
		if calls && !slices.Contains(callers, name) && len(l.ceasing(name)) > 0 {
			callers = append(callers, name)
		}
	}
	return callers
}

func (l *lab) leavingClients() []data.FileSystemClient {
	var clients []data.FileSystemClient
	leaving := l.leaving()
	for _, name := range slices.Sorted(maps.Keys(leaving)) {
		clients = append(clients, data.FileSystemClient{
			RoleArn: l.location.RoleArn("", l.role(name, "task").Name),
			Mode:    leaving[name],
		})
	}
	return clients
}

// databaseChange says when the database gets other servers or more storage, and how long it does not answer.
func (l *lab) databaseChange(db *config.Database, is servers) []string {
	was, exists := runsOn(l.state, is)
	if !exists || was == is {
		return nil
	}
	interrupted := "without an interruption"
	if length := interruptionOf(db, was, is); length != "" {
		interrupted = "and does not answer for " + length
	}
	if db.ApplyImmediately {
		return []string{fmt.Sprintf("The database goes from %s to %s in this update, %s", was, is, interrupted)}
	}
	return []string{fmt.Sprintf("The database goes from %s to %s in its maintenance window, %s UTC, %s, and "+
		"updates before it propose that again. Set %s:database.applyImmediately: true to have it at once",
		was, is, db.MaintenanceWindow, interrupted, l.Project())}
}

// replicaChange says when the replicas get their version, after which the database can.
func (l *lab) replicaChange(db *config.Database) string {
	when := "in this update. Then "
	if !db.ApplyImmediately {
		when = fmt.Sprintf("in the maintenance window, %s UTC. After it, ", db.MaintenanceWindow)
	}
	return fmt.Sprintf("RDS upgrades the replicas of the database before it. They go to version %s %sbring the stack "+
		"up once more", l.replicaVersion, when)
}

// replicaStorage says when replicas get the storage that is asked for, if that is later than the database.
func (l *lab) replicaStorage(db *config.Database) []string {
	there, least := l.replicasBefore()
	switch size := l.sourceStorage(); {
	case size > 0 && db.Args().ReadReplicas > there:
		return []string{fmt.Sprintf("New replicas begin with the %d GiB that the database has. After its maintenance "+
			"window, bring the stack up once more", size)}
	case size == 0 && there > 0 && least < *db.StorageGiB && !db.ApplyImmediately:
		return []string{fmt.Sprintf("The replicas go from %d to %d GiB in their maintenance window, %s UTC, and "+
			"updates before it propose that again", least, *db.StorageGiB, db.MaintenanceWindow)}
	}
	return nil
}

func fields(ports []network.PortRange) string {
	return strings.Trim(fmt.Sprint(ports), "[]")
}

// recordSteps records what this update leaves, and says what is left to do after it.
func (l *lab) recordSteps(values map[string]string) error {
	var left []string
	if snapshots := l.snapshots(); snapshots != "" {
		values[snapshotsKey] = snapshots
	}
	if endpoints := l.config.Network.InterfaceEndpoints; len(endpoints) > 0 {
		values[endpointsKey] = strings.Join(endpoints, " ")
	}
	if leaving := l.leavingEndpoints(); len(leaving) > 0 {
		left = append(left, fmt.Sprintf("The tasks of new services use the interface endpoints %s as long as they are "+
			"there. The next update deletes them: bring the stack up once more", strings.Join(leaving, ", ")))
	}
	if l.onInstances() {
		values[instancesKey] = inUse
	}
	if l.leavesInstances() {
		left = append(left, "The services move to Fargate. The next update removes the instances: bring the stack up "+
			"once more")
	}
	if db := l.config.Database; db != nil {
		values[versionKey] = l.databaseVersion()
		left = append(left, l.databaseChange(db, servers{*db.Class, values[versionKey], *db.StorageGiB, db.MultiAz})...)
		if l.replicaVersion != "" {
			left = append(left, l.replicaChange(db))
		}
		left = append(left, l.replicaStorage(db)...)
	}
	if names := slices.Sorted(maps.Keys(l.leaving())); len(names) > 0 && l.fileSystem != nil {
		left = append(left, fmt.Sprintf("The running tasks of %s keep their access to the file system until they are "+
			"gone. The next update takes it from the file system's policy: bring the stack up once more",
			strings.Join(names, ", ")))
	}
	values[dataPortsKey] = fields(l.config.DataPorts())
	if ports := l.closing(); len(ports) > 0 {
		left = append(left, fmt.Sprintf("The running tasks reach the data subnets on port %s until they are gone. The "+
			"next update closes it: bring the stack up once more", fields(ports)))
	}
	if l.closesHTTPS() {
		left = append(left, "HTTP answers from now on. The next update closes the port of HTTPS: bring the stack up "+
			"once more")
	}
	for _, h := range handovers(l.config.Services, l.targetGroups, l.before) {
		left = append(left, fmt.Sprintf("%s answers the requests of %s from now on. The next update deletes the rule "+
			"that leads them there: bring the stack up once more", h.next.service, h.left.service))
	}
	for _, d := range detours(l.config.Services, l.targetGroups, l.before) {
		if d.left.route.Priority == 0 {
			left = append(left, fmt.Sprintf("The requests of %s%s may not find their service for some seconds, while "+
				"rules are updated: no priority near %d is free for another. To avoid that, first leave one free",
				d.left.route.Host, d.left.route.Path, d.rule))
			continue
		}
		left = append(left, fmt.Sprintf("The requests of %s%s are answered by another rule while theirs are updated. "+
			"The next update deletes it: bring the stack up once more", d.left.route.Host, d.left.route.Path))
	}
	for _, name := range l.callers() {
		if ceasing := l.ceasing(name); len(ceasing) > 0 {
			left = append(left, fmt.Sprintf("The running tasks of %s may call %s until they are gone. The next update "+
				"takes their way to its new port: bring the stack up once more", name, strings.Join(ceasing, ", ")))
		}
	}
	for _, s := range l.config.Services {
		if mode := mounts(l.config.Services, s.Name); mode != "" {
			values[filesKey+s.Name] = mode
		}
		if calls := callsOf(l.config, s); calls != "" {
			values[callsKey+s.Name] = calls
		}
		if s.Scaling != nil {
			values[scaledKey+s.Name] = strconv.Itoa(s.Scaling.Min)
		}
		if least := l.scaled(s); least > *s.DesiredCount {
			left = append(left, fmt.Sprintf("Auto Scaling keeps %d tasks of %s in this update. The next one goes down "+
				"to its desiredCount: bring the stack up once more", least, s.Name))
		}
		if predecessor(s, l.targetGroups, l.before) != "" {
			left = append(left, fmt.Sprintf("Another service answers the requests of %s until its tasks are healthy. "+
				"The next update sends them to it: bring the stack up once more", s.Name))
		}
		if leaves := unanswered(s, l.targetGroups, l.before); leaves != "" {
			left = append(left, fmt.Sprintf("%s is made internal, and its requests are not answered until the tasks "+
				"of %s are healthy. To have them answered, first give %s another route and bring the stack up twice",
				leaves, s.Name, leaves))
		}
		if l.newlyRouted(s) {
			left = append(left, fmt.Sprintf("Service %s gets behind the load balancer. The next update sets its "+
				"healthCheck.graceSeconds: bring the stack up once more", s.Name))
		}
	}
	for _, note := range left {
		if err := l.Log.Warn(note, nil); err != nil {
			return fmt.Errorf("saying what is left to do: %w", err)
		}
	}
	return nil
}

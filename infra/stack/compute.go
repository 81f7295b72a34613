package stack

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/network"
)

func (l *lab) clusterAndLoadBalancer() (err error) {
	l.cluster, err = compute.NewCluster(l.Context, "lab", &compute.ClusterArgs{
		Name:              l.clusterName(),
		ContainerInsights: l.config.Cluster.ContainerInsights,
		Capacity:          l.capacity(),
		Instances:         l.instances(),
		Namespace:         l.namespace(),
		SessionLogGroup:   l.sessionLogGroup(),
		LogRetentionDays:  l.config.Monitoring.LogRetentionDays,
		KmsKeyArn:         l.keys.data.Arn,
		LogKmsKeyArn:      l.keys.logs.Arn,
		Tags:              l.tags,
	}, l.providers.all)
	if err != nil {
		return err
	}
	lb := l.config.LoadBalancer
	args := &compute.LoadBalancerArgs{
		Name:               l.name("alb"),
		SubnetIds:          l.vpc.PublicSubnetIds,
		SecurityGroupId:    l.vpc.LoadBalancerSecurityGroupId,
		Domain:             lb.Domain,
		LogBucket:          l.logBucketName(),
		DualStack:          l.config.Network.IPv6,
		DeletionProtection: lb.DeletionProtection,
		IdleTimeout:        lb.IdleTimeoutSeconds,
		HstsDays:           lb.HstsDays,
		Tags:               l.tags,
	}
	if args.ZoneId, err = l.zoneId(); err != nil {
		return err
	}
	if args.CertificateArn, err = l.certificate(args.ZoneId); err != nil {
		return err
	}
	l.balancer, err = compute.NewLoadBalancer(l.Context, "lab", args, l.providers.all)
	return err
}

// zoneId is nil when nobody has said in which zone the load balancer's domain lies.
func (l *lab) zoneId() (pulumi.StringInput, error) {
	if l.config.LoadBalancer.Zone == "" {
		return nil, nil
	}
	zone, err := compute.LookupZone(l.Context, l.config.LoadBalancer.Zone, l.providers.invoke)
	return pulumi.String(zone), err
}

// certificate is the one that is named, or one that is issued for the load balancer's domain, or nil.
func (l *lab) certificate(zoneId pulumi.StringInput) (pulumi.StringInput, error) {
	lb := l.config.LoadBalancer
	if lb.CertificateArn != "" {
		return pulumi.String(lb.CertificateArn), nil
	}
	if lb.Domain == "" {
		return nil, nil
	}
	certificate, err := compute.NewCertificate(l.Context, "lab", &compute.CertificateArgs{Domain: lb.Domain, ZoneId: zoneId, Tags: l.tags}, l.providers.all)
	if err != nil {
		return nil, err
	}
	return certificate.Arn, nil
}

// instances is nil for a cluster on Fargate.
func (l *lab) instances() *compute.Instances {
	if l.config.Cluster.LaunchType != "ec2" {
		return nil
	}
	i := l.config.Cluster.Instances
	volumes := map[string]string{"backup": "none"} // instances come and go, and tasks keep what counts elsewhere
	if i.Backup {
		volumes["backup"] = l.Stack()
	}
	return &compute.Instances{
		VolumeTags: volumes,
		Place:      l.place, Network: l.vpc.ServicePlacement(), Types: i.Types, Min: i.Min, Max: i.Max, TargetCapacity: i.TargetCapacity, SpotPercentage: i.SpotPercentage,
		RoleName: l.name("instance"), PermissionsBoundary: l.config.PermissionsBoundary,
	}
}

// namespace is empty when no service calls another.
func (l *lab) namespace() string {
	if slices.ContainsFunc(l.config.Services, func(s Service) bool { return len(s.Access.Services) > 0 || s.Internal }) {
		return l.name("services")
	}
	return ""
}

// sessionLogGroup is empty when nobody may open a shell in a task.
func (l *lab) sessionLogGroup() string {
	if slices.ContainsFunc(l.config.Services, func(s Service) bool { return s.Exec }) {
		return "/ecs/" + l.name("sessions")
	}
	return ""
}

func (l *lab) clusterName() string { return l.name("cluster") }

// https tells whether there is a certificate.
func (b LoadBalancer) https() bool { return b.CertificateArn != "" || b.Domain != "" }

func (l *lab) capacity() compute.Capacity {
	c := l.config.Cluster
	return compute.Capacity{OnDemandBase: c.OnDemandBase, OnDemandWeight: c.OnDemandWeight, SpotWeight: c.SpotWeight}
}

// ecsServices makes every service after those that it calls: a service knows the names that were there when it was
// deployed.
func (l *lab) ecsServices() error {
	if err := l.taskRunner(); err != nil {
		return err
	}
	l.services = map[string]*compute.Service{}
	for _, s := range calleesFirst(l.config.Services) {
		service, err := compute.NewService(l.Context, s.Name, l.serviceArgs(s), l.providers.all, pulumi.DependsOn(l.callees(s)))
		if err != nil {
			return err
		}
		l.services[s.Name] = service
	}
	return l.redeployments()
}

// taskRunner makes the function that runs tasks before and after deployments, if a service has any.
func (l *lab) taskRunner() error {
	args := &compute.TaskRunnerArgs{
		Name: l.name("runtask"), Place: l.place, ClusterName: l.clusterName(), Architecture: "arm64", PermissionsBoundary: l.config.PermissionsBoundary,
		LogRetentionDays: l.config.Monitoring.LogRetentionDays, LogKmsKeyArn: l.keys.logs.Arn, Tags: l.tags,
	}
	for _, s := range l.config.Services {
		if len(s.Before)+len(s.After) > 0 {
			args.Families = append(args.Families, l.name(s.Name))
			args.Roles = append(args.Roles, l.name(s.Name, "execution"), l.name(s.Name, "task"))
			args.LogGroups = append(args.LogGroups, l.logGroup(s))
		}
	}
	if len(args.Families) == 0 {
		return nil
	}
	var err error
	if args.Image, err = l.newImage("runtask", Image{Context: "services", Dockerfile: "runtask/Dockerfile"}, args.Architecture,
		l.place.Arn("lambda", "function:"+args.Name)); err != nil {
		return err
	}
	l.runner, err = compute.NewTaskRunner(l.Context, "runtask", args, l.providers.all)
	return err
}

func (l *lab) redeployName() string { return l.name("redeploy") }

// redeployments start services anew when a secret that they are started with changes.
func (l *lab) redeployments() error {
	args := &compute.RedeploymentArgs{
		Name: l.redeployName(), Place: l.place, ClusterName: l.clusterName(), PermissionsBoundary: l.config.PermissionsBoundary,
		LogRetentionDays: l.config.Monitoring.LogRetentionDays, LogKmsKeyArn: l.keys.logs.Arn, Tags: l.tags,
	}
	for _, s := range l.config.Services {
		one := compute.RedeployedService{Name: s.Name, ServiceName: l.name(s.Name)}
		for _, name := range sortedKeys(s.Secrets) {
			if secret := s.Secrets[name]; secret.Parameter != "" {
				one.Parameters = append(one.Parameters, secret.Parameter)
			} else {
				one.SecretNames = append(one.SecretNames, secret.Name)
			}
		}
		if s.Access.Database {
			one.Secrets = append(one.Secrets, l.database.SecretArn)
		}
		if len(one.Secrets)+len(one.SecretNames)+len(one.Parameters) > 0 {
			args.Services = append(args.Services, one)
		}
	}
	if len(args.Services) == 0 {
		return nil
	}
	var err error
	l.redeployment, err = compute.NewRedeployment(l.Context, "redeploy", args, l.providers.all)
	return err
}

func (l *lab) serviceArgs(s Service) *compute.ServiceArgs {
	args := &compute.ServiceArgs{
		Name:             l.name(s.Name),
		Region:           l.place.Region,
		Cluster:          l.cluster,
		Route:            s.route(),
		Network:          l.vpc.ServicePlacement(),
		Image:            l.images[s.Name],
		Port:             s.Port,
		Internal:         s.Internal,
		Connections:      l.connections(s),
		CPU:              s.CPU,
		Memory:           s.Memory,
		Architecture:     s.Architecture,
		ExecutionRoleArn: l.roles[s.Name].execution.Arn,
		TaskRoleArn:      l.roles[s.Name].task.Arn,
		DesiredCount:     *s.DesiredCount,
		Scaling:          scaling(s),
		Capacity:         l.capacity(),
		Health:           health(s),
		Deployment:       deployment(s),
		Before:           taskRuns(s.Before),
		After:            taskRuns(s.After),
		ExecuteCommand:   s.Exec,
		Environment:      l.environment(s),
		Secrets:          l.secretArns(s),
		Volumes:          l.volumes(s),
		ScratchPaths:     s.ScratchPaths,
		LogGroup:         l.logGroup(s),
		LogRetentionDays: s.LogRetentionDays,
		LogKmsKeyArn:     l.keys.logs.Arn,
		Tags:             l.tags,
	}
	if s.public() {
		args.LoadBalancer = l.balancer
	}
	args.CapacityProvider = l.cluster.CapacityProvider
	if l.namespace() != "" {
		args.Connect = &compute.Connect{Namespace: l.cluster.Namespace}
		if s.Port != 0 {
			args.Connect.Name = s.Name
		}
	}
	if l.runner != nil {
		args.TaskRunner = l.runner.FunctionName
	}
	if l.config.Monitoring.Tracing {
		args.Tracing = &compute.Tracing{}
	}
	return args
}

// volumes mount the service's own folder of the file system.
func (l *lab) volumes(s Service) []compute.Volume {
	mount := s.Access.FileSystem
	if mount == nil {
		return nil
	}
	return []compute.Volume{{
		Name: "files", FileSystemId: l.fileSystem.FileSystemId, AccessPointId: l.fileSystem.AccessPointIds.MapIndex(pulumi.String(s.Name)),
		After: l.fileSystem.Entrances, Path: mount.Path, ReadOnly: mount.Mode == "read",
	}}
}

// calleesFirst sorts services so that each comes after those that it calls.
func calleesFirst(services []Service) []Service {
	var sorted []Service
	visited := map[string]bool{}
	var visit func(Service)
	visit = func(s Service) {
		if visited[s.Name] {
			return
		}
		visited[s.Name] = true
		for _, other := range services {
			if slices.Contains(s.Access.Services, other.Name) {
				visit(other)
			}
		}
		sorted = append(sorted, s)
	}
	for _, s := range services {
		visit(s)
	}
	return sorted
}

func (l *lab) callees(s Service) []pulumi.Resource {
	var callees []pulumi.Resource
	for _, name := range s.Access.Services {
		callees = append(callees, l.services[name])
	}
	return callees
}

// connections are whom the service calls in the VPC.
func (l *lab) connections(s Service) []compute.Connection {
	var connections []compute.Connection
	for _, name := range s.Access.Services {
		connections = append(connections, compute.Connection{
			Name: name, SecurityGroupId: l.services[name].SecurityGroupId, Ports: network.Port(l.config.port(name)),
		})
	}
	if s.Access.FileSystem != nil {
		connections = append(connections, compute.Connection{Name: "files", SecurityGroupId: l.fileSystem.SecurityGroupId, Ports: network.Port(data.NfsPort)})
	}
	if s.Access.Database {
		connections = append(connections, compute.Connection{
			Name: "database", SecurityGroupId: l.databaseEntry, Ports: network.Port(l.config.Database.port()),
		})
	}
	return connections
}

func (c *Config) port(service string) int {
	i := slices.IndexFunc(c.Services, func(s Service) bool { return s.Name == service })
	return c.Services[i].Port
}

func (l *lab) logGroup(s Service) string { return "/ecs/" + l.name(s.Name) }

func deployment(s Service) compute.Deployment {
	return compute.Deployment{
		MinimumHealthyPercent: s.Deployment.MinimumPercent, MaximumPercent: s.Deployment.MaximumPercent, Alarms: s.RollbackAlarms, ServerErrors: *s.RollbackErrors,
	}
}

func scaling(s Service) *compute.Scaling {
	if s.Scaling == nil {
		return nil
	}
	scaling := &compute.Scaling{Min: s.Scaling.Min, Max: s.Scaling.Max, CPU: s.Scaling.CPU, Memory: s.Scaling.Memory,
		RequestsPerTarget: s.Scaling.RequestsPerTarget, ScaleOutCooldown: s.Scaling.ScaleOutCooldownSeconds, ScaleInCooldown: s.Scaling.ScaleInCooldownSeconds}
	for _, schedule := range s.Scaling.Schedules {
		scaling.Schedules = append(scaling.Schedules, compute.Schedule{
			Name: schedule.Name, Expression: schedule.At, Timezone: schedule.TimeZone, Min: schedule.Min, Max: schedule.Max,
		})
	}
	return scaling
}

func health(s Service) compute.Health {
	h := s.HealthCheck
	return compute.Health{Path: h.Path, Interval: h.IntervalSeconds, Timeout: h.TimeoutSeconds, Grace: h.GraceSeconds, Command: h.Command}
}

func taskRuns(tasks []Task) []compute.TaskRun {
	var runs []compute.TaskRun
	for _, t := range tasks {
		runs = append(runs, compute.TaskRun{Name: t.Name, Command: t.Command, Timeout: t.TimeoutSeconds})
	}
	return runs
}

// environment is passed to the container: where what it may reach is, and what the configuration says. When some of the
// services' configuration is encrypted, the SDK does not say what, so that all of it is kept encrypted in the state.
func (l *lab) environment(s Service) pulumi.StringMap {
	variables := l.whereabouts(s)
	encrypted := l.IsConfigSecret(l.Project() + ":services")
	for name, value := range s.Environment {
		variables[name] = pulumi.String(value)
		if encrypted {
			variables[name] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
		}
	}
	return variables
}

// whereabouts tell the service's code where the things are that it has access to.
func (l *lab) whereabouts(s Service) pulumi.StringMap {
	variables := pulumi.StringMap{}
	for _, g := range s.Access.Tables {
		variables[variable("TABLE", g.Name)] = pulumi.String(l.tableName(g.Name))
	}
	for _, g := range s.Access.Buckets {
		variables[variable("BUCKET", g.Name)] = pulumi.String(l.bucketName(g.Name))
	}
	for _, q := range s.Access.Queues {
		variables[variable("QUEUE", q.Name)+"_URL"] = pulumi.String(l.place.QueueUrl(q.Name))
	}
	if s.Access.Database {
		variables["DATABASE_HOST"] = l.databaseHost()
		variables["DATABASE_READER_HOST"] = l.database.ReaderEndpoint
		variables["DATABASE_PORT"] = pulumi.String(strconv.Itoa(l.database.Port))
		variables["DATABASE_NAME"] = pulumi.String(l.database.DatabaseName)
	}
	for _, name := range s.Access.Services {
		variables[variable("SERVICE", name)+"_URL"] = l.services[name].Endpoint
	}
	return variables
}

// variable is part of an environment variable's name; FIFO queues have a dot in theirs.
func variable(kind, name string) string {
	return kind + "_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

// secretArns are what ECS reads secrets by: for Secrets Manager an ARN without the random suffix will do.
func (l *lab) secretArns(s Service) pulumi.StringMap {
	arns := pulumi.StringMap{}
	if s.Access.Database {
		arns["DATABASE_SECRET"] = l.database.SecretArn
	}
	for name, secret := range s.Secrets {
		arns[name] = l.secretArn(secret)
	}
	return arns
}

func (l *lab) secretArn(secret Secret) pulumi.StringInput {
	if secret.Parameter != "" {
		return pulumi.String(l.place.ParameterArn(secret.Parameter))
	}
	arn := pulumi.String(l.place.Arn("secretsmanager", "secret:"+secret.Name))
	if secret.Field != "" {
		return compute.SecretKey(arn, secret.Field)
	}
	return arn
}

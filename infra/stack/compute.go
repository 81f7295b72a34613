package stack

import (
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
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
	args := l.config.LoadBalancer.Args()
	args.Name, args.Tags, args.DualStack = l.balancerName(), l.tags, l.config.Network.IPv6
	args.Hosts = l.config.Hosts()
	args.SubnetIds, args.SecurityGroupId = l.vpc.PublicSubnetIds, l.vpc.LoadBalancerSecurityGroupId
	args.LogBucket, args.FormerRules = l.logBucketName(), hasFormerRules(l.state)
	args.Redirects = l.closesHTTPS()
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

// certificate returns the one that is named, or one that is issued for the load balancer's domain, or nil.
func (l *lab) certificate(zoneId pulumi.StringInput) (pulumi.StringInput, error) {
	lb := l.config.LoadBalancer
	if lb.CertificateArn != "" {
		return pulumi.String(lb.CertificateArn), nil
	}
	if lb.Domain == "" {
		return nil, nil
	}
	certificate, err := compute.NewCertificate(
		l.Context,
		"lab",
		&compute.CertificateArgs{Domain: lb.Domain, Names: l.config.Hosts(), ZoneId: zoneId, Tags: l.tags},
		l.providers.all,
	)
	if err != nil {
		return nil, err
	}
	return certificate.Arn, nil
}

// instances is nil for a cluster on Fargate, unless its services are about to leave the instances: ECS takes no
// capacity provider from a cluster while services use it.
func (l *lab) instances() *compute.Instances {
	if !l.onInstances() && !l.leavesInstances() {
		return nil
	}
	i := l.config.Cluster.Instances
	volumes := map[string]string{"backup": "none"} // instances come and go, and tasks keep what counts elsewhere
	if i.Backup {
		volumes["backup"] = l.Stack()
	}
	return &compute.Instances{
		VolumeTags:          volumes,
		Location:            l.location,
		Network:             l.vpc.ServicePlacement(),
		Types:               i.Types,
		Min:                 i.Min,
		Max:                 i.Max,
		TargetCapacity:      i.TargetCapacity,
		SpotPercentage:      i.SpotPercentage,
		RoleName:            l.name("instance"),
		PermissionsBoundary: l.config.PermissionsBoundary,
	}
}

// namespace is empty when no service calls another.
func (l *lab) namespace() string {
	if slices.ContainsFunc(
		l.config.Services,
		func(s config.Service) bool { return len(s.Access.Services) > 0 || s.Internal },
	) {
		return l.name("services")
	}
	return ""
}

// sessionLogGroup is empty when nobody may open a shell in a task.
func (l *lab) sessionLogGroup() string {
	if slices.ContainsFunc(l.config.Services, func(s config.Service) bool { return s.Exec }) {
		return "/ecs/" + l.name("sessions")
	}
	return ""
}

func (l *lab) clusterName() string { return l.name("cluster") }

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
	l.services, l.targetGroups = map[string]*compute.Service{}, targetGroups(l.config.Services, l.before)
	l.forgetGone()
	if err := l.taskGroups(); err != nil {
		return err
	}
	handedOver, err := l.handOver()
	if err != nil {
		return err
	}
	detours, err := l.detour()
	if err != nil {
		return err
	}
	for _, s := range calleesFirst(l.config.Services) {
		args, err := l.serviceArgs(s)
		if err != nil {
			return err
		}
		if s.Public() {
			args.Detours = detours[s.Route().RulePriority()]
		}
		if rule := handedOver[s.Name]; rule != nil {
			args.Ready = append(args.Ready, rule)
		}
		service, err := compute.NewService(
			l.Context,
			s.Name,
			args,
			l.providers.all,
			pulumi.DependsOn(l.callees(s)),
		)
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
		Name:                l.name("runtask"),
		Location:            l.location,
		ClusterName:         l.clusterName(),
		Architecture:        "arm64",
		PermissionsBoundary: l.config.PermissionsBoundary,
		LogRetentionDays:    l.config.Monitoring.LogRetentionDays,
		LogKmsKeyArn:        l.keys.logs.Arn,
		Tags:                l.tags,
	}
	for _, s := range l.config.Services {
		if len(s.Before)+len(s.After) > 0 {
			args.Families = append(args.Families, l.runFamilies(s)...)
			args.Roles = append(args.Roles, l.runRoles(s)...)
			args.LogGroups = append(args.LogGroups, l.logGroup(s))
		}
	}
	if len(args.Families) == 0 {
		return nil
	}
	var err error
	if args.Image, err = l.newImage(
		"runtask",
		config.Image{Context: "services", Dockerfile: "runtask/Dockerfile", Args: l.config.Images.Args},
		args.Architecture,
		l.location.Arn("lambda", "function:"+args.Name),
	); err != nil {
		return err
	}
	l.runner, err = compute.NewTaskRunner(l.Context, "runtask", args, l.providers.all)
	return err
}

// runFamilies returns the families of the task definitions that the service's runs have.
func (l *lab) runFamilies(s config.Service) []string {
	service := l.name(s.Name)
	switch {
	case !s.SetsUpDatabase():
		return []string{service}
	case len(s.After) == 0:
		return []string{compute.BeforeFamily(service)}
	}
	return []string{service, compute.BeforeFamily(service)}
}

// runRoles returns the roles of these task definitions.
func (l *lab) runRoles(s config.Service) []string {
	roles := []string{l.name(s.Name, "execution")}
	if s.SetsUpDatabase() {
		roles = append(roles, l.name(s.Name, "before"))
	}
	if !s.SetsUpDatabase() || len(s.After) > 0 {
		roles = append(roles, l.name(s.Name, "task"))
	}
	return roles
}

func (l *lab) redeployName() string { return l.name("redeploy") }

// redeployments restart services when a secret that they are started with changes.
func (l *lab) redeployments() error {
	args := &compute.RedeploymentArgs{
		Name:                l.redeployName(),
		Location:            l.location,
		ClusterName:         l.clusterName(),
		PermissionsBoundary: l.config.PermissionsBoundary,
		LogRetentionDays:    l.config.Monitoring.LogRetentionDays,
		LogKmsKeyArn:        l.keys.logs.Arn,
		Tags:                l.tags,
	}
	for _, s := range l.config.Services {
		one := compute.RedeployedService{Name: s.Name, ServiceName: l.name(s.Name)}
		if s.Access.Database {
			one.Parameters = slices.Sorted(maps.Values(l.databaseParameters()))
		}
		for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
			if secret := s.Secrets[name]; secret.Parameter != "" {
				one.Parameters = append(one.Parameters, secret.Parameter)
			} else {
				one.SecretNames = append(one.SecretNames, secret.Name)
			}
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

func (l *lab) serviceArgs(s config.Service) (*compute.ServiceArgs, error) {
	args := s.Args(l.config.Monitoring.Tracing)
	args.Name, args.Region, args.Cluster = l.name(s.Name), l.location.Region, l.cluster
	args.Network, args.SecurityGroup = l.vpc.ServicePlacement(), l.taskGroup[s.Name]
	args.Ready = slices.Clone(l.connections[s.Name])
	args.Image, args.Version, args.Capacity = l.images[s.Name], l.versions[s.Name], l.capacity()
	args.Await, args.DesiredCount = l.await, max(args.DesiredCount, l.scaled(s))
	args.ExecutionRoleArn, args.TaskRoleArn = l.roles[s.Name].execution.Arn, l.roles[s.Name].task.Arn
	args.Environment, args.Secrets, args.Volumes = l.environment(s), l.secretArns(s), l.volumes(s)
	args.LogGroup, args.LogKmsKeyArn, args.Tags = l.logGroup(s), l.keys.logs.Arn, l.tags
	if s.Access.Database {
		args.Ready = append(args.Ready, l.database.Parameters...)
		args.BeforeTask = l.setup(s)
		l.databaseClients.admit(args)
	}
	args.Triggers = l.triggers(s)
	if s.Access.FileSystem != nil {
		l.fileClients.admit(args)
	}
	if s.Public() {
		args.LoadBalancer = l.balancer
		args.TargetGroup = l.targetGroups[s.Name]
		args.TargetGroupName = l.name(args.TargetGroup)
		var err error
		if args.Predecessor, err = l.predecessor(s); err != nil {
			return nil, err
		}
	}
	if l.onInstances() {
		args.CapacityProvider = l.cluster.CapacityProvider
	}
	args.NewlyRouted = l.newlyRouted(s)
	if l.namespace() != "" {
		args.Connect = &compute.Connect{Namespace: l.cluster.Namespace}
		if s.Port != 0 {
			args.Connect.Name = s.Name
		}
	}
	if l.runner != nil {
		args.TaskRunner = l.runner.FunctionName
	}
	return args, nil
}

// triggers redeploy a service when the database is reached under another name: tasks are told it when they start, and
// would go on to call a proxy that is deleted. The provider keeps triggers that are left out.
func (l *lab) triggers(s config.Service) pulumi.StringMap {
	if !s.Access.Database {
		return pulumi.StringMap{"database": pulumi.String("")}
	}
	return pulumi.StringMap{"database": pulumi.Sprintf("%s %s", l.databaseHost(), l.database.ReaderEndpoint)}
}

// volumes mount the service's own folder of the file system.
func (l *lab) volumes(s config.Service) []compute.Volume {
	volumes := s.Args(false).Volumes
	for i := range volumes {
		volumes[i].FileSystemId, volumes[i].After = l.fileSystem.FileSystemId, l.fileSystem.Entrances
		volumes[i].AccessPointId = l.fileSystem.AccessPointIds.MapIndex(pulumi.String(s.Name))
	}
	return volumes
}

// calleesFirst sorts services so that each comes after those that it calls.
func calleesFirst(services []config.Service) []config.Service {
	var sorted []config.Service
	visited := map[string]bool{}
	var visit func(config.Service)
	visit = func(s config.Service) {
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

func (l *lab) callees(s config.Service) []pulumi.Resource {
	var callees []pulumi.Resource
	for _, name := range s.Access.Services {
		callees = append(callees, l.services[name])
	}
	return callees
}

// taskGroups makes the security groups of all tasks and the connections of services that call one another, before any
// service: when a port changes, the callers' tasks of before have to reach it as soon as there are tasks on it.
func (l *lab) taskGroups() error {
	l.taskGroup, l.connections = map[string]*network.SecurityGroup{}, map[string][]pulumi.Resource{}
	placement := l.vpc.ServicePlacement()
	callees := map[string][]string{}
	for _, s := range l.config.Services {
		callees[s.Name] = s.Access.Services
	}
	for _, name := range l.callers() {
		group, err := placement.NewSecurityGroup(
			l.Context, name+"-tasks", "Tasks of service "+l.name(name), l.tags, l.providers.all)
		if err != nil {
			return err
		}
		l.taskGroup[name] = group
	}
	for _, name := range l.callers() {
		for _, called := range slices.Concat(callees[name], l.ceasing(name)) {
			connection, err := network.NewConnection(l.Context, name+"-to-"+called, &network.ConnectionArgs{
				FromSecurityGroupId: l.taskGroup[name].SecurityGroupId,
				ToSecurityGroupId:   l.taskGroup[called].SecurityGroupId,
				Ports:               network.Port(l.config.Port(called)),
				Description:         "Service " + l.name(name) + " to " + called,
			}, l.providers.all)
			if err != nil {
				return err
			}
			l.connections[name] = append(l.connections[name], connection.Rules...)
			l.connections[called] = append(l.connections[called], connection.Rules...)
		}
	}
	return nil
}

func (l *lab) balancerName() string { return l.name("alb") }

func (l *lab) logGroup(s config.Service) string { return "/ecs/" + l.name(s.Name) }

// environment returns passed to the container: where what it may reach is, and what the configuration says. When some
// of the services' configuration is encrypted, the SDK does not say what, so that all of it is kept encrypted in the
// state.
func (l *lab) environment(s config.Service) pulumi.StringMap {
	variables := l.whereabouts(s)
	// The SDKs need it. Fargate sets it by itself, EC2 instances do not.
	variables["AWS_REGION"] = pulumi.String(l.config.Region)
	encrypted := l.IsConfigSecret(l.Project() + ":services")
	for name, value := range s.Environment {
		variables[name] = pulumi.String(value)
		if encrypted {
			variables[name] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
		}
	}
	return variables
}

// portVariable tells tasks the port of the database.
const portVariable = "DATABASE_PORT"

// whereabouts tell the service's code where the things are that it has access to.
func (l *lab) whereabouts(s config.Service) pulumi.StringMap {
	variables := pulumi.StringMap{}
	for _, g := range s.Access.Tables {
		variables[config.Variable("TABLE", g.Name)] = pulumi.String(l.tableName(g.Name))
	}
	for _, g := range s.Access.Buckets {
		variables[config.Variable("BUCKET", g.Name)] = pulumi.String(l.bucketName(g.Name))
	}
	for _, q := range s.Access.Queues {
		variables[config.Variable("QUEUE", q.Name)+"_URL"] = pulumi.String(l.location.QueueUrl(q.Name))
	}
	for _, name := range s.Access.Topics {
		variables[config.Variable("TOPIC", name)+"_ARN"] = pulumi.String(l.location.TopicArn(l.topicName(name)))
	}
	if s.Access.Database {
		variables[portVariable] = pulumi.String(strconv.Itoa(l.database.Port))
		variables["DATABASE_NAME"] = pulumi.String(l.database.DatabaseName)
		variables["DATABASE_USER"] = pulumi.String(names.DatabaseUser(s.Name))
		variables["DATABASE_AUTH"] = pulumi.String("iam")
	}
	for _, name := range s.Access.Services {
		variables[config.Variable("SERVICE", name)+"_URL"] = l.services[name].Endpoint
	}
	return variables
}

// secretArns returns what ECS reads secrets by: for Secrets Manager an ARN without the random suffix will do.
func (l *lab) secretArns(s config.Service) pulumi.StringMap {
	arns := pulumi.StringMap{}
	if s.Access.Database {
		arns = l.parameterArns(l.databaseParameters())
	}
	for name, secret := range s.Secrets {
		arns[name] = l.secretArn(secret)
	}
	return arns
}

// parameterArns returns the ARNs of parameters, by the variables that they set.
func (l *lab) parameterArns(parameters map[string]string) pulumi.StringMap {
	arns := pulumi.StringMap{}
	for variable, parameter := range parameters {
		arns[variable] = pulumi.String(l.location.ParameterArn(parameter))
	}
	return arns
}

func (l *lab) secretArn(secret config.Secret) pulumi.StringInput {
	if secret.Parameter != "" {
		return pulumi.String(l.location.ParameterArn(secret.Parameter))
	}
	arn := pulumi.String(l.location.Arn("secretsmanager", "secret:"+secret.Name))
	if secret.Field != "" {
		return compute.SecretKey(arn, secret.Field)
	}
	return arn
}

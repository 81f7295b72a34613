package outage

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Generation is the tasks of one deployment of a service. They go on with what they were started with, whatever the
// service is changed to, until those of the next deployment are healthy.
type Generation struct {
	// Service and Definition are as they were when the tasks started.
	Service, Definition *world.Thing
	// Starting is true until the deployment is over.
	Starting bool

	containers []container
	// parameters are the values that ECS read for the tasks, by ARN.
	parameters map[string]string
	// known are the names and ports of Service Connect that the tasks' proxies know, as name:port.
	known []string
	// rights are the calls that the tasks make.
	rights []authorization.Request
}

// container is what is read of a container definition.
type container struct {
	Image            string
	LogConfiguration struct{ Options map[string]string }
	Environment      []struct{ Name, Value string }
	Secrets          []struct{ Name, ValueFrom string }
}

// NewGeneration returns the tasks that a service starts in a state, and that make the calls.
func NewGeneration(s *State, service *world.Thing, calls []authorization.Request) (*Generation, error) {
	g := &Generation{Service: service, Starting: true, rights: calls, parameters: map[string]string{}}
	named := g.view().Str("taskDefinition")
	for _, definition := range s.byType[token.TaskDefinition] {
		state := bridge.StateOf(definition)
		if named == state.Str("arn") || named == state.Str("family") {
			g.Definition = definition
		}
	}
	if g.Definition == nil {
		return g, nil
	}
	text, _ := bridge.StateOf(g.Definition).At("containerDefinitions")
	if document := values.Document(text); document != "" {
		if err := json.Unmarshal([]byte(document), &g.containers); err != nil {
			return nil, fmt.Errorf("reading the containers of %s: %w", g.Definition.ID, err)
		}
	}
	for _, c := range g.containers {
		for _, secret := range c.Secrets {
			if parameter := s.find(token.Parameter, "arn", secret.ValueFrom); parameter != nil {
				g.parameters[secret.ValueFrom] = bridge.StateOf(parameter).Str("insecureValue")
			}
		}
	}
	for _, other := range s.byType[token.Service] {
		g.known = append(g.known, aliasesOf(bridge.StateOf(other))...)
	}
	return g, nil
}

func (g *Generation) view() values.View { return bridge.StateOf(g.Service) }

func (g *Generation) name() string { return g.view().Str("name") }

// tasksOf returns one task in each of the service's subnets.
func (s *State) tasksOf(g *Generation) ([]end, error) {
	return s.inSubnets("tasks of "+g.name(), g.view().Strings("networkConfiguration.subnets"),
		g.view().Strings("networkConfiguration.securityGroups"))
}

// hasTasks is false for a service of which no task runs.
func (s *State) hasTasks(g *Generation) bool {
	for _, target := range s.byType[token.ScalingTarget] {
		state := bridge.StateOf(target)
		if strings.HasSuffix(state.Str("resourceId"), "/"+g.name()) && state.Num("minCapacity") > 0 {
			return true
		}
	}
	return g.view().Num("desiredCount") > 0
}

// Need is something without which a generation does not work.
type Need struct {
	Name string
	// Check returns the hop that is missing.
	Check func(s *State, running []*Generation) error
}

// Needs returns what the tasks need of the world, but for rights.
func (s *State) Needs(g *Generation) []Need {
	needs := []Need{
		{"task definition", func(s *State, _ []*Generation) error { return s.defined(g) }},
		{"capacity", func(s *State, _ []*Generation) error { return s.placed(g) }},
	}
	for _, target := range g.view().Objects("loadBalancers") {
		needs = append(needs, Need{"being called by the load balancer", func(s *State, _ []*Generation) error {
			return s.called(g, target.Str("targetGroupArn"), int(target.Num("containerPort")))
		}})
	}
	for _, service := range g.services() {
		needs = append(needs, Need{"way to " + service, func(s *State, _ []*Generation) error {
			return s.fromEach(g, func(task end) error { return s.reachesService(task, g.Service.Region, service) })
		}})
	}
	for _, image := range g.images() {
		needs = append(needs, Need{"image " + image, func(s *State, _ []*Generation) error { return s.pulled(image) }})
	}
	for _, group := range g.logGroups() {
		needs = append(needs, Need{"log group " + group, func(s *State, _ []*Generation) error {
			if s.find(token.LogGroup, "name", group) == nil {
				return fmt.Errorf("log group %s does not exist", group)
			}
			return nil
		}})
	}
	for _, volume := range bridge.StateOf(g.Definition).Objects("volumes") {
		files := volume.Str("efsVolumeConfiguration.fileSystemId")
		if files != "" {
			needs = append(
				needs,
				Need{"file system", func(s *State, _ []*Generation) error { return s.mounts(g, files) }},
			)
		}
	}
	for _, database := range g.databases() {
		needs = append(needs, Need{"database " + database.host, func(s *State, _ []*Generation) error {
			return s.fromEach(g, func(task end) error { return s.reachesDatabase(task, database) })
		}})
	}
	for _, peer := range g.peers() {
		needs = append(needs, Need{"service " + peer, func(s *State, running []*Generation) error {
			return s.reachesPeer(g, peer, running)
		}})
	}
	return needs
}

func (s *State) fromEach(g *Generation, reaches func(end) error) error {
	tasks, err := s.tasksOf(g)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if err := reaches(task); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) defined(g *Generation) error {
	if g.Definition == nil || s.find(token.TaskDefinition, "arn", bridge.StateOf(g.Definition).Str("arn")) == nil {
		return fmt.Errorf("task definition %s does not exist", g.view().Str("taskDefinition"))
	}
	return nil
}

// placed judges the cluster and its capacity providers.
func (s *State) placed(g *Generation) error {
	cluster := s.find(token.Cluster, "arn", g.view().Str("cluster"))
	if cluster == nil {
		return fmt.Errorf("cluster %s does not exist", g.view().Str("cluster"))
	}
	for _, strategy := range g.view().Objects("capacityProviderStrategies") {
		provider := values.AfterLast(strategy.Str("capacityProvider"), "/")
		associations := s.every(token.ClusterProviders, "clusterName", cluster.Name)
		if !slices.ContainsFunc(associations, func(a values.View) bool {
			return slices.Contains(a.Strings("capacityProviders"), provider)
		}) {
			return fmt.Errorf("cluster %s has no capacity provider %s", cluster.Name, provider)
		}
	}
	return nil
}

func (s *State) called(g *Generation, targetGroup string, port int) error {
	for _, rule := range s.byType[token.ListenerRule] {
		for _, action := range bridge.StateOf(rule).Objects("actions") {
			listener := s.find(token.Listener, "", bridge.StateOf(rule).Str("listenerArn"))
			if !slices.Contains(targetGroupsOf(action, 0), targetGroup) || listener == nil {
				continue
			}
			balancer := s.find(token.LoadBalancer, "", bridge.StateOf(listener).Str("loadBalancerArn"))
			if balancer == nil {
				continue
			}
			state := bridge.StateOf(balancer)
			fronts, err := s.inSubnets("the load balancer", state.Strings("subnets"), state.Strings("securityGroups"))
			if err != nil {
				return err
			}
			return s.fromEach(g, func(task end) error { return s.openFromAll(fronts, []end{task}, port) })
		}
	}
	return nil // nothing leads there any more, or yet
}

// services returns those of AWS that the tasks call: to start, to write logs, and for what their environment names.
func (g *Generation) services() []string {
	var services []string
	for _, c := range g.containers {
		if _, own := splitRegistry(c.Image); own {
			services = append(services, "ecr.api", "ecr.dkr", "s3")
		}
		if c.LogConfiguration.Options["awslogs-group"] != "" {
			services = append(services, "logs")
		}
		for _, secret := range c.Secrets {
			if strings.Contains(secret.ValueFrom, ":ssm:") {
				services = append(services, "ssm")
			} else {
				services = append(services, "secretsmanager")
			}
		}
		for _, variable := range c.Environment {
			for prefix, service := range map[string]string{"TABLE_": "dynamodb", "BUCKET_": "s3", "QUEUE_": "sqs"} {
				if strings.HasPrefix(variable.Name, prefix) {
					services = append(services, service)
				}
			}
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(services)))
}

// splitRegistry returns the repository's URL, and reports whether it is one of the account's.
func splitRegistry(image string) (string, bool) {
	repository, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
		repository = repository[:i]
	}
	return repository, strings.HasPrefix(image, world.Account+".dkr.ecr.")
}

func (g *Generation) images() []string {
	var images []string
	for _, c := range g.containers {
		if _, own := splitRegistry(c.Image); own {
			images = append(images, c.Image)
		}
	}
	return images
}

func (s *State) pulled(image string) error {
	repository, _ := splitRegistry(image)
	if s.find(token.Repository, "repositoryUrl", repository) == nil || !s.images[image] {
		return fmt.Errorf("image %s does not exist", image)
	}
	return nil
}

func (g *Generation) logGroups() []string {
	var groups []string
	for _, c := range g.containers {
		if group := c.LogConfiguration.Options["awslogs-group"]; group != "" {
			groups = append(groups, group)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(groups)))
}

// nfsPort is that of mount targets (Amazon EFS user guide, "Using VPC security groups").
const nfsPort = 2049

// mounts goes to the mount target in each task's own zone, which is what the file system's name leads to.
func (s *State) mounts(g *Generation, files string) error {
	return s.fromEach(g, func(task end) error {
		zone := bridge.StateOf(s.find(token.Subnet, "", task.subnet)).Str("availabilityZone")
		for _, target := range s.every(token.MountTarget, "fileSystemId", files) {
			if target.Str("availabilityZoneName") != zone {
				continue
			}
			to, err := s.inSubnets("the mount target in "+zone, []string{target.Str("subnetId")},
				target.Strings("securityGroups"))
			if err != nil {
				return err
			}
			return s.openFromAll([]end{task}, to, nfsPort)
		}
		return fmt.Errorf("file system %s has no mount target in %s", files, zone)
	})
}

// database is an address that the tasks were told.
type database struct {
	host string
	port int
}

func (g *Generation) databases() []database {
	var found []database
	for _, c := range g.containers {
		port := 0
		for _, variable := range c.Environment {
			if variable.Name == "DATABASE_PORT" {
				port, _ = strconv.Atoi(variable.Value)
			}
		}
		for _, secret := range c.Secrets {
			if host := g.parameters[secret.ValueFrom]; port != 0 && strings.Contains(host, ".rds.") {
				found = append(found, database{host, port})
			}
		}
	}
	return found
}

func (s *State) reachesDatabase(task end, d database) error {
	subnets, groups := s.serverOf(d.host)
	if len(subnets) == 0 {
		return fmt.Errorf("no database has the name %s", d.host)
	}
	to, err := s.inSubnets("the database", subnets, groups)
	if err != nil {
		return err
	}
	return s.openFromAll([]end{task}, to, d.port)
}

// serverOf returns where the proxy, the instance or the cluster with an endpoint is.
func (s *State) serverOf(host string) (subnets, groups []string) {
	for _, server := range []struct{ typ, endpoint string }{
		{token.DBProxy, "endpoint"}, {token.DBProxyEndpoint, "endpoint"}, {token.DBInstance, "address"},
		{token.DBCluster, "endpoint"}, {token.DBCluster, "readerEndpoint"}, {token.DBClusterInstance, "endpoint"},
	} {
		found := s.find(server.typ, server.endpoint, host)
		if found == nil {
			continue
		}
		state := bridge.StateOf(found)
		groups, subnets = state.Strings("vpcSecurityGroupIds"), state.Strings("vpcSubnetIds")
		if group := s.find(token.DBSubnetGroup, "name", state.Str("dbSubnetGroupName")); group != nil {
			subnets = bridge.StateOf(group).Strings("subnetIds")
		}
		return subnets, groups
	}
	return nil, nil
}

// aliasesOf returns the names and ports under which a service is known through Service Connect, as name:port.
func aliasesOf(service values.View) []string {
	var aliases []string
	for _, entry := range service.Objects("serviceConnectConfiguration.services") {
		for _, alias := range entry.Objects("clientAlias") {
			aliases = append(aliases, alias.Str("dnsName")+":"+alias.Str("port"))
		}
	}
	return aliases
}

// isCalled reports whether the tasks are known by a name through Service Connect.
func (g *Generation) isCalled(name string) bool {
	return slices.ContainsFunc(aliasesOf(g.view()), func(alias string) bool {
		return strings.HasPrefix(alias, name+":")
	})
}

// peers returns the services that the tasks' environment names, as name:port.
func (g *Generation) peers() []string {
	var peers []string
	for _, c := range g.containers {
		for _, variable := range c.Environment {
			address, err := url.Parse(variable.Value)
			if err == nil && strings.HasPrefix(variable.Name, "SERVICE_") && address.Host != "" {
				peers = append(peers, address.Host)
			}
		}
	}
	return peers
}

// reachesPeer goes through the proxy beside the container, which knows the names that were there when it was deployed,
// and finds the tasks behind them wherever they are ("Service Connect", Amazon ECS developer guide).
func (s *State) reachesPeer(g *Generation, peer string, running []*Generation) error {
	if !slices.Contains(g.known, peer) {
		return fmt.Errorf("there was no service %s when the tasks started", peer)
	}
	name, _, _ := strings.Cut(peer, ":")
	answered := false
	for _, other := range running {
		if other.Starting || other.Definition == nil || !other.isCalled(name) {
			continue
		}
		if err := s.reachesTasks(g, other, name); err != nil {
			return err
		}
		answered = answered || s.hasTasks(other)
	}
	if !answered {
		return fmt.Errorf("no task of service %s runs", name)
	}
	return nil
}

func (s *State) reachesTasks(g, other *Generation, name string) error {
	tasks, err := s.tasksOf(other)
	if err != nil {
		return err
	}
	text, _ := bridge.StateOf(other.Definition).At("containerDefinitions")
	var containers []struct {
		PortMappings []struct {
			Name          string
			ContainerPort int
		}
	}
	if err := json.Unmarshal([]byte(values.Document(text)), &containers); err != nil {
		return fmt.Errorf("reading the containers of %s: %w", other.name(), err)
	}
	for _, c := range containers {
		for _, mapping := range c.PortMappings {
			if mapping.Name != name {
				continue
			}
			if err := s.fromEach(g, func(task end) error {
				return s.openFromAll([]end{task}, tasks, mapping.ContainerPort)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

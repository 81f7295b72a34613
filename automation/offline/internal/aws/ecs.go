package aws

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// ecsService is what ECS does beyond its models.
var ecsService = service{
	module: "ecs", name: "ECS",
	behaviors: map[string]behavior{
		tCluster:          {remove: refuseInstances},
		tClusterProviders: {create: refuseStrategy, update: refuseStrategy},
		tCapacityProvider: {create: createCapacityProvider},
		tTaskDefinition: {
			check: checkTaskDefinition, diff: diffTaskDefinition, create: createTaskDefinition,
			imported: importTaskDefinition,
		},
		tService: {diff: diffService, create: createService, update: updateService, imported: importService},
	},
	equalities: map[string]func(a, b string) bool{
		"containers": func(a, b string) bool { return equalDocuments(a, b, canonicalContainers) },
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:ecs/getCluster:getCluster": getByName("clusterName", tCluster, "ClusterNotFoundException"),
		"aws:ecs/getService:getService": getService,
	},
}

// refuseStrategy refuses a default strategy that the cluster's providers cannot serve.
func refuseStrategy(c *change) error {
	providers := c.inputs.strings("capacityProviders")
	based := 0
	for _, entry := range c.inputs.objects("defaultCapacityProviderStrategies") {
		if provider := entry.str("capacityProvider"); !slices.Contains(providers, provider) {
			return refuse("InvalidParameterException", "The specified capacity provider strategy cannot contain a capacity "+
				"provider that is not associated with the cluster: %s", provider)
		}
		if entry.num("base") > 0 {
			based++
		}
	}
	if based > 1 {
		return refuse("InvalidParameterException", "The specified capacity provider strategy cannot contain more than one capacity "+
			"provider with a base value.")
	}
	return nil
}

func createCapacityProvider(c *change) error {
	for _, reserved := range []string{"aws", "ecs", "fargate"} {
		if name := c.inputs.str("name"); strings.HasPrefix(strings.ToLower(name), reserved) {
			return refuse("ClientException", "The specified capacity provider name %q is invalid: it must not start with %s.", name, reserved)
		}
	}
	group := c.target("autoScalingGroupProvider.autoScalingGroupArn")
	protects := c.inputs.str("autoScalingGroupProvider.managedTerminationProtection") == "ENABLED"
	if protects && group != nil && !stateOf(group).bool("protectFromScaleIn") {
		return refuse("ClientException", "The managed termination protection setting for the capacity provider is invalid. To "+
			"enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection "+
			"from scale in enabled.")
	}
	return nil
}

// container is what is read of a container definition. Everything else is kept as it is.
type container struct {
	Name         string
	Image        string
	PortMappings []struct{ ContainerPort int }
}

func containersOf(definitions string) ([]container, error) {
	var containers []container
	if err := json.Unmarshal([]byte(definitions), &containers); err != nil {
		return nil, fmt.Errorf("ECS Task Definition container_definitions is invalid: Error decoding JSON: %w", err)
	}
	for i, c := range containers {
		if c.Name == "" {
			return nil, fmt.Errorf("ECS Task Definition container_definitions is invalid: container %d has no name", i)
		}
	}
	return containers, nil
}

func checkTaskDefinition(inputs view) []failure {
	definitions, given := inputs.at("containerDefinitions")
	if !given {
		return nil
	}
	if _, err := containersOf(document(definitions)); err != nil {
		return []failure{failf("containerDefinitions", "%v", err)}
	}
	return nil
}

// updatable are the properties of a task definition that a change does not replace.
var updatable = []string{"tags", "tagsAll", "skipDestroy", "trackLatest"}

func diffTaskDefinition(d *difference) error {
	for at, e := range d.edits {
		top, _, _ := strings.Cut(e.path, ".")
		e.replaces = !slices.Contains(updatable, top)
		d.edits[at] = e
	}
	return nil
}

// fargateSizes are the memory sizes in MiB that each size of CPU can have: least, most and step. From "Task CPU and
// memory" in the Amazon ECS Developer Guide.
var fargateSizes = map[int][3]int{
	256: {512, 2048, 512}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

func createTaskDefinition(c *change) error {
	definitions, _ := c.inputs.at("containerDefinitions")
	containers, err := containersOf(document(definitions))
	if err != nil {
		return err
	}
	if len(containers) == 0 {
		return refuse("ClientException", "Container list cannot be empty.")
	}
	fargate := slices.Contains(c.inputs.strings("requiresCompatibilities"), "FARGATE")
	if fargate {
		if err := refuseFargate(c); err != nil {
			return err
		}
	}
	for _, volume := range c.inputs.objects("volumes") {
		if err := refuseFileVolume(volume); err != nil {
			return err
		}
	}
	revision, err := c.tx.Next("task definition " + c.region().Name + " " + c.inputs.str("family"))
	if err != nil {
		return err
	}
	c.set("revision", float64(revision))
	if !isSecret(c, "containerDefinitions") {
		c.set("containerDefinitions", normalizeContainers(document(definitions)))
	}
	return nil
}

// refuseFileVolume refuses a mount of an EFS file system that contradicts itself, from "EFSVolumeConfiguration" in the
// Amazon ECS API Reference.
func refuseFileVolume(volume view) error {
	const files = "efsVolumeConfiguration."
	point := volume.has(files + "authorizationConfig.accessPointId")
	authorized := point || volume.str(files+"authorizationConfig.iam") == "ENABLED"
	if authorized && volume.str(files+"transitEncryption") != "ENABLED" {
		return refuse("ClientException", "Invalid EFS volume configuration of %s: transitEncryption must be ENABLED for an access point or IAM "+
			"authorization", volume.str("name"))
	}
	if root := volume.str(files + "rootDirectory"); point && root != "" && root != "/" {
		return refuse("ClientException", "Invalid EFS volume configuration of %s: with an access point, rootDirectory must be omitted or /, not %s",
			volume.str("name"), root)
	}
	return nil
}

func isSecret(c *change, property string) bool {
	return c.state[resource.PropertyKey(property)].ContainsSecrets()
}

func refuseFargate(c *change) error {
	if mode := c.inputs.str("networkMode"); mode != "awsvpc" {
		return refuse("ClientException", "Fargate only supports network mode ‘awsvpc’.")
	}
	cpu, memory := units(c.inputs.str("cpu"), 1024), units(c.inputs.str("memory"), 1024)
	if cpu == 0 || memory == 0 {
		return refuse("ClientException", "Fargate requires task definition to have execution role ARN, cpu and memory at task "+
			"level: cpu is %q, memory %q", c.inputs.str("cpu"), c.inputs.str("memory"))
	}
	size, known := fargateSizes[cpu]
	fits := known && memory >= size[0] && memory <= size[1] && memory%size[2] == 0
	// The smallest size has no step: 512, 1024 and 2048.
	if cpu == 256 && memory == 1536 {
		fits = false
	}
	if !fits {
		return refuse("ClientException", "No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS "+
			"documentation for the valid values.", cpu, memory)
	}
	return nil
}

// units reads a size like 256, .25 vCPU or 1 GB.
func units(text string, each float64) int {
	lower := strings.ToLower(text)
	for _, unit := range []string{"vcpu", "gb"} {
		if number, is := strings.CutSuffix(lower, unit); is {
			value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil {
				return 0
			}
			return int(value * each)
		}
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return value
}

// normalizeContainers writes container definitions as ECS returns them.
func normalizeContainers(definitions string) string {
	parsed, _ := parseJSON(definitions)
	containers, is := parsed.([]any)
	if !is {
		return definitions
	}
	for _, element := range containers {
		definition, is := element.(map[string]any)
		if !is {
			continue
		}
		for key, value := range definition {
			if value == nil {
				delete(definition, key)
			}
		}
		for _, key := range []string{"environment", "mountPoints", "portMappings", "volumesFrom", "systemControls"} {
			if definition[key] == nil {
				definition[key] = []any{}
			}
		}
		if definition["cpu"] == nil {
			definition["cpu"] = 0
		}
		if definition["essential"] == nil {
			definition["essential"] = true
		}
	}
	return written(containers)
}

// canonicalContainers brings container definitions into one form: sorted by name, with the defaults of ECS filled in
// and what means nothing left out.
func canonicalContainers(v any) any {
	containers, is := v.([]any)
	if !is {
		return v
	}
	for i, element := range containers {
		if definition, is := element.(map[string]any); is {
			containers[i] = canonicalContainer(definition)
		}
	}
	sortByName(containers)
	return containers
}

func canonicalContainer(definition map[string]any) map[string]any {
	if definition["essential"] == nil {
		definition["essential"] = true
	}
	if cpu, is := definition["cpu"].(json.Number); is && cpu.String() == "0" {
		delete(definition, "cpu")
	}
	for _, key := range []string{"environment", "secrets"} {
		if list, is := definition[key].([]any); is {
			sortByName(list)
		}
	}
	mappings, _ := definition["portMappings"].([]any)
	for _, element := range mappings {
		mapping, is := element.(map[string]any)
		if !is {
			continue
		}
		if mapping["protocol"] == nil {
			mapping["protocol"] = "tcp"
		}
		if host, is := mapping["hostPort"].(json.Number); is && (host.String() == "0" || host == mapping["containerPort"]) {
			delete(mapping, "hostPort")
		}
	}
	pruned, _ := prune(definition).(map[string]any)
	return pruned
}

// prune drops nulls and empty lists, objects and texts.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value = prune(value); value == nil {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case string:
		if v == "" {
			return nil
		}
		return v
	default:
		return v
	}
}

func sortByName(list []any) {
	name := func(v any) string {
		object, _ := v.(map[string]any)
		name, _ := object["name"].(string)
		return name
	}
	slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(name(a), name(b)) })
}

// importTaskDefinition takes the ARN of a revision, which findImport tries, or {family}:{revision}.
func importTaskDefinition(c *change, id string) (*world.Thing, error) {
	family, revision, _ := strings.Cut(id, ":")
	return findBy(c, tTaskDefinition, func(d view) bool { return d.str("family") == family && d.str("revision") == revision })
}

// diffService replaces a service whose capacity providers change, unless a new deployment is forced and there were and
// will be some.
func diffService(d *difference) error {
	if !d.changed("capacityProviderStrategies") {
		return nil
	}
	before, after := len(d.olds.list("capacityProviderStrategies")), len(d.news.list("capacityProviderStrategies"))
	d.replace("capacityProviderStrategies", !d.news.bool("forceNewDeployment") || before == 0 || after == 0)
	return nil
}

func createService(c *change) error {
	c.variables["clusterName"] = "default"
	if cluster := c.target("cluster"); cluster != nil {
		c.variables["clusterName"] = cluster.Name
	}
	strategies := c.inputs.list("capacityProviderStrategies")
	if c.inputs.has("launchType") && len(strategies) > 0 {
		return refuse("InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. "+
			"Remove one and try again.")
	}
	if c.inputs.has("healthCheckGracePeriodSeconds") && len(c.inputs.list("loadBalancers")) == 0 {
		return refuse("InvalidParameterException", "Health check grace period is only valid for services configured to use load balancers")
	}
	if err := c.refuseProviders(); err != nil {
		return err
	}
	if err := deployService(c); err != nil {
		return err
	}
	if len(strategies) == 0 {
		c.out("launchType", "EC2")
	} else {
		c.out("launchType", "")
	}
	if onFargate(c.inputs) {
		c.out("platformVersion", "LATEST")
	}
	c.out("desiredCount", 0.0)
	return nil
}

func updateService(c *change) error {
	if err := c.refuseProviders(); err != nil {
		return err
	}
	return deployService(c)
}

// refuseProviders refuses a strategy with capacity providers that the service's cluster does not have.
func (c *change) refuseProviders() error {
	cluster := c.target("cluster")
	strategies := c.inputs.objects("capacityProviderStrategies")
	if cluster == nil || len(strategies) == 0 {
		return nil
	}
	referrers, err := c.tx.Referrers(cluster)
	if err != nil {
		return err
	}
	var associated []string
	for _, r := range referrers {
		if r.Thing.Type == tClusterProviders {
			associated = append(associated, stateOf(r.Thing).strings("capacityProviders")...)
		}
	}
	for _, strategy := range strategies {
		if provider := afterLast(strategy.str("capacityProvider"), "/"); !slices.Contains(associated, provider) {
			return refuse("InvalidParameterException", "The specified capacity provider strategy cannot contain a capacity provider that is not "+
				"associated with the cluster: %s is not of %s", provider, cluster.Name)
		}
	}
	return nil
}

func onFargate(service view) bool {
	if service.str("launchType") == "FARGATE" {
		return true
	}
	return slices.ContainsFunc(service.objects("capacityProviderStrategies"), func(entry view) bool {
		return isFargate(entry.str("capacityProvider"))
	})
}

// deployService refuses what ECS refuses of a deployment, and one that would never become steady if the program waits.
func deployService(c *change) error {
	definition, err := c.taskDefinition()
	if err != nil || definition == nil {
		return err
	}
	state := stateOf(definition)
	if onFargate(c.inputs) && !slices.Contains(state.strings("requiresCompatibilities"), "FARGATE") {
		return refuse("InvalidParameterException", "Task definition does not support launch_type FARGATE.")
	}
	awsvpc := state.str("networkMode") == "awsvpc"
	if awsvpc && len(c.inputs.list("networkConfiguration.subnets")) == 0 {
		return refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	if err := c.refuseForeignGroups("networkConfiguration.subnets", "networkConfiguration.securityGroups"); err != nil {
		return err
	}
	definitions, has := state.at("containerDefinitions")
	if !has {
		return nil
	}
	containers, err := containersOf(document(definitions))
	if err != nil {
		return err
	}
	if err := refuseLoadBalancers(c, containers, awsvpc); err != nil {
		return err
	}
	if c.inputs.bool("waitForSteadyState") && c.inputs.num("desiredCount") > 0 {
		return refuseImages(c, containers)
	}
	return nil
}

// taskDefinition returns the task definition of a service, which names it by ARN, family or family and revision.
func (c *change) taskDefinition() (*world.Thing, error) {
	if definition := c.target("taskDefinition"); definition != nil {
		return definition, nil
	}
	name := c.inputs.str("taskDefinition")
	if name == "" || strings.HasPrefix(name, "arn:") {
		return nil, nil
	}
	family, revision, exact := strings.Cut(name, ":")
	revisions, err := c.tx.ByName(tTaskDefinition, family)
	if err != nil {
		return nil, err
	}
	for _, d := range revisions {
		if d.Region == c.region().Name && (!exact || stateOf(d).str("revision") == revision) {
			c.links = append(c.links, world.Link{Property: "taskDefinition", Target: d})
			return d, nil
		}
	}
	return nil, refuse("ClientException", "Unable to describe task definition %s", name)
}

// refuseForeignGroups refuses security groups of another VPC than the subnets'.
func (c *change) refuseForeignGroups(subnets, groups string) error {
	vpc := ""
	for _, subnet := range c.targets(subnets) {
		vpc = stateOf(subnet).str("vpcId")
	}
	for _, group := range c.targets(groups) {
		if of := stateOf(group).str("vpcId"); vpc != "" && of != vpc {
			return refuse("InvalidParameterException", "The security group '%s' does not exist in VPC '%s': it is in %s", group.ID, vpc, of)
		}
	}
	return nil
}

// refuseLoadBalancers refuses target groups that no listener uses and containers that do not serve the port.
func refuseLoadBalancers(c *change, containers []container, awsvpc bool) error {
	for _, group := range c.targets("loadBalancers.targetGroupArn") {
		balancers, err := c.balancersOf(group)
		if err != nil {
			return err
		}
		if len(balancers) == 0 {
			return refuseRetried("InvalidParameterException", "The target group with targetGroupArn %s does not have an associated "+
				"load balancer.", group.ARN)
		}
		if kind := stateOf(group).str("targetType"); awsvpc && kind != "ip" {
			return refuse("InvalidParameterException", "The provided target group %s has target type %s, which is incompatible with "+
				"the awsvpc network mode specified in the task definition.", group.ARN, kind)
		}
	}
	for _, entry := range c.inputs.objects("loadBalancers") {
		if err := refusePort(containers, entry.str("containerName"), int(entry.num("containerPort"))); err != nil {
			return err
		}
	}
	return nil
}

func refusePort(containers []container, name string, port int) error {
	i := slices.IndexFunc(containers, func(c container) bool { return c.Name == name })
	if i < 0 {
		return refuse("InvalidParameterException", "The container %s does not exist in the task definition.", name)
	}
	for _, mapping := range containers[i].PortMappings {
		if mapping.ContainerPort == port {
			return nil
		}
	}
	return refuse("InvalidParameterException", "The container %s did not have a container port %d defined.", name, port)
}

// refuseImages fails the wait for a steady state when a task's image is not in its repository of this account. What a
// pull-through cache would fetch is taken to be there.
func refuseImages(c *change, containers []container) error {
	registry := fmt.Sprintf("%s.dkr.ecr.%s.%s/", world.Account, c.region().Name, c.region().DNSSuffix())
	for _, definition := range containers {
		if !strings.HasPrefix(definition.Image, registry) {
			continue
		}
		repository, reference := splitImage(definition.Image)
		if cached, err := pulledThrough(c, strings.TrimPrefix(repository, registry)); err != nil {
			return err
		} else if cached {
			continue
		}
		images, err := c.tx.Images(repository)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(images, func(i world.Image) bool { return i.Tag == reference || i.Digest == reference }) {
			return errors.New("waiting for the service to reach a steady state: unexpected state: tasks stopped with " +
				"CannotPullContainerError: failed to resolve ref " + definition.Image + ": not found")
		}
	}
	return nil
}

// splitImage parts an image's name into its repository and its tag or digest.
func splitImage(image string) (repository, reference string) {
	if repository, digest, found := strings.Cut(image, "@"); found {
		if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
			repository = repository[:i]
		}
		return repository, digest
	}
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i], image[i+1:]
	}
	return image, "latest"
}

// importService takes {cluster}/{service}.
func importService(c *change, id string) (*world.Thing, error) {
	return findBy(c, tService, func(s view) bool { return strings.HasSuffix(s.str("id"), ":service/"+id) })
}

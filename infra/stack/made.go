package stack

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/infra/config"
)

const (
	vpcType            = "aws:ec2/vpc:Vpc"
	subnetType         = "aws:ec2/subnet:Subnet"
	tableType          = "aws:dynamodb/table:Table"
	serviceType        = "aws:ecs/service:Service"
	taskDefinitionType = "aws:ecs/taskDefinition:TaskDefinition"
)

// ofTasks finds the service in the name of a task definition, that of the runs before its deployment too.
var ofTasks = regexp.MustCompile(`^(.+?)(?:-before)?-task(?:-[0-9a-f]{8})?$`)

// regionOfArn is the index of the Region among the parts of an ARN.
const regionOfArn = 3

// madeWith returns what a stack was made with, and what its tasks use: what its last complete update recorded, and what
// the resources of an update that failed say since. Tasks of before it may run as well as its own.
func madeWith(before map[string]string, state map[string]resourceState) map[string]string {
	made, zones := maps.Clone(before), map[string]string{}
	for _, urn := range slices.Sorted(maps.Keys(state)) {
		switch r := state[urn]; r.Type {
		case vpcType:
			made["network.cidr"] = r.text("cidrBlock")
			if arn := strings.Split(r.text("arn"), ":"); len(arn) > regionOfArn {
				made["region"] = arn[regionOfArn]
			}
		case subnetType:
			if r.text("ipv6CidrBlock") != "" {
				made["network.ipv6"] = config.On
			}
			name := resource.URN(urn).Name()
			zones[name[strings.LastIndex(name, "-")+1:]] = r.text("availabilityZone")
		case instanceType, clusterType:
			if !r.isReplica() {
				maps.Copy(made, r.database(made[versionKey]))
			}
		case tableType:
			maps.Copy(made, r.table("tables."+strings.TrimSuffix(resource.URN(urn).Name(), "-table")))
		case serviceType:
			if r.isOnInstances() {
				made[instancesKey] = inUse
			}
		case taskDefinitionType:
			if of := ofTasks.FindStringSubmatch(resource.URN(urn).Name()); of != nil {
				r.addUses(made, of[1])
			}
		}
	}
	if count := len(zones); count > len(strings.Fields(made[config.ZonesKey])) {
		var names []string
		for _, number := range slices.Sorted(maps.Keys(zones)) {
			names = append(names, zones[number])
		}
		made[config.ZonesKey], made["network.availabilityZones"] = strings.Join(names, " "), strconv.Itoa(count)
	}
	maps.DeleteFunc(made, func(_, value string) bool { return value == "" }) // nothing is known of it
	return made
}

// database returns what a database was made with. RDS upgrades minor versions by itself: so the version that is
// recorded stands unless another major one is there.
func (r resourceState) database(recorded string) map[string]string {
	args := &data.DatabaseArgs{Kind: data.DatabaseInstance, Engine: data.DatabasePostgres}
	if r.Type == clusterType {
		args.Kind = data.DatabaseMultiAzCluster
	}
	engine := r.text("engine")
	if strings.HasPrefix(engine, "aurora") {
		args.Kind = data.DatabaseAurora
	}
	if strings.HasSuffix(engine, string(data.DatabaseMySQL)) {
		args.Engine = data.DatabaseMySQL
	}
	made := map[string]string{}
	if engine != "" {
		made["database.kind"], made["database.engine"] = string(args.Kind), string(args.Engine)
		made["database.name"] = r.text("dbName") + r.text("databaseName")
	}
	if has := r.text("engineVersion"); has != "" && (recorded == "" || args.Family(has) != args.Family(recorded)) {
		made[versionKey] = has
	}
	return made
}

// table returns what a table was made with, by keys that begin with key.
func (r resourceState) table(key string) map[string]string {
	types := map[string]string{}
	for _, attribute := range r.objects("attributes") {
		name, _ := attribute["name"].(string)
		types[name], _ = attribute["type"].(string)
	}
	describe := func(name string) string { return config.Attribute{Name: name, Type: types[name]}.String() }
	made := map[string]string{key + ".hashKey": describe(r.text("hashKey"))}
	if name := r.text("rangeKey"); name != "" {
		made[key+".rangeKey"] = describe(name)
	}
	for _, index := range r.objects("globalSecondaryIndexes") {
		name, _ := index["name"].(string)
		for _, of := range []string{"hashKey", "rangeKey"} {
			if attribute, _ := index[of].(string); attribute != "" {
				made[key+".indexes."+name+"."+attribute+".type"] = types[attribute]
			}
		}
	}
	if ttl, _ := r.Outputs["ttl"].(map[string]any); ttl["enabled"] == true {
		made[key+".timeToLive"], _ = ttl["attributeName"].(string)
	}
	if len(r.objects("replicas")) > 0 {
		made[key+".replicate"] = config.On
	}
	return made
}

// isOnInstances reports whether a service runs on a capacity provider of the stack's own.
func (r resourceState) isOnInstances() bool {
	return slices.ContainsFunc(r.objects("capacityProviderStrategies"), func(strategy map[string]any) bool {
		name, _ := strategy["capacityProvider"].(string)
		return !strings.HasPrefix(name, "FARGATE")
	})
}

// calledUrl is the variable that tells tasks where a service is, see whereabouts.
var calledUrl = regexp.MustCompile(`^SERVICE_\w+_URL http://([a-z0-9-]+:\d+)$`)

// addUses adds what a service's tasks use by their definition.
func (r resourceState) addUses(made map[string]string, service string) {
	add := func(key, value string) {
		if !slices.Contains(strings.Fields(made[key]), value) {
			made[key] = strings.TrimSpace(made[key] + " " + value)
		}
	}
	for _, c := range r.containers() {
		for _, variable := range c.Environment {
			if variable.Name == portVariable {
				add(dataPortsKey, variable.Value)
			}
			if called := calledUrl.FindStringSubmatch(variable.Name + " " + variable.Value); called != nil {
				add(callsKey+service, called[1])
			}
		}
	}
	mode := r.filesMode()
	if mode.Valid() {
		add(dataPortsKey, strconv.Itoa(data.NfsPort))
	}
	if was := identity.Mode(made[filesKey+service]); !was.Valid() || mode.Writes() && !was.Writes() {
		made[filesKey+service] = string(mode)
	}
}

// container is what is read of a container definition.
type container struct {
	Environment []struct{ Name, Value string }
	MountPoints []struct {
		ReadOnly     bool
		SourceVolume string
	}
}

// containers returns the containers of a task definition.
func (r resourceState) containers() []container {
	var containers []container
	if json.Unmarshal([]byte(r.text("containerDefinitions")), &containers) != nil {
		return nil // tasks without containers use nothing
	}
	return containers
}

// filesMode returns how tasks mount the file system, if they do.
func (r resourceState) filesMode() (mode identity.Mode) {
	for _, volume := range r.objects("volumes") {
		if volume["efsVolumeConfiguration"] == nil {
			continue
		}
		mode = identity.Read
		for _, c := range r.containers() {
			for _, mount := range c.MountPoints {
				if mount.SourceVolume == volume["name"] && !mount.ReadOnly {
					return identity.ReadWrite
				}
			}
		}
	}
	return mode
}

// objects returns an output that is a list of objects.
func (r resourceState) objects(output string) []map[string]any {
	list, _ := r.Outputs[output].([]any)
	var objects []map[string]any
	for _, element := range list {
		if object, is := element.(map[string]any); is {
			objects = append(objects, object)
		}
	}
	return slices.Clip(objects)
}

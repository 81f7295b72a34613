package stack

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/infra/config"
)

const (
	vpcType    = "aws:ec2/vpc:Vpc"
	subnetType = "aws:ec2/subnet:Subnet"
	tableType  = "aws:dynamodb/table:Table"
)

// regionOfArn is the index of the Region among the parts of an ARN.
const regionOfArn = 3

// madeWith returns what a stack was made with: what its last complete update recorded, and what the resources of an
// update that failed say since.
func madeWith(before map[string]string, state map[string]resourceState) map[string]string {
	made := maps.Clone(before)
	for urn, r := range state {
		switch r.Type {
		case vpcType:
			made["network.cidr"] = r.text("cidrBlock")
			if arn := strings.Split(r.text("arn"), ":"); len(arn) > regionOfArn {
				made["region"] = arn[regionOfArn]
			}
		case subnetType:
			if r.text("ipv6CidrBlock") != "" {
				made["network.ipv6"] = config.On
			}
		case instanceType, clusterType:
			if !r.isReplica() {
				maps.Copy(made, r.database(made[versionKey]))
			}
		case tableType:
			maps.Copy(made, r.table("tables."+strings.TrimSuffix(resource.URN(urn).Name(), "-table")))
		}
	}
	maps.DeleteFunc(made, func(_, value string) bool { return value == "" }) // nothing is known of it
	return made
}

// database returns what a database was made with. RDS upgrades minor versions by itself: so the version that is recorded
// stands unless another major one is there.
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

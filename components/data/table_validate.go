package data

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Limits of DynamoDB, from "Quotas in Amazon DynamoDB" and its API reference.
const (
	maxIndexes       = 20
	maxLocalIndexes  = 5
	maxProjected     = 100 // attributes, of all indexes together
	maxAttributeName = 255 // bytes
	maxRecoveryDays  = 35
)

// replicatedStream is what the stream of a table shows by default, and that of one with replicas always.
const replicatedStream = "NEW_AND_OLD_IMAGES"

var (
	attributeTypes = []string{"S", "N", "B"}
	streamViews    = []string{"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", replicatedStream}
	tableClasses   = []string{"STANDARD", "STANDARD_INFREQUENT_ACCESS"}
)

// keyAttribute is where an attribute is part of a key.
type keyAttribute struct {
	at string
	Attribute
}

// keys lists all that are part of one.
func (args *TableArgs) keys() []keyAttribute {
	keys := []keyAttribute{{"HashKey", args.HashKey}}
	add := func(at string, attribute *Attribute) {
		if attribute != nil {
			keys = append(keys, keyAttribute{at, *attribute})
		}
	}
	add("RangeKey", args.RangeKey)
	for i, index := range args.Indexes {
		add(fmt.Sprintf("Indexes[%d].HashKey", i), &index.HashKey)
		add(fmt.Sprintf("Indexes[%d].RangeKey", i), index.RangeKey)
	}
	for i, index := range args.LocalIndexes {
		add(fmt.Sprintf("LocalIndexes[%d].RangeKey", i), &index.RangeKey)
	}
	return keys
}

// attributeDefinitions returns the types of the key attributes, each once and by name; DynamoDB knows of no others.
func (args *TableArgs) attributeDefinitions() dynamodb.TableAttributeArray {
	types := map[string]string{}
	for _, key := range args.keys() {
		types[key.Name] = key.Type
	}
	var definitions dynamodb.TableAttributeArray
	for _, name := range slices.Sorted(maps.Keys(types)) {
		definitions = append(
			definitions,
			dynamodb.TableAttributeArgs{Name: pulumi.String(name), Type: pulumi.String(types[name])},
		)
	}
	return definitions
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args *TableArgs) Problems() []problem.Problem {
	return problem.All(args.withDefaults().validate())
}

// validate expects the defaults to be set.
func (args *TableArgs) validate() error {
	p := &problems{}
	p.add(args.Location.Validate())
	p.addIf(!grammar.TableName.Match(args.Name), "Name", "%q; use 3 to 255 letters, digits, . _ -", args.Name)
	args.validateKeys(p)
	args.validateIndexes(p)
	args.validateReplicas(p)
	p.addIf(
		args.Stream != "" && !slices.Contains(streamViews, args.Stream),
		"Stream",
		"%q; use one of %v, or leave it empty",
		args.Stream,
		streamViews,
	)
	p.addIf(!slices.Contains(tableClasses, args.Class), "Class", "%q; use one of %v", args.Class, tableClasses)
	p.addIf(
		args.RecoveryDays < 1 || args.RecoveryDays > maxRecoveryDays,
		"RecoveryDays",
		"%d; use 1 to %d",
		args.RecoveryDays,
		maxRecoveryDays,
	)
	p.addIf(
		len(args.TimeToLive) > maxAttributeName,
		"TimeToLive",
		"%q; use up to %d characters",
		args.TimeToLive,
		maxAttributeName,
	)
	p.addIf(
		args.TimeToLiveOff && args.TimeToLive == "",
		"TimeToLiveOff",
		"it is true; name the attribute in TimeToLive too",
	)
	if args.Capacity != nil {
		args.Capacity.validate(p, "Capacity")
	}
	return p.join()
}

func (args *TableArgs) validateKeys(p *problems) {
	types := map[string]string{}
	for _, key := range args.keys() {
		p.addIf(
			key.Name == "" || len(key.Name) > maxAttributeName,
			key.at+".Name",
			"%q; use 1 to %d characters",
			key.Name,
			maxAttributeName,
		)
		p.addIf(
			!slices.Contains(attributeTypes, key.Type),
			key.at+".Type",
			"%q; use S (text), N (number) or B (bytes)",
			key.Type,
		)
		known, twice := types[key.Name]
		p.addIf(
			twice && known != key.Type,
			key.at+".Type",
			"%q, but attribute %q is of type %q elsewhere; an attribute has one type",
			key.Type,
			key.Name,
			known,
		)
		types[key.Name] = key.Type
	}
	kind, isKey := types[args.TimeToLive]
	p.addIf(
		isKey && kind != "N",
		"TimeToLive",
		"%q is a key of type %q; times are numbers: use another attribute",
		args.TimeToLive,
		kind,
	)
	p.addIf(
		args.RangeKey != nil && args.RangeKey.Name == args.HashKey.Name,
		"RangeKey.Name",
		"%q is the hash key too; use another attribute",
		args.HashKey.Name,
	)
}

func (args *TableArgs) validateIndexes(p *problems) {
	p.addIf(len(args.Indexes) > maxIndexes, "Indexes", "%d of them; DynamoDB allows %d", len(args.Indexes), maxIndexes)
	p.addIf(
		len(args.LocalIndexes) > maxLocalIndexes,
		"LocalIndexes",
		"%d of them; DynamoDB allows %d",
		len(args.LocalIndexes),
		maxLocalIndexes,
	)
	p.addIf(
		len(args.LocalIndexes) > 0 && args.RangeKey == nil,
		"LocalIndexes",
		"the table has no RangeKey and so no order to have another of; use Indexes",
	)
	names, projected := map[string]bool{}, 0
	check := func(at, name string, projection Projection) {
		p.addIf(!grammar.TableName.Match(name), at+".Name", "%q; use 3 to 255 letters, digits, . _ -", name)
		p.addIf(names[name], at+".Name", "%q is used twice; give each index its own", name)
		names[name] = true
		p.addIf(
			projection.KeysOnly && len(projection.Attributes) > 0,
			at+".Projection",
			"KeysOnly is true and there are Attributes %q; use one of them",
			projection.Attributes,
		)
		projected += len(projection.Attributes)
	}
	for i, index := range args.Indexes {
		at := fmt.Sprintf("Indexes[%d]", i)
		check(at, index.Name, index.Projection)
		p.addIf(
			index.RangeKey != nil && index.RangeKey.Name == index.HashKey.Name,
			at+".RangeKey.Name",
			"%q is the hash key too; use another attribute",
			index.HashKey.Name,
		)
		p.addIf(
			index.Capacity != nil && args.Capacity == nil,
			at+".Capacity",
			"it is given, and the table is paid by request; give the table a Capacity too, or neither",
		)
		if index.Capacity != nil {
			index.Capacity.withDefaults().validate(p, at+".Capacity")
		}
	}
	for i, index := range args.LocalIndexes {
		check(fmt.Sprintf("LocalIndexes[%d]", i), index.Name, index.Projection)
	}
	p.addIf(
		projected > maxProjected,
		"Indexes",
		"they have %d attributes by name; DynamoDB allows %d in all: project everything instead",
		projected,
		maxProjected,
	)
}

func (args *TableArgs) validateReplicas(p *problems) {
	p.addIf(
		len(args.Replicas) > 0 && args.Capacity != nil,
		"Replicas",
		"they need a table that is paid by request, as DynamoDB makes them before its write capacity scales; leave "+
			"Capacity out",
	)
	p.addIf(
		len(args.Replicas) > 0 && args.Stream != replicatedStream,
		"Stream",
		"%q; with Replicas use %s, by which DynamoDB replicates",
		args.Stream,
		replicatedStream,
	)
	seen := map[string]bool{args.Location.Region: true}
	for i, replica := range args.Replicas {
		at := fmt.Sprintf("Replicas[%d]", i)
		p.addIf(
			seen[replica.Region],
			at+".Region",
			"%q has the table or a replica already; use another region",
			replica.Region,
		)
		seen[replica.Region] = true
		p.addIf(
			!grammar.Region.Match(replica.Region),
			at+".Region",
			"%q is not an AWS region; use a name such as eu-west-1",
			replica.Region,
		)
		p.addIf(
			(replica.KmsKeyArn == nil) != (args.KmsKeyArn == nil),
			at+".KmsKeyArn",
			"give a key to the table and to each replica, or to none of them",
		)
	}
}

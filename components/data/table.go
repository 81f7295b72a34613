package data

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Attribute is a key attribute of a table or an index.
type Attribute struct {
	Name string
	// Type is S (text), N (number) or B (bytes).
	Type string
}

// Index is a global secondary index. It has all attributes of the table.
type Index struct {
	Name    string
	HashKey Attribute
	// RangeKey is nil for an index without one.
	RangeKey *Attribute
}

// TableArgs describe a DynamoDB table, which is paid by request and has no capacity to plan.
type TableArgs struct {
	// Name in AWS, 3 to 255 letters, digits, . _ -. Changing it, or a key, replaces the table and loses its items.
	Name    string
	HashKey Attribute
	// RangeKey is nil for a table without one.
	RangeKey *Attribute
	// Indexes are at most 20 (DynamoDB's default quota).
	Indexes []Index
	// TimeToLive is the attribute that says, in seconds since 1970, when an item goes. Empty means items stay.
	TimeToLive string
	// Stream is KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES. Empty means no stream, but a table with replicas
	// has one in any case.
	Stream string
	// Replicas are the keys, by region, of the table's copies in other regions.
	Replicas map[string]pulumi.StringInput
	// KmsKeyArn encrypts the table.
	KmsKeyArn pulumi.StringInput
	// DeletionProtection refuses to delete the table.
	DeletionProtection bool
	Tags               map[string]string
}

// Table is a DynamoDB table that can be restored to any second of the last 35 days. Its type token is awslab:data:Table.
type Table struct {
	pulumi.ResourceState

	Arn       pulumi.StringOutput `pulumi:"arn"`
	StreamArn pulumi.StringOutput `pulumi:"streamArn"` // empty without a stream
	// Name is the one given, known in preview.
	Name string
}

const (
	maxIndexes = 20
	// recoveryDays is the longest that DynamoDB offers (API reference, PointInTimeRecoverySpecification).
	recoveryDays = 35
)

var (
	tableName      = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	attributeTypes = []string{"S", "N", "B"}
	streamViews    = []string{"", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"}
)

// attributes are the types of the key attributes, each once; a table declares no others.
func (args *TableArgs) attributes() (map[string]string, error) {
	types := map[string]string{}
	var problems []error
	add := func(at string, a *Attribute) {
		if a == nil {
			return
		}
		if a.Name == "" || len(a.Name) > 255 {
			problems = append(problems, fmt.Errorf("%s.Name: %q; use 1 to 255 characters", at, a.Name))
		}
		if !slices.Contains(attributeTypes, a.Type) {
			problems = append(problems, fmt.Errorf("%s.Type: %q; use one of %v", at, a.Type, attributeTypes))
		}
		if known, twice := types[a.Name]; twice && known != a.Type {
			problems = append(problems, fmt.Errorf("%s.Type: %q, but %q is of type %q elsewhere", at, a.Type, a.Name, known))
		}
		types[a.Name] = a.Type
	}
	add("HashKey", &args.HashKey)
	add("RangeKey", args.RangeKey)
	for i, index := range args.Indexes {
		add(fmt.Sprintf("Indexes[%d].HashKey", i), &index.HashKey)
		add(fmt.Sprintf("Indexes[%d].RangeKey", i), index.RangeKey)
	}
	return types, errors.Join(problems...)
}

func (args *TableArgs) validate() (map[string]string, error) {
	types, err := args.attributes()
	problems := []error{err}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!tableName.MatchString(args.Name), "Name: %q; use 3 to 255 letters, digits, . _ -", args.Name)
	add(args.KmsKeyArn == nil, "KmsKeyArn: missing")
	add(!slices.Contains(streamViews, args.Stream), "Stream: %q; use one of %v, or nothing", args.Stream, streamViews[1:])
	add(len(args.Indexes) > maxIndexes, "Indexes: %d; DynamoDB allows %d", len(args.Indexes), maxIndexes)
	names := map[string]bool{}
	for i, index := range args.Indexes {
		add(!tableName.MatchString(index.Name), "Indexes[%d].Name: %q; use 3 to 255 letters, digits, . _ -", i, index.Name)
		add(names[index.Name], "Indexes[%d].Name: %q is used twice", i, index.Name)
		names[index.Name] = true
	}
	for _, region := range slices.Sorted(maps.Keys(args.Replicas)) {
		add(args.Replicas[region] == nil, "Replicas[%q]: missing; name the key that encrypts the replica", region)
	}
	return types, errors.Join(problems...)
}

// NewTable makes a table.
func NewTable(ctx *pulumi.Context, name string, args *TableArgs, opts ...pulumi.ResourceOption) (*Table, error) {
	if args == nil {
		args = &TableArgs{}
	}
	types, err := args.validate()
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	component := &Table{Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:data:Table", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering table %q: %w", name, err)
	}
	table, err := dynamodb.NewTable(ctx, name+"-table", args.table(types), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating table %q: %w", name, err)
	}
	component.Arn, component.StreamArn = table.Arn, table.StreamArn
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"arn": component.Arn, "streamArn": component.StreamArn}); err != nil {
		return nil, fmt.Errorf("registering outputs of table %q: %w", name, err)
	}
	return component, nil
}

func (args *TableArgs) table(types map[string]string) *dynamodb.TableArgs {
	table := &dynamodb.TableArgs{
		Name: pulumi.String(args.Name), BillingMode: pulumi.String("PAY_PER_REQUEST"), HashKey: pulumi.String(args.HashKey.Name),
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: args.KmsKeyArn.ToStringOutput().ToStringPtrOutput()},
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(true), RecoveryPeriodInDays: pulumi.Int(recoveryDays)},
		DeletionProtectionEnabled: pulumi.Bool(args.DeletionProtection),
		Tags:                      pulumi.ToStringMap(args.Tags),
	}
	var attributes dynamodb.TableAttributeArray
	for _, attribute := range slices.Sorted(maps.Keys(types)) {
		attributes = append(attributes, dynamodb.TableAttributeArgs{Name: pulumi.String(attribute), Type: pulumi.String(types[attribute])})
	}
	table.Attributes = attributes
	if args.RangeKey != nil {
		table.RangeKey = pulumi.String(args.RangeKey.Name)
	}
	var indexes dynamodb.TableGlobalSecondaryIndexArray
	for _, index := range args.Indexes {
		one := dynamodb.TableGlobalSecondaryIndexArgs{Name: pulumi.String(index.Name), HashKey: pulumi.String(index.HashKey.Name), ProjectionType: pulumi.String("ALL")}
		if index.RangeKey != nil {
			one.RangeKey = pulumi.String(index.RangeKey.Name)
		}
		indexes = append(indexes, one)
	}
	table.GlobalSecondaryIndexes = indexes
	if args.TimeToLive != "" {
		table.Ttl = dynamodb.TableTtlArgs{AttributeName: pulumi.String(args.TimeToLive), Enabled: pulumi.Bool(true)}
	}
	stream := args.Stream
	if stream == "" && len(args.Replicas) > 0 {
		stream = "NEW_AND_OLD_IMAGES" // by which DynamoDB replicates
	}
	if stream != "" {
		table.StreamEnabled, table.StreamViewType = pulumi.Bool(true), pulumi.String(stream)
	}
	var replicas dynamodb.TableReplicaTypeArray
	for _, region := range slices.Sorted(maps.Keys(args.Replicas)) {
		replicas = append(replicas, dynamodb.TableReplicaTypeArgs{
			RegionName: pulumi.String(region), KmsKeyArn: args.Replicas[region].ToStringOutput().ToStringPtrOutput(),
			PointInTimeRecovery: pulumi.Bool(true), PropagateTags: pulumi.Bool(true),
		})
	}
	table.Replicas = replicas
	return table
}

package data

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// TableArgs describe a DynamoDB table. What has a default may be left out.
type TableArgs struct {
	Location identity.Location
	// Name in AWS, 3 to 255 letters, digits, . _ -. Changing it replaces the table.
	Name string
	// HashKey is the primary key, or its first part. Changing it replaces the table.
	HashKey Attribute
	// RangeKey is the second part of the primary key, by which items of one hash key are in order. Nil means that there
	// is none. Changing it replaces the table.
	RangeKey *Attribute
	// Indexes are global secondary indexes, at most 20. A changed one is deleted and created again, without a table
	// being replaced.
	Indexes []Index
	// LocalIndexes are other orders of the items of one hash key, at most 5. Changing them replaces the table.
	LocalIndexes []LocalIndex

	// TimeToLive is the attribute that says, in seconds since 1970, when an item goes. Empty means that items stay, but
	// taking it away from a table leaves it in force: DynamoDB requires the attribute's name to turn it off, and so
	// does TimeToLiveOff.
	TimeToLive string
	// TimeToLiveOff turns off a TimeToLive that was in force.
	TimeToLiveOff bool
	// Stream is what the table's stream of changes shows: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES. Empty
	// means the last of these, by which DynamoDB replicates. A stream costs nothing until it is read.
	Stream string
	// RecoveryDays is for how long the table can be restored to any second, 1 to 35. Default: 35.
	RecoveryDays int
	// NoPointInTimeRecovery saves its cost, which is by the size of the table.
	NoPointInTimeRecovery bool
	// KmsKeyArn encrypts the table, its indexes, stream and backups. Nil means the AWS managed key of DynamoDB.
	KmsKeyArn pulumi.StringInput
	// Capacity is provisioned and scales by itself. Nil means that the table is paid by request. A refresh shows to
	// what size the indexes were scaled, and the update after it takes them back to their Min until auto scaling acts
	// again; the table's own capacity is left alone.
	Capacity *Capacity
	// Class is STANDARD (the default) or STANDARD_INFREQUENT_ACCESS, which costs less to keep and more to use.
	Class string
	// Replicas are copies in other regions that can be written to; together they are a global table, whose last write
	// wins.
	Replicas []Replica
	// DeletionProtection refuses to delete the table, and so also what replaces it.
	DeletionProtection bool
	Tags               map[string]string
}

// Attribute is a key attribute of a table or an index.
type Attribute struct {
	Name string // 1 to 255 characters
	Type string // S (text), N (number) or B (bytes)
}

// Index is a global secondary index.
type Index struct {
	Name       string // 3 to 255 letters, digits, . _ -
	HashKey    Attribute
	RangeKey   *Attribute // may be nil
	Projection Projection
	Capacity   *Capacity // nil means that of the table
}

// LocalIndex is a local secondary index. Its hash key is the table's.
type LocalIndex struct {
	Name       string // 3 to 255 letters, digits, . _ -
	RangeKey   Attribute
	Projection Projection
}

// Projection is what an index has of an item besides the keys. The zero value is everything.
type Projection struct {
	KeysOnly   bool     // nothing
	Attributes []string // these attributes
}

func (p Projection) projectionType() string {
	switch {
	case p.KeysOnly:
		return "KEYS_ONLY"
	case len(p.Attributes) > 0:
		return "INCLUDE"
	}
	return "ALL"
}

// nonKeyAttributes is nil where DynamoDB requires none.
func (p Projection) nonKeyAttributes() pulumi.StringArrayInput {
	if len(p.Attributes) == 0 {
		return nil
	}
	return pulumi.ToStringArray(p.Attributes)
}

// Replica is a copy of a table in another region.
type Replica struct {
	Region string
	// KmsKeyArn is a key of that region. It is needed when the table has one, and nil otherwise. Changing it makes the
	// replica anew.
	KmsKeyArn pulumi.StringInput
}

// Table is a DynamoDB table. Its type token is awslab:data:Table.
type Table struct {
	pulumi.ResourceState

	Arn       pulumi.StringOutput `pulumi:"arn"`
	StreamArn pulumi.StringOutput `pulumi:"streamArn"`
	// TableName is Name, known once the table is there.
	TableName pulumi.StringOutput `pulumi:"tableName"`

	// Name is the one given, known in preview.
	Name string

	args *TableArgs // with defaults
}

// NewTable creates a table.
func NewTable(ctx *pulumi.Context, name string, args *TableArgs, opts ...pulumi.ResourceOption) (*Table, error) {
	if args == nil {
		args = &TableArgs{}
	}
	args = args.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	component := &Table{Name: args.Name, args: args}
	if err := ctx.RegisterComponentResource("awslab:data:Table", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering table %q: %w", name, err)
	}
	childOpts := []pulumi.ResourceOption{pulumi.Parent(component)}
	if args.Capacity != nil {
		// From the first minute on they are what auto scaling made of them.
		childOpts = append(childOpts, pulumi.IgnoreChanges([]string{"readCapacity", "writeCapacity"}))
	}
	table, err := dynamodb.NewTable(ctx, name+"-table", args.table(), childOpts...)
	if err != nil {
		return nil, fmt.Errorf("creating table %q: %w", args.Name, err)
	}
	component.Arn, component.StreamArn, component.TableName = table.Arn, table.StreamArn, table.Name
	if err := component.newScaling(ctx, name); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"arn": component.Arn, "streamArn": component.StreamArn, "tableName": component.TableName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of table %q: %w", name, err)
	}
	return component, nil
}

func (args *TableArgs) withDefaults() *TableArgs {
	full := *args
	full.RecoveryDays = cmp.Or(full.RecoveryDays, maxRecoveryDays)
	full.Class = cmp.Or(full.Class, tableClasses[0])
	// There always is one: it cannot be turned off together with the replicas that need it.
	full.Stream = cmp.Or(full.Stream, replicatedStream)
	if full.Capacity != nil {
		full.Capacity = full.Capacity.withDefaults()
	}
	return &full
}

func (args *TableArgs) table() *dynamodb.TableArgs {
	table := &dynamodb.TableArgs{
		Name:                   pulumi.String(args.Name),
		BillingMode:            pulumi.String("PAY_PER_REQUEST"),
		HashKey:                pulumi.String(args.HashKey.Name),
		Attributes:             args.attributeDefinitions(),
		GlobalSecondaryIndexes: args.globalIndexes(),
		LocalSecondaryIndexes:  args.localIndexes(),
		ServerSideEncryption: dynamodb.TableServerSideEncryptionArgs{
			Enabled:   pulumi.Bool(true),
			KmsKeyArn: optionalInput(args.KmsKeyArn),
		},
		StreamEnabled:             pulumi.Bool(true),
		StreamViewType:            pulumi.String(args.Stream),
		PointInTimeRecovery:       args.pointInTimeRecovery(),
		DeletionProtectionEnabled: pulumi.Bool(args.DeletionProtection),
		TableClass:                pulumi.String(args.Class),
		Replicas:                  args.replicas(),
		Tags:                      pulumi.ToStringMap(args.Tags),
	}
	if args.Capacity != nil {
		table.BillingMode = pulumi.String("PROVISIONED")
		table.ReadCapacity = pulumi.Int(args.Capacity.Read.Min)
		table.WriteCapacity = pulumi.Int(args.Capacity.Write.Min)
	}
	if args.RangeKey != nil {
		table.RangeKey = pulumi.String(args.RangeKey.Name)
	}
	if args.TimeToLive != "" {
		table.Ttl = dynamodb.TableTtlArgs{
			AttributeName: pulumi.String(args.TimeToLive),
			Enabled:       pulumi.Bool(!args.TimeToLiveOff),
		}
	}
	return table
}

func (args *TableArgs) pointInTimeRecovery() dynamodb.TablePointInTimeRecoveryArgs {
	if args.NoPointInTimeRecovery {
		return dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(false)}
	}
	return dynamodb.TablePointInTimeRecoveryArgs{
		Enabled:              pulumi.Bool(true),
		RecoveryPeriodInDays: pulumi.Int(args.RecoveryDays),
	}
}

func (args *TableArgs) globalIndexes() dynamodb.TableGlobalSecondaryIndexArray {
	var indexes dynamodb.TableGlobalSecondaryIndexArray
	for _, index := range args.Indexes {
		made := dynamodb.TableGlobalSecondaryIndexArgs{
			Name:             pulumi.String(index.Name),
			HashKey:          pulumi.String(index.HashKey.Name),
			ProjectionType:   pulumi.String(index.Projection.projectionType()),
			NonKeyAttributes: index.Projection.nonKeyAttributes(),
		}
		if index.RangeKey != nil {
			made.RangeKey = pulumi.String(index.RangeKey.Name)
		}
		if capacity := args.capacityOf(index); capacity != nil {
			made.ReadCapacity, made.WriteCapacity = pulumi.Int(capacity.Read.Min), pulumi.Int(capacity.Write.Min)
		}
		indexes = append(indexes, made)
	}
	return indexes
}

func (args *TableArgs) localIndexes() dynamodb.TableLocalSecondaryIndexArray {
	var indexes dynamodb.TableLocalSecondaryIndexArray
	for _, index := range args.LocalIndexes {
		indexes = append(indexes, dynamodb.TableLocalSecondaryIndexArgs{
			Name:             pulumi.String(index.Name),
			RangeKey:         pulumi.String(index.RangeKey.Name),
			ProjectionType:   pulumi.String(index.Projection.projectionType()),
			NonKeyAttributes: index.Projection.nonKeyAttributes(),
		})
	}
	return indexes
}

func (args *TableArgs) replicas() dynamodb.TableReplicaTypeArray {
	var replicas dynamodb.TableReplicaTypeArray
	for _, replica := range args.Replicas {
		replicas = append(replicas, dynamodb.TableReplicaTypeArgs{
			RegionName:          pulumi.String(replica.Region),
			KmsKeyArn:           optionalInput(replica.KmsKeyArn),
			PointInTimeRecovery: pulumi.Bool(!args.NoPointInTimeRecovery),
			PropagateTags:       pulumi.Bool(true),
		})
	}
	return replicas
}

package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DynamoDB is what the check of tables asks.
type DynamoDB interface {
	DescribeTable(
		context.Context,
		*dynamodb.DescribeTableInput,
		...func(*dynamodb.Options),
	) (*dynamodb.DescribeTableOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

type tables struct{ client DynamoDB }

func (t tables) check(ctx context.Context, restored Restored) (Finding, error) {
	table, err := name(restored.Resource, "table")
	if err != nil {
		return Finding{}, err
	}
	found, err := t.describe(ctx, table)
	if err != nil {
		return Finding{}, err
	}
	if found == nil {
		return gone("the table"), nil
	}
	var f Finding
	f.checkStatus(string(found.TableStatus), []string{string(types.TableStatusActive)}, func(status string) bool {
		return status != string(types.TableStatusCreating) && status != string(types.TableStatusUpdating)
	})
	f.require(len(found.KeySchema) > 0, "it has no key schema")
	f.fact("key %s", keys(found))
	if f.Pending != "" || len(f.Problems) > 0 {
		return f, nil
	}
	return f, t.compare(ctx, restored, table, found, &f)
}

// compare looks for an item, and at the source.
func (t tables) compare(
	ctx context.Context,
	restored Restored,
	table string,
	found *types.TableDescription,
	f *Finding,
) error {
	source, err := t.source(ctx, restored)
	if err != nil {
		return err
	}
	if source != nil {
		f.require(keys(found) == keys(source), "its key is %s, the source's is %s", keys(found), keys(source))
	}
	empty, err := t.isEmpty(ctx, table)
	if err != nil {
		return err
	}
	switch {
	case !empty:
		f.fact("has items")
	case source != nil && aws.ToInt64(source.ItemCount) == 0:
		f.fact("empty, as is the source")
	default:
		f.require(false, "it has no item")
	}
	return nil
}

// describe returns nil if there is no such table.
func (t tables) describe(ctx context.Context, table string) (*types.TableDescription, error) {
	answer, err := t.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if missing := new(types.ResourceNotFoundException); errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing table %s: %w", table, err)
	}
	return answer.Table, nil
}

// source returns nil if the source is gone or elsewhere.
func (t tables) source(ctx context.Context, restored Restored) (*types.TableDescription, error) {
	if !restored.sourceIsNear() {
		return nil, nil
	}
	table, err := name(restored.Source, "table")
	if err != nil {
		return nil, err
	}
	return t.describe(ctx, table)
}

// isEmpty asks for one item, as DynamoDB counts a table's items only every six hours or so. It has it counted rather
// than sent.
func (t tables) isEmpty(ctx context.Context, table string) (bool, error) {
	answer, err := t.client.Scan(
		ctx,
		&dynamodb.ScanInput{
			TableName:      &table,
			Limit:          aws.Int32(1),
			Select:         types.SelectCount,
			ConsistentRead: aws.Bool(true),
		},
	)
	if err != nil {
		return false, fmt.Errorf("looking for an item of table %s: %w", table, err)
	}
	return answer.Count == 0 && len(answer.LastEvaluatedKey) == 0, nil
}

// keys writes a key schema such as id HASH, at RANGE.
func keys(table *types.TableDescription) string {
	var texts []string
	for _, key := range table.KeySchema {
		texts = append(texts, aws.ToString(key.AttributeName)+" "+string(key.KeyType))
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

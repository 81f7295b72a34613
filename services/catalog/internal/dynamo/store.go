// Package dynamo keeps items in a DynamoDB table whose partition key is id, a string.
package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
	"github.com/awslab/awslab/services/catalog/internal/item"
)

// Store is an item.Store in a DynamoDB table. Its reads are strongly consistent, so that all instances of a service see
// what one of them has acknowledged.
type Store struct {
	client *dynamodb.Client
	table  string
}

// New returns a store in the table with the name. It sends no request.
func New(client *dynamodb.Client, table string) *Store { return &Store{client: client, table: table} }

// record is an item as the table has it.
type record struct {
	ID          string    `dynamodbav:"id"`
	Version     int64     `dynamodbav:"version"`
	Name        string    `dynamodbav:"name"`
	Description string    `dynamodbav:"description"`
	PriceCents  int64     `dynamodbav:"priceCents"`
	CreatedAt   time.Time `dynamodbav:"createdAt"` // as RFC 3339, with nanoseconds
	// Write is the random text of the write that made this version. With it, a write that the SDK repeats because its
	// answer was lost finds out that it is the one that succeeded.
	Write string `dynamodbav:"write"`
}

func newRecord(i item.Item, write string) record {
	return record{
		ID:          i.ID,
		Version:     i.Version,
		Name:        i.Name,
		Description: i.Description,
		PriceCents:  i.PriceCents,
		CreatedAt:   i.CreatedAt,
		Write:       write,
	}
}

func (r record) item() item.Item {
	return item.Item{
		ID:          r.ID,
		Version:     r.Version,
		Name:        r.Name,
		Description: r.Description,
		PriceCents:  r.PriceCents,
		CreatedAt:   r.CreatedAt,
	}
}

func (s *Store) Create(ctx context.Context, draft item.Draft) (item.Item, error) {
	created, write := item.New(draft, time.Now()), rand.Text()
	attributes, err := attributevalue.MarshalMap(newRecord(created, write))
	if err != nil {
		return item.Item{}, fmt.Errorf("encoding an item: %w", err)
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &s.table,
		Item:                                attributes,
		ConditionExpression:                 aws.String("attribute_not_exists(id)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if existing := new(types.ConditionalCheckFailedException); errors.As(err, &existing) {
		found, err := decode(existing.Item)
		if err != nil {
			return item.Item{}, err
		}
		if found.Write != write {
			return item.Item{}, fmt.Errorf("creating an item: the random id %s is taken", created.ID)
		}
		return created, nil
	}
	if err != nil {
		return item.Item{}, s.wrap("creating an item", err)
	}
	return created, nil
}

func (s *Store) Get(ctx context.Context, id string) (item.Item, error) {
	answer, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            key(id),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return item.Item{}, s.wrap("reading item "+id, err)
	}
	if len(answer.Item) == 0 {
		return item.Item{}, fmt.Errorf("reading item %s: %w", id, item.ErrNotFound)
	}
	found, err := decode(answer.Item)
	return found.item(), err
}

func (s *Store) Update(ctx context.Context, id string, version int64, draft item.Draft) (item.Item, error) {
	write := rand.Text()
	answer, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table,
		Key:       key(id),
		UpdateExpression: aws.String("SET #name = :name, #description = :description, #priceCents = :priceCents, " +
			"#version = :next, #write = :write"),
		ConditionExpression: aws.String("#version = :version"),
		// Expressions use no attribute name directly: name is a reserved word, and others may become one.
		ExpressionAttributeNames: map[string]string{
			"#name":        "name",
			"#description": "description",
			"#priceCents":  "priceCents",
			"#version":     "version",
			"#write":       "write",
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":name":        &types.AttributeValueMemberS{Value: draft.Name},
			":description": &types.AttributeValueMemberS{Value: draft.Description},
			":priceCents":  number(*draft.PriceCents),
			":next":        number(version + 1),
			":write":       &types.AttributeValueMemberS{Value: write},
			":version":     number(version),
		},
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	attempted := "updating item " + id
	if refused := new(types.ConditionalCheckFailedException); errors.As(err, &refused) {
		found, err := other(refused, version)
		if found.Write == write {
			return found.item(), nil
		}
		return item.Item{}, fmt.Errorf("%s: %w", attempted, err)
	}
	if err != nil {
		return item.Item{}, s.wrap(attempted, err)
	}
	updated, err := decode(answer.Attributes)
	return updated.item(), err
}

// Delete returns item.ErrNotFound also if the SDK repeated a deletion that succeeded, but whose answer was lost.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                           &s.table,
		Key:                                 key(id),
		ConditionExpression:                 aws.String("#version = :version"),
		ExpressionAttributeNames:            map[string]string{"#version": "version"},
		ExpressionAttributeValues:           map[string]types.AttributeValue{":version": number(version)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if refused := new(types.ConditionalCheckFailedException); errors.As(err, &refused) {
		_, err := other(refused, version)
		return fmt.Errorf("deleting item %s: %w", id, err)
	}
	return s.wrap("deleting item "+id, err)
}

// List reads one item more than a page has, and so knows whether another page follows. DynamoDB may return fewer items
// than it was asked for, or none, although there are more.
func (s *Store) List(ctx context.Context, limit int, cursor string) (item.Page, error) {
	if cursor != "" && !item.ValidID(cursor) {
		return item.Page{}, fmt.Errorf("listing items after %q: %w", cursor, item.ErrCursor)
	}
	var start map[string]types.AttributeValue
	if cursor != "" {
		start = key(cursor)
	}
	items := []item.Item{}
	for {
		answer, err := s.client.Scan(ctx, &dynamodb.ScanInput{
			TableName:         &s.table,
			Limit:             aws.Int32(int32(limit + 1 - len(items))), //nolint:gosec // pages are small
			ExclusiveStartKey: start,
			ConsistentRead:    aws.Bool(true),
		})
		if err != nil {
			return item.Page{}, s.wrap("listing items", err)
		}
		for _, attributes := range answer.Items {
			found, err := decode(attributes)
			if err != nil {
				return item.Page{}, err
			}
			items = append(items, found.item())
		}
		start = answer.LastEvaluatedKey
		if len(start) == 0 || len(items) > limit {
			return item.NewPage(items, limit), nil
		}
	}
}

// Ping reads an item that cannot exist, with the consistency and the permission that reading items needs.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            key("ping"),
		ConsistentRead: aws.Bool(true),
	})
	return s.wrap("reading from table "+s.table, err)
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func decode(attributes map[string]types.AttributeValue) (record, error) {
	var r record
	if err := attributevalue.UnmarshalMap(attributes, &r); err != nil {
		return record{}, fmt.Errorf("decoding an item: %w", err)
	}
	return r, nil
}

// other returns the item that did not have the version which a write asked for, and always an error: item.ErrNotFound
// if there is no such item.
func other(refused *types.ConditionalCheckFailedException, version int64) (record, error) {
	if len(refused.Item) == 0 {
		return record{}, item.ErrNotFound
	}
	found, err := decode(refused.Item)
	if err != nil {
		return record{}, err
	}
	return found, fmt.Errorf("%w: %d instead of %d", item.ErrVersion, found.Version, version)
}

// wrap says what was attempted, and gives the error its meaning in the terms of item.Store.
func (s *Store) wrap(attempted string, err error) error {
	if err == nil {
		return nil
	}
	if awsclient.IsUnavailable(err) {
		err = fmt.Errorf("%w: %w", item.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

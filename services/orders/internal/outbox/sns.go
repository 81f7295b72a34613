package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Limits of one PublishBatch (Amazon SNS API reference).
const (
	batchSize  = 10
	batchBytes = 256 << 10
)

// ParseTopic returns the Region of the topic with the ARN.
func ParseTopic(topicARN string) (region string, err error) {
	topic, err := arn.Parse(topicARN)
	if err != nil || topic.Service != "sns" || topic.Region == "" || topic.Resource == "" {
		return "", fmt.Errorf("%q is not the ARN of an SNS topic", topicARN)
	}
	return topic.Region, nil
}

// ToSNS returns a Publish to the topic with the ARN. Permissions are those of the SDK's environment. The type of an
// event is an attribute of its message, for the filters of subscriptions. A FIFO topic drops events that are published
// again within 5 minutes, and keeps those of one order in their order.
func ToSNS(ctx context.Context, topicARN string, log *slog.Logger) (Publish, error) {
	region, err := ParseTopic(topicARN)
	if err != nil {
		return nil, err
	}
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(region),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }), // Run tries again
	)
	if err != nil {
		return nil, fmt.Errorf("configuring the AWS SDK: %w", err)
	}
	client := sns.NewFromConfig(loaded)
	return func(ctx context.Context, events []Event) (published, refused []string, err error) {
		answer, err := client.PublishBatch(ctx, &sns.PublishBatchInput{
			TopicArn:                   &topicARN,
			PublishBatchRequestEntries: entries(events, strings.HasSuffix(topicARN, ".fifo")),
		})
		if err != nil {
			return nil, nil, fmt.Errorf("publishing %d events to %s: %w", len(events), topicARN, err)
		}
		for _, one := range answer.Successful {
			published = append(published, idOf(events, one.Id))
		}
		for _, one := range answer.Failed {
			id := idOf(events, one.Id)
			log.ErrorContext(ctx, "the topic refused an event",
				"event", id, "code", aws.ToString(one.Code), "message", aws.ToString(one.Message))
			refused = append(refused, id)
		}
		if len(published)+len(refused) == 0 {
			return nil, nil, fmt.Errorf("publishing %d events to %s: the answer names none", len(events), topicARN)
		}
		return published, refused, nil
	}, nil
}

// entries returns as many of the events as fit into one request, and at least one. The id of an entry is its position.
func entries(events []Event, isFIFO bool) []types.PublishBatchRequestEntry {
	var batch []types.PublishBatchRequestEntry
	size := 0
	for i, event := range events {
		// Attributes count too: their names, types and values.
		size += len(event.Body) + len("type"+"String") + len(event.Type)
		if i > 0 && size > batchBytes {
			break
		}
		entry := types.PublishBatchRequestEntry{
			Id:      aws.String(strconv.Itoa(i)),
			Message: aws.String(event.Body),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"type": {DataType: aws.String("String"), StringValue: aws.String(event.Type)},
			},
		}
		if isFIFO {
			entry.MessageDeduplicationId, entry.MessageGroupId = aws.String(event.ID), aws.String(event.Subject)
		}
		batch = append(batch, entry)
	}
	return batch
}

// idOf returns the id of the event at a position.
func idOf(events []Event, position *string) string {
	i, err := strconv.Atoi(aws.ToString(position))
	if err != nil || i < 0 || i >= len(events) {
		return ""
	}
	return events[i].ID
}

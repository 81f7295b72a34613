package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/awslab/awslab/services/internal/telemetry"
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
	telemetry.TraceSDK(&loaded)
	refusals, err := otel.Meter("github.com/awslab/awslab/services/orders").Int64Counter(
		"orders.outbox.refusals",
		metric.WithUnit("{event}"),
		metric.WithDescription("Events that the topic refused, each time that it did."),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the outbox: %w", err)
	}
	return topic{topicARN, sns.NewFromConfig(loaded), log, refusals}.publish, nil
}

type topic struct {
	arn      string
	client   *sns.Client
	log      *slog.Logger
	refusals metric.Int64Counter
}

// publish is a Publish. Where one event makes SNS refuse all of a request, it sends each alone, so that the others do
// not wait for it.
func (t topic) publish(ctx context.Context, events []Event) (published, refused []string, err error) {
	events = events[:fitting(events)]
	published, refused, err = t.send(ctx, events)
	if !isOfAMessage(err) {
		return published, refused, err
	}
	if len(events) == 1 {
		code, message := "unknown", err.Error()
		if answered := smithy.APIError(nil); errors.As(err, &answered) {
			code, message = answered.ErrorCode(), answered.ErrorMessage()
		}
		t.refused(ctx, events[0].ID, code, message)
		return nil, []string{events[0].ID}, nil
	}
	for i := range events {
		onePublished, oneRefused, err := t.publish(ctx, events[i:i+1])
		published, refused = append(published, onePublished...), append(refused, oneRefused...)
		if err != nil && len(published)+len(refused) > 0 {
			break // those leave the queue, and the next round meets the error again
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return published, refused, nil
}

func (t topic) send(ctx context.Context, events []Event) (published, refused []string, err error) {
	answer, err := t.client.PublishBatch(ctx, &sns.PublishBatchInput{
		TopicArn:                   &t.arn,
		PublishBatchRequestEntries: entries(events, strings.HasSuffix(t.arn, ".fifo")),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("publishing %d events to %s: %w", len(events), t.arn, err)
	}
	for _, one := range answer.Successful {
		published = append(published, idOf(events, one.Id))
	}
	for _, one := range answer.Failed {
		id := idOf(events, one.Id)
		t.refused(ctx, id, aws.ToString(one.Code), aws.ToString(one.Message))
		refused = append(refused, id)
	}
	if len(published)+len(refused) == 0 {
		return nil, nil, fmt.Errorf("publishing %d events to %s: the answer names none", len(events), t.arn)
	}
	return published, refused, nil
}

// refused names the event in the log alone: as an attribute of the metric, each id would be a series of its own.
func (t topic) refused(ctx context.Context, id, code, message string) {
	t.log.ErrorContext(ctx, "the topic refused an event", "event", id, "code", code, "message", message)
	t.refusals.Add(ctx, 1, metric.WithAttributes(attribute.String("error.type", code)))
}

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// isOfAMessage reports whether SNS refused a request for what is in it. A topic, a key or a permission that is missing
// concerns all events alike, as throttling does: they wait for it.
func isOfAMessage(err error) bool {
	answered, named := new(awshttp.ResponseError), smithy.APIError(nil)
	if !errors.As(err, &answered) || throttles.IsErrorThrottle(err) == aws.TrueTernary ||
		errors.As(err, &named) && strings.HasPrefix(named.ErrorCode(), "KMS") {
		return false
	}
	status := answered.HTTPStatusCode()
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge
}

// fitting returns how many of the events fit into one request, and at least 1.
func fitting(events []Event) int {
	size := 0
	for i, event := range events {
		// Attributes count too: their names, types and values.
		size += len(event.Body) + len("type"+"String") + len(event.Type)
		if i > 0 && size > batchBytes {
			return i
		}
	}
	return len(events)
}

// entries returns those of one request. The id of an entry is its position.
func entries(events []Event, isFIFO bool) []types.PublishBatchRequestEntry {
	batch := make([]types.PublishBatchRequestEntry, len(events))
	for i, event := range events {
		batch[i] = types.PublishBatchRequestEntry{
			Id:      aws.String(strconv.Itoa(i)),
			Message: aws.String(event.Body),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"type": {DataType: aws.String("String"), StringValue: aws.String(event.Type)},
			},
		}
		if isFIFO {
			batch[i].MessageDeduplicationId, batch[i].MessageGroupId = aws.String(event.ID), aws.String(event.Subject)
		}
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

package outbox_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/outbox/snstest"
)

func toTopic(t *testing.T, arn string) (*snstest.Topic, outbox.Publish) {
	t.Helper()
	topic := snstest.Start(t)
	for _, variable := range topic.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	publish, err := outbox.ToSNS(t.Context(), arn, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return topic, publish
}

func events(n, size int) []outbox.Event {
	made := make([]outbox.Event, n)
	for i := range made {
		made[i] = outbox.Event{
			ID:      fmt.Sprint("event-", i),
			Type:    "created",
			Subject: fmt.Sprint("order-", i),
			Body:    strings.Repeat("é", size/2),
		}
	}
	return made
}

func TestATopicTellsWhatItAcceptedAndWhatItRefused(t *testing.T) {
	topic, publish := toTopic(t, snstest.TopicARN)
	topic.Refuses = func(message snstest.Message) bool { return message.Body == "poison" }
	batch := events(3, 4)
	batch[1].Body = "poison"
	published, refused, err := publish(t.Context(), batch)
	require.NoError(t, err)
	assert.Equal(t, []string{"event-0", "event-2"}, published)
	assert.Equal(t, []string{"event-1"}, refused)
	message := snstest.Message{Body: "éé", Type: "created"}
	assert.Equal(t, []snstest.Message{message, message}, topic.Accepted())
}

func TestAFIFOTopicDropsWhatIsPublishedAgain(t *testing.T) {
	topic, publish := toTopic(t, snstest.TopicARN+".fifo")
	_, _, err := publish(t.Context(), events(1, 2))
	require.NoError(t, err)
	assert.Equal(t, []snstest.Message{
		{Body: "é", Type: "created", DeduplicationID: "event-0", GroupID: "order-0"},
	}, topic.Accepted())
}

func TestARequestHoldsWhatSNSTakes(t *testing.T) {
	for size, want := range map[int]int{
		20 << 10:  10,
		100 << 10: 2, // of 256 KiB, attributes included
		300 << 10: 1, // SNS refuses it by name
	} {
		topic, publish := toTopic(t, snstest.TopicARN)
		published, _, err := publish(t.Context(), events(10, size))
		require.NoError(t, err)
		assert.Len(t, published, want)
		assert.Len(t, topic.Accepted(), want)
	}
}

func TestATopicThatFailsIsAnErrorThatNamesIt(t *testing.T) {
	topic, publish := toTopic(t, snstest.TopicARN)
	asked := 0
	topic.Before = func(w http.ResponseWriter) bool {
		asked++
		http.Error(w, "", http.StatusServiceUnavailable)
		return true
	}
	_, _, err := publish(t.Context(), events(2, 2))
	require.ErrorContains(t, err, "publishing 2 events to "+snstest.TopicARN)
	assert.Equal(t, 1, asked, "the outbox tries again, and not the SDK")
}

func TestParseTopic(t *testing.T) {
	for _, topic := range []string{snstest.TopicARN, "arn:aws-cn:sns:eu-west-1:123456789012:orders.fifo"} {
		region, err := outbox.ParseTopic(topic)
		require.NoError(t, err)
		assert.Equal(t, "eu-west-1", region)
	}
	for _, topic := range []string{"orders", "arn:aws:sqs:eu-west-1:123456789012:orders", "arn:aws:sns:::", ""} {
		_, err := outbox.ParseTopic(topic)
		assert.ErrorContains(t, err, "is not the ARN of an SNS topic")
	}
}

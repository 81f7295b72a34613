package outbox_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/awslab/awslab/services/internal/telemetry/telemetrytest"
	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/outbox/snstest"
)

func toTopic(t *testing.T, arn string, log slog.Handler) (*snstest.Topic, outbox.Publish) {
	t.Helper()
	topic := snstest.Start(t)
	for _, variable := range topic.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	publish, err := outbox.ToSNS(t.Context(), arn, slog.New(log))
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
	topic, publish := toTopic(t, snstest.TopicARN, slog.DiscardHandler)
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
	topic, publish := toTopic(t, snstest.TopicARN+".fifo", slog.DiscardHandler)
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
	} {
		topic, publish := toTopic(t, snstest.TopicARN, slog.DiscardHandler)
		published, refused, err := publish(t.Context(), events(10, size))
		require.NoError(t, err)
		assert.Empty(t, refused)
		assert.Len(t, published, want)
		assert.Len(t, topic.Accepted(), want)
	}
}

func TestAnEventThatNoRequestHoldsIsRefused(t *testing.T) {
	_, publish := toTopic(t, snstest.TopicARN, slog.DiscardHandler)
	published, refused, err := publish(t.Context(), events(2, 300<<10))
	require.NoError(t, err)
	assert.Empty(t, published)
	assert.Equal(t, []string{"event-0"}, refused)
}

// SNS refuses some requests as a whole for one of their messages, and does not say which.
func TestARequestThatIsRefusedForOneMessageIsSentInParts(t *testing.T) {
	for code, tc := range map[string]struct {
		status int
		isSent bool // in parts
	}{
		"BatchRequestTooLong":   {http.StatusBadRequest, true},
		"InvalidParameter":      {http.StatusBadRequest, true},
		"RequestEntityTooLarge": {http.StatusRequestEntityTooLarge, true},
		"Throttling":            {http.StatusBadRequest, false},
		"Throttled":             {http.StatusTooManyRequests, false},
		"KMSAccessDenied":       {http.StatusBadRequest, false},
		"AuthorizationError":    {http.StatusForbidden, false},
		"NotFound":              {http.StatusNotFound, false},
		"InternalError":         {http.StatusInternalServerError, false},
	} {
		t.Run(code, func(t *testing.T) {
			var log bytes.Buffer
			read := telemetrytest.Values(t)
			topic, publish := toTopic(t, snstest.TopicARN, slog.NewTextHandler(&log, nil))
			topic.Fails = func(messages []snstest.Message) (int, string) {
				if slices.ContainsFunc(messages, func(m snstest.Message) bool { return m.Body == "poison" }) {
					return tc.status, code
				}
				return 0, ""
			}
			batch := events(3, 4)
			batch[1].Body = "poison"
			published, refused, err := publish(t.Context(), batch)
			if !tc.isSent {
				require.ErrorContains(t, err, code)
				assert.Empty(t, topic.Accepted(), "all wait together")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{"event-0", "event-2"}, published)
			assert.Equal(t, []string{"event-1"}, refused)
			assert.Contains(t, log.String(), "event=event-1 code="+code)
			assert.Equal(t, map[attribute.Set]int64{
				attribute.NewSet(attribute.String("error.type", code)): 1,
			}, read()["orders.outbox.refusals"])
		})
	}
}

func TestWhatIsPublishedLeavesTheQueueWhereTheTopicFailsAmongTheParts(t *testing.T) {
	topic, publish := toTopic(t, snstest.TopicARN, slog.DiscardHandler)
	topic.Fails = func(messages []snstest.Message) (int, string) {
		switch {
		case len(messages) > 1:
			return http.StatusBadRequest, "InvalidParameter"
		case len(topic.Accepted()) > 0:
			return http.StatusServiceUnavailable, "ServiceUnavailable"
		}
		return 0, ""
	}
	published, refused, err := publish(t.Context(), events(3, 4))
	require.NoError(t, err)
	assert.Equal(t, []string{"event-0"}, published)
	assert.Empty(t, refused)
}

func TestATopicThatFailsIsAnErrorThatNamesIt(t *testing.T) {
	topic, publish := toTopic(t, snstest.TopicARN, slog.DiscardHandler)
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

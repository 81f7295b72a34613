// Package snstest serves the part of Amazon SNS that publishes in batches, in the process of a test.
package snstest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TopicARN is the topic that a test publishes to.
const TopicARN = "arn:aws:sns:eu-west-1:123456789012:orders"

// Message is what a publisher sent.
type Message struct {
	Body, Type, DeduplicationID, GroupID string
}

// Topic is a running service. Its functions may be set before the first request, or be nil.
type Topic struct {
	URL string
	// Before answers a request in place of the topic where it returns true. Nothing is accepted then.
	Before func(http.ResponseWriter) bool
	// After answers a request in place of the topic where it returns true, when the messages are accepted.
	After func(http.ResponseWriter, *http.Request) bool
	// Refuses reports whether a message is refused while others of its batch are accepted.
	Refuses func(Message) bool
	// Fails returns the status and the code with which a request is refused as a whole, or 0.
	Fails func([]Message) (status int, code string)

	mu       sync.Mutex
	accepted []Message
}

// Start starts the service for the test.
func Start(t testing.TB) *Topic {
	topic := &Topic{}
	server := httptest.NewServer(topic)
	t.Cleanup(server.Close)
	topic.URL = server.URL
	return topic
}

// Environment leads the SDK of a process to the service.
func (t *Topic) Environment() []string {
	return []string{
		"TOPIC_EVENTS_ARN=" + TopicARN,
		"AWS_ENDPOINT_URL_SNS=" + t.URL,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
	}
}

// Accepted returns the messages that were accepted, in their order.
func (t *Topic) Accepted() []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Message(nil), t.accepted...)
}

type entry struct {
	ID   string `xml:"Id"`
	Code string `xml:",omitempty"`
}

// answer is a PublishBatchResponse of the AWS query protocol.
type answer struct {
	XMLName    xml.Name `xml:"http://sns.amazonaws.com/doc/2010-03-31/ PublishBatchResponse"`
	Successful []entry  `xml:"PublishBatchResult>Successful>member"`
	Failed     []entry  `xml:"PublishBatchResult>Failed>member"`
}

// failure is an error of the AWS query protocol.
type failure struct {
	XMLName xml.Name `xml:"http://sns.amazonaws.com/doc/2010-03-31/ ErrorResponse"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
}

func (t *Topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("Action") != "PublishBatch" || r.FormValue("TopicArn") == "" ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sns/") {
		http.Error(w, "not a signed PublishBatch to a topic in eu-west-1", http.StatusBadRequest)
		return
	}
	if t.Before != nil && t.Before(w) {
		return
	}
	ids, messages := read(r)
	if status, code := t.fails(messages); status != 0 {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_ = xml.NewEncoder(w).Encode(failure{Code: code, Message: "none is accepted"})
		return
	}
	answered := t.accept(ids, messages)
	if t.After != nil && t.After(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answered)
}

func read(r *http.Request) (ids []string, messages []Message) {
	for n := 1; ; n++ {
		at := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", n)
		id := r.FormValue(at + "Id")
		if id == "" {
			return ids, messages
		}
		ids = append(ids, id)
		messages = append(messages, Message{
			Body:            r.FormValue(at + "Message"),
			Type:            r.FormValue(at + "MessageAttributes.entry.1.Value.StringValue"),
			DeduplicationID: r.FormValue(at + "MessageDeduplicationId"),
			GroupID:         r.FormValue(at + "MessageGroupId"),
		})
	}
}

// fails refuses what SNS does (Amazon SNS API reference, PublishBatch), and what the test wants.
func (t *Topic) fails(messages []Message) (status int, code string) {
	size := 0
	for _, message := range messages {
		size += len(message.Body) + len("type"+"String"+message.Type)
	}
	if size > 256<<10 {
		return http.StatusBadRequest, "BatchRequestTooLong"
	}
	if t.Fails != nil {
		return t.Fails(messages)
	}
	return 0, ""
}

func (t *Topic) accept(ids []string, messages []Message) (answered answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, message := range messages {
		if t.Refuses != nil && t.Refuses(message) {
			answered.Failed = append(answered.Failed, entry{ID: ids[i], Code: "InvalidParameter"})
			continue
		}
		t.accepted = append(t.accepted, message)
		answered.Successful = append(answered.Successful, entry{ID: ids[i]})
	}
	return answered
}

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

func (t *Topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("Action") != "PublishBatch" || r.FormValue("TopicArn") == "" ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sns/") {
		http.Error(w, "not a signed PublishBatch to a topic in eu-west-1", http.StatusBadRequest)
		return
	}
	if t.Before != nil && t.Before(w) {
		return
	}
	answered := t.accept(r)
	if t.After != nil && t.After(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answered)
}

func (t *Topic) accept(r *http.Request) (answered answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := 1; ; n++ {
		at := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", n)
		id := r.FormValue(at + "Id")
		if id == "" {
			return answered
		}
		message := Message{
			Body:            r.FormValue(at + "Message"),
			Type:            r.FormValue(at + "MessageAttributes.entry.1.Value.StringValue"),
			DeduplicationID: r.FormValue(at + "MessageDeduplicationId"),
			GroupID:         r.FormValue(at + "MessageGroupId"),
		}
		if t.Refuses != nil && t.Refuses(message) {
			answered.Failed = append(answered.Failed, entry{ID: id, Code: "InvalidParameter"})
			continue
		}
		t.accepted = append(t.accepted, message)
		answered.Successful = append(answered.Successful, entry{ID: id})
	}
}

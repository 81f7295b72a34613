//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/outbox/snstest"
)

// A task is killed when the topic has accepted its batch, and before it knows. Two others take over, publish to a topic
// that fails now and then, and one of them is stopped.
func TestNoEventIsLostWhereTheTopicFailsAndTasksEnd(t *testing.T) {
	const before, after = 12, 40
	_, environment := newDatabase(t)
	migrateProcess(t, environment)
	topic := snstest.Start(t)
	var requests atomic.Int32
	accepted := make(chan struct{})
	topic.Before = func(w http.ResponseWriter) bool {
		if requests.Add(1)%3 != 0 {
			return false
		}
		http.Error(w, "", http.StatusInternalServerError)
		return true
	}
	topic.After = func(_ http.ResponseWriter, r *http.Request) bool {
		if requests.Load() > 1 {
			return false
		}
		close(accepted)
		<-r.Context().Done() // the end of the task
		return true
	}
	environment = append(environment, topic.Environment()...)
	created := map[string]order.Order{}
	create := func(n int, tasks ...*process) {
		for i := range n {
			kept := post(t, tasks[i%len(tasks)], fmt.Sprint("key-", len(created)))
			created[kept.CreatedEvent().ID] = kept
		}
	}

	killed := startProcess(t, environment...)
	create(before, killed)
	<-accepted
	require.NoError(t, killed.command.Process.Kill())
	_, _ = killed.wait()
	first := topic.Accepted()
	require.NotEmpty(t, first)

	stopped, task := startProcess(t, environment...), startProcess(t, environment...)
	create(after, stopped, task)
	require.NoError(t, stopped.command.Process.Signal(syscall.SIGTERM))
	code, log := stopped.wait()
	assert.Equal(t, exitOK, code, log)

	published, times := map[string]order.Order{}, map[string]int{}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		clear(times)
		for _, message := range topic.Accepted() {
			var event order.Event
			require.NoError(c, json.Unmarshal([]byte(message.Body), &event))
			assert.Equal(c, order.EventCreated, message.Type)
			published[event.ID] = event.Data
			times[message.Body]++
		}
		assert.Equal(c, created, published)
	}, time.Minute, 50*time.Millisecond)
	for _, message := range first {
		assert.Greater(t, times[message.Body], 1, "what the killed task published comes again, with the same id")
	}
}

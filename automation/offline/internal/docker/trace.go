package docker

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/encoding/protowire"
)

// trace is what BuildKit reports of a build: which step failed, and what its steps printed.
type trace struct {
	// failed is the step in the Dockerfile that failed, such as "[build 4/6] RUN go build ./...".
	failed string
	output bytes.Buffer
}

// The fields of moby.buildkit.v1.StatusResponse and of its parts that a trace is read from
// (api/services/control/control.proto of github.com/moby/buildkit).
const (
	statusVertexes = 1
	statusLogs     = 3
	vertexName     = 3
	vertexError    = 7
	logMessage     = 4
)

// add takes one report. What cannot be read says nothing: the engine's own error tells that the build failed.
func (t *trace) add(aux json.RawMessage) {
	var report []byte
	if json.Unmarshal(aux, &report) != nil {
		return
	}
	eachField(report, func(number protowire.Number, part []byte) {
		switch number {
		case statusVertexes:
			t.step(part)
		case statusLogs:
			eachField(part, func(number protowire.Number, text []byte) {
				if number == logMessage {
					t.output.Write(text)
				}
			})
		}
	})
}

func (t *trace) step(vertex []byte) {
	var name, failure string
	eachField(vertex, func(number protowire.Number, text []byte) {
		switch number {
		case vertexName:
			name = string(text)
		case vertexError:
			failure = string(text)
		}
	})
	if failure != "" {
		t.failed = name
	}
}

// eachField calls f with every field of a message that has a length: texts and messages.
func eachField(message []byte, f func(protowire.Number, []byte)) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		if kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return
			}
			f(number, value)
			message = message[n:]
			continue
		}
		n = protowire.ConsumeFieldValue(number, kind, message)
		if n < 0 {
			return
		}
		message = message[n:]
	}
}

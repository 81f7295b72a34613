package expect

import (
	"encoding/json"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

type textKey struct{ path string }

// read is what a text of JSON came to.
type read[T any] struct {
	value T
	err   error
}

// Document reads a policy document, once for all rules. It is for values that are known.
func Document(r rule.Resource, value property.Value) (document.Document, error) {
	result := rule.Once(r, textKey{value.Path()}, func() read[document.Document] {
		text, _ := value.Text()
		parsed, err := document.Parse(text)
		return read[document.Document]{parsed, err}
	})
	return result.value, result.err
}

// Container is what rules look at in a container definition.
type Container struct {
	User                   string
	Privileged             bool
	ReadonlyRootFilesystem bool
	Environment            []struct{ Name, Value string }
	Secrets                []struct{ ValueFrom string }
	LogConfiguration       json.RawMessage
}

// Containers reads the container definitions of a task, once for all rules. When there are none to judge, the verdict
// says why.
func Containers(task rule.Resource) ([]Container, rule.Verdict) {
	value := task.Get("containerDefinitions")
	text, state := value.Text()
	if state != property.Known {
		return nil, rule.Unreadable(value, state)
	}
	result := rule.Once(task, textKey{value.Path()}, func() read[[]Container] {
		var containers []Container
		err := json.Unmarshal([]byte(text), &containers)
		return read[[]Container]{containers, err}
	})
	if result.err != nil {
		return nil, rule.Unjudged(value.Path(), "is not a list of container definitions that can be read")
	}
	return result.value, rule.Pass()
}

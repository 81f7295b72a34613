package values

import (
	"bytes"
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Document returns a value as text: a document that was given as an object in JSON.
func Document(v resource.PropertyValue) string {
	if !v.IsObject() && !v.IsArray() {
		return Text(v)
	}
	written, err := json.Marshal(stripDefaults(v).Mappable())
	if err != nil {
		return ""
	}
	return string(written)
}

// ParseJSON reads a document, and says whether it is one. Numbers stay as they were written.
func ParseJSON(document string) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(document)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	return value, true
}

// Written returns a value as JSON.
func Written(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// Package property reads a resource's properties straight from the engine's wire format.
//
// A Value is a view that is total: every question has an answer for every input, so a rule cannot panic on an unknown,
// a secret, a missing key or a value of another type. Nothing is decoded until it is asked for, which keeps the cost of
// a resource independent of the number of rules that look at it.
package property

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"google.golang.org/protobuf/types/known/structpb"
)

// State tells what can be said about a value.
type State int

const (
	// Absent: the property is not there, or null.
	Absent State = iota
	// Unknown: the property is set, and its value becomes known only when its source has been created.
	Unknown
	// Mistyped: the property has a value of another type than the one asked for.
	Mistyped
	// Known: the value can be judged.
	Known
)

// String returns the state as it reads in a sentence about a property.
func (s State) String() string {
	switch s {
	case Absent:
		return "is not set"
	case Unknown:
		return "is not known yet"
	case Mistyped:
		return "has an unexpected type"
	default:
		return "is known"
	}
}

// unknowns are the strings that stand for a computed value on the wire, one for each type that the SDK expects there.
var unknowns = map[string]bool{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": true, // bool
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421": true, // number
	"04da6b54-80e4-46f7-96ec-b56ff0331ba9": true, // string
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": true, // array
	"030794c1-ac77-496b-92df-f27374a8bd58": true, // asset
	"e48ece36-62e2-4504-bad9-02848725956a": true, // archive
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff": true, // object
}

// Value is one property, or a part of one. The zero Value is absent.
type Value struct {
	path   string
	raw    *structpb.Value
	secret bool
}

// Of returns the view of all properties of a resource. A nil message has no properties.
func Of(properties *structpb.Struct) Value {
	return Value{raw: structpb.NewStructValue(properties)}
}

// Path returns where the value is in its resource, as networkConfiguration.subnets[0].
func (v Value) Path() string { return v.path }

// Secret reports whether the value, or an object or list that holds it, is a secret.
func (v Value) Secret() bool {
	_, secret, _ := v.open()
	return secret
}

// State returns Absent, Unknown or Known: whether there is a value of any type.
func (v Value) State() State {
	raw, _, unknown := v.open()
	if unknown {
		return Unknown
	}
	if _, null := raw.GetKind().(*structpb.Value_NullValue); null || raw.GetKind() == nil {
		return Absent
	}
	return Known
}

// Get returns the value below the keys. What lies below an unknown is unknown.
func (v Value) Get(keys ...string) Value {
	for _, key := range keys {
		v = v.child(key)
	}
	return v
}

func (v Value) child(key string) Value {
	path := key
	if v.path != "" {
		path = v.path + "." + key
	}
	raw, secret, unknown := v.open()
	if unknown {
		return Value{path: path, raw: v.raw, secret: secret}
	}
	if isSpecial(raw) {
		return Value{path: path}
	}
	return Value{path: path, raw: raw.GetStructValue().GetFields()[key], secret: secret}
}

// Bool returns a boolean. The strings "true" and "false" count, as they do for the AWS provider.
func (v Value) Bool() (bool, State) {
	return read(v, func(raw *structpb.Value) (bool, bool) {
		if text, ok := raw.GetKind().(*structpb.Value_StringValue); ok {
			return text.StringValue == "true", text.StringValue == "true" || text.StringValue == "false"
		}
		b, ok := raw.GetKind().(*structpb.Value_BoolValue)
		return raw.GetBoolValue(), ok && b != nil
	})
}

// Number returns a number. A string that is a number counts, as it does for the AWS provider.
func (v Value) Number() (float64, State) {
	return read(v, func(raw *structpb.Value) (float64, bool) {
		if text, ok := raw.GetKind().(*structpb.Value_StringValue); ok {
			n, err := strconv.ParseFloat(text.StringValue, 64)
			return n, err == nil
		}
		n, ok := raw.GetKind().(*structpb.Value_NumberValue)
		return raw.GetNumberValue(), ok && n != nil
	})
}

// Text returns a string.
func (v Value) Text() (string, State) {
	return read(v, func(raw *structpb.Value) (string, bool) {
		s, ok := raw.GetKind().(*structpb.Value_StringValue)
		return raw.GetStringValue(), ok && s != nil
	})
}

// List returns the elements of a list. They can be unknown one by one, while the list is known.
func (v Value) List() ([]Value, State) {
	_, secret, _ := v.open()
	return read(v, func(raw *structpb.Value) ([]Value, bool) {
		list, ok := raw.GetKind().(*structpb.Value_ListValue)
		if !ok || list == nil {
			return nil, false
		}
		elements := make([]Value, len(raw.GetListValue().GetValues()))
		for i, element := range raw.GetListValue().GetValues() {
			elements[i] = Value{path: fmt.Sprintf("%s[%d]", v.path, i), raw: element, secret: secret}
		}
		return elements, true
	})
}

// Object returns the values of an object by key. They can be unknown one by one, while the object is known.
func (v Value) Object() (map[string]Value, State) {
	return read(v, func(raw *structpb.Value) (map[string]Value, bool) {
		if _, is := raw.GetKind().(*structpb.Value_StructValue); !is || isSpecial(raw) {
			return nil, false
		}
		values := map[string]Value{}
		for key := range raw.GetStructValue().GetFields() {
			values[key] = v.child(key)
		}
		return values, true
	})
}

func read[T any](v Value, as func(*structpb.Value) (T, bool)) (T, State) {
	var zero T
	if state := v.State(); state != Known {
		return zero, state
	}
	raw, _, _ := v.open()
	value, ok := as(raw)
	if !ok {
		return zero, Mistyped
	}
	return value, Known
}

// Secrets returns every text that is in a secret below v, so that a message can be kept free of them.
func (v Value) Secrets() []string {
	var texts []string
	collectSecrets(v, &texts)
	return texts
}

func collectSecrets(v Value, texts *[]string) {
	raw, secret, unknown := v.open()
	if unknown {
		return
	}
	if text, state := v.Text(); state == Known && secret {
		*texts = append(*texts, text)
	}
	for _, element := range raw.GetListValue().GetValues() {
		collectSecrets(Value{raw: element, secret: secret}, texts)
	}
	for _, field := range raw.GetStructValue().GetFields() {
		collectSecrets(Value{raw: field, secret: secret}, texts)
	}
}

// open takes the wrappers of secrets and outputs off the value.
func (v Value) open() (raw *structpb.Value, secret, unknown bool) {
	raw, secret = v.raw, v.secret
	for {
		if unknowns[raw.GetStringValue()] {
			return raw, secret, true
		}
		fields := raw.GetStructValue().GetFields()
		switch signature(raw) {
		case sig.Secret:
			secret = true
		case sig.OutputValue:
			secret = secret || fields["secret"].GetBoolValue()
			if _, known := fields["value"]; !known {
				return raw, secret, true
			}
		default:
			return raw, secret, false
		}
		raw = fields["value"]
	}
}

func signature(raw *structpb.Value) string {
	return raw.GetStructValue().GetFields()[sig.Key].GetStringValue()
}

// isSpecial reports whether the message is an object only in form: an asset, an archive, a reference to a resource.
func isSpecial(raw *structpb.Value) bool { return signature(raw) != "" }

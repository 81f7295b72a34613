// Package template makes the texts that things are given when they are created, such as ids and ARNs, from templates.
package template

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// placeholder is a part of a template: {name}, {?,name} or {=name}. What follows a $ is text, as in a flow log's
// format.
var placeholder = regexp.MustCompile(`\$?\{[=?]?[^A-Za-z{}"']?[A-Za-z][A-Za-z0-9.]*\}`)

// random is a placeholder for random characters: hex17 stands for 17 hexadecimal digits.
var random = regexp.MustCompile(`^(hex|upper|lower|alnum|digits|base32x)(\d+)$`)

var Alphabets = map[string]string{
	"hex":     "0123456789abcdef",
	"upper":   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"lower":   "abcdefghijklmnopqrstuvwxyz0123456789",
	"alnum":   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"digits":  "0123456789",
	"base32x": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
}

// Scope is what the placeholders of a template stand for: variables first, then properties.
type Scope struct {
	Variables  map[string]string
	Values     map[string]resource.PropertyValue
	Properties values.View
}

// Expand replaces the placeholders of a template:
//
//	{name}     a variable, random characters (see random), a generator (uuid, stamp, now, time, ...) or a property;
//	           of a property that is an object or a list, a digest
//	{?,name}   the same with a comma before it, or nothing when there is no such property
//
// A template that is {=name} alone becomes the value of the name as it is, list or number.
func (s Scope) Expand(template any) (resource.PropertyValue, error) {
	switch template := template.(type) {
	case string:
		if name, is := strings.CutPrefix(template, "{="); is {
			return s.value(strings.TrimSuffix(name, "}"))
		}
		expanded, err := s.Text(template)
		return resource.NewProperty(expanded), err
	case map[string]any:
		object := resource.PropertyMap{}
		for name, inner := range template {
			value, err := s.Expand(inner)
			if err != nil {
				return value, err
			}
			object[resource.PropertyKey(name)] = value
		}
		return resource.NewProperty(object), nil
	case []any:
		list := make([]resource.PropertyValue, len(template))
		for i, inner := range template {
			var err error
			if list[i], err = s.Expand(inner); err != nil {
				return list[i], err
			}
		}
		return resource.NewProperty(list), nil
	default:
		return values.Of(template), nil
	}
}

func (s Scope) value(name string) (resource.PropertyValue, error) {
	if value, has := s.Values[name]; has {
		return value, nil
	}
	value, _ := s.Properties.At(name)
	return value, nil
}

// Text replaces the placeholders in a text.
func (s Scope) Text(template string) (string, error) {
	var failed error
	expanded := placeholder.ReplaceAllStringFunc(template, func(found string) string {
		if found[0] == '$' {
			return found
		}
		name := found[1 : len(found)-1]
		prefix, optional := "", false
		if name[0] == '?' {
			prefix, name, optional = name[1:2], name[2:], true
		}
		value, has := s.lookup(name)
		switch {
		case has && (value != "" || !optional):
			return prefix + value
		case optional:
			return ""
		default:
			failed = fmt.Errorf("the template %q needs %s, which has no value", template, name)
			return ""
		}
	})
	return expanded, failed
}

func (s Scope) lookup(name string) (string, bool) {
	if value, has := s.Variables[name]; has {
		return value, true
	}
	if parts := random.FindStringSubmatch(name); parts != nil {
		length, _ := strconv.Atoi(parts[2])
		return RandomText(Alphabets[parts[1]], length), true
	}
	if generate, is := generators[name]; is {
		return generate(), true
	}
	if value, has := s.Properties.At(name); has {
		return summary(value), true
	}
	// A map's missing element and an absent name read as nothing.
	return "", strings.Contains(name, ".")
}

// summary returns a value as text, an object or a list as a digest: it may hold secrets.
func summary(v resource.PropertyValue) string {
	if !v.IsObject() && !v.IsArray() {
		return values.Text(v)
	}
	sum := sha256.Sum256([]byte(values.Document(v)))
	return hex.EncodeToString(sum[:16])
}

var generators = map[string]func() string{
	"uuid":       uuid.NewString,
	"now":        func() string { return time.Now().UTC().Format(time.RFC3339) },
	"time":       func() string { return time.Now().UTC().Format("2006-01-02 15:04:05 -0700 MST") },
	"lambdaTime": func() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000-0700") },
	// The Terraform provider's unique suffix: a time stamp and a counter, here 8 random digits.
	"stamp": func() string {
		now := time.Now().UTC()
		return fmt.Sprintf(
			"%s%04d%s",
			now.Format("20060102150405"),
			now.Nanosecond()/100000,
			RandomText(Alphabets["hex"], 8),
		)
	},
	"sha256": func() string { return RandomText(Alphabets["alnum"], 43) + "=" },
}

// RandomText returns random characters of an alphabet.
func RandomText(alphabet string, length int) string {
	bytes := make([]byte, length)
	rand.Read(bytes) // never fails, see crypto/rand
	for i, b := range bytes {
		bytes[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(bytes)
}

// RandomHex returns random hexadecimal digits.
func RandomHex(length int) string {
	bytes := make([]byte, (length+1)/2)
	rand.Read(bytes) // never fails, see crypto/rand
	return hex.EncodeToString(bytes)[:length]
}

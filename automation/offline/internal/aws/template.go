package aws

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

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// placeholder is a part of a template: {name}, {?,name} or {=name}. What follows a $ is text, as in a flow log's format.
var placeholder = regexp.MustCompile(`\$?\{[=?]?[^A-Za-z{}"']?[A-Za-z][A-Za-z0-9.]*\}`)

// random is a placeholder for random characters: hex17 stands for 17 hexadecimal digits.
var random = regexp.MustCompile(`^(hex|upper|lower|alnum|digits|base32x)(\d+)$`)

var alphabets = map[string]string{
	"hex":     "0123456789abcdef",
	"upper":   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"lower":   "abcdefghijklmnopqrstuvwxyz0123456789",
	"alnum":   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"digits":  "0123456789",
	"base32x": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
}

// scope is what the placeholders of a template stand for: variables first, then properties.
type scope struct {
	variables  map[string]string
	values     map[string]resource.PropertyValue
	properties view
}

// expand replaces the placeholders of a template:
//
//	{name}     a variable, random characters (see random), a generator (uuid, stamp, now, time, ...) or a property;
//	           of a property that is an object or a list, a digest
//	{?,name}   the same with a comma before it, or nothing when there is no such property
//
// A template that is {=name} alone becomes the value of the name as it is, list or number.
func (s scope) expand(template any) (resource.PropertyValue, error) {
	switch template := template.(type) {
	case string:
		if name, is := strings.CutPrefix(template, "{="); is {
			return s.value(strings.TrimSuffix(name, "}"))
		}
		expanded, err := s.text(template)
		return resource.NewProperty(expanded), err
	case map[string]any:
		object := resource.PropertyMap{}
		for name, inner := range template {
			value, err := s.expand(inner)
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
			if list[i], err = s.expand(inner); err != nil {
				return list[i], err
			}
		}
		return resource.NewProperty(list), nil
	default:
		return property(template), nil
	}
}

func (s scope) value(name string) (resource.PropertyValue, error) {
	if value, has := s.values[name]; has {
		return value, nil
	}
	value, _ := s.properties.at(name)
	return value, nil
}

func (s scope) text(template string) (string, error) {
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

func (s scope) lookup(name string) (string, bool) {
	if value, has := s.variables[name]; has {
		return value, true
	}
	if parts := random.FindStringSubmatch(name); parts != nil {
		length, _ := strconv.Atoi(parts[2])
		return randomText(alphabets[parts[1]], length), true
	}
	if generate, is := generators[name]; is {
		return generate(), true
	}
	if value, has := s.properties.at(name); has {
		return summary(value), true
	}
	// A map's missing element and an absent name read as nothing.
	return "", strings.Contains(name, ".")
}

// summary is a value as text, an object or a list as a digest: it may hold secrets.
func summary(v resource.PropertyValue) string {
	if !v.IsObject() && !v.IsArray() {
		return text(v)
	}
	sum := sha256.Sum256([]byte(document(v)))
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
		return fmt.Sprintf("%s%04d%s", now.Format("20060102150405"), now.Nanosecond()/100000, randomText(alphabets["hex"], 8))
	},
	"sha256": func() string { return randomText(alphabets["alnum"], 43) + "=" },
}

// randomText returns random characters of an alphabet.
func randomText(alphabet string, length int) string {
	bytes := make([]byte, length)
	rand.Read(bytes) // never fails, see crypto/rand
	for i, b := range bytes {
		bytes[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(bytes)
}

func randomHex(length int) string {
	bytes := make([]byte, (length+1)/2)
	rand.Read(bytes) // never fails, see crypto/rand
	return hex.EncodeToString(bytes)[:length]
}

// scopeVariables are the variables of every template.
func (p *Provider) scopeVariables() map[string]string {
	return map[string]string{
		"account":       world.Account,
		"region":        p.region.Name,
		"partition":     p.region.Partition(),
		"dnsSuffix":     p.region.DNSSuffix(),
		"dhcpOptions":   p.region.part("dopt"),
		"s3Zone":        p.region.S3Zone,
		"rdsZone":       p.region.part("rds-zone"),
		"canonicalUser": canonicalUser,
		"awsBackupKey":  p.region.managedKey("backup"),
	}
}

// canonicalUser is the S3 canonical user id of the account: 64 hexadecimal digits.
const canonicalUser = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

package configdoc

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/awslab/awslab/infra/config"
)

//go:embed introduction.md
var introduction string

// examples are what a section shows; a test decodes each of them.
var examples = map[string]string{
	"network": `natGateways: onePerAz
availabilityZones: 3
interfaceEndpoints: [ecr.api, ecr.dkr, logs, secretsmanager]`,
	"images": `keep: 10
caches:
  - {registry: public.ecr.aws}`,
	"cluster": `launchType: ec2
instances: {types: [m7i.large, m6i.large], min: 3, max: 12}`,
	"loadBalancer": `domain: api.example.com
zone: example.com`,
	"services": `- name: orders
  image: {context: services, dockerfile: orders/Dockerfile}
  port: 8080
  path: /orders
  scaling: {max: 12, requestsPerTarget: 1000}
  before:
    - {name: migrate, command: [migrate]}
  access:
    database: true
    tables: [{name: items, mode: read}]
- name: mailer # a service without a port is a worker
  image: {uri: public.ecr.aws/example/mailer:1}
  secrets:
    SMTP_PASSWORD: {name: shop/mail, field: password}`,
	"database": `engine: postgres
class: db.m7g.large
multiAz: true
readReplicas: 1`,
	"tables": `- name: items
  hashKey: {name: id}
  indexes:
    - {name: by-day, hashKey: {name: day}}`,
	"buckets": `- name: uploads
  expireDays: 365`,
	"topics":     `- name: events`,
	"fileSystem": `infrequentAccessDays: 30`,
	"website":    `folder: services/website`,
	"monitoring": `emails: [ops@example.com]
tracing: true
thresholds: {service.errors: 5}`,
	"firewall": `denyCountries: [KP]
requestsPerIp: 1000`,
	"backup": `rules:
  - {schedule: daily, retentionDays: 35, copyRetentionDays: 35}
restoreTesting: true`,
	"exemptions": `- rule: rds-multi-az
  resource: "*::database-instance"
  reason: the reporting database can be created again
  expires: 2027-01-31`,
}

// Reference returns docs/configuration.md; source is the folder of package config.
func Reference(source string) ([]byte, error) {
	schema, err := reflected(source)
	if err != nil {
		return nil, err
	}
	r := reference{root: schema, defaults: map[string]config.Default{}}
	for _, d := range config.Defaults {
		r.defaults[d.Key] = d
	}
	r.text.WriteString(introduction)
	r.text.WriteString("\n## Top level\n")
	r.header()
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if r.object(pair.Value) == nil {
			r.row(schema, "", pair.Key, pair.Value)
		}
	}
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		object := r.object(pair.Value)
		if object == nil {
			continue
		}
		prefix := pair.Key
		if pair.Value.Type == "array" {
			prefix += "[]"
		}
		fmt.Fprintf(&r.text, "\n## %s\n\n%s\n", pair.Key, sentence(pair.Key, pair.Value.Description))
		if example, given := examples[pair.Key]; given {
			fmt.Fprintf(
				&r.text,
				"\n```yaml\nawslab:%s:\n  %s\n```\n",
				pair.Key,
				strings.ReplaceAll(example, "\n", "\n  "),
			)
		}
		r.header()
		r.rows(object, prefix+".")
	}
	return []byte(r.text.String()), r.err
}

type reference struct {
	root     *jsonschema.Schema
	defaults map[string]config.Default
	text     strings.Builder
	err      error
}

// object returns the struct that a property holds, or holds a list or a map of; nil for any other.
func (r *reference) object(property *jsonschema.Schema) *jsonschema.Schema {
	for _, s := range []*jsonschema.Schema{property, property.Items, property.AdditionalProperties} {
		if s == nil {
			continue
		}
		if name, isRef := strings.CutPrefix(s.Ref, "#/$defs/"); isRef {
			return r.root.Definitions[name]
		}
	}
	return nil
}

func (r *reference) header() {
	r.text.WriteString("\n| key | type | default: dev | prod | allowed | meaning |\n|---|---|---|---|---|---|\n")
}

// rows lists the keys of an object, those of the objects in it included.
func (r *reference) rows(object *jsonschema.Schema, prefix string) {
	for pair := object.Properties.Oldest(); pair != nil; pair = pair.Next() {
		r.row(object, prefix, pair.Key, pair.Value)
		if inner := r.object(pair.Value); inner != nil {
			within := pair.Key
			switch {
			case pair.Value.Type == "array":
				within += "[]"
			case pair.Value.AdditionalProperties != nil && pair.Value.Ref == "":
				within += ".NAME"
			}
			r.rows(inner, prefix+within+".")
		}
	}
}

func (r *reference) row(object *jsonschema.Schema, prefix, key string, property *jsonschema.Schema) {
	dev, prod := "", ""
	if d, known := r.defaults[prefix+key]; known {
		one, two, err := texts(d)
		if err != nil {
			r.err = err
		}
		dev, prod = code(one), code(two)
	}
	if slices.Contains(object.Required, key) {
		dev, prod = "*required*", "*required*"
	}
	cells := []string{
		code(prefix + key), r.typeOf(property), dev, prod, allowed(property), sentence(key, property.Description),
	}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(cell, "|", `\|`), "\n", " ")
	}
	fmt.Fprintf(&r.text, "| %s |\n", strings.Join(cells, " | "))
}

func (r *reference) typeOf(property *jsonschema.Schema) string {
	switch {
	case property.Ref != "":
		return "object"
	case property.Type == "array":
		return "list of " + plural(r.typeOf(property.Items))
	case property.Type == "object" && property.AdditionalProperties != nil:
		return "map of " + plural(r.typeOf(property.AdditionalProperties))
	}
	return property.Type
}

// plural of a type: lists of strings, for list of strings.
func plural(of string) string {
	if what, is := strings.CutPrefix(of, "list of "); is {
		return "lists of " + what
	}
	return of + "s"
}

// allowed says which values a key takes: an enumeration, a range, or an example.
func allowed(property *jsonschema.Schema) string {
	of := property
	if of.Items != nil {
		of = of.Items
	}
	var parts []string
	for _, value := range of.Enum {
		parts = append(parts, code(fmt.Sprint(value)))
	}
	if low, high := of.Minimum.String(), of.Maximum.String(); low != "" || high != "" {
		if high == "" {
			high = "any"
		}
		parts = append(parts, low+" to "+high)
	}
	for _, value := range of.Examples {
		parts = append(parts, "such as "+code(fmt.Sprint(value)))
	}
	return strings.Join(parts, ", ")
}

func code(text string) string { return "`" + text + "`" }

// sentence returns a comment without the field's Go name in front, and without the defaults, which have columns of
// their own.
func sentence(key, comment string) string {
	comment, _, _ = strings.Cut(comment, "\nDefault: ")
	if len(comment) > len(key) && strings.EqualFold(comment[:len(key)], key) && comment[len(key)] == ' ' {
		comment = comment[len(key)+1:]
		for _, verb := range []string{"is ", "are "} {
			comment = strings.TrimPrefix(comment, verb)
		}
		comment = strings.ToUpper(comment[:1]) + comment[1:]
	}
	return strings.ReplaceAll(comment, "<", "&lt;")
}

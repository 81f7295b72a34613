package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	// Path leads to the value, such as awslab:services[1].cpu.
	Path    string
	Message string
}

// ConfigError lists everything that is wrong with a stack's configuration.
type ConfigError struct {
	Problems []Problem
}

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Path + ": " + p.Message
	}
	return "wrong configuration:\n  " + strings.Join(lines, "\n  ")
}

// Decode turns configuration values into a Config: each value is the text of one key of the project's namespace, as
// pulumi hands it to programs (plain for scalars, JSON for objects and lists). All problems come in one *ConfigError.
func Decode(project string, values map[string]string) (*Config, error) {
	d := &decoder{}
	var config Config
	fields := fieldsOf(reflect.TypeFor[Config]())
	for _, key := range slices.Sorted(maps.Keys(values)) {
		path := project + ":" + key
		field, known := fields[key]
		if !known {
			d.unknown(path, key, fields)
			continue
		}
		into := reflect.ValueOf(&config).Elem().FieldByIndex(field.Index)
		raw, err := parseText(values[key], field.Type)
		if err != nil {
			d.add(path, "%v", err)
			continue
		}
		d.value(path, raw, into)
	}
	// A value of the wrong type would be judged as if it had been left out, so validation waits for clean types.
	if len(d.problems) == 0 {
		config.withDefaults()
		d.problems = validate(project, &config)
	}
	if len(d.problems) > 0 {
		return nil, &ConfigError{Problems: d.problems}
	}
	return &config, nil
}

// LoadFile decodes the project's keys in a Pulumi.<stack>.yaml, so that wrong configuration is refused before any
// engine runs. Encrypted values are taken for text.
func LoadFile(project, path string) (*Config, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, &ConfigError{Problems: []Problem{{Path: path, Message: "is no valid YAML: " + err.Error()}}}
	}
	values := map[string]string{}
	for key, value := range file.Config {
		namespace, name, found := strings.Cut(key, ":")
		if !found {
			namespace, name = project, key
		}
		if namespace != project {
			continue
		}
		text, err := textOf(value)
		if err != nil {
			return nil, &ConfigError{Problems: []Problem{{Path: key, Message: err.Error()}}}
		}
		values[name] = text
	}
	return Decode(project, values)
}

// load reads the program's configuration. The SDK hands out values by key only; the keys nobody asks for are in the
// environment that the language host sets, and when the program runs inside the Automation API, whoever runs it has
// checked the file with LoadFile.
func load(ctx *pulumi.Context) (*Config, error) {
	prefix := ctx.Project() + ":"
	values := map[string]string{}
	for key := range fieldsOf(reflect.TypeFor[Config]()) {
		if value, ok := ctx.GetConfig(prefix + key); ok {
			values[key] = value
		}
	}
	var all map[string]string
	if json.Unmarshal([]byte(os.Getenv(pulumi.EnvConfig)), &all) == nil {
		for key, value := range all {
			if name, ours := strings.CutPrefix(key, prefix); ours {
				values[name] = value
			}
		}
	}
	return Decode(ctx.Project(), values)
}

// textOf renders a YAML value the way pulumi hands it to a program.
func textOf(value any) (string, error) {
	value = open(value)
	if text, ok := value.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("is no configuration value: %w", err)
	}
	return string(text), nil
}

// open replaces encrypted values by a placeholder: what they hold is not ours to know yet.
func open(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if _, secure := v["secure"]; secure && len(v) == 1 {
			return "[secret]"
		}
		for key := range v {
			v[key] = open(v[key])
		}
	case []any:
		for i := range v {
			v[i] = open(v[i])
		}
	}
	return value
}

func parseText(text string, t reflect.Type) (any, error) {
	if t.Kind() == reflect.String {
		return text, nil
	}
	var raw any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("%q is no %s", text, kindName(t))
	}
	return raw, nil
}

// decoder fills Go values from plain JSON values and collects what does not fit.
type decoder struct {
	problems []Problem
}

func (d *decoder) add(path, format string, args ...any) {
	d.problems = append(d.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) unknown(path, key string, fields map[string]reflect.StructField) {
	message := "unknown key"
	known := slices.Sorted(maps.Keys(fields))
	best, distance := "", 1+len(key)/3
	for _, candidate := range known {
		if n := levenshtein.Distance(strings.ToLower(key), strings.ToLower(candidate), nil); n <= distance {
			best, distance = candidate, n-1
		}
	}
	if best != "" {
		message += fmt.Sprintf("; did you mean %q?", best)
	} else {
		message += "; known are " + strings.Join(known, ", ")
	}
	d.add(path, "%s", message)
}

func (d *decoder) value(path string, raw any, into reflect.Value) {
	if raw == nil {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(path, raw, into.Elem())
	case reflect.Struct:
		d.object(path, raw, into)
	case reflect.Slice:
		d.list(path, raw, into)
	case reflect.Map:
		d.mapping(path, raw, into)
	default:
		if err := scalar(raw, into); err != nil {
			d.add(path, "%v", err)
		}
	}
}

func (d *decoder) object(path string, raw any, into reflect.Value) {
	object, ok := raw.(map[string]any)
	if !ok {
		d.add(path, "%s is no %s", describe(raw), kindName(into.Type()))
		return
	}
	fields := fieldsOf(into.Type())
	for _, key := range slices.Sorted(maps.Keys(object)) {
		field, known := fields[key]
		if !known {
			d.unknown(path+"."+key, key, fields)
			continue
		}
		d.value(path+"."+key, object[key], into.FieldByIndex(field.Index))
	}
}

func (d *decoder) list(path string, raw any, into reflect.Value) {
	list, ok := raw.([]any)
	if !ok {
		d.add(path, "%s is no list", describe(raw))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i, element := range list {
		d.value(fmt.Sprintf("%s[%d]", path, i), element, into.Index(i))
	}
}

func (d *decoder) mapping(path string, raw any, into reflect.Value) {
	object, ok := raw.(map[string]any)
	if !ok {
		d.add(path, "%s is no map", describe(raw))
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		element := reflect.New(into.Type().Elem()).Elem()
		d.value(path+"."+key, object[key], element)
		into.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func scalar(raw any, into reflect.Value) error {
	switch into.Kind() {
	case reflect.String:
		if text, ok := raw.(string); ok {
			into.SetString(text)
			return nil
		}
		return fmt.Errorf("%s is no text; write it in quotes", describe(raw))
	case reflect.Int:
		number, ok := raw.(float64)
		if ok && number == math.Trunc(number) && math.Abs(number) <= math.MaxInt32 {
			into.SetInt(int64(number))
			return nil
		}
		return fmt.Errorf("%s is no whole number", describe(raw))
	case reflect.Bool:
		if flag, ok := raw.(bool); ok {
			into.SetBool(flag)
			return nil
		}
		return fmt.Errorf("%s is neither true nor false", describe(raw))
	default:
		return errors.New("cannot be configured")
	}
}

func describe(raw any) string {
	switch v := raw.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list"
	default:
		return "map"
	}
}

// fieldsOf maps the keys of a configuration object to its fields.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field
	}
	return fields
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package config

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

// Error lists everything that is wrong with a stack's configuration.
type Error struct {
	Problems []Problem
}

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Path + ": " + p.Message
	}
	return "wrong configuration:\n  " + strings.Join(lines, "\n  ")
}

// Decode turns configuration values into a Config: each value is the text of one key of the project's namespace, as
// pulumi hands it to programs (plain for scalars, JSON for objects and lists). All problems come in one *Error.
func Decode(project string, values map[string]string) (*Config, error) {
	d := newDecoder()
	return d.result(d.config(project, values))
}

func newDecoder() *decoder { return &decoder{malformed: map[string]bool{}, given: map[string]bool{}} }

func (d *decoder) config(project string, values map[string]string) *Config {
	config := Config{Profile: d.profile(project+":profile", values)}
	d.defaults = defaultsIn(config.Profile)
	d.setDefaults(project+":", reflect.ValueOf(&config).Elem())
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
			d.wrongType(path, "%v", err)
			continue
		}
		d.value(path, raw, into)
		d.constrain(path, field.Tag, into)
	}
	for _, key := range sortedKeys(fields) {
		_, given := values[key]
		if c := constraintsOf(fields[key].Tag); c.required && !given {
			d.missing(project+":"+key, c)
		}
	}
	config.complete()
	d.validate(project, &config)
	return &config
}

// profile decides over the defaults, and so is read before anything else.
func (d *decoder) profile(path string, values map[string]string) string {
	profile, given := values["profile"]
	if given && !slices.Contains(Profiles, profile) {
		d.wrongType(path, "%q; allowed are %s", profile, strings.Join(Profiles, ", "))
	}
	if slices.Contains(Profiles, profile) {
		return profile
	}
	return Profiles[0]
}

// skipRegionValidation is the setting with which the aws provider takes regions that are newer than itself.
const skipRegionValidation = "aws:skipRegionValidation"

// LoadFile decodes the project's keys in a Pulumi.<stack>.yaml, so that wrong configuration is refused before any
// engine runs. Encrypted values are taken for text.
func LoadFile(project, path string) (*Config, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return LoadText(project, path, content)
}

// LoadText decodes the project's keys in the text of a Pulumi.<stack>.yaml, as [LoadFile] does; name is what messages
// call it.
func LoadText(project, name string, content []byte) (*Config, error) {
	keys, err := parseKeys(name, content)
	if err != nil {
		return nil, err
	}
	d := newDecoder()
	return d.result(d.config(project, d.texts(project, keys)))
}

// ReadFile returns the values of the project's keys in a Pulumi.<stack>.yaml, as [Decode] takes them.
func ReadFile(project, path string) (map[string]string, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(path, content)
	if err != nil {
		return nil, err
	}
	d := newDecoder()
	values := d.texts(project, keys)
	if len(d.problems) > 0 {
		return values, &Error{Problems: d.problems}
	}
	return values, nil
}

// Namespace returns the values in the text of a Pulumi.<stack>.yaml of the keys of a provider's namespace, without it:
// texts as they are, others as JSON, and [Encrypted] for what is encrypted. name is what messages call the text.
func Namespace(namespace, name string, content []byte) (map[string]string, error) {
	keys, err := parseKeys(name, content)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for key, value := range keys {
		property, is := strings.CutPrefix(key, namespace+":")
		if !is || value == nil {
			continue
		}
		if values[property], err = textOf(value); err != nil {
			return nil, &Error{Problems: []Problem{{Path: key, Message: err.Error()}}}
		}
	}
	return values, nil
}

func readFile(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	return content, nil
}

func parseKeys(name string, content []byte) (map[string]any, error) {
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, &Error{Problems: []Problem{{Path: name, Message: "is not a valid YAML: " + err.Error()}}}
	}
	return file.Config, nil
}

// texts returns the project's keys as pulumi would hand them to the program.
func (d *decoder) texts(project string, keys map[string]any) map[string]string {
	d.anyRegion = fmt.Sprint(keys[skipRegionValidation]) == "true"
	values := map[string]string{}
	for _, key := range sortedKeys(keys) {
		name, ours := d.keyOf(project, key)
		if !ours || keys[key] == nil {
			continue
		}
		text, err := textOf(keys[key])
		if err != nil {
			d.wrongType(project+":"+name, "%v", err)
			continue
		}
		values[name] = text
	}
	return values
}

// keyOf returns the name of a key of the project's namespace, which a file may leave out. A namespace that looks like a
// slip of the pen for the project's is a problem; others belong to providers and the engine.
func (d *decoder) keyOf(project, key string) (name string, ours bool) {
	namespace, name, found := strings.Cut(key, ":")
	if !found {
		return key, true
	}
	name = strings.TrimPrefix(name, "config:") // the long form that pulumi still reads
	if namespace == project {
		return name, true
	}
	if levenshtein.Distance(namespace, project, nil) <= maxSlips {
		d.add(key, "unknown namespace %q; did you mean %s:%s?", namespace, project, name)
	}
	return "", false
}

// maxSlips is small enough that no provider's namespace (aws, awsx, docker) is taken for awslab.
const maxSlips = 2

// Load reads the program's configuration. The SDK hands out values by key only; the keys nobody asks for are in the
// environment that the language host sets, and when the program runs inside the Automation API, whoever runs it has
// checked the file with LoadFile.
func Load(ctx *pulumi.Context) (*Config, error) {
	d, values, secret := newDecoder(), map[string]string{}, []string{}
	skip, _ := ctx.GetConfig(skipRegionValidation)
	d.anyRegion = skip == "true"
	d.decrypted = ctx.IsConfigSecret(ctx.Project() + ":services")
	for key := range fieldsOf(reflect.TypeFor[Config]()) {
		path := ctx.Project() + ":" + key
		if value, ok := ctx.GetConfig(path); ok {
			values[key] = value
		}
		if ctx.IsConfigSecret(path) {
			secret = append(secret, path)
		}
	}
	var all map[string]string
	if json.Unmarshal([]byte(os.Getenv(pulumi.EnvConfig)), &all) == nil {
		for _, key := range sortedKeys(all) {
			name, ours := d.keyOf(ctx.Project(), key)
			if _, known := values[name]; ours && !known {
				values[name] = all[key]
			}
		}
	}
	config := d.config(ctx.Project(), values)
	d.conceal(secret)
	return d.result(config)
}

// conceal takes what was decrypted out of the messages, which quote values.
func (d *decoder) conceal(paths []string) {
	for i, problem := range d.problems {
		for _, path := range paths {
			if within(path, problem.Path) {
				d.problems[i].Message = "is wrong; the value is encrypted and not shown. schema.json says what is " +
					"allowed"
			}
		}
	}
}

// textOf renders a YAML value the way pulumi hands it to a program.
func textOf(value any) (string, error) {
	value = open(value)
	if text, ok := value.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("is not a configuration value: %w", err)
	}
	return string(text), nil
}

// Encrypted stands for an encrypted value where the stack's configuration is read from its file.
const Encrypted = "[secret]"

// open replaces encrypted values by a placeholder: what they hold is not ours to know yet.
func open(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if _, secure := v["secure"]; secure && len(v) == 1 {
			return Encrypted
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
		return nil, fmt.Errorf("%q is not %s", text, kindName(t))
	}
	return raw, nil
}

// decoder fills Go values from plain JSON values and collects what does not fit.
type decoder struct {
	problems []Problem
	// malformed are the paths of values that could not be read, so that nothing is said about what they might hold.
	malformed map[string]bool
	// given are the paths, within objects, of what somebody wrote down.
	given map[string]bool
	// anyRegion says that the aws provider checks no region's name, which it does for those of its own list.
	anyRegion bool
	// decrypted says that the services have encrypted values, and that it is unknown which.
	decrypted bool
	// defaults are those of the profile, by key.
	defaults map[string]any
}

func (d *decoder) result(config *Config) (*Config, error) {
	if len(d.problems) > 0 {
		return nil, &Error{Problems: d.problems}
	}
	return config, nil
}

// add notes a problem, unless the value could not be read in the first place.
func (d *decoder) add(path, format string, args ...any) {
	if d.sound(path) {
		d.problems = append(d.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

func (d *decoder) wrongType(path, format string, args ...any) {
	d.add(path, format, args...)
	d.malformed[path] = true
}

// sound reports whether the value at a path could be read; a check that compares values asks for each of them.
func (d *decoder) sound(paths ...string) bool {
	for _, path := range paths {
		for bad := range d.malformed {
			if within(bad, path) {
				return false
			}
		}
	}
	return true
}

// within reports whether path is outer or leads into it.
func within(outer, path string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (d *decoder) unknown(path, key string, fields map[string]reflect.StructField) {
	message := "unknown key"
	known := slices.Sorted(maps.Keys(fields))
	if near := nearest(key, known); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else {
		message += "; known are " + strings.Join(known, ", ")
	}
	d.add(path, "%s", message)
}

// nearest returns the candidate that a misspelling was probably meant to be, or nothing.
func nearest(text string, candidates []string) string {
	best, distance := "", 1+len(text)/3
	for _, candidate := range candidates {
		if n := levenshtein.Distance(strings.ToLower(text), strings.ToLower(candidate), nil); n <= distance {
			best, distance = candidate, n-1
		}
	}
	return best
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
			d.wrongType(path, "%v", err)
		}
	}
}

func (d *decoder) object(path string, raw any, into reflect.Value) {
	object, ok := raw.(map[string]any)
	if !ok {
		d.wrongType(path, "%s is not %s", describe(raw), kindName(into.Type()))
		return
	}
	d.setDefaults(path, into)
	fields := fieldsOf(into.Type())
	for _, key := range slices.Sorted(maps.Keys(object)) {
		field, known := fields[key]
		if !known {
			d.unknown(path+"."+key, key, fields)
			continue
		}
		d.value(path+"."+key, object[key], into.FieldByIndex(field.Index))
		if object[key] != nil {
			d.given[path+"."+key] = true
			d.constrain(path+"."+key, field.Tag, into.FieldByIndex(field.Index))
		}
	}
	for _, key := range sortedKeys(fields) {
		if c := constraintsOf(fields[key].Tag); c.required && object[key] == nil {
			d.missing(path+"."+key, c)
		}
	}
}

func (d *decoder) list(path string, raw any, into reflect.Value) {
	list, ok := raw.([]any)
	if !ok {
		d.wrongType(path, "%s is not a list", describe(raw))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i, element := range list {
		d.element(fmt.Sprintf("%s[%d]", path, i), element, into.Index(i))
	}
}

func (d *decoder) mapping(path string, raw any, into reflect.Value) {
	object, ok := raw.(map[string]any)
	if !ok {
		d.wrongType(path, "%s is not a map", describe(raw))
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		element := reflect.New(into.Type().Elem()).Elem()
		d.element(path+"."+key, object[key], element)
		into.SetMapIndex(reflect.ValueOf(key), element)
	}
}

// element decodes what is in a list or map. There, nothing cannot mean a default.
func (d *decoder) element(path string, raw any, into reflect.Value) {
	if raw == nil {
		d.wrongType(path, "is empty; write a value or remove it")
		return
	}
	d.value(path, raw, into)
}

func scalar(raw any, into reflect.Value) error {
	switch into.Kind() {
	case reflect.String:
		if text, ok := raw.(string); ok {
			into.SetString(text)
			return nil
		}
		return fmt.Errorf("%s is not text; write it in quotes", describe(raw))
	case reflect.Int:
		number, ok := raw.(float64)
		if ok && number == math.Trunc(number) && math.Abs(number) <= math.MaxInt32 {
			into.SetInt(int64(number))
			return nil
		}
		return fmt.Errorf("%s is not a whole number", describe(raw))
	case reflect.Float64:
		if number, ok := raw.(float64); ok {
			into.SetFloat(number)
			return nil
		}
		return fmt.Errorf("%s is not a number", describe(raw))
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
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	default:
		return "a map"
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

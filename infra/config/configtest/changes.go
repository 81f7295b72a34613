package configtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"github.com/awslab/awslab/infra/config"
)

// Kind says how the value of a change differs from the one before.
type Kind string

// The kinds of changes.
const (
	Next      Kind = "next"
	Previous  Kind = "previous"
	Least     Kind = "least"
	Most      Kind = "most"
	Other     Kind = "other"
	On        Kind = "on"
	Off       Kind = "off"
	Added     Kind = "added"
	Removed   Kind = "removed"
	Renamed   Kind = "renamed"
	Reordered Kind = "reordered"
	Swapped   Kind = "swapped"
	Together  Kind = "together"
)

// Change sets one value of a configuration, or some that belong together.
type Change struct {
	// Key is that of the schema, such as services[].port.
	Key  string
	Kind Kind
	// Values are the new values by path, such as services[1].port. Nil takes a key out.
	Values map[string]any
}

func (c Change) String() string {
	values := make([]string, 0, len(c.Values))
	for _, path := range slices.Sorted(maps.Keys(c.Values)) {
		values = append(values, path+"="+encode(c.Values[path]))
	}
	return string(c.Kind) + " " + strings.Join(values, ", ")
}

// TakesAway reports whether the change may take away as a whole what the stack has.
func (c Change) TakesAway() bool {
	return slices.Contains([]Kind{Removed, Renamed, Off, Swapped, Together}, c.Kind) ||
		strings.HasSuffix(c.Key, "Replicas")
}

// Adds reports whether the change may add as a whole what the stack has not.
func (c Change) Adds() bool {
	return slices.Contains([]Kind{Added, Renamed, On, Swapped, Together}, c.Kind) ||
		strings.HasSuffix(c.Key, "Replicas")
}

// Protects reports whether the change may protect from deletion, and so from taking back others made with it.
func (c Change) Protects() bool {
	return slices.Contains([]Kind{Off, Removed}, c.Kind) && strings.HasSuffix(c.Key, "forceDelete") ||
		slices.Contains([]Kind{On, Removed}, c.Kind) && strings.HasSuffix(c.Key, "deletionProtection")
}

// Overlaps reports whether both changes set the same value, or one a part of the other's.
func (c Change) Overlaps(other Change) bool {
	for _, one := range c.reach() {
		for _, two := range other.reach() {
			if within(one, two) || within(two, one) {
				return true
			}
		}
	}
	return false
}

// reach returns the paths of what the change sets. That of an element that is taken out is its list's: those behind it
// move up.
func (c Change) reach() []string {
	var paths []string
	for path, value := range c.Values {
		if value == nil {
			path = lastElement.ReplaceAllString(path, "")
		}
		paths = append(paths, path)
	}
	return paths
}

var lastElement = regexp.MustCompile(`\[\d+\]$`)

func within(outer, path string) bool {
	rest, inside := strings.CutPrefix(path, outer)
	return inside && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Apply returns a configuration with the changes made.
func Apply(configuration map[string]any, changes ...Change) map[string]any {
	changed := clone(configuration).(map[string]any)
	for _, change := range changes {
		for _, path := range slices.Sorted(maps.Keys(change.Values)) {
			put(changed, elements.FindAllString(path, -1), clone(change.Values[path]))
		}
	}
	return changed
}

func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for key, inner := range value {
			copied[key] = clone(inner)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = clone(inner)
		}
		return copied
	}
	return value
}

// put sets the value at a path; objects on the way need not be there.
func put(holder map[string]any, path []string, value any) {
	key := path[0]
	if len(path) == 1 {
		if value == nil {
			delete(holder, key)
			return
		}
		holder[key] = value
		return
	}
	if list, isList := holder[key].([]any); isList {
		holder[key] = putElement(list, path[1:], value)
		return
	}
	inner, there := holder[key].(map[string]any)
	if !there {
		inner = map[string]any{}
		holder[key] = inner
	}
	put(inner, path[1:], value)
}

// putElement sets an element of a list, or a value in it. The element after the last is added, one without a value is
// taken out.
func putElement(list []any, path []string, value any) []any {
	i, err := strconv.Atoi(path[0])
	if err != nil || i > len(list) {
		panic(fmt.Sprintf("%q is no element of a list of %d", path[0], len(list)))
	}
	if i == len(list) {
		list = append(list, map[string]any{})
	}
	switch {
	case len(path) == 1 && value == nil:
		return slices.Delete(list, i, i+1)
	case len(path) == 1:
		list[i] = value
		return list
	}
	put(list[i].(map[string]any), path[1:], value)
	return list
}

// tables is what the schema does not say.
type tables struct {
	// Bases are the stacks that changes begin from, by name.
	Bases []struct {
		Name string
		// Stack is that of the file which the base extends.
		Stack  string
		Values map[string]any
	}
	// Extra is what every base has besides, so that each key has a value.
	Extra map[string]any
	// Values are other values, by key. A list's are whole lists.
	Values map[string][]any
	// Elements are added to lists and maps, by key.
	Elements map[string]any
	// Together are changes of more than one key.
	Together []map[string]any
	// Elsewhere says of keys why no value of theirs is tried.
	Elsewhere map[string]string
}

//go:embed changes.yaml
var changesText string

// handGiven are the tables of changes.yaml, in which the dates are future ones.
var handGiven = func() tables {
	day := func(ahead int) string { return time.Now().UTC().AddDate(0, 0, ahead).Format(time.DateOnly) }
	text := strings.NewReplacer("SOON", day(30), "LATER", day(60)).Replace(changesText)
	var read tables
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		panic(fmt.Errorf("reading changes.yaml: %w", err))
	}
	return read
}()

// Base is a running stack that changes begin from.
type Base struct {
	Name, Stack   string
	Configuration map[string]any
}

// Bases returns the stacks that changes begin from: those of the files Pulumi.<stack>.yaml below root, with a value for
// every key that takes one.
func Bases(root string) ([]Base, error) {
	var bases []Base
	for _, b := range handGiven.Bases {
		texts, err := config.ReadFile("awslab", fmt.Sprintf("%s/Pulumi.%s.yaml", root, b.Stack))
		if err != nil {
			return nil, err
		}
		configuration := map[string]any{}
		for key, text := range texts {
			var value any
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				return nil, fmt.Errorf("reading %s of stack %s: %w", key, b.Stack, err)
			}
			configuration[key] = value
		}
		for _, path := range slices.SortedFunc(maps.Keys(handGiven.Extra), byDepth) {
			put(configuration, elements.FindAllString(path, -1), clone(handGiven.Extra[path]))
		}
		for path, value := range b.Values {
			put(configuration, elements.FindAllString(path, -1), clone(value))
		}
		bases = append(bases, Base{b.Name, b.Stack, configuration})
	}
	return bases, nil
}

// byDepth orders paths so that a list is there before its elements are reached.
func byDepth(a, b string) int {
	if n := len(elements.FindAllString(a, -1)) - len(elements.FindAllString(b, -1)); n != 0 {
		return n
	}
	return strings.Compare(a, b)
}

// Changes returns the interesting other values of every key of the schema, from a configuration. With them it returns
// an error if there is a key without any, unless the tables say why: of a configuration that is complete there is none.
func Changes(schema []byte, configuration map[string]any) ([]Change, error) {
	var root jsonschema.Schema
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, fmt.Errorf("reading the schema of the configuration: %w", err)
	}
	w := &walker{
		root:    &root,
		profile: configuration["profile"].(string),
		keys:    map[string]int{},
		seen:    map[string]bool{},
	}
	w.object(&root, "", "", configuration)
	for _, values := range handGiven.Together {
		key := slices.Sorted(maps.Keys(values))[0]
		if w.reaches(configuration, values) {
			w.changes = append(w.changes, Change{indices.ReplaceAllString(key, "[]"), Together, values})
		}
	}
	var without []string
	for _, key := range slices.Sorted(maps.Keys(w.keys)) {
		if _, excused := handGiven.Elsewhere[key]; w.keys[key] == 0 && !excused {
			without = append(without, key)
		}
	}
	if len(without) > 0 {
		return w.changes, fmt.Errorf(
			"there is no other value for %s; add some to changes.yaml", strings.Join(without, ", "))
	}
	return w.changes, nil
}

var indices = regexp.MustCompile(`\[\d+\]`)

type walker struct {
	root    *jsonschema.Schema
	profile string
	changes []Change
	// keys counts the changes of each key.
	keys map[string]int
	// seen are the values of the changes.
	seen map[string]bool
}

// reaches reports whether a change that is hand-given changes something of what there is.
func (w *walker) reaches(configuration map[string]any, values map[string]any) bool {
	for path := range values {
		if !fits(configuration, elements.FindAllString(path, -1)) {
			return false
		}
	}
	changed := Apply(configuration, Change{Values: values})
	return !reflect.DeepEqual(changed, configuration)
}

// fits reports whether the lists on a path have its elements, or all before them.
func fits(value any, path []string) bool {
	for _, key := range path {
		switch holder := value.(type) {
		case map[string]any:
			value = holder[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(holder) {
				return i == len(holder)
			}
			value = holder[i]
		default:
			return true
		}
	}
	return true
}

func (w *walker) resolve(schema *jsonschema.Schema) *jsonschema.Schema {
	if name, isRef := strings.CutPrefix(schema.Ref, "#/$defs/"); isRef {
		return w.root.Definitions[name]
	}
	return schema
}

// add notes a change of one value, unless it is none.
func (w *walker) add(key, path string, kind Kind, was, is any) {
	if equal(was, is) {
		return
	}
	w.keys[key]++
	change := Change{key, kind, map[string]any{path: is}}
	if text := encode(change.Values); !w.seen[text] {
		w.seen[text] = true
		w.changes = append(w.changes, change)
	}
}

func equal(a, b any) bool { return encode(a) == encode(b) }

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// object walks through the keys of an object, which need not be there.
func (w *walker) object(schema *jsonschema.Schema, key, path string, was map[string]any) {
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		name := pair.Key
		value, there := was[name]
		w.value(pair.Value, below(key, name), below(path, name), value)
		if there && !slices.Contains(schema.Required, name) {
			w.add(below(key, name), below(path, name), Removed, value, nil)
		}
	}
}

func (w *walker) value(schema *jsonschema.Schema, key, path string, was any) {
	definition := w.resolve(schema)
	switch {
	case definition.Properties != nil:
		object, _ := was.(map[string]any)
		w.object(definition, key, path, object)
	case definition.Type == "array" && w.resolve(definition.Items).Properties != nil:
		list, _ := was.([]any)
		w.objects(w.resolve(definition.Items), key, path, list)
	case definition.Type == "array":
		list, _ := w.effective(key, was).([]any)
		w.scalars(definition.Items, key, path, list)
	case definition.Type == "object":
		entries, _ := was.(map[string]any)
		w.entries(key, path, entries)
	default:
		w.scalar(schema, key, path, w.effective(key, was))
	}
}

// effective returns what holds: what is written, or the default.
func (w *walker) effective(key string, was any) any {
	if was != nil {
		return was
	}
	for _, d := range config.Defaults {
		if d.Key != key {
			continue
		}
		text, err := json.Marshal(d.In(w.profile))
		if err != nil {
			panic(err)
		}
		var value any
		if err := yaml.Unmarshal(text, &value); err != nil {
			panic(err)
		}
		return value
	}
	return nil
}

func (w *walker) scalar(schema *jsonschema.Schema, key, path string, was any) {
	w.keys[key] += 0
	kind := Other
	if was == nil {
		kind = Added
	}
	for _, value := range slices.Concat(schema.Enum, handGiven.Values[key]) {
		if number, isNumber := value.(float64); isNumber && schema.Type == "integer" {
			value = int(number)
		}
		w.add(key, path, kind, was, value)
	}
	switch schema.Type {
	case "boolean":
		on, _ := was.(bool)
		w.add(key, path, map[bool]Kind{true: Off, false: On}[on], nil, !on)
	case "integer":
		if n, isNumber := was.(int); isNumber {
			w.add(key, path, Next, was, n+1)
			w.add(key, path, Previous, was, n-1)
		}
		for kind, limit := range map[Kind]json.Number{Least: schema.Minimum, Most: schema.Maximum} {
			if n, err := limit.Int64(); err == nil {
				w.add(key, path, kind, was, int(n))
			}
		}
	case "string":
		if name, isText := was.(string); isText && strings.HasSuffix(key, ".name") && schema.Enum == nil {
			w.add(key, path, Renamed, was, name+"2")
		}
	}
}

// objects changes a list of objects: what is in it, and then each by itself.
func (w *walker) objects(schema *jsonschema.Schema, key, path string, list []any) {
	w.keys[key] += 0
	if element := handGiven.Elements[key]; element != nil {
		w.add(key, path, Added, list, append(slices.Clone(list), element))
		w.add(key, path, Added, list, append([]any{element}, list...))
	}
	w.rearrange(key, path, list)
	for i, element := range list {
		w.object(schema, key+"[]", fmt.Sprintf("%s[%d]", path, i), element.(map[string]any))
		if i > 0 {
			w.swap(schema, key, path, i, list[i-1].(map[string]any), element.(map[string]any))
		}
	}
	if len(list) == 0 { // the keys count, though there is nothing to change
		absent := *w
		absent.changes, absent.seen = nil, map[string]bool{}
		absent.keys = map[string]int{}
		absent.object(schema, key+"[]", path+"[0]", nil)
		for inner := range absent.keys {
			w.keys[inner] += 0
		}
	}
}

// swap exchanges each value of neighbours.
func (w *walker) swap(schema *jsonschema.Schema, key, path string, i int, one, two map[string]any) {
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if equal(one[pair.Key], two[pair.Key]) {
			continue
		}
		w.changes = append(w.changes, Change{below(key+"[]", pair.Key), Swapped, map[string]any{
			fmt.Sprintf("%s[%d].%s", path, i-1, pair.Key): two[pair.Key],
			fmt.Sprintf("%s[%d].%s", path, i, pair.Key):   one[pair.Key],
		}})
	}
}

// rearrange takes elements out of a list and turns it around.
func (w *walker) rearrange(key, path string, list []any) {
	if len(list) == 0 {
		return
	}
	w.add(key, path, Removed, list, list[1:])
	w.add(key, path, Removed, list, list[:len(list)-1])
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	w.add(key, path, Reordered, list, reversed)
}

// scalars changes a list of scalars.
func (w *walker) scalars(items *jsonschema.Schema, key, path string, list []any) {
	w.keys[key] += 0
	for _, value := range handGiven.Values[key] {
		w.add(key, path, Other, list, value)
	}
	elements := slices.Clone(items.Enum)
	if element := handGiven.Elements[key]; element != nil {
		elements = append(elements, element)
	}
	for _, element := range elements {
		if !slices.Contains(list, element) {
			w.add(key, path, Added, list, append(slices.Clone(list), element))
		}
	}
	w.rearrange(key, path, list)
}

// entries changes a map of names to anything.
func (w *walker) entries(key, path string, entries map[string]any) {
	w.keys[key] += 0
	element, _ := handGiven.Elements[key].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(element)) {
		with := maps.Clone(entries)
		if with == nil {
			with = map[string]any{}
		}
		kind := Added
		if _, there := entries[name]; there {
			kind = Other
		}
		with[name] = element[name]
		w.add(key, path, kind, entries, with)
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		without := maps.Clone(entries)
		delete(without, name)
		w.add(key, path, Removed, entries, without)
		renamed := maps.Clone(without)
		renamed[name+"_2"] = entries[name]
		w.add(key, path, Renamed, entries, renamed)
	}
}

// Accepted returns a configuration as the program has it, or the program's refusal.
func Accepted(root string, configuration map[string]any) (*config.Config, error) {
	values, err := texts(configuration)
	if err != nil {
		return nil, err
	}
	decoded, err := config.Decode("awslab", values)
	if err != nil {
		return nil, err
	}
	return decoded, decoded.CheckFiles("awslab", root)
}

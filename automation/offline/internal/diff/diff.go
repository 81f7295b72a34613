// Package diff compares what a program says of a resource with its last known state, as the bridged provider's plan
// does, by the resource's schema and model alone.
package diff

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// change is how a value differs.
type changeKind int

const (
	added changeKind = iota
	deleted
	updated
)

// Edit is one difference.
type Edit struct {
	change changeKind
	// Path is the place in the model, without list indices.
	Path     string
	Replaces bool
}

// Type is what a comparison knows of a resource's type.
type Type struct {
	// Resource is nil for a type that the SDK does not have.
	Resource *schema.Resource
	Objects  *schema.Package
	// Model is never nil: a type without one has an empty model.
	Model *model.Model
	// Equalities compare texts that may be written in several ways, by the names that the models give them.
	Equalities map[string]func(a, b string) bool
}

// Difference is a comparison of the program's inputs with the state.
type Difference struct {
	Type
	Olds, News values.View
	// Edits are what differs, by the place with list indices: ingress[0].fromPort.
	Edits map[string]Edit
}

// Between compares inputs with a state.
func Between(typ Type, olds, news resource.PropertyMap) *Difference {
	d := none(typ, olds, news)
	if d.Resource == nil {
		d.compareUntyped()
		return d
	}
	d.compareObject("", "", d.Resource.Inputs, olds, news)
	return d
}

// OfProperty compares one property's values, whatever else differs.
func OfProperty(typ Type, property *schema.Property, olds, news resource.PropertyMap) *Difference {
	d := none(typ, olds, news)
	key := resource.PropertyKey(property.Name)
	d.compare(property.Name, property.Name, property.Type, olds[key], news[key])
	return d
}

func none(typ Type, olds, news resource.PropertyMap) *Difference {
	return &Difference{Type: typ, Olds: values.View(olds), News: values.View(news), Edits: map[string]Edit{}}
}

// compareUntyped compares a type that the SDK does not have, by its inputs alone.
func (d *Difference) compareUntyped() {
	for name, value := range d.News {
		old, has := d.Olds[name]
		if !has {
			d.record(string(name), string(name), added, value)
		} else if !values.Reveal(old).DeepEquals(values.Reveal(value)) {
			d.record(string(name), string(name), updated, value)
		}
	}
}

// Deleted lists the paths of the model at which something is gone.
func (d *Difference) Deleted() []string {
	var paths []string
	for _, e := range d.Edits {
		if e.change == deleted {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// Changed reports whether anything at or below a path of the model differs.
func (d *Difference) Changed(path string) bool {
	for _, e := range d.Edits {
		if e.Path == path || strings.HasPrefix(e.Path, path+".") {
			return true
		}
	}
	return false
}

// Replace makes every difference at or below a path of the model replace, or not.
func (d *Difference) Replace(path string, replaces bool) {
	for at, e := range d.Edits {
		if e.Path == path || strings.HasPrefix(e.Path, path+".") {
			e.Replaces = replaces
			d.Edits[at] = e
		}
	}
}

// Drop forgets every difference at or below a path of the model.
func (d *Difference) Drop(path string) {
	for at, e := range d.Edits {
		if e.Path == path || strings.HasPrefix(e.Path, path+".") {
			delete(d.Edits, at)
		}
	}
}

func (d *Difference) record(at, path string, change changeKind, whole resource.PropertyValue) {
	d.Edits[at] = Edit{change, path, d.replacesAt(path, change, whole)}
}

// replacesAt reports whether a difference replaces: the property does itself, or what came or went as a whole has a
// property that does.
func (d *Difference) replacesAt(path string, change changeKind, whole resource.PropertyValue) bool {
	if d.Model.ForcesNew(path) {
		return true
	}
	if change == updated {
		return false
	}
	for _, inner := range d.Model.ForceNew {
		if rest, below := strings.CutPrefix(inner, path+"."); below && len(values.Each("", whole, rest)) > 0 {
			return true
		}
	}
	return false
}

func (d *Difference) compareObject(at, path string, properties []schema.Property, olds, news resource.PropertyMap) {
	for i := range properties {
		p := &properties[i]
		key := resource.PropertyKey(p.Name)
		d.compare(values.Join(at, p.Name), values.JoinModel(path, p.Name), p.Type, olds[key], news[key])
	}
}

func (d *Difference) compare(at, path string, typ *schema.Type, old, new resource.PropertyValue) {
	old, new = values.Reveal(old), values.Reveal(new)
	switch {
	case d.unseen(path):
	case values.IsUnknown(new) && values.IsUnknown(old):
	case values.IsUnknown(new) && old.IsNull():
		d.record(at, path, added, new)
	case values.IsUnknown(new):
		d.record(at, path, updated, new)
	case new.IsNull():
		if !isEmpty(typ, old) && !d.Model.FilledByAWS(path) && !d.Model.Keeps(path) && !d.meansNone(path, old) {
			d.record(at, path, deleted, old)
		}
	case old.IsNull():
		if !isEmpty(typ, new) && !d.meansNone(path, new) {
			d.record(at, path, added, new)
		}
	case new.IsArray() && old.IsArray():
		d.compareArray(at, path, typ, old.ArrayValue(), new.ArrayValue())
	case new.IsObject() && old.IsObject():
		d.compareInner(at, path, typ, old.ObjectValue(), new.ObjectValue())
	case !d.equalScalars(path, old, new):
		d.record(at, path, updated, new)
	}
}

// isEmpty reports whether a value means the same as none. A block that is there counts with nothing in it: WAF's
// count: {} is another action than none: {}.
func isEmpty(typ *schema.Type, v resource.PropertyValue) bool {
	if typ != nil && typ.Kind == schema.Object && v.IsObject() {
		return false
	}
	return values.IsEmpty(v)
}

func (d *Difference) compareInner(at, path string, typ *schema.Type, old, new resource.PropertyMap) {
	if _, is := d.Model.Equal[path]; is {
		// A document given as an object.
		if !d.equalScalars(path, resource.NewProperty(old), resource.NewProperty(new)) {
			d.record(at, path, updated, resource.NewProperty(new))
		}
		return
	}
	if typ != nil && typ.Kind == schema.Object {
		if properties, known := d.Objects.Object(typ.Ref); known {
			d.compareObject(at, path, properties, old, new)
			return
		}
	}
	d.compareMap(at, path, old, new)
}

// compareMap compares maps, whose elements count even when they are empty.
func (d *Difference) compareMap(at, path string, old, new resource.PropertyMap) {
	for key, value := range new {
		value = values.Reveal(value)
		before, has := old[key]
		switch {
		case !has:
			d.recordElement(values.Join(at, string(key)), path, added)
		case values.IsUnknown(value) || !values.Reveal(before).DeepEquals(value) && !sameText(
			values.Reveal(before),
			value,
		):
			d.recordElement(values.Join(at, string(key)), path, updated)
		}
	}
	for key := range old {
		if _, has := new[key]; !has {
			d.recordElement(values.Join(at, string(key)), path, deleted)
		}
	}
}

// recordElement records a difference of an element of a map or list, which counts as one of the map or list.
func (d *Difference) recordElement(at, path string, change changeKind) {
	d.Edits[at] = Edit{change, path, d.Model.ForcesNew(path)}
}

func (d *Difference) compareArray(at, path string, typ *schema.Type, old, new []resource.PropertyValue) {
	var elem *schema.Type
	if typ != nil {
		elem = typ.Elem
	}
	if d.Model.IsSet(path) {
		d.compareSet(at, path, elem, old, new)
		return
	}
	for i := range max(len(old), len(new)) {
		place := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case i >= len(old):
			d.record(place, path, added, new[i])
		case i >= len(new):
			d.record(place, path, deleted, old[i])
		default:
			d.compareElement(place, path, elem, old[i], new[i])
		}
	}
}

// compareElement compares list elements, of which null and empty ones count.
func (d *Difference) compareElement(at, path string, typ *schema.Type, old, new resource.PropertyValue) {
	old, new = values.Reveal(old), values.Reveal(new)
	if old.IsObject() && new.IsObject() || old.IsArray() && new.IsArray() {
		d.compare(at, path, typ, old, new)
		return
	}
	if values.IsUnknown(new) || !d.equalScalars(path, old, new) {
		d.record(at, path, updated, new)
	}
}

// compareSet compares lists without regard to order: what has no equal on the other side came or went, and where both
// happened at one index, it was updated.
func (d *Difference) compareSet(at, path string, typ *schema.Type, old, new []resource.PropertyValue) {
	gone := make([]bool, len(old))
	for i := range old {
		gone[i] = true
	}
	for i, element := range new {
		same := -1
		for j := range old {
			if gone[j] && d.same(path, typ, old[j], element) {
				same = j
				break
			}
		}
		if same >= 0 {
			gone[same] = false
			continue
		}
		d.record(fmt.Sprintf("%s[%d]", at, i), path, added, element)
	}
	for j, element := range old {
		if !gone[j] {
			continue
		}
		place := fmt.Sprintf("%s[%d]", at, j)
		if came, both := d.Edits[place]; both {
			d.Edits[place] = Edit{updated, path, came.Replaces || d.replacesAt(path, deleted, element)}
			continue
		}
		d.record(place, path, deleted, element)
	}
}

func (d *Difference) same(path string, typ *schema.Type, old, new resource.PropertyValue) bool {
	scratch := none(d.Type, resource.PropertyMap(d.Olds), resource.PropertyMap(d.News))
	scratch.compareElement("", path, typ, old, new)
	return len(scratch.Edits) == 0
}

// meansNone reports whether a value is as good as absent.
func (d *Difference) meansNone(path string, v resource.PropertyValue) bool {
	none, has := d.Model.Absent[path]
	return has && values.Text(values.Of(none)) == values.Text(v)
}

// unseen reports whether a property's changes are no difference, given the values of others.
func (d *Difference) unseen(path string) bool {
	condition, has := d.Model.Unseen[path]
	if !has {
		return false
	}
	value, known := d.News.At(condition.Property)
	if len(condition.Unless) > 0 {
		return !known || !model.Contains(condition.Unless, value)
	}
	return known && model.Contains(condition.When, value)
}

func (d *Difference) equalScalars(path string, old, new resource.PropertyValue) bool {
	if old.DeepEquals(new) {
		return true
	}
	if equal, has := d.Equalities[d.Model.Equal[path]]; has {
		return equal(values.Document(old), values.Document(new))
	}
	return sameText(old, new)
}

// sameText reports whether two scalars are written alike: 80 and "80" are.
func sameText(a, b resource.PropertyValue) bool {
	scalar := func(v resource.PropertyValue) bool { return v.IsString() || v.IsNumber() || v.IsBool() }
	return scalar(a) && scalar(b) && values.Text(a) == values.Text(b)
}

// Ignore drops what the program asked to ignore.
func (d *Difference) Ignore(paths []string) error {
	for _, ignored := range paths {
		pattern, err := resource.ParsePropertyPath(ignored)
		if err != nil {
			return fmt.Errorf("ignoreChanges: %q is not a property path: %w", ignored, err)
		}
		for at := range d.Edits {
			if place, err := resource.ParsePropertyPath(at); err == nil && pattern.Contains(place) {
				delete(d.Edits, at)
			}
		}
	}
	return nil
}

// ChangedAny reports whether anything at or below one of the paths differs.
func (d *Difference) ChangedAny(paths []string) bool {
	for _, path := range paths {
		if d.Changed(path) {
			return true
		}
	}
	return false
}

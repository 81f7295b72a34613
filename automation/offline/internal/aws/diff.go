package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

// Diff compares the program's inputs with the last known state, as the bridged provider's plan does: what drifted and
// was refreshed differs from the program, and what AWS filled in by itself does not.
func (p *Provider) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	inputs, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	d := newDifference(kind, olds, withoutDefaults(inputs))
	if err := d.compute(); err != nil {
		return nil, err
	}
	if err := d.ignore(req.GetIgnoreChanges()); err != nil {
		return nil, err
	}
	return d.response(inputs), nil
}

// change is how a value differs.
type changeKind int

const (
	added changeKind = iota
	deleted
	updated
)

// edit is one difference.
type edit struct {
	change changeKind
	// path is the place in the model, without list indices.
	path     string
	replaces bool
}

// difference is a comparison of the program's inputs with the state.
type difference struct {
	kind
	olds, news view
	// edits are what differs, by the place with list indices: ingress[0].fromPort.
	edits map[string]edit
}

func newDifference(k kind, olds, news resource.PropertyMap) *difference {
	return &difference{kind: k, olds: view(olds), news: view(news), edits: map[string]edit{}}
}

func (d *difference) compute() error {
	if d.resource == nil {
		d.compareUntyped()
		return nil
	}
	d.compareObject("", "", d.resource.Inputs, resource.PropertyMap(d.olds), resource.PropertyMap(d.news))
	if d.behavior.diff == nil {
		return nil
	}
	if err := d.behavior.diff(d); err != nil {
		return fmt.Errorf("%s: %w", d.urn.Name(), err)
	}
	return nil
}

// compareUntyped compares a type that the SDK does not have, by its inputs alone.
func (d *difference) compareUntyped() {
	for name, value := range d.news {
		old, has := d.olds[name]
		if !has {
			d.record(string(name), string(name), added, value)
		} else if !reveal(old).DeepEquals(reveal(value)) {
			d.record(string(name), string(name), updated, value)
		}
	}
}

// changed says whether anything at or below a path of the model differs.
func (d *difference) changed(path string) bool {
	for _, e := range d.edits {
		if e.path == path || strings.HasPrefix(e.path, path+".") {
			return true
		}
	}
	return false
}

// replace makes every difference at or below a path of the model replace, or not.
func (d *difference) replace(path string, replaces bool) {
	for at, e := range d.edits {
		if e.path == path || strings.HasPrefix(e.path, path+".") {
			e.replaces = replaces
			d.edits[at] = e
		}
	}
}

// drop forgets every difference at or below a path of the model.
func (d *difference) drop(path string) {
	for at, e := range d.edits {
		if e.path == path || strings.HasPrefix(e.path, path+".") {
			delete(d.edits, at)
		}
	}
}

func (d *difference) record(at, path string, change changeKind, whole resource.PropertyValue) {
	d.edits[at] = edit{change, path, d.replacesAt(path, change, whole)}
}

// replacesAt says whether a difference replaces: the property does itself, or what came or went as a whole has a
// property that does.
func (d *difference) replacesAt(path string, change changeKind, whole resource.PropertyValue) bool {
	if d.model.forcesNew(path) {
		return true
	}
	if change == updated {
		return false
	}
	for _, inner := range d.model.ForceNew {
		if rest, below := strings.CutPrefix(inner, path+"."); below && len(each("", whole, rest)) > 0 {
			return true
		}
	}
	return false
}

func (d *difference) compareObject(at, path string, properties []schema.Property, olds, news resource.PropertyMap) {
	for i := range properties {
		p := &properties[i]
		key := resource.PropertyKey(p.Name)
		d.compare(join(at, p.Name), joinModel(path, p.Name), p.Type, olds[key], news[key])
	}
}

func (d *difference) compare(at, path string, typ *schema.Type, old, new resource.PropertyValue) {
	old, new = reveal(old), reveal(new)
	switch {
	case d.unseen(path):
	case isUnknown(new) && isUnknown(old):
	case isUnknown(new) && old.IsNull():
		d.record(at, path, added, new)
	case isUnknown(new):
		d.record(at, path, updated, new)
	case new.IsNull():
		if !isEmpty(old) && !d.model.filledByAWS(path) && !d.model.keeps(path) && !d.meansNone(path, old) {
			d.record(at, path, deleted, old)
		}
	case old.IsNull():
		if !isEmpty(new) && !d.meansNone(path, new) {
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

func (d *difference) compareInner(at, path string, typ *schema.Type, old, new resource.PropertyMap) {
	if _, is := d.model.Equal[path]; is {
		// A document given as an object.
		if !d.equalScalars(path, resource.NewProperty(old), resource.NewProperty(new)) {
			d.record(at, path, updated, resource.NewProperty(new))
		}
		return
	}
	if typ != nil && typ.Kind == schema.Object {
		if properties, known := d.objects.Object(typ.Ref); known {
			d.compareObject(at, path, properties, old, new)
			return
		}
	}
	d.compareMap(at, path, old, new)
}

// compareMap compares maps, whose elements count even when they are empty.
func (d *difference) compareMap(at, path string, old, new resource.PropertyMap) {
	for key, value := range new {
		value = reveal(value)
		before, has := old[key]
		switch {
		case !has:
			d.recordElement(join(at, string(key)), path, added)
		case isUnknown(value) || !reveal(before).DeepEquals(value) && !sameText(reveal(before), value):
			d.recordElement(join(at, string(key)), path, updated)
		}
	}
	for key := range old {
		if _, has := new[key]; !has {
			d.recordElement(join(at, string(key)), path, deleted)
		}
	}
}

// recordElement records a difference of an element of a map or list, which counts as one of the map or list.
func (d *difference) recordElement(at, path string, change changeKind) {
	d.edits[at] = edit{change, path, d.model.forcesNew(path)}
}

func (d *difference) compareArray(at, path string, typ *schema.Type, old, new []resource.PropertyValue) {
	var elem *schema.Type
	if typ != nil {
		elem = typ.Elem
	}
	if d.model.isSet(path) {
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
func (d *difference) compareElement(at, path string, typ *schema.Type, old, new resource.PropertyValue) {
	old, new = reveal(old), reveal(new)
	if old.IsObject() && new.IsObject() || old.IsArray() && new.IsArray() {
		d.compare(at, path, typ, old, new)
		return
	}
	if isUnknown(new) || !d.equalScalars(path, old, new) {
		d.record(at, path, updated, new)
	}
}

// compareSet compares lists without regard to order: what has no equal on the other side came or went, and where both
// happened at one index, it was updated.
func (d *difference) compareSet(at, path string, typ *schema.Type, old, new []resource.PropertyValue) {
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
		if came, both := d.edits[place]; both {
			d.edits[place] = edit{updated, path, came.replaces || d.replacesAt(path, deleted, element)}
			continue
		}
		d.record(place, path, deleted, element)
	}
}

func (d *difference) same(path string, typ *schema.Type, old, new resource.PropertyValue) bool {
	scratch := &difference{kind: d.kind, olds: d.olds, news: d.news, edits: map[string]edit{}}
	scratch.compareElement("", path, typ, old, new)
	return len(scratch.edits) == 0
}

// meansNone says whether a value is as good as absent.
func (d *difference) meansNone(path string, v resource.PropertyValue) bool {
	none, has := d.model.Absent[path]
	return has && text(property(none)) == text(v)
}

// unseen says whether a property's changes are no difference, given the values of others.
func (d *difference) unseen(path string) bool {
	condition, has := d.model.Unseen[path]
	if !has {
		return false
	}
	value, known := d.news.at(condition.Property)
	if len(condition.Unless) > 0 {
		return !known || !containsValue(condition.Unless, value)
	}
	return known && containsValue(condition.When, value)
}

func (d *difference) equalScalars(path string, old, new resource.PropertyValue) bool {
	if old.DeepEquals(new) {
		return true
	}
	if equal, has := d.equalities[d.model.Equal[path]]; has {
		return equal(document(old), document(new))
	}
	return sameText(old, new)
}

// sameText says whether two scalars are written alike: 80 and "80" are.
func sameText(a, b resource.PropertyValue) bool {
	scalar := func(v resource.PropertyValue) bool { return v.IsString() || v.IsNumber() || v.IsBool() }
	return scalar(a) && scalar(b) && text(a) == text(b)
}

// ignore drops what the program asked to ignore.
func (d *difference) ignore(paths []string) error {
	for _, ignored := range paths {
		pattern, err := resource.ParsePropertyPath(ignored)
		if err != nil {
			return fmt.Errorf("ignoreChanges: %q is no property path: %w", ignored, err)
		}
		for at := range d.edits {
			if place, err := resource.ParsePropertyPath(at); err == nil && pattern.Contains(place) {
				delete(d.edits, at)
			}
		}
	}
	return nil
}

func (d *difference) response(inputs resource.PropertyMap) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		HasDetailedDiff: true,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
	}
	for at, e := range d.edits {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.DetailedDiff[at] = &pulumirpc.PropertyDiff{Kind: rpcKind(e)}
		top, _, _ := strings.Cut(e.path, ".")
		response.Diffs = append(response.Diffs, top)
		if e.replaces {
			response.Replaces = append(response.Replaces, top)
		}
	}
	slices.Sort(response.Diffs)
	response.Diffs = slices.Compact(response.Diffs)
	slices.Sort(response.Replaces)
	response.Replaces = slices.Compact(response.Replaces)
	response.DeleteBeforeReplace = len(response.Replaces) > 0 && (d.model.DeleteBeforeReplace || d.nameIsGiven(inputs))
	return response
}

// nameIsGiven says whether the program named what is otherwise named automatically: a replacement would then meet its
// predecessor under the same name.
func (d *difference) nameIsGiven(inputs resource.PropertyMap) bool {
	rule := d.model.AutoName
	if rule == nil || !inputs.HasValue(resource.PropertyKey(rule.Property)) {
		return false
	}
	return !slices.Contains(defaultedOf(inputs), rule.Property)
}

func rpcKind(e edit) pulumirpc.PropertyDiff_Kind {
	kinds := map[changeKind][2]pulumirpc.PropertyDiff_Kind{
		added:   {pulumirpc.PropertyDiff_ADD, pulumirpc.PropertyDiff_ADD_REPLACE},
		deleted: {pulumirpc.PropertyDiff_DELETE, pulumirpc.PropertyDiff_DELETE_REPLACE},
		updated: {pulumirpc.PropertyDiff_UPDATE, pulumirpc.PropertyDiff_UPDATE_REPLACE},
	}
	if e.replaces {
		return kinds[e.change][1]
	}
	return kinds[e.change][0]
}

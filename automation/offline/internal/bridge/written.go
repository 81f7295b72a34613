package bridge

import (
	"cmp"
	"hash/crc32"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// asWritten brings the state into the form in which the provider reads it back: texts as AWS writes them down, and sets
// in the order of a hash, as the provider keeps them. A program that counts on the order in which it sent them, and a
// model that takes a set for a list, are found out by it.
func (c *Change) asWritten() {
	for _, path := range values.SortedKeys(c.Model.Written) {
		form := c.p.forms[c.Model.Written[path]]
		c.rewrite(path, func(v resource.PropertyValue) resource.PropertyValue { return inForm(v, form) })
	}
	for _, path := range c.Model.Sets {
		c.rewrite(path, inHashOrder)
	}
}

// rewrite replaces what the state has at a path.
func (c *Change) rewrite(path string, replace func(resource.PropertyValue) resource.PropertyValue) {
	c.State = values.Rewrite(resource.NewProperty(c.State), path, replace).ObjectValue()
}

// inForm returns a text, or a list of texts, in a form.
func inForm(v resource.PropertyValue, form func(string) string) resource.PropertyValue {
	switch {
	case v.IsString():
		return resource.NewProperty(form(v.StringValue()))
	case v.IsArray():
		list := slices.Clone(v.ArrayValue())
		for i, element := range list {
			list[i] = inForm(element, form)
		}
		return resource.NewProperty(list)
	default:
		return v
	}
}

// inHashOrder returns a set in the order of a hash of its elements, as the Terraform SDK keeps sets.
func inHashOrder(v resource.PropertyValue) resource.PropertyValue {
	if !v.IsArray() {
		return v
	}
	list := slices.Clone(v.ArrayValue())
	slices.SortStableFunc(list, func(a, b resource.PropertyValue) int { return cmp.Compare(hashOf(a), hashOf(b)) })
	return resource.NewProperty(list)
}

func hashOf(v resource.PropertyValue) uint32 {
	return crc32.ChecksumIEEE([]byte(values.Document(values.Reveal(v))))
}

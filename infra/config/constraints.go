package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// constraints are what the tag of a field says about its values. The JSON Schema says the same, from the same tag.
type constraints struct {
	required         bool
	minimum, maximum *int
	enum             []string
	example          string
}

func constraintsOf(tag reflect.StructTag) constraints {
	var c constraints
	for _, part := range strings.Split(tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			c.required = true
		case "minimum":
			c.minimum = bound(value)
		case "maximum":
			c.maximum = bound(value)
		case "enum":
			c.enum = append(c.enum, value)
		case "example":
			c.example = value
		}
	}
	return c
}

func bound(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("bound %q in a field's tag: %v", text, err))
	}
	return &n
}

// constrain notes what a value that somebody wrote is not allowed to be.
func (d *decoder) constrain(path string, tag reflect.StructTag, value reflect.Value) {
	c := constraintsOf(tag)
	for value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return
		}
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Slice:
		if c.required && value.Len() == 0 {
			d.missing(path, c)
		}
		for i := range value.Len() {
			d.check(fmt.Sprintf("%s[%d]", path, i), c, value.Index(i))
		}
	default:
		d.check(path, c, value)
	}
}

func (d *decoder) check(path string, c constraints, value reflect.Value) {
	switch value.Kind() {
	case reflect.Int:
		n := int(value.Int())
		if (c.minimum != nil && n < *c.minimum) || (c.maximum != nil && n > *c.maximum) {
			d.add(path, "%d; allowed is %s", n, c.interval())
		}
		if c.enum != nil && !slices.Contains(c.enum, strconv.Itoa(n)) {
			d.add(path, "%d; allowed are %s", n, strings.Join(c.enum, ", "))
		}
	case reflect.String:
		if c.enum != nil && !slices.Contains(c.enum, value.String()) {
			d.add(path, "%q; allowed are %s", value, strings.Join(c.enum, ", "))
		}
		if c.required && value.String() == "" {
			d.missing(path, c)
		}
	}
}

func (d *decoder) missing(path string, c constraints) {
	if c.example != "" {
		d.add(path, "is missing; an example is %s", c.example)
		return
	}
	d.add(path, "is missing")
}

func (c constraints) interval() string {
	switch {
	case c.maximum == nil:
		return fmt.Sprintf("%d or more", *c.minimum)
	case c.minimum == nil:
		return fmt.Sprintf("%d or less", *c.maximum)
	}
	return fmt.Sprintf("%d to %d", *c.minimum, *c.maximum)
}

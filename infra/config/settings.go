package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Setting is one value of a stack's configuration as it is in effect.
type Setting struct {
	// Path leads to the value, such as awslab:services[1].cpu.
	Path string
	// Value is encrypted as [Encrypted] where the file has it so.
	Value any
	// Given says that somebody wrote the value down; otherwise it is a default of the profile, or follows from others.
	Given bool
}

// Settings returns what is in effect with the text of a Pulumi.<stack>.yaml, sorted by path: all that is given, and the
// defaults of all else that has one. name is what messages call the text. Wrong configuration gives an *Error.
func Settings(project, name string, content []byte) ([]Setting, error) {
	keys, err := parseKeys(name, content)
	if err != nil {
		return nil, err
	}
	d := newDecoder()
	config, err := d.result(d.config(project, d.texts(project, keys)))
	if err != nil {
		return nil, err
	}
	given := map[string]any{}
	for key, value := range keys {
		if name, ours := d.keyOf(project, key); ours {
			given[name] = value
		}
	}
	var s settings
	s.object(project+":", reflect.ValueOf(config).Elem(), given)
	return s, nil
}

type settings []Setting

func (s *settings) object(path string, object reflect.Value, given map[string]any) {
	fields := fieldsOf(object.Type())
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw, is := given[name]
		s.add(join(path, name), object.FieldByIndex(fields[name].Index), raw, is && raw != nil)
	}
}

func (s *settings) add(path string, value reflect.Value, raw any, given bool) {
	switch {
	case value.Kind() == reflect.Pointer && !value.IsNil():
		s.add(path, value.Elem(), raw, given)
	case value.Kind() == reflect.Struct:
		inner, _ := raw.(map[string]any)
		before := len(*s)
		s.object(path, value, inner)
		if given && len(*s) == before {
			*s = append(*s, Setting{path, struct{}{}, true})
		}
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct && value.Len() > 0:
		inner, _ := raw.([]any)
		for i := range value.Len() {
			var element any
			if i < len(inner) {
				element = inner[i]
			}
			s.add(path+"["+strconv.Itoa(i)+"]", value.Index(i), element, given)
		}
	case given || !value.IsZero():
		*s = append(*s, Setting{path, value.Interface(), given})
	}
}

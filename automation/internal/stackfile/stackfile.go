// Package stackfile edits the text of a Pulumi.<stack>.yaml: what is not changed stays as it was written.
package stackfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gopkg.in/yaml.v3"
)

// Secret is a configuration value that is to be encrypted.
type Secret string

// secretTag marks a secret between its encoding and [File.Text].
const secretTag = "!secret"

// MarshalYAML implements yaml.Marshaler.
func (s Secret) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: secretTag, Value: string(s)}, nil
}

// String hides the value.
func (Secret) String() string { return "[secret]" }

// GoString hides the value.
func (Secret) GoString() string { return "[secret]" }

// MarshalText hides the value, in JSON too.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// secureKey marks an encrypted value.
const secureKey = "secure"

// File is a Pulumi.<stack>.yaml.
type File struct {
	root, config *yaml.Node
}

// Parse reads a file, which may be empty.
func Parse(content []byte) (*File, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("is not a valid YAML: %w", err)
	}
	f := &File{root: &yaml.Node{Kind: yaml.MappingNode}}
	if len(document.Content) > 0 && document.Content[0].Tag != "!!null" {
		f.root = document.Content[0]
	}
	if f.root.Kind != yaml.MappingNode {
		return nil, errors.New("has no keys, such as config")
	}
	f.config = valueOf(f.root, "config")
	f.root.Style = 0
	if f.config == nil || f.config.Tag == "!!null" {
		f.config = &yaml.Node{Kind: yaml.MappingNode}
		put(f.root, "config", f.config)
	}
	if f.config.Kind != yaml.MappingNode {
		return nil, errors.New("config is no object")
	}
	return f, nil
}

// Decode reads the configuration into a value.
func (f *File) Decode(into any) error { return f.config.Decode(into) }

// Set replaces the value of a key, however the file writes the key, or removes it if the value is nil. A key without a
// namespace is the project's.
func (f *File) Set(project, key string, value any) error {
	wanted := Canonical(project, key)
	var kept []*yaml.Node
	for i := 0; i+1 < len(f.config.Content); i += 2 {
		if Canonical(project, f.config.Content[i].Value) != wanted {
			kept = append(kept, f.config.Content[i:i+2]...)
		}
	}
	f.config.Content = kept
	if value == nil {
		return nil
	}
	node, err := encode(value)
	if err != nil {
		return err
	}
	put(f.config, wanted, node)
	return nil
}

// encode returns an error for what YAML cannot hold, for which the library panics.
func encode(value any) (node *yaml.Node, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	node = &yaml.Node{}
	return node, node.Encode(value)
}

// Canonical returns a key with its namespace. Pulumi still reads the long form project:config:name.
func Canonical(project, key string) string {
	namespace, name, found := strings.Cut(key, ":")
	if !found {
		return project + ":" + key
	}
	return namespace + ":" + strings.TrimPrefix(name, "config:")
}

// Encrypted returns the paths of encrypted values.
func (f *File) Encrypted() []string {
	var paths []string
	walk(f.config, nil, func(path resource.PropertyPath, node *yaml.Node) {
		if node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == secureKey {
			paths = append(paths, text(path))
		}
	})
	return paths
}

// Text returns the file, and the secrets in it by their property paths. In their places stand empty encrypted values.
func (f *File) Text() ([]byte, map[string]Secret, error) {
	secrets := map[string]Secret{}
	walk(f.config, nil, func(path resource.PropertyPath, node *yaml.Node) {
		if node.Tag != secretTag {
			return
		}
		secrets[text(path)] = Secret(node.Value)
		*node = yaml.Node{Kind: yaml.MappingNode}
		put(node, secureKey, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle})
	})
	text, err := yaml.Marshal(f.root)
	return text, secrets, err
}

// text renders a path as pulumi config set --path takes it. The key of the file, with its colon, needs no quotes.
func text(path resource.PropertyPath) string {
	inner := path[1:].String()
	if inner != "" && inner[0] != '[' {
		inner = "." + inner
	}
	return fmt.Sprint(path[0]) + inner
}

// walk visits each value below a node before those in it.
func walk(node *yaml.Node, path resource.PropertyPath, visit func(resource.PropertyPath, *yaml.Node)) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			step(node.Content[i+1], path, node.Content[i].Value, visit)
		}
	case yaml.SequenceNode:
		for i, element := range node.Content {
			step(element, path, i, visit)
		}
	}
}

func step(node *yaml.Node, path resource.PropertyPath, key any, visit func(resource.PropertyPath, *yaml.Node)) {
	inner := append(path[:len(path):len(path)], key)
	visit(inner, node)
	walk(node, inner, visit)
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// put sets a key of a mapping.
func put(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

// SecretsProvider returns what the file says the stack's secrets are encrypted with; may be empty.
func (f *File) SecretsProvider() string {
	if node := valueOf(f.root, "secretsprovider"); node != nil {
		return node.Value
	}
	return ""
}

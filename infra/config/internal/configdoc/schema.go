// Package configdoc documents the stack's configuration from its Go types: as a JSON Schema, for editors and for
// programs that write a Pulumi.<stack>.yaml, and as docs/configuration.md.
package configdoc

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/awslab/awslab/infra/config"
)

// The packages whose comments describe the keys.
const (
	configPackage    = "github.com/awslab/awslab/infra/config"
	exemptionPackage = "github.com/awslab/awslab/internal/exemption"
)

// Schema returns the JSON Schema; source is the folder of package config, whose comments become the descriptions.
func Schema(source string) ([]byte, error) {
	schema, err := reflected(source)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("rendering the schema: %w", err)
	}
	return append(text, '\n'), nil
}

func reflected(source string) (*jsonschema.Schema, error) {
	reflector := &jsonschema.Reflector{ExpandedStruct: true, RequiredFromJSONSchemaTags: true}
	for path, folder := range map[string]string{
		configPackage: source, exemptionPackage: filepath.Join(source, "..", "..", "internal", "exemption"),
	} {
		if err := reflector.AddGoComments(path, folder); err != nil {
			return nil, fmt.Errorf("reading the comments of package %s: %w", path, err)
		}
	}
	schema := reflector.Reflect(&config.Config{})
	for _, d := range config.Defaults {
		property, err := find(schema, schema, strings.Split(strings.ReplaceAll(d.Key, "[]", ".[]"), "."))
		if err != nil {
			return nil, fmt.Errorf("describing the default of %s: %w", d.Key, err)
		}
		if reflect.DeepEqual(d.Dev, d.Prod) {
			property.Default = d.Dev
			continue
		}
		dev, prod, err := texts(d)
		if err != nil {
			return nil, err
		}
		property.Description = strings.TrimSpace(
			fmt.Sprintf("%s\nDefault: %s in dev, %s in prod.", property.Description, dev, prod),
		)
	}
	return schema, nil
}

// find follows a path of keys, where [] is the element of a list.
func find(root, schema *jsonschema.Schema, path []string) (*jsonschema.Schema, error) {
	for _, key := range path {
		if name, isRef := strings.CutPrefix(schema.Ref, "#/$defs/"); isRef {
			schema = root.Definitions[name]
		}
		if key == "[]" {
			schema = schema.Items
			continue
		}
		property, known := schema.Properties.Get(key)
		if !known {
			return nil, fmt.Errorf("there is no key %q", key)
		}
		schema = property
	}
	return schema, nil
}

// texts returns a default's values as they are written in a configuration.
func texts(d config.Default) (dev, prod string, err error) {
	one, err := json.Marshal(d.Dev)
	if err != nil {
		return "", "", fmt.Errorf("describing the default of %s: %w", d.Key, err)
	}
	two, err := json.Marshal(d.Prod)
	if err != nil {
		return "", "", fmt.Errorf("describing the default of %s: %w", d.Key, err)
	}
	return string(one), string(two), nil
}

package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

// service is what one AWS service does that its models cannot say.
type service struct {
	// module is the service's name in the tokens of its types and functions, and that of its file of models.
	module string
	// name is what the provider calls the service in errors.
	name string
	// behaviors are those of the types, by their tokens.
	behaviors map[string]behavior
	// functions are what Invoke answers. A result is added to the arguments, which AWS functions give back.
	functions map[string]func(call) (map[string]any, error)
	// equalities compare texts that may be written in several ways, by the names that the models give them.
	equalities map[string]func(a, b string) bool
}

// Knowledge is what the schema does not say of a provider.
type Knowledge struct {
	// models has one file for each service: its types' models in JSON, by their tokens.
	models fs.FS
	// references say what refers to what, by the tokens of the types.
	references map[string][]reference
	// services are listed in no order.
	services []service
}

// knowledge is a Knowledge with an index.
type knowledge struct {
	models     *models
	references map[string][]reference
	behaviors  map[string]behavior
	functions  map[string]func(call) (map[string]any, error)
	equalities map[string]func(a, b string) bool
	// names are those of the services in errors, by their modules.
	names map[string]string
}

// index merges what the services know.
func (k Knowledge) index() knowledge {
	indexed := knowledge{
		models: &models{files: k.models}, references: k.references, behaviors: map[string]behavior{},
		functions:  map[string]func(call) (map[string]any, error){},
		equalities: maps.Clone(equalities), names: map[string]string{},
	}
	for _, s := range k.services {
		indexed.names[s.module] = s.name
		maps.Copy(indexed.behaviors, s.behaviors)
		maps.Copy(indexed.functions, s.functions)
		maps.Copy(indexed.equalities, s.equalities)
	}
	return indexed
}

// AllModels reads every model, by the token of its type.
func (k Knowledge) AllModels() (map[string]*Model, error) {
	files, err := fs.ReadDir(k.models, ".")
	if err != nil {
		return nil, fmt.Errorf("listing the models: %w", err)
	}
	m, all := &models{files: k.models}, map[string]*Model{}
	for _, file := range files {
		loaded, err := m.load(strings.TrimSuffix(file.Name(), ".json"))
		if err != nil {
			return nil, err
		}
		maps.Copy(all, loaded)
	}
	return all, nil
}

// Validate finds what speaks of something that the schema does not have: a slip of the pen that would never take
// effect.
func (k Knowledge) Validate(pkg *schema.Package) error {
	models, err := k.AllModels()
	if err != nil {
		return err
	}
	indexed, errs := k.index(), []error{}
	for _, token := range sortedKeys(models) {
		errs = append(errs, indexed.validateModel(pkg, token, models[token]))
	}
	for _, token := range sortedKeys(k.references) {
		for _, reference := range k.references[token] {
			errs = append(errs, validateReference(pkg, token, reference))
		}
	}
	for _, token := range sortedKeys(indexed.behaviors) {
		if _, known := pkg.Resource(token); !known {
			errs = append(errs, fmt.Errorf("a behavior of %s, which is no type", token))
		}
	}
	for _, token := range sortedKeys(indexed.functions) {
		if _, known := pkg.Function(token); !known {
			errs = append(errs, fmt.Errorf("an answer for %s, which is no function", token))
		}
	}
	return errors.Join(errs...)
}

func (k *knowledge) validateModel(pkg *schema.Package, token string, m *Model) error {
	r, known := pkg.Resource(token)
	if !known {
		return fmt.Errorf("a model of %s, which is no type", token)
	}
	var errs []error
	for _, path := range m.paths() {
		if pkg.TypeAt(r.Inputs, path) == nil && pkg.TypeAt(r.Outputs, path) == nil {
			errs = append(errs, fmt.Errorf("%s: no property %s", token, path))
		}
	}
	for _, path := range sortedKeys(m.Computed) {
		if pkg.TypeAt(r.Outputs, path) == nil {
			errs = append(errs, fmt.Errorf("%s: no output %s", token, path))
		}
	}
	for path, format := range m.Formats {
		if formats[format] == nil {
			errs = append(errs, fmt.Errorf("%s: no format %s of %s", token, format, path))
		}
	}
	for path, equal := range m.Equal {
		if k.equalities[equal] == nil {
			errs = append(errs, fmt.Errorf("%s: no equality %s of %s", token, equal, path))
		}
	}
	return errors.Join(errs...)
}

func validateReference(pkg *schema.Package, token string, r reference) error {
	holder, known := pkg.Resource(token)
	if !known {
		return fmt.Errorf("a reference of %s, which is no type", token)
	}
	if pkg.TypeAt(holder.Inputs, r.property) == nil {
		return fmt.Errorf("%s: a reference by %s, which is no input", token, r.property)
	}
	for _, target := range r.to.types {
		if _, known := pkg.Resource(target); !known {
			return fmt.Errorf("%s: a reference to %s, which is no type", token, target)
		}
	}
	return nil
}

// models reads the model files as they are asked for.
type models struct {
	files    fs.FS
	mu       sync.Mutex
	services map[string]map[string]*Model
}

// of returns the model of a type, or nil if there is none.
func (m *models) of(token string) (*Model, error) {
	service := serviceOf(token)
	m.mu.Lock()
	defer m.mu.Unlock()
	loaded, done := m.services[service]
	if !done {
		var err error
		if loaded, err = m.load(service); err != nil {
			return nil, err
		}
		if m.services == nil {
			m.services = map[string]map[string]*Model{}
		}
		m.services[service] = loaded
	}
	return loaded[token], nil
}

func (m *models) load(service string) (map[string]*Model, error) {
	data, err := fs.ReadFile(m.files, service+".json")
	if err != nil {
		return nil, nil // a service none of whose types is modelled
	}
	var loaded map[string]*Model
	if err := json.Unmarshal(data, &loaded); err != nil {
		return nil, fmt.Errorf("reading the models of %s: %w", service, err)
	}
	for _, model := range loaded {
		model.index()
	}
	return loaded, nil
}

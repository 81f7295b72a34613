package bridge

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is what one AWS service does that its models cannot say.
type Service struct {
	// Module is the service's name in the tokens of its types and functions, and that of its file of models.
	Module string
	// Name is what the provider calls the service in errors.
	Name string
	// Behaviors are those of the types, by their tokens.
	Behaviors map[string]Behavior
	// Functions are what Invoke answers. A result is added to the arguments, which AWS functions give back.
	Functions map[string]func(Call) (map[string]any, error)
	// Equalities compare texts that may be written in several ways, by the names that the models give them.
	Equalities map[string]func(a, b string) bool
	// Forms are the ways in which the service writes a text down, by the names that the models give them.
	Forms map[string]func(string) string
}

// Knowledge is what the schema does not say of a provider.
type Knowledge struct {
	// Models has one file for each service: its types' models in JSON, by their tokens.
	Models fs.FS
	// References say what refers to what, by the tokens of the types.
	References map[string][]Reference
	// Services are listed in no order.
	Services []Service
	// Authorize refuses a change of a thing, once it is in the world, when what follows from it is not allowed. Nil
	// allows everything.
	Authorize func(tx *world.Tx, thing *world.Thing) error
	// Limit refuses a thing that has been created, for which there is no room. Nil allows everything.
	Limit func(tx *world.Tx, thing *world.Thing) error
}

// knowledge is a Knowledge with an index.
type knowledge struct {
	models     *model.Models
	references map[string][]Reference
	behaviors  map[string]Behavior
	functions  map[string]func(Call) (map[string]any, error)
	equalities map[string]func(a, b string) bool
	forms      map[string]func(string) string
	// names are those of the services in errors, by their modules.
	names map[string]string
}

// index merges what the services know.
func (k Knowledge) index() knowledge {
	indexed := knowledge{
		models: &model.Models{Files: k.Models}, references: k.References, behaviors: map[string]Behavior{},
		functions:  map[string]func(Call) (map[string]any, error){},
		equalities: maps.Clone(model.Equalities), forms: maps.Clone(model.Forms), names: map[string]string{},
	}
	for _, s := range k.Services {
		indexed.names[s.Module] = s.Name
		maps.Copy(indexed.behaviors, s.Behaviors)
		maps.Copy(indexed.functions, s.Functions)
		maps.Copy(indexed.equalities, s.Equalities)
		maps.Copy(indexed.forms, s.Forms)
	}
	return indexed
}

// AllModels reads every model, by the token of its type.
func (k Knowledge) AllModels() (map[string]*model.Model, error) {
	files, err := fs.ReadDir(k.Models, ".")
	if err != nil {
		return nil, fmt.Errorf("listing the models: %w", err)
	}
	m, all := &model.Models{Files: k.Models}, map[string]*model.Model{}
	for _, file := range files {
		loaded, err := m.Load(strings.TrimSuffix(file.Name(), ".json"))
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
	for _, token := range values.SortedKeys(models) {
		errs = append(errs, indexed.validateModel(pkg, token, models[token]))
	}
	for _, token := range values.SortedKeys(k.References) {
		for _, reference := range k.References[token] {
			errs = append(errs, validateReference(pkg, token, reference))
		}
	}
	for _, token := range values.SortedKeys(indexed.behaviors) {
		if _, known := pkg.Resource(token); !known {
			errs = append(errs, fmt.Errorf("a behavior of %s, which is no type", token))
		}
	}
	for _, token := range values.SortedKeys(indexed.functions) {
		if _, known := pkg.Function(token); !known {
			errs = append(errs, fmt.Errorf("an answer for %s, which is no function", token))
		}
	}
	return errors.Join(errs...)
}

func (k *knowledge) validateModel(pkg *schema.Package, token string, m *model.Model) error {
	r, known := pkg.Resource(token)
	if !known {
		return fmt.Errorf("a model of %s, which is no type", token)
	}
	var errs []error
	for _, path := range m.Paths() {
		if pkg.TypeAt(r.Inputs, path) == nil && pkg.TypeAt(r.Outputs, path) == nil {
			errs = append(errs, fmt.Errorf("%s: no property %s", token, path))
		}
	}
	for _, path := range values.SortedKeys(m.Computed) {
		if pkg.TypeAt(r.Outputs, path) == nil {
			errs = append(errs, fmt.Errorf("%s: no output %s", token, path))
		}
	}
	for path, format := range m.Formats {
		if model.Formats[format] == nil {
			errs = append(errs, fmt.Errorf("%s: no format %s of %s", token, format, path))
		}
	}
	for path, equal := range m.Equal {
		if k.equalities[equal] == nil {
			errs = append(errs, fmt.Errorf("%s: no equality %s of %s", token, equal, path))
		}
	}
	for path, form := range m.Written {
		if k.forms[form] == nil {
			errs = append(errs, fmt.Errorf("%s: no form %s of %s", token, form, path))
		}
	}
	return errors.Join(errs...)
}

func validateReference(pkg *schema.Package, token string, r Reference) error {
	holder, known := pkg.Resource(token)
	if !known {
		return fmt.Errorf("a reference of %s, which is no type", token)
	}
	if pkg.TypeAt(holder.Inputs, r.Property) == nil {
		return fmt.Errorf("%s: a reference by %s, which is no input", token, r.Property)
	}
	for _, target := range r.To.Types {
		if _, known := pkg.Resource(target); !known {
			return fmt.Errorf("%s: a reference to %s, which is no type", token, target)
		}
	}
	return nil
}

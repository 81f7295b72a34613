package model

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"sync"
)

// Models reads the model files as they are asked for.
type Models struct {
	Files    fs.FS
	mu       sync.Mutex
	services map[string]map[string]*Model
}

// Of returns the model of a type, or nil if there is none.
func (m *Models) Of(token string) (*Model, error) {
	service := ServiceOf(token)
	m.mu.Lock()
	defer m.mu.Unlock()
	loaded, done := m.services[service]
	if !done {
		var err error
		if loaded, err = m.Load(service); err != nil {
			return nil, err
		}
		if m.services == nil {
			m.services = map[string]map[string]*Model{}
		}
		m.services[service] = loaded
	}
	return loaded[token], nil
}

// Load reads the models of a service, none if there is no file of it.
func (m *Models) Load(service string) (map[string]*Model, error) {
	data, err := fs.ReadFile(m.Files, service+".json")
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

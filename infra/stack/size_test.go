package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/internal/limits"
)

// resourcesOf are those that a stack has registered.
func (a *account) resourcesOf() []limits.Resource {
	resources := make([]limits.Resource, len(a.resources))
	for i, r := range a.resources {
		resources[i] = limits.Resource{Type: r.TypeToken, Name: r.Name, Inputs: r.Inputs}
	}
	return resources
}

// hundredServices returns the configuration of 100 services with these keys.
func hundredServices(t *testing.T, more func(i int) object) string {
	t.Helper()
	var services []object
	for i := range 100 {
		service := object{
			"name":  fmt.Sprintf("service-name-%03d", i),
			"image": object{"uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"},
			"port":  8080, "path": fmt.Sprintf("/s%d", i), "priority": i + 1,
		}
		maps.Copy(service, more(i))
		if service["access"] == nil {
			service["access"] = object{}
		}
		service["access"].(object)["fileSystem"] = object{"path": "/files", "mode": "read"}
		services = append(services, service)
	}
	text, err := json.Marshal(services)
	require.NoError(t, err)
	return string(text)
}

// A hundred services are within the quotas of AWS, whatever of a kind all of them have.
func TestAHundredServices(t *testing.T) {
	command := []object{{"name": "migrate", "command": []string{"/app", "migrate"}}}
	for name, more := range map[string]func(int) object{
		"that use everything that is shared": func(int) object {
			return object{"access": object{
				"database": true,
				"tables":   []object{{"name": "items", "mode": "read"}},
			}}
		},
		"that run tasks before and after": func(int) object {
			return object{
				"access": object{"database": true},
				"before": command,
				"after":  []object{{"name": "warm", "command": []string{"/app", "warm"}}},
			}
		},
		"with secrets": func(i int) object {
			return object{"secrets": object{
				"KEY":   object{"name": fmt.Sprintf("key-%d", i)},
				"TOKEN": object{"parameter": fmt.Sprintf("/token-%d", i)},
			}}
		},
		"that scale": func(int) object {
			return object{"scaling": object{"min": 2, "max": 9, "cpu": 60, "memory": 60}}
		},
		"that call another one": func(i int) object {
			called := fmt.Sprintf("service-name-%03d", (i/50)*50)
			return object{"access": object{"services": []string{called}[:min(1, i%50)]}}
		},
		"on thirty ports": func(i int) object {
			return object{"port": 9000 + i%30, "access": object{"database": true}}
		},
		"inside": func(i int) object {
			return object{
				"path": nil, "priority": nil, "internal": true,
				"healthCheck": object{"command": []string{"CMD", "/ok"}},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := deployChanged(t, "prod", map[string]string{
				"services":   hundredServices(t, more),
				"monitoring": `{"tracing": true}`,
				"firewall":   `{"enabled": true}`,
			})
			for _, exceeded := range limits.Check(a.resourcesOf()) {
				t.Error(exceeded)
			}
		})
	}
}

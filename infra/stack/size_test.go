package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
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

// An update makes new things before it deletes old ones: what has no room beside what there is is refused before it
// begins.
func TestAnUpdateHasRoomForWhatItMakesFirst(t *testing.T) {
	services := func(priority, firstCalled int) []config.Service {
		made := make([]config.Service, 100)
		for i := range made {
			made[i] = config.Service{
				Name: fmt.Sprint("s", i), Port: 8080, Path: fmt.Sprint("/", i), Priority: priority + i,
			}
		}
		for i := range 45 {
			made[0].Access.Services = append(made[0].Access.Services, fmt.Sprint("s", firstCalled+i))
		}
		return made
	}
	before, state := map[string]string{}, map[string]resourceState{
		"https": {listenerType, map[string]any{"arn": "secure", "protocol": "HTTPS"}},
		"http":  {listenerType, map[string]any{"arn": "plain", "protocol": "HTTP"}},
	}
	was := &config.Config{Services: services(1, 1)}
	for i, s := range was.Services {
		before[targetsKey+s.Name] = s.Name
		before[routeKey+s.Name] = fmt.Sprintf("%s %d", s.Path, s.Priority)
		before[callsKey+s.Name] = callsOf(was, s)
		state[s.Name] = resourceState{listenerRuleType, map[string]any{
			"priority": float64(i + 1), "listenerArn": "secure",
		}}
	}
	for name, test := range map[string]struct {
		services []config.Service
		domain   string
		want     string
	}{
		"nothing changes":         {was.Services, "example.com", ""},
		"one less":                {services(1, 1)[:99], "example.com", ""},
		"a rule more":             {services(2, 1), "example.com", "rules of the load balancer at once; AWS allows"},
		"another listener":        {was.Services, "", "200 rules of the load balancer at once"},
		"some calls of others":    {services(1, 6), "example.com", ""},
		"all calls of others":     {services(1, 46), "example.com", "s0 calls 90 services, of before and from now on"},
		"a new stack of the size": {services(500, 46), "example.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := &config.Config{Services: test.services, LoadBalancer: config.LoadBalancer{Domain: test.domain}}
			recorded, resources := before, state
			if strings.HasPrefix(name, "a new stack") {
				recorded, resources = nil, nil
			}
			err := errors.Join(checkCalls("lab", c, recorded), checkRules("lab", c, recorded, resources))
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			require.ErrorAs(t, err, new(*config.Error))
		})
	}
}

func TestAServiceIsNotCalledByMoreThanItsGroupHasRulesFor(t *testing.T) {
	c := &config.Config{Services: []config.Service{{Name: "called", Port: 8080}}}
	before := map[string]string{}
	for i := range 2 * config.MaxCalls {
		caller := config.Service{Name: fmt.Sprint("s", i)}
		if i < config.MaxCalls {
			before[callsKey+caller.Name] = "called:8080"
		} else {
			caller.Access.Services = []string{"called"}
		}
		c.Services = append(c.Services, caller)
	}
	require.ErrorContains(t, checkCalls("lab", c, before),
		"lab:services[0].access.services: called is called by 100 services, of before and from now on")
}

// Package awstest drives the AWS stand-in as the engine does, for tests.
package awstest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws"
	"github.com/awslab/awslab/automation/offline/internal/aws/calls"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Lab is a provider over a world of its own, driven through the service that the engine calls.
type Lab struct {
	testing.TB
	Provider *bridge.Provider
	W        *world.World

	mu       sync.Mutex
	Warnings []string
}

// New returns a provider for a region over an empty world.
func New(t testing.TB, region string) *Lab {
	t.Helper()
	w, err := world.New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return Over(t, w, region, nil)
}

// Over returns another provider, as for another region, over a world.
func Over(t testing.TB, w *world.World, region string, config map[string]any) *Lab {
	t.Helper()
	l := &Lab{TB: t, W: w}
	var err error
	l.Provider, err = aws.New(w, func(_ context.Context, _, message string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.Warnings = append(l.Warnings, message)
	}, "run")
	require.NoError(t, err)
	// What is waited out stays as it is in most tests; those about waiting set their own.
	l.Provider.Patience = time.Millisecond
	l.Provider.Authorize = nil
	if config == nil {
		config = map[string]any{}
	}
	config["region"] = region
	args, err := bridge.Marshal(values.Of(config).ObjectValue())
	require.NoError(t, err)
	_, err = l.Provider.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: args})
	require.NoError(t, err)
	return l
}

// Authorized has the lab's provider refuse what IAM denies. Tests of other things need no permissions.
func (l *Lab) Authorized() *Lab {
	l.Provider.Authorize = calls.Authorize
	return l
}

// Made is a thing that was created.
type Made struct {
	Urn, Id       string
	Inputs, State resource.PropertyMap
}

// URN returns that of a resource in the program.
func URN(token, name string) string {
	return "urn:pulumi:dev::awslab::" + token + "::" + name
}

// Check returns the inputs as the provider fills them in, and its refusals.
func (l *Lab) Check(
	token, name string,
	olds, news resource.PropertyMap,
) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	l.Helper()
	request := &pulumirpc.CheckRequest{Urn: URN(token, name), RandomSeed: []byte(name)}
	var err error
	request.News, err = bridge.Marshal(news)
	require.NoError(l, err)
	if olds != nil {
		request.Olds, err = bridge.Marshal(olds)
		require.NoError(l, err)
	}
	response, err := l.Provider.Check(l.Context(), request)
	require.NoError(l, err)
	inputs, err := bridge.Unmarshal(response.GetInputs())
	require.NoError(l, err)
	return inputs, response.GetFailures()
}

// TryCreate checks and creates.
func (l *Lab) TryCreate(token, name string, inputs map[string]any) (Made, error) {
	l.Helper()
	checked, failures := l.Check(token, name, nil, values.Of(inputs).ObjectValue())
	require.Empty(l, failures, "%s %s", token, name)
	properties, err := bridge.Marshal(checked)
	require.NoError(l, err)
	response, err := l.Provider.Create(
		l.Context(),
		&pulumirpc.CreateRequest{Urn: URN(token, name), Properties: properties},
	)
	if err != nil {
		return Made{}, err
	}
	state, err := bridge.Unmarshal(response.GetProperties())
	require.NoError(l, err)
	return Made{URN(token, name), response.GetId(), checked, state}, nil
}

// Create checks and creates what must succeed.
func (l *Lab) Create(token, name string, inputs map[string]any) Made {
	l.Helper()
	m, err := l.TryCreate(token, name, inputs)
	require.NoError(l, err)
	return m
}

// Plan returns what Create answers in a preview.
func (l *Lab) Plan(token, name string, inputs map[string]any) resource.PropertyMap {
	l.Helper()
	checked, failures := l.Check(token, name, nil, values.Of(inputs).ObjectValue())
	require.Empty(l, failures)
	properties, err := bridge.Marshal(checked)
	require.NoError(l, err)
	response, err := l.Provider.Create(
		l.Context(),
		&pulumirpc.CreateRequest{Urn: URN(token, name), Properties: properties, Preview: true},
	)
	require.NoError(l, err)
	require.Empty(l, response.GetId())
	planned, err := bridge.Unmarshal(response.GetProperties())
	require.NoError(l, err)
	return planned
}

// TryDiff compares checked inputs with what was made.
func (l *Lab) TryDiff(m Made, news resource.PropertyMap, ignore ...string) (*pulumirpc.DiffResponse, error) {
	l.Helper()
	olds, err := bridge.Marshal(m.State)
	require.NoError(l, err)
	inputs, err := bridge.Marshal(news)
	require.NoError(l, err)
	return l.Provider.Diff(
		l.Context(),
		&pulumirpc.DiffRequest{Id: m.Id, Urn: m.Urn, Olds: olds, News: inputs, IgnoreChanges: ignore},
	)
}

// Compare returns what Diff answers for a state and inputs, neither of which was checked.
func (l *Lab) Compare(token string, state, inputs map[string]any) *pulumirpc.DiffResponse {
	l.Helper()
	olds, err := bridge.Marshal(values.Of(state).ObjectValue())
	require.NoError(l, err)
	news, err := bridge.Marshal(values.Of(inputs).ObjectValue())
	require.NoError(l, err)
	response, err := l.Provider.Diff(
		l.Context(),
		&pulumirpc.DiffRequest{Urn: URN(token, "it"), Id: "it", Olds: olds, News: news},
	)
	require.NoError(l, err, token)
	return response
}

// Diff compares checked inputs with what was made, which must succeed.
func (l *Lab) Diff(m Made, news resource.PropertyMap, ignore ...string) *pulumirpc.DiffResponse {
	l.Helper()
	response, err := l.TryDiff(m, news, ignore...)
	require.NoError(l, err)
	return response
}

// DiffChecked checks the inputs as a next run of the program would, and compares.
func (l *Lab) DiffChecked(m Made, inputs map[string]any) *pulumirpc.DiffResponse {
	l.Helper()
	return l.Diff(m, l.Recheck(m, inputs))
}

// Recheck checks other inputs for what was made.
func (l *Lab) Recheck(m Made, inputs map[string]any) resource.PropertyMap {
	l.Helper()
	u := resource.URN(m.Urn)
	checked, failures := l.Check(string(u.Type()), u.Name(), m.Inputs, values.Of(inputs).ObjectValue())
	require.Empty(l, failures)
	return checked
}

// TryUpdate checks other inputs and updates what was made.
func (l *Lab) TryUpdate(m Made, inputs map[string]any) (Made, error) {
	l.Helper()
	checked := l.Recheck(m, inputs)
	olds, err := bridge.Marshal(m.State)
	require.NoError(l, err)
	news, err := bridge.Marshal(checked)
	require.NoError(l, err)
	response, err := l.Provider.Update(
		l.Context(),
		&pulumirpc.UpdateRequest{Id: m.Id, Urn: m.Urn, Olds: olds, News: news},
	)
	if err != nil {
		return Made{}, err
	}
	state, err := bridge.Unmarshal(response.GetProperties())
	require.NoError(l, err)
	return Made{m.Urn, m.Id, checked, state}, nil
}

// Update checks other inputs and updates what was made, which must succeed.
func (l *Lab) Update(m Made, inputs map[string]any) Made {
	l.Helper()
	updated, err := l.TryUpdate(m, inputs)
	require.NoError(l, err)
	return updated
}

// Refresh reads a thing as the engine does on a refresh; nothing is left when it is gone.
func (l *Lab) Refresh(m Made) (Made, bool) {
	l.Helper()
	olds, err := bridge.Marshal(m.State)
	require.NoError(l, err)
	inputs, err := bridge.Marshal(m.Inputs)
	require.NoError(l, err)
	response, err := l.Provider.Read(
		l.Context(),
		&pulumirpc.ReadRequest{Id: m.Id, Urn: m.Urn, Properties: olds, Inputs: inputs},
	)
	require.NoError(l, err)
	if response.GetId() == "" {
		return Made{}, false
	}
	return l.read(m.Urn, response), true
}

// ARN returns the ARN of a thing, which not every type has an output for.
func (l *Lab) ARN(m Made) (arn string) {
	l.Helper()
	require.NoError(l, l.W.Update(l.Context(), func(tx *world.Tx) error {
		things, err := tx.ByID(string(resource.URN(m.Urn).Type()), m.Id)
		if len(things) > 0 {
			arn = things[0].ARN
		}
		return err
	}))
	return arn
}

// Imported reads a thing as the engine does on an import.
func (l *Lab) Imported(token, id string) (Made, bool) {
	l.Helper()
	response, err := l.Provider.Read(l.Context(), &pulumirpc.ReadRequest{Id: id, Urn: URN(token, "imported")})
	require.NoError(l, err)
	if response.GetId() == "" {
		return Made{}, false
	}
	return l.read(URN(token, "imported"), response), true
}

func (l *Lab) read(urn string, response *pulumirpc.ReadResponse) Made {
	l.Helper()
	state, err := bridge.Unmarshal(response.GetProperties())
	require.NoError(l, err)
	inputs, err := bridge.Unmarshal(response.GetInputs())
	require.NoError(l, err)
	return Made{urn, response.GetId(), inputs, state}
}

// TryDelete deletes what was made.
func (l *Lab) TryDelete(m Made) error {
	l.Helper()
	properties, err := bridge.Marshal(m.State)
	require.NoError(l, err)
	_, err = l.Provider.Delete(l.Context(), &pulumirpc.DeleteRequest{Id: m.Id, Urn: m.Urn, Properties: properties})
	return err
}

// Invoke calls a function.
func (l *Lab) Invoke(token string, args map[string]any) (resource.PropertyMap, error) {
	l.Helper()
	marshaled, err := bridge.Marshal(values.Of(args).ObjectValue())
	require.NoError(l, err)
	response, err := l.Provider.Invoke(l.Context(), &pulumirpc.InvokeRequest{Tok: token, Args: marshaled})
	if err != nil {
		return nil, err
	}
	require.Empty(l, response.GetFailures())
	result, err := bridge.Unmarshal(response.GetReturn())
	require.NoError(l, err)
	return result, nil
}

// Str reads a text output.
func (m Made) Str(path string) string { return values.View(m.State).Str(path) }

// In are inputs as a test writes them.
type In = map[string]any

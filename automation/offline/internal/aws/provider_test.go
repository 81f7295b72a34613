package aws

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// lab is a provider over a world of its own, driven through the service that the engine calls.
type lab struct {
	testing.TB
	*Provider
	w *world.World

	mu       sync.Mutex
	warnings []string
}

func newLab(t testing.TB, region string) *lab {
	t.Helper()
	w, err := world.New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return labOver(t, w, region, nil)
}

// labOver returns another provider, as for another region, over a world.
func labOver(t testing.TB, w *world.World, region string, config map[string]any) *lab {
	t.Helper()
	l := &lab{TB: t, w: w}
	var err error
	l.Provider, err = New(w, func(_ context.Context, _, message string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.warnings = append(l.warnings, message)
	}, "run")
	require.NoError(t, err)
	// What is waited out stays as it is in most tests; those about waiting set their own.
	l.patience = time.Millisecond
	if config == nil {
		config = map[string]any{}
	}
	config["region"] = region
	args, err := marshal(property(config).ObjectValue())
	require.NoError(t, err)
	_, err = l.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: args})
	require.NoError(t, err)
	return l
}

// made is a thing that was created.
type made struct {
	urn, id       string
	inputs, state resource.PropertyMap
}

func urnOf(token, name string) string {
	return "urn:pulumi:dev::awslab::" + token + "::" + name
}

func (l *lab) check(token, name string, olds, news resource.PropertyMap) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	l.Helper()
	request := &pulumirpc.CheckRequest{Urn: urnOf(token, name), RandomSeed: []byte(name)}
	var err error
	request.News, err = marshal(news)
	require.NoError(l, err)
	if olds != nil {
		request.Olds, err = marshal(olds)
		require.NoError(l, err)
	}
	response, err := l.Check(l.Context(), request)
	require.NoError(l, err)
	inputs, err := unmarshal(response.GetInputs())
	require.NoError(l, err)
	return inputs, response.GetFailures()
}

func (l *lab) tryCreate(token, name string, inputs map[string]any) (made, error) {
	l.Helper()
	checked, failures := l.check(token, name, nil, property(inputs).ObjectValue())
	require.Empty(l, failures, "%s %s", token, name)
	properties, err := marshal(checked)
	require.NoError(l, err)
	response, err := l.Create(l.Context(), &pulumirpc.CreateRequest{Urn: urnOf(token, name), Properties: properties})
	if err != nil {
		return made{}, err
	}
	state, err := unmarshal(response.GetProperties())
	require.NoError(l, err)
	return made{urnOf(token, name), response.GetId(), checked, state}, nil
}

func (l *lab) create(token, name string, inputs map[string]any) made {
	l.Helper()
	m, err := l.tryCreate(token, name, inputs)
	require.NoError(l, err)
	return m
}

// plan is what Create answers in a preview.
func (l *lab) plan(token, name string, inputs map[string]any) resource.PropertyMap {
	l.Helper()
	checked, failures := l.check(token, name, nil, property(inputs).ObjectValue())
	require.Empty(l, failures)
	properties, err := marshal(checked)
	require.NoError(l, err)
	response, err := l.Create(l.Context(), &pulumirpc.CreateRequest{Urn: urnOf(token, name), Properties: properties, Preview: true})
	require.NoError(l, err)
	require.Empty(l, response.GetId())
	planned, err := unmarshal(response.GetProperties())
	require.NoError(l, err)
	return planned
}

func (l *lab) tryDiff(m made, news resource.PropertyMap, ignore ...string) (*pulumirpc.DiffResponse, error) {
	l.Helper()
	olds, err := marshal(m.state)
	require.NoError(l, err)
	inputs, err := marshal(news)
	require.NoError(l, err)
	return l.Diff(l.Context(), &pulumirpc.DiffRequest{Id: m.id, Urn: m.urn, Olds: olds, News: inputs, IgnoreChanges: ignore})
}

// compare is what Diff answers for a state and inputs, neither of which was checked.
func (l *lab) compare(token string, state, inputs map[string]any) *pulumirpc.DiffResponse {
	l.Helper()
	olds, err := marshal(property(state).ObjectValue())
	require.NoError(l, err)
	news, err := marshal(property(inputs).ObjectValue())
	require.NoError(l, err)
	response, err := l.Diff(l.Context(), &pulumirpc.DiffRequest{Urn: urnOf(token, "it"), Id: "it", Olds: olds, News: news})
	require.NoError(l, err, token)
	return response
}

func (l *lab) diff(m made, news resource.PropertyMap, ignore ...string) *pulumirpc.DiffResponse {
	l.Helper()
	response, err := l.tryDiff(m, news, ignore...)
	require.NoError(l, err)
	return response
}

// diffChecked checks the inputs as a next run of the program would, and compares.
func (l *lab) diffChecked(m made, inputs map[string]any) *pulumirpc.DiffResponse {
	l.Helper()
	return l.diff(m, l.recheck(m, inputs))
}

func (l *lab) recheck(m made, inputs map[string]any) resource.PropertyMap {
	l.Helper()
	u := resource.URN(m.urn)
	checked, failures := l.check(string(u.Type()), u.Name(), m.inputs, property(inputs).ObjectValue())
	require.Empty(l, failures)
	return checked
}

func (l *lab) tryUpdate(m made, inputs map[string]any) (made, error) {
	l.Helper()
	checked := l.recheck(m, inputs)
	olds, err := marshal(m.state)
	require.NoError(l, err)
	news, err := marshal(checked)
	require.NoError(l, err)
	response, err := l.Update(l.Context(), &pulumirpc.UpdateRequest{Id: m.id, Urn: m.urn, Olds: olds, News: news})
	if err != nil {
		return made{}, err
	}
	state, err := unmarshal(response.GetProperties())
	require.NoError(l, err)
	return made{m.urn, m.id, checked, state}, nil
}

func (l *lab) update(m made, inputs map[string]any) made {
	l.Helper()
	updated, err := l.tryUpdate(m, inputs)
	require.NoError(l, err)
	return updated
}

// refresh reads a thing as the engine does on a refresh; nothing is left when it is gone.
func (l *lab) refresh(m made) (made, bool) {
	l.Helper()
	olds, err := marshal(m.state)
	require.NoError(l, err)
	inputs, err := marshal(m.inputs)
	require.NoError(l, err)
	response, err := l.Read(l.Context(), &pulumirpc.ReadRequest{Id: m.id, Urn: m.urn, Properties: olds, Inputs: inputs})
	require.NoError(l, err)
	if response.GetId() == "" {
		return made{}, false
	}
	return l.read(m.urn, response), true
}

// imported reads a thing as the engine does on an import.
func (l *lab) imported(token, id string) (made, bool) {
	l.Helper()
	response, err := l.Read(l.Context(), &pulumirpc.ReadRequest{Id: id, Urn: urnOf(token, "imported")})
	require.NoError(l, err)
	if response.GetId() == "" {
		return made{}, false
	}
	return l.read(urnOf(token, "imported"), response), true
}

func (l *lab) read(urn string, response *pulumirpc.ReadResponse) made {
	l.Helper()
	state, err := unmarshal(response.GetProperties())
	require.NoError(l, err)
	inputs, err := unmarshal(response.GetInputs())
	require.NoError(l, err)
	return made{urn, response.GetId(), inputs, state}
}

func (l *lab) tryDelete(m made) error {
	l.Helper()
	properties, err := marshal(m.state)
	require.NoError(l, err)
	_, err = l.Delete(l.Context(), &pulumirpc.DeleteRequest{Id: m.id, Urn: m.urn, Properties: properties})
	return err
}

func (l *lab) invoke(token string, args map[string]any) (resource.PropertyMap, error) {
	l.Helper()
	marshaled, err := marshal(property(args).ObjectValue())
	require.NoError(l, err)
	response, err := l.Invoke(l.Context(), &pulumirpc.InvokeRequest{Tok: token, Args: marshaled})
	if err != nil {
		return nil, err
	}
	require.Empty(l, response.GetFailures())
	result, err := unmarshal(response.GetReturn())
	require.NoError(l, err)
	return result, nil
}

// str reads a text output.
func (m made) str(path string) string { return view(m.state).str(path) }

type in = map[string]any

// network makes a VPC with a gateway and a subnet in each of two zones.
func (l *lab) network() (vpc made, subnets []made) {
	l.Helper()
	vpc = l.create(tVpc, "lab", in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	l.create(tInternetGateway, "lab", in{"vpcId": vpc.id})
	for i, zone := range l.region.zoneNames()[:2] {
		subnets = append(subnets, l.create(tSubnet, zone, in{
			"vpcId": vpc.id, "cidrBlock": []string{"10.0.0.0/20", "10.0.16.0/20"}[i], "availabilityZone": zone,
		}))
	}
	return vpc, subnets
}

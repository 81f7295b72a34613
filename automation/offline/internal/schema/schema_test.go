package schema

import (
	"os"
	"testing"

	"github.com/awslab/awslab/automation/offline/internal/schema/gen/sdk"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func awsPackage(t testing.TB) *Package {
	t.Helper()
	p, err := AWS()
	require.NoError(t, err)
	return p
}

func TestTheDataIsWhatTheSDKsInGoModSay(t *testing.T) {
	for _, module := range sdk.Modules {
		t.Run(module.Package, func(t *testing.T) {
			want, err := sdk.Generate(module)
			require.NoError(t, err)
			got, err := os.ReadFile(module.Package + ".schema")
			require.NoError(t, err)
			require.True(t, want == string(got), "%s.schema is not current; run: go generate ./automation/offline/...", module.Package)
		})
	}
}

func TestWhatTheSDKSays(t *testing.T) {
	p := awsPackage(t)
	require.Equal(t, "aws", p.Name)

	subnet, ok := p.Resource("aws:ec2/subnet:Subnet")
	require.True(t, ok)
	vpcID, ok := subnet.Input("vpcId")
	require.True(t, ok)
	require.Equal(t, Property{Name: "vpcId", Type: &Type{Kind: String}, Required: true}, vpcID)
	tags, _ := subnet.Input("tags")
	require.Equal(t, &Type{Kind: Map, Elem: &Type{Kind: String}}, tags.Type)
	_, isInput := subnet.Input("arn")
	_, isOutput := subnet.Output("arn")
	require.False(t, isInput)
	require.True(t, isOutput)

	database, _ := p.Resource("aws:rds/instance:Instance")
	password, _ := database.Input("password")
	require.True(t, password.Secret)

	group, _ := p.Resource("aws:ec2/securityGroup:SecurityGroup")
	description, _ := group.Input("description")
	require.Equal(t, "Managed by Pulumi", description.Default)

	loadBalancer, ok := p.Object("ecs.ServiceLoadBalancer")
	require.True(t, ok)
	port, _ := find(loadBalancer, "containerPort")
	require.Equal(t, Property{Name: "containerPort", Type: &Type{Kind: Integer}, Required: true}, port)

	zones, ok := p.Function("aws:index/getAvailabilityZones:getAvailabilityZones")
	require.True(t, ok)
	_, ok = find(zones.Outputs, "zoneIds")
	require.True(t, ok)

	for _, lookup := range []func() bool{
		func() bool { _, ok := p.Resource("aws:ec2/nothing:Nothing"); return ok },
		func() bool { _, ok := p.Function("aws:ec2/nothing:nothing"); return ok },
		func() bool { _, ok := p.Object("ec2.Nothing"); return ok },
	} {
		require.False(t, lookup())
		require.False(t, lookup(), "an unknown type stays unknown")
	}
}

func TestCheckInputs(t *testing.T) {
	type m = map[string]any
	service := m{"loadBalancers": []any{m{"containerName": "web", "containerPort": 80}}}
	tests := map[string]struct {
		token  string
		inputs m
		want   []Failure
	}{
		"complete": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "tags": m{"Name": "a"}}, nil},
		"missing": {"aws:ec2/subnet:Subnet", m{}, []Failure{{"vpcId",
			`Missing required argument. The argument "vpcId" is required, but no definition was found.`}}},
		"null is missing": {"aws:ec2/subnet:Subnet", m{"vpcId": nil}, []Failure{{"vpcId",
			`Missing required argument. The argument "vpcId" is required, but no definition was found.`}}},
		"unknown, with the nearest": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "cidrBlok": "10.0.0.0/24"},
			[]Failure{{"cidrBlok", `Invalid or unknown key "cidrBlok". Did you mean "cidrBlock"?`}}},
		"unknown, with nothing near": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "zzzz": 1},
			[]Failure{{"zzzz", `Invalid or unknown key "zzzz".`}}},
		"the engine's own keys": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "__defaults": []any{}}, nil},
		"wrong type":            {"aws:ec2/subnet:Subnet", m{"vpcId": []any{"vpc-1"}}, []Failure{{"vpcId", "expected string type, got list type."}}},
		"text for a boolean":    {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "enableDns64": "true"}, nil},
		"other text for a boolean": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "enableDns64": "yes"},
			[]Failure{{"enableDns64", "expected boolean type, got string type."}}},
		"text for a number": {"aws:ecs/service:Service", m{"desiredCount": "2"}, nil},
		"a fraction for an integer": {"aws:ecs/service:Service", m{"desiredCount": 1.5},
			[]Failure{{"desiredCount", "expected integer type, got number type."}}},
		"nested":         {"aws:ecs/service:Service", service, nil},
		"nested missing": {"aws:ecs/service:Service", m{"loadBalancers": []any{m{"containerName": "web"}}}, []Failure{{"loadBalancers[0].containerPort", `Missing required argument. The argument "containerPort" is required, but no definition was found.`}}},
		"a list that is none": {"aws:ecs/service:Service", m{"loadBalancers": "x"},
			[]Failure{{"loadBalancers", "expected list type, got string type."}}},
		"an object that is none": {"aws:ecs/service:Service", m{"networkConfiguration": "x"},
			[]Failure{{"networkConfiguration", "expected object type, got string type."}}},
		"a map that is none": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "tags": "x"},
			[]Failure{{"tags", "expected map type, got string type."}}},
		"a list of the wrong type": {"aws:ecs/service:Service", m{"networkConfiguration": m{"subnets": []any{m{}}}},
			[]Failure{{"networkConfiguration.subnets[0]", "expected string type, got object type."}}},
	}
	p := awsPackage(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, ok := p.Resource(test.token)
			require.True(t, ok)
			require.Equal(t, test.want, p.CheckInputs(r.Inputs, resource.NewPropertyMapFromMap(test.inputs)))
		})
	}
}

func TestUnknownValuesPassAndSecretsAreLookedThrough(t *testing.T) {
	p := awsPackage(t)
	r, _ := p.Resource("aws:ec2/subnet:Subnet")
	for _, unknown := range []resource.PropertyValue{
		resource.MakeComputed(resource.NewStringProperty("")),
		resource.NewOutputProperty(resource.Output{Element: resource.NewStringProperty("")}),
		resource.MakeSecret(resource.MakeComputed(resource.NewStringProperty(""))),
	} {
		require.Empty(t, p.CheckInputs(r.Inputs, resource.PropertyMap{"vpcId": unknown}))
	}
	secret := resource.PropertyMap{"vpcId": resource.MakeSecret(resource.NewProperty(resource.PropertyMap{}))}
	require.Equal(t, []Failure{{"vpcId", "expected string type, got object type."}}, p.CheckInputs(r.Inputs, secret))
}

func TestValuesDrawnFromTheSchemaPass(t *testing.T) {
	p := awsPackage(t)
	tokens := p.ResourceTokens()
	rapid.Check(t, func(t *rapid.T) {
		r, ok := p.Resource(rapid.SampledFrom(tokens).Draw(t, "token"))
		require.True(t, ok)
		require.Empty(t, p.CheckInputs(r.Inputs, draw(t, p, r.Inputs, 3)))
	})
}

// draw makes an object with every required property and some of the others.
func draw(t *rapid.T, p *Package, properties []Property, depth int) resource.PropertyMap {
	object := resource.PropertyMap{}
	for _, property := range properties {
		if property.Required || depth > 0 && rapid.Bool().Draw(t, property.Name) {
			object[resource.PropertyKey(property.Name)] = drawValue(t, p, property.Type, depth-1)
		}
	}
	return object
}

func drawValue(t *rapid.T, p *Package, typ *Type, depth int) resource.PropertyValue {
	switch typ.Kind {
	case Array:
		if depth <= 0 {
			return resource.NewProperty([]resource.PropertyValue{})
		}
		return resource.NewProperty([]resource.PropertyValue{drawValue(t, p, typ.Elem, depth)})
	case Map:
		return resource.NewProperty(resource.PropertyMap{"key": drawValue(t, p, typ.Elem, depth)})
	case Object:
		properties, _ := p.Object(typ.Ref)
		return resource.NewProperty(draw(t, p, properties, depth))
	case Boolean:
		return resource.NewProperty(rapid.Bool().Draw(t, "boolean"))
	case Integer:
		return resource.NewProperty(float64(rapid.Int32().Draw(t, "integer")))
	case Number:
		return resource.NewProperty(rapid.Float64Range(-1e9, 1e9).Draw(t, "number"))
	case Asset, Archive:
		text, err := asset.FromText("content")
		require.NoError(t, err)
		return resource.NewProperty(text)
	default:
		return resource.NewProperty(rapid.String().Draw(t, "string"))
	}
}

func FuzzCheckInputs(f *testing.F) {
	f.Add("aws:ecs/service:Service", "loadBalancers", "x", 1.5, true)
	f.Add("aws:ec2/subnet:Subnet", "vpcId", "", 0.0, false)
	p := awsPackage(f)
	f.Fuzz(func(t *testing.T, token, key, text string, number float64, flag bool) {
		r, ok := p.Resource(token)
		if !ok {
			return
		}
		name := resource.PropertyKey(key)
		for _, value := range []resource.PropertyValue{
			resource.NewProperty(text), resource.NewProperty(number), resource.NewProperty(flag), resource.NewNullProperty(),
			resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{name: resource.NewProperty(text)})}),
			resource.MakeSecret(resource.NewProperty(resource.PropertyMap{name: resource.NewProperty(number)})),
		} {
			p.CheckInputs(r.Inputs, resource.PropertyMap{name: value})
		}
	})
}

// BenchmarkStart is what a stand-in pays for the schema at its start: loading it and looking up what one run needs.
func BenchmarkStart(b *testing.B) {
	text, err := files.ReadFile("aws.schema")
	require.NoError(b, err)
	for b.Loop() {
		p, err := parse(string(text))
		require.NoError(b, err)
		for _, token := range []string{"aws:ec2/vpc:Vpc", "aws:ecs/service:Service", "aws:lb/listener:Listener", "aws:iam/role:Role"} {
			_, ok := p.Resource(token)
			require.True(b, ok)
		}
	}
}

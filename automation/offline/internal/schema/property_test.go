package schema

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestValuesDrawnFromTheSchemaPass(t *testing.T) {
	for name, open := range map[string]func() (*Package, error){"aws": AWS, "awsx": AWSX, "docker": Docker} {
		t.Run(name, func(t *testing.T) {
			p, err := open()
			require.NoError(t, err)
			tokens := p.ResourceTokens()
			rapid.Check(t, func(t *rapid.T) {
				r, ok := p.Resource(rapid.SampledFrom(tokens).Draw(t, "token"))
				require.True(t, ok)
				require.Empty(t, p.CheckInputs(r.Inputs, draw(t, p, r.Inputs, 3)))
			})
		})
	}
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
	case Asset:
		text, err := asset.FromText("content")
		require.NoError(t, err)
		return resource.NewProperty(text)
	case Archive:
		empty, err := archive.FromAssets(map[string]any{})
		require.NoError(t, err)
		return resource.NewProperty(empty)
	default:
		if len(typ.Enum) > 0 {
			return resource.NewProperty(rapid.SampledFrom(typ.Enum).Draw(t, "value"))
		}
		return resource.NewProperty(rapid.String().Draw(t, "string"))
	}
}

func TestAnyInputsAreJudgedWithoutPanic(t *testing.T) {
	p, err := AWSX() // has enumerations, and types of another package
	require.NoError(t, err)
	tokens := p.ResourceTokens()
	rapid.Check(t, func(t *rapid.T) {
		r, _ := p.Resource(rapid.SampledFrom(tokens).Draw(t, "token"))
		inputs := resource.PropertyMap{}
		for _, property := range r.Inputs {
			inputs[resource.PropertyKey(property.Name)] = anything(t, 3)
		}
		for _, failure := range p.CheckInputs(r.Inputs, inputs) {
			require.NotEmpty(t, failure.Path)
			require.NotEmpty(t, failure.Reason)
		}
	})
}

// anything makes a value of any sort that the engine can send.
func anything(t *rapid.T, depth int) resource.PropertyValue {
	leaves := []resource.PropertyValue{
		resource.NewNullProperty(), resource.NewProperty(true), resource.NewProperty(1.5), resource.NewProperty("text"),
		resource.NewProperty(&asset.Asset{}), resource.NewProperty(&archive.Archive{}),
		resource.MakeComputed(resource.NewProperty("")), resource.NewProperty(resource.ResourceReference{}),
	}
	sort := rapid.IntRange(0, len(leaves)+3).Draw(t, "sort")
	if depth == 0 {
		sort %= len(leaves)
	}
	switch sort - len(leaves) {
	case 0:
		return resource.NewProperty([]resource.PropertyValue{anything(t, depth-1)})
	case 1:
		key := resource.PropertyKey(
			rapid.SampledFrom([]string{"type", "strategy", "args", "", "__defaults", "a.b"}).Draw(t, "key"),
		)
		return resource.NewProperty(resource.PropertyMap{key: anything(t, depth-1)})
	case 2:
		return resource.MakeSecret(anything(t, depth-1))
	case 3:
		known, secret := rapid.Bool().Draw(t, "known"), rapid.Bool().Draw(t, "secret")
		return resource.NewProperty(resource.Output{Element: anything(t, depth-1), Known: known, Secret: secret})
	default:
		return leaves[sort]
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
			resource.NewProperty(text),
			resource.NewProperty(number),
			resource.NewProperty(flag),
			resource.NewNullProperty(),
			resource.NewProperty([]resource.PropertyValue{
				resource.NewProperty(resource.PropertyMap{name: resource.NewProperty(text)}),
			}),
			resource.MakeSecret(resource.NewProperty(resource.PropertyMap{name: resource.NewProperty(number)})),
		} {
			p.CheckInputs(r.Inputs, resource.PropertyMap{name: value})
		}
	})
}

package schema

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/schema/gen/sdk"
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
			require.True(
				t,
				want == string(got),
				"%s.schema is not current; run: go generate ./automation/offline/...",
				module.Package,
			)
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

	resourceArn, _ := subnet.Output("arn")
	require.True(t, resourceArn.Required, "an output that always has a value")

	loadBalancer, ok := p.Object("ecs.ServiceLoadBalancer")
	require.True(t, ok)
	port, _ := find(loadBalancer, "containerPort")
	require.Equal(t, Property{Name: "containerPort", Type: &Type{Kind: Integer}, Required: true}, port)

	zones, ok := p.Function("aws:index/getAvailabilityZones:getAvailabilityZones")
	require.True(t, ok)
	_, ok = find(zones.Outputs, "zoneIds")
	require.True(t, ok)

	// Struct names follow Go's idea of initialisms, which no rule on letters tells.
	for _, token := range []string{"aws:datasync/s3Location:S3Location", "aws:guardduty/iPSet:IPSet"} {
		r, _ := p.Resource(token)
		require.NotEmpty(t, r.Inputs, token)
	}
	none, ok := p.Object("wafv2.WebAclRuleOverrideActionNone")
	require.True(t, ok, "an object type may be empty")
	require.Empty(t, none)

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
		"unknown, in Terraform's spelling": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "cidr_block": "10.0.0.0/24"},
			[]Failure{{"cidr_block", `Invalid or unknown key "cidr_block". Did you mean "cidrBlock"?`}}},
		"unknown, among few": {
			"aws:ecs/service:Service",
			m{"networkConfiguration": m{"qqqq": 1}},
			[]Failure{{"networkConfiguration.qqqq",
				`Invalid or unknown key "qqqq". Known properties: assignPublicIp, securityGroups, subnets.`}},
		},
		"unknown, with nothing near": {"aws:rds/instance:Instance", m{"instanceClass": "db.t4g.micro", "zzzz": 1},
			[]Failure{{"zzzz", `Invalid or unknown key "zzzz".`}}},
		"the engine's own keys": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "__defaults": []any{}}, nil},
		"wrong type": {
			"aws:ec2/subnet:Subnet",
			m{"vpcId": []any{"vpc-1"}},
			[]Failure{{"vpcId", "expected string type, got list type."}},
		},
		"text for a boolean": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "enableDns64": "true"}, nil},
		"other text for a boolean": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "enableDns64": "yes"},
			[]Failure{{"enableDns64", `expected boolean type, got string type ("yes").`}}},
		"text for a number": {"aws:ecs/service:Service", m{"desiredCount": "2"}, nil},
		"a fraction for an integer": {"aws:ecs/service:Service", m{"desiredCount": 1.5},
			[]Failure{{"desiredCount", "expected integer type, got number type (1.5)."}}},
		"a fraction as text for an integer": {"aws:ecs/service:Service", m{"desiredCount": "1.5"},
			[]Failure{{"desiredCount", `expected integer type, got string type ("1.5").`}}},
		"a number for text": {"aws:ec2/subnet:Subnet", m{"vpcId": 42}, nil},
		"a key that needs quotes": {
			"aws:ec2/subnet:Subnet",
			m{"vpcId": "vpc-1", "tags": m{"kubernetes.io/role": []any{}}},
			[]Failure{{`tags["kubernetes.io/role"]`, "expected string type, got list type."}},
		},
		"an archive": {"aws:lambda/function:Function", m{"role": "r", "code": "code.zip"},
			[]Failure{{"code", `expected archive type, got string type ("code.zip").`}}},
		"nested": {"aws:ecs/service:Service", service, nil},
		"nested missing": {
			"aws:ecs/service:Service",
			m{"loadBalancers": []any{m{"containerName": "web"}}},
			[]Failure{
				{
					"loadBalancers[0].containerPort",
					`Missing required argument. The argument "containerPort" is required, but no definition was found.`,
				},
			},
		},
		"a list that is none": {"aws:ecs/service:Service", m{"loadBalancers": "x"},
			[]Failure{{"loadBalancers", `expected list type, got string type ("x").`}}},
		"an object that is none": {"aws:ecs/service:Service", m{"networkConfiguration": "x"},
			[]Failure{{"networkConfiguration", `expected object type, got string type ("x").`}}},
		"a map that is none": {"aws:ec2/subnet:Subnet", m{"vpcId": "vpc-1", "tags": "x"},
			[]Failure{{"tags", `expected map type, got string type ("x").`}}},
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

	for _, null := range []resource.PropertyValue{
		resource.MakeSecret(resource.NewNullProperty()),
		resource.NewProperty(resource.Output{Element: resource.NewNullProperty(), Known: true}),
	} {
		require.Len(
			t,
			p.CheckInputs(r.Inputs, resource.PropertyMap{"vpcId": null}),
			1,
			"a hidden null is as absent as a plain one",
		)
	}
}

func TestAFailureNeverShowsASecret(t *testing.T) {
	p := awsPackage(t)
	service, _ := p.Resource("aws:ecs/service:Service")
	hidden := resource.NewProperty("hunter2")
	for name, value := range map[string]resource.PropertyValue{
		"a secret":         resource.MakeSecret(hidden),
		"a secret output":  resource.NewProperty(resource.Output{Element: hidden, Known: true, Secret: true}),
		"within an output": resource.NewProperty(resource.Output{Element: resource.MakeSecret(hidden), Known: true}),
	} {
		for _, property := range []resource.PropertyKey{
			"desiredCount",
			"forceDelete",
			"loadBalancers",
			"networkConfiguration",
		} {
			failures := p.CheckInputs(service.Inputs, resource.PropertyMap{property: value})
			require.Len(t, failures, 1, "%s for %s", name, property)
			require.NotContains(t, failures[0].Reason, "hunter2", "%s for %s", name, property)
		}
	}
	nested := resource.MakeSecret(resource.NewProperty([]resource.PropertyValue{hidden}))
	failures := p.CheckInputs(service.Inputs, resource.PropertyMap{"loadBalancers": nested})
	require.Equal(
		t,
		[]Failure{{"loadBalancers[0]", "expected object type, got string type."}},
		failures,
		"within a secret list",
	)

	properties := []Property{{Name: "pin", Type: &Type{Kind: Integer}, Secret: true}}
	require.Equal(t, []Failure{{"pin", "expected integer type, got string type."}},
		p.CheckInputs(properties, resource.PropertyMap{"pin": hidden}), "secret by its schema")
}

func TestEnumerations(t *testing.T) {
	p := awsPackage(t)
	properties := []Property{{Name: "type", Type: parseType(`enum("Public"|"Private")`)}}
	require.Empty(t, p.CheckInputs(properties, resource.PropertyMap{"type": resource.NewProperty("Private")}))
	for want, value := range map[string]resource.PropertyValue{
		`expected one of Public, Private, got string type ("private").`: resource.NewProperty("private"),
		"expected one of Public, Private, got bool type (true).":        resource.NewProperty(true),
		"expected one of Public, Private, got string type.": resource.MakeSecret(resource.NewProperty(
			"private",
		)),
	} {
		require.Equal(t, []Failure{{"type", want}}, p.CheckInputs(properties, resource.PropertyMap{"type": value}))
	}
}

func TestAWSXUsesTypesOfAWS(t *testing.T) {
	p, err := AWSX()
	require.NoError(t, err)
	service, ok := p.Resource("awsx:ecs:EC2Service")
	require.True(t, ok)
	require.Equal(t, []Failure{{"loadBalancers[0].containerPort",
		`Missing required argument. The argument "containerPort" is required, but no definition was found.`}},
		p.CheckInputs(service.Inputs, resource.NewPropertyMapFromMap(map[string]any{
			"loadBalancers": []any{map[string]any{"containerName": "web"}},
		})))

	vpc, _ := p.Resource("awsx:ec2:Vpc")
	ids, _ := vpc.Output("privateSubnetIds")
	require.Equal(t, &Type{Kind: Array, Elem: &Type{Kind: String}}, ids.Type)
	subnets, _ := vpc.Output("subnets")
	require.Equal(t, &Type{Kind: Array, Elem: &Type{Kind: Any}}, subnets.Type, "references to resources")
}

func TestEveryLineOfTheDataDecodes(t *testing.T) {
	kinds := []Kind{String, Number, Integer, Boolean, Array, Map, Object, Asset, Archive, Any}
	var know func(*Type) bool
	know = func(typ *Type) bool { return typ == nil || slices.Contains(kinds, typ.Kind) && know(typ.Elem) }
	for name, open := range map[string]func() (*Package, error){"aws": AWS, "awsx": AWSX, "docker": Docker} {
		p, err := open()
		require.NoError(t, err)
		require.Equal(t, name, p.Name)
		for _, line := range p.lines {
			head, _, _ := strings.Cut(line, " {")
			kind, name, _ := strings.Cut(head, " ")
			var properties []Property
			var ok bool
			switch kind {
			case "resource":
				var r *Resource
				if r, ok = p.Resource(name); ok {
					properties = append(slices.Clone(r.Inputs), r.Outputs...)
				}
			case "function":
				var f *Function
				if f, ok = p.Function(name); ok {
					properties = append(slices.Clone(f.Inputs), f.Outputs...)
				}
			case "object":
				properties, ok = p.Object(name)
			}
			require.True(t, ok, head)
			for _, property := range properties {
				require.True(t, know(property.Type), "%s: %s: %v", head, property.Name, property.Type)
			}
		}
	}
}

// BenchmarkStart is what a stand-in pays for the schema at its start: loading it and looking up what one run needs.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p, err := parse(awsLines)
		require.NoError(b, err)
		for _, token := range []string{
			"aws:ec2/vpc:Vpc",
			"aws:ecs/service:Service",
			"aws:lb/listener:Listener",
			"aws:iam/role:Role",
		} {
			_, ok := p.Resource(token)
			require.True(b, ok)
		}
	}
}

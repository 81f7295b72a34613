package aws_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
	"github.com/awslab/awslab/components/network/networktest"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/stack"
)

// program is a run of the lab's program on the stand-in, in this process and without the engine.
type program struct {
	t *testing.T
	w *world.World

	mu sync.Mutex
	// labs are the providers of the regions, and regions those of the provider resources, by their URNs.
	labs    map[string]*awstest.Lab
	regions map[string]string
	// network are the ids of what awsx makes, by the ids that the mocks of the network have for it.
	network map[string]string
	// made are the resources that the program registered.
	made []registered
}

// registered is a resource as it was registered and made.
type registered struct {
	awstest.Made
	lab   *awstest.Lab
	token string
	// ignored are the properties whose changes the program ignores.
	ignored []string
}

// runProgram brings a stack of the repository up on the stand-in, with other values for some keys.
func runProgram(t *testing.T, stackName string, changes map[string]string) *program {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", "..", ".."))
	require.NoError(t, err)
	given, err := config.ReadFile("awslab", filepath.Join(root, "Pulumi."+stackName+".yaml"))
	require.NoError(t, err)
	maps.Copy(given, changes)
	decoded, err := config.Decode("awslab", given)
	require.NoError(t, err)
	configuration := map[string]string{}
	for key, value := range given {
		configuration["awslab:"+key] = value
	}
	w, err := world.New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	p := &program{t: t, w: w, labs: map[string]*awstest.Lab{}, regions: map[string]string{}}
	p.makeNetwork(decoded)
	require.NoError(t, pulumi.RunErr(
		networktest.WithChildren("lab", decoded.Network.AvailabilityZones, stack.Program(root, nil, nil)),
		pulumi.WithMocks("awslab", stackName, p),
		func(info *pulumi.RunInfo) { info.Config = configuration },
	))
	return p
}

// in returns the provider of a region.
func (p *program) in(region string) *awstest.Lab {
	if p.labs[region] == nil {
		p.labs[region] = awstest.Over(p.t, p.w, region, nil)
	}
	return p.labs[region]
}

// makeNetwork makes what awsx makes, which the program refers to.
func (p *program) makeNetwork(c *config.Config) {
	l := p.in(c.Region)
	vpc := l.Create(token.Vpc, "lab-vpc", awstest.In{
		"cidrBlock":                    c.Network.Cidr,
		"enableDnsHostnames":           true,
		"assignGeneratedIpv6CidrBlock": true,
	})
	p.network = map[string]string{
		"lab-vpc-id":              vpc.Id,
		"lab-vpc internetGateway": l.Create(token.InternetGateway, "lab-vpc", awstest.In{"vpcId": vpc.Id}).Id,
	}
	first := strings.Join(strings.Split(c.Network.Cidr, ".")[:2], ".")
	for zone := range c.Network.AvailabilityZones {
		for tier, name := range []string{"public", "app", "data"} {
			of := fmt.Sprintf("lab-vpc-%s-%d", name, zone+1)
			subnet := l.Create(token.Subnet, of, awstest.In{
				"vpcId":            vpc.Id,
				"cidrBlock":        fmt.Sprintf("%s.%d.0/24", first, 3*zone+tier),
				"availabilityZone": c.Region + string(rune('a'+zone)),
			})
			table := l.Create(token.RouteTable, of, awstest.In{"vpcId": vpc.Id})
			p.network[of+"-id"], p.network[of+" routeTable"] = subnet.Id, table.Id
		}
	}
}

func (p *program) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := args.Name + "-id"
	switch {
	case networktest.IsStandIn(args):
		if id, has := p.network[args.Name+" "+kindOf(args.TypeToken)]; has {
			return id, args.Inputs, nil
		}
		return p.network[id], args.Inputs, nil
	case args.TypeToken == networktest.VpcToken:
		return id, p.renamed(networktest.VpcOutputs(args)), nil
	case strings.HasPrefix(args.TypeToken, "pulumi:providers:aws"):
		p.regions["::"+args.TypeToken+"::"+args.Name+"::"] = values.View(args.Inputs).Str("region")
		return id, args.Inputs, nil
	case args.TypeToken == "docker:index/image:Image":
		return p.pushed(args)
	case !args.Custom || !strings.HasPrefix(args.TypeToken, "aws:"):
		return id, args.Inputs, nil
	}
	return p.create(args)
}

// kindOf returns the type in a token: routeTable of aws:ec2/routeTable:RouteTable.
func kindOf(token string) string {
	_, kind, _ := strings.Cut(token, "/")
	kind, _, _ = strings.Cut(kind, ":")
	return kind
}

// renamed replaces the ids of the network's mocks by those of what there is.
func (p *program) renamed(outputs resource.PropertyMap) resource.PropertyMap {
	outputs["vpcId"] = resource.NewProperty(p.network["lab-vpc-id"])
	for _, list := range []resource.PropertyKey{"publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds"} {
		var ids []resource.PropertyValue
		for _, id := range outputs[list].ArrayValue() {
			ids = append(ids, resource.NewProperty(p.network[id.StringValue()]))
		}
		outputs[list] = resource.NewProperty(ids)
	}
	return outputs
}

// pushed records an image in its repository, as building it would.
func (p *program) pushed(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	name := values.View(args.Inputs).Str("imageName")
	repository, tag := name[:strings.LastIndex(name, ":")], name[strings.LastIndex(name, ":")+1:]
	digest := "sha256:" + strings.Repeat("0", 64)
	state := args.Inputs.Copy()
	state["repoDigest"] = resource.NewProperty(repository + "@" + digest)
	image := world.Image{Repository: repository, Tag: tag, Digest: digest}
	return name, state, p.w.PutImage(p.t.Context(), image)
}

func (p *program) create(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	l := p.in(p.regionOf(args))
	made, err := l.TryCreate(args.TypeToken, args.Name, plain(args.Inputs))
	if err != nil {
		return "", nil, fmt.Errorf("%s %s: %w", args.TypeToken, args.Name, err)
	}
	p.made = append(p.made, registered{made, l, args.TypeToken, args.RegisterRPC.GetIgnoreChanges()})
	return made.Id, made.State, nil
}

func (p *program) regionOf(args pulumi.MockResourceArgs) string {
	for urn, region := range p.regions {
		if strings.Contains(args.RegisterRPC.GetProvider(), urn) {
			return region
		}
	}
	return ""
}

func (p *program) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if strings.HasPrefix(args.Token, "pulumi:pulumi:readStack") {
		return resource.PropertyMap{"outputs": resource.NewProperty(resource.PropertyMap{})}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for urn, region := range p.regions {
		if strings.Contains(args.Provider, urn) {
			return p.in(region).Invoke(args.Token, plain(args.Args))
		}
	}
	return nil, fmt.Errorf("nobody answers %s by %q", args.Token, args.Provider)
}

func plain(properties resource.PropertyMap) map[string]any {
	inputs := make(map[string]any, len(properties))
	for name, value := range properties {
		inputs[string(name)] = value
	}
	return inputs
}

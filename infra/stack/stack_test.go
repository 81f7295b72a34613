package stack

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/network/networktest"
	"github.com/awslab/awslab/infra/config"
)

// account answers as AWS would, and records what a program registers.
type account struct {
	mutex     sync.Mutex
	resources []pulumi.MockResourceArgs
	// outputs are those of the stack's last run, which cannot be read for the first so many times.
	outputs    map[string]any
	unreadable int
	// state is what is in the stack's state, by URN, and pushed whether ECR has every image.
	state  map[string]any
	pushed bool
	// unlisted fails the test if the resources of the state are asked for, as the engine would: it has no state.
	unlisted bool
	// begun says whether the state has resources; nil says nothing.
	begun Begun
	// versions are those of the databases that there are, by their identifiers.
	versions map[string]string
}

// imageVersion is at the end of the names of what is made for an image alone.
var imageVersion = regexp.MustCompile(`-[0-9a-f]{8}$`)

func (a *account) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == "aws:ecs/taskDefinition:TaskDefinition" ||
		args.TypeToken == "aws:lambda/invocation:Invocation" {
		args.Name = imageVersion.ReplaceAllString(args.Name, "")
	}
	id := args.Name + "-id"
	if networktest.IsStandIn(args) {
		return id, args.Inputs, nil
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.resources = append(a.resources, args)
	if args.TypeToken == networktest.VpcToken {
		return id, networktest.VpcOutputs(args), nil
	}
	state := args.Inputs.Copy()
	if args.Custom {
		for _, output := range []resource.PropertyKey{
			"arn", "arnSuffix", "dnsName", "keyId", "prefixListId", "repositoryUrl", "registryId", "repoDigest",
			"bucketRegionalDomainName", "domainName", "address", "endpoint",
		} {
			state[output] = resource.NewStringProperty(string(output) + ":" + args.Name)
		}
		for output, element := range map[resource.PropertyKey]map[string]any{
			"masterUserSecrets": {"secretArn": "arn:secret:" + args.Name},
		} {
			state[output] = resource.NewArrayProperty(
				[]resource.PropertyValue{resource.NewObjectProperty(resource.NewPropertyMapFromMap(element))},
			)
		}
	}
	if args.TypeToken == "aws:acm/certificate:Certificate" {
		state["domainValidationOptions"] = proofs(args.Inputs)
	}
	return id, state, nil
}

// proofs are how the names of a certificate are proven.
func proofs(certificate resource.PropertyMap) resource.PropertyValue {
	names := []resource.PropertyValue{certificate["domainName"]}
	if others := certificate["subjectAlternativeNames"]; others.IsArray() {
		names = append(names, others.ArrayValue()...)
	}
	var proofs []resource.PropertyValue
	for _, name := range names {
		proofs = append(proofs, resource.NewObjectProperty(resource.NewPropertyMapFromMap(map[string]any{
			"domainName":          name.StringValue(),
			"resourceRecordName":  "_proof." + name.StringValue(),
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "proven",
		})))
	}
	return resource.NewArrayProperty(proofs)
}

func (a *account) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if a.unreadable > 0 && args.Token == "pulumi:pulumi:readStackOutputs" {
		a.unreadable--
		return nil, errors.New("failed to load checkpoint: EOF")
	}
	if a.unlisted && args.Token == "pulumi:pulumi:readStackResourceOutputs" {
		return nil, errors.New("panic: there is no snapshot")
	}
	answers := map[string]map[string]any{
		"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
		"pulumi:pulumi:readStackOutputs":                {"outputs": a.outputs},
		"pulumi:pulumi:readStackResourceOutputs":        {"outputs": a.state},
		"aws:index/getPartition:getPartition":           {"partition": "aws"},
		"aws:index/getAvailabilityZones:getAvailabilityZones": {
			"names": []any{"eu-west-1a", "eu-west-1b", "eu-west-1c"},
		},
		"aws:ec2/getVpc:getVpc":                               {"ipv6CidrBlock": "2001:db8::/56"},
		"aws:ec2/getAmi:getAmi":                               {"id": "ami-1"},
		"aws:route53/getZone:getZone":                         {"zoneId": "Z1", "name": "example.com"},
		"aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "token"},
	}
	if args.Token == "aws:rds/getInstance:getInstance" {
		version := a.versions[args.Args["dbInstanceIdentifier"].StringValue()]
		return resource.PropertyMap{"engineVersion": resource.NewStringProperty(version)}, nil
	}
	if args.Token == "aws:ecs/getService:getService" {
		name := strings.TrimPrefix(args.Args["serviceName"].StringValue(), "awslab-dev-")
		return resource.PropertyMap{
			"taskDefinition": resource.NewStringProperty("arn:" + strings.TrimPrefix(name, "awslab-prod-") + "-task"),
		}, nil
	}
	if args.Token == "aws:ecr/getImage:getImage" && a.pushed {
		return args.Args, nil
	} else if args.Token == "aws:ecr/getImage:getImage" {
		return nil, errors.New("ImageNotFoundException: no image was pushed yet")
	}
	answer, known := answers[args.Token]
	if !known {
		return nil, fmt.Errorf("nobody answers %s", args.Token)
	}
	return resource.NewPropertyMapFromMap(answer), nil
}

// deployStack runs the program with the configuration of a stack in the repository.
func deployStack(t *testing.T, stackName string) *account { return deployChanged(t, stackName, nil) }

// deployChanged does so with other values for some keys.
func deployChanged(t *testing.T, stackName string, changes map[string]string) *account {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	values, err := config.ReadFile("awslab", filepath.Join(root, "Pulumi."+stackName+".yaml"))
	require.NoError(t, err)
	maps.Copy(values, changes)
	a, err := deployValues(root, stackName, values)
	require.NoError(t, err)
	return a
}

// object is a property that holds others.
type object = map[string]any

func deployValues(root, stackName string, values map[string]string) (*account, error) {
	a := &account{}
	return a, deployTo(a, root, stackName, values)
}

func deployTo(a *account, root, stackName string, values map[string]string) error {
	configuration := map[string]string{}
	for key, value := range values {
		configuration["awslab:"+key] = value
	}
	decoded, err := config.Decode("awslab", values)
	if err != nil {
		return err
	}
	program := networktest.WithChildren("lab", decoded.Network.AvailabilityZones, Program(root, nil, a.begun))
	return pulumi.RunErr(
		program,
		pulumi.WithMocks("awslab", stackName, a),
		func(info *pulumi.RunInfo) { info.Config = configuration },
	)
}

func TestDatabasesOfEveryKind(t *testing.T) {
	for _, test := range []struct {
		stack, kind                    string
		instances, clusters, clustered int
	}{
		{"dev", "instance", 1, 0, 0}, {"dev", "multiAzCluster", 0, 1, 0}, {"dev", "aurora", 0, 1, 1},
		{"prod", "instance", 2, 0, 0}, {"prod", "multiAzCluster", 0, 1, 0}, {"prod", "aurora", 0, 1, 2},
	} {
		for _, engine := range []string{"postgres", "mysql"} {
			made := deployChanged(t, test.stack, map[string]string{
				"database": fmt.Sprintf(`{"kind": %q, "engine": %q}`, test.kind, engine),
				"network":  `{"availabilityZones": 3}`,
			})
			what := fmt.Sprintf("%s %s in %s", test.kind, engine, test.stack)
			require.Equal(t, test.instances, made.count("aws:rds/instance:Instance"), what)
			require.Equal(t, test.clusters, made.count("aws:rds/cluster:Cluster"), what)
			require.Equal(t, test.clustered, made.count("aws:rds/clusterInstance:ClusterInstance"), what)
		}
	}
}

func TestAnImageOfACachedRegistryIsPulledThroughTheCache(t *testing.T) {
	made := deployChanged(t, "dev", map[string]string{
		"images": `{"caches": [{"registry": "public.ecr.aws"}]}`,
		"services": `[{"name": "web", "image": {"uri": "public.ecr.aws/nginx/nginx:1.29"}, "port": 80, "path": ` +
			`"/", "access": {"fileSystem": {"path": "/files", "mode": "read"}}}]`,
	})
	const want = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/awslab-dev-public/nginx/nginx:1.29"
	require.Contains(t, made.inputs(t, "web-task")["containerDefinitions"].StringValue(), want)
	require.Equal(t, 1, made.count("aws:ecr/pullThroughCacheRule:PullThroughCacheRule"))
	require.Contains(
		t,
		made.inputs(t, "web-execution-execution").Mappable()["policy"],
		"repository/awslab-dev-public/nginx/nginx",
	)
}

func TestAnImageOfAnotherAccountIsRefusedByItsKey(t *testing.T) {
	err := deployTo(&account{}, "../..", "dev", map[string]string{
		"region": "eu-west-1",
		"services": `[{"name": "worker", "image": {"uri": "quay.io/lab/worker:1"}}, {"name": "mailer", "image": ` +
			`{"uri": "210987654321.dkr.ecr.eu-west-1.amazonaws.com/lab/mailer:1"}}]`,
	})
	var refused *config.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "awslab:services[1].image.uri", refused.Problems[0].Path)
	require.ErrorContains(t, err, "is in account 210987654321, the stack in 123456789012; copy the image")
}

func (a *account) inputs(t *testing.T, name string) resource.PropertyMap {
	t.Helper()
	for _, r := range a.resources {
		if (r.Name == name || nameOfPolicy(r) == name) && r.Custom {
			return r.Inputs
		}
	}
	require.Failf(t, "not registered", "%s", name)
	return nil
}

var policyHash = regexp.MustCompile(`-[0-9a-f]{8}$`)

// nameOfPolicy returns the name of a role's policy without the hash of what it says.
func nameOfPolicy(r pulumi.MockResourceArgs) string {
	if r.TypeToken != "aws:iam/rolePolicy:RolePolicy" {
		return ""
	}
	return policyHash.ReplaceAllString(r.Name, "")
}

func (a *account) has(name string) bool {
	return slices.ContainsFunc(a.resources, func(r pulumi.MockResourceArgs) bool { return r.Name == name && r.Custom })
}

func (a *account) count(resourceType string) int {
	n := 0
	for _, r := range a.resources {
		if r.TypeToken == resourceType {
			n++
		}
	}
	return n
}

func TestEveryResourceBelongsToAComponentAndHasAnExplicitProvider(t *testing.T) {
	for _, stackName := range config.Profiles {
		for _, r := range deployStack(t, stackName).resources {
			if !r.Custom || strings.HasPrefix(r.TypeToken, "pulumi:providers:") {
				continue
			}
			parent := r.RegisterRPC.GetParent()
			require.NotContains(t, parent, "pulumi:pulumi:Stack", "%s %s has no component", r.TypeToken, r.Name)
			require.NotEmpty(t, r.RegisterRPC.GetProvider(), "%s %s", r.TypeToken, r.Name)
		}
	}
}

func TestNamesAreUniqueAndCarryProjectAndStack(t *testing.T) {
	for _, stackName := range config.Profiles {
		seen := map[string]bool{}
		for _, r := range deployStack(t, stackName).resources {
			name := r.Inputs["name"]
			if !r.Custom || !name.IsString() || strings.HasPrefix(r.TypeToken, "pulumi:") ||
				slices.Contains(named, r.TypeToken) {
				continue
			}
			require.Contains(t, name.StringValue(), "awslab-"+stackName, "%s %s", r.TypeToken, r.Name)
			key := r.TypeToken + " " + name.StringValue() + " " + r.RegisterRPC.GetProvider() // one in each region
			require.False(t, seen[key], key)
			seen[key] = true
		}
	}
}

// named are the types whose names live inside something that carries the stack, or in the domain of DNS.
var named = []string{
	"aws:iam/rolePolicy:RolePolicy",
	"aws:route53/record:Record",
	"aws:backup/restoreTestingSelection:RestoreTestingSelection",
	"aws:backup/restoreTestingPlan:RestoreTestingPlan",
	"aws:s3/bucketMetric:BucketMetric",
}

package recovery

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/infra/stack"
)

// byAWSX are the types that awsx creates for a VPC.
var byAWSX = []string{
	"ec2.Vpc", "ec2.Subnet", "ec2.RouteTable", "ec2.RouteTableAssociation", "ec2.Route", "ec2.InternetGateway",
	"ec2.NatGateway", "ec2.Eip",
}

// constructor is a call that creates a resource, such as ec2.NewFlowLog(.
var constructor = regexp.MustCompile(`\b([a-z0-9]+)\.New([A-Z][A-Za-z0-9]*)\(\s*ctx`)

func TestEveryTypeThatTheLabCreatesCanBeFoundAgain(t *testing.T) {
	known := map[string]bool{}
	for token := range lookups {
		module, name, _ := strings.Cut(strings.TrimPrefix(string(token), "aws:"), "/")
		_, name, _ = strings.Cut(name, ":")
		known[module+"."+name] = true
	}
	created := map[string]bool{"docker:index.Image": true}
	for _, name := range byAWSX {
		created[name] = true
	}
	for _, root := range []string{"components", "infra"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", "..", "..", root), func(
			path string, _ fs.DirEntry, err error,
		) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, found := range constructor.FindAllStringSubmatch(string(content), -1) {
				if strings.Contains(string(content), "/go/aws/"+found[1]+`"`) {
					created[found[1]+"."+found[2]] = true
				}
			}
			return nil
		}))
	}
	require.Greater(t, len(created), 80)
	assert.Equal(t, created, known)
}

const (
	provider = "urn:pulumi:dev::lab::pulumi:providers:aws::aws"
	region   = provider + "::1"
)

func pending(token tokens.Type, name string, inputs map[string]any) apitype.OperationV2 {
	return apitype.OperationV2{Type: apitype.OperationTypeCreating, Resource: apitype.ResourceV3{
		URN: resource.NewURN("dev", "lab", "", token, name), Type: token, Custom: true, Provider: region,
		Inputs: inputs,
	}}
}

// fakeAPI has the properties of resources, by their types and identifiers. It refuses types that it does not have.
type fakeAPI map[string]map[string]string

func (f fakeAPI) ListResources(
	_ context.Context, input *cloudcontrol.ListResourcesInput, _ ...func(*cloudcontrol.Options),
) (*cloudcontrol.ListResourcesOutput, error) {
	things, may := f[*input.TypeName]
	if !may {
		return nil, errors.New("AccessDeniedException")
	}
	var listed []types.ResourceDescription
	for id := range things {
		listed = append(listed, types.ResourceDescription{Identifier: &id})
	}
	return &cloudcontrol.ListResourcesOutput{ResourceDescriptions: listed}, nil
}

func (f fakeAPI) GetResource(
	_ context.Context, input *cloudcontrol.GetResourceInput, _ ...func(*cloudcontrol.Options),
) (*cloudcontrol.GetResourceOutput, error) {
	properties := f[*input.TypeName][*input.Identifier]
	return &cloudcontrol.GetResourceOutput{
		ResourceDescription: &types.ResourceDescription{Identifier: input.Identifier, Properties: &properties},
	}, nil
}

func TestJudge(t *testing.T) {
	found := &stack.Tagged{
		Location: identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
		Resources: []stack.TaggedResource{
			{Arn: "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-elsewhere", Name: "public-1"},
			{Arn: "arn:aws:cloudfront::123456789012:distribution/E1", Name: "website"},
			{Arn: "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", Name: "public-1"},
			{Arn: "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-old", Name: "tasks"},
			{Arn: "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-new", Name: "tasks"},
			{Arn: "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/6b55", Name: "acl"},
			{Arn: "arn:aws:sqs:eu-west-1:123456789012:failed", Name: "queue"},
			{Arn: "arn:aws:kms:eu-west-1:123456789012:key/one", Name: "key"},
			{Arn: "arn:aws:kms:eu-west-1:123456789012:key/two", Name: "key"},
		},
	}
	deployment := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{URN: provider, Inputs: map[string]any{"region": "eu-west-1"}},
		{Type: "aws:ec2/securityGroup:SecurityGroup", ID: "sg-old"},
	}}
	sources := Sources{Tagged: found, CloudControl: func(region string) CloudControl {
		return fakeAPI{"AWS::Logs::QueryDefinition": {
			"one": `{"Name": "other", "QueryDefinitionId": "one"}`,
			"two": `{"Name": "shop", "QueryDefinitionId": "two"}`,
		}}
	}}
	for name, tc := range map[string]struct {
		pending apitype.OperationV2
		given   map[string]string
		want    Verdict
	}{
		"by its name": {
			pending("aws:cloudwatch/logGroup:LogGroup", "log", map[string]any{"name": "shop-log"}), nil,
			Verdict{Fate: Adopted, ID: "shop-log"},
		},
		"by two inputs, of one only the end": {
			pending("aws:ecs/service:Service", "orders", map[string]any{
				"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop", "name": "orders",
			}), nil,
			Verdict{Fate: Adopted, ID: "shop/orders"},
		},
		"by its tags": {
			pending("aws:ec2/subnet:Subnet", "subnet", map[string]any{"tags": map[string]any{"Name": "public-1"}}), nil,
			Verdict{Fate: Adopted, ID: "subnet-1"},
		},
		"not what it replaces, which the state has": {
			pending("aws:ec2/securityGroup:SecurityGroup", "tasks", nil), nil,
			Verdict{Fate: Adopted, ID: "sg-new"},
		},
		"a web ACL": {
			pending("aws:wafv2/webAcl:WebAcl", "acl", map[string]any{"name": "shop", "scope": "REGIONAL"}), nil,
			Verdict{Fate: Adopted, ID: "6b55/shop/REGIONAL"},
		},
		"a queue": {
			pending("aws:sqs/queue:Queue", "queue", nil), nil,
			Verdict{Fate: Adopted, ID: "https://sqs.eu-west-1.amazonaws.com/123456789012/failed"},
		},
		"what is in no region": {
			pending("aws:cloudfront/distribution:Distribution", "website", nil), nil,
			Verdict{Fate: Adopted, ID: "E1"},
		},
		"nothing has its tags": {
			pending("aws:ec2/vpc:Vpc", "vpc", nil), nil,
			Verdict{Fate: Cleared},
		},
		"several have its tags": {
			pending("aws:kms/key:Key", "key", nil), nil,
			Verdict{Fate: Unknown, Lookup: "several have its name: one, two"},
		},
		"creating it again does no harm": {
			pending("aws:lambda/invocation:Invocation", "migrate", nil), nil,
			Verdict{Fate: Cleared},
		},
		"a component": {
			apitype.OperationV2{Type: apitype.OperationTypeCreating, Resource: apitype.ResourceV3{
				URN: resource.NewURN("dev", "lab", "", "awslab:identity:Role", "role"), Type: "awslab:identity:Role",
			}}, nil,
			Verdict{Fate: Cleared},
		},
		"a person has found it": {
			pending("aws:kms/key:Key", "key", nil),
			map[string]string{string(pending("aws:kms/key:Key", "key", nil).Resource.URN): "two"},
			Verdict{Fate: Adopted, ID: "two"},
		},
		"a person has found nothing": {
			pending("aws:kms/key:Key", "key", nil),
			map[string]string{string(pending("aws:kms/key:Key", "key", nil).Resource.URN): ""},
			Verdict{Fate: Cleared},
		},
		"among all of its type": {
			pending("aws:cloudwatch/queryDefinition:QueryDefinition", "q", map[string]any{"name": "shop"}), nil,
			Verdict{Fate: Adopted, ID: "arn:aws:logs:eu-west-1:123456789012:query-definition:two"},
		},
		"not among all of its type": {
			pending("aws:cloudwatch/queryDefinition:QueryDefinition", "q", map[string]any{"name": "shop-2"}), nil,
			Verdict{Fate: Cleared},
		},
		"of a type that may not be listed": {
			pending("aws:efs/mountTarget:MountTarget", "m", map[string]any{"fileSystemId": "fs-1", "subnetId": "s-1"}),
			nil,
			Verdict{Fate: Unknown, Lookup: "aws efs describe-mount-targets --file-system-id fs-1 " +
				"--query \"MountTargets[?SubnetId=='s-1'].MountTargetId\""},
		},
		"a type that is not in the table": {
			pending("aws:mq/broker:Broker", "broker", nil), nil,
			Verdict{Fate: Unknown, Lookup: "the section Import of the documentation of aws:mq/broker:Broker"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			deployment.PendingOperations = []apitype.OperationV2{tc.pending}
			tc.want.URN = string(tc.pending.Resource.URN)
			verdicts := Judge(t.Context(), deployment, sources, tc.given)
			assert.Equal(t, []Verdict{tc.want}, verdicts)
		})
	}
}

func TestApply(t *testing.T) {
	replaced := pending("aws:ec2/securityGroup:SecurityGroup", "tasks", nil)
	again := pending("aws:cloudwatch/logGroup:LogGroup", "log", nil)
	again.Resource.Dependencies = []resource.URN{"gone"}
	cleared := pending("aws:ec2/vpc:Vpc", "vpc", nil)
	updating := apitype.OperationV2{Type: apitype.OperationTypeUpdating, Resource: apitype.ResourceV3{URN: "urn"}}
	deployment := &apitype.DeploymentV3{
		Resources: []apitype.ResourceV3{
			{URN: replaced.Resource.URN, ID: "sg-old"},
			{URN: again.Resource.URN, ID: "log", PendingReplacement: true},
			{URN: "user", Dependencies: []resource.URN{again.Resource.URN}},
		},
		PendingOperations: []apitype.OperationV2{replaced, again, cleared, updating},
	}
	Apply(deployment, []Verdict{
		{URN: string(replaced.Resource.URN), Fate: Adopted, ID: "sg-new"},
		{URN: string(again.Resource.URN), Fate: Adopted, ID: "log"},
		{URN: string(cleared.Resource.URN), Fate: Cleared},
	})
	assert.Equal(t, []apitype.OperationV2{updating}, deployment.PendingOperations)
	adopted := replaced.Resource
	adopted.ID = "sg-new"
	log := again.Resource
	log.ID, log.Dependencies = "log", []resource.URN{}
	assert.Equal(t, []apitype.ResourceV3{
		{URN: replaced.Resource.URN, ID: "sg-old", Delete: true}, // as after a replacement that went on
		log, // what was deleted for it is gone
		{URN: "user", Dependencies: []resource.URN{again.Resource.URN}},
		adopted,
	}, deployment.Resources)
}

func TestWhatWasReadGetsBackWhatItWasCreatedWith(t *testing.T) {
	made := pending("aws:kms/key:Key", "key", map[string]any{
		"__defaults": []any{"description"}, "description": "made up", "deletionWindowInDays": 7.0,
	}).Resource
	gone := pending("aws:kms/key:Key", "gone", nil).Resource
	replaced := made
	replaced.ID, replaced.Delete, replaced.Outputs = "old", true, map[string]any{"description": "old"}
	read := made
	read.ID, read.Inputs = "new", map[string]any{"description": "made up"}
	deployment := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{replaced, read}}
	assert.Equal(t, []apitype.ResourceV3{read}, Unread(deployment), "a recovery that was ended goes on")

	deployment.Resources[1].Outputs = map[string]any{"description": "as it is", "arn": "arn"}
	Complete(deployment, []apitype.ResourceV3{made, gone})
	read.Inputs = made.Inputs
	read.Outputs = map[string]any{"description": "as it is", "arn": "arn", "deletionWindowInDays": 7.0}
	assert.Equal(t, []apitype.ResourceV3{replaced, read}, deployment.Resources)
	assert.Empty(t, Unread(deployment))
}

func TestResourcesComeAfterWhatTheyDependOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "resources")
		resources := make([]apitype.ResourceV3, n)
		for i := range resources {
			resources[i].URN = resource.URN(string(rune('a' + i)))
			for range rapid.IntRange(0, 3).Draw(t, "dependencies") {
				if i > 0 {
					on := resources[rapid.IntRange(0, i-1).Draw(t, "on")].URN
					resources[i].Dependencies = append(resources[i].Dependencies, on)
				}
			}
		}
		if got := inOrder(resources); !assert.ObjectsAreEqual(resources, got) {
			t.Fatalf("what is in order changed: %v", got)
		}
		shuffled := rapid.Permutation(resources).Draw(t, "shuffled")
		seen := map[resource.URN]bool{}
		for _, r := range inOrder(shuffled) {
			for _, before := range r.Dependencies {
				if !seen[before] {
					t.Fatalf("%s comes before %s", r.URN, before)
				}
			}
			seen[r.URN] = true
		}
		if len(seen) != n {
			t.Fatalf("%d of %d resources are left", len(seen), n)
		}
	})
}

func TestHolders(t *testing.T) {
	text := "error: the stack is currently locked by 1 lock(s).\n" +
		"  file:///state/x.json: created by root@host (pid 42) at 2026-01-02T03:04:05Z"
	holders := Holders(text)
	require.Len(t, holders, 1)
	assert.Equal(t, "root@host (pid 42) at 2026-01-02T03:04:05Z", holders[0].String())
	assert.Empty(t, Holders("error: conflict: another update is in progress"))
}

func TestOnlyALockWhoseHolderHasEndedIsStale(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	self, now := int32(os.Getpid()), time.Now()
	const ended = 1 << 30 // above every process id that a system gives
	killed := exec.Command("sleep", "60")
	require.NoError(t, killed.Start())
	require.NoError(t, killed.Process.Kill())
	defer func() { _ = killed.Wait() }()
	require.Eventually(t, func() bool {
		stale, err := Stale(t.Context(), []Holder{{Host: host, PID: int32(killed.Process.Pid), Since: now}})
		return err == nil && stale
	}, time.Minute, time.Millisecond, "a process that nobody has waited for has ended")
	for name, tc := range map[string]struct {
		holders []Holder
		want    bool
	}{
		"nobody is named":                {nil, false},
		"it runs":                        {[]Holder{{Host: host, PID: self, Since: now}}, false},
		"it has ended":                   {[]Holder{{Host: host, PID: ended, Since: now}}, true},
		"it is on another machine":       {[]Holder{{Host: "elsewhere", PID: ended, Since: now}}, false},
		"another process has its number": {[]Holder{{Host: host, PID: self, Since: now.Add(-time.Hour)}}, true},
		"one of two runs": {
			[]Holder{{Host: host, PID: ended, Since: now}, {Host: host, PID: self, Since: now}}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			stale, err := Stale(t.Context(), tc.holders)
			require.NoError(t, err)
			assert.Equal(t, tc.want, stale)
		})
	}
}

// unfindable are the types whose resources only a person can find, and why that is so. The program makes none of them;
// a component can.
var unfindable = map[tokens.Type]string{
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": "its id is an ARN that RDS " +
		"makes up, it takes no tags, and Cloud Control API has no such type",
}

// What is left over when a creation is interrupted is found by the inputs, the tags or a list, unless creating it once
// more does no harm.
func TestEveryTypeHasAWayToBeFound(t *testing.T) {
	for token, how := range lookups {
		ways := 0
		for _, has := range []bool{len(how.inputs) > 0, how.service != "", how.list.typeName != "", how.again} {
			if has {
				ways++
			}
		}
		if unfindable[token] != "" {
			assert.Zero(t, ways, "%s can be found; take it out of unfindable", token)
			assert.NotEmpty(t, how.command, "%s: say how a person finds it", token)
			continue
		}
		assert.NotZero(t, ways, "%s: give it inputs, tags or a list to be found by", token)
		if how.service != "" || how.list.typeName != "" {
			assert.NotEmpty(t, how.id, "%s: say what of that is the id", token)
		}
		if how.list.typeName != "" {
			assert.NotEmpty(t, how.command, "%s: say how a person finds it who may not list it", token)
		}
	}
	for token := range unfindable {
		assert.Contains(t, lookups, token)
	}
}

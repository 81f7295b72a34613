package remediation_test

import (
	"strings"
	"testing"

	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/remediation"
	"github.com/awslab/awslab/policy/internal/ruletest"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

type object = map[string]any

// remedied returns what becomes of a resource, and the names of the rules that changed it.
func remedied(t *testing.T, r ruletest.Resource) (*structpb.Struct, []string) {
	t.Helper()
	request := ruletest.Request(t, r)
	response, err := ruletest.Client(t, remediation.Pack).Remediate(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	properties, names := request.GetProperties(), []string(nil)
	for _, remediation := range response.GetRemediations() {
		properties, names = remediation.GetProperties(), append(names, remediation.GetPolicyName())
	}
	return properties, names
}

func TestWhatIsWrongIsSetRight(t *testing.T) {
	for name, c := range map[string]struct {
		resource ruletest.Resource
		path     []string
		want     any
	}{
		"a public database": {
			ruletest.Resource{
				Type:       "aws:rds/instance:Instance",
				Properties: ruletest.Props{"publiclyAccessible": true},
			},
			[]string{"publiclyAccessible"},
			false,
		},
		"untagged snapshots": {
			ruletest.Resource{Type: "aws:rds/cluster:Cluster", Properties: ruletest.Props{}},
			[]string{"copyTagsToSnapshot"},
			true,
		},
		"a public subnet": {
			ruletest.Resource{Type: "aws:ec2/subnet:Subnet", Properties: ruletest.Props{"mapPublicIpOnLaunch": true}},
			[]string{"mapPublicIpOnLaunch"},
			false,
		},
		"a lenient balancer": {
			ruletest.Resource{
				Type:       "aws:lb/loadBalancer:LoadBalancer",
				Properties: ruletest.Props{"dropInvalidHeaderFields": false},
			},
			[]string{"dropInvalidHeaderFields"},
			true,
		},
		"an open bucket": {
			ruletest.Resource{
				Type:       "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
				Properties: ruletest.Props{"blockPublicAcls": true},
			},
			[]string{"restrictPublicBuckets"},
			true,
		},
		"the first metadata": {
			ruletest.Resource{
				Type:       "aws:ec2/launchTemplate:LaunchTemplate",
				Properties: ruletest.Props{"metadataOptions": object{"httpTokens": "optional"}},
			},
			[]string{"metadataOptions", "httpTokens"},
			"required",
		},
		"smuggled requests": {
			ruletest.Resource{
				Type:       "aws:alb/loadBalancer:LoadBalancer",
				Properties: ruletest.Props{"desyncMitigationMode": "monitor"},
			},
			[]string{"desyncMitigationMode"},
			"defensive",
		},
		"images not looked at": {
			ruletest.Resource{Type: "aws:ecr/repository:Repository", Properties: ruletest.Props{}},
			[]string{"imageScanningConfiguration", "scanOnPush"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.resource.Name = "it"
			properties, rules := remedied(t, c.resource)
			value := structpb.NewStructValue(properties)
			for _, key := range c.path {
				value = value.GetStructValue().GetFields()[key]
			}
			if value.AsInterface() != c.want || len(rules) == 0 {
				t.Errorf("%v is %v by %v, want %v", c.path, value.AsInterface(), rules, c.want)
			}
			c.resource.Properties = properties.AsMap()
			if _, again := remedied(t, c.resource); len(again) != 0 {
				t.Errorf("what is right is changed again by %v", again)
			}
		})
	}
}

func TestWhatIsNotKnownOrSecretIsLeftAlone(t *testing.T) {
	for _, value := range []any{ruletest.Computed, ruletest.Secretly(true)} {
		_, rules := remedied(
			t,
			ruletest.Resource{
				Type:       "aws:ec2/subnet:Subnet",
				Name:       "it",
				Properties: ruletest.Props{"mapPublicIpOnLaunch": value},
			},
		)
		if len(rules) != 0 {
			t.Errorf("%v: %v", value, rules)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	properties, _ := remedied(
		t,
		ruletest.Resource{
			Type:       "aws:rds/instance:Instance",
			Name:       "it",
			Properties: ruletest.Props{"password": ruletest.Secretly("hunter22")},
		},
	)
	if properties.GetFields()["password"].GetStructValue() == nil {
		t.Errorf("%v", properties)
	}
}

func TestWhatHasNoSuchPropertyIsLeftAlone(t *testing.T) {
	for name, r := range map[string]ruletest.Resource{
		"a network load balancer": {
			Type:       "aws:lb/loadBalancer:LoadBalancer",
			Properties: ruletest.Props{"loadBalancerType": "network", "desyncMitigationMode": "monitor"},
		},
		"a stricter load balancer": {
			Type:       "aws:lb/loadBalancer:LoadBalancer",
			Properties: ruletest.Props{"dropInvalidHeaderFields": true, "desyncMitigationMode": "strictest"},
		},
		"a load balancer of any kind": {
			Type:       "aws:lb/loadBalancer:LoadBalancer",
			Properties: ruletest.Props{"loadBalancerType": ruletest.Computed},
		},
		"a read replica": {
			Type:       "aws:rds/instance:Instance",
			Properties: ruletest.Props{"replicateSourceDb": "primary"},
		},
		"a replica, perhaps": {
			Type:       "aws:rds/instance:Instance",
			Properties: ruletest.Props{"replicateSourceDb": ruletest.Computed},
		},
		"a subnet as AWS has it": {Type: "aws:ec2/subnet:Subnet", Properties: ruletest.Props{}},
		"a table, unasked":       {Type: "aws:dynamodb/table:Table", Properties: ruletest.Props{}},
	} {
		r.Name = "it"
		if _, rules := remedied(t, r); len(rules) != 0 {
			t.Errorf("%s: %v", name, rules)
		}
	}
}

// at returns a client of the pack with one rule at a level.
func at(t *testing.T, name string, level pulumirpc.EnforcementLevel) pulumirpc.AnalyzerClient {
	t.Helper()
	client := ruletest.Client(t, remediation.Pack)
	if _, err := client.Configure(
		t.Context(),
		&pulumirpc.ConfigureAnalyzerRequest{
			PolicyConfig: map[string]*pulumirpc.PolicyConfig{name: {EnforcementLevel: level}},
		},
	); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestALevelOtherThanRemediateTellsAndChangesNothing(t *testing.T) {
	client := at(t, "fix-subnet-no-auto-public-ip", pulumirpc.EnforcementLevel_MANDATORY)
	for name, c := range map[string]struct {
		properties ruletest.Props
		findings   int
	}{
		"wrong":      {ruletest.Props{"mapPublicIpOnLaunch": true}, 1},
		"right":      {ruletest.Props{"mapPublicIpOnLaunch": false}, 0},
		"by default": {ruletest.Props{}, 0},
		"unknown":    {ruletest.Props{"mapPublicIpOnLaunch": ruletest.Computed}, 1},
	} {
		request := ruletest.Request(
			t,
			ruletest.Resource{Type: "aws:ec2/subnet:Subnet", Name: "it", Properties: c.properties},
		)
		response, err := client.Remediate(t.Context(), request)
		if err != nil || len(response.GetRemediations()) != 0 {
			t.Errorf("%s: %v %v", name, response, err)
		}
		told, err := client.Analyze(t.Context(), request)
		if err != nil || len(told.GetDiagnostics()) != c.findings {
			t.Errorf("%s: %v %v", name, told, err)
		}
		for _, d := range told.GetDiagnostics() {
			if name == "wrong" &&
				(d.GetEnforcementLevel() != pulumirpc.EnforcementLevel_MANDATORY || !strings.Contains(
					d.GetMessage(),
					"give the rule the level remediate",
				)) {
				t.Errorf("%v", d)
			}
		}
	}
}

func TestDeletionProtectionIsForWhoAsksForIt(t *testing.T) {
	client := at(t, "fix-dynamodb-deletion-protection", pulumirpc.EnforcementLevel_REMEDIATE)
	response, err := client.Remediate(
		t.Context(),
		ruletest.Request(
			t,
			ruletest.Resource{Type: "aws:dynamodb/table:Table", Name: "it", Properties: ruletest.Props{}},
		),
	)
	if err != nil || len(response.GetRemediations()) != 1 {
		t.Errorf("%v %v", response, err)
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	if err := remediation.Pack.Validate(); err != nil {
		t.Error(err)
	}
}

func TestFixesNameProperties(t *testing.T) { ruletest.FixesNameProperties(t, remediation.Pack) }

// The engine tells its events and Pulumi Cloud of every rule that passed: of each that is not said not to apply.
func TestOnlyRulesThatSetSomethingRightApply(t *testing.T) {
	response, err := ruletest.Client(t, remediation.Pack).Remediate(t.Context(), ruletest.Request(t, ruletest.Resource{
		Type: "aws:rds/clusterInstance:ClusterInstance", Properties: ruletest.Props{"publiclyAccessible": false},
	}))
	if err != nil {
		t.Fatal(err)
	}
	applying := map[string]bool{}
	for _, r := range remediation.Pack.Rules {
		applying[r.Name] = true
	}
	for _, na := range response.GetNotApplicable() {
		delete(applying, na.GetPolicyName())
	}
	if len(applying) != 1 || !applying["fix-rds-private"] {
		t.Errorf("applying: %v", applying)
	}
}

// FuzzRemediate gives the rules odd properties, and wants what is right not to be changed again.
func FuzzRemediate(f *testing.F) {
	f.Add([]byte(`{"publiclyAccessible": true, "metadataOptions": {"httpTokens": "optional"}}`))
	f.Add([]byte(`{"metadataOptions": [], "imageScanningConfiguration": null}`))
	client := ruletest.Client(f, remediation.Pack)
	f.Fuzz(func(t *testing.T, text []byte) {
		var properties structpb.Struct
		if properties.UnmarshalJSON(text) != nil {
			t.Skip("not an object")
		}
		for _, r := range remediation.Pack.Rules {
			for _, resourceType := range r.Types {
				request := &pulumirpc.AnalyzeRequest{Urn: resourceType, Type: resourceType, Properties: &properties}
				response, err := client.Remediate(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				remediations := response.GetRemediations()
				if len(remediations) == 0 {
					continue
				}
				request.Properties = remediations[len(remediations)-1].GetProperties()
				if again, err := client.Remediate(t.Context(), request); err != nil ||
					len(again.GetRemediations()) != 0 {
					t.Fatalf("%s: %v, %v", resourceType, again, err)
				}
			}
		}
	})
}

func TestNobodyGetsItUnasked(t *testing.T) {
	for _, r := range packs.All.Rules {
		if len(r.Remedies) > 0 {
			t.Errorf("%s is among all rules", r.Name)
		}
	}
}

package remediation_test

import (
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
		"a public database":    {ruletest.Resource{Type: "aws:rds/instance:Instance", Properties: ruletest.Props{"publiclyAccessible": true}}, []string{"publiclyAccessible"}, false},
		"untagged snapshots":   {ruletest.Resource{Type: "aws:rds/cluster:Cluster", Properties: ruletest.Props{}}, []string{"copyTagsToSnapshot"}, true},
		"a public subnet":      {ruletest.Resource{Type: "aws:ec2/subnet:Subnet", Properties: ruletest.Props{"mapPublicIpOnLaunch": true}}, []string{"mapPublicIpOnLaunch"}, false},
		"a lenient balancer":   {ruletest.Resource{Type: "aws:lb/loadBalancer:LoadBalancer", Properties: ruletest.Props{"dropInvalidHeaderFields": false}}, []string{"dropInvalidHeaderFields"}, true},
		"an open bucket":       {ruletest.Resource{Type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", Properties: ruletest.Props{"blockPublicAcls": true}}, []string{"restrictPublicBuckets"}, true},
		"the first metadata":   {ruletest.Resource{Type: "aws:ec2/launchTemplate:LaunchTemplate", Properties: ruletest.Props{"metadataOptions": object{"httpTokens": "optional"}}}, []string{"metadataOptions", "httpTokens"}, "required"},
		"images not looked at": {ruletest.Resource{Type: "aws:ecr/repository:Repository", Properties: ruletest.Props{}}, []string{"imageScanningConfiguration", "scanOnPush"}, true},
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
		_, rules := remedied(t, ruletest.Resource{Type: "aws:ec2/subnet:Subnet", Name: "it", Properties: ruletest.Props{"mapPublicIpOnLaunch": value}})
		if len(rules) != 0 {
			t.Errorf("%v: %v", value, rules)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	properties, _ := remedied(t, ruletest.Resource{Type: "aws:rds/instance:Instance", Name: "it", Properties: ruletest.Props{"password": ruletest.Secretly("hunter22")}})
	if properties.GetFields()["password"].GetStructValue() == nil {
		t.Errorf("%v", properties)
	}
}

func TestALevelOtherThanRemediateChangesNothing(t *testing.T) {
	client := ruletest.Client(t, remediation.Pack)
	if _, err := client.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		"fix-subnet-no-auto-public-ip": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY},
	}}); err != nil {
		t.Fatal(err)
	}
	response, err := client.Remediate(t.Context(), ruletest.Request(t, ruletest.Resource{Type: "aws:ec2/subnet:Subnet", Name: "it", Properties: ruletest.Props{"mapPublicIpOnLaunch": true}}))
	if err != nil || len(response.GetRemediations()) != 0 {
		t.Errorf("%v %v", response, err)
	}
}

func TestNobodyGetsItUnasked(t *testing.T) {
	for _, r := range packs.All.Rules {
		if len(r.Remedies) > 0 {
			t.Errorf("%s is among all rules", r.Name)
		}
	}
}

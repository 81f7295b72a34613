package compute

import (
	"encoding/base64"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

func (g *graph) onInstances(change func(*Instances)) error {
	return g.run(func(ctx *pulumi.Context) error {
		location := identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
		vpc, err := network.NewVpc(
			ctx,
			"network",
			&network.VpcArgs{Location: location, AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}},
		)
		if err != nil {
			return err
		}
		instances := &Instances{
			Location:       location,
			Network:        vpc.ServicePlacement(),
			Types:          []string{"m7g.large", "m6g.large"},
			Min:            2,
			Max:            6,
			TargetCapacity: 80,
			SpotPercentage: 25,
			RoleName:       "awslab-dev-instance",
			VolumeTags:     map[string]string{"backup": "none"},
		}
		change(instances)
		_, err = NewCluster(ctx, "lab", &ClusterArgs{Name: "awslab-dev", Instances: instances, Tags: labTags})
		return err
	})
}

func TestAClusterOfInstances(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.onInstances(func(*Instances) {}))
	template := g.inputs(t, "lab-template")
	require.Equal(
		t,
		"resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
		template["imageId"],
	)
	require.Equal(
		t,
		object{"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1.0},
		template["metadataOptions"],
	)
	require.Equal(t, "true", template["blockDeviceMappings"].([]any)[0].(object)["ebs"].(object)["encrypted"])
	require.NotContains(t, template, "keyName", "nobody logs in by SSH")
	specifications := template["tagSpecifications"].([]any)
	require.NotContains(t, specifications[0].(object)["tags"], "backup")
	require.Equal(t, "none", specifications[1].(object)["tags"].(object)["backup"], "the volumes")
	script, err := base64.StdEncoding.DecodeString(template["userData"].(string))
	require.NoError(t, err)
	require.Equal(
		t,
		"#!/bin/bash\ncat >> /etc/ecs/ecs.config "+
			"<<'END'\nECS_CLUSTER=awslab-dev\nECS_ENABLE_TASK_IAM_ROLE=true\nECS_AWSVPC_BLOCK_IMDS=true\n"+
			"ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\nECS_IMAGE_PULL_BEHAVIOR=once\nEND\n",
		string(script),
	)

	group := g.inputs(t, "lab-group")
	require.Equal(
		t,
		[]any{"network-vpc-app-1-id", "network-vpc-app-2-id"},
		group["vpcZoneIdentifiers"],
		"over all zones",
	)
	require.Equal(t, false, group["protectFromScaleIn"], "else it would never be patched")
	require.Equal(t, true, group["forceDelete"])
	distribution := group["mixedInstancesPolicy"].(object)["instancesDistribution"].(object)
	require.Equal(t, 2.0, distribution["onDemandBaseCapacity"])
	require.Equal(t, 75.0, distribution["onDemandPercentageAboveBaseCapacity"])

	provider := g.inputs(t, "lab-provider")["autoScalingGroupProvider"].(object)
	require.Equal(t, "DISABLED", provider["managedTerminationProtection"])
	require.Equal(t, "ENABLED", provider["managedDraining"])
	require.Equal(t, 80.0, provider["managedScaling"].(object)["targetCapacity"])
	capacity := g.inputs(t, "lab-capacity")
	require.Equal(
		t,
		[]any{"FARGATE", "FARGATE_SPOT", "instances-of-awslab-dev"},
		capacity["capacityProviders"],
		"services that move here still use Fargate's",
	)
	require.Equal(
		t,
		[]any{object{"capacityProvider": "instances-of-awslab-dev", "weight": 1.0}},
		capacity["defaultCapacityProviderStrategies"],
	)
}

// What the agents may do is for their own cluster, where AWS knows anything narrower than everything.
func TestWhatInstancesMayDo(t *testing.T) {
	for _, s := range instanceStatements(location, "awslab-dev") {
		switch s.Sid {
		case "JoinCluster":
			require.Equal(t, []string{"arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"}, s.Resources)
		case "WorkInCluster":
			require.Equal(
				t,
				[]string{"arn:aws:ecs:eu-west-1:123456789012:container-instance/awslab-dev/*"},
				s.Resources,
			)
			require.Equal(
				t,
				[]identity.Condition{
					{
						Operator: "ArnEquals",
						Key:      "ecs:cluster",
						Values:   []string{"arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"},
					},
				},
				s.Conditions,
			)
		case "FindCluster", "SessionManager":
			require.Equal(t, []string{"*"}, s.Resources)
			require.NotContains(t, s.Actions, "*")
		default:
			require.Failf(t, "no statement is untested", "%s", s.Sid)
		}
	}
}

// Otherwise a destroy would wait for ever: the cluster for its instances, the instances for the capacity provider.
func TestInstancesGoBeforeTheirCluster(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.onInstances(func(*Instances) {}))
	require.Contains(
		t,
		g.find(t, "lab-group").RegisterRPC.GetDependencies(),
		"urn:pulumi:dev::awslab::awslab:compute:Cluster$aws:ecs/cluster:Cluster::lab-cluster",
	)
	dependencies := g.find(t, "lab-capacity").RegisterRPC.GetPropertyDependencies()["capacityProviders"].GetUrns()
	require.Contains(
		t,
		dependencies,
		"urn:pulumi:dev::awslab::awslab:compute:Cluster$aws:ecs/capacityProvider:CapacityProvider::lab-provider",
	)
}

func TestWhatInstancesRefuse(t *testing.T) {
	tests := map[string]struct {
		change func(*Instances)
		want   string
	}{
		"no network": {func(i *Instances) { i.Network = nil }, "Instances.Network: missing"},
		"no types":   {func(i *Instances) { i.Types = nil }, "Instances.Types: missing"},
		"a type": {
			func(i *Instances) { i.Types = []string{"large"} },
			`Instances.Types[0]: "large" is not an instance type`,
		},
		"two architectures": {
			func(i *Instances) { i.Types = []string{"m7g.large", "m7i.large"} },
			`Instances.Types[1]: "m7i.large" is of another architecture than "m7g.large"`,
		},
		"numbers":  {func(i *Instances) { i.Min = 9 }, "Instances.Min, Max: 9, 6"},
		"a target": {func(i *Instances) { i.TargetCapacity = 0 }, "Instances.TargetCapacity: 0; use 1 to 100"},
		"a share": {
			func(i *Instances) { i.SpotPercentage = 101 },
			"Instances.SpotPercentage: 101; use 0 to 100",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.ErrorContains(t, g.onInstances(test.change), test.want)
			require.Empty(t, g.names("aws:ecs/cluster:Cluster"))
		})
	}
}

func TestArchitectures(t *testing.T) {
	for instance, want := range map[string]bool{
		"m7g.large":          true,
		"c7gn.xlarge":        true,
		"t4g.small":          true,
		"a1.large":           true,
		"im4gn.large":        true,
		"u7i-12tb.224xlarge": false,
		"m7i.large":          false,
		"g5.xlarge":          false,
		"t3a.medium":         false,
	} {
		require.Equal(t, want, arm(instance), instance)
	}
}

func TestADomainLeadsToTheLoadBalancerOverBothAddressFamilies(t *testing.T) {
	for name, test := range map[string]struct {
		dualStack bool
		zone      pulumi.StringInput
		want      []string
	}{
		"IPv4": {false, pulumi.String("Z1"), []string{"lab-host-api.example.com"}},
		"IPv6 besides": {
			true, pulumi.String("Z1"), []string{"lab-host-api.example.com", "lab-host-api.example.com-ipv6"},
		},
		"a zone of someone else": {true, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g, url := &graph{}, make(chan string, 1)
			require.NoError(t, g.run(func(ctx *pulumi.Context) error {
				balancer, err := NewLoadBalancer(ctx, "lab", &LoadBalancerArgs{
					Name:            "awslab-dev-alb",
					SubnetIds:       pulumi.ToStringArray([]string{"a", "b"}),
					SecurityGroupId: pulumi.String("sg"),
					CertificateArn:  pulumi.String("arn:certificate"),
					Domain:          "api.example.com",
					ZoneId:          test.zone,
					DualStack:       test.dualStack,
				})
				if err == nil {
					balancer.Url.ApplyT(func(known string) string { url <- known; return known })
				}
				return err
			}))
			require.Equal(t, "https://api.example.com", <-url, "whoever makes the record")
			require.Equal(t, test.want, g.names("aws:route53/record:Record"))
			if test.dualStack {
				require.Equal(t, "dualstack", g.inputs(t, "lab-alb")["ipAddressType"])
			}
			if len(test.want) == 2 {
				require.Equal(t, "AAAA", g.inputs(t, "lab-host-api.example.com-ipv6")["type"])
			}
		})
	}
}

func TestADomainLeadsToTheLoadBalancerOverHTTPS(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		_, err := NewLoadBalancer(ctx, "lab", &LoadBalancerArgs{
			Name:            "awslab-dev-alb",
			SubnetIds:       pulumi.ToStringArray([]string{"a", "b"}),
			SecurityGroupId: pulumi.String("sg"),
			CertificateArn:  pulumi.String("arn:certificate"),
			Domain:          "api.example.com",
			ZoneId:          pulumi.String("Z1"),
			LogBucket:       pulumi.String("logs"),
			HstsDays:        2,
		})
		return err
	}))
	require.Equal(t, "A", g.inputs(t, "lab-host-api.example.com")["type"])
	require.Equal(
		t,
		object{"bucket": "logs", "prefix": "awslab-dev-alb", "enabled": true},
		g.inputs(t, "lab-alb")["accessLogs"],
	)
	require.Equal(t, "arn:certificate", g.inputs(t, "lab-https")["certificateArn"])
	require.Equal(
		t,
		"max-age=172800",
		g.inputs(t, "lab-https")["routingHttpResponseStrictTransportSecurityHeaderValue"],
	)
}

func TestSessionsAreRecordedAndServicesFindEachOther(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		_, err := NewCluster(ctx, "lab", &ClusterArgs{
			Name:             "awslab-dev",
			Capacity:         Capacity{SpotWeight: 1},
			Namespace:        "awslab-dev",
			SessionLogGroup:  "/ecs/sessions",
			LogRetentionDays: 30,
			KmsKeyArn:        pulumi.String("arn:key"),
			LogKmsKeyArn:     pulumi.String("arn:logs"),
		})
		return err
	}))
	cluster := g.inputs(t, "lab-cluster")
	require.Equal(t, object{"namespace": "arn:lab-namespace"}, cluster["serviceConnectDefaults"])
	command := cluster["configuration"].(object)["executeCommandConfiguration"].(object)
	require.Equal(t, "arn:key", command["kmsKeyId"])
	require.Equal(
		t,
		object{"fargateEphemeralStorageKmsKeyId": "arn:key", "kmsKeyId": "arn:key"},
		cluster["configuration"].(object)["managedStorageConfiguration"],
	)
	require.Equal(
		t,
		object{"cloudWatchEncryptionEnabled": true, "cloudWatchLogGroupName": "/ecs/sessions"},
		command["logConfiguration"],
	)
}

//go:build mutation

package mutation_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// gone, as an operator's value, takes the property away.
const gone = "\x00gone"

// operator changes a property of every resource of a type that has it, one mutant for each place.
type operator struct {
	kind, path string
	value      any
	// anyway sets the property where it is not there, too.
	anyway bool
}

// operators are the single properties that make a stack worse.
var operators = []operator{
	// Availability.
	{kind: "aws:rds/instance:Instance", path: "multiAz", value: false},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "subnets", value: []any{"subnet-alone"}},
	{kind: "aws:ecs/service:Service", path: "deploymentMinimumHealthyPercent", value: 0.0},
	{kind: "aws:ecs/service:Service", path: "deploymentCircuitBreaker.rollback", value: false},
	{kind: "aws:ecs/service:Service", path: "deploymentCircuitBreaker.enable", value: false},
	{kind: "aws:ecs/service:Service", path: "deploymentCircuitBreaker", value: gone},
	{kind: "aws:efs/fileSystem:FileSystem", path: "availabilityZoneName", value: "eu-west-1a", anyway: true},
	{kind: "aws:lambda/function:Function", path: "deadLetterConfig", value: gone},
	// Deletion.
	{kind: "aws:rds/instance:Instance", path: "deletionProtection", value: false},
	{kind: "aws:dynamodb/table:Table", path: "deletionProtectionEnabled", value: false},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "enableDeletionProtection", value: false},
	{kind: "aws:rds/instance:Instance", path: "skipFinalSnapshot", value: true},
	{kind: "aws:s3/bucketV2:BucketV2", path: "forceDestroy", value: true},
	{kind: "aws:backup/vault:Vault", path: "forceDestroy", value: true},
	{kind: "aws:ecr/repository:Repository", path: "forceDelete", value: true},
	// Backup.
	{kind: "aws:rds/instance:Instance", path: "copyTagsToSnapshot", value: false},
	{kind: "aws:dynamodb/table:Table", path: "pointInTimeRecovery.enabled", value: false},
	{kind: "aws:dynamodb/table:Table", path: "pointInTimeRecovery", value: gone},
	{kind: "aws:s3/bucketVersioningV2:BucketVersioningV2", path: "versioningConfiguration.status", value: "Suspended"},
	{kind: "aws:backup/plan:Plan", path: "rules", value: []any{}},
	{kind: "aws:rds/instance:Instance", path: "backupRetentionPeriod", value: 1.0},
	{kind: "aws:rds/cluster:Cluster", path: "backupRetentionPeriod", value: 1.0},
	{kind: "aws:rds/cluster:Cluster", path: "copyTagsToSnapshot", value: false},
	{kind: "aws:rds/cluster:Cluster", path: "storageEncrypted", value: false},
	{kind: "aws:rds/cluster:Cluster", path: "deletionProtection", value: false},
	{kind: "aws:rds/cluster:Cluster", path: "skipFinalSnapshot", value: true},
	{kind: "aws:rds/cluster:Cluster", path: "enabledCloudwatchLogsExports", value: gone},
	{kind: "aws:rds/clusterParameterGroup:ClusterParameterGroup", path: "parameters", value: []any{}},
	{kind: "aws:rds/clusterInstance:ClusterInstance", path: "publiclyAccessible", value: true},
	{kind: "aws:rds/clusterInstance:ClusterInstance", path: "monitoringInterval", value: 0.0},
	{kind: "aws:dynamodb/table:Table", path: "billingMode", value: "PROVISIONED"},
	{kind: "aws:secretsmanager/secret:Secret", path: "kmsKeyId", value: gone},
	{kind: "aws:backup/selection:Selection", path: "conditions.stringEquals.value", value: "another"},
	{kind: "aws:backup/selection:Selection", path: "iamRoleArn", value: "arn:aws:iam::123456789012:role/gone"},
	// Encryption.
	{kind: "aws:rds/instance:Instance", path: "storageEncrypted", value: false},
	{kind: "aws:rds/parameterGroup:ParameterGroup", path: "parameters", value: []any{}},
	{kind: "aws:rds/proxy:Proxy", path: "requireTls", value: false},
	{kind: "aws:rds/proxy:Proxy", path: "auths.iamAuth", value: "DISABLED"},
	{kind: "aws:rds/instance:Instance", path: "iamDatabaseAuthenticationEnabled", value: false},
	{kind: "aws:rds/cluster:Cluster", path: "iamDatabaseAuthenticationEnabled", value: false},
	{kind: "aws:efs/fileSystem:FileSystem", path: "encrypted", value: false},
	{
		kind:  "aws:ecs/taskDefinition:TaskDefinition",
		path:  "volumes.efsVolumeConfiguration.transitEncryption",
		value: "DISABLED",
	},
	{kind: "aws:dynamodb/table:Table", path: "serverSideEncryption", value: gone},
	{kind: "aws:ecr/repository:Repository", path: "encryptionConfigurations", value: gone},
	{kind: "aws:ecr/repository:Repository", path: "encryptionConfigurations.kmsKey", value: gone},
	{kind: "aws:secretsmanager/secret:Secret", path: "kmsKeyId", value: "alias/aws/secretsmanager"},
	{kind: "aws:secretsmanager/secret:Secret", path: "recoveryWindowInDays", value: 0.0},
	{kind: "aws:dynamodb/table:Table", path: "serverSideEncryption.kmsKeyArn", value: "alias/aws/dynamodb"},
	{kind: "aws:sns/topic:Topic", path: "kmsMasterKeyId", value: gone},
	{kind: "aws:sqs/queue:Queue", path: "sqsManagedSseEnabled", value: false},
	{kind: "aws:cloudwatch/logGroup:LogGroup", path: "kmsKeyId", value: gone},
	{kind: "aws:backup/vault:Vault", path: "kmsKeyArn", value: gone},
	{kind: "aws:kms/key:Key", path: "enableKeyRotation", value: false},
	{kind: "aws:ec2/launchTemplate:LaunchTemplate", path: "blockDeviceMappings.ebs.encrypted", value: "false"},
	{kind: "aws:lb/listener:Listener", path: "sslPolicy", value: "ELBSecurityPolicy-2016-08"},
	{
		kind:  "aws:cloudfront/distribution:Distribution",
		path:  "defaultCacheBehavior.viewerProtocolPolicy",
		value: "allow-all",
	},
	// Exposure.
	{kind: "aws:rds/instance:Instance", path: "publiclyAccessible", value: true},
	{kind: "aws:ecs/service:Service", path: "networkConfiguration.assignPublicIp", value: true, anyway: true},
	{kind: "aws:ec2/subnet:Subnet", path: "mapPublicIpOnLaunch", value: true},
	{kind: "aws:ec2/launchTemplate:LaunchTemplate", path: "metadataOptions.httpTokens", value: "optional"},
	{kind: "aws:ec2/launchTemplate:LaunchTemplate", path: "metadataOptions.httpPutResponseHopLimit", value: 2.0},
	{kind: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", path: "blockPublicAcls", value: false},
	{kind: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", path: "blockPublicPolicy", value: false},
	{kind: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", path: "ignorePublicAcls", value: false},
	{kind: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", path: "restrictPublicBuckets", value: false},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "dropInvalidHeaderFields", value: false},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "desyncMitigationMode", value: "monitor"},
	{kind: "aws:wafv2/webAcl:WebAcl", path: "rules", value: []any{}},
	{kind: "aws:lambda/permission:Permission", path: "sourceArn", value: gone},
	{kind: "aws:efs/accessPoint:AccessPoint", path: "posixUser", value: gone},
	{kind: "aws:efs/accessPoint:AccessPoint", path: "posixUser.uid", value: 0.0},
	{kind: "aws:efs/accessPoint:AccessPoint", path: "rootDirectory", value: gone},
	{kind: "aws:cloudfront/distribution:Distribution", path: "webAclId", value: gone},
	// Identity.
	{
		kind:  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
		path:  "policyArn",
		value: "arn:aws:iam::aws:policy/AdministratorAccess",
	},
	// Recording.
	{kind: "aws:cloudwatch/logGroup:LogGroup", path: "retentionInDays", value: 7.0},
	{kind: "aws:cloudwatch/logGroup:LogGroup", path: "retentionInDays", value: gone},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "accessLogs.enabled", value: false},
	{kind: "aws:lb/loadBalancer:LoadBalancer", path: "accessLogs", value: gone},
	{kind: "aws:rds/instance:Instance", path: "monitoringInterval", value: 0.0},
	{kind: "aws:rds/instance:Instance", path: "enabledCloudwatchLogsExports", value: gone},
	{kind: "aws:ecs/cluster:Cluster", path: "settings.value", value: "disabled"},
	{kind: "aws:cloudwatch/metricAlarm:MetricAlarm", path: "actionsEnabled", value: false},
	{kind: "aws:cloudwatch/compositeAlarm:CompositeAlarm", path: "actionsEnabled", value: false},
	{kind: "aws:cloudfront/distribution:Distribution", path: "loggingConfig", value: gone},
	// Images.
	{kind: "aws:ecr/repository:Repository", path: "imageScanningConfiguration.scanOnPush", value: false},
	{kind: "aws:ecr/repository:Repository", path: "imageTagMutability", value: "MUTABLE"},
}

// withoutWhich are the types of which every resource is needed. A backup plan is not among them: its selection cannot
// be without it.
var withoutWhich = []string{
	"aws:sns/topic:Topic", "aws:backup/selection:Selection",
	"aws:backup/vaultLockConfiguration:VaultLockConfiguration", "aws:backup/restoreTestingPlan:RestoreTestingPlan",
	"aws:backup/restoreTestingSelection:RestoreTestingSelection", "aws:ec2/flowLog:FlowLog",
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "aws:rds/clusterInstance:ClusterInstance",
	"aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:efs/mountTarget:MountTarget", "aws:s3/bucketPolicy:BucketPolicy",
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucketVersioningV2:BucketVersioningV2",
	"aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:wafv2/webAclAssociation:WebAclAssociation",
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
}

// isServices reports whether a thing is a topic that services publish to: one less is no worse.
func (t thing) isServices() bool { return strings.Contains(t.urn, "awslab:data:Topic$") }

// derive makes every mutant of the recorded stack.
func derive(w world) []mutant {
	things := w.things()
	var mutants []mutant
	for _, t := range things {
		for _, o := range operators {
			if o.kind == t.kind && !o.equivalent(t) {
				mutants = append(mutants, o.mutants(t)...)
			}
		}
		if slices.Contains(withoutWhich, t.kind) && !t.isServices() {
			mutants = append(mutants, removed(t.name+": removed", t))
		}
		for _, derived := range []func(thing) []mutant{
			documentMutants,
			containerMutants,
			tagMutants,
			ruleMutants,
			backupMutants,
			aclMutants,
			firewallMutants,
			bucketKeyMutants,
		} {
			mutants = append(mutants, derived(t)...)
		}
	}
	return slices.Concat(
		mutants,
		unprotected(w),
		fewTasks(things),
		oneZone(things),
		sharedGateways(things),
		emptySelections(things),
		withoutAlarms(things),
		userMutants(),
	)
}

// equivalent tells of changes that make nothing worse: a read replica is encrypted as its source is, holds nothing of
// its own and is not backed up, and what is tagged as worth no backup may go with its stack.
func (o operator) equivalent(t thing) bool {
	if _, replica := t.inputs["replicateSourceDb"]; replica {
		return slices.Contains(
			[]string{
				"storageEncrypted",
				"deletionProtection",
				"copyTagsToSnapshot",
				"backupRetentionPeriod",
				"multiAz",
			},
			o.path,
		)
	}
	tags, _ := t.inputs["tags"].(props)
	return o.path == "forceDestroy" && tags["backup"] == "none"
}

// mutants returns one for each place in the resource.
func (o operator) mutants(t thing) []mutant {
	places := 0
	at(t.inputs, o.path, func(holder props, key string) {
		if value, has := holder[key]; (has || o.anyway) && !reflect.DeepEqual(value, o.value) {
			places++
		}
	})
	what := o.path + " is " + describe(o.value)
	var mutants []mutant
	for place := range places {
		mutants = append(mutants, edited(t, what, func(p props) {
			seen := 0
			at(p, o.path, func(holder props, key string) {
				if value, has := holder[key]; (!has && !o.anyway) || reflect.DeepEqual(value, o.value) {
					return
				}
				if seen == place {
					set(holder, key, o.value)
				}
				seen++
			})
		}))
	}
	return mutants
}

func set(holder props, key string, value any) {
	if value == gone {
		delete(holder, key)
		return
	}
	holder[key] = value
}

func describe(value any) string {
	if value == gone {
		return "not there"
	}
	text, _ := json.Marshal(value)
	return string(text)
}

// tagMutants take away what says whose a resource is.
func tagMutants(t thing) []mutant {
	if _, tagged := t.inputs["tags"].(props); !tagged {
		return nil
	}
	return []mutant{edited(t, "has no tags", func(p props) { p["tags"], p["tagsAll"] = props{}, props{} })}
}

// ruleMutants open what security groups let in, and how listeners speak.
func ruleMutants(t thing) []mutant {
	switch t.kind {
	case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
		if t.inputs["cidrIpv4"] == "0.0.0.0/0" {
			return nil // what clients call
		}
		open := func(p props) {
			delete(p, "referencedSecurityGroupId")
			p["cidrIpv4"] = "0.0.0.0/0"
		}
		return []mutant{edited(t, "open to the world", open), edited(t, "open to the world over IPv6", func(p props) {
			open(p)
			delete(p, "cidrIpv4")
			p["cidrIpv6"] = "::/0"
		}), edited(t, "open to half of the world", func(p props) {
			open(p)
			p["cidrIpv4"] = "128.0.0.0/1"
		})}
	case "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
		return []mutant{edited(t, "has a rule", func(p props) {
			p["ingress"] = []any{props{"fromPort": 0.0, "toPort": 0.0, "protocol": "-1", "self": true}}
		})}
	case "aws:lb/listener:Listener":
		return []mutant{edited(t, "forwards HTTP", func(p props) {
			p["protocol"], p["defaultActions"] = "HTTP", []any{props{"type": "forward", "targetGroupArn": "arn"}}
			delete(p, "sslPolicy")
			delete(p, "certificateArn")
		})}
	default:
		return nil
	}
}

// aclMutants open the ports of administration: by what no longer refuses them, and by a rule before all others.
func aclMutants(t thing) []mutant {
	if t.kind != "aws:ec2/networkAcl:NetworkAcl" {
		return nil
	}
	isRefusal := func(rule any) bool {
		r := rule.(props)
		return r["action"] == "deny" && r["cidrBlock"] == "0.0.0.0/0"
	}
	ingress, _ := t.inputs["ingress"].([]any)
	mutants := []mutant{edited(t, "lets the world in for SSH", func(p props) {
		rules, _ := p["ingress"].([]any)
		p["ingress"] = append(slices.Clone(rules), props{
			"ruleNo":    1.0,
			"action":    "allow",
			"protocol":  "6",
			"cidrBlock": "0.0.0.0/0",
			"fromPort":  22.0,
			"toPort":    22.0,
		})
	})}
	if slices.ContainsFunc(ingress, isRefusal) {
		mutants = append(mutants, edited(t, "refuses no port", func(p props) {
			p["ingress"] = slices.DeleteFunc(slices.Clone(p["ingress"].([]any)), isRefusal)
		}))
	}
	return mutants
}

// firewallMutants let a web ACL count what it would block.
func firewallMutants(t thing) []mutant {
	if t.kind != "aws:wafv2/webAcl:WebAcl" {
		return nil
	}
	return []mutant{edited(t, "only counts", func(p props) {
		for _, rule := range p["rules"].([]any) {
			for _, name := range []string{"action", "overrideAction"} {
				if _, has := rule.(props)[name]; has {
					rule.(props)[name] = props{"count": props{}}
				}
			}
		}
	})}
}

// bucketKeyMutants leave a bucket to S3's own key. Where that is all that may be, as for logs, it is no worse.
func bucketKeyMutants(t thing) []mutant {
	if t.kind != "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2" ||
		!strings.Contains(render(t.inputs), "aws:kms") {
		return nil
	}
	return []mutant{removed(t.name+": removed", t)}
}

// unprotected takes the resource option away where it is all that protects, and what it protects is not a copy.
func unprotected(w world) []mutant {
	var mutants []mutant
	for _, t := range w.things() {
		tags, _ := t.inputs["tags"].(props)
		if w.inputs[t.urn].GetOptions().GetProtect() && t.kind == "aws:efs/fileSystem:FileSystem" &&
			tags["backup"] != "none" {
			mutants = append(
				mutants,
				mutant{what: t.name + ": not protected", unprotected: map[string]bool{t.urn: true}},
			)
		}
	}
	return mutants
}

// backupMutants make each rule of a plan worse, in all of them at once: one good rule is enough.
func backupMutants(t thing) []mutant {
	if t.kind != "aws:backup/plan:Plan" {
		return nil
	}
	all := func(what, path string, value any) mutant {
		return edited(
			t,
			what,
			func(p props) { at(p, "rules."+path, func(holder props, key string) { set(holder, key, value) }) },
		)
	}
	return []mutant{
		all("copies nothing", "copyActions", []any{}),
		all("keeps backups for a day", "lifecycle.deleteAfter", 1.0),
		all("backs up once a month", "schedule", "cron(0 3 1 * ? *)"),
	}
}

func ofKind(things []thing, kind string) []thing {
	return slices.DeleteFunc(slices.Clone(things), func(t thing) bool { return t.kind != kind })
}

// fewTasks lets each service run as one task.
func fewTasks(things []thing) []mutant {
	var mutants []mutant
	for _, service := range ofKind(things, "aws:ecs/service:Service") {
		m := edited(service, "one task", func(p props) { p["desiredCount"] = 1.0 })
		for _, target := range ofKind(things, "aws:appautoscaling/target:Target") {
			name, _ := service.inputs["name"].(string)
			if id, _ := target.inputs["resourceId"].(string); strings.HasSuffix(id, "/"+name) {
				m = m.and(edited(target, "", func(p props) { p["minCapacity"] = 1.0 }))
			}
		}
		mutants = append(mutants, m)
	}
	return mutants
}

// oneZone puts what is in several subnets into the first alone.
func oneZone(things []thing) []mutant {
	paths := map[string]string{
		"aws:ecs/service:Service": "networkConfiguration.subnets", "aws:lb/loadBalancer:LoadBalancer": "subnets",
		"aws:ec2/vpcEndpoint:VpcEndpoint": "subnetIds", "aws:autoscaling/group:Group": "vpcZoneIdentifiers",
	}
	var mutants []mutant
	for _, t := range things {
		path, has := paths[t.kind]
		if !has {
			continue
		}
		several := false
		first := func(holder props, key string) {
			if subnets, ok := holder[key].([]any); ok && len(subnets) > 1 {
				several = true
				holder[key] = subnets[:1]
			}
		}
		m := edited(t, "one zone", func(p props) { at(p, path, first) })
		if several {
			mutants = append(mutants, m)
		}
	}
	return mutants
}

// sharedGateways leads the zones that a NAT gateway serves to another one's, and lets private subnets out by
// themselves.
func sharedGateways(things []thing) []mutant {
	gateways := ofKind(things, "aws:ec2/natGateway:NatGateway")
	var mutants []mutant
	for i, gateway := range gateways {
		other := gateways[(i+1)%len(gateways)]
		m := removed(gateway.name+": its zone shares another's NAT gateway", gateway)
		for _, route := range ofKind(things, "aws:ec2/route:Route") {
			if route.inputs["natGatewayId"] != gateway.outputs["id"] {
				continue
			}
			m = m.and(edited(route, "", func(p props) { p["natGatewayId"] = other.outputs["id"] }))
			mutants = append(mutants, edited(route, "leads to the internet gateway", func(p props) {
				delete(p, "natGatewayId")
				p["gatewayId"] = ofKind(things, "aws:ec2/internetGateway:InternetGateway")[0].outputs["id"]
			}))
		}
		mutants = append(mutants, m)
	}
	return mutants
}

// emptySelections back up nothing, or everything in the account.
func emptySelections(things []thing) []mutant {
	var mutants []mutant
	for _, selection := range ofKind(things, "aws:backup/selection:Selection") {
		mutants = append(mutants,
			edited(selection, "selects nothing", func(p props) { p["resources"] = []any{"arn:aws:rds:*:*:db:gone"} }),
			edited(selection, "selects everything", func(p props) { delete(p, "conditions") }),
			edited(selection, "selects everything by a tag that adds", func(p props) {
				delete(p, "conditions")
				p["selectionTags"] = []any{props{"type": "STRINGEQUALS", "key": "backup", "value": "prod"}}
			}),
		)
	}
	return mutants
}

// withoutAlarms takes away every alarm that watches a dimension's value, and every alarm.
func withoutAlarms(things []thing) []mutant {
	watching := map[string][]thing{}
	alarms := ofKind(things, "aws:cloudwatch/metricAlarm:MetricAlarm")
	for _, alarm := range alarms {
		text, _ := json.Marshal(alarm.inputs)
		for _, kind := range []string{
			"aws:ecs/service:Service",
			"aws:rds/instance:Instance",
			"aws:lb/loadBalancer:LoadBalancer",
		} {
			for _, t := range ofKind(things, kind) {
				for _, name := range []string{"name", "identifier", "arnSuffix"} {
					if value, _ := t.outputs[name].(string); value != "" &&
						strings.Contains(string(text), `"`+value+`"`) {
						watching[t.name] = append(watching[t.name], alarm)
						break
					}
				}
			}
		}
	}
	var mutants []mutant
	for name, of := range watching {
		mutants = append(mutants, removed(name+": without alarms", of...))
	}
	slices.SortFunc(mutants, func(a, b mutant) int { return strings.Compare(a.what, b.what) })
	return append(mutants, removed("without any alarm", alarms...))
}

// userMutants add what nobody should.
func userMutants() []mutant {
	var mutants []mutant
	for _, kind := range []string{"aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/userPolicy:UserPolicy"} {
		mutants = append(mutants, mutant{what: "another " + kind, with: []*pulumirpc.AnalyzerResource{{
			Urn: "urn:pulumi:prod::awslab::" + kind + "::somebody", Type: kind, Name: "somebody",
			Properties: &structpb.Struct{
				Fields: map[string]*structpb.Value{"user": structpb.NewStringValue("somebody")},
			},
		}}})
	}
	return mutants
}

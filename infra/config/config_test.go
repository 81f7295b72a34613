package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var refused *Error
	require.ErrorAs(t, err, &refused)
	var texts []string
	for _, p := range refused.Problems {
		texts = append(texts, p.Path+": "+p.Message)
	}
	return texts
}

const catalog = `{"name": "catalog", "image": {"context": "services", "dockerfile": "catalog/Dockerfile"}, "port": ` +
	`8080, "path": "/items"}`

// longDomain has 65 characters.
var longDomain = strings.Repeat("a", 53) + ".example.com"

// with returns the catalog service with keys added or replaced.
func with(changes string) string {
	var service, changed map[string]any
	if err := errors.Join(
		json.Unmarshal([]byte(catalog), &service),
		json.Unmarshal([]byte(changes), &changed),
	); err != nil {
		panic(err)
	}
	for key, value := range changed {
		service[key] = value
		if value == nil {
			delete(service, key)
		}
	}
	text, err := json.Marshal(service)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestWhatIsRefused(t *testing.T) {
	type values = map[string]string
	tests := map[string]struct {
		values values
		want   []string
	}{
		"no region": {
			values{"region": ""},
			[]string{"awslab:region: is missing; an example is eu-west-1"},
		},
		"no such region": {values{"region": "Ireland"}, []string{`awslab:region: "Ireland" is not an AWS region`}},
		"a misspelt region": {
			values{"region": "eu-wset-1"},
			[]string{`awslab:region: "eu-wset-1" is not an AWS region that the aws provider knows (a newer one needs ` +
				`aws:skipRegionValidation: true); did you mean "eu-west-1"?`},
		},
		"copies in another partition": {
			values{"region": "cn-north-1", "copyRegion": "eu-central-1"},
			[]string{"awslab:copyRegion: eu-central-1 is in the partition aws and cn-north-1 in aws-cn; nothing is " +
				"copied between partitions, use another region of aws-cn"},
		},
		"a cache where ECR has none": {
			values{"region": "us-gov-west-1", "images": `{"caches": [{"registry": "quay.io"}]}`},
			[]string{
				"awslab:images.caches: cannot be in us-gov-west-1: the partition aws-us-gov lacks the service; leave " +
					"it out",
			},
		},
		"a website where there is no CloudFront": {
			values{"region": "us-gov-west-1", "website": `{"folder": "."}`},
			[]string{
				"awslab:website: cannot be in us-gov-west-1: the partition aws-us-gov lacks the service; leave it out",
			},
		},
		"a boundary of another partition": {
			values{"region": "cn-north-1", "permissionsBoundary": "arn:aws:iam::123456789012:policy/all"},
			[]string{`awslab:permissionsBoundary: "arn:aws:iam::123456789012:policy/all" is in another partition; in ` +
				"cn-north-1 ARNs begin with arn:aws-cn:"},
		},
		"an unknown key": {
			values{"netwrk": "{}"},
			[]string{`awslab:netwrk: unknown key; did you mean "network"?`},
		},
		"nothing like it": {
			values{"xyz": "1"},
			[]string{
				"awslab:xyz: unknown key; known are backup, buckets, cluster, copyRegion, database, exemptions, " +
					"fileSystem, firewall, images, loadBalancer, monitoring, network, permissionsBoundary, " +
					"profile, region, services, tables, topics, website",
			},
		},
		"an unknown nested key": {
			values{"network": `{"cidrBlock": "10.0.0.0/16"}`},
			[]string{
				`awslab:network.cidrBlock: unknown key; known are availabilityZones, cidr, egressPorts, ` +
					`flowLogRetentionDays, interfaceEndpoints, ipv6, natGateways, subnetMasks, zoneNames`,
			},
		},
		"a misspelt nested key": {
			values{"services": "[" + with(`{"prot": 1}`) + "]"},
			[]string{`awslab:services[0].prot: unknown key; did you mean "port"?`},
		},
		"text for an object":   {values{"network": "large"}, []string{`awslab:network: "large" is not a map`}},
		"a list for an object": {values{"network": "[]"}, []string{"awslab:network: a list is not a map"}},
		"an object for a list": {values{"services": "{}"}, []string{"awslab:services: a map is not a list"}},
		"text for a number": {
			values{"network": `{"availabilityZones": "two"}`},
			[]string{`awslab:network.availabilityZones: "two" is not a whole number`},
		},
		"a fraction": {
			values{"network": `{"availabilityZones": 2.5}`},
			[]string{"awslab:network.availabilityZones: 2.5 is not a whole number"},
		},
		"text for a switch": {
			values{"cluster": `{"containerInsights": "on"}`},
			[]string{`awslab:cluster.containerInsights: "on" is neither true nor false`},
		},
		"a number for text": {
			values{"services": "[" + with(`{"environment": {"A": 1}}`) + "]"},
			[]string{"awslab:services[0].environment.A: 1 is not text; write it in quotes"},
		},
		"no CIDR block": {
			values{"network": `{"cidr": "10.0.0.0/33"}`},
			[]string{`awslab:network.cidr: "10.0.0.0/33" is not an IPv4 CIDR block; use one such as 10.0.0.0/16`},
		},
		"host bits": {
			values{"network": `{"cidr": "10.0.1.0/16"}`},
			[]string{"awslab:network.cidr: 10.0.1.0/16 does not begin at its network address; use 10.0.0.0/16"},
		},
		"one zone": {
			values{"network": `{"availabilityZones": 1}`},
			[]string{"awslab:network.availabilityZones: 1; allowed is 2 to 3"},
		},
		"an app tier too large": {
			values{"network": `{"subnetMasks": {"app": 18}}`},
			[]string{
				"awslab:network.subnetMasks.app: /18; in 10.0.0.0/16, whose zones have a /18 each, use /19 to /28",
			},
		},
		"tiers that do not fit": {
			values{"network": `{"subnetMasks": {"public": 19, "app": 19, "data": 19}}`},
			[]string{
				"awslab:network.subnetMasks: /19 public, /19 app and /19 data need 24576 addresses; a zone's /18 " +
					"has 16384",
			},
		},
		"NAT gateways": {
			values{"network": `{"natGateways": "two"}`},
			[]string{`awslab:network.natGateways: "two"; allowed are none, single, onePerAz`},
		},
		"an endpoint": {
			values{"network": `{"interfaceEndpoints": ["ec2"]}`},
			[]string{
				`awslab:network.interfaceEndpoints[0]: "ec2"; allowed are ecr.api, ecr.dkr, ecs, ecs-agent, ` +
					`ecs-telemetry, elasticfilesystem, events, kms, logs, monitoring, secretsmanager, sns, sqs, ` +
					`ssm, ssmmessages, sts, xray`,
			},
		},
		"ports of the internet": {
			values{"network": `{"egressPorts": [587, 0]}`},
			[]string{
				"awslab:network.egressPorts[1]: 0; allowed is 1 to 65535",
				"awslab:network.egressPorts: [587 0] lacks 443, by which services call AWS itself; add it",
			},
		},
		"flow log retention": {
			values{"network": `{"flowLogRetentionDays": 2}`},
			[]string{"awslab:network.flowLogRetentionDays: 2 days; CloudWatch Logs offers 1, 3, 5, ... 3653"},
		},
		"tasks without a way out": {
			values{
				"network":  `{"natGateways": "none", "interfaceEndpoints": ["ecr.api", "logs"]}`,
				"services": "[" + catalog + "]",
			},
			[]string{
				"awslab:network.natGateways: none leaves tasks no way to ecr.dkr; add it to interfaceEndpoints, or " +
					"use single",
			},
		},
		"images to keep": {
			values{"images": `{"keep": -1}`},
			[]string{"awslab:images.keep: -1; allowed is 1 to 1000"},
		},
		"a spot weight": {
			values{"cluster": `{"spotWeight": 1001}`},
			[]string{"awslab:cluster.spotWeight: 1001; allowed is 0 to 1000"},
		},
		"a certificate": {
			values{"loadBalancer": `{"certificateArn": "mine"}`},
			[]string{`awslab:loadBalancer.certificateArn: "mine" is not an ARN of an ACM certificate`},
		},
		"a certificate from elsewhere": {
			values{"loadBalancer": `{"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a"}`},
			[]string{
				"awslab:loadBalancer.certificateArn: the certificate is in us-east-1; a load balancer in eu-west-1 " +
					"needs one in its own region",
			},
		},
		"a client block": {
			values{"loadBalancer": `{"clientCidrs": ["10.0.0.1"]}`},
			[]string{
				`awslab:loadBalancer.clientCidrs[0]: "10.0.0.1" is not an IPv4 CIDR block; use one such as ` +
					`203.0.113.0/24`,
			},
		},
		"an idle timeout": {
			values{"loadBalancer": `{"idleTimeoutSeconds": 5000}`},
			[]string{"awslab:loadBalancer.idleTimeoutSeconds: 5000; allowed is 1 to 4000"},
		},
		"a profile": {
			values{"profile": "test"},
			[]string{`awslab:profile: "test"; allowed are dev, prod`},
		},
		"copies without a region": {
			values{"images": `{"replicate": true}`},
			[]string{
				"awslab:copyRegion: is missing; say in which region copies are kept, such as eu-central-1, or turn " +
					"off images.replicate",
			},
		},
		"copies at home": {
			values{"copyRegion": "eu-west-1"},
			[]string{"awslab:copyRegion: eu-west-1 is the stack's own region; a copy there would be lost with it"},
		},
		"a domain elsewhere": {
			values{"loadBalancer": `{"domain": "api.example.com", "zone": "example.org"}`},
			[]string{
				`awslab:loadBalancer.zone: "example.org" does not hold api.example.com; name the Route 53 hosted ` +
					`zone that it lies in`,
			},
		},
		"a host that the certificate cannot be for": {
			values{
				"loadBalancer": `{"domain": "api.example.com", "zone": "example.com"}`,
				"services":     "[" + with(`{"host": "shop.example.org"}`) + "]",
			},
			[]string{
				`awslab:services[0].host: "shop.example.org" is no name in the zone example.com, and the stack's ` +
					"certificate is for such names alone; use one, or bring your own in loadBalancer.certificateArn",
			},
		},
		"instances": {
			values{"cluster": `{"launchType": "ec2", "instances": {"types": ["large"], "min": 5}}`},
			[]string{
				`awslab:cluster.instances.types[0]: "large" is not an instance type; use one such as m7i.large`,
				"awslab:cluster.instances.min: 5 is more than max, 4",
			},
		},
		"instances that nothing runs on, or for one more update": {
			values{"cluster": `{"instances": {"min": 5}}`},
			[]string{"awslab:cluster.instances.min: 5 is more than max, 4"},
		},
		"instances of two kinds": {
			values{"cluster": `{"launchType": "ec2", "instances": {"types": ["m7i.large", "m7g.large"]}}`},
			[]string{
				`awslab:cluster.instances.types[1]: "m7g.large" is of another architecture than "m7i.large"; use ` +
					`types of one`,
			},
		},
		"a service no instance runs": {
			values{
				"cluster":  `{"launchType": "ec2", "instances": {"types": ["m7g.large"]}}`,
				"services": "[" + catalog + "]",
			},
			[]string{
				"awslab:services[0].architecture: amd64, and cluster.instances.types are arm64, such as m7g.large; " +
					"use arm64, or other types",
			},
		},
		"tasks that no instance holds": {
			values{
				"cluster":  `{"launchType": "ec2"}`,
				"services": "[" + with(`{"cpu": 4096, "memory": 4096}`) + "]",
			},
			[]string{
				"awslab:services[0].cpu: 4096 units, and no instance of cluster.instances.types has more than 2048; " +
					"use less, or larger types",
				"awslab:services[0].memory: 4096 MiB, and no instance of cluster.instances.types has more than " +
					"4096, of which ECS keeps a part; use less, or larger types",
			},
		},
		"more tasks than the instances hold": {
			values{
				"cluster":  `{"launchType": "ec2"}`,
				"services": "[" + with(`{"desiredCount": 8}`) + "]",
			},
			[]string{
				"awslab:cluster.instances.max: 4; for the services' tasks and one more of a deployment, 9 in all, it " +
					"takes 5 instances at least: each task has a network interface of its own, of which t3.medium " +
					"has 2 for tasks; use 5 or more, or larger types",
			},
		},
		"a task without room for the collector": {
			values{
				"cluster":    `{"launchType": "ec2"}`,
				"monitoring": `{"tracing": true}`,
				"services":   "[" + with(`{"memory": 128}`) + "]",
			},
			[]string{
				"awslab:services[0].memory: the collector has 128 MiB of the task's 128; use at least 64, and a " +
					"larger task",
			},
		},
		"a domain too long for a certificate": {
			values{"loadBalancer": `{"domain": "` + longDomain + `", "zone": "example.com"}`},
			[]string{
				`awslab:loadBalancer.domain: "` + longDomain + `" has 65 characters, and the first name of a ` +
					`certificate has 64 at most; use a shorter one, or bring your own certificate in certificateArn`,
			},
		},
		"a domain without a zone": {
			values{"loadBalancer": `{"domain": "api.example.com"}`},
			[]string{
				`awslab:loadBalancer.zone: "" does not hold api.example.com; name the Route 53 hosted zone that it ` +
					`lies in`,
			},
		},
		"a database engine": {
			values{"database": `{"engine": "oracle"}`},
			[]string{`awslab:database.engine: "oracle"; allowed are postgres, mysql`},
		},
		"a database class": {
			values{"database": `{"class": "large"}`},
			[]string{`awslab:database.class: "large" is not an instance class; use one such as db.t4g.micro`},
		},
		"a burstable cluster": {
			values{"database": `{"kind": "multiAzCluster", "class": "db.t4g.medium", "readReplicas": 1}`},
			[]string{
				`awslab:database.class: "db.t4g.medium"; a Multi-AZ cluster needs a class with local storage, such ` +
					`as db.m6gd.large; there are c6gd, m5d, m6gd, m6id, m6idn, m8gd, r5d, r6gd, r6id, r6idn, r8gd, ` +
					`x2iedn`,
				"awslab:database.readReplicas: 1; a Multi-AZ cluster has two readers and takes no more: use 0, or " +
					"another kind",
				`awslab:database.kind: "multiAzCluster" has a server in each of 3 zones; set ` +
					`network.availabilityZones to 3`,
			},
		},
		"storage of Aurora": {
			values{"database": `{"kind": "aurora", "class": "db.t4g.micro", "storageGiB": 50}`},
			[]string{
				`awslab:database.class: "db.t4g.micro" is too small for Aurora; use db.t4g.medium or larger`,
				"awslab:database.storageGiB: 50; Aurora allocates storage by itself: use 0",
			},
		},
		"storage that cannot grow": {
			values{"database": `{"storageGiB": 100}`},
			[]string{
				"awslab:database.maxStorageGiB: 100; use 0, or 110 (a tenth more than to begin with) to 65536 GiB",
			},
		},
		"a table's range": {
			values{
				"tables": `[{"name": "t", "hashKey": {"name": "id"}, "capacity": {"read": {"min": 5, "max": 4}, ` +
					`"write": {"min": 1, "max": 2}}}]`,
			},
			[]string{"awslab:tables[0].capacity.read.max: 4 is less than min, 5"},
		},
		"a cache without credentials": {
			values{
				"images": `{"caches": [{"registry": "docker.io"}, {"registry": "quay.io", "credentialArn": "arn"}]}`,
			},
			[]string{
				"awslab:images.caches[0].credentialArn: is missing; docker.io asks who pulls: give the ARN of a " +
					"secret named ecr-pullthroughcache/...",
				"awslab:images.caches[1].credentialArn: is given, but quay.io does not ask who pulls; leave it out",
			},
		},
		"a key of two types": {
			values{
				"tables": `[{"name": "t", "hashKey": {"name": "id"}, "indexes": [{"name": "other", "hashKey": ` +
					`{"name": "id", "type": "N"}}]}]`,
			},
			[]string{
				`awslab:tables[0].indexes[0].hashKey.type: "N", but attribute "id" is of type "S" elsewhere in the ` +
					`table`,
			},
		},
		"names of the stack's own": {
			values{
				"buckets":  `[{"name": "website-logs"}, {"name": "b-copy"}, {"name": "b"}]`,
				"services": "[" + with(`{"name": "runtask"}`) + "]",
			},
			[]string{
				`awslab:buckets[0].name: "website-logs" is the name of something that the stack makes by itself; use ` +
					`another`,
				`awslab:buckets[1].name: "b-copy" is the name of something that the stack makes for "b"; use another`,
				`awslab:services[0].name: "runtask" is the name of something that the stack makes by itself; ` +
					`use another`,
			},
		},
		"two buckets of one name": {
			values{"buckets": `[{"name": "b"}, {"name": "b"}]`},
			[]string{`awslab:buckets[1].name: "b" is listed twice`},
		},
		"topics": {
			values{
				"topics":   `[{"name": "events"}, {"name": "events"}, {"name": "notifications"}, {"name": "a.fifo"}]`,
				"services": "[" + with(`{"access": {"topics": ["event", "events", "events"]}}`) + "]",
			},
			[]string{
				`awslab:topics[1].name: "events" is listed twice`,
				`awslab:topics[2].name: "notifications" is the name of something that the stack makes by itself; ` +
					`use another`,
				`awslab:topics[3].name: "a.fifo": use 1 to 200 lower-case letters and digits, with single hyphens ` +
					`between them`,
				`awslab:services[0].access.topics[0]: there is no "event"; did you mean "events"?`,
				`awslab:services[0].access.topics[2]: "events" is listed twice`,
			},
		},
		"a domain without certificate": {
			values{"website": `{"folder": "site", "domains": ["www.example.com"]}`},
			[]string{
				"awslab:website.certificateArn: is missing; domains need one in us-east-1, where CloudFront looks " +
					"for certificates",
			},
		},
		"a file system for nobody": {
			values{"fileSystem": "{}"},
			[]string{"awslab:fileSystem: is mounted by no service; give one access.fileSystem, or leave it out"},
		},
		"an address": {
			values{"monitoring": `{"emails": ["ops"]}`},
			[]string{`awslab:monitoring.emails[0]: "ops" is not an e-mail address`},
		},
		"an unsafe URL": {
			values{"monitoring": `{"urls": ["http://example.com"]}`},
			[]string{`awslab:monitoring.urls[0]: "http://example.com" is not a URL that begins with https://`},
		},
		"a threshold": {
			values{"monitoring": `{"thresholds": {"service.cpu": "high"}}`},
			[]string{`awslab:monitoring.thresholds.service.cpu: "high" is not a number`},
		},
		"a window that is none": {
			values{"database": `{"backupWindow": "night", "maintenanceWindow": "sun:02:30-sun:03:30"}`},
			[]string{
				`awslab:database.backupWindow: "night" is not a window; use hh:mm-hh:mm in UTC, such as 02:30-03:00`,
			},
		},
		"windows that overlap": {
			values{"database": `{"maintenanceWindow": "sun:02:45-sun:03:15"}`},
			[]string{
				`awslab:database.maintenanceWindow: sun:02:45-sun:03:15 overlaps BackupWindow, 02:30-03:00; RDS ` +
					`does not allow that`,
			},
		},
		"windows amid backups": {
			values{"database": `{"backupWindow": "05:30-06:00", "maintenanceWindow": "sun:04:15-sun:05:00"}`},
			[]string{
				`awslab:database.backupWindow: "05:30-06:00"; AWS Backup begins no backup in it or in the hour ` +
					`before, and backup.rules[0], daily, is due at 05:00 UTC; use a window that keeps clear of ` +
					`that, such as 02:30-03:00`},
		},
		"a general class of Aurora": {
			values{"database": `{"kind": "aurora", "class": "db.m7g.large"}`},
			[]string{
				`awslab:database.class: "db.m7g.large"; Aurora has no such class: use one of r5 or later, x2g, t3 or ` +
					`t4g, such as db.t4g.medium`,
			},
		},
		"a reserved name": {
			values{"database": `{"engine": "mysql", "name": "select"}`},
			[]string{`awslab:database.name: "select" is a word of mysql itself; use another`},
		},
		"access logs of a website where CloudFront writes none": {
			values{
				"region":       "eu-south-1",
				"website":      `{"folder": "services/website"}`,
				"loadBalancer": `{"accessLogs": true}`,
			},
			[]string{
				"awslab:website: keeps access logs, and CloudFront writes none to buckets in eu-south-1; set " +
					"loadBalancer.accessLogs to false, leave the website out, or use a region that is enabled by " +
					"default, such as eu-west-1",
			},
		},
		"channels": {
			values{
				"monitoring": `{"slack": {"team": "x", "channel": "C1"}, "teams": {"tenant": "t", "team": ` +
					`"6a1b7c1e-0000-4000-8000-123456789012", "channel": "19%3a1%40thread.tacv2"}}`,
			},
			[]string{
				`awslab:monitoring.slack.team: "x"; it must match ^[A-Z0-9]{1,255}$`,
				`awslab:monitoring.teams.tenant: "t"; it must match ` +
					`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`,
			},
		},
		"countries": {values{"firewall": `{"denyCountries": ["KP", "Cuba", "KP", "UK"]}`}, []string{
			`awslab:firewall.denyCountries[1]: "Cuba"; use a code of two capital letters from ISO 3166-1, such as KP`,
			`awslab:firewall.denyCountries[3]: "UK"; use a code of two capital letters from ISO 3166-1, such as KP`,
			`awslab:firewall.denyCountries[2]: "KP" is listed twice`,
		}},
		"a keeper": {
			values{"backup": `{"keepers": ["admin"]}`},
			[]string{
				`awslab:backup.keepers[0]: "admin" is not an ARN of an IAM role; use one such as ` +
					`arn:aws:iam::123456789012:role/keeper`,
			},
		},
		"an exemption": {
			values{"exemptions": `[{"rule": "rds-multi-az", "resource": "*", "reason": "todo", "expires": "soon"}]`},
			[]string{
				`awslab:exemptions[0].resource: "*"; use a URN, with * for any text, that says which resource: ` +
					`*::database-instance`,
				`awslab:exemptions[0].reason: "todo"; say in 10 characters or more why the finding is accepted`,
				`awslab:exemptions[0].expires: "soon"; use a date such as 2027-01-31`,
			},
		},
		"a rate limit": {
			values{"firewall": `{"requestsPerIp": 1}`},
			[]string{"awslab:firewall.requestsPerIp: 1; allowed is 10 to 2000000000"},
		},
		"no backup rule": {
			values{"backup": `{"rules": []}`},
			[]string{
				"awslab:backup.rules: is empty, so that nothing would be backed up; add a rule, or set enabled: false",
			},
		},
		"an exemption from everything, for ever": {
			values{
				"exemptions": `[{"rule": "rds-multi-az", "resource": "urn:pulumi:prod::awslab::*", "reason": "it ` +
					`can be made again", "expires": "2999-01-31"}]`,
			},
			[]string{
				`awslab:exemptions[0].resource: "urn:pulumi:prod::awslab::*"; use a URN, with * for any text, that ` +
					`says which resource: *::database-instance`,
				`awslab:exemptions[0].expires: "2999-01-31" is more than a year ahead; use a date up to ` +
					time.Now().UTC().AddDate(0, 0, 366).Format(
						time.DateOnly,
					) + `, and decide anew then`,
			},
		},
		"every problem in one message": {
			values{
				"region":   "x",
				"images":   `{"keep": 2000}`,
				"services": "[" + with(`{"name": "Catalog", "cpu": 300}`) + "]",
			},
			[]string{
				"awslab:images.keep: 2000; allowed is 1 to 1000",
				`awslab:region: "x" is not an AWS region`,
				`awslab:services[0].name: "Catalog": use 1 to 16 lower-case letters and digits, with single ` +
					`hyphens between them`,
				"awslab:services[0].cpu: 300 is not a Fargate size; allowed are 256, 512, 1024, 2048, 4096, 8192, " +
					"16384"},
		},
	}
	for _, test := range []struct{ changes, want string }{
		{`{"name": null}`, "name: is missing"},
		{`{"name": "a-very-long-name-1"}`, `name: "a-very-long-name-1": use 1 to 16 ` +
			`lower-case letters and digits, with single hyphens between them`},
		{`{"image": {}}`, "image: say either context, a folder to " +
			"build, or uri, an image that exists"},
		{`{"image": {"uri": "a b"}}`, `image.uri: "a b" is not an image reference`},
		{`{"image": {"uri": "nginx", "target": "x"}}`, "image: dockerfile, target and args are for " +
			"an image that is built from context, not for uri"},
		{`{"port": null}`, "port: is missing; say on which the container " +
			"listens"},
		{`{"path": null}`, "path: is missing; say path, such as " +
			"/catalog, or host, or internal: true"},
		{`{"path": "items"}`, `path: "items" is not a path prefix; begin with ` +
			`/ and use at most 126 characters`},
		{`{"host": "api"}`, `host: "api" is not a host name; use one such as ` +
			`api.example.com`},
		{`{"cpu": 1024, "memory": 1024}`, "memory: 1024 MiB does not go with cpu 1024; " +
			"allowed are 2048, 3072, 4096, 5120, 6144, 7168, 8192"},
		{`{"architecture": "x86"}`, `architecture: "x86"; allowed are amd64, arm64`},
		{`{"desiredCount": -1}`, "desiredCount: -1; allowed is 0 to 5000"},
		{`{"desiredCount": 1, "scaling": {"min": 2, "max": 4}}`, "desiredCount: 1 lies outside scaling, 2 to 4"},
		{`{"scaling": {"min": 5, "max": 4}}`, "scaling.min: 5 is more than max, 4"},
		{
			`{"scaling": {"min": 0, "max": 4}}`,
			"scaling.min: 0; without a task nothing is measured that could start one: use at least 1, or a schedule " +
				"that does",
		},
		{`{"scaling": {"min": 1, "max": 4, "cpu": 101}}`, "scaling.cpu: 101; allowed is 1 to 100"},
		{`{"healthCheck": {"path": "x"}}`, `healthCheck.path: "x" is not a path; begin with ` +
			`/ and use at most 1024 characters`},
		{`{"healthCheck": {"timeoutSeconds": 10}}`, "healthCheck.timeoutSeconds: 10 is not " +
			"shorter than intervalSeconds, 10"},
		{`{"healthCheck": {"command": ["/x"]}}`, `healthCheck.command: begins with "/x"; the ` +
			`first word is CMD or CMD-SHELL`},
		{`{"environment": {"A-B": "x"}}`, "environment.A-B: is not a name of an " +
			"environment variable"},
		{`{"secrets": {"A": {}}}`, "secrets.A: say either name, of a Secrets " +
			"Manager secret, or parameter, of an SSM parameter"},
		{`{"secrets": {"A": {"name": "a b"}}}`, `secrets.A.name: "a b" is not a name of a ` +
			`secret; use 1 to 512 letters, digits and /_+=.@-`},
		{`{"secrets": {"A": {"parameter": "a b"}}}`, `secrets.A.parameter: "a b" is not a name of a ` +
			`parameter; use one such as /shop/mode`},
		{`{"secrets": {"A": {"parameter": "a", "field": "b"}}}`, `secrets.A.field: "b"; only a Secrets Manager ` +
			`secret has fields: leave it out, or say name`},
		{`{"secrets": {"A": {"name": "a", "field": "b:c"}}}`, `secrets.A.field: "b:c" has a colon, which ` +
			`ECS does not take; rename the field`},
		{`{"secrets": {"A": {"name": "a", "keyAlias": "shop"}}}`, `secrets.A.keyAlias: "shop" is not an alias of a ` +
			`customer managed key; use one such as alias/shop, and none for AWS's own`},
		{
			`{"access": {"queues": [{"name": "a.b", "mode": "read"}]}}`,
			`access.queues[0].name: "a.b" is not a name of a ` +
				`queue; use up to 80 letters, digits, - and _, and .fifo at the end of a FIFO queue's`,
		},
		{
			`{"access": {"queues": [{"name": "a-b", "mode": "read"}, {"name": "a_b", "mode": "read"}]}}`,
			`access.queues[1].name: "a_b" would be told to the service by the same environment variable as "a-b"`,
		},
		{
			`{"access": {"queues": [{"name": "a", "mode": "read", "keyAlias": "alias/aws/sqs"}]}}`,
			`access.queues[0].keyAlias: "alias/aws/sqs" is not an alias of a customer managed key; use one such as ` +
				`alias/shop, and none for AWS's own`,
		},
		{`{"environment": {"A": "x"}, "secrets": {"A": {"name": "y"}}}`, "secrets.A: is in environment too"},
		{
			`{"environment": {"MODE": "fast"}, "testEnvironment": {"MODE": "slow"}}`,
			"testEnvironment.MODE: the container has no variable that only the deployment knows; leave " +
				"testEnvironment out",
		},
		{
			`{"access": {"queues": [{"name": "jobs", "mode": "read"}]}, "environment": {"TOKEN": "[secret]"},
				"secrets": {"KEY": {"name": "a"}}, "testEnvironment": {"KEYS": "x", "KEY": "x", "TOKEN": "x"}}`,
			"testEnvironment.KEYS: is no variable that only the deployment knows; allowed are KEY, QUEUE_JOBS_URL, " +
				"TOKEN",
		},
		{
			`{"secrets": {"KEY": {"name": "a"}}, "testEnvironment": {"KEY": "[secret]"}}`,
			"testEnvironment.KEY: is encrypted, which awslab images test cannot read; write a value that is no secret",
		},
		{
			`{"access": {"queues": [{"name": "items", "mode": "all"}]}}`,
			`access.queues[0].mode: "all"; allowed are read, write, readwrite`,
		},
		{
			`{"access": {"tables": [{"name": "items", "mode": "read"}]}}`,
			`access.tables[0].name: there is no "items", nor any other`,
		},
		{`{"access": {"database": true}}`, "access.database: is true, and there is none; add awslab:database"},
		{`{"access": {"services": ["catalog"]}}`, `access.services[0]: there is no "catalog", nor any other`},
		{
			`{"access": {"fileSystem": {"path": "/x", "mode": "read"}}}`,
			"access.fileSystem: is mounted, and there is none; add awslab:fileSystem",
		},
		{`{"internal": true}`, "internal: is true, but path and host let clients in; say one or the other"},
		{
			`{"internal": true, "path": "", "priority": 7}`,
			"priority: 7; only a rule of the load balancer has one, and it does not reach this service: leave it out",
		},
		{
			`{"internal": true, "path": null, "rollbackErrors": 5}`,
			"rollbackErrors: 5; only the load balancer counts errors, and it does not reach this service: leave it out",
		},
		{
			`{"deployment": {"maximumPercent": 100}}`,
			"deployment: 100 to 100 percent of 1 tasks are 1 to 1: a deployment could neither start nor stop one; " +
				"lower the minimum or raise the maximum, to 200 for a single task",
		},
		{`{"deployment": {"minimumPercent": 101}}`, "deployment.minimumPercent: 101; allowed is 0 to 100"},
		{`{"rollbackAlarms": [""]}`, `rollbackAlarms[0]: ""; an alarm's name has 1 to 255 characters`},
		{
			`{"scaling": {"max": 2, "scaleInCooldownSeconds": 4000}}`,
			"scaling.scaleInCooldownSeconds: 4000; allowed is 1 to 3600",
		},
		{`{"scratchPaths": ["tmp"]}`, `scratchPaths[0]: "tmp" is not a folder in a container; use one such as /tmp`},
		{`{"before": [{"name": "migrate"}]}`, "before[0].command: is missing"},
		{
			`{"objectives": {"availability": 100}}`,
			"objectives.availability: 100; use more than 95 and less than 100, or 0 for none",
		},
		{
			`{"smoke": [{"path": "/items", "method": "FETCH"}]}`,
			`smoke[0].method: "FETCH"; allowed are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`,
		},
		{`{"smoke": [{"method": "GET"}]}`, "smoke[0].path: is missing; an example is /items"},
		{
			`{"smoke": [{"path": "/items"}, {"path": "items"}]}`,
			`smoke[1].path: "items" is not a path; begin with /, and encode what a URL cannot contain`,
		},
		{
			`{"smoke": [{"path": "/100%"}]}`,
			`smoke[0].path: "/100%" is not a path; begin with /, and encode what a URL cannot contain`,
		},
		{`{"smoke": [{"path": "/items", "status": 600}]}`, "smoke[0].status: 600; allowed is 100 to 599"},
		{`{"smoke": [{"path": "/items", "status": 0}]}`, "smoke[0].status: 0; allowed is 100 to 599"},
		{
			`{"port": null, "path": null, "smoke": [{"path": "/items"}]}`,
			"smoke: is given, and there is no port to send requests to; set port, or leave smoke out",
		},
		{
			`{"scaling": {"max": 2, "schedules": [{"name": "night", "at": "22:00", "min": 1, "max": 1}]}}`,
			`scaling.schedules[0].at: "22:00" is not a schedule; use cron(0 7 ? * MON-FRI *), rate(1 hour) or ` +
				`at(2026-01-31T07:00:00)`,
		},
		{`{"logRetentionDays": 4}`, "logRetentionDays: 4 days; CloudWatch Logs offers 1, 3, 5, ... 3653"},
	} {
		tests[test.changes] = struct {
			values values
			want   []string
		}{values{"services": "[" + with(test.changes) + "]"}, []string{"awslab:services[0]." + test.want}}
	}
	tests["two services of one name"] = struct {
		values values
		want   []string
	}{
		values{"services": "[" + catalog + "," + with(`{"path": "/other"}`) + "]"},
		[]string{`awslab:services[1].name: "catalog" is the name of awslab:services[0] already`},
	}
	tests["two services on one path"] = struct {
		values values
		want   []string
	}{
		values{"services": "[" + catalog + "," + with(`{"name": "other", "path": "/items/"}`) + "]"},
		[]string{"awslab:services[1].path: /items/ is routed to awslab:services[0] already"},
	}

	tests["a folder outside of the file system"] = struct {
		values values
		want   []string
	}{
		values{
			"fileSystem": "{}",
			"services": "[" + with(
				`{"access": {"fileSystem": {"path": "/x", "mode": "read", "folder": "../y"}}}`,
			) + "]",
		},
		[]string{
			`awslab:services[0].access.fileSystem.folder: "../y"; use lower-case letters, digits and single ` +
				`hyphens, such as the name of a service`,
		},
	}

	circle := func(name, callee string) string {
		return fmt.Sprintf(
			`{"name": %q, "image": {"uri": "nginx"}, "port": 80, "internal": true, "access": {"services": [%q]}}`,
			name,
			callee,
		)
	}
	tests["services in a circle"] = struct {
		values values
		want   []string
	}{values{"services": "[" + circle("a", "b") + "," + circle("b", "c") + "," + circle("c", "a") + "]"},
		[]string{
			"awslab:services[0].access.services: lead back to the service: a -> b -> c -> a; let one of them call " +
				"through the load balancer",
		}}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, given := test.values["region"]; !given {
				test.values["region"] = "eu-west-1"
			}
			config, err := Decode("awslab", test.values)
			require.Nil(t, config)
			require.Equal(t, test.want, problems(t, err))
		})
	}
}

// Without NAT gateways tasks have no more than their endpoints.
func TestANetworkWithoutNatGateways(t *testing.T) {
	const pulls = `"ecr.api", "ecr.dkr", "logs"`
	lacks := func(endpoint string) string {
		return "awslab:network.natGateways: none leaves tasks no way to " + endpoint +
			"; add it to interfaceEndpoints, or use single"
	}
	for name, test := range map[string]struct {
		endpoints, services string
		more                map[string]string
		want                []string
	}{
		"enough": {pulls, catalog, nil, nil},
		"enough for instances": {
			pulls + `, "ecs", "ecs-agent", "ecs-telemetry"`,
			catalog,
			map[string]string{"cluster": `{"launchType": "ec2"}`},
			nil,
		},
		"enough for all": {
			pulls + `, "ssmmessages", "kms", "secretsmanager", "ssm", "sqs"`,
			with(
				`{"exec": true, "secrets": {"A": {"name": "a"}, "B": {"parameter": "b"}}, "access": {"queues": ` +
					`[{"name": "q", "mode": "read"}]}}`,
			),
			nil,
			nil,
		},
		"a topic": {
			pulls,
			with(`{"access": {"topics": ["events"]}}`),
			map[string]string{"topics": `[{"name": "events"}]`},
			[]string{lacks("sns")},
		},
		"nobody to run":      {"", "", nil, nil},
		"tracing for nobody": {"", "", map[string]string{"monitoring": `{"tracing": true}`}, nil},
		"instances": {
			pulls,
			catalog,
			map[string]string{"cluster": `{"launchType": "ec2"}`},
			[]string{lacks("ecs"), lacks("ecs-agent"), lacks("ecs-telemetry")},
		},
		"a shell": {pulls, with(`{"exec": true}`), nil, []string{lacks("ssmmessages"), lacks("kms")}},
		"secrets": {
			pulls,
			with(`{"secrets": {"A": {"name": "a"}, "B": {"parameter": "b"}}}`),
			nil,
			[]string{lacks("secretsmanager"), lacks("ssm")},
		},
		"the collector's image": {
			pulls,
			catalog,
			map[string]string{"monitoring": `{"tracing": true}`},
			[]string{
				"awslab:network.natGateways: none leaves tasks no way to " +
					"public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0, which tracing puts beside them; " +
					"use single, or set monitoring.tracing to false",
			},
		},
		"an image that is cached": {
			pulls,
			with(`{"image": {"uri": "quay.io/lab/web:1"}}`),
			map[string]string{"images": `{"caches": [{"registry": "quay.io"}]}`},
			[]string{
				`awslab:services[0].image.uri: "quay.io/lab/web:1" cannot be pulled without a NAT gateway, not ` +
					`even through a cache, which needs one for the first pull; copy the image to ECR, or set ` +
					`natGateways to single`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			values := map[string]string{
				"region":   "eu-west-1",
				"network":  `{"natGateways": "none", "interfaceEndpoints": [` + test.endpoints + `]}`,
				"services": "[" + test.services + "]",
			}
			maps.Copy(values, test.more)
			_, err := Decode("awslab", values)
			require.Equal(t, test.want, problems(t, err))
		})
	}
}

func TestZonesThatAreNamed(t *testing.T) {
	config, err := Decode(
		"awslab",
		map[string]string{
			"region":  "eu-west-1",
			"network": `{"zoneNames": ["eu-west-1c", "eu-west-1a", "eu-west-1b"]}`,
		},
	)
	require.NoError(t, err)
	require.Equal(t, 3, config.Network.AvailabilityZones)
	for _, test := range []struct{ network, want string }{
		{
			`{"zoneNames": ["eu-west-1a", "eu-west-2b"]}`,
			`[1]: "eu-west-2b" is not a zone of eu-west-1; use one such as eu-west-1a`,
		},
		{`{"zoneNames": ["eu-west-1a", "eu-west-1a"]}`, `[1]: "eu-west-1a" is listed twice`},
		{`{"zoneNames": ["eu-west-1a"]}`, ": 1 zones; allowed is 2 to 3"},
		{`{"zoneNames": ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"]}`, ": 4 zones; allowed is 2 to 3"},
		{
			`{"zoneNames": ["eu-west-1a", "eu-west-1b", "eu-west-1c"], "availabilityZones": 2}`,
			": names 3 zones, and availabilityZones says how many there are; say one or the other",
		},
	} {
		_, err := Decode("awslab", map[string]string{"region": "eu-west-1", "network": test.network})
		require.Equal(t, []string{"awslab:network.zoneNames" + test.want}, problems(t, err))
	}
}

func TestMoreCallersThanASecurityGroupHasRulesFor(t *testing.T) {
	all := []string{with(`{"name": "shop", "path": "/shop"}`)}
	for i := range MaxCalls + 1 {
		all = append(all, with(fmt.Sprintf(`{"name": "s%d", "path": "/s%d", "access": {"services": ["shop"]}}`, i, i)))
	}
	decode := func(services []string) error {
		_, err := Decode("awslab", map[string]string{
			"region": "eu-west-1", "services": "[" + strings.Join(services, ",") + "]",
		})
		return err
	}
	require.NoError(t, decode(all[:MaxCalls+1]))
	require.Equal(
		t,
		[]string{"awslab:services[0].access.services: shop is called by 51 services; AWS has room for rules of 50"},
		problems(t, decode(all)),
	)
}

// What is listed to the limit is accepted, and one more is refused.
func TestListsThatAreLongerThanAWSAllows(t *testing.T) {
	block := func(i int) string { return fmt.Sprintf(`"10.%d.%d.0/24"`, i/256, i%256) }
	for _, test := range []struct {
		key, format string
		most        int
		element     func(i int) string
		want        string
	}{
		{
			"services", "[%s]", 30,
			func(i int) string {
				return with(fmt.Sprintf(`{"name": "s%d", "path": "/s%[1]d", "port": %d}`, i, 9000+i))
			},
			": services behind the load balancer listen on 31 different ports; AWS has room for rules of 30",
		},
		{
			"loadBalancer", `{"clientCidrs": [%s]}`, 15, block,
			".clientCidrs: 16 CIDR blocks; use at most 15, for which AWS has room, and for as many that replace " +
				"them; merge neighbors",
		},
		{
			"cluster", `{"instances": {"types": [%s]}}`, 40,
			func(i int) string { return fmt.Sprintf(`"m7i.%dxlarge"`, i+1) },
			".instances.types: 41 types; use at most 40",
		},
		{"firewall", `{"allowCidrs": [%s]}`, 10000, block, ".allowCidrs: 10001 IPV4 blocks; use at most 10000"},
		{"firewall", `{"denyCidrs": [%s]}`, 10000, block, ".denyCidrs: 10001 IPV4 blocks; use at most 10000"},
		{
			"firewall", `{"exclusions": {"AWSManagedRulesCommonRuleSet": [%s]}}`, 100,
			func(i int) string { return fmt.Sprintf(`"Rule%d"`, i) },
			".exclusions.AWSManagedRulesCommonRuleSet: 101 rules; use at most 100",
		},
		{
			"services", strings.ReplaceAll(
				"["+with(`{"before": [{"name": "migrate", "command": ["THESE"]}]}`)+"]", `"THESE"`, "%s"), 800,
			func(int) string { return `"1234567"` }, // ten characters with quotes and comma
			"[0].before[0].command: 8011 characters as JSON; use at most 8000",
		},
	} {
		t.Run(test.key+" "+test.want, func(t *testing.T) {
			decode := func(count int) error {
				elements := make([]string, count)
				for i := range elements {
					elements[i] = test.element(i)
				}
				_, err := Decode("awslab", map[string]string{
					"region": "eu-west-1", test.key: fmt.Sprintf(test.format, strings.Join(elements, ",")),
				})
				return err
			}
			require.NoError(t, decode(test.most-1))
			require.Equal(t, []string{"awslab:" + test.key + test.want}, problems(t, decode(test.most+1)))
		})
	}
}

func TestMoreServicesThanALoadBalancerHasRulesFor(t *testing.T) {
	services := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = with(fmt.Sprintf(`{"name": "s%d", "path": "/s%d"}`, i, i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	_, err := Decode("awslab", map[string]string{"region": "eu-west-1", "services": services(maxServices)})
	require.NoError(t, err)
	_, err = Decode("awslab", map[string]string{"region": "eu-west-1", "services": services(maxServices + 1)})
	require.Equal(
		t,
		[]string{
			"awslab:services: 101 services; use at most 100: the load balancer has a rule for each, and " +
				"AWS allows no more",
		},
		problems(t, err),
	)
}

func TestDefaults(t *testing.T) {
	config, err := Decode(
		"awslab",
		map[string]string{
			"region":   "eu-west-1",
			"services": `[{"name": "catalog", "image": {"context": "services"}, "port": 8080, "path": "/items"}]`,
		},
	)
	require.NoError(t, err)
	require.Equal(
		t,
		Network{
			Cidr:                 "10.0.0.0/16",
			AvailabilityZones:    2,
			NatGateways:          "single",
			InterfaceEndpoints:   []string{},
			EgressPorts:          []int{80, 443},
			FlowLogRetentionDays: 30,
		},
		config.Network,
	)
	require.Equal(t, 1, config.Cluster.SpotWeight)
	service := config.Services[0]
	require.Equal(t, 1, *service.DesiredCount)
	require.Equal(t, "Dockerfile", service.Image.Dockerfile)
	require.Equal(t, 256, service.CPU)
}

func TestBuildArgumentsOfEveryImage(t *testing.T) {
	config, err := Decode(
		"awslab",
		map[string]string{
			"region": "eu-west-1",
			"images": `{"args": {"BUILD_IMAGE": "example.com/golang:1.26", "GOPROXY": "https://example.com"}}`,
			"services": `[
				{"name": "a", "image": {"context": "services"}},
				{"name": "b", "image": {"context": "services", "args": {"GOPROXY": "off", "VERSION": "1"}}},
				{"name": "c", "image": {"uri": "public.ecr.aws/lab/c:1"}}
			]`,
		},
	)
	require.NoError(t, err)
	const base = "example.com/golang:1.26"
	for i, want := range []map[string]string{
		{"BUILD_IMAGE": base, "GOPROXY": "https://example.com"},
		{"BUILD_IMAGE": base, "GOPROXY": "off", "VERSION": "1"},
		nil,
	} {
		require.Equal(t, want, config.Services[i].Image.Args, config.Services[i].Name)
	}
	require.Len(t, config.Images.Args, 2, "the arguments of one image do not become those of all")
}

func TestZeroTasksAreNotTheDefault(t *testing.T) {
	config, err := Decode(
		"awslab",
		map[string]string{"region": "eu-west-1", "services": "[" + with(`{"desiredCount": 0}`) + "]"},
	)
	require.NoError(t, err)
	require.Zero(t, *config.Services[0].DesiredCount)
}

func TestTheStacksInTheRepositoryAreRight(t *testing.T) {
	for _, name := range []string{"dev", "prod"} {
		stack, err := LoadFile("awslab", filepath.Join("..", "..", "Pulumi."+name+".yaml"))
		require.NoError(t, err)
		for _, s := range stack.Services {
			// ECS replaces a task whose check fails, and a failover of the database would fail those of all tasks that
			// are asked whether they are ready.
			require.Equal(t, "/healthz", s.HealthCheck.Path, "%s of %s", s.Name, name)
		}
	}
}

func TestCheckFiles(t *testing.T) {
	services := func(service string) map[string]string { return map[string]string{"services": "[" + service + "]"} }
	website := func(folder string) map[string]string {
		return map[string]string{"website": fmt.Sprintf(`{"folder": %q}`, folder)}
	}
	check := func(given map[string]string) error {
		given["region"] = "eu-west-1"
		c, err := Decode("awslab", given)
		require.NoError(t, err)
		return c.CheckFiles("awslab", filepath.Join("..", ".."))
	}
	require.NoError(t, check(services(catalog)))
	require.NoError(t, check(services(with(`{"image": {"uri": "nginx"}}`))))
	require.NoError(t, check(website("services/website")))
	tests := map[string]struct {
		given map[string]string
		want  string
	}{
		"no such folder": {
			services(with(`{"image": {"context": "service"}}`)),
			`awslab:services[0].image.context: there is no folder "service" below the one of Pulumi.yaml`,
		},
		"outside": {
			services(with(`{"image": {"context": "../x"}}`)),
			`awslab:services[0].image.context: there is no folder "../x" below the one of Pulumi.yaml`,
		},
		"no such Dockerfile": {
			services(with(`{"image": {"context": "services", "dockerfile": "Other"}}`)),
			`awslab:services[0].image.dockerfile: there is no file "services/Other"`,
		},
		"no website": {
			website("site"),
			`awslab:website.folder: there is no folder "site" below the one of Pulumi.yaml`,
		},
		"website outside": {
			website("../site"),
			`awslab:website.folder: there is no folder "../site" below the one of Pulumi.yaml`,
		},
		"a file as website": {
			website("go.mod"),
			`awslab:website.folder: there is no folder "go.mod" below the one of Pulumi.yaml`,
		},
		"nothing to show": {
			website("infra"),
			`awslab:website.folder: there is no index.html in "../../infra"; it answers for /`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, []string{test.want}, problems(t, check(test.given))) })
	}
}

// Images of awslab's own services trust the databases of the Regions in their file of certificates, and of no other.
func TestAnImageTrustsTheDatabasesOfItsRegion(t *testing.T) {
	const (
		own    = `"image": {"context": "services", "dockerfile": "orders/Dockerfile"}`
		access = `"access": {"database": true}`
		before = `"before": [{"name": "migrate", "command": ["migrate"]}]`
	)
	refused := []string{"awslab:services[0].image.args.RDS_CA_BUNDLE: is missing; the image does not trust the " +
		"databases of il-central-1: set it to the URL of the certificate bundle of the Region, as " +
		"services/orders/README.md tells under Certificates"}
	for name, test := range map[string]struct {
		region, database, service, args string
		want                            []string
	}{
		"a Region in the file": {"eu-west-1", "{}", own + "," + access, "{}", nil},
		"another one":          {"il-central-1", "{}", own + "," + access, "{}", refused},
		"with a bundle":        {"il-central-1", "{}", own + "," + access, `{"RDS_CA_BUNDLE": "https://x"}`, nil},
		"without the database": {"il-central-1", "{}", own, "{}", nil},
		"through a proxy":      {"il-central-1", `{"proxy": true}`, own + "," + access, "{}", nil},
		"to set up, past a proxy": {
			"il-central-1", `{"proxy": true}`, own + "," + access + "," + before, "{}", refused,
		},
		"an image of others": {"il-central-1", "{}", `"image": {"uri": "nginx"},` + access, "{}", nil},
		"a Dockerfile without the argument": {
			"il-central-1", "{}", `"image": {"context": "services", "dockerfile": "catalog/Dockerfile"},` + access,
			"{}", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Decode("awslab", map[string]string{
				"region":   test.region,
				"database": test.database,
				"images":   `{"args": ` + test.args + `}`,
				"services": `[{"name": "web", "port": 80, "path": "/", ` + test.service + `}]`,
			})
			require.NoError(t, err)
			require.Equal(t, test.want, problems(t, c.CheckFiles("awslab", filepath.Join("..", ".."))))
		})
	}
}

func TestLoadFile(t *testing.T) {
	load := func(content string) error {
		path := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := LoadFile("awslab", path)
		return err
	}
	require.NoError(t, load("config: {awslab:region: eu-west-1, aws:region: anything, awslab:services: []}"))
	require.NoError(t, load(
		"config: {awslab:region: eu-west-1, awslab:loadBalancer: {clientCidrs: [10.0.0.0/8]}}\nencryptionsalt: "+
			"v1:x",
	))
	require.NoError(t, load("config: {awslab:region: ap-southeast-6, aws:skipRegionValidation: true}"))
	require.Len(t, problems(t, load("config: {awslab:region: somewhere, aws:skipRegionValidation: true}")), 1)
	require.NoError(t, load("config: {region: eu-west-1}"), "a key without a namespace is the project's")
	require.Equal(t, []string{`awslab:region: "[secret]" is not an AWS region`},
		problems(t, load("config: {awslab:region: {secure: abc}}")), "a secret is text that is not known yet")
	require.Len(t, problems(t, load("config: [")), 1)
	require.Equal(t, []string{`awslab:netwrk: unknown key; did you mean "network"?`},
		problems(t, load("config: {awslab:region: eu-west-1, awslab:netwrk: {}}")))
}

// The program has the services' values decrypted, and cannot know which of them were encrypted.
func TestATestEnvironmentMayNameWhatWasDecrypted(t *testing.T) {
	load := func(secretKeys ...string) error {
		return pulumi.RunErr(func(ctx *pulumi.Context) error {
			_, err := Load(ctx)
			return err
		}, pulumi.WithMocks("awslab", "dev", struct{ pulumi.MockResourceMonitor }{}), func(info *pulumi.RunInfo) {
			info.ConfigSecretKeys = secretKeys
			info.Config = map[string]string{"awslab:region": "eu-west-1", "awslab:services": `[{
				"name": "mailer", "image": {"uri": "quay.io/lab/mailer:1"},
				"environment": {"TOKEN": "decrypted"}, "testEnvironment": {"TOKEN": "none"}}]`}
		})
	}
	require.NoError(t, load("awslab:services"))
	require.ErrorContains(t, load(), "services[0].testEnvironment.TOKEN: the container has no variable")
}

func FuzzDecode(f *testing.F) {
	f.Add("network", `{"cidr": "10.0.0.0/16"}`)
	f.Add("services", "["+catalog+"]")
	f.Add("region", "eu-west-1")
	f.Fuzz(func(t *testing.T, key, text string) {
		config, err := Decode("awslab", map[string]string{key: text})
		require.True(t, (config == nil) != (err == nil))
		var refused *Error
		if err != nil {
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Problems)
			require.True(t, strings.HasPrefix(refused.Problems[0].Path, "awslab:"))
		}
	})
}

func TestTheZeroThatARefusalOffersIsAccepted(t *testing.T) {
	for _, database := range []string{
		`{"maxStorageGiB": 0}`,
		`{"kind": "aurora", "storageGiB": 0, "maxStorageGiB": 0}`,
	} {
		_, err := Decode("awslab", map[string]string{"region": "eu-west-1", "database": database})
		require.NoError(t, err, database)
	}
}

package protection

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/eventpattern"
)

type object = map[string]any

var (
	ireland   = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
	frankfurt = identity.Location{Partition: "aws", Region: "eu-central-1", AccountId: "123456789012"}
	virginia  = identity.Location{Partition: "aws", Region: "us-east-1", AccountId: "123456789012"}
	labTags   = map[string]string{"Project": "awslab"}
)

// graph records what a program registers.
type graph struct {
	mutex     sync.Mutex
	resources []pulumi.MockResourceArgs
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resources = append(g.resources, args)
	state := args.Inputs.Copy()
	if args.Custom {
		state["arn"] = resource.NewStringProperty("arn:" + args.Name)
	}
	return args.Name + "-id", state, nil
}

func (g *graph) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

func (g *graph) run(program pulumi.RunFunc) error {
	return pulumi.RunErr(program, pulumi.WithMocks("awslab", "prod", g))
}

// policyHash ends the name of a policy of a rolling role, see package identity.
var policyHash = regexp.MustCompile(`-[0-9a-f]{8}$`)

func isNamed(r pulumi.MockResourceArgs, name string) bool {
	return r.Name == name ||
		r.TypeToken == "aws:iam/rolePolicy:RolePolicy" && policyHash.ReplaceAllString(r.Name, "") == name
}

func (g *graph) find(t *testing.T, name string) pulumi.MockResourceArgs {
	t.Helper()
	i := slices.IndexFunc(g.resources, func(r pulumi.MockResourceArgs) bool { return isNamed(r, name) && r.Custom })
	require.GreaterOrEqual(t, i, 0, "no resource is named %q", name)
	return g.resources[i]
}

func (g *graph) inputs(t *testing.T, name string) object {
	t.Helper()
	return g.find(t, name).Inputs.Mappable()
}

func (g *graph) names(typeToken string) []string {
	var names []string
	for _, r := range g.resources {
		if r.TypeToken == typeToken {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

func aWebAcl() *WebAclArgs {
	return &WebAclArgs{
		Location:         ireland,
		Scope:            Regional,
		Name:             "awslab-prod-firewall",
		AllowCidrs:       []string{"203.0.113.0/24", "2001:db8::/32"},
		DenyCidrs:        []string{"198.51.100.0/24"},
		Exclusions:       map[string][]string{"AWSManagedRulesCommonRuleSet": {"SizeRestrictions_BODY"}},
		LogRetentionDays: 365,
		Resources:        map[string]pulumi.StringInput{"load-balancer": pulumi.String("arn:alb")},
		Tags:             labTags,
	}
}

func (g *graph) webAcl(args *WebAclArgs) error {
	return g.run(func(ctx *pulumi.Context) error {
		_, err := NewWebAcl(ctx, "firewall", args)
		return err
	})
}

// rules returns the web ACL's, by name.
func (g *graph) rules(t *testing.T) map[string]object {
	rules := map[string]object{}
	priorities := map[float64]bool{}
	for _, r := range g.inputs(t, "firewall-acl")["rules"].([]any) {
		rule := r.(object)
		require.False(t, priorities[rule["priority"].(float64)], "a priority is listed twice")
		priorities[rule["priority"].(float64)] = true
		rules[rule["name"].(string)] = rule
	}
	return rules
}

func TestAWebAclBlocks(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.webAcl(aWebAcl()))
	rules := g.rules(t)
	require.Len(t, rules, 8)
	for _, group := range groupNames() {
		require.Contains(t, rules[group]["overrideAction"], "none", group)
		require.Equal(t, group, rules[group]["statement"].(object)["managedRuleGroupStatement"].(object)["name"])
	}
	require.Contains(t, rules["rate-limit"]["action"], "block")
	require.Equal(t, 2000.0, rules["rate-limit"]["statement"].(object)["rateBasedStatement"].(object)["limit"])
	require.Contains(t, rules["allow-IPV4"]["action"], "allow")
	require.Contains(t, rules["deny-IPV4"]["action"], "block")
	statement := rules["AWSManagedRulesCommonRuleSet"]["statement"].(object)
	overrides := statement["managedRuleGroupStatement"].(object)["ruleActionOverrides"].([]any)
	require.Equal(t, "SizeRestrictions_BODY", overrides[0].(object)["name"])
	require.Equal(
		t,
		[]string{"firewall-allow-IPV4", "firewall-allow-IPV6", "firewall-deny-IPV4"},
		g.names("aws:wafv2/ipSet:IpSet"),
	)
	require.Equal(
		t,
		object{"resourceArn": "arn:alb", "webAclArn": "arn:firewall-acl"},
		g.inputs(t, "firewall-load-balancer"),
	)
}

func TestAWebAclThatOnlyCounts(t *testing.T) {
	g, args := &graph{}, aWebAcl()
	args.CountOnly = true
	require.NoError(t, g.webAcl(args))
	for name, rule := range g.rules(t) {
		if strings.HasPrefix(name, "allow") {
			continue
		}
		action, own := rule["action"]
		if !own {
			action = rule["overrideAction"]
		}
		require.Contains(t, action, "count", name)
	}
}

func TestTheLogHasNoCredentials(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.webAcl(aWebAcl()))
	require.Equal(t, "aws-waf-logs-awslab-prod-firewall", g.inputs(t, "firewall-logs")["name"])
	var headers []string
	for _, field := range g.inputs(t, "firewall-logging")["redactedFields"].([]any) {
		if header, is := field.(object)["singleHeader"]; is {
			headers = append(headers, header.(object)["name"].(string))
		}
	}
	require.Equal(t, redactedHeaders, headers)
	require.JSONEq(
		t,
		`{"Version": "2012-10-17", "Statement": [{"Sid": "WafLogs", "Effect": "Allow",
			"Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
		"Principal": {"Service": "delivery.logs.amazonaws.com"},
			"Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-awslab-prod-firewall:log-stream:*",
		"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"},
			"ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-west-1:123456789012:*"}}}]}`,
		g.inputs(t, "firewall-log-delivery")["policyDocument"].(string),
	)
}

func TestWhatAWebAclRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*WebAclArgs)
		want   string
	}{
		"a name": {func(a *WebAclArgs) { a.Name = "a b" }, `Name: "a b"; use 1 to 100`},
		"a scope": {
			func(a *WebAclArgs) { a.Scope = "GLOBAL" },
			`Scope: "GLOBAL"; use REGIONAL or CLOUDFRONT`,
		},
		"CloudFront elsewhere": {
			func(a *WebAclArgs) { a.Scope, a.Resources = CloudFront, nil },
			"Location.Region: eu-west-1; a web ACL for CloudFront lives in us-east-1",
		},
		"a distribution": {
			func(a *WebAclArgs) { a.Scope, a.Location = CloudFront, virginia },
			"Resources: a distribution names its web ACL itself",
		},
		"a limit": {func(a *WebAclArgs) { a.RequestsPerIp = 5 }, "RequestsPerIp: 5; use 10 to 2000000000"},
		"a block": {
			func(a *WebAclArgs) { a.DenyCidrs = []string{"198.51.100.1/24"} },
			`DenyCidrs[0]: 198.51.100.1/24 does not begin at its network address; use 198.51.100.0/24`,
		},
		"everybody": {
			func(a *WebAclArgs) { a.AllowCidrs = []string{"0.0.0.0/0"} },
			`AllowCidrs[0]: 0.0.0.0/0 is every address`,
		},
		"a rule group": {
			func(a *WebAclArgs) { a.Exclusions = map[string][]string{"Common": nil} },
			"Exclusions.Common: is none of the rule groups",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, args := &graph{}, aWebAcl()
			test.change(args)
			require.ErrorContains(t, g.webAcl(args), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}

func TestTheRulesFitIntoAWebAcl(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cidrs := rapid.SliceOfN(rapid.SampledFrom([]string{"203.0.113.0/24", "2001:db8::/32"}), 0, 4)
		args := WebAclArgs{
			AllowCidrs:    cidrs.Draw(t, "allow"),
			DenyCidrs:     cidrs.Draw(t, "deny"),
			DenyCountries: rapid.SliceOfN(rapid.Just("KP"), 0, 2).Draw(t, "countries"),
		}
		require.LessOrEqual(t, args.Units(), maxUnits)
		require.GreaterOrEqual(t, args.Units(), 1127)
	})
}

func aBackup(copies pulumi.ProviderResource) *BackupArgs {
	return &BackupArgs{
		Location:     ireland,
		Name:         "awslab-prod-backups",
		TagKey:       "backup",
		TagValue:     "prod",
		Lock:         true,
		TopicArn:     pulumi.String("arn:topic"),
		Rules:        []BackupRule{{Monthly, 365, 365}, {Daily, 35, 35}, {Hourly, 7, 0}},
		CopyLocation: frankfurt,
		CopyProvider: copies,
		Tags:         labTags,
	}
}

func (g *graph) backup(change func(*BackupArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		copies, err := aws.NewProvider(ctx, "copies", &aws.ProviderArgs{Region: pulumi.String("eu-central-1")})
		if err != nil {
			return err
		}
		args := aBackup(copies)
		change(args)
		_, err = NewBackup(ctx, "backup", args)
		return err
	})
}

func TestABackup(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.backup(func(*BackupArgs) {}))
	rules := g.inputs(t, "backup-plan")["rules"].([]any)
	require.Len(t, rules, 3)
	for i, want := range []struct {
		name     string
		days     float64
		isCopied bool
	}{{"hourly", 7, false}, {"daily", 35, true}, {"monthly", 365, true}} {
		rule := rules[i].(object)
		require.Equal(t, want.name, rule["ruleName"])
		require.Equal(t, want.days, rule["lifecycle"].(object)["deleteAfter"])
		_, isCopied := rule["copyActions"]
		require.Equal(t, want.isCopied, isCopied, want.name)
	}
	selection := g.inputs(t, "backup-selection")
	require.Equal(t, []any{"*"}, selection["resources"])
	require.Equal(
		t,
		[]any{object{"stringEquals": []any{object{"key": "aws:ResourceTag/backup", "value": "prod"}}}},
		selection["conditions"],
	)
	require.NotContains(t, selection, "selectionTags", "which would take in what it names besides everything else")
	require.Equal(
		t,
		object{"backupVaultName": "awslab-prod-backups", "minRetentionDays": 7.0, "maxRetentionDays": 365.0},
		g.inputs(t, "backup-vault-lock"),
	)
	require.Equal(
		t,
		object{"backupVaultName": "awslab-prod-backups", "minRetentionDays": 35.0, "maxRetentionDays": 365.0},
		g.inputs(t, "backup-copy-vault-lock"),
	)
	require.Contains(
		t,
		g.find(t, "backup-copy-vault").RegisterRPC.GetProvider(),
		"copies",
		"the copies are in the other region",
	)
	require.JSONEq(
		t,
		`{"Version": "2012-10-17", "Statement": [{"Sid": "NobodyDeletesRecoveryPoints", "Effect": "Deny",
			"Principal": {"AWS": "*"}, "Resource": "*",
		"Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]}]}`,
		g.inputs(t, "backup-vault-policy")["policy"].(string),
	)
}

// AWS Backup copies no snapshots of Multi-AZ DB clusters: every copy job would fail.
func TestABackupOfWhatCannotBeCopied(t *testing.T) {
	const cluster = "arn:aws:rds:eu-west-1:123456789012:cluster:awslab-prod-database"
	g := &graph{}
	require.NoError(t, g.backup(func(a *BackupArgs) { a.Uncopied = []string{cluster} }))
	require.Contains(t, g.inputs(t, "backup-selection")["notResources"], cluster)
	require.Equal(
		t,
		[]any{cluster},
		g.inputs(t, "backup-uncopied-selection-without-exceptions")["resources"],
	)
	rules := g.inputs(t, "backup-uncopied-plan")["rules"].([]any)
	require.Len(t, rules, 3)
	for _, rule := range rules {
		require.NotContains(t, rule, "copyActions")
	}
	require.Contains(t, g.inputs(t, "backup-plan")["rules"].([]any)[1], "copyActions")

	g = &graph{}
	require.NoError(t, g.backup(func(a *BackupArgs) {
		a.Rules, a.Uncopied = []BackupRule{{Daily, 35, 0}}, []string{cluster}
	}))
	require.NotContains(t, g.resources, "backup-uncopied-plan", "nothing is copied, and one plan is enough")
}

func TestSchedules(t *testing.T) {
	for schedule, test := range map[Schedule]struct {
		expression string
		starts     int
	}{
		Hourly:  {"cron(15 0-1,4-23 * * ? *)", 7 * 22},
		Daily:   {"cron(0 5 * * ? *)", 7},
		Weekly:  {"cron(30 6 ? * SUN *)", 1},
		Monthly: {"cron(45 7 1 * ? *)", 7},
	} {
		require.Equal(t, test.expression, schedule.expression())
		require.Len(t, schedule.Starts(), test.starts, schedule)
	}
	require.Equal(t, []int{6*24*60 + 6*60 + 30}, Weekly.Starts(), "on Sunday, the seventh day")
	longest, last := 0, 0
	for _, start := range Hourly.Starts() {
		longest, last = max(longest, start-last), start
	}
	require.Equal(t, Hourly.Hours()*60, longest)
}

func TestABackupWithoutCopiesStaysAtHome(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.backup(func(a *BackupArgs) { a.Rules, a.Lock = []BackupRule{{Daily, 7, 0}}, false }))
	require.Equal(t, []string{"backup-vault"}, g.names("aws:backup/vault:Vault"))
	require.Empty(t, g.names("aws:backup/vaultLockConfiguration:VaultLockConfiguration"))
}

func TestWhatABackupRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*BackupArgs)
		want   string
	}{
		"no rule": {func(a *BackupArgs) { a.Rules = nil }, "Rules: missing; nothing would be backed up"},
		"a schedule": {
			func(a *BackupArgs) { a.Rules[0].Schedule = "yearly" },
			`Rules[0].Schedule: "yearly"; use [daily hourly monthly weekly]`,
		},
		"two rules of one": {
			func(a *BackupArgs) { a.Rules[1].Schedule = Monthly },
			`Rules[1].Schedule: "monthly" is listed twice`,
		},
		"no retention": {
			func(a *BackupArgs) { a.Rules[0].RetentionDays = 0 },
			"Rules[0].RetentionDays: 0; use 1 to 36500",
		},
		"no tag": {func(a *BackupArgs) { a.TagValue = "" }, "say which tag selects what is backed up"},
		"copies in one region": {
			func(a *BackupArgs) { a.CopyLocation = ireland },
			"CopyLocation.Region: eu-west-1; copies in the same region are lost with it",
		},
		"copies without a home": {func(a *BackupArgs) { a.CopyProvider = nil }, "CopyProvider: missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.ErrorContains(t, g.backup(test.change), test.want)
			require.Empty(t, g.names("awslab:protection:Backup"), "nothing is registered")
		})
	}
}

// The recovery point objective is what the most frequent rule says.
func TestHours(t *testing.T) {
	for schedule, hours := range map[Schedule]int{Hourly: 3, Daily: 24, Weekly: 168, Monthly: 744} {
		require.Equal(t, hours, schedule.Hours())
	}
}

func TestRestoresAreTested(t *testing.T) {
	g := &graph{}
	args := &RestoreTestingArgs{
		Location:                ireland,
		Name:                    "awslab-prod-restorecheck",
		Types:                   []string{"RDS", "S3"},
		TagKey:                  "backup",
		TagValue:                "prod",
		Image:                   pulumi.String("registry/check@sha256:1"),
		Architecture:            "arm64",
		LogRetentionDays:        365,
		Tags:                    labTags,
		VaultArns:               pulumi.StringArray{pulumi.String("arn:vault")},
		DatabaseSubnetGroup:     "awslab-prod-database",
		DatabaseSecurityGroupId: pulumi.String("sg-database"),
	}
	test := func() error {
		return g.run(func(ctx *pulumi.Context) error {
			_, err := NewRestoreTesting(ctx, "trial", args)
			return err
		})
	}
	require.NoError(t, test())
	require.Equal(
		t,
		[]string{"trial-rds", "trial-s3"},
		g.names("aws:backup/restoreTestingSelection:RestoreTestingSelection"),
	)
	require.Equal(t, "awslab_prod_restorecheck", g.inputs(t, "trial-plan")["name"])
	require.Equal(t, []any{"arn:vault"}, g.inputs(t, "trial-plan")["recoveryPointSelection"].(object)["includeVaults"])
	require.Equal(
		t,
		object{"dbSubnetGroupName": "awslab-prod-database", "vpcSecurityGroupIds": `["sg-database"]`},
		g.inputs(t, "trial-rds")["restoreMetadataOverrides"],
	)
	require.NotContains(t, g.inputs(t, "trial-s3"), "restoreMetadataOverrides")
	require.Contains(t, g.find(t, "trial-s3").RegisterRPC.GetReplaceOnChanges(), "validationWindowHours",
		"updates of a selection can be lost")
	function := g.inputs(t, "trial-function")
	require.Equal(
		t,
		object{"variables": object{"DATABASE_SUBNET_GROUP": "awslab-prod-database"}},
		function["environment"],
	)
	require.Equal(t, []any{"arm64"}, function["architectures"])
	require.Equal(t, "arn:trial-failed", function["deadLetterConfig"].(object)["targetArn"])
	pattern, err := eventpattern.Parse(g.inputs(t, "trial-restored")["eventPattern"].(string))
	require.NoError(t, err)
	for detail, want := range map[string]bool{
		`{"restoreJobId": "1", "status": "COMPLETED", "restoreTestingPlanArn": "arn:trial-plan"}`: true,
		`{"restoreJobId": "1", "status": "RUNNING", "restoreTestingPlanArn": "arn:trial-plan"}`:   false,
		`{"restoreJobId": "1", "status": "COMPLETED", "restoreTestingPlanArn": "arn:other"}`:      false,
		`{"restoreJobId": "1", "status": "COMPLETED"}`:                                            false,
	} {
		matches, err := pattern.Matches(`{"version": "0", "source": "aws.backup", "detail-type": "Restore Job State ` +
			`Change", "account": "123456789012", "region": "eu-west-1", "resources": [], "detail": ` + detail + `}`)
		require.NoError(t, err)
		require.Equal(t, want, matches, detail)
	}
	policy := g.inputs(t, "trial-check-access")["policy"].(string)
	require.Contains(t, policy, "rds:DescribeDBInstances")
	require.Contains(t, policy, "rds:DescribeDBClusters", "a Multi-AZ cluster is of type RDS")
	require.NotContains(t, policy, "dynamodb:", "what is not restored is not looked at")

	*g = graph{}
	args.Types, args.DatabaseSubnetGroup, args.DatabaseSecurityGroupId = []string{"Aurora", "EBS"}, "", nil
	require.NoError(t, test())
	require.NotContains(t, g.inputs(t, "trial-function"), "environment")
	require.Contains(t, g.inputs(t, "trial-check-access")["policy"].(string), "ec2:DescribeVolumes")

	*g = graph{}
	args.VaultArns = nil
	require.ErrorContains(t, test(), "VaultArns: missing; there is nothing to restore from")
	args.Types = []string{"Neptune"}
	require.ErrorContains(t, test(), `Types[0]: "Neptune"; use one of [Aurora DynamoDB EBS EFS RDS S3]`)
	require.Empty(t, g.resources, "nothing is registered")
}

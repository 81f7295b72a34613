package protection

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Scope is what a web ACL can stand in front of.
type Scope string

// The scopes of web ACLs.
const (
	Regional   Scope = "REGIONAL"   // load balancers of the same region
	CloudFront Scope = "CLOUDFRONT" // distributions; the web ACL itself lives in us-east-1
)

// edgeRegion is where web ACLs for CloudFront live.
const edgeRegion = "us-east-1"

// WebAclArgs describe a web ACL.
type WebAclArgs struct {
	// Location is where the web ACL lives; for CloudFront the region is us-east-1, and opts carry a provider for it.
	Location identity.Location
	Scope    Scope
	// Name in AWS, 1 to 100 letters, digits, hyphens and underscores. The log group is named aws-waf-logs-<name>.
	Name string
	// AllowCidrs pass every rule, DenyCidrs none; IPv4 and IPv6 blocks.
	AllowCidrs, DenyCidrs []string
	// DenyCountries are ISO 3166-1 codes of countries that are let in by no rule.
	DenyCountries []string
	// RequestsPerIp is how many requests an address may make in five minutes, 10 to 2,000,000,000. Default: 2000.
	RequestsPerIp int
	// Exclusions are rules of a managed group, by the group's name, that only count.
	Exclusions map[string][]string
	// CountOnly lets everything through and counts what would be blocked, to try rules out.
	CountOnly bool
	// Resources are the ARNs of load balancers that the web ACL stands in front of, by a name for each. Distributions
	// name their web ACL themselves.
	Resources        map[string]pulumi.StringInput
	LogRetentionDays int
	// LogKmsKeyArn encrypts the log group. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	Tags         map[string]string
}

// WebAcl is a web application firewall with its log. Its type token is awslab:protection:WebAcl.
type WebAcl struct {
	pulumi.ResourceState

	Arn          pulumi.StringOutput `pulumi:"arn"`
	LogGroupName pulumi.StringOutput `pulumi:"logGroupName"`
	// Name is the one given, known in preview.
	Name string
}

// ruleGroup is one of AWS's managed rule groups.
type ruleGroup struct {
	name string
	// units are its web ACL capacity units ("AWS Managed Rules rule groups list", AWS WAF developer guide).
	units int
}

// ruleGroups are in the order in which requests meet them: the cheap and sure first.
var ruleGroups = []ruleGroup{
	{"AWSManagedRulesAmazonIpReputationList", 25},
	{"AWSManagedRulesKnownBadInputsRuleSet", 200},
	{"AWSManagedRulesCommonRuleSet", 700}, // cross-site scripting among others
	{"AWSManagedRulesSQLiRuleSet", 200},
}

// maxUnits is what a web ACL may cost without a further price ("Web ACL capacity units", AWS WAF developer guide).
const maxUnits = 1500

// redactedHeaders carry credentials.
var redactedHeaders = []string{"authorization", "cookie", "x-api-key"}

var (
	aclName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)
)

func (args WebAclArgs) withDefaults() WebAclArgs {
	args.RequestsPerIp = cmp.Or(args.RequestsPerIp, 2000)
	return args
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args WebAclArgs) Problems() []problem.Problem {
	return problem.All(args.withDefaults().validate())
}

func (args WebAclArgs) validate() error {
	problems := []error{args.Location.Validate()}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(!aclName.MatchString(args.Name), "Name", "%q; use 1 to 100 letters, digits, hyphens and underscores", args.Name)
	add(
		args.Scope != Regional && args.Scope != CloudFront,
		"Scope",
		"%q; use %s or %s",
		args.Scope,
		Regional,
		CloudFront,
	)
	add(
		args.Scope == CloudFront && args.Location.Region != edgeRegion,
		"Location.Region",
		"%s; a web ACL for CloudFront lives in %s",
		args.Location.Region,
		edgeRegion,
	)
	add(args.Scope == CloudFront && len(args.Resources) > 0, "Resources", "a distribution names its web ACL itself")
	add(
		args.RequestsPerIp < 10 || args.RequestsPerIp > 2000000000,
		"RequestsPerIp",
		"%d; use 10 to 2000000000",
		args.RequestsPerIp,
	)
	for i, code := range args.DenyCountries {
		add(
			!grammar.Country.Match(code),
			fmt.Sprintf("DenyCountries[%d]", i),
			"%q; use a code such as KP (ISO 3166-1)",
			code,
		)
	}
	for _, group := range slices.Sorted(maps.Keys(args.Exclusions)) {
		known := slices.ContainsFunc(ruleGroups, func(g ruleGroup) bool { return g.name == group })
		add(!known, "Exclusions."+group, "is none of the rule groups; use one of %s", strings.Join(groupNames(), ", "))
		excluded := len(args.Exclusions[group])
		add(excluded > maxExclusions, "Exclusions."+group, "%d rules; use at most %d", excluded, maxExclusions)
	}
	problems = append(problems, checkCidrs("AllowCidrs", args.AllowCidrs), checkCidrs("DenyCidrs", args.DenyCidrs))
	if units := args.Units(); units > maxUnits {
		problems = append(
			problems,
			problem.New("AllowCidrs", "the rules cost %d capacity units; a web ACL has %d", units, maxUnits),
		)
	}
	return errors.Join(problems...)
}

// maxExclusions are those of a rule group ("ManagedRuleGroupStatement", AWS WAF API), maxAddresses those of an IP set
// ("AWS WAF quotas").
const (
	maxExclusions = 100
	maxAddresses  = 10000
)

func groupNames() []string {
	var names []string
	for _, g := range ruleGroups {
		names = append(names, g.name)
	}
	return names
}

func checkCidrs(field string, cidrs []string) error {
	var problems []error
	for i, cidr := range cidrs {
		at := fmt.Sprintf("%s[%d]", field, i)
		block, err := grammar.ParseCIDR(cidr, grammar.AnyFamily)
		switch {
		case err != nil:
			problems = append(problems, problem.New(at, "%v", err))
		case block.Bits() == 0:
			// "IPSet", AWS WAF API: every range but /0.
			problems = append(problems, problem.New(at, "%s is every address; use a smaller CIDR block", cidr))
		}
	}
	families := byFamily(cidrs)
	for _, family := range slices.Sorted(maps.Keys(families)) {
		if members := families[family]; len(members) > maxAddresses {
			problems = append(
				problems,
				problem.New(field, "%d %s blocks; use at most %d", len(members), family, maxAddresses),
			)
		}
	}
	return errors.Join(problems...)
}

// Units returns the capacity units that the rules cost, known before anything is created.
func (args WebAclArgs) Units() int {
	units := 2 // the rate limit
	for _, g := range ruleGroups {
		units += g.units
	}
	if len(args.DenyCountries) > 0 {
		units++
	}
	for _, cidrs := range [][]string{args.AllowCidrs, args.DenyCidrs} {
		units += len(byFamily(cidrs)) // an IP set each
	}
	return units
}

// NewWebAcl creates a web ACL, its log, and its associations.
func NewWebAcl(ctx *pulumi.Context, name string, given *WebAclArgs, opts ...pulumi.ResourceOption) (*WebAcl, error) {
	if given == nil {
		given = &WebAclArgs{}
	}
	args := given.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("web ACL %q: %w", name, err)
	}
	component := &WebAcl{Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:protection:WebAcl", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering web ACL %q: %w", name, err)
	}
	rules, err := component.rules(ctx, name, args)
	if err != nil {
		return nil, err
	}
	acl, err := wafv2.NewWebAcl(ctx, name+"-acl", &wafv2.WebAclArgs{
		Name:          pulumi.String(args.Name),
		Description:   pulumi.String("Managed rules, rate limit and address lists"),
		Scope:         pulumi.String(args.Scope),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true),
			MetricName:               pulumi.String(args.Name),
			SampledRequestsEnabled:   pulumi.Bool(true),
		},
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating web ACL %q: %w", name, err)
	}
	component.Arn = acl.Arn
	if err := component.newLog(ctx, name, args); err != nil {
		return nil, err
	}
	for _, resource := range slices.Sorted(maps.Keys(args.Resources)) {
		if _, err := wafv2.NewWebAclAssociation(ctx, name+"-"+resource, &wafv2.WebAclAssociationArgs{
			ResourceArn: args.Resources[resource],
			WebAclArn:   acl.Arn,
			// A resource has one: deleted after a replacement, the old association would take the new one along.
		}, pulumi.Parent(component), pulumi.DeleteBeforeReplace(true)); err != nil {
			return nil, fmt.Errorf("putting web ACL %q in front of %s: %w", name, resource, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(
		component,
		pulumi.Map{"arn": component.Arn, "logGroupName": component.LogGroupName},
	); err != nil {
		return nil, fmt.Errorf("registering outputs of web ACL %q: %w", name, err)
	}
	return component, nil
}

// Priorities of the rules: a request meets the lowest first. The gaps leave room for rules to come, so that adding one
// changes no other.
const (
	priorityAllow     = 10
	priorityDeny      = 20
	priorityCountries = 30
	priorityRate      = 40
	priorityGroups    = 100 // and ten for each further one
)

func (component *WebAcl) rules(ctx *pulumi.Context, name string, args WebAclArgs) (wafv2.WebAclRuleArray, error) {
	allow, err := component.addressRules(
		ctx,
		name,
		args,
		"allow",
		args.AllowCidrs,
		priorityAllow,
		wafv2.WebAclRuleActionArgs{Allow: wafv2.WebAclRuleActionAllowArgs{}},
	)
	if err != nil {
		return nil, err
	}
	deny, err := component.addressRules(ctx, name, args, "deny", args.DenyCidrs, priorityDeny, args.block())
	if err != nil {
		return nil, err
	}
	rules := append(allow, deny...)
	if len(args.DenyCountries) > 0 {
		rules = append(
			rules,
			args.rule("deny-countries", priorityCountries, args.block(), wafv2.WebAclRuleStatementArgs{
				GeoMatchStatement: wafv2.WebAclRuleStatementGeoMatchStatementArgs{
					CountryCodes: pulumi.ToStringArray(args.DenyCountries),
				},
			}),
		)
	}
	rules = append(rules, args.rule("rate-limit", priorityRate, args.block(), wafv2.WebAclRuleStatementArgs{
		RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
			AggregateKeyType:    pulumi.String("IP"),
			EvaluationWindowSec: pulumi.Int(300),
			Limit:               pulumi.Int(args.RequestsPerIp),
		},
	}))
	for i, group := range ruleGroups {
		rules = append(rules, args.managed(group.name, priorityGroups+10*i))
	}
	return rules, nil
}

// block returns what happens to a request that a rule of ours is against.
func (args WebAclArgs) block() wafv2.WebAclRuleActionArgs {
	if args.CountOnly {
		return wafv2.WebAclRuleActionArgs{Count: wafv2.WebAclRuleActionCountArgs{}}
	}
	return wafv2.WebAclRuleActionArgs{Block: wafv2.WebAclRuleActionBlockArgs{}}
}

func (args WebAclArgs) rule(
	name string,
	priority int,
	action wafv2.WebAclRuleActionArgs,
	statement wafv2.WebAclRuleStatementArgs,
) wafv2.WebAclRuleArgs {
	return wafv2.WebAclRuleArgs{
		Name:             pulumi.String(name),
		Priority:         pulumi.Int(priority),
		Action:           action,
		Statement:        statement,
		VisibilityConfig: visible(name),
	}
}

// managed returns the rule for one of AWS's groups.
func (args WebAclArgs) managed(group string, priority int) wafv2.WebAclRuleArgs {
	action := wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}}
	if args.CountOnly {
		action = wafv2.WebAclRuleOverrideActionArgs{Count: wafv2.WebAclRuleOverrideActionCountArgs{}}
	}
	var overrides wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray
	for _, excluded := range slices.Sorted(slices.Values(args.Exclusions[group])) {
		overrides = append(overrides, wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
			Name: pulumi.String(excluded),
			ActionToUse: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
				Count: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
			},
		})
	}
	return wafv2.WebAclRuleArgs{
		Name:           pulumi.String(group),
		Priority:       pulumi.Int(priority),
		OverrideAction: action,
		Statement: wafv2.WebAclRuleStatementArgs{
			ManagedRuleGroupStatement: wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
				VendorName:          pulumi.String("AWS"),
				Name:                pulumi.String(group),
				RuleActionOverrides: overrides,
			},
		},
		VisibilityConfig: visible(group),
	}
}

func visible(metric string) wafv2.WebAclRuleVisibilityConfigArgs {
	return wafv2.WebAclRuleVisibilityConfigArgs{
		CloudwatchMetricsEnabled: pulumi.Bool(true),
		MetricName:               pulumi.String(metric),
		SampledRequestsEnabled:   pulumi.Bool(true),
	}
}

// byFamily sorts blocks into IPv4 and IPv6, which need an IP set each.
func byFamily(cidrs []string) map[string][]string {
	families := map[string][]string{}
	for _, cidr := range cidrs {
		family := "IPV4"
		if prefix, err := netip.ParsePrefix(cidr); err == nil && prefix.Addr().Is6() {
			family = "IPV6"
		}
		families[family] = append(families[family], cidr)
	}
	return families
}

func (component *WebAcl) addressRules(
	ctx *pulumi.Context,
	name string,
	args WebAclArgs,
	kind string,
	cidrs []string,
	priority int,
	action wafv2.WebAclRuleActionArgs,
) (wafv2.WebAclRuleArray, error) {
	var rules wafv2.WebAclRuleArray
	families := byFamily(cidrs)
	for i, family := range slices.Sorted(maps.Keys(families)) {
		setName := fmt.Sprintf("%s-%s-%s", args.Name, kind, map[string]string{"IPV4": "ipv4", "IPV6": "ipv6"}[family])
		set, err := wafv2.NewIpSet(ctx, fmt.Sprintf("%s-%s-%s", name, kind, family), &wafv2.IpSetArgs{
			Name:             pulumi.String(setName),
			Scope:            pulumi.String(args.Scope),
			IpAddressVersion: pulumi.String(family),
			Addresses:        pulumi.ToStringArray(slices.Sorted(slices.Values(families[family]))),
			Tags:             pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component))
		if err != nil {
			return nil, fmt.Errorf("creating the %s list of web ACL %q: %w", kind, name, err)
		}
		rules = append(
			rules,
			args.rule(fmt.Sprintf("%s-%s", kind, family), priority+i, action, wafv2.WebAclRuleStatementArgs{
				IpSetReferenceStatement: wafv2.WebAclRuleStatementIpSetReferenceStatementArgs{Arn: set.Arn},
			}),
		)
	}
	return rules, nil
}

func (component *WebAcl) newLog(ctx *pulumi.Context, name string, args WebAclArgs) error {
	group := "aws-waf-logs-" + args.Name // WAF takes no other prefix
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(group),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the log group of web ACL %q: %w", name, err)
	}
	policy, err := args.logPolicy(group)
	if err != nil {
		return fmt.Errorf("rendering the log policy of web ACL %q: %w", name, err)
	}
	delivery, err := cloudwatch.NewLogResourcePolicy(ctx, name+"-log-delivery", &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     pulumi.String(group),
		PolicyDocument: pulumi.String(policy),
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("letting web ACL %q write its log: %w", name, err)
	}
	var redacted wafv2.WebAclLoggingConfigurationRedactedFieldArray
	for _, header := range redactedHeaders {
		redacted = append(redacted, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(header)},
		})
	}
	redacted = append(redacted, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
		QueryString: wafv2.WebAclLoggingConfigurationRedactedFieldQueryStringArgs{},
	})
	if _, err := wafv2.NewWebAclLoggingConfiguration(ctx, name+"-logging", &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn:           component.Arn,
		LogDestinationConfigs: pulumi.StringArray{logs.Arn},
		RedactedFields:        redacted,
		// A web ACL has one: deleted after a replacement, the old one would take the new one along.
	},
		pulumi.Parent(component),
		pulumi.DependsOn([]pulumi.Resource{delivery}),
		pulumi.DeleteBeforeReplace(true),
	); err != nil {
		return fmt.Errorf("turning on the log of web ACL %q: %w", name, err)
	}
	component.LogGroupName = logs.Name
	return nil
}

// logPolicy lets the log delivery service write the web ACL's log and nothing else.
func (args WebAclArgs) logPolicy(group string) (string, error) {
	return identity.Document{Statements: []identity.Statement{{
		Sid:        "WafLogs",
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{args.Location.LogGroupArn(group) + ":log-stream:*"},
		Principals: []identity.Principal{{Type: "Service", Values: []string{"delivery.logs.amazonaws.com"}}},
		Conditions: []identity.Condition{
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{args.Location.AccountId}},
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{args.Location.Arn("logs", "*")}},
		},
	}}}.JSON()
}

package protection

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// Schedule is how often a rule of a backup plan is due.
type Schedule string

// The schedules, at quiet times in UTC.
const (
	Hourly  Schedule = "hourly"
	Daily   Schedule = "daily"
	Weekly  Schedule = "weekly"
	Monthly Schedule = "monthly"
)

// timing is when a schedule is due: a minute of some hours of some days.
type timing struct {
	minute int
	// hours are the first and the last of each span.
	hours [][2]int
	// days are the last four fields of an expression in EventBridge's syntax, and weekdays the days of the week that
	// they can meet, of which Monday is 0.
	days     string
	weekdays []int
	// longest is the time between two backups, in hours.
	longest int
}

var everyWeekday = []int{0, 1, 2, 3, 4, 5, 6}

// timings keep clear of one another, as the services allow one backup at a time, and of 01:30 to 03:30, so that RDS has
// room for its windows: while they last, and in the hour before, AWS Backup begins no backup of an RDS database (AWS
// Backup developer guide, "Troubleshooting AWS Backup"). What is hourly is so but then.
var timings = map[Schedule]timing{
	Hourly:  {minute: 15, hours: [][2]int{{0, 1}, {4, 23}}, days: "* * ? *", weekdays: everyWeekday, longest: 3},
	Daily:   {minute: 0, hours: [][2]int{{5, 5}}, days: "* * ? *", weekdays: everyWeekday, longest: 24},
	Weekly:  {minute: 30, hours: [][2]int{{6, 6}}, days: "? * SUN *", weekdays: []int{6}, longest: 7 * 24},
	Monthly: {minute: 45, hours: [][2]int{{7, 7}}, days: "1 * ? *", weekdays: everyWeekday, longest: 31 * 24},
}

// Hours returns the longest time between two backups of a schedule, and so the most work that it lets get lost.
func (s Schedule) Hours() int { return timings[s].longest }

// expression returns the schedule in EventBridge's syntax.
func (s Schedule) expression() string {
	t := timings[s]
	var hours []string
	for _, span := range t.hours {
		text := strconv.Itoa(span[0])
		if span[1] > span[0] {
			text += "-" + strconv.Itoa(span[1])
		}
		hours = append(hours, text)
	}
	return fmt.Sprintf("cron(%d %s %s)", t.minute, strings.Join(hours, ","), t.days)
}

// Starts returns when a schedule can be due, in minutes since the week began on Monday at 00:00 UTC.
func (s Schedule) Starts() []int {
	const hour = 60
	t := timings[s]
	var starts []int
	for _, day := range t.weekdays {
		for _, span := range t.hours {
			for h := span[0]; h <= span[1]; h++ {
				starts = append(starts, (day*24+h)*hour+t.minute)
			}
		}
	}
	return starts
}

// BackupRule is one rule of a backup plan.
type BackupRule struct {
	Schedule Schedule
	// RetentionDays is how long a recovery point is kept, 1 to 36500.
	RetentionDays int
	// CopyRetentionDays is how long its copy in the other region is kept; 0 makes none.
	CopyRetentionDays int
}

// BackupArgs describe vaults and a plan.
type BackupArgs struct {
	Location identity.Location
	// Name of the vaults and the plan, 2 to 50 letters, digits, hyphens and underscores.
	Name  string
	Rules []BackupRule
	// TagKey and TagValue select what is backed up: everything in the region that has the tag and that AWS Backup
	// knows.
	TagKey, TagValue string
	// Uncopied are the ARNs, in which * stands for any text, of what AWS Backup can back up and not copy: Multi-AZ DB
	// clusters ("Amazon RDS Multi-AZ backups", AWS Backup developer guide). They get a plan of their own without
	// copies, as in another one every copy job would fail.
	Uncopied []string
	// Lock keeps recovery points from being deleted before their time, by anyone but who may remove the lock
	// ("governance mode").
	Lock bool
	// Keepers are the ARNs of the roles that may delete recovery points and change what protects them; with none,
	// nobody may until the vault's policy is removed.
	Keepers []string
	// ForceDestroy lets the vaults be deleted while they hold recovery points.
	ForceDestroy bool
	// TopicArn receives the failures of single S3 objects. Nil means that nothing is reported.
	TopicArn pulumi.StringInput
	// CopyLocation and CopyProvider are the region of the copies. Rules that copy need them.
	CopyLocation identity.Location
	CopyProvider pulumi.ProviderResource

	PermissionsBoundary string
	Tags                map[string]string
}

// Backup is a vault in each of two regions, and a plan that fills them. Its type token is awslab:protection:Backup.
type Backup struct {
	pulumi.ResourceState

	VaultArn     pulumi.StringOutput `pulumi:"vaultArn"`
	CopyVaultArn pulumi.StringOutput `pulumi:"copyVaultArn"` // empty without copies
	PlanId       pulumi.StringOutput `pulumi:"planId"`
	// VaultName is the one given, known in preview.
	VaultName string
}

var vaultName = regexp.MustCompile(`^[A-Za-z0-9_-]{2,50}$`)

// failures are the events that only a vault's notifications report: single objects of S3 that a job left out (AWS
// Backup API, PutBackupVaultNotifications). Jobs that failed are reported by EventBridge, see monitoring.EventsArgs:
// the event BACKUP_JOB_FAILED is accepted here and never sent.
var failures = []string{"S3_BACKUP_OBJECT_FAILED", "S3_RESTORE_OBJECT_FAILED"}

func (args *BackupArgs) copies() bool {
	return slices.ContainsFunc(args.Rules, func(r BackupRule) bool { return r.CopyRetentionDays > 0 })
}

func (args *BackupArgs) validate() error {
	problems := []error{args.Location.Validate()}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		!vaultName.MatchString(args.Name),
		"Name",
		"%q; use 2 to 50 letters, digits, hyphens and underscores",
		args.Name,
	)
	add(
		args.TagKey == "" || args.TagValue == "",
		"TagKey, TagValue",
		"%q, %q; say which tag selects what is backed up",
		args.TagKey,
		args.TagValue,
	)
	add(len(args.Rules) == 0, "Rules", "missing; nothing would be backed up")
	seen := map[Schedule]bool{}
	for i, r := range args.Rules {
		at := fmt.Sprintf("Rules[%d]", i)
		_, known := timings[r.Schedule]
		add(!known, at+".Schedule", "%q; use %v", r.Schedule, slices.Sorted(maps.Keys(timings)))
		add(seen[r.Schedule], at+".Schedule", "%q is listed twice", r.Schedule)
		seen[r.Schedule] = true
		add(r.RetentionDays < 1 || r.RetentionDays > 36500, at+".RetentionDays", "%d; use 1 to 36500", r.RetentionDays)
		add(
			r.CopyRetentionDays < 0 || r.CopyRetentionDays > 36500,
			at+".CopyRetentionDays",
			"%d; use 1 to 36500, or 0 for no copy",
			r.CopyRetentionDays,
		)
	}
	if args.copies() {
		problems = append(problems, args.CopyLocation.Validate())
		add(args.CopyProvider == nil, "CopyProvider", "missing; the copies need a provider of their region")
		add(
			args.CopyLocation.Region == args.Location.Region,
			"CopyLocation.Region",
			"%s; copies in the same region are lost with it",
			args.CopyLocation.Region,
		)
	}
	return errors.Join(problems...)
}

// NewBackup creates the vaults with their keys, policies, locks and notifications, and the plan.
func NewBackup(ctx *pulumi.Context, name string, args *BackupArgs, opts ...pulumi.ResourceOption) (*Backup, error) {
	if args == nil {
		args = &BackupArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("backup %q: %w", name, err)
	}
	component := &Backup{VaultName: args.Name}
	if err := ctx.RegisterComponentResource("awslab:protection:Backup", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering backup %q: %w", name, err)
	}
	component.CopyVaultArn = pulumi.String("").ToStringOutput() // registering makes new outputs
	vault, err := component.newVault(
		ctx,
		name,
		args,
		args.Location,
		retentions(args.Rules, func(r BackupRule) int { return r.RetentionDays }),
	)
	if err != nil {
		return nil, err
	}
	component.VaultArn = vault.Arn
	if args.TopicArn != nil {
		if _, err := backup.NewVaultNotifications(ctx, name+"-notifications", &backup.VaultNotificationsArgs{
			BackupVaultName:   vault.Name,
			SnsTopicArn:       args.TopicArn,
			BackupVaultEvents: pulumi.ToStringArray(failures),
			// A vault has them once: deleted after a replacement, the old ones would take the new ones along.
		}, pulumi.Parent(component), pulumi.DeleteBeforeReplace(true)); err != nil {
			return nil, fmt.Errorf("turning on the notifications of backup %q: %w", name, err)
		}
	}
	vaults := []pulumi.Resource{vault}
	if args.copies() {
		copied := retentions(args.Rules, func(r BackupRule) int { return r.CopyRetentionDays })
		other, err := component.newVault(
			ctx,
			name+"-copy",
			args,
			args.CopyLocation,
			copied,
			pulumi.Provider(args.CopyProvider),
		)
		if err != nil {
			return nil, err
		}
		component.CopyVaultArn, vaults = other.Arn, append(vaults, other)
	}
	if err := component.newPlans(ctx, name, args, vaults); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"vaultArn": component.VaultArn, "copyVaultArn": component.CopyVaultArn, "planId": component.PlanId,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of backup %q: %w", name, err)
	}
	return component, nil
}

// retentions returns how long the rules keep recovery points in a vault, those that keep none left out.
func retentions(rules []BackupRule, days func(BackupRule) int) []int {
	var all []int
	for _, r := range rules {
		if days(r) > 0 {
			all = append(all, days(r))
		}
	}
	return all
}

// newVault creates a vault with a key of its own: whoever may use the data's key may not read its backups.
func (component *Backup) newVault(
	ctx *pulumi.Context,
	name string,
	args *BackupArgs,
	location identity.Location,
	retentions []int,
	provider ...pulumi.ResourceOption,
) (*backup.Vault, error) {
	opts := append([]pulumi.ResourceOption{pulumi.Parent(component)}, provider...)
	key, err := identity.NewKey(ctx, name+"-vault", &identity.KeyArgs{
		Location:    location,
		Alias:       "alias/" + args.Name + "-backup",
		Description: "Backups",
		Tags:        args.Tags,
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating the key of vault %q: %w", name, err)
	}
	vault, err := backup.NewVault(ctx, name+"-vault", &backup.VaultArgs{
		Name:         pulumi.String(args.Name),
		KmsKeyArn:    key.Arn,
		ForceDestroy: pulumi.Bool(args.ForceDestroy),
		Tags:         pulumi.ToStringMap(args.Tags),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating vault %q: %w", name, err)
	}
	policy, err := args.vaultPolicy(location)
	if err != nil {
		return nil, fmt.Errorf("rendering the policy of vault %q: %w", name, err)
	}
	if _, err := backup.NewVaultPolicy(ctx, name+"-vault-policy", &backup.VaultPolicyArgs{
		BackupVaultName: vault.Name,
		Policy:          pulumi.String(policy),
	}, opts...); err != nil {
		return nil, fmt.Errorf("creating the policy of vault %q: %w", name, err)
	}
	if !args.Lock {
		return vault, nil
	}
	if _, err := backup.NewVaultLockConfiguration(ctx, name+"-vault-lock", &backup.VaultLockConfigurationArgs{
		BackupVaultName:  vault.Name,
		MinRetentionDays: pulumi.Int(slices.Min(retentions)),
		MaxRetentionDays: pulumi.Int(slices.Max(retentions)),
		// A vault has one lock: deleted after a replacement, the old one would take the new one along.
	}, append(opts, pulumi.DeleteBeforeReplace(true))...); err != nil {
		return nil, fmt.Errorf("locking vault %q: %w", name, err)
	}
	return vault, nil
}

// vaultPolicy keeps everyone except the keepers from deleting recovery points, and from changing how long they are
// kept. That it does not deny taking the policy itself away leaves a way back, which CloudTrail records.
func (args *BackupArgs) vaultPolicy(location identity.Location) (string, error) {
	statement := identity.Statement{
		Sid: "NobodyDeletesRecoveryPoints", Effect: identity.Deny,
		Actions:    []string{"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"},
		Resources:  []string{"*"}, // in a vault's policy, its recovery points
		Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
	}
	if len(args.Keepers) > 0 {
		statement.Conditions = []identity.Condition{
			{Operator: "ArnNotLike", Key: "aws:PrincipalArn", Values: args.Keepers},
		}
	}
	return identity.Document{Statements: []identity.Statement{statement}}.JSON()
}

// Windows of a backup, in minutes: how late it may begin, and how long it may take.
const (
	startWindow      = 60
	completionWindow = 8 * 60
)

// newPlans creates the plans once all vaults are there that they name: one for everything, and where that is hourly,
// another one for tables, without the hourly backups. Each backup of a table is a whole copy, and point-in-time
// recovery goes back to any second. Where there are copies, a third one is for what has none.
func (component *Backup) newPlans(ctx *pulumi.Context, name string, args *BackupArgs, vaults []pulumi.Resource) error {
	role, ready, err := serviceRole(
		ctx,
		name,
		args.Name+"-backup",
		args.Location,
		args.PermissionsBoundary,
		args.Tags,
		backupPolicies,
		component,
	)
	if err != nil {
		return err
	}
	plans := []planned{{name: name, awsName: args.Name, rules: args.Rules, resources: []string{"*"}}}
	seldom := slices.DeleteFunc(slices.Clone(args.Rules), func(r BackupRule) bool { return r.Schedule == Hourly })
	if len(seldom) > 0 && len(seldom) < len(args.Rules) {
		tables := []string{fmt.Sprintf("arn:%s:dynamodb:*:*:table/*", args.Location.Partition)}
		plans[0].except = tables
		plans = append(plans, planned{name + "-tables", args.Name + "-tables", seldom, tables, nil})
	}
	if args.copies() && len(args.Uncopied) > 0 {
		plans[0].except = append(plans[0].except, args.Uncopied...)
		kept := slices.Clone(args.Rules)
		for i := range kept {
			kept[i].CopyRetentionDays = 0
		}
		plans = append(plans, planned{name + "-uncopied", args.Name + "-uncopied", kept, args.Uncopied, nil})
	}
	for i, p := range plans {
		plan, err := component.newPlan(ctx, p, args, vaults)
		if err != nil {
			return err
		}
		if err := component.selects(ctx, p, args, plan, role, ready); err != nil {
			return err
		}
		if i == 0 {
			component.PlanId = plan.ID().ToStringOutput()
		}
	}
	return nil
}

// planned is one plan, with the ARNs of what it may take in and of what it leaves out.
type planned struct {
	name, awsName     string
	rules             []BackupRule
	resources, except []string
}

func (component *Backup) newPlan(
	ctx *pulumi.Context,
	p planned,
	args *BackupArgs,
	vaults []pulumi.Resource,
) (*backup.Plan, error) {
	var rules backup.PlanRuleArray
	for _, r := range slices.SortedFunc(
		slices.Values(p.rules),
		func(a, b BackupRule) int { return cmp.Compare(a.Schedule.Hours(), b.Schedule.Hours()) },
	) {
		rule := backup.PlanRuleArgs{
			RuleName:          pulumi.String(r.Schedule),
			TargetVaultName:   pulumi.String(args.Name),
			Schedule:          pulumi.String(r.Schedule.expression()),
			StartWindow:       pulumi.Int(startWindow),
			CompletionWindow:  pulumi.Int(completionWindow),
			Lifecycle:         backup.PlanRuleLifecycleArgs{DeleteAfter: pulumi.Int(r.RetentionDays)},
			RecoveryPointTags: pulumi.ToStringMap(args.Tags),
		}
		if r.CopyRetentionDays > 0 {
			rule.CopyActions = backup.PlanRuleCopyActionArray{backup.PlanRuleCopyActionArgs{
				// known in preview
				DestinationVaultArn: pulumi.String(args.CopyLocation.Arn("backup", "backup-vault:"+args.Name)),
				Lifecycle: backup.PlanRuleCopyActionLifecycleArgs{
					DeleteAfter: pulumi.Int(r.CopyRetentionDays),
				},
			}}
		}
		rules = append(rules, rule)
	}
	plan, err := backup.NewPlan(ctx, p.name+"-plan", &backup.PlanArgs{
		Name:  pulumi.String(p.awsName),
		Rules: rules,
		Tags:  pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component), pulumi.DependsOn(vaults))
	if err != nil {
		return nil, fmt.Errorf("creating backup plan %q: %w", p.awsName, err)
	}
	return plan, nil
}

func (component *Backup) selects(
	ctx *pulumi.Context,
	p planned,
	args *BackupArgs,
	plan *backup.Plan,
	role *identity.Role,
	ready []pulumi.Resource,
) error {
	selection := &backup.SelectionArgs{
		Name:       pulumi.String(p.awsName),
		PlanId:     plan.ID(),
		IamRoleArn: role.Arn,
		// Not SelectionTags: they add to what Resources take in, which here is the whole account
		// (https://github.com/hashicorp/terraform-provider-aws/issues/49829).
		Resources: pulumi.ToStringArray(p.resources),
		Conditions: backup.SelectionConditionArray{backup.SelectionConditionArgs{
			StringEquals: backup.SelectionConditionStringEqualArray{backup.SelectionConditionStringEqualArgs{
				Key:   pulumi.String("aws:ResourceTag/" + args.TagKey),
				Value: pulumi.String(args.TagValue),
			}},
		}},
	}
	name := p.name + "-selection"
	if len(p.except) > 0 {
		selection.NotResources = pulumi.ToStringArray(p.except)
	} else {
		name += "-without-exceptions" // a name of its own, as the provider would keep exceptions that went
	}
	if _, err := backup.NewSelection(
		ctx,
		name,
		selection,
		pulumi.Parent(component),
		pulumi.DependsOn(ready),
	); err != nil {
		return fmt.Errorf("selecting what backup plan %q takes in: %w", p.awsName, err)
	}
	return nil
}

// AWS's own policies for its service: what a backup needs changes with every service that AWS Backup learns.
var (
	backupPolicies = []string{
		"service-role/AWSBackupServiceRolePolicyForBackup",
		"AWSBackupServiceRolePolicyForS3Backup",
	}
	restorePolicies = []string{
		"service-role/AWSBackupServiceRolePolicyForRestores",
		"AWSBackupServiceRolePolicyForS3Restore",
	}
)

// serviceRole returns a role for AWS Backup, and what has to be there before it is of use.
func serviceRole(
	ctx *pulumi.Context,
	name, roleName string,
	location identity.Location,
	boundary string,
	tags map[string]string,
	policies []string,
	parent pulumi.Resource,
) (*identity.Role, []pulumi.Resource, error) {
	role, err := identity.NewRole(ctx, name, &identity.RoleArgs{
		Name:                roleName,
		Description:         "What AWS Backup may do",
		PermissionsBoundary: boundary,
		Tags:                tags,
		Trust:               identity.AccountTrust("backup.amazonaws.com", location.AccountId),
	}, pulumi.Parent(parent))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the role of %q: %w", name, err)
	}
	var ready []pulumi.Resource
	for _, policy := range policies {
		attachment, err := iam.NewRolePolicyAttachment(ctx, name+"-"+path.Base(policy), &iam.RolePolicyAttachmentArgs{
			Role:      role.Name,
			PolicyArn: pulumi.String("arn:" + location.Partition + ":iam::aws:policy/" + policy),
		}, pulumi.Parent(role))
		if err != nil {
			return nil, nil, fmt.Errorf("attaching %s to the role of %q: %w", policy, name, err)
		}
		ready = append(ready, attachment)
	}
	return role, ready, nil
}

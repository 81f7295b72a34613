package config

import "slices"

// Monitoring configures alarms, notifications and tracing.
type Monitoring struct {
	// Emails are addresses that receive every alarm. AWS asks each of them to confirm.
	Emails []string `json:"emails,omitempty"`
	// Urls are HTTPS endpoints that receive every alarm. Each has to confirm the subscription.
	Urls []string `json:"urls,omitempty"`
	// Slack is a Slack channel that receives every alarm.
	Slack *Slack `json:"slack,omitempty"`
	// Teams is a Microsoft Teams channel that receives every alarm.
	Teams *Teams `json:"teams,omitempty"`
	// Alarms creates an alarm for each signal of each resource, which are charged by metric. Alarms that roll back
	// deployments are the services' own.
	Alarms bool `json:"alarms,omitempty"`
	// Thresholds change the thresholds of alarms, by area and signal, such as service.errors.
	Thresholds map[string]float64 `json:"thresholds,omitempty"`
	// Anomalies adds CloudWatch anomaly detection alarms where a fixed threshold makes no sense.
	Anomalies bool `json:"anomalies,omitempty"`
	// RequestMetrics enables S3 request metrics, which are charged per bucket.
	RequestMetrics bool `json:"requestMetrics,omitempty"`
	// LogRetentionDays is the retention of the logs of functions, databases, ECS Exec sessions, and of access logs.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
	// Tracing sends the traces of services to X-Ray, and their OpenTelemetry metrics to CloudWatch, through a collector
	// in each task. Metrics are charged by name and service.
	Tracing bool `json:"tracing,omitempty"`
}

// Slack is a channel in a workspace that the account's administrators have allowed.
type Slack struct {
	// Team is the workspace ID. An administrator has to authorize the workspace first.
	Team string `json:"team"    jsonschema:"required"`
	// Channel is the channel ID.
	Channel string `json:"channel" jsonschema:"required"`
}

// Teams is a channel of Microsoft Teams, in a team that the account's administrators have allowed.
type Teams struct {
	// Tenant is the tenant ID, a UUID.
	Tenant string `json:"tenant"  jsonschema:"required"`
	// Team is the team ID, a UUID. An administrator has to authorize the team first.
	Team string `json:"team"    jsonschema:"required"`
	// Channel is the part of the channel's link between /channel/ and the next slash, such as 19%3a...%40thread.tacv2.
	Channel string `json:"channel" jsonschema:"required"`
}

// Firewall configures AWS WAF.
type Firewall struct {
	// Enabled creates web ACLs for the load balancer and the website.
	Enabled bool `json:"enabled,omitempty"`
	// CountOnly counts matching requests instead of blocking them.
	CountOnly bool `json:"countOnly,omitempty"`
	// RequestsPerIp is the number of requests that one IP address may send in five minutes.
	RequestsPerIp int `json:"requestsPerIp,omitempty"    jsonschema:"minimum=10,maximum=2000000000"`
	// AllowCidrs are CIDR blocks whose requests are allowed before any other rule, 10,000 of a family at most.
	AllowCidrs []string `json:"allowCidrs,omitempty"`
	// DenyCidrs are CIDR blocks whose requests are blocked, as many at most.
	DenyCidrs []string `json:"denyCidrs,omitempty"`
	// DenyCountries are countries whose requests are blocked, by ISO 3166-1 code, such as KP.
	DenyCountries []string `json:"denyCountries,omitempty"`
	// Exclusions are rules of a managed rule group that only count, by the name of the group. One to know is
	// SizeRestrictions_BODY of AWSManagedRulesCommonRuleSet, which blocks bodies of more than 8 KiB.
	Exclusions map[string][]string `json:"exclusions,omitempty"`
	// LogRetentionDays is the retention of the web ACLs' logs.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
}

// Backup configures AWS Backup for the database, tables, buckets, the file system and volumes.
type Backup struct {
	// Enabled creates the backup plan and its vaults.
	Enabled bool `json:"enabled,omitempty"`
	// Rules are the rules of the backup plan, at most one per schedule.
	Rules []BackupRule `json:"rules,omitempty"`
	// Lock enables AWS Backup Vault Lock, which prevents deletion of recovery points before they expire.
	Lock bool `json:"lock,omitempty"`
	// Keepers are ARNs of IAM roles that may delete recovery points; * matches any text. Without them no role may.
	Keepers []string `json:"keepers,omitempty"`
	// ForceDelete lets destroy delete the vaults with the recovery points in them.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// RestoreTesting restores recovery points every week and validates what was restored.
	RestoreTesting bool `json:"restoreTesting,omitempty"`
}

// Copies reports whether a rule copies recovery points to the copy Region.
func (b Backup) Copies() bool {
	return slices.ContainsFunc(b.Rules, func(r BackupRule) bool { return r.CopyRetentionDays > 0 })
}

// BackupRule is one rule of the backup plan.
type BackupRule struct {
	// Schedule is how often a recovery point is created. hourly omits 02:15 and 03:15 UTC, when RDS has its own
	// windows.
	Schedule string `json:"schedule"                    jsonschema:"required,enum=hourly,enum=daily,enum=weekly,enum=monthly"`
	// RetentionDays is the retention of a recovery point.
	RetentionDays int `json:"retentionDays"               jsonschema:"required,minimum=1,maximum=36500"`
	// CopyRetentionDays is the retention of the copy in the copy Region; 0 creates no copy.
	CopyRetentionDays int `json:"copyRetentionDays,omitempty" jsonschema:"minimum=0,maximum=36500"`
}

package config

// Monitoring configures alarms, notifications and tracing.
type Monitoring struct {
	// Emails and Urls (HTTPS) hear of every alarm. AWS asks each to confirm.
	Emails []string `json:"emails,omitempty"`
	Urls   []string `json:"urls,omitempty"`
	// Slack and Teams are channels that hear of every alarm.
	Slack *Slack `json:"slack,omitempty"`
	Teams *Teams `json:"teams,omitempty"`
	// Thresholds change alarms, by area and signal, such as service.errors.
	Thresholds map[string]float64 `json:"thresholds,omitempty"`
	// Anomalies adds alarms that learn what is usual, where no fixed limit makes sense.
	Anomalies bool `json:"anomalies,omitempty"`
	// RequestMetrics has S3 count the requests to buckets and their errors, at a price for each bucket.
	RequestMetrics bool `json:"requestMetrics,omitempty"`
	// LogRetentionDays is how long the logs of functions, databases and shells, and records of requests, are kept.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
	// Tracing sends traces to X-Ray: a sidecar, permissions and environment for each service.
	Tracing bool `json:"tracing,omitempty"`
	// EncryptTraces has X-Ray use the stack's key. There is one setting for the whole account and region, so that only
	// one stack may turn it on, and it stays when the stack goes: turn it off in X-Ray before, or traces are lost with
	// the key.
	EncryptTraces bool `json:"encryptTraces,omitempty"`
}

// Slack is a channel in a workspace that the account's administrators have allowed.
type Slack struct {
	Team    string `json:"team" jsonschema:"required"`
	Channel string `json:"channel" jsonschema:"required"`
}

// Teams is a channel of Microsoft Teams, in a team that the account's administrators have allowed.
type Teams struct {
	// Tenant and Team are UUIDs.
	Tenant string `json:"tenant" jsonschema:"required"`
	Team   string `json:"team" jsonschema:"required"`
	// Channel is the part of the channel's link between /channel/ and the next slash, such as 19%3a...%40thread.tacv2.
	Channel string `json:"channel" jsonschema:"required"`
}

// Firewall configures AWS WAF.
type Firewall struct {
	// Enabled puts it in front of the load balancer and the website.
	Enabled bool `json:"enabled,omitempty"`
	// CountOnly lets everything through and counts what would be blocked.
	CountOnly bool `json:"countOnly,omitempty"`
	// RequestsPerIp is how many requests an address may make in five minutes.
	RequestsPerIp int `json:"requestsPerIp,omitempty" jsonschema:"minimum=10,maximum=2000000000"`
	// AllowCidrs pass every rule, DenyCidrs none.
	AllowCidrs []string `json:"allowCidrs,omitempty"`
	DenyCidrs  []string `json:"denyCidrs,omitempty"`
	// DenyCountries are ISO 3166-1 codes of countries from which nobody gets in, such as KP.
	DenyCountries []string `json:"denyCountries,omitempty"`
	// Exclusions are rules of a managed rule group that only count.
	Exclusions map[string][]string `json:"exclusions,omitempty"`
	// LogRetentionDays is how long its log is kept.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
}

// Backup configures AWS Backup for the database, tables, buckets, the file system and volumes.
type Backup struct {
	// Enabled turns it on.
	Enabled bool `json:"enabled,omitempty"`
	// Rules are how often, and for how long.
	Rules []BackupRule `json:"rules,omitempty"`
	// Lock keeps recovery points from being deleted before their time.
	Lock bool `json:"lock,omitempty"`
	// Keepers are the ARNs of roles that may delete recovery points; * stands for any text. With none, nobody may until
	// the vault's policy is taken away.
	Keepers []string `json:"keepers,omitempty"`
	// ForceDelete lets destroy delete the vaults while they hold recovery points, with all of them.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// RestoreTesting restores recovery points every week and looks at what comes out.
	RestoreTesting bool `json:"restoreTesting,omitempty"`
}

// BackupRule is one rule of the backup plan.
type BackupRule struct {
	// Schedule is hourly (but at 02:15 and 03:15 UTC, which are left to RDS), daily, weekly or monthly.
	Schedule string `json:"schedule" jsonschema:"required,enum=hourly,enum=daily,enum=weekly,enum=monthly"`
	// RetentionDays is how long a recovery point is kept.
	RetentionDays int `json:"retentionDays" jsonschema:"required,minimum=1,maximum=36500"`
	// CopyRetentionDays is how long its copy in the copy region is kept; 0 makes none.
	CopyRetentionDays int `json:"copyRetentionDays,omitempty" jsonschema:"minimum=0,maximum=36500"`
}

package stack

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/protection"
)

func (d *decoder) operations(project string, c *Config) {
	for i, e := range c.Exemptions {
		d.exemption(fmt.Sprintf("%s:exemptions[%d]", project, i), e)
	}
	d.monitoring(project+":monitoring", c.Monitoring)
	d.firewall(project+":firewall", c.Firewall)
	d.backup(project+":backup", c.Backup)
	if c.Backup.Enabled && c.Database != nil {
		d.windows(project, c)
	}
}

func (d *decoder) monitoring(path string, m Monitoring) {
	for i, address := range m.Emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			d.add(fmt.Sprintf("%s.emails[%d]", path, i), "%q is no e-mail address", address)
		}
	}
	for i, text := range m.Urls {
		if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" {
			d.add(fmt.Sprintf("%s.urls[%d]", path, i), "%q is no URL that begins with https://", text)
		}
	}
	d.retention(path+".logRetentionDays", m.LogRetentionDays)
	for _, key := range sortedKeys(m.Thresholds) {
		if err := monitoring.CheckThresholds(map[string]float64{key: m.Thresholds[key]}); err != nil {
			d.add(path+".thresholds."+key, "%v", err)
		}
	}
	d.distinct(path+".emails", m.Emails)
	d.distinct(path+".urls", m.Urls)
}

func (d *decoder) firewall(path string, f Firewall) {
	d.cidrs(path+".allowCidrs", f.AllowCidrs)
	d.cidrs(path+".denyCidrs", f.DenyCidrs)
	d.retention(path+".logRetentionDays", f.LogRetentionDays)
}

func (d *decoder) backup(path string, b Backup) {
	if b.Enabled && len(b.Rules) == 0 && d.sound(path+".rules") {
		d.add(path+".rules", "is empty, so that nothing would be backed up; add a rule, or set enabled: false")
	}
	d.distinctBy(path+".rules", ".schedule", each(b.Rules, func(r BackupRule) string { return r.Schedule }))
}

// windows refuses those of the database in which AWS Backup is to begin a backup that it then cannot begin.
func (d *decoder) windows(project string, c *Config) {
	collides := map[string]bool{}
	args := c.Database.args()
	for i, r := range c.Backup.Rules {
		for _, minute := range protection.Schedule(r.Schedule).Starts() {
			for _, field := range args.BackupsBlocked(minute) {
				if collides[field] {
					continue
				}
				collides[field] = true
				key := databaseKeys[field]
				d.add(project+":database."+key, "%q; AWS Backup begins no backup in it or in the hour before, and backup.rules[%d], %s, is due at %02d:%02d UTC; "+
					"use a window that keeps clear of that, such as %s", windowOf(args, field), i, r.Schedule, minute/60%24, minute%60, c.defaultOf("database."+key))
			}
		}
	}
}

func windowOf(args *data.DatabaseArgs, field string) string {
	if field == "BackupWindow" {
		return args.BackupWindow
	}
	return args.MaintenanceWindow
}

// exemption tells early what the packs would refuse.
func (d *decoder) exemption(path string, e Exemption) {
	const shortest = 10
	// A date without quotes is a point in time to YAML, which the engine hands on in words of its own.
	day := strings.TrimSuffix(strings.TrimSuffix(e.Expires, "T00:00:00Z"), " 00:00:00 +0000 UTC")
	if _, err := time.Parse(time.DateOnly, day); err != nil && e.Expires != "" {
		d.add(path+".expires", "%q; use a date such as 2027-01-31", e.Expires)
	}
	if e.Reason != "" && utf8.RuneCountInString(strings.TrimSpace(e.Reason)) < shortest {
		d.add(path+".reason", "%q; say in %d characters or more why the finding is accepted", e.Reason, shortest)
	}
	if e.Resource != "" && strings.Trim(e.Resource, "*: ") == "" {
		d.add(path+".resource", "%q; use a URN, with * for any text, that says which resource: *::database-instance", e.Resource)
	}
}

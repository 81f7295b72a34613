package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"time"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/internal/exemption"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
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

var (
	keeperArn = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}|\*):role/[\w+=,.@/*-]+$`)
)

// channels tells early what the component would refuse.
func (d *decoder) channels(path string, m Monitoring) {
	args := monitoring.NotificationsArgs{Slack: m.Slack.Args(), Teams: m.Teams.Args()}
	for _, p := range args.CheckChannels() {
		d.add(path+"."+channelKeys[p.Field], "%s", p.Message)
	}
}

// channelKeys are the keys behind the fields of the component.
var channelKeys = map[string]string{
	"Slack.TeamId": "slack.team", "Slack.ChannelId": "slack.channel",
	"Teams.TenantId": "teams.tenant", "Teams.TeamId": "teams.team", "Teams.ChannelId": "teams.channel",
}

func (d *decoder) monitoring(path string, m Monitoring) {
	for i, address := range m.Emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			d.add(fmt.Sprintf("%s.emails[%d]", path, i), "%q is not an e-mail address", address)
		}
	}
	for i, text := range m.Urls {
		if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" {
			d.add(fmt.Sprintf("%s.urls[%d]", path, i), "%q is not a URL that begins with https://", text)
		}
	}
	d.retention(path+".logRetentionDays", m.LogRetentionDays)
	for _, key := range sortedKeys(m.Thresholds) {
		if err := monitoring.CheckThresholds(map[string]float64{key: m.Thresholds[key]}); err != nil {
			d.add(path+".thresholds."+key, "%v", err)
		}
	}
	d.channels(path, m)
	d.distinct(path+".emails", m.Emails)
	d.distinct(path+".urls", m.Urls)
}

func (d *decoder) firewall(path string, f Firewall) {
	d.distinct(path+".allowCidrs", f.AllowCidrs)
	d.distinct(path+".denyCidrs", f.DenyCidrs)
	for i, code := range f.DenyCountries {
		if !grammar.Country.Match(code) {
			d.add(
				fmt.Sprintf("%s.denyCountries[%d]", path, i),
				"%q; use a code of two capital letters from ISO 3166-1, such as KP",
				code,
			)
		}
	}
	d.distinct(path+".denyCountries", f.DenyCountries)
	d.retention(path+".logRetentionDays", f.LogRetentionDays)
}

func (d *decoder) backup(path string, b Backup) {
	if b.Enabled && len(b.Rules) == 0 && d.sound(path+".rules") {
		d.add(path+".rules", "is empty, so that nothing would be backed up; add a rule, or set enabled: false")
	}
	for i, arn := range b.Keepers {
		if !keeperArn.MatchString(arn) {
			d.add(
				fmt.Sprintf("%s.keepers[%d]", path, i),
				"%q is not an ARN of an IAM role; use one such as arn:aws:iam::123456789012:role/keeper",
				arn,
			)
		}
	}
	d.distinct(path+".keepers", b.Keepers)
	d.distinctBy(path+".rules", ".schedule", each(b.Rules, func(r BackupRule) string { return r.Schedule }))
}

// windows refuses those of the database in which AWS Backup is to begin a backup that it then cannot begin.
func (d *decoder) windows(project string, c *Config) {
	collides := map[string]bool{}
	args := c.Database.Args()
	for i, r := range c.Backup.Rules {
		for _, minute := range protection.Schedule(r.Schedule).Starts() {
			for _, field := range args.BackupsBlocked(minute) {
				if collides[field] {
					continue
				}
				collides[field] = true
				key := databaseKeys[field]
				d.add(
					project+":database."+key,
					"%q; AWS Backup begins no backup in it or in the hour before, and backup.rules[%d], %s, is due "+
						"at %02d:%02d UTC; "+
						"use a window that keeps clear of that, such as %s",
					windowOf(args, field),
					i,
					r.Schedule,
					minute/60%24,
					minute%60,
					c.defaultOf("database."+key),
				)
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

// exemption refuses what the packs would refuse.
func (d *decoder) exemption(path string, e exemption.Exemption) {
	for _, p := range problem.All(e.Check(time.Now())) {
		if key := path + "." + p.Field; !d.refused(key) {
			d.add(key, "%s", p.Message)
		}
	}
}

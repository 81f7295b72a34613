package stack

import (
	"fmt"
	"net/mail"
	"net/url"

	"github.com/awslab/awslab/components/monitoring"
)

func (d *decoder) operations(project string, c *Config) {
	d.monitoring(project+":monitoring", c.Monitoring)
	d.firewall(project+":firewall", c.Firewall)
	d.backup(project+":backup", c.Backup)
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

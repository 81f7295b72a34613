package bridge

import (
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// scopeVariables returns the variables of every template.
func (p *Provider) scopeVariables() map[string]string {
	return map[string]string{
		"account":       world.Account,
		"region":        p.Region.Name,
		"partition":     p.Region.Partition(),
		"dnsSuffix":     p.Region.DNSSuffix(),
		"dhcpOptions":   p.Region.Part("dopt"),
		"s3Zone":        p.Region.S3Zone,
		"rdsZone":       p.Region.Part("rds-zone"),
		"canonicalUser": CanonicalUser,
		"awsBackupKey":  p.Region.ManagedKey("backup"),
	}
}

// CanonicalUser is the S3 canonical user id of the account: 64 hexadecimal digits.
const CanonicalUser = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

package rds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// RDS returns another apply method than was sent for what has its default, and keeps that of a value that stays.
func TestApplyMethodsAreReadBackAsRDSKeepsThem(t *testing.T) {
	group := func(family, name, value, method string) awstest.In {
		return awstest.In{
			"name":       "it",
			"family":     family,
			"parameters": []any{awstest.In{"name": name, "value": value, "applyMethod": method}},
		}
	}
	for name, c := range map[string]struct {
		sent, then awstest.In
		differs    bool
	}{
		"the default, at once":       {sent: group("postgres17", "rds.force_ssl", "1", "immediate"), differs: true},
		"the default, after a start": {sent: group("postgres17", "rds.force_ssl", "1", "pending-reboot")},
		"another family's default":   {sent: group("postgres14", "rds.force_ssl", "1", "immediate")},
		"no default":                 {sent: group("postgres17", "rds.force_ssl", "0", "immediate")},
		"another method alone": {
			sent:    group("postgres17", "log_statement", "ddl", "immediate"),
			then:    group("postgres17", "log_statement", "ddl", "pending-reboot"),
			differs: true,
		},
		"another method and value": {
			sent: group("postgres17", "log_statement", "ddl", "immediate"),
			then: group("postgres17", "log_statement", "all", "pending-reboot"),
		},
	} {
		for _, typ := range []string{token.DBParameterGroup, token.DBClusterParameters} {
			l := awstest.New(t, "us-east-1")
			made, last := l.Create(typ, "it", c.sent), c.sent
			if c.then != nil {
				made, last = l.Update(made, c.then), c.then
			}
			assert.Equal(t, c.differs, len(awstest.Details(l.DiffChecked(made, last))) > 0, "%s of %s", name, typ)
		}
	}
}

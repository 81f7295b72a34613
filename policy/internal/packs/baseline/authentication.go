package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var authentication = []rule.Rule{{
	Name:        "rds-iam-auth",
	Description: "RDS databases and proxies let users sign in with IAM, and proxies let them in no other way.",
	Severity:    rule.Medium,
	Controls:    rule.FSBP.Controls("RDS.10", "RDS.12"),
	Level:       rule.Mandatory,
	Why:         "A password that clients keep leaks, and works for whoever finds it.",
	Fix: "set iamDatabaseAuthenticationEnabled to true, and iamAuth of each of a proxy's auths to " +
		"REQUIRED.",
	Types: []string{databaseType, dbClusterType, proxyType},
	Judge: expect.ByType(map[string]expect.Judge{
		databaseType:  judgeIAMDatabase,
		dbClusterType: judgeIAMDatabase,
		proxyType:     judgeIAMProxy,
	}),
}}

// withIAM are what the engines begin with that know IAM database authentication ("Supported Regions and DB engines for
// IAM database authentication", RDS user guide; "IAM database authentication", Aurora user guide). A replica has the
// engine of its source and does not name it.
var withIAM = []string{"mariadb", "mysql", "postgres", "aurora"}

func judgeIAMDatabase(r rule.Resource, run rule.Run) rule.Verdict {
	engine, state := r.Get("engine").Text()
	if state == property.Known && !slices.ContainsFunc(withIAM, func(known string) bool {
		return strings.HasPrefix(engine, known)
	}) {
		return rule.NotApplicable("its engine has no IAM database authentication")
	}
	return expect.True("iamDatabaseAuthenticationEnabled")(r, run)
}

// judgeIAMProxy looks at each secret that a proxy signs in to the database with: it says how clients sign in as its
// user.
func judgeIAMProxy(r rule.Resource, _ rule.Run) rule.Verdict {
	auths := r.Get("auths")
	elements, state := auths.List()
	switch {
	case state == property.Absent:
		return rule.Violation(auths.Path(), "is not set")
	case state != property.Known:
		return rule.Unreadable(auths, state)
	}
	var verdict rule.Verdict
	for _, auth := range elements {
		value := auth.Get("iamAuth")
		switch text, state := value.Text(); {
		case state == property.Known && text == "REQUIRED":
		case state == property.Known || state == property.Absent:
			verdict.Violations = append(
				verdict.Violations,
				rule.Violation(value.Path(), "is not REQUIRED").Violations...,
			)
		default:
			verdict.Unjudged = append(verdict.Unjudged, rule.Unreadable(value, state).Unjudged...)
		}
	}
	return verdict
}

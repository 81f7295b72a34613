package baseline

import (
	"fmt"
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
func judgeIAMProxy(r rule.Resource, run rule.Run) rule.Verdict {
	auths := r.Get("auths")
	elements, state := auths.List()
	switch {
	case state == property.Absent:
		return rule.Violation(auths.Path(), "is not set")
	case state != property.Known:
		return rule.Unreadable(auths, state)
	}
	var judges []expect.Judge
	for i := range elements {
		judges = append(judges, expect.OneOf(fmt.Sprintf("auths[%d].iamAuth", i), "REQUIRED"))
	}
	return expect.All(judges...)(r, run)
}

package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

const iamSwitch = "iamDatabaseAuthenticationEnabled"

// signingIn returns a proxy whose secrets have these values of iamAuth.
func signingIn(values ...any) ruletest.Resource {
	auths := []any{}
	for _, value := range values {
		auths = append(auths, object{"authScheme": "SECRETS", "iamAuth": value})
	}
	return of(proxyType)(ruletest.Props{"auths": auths})
}

var authenticationCases = map[string][]ruletest.Case{"rds-iam-auth": append(
	ruletest.Switches(of(databaseType), iamSwitch, true, violation(iamSwitch)),
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "a cluster",
		Resource:  of(dbClusterType)(ruletest.Props{"engine": "aurora-postgresql", iamSwitch: false}),
		Want:      violation(iamSwitch),
	},
	ruletest.Case{
		Situation: ruletest.Passes,
		Name:      "an engine without it",
		Resource:  of(databaseType)(ruletest.Props{"engine": "oracle-se2", iamSwitch: false}),
		Want:      ruletest.NotApplicable,
	},
	ruletest.Case{
		Situation: ruletest.Unknown,
		Name:      "engine",
		Resource:  of(databaseType)(ruletest.Props{"engine": ruletest.Computed, iamSwitch: true}),
		Want:      ruletest.Pass,
	},
	ruletest.Case{
		Situation: ruletest.Passes,
		Name:      "a proxy",
		Resource:  signingIn("REQUIRED", "REQUIRED"),
		Want:      ruletest.Pass,
	},
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "a proxy with a password",
		Resource:  signingIn("REQUIRED", "DISABLED"),
		Want:      violation("auths[1].iamAuth"),
	},
	ruletest.Case{
		Situation: ruletest.Unknown,
		Name:      "way into a proxy",
		Resource:  signingIn("REQUIRED", ruletest.Computed),
		Want:      unevaluated("auths[1].iamAuth"),
	},
	ruletest.Case{
		Situation: ruletest.Unknown,
		Name:      "secrets of a proxy",
		Resource:  of(proxyType)(ruletest.Props{"auths": ruletest.Computed}),
		Want:      unevaluated("auths"),
	},
	ruletest.Case{
		Situation: ruletest.Secret,
		Name:      "way into a proxy",
		Resource:  signingIn(ruletest.Secretly("DISABLED")),
		Want:      violation("auths[0].iamAuth"),
	},
	ruletest.Case{
		Situation: ruletest.Absent,
		Name:      "way into a proxy",
		Resource:  of(proxyType)(ruletest.Props{"auths": []any{object{"authScheme": "SECRETS"}}}),
		Want:      violation("auths[0].iamAuth"),
	},
	ruletest.Case{
		Situation: ruletest.Absent,
		Name:      "secrets of a proxy",
		Resource:  of(proxyType)(ruletest.Props{}),
		Want:      violation("auths"),
	},
)}

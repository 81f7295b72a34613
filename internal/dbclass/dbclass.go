// Package dbclass knows which instance classes Amazon RDS and Amazon Aurora have ("Supported DB engines for DB instance
// classes" in the user guides of both). Which newer class a Region has is not known here.
package dbclass

import "regexp"

// auroraMemory are the families of Aurora that are not burstable: memory has to hold what other engines leave to a
// disk's cache.
const auroraMemory = `(r5|r[6-9](g|gd|i|id)|x2g)`

var (
	auroraFamily = regexp.MustCompile(`^(` + auroraMemory + `|t3|t4g)$`)
	aurora       = regexp.MustCompile(
		`^db\.(serverless|(t3|t4g)\.(medium|large)|` + auroraMemory + `\.(large|[0-9]*xlarge))$`)
	ofEC2Alone = regexp.MustCompile(
		`^db\.([a-z]+[0-9]+a[a-z]*|c[0-9][a-z]*|[a-z0-9]+-flex)\.|\.nano$|^db\.[mrx][0-9][a-z]*\.(micro|small|medium)$`)
	beforePostgres13 = regexp.MustCompile(`^db\.(t[12]|m[1-4]|r[34])\.`)
)

// HasAuroraFamily reports whether Aurora has classes of a family, such as r6gd.
func HasAuroraFamily(family string) bool { return auroraFamily.MatchString(family) }

// IsAurora reports whether Aurora has a class.
func IsAurora(class string) bool { return aurora.MatchString(class) }

// IsOfEC2Alone reports whether a class is an instance type of EC2 that RDS does not have: those of AMD, those for
// computing, and the small ones.
func IsOfEC2Alone(class string) bool { return ofEC2Alone.MatchString(class) }

// EndedBeforePostgres13 reports whether RDS has had no PostgreSQL on a class since version 13.
func EndedBeforePostgres13(class string) bool { return beforePostgres13.MatchString(class) }

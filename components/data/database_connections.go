package data

import (
	"math"
	"strconv"
	"strings"
)

// memoryOfLarge is the memory, in GiB, of the size large of the families of instance classes ("DB instance classes",
// RDS user guide): every next size has twice that of the one before.
var memoryOfLarge = map[string]float64{"c": 4, "m": 8, "r": 16, "t": 8, "x": 32}

// memory returns that of the instance class in GiB, or 0 for a class that is not known.
func (args *DatabaseArgs) memory() float64 {
	large := memoryOfLarge[args.classFamily()[:1]]
	switch size := strings.Split(args.InstanceClass, ".")[2]; size {
	case "micro":
		return large / 8
	case "small":
		return large / 4
	case "medium":
		return large / 2
	case "large":
		return large
	case "xlarge":
		return large * 2
	default:
		n, err := strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
		if err != nil {
			return 0
		}
		return large * 2 * float64(n)
	}
}

// MaxConnections returns how many connections the instance class takes by default, or 0 if that is not known. It
// follows from the default parameter groups ("Maximum number of database connections", RDS user guide; "Managing
// performance", Aurora user guides) and from the memory that is left to the database (DBInstanceClassMemory), which RDS
// does not publish: here it is a little less than what classes from db.t4g.micro to db.m7g.large have been seen to
// have, so that alarms come early rather than late. Parameters go before it.
func (args *DatabaseArgs) MaxConnections() int {
	full := args.withDefaults()
	if set, err := strconv.Atoi(full.Parameters["max_connections"]); err == nil {
		return set
	}
	if !databaseClassPattern.MatchString(full.InstanceClass) || full.memory() == 0 {
		return 0
	}
	const gib = 1 << 30
	left := (full.memory()*0.92 - 0.17) * gib
	switch {
	case full.Engine == DatabaseMySQL && full.Kind == DatabaseAurora:
		return int(max(math.Log2(left/805306368)*45, math.Log2(left/8187281408)*1000))
	case full.Engine == DatabaseMySQL:
		return int(left / 12582880)
	}
	return int(min(left/9531392, 5000))
}

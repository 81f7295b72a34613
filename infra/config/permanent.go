package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/awslab/awslab/components/data"
)

// permanence says what stands against changing a key once the stack is there: AWS would replace what it belongs to, and
// lose the data in it, or refuse in the middle of a deployment.
type permanence struct {
	// key is a path in the configuration; * stands for one name, that of an element of a list.
	key string
	// allows reports whether a change is harmless all the same. Nil means that none is.
	allows func(was, is string) bool
	// reason is what a change would do, instead what to do.
	reason, instead string
}

// ZonesKey is that of the names of the zones: those that were chosen for the stack once, if its configuration has none.
const ZonesKey = "network.zoneNames"

// On stands for what is there and has no other value.
const On = "on"

// off and none stand for what is not there.
const (
	off  = "off"
	none = "none"
	// turnedOff stands behind what was there.
	turnedOff = " (off)"
)

const (
	anotherStack    = "keep it, or make another stack and move what is in this one"
	anotherDatabase = "keep it, or take awslab:database out, bring the stack up, and put it back"
	anotherIndex    = "keep it, or take the index out, bring the stack up, and put it back"
	anotherTable    = "keep it, or add a table of another name and copy the items"
)

// permanences are in the order of the configuration. What cannot be changed is from the API references of EC2
// (ModifySubnetAttribute, ModifyVpcAttribute), RDS (ModifyDBInstance, ModifyDBCluster) and DynamoDB (UpdateTable).
var permanences = []permanence{
	{"region", nil, "everything would be made again in another region", anotherStack},
	{"copyRegion", nil, "the copies would be deleted and made again in another region", anotherStack},
	{"network.cidr", nil, "the VPC would be replaced, with everything in it", anotherStack},
	{
		"network.availabilityZones",
		grows,
		"the subnets of a zone would be deleted while databases and file systems are in them",
		"keep the number or raise it",
	},
	{
		ZonesKey,
		continues,
		"the subnets of a zone would be replaced while databases and file systems are in them",
		"begin with the same zones",
	},
	{
		"network.subnetMasks",
		nil,
		"the subnets would be replaced while databases and file systems are in them",
		anotherStack,
	},
	{"network.ipv6", turnsOn, "AWS does not take IPv6 addresses from subnets that are in use", "keep it"},
	{"database.kind", nil, "the database would be replaced, and its data lost", anotherDatabase},
	{"database.engine", nil, "the database would be replaced, and its data lost", anotherDatabase},
	{"database.version", Later, "RDS does not go back to an earlier version", "keep it or raise it"},
	{"database.name", nil, "the database would be replaced, and its data lost", anotherDatabase},
	{
		"database.storageGiB",
		growsByATenth,
		"RDS does not shrink storage, and adds a tenth to it at least",
		"keep it or raise it by a tenth",
	},
	{"tables.*.hashKey", nil, "the table would be replaced, and its items lost", anotherTable},
	{"tables.*.rangeKey", nil, "the table would be replaced, and its items lost", anotherTable},
	{"tables.*.type", nil, "DynamoDB keeps the type of an index's key", anotherIndex},
	{
		"tables.*.replicate",
		leavesReplica,
		"DynamoDB takes neither another stream nor provisioned capacity while there is a replica, which goes last",
		"set replicate to false, bring the stack up, and then change stream and capacity",
	},
	{"tables.*.timeToLive", turnsOff, "DynamoDB would go on by it", "keep it and set timeToLiveOff: true"},
}

// leavesReplica lets a table be without its replica if nothing else changes that the replica requires.
func leavesReplica(was, is string) bool { return was != On || is == off }

func grows(was, is string) bool {
	before, err := strconv.Atoi(was)
	if err != nil {
		return false
	}
	after, err := strconv.Atoi(is)
	return err == nil && after >= before
}

// growsByATenth is what RDS rounds a larger storage up to (ModifyDBInstance), which it could not go back from.
func growsByATenth(was, is string) bool {
	before, err := strconv.Atoi(was)
	return err == nil && grows(strconv.Itoa((before*11+9)/10), is)
}

// continues lets a list be longer.
func continues(was, is string) bool { return strings.HasPrefix(is+" ", was+" ") }

func turnsOn(was, _ string) bool { return was == off }

// turnsOff also allows to turn on again what was turned off.
func turnsOff(was, is string) bool {
	return was == off || strings.HasSuffix(was, turnedOff) || is == was+turnedOff
}

// Later reports whether a version is not before another. One without a minor version is as late as any of its kind.
func Later(was, is string) bool {
	before, after := strings.Split(was, "."), strings.Split(is, ".")
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			return grows(before[i], after[i])
		}
	}
	return true
}

// Permanent returns the values of what cannot change, by key.
func (c *Config) Permanent() map[string]string {
	n := c.Network
	values := map[string]string{
		"region":                    c.Region,
		"network.cidr":              n.Cidr,
		"network.availabilityZones": strconv.Itoa(n.AvailabilityZones),
		"network.subnetMasks": fmt.Sprintf(
			"public %d, app %d, data %d",
			n.SubnetMasks.Public,
			n.SubnetMasks.App,
			n.SubnetMasks.Data,
		),
		"network.ipv6": off,
	}
	if n.IPv6 {
		values["network.ipv6"] = On
	}
	if len(n.ZoneNames) > 0 {
		values[ZonesKey] = strings.Join(n.ZoneNames, " ")
	}
	if len(c.Copied()) > 0 {
		values["copyRegion"] = c.CopyRegion
	}
	if db := c.Database; db != nil {
		values["database.kind"], values["database.engine"], values["database.name"] = db.Kind, db.Engine, db.Name
		values["database.version"], values["database.storageGiB"] = db.Args().Version(), strconv.Itoa(*db.StorageGiB)
	}
	for _, t := range c.Tables {
		key := "tables." + t.Name
		values[key+".hashKey"], values[key+".rangeKey"], values[key+".timeToLive"] = t.HashKey.String(), none, off
		values[key+".replicate"] = t.replication()
		if t.RangeKey != nil {
			values[key+".rangeKey"] = t.RangeKey.String()
		}
		for _, index := range t.Indexes {
			of := key + ".indexes." + index.Name + "."
			values[of+index.HashKey.Name+".type"] = index.HashKey.Type
			if index.RangeKey != nil {
				values[of+index.RangeKey.Name+".type"] = index.RangeKey.Type
			}
		}
		switch {
		case t.TimeToLiveOff:
			values[key+".timeToLive"] = t.TimeToLive + turnedOff
		case t.TimeToLive != "":
			values[key+".timeToLive"] = t.TimeToLive
		}
	}
	return values
}

// replication says whether the table has a replica, and if not, what a replica would not allow.
func (t Table) replication() string {
	switch {
	case t.Replicate:
		return On
	case t.Capacity != nil:
		return off + ", with capacity"
	case t.Stream != "" && t.Stream != replicatedStream:
		return off + ", with stream " + t.Stream
	}
	return off
}

func (a Attribute) String() string { return a.Name + " (" + a.Type + ")" }

// CheckPermanent compares the configuration with what the stack was brought up with before. What came or went as a
// whole is not a change: it is what its owner requires, and deletion protection stands before it. Its error is a
// *Error.
func (c *Config) CheckPermanent(project string, before map[string]string) error {
	now := c.Permanent()
	var problems []Problem
	for _, key := range slices.Sorted(maps.Keys(now)) {
		was, known := before[key]
		if !known || was == now[key] {
			continue
		}
		p := permanenceOf(key)
		if p.allows != nil && p.allows(was, now[key]) {
			continue
		}
		problems = append(problems, Problem{
			Path:    project + ":" + key,
			Message: fmt.Sprintf("%s, and the stack was made with %s: %s; %s", now[key], was, p.reason, p.instead),
		})
	}
	was := before["database.version"]
	for _, reason := range c.upgradeProblems(was) {
		problems = append(problems, Problem{
			Path:    project + ":database.version",
			Message: fmt.Sprintf("%s, and the stack was made with %s: %s", now["database.version"], was, reason),
		})
	}
	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return nil
}

// CheckStorage refuses a limit below the storage that the database has grown to by itself, in GiB, as RDS does in the
// middle of an update. 0 stands for a database that there is not yet. The error is an *Error.
func (c *Config) CheckStorage(project string, allocated int) error {
	db := c.Database
	if db == nil || allocated <= max(*db.StorageGiB, *db.MaxStorageGiB) {
		return nil
	}
	return &Error{Problems: []Problem{{
		Path: project + ":database.maxStorageGiB",
		Message: fmt.Sprintf(
			"%d, and the storage has grown to %d GiB, which RDS does not shrink; use more, or set storageGiB to %[2]d",
			*db.MaxStorageGiB,
			allocated,
		),
	}}}
}

// upgradeProblems returns why the database cannot go to another major version, such as from 16 to 17 or from MySQL 8.0
// to 8.4 ("Upgrading a DB instance engine version", RDS user guide).
func (c *Config) upgradeProblems(was string) (reasons []string) {
	if c.Database == nil || was == "" {
		return nil
	}
	args := c.Database.Args()
	if !Later(was, args.Version()) || args.Family(was) == args.Family(args.Version()) {
		return nil
	}
	if args.Engine == data.DatabaseMySQL && args.Kind == data.DatabaseInstance && args.ReadReplicas > 0 {
		reasons = append(reasons, "RDS upgrades a MySQL database after its replicas only; set "+
			"database.readReplicas: 0 and bring the stack up, then upgrade, then add replicas again")
	}
	if !args.ApplyImmediately {
		reasons = append(reasons, "RDS would upgrade to another major version in the maintenance window, and until "+
			"then neither change the database nor let its parameter group be deleted; set "+
			"database.applyImmediately: true for this update")
	}
	return reasons
}

func permanenceOf(key string) permanence {
	for _, p := range permanences {
		head, tail, any := strings.Cut(p.key, "*")
		if key == p.key || any && strings.HasPrefix(key, head) && strings.HasSuffix(key, tail) {
			return p
		}
	}
	panic(key + " is not among what cannot change")
}

package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/internal/grammar"
)

// Limits of names that the configuration's become part of.
const (
	maxTableName  = 200 // a table's has 255 characters (DynamoDB API), of which project and stack take some
	maxBucketName = 20  // a bucket's has 63 (S3 user guide), of which project, stack, account and region take the rest
	maxTopicName  = 200 // a topic's has 256 (SNS API, CreateTopic), of which project and stack take some
)

// AlarmTopic is the name of the topic that every stack has for its alarms.
const AlarmTopic = "notifications"

// ownNames are those that would meet the stack's own buckets, its functions' images, or the log group of ECS Exec; and
// the ends of names that it gives to what belongs to a bucket or a service.
var (
	ownBuckets  = ownNames{[]string{"logs", "copy-logs", "website", "website-logs"}, []string{"-copy"}}
	ownServices = ownNames{[]string{"runtask", "restorecheck", "sessions"}, []string{"-copy", "-before"}}
	ownTopics   = ownNames{names: []string{AlarmTopic}}
)

type ownNames struct{ names, ends []string }

// ownName refuses a name that the stack gives to something by itself.
func (d *decoder) ownName(path, name string, all []string, own ownNames) {
	if slices.Contains(own.names, name) {
		d.add(path, "%q is the name of something that the stack makes by itself; use another", name)
	}
	for _, end := range own.ends {
		if of, ends := strings.CutSuffix(name, end); ends && slices.Contains(all, of) {
			d.add(path, "%q is the name of something that the stack makes for %q; use another", name, of)
		}
	}
}

const (
	maxIndexes       = 20 // global secondary indexes of a table ("Quotas in Amazon DynamoDB")
	replicatedStream = "NEW_AND_OLD_IMAGES"
)

func (d *decoder) data(project string, c *Config) {
	if c.Database != nil {
		d.database(project+":database", c)
	}
	d.distinctBy(project+":tables", ".name", each(c.Tables, func(t Table) string { return t.Name }))
	for i, t := range c.Tables {
		d.table(fmt.Sprintf("%s:tables[%d]", project, i), t)
	}
	buckets := each(c.Buckets, func(b Bucket) string { return b.Name })
	d.distinctBy(project+":buckets", ".name", buckets)
	for i, b := range c.Buckets {
		path := fmt.Sprintf("%s:buckets[%d].name", project, i)
		d.name(path, b.Name, maxBucketName)
		d.ownName(path, b.Name, buckets, ownBuckets)
	}
	d.distinctBy(project+":topics", ".name", each(c.Topics, func(t Topic) string { return t.Name }))
	for i, t := range c.Topics {
		path := fmt.Sprintf("%s:topics[%d].name", project, i)
		d.name(path, t.Name, maxTopicName)
		d.ownName(path, t.Name, nil, ownTopics)
	}
	mounts := func(s Service) bool { return s.Access.FileSystem != nil }
	if c.FileSystem != nil && d.sound(project+":services") && !slices.ContainsFunc(c.Services, mounts) {
		d.add(project+":fileSystem", "is mounted by no service; give one access.fileSystem, or leave it out")
	}
	if c.Website != nil {
		d.website(project+":website", *c.Website)
		if c.LoadBalancer.AccessLogs && slices.Contains(withoutEdgeLogs, c.Region) {
			d.add(
				project+":website",
				"keeps access logs, and CloudFront writes none to buckets in %s; set loadBalancer.accessLogs to "+
					"false, leave the website out, or use a region that is enabled by default, such as eu-west-1",
				c.Region,
			)
		}
	}
}

// databaseKeys are the keys behind the fields of the component, whose own check is the one that counts.
var databaseKeys = map[string]string{
	"EngineVersion":       "version",
	"InstanceClass":       "class",
	"ReadReplicas":        "readReplicas",
	"AllocatedStorage":    "storageGiB",
	"MaxAllocatedStorage": "maxStorageGiB",
	"DatabaseName":        "name",
	"BackupWindow":        "backupWindow",
	"MaintenanceWindow":   "maintenanceWindow",
}

var (
	databaseKinds = map[data.DatabaseKind]bool{
		data.DatabaseInstance:       true,
		data.DatabaseMultiAzCluster: true,
		data.DatabaseAurora:         true,
	}
	databaseEngines = map[data.DatabaseEngine]bool{data.DatabasePostgres: true, data.DatabaseMySQL: true}
)

func (d *decoder) database(path string, c *Config) {
	db := c.Database
	if !databaseKinds[data.DatabaseKind(db.Kind)] || !databaseEngines[data.DatabaseEngine(db.Engine)] {
		return // which is told already
	}
	for _, problem := range db.Args().CheckServers() {
		if key, ok := databaseKeys[problem.Field]; ok && d.sound(path+"."+key) {
			d.add(path+"."+key, "%s", problem.Message)
		}
	}
	const servers = 3
	if db.Kind == string(data.DatabaseMultiAzCluster) && c.Network.AvailabilityZones < servers {
		d.add(
			path+".kind",
			"%q has a server in each of %d zones; set network.availabilityZones to %d",
			db.Kind,
			servers,
			servers,
		)
	}
}

func (d *decoder) table(path string, t Table) {
	d.name(path+".name", t.Name, maxTableName)
	if c := t.Capacity; c != nil {
		d.within(path+".capacity.read", c.Read)
		d.within(path+".capacity.write", c.Write)
		if t.Replicate {
			d.add(path+".capacity", "is for a table without replicas; leave it out, or set replicate to false")
		}
	}
	if t.Replicate && t.Stream != "" && t.Stream != replicatedStream {
		d.add(
			path+".stream",
			"%q; a table with replicas has %s: use that, or set replicate to false",
			t.Stream,
			replicatedStream,
		)
	}
	d.tableKeys(path, t)
	if len(t.Indexes) > maxIndexes {
		d.add(path+".indexes", "%d of them; DynamoDB allows %d", len(t.Indexes), maxIndexes)
	}
	d.distinctBy(path+".indexes", ".name", each(t.Indexes, func(i Index) string { return i.Name }))
	for i, index := range t.Indexes {
		if !grammar.TableName.Match(index.Name) {
			d.add(fmt.Sprintf("%s.indexes[%d].name", path, i), "%q; use 3 to 255 letters, digits, . _ -", index.Name)
		}
	}
}

// tableKeys checks that the attributes of all keys are of one type each.
func (d *decoder) tableKeys(path string, t Table) {
	types := map[string]string{}
	keys := func(at string, hash Attribute, sort *Attribute) {
		all := map[string]Attribute{at + ".hashKey": hash}
		if sort != nil {
			all[at+".rangeKey"] = *sort
			if sort.Name == hash.Name {
				d.add(at+".rangeKey.name", "%q is the hash key too; use another attribute", sort.Name)
			}
		}
		for _, key := range sortedKeys(all) {
			a := all[key]
			if known, twice := types[a.Name]; twice && known != a.Type {
				d.add(key+".type", "%q, but attribute %q is of type %q elsewhere in the table", a.Type, a.Name, known)
			}
			types[a.Name] = a.Type
		}
	}
	keys(path, t.HashKey, t.RangeKey)
	for i, index := range t.Indexes {
		keys(fmt.Sprintf("%s.indexes[%d]", path, i), index.HashKey, index.RangeKey)
	}
	if t.TimeToLiveOff && t.TimeToLive == "" {
		d.add(path+".timeToLiveOff", "is true; name the attribute in timeToLive too")
	}
	if kind := types[t.TimeToLive]; t.TimeToLive != "" && kind != "" && kind != "N" {
		d.add(
			path+".timeToLive",
			"%q is a key of type %q; times are numbers: use another attribute",
			t.TimeToLive,
			kind,
		)
	}
}

func (d *decoder) within(path string, r Range) {
	if r.Max < r.Min && d.sound(path+".min", path+".max") {
		d.add(path+".max", "%d is less than min, %d", r.Max, r.Min)
	}
}

func (d *decoder) website(path string, w Website) {
	switch {
	case len(w.Domains) > 0 && w.CertificateArn == "":
		d.add(
			path+".certificateArn",
			"is missing; domains need one in us-east-1, where CloudFront looks for certificates",
		)
	case w.CertificateArn != "" && len(w.Domains) == 0:
		d.add(path+".domains", "is missing; say which names of the certificate lead to the website")
	case w.CertificateArn != "" && !grammar.EdgeCertificateArn.Match(w.CertificateArn):
		d.add(
			path+".certificateArn",
			"%q is not an ARN of an ACM certificate of us-east-1, where CloudFront looks for them",
			w.CertificateArn,
		)
	}
	for i, domain := range w.Domains {
		if !grammar.DomainName.Match(domain) {
			d.add(
				fmt.Sprintf("%s.domains[%d]", path, i),
				"%q is not a domain name; use one such as www.example.com",
				domain,
			)
		}
	}
	d.distinct(path+".domains", w.Domains)
}

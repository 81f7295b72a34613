package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/components/data"
)

// Limits of names that the configuration's become part of.
const (
	maxTableName  = 200 // a table's has 255 characters (DynamoDB API), of which project and stack take some
	maxBucketName = 20  // a bucket's has 63 (S3 user guide), of which project, stack, account and region take the rest
)

var (
	databaseName       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	databaseClass      = regexp.MustCompile(`^db\.[a-z0-9-]+\.[a-z0-9]+$`)
	websiteCertificate = regexp.MustCompile(`^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[A-Za-z0-9-]+$`)
)

func (d *decoder) data(project string, c *Config) {
	if c.Database != nil {
		d.database(project+":database", c)
	}
	d.distinctBy(project+":tables", ".name", each(c.Tables, func(t Table) string { return t.Name }))
	for i, t := range c.Tables {
		d.table(fmt.Sprintf("%s:tables[%d]", project, i), t)
	}
	d.distinctBy(project+":buckets", ".name", each(c.Buckets, func(b Bucket) string { return b.Name }))
	for i, b := range c.Buckets {
		d.name(fmt.Sprintf("%s:buckets[%d].name", project, i), b.Name, maxBucketName)
	}
	mounts := func(s Service) bool { return s.Access.FileSystem != nil }
	if c.FileSystem != nil && d.sound(project+":services") && !slices.ContainsFunc(c.Services, mounts) {
		d.add(project+":fileSystem", "is mounted by no service; give one access.fileSystem, or leave it out")
	}
	if c.Website != nil {
		d.website(project+":website", *c.Website)
	}
}

func (d *decoder) database(path string, c *Config) {
	db := c.Database
	if !databaseName.MatchString(db.Name) {
		d.add(path+".name", "%q; use a lower-case letter, then up to 62 of them, digits and underscores", db.Name)
	}
	if !databaseClass.MatchString(*db.Class) {
		d.add(path+".class", "%q is no instance class; use one such as db.t4g.micro", *db.Class)
	}
	switch data.DatabaseKind(db.Kind) {
	case data.DatabaseInstance:
		d.databaseInstance(path, db)
	case data.DatabaseMultiAzCluster:
		d.multiAzCluster(path, c)
	case data.DatabaseAurora:
		d.aurora(path, db)
	}
}

func (d *decoder) databaseInstance(path string, db *Database) {
	const mostReplicas = 5
	if *db.ReadReplicas > mostReplicas {
		d.add(path+".readReplicas", "%d; an instance has at most %d: use aurora for more", *db.ReadReplicas, mostReplicas)
	}
	// RDS wants room to grow by a tenth ("Managing capacity automatically with Amazon RDS storage autoscaling").
	if least := *db.StorageGiB + (*db.StorageGiB+9)/10; *db.MaxStorageGiB < least && d.sound(path+".storageGiB", path+".maxStorageGiB") {
		d.add(path+".maxStorageGiB", "%d; use %d, a tenth more than storageGiB, or more", *db.MaxStorageGiB, least)
	}
}

func (d *decoder) multiAzCluster(path string, c *Config) {
	const servers = 3
	db := c.Database
	if c.Network.AvailabilityZones < servers {
		d.add(path+".kind", "%q has a server in each of %d zones; set network.availabilityZones to %d", db.Kind, servers, servers)
	}
	if strings.HasPrefix(*db.Class, "db.t") {
		d.add(path+".class", "%q; a Multi-AZ cluster needs a class with local storage, such as db.m6gd.large", *db.Class)
	}
	if *db.ReadReplicas != 0 {
		d.add(path+".readReplicas", "%d; a Multi-AZ cluster has two readers and takes no more: leave it out, or use another kind", *db.ReadReplicas)
	}
	if *db.MaxStorageGiB != 0 {
		d.add(path+".maxStorageGiB", "%d; the storage of a Multi-AZ cluster does not grow by itself: leave it out", *db.MaxStorageGiB)
	}
}

func (d *decoder) aurora(path string, db *Database) {
	if strings.HasSuffix(*db.Class, ".micro") || strings.HasSuffix(*db.Class, ".small") {
		d.add(path+".class", "%q is too small for Aurora; use db.t4g.medium or larger", *db.Class)
	}
	for key, size := range map[string]int{"storageGiB": *db.StorageGiB, "maxStorageGiB": *db.MaxStorageGiB} {
		if size != 0 {
			d.add(path+"."+key, "%d; Aurora allocates storage by itself: leave it out", size)
		}
	}
}

func (d *decoder) table(path string, t Table) {
	d.name(path+".name", t.Name, maxTableName)
	types := map[string]string{}
	key := func(at string, a *Attribute) {
		if a == nil || a.Name == "" {
			return
		}
		if known, twice := types[a.Name]; twice && known != a.Type {
			d.add(at+".type", "%q, but attribute %q is of type %q elsewhere in the table", a.Type, a.Name, known)
		}
		types[a.Name] = a.Type
	}
	if c := t.Capacity; c != nil {
		d.within(path+".capacity.read", c.Read)
		d.within(path+".capacity.write", c.Write)
	}
	key(path+".hashKey", &t.HashKey)
	key(path+".rangeKey", t.RangeKey)
	d.distinctBy(path+".indexes", ".name", each(t.Indexes, func(i Index) string { return i.Name }))
	for i, index := range t.Indexes {
		at := fmt.Sprintf("%s.indexes[%d]", path, i)
		d.name(at+".name", index.Name, maxTableName)
		key(at+".hashKey", &index.HashKey)
		key(at+".rangeKey", index.RangeKey)
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
		d.add(path+".certificateArn", "is missing; domains need one in us-east-1, where CloudFront looks for certificates")
	case w.CertificateArn != "" && len(w.Domains) == 0:
		d.add(path+".domains", "is missing; say which names of the certificate lead to the website")
	case w.CertificateArn != "" && !websiteCertificate.MatchString(w.CertificateArn):
		d.add(path+".certificateArn", "%q is no ARN of an ACM certificate of us-east-1, where CloudFront looks for them", w.CertificateArn)
	}
	for i, domain := range w.Domains {
		if !domainName.MatchString(domain) {
			d.add(fmt.Sprintf("%s.domains[%d]", path, i), "%q is no domain name; use one such as www.example.com", domain)
		}
	}
	d.distinct(path+".domains", w.Domains)
}

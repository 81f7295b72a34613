package config

import (
	"slices"

	"github.com/awslab/awslab/components/data"
)

// Database is a relational database on RDS.
type Database struct {
	// Engine is the database engine. Changing it would replace the database and is refused.
	Engine string `json:"engine,omitempty" jsonschema:"enum=postgres,enum=mysql"`
	// Version is the engine version; by default the newest one that was tested.
	Version string `json:"version,omitempty" jsonschema:"example=17"`
	// Kind is a DB instance, a Multi-AZ DB cluster with two readable standbys, or an Aurora cluster. Changing it would
	// replace the database and is refused.
	Kind string `json:"kind,omitempty" jsonschema:"enum=instance,enum=multiAzCluster,enum=aurora"`
	// Class is the instance class. By default a Multi-AZ DB cluster has db.m6gd.large, and Aurora db.t4g.medium in dev
	// and db.r7g.large in prod.
	Class *string `json:"class,omitempty" jsonschema:"example=db.t4g.micro"`
	// MultiAz creates a standby in another Availability Zone; for Aurora, a reader.
	MultiAz bool `json:"multiAz,omitempty"`
	// ReadReplicas is the number of read replicas: up to 5, for Aurora up to 15. A Multi-AZ DB cluster has none
	// besides its standbys.
	ReadReplicas *int `json:"readReplicas,omitempty" jsonschema:"minimum=0,maximum=15"`
	// StorageGiB is the initial storage size. Aurora allocates storage itself and takes only 0.
	StorageGiB *int `json:"storageGiB,omitempty" jsonschema:"minimum=0,maximum=65536"`
	// MaxStorageGiB is the upper limit of storage autoscaling of an instance; 0 disables it. The other kinds have none.
	MaxStorageGiB *int `json:"maxStorageGiB,omitempty" jsonschema:"minimum=0,maximum=65536"`
	// Name is the name of the first database. Changing it would replace the database and is refused.
	Name string `json:"name,omitempty"`
	// BackupRetentionDays is the retention of RDS automated backups, and so the range of point-in-time recovery.
	BackupRetentionDays int `json:"backupRetentionDays,omitempty" jsonschema:"minimum=1,maximum=35"`
	// BackupWindow is the daily window of automated backups, hh:mm-hh:mm in UTC. It must keep clear of the schedules
	// of backup.rules, except for Aurora.
	BackupWindow string `json:"backupWindow,omitempty" jsonschema:"example=02:30-03:00"`
	// MaintenanceWindow is the weekly maintenance window, ddd:hh:mm-ddd:hh:mm in UTC. It must keep clear of the
	// schedules of backup.rules, except for Aurora.
	MaintenanceWindow string `json:"maintenanceWindow,omitempty" jsonschema:"example=sun:03:00-sun:03:30"`
	// ApplyImmediately makes changes of class, version and storage at once, with an interruption where they need one,
	// and not in the maintenance window.
	ApplyImmediately bool `json:"applyImmediately,omitempty"`
	// MonitoringSeconds is the interval of Enhanced Monitoring; 0 disables it.
	MonitoringSeconds int `json:"monitoringSeconds,omitempty" jsonschema:"enum=0,enum=1,enum=5,enum=10,enum=15,enum=30,enum=60"`
	// Proxy adds RDS Proxy, which pools connections and shortens failovers.
	Proxy bool `json:"proxy,omitempty"`
	// DeletionProtection prevents the deletion of the database.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// FinalSnapshot creates a snapshot when the database is deleted. deletionProtection implies it.
	FinalSnapshot bool `json:"finalSnapshot,omitempty"`
}

// complete fills in what depends on the kind. It comes before the checks.
func (db *Database) complete(c *Config) {
	kind := data.DatabaseKind(db.Kind)
	if db.Class == nil {
		class := c.defaultOf("database.class").(string)
		switch {
		case kind == data.DatabaseMultiAzCluster:
			class = "db.m6gd.large"
		case kind == data.DatabaseAurora && c.Profile == "prod":
			class = "db.r7g.large"
		case kind == data.DatabaseAurora:
			class = "db.t4g.medium"
		}
		db.Class = &class
	}
	for _, field := range []struct {
		value   **int
		key     string
		without []data.DatabaseKind
	}{
		{&db.ReadReplicas, "database.readReplicas", []data.DatabaseKind{data.DatabaseMultiAzCluster}},
		{&db.StorageGiB, "database.storageGiB", []data.DatabaseKind{data.DatabaseAurora}},
		{
			&db.MaxStorageGiB,
			"database.maxStorageGiB",
			[]data.DatabaseKind{data.DatabaseAurora, data.DatabaseMultiAzCluster},
		},
	} {
		if *field.value == nil {
			n := 0
			if !slices.Contains(field.without, kind) {
				n = c.defaultOf(field.key).(int)
			}
			*field.value = &n
		}
	}
}

// Table is a DynamoDB table.
type Table struct {
	// Name identifies the table in access. The name in AWS is <project>-<stack>-<name>.
	Name string `json:"name" jsonschema:"required"`
	// HashKey is the partition key. Changing it would replace the table and is refused.
	HashKey Attribute `json:"hashKey" jsonschema:"required"`
	// RangeKey is the sort key. Changing it would replace the table and is refused.
	RangeKey *Attribute `json:"rangeKey,omitempty"`
	// Indexes are global secondary indexes.
	Indexes []Index `json:"indexes,omitempty"`
	// TimeToLive is the attribute with the expiry time of an item, in seconds since 1970.
	TimeToLive string `json:"timeToLive,omitempty"`
	// TimeToLiveOff disables the expiry. timeToLive must still name the attribute.
	TimeToLiveOff bool `json:"timeToLiveOff,omitempty"`
	// Stream is the view type of the table's stream of changes; by default NEW_AND_OLD_IMAGES. It costs nothing until
	// it is read.
	Stream string `json:"stream,omitempty" jsonschema:"enum=KEYS_ONLY,enum=NEW_IMAGE,enum=OLD_IMAGE,enum=NEW_AND_OLD_IMAGES"`
	// Capacity selects provisioned capacity with auto scaling. Without it the table uses on-demand capacity.
	Capacity *Capacity `json:"capacity,omitempty"`
	// Replicate adds a replica in the copy Region (global table).
	Replicate bool `json:"replicate,omitempty"`
	// DeletionProtection prevents the deletion of the table.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
}

// Capacity is what a table and each of its indexes can do in a second, within ranges.
type Capacity struct {
	// Read is the range of read capacity units per second.
	Read Range `json:"read" jsonschema:"required"`
	// Write is the range of write capacity units per second.
	Write Range `json:"write" jsonschema:"required"`
	// Utilization is the target utilization of the capacity in percent. Default: 70.
	Utilization int `json:"utilization,omitempty" jsonschema:"minimum=20,maximum=90"`
}

// Range is what auto scaling stays within.
type Range struct {
	// Min is the minimum capacity.
	Min int `json:"min" jsonschema:"required,minimum=1,maximum=40000"`
	// Max is the maximum capacity.
	Max int `json:"max" jsonschema:"required,minimum=1,maximum=40000"`
}

// Attribute is a key attribute.
type Attribute struct {
	// Name is the attribute's name.
	Name string `json:"name" jsonschema:"required"`
	// Type is S (string), N (number) or B (binary).
	Type string `json:"type,omitempty" jsonschema:"enum=S,enum=N,enum=B"`
}

// Index is a global secondary index with all attributes of the table.
type Index struct {
	// Name is the index's name.
	Name string `json:"name" jsonschema:"required"`
	// HashKey is the partition key.
	HashKey Attribute `json:"hashKey" jsonschema:"required"`
	// RangeKey is the sort key.
	RangeKey *Attribute `json:"rangeKey,omitempty"`
}

// Bucket is an S3 bucket: versioned, encrypted, private, TLS only.
type Bucket struct {
	// Name identifies the bucket in access. The name in AWS is <project>-<stack>-<name>-<account>-<region>.
	Name string `json:"name" jsonschema:"required"`
	// ExpireDays is the age at which objects are deleted; 0 keeps them.
	ExpireDays int `json:"expireDays,omitempty" jsonschema:"minimum=0,maximum=36500"`
	// OldVersionDays is the time for which overwritten and deleted objects can be restored.
	OldVersionDays int `json:"oldVersionDays,omitempty" jsonschema:"minimum=1,maximum=36500"`
	// Replicate copies objects to a bucket in the copy Region.
	Replicate bool `json:"replicate,omitempty"`
	// ForceDelete lets destroy delete the bucket with the objects in it.
	ForceDelete bool `json:"forceDelete,omitempty"`
}

// Topic is an SNS topic: encrypted, TLS only. Whoever wants its messages subscribes to it outside of the stack.
type Topic struct {
	// Name identifies the topic in access. The name in AWS is <project>-<stack>-<name>. A renamed topic is a new one,
	// without the subscriptions.
	Name string `json:"name" jsonschema:"required"`
}

// FileSystem is an EFS file system.
type FileSystem struct {
	// InfrequentAccessDays is the time without access after which a file moves to Infrequent Access storage.
	InfrequentAccessDays int `json:"infrequentAccessDays,omitempty" jsonschema:"enum=1,enum=7,enum=14,enum=30,enum=60,enum=90,enum=180,enum=270,enum=365"`
	// Replicate adds a read-only copy in the copy Region.
	Replicate bool `json:"replicate,omitempty"`
	// DeletionProtection makes Pulumi refuse to delete the file system. EFS has no such setting itself.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
}

// Website is a folder of static files, served through CloudFront.
type Website struct {
	// Folder contains the files, with an index.html. It is below the folder of Pulumi.yaml.
	Folder string `json:"folder" jsonschema:"required"`
	// Domains are the website's own domain names. The certificate covers all of them.
	Domains []string `json:"domains,omitempty"`
	// CertificateArn is the ARN of an ACM certificate in us-east-1. Domains need one.
	CertificateArn string `json:"certificateArn,omitempty"`
	// PriceClass selects the CloudFront edge locations, from North America and Europe to all.
	PriceClass string `json:"priceClass,omitempty" jsonschema:"enum=PriceClass_100,enum=PriceClass_200,enum=PriceClass_All"`
}

package config

import (
	"slices"

	"github.com/awslab/awslab/components/data"
)

// Database is a relational database on RDS.
type Database struct {
	// Engine is postgres or mysql. Changing it replaces the database.
	Engine string `json:"engine,omitempty" jsonschema:"enum=postgres,enum=mysql"`
	// Version is the engine's; by default the newest that was tested.
	Version string `json:"version,omitempty" jsonschema:"example=17"`
	// Kind is instance (one, with a standby in another zone when multiAz), multiAzCluster (a writer and two readable
	// standbys) or aurora. Changing it replaces the database.
	Kind string `json:"kind,omitempty" jsonschema:"enum=instance,enum=multiAzCluster,enum=aurora"`
	// Class is the instance class. By default, a Multi-AZ cluster has db.m6gd.large, and Aurora db.t4g.medium in dev
	// and db.r7g.large in prod.
	Class *string `json:"class,omitempty" jsonschema:"example=db.t4g.micro"`
	// MultiAz keeps a standby in another zone, on Aurora a reader.
	MultiAz bool `json:"multiAz,omitempty"`
	// ReadReplicas is the number of copies that can be read from: up to 5, on Aurora up to 15. A multiAzCluster has
	// none but its standbys.
	ReadReplicas *int `json:"readReplicas,omitempty" jsonschema:"minimum=0,maximum=15"`
	// StorageGiB is the size to begin with. Aurora has none: it allocates by itself.
	StorageGiB *int `json:"storageGiB,omitempty" jsonschema:"minimum=20,maximum=65536"`
	// MaxStorageGiB is up to what the storage of an instance grows by itself; other kinds have none.
	MaxStorageGiB *int `json:"maxStorageGiB,omitempty" jsonschema:"minimum=20,maximum=65536"`
	// Name is that of the first database. Changing it replaces the database.
	Name string `json:"name,omitempty"`
	// BackupRetentionDays is how long RDS keeps its own backups, to any second of which the database can be restored.
	BackupRetentionDays int `json:"backupRetentionDays,omitempty" jsonschema:"minimum=1,maximum=35"`
	// BackupWindow is when RDS makes its own backup, hh:mm-hh:mm in UTC, and MaintenanceWindow when it may change and
	// restart servers, ddd:hh:mm-ddd:hh:mm in UTC. AWS Backup begins no backup of the database in them or in the hour
	// before, so that they have to keep clear of the schedules of backup.rules; Aurora's do not.
	BackupWindow      string `json:"backupWindow,omitempty" jsonschema:"example=02:30-03:00"`
	MaintenanceWindow string `json:"maintenanceWindow,omitempty" jsonschema:"example=sun:03:00-sun:03:30"`
	// MonitoringSeconds is the interval of enhanced monitoring; 0 turns it off.
	MonitoringSeconds int `json:"monitoringSeconds,omitempty" jsonschema:"enum=0,enum=1,enum=5,enum=10,enum=15,enum=30,enum=60"`
	// Proxy puts RDS Proxy in front, which pools connections and shortens failovers.
	Proxy bool `json:"proxy,omitempty"`
	// DeletionProtection refuses to delete the database.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// FinalSnapshot takes a last snapshot when the database is deleted, which stays when the stack goes.
	// DeletionProtection does so in any case.
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
	// Name is what services call it by in access; in AWS, project and stack go before it.
	Name string `json:"name" jsonschema:"required"`
	// HashKey and RangeKey are the primary key. Changing them replaces the table.
	HashKey  Attribute  `json:"hashKey" jsonschema:"required"`
	RangeKey *Attribute `json:"rangeKey,omitempty"`
	// Indexes are global secondary indexes.
	Indexes []Index `json:"indexes,omitempty"`
	// TimeToLive is the attribute that says, in seconds since 1970, when an item goes.
	TimeToLive string `json:"timeToLive,omitempty"`
	// TimeToLiveOff ends that. DynamoDB wants to be told the attribute's name for it.
	TimeToLiveOff bool `json:"timeToLiveOff,omitempty"`
	// Stream is what its change stream shows; by default there is none.
	Stream string `json:"stream,omitempty" jsonschema:"enum=KEYS_ONLY,enum=NEW_IMAGE,enum=OLD_IMAGE,enum=NEW_AND_OLD_IMAGES"`
	// Capacity is provisioned and scales by itself. Without it the table is paid by request.
	Capacity *Capacity `json:"capacity,omitempty"`
	// Replicate keeps a replica in the copy region.
	Replicate bool `json:"replicate,omitempty"`
	// DeletionProtection refuses to delete the table.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
}

// Capacity is what a table and each of its indexes can do in a second, within ranges.
type Capacity struct {
	// Read is in consistent reads of 4 KB.
	Read Range `json:"read" jsonschema:"required"`
	// Write is in writes of 1 KB.
	Write Range `json:"write" jsonschema:"required"`
	// Utilization is the percentage of the capacity that should be in use. Default: 70.
	Utilization int `json:"utilization,omitempty" jsonschema:"minimum=20,maximum=90"`
}

// Range is what auto scaling stays within.
type Range struct {
	Min int `json:"min" jsonschema:"required,minimum=1,maximum=40000"`
	Max int `json:"max" jsonschema:"required,minimum=1,maximum=40000"`
}

// Attribute is a key attribute.
type Attribute struct {
	Name string `json:"name" jsonschema:"required"`
	// Type is S (text), N (number) or B (bytes).
	Type string `json:"type,omitempty" jsonschema:"enum=S,enum=N,enum=B"`
}

// Index is a global secondary index with all attributes of the table.
type Index struct {
	Name     string     `json:"name" jsonschema:"required"`
	HashKey  Attribute  `json:"hashKey" jsonschema:"required"`
	RangeKey *Attribute `json:"rangeKey,omitempty"`
}

// Bucket is an S3 bucket: versioned, encrypted, private, TLS only.
type Bucket struct {
	// Name is what services call it by in access; in AWS, project, stack, account and region are in its name too.
	Name string `json:"name" jsonschema:"required"`
	// ExpireDays deletes objects after that time; 0 keeps them.
	ExpireDays int `json:"expireDays,omitempty" jsonschema:"minimum=0,maximum=36500"`
	// OldVersionDays is how long overwritten and deleted objects can be had back.
	OldVersionDays int `json:"oldVersionDays,omitempty" jsonschema:"minimum=1,maximum=36500"`
	// Replicate keeps a copy in the copy region.
	Replicate bool `json:"replicate,omitempty"`
	// ForceDelete lets destroy delete the bucket while it holds objects.
	ForceDelete bool `json:"forceDelete,omitempty"`
}

// FileSystem is an EFS file system.
type FileSystem struct {
	// InfrequentAccessDays is when files that nobody reads move to cheaper storage.
	InfrequentAccessDays int `json:"infrequentAccessDays,omitempty" jsonschema:"enum=1,enum=7,enum=14,enum=30,enum=60,enum=90,enum=180,enum=270,enum=365"`
	// Replicate keeps a read-only copy in the copy region.
	Replicate bool `json:"replicate,omitempty"`
	// DeletionProtection has Pulumi refuse to delete the file system, as EFS knows no such protection.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
}

// Website is a folder of static files, served through CloudFront.
type Website struct {
	// Folder holds the files, relative to that of Pulumi.yaml, and below it.
	Folder string `json:"folder" jsonschema:"required"`
	// Domains are names that lead to it, all in CertificateArn, an ACM certificate of us-east-1.
	Domains        []string `json:"domains,omitempty"`
	CertificateArn string   `json:"certificateArn,omitempty"`
	// PriceClass is how much of the world is near an edge.
	PriceClass string `json:"priceClass,omitempty" jsonschema:"enum=PriceClass_100,enum=PriceClass_200,enum=PriceClass_All"`
}

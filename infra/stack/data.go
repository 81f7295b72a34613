package stack

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

// Names in AWS of what keeps data, which role policies know before it exists.

func (l *lab) databaseName() string { return l.name("database") }

func (l *lab) tableName(name string) string { return l.name(name) }

func (l *lab) topicName(name string) string { return l.name(name) }

// bucketName has account and region in it, as buckets share one name space with everyone's.
func (l *lab) bucketName(name string) string { return l.bucketNameIn(name, l.location.Region) }

func (l *lab) bucketNameIn(name, region string) string {
	return names.Bucket.Fit(l.name(name, l.location.AccountId, region))
}

// backedUp returns the tags of what the backup plan takes in.
func (l *lab) backedUp() map[string]string { return l.tagged("backup", l.Stack()) }

// notBackedUp returns the tags of what can be made again, or is a copy itself.
func (l *lab) notBackedUp() map[string]string { return l.tagged("backup", "none") }

func (l *lab) tagged(key, value string) map[string]string {
	tags := map[string]string{key: value}
	for k, v := range l.tags {
		tags[k] = v
	}
	return tags
}

// logBuckets makes the bucket that load balancer and buckets write their logs to, and one for copies of buckets: S3
// logs to a bucket's own region only.
func (l *lab) logBuckets() (err error) {
	if !l.config.LoadBalancer.AccessLogs {
		return nil
	}
	args := data.LogBucketArgs{
		Location:      l.location,
		Name:          l.bucketName("logs"),
		LoadBalancers: []string{l.balancerName()},
		ExpireDays:    l.config.Monitoring.LogRetentionDays,
		ForceDestroy:  l.config.LoadBalancer.ForceDelete,
		Tags:          l.notBackedUp(),
	}
	if l.logBucket, err = data.NewLogBucket(l.Context, "logs", &args, l.providers.all); err != nil {
		return err
	}
	if !slices.ContainsFunc(l.config.Buckets, func(b config.Bucket) bool { return b.Replicate }) {
		return nil
	}
	args.Location, args.Name = l.placeIn(l.config.CopyRegion), l.bucketNameIn("logs", l.config.CopyRegion)
	args.LoadBalancers = nil
	l.copyLogBucket, err = data.NewLogBucket(l.Context, "copy-logs", &args, pulumi.Provider(l.providers.copies))
	return err
}

// websiteLogs makes the bucket that CloudFront writes its logs to. They need one of their own, with access control
// lists.
func (l *lab) websiteLogs() (pulumi.StringInput, error) {
	if !l.config.LoadBalancer.AccessLogs {
		return nil, nil
	}
	bucket, err := data.NewLogBucket(l.Context, "website-logs", &data.LogBucketArgs{
		Location:     l.location,
		Name:         l.bucketName("website-logs"),
		CloudFront:   true,
		ExpireDays:   l.config.Monitoring.LogRetentionDays,
		ForceDestroy: l.config.LoadBalancer.ForceDelete,
		Tags:         l.notBackedUp(),
	}, l.providers.all)
	if err != nil {
		return nil, err
	}
	return bucket.DomainName, nil
}

// logBucketName is nil when nothing is logged there.
func (l *lab) logBucketName() pulumi.StringInput { return nameOf(l.logBucket) }

func nameOf(bucket *data.Bucket) pulumi.StringInput {
	if bucket == nil {
		return nil
	}
	return bucket.BucketName
}

func (l *lab) tables() error {
	l.tableArns = pulumi.StringMap{}
	for _, t := range l.config.Tables {
		args := t.Args()
		args.Location = l.location
		args.Name = l.tableName(t.Name)
		args.KmsKeyArn = l.keys.data.Arn
		args.Tags = l.backedUp()
		if t.Replicate {
			args.Replicas = []data.Replica{{Region: l.config.CopyRegion, KmsKeyArn: l.keys.copies.Arn}}
		}
		table, err := data.NewTable(l.Context, t.Name, args, l.providers.all)
		if err != nil {
			return err
		}
		l.tableArns[t.Name] = table.Arn
	}
	return nil
}

func (l *lab) buckets() error {
	l.bucketNames = pulumi.StringMap{}
	for _, b := range l.config.Buckets {
		args := b.Args()
		args.Location, args.Name, args.Tags = l.location, l.bucketName(b.Name), l.backedUp()
		args.KmsKeyArn, args.KeyAlias = l.keys.data.Arn, l.keys.data.Alias
		args.RequestMetrics, args.LogBucket = l.config.Monitoring.RequestMetrics, l.logBucketName()
		args.PermissionsBoundary = l.config.PermissionsBoundary
		if b.Replicate {
			args.Copy = &data.BucketCopy{
				Location:  l.placeIn(l.config.CopyRegion),
				Provider:  l.providers.copies,
				Name:      l.bucketNameIn(b.Name, l.config.CopyRegion),
				KmsKeyArn: l.keys.copies.Arn,
				KeyAlias:  l.keys.copies.Alias,
				RoleName:  l.name(b.Name, "replication"),
				LogBucket: nameOf(l.copyLogBucket),
				Tags:      l.notBackedUp(),
			}
		}
		bucket, err := data.NewBucket(l.Context, b.Name, args, l.providers.all)
		if err != nil {
			return err
		}
		l.bucketNames[b.Name] = bucket.BucketName
	}
	return nil
}

func (l *lab) topics() error {
	l.topicArns = pulumi.StringMap{}
	for _, t := range l.config.Topics {
		topic, err := data.NewTopic(l.Context, t.Name, &data.TopicArgs{
			Location:  l.location,
			Name:      l.topicName(t.Name),
			KmsKeyArn: l.keys.data.Arn,
			Tags:      l.tags,
		}, l.providers.all)
		if err != nil {
			return err
		}
		l.topicArns[t.Name] = topic.TopicArn
	}
	return nil
}

func (l *lab) fileSystems() (err error) {
	if l.config.FileSystem == nil {
		return nil
	}
	args := &data.FileSystemArgs{
		Location:             l.location,
		Name:                 l.name("files"),
		VpcId:                l.vpc.VpcId,
		SubnetIds:            l.vpc.SubnetIdByZone(network.Data),
		AccessPoints:         map[string]data.AccessPoint{},
		KmsKeyArn:            l.keys.data.Arn,
		InfrequentAccessDays: l.config.FileSystem.InfrequentAccessDays,
		NoAutomaticBackups:   l.config.Backup.Enabled,
		DeletionProtection:   l.config.FileSystem.DeletionProtection,
		Tags:                 l.backedUp(),
	}
	for _, s := range l.config.Services {
		if mount := s.Access.FileSystem; mount != nil {
			args.AccessPoints[s.Name] = data.AccessPoint{Path: "/" + cmp.Or(mount.Folder, s.Name)}
			args.Clients = append(args.Clients, data.FileSystemClient{
				RoleArn: l.location.RoleArn("", l.role(s.Name, "task").Name),
				Role:    l.roles[s.Name].task,
				Mode:    identity.Mode(mount.Mode),
			})
			if s.SetsUpDatabase() {
				args.Clients = append(args.Clients, data.FileSystemClient{
					RoleArn: l.location.RoleArn("", l.role(s.Name, "before").Name),
					Role:    l.roles[s.Name].before,
					Mode:    identity.Mode(mount.Mode),
				})
			}
		}
	}
	args.Clients = append(args.Clients, l.leavingClients()...)
	if l.config.FileSystem.Replicate {
		args.Copy = &data.FileSystemCopy{
			Location:  l.placeIn(l.config.CopyRegion),
			Provider:  l.providers.copies,
			KmsKeyArn: l.keys.copies.Arn,
			Tags:      l.notBackedUp(),
		}
	}
	if l.fileSystem, err = data.NewFileSystem(l.Context, "files", args, l.providers.all); err != nil {
		return err
	}
	l.fileClients, err = l.newClients("files", "files", network.Port(data.NfsPort), l.fileSystem.SecurityGroupId)
	return err
}

func (l *lab) websites() (err error) {
	w := l.config.Website
	if w == nil {
		return nil
	}
	args := w.Args(l.root)
	args.Location = l.location
	args.Name, args.BucketName = l.name("website"), l.bucketName("website")
	args.LogBucket = l.logBucketName()
	args.ForceDestroy = true
	args.Tags = l.notBackedUp()
	if args.AccessLogDomain, err = l.websiteLogs(); err != nil {
		return err
	}
	if l.edgeAcl != nil {
		args.WebAclArn = l.edgeAcl.Arn
	}
	l.website, err = data.NewWebsite(l.Context, "website", args, l.providers.all)
	return err
}

// databaseArgs are as much of the database as is known before anything is created.
func (l *lab) databaseArgs() *data.DatabaseArgs {
	db := l.config.Database
	args := db.Args()
	args.Location, args.Identifier, args.ParameterPath = l.location, l.databaseName(), l.databasePath()
	args.Users, args.UserTags = l.databaseUsers(), l.notBackedUp()
	args.KeyAlias, args.KmsKeyArn = l.keys.data.Alias, l.keys.data.Arn
	args.EngineVersion, args.KeepVersion, args.ReplicaVersion = l.databaseVersion(), l.keepsVersion(), l.replicaVersion
	args.SourceStorage = l.sourceStorage()
	args.ReplicasBefore, _ = l.replicasBefore()
	args.SkipFinalSnapshot = !l.leavesSnapshot()
	if l.leavesSnapshot() {
		args.FinalSnapshotSuffix = l.finalSnapshotSuffix(args.Kind)
	}
	args.LogRetentionDays, args.LogKmsKeyArn = l.config.Monitoring.LogRetentionDays, l.keys.logs.Arn
	args.PermissionsBoundary, args.Tags = l.config.PermissionsBoundary, l.backedUp()
	return args
}

func (l *lab) databases() (err error) {
	if l.config.Database == nil {
		return nil
	}
	args := l.databaseArgs()
	args.SubnetIds, args.EventTopicArn = l.vpc.DataSubnetIds, l.notifications.TopicArn
	args.SecurityGroupIds = pulumi.StringArray{l.vpc.DatabaseSecurityGroupId}
	called, entry := "database", l.vpc.DatabaseSecurityGroupId
	port := network.Port(l.config.Database.Port())
	if l.proxied() {
		called = "database-proxy"
		if args.Proxy, entry, err = l.databaseProxy(); err != nil {
			return err
		}
		if slices.ContainsFunc(l.config.Services, config.Service.SetsUpDatabase) {
			l.setupClients, err = l.newClients("database-setup", "database", port, l.vpc.DatabaseSecurityGroupId)
			if err != nil {
				return err
			}
		}
	}
	if l.database, err = data.NewDatabase(l.Context, "database", args, l.providers.all); err != nil {
		return err
	}
	l.databaseClients, err = l.newClients("database", called, port, entry)
	return err
}

// proxied reports whether a proxy stands before the database. It is made for the users of services, and not without.
func (l *lab) proxied() bool { return l.config.Database.Proxy && len(l.databaseUsers()) > 0 }

// databaseUsers returns those that services sign in as.
func (l *lab) databaseUsers() []string {
	var users []string
	for _, s := range l.config.Services {
		if s.Access.Database {
			users = append(users, names.DatabaseUser(s.Name))
		}
	}
	return users
}

// databasePath begins the names of the parameters. Systems Manager keeps names for itself that begin with aws.
func (l *lab) databasePath() string { return "/databases/" + l.databaseName() }

func (l *lab) databaseParameter(says data.DatabaseParameter) string {
	return l.databasePath() + "/" + string(says)
}

// databaseParameters returns the names of the parameters that tell a service's code where the database is, by the
// variables. ECS reads them.
func (l *lab) databaseParameters() map[string]string {
	parameters := map[string]string{"DATABASE_HOST": l.databaseParameter(data.DatabaseHost)}
	if !l.proxied() {
		parameters["DATABASE_READER_HOST"] = l.databaseParameter(data.DatabaseReaderHost)
	}
	return parameters
}

// setupParameters returns those that tell the tasks that set up the database how to sign in as the master user.
func (l *lab) setupParameters() map[string]string {
	host := data.DatabaseHost
	if l.proxied() {
		host = data.DatabaseServerHost
	}
	return map[string]string{
		"DATABASE_ADMIN_HOST":       l.databaseParameter(host),
		"DATABASE_ADMIN_SECRET_ARN": l.databaseParameter(data.DatabaseSecretArn),
	}
}

// setup returns what the tasks have that set up the database, or nil. The service itself has no way to the master user.
func (l *lab) setup(s config.Service) *compute.BeforeTask {
	if !s.SetsUpDatabase() {
		return nil
	}
	setup := &compute.BeforeTask{
		TaskRoleArn: l.roles[s.Name].before.Arn,
		Environment: pulumi.StringMap{},
		Secrets:     l.parameterArns(l.setupParameters()),
	}
	if l.proxied() {
		setup.Environment["DATABASE_USER_SECRET_ARN"] = pulumi.String(
			l.location.Arn("secretsmanager", "secret:"+l.databaseUserSecret(s)),
		)
		setup.SecurityGroupIds = pulumi.StringArray{l.setupClients.group}
		setup.Ready = l.setupClients.connection
	}
	return setup
}

// databaseUserSecret returns the name of the secret with the password of the service's user, or "" without a proxy.
func (l *lab) databaseUserSecret(s config.Service) string {
	if !l.proxied() {
		return ""
	}
	return l.databaseArgs().UserSecretName(names.DatabaseUser(s.Name))
}

// databaseProxy returns what services call instead of the database.
func (l *lab) databaseProxy() (*data.DatabaseProxy, pulumi.StringOutput, error) {
	port := network.Port(l.config.Database.Port())
	group, err := network.NewSecurityGroup(l.Context, "database-proxy", &network.SecurityGroupArgs{
		VpcId:       l.vpc.VpcId,
		Description: "RDS Proxy: called by the services that have access, calls the database",
		Tags:        l.tags,
	}, l.providers.all)
	if err != nil {
		return nil, pulumi.StringOutput{}, err
	}
	if _, err := network.NewConnection(l.Context, "database-proxy-to-database", &network.ConnectionArgs{
		FromSecurityGroupId: group.SecurityGroupId,
		ToSecurityGroupId:   l.vpc.DatabaseSecurityGroupId,
		Ports:               port,
		Description:         "RDS Proxy to the database",
	}, l.providers.all); err != nil {
		return nil, pulumi.StringOutput{}, fmt.Errorf("connecting the proxy with the database: %w", err)
	}
	proxy := &data.DatabaseProxy{SecurityGroupIds: pulumi.StringArray{group.SecurityGroupId}}
	return proxy, group.SecurityGroupId, nil
}

// databaseHost returns the proxy's, if there is one.
func (l *lab) databaseHost() pulumi.StringOutput {
	if l.proxied() {
		return l.database.ProxyEndpoint
	}
	return l.database.Endpoint
}

package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/internal/grammar"
)

// What the configuration says of the components' arguments. The rest depends on what is created before.

// VpcArgs returns what the configuration says of the VPC.
func (c *Config) VpcArgs(zones []string) *network.VpcArgs {
	n := c.Network
	return &network.VpcArgs{
		AvailabilityZones: zones,
		CidrBlock:         n.Cidr,
		SubnetMasks: network.SubnetMasks{
			Public: n.SubnetMasks.Public,
			App:    n.SubnetMasks.App,
			Data:   n.SubnetMasks.Data,
		},
		NatGateways:        network.NatGateways(n.NatGateways),
		Ports:              c.ports(),
		ClientCidrs:        c.clientCidrs(),
		InterfaceEndpoints: n.InterfaceEndpoints,
		Ipv6:               n.IPv6,
		FlowLogs:           network.FlowLogs{RetentionInDays: n.FlowLogRetentionDays},

		PermissionsBoundary: c.PermissionsBoundary,
	}
}

// clientCidrs is empty for everyone, over IPv6 too where there is any.
func (c *Config) clientCidrs() []string {
	if cidrs := c.LoadBalancer.ClientCidrs; !slices.Equal(cidrs, []string{"0.0.0.0/0"}) {
		return cidrs
	}
	return nil
}

// ports returns what the network has to let through.
func (c *Config) ports() network.Ports {
	ports := network.Ports{Listeners: []network.PortRange{network.Port(80)}, Data: c.DataPorts()}
	if c.LoadBalancer.HTTPS() {
		ports.Listeners = append(ports.Listeners, network.Port(443))
	}
	for _, port := range c.Network.EgressPorts {
		ports.Internet = append(ports.Internet, network.Port(port))
	}
	return ports
}

// DataPorts returns the ports on which tasks reach what is in the data subnets.
func (c *Config) DataPorts() []network.PortRange {
	var ports []network.PortRange
	if c.Database != nil {
		ports = append(ports, network.Port(c.Database.Port()))
	}
	if c.FileSystem != nil {
		ports = append(ports, network.Port(data.NfsPort))
	}
	return ports
}

// Args returns what the configuration says of the database.
func (db *Database) Args() *data.DatabaseArgs {
	return &data.DatabaseArgs{
		Kind:                data.DatabaseKind(db.Kind),
		Engine:              data.DatabaseEngine(db.Engine),
		EngineVersion:       db.Version,
		InstanceClass:       *db.Class,
		MultiAz:             db.MultiAz,
		ReadReplicas:        *db.ReadReplicas,
		AllocatedStorage:    *db.StorageGiB,
		MaxAllocatedStorage: *db.MaxStorageGiB,
		DatabaseName:        db.Name,
		BackupRetentionDays: db.BackupRetentionDays,
		BackupWindow:        db.BackupWindow,
		MaintenanceWindow:   db.MaintenanceWindow,
		ApplyImmediately:    db.ApplyImmediately,
		DeletionProtection:  db.DeletionProtection,
		MonitoringSeconds:   db.MonitoringSeconds,
		// A change of the version needs it; an earlier version is refused before.
		AllowMajorVersionUpgrade: true,
	}
}

// Port returns the engine's.
func (db *Database) Port() int {
	if db.Engine == string(data.DatabaseMySQL) {
		return 3306
	}
	return 5432
}

// HTTPS reports whether there is a certificate.
func (b LoadBalancer) HTTPS() bool { return b.CertificateArn != "" || b.Domain != "" }

// Hosts returns the host names of services, besides the load balancer's own, in its zone: those that the stack leads to
// the load balancer and has a certificate for.
func (c *Config) Hosts() []string {
	var hosts []string
	for _, s := range c.Services {
		if host := s.Route().Normal().Host; c.LoadBalancer.holds(host) && host != c.LoadBalancer.Domain {
			hosts = append(hosts, host)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(hosts)))
}

// holds reports whether a host lies in the zone, and is one that can be in a certificate.
func (b LoadBalancer) holds(host string) bool {
	return b.inZone(host) && grammar.DomainPattern.Match(host)
}

func (b LoadBalancer) inZone(host string) bool {
	return b.Zone != "" && (host == b.Zone || strings.HasSuffix(host, "."+b.Zone))
}

// Route returns what leads to the service.
func (s Service) Route() compute.Route {
	return compute.Route{Host: s.Host, Path: s.Path, Priority: s.Priority}
}

// Public reports whether the load balancer leads to the service.
func (s Service) Public() bool { return s.Port != 0 && !s.Internal }

// routed reports whether the configuration says which requests the load balancer sends to the service.
func (s Service) routed() bool { return s.Path != "" || s.Host != "" }

// Port returns the port of a service.
func (c *Config) Port(service string) int {
	i := slices.IndexFunc(c.Services, func(s Service) bool { return s.Name == service })
	return c.Services[i].Port
}

// Args returns what the configuration says of the service by itself, and what tracing adds to its tasks.
func (s Service) Args(tracing bool) *compute.ServiceArgs {
	args := &compute.ServiceArgs{
		Route:            s.Route(),
		Port:             s.Port,
		Internal:         s.Internal,
		CPU:              s.CPU,
		Memory:           s.Memory,
		Architecture:     s.Architecture,
		DesiredCount:     *s.DesiredCount,
		Scaling:          scaling(s),
		Health:           health(s),
		Deployment:       deployment(s),
		Before:           taskRuns(s.Before),
		After:            taskRuns(s.After),
		ExecuteCommand:   s.Exec,
		Volumes:          s.volumes(),
		ScratchPaths:     s.ScratchPaths,
		LogRetentionDays: s.LogRetentionDays,
	}
	if tracing {
		args.Tracing = &compute.Tracing{}
	}
	return args
}

// programDir is Pulumi.yaml's main: the folder of the program, in which the engine also runs the providers.
const programDir = "infra"

// ImageArgs returns what the configuration says of an image that is built, whose context is below root.
func (i Image) ImageArgs(root, architecture string) *images.ImageArgs {
	return &images.ImageArgs{
		Context:      filepath.Join(root, i.Context),
		ProgramDir:   filepath.Join(root, programDir),
		Dockerfile:   i.Dockerfile,
		Target:       i.Target,
		Args:         i.Args,
		Architecture: architecture,
	}
}

// AccessVariables returns the names of the environment variables whose values follow from access, sorted. Their values
// exist in a deployed stack only. Behind a proxy there is no DATABASE_READER_HOST.
func (s Service) AccessVariables() []string {
	var names []string
	for _, g := range s.Access.Tables {
		names = append(names, Variable("TABLE", g.Name))
	}
	for _, g := range s.Access.Buckets {
		names = append(names, Variable("BUCKET", g.Name))
	}
	for _, q := range s.Access.Queues {
		names = append(names, Variable("QUEUE", q.Name)+"_URL")
	}
	for _, name := range s.Access.Topics {
		names = append(names, Variable("TOPIC", name)+"_ARN")
	}
	if s.Access.Database {
		names = append(names, "DATABASE_AUTH", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_PORT",
			"DATABASE_READER_HOST", "DATABASE_USER")
	}
	for _, name := range s.Access.Services {
		names = append(names, Variable("SERVICE", name)+"_URL")
	}
	slices.Sort(names)
	return names
}

// DeployedVariables returns the names of the environment variables whose values only the deployment knows, sorted:
// those of access and secrets, and those of environment that the stack's file has encrypted.
func (s Service) DeployedVariables() []string {
	names := slices.DeleteFunc(s.AccessVariables(), func(name string) bool {
		_, given := s.Environment[name]
		return given // environment goes before access
	})
	names = slices.AppendSeq(names, maps.Keys(s.Secrets))
	for name, value := range s.Environment {
		if value == Encrypted {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// SetsUpDatabase reports whether tasks before the service's deployments set up the database for it.
func (s Service) SetsUpDatabase() bool { return s.Access.Database && len(s.Before) > 0 }

// volumes returns the service's own folder of the file system, if it mounts it.
func (s Service) volumes() []compute.Volume {
	mount := s.Access.FileSystem
	if mount == nil {
		return nil
	}
	return []compute.Volume{{Name: "files", Path: mount.Path, ReadOnly: mount.Mode == "read"}}
}

// Args returns what the configuration says of the table.
func (t Table) Args() *data.TableArgs {
	args := &data.TableArgs{
		HashKey:            data.Attribute(t.HashKey),
		RangeKey:           (*data.Attribute)(t.RangeKey),
		TimeToLive:         t.TimeToLive,
		TimeToLiveOff:      t.TimeToLiveOff,
		Stream:             t.Stream,
		DeletionProtection: t.DeletionProtection,
	}
	if c := t.Capacity; c != nil {
		args.Capacity = &data.Capacity{
			Read:        data.CapacityRange(c.Read),
			Write:       data.CapacityRange(c.Write),
			Utilization: c.Utilization,
		}
	}
	for _, i := range t.Indexes {
		args.Indexes = append(args.Indexes, data.Index{
			Name: i.Name, HashKey: data.Attribute(i.HashKey), RangeKey: (*data.Attribute)(i.RangeKey),
		})
	}
	return args
}

// Args returns what the configuration says of the bucket.
func (b Bucket) Args() *data.BucketArgs {
	return &data.BucketArgs{ExpireDays: b.ExpireDays, OldVersionDays: b.OldVersionDays, ForceDestroy: b.ForceDelete}
}

// Args returns what the configuration says of the website, whose folder is below root.
func (w Website) Args(root string) *data.WebsiteArgs {
	return &data.WebsiteArgs{
		Folder:         filepath.Join(root, w.Folder),
		Domains:        w.Domains,
		CertificateArn: w.CertificateArn,
		PriceClass:     w.PriceClass,
	}
}

// Args returns what the configuration says of the firewall.
func (f Firewall) Args() protection.WebAclArgs {
	return protection.WebAclArgs{
		AllowCidrs:       f.AllowCidrs,
		DenyCidrs:        f.DenyCidrs,
		DenyCountries:    f.DenyCountries,
		RequestsPerIp:    f.RequestsPerIp,
		Exclusions:       f.Exclusions,
		CountOnly:        f.CountOnly,
		LogRetentionDays: f.LogRetentionDays,
	}
}

// Args returns what the configuration says of the load balancer by itself.
func (b LoadBalancer) Args() *compute.LoadBalancerArgs {
	return &compute.LoadBalancerArgs{
		Domain:             b.Domain,
		DeletionProtection: b.DeletionProtection,
		IdleTimeout:        b.IdleTimeoutSeconds,
		HstsDays:           b.HstsDays,
	}
}

func deployment(s Service) compute.Deployment {
	return compute.Deployment{
		MinimumHealthyPercent: s.Deployment.MinimumPercent,
		MaximumPercent:        s.Deployment.MaximumPercent,
		Alarms:                s.RollbackAlarms,
		ServerErrors:          *s.RollbackErrors,
	}
}

func scaling(s Service) *compute.Scaling {
	if s.Scaling == nil {
		return nil
	}
	scaling := &compute.Scaling{Min: s.Scaling.Min, Max: s.Scaling.Max, CPU: s.Scaling.CPU, Memory: s.Scaling.Memory,
		RequestsPerTarget: s.Scaling.RequestsPerTarget,
		ScaleOutCooldown:  s.Scaling.ScaleOutCooldownSeconds,
		ScaleInCooldown:   s.Scaling.ScaleInCooldownSeconds,
	}
	for _, schedule := range s.Scaling.Schedules {
		scaling.Schedules = append(scaling.Schedules, compute.Schedule{
			Name:       schedule.Name,
			Expression: schedule.At,
			Timezone:   schedule.TimeZone,
			Min:        schedule.Min,
			Max:        schedule.Max,
		})
	}
	return scaling
}

func health(s Service) compute.Health {
	h := s.HealthCheck
	return compute.Health{
		Path:     h.Path,
		Interval: h.IntervalSeconds,
		Timeout:  h.TimeoutSeconds,
		Grace:    h.GraceSeconds,
		Command:  h.Command,
	}
}

func taskRuns(tasks []Task) []compute.TaskRun {
	var runs []compute.TaskRun
	for _, t := range tasks {
		runs = append(runs, compute.TaskRun{Name: t.Name, Command: t.Command, Timeout: t.TimeoutSeconds})
	}
	return runs
}

// Variable returns part of an environment variable's name; FIFO queues have a dot in theirs.
func Variable(kind, name string) string {
	return kind + "_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

// Args returns nil for none.
func (s *Slack) Args() *monitoring.Slack {
	if s == nil {
		return nil
	}
	return &monitoring.Slack{TeamId: s.Team, ChannelId: s.Channel}
}

// Args returns nil for none.
func (t *Teams) Args() *monitoring.Teams {
	if t == nil {
		return nil
	}
	return &monitoring.Teams{TenantId: t.Tenant, TeamId: t.Team, ChannelId: t.Channel}
}

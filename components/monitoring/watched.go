package monitoring

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Watched is what is watched, by the names that AWS knows it by.
type Watched struct {
	// ClusterName is that of the ECS cluster of the services.
	ClusterName  string
	Services     []Service
	LoadBalancer *LoadBalancer
	Database     *Database
	Tables       []string           // DynamoDB tables
	FileSystem   pulumi.StringInput // id of an EFS file system; nil for none
	Functions    []string           // Lambda functions
	WebAcl       string             // name of a regional web ACL
	ScalingGroup string             // Auto Scaling group of the cluster
}

// Service is a service of ECS.
type Service struct {
	// Name is short, and ServiceName is the service's in ECS.
	Name, ServiceName string
	// LogGroup is where its containers write JSON lines with a level.
	LogGroup pulumi.StringInput
	// TargetGroup is the ARN suffix of its target group; nil for a service that the load balancer does not reach.
	TargetGroup pulumi.StringInput
	// Objectives are none when all are 0.
	Objectives Objectives
}

// LoadBalancer is an application load balancer.
type LoadBalancer struct{ ArnSuffix pulumi.StringInput }

// Database is a database of RDS.
type Database struct {
	// Instances are the identifiers of its instances, the writer first.
	Instances []string
	// StorageGiB is its size; 0 if it grows without limit.
	StorageGiB int
}

// subject is one thing that signals are about.
type subject struct {
	// name is unique among the subjects of its area.
	name       string
	dimensions pulumi.StringMap
}

// subjects are the things of each area.
func (w Watched) subjects() map[string][]subject {
	all := map[string][]subject{}
	add := func(area, name string, dimensions pulumi.StringMap) {
		all[area] = append(all[area], subject{name, dimensions})
	}
	for _, s := range w.Services {
		add("service", s.Name, pulumi.StringMap{"ClusterName": pulumi.String(w.ClusterName), "ServiceName": pulumi.String(s.ServiceName)})
		if s.TargetGroup != nil && w.LoadBalancer != nil {
			add("target", s.Name, pulumi.StringMap{"TargetGroup": s.TargetGroup, "LoadBalancer": w.LoadBalancer.ArnSuffix})
		}
	}
	if w.LoadBalancer != nil {
		add("loadBalancer", "load-balancer", pulumi.StringMap{"LoadBalancer": w.LoadBalancer.ArnSuffix})
	}
	if w.Database != nil {
		for i, instance := range w.Database.Instances {
			dimensions := pulumi.StringMap{"DBInstanceIdentifier": pulumi.String(instance)}
			add("database", instance, dimensions)
			if i > 0 {
				add("replica", instance, dimensions)
			}
		}
	}
	for _, table := range w.Tables {
		add("table", table, pulumi.StringMap{"TableName": pulumi.String(table)})
	}
	if w.FileSystem != nil {
		add("fileSystem", "file-system", pulumi.StringMap{"FileSystemId": w.FileSystem})
	}
	for _, function := range w.Functions {
		add("function", function, pulumi.StringMap{"FunctionName": pulumi.String(function)})
	}
	if w.WebAcl != "" {
		add("firewall", w.WebAcl, pulumi.StringMap{"WebACL": pulumi.String(w.WebAcl), "Rule": pulumi.String("ALL")})
	}
	if w.ScalingGroup != "" {
		add("instances", w.ScalingGroup, pulumi.StringMap{"AutoScalingGroupName": pulumi.String(w.ScalingGroup)})
	}
	return all
}

func (w Watched) validate() error {
	if len(w.Services) > 0 && w.ClusterName == "" {
		return errors.New("Watched.ClusterName: missing; say in which cluster the services are")
	}
	return nil
}

package stack

import (
	"fmt"
	"path/filepath"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/network"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-awsx/sdk/v2/go/awsx"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// This file turns configuration into what the components take: providers, names, and their arguments.

// providers makes every provider explicit, so that nothing lands in a region or account by accident, and finds out
// where the stack is.
func (l *lab) providers() error {
	l.tags = map[string]string{"Project": l.Project(), "Stack": l.Stack(), "ManagedBy": "pulumi"}
	inRegion, err := aws.NewProvider(l.Context, "aws", &aws.ProviderArgs{
		Region:      pulumi.String(l.config.Region),
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(l.tags)},
	})
	if err != nil {
		return fmt.Errorf("making the aws provider: %w", err)
	}
	crosswalk, err := awsx.NewProvider(l.Context, "awsx", &awsx.ProviderArgs{})
	if err != nil {
		return fmt.Errorf("making the awsx provider: %w", err)
	}
	engine, err := docker.NewProvider(l.Context, "docker", &docker.ProviderArgs{})
	if err != nil {
		return fmt.Errorf("making the docker provider: %w", err)
	}
	l.aws = pulumi.Providers(inRegion, crosswalk, engine)
	l.regional = pulumi.Provider(inRegion)

	identityOf, err := aws.GetCallerIdentity(l.Context, nil, l.invoke())
	if err != nil {
		return fmt.Errorf("finding the account: %w", err)
	}
	partition, err := aws.GetPartition(l.Context, nil, l.invoke())
	if err != nil {
		return fmt.Errorf("finding the partition: %w", err)
	}
	l.place = identity.Place{Partition: partition.Partition, Region: l.config.Region, AccountId: identityOf.AccountId}
	return nil
}

func (l *lab) invoke() pulumi.InvokeOption { return l.regional }

// name is what something is called in AWS. It is deterministic, so that IAM documents are known in preview.
func (l *lab) name(parts ...string) string { return identity.PhysicalName(l.Context, parts...) }

func (l *lab) repository(s Service) string { return l.name(s.Name) }

// repositories are those in ECR that the service's image comes from, so that its execution role may pull from them.
func (l *lab) repositories(s Service) ([]string, error) {
	if s.Image.URI == "" {
		return []string{l.repository(s)}, nil
	}
	match := ecrImage.FindStringSubmatch(s.Image.URI)
	if match == nil {
		return nil, nil
	}
	if account := match[1]; account != l.place.AccountId {
		return nil, fmt.Errorf("service %q: image.uri: %s is in account %s, the stack in %s; copy the image to an account's own repository",
			s.Name, s.Image.URI, account, l.place.AccountId)
	}
	return []string{match[3]}, nil
}

func (l *lab) imageArgs(s Service) *images.ImageArgs {
	return &images.ImageArgs{
		Repository:   l.repository(s),
		Context:      filepath.Join(l.root, s.Image.Context),
		ProgramDir:   filepath.Join(l.root, programDir),
		Dockerfile:   s.Image.Dockerfile,
		Target:       s.Image.Target,
		Args:         s.Image.Args,
		Architecture: s.Architecture,
		Keep:         l.config.Images.Keep,
		ForceDelete:  l.config.Images.ForceDelete,
		Tags:         l.tags,
	}
}

func (l *lab) logGroup(s Service) string { return "/ecs/" + l.name(s.Name) }

// ports are what the network has to let through.
func (l *lab) ports() network.Ports {
	ports := network.Ports{Listeners: []network.PortRange{network.Port(80)}}
	if l.config.LoadBalancer.CertificateArn != "" {
		ports.Listeners = append(ports.Listeners, network.Port(443))
	}
	seen := map[int]bool{}
	for _, s := range l.config.Services {
		if !seen[s.Port] {
			ports.App = append(ports.App, network.Port(s.Port))
		}
		seen[s.Port] = true
	}
	return ports
}

func (l *lab) capacity() compute.Capacity {
	c := l.config.Cluster
	return compute.Capacity{OnDemandBase: c.OnDemandBase, OnDemandWeight: c.OnDemandWeight, SpotWeight: c.SpotWeight}
}

func scaling(s Service) *compute.Scaling {
	if s.Scaling == nil {
		return nil
	}
	return &compute.Scaling{Min: s.Scaling.Min, Max: s.Scaling.Max, CPU: s.Scaling.CPU, Memory: s.Scaling.Memory,
		RequestsPerTarget: s.Scaling.RequestsPerTarget}
}

func health(s Service) compute.Health {
	h := s.HealthCheck
	return compute.Health{Path: h.Path, Interval: h.IntervalSeconds, Timeout: h.TimeoutSeconds, Grace: h.GraceSeconds, Command: h.Command}
}

func secrets(s Service) []identity.Secret {
	var list []identity.Secret
	for _, variable := range sortedKeys(s.Secrets) {
		list = append(list, identity.Secret{Name: s.Secrets[variable].Name, Parameter: s.Secrets[variable].Parameter})
	}
	return list
}

// environment is passed to the container. When some of the services' configuration is encrypted, the SDK does not say
// what, so that all of it is kept encrypted in the state.
func (l *lab) environment(s Service) pulumi.StringMap {
	variables := pulumi.StringMap{}
	encrypted := l.IsConfigSecret(l.Project() + ":services")
	for name, value := range s.Environment {
		variables[name] = pulumi.String(value)
		if encrypted {
			variables[name] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
		}
	}
	return variables
}

// secretArns are what ECS reads secrets by: for Secrets Manager an ARN without the random suffix will do.
func (l *lab) secretArns(s Service) pulumi.StringMap {
	arns := pulumi.StringMap{}
	for variable, secret := range s.Secrets {
		if secret.Parameter != "" {
			arns[variable] = pulumi.String(l.place.ParameterArn(secret.Parameter))
			continue
		}
		arns[variable] = pulumi.String(l.place.Arn("secretsmanager", "secret:"+secret.Name))
	}
	return arns
}

func access(s Service) identity.Access {
	return identity.Access{Tables: grants(s.Access.Tables), Buckets: grants(s.Access.Buckets), Queues: grants(s.Access.Queues)}
}

func grants(configured []Grant) []identity.Grant {
	list := make([]identity.Grant, len(configured))
	for i, g := range configured {
		list[i] = identity.Grant{Name: g.Name, Mode: identity.Mode(g.Mode)}
	}
	return list
}

package compute

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Connect makes a service take part in Service Connect: a proxy beside the container carries its calls to other
// services of the namespace, with retries and metrics. The proxy uses some of the task's CPU and memory.
type Connect struct {
	// Namespace is the ARN of the one in which services know each other.
	Namespace pulumi.StringInput
	// Name by which other services reach this one, at the same port that its container listens on. Empty means that the
	// service only calls others. A service knows those that were there when it was deployed: make it depend on them.
	Name string
}

// connectName is a label of a DNS name, which is also a valid name of a port.
var connectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// validate is called on nil for a service without Service Connect.
func (c *Connect) validate(args *ServiceArgs) error {
	if c == nil {
		return nil
	}
	var problems []error
	if c.Namespace == nil {
		problems = append(problems, problem.New("Connect.Namespace", "missing"))
	}
	if c.Name != "" && !connectName.MatchString(c.Name) {
		problems = append(problems, problem.New(
			"Connect.Name",
			"%q; use 1 to 63 lower-case letters, digits and hyphens, no hyphen at the ends",
			c.Name,
		))
	}
	if c.Name != "" && args.Port == 0 {
		problems = append(
			problems,
			problem.New("Connect.Name", "%q; a worker has no Port to be reached at, leave out the name", c.Name),
		)
	}
	return errors.Join(problems...)
}

// connectName is empty for a service that no other one calls.
func (args *ServiceArgs) connectName() string {
	if args.Connect == nil {
		return ""
	}
	return args.Connect.Name
}

// endpoint is where other services reach the service.
func (args *ServiceArgs) endpoint() string {
	if args.connectName() == "" {
		return ""
	}
	return fmt.Sprintf("http://%s:%d", args.Connect.Name, args.Port)
}

func (p *servicePlan) connectConfiguration() ecs.ServiceServiceConnectConfigurationPtrInput {
	if p.Connect == nil {
		return nil
	}
	logs := pulumi.ToStringMap(p.logOptions("", "service-connect"))
	logs["awslogs-group"] = p.logs.Name
	configuration := ecs.ServiceServiceConnectConfigurationArgs{
		Enabled:   pulumi.Bool(true),
		Namespace: p.Connect.Namespace.ToStringOutput().ToStringPtrOutput(),
		LogConfiguration: ecs.ServiceServiceConnectConfigurationLogConfigurationArgs{
			LogDriver: pulumi.String("awslogs"),
			Options:   logs,
		},
	}
	if p.Connect.Name != "" {
		configuration.Services = ecs.ServiceServiceConnectConfigurationServiceArray{
			ecs.ServiceServiceConnectConfigurationServiceArgs{
				PortName:      pulumi.String(p.Connect.Name),
				DiscoveryName: pulumi.String(p.Connect.Name),
				ClientAlias: ecs.ServiceServiceConnectConfigurationServiceClientAliasArray{
					ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs{
						DnsName: pulumi.String(p.Connect.Name),
						Port:    pulumi.Int(p.Port),
					},
				},
			},
		}
	}
	return configuration
}

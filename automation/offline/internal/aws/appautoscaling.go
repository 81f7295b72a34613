package aws

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func init() {
	register(map[string]behavior{
		tScalingTarget: {create: createScalingTarget, created: scaleService, update: refuseCapacity, remove: removeScalingTarget, imported: importScaling(tScalingTarget)},
		tScalingPolicy: {check: checkScalingPolicy, create: createScalingPolicy, imported: importScaling(tScalingPolicy)},
	})
}

// scalingRoles are the last parts of the names of the service-linked roles that scaling uses.
var scalingRoles = map[string]string{"ecs": "ECSService", "dynamodb": "DynamoDBTable", "rds": "RDSCluster", "lambda": "LambdaConcurrency"}

func createScalingTarget(c *change) error {
	namespace := c.inputs.str("serviceNamespace")
	if err := refuseCapacity(c); err != nil {
		return err
	}
	if namespace == "ecs" {
		service, err := c.scaledService()
		if err != nil {
			return err
		}
		if service == nil {
			return refuseRetried("ValidationException", "ECS service doesn't exist: %s", c.inputs.str("resourceId"))
		}
		c.links = append(c.links, world.Link{Property: "resourceId", Target: service})
	}
	if role, known := scalingRoles[namespace]; known {
		c.out("roleArn", fmt.Sprintf("arn:%s:iam::%s:role/aws-service-role/%s.application-autoscaling.amazonaws.com/"+
			"AWSServiceRoleForApplicationAutoScaling_%s", c.p.region.Partition(), world.Account, namespace, role))
	}
	return nil
}

// scaledService returns the service that a resource id like service/cluster/service names, or nil.
func (c *change) scaledService() (*world.Thing, error) {
	services, err := c.tx.OfType(c.p.region.Name, tService)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		if strings.HasSuffix(service.ARN, ":"+c.inputs.str("resourceId")) {
			return service, nil
		}
	}
	return nil, nil
}

func refuseCapacity(c *change) error {
	if least, most := c.inputs.num("minCapacity"), c.inputs.num("maxCapacity"); least > most {
		return refuse("ValidationException", "Maximum capacity %g cannot be less than minimum capacity %g", most, least)
	}
	return nil
}

// scaleService moves a service's count into the new target's range, as scaling does at once.
func scaleService(c *change) error {
	service := c.target("resourceId")
	if service == nil {
		return nil
	}
	links, err := c.tx.Links(service)
	if err != nil {
		return err
	}
	count := stateOf(service).num("desiredCount")
	scaled := min(max(count, c.inputs.num("minCapacity")), c.inputs.num("maxCapacity"))
	if scaled == count {
		return nil
	}
	set(service.State, "desiredCount", property(scaled))
	return c.tx.Put(service, links)
}

// removeScalingTarget takes the target's policies along.
func removeScalingTarget(c *change) error {
	policies, err := c.siblings(tScalingPolicy)
	if err != nil {
		return err
	}
	for _, policy := range policies {
		if sameTarget(stateOf(policy), c.olds) {
			if err := c.tx.Remove(policy.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func sameTarget(a, b view) bool {
	for _, property := range []string{"serviceNamespace", "resourceId", "scalableDimension"} {
		if a.str(property) != b.str(property) {
			return false
		}
	}
	return true
}

func checkScalingPolicy(inputs view) []failure {
	const metric = "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification"
	if inputs.str(metric+".predefinedMetricType") == "ALBRequestCountPerTarget" && !inputs.given(metric+".resourceLabel") {
		return []failure{failf(metric+".resourceLabel", "resourceLabel must be given for ALBRequestCountPerTarget, in the form "+
			"app/{load balancer}/{id}/targetgroup/{target group}/{id}")}
	}
	return nil
}

func createScalingPolicy(c *change) error {
	targets, err := c.siblings(tScalingTarget)
	if err != nil {
		return err
	}
	registered := false
	for _, target := range targets {
		registered = registered || sameTarget(stateOf(target), c.inputs)
	}
	if !registered {
		return refuseRetried("ObjectNotFoundException", "No scalable target registered for service namespace: %s, resource ID: %s, "+
			"scalable dimension: %s", c.inputs.str("serviceNamespace"), c.inputs.str("resourceId"), c.inputs.str("scalableDimension"))
	}
	if c.inputs.str("policyType") == "TargetTrackingScaling" {
		var arns []any
		for _, level := range []string{"AlarmHigh", "AlarmLow"} {
			arn, err := c.expand("arn:{partition}:cloudwatch:{region}:{account}:alarm:TargetTracking-{resourceId}-" + level + "-{uuid}")
			if err != nil {
				return err
			}
			arns = append(arns, arn)
		}
		c.set("alarmArns", arns)
	}
	return nil
}

// importScaling takes {namespace}/{resource id}/{dimension} and, for a policy, /{name}.
func importScaling(token string) func(*Provider, *world.Tx, string) (*world.Thing, error) {
	return func(p *Provider, tx *world.Tx, id string) (*world.Thing, error) {
		return findBy(p, tx, token, func(v view) bool {
			full := v.str("serviceNamespace") + "/" + v.str("resourceId") + "/" + v.str("scalableDimension")
			if token == tScalingPolicy {
				full += "/" + v.str("name")
			}
			return full == id
		})
	}
}

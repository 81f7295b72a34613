package aws

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// appautoscalingService is what Application Auto Scaling does beyond its models.
var appautoscalingService = service{
	module: "appautoscaling", name: "Application Auto Scaling",
	behaviors: map[string]behavior{
		tScalingTarget:   {create: createScalingTarget, created: scaleService, update: refuseCapacity, remove: removeScalingTarget, imported: importScaling(tScalingTarget)},
		tScalingPolicy:   {check: checkScalingPolicy, create: createScalingPolicy, imported: importScaling(tScalingPolicy)},
		tScheduledAction: {create: createScheduledAction, update: createScheduledAction, imported: importScaling(tScheduledAction)},
	},
}

// scalingRoles are the last parts of the names of the service-linked roles that scaling uses.
var scalingRoles = map[string]string{"ecs": "ECSService", "dynamodb": "DynamoDBTable", "rds": "RDSCluster", "lambda": "LambdaConcurrency"}

func createScalingTarget(c *change) error {
	namespace := c.inputs.str("serviceNamespace")
	if err := refuseCapacity(c); err != nil {
		return err
	}
	if scaled, known := scalables[namespace]; known {
		thing, err := scaled.find(c)
		if err != nil {
			return err
		}
		if thing == nil {
			return refuseRetried("ValidationException", "%s doesn't exist: %s", scaled.title, c.inputs.str("resourceId"))
		}
		c.links = append(c.links, world.Link{Property: "resourceId", Target: thing})
	}
	if role, known := scalingRoles[namespace]; known {
		c.out("roleArn", fmt.Sprintf("arn:%s:iam::%s:role/aws-service-role/%s.application-autoscaling.amazonaws.com/"+
			"AWSServiceRoleForApplicationAutoScaling_%s", c.region().Partition(), world.Account, namespace, role))
	}
	return nil
}

// scalables are what can be scaled and is in the world, by namespace, with how AWS calls it in a refusal.
var scalables = map[string]struct {
	title string
	find  func(c *change) (*world.Thing, error)
}{
	"ecs":      {"ECS service", (*change).scaledService},
	"dynamodb": {"DynamoDB table", (*change).scaledTable},
	"rds":      {"RDS cluster", (*change).scaledCluster},
}

// scaledTable returns the table that a resource id like table/orders or table/orders/index/by-customer names, or nil.
func (c *change) scaledTable() (*world.Thing, error) {
	parts := strings.Split(c.inputs.str("resourceId"), "/")
	if len(parts) != 2 && len(parts) != 4 {
		return nil, nil
	}
	table, err := c.namedHere(tTable, parts[1])
	if err != nil || table == nil || len(parts) == 2 {
		return table, err
	}
	for _, index := range stateOf(table).objects("globalSecondaryIndexes") {
		if index.str("name") == parts[3] {
			return table, nil
		}
	}
	return nil, nil
}

// scaledCluster returns the cluster that a resource id like cluster:orders names, or nil.
func (c *change) scaledCluster() (*world.Thing, error) {
	return c.namedHere(tDBCluster, strings.TrimPrefix(c.inputs.str("resourceId"), "cluster:"))
}

// namedHere returns the thing of a type with the name in the region, or nil.
func (c *change) namedHere(token, name string) (*world.Thing, error) {
	things, err := c.tx.ByName(token, name)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if thing.Region == c.region().Name {
			return thing, nil
		}
	}
	return nil, nil
}

// scaledService returns the service that a resource id like service/cluster/service names, or nil.
func (c *change) scaledService() (*world.Thing, error) {
	services, err := c.tx.OfType(c.region().Name, tService)
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
	if service == nil || service.Type != tService {
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

// removeScalingTarget takes the target's policies and scheduled actions along.
func removeScalingTarget(c *change) error {
	for _, token := range []string{tScalingPolicy, tScheduledAction} {
		dependents, err := c.siblings(token)
		if err != nil {
			return err
		}
		for _, dependent := range dependents {
			if sameTarget(stateOf(dependent), c.olds) {
				if err := c.tx.Remove(dependent.Key); err != nil {
					return err
				}
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

// refuseUnregistered refuses what scales something that is no scalable target.
func (c *change) refuseUnregistered() error {
	targets, err := c.siblings(tScalingTarget)
	if err != nil {
		return err
	}
	for _, target := range targets {
		if sameTarget(stateOf(target), c.inputs) {
			return nil
		}
	}
	return refuseRetried("ObjectNotFoundException", "No scalable target registered for service namespace: %s, resource ID: %s, "+
		"scalable dimension: %s", c.inputs.str("serviceNamespace"), c.inputs.str("resourceId"), c.inputs.str("scalableDimension"))
}

// createScheduledAction refuses an action without its target, a range that is none, and a schedule that AWS does not read.
func createScheduledAction(c *change) error {
	least, given := c.inputs.at("scalableTargetAction.minCapacity")
	most, both := c.inputs.at("scalableTargetAction.maxCapacity")
	if given && both && least.IsNumber() && most.IsNumber() && least.NumberValue() > most.NumberValue() {
		return refuse("ValidationException", "Maximum capacity %s cannot be less than minimum capacity %s", text(most), text(least))
	}
	return c.refuseUnregistered()
}

func createScalingPolicy(c *change) error {
	if err := c.refuseUnregistered(); err != nil {
		return err
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

// importScaling takes {namespace}/{resource id}/{dimension} and, for a policy or an action, /{name}.
func importScaling(token string) func(*change, string) (*world.Thing, error) {
	return func(c *change, id string) (*world.Thing, error) {
		return findBy(c, token, func(v view) bool {
			full := v.str("serviceNamespace") + "/" + v.str("resourceId") + "/" + v.str("scalableDimension")
			if token != tScalingTarget {
				full += "/" + v.str("name")
			}
			return full == id
		})
	}
}

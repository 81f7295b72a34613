package cost

import "strings"

// zones is how many Availability Zones something is in whose subnets are not known yet.
const zones = 2

// rules add what a resource costs, by its type.
var rules = map[string]func(*estimate, inputs){
	"aws:ec2/natGateway:NatGateway": func(e *estimate, _ inputs) {
		e.add("NAT gateway, hour", hours, "")
		e.add("NAT gateway data, GB", 50, "50 GB")
	},
	"aws:ec2/eip:Eip": func(e *estimate, _ inputs) { e.add("public IPv4 address, hour", hours, "") },
	"aws:ec2/vpcEndpoint:VpcEndpoint": func(e *estimate, in inputs) {
		if in.text("vpcEndpointType") == "Interface" {
			e.add("VPC endpoint, zone-hour", hours*count(in.list("subnetIds")), "")
		}
	},
	"aws:lb/loadBalancer:LoadBalancer": func(e *estimate, in inputs) {
		e.add("load balancer, hour", hours, "")
		e.add("public IPv4 address, hour", hours*count(in.list("subnets")), "")
		e.add("LCU, hour", hours, "1 LCU on average")
	},
	"aws:ecs/service:Service": func(e *estimate, in inputs) { e.service(in) },
	"aws:autoscaling/group:Group": func(e *estimate, in inputs) {
		e.instance(firstType(in), in.number("minSize", 1))
	},
	"aws:rds/instance:Instance": func(e *estimate, in inputs) {
		copies := 1.0
		if in.flag("multiAz") {
			copies = 2
		}
		e.instance(in.text("instanceClass"), copies)
		e.add("RDS gp3 storage, GB-month", in.number("allocatedStorage", 20)*copies, "")
	},
	"aws:rds/cluster:Cluster": func(e *estimate, in inputs) {
		if class := in.text("dbClusterInstanceClass"); class != "" {
			e.instance(class, 3)
			e.add("RDS gp3 storage, GB-month", in.number("allocatedStorage", 100), "")
		}
	},
	"aws:rds/clusterInstance:ClusterInstance": func(e *estimate, in inputs) { e.instance(in.text("instanceClass"), 1) },
	"aws:rds/proxy:Proxy": func(e *estimate, _ inputs) {
		e.add("RDS Proxy vCPU, hour", 2*hours, "a database of 2 vCPUs")
	},
	"aws:dynamodb/table:Table": func(e *estimate, in inputs) {
		copies := 1 + float64(len(in.list("replicas")))
		e.add("DynamoDB writes, million", copies, "1 million writes")
		e.add("DynamoDB reads, million", 5, "5 million reads")
		e.add("DynamoDB storage, GB-month", copies, "1 GB")
	},
	"aws:efs/fileSystem:FileSystem": func(e *estimate, _ inputs) { e.add("EFS storage, GB-month", 5, "5 GB") },
	"aws:s3/bucketV2:BucketV2":      func(e *estimate, _ inputs) { e.add("S3 storage, GB-month", 10, "10 GB") },
	"aws:ecr/repository:Repository": func(e *estimate, _ inputs) { e.add("ECR storage, GB-month", 0.5, "0.5 GB") },
	"aws:kms/key:Key":               func(e *estimate, _ inputs) { e.add("KMS key, month", 1, "") },
	"aws:secretsmanager/secret:Secret": func(e *estimate, _ inputs) {
		e.add("secret, month", 1, "")
	},
	"aws:sns/topic:Topic": func(e *estimate, _ inputs) {
		e.add("SNS requests, million", 0.1, "100,000 messages")
	},
	"aws:wafv2/webAcl:WebAcl": func(e *estimate, in inputs) {
		e.add("WAF web ACL, month", 1, "")
		e.add("WAF rule, month", float64(len(in.list("rules"))), "")
	},
	"aws:cloudwatch/metricAlarm:MetricAlarm": func(e *estimate, in inputs) {
		queries := in.list("metricQueries")
		if in.text("thresholdMetricId") != "" {
			e.add("anomaly detection alarm, month", 1, "")
			return
		}
		metrics := 0.0
		for _, query := range queries {
			if object, is := query.(map[string]any); is && object["metric"] != nil {
				metrics++
			}
		}
		e.add("alarm metric, month", max(metrics, 1), "")
	},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm": func(e *estimate, _ inputs) {
		e.add("composite alarm, month", 1, "")
	},
	"aws:cloudwatch/dashboard:Dashboard": func(e *estimate, _ inputs) { e.add("dashboard, month", 1, "") },
	"aws:cloudwatch/logGroup:LogGroup":   func(e *estimate, _ inputs) { e.add("log data, GB", 0.5, "0.5 GB") },
	"aws:backup/plan:Plan": func(e *estimate, _ inputs) {
		e.add("backup storage, GB-month", 50, "50 GB of recovery points")
	},
	"aws:route53/zone:Zone": func(e *estimate, _ inputs) { e.add("Route 53 zone, month", 1, "") },
	"aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": func(e *estimate, _ inputs) {
		e.add("Route 53 zone, month", 1, "")
	},
}

func count(subnets []any) float64 {
	if len(subnets) == 0 {
		return zones
	}
	return float64(len(subnets))
}

// firstType returns the preferred instance type of an Auto Scaling group.
func firstType(in inputs) string {
	policy, _ := in["mixedInstancesPolicy"].(map[string]any)
	template, _ := policy["launchTemplate"].(map[string]any)
	for _, override := range inputs(template).list("overrides") {
		if object, is := override.(map[string]any); is {
			return inputs(object).text("instanceType")
		}
	}
	return ""
}

// service adds the tasks of a service on Fargate, as the task definition beside it describes them. Tasks on instances
// cost what the instances cost.
func (e *estimate) service(in inputs) {
	task, known := e.tasks[e.current.Parent]
	if strings.Contains(inputs(task.Inputs).text("containerDefinitions"), "awsemf") {
		e.add("custom metric, month", 5, "5 metrics of OpenTelemetry")
	}
	share := e.onDemand(in.list("capacityProviderStrategies"))
	if !known || share == 0 {
		return
	}
	definition := inputs(task.Inputs)
	cpu, memory := "Fargate vCPU, hour", "Fargate memory, GB-hour"
	platform, _ := definition["runtimePlatform"].(map[string]any)
	if inputs(platform).text("cpuArchitecture") == "ARM64" {
		cpu, memory = "Fargate ARM vCPU, hour", "Fargate ARM memory, GB-hour"
	}
	tasks := in.number("desiredCount", 1) * hours * share
	e.add(cpu, definition.number("cpu", 0)/1024*tasks, "")
	e.add(memory, definition.number("memory", 0)/1024*tasks, "")
}

// onDemand returns the share of the price of Fargate that tasks cost by the weights of their capacity providers, and 0
// where they run on instances.
func (e *estimate) onDemand(strategies []any) float64 {
	var weights, price float64
	for _, element := range strategies {
		object, _ := element.(map[string]any)
		strategy := inputs(object)
		weight := strategy.number("weight", 0)
		switch provider := strategy.text("capacityProvider"); {
		case provider == "FARGATE_SPOT":
			price += weight * e.prices.USD["Fargate Spot share of the price"]
		case provider == "FARGATE":
			price += weight
		case !strings.HasPrefix(provider, "FARGATE"):
			return 0
		}
		weights += weight
	}
	if weights == 0 {
		return 1
	}
	return price / weights
}

package packs_test

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/ruletest"
	"github.com/awslab/awslab/policy/internal/serve"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
	"Principal": {"Service": "ecs-tasks.amazonaws.com"},
	"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}`

// kinds is a mixture of what rules look at, one microservice with what it has.
var kinds = []func(i int) ruletest.Resource{
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type:       "aws:s3/bucketV2:BucketV2",
			Name:       fmt.Sprint("bucket-", i),
			Properties: ruletest.Props{"bucket": fmt.Sprint("bucket-", i)},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
			Name: fmt.Sprint("block-", i),
			Properties: ruletest.Props{
				"bucket":                fmt.Sprint("bucket-", i),
				"blockPublicAcls":       true,
				"blockPublicPolicy":     true,
				"ignorePublicAcls":      true,
				"restrictPublicBuckets": true,
			},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type:       "aws:iam/role:Role",
			Name:       fmt.Sprint("role-", i),
			Properties: ruletest.Props{"name": fmt.Sprint("role-", i), "assumeRolePolicy": trust},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:iam/rolePolicy:RolePolicy",
			Name: fmt.Sprint("policy-", i),
			Properties: ruletest.Props{
				"role": fmt.Sprint("role-", i),
				"policy": fmt.Sprintf(
					`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", `+
						`"Resource": "arn:aws:s3:::bucket-%d/*"}]}`,
					i,
				),
			},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type:       "aws:cloudwatch/logGroup:LogGroup",
			Name:       fmt.Sprint("logs-", i),
			Properties: ruletest.Props{"name": fmt.Sprint("logs-", i), "retentionInDays": 365.0, "kmsKeyId": "arn:key"},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:ecs/service:Service",
			Name: fmt.Sprint("service-", i),
			Properties: ruletest.Props{
				"name":         fmt.Sprint("service-", i),
				"desiredCount": 3.0,
				"networkConfiguration": map[string]any{
					"subnets":        []any{"a", "b"},
					"securityGroups": []any{fmt.Sprint("group-", i)},
				},
			},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type:       "aws:ec2/securityGroup:SecurityGroup",
			Name:       fmt.Sprint("group-", i),
			Properties: ruletest.Props{"id": fmt.Sprint("group-", i)},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
			Name: fmt.Sprint("ingress-", i),
			Properties: ruletest.Props{
				"securityGroupId":           fmt.Sprint("group-", i),
				"referencedSecurityGroupId": "group-0",
				"ipProtocol":                "tcp",
				"fromPort":                  80.0,
				"toPort":                    80.0,
			},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:cloudwatch/metricAlarm:MetricAlarm",
			Name: fmt.Sprint("alarm-", i),
			Properties: ruletest.Props{
				"alarmActions": []any{
					"arn:topic",
				}, "dimensions": map[string]any{"ServiceName": fmt.Sprint("service-", i)},
			},
		}
	},
	func(i int) ruletest.Resource {
		return ruletest.Resource{
			Type: "aws:dynamodb/table:Table",
			Name: fmt.Sprint("table-", i),
			Properties: ruletest.Props{
				"name":                      fmt.Sprint("table-", i),
				"deletionProtectionEnabled": true,
				"billingMode":               "PAY_PER_REQUEST",
			},
		}
	},
}

func init() {
	kinds = append(kinds,
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type: "aws:ecs/taskDefinition:TaskDefinition",
				Name: fmt.Sprint("task-", i),
				Properties: ruletest.Props{
					"arn":              fmt.Sprint("arn:aws:ecs:eu-west-1:123456789012:task-definition/task-", i),
					"taskRoleArn":      fmt.Sprint("arn:aws:iam::123456789012:role/role-", i),
					"executionRoleArn": "arn:aws:iam::123456789012:role/start",
					"containerDefinitions": fmt.Sprintf(
						`[{"name": "app", "user": "1000", "readonlyRootFilesystem": true, "logConfiguration": `+
							`{"logDriver": "awslogs"}, "environment": [{"name": "TABLE", "value": "table-%d"}]}]`,
						i,
					),
				},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type:       "aws:ec2/routeTable:RouteTable",
				Name:       fmt.Sprint("routes-", i),
				Properties: ruletest.Props{"id": fmt.Sprint("rtb-", i)},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type:       "aws:ec2/subnet:Subnet",
				Name:       fmt.Sprint("subnet-", i),
				Properties: ruletest.Props{"id": fmt.Sprint("subnet-", i), "availabilityZone": "eu-west-1a"},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
				Name: fmt.Sprint("association-", i),
				Properties: ruletest.Props{
					"subnetId": fmt.Sprint("subnet-", i), "routeTableId": fmt.Sprint("rtb-", i)},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type:       "aws:ec2/route:Route",
				Name:       fmt.Sprint("route-", i),
				Properties: ruletest.Props{"routeTableId": fmt.Sprint("rtb-", i), "natGatewayId": "nat-0"},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type:       "aws:efs/mountTarget:MountTarget",
				Name:       fmt.Sprint("mount-", i),
				Properties: ruletest.Props{"subnetId": fmt.Sprint("subnet-", i)},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type: "aws:lambda/function:Function",
				Name: fmt.Sprint("function-", i),
				Properties: ruletest.Props{
					"name": fmt.Sprint("function-", i),
					"arn":  fmt.Sprint("arn:aws:lambda:eu-west-1:123456789012:function:function-", i),
					"role": fmt.Sprint("arn:aws:iam::123456789012:role/role-", i),
				},
			}
		},
		func(i int) ruletest.Resource {
			return ruletest.Resource{
				Type: "aws:iam/rolePolicy:RolePolicy",
				Name: fmt.Sprint("pass-", i),
				Properties: ruletest.Props{
					"role": fmt.Sprint("role-", i),
					"policy": fmt.Sprintf(
						`{"Statement": [{"Effect": "Allow", "Action": "iam:PassRole",
							"Resource": "arn:aws:iam::123456789012:role/role-%d",
					"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}]}`,
						i+1,
					),
				},
			}
		})
}

// BenchmarkPacks judges stacks of several sizes by all rules. What a resource takes should not grow with them.
func BenchmarkPacks(b *testing.B) {
	var first float64
	for _, size := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprint(size, " resources"), func(b *testing.B) {
			server, err := serve.New(packs.All)
			if err != nil {
				b.Fatal(err)
			}
			resources := make([]ruletest.Resource, size)
			requests := make([]*pulumirpc.AnalyzeRequest, size)
			for i := range size {
				resources[i] = kinds[i%len(kinds)](i / len(kinds))
				requests[i] = ruletest.Request(b, resources[i])
			}
			stack := ruletest.StackRequest(b, resources...)
			for b.Loop() {
				for _, req := range requests {
					if _, err := server.Analyze(b.Context(), req); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := server.AnalyzeStack(b.Context(), stack); err != nil {
					b.Fatal(err)
				}
			}
			each := float64(b.Elapsed().Microseconds()) / float64(b.N) / float64(size)
			first = cmp.Or(first, each)
			b.ReportMetric(each, "µs/resource")
			b.ReportMetric(each/first, "of-the-first")
		})
	}
}

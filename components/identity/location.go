package identity

import (
	"errors"
	"fmt"
	"strings"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Location is where ARNs are assembled for: a partition, a region and an account. All three are plain strings, looked
// up once by the program, so that every ARN is known in a preview.
type Location struct {
	Partition string // aws, aws-cn, aws-us-gov or aws-eusc
	Region    string // for example eu-west-1
	AccountId string // twelve digits
}

// Validate reports every part of the location that could not be part of an ARN.
func (p Location) Validate() error {
	var problems []error
	if !grammar.Partition.Match(p.Partition) {
		problems = append(problems, problem.New(
			"Location.Partition",
			"%q is not an AWS partition; use aws, aws-cn, aws-us-gov or aws-eusc",
			p.Partition,
		))
	}
	if !grammar.Region.Match(p.Region) {
		problems = append(
			problems,
			problem.New("Location.Region", "%q is not an AWS region; use a name such as eu-west-1", p.Region),
		)
	}
	if !grammar.Account.Match(p.AccountId) {
		problems = append(
			problems,
			problem.New("Location.AccountId", "%q is not an AWS account id; use twelve digits", p.AccountId),
		)
	}
	return errors.Join(problems...)
}

// Arn returns the ARN of a regional resource, for example Arn("ecr", "repository/orders").
func (p Location) Arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.Partition, service, p.Region, p.AccountId, resource)
}

// RoleArn returns the ARN of an IAM role. IAM is global: its ARNs have no region. An empty path is "/".
func (p Location) RoleArn(path, name string) string {
	if path == "" {
		path = "/"
	}
	return fmt.Sprintf("arn:%s:iam::%s:role%s%s", p.Partition, p.AccountId, path, name)
}

// BucketArn returns the ARN of an S3 bucket, which names neither region nor account.
func (p Location) BucketArn(bucket string) string {
	return fmt.Sprintf("arn:%s:s3:::%s", p.Partition, bucket)
}

// RepositoryArn returns the ARN of an ECR repository.
func (p Location) RepositoryArn(name string) string { return p.Arn("ecr", "repository/"+name) }

// RegistryHost returns the host of the account's ECR registry, as image references begin with it.
func (p Location) RegistryHost() string { return p.AccountId + ".dkr." + p.serviceEndpoint("ecr") }

// LogGroupArn returns the ARN of a CloudWatch log group, without the trailing ":*" that means its streams.
func (p Location) LogGroupArn(name string) string { return p.Arn("logs", "log-group:"+name) }

// TableArn returns the ARN of a DynamoDB table.
func (p Location) TableArn(name string) string { return p.Arn("dynamodb", "table/"+name) }

// QueueArn returns the ARN of an SQS queue.
func (p Location) QueueArn(name string) string { return p.Arn("sqs", name) }

// QueueUrl is where an SQS queue is reached.
func (p Location) QueueUrl(name string) string {
	return fmt.Sprintf("https://%s/%s/%s", p.serviceEndpoint("sqs"), p.AccountId, name)
}

// TopicArn returns the ARN of an SNS topic.
func (p Location) TopicArn(name string) string { return p.Arn("sns", name) }

// ParameterArn returns the ARN of a Systems Manager parameter, whose name may or may not start with a slash.
func (p Location) ParameterArn(name string) string {
	return p.Arn("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}

// SecretArn matches the ARN of the secret of that name and of no other: Secrets Manager puts a hyphen and six random
// characters behind a secret's name, and six question marks match exactly those.
func (p Location) SecretArn(name string) string {
	return p.Arn("secretsmanager", "secret:"+name+"-??????")
}

// DatabaseArn returns the ARN of an RDS database instance, from its identifier.
func (p Location) DatabaseArn(identifier string) string { return p.Arn("rds", "db:"+identifier) }

// DatabaseClusterArn returns the ARN of an Aurora or a Multi-AZ DB cluster, from its identifier.
func (p Location) DatabaseClusterArn(identifier string) string {
	return p.Arn("rds", "cluster:"+identifier)
}

// FunctionArn returns the ARN of a Lambda function.
func (p Location) FunctionArn(name string) string { return p.Arn("lambda", "function:"+name) }

// serviceEndpoint returns the name by which the condition key kms:ViaService knows a service.
func (p Location) serviceEndpoint(service string) string {
	return fmt.Sprintf("%s.%s.%s", service, p.Region, p.dnsSuffix())
}

func (p Location) dnsSuffix() string {
	switch p.Partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// InstancesPrincipal is EC2 when it assumes the role of an instance: of the services here the one whose principal ends
// in the partition's own domain ("Amazon Web Services in China: getting started", service principals).
func (p Location) InstancesPrincipal() string { return "ec2." + p.dnsSuffix() }

package aws

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/awslab/awslab/automation/offline/internal/aws/account"
	"github.com/awslab/awslab/automation/offline/internal/aws/acm"
	"github.com/awslab/awslab/automation/offline/internal/aws/appautoscaling"
	"github.com/awslab/awslab/automation/offline/internal/aws/autoscaling"
	"github.com/awslab/awslab/automation/offline/internal/aws/backup"
	"github.com/awslab/awslab/automation/offline/internal/aws/calls"
	"github.com/awslab/awslab/automation/offline/internal/aws/cloudfront"
	"github.com/awslab/awslab/automation/offline/internal/aws/cloudwatch"
	"github.com/awslab/awslab/automation/offline/internal/aws/dynamodb"
	"github.com/awslab/awslab/automation/offline/internal/aws/ec2"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecr"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecs"
	"github.com/awslab/awslab/automation/offline/internal/aws/efs"
	"github.com/awslab/awslab/automation/offline/internal/aws/elb"
	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/kms"
	"github.com/awslab/awslab/automation/offline/internal/aws/lambda"
	"github.com/awslab/awslab/automation/offline/internal/aws/quota"
	"github.com/awslab/awslab/automation/offline/internal/aws/rds"
	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/route53"
	"github.com/awslab/awslab/automation/offline/internal/aws/s3"
	"github.com/awslab/awslab/automation/offline/internal/aws/secretsmanager"
	"github.com/awslab/awslab/automation/offline/internal/aws/sfn"
	"github.com/awslab/awslab/automation/offline/internal/aws/sns"
	"github.com/awslab/awslab/automation/offline/internal/aws/sqs"
	"github.com/awslab/awslab/automation/offline/internal/aws/ssm"
	"github.com/awslab/awslab/automation/offline/internal/aws/tagging"
	"github.com/awslab/awslab/automation/offline/internal/aws/wafv2"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// services are those of which the offline target knows anything. What each does beyond its models is in the package of
// its name; one without a package is data alone.
var services = []bridge.Service{
	account.Service,
	acm.Service,
	appautoscaling.Service,
	autoscaling.Service,
	backup.Service,
	cloudfront.Service,
	cloudwatch.Service,
	dynamodb.Service,
	ec2.Service,
	ecr.Service,
	ecs.Service,
	efs.Service,
	elb.Service,
	iam.Service,
	kms.Service,
	lambda.Service,
	rds.Service,
	route53.Service,
	s3.Service,
	secretsmanager.Service,
	sfn.Service,
	sns.Service,
	sqs.Service,
	ssm.Service,
	tagging.Service,
	wafv2.Service,
	{Module: "chatbot", Name: "Chatbot"},
	{Module: "servicediscovery", Name: "Service Discovery"},
	{Module: "vpc", Name: "EC2"},
	{Module: "xray", Name: "X-Ray"},
}

//go:embed models/*.json
var modelFiles embed.FS

// New returns the provider over a world. The run tells the operation of the engine it serves from others: what is said
// once is said once in a run, by any of its provider processes.
func New(w *world.World, warn bridge.Warn, run string) (*bridge.Provider, error) {
	pkg, err := schema.AWS()
	if err != nil {
		return nil, fmt.Errorf("reading the AWS schema: %w", err)
	}
	return bridge.New(pkg, Knowledge(), w, warn, run), nil
}

// Knowledge returns all that the offline target knows of AWS.
func Knowledge() bridge.Knowledge {
	models, err := fs.Sub(modelFiles, "models")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return bridge.Knowledge{
		Models:     models,
		References: references.References,
		Services:   services,
		Authorize:  calls.Authorize,
		Limit:      quota.Refuse,
	}
}

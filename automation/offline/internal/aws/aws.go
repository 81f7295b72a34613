package aws

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// services are those of which the offline target knows anything. What each does beyond its models is in the package of
// its name; one without a package is data alone.
var services = []service{
	accountService, acmService, appautoscalingService, autoscalingService, backupService, cloudfrontService,
	cloudwatchService, dynamodbService, ec2Service, ecrService, ecsService, efsService, elbService, iamService,
	kmsService, lambdaService, rdsService, route53Service, s3Service, secretsmanagerService, sfnService, snsService,
	sqsService, ssmService, wafv2Service,
	{module: "chatbot", name: "Chatbot"},
	{module: "servicediscovery", name: "Service Discovery"},
	{module: "vpc", name: "EC2"},
	{module: "xray", name: "X-Ray"},
}

//go:embed models/*.json
var modelFiles embed.FS

// New returns the provider over a world. The run tells the operation of the engine it serves from others: what is said
// once is said once in a run, by any of its provider processes.
func New(w *world.World, warn Warn, run string) (*Provider, error) {
	pkg, err := schema.AWS()
	if err != nil {
		return nil, fmt.Errorf("reading the AWS schema: %w", err)
	}
	return NewProvider(pkg, known(), w, warn, run), nil
}

// known is all that the offline target knows of AWS.
func known() Knowledge {
	models, err := fs.Sub(modelFiles, "models")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return Knowledge{models: models, references: references, services: services}
}

// Restorecheck is the Lambda function that checks what a restore test of AWS Backup restored, and tells AWS Backup its
// verdict. What it is called with, and what it needs, is in README.md.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/awslab/awslab/services/restorecheck/internal/check"
	"github.com/awslab/awslab/services/restorecheck/internal/validation"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	region, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Error("reading the configuration of AWS", "error", err)
		os.Exit(1)
	}
	validator := &validation.Validator{
		Backup: backup.NewFromConfig(region),
		Checks: check.All(check.Clients{
			RDS:      rds.NewFromConfig(region),
			DynamoDB: dynamodb.NewFromConfig(region),
			S3:       s3.NewFromConfig(region),
			EFS:      efs.NewFromConfig(region),
			EC2:      ec2.NewFromConfig(region),
		}, check.Settings{DatabaseSubnetGroup: os.Getenv("DATABASE_SUBNET_GROUP")}),
		Log: log,
	}
	lambda.Start(validator.Handle)
}

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/awslab/awslab/services/catalog/internal/api"
	"github.com/awslab/awslab/services/catalog/internal/awsclient"
	"github.com/awslab/awslab/services/catalog/internal/dynamo"
	"github.com/awslab/awslab/services/catalog/internal/export"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/picture"
)

// newAPI returns the API that the configuration describes. It does not wait for the table: until that answers, the
// service is live but not ready.
func newAPI(ctx context.Context, cfg config, log *slog.Logger) (*api.API, error) {
	parts := api.Parts{Items: item.NewMemory(cfg.maxItems), Log: log}
	var sdk aws.Config
	if cfg.table != "" || cfg.bucket != "" {
		var err error
		if sdk, err = awsclient.Load(ctx, log); err != nil {
			return nil, err
		}
		if sdk.Region == "" {
			return nil, errors.New("configuring the AWS SDK: AWS_REGION: is missing; name that of the table and bucket")
		}
	}
	if cfg.table != "" {
		parts.Items = dynamo.New(dynamodb.NewFromConfig(sdk), cfg.table)
		log.Info("items are kept in DynamoDB", "table", cfg.table)
	} else {
		log.Warn(
			"items are kept in memory and end with this process; set TABLE_ITEMS to keep them",
			"capacity", cfg.maxItems,
		)
	}
	if cfg.bucket != "" {
		parts.Pictures = picture.New(s3.NewFromConfig(sdk), cfg.bucket)
		log.Info("pictures are kept in S3", "bucket", cfg.bucket)
	} else {
		log.Info("no pictures are kept; set BUCKET_UPLOADS to keep them")
	}
	if cfg.exportsDir != "" {
		parts.Exports = export.NewFolder(cfg.exportsDir)
		log.Info("exports are written to a folder", "folder", cfg.exportsDir)
	} else {
		log.Info("no exports are written; set EXPORTS_DIR to write them")
	}
	return api.New(parts), nil
}

// Runtask is the Lambda function that runs an ECS task to its end, such as the migration of a database before a
// deployment. What it is called with, and what it needs, is in README.md.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/awslab/awslab/services/runtask/internal/taskrun"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	region, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Error("reading the configuration of AWS", "error", err)
		os.Exit(1)
	}
	runner := &taskrun.Runner{ECS: ecs.NewFromConfig(region), Logs: cloudwatchlogs.NewFromConfig(region), Log: log}
	lambda.Start(handler(runner))
}

// handler runs a task for each request to Lambda: what Lambda itself sends again is the same request, while a caller
// that calls again after a failure requires another task.
func handler(runner *taskrun.Runner) func(context.Context, taskrun.Event) (taskrun.Result, error) {
	return func(ctx context.Context, event taskrun.Event) (taskrun.Result, error) {
		request, ok := lambdacontext.FromContext(ctx)
		if !ok {
			return taskrun.Result{}, errors.New("this is a Lambda function; call it through Lambda")
		}
		return runner.Run(ctx, request.AwsRequestID, event)
	}
}

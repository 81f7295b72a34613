package taskrun

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Logs is what a Runner asks of CloudWatch Logs.
type Logs interface {
	GetLogEvents(
		context.Context,
		*cloudwatchlogs.GetLogEventsInput,
		...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.GetLogEventsOutput, error)
}

const (
	// maxLines is how many of a container's last lines an error quotes, and maxLine how much of each, in bytes.
	maxLines = 20
	maxLine  = 1000
	// logDelay is how long lines may take to arrive.
	logDelay = 3 * time.Second
)

// lastLines returns the end of a container's log, to be put behind an error. Without lines it says why.
func (r *Runner) lastLines(ctx context.Context, event Event, arn string) string {
	if event.LogGroup == "" {
		return ""
	}
	// The awslogs driver names a stream prefix/container/task (ECS developer guide).
	stream := fmt.Sprintf("%s/%s/%s", event.LogStreamPrefix, event.ContainerName, arn[strings.LastIndex(arn, "/")+1:])
	lines, err := r.lines(ctx, event.LogGroup, stream)
	if err == nil && len(lines) == 0 && sleep(ctx, logDelay) == nil {
		lines, err = r.lines(ctx, event.LogGroup, stream)
	}
	switch {
	case err != nil:
		return fmt.Sprintf("; reading its log %s, stream %s: %s", event.LogGroup, stream, err)
	case len(lines) == 0:
		return "; it logged nothing"
	}
	return fmt.Sprintf("; its log ends with:\n%s", strings.Join(lines, "\n"))
}

// lines returns none for a stream that is not there: a container that did not run has none.
func (r *Runner) lines(ctx context.Context, group, stream string) ([]string, error) {
	answer, err := r.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(maxLines), StartFromHead: aws.Bool(false),
	})
	if missing := new(types.ResourceNotFoundException); errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, e := range answer.Events {
		line := aws.ToString(e.Message)
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine], "") + " ..."
		}
		lines = append(lines, line)
	}
	return lines, nil
}

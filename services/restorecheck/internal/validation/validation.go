// Package validation gives AWS Backup the verdict on what a restore test restored.
package validation

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/awslab/awslab/services/restorecheck/internal/check"
)

// Backup is what validation asks and tells.
type Backup interface {
	DescribeRestoreJob(
		context.Context,
		*backup.DescribeRestoreJobInput,
		...func(*backup.Options),
	) (*backup.DescribeRestoreJobOutput, error)
	PutRestoreValidationResult(
		context.Context,
		*backup.PutRestoreValidationResultInput,
		...func(*backup.Options),
	) (*backup.PutRestoreValidationResultOutput, error)
}

// Validator handles the events of restore jobs.
type Validator struct {
	Backup Backup
	Checks map[string]check.Check // by the type of resource
	Log    *slog.Logger
}

// Event is EventBridge's "Restore Job State Change" of AWS Backup. Its other members are not read: it may come late and
// twice, so that AWS Backup itself is asked about the job.
type Event struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		RestoreJobID string `json:"restoreJobId"`
	} `json:"detail"`
}

// Verdict is what became of an event.
type Verdict struct {
	RestoreJobID string                        `json:"restoreJobId"`
	Status       types.RestoreValidationStatus `json:"status,omitempty"` // empty if the job was left alone
	Message      string                        `json:"message"`
}

const (
	// pollInterval lies between two looks at a resource that is not settled.
	pollInterval = 15 * time.Second
	// reserve is kept of the time that Lambda allows, to give the verdict in.
	reserve = 20 * time.Second
	// maxMessage bounds a message in bytes, as AWS documents no limit for it.
	maxMessage = 1000
)

// Handle judges the job that an event is about. What it could not find out it returns as an error, for Lambda to try
// again: that says nothing about the backup.
func (v *Validator) Handle(ctx context.Context, event Event) (Verdict, error) {
	if event.Source != "aws.backup" || event.DetailType != "Restore Job State Change" ||
		event.Detail.RestoreJobID == "" {
		return Verdict{}, fmt.Errorf(
			"event %q of %q for restore job %q: only Restore Job State Change of aws.backup with a job is "+
				"understood; narrow the rule that sends it",
			event.DetailType,
			event.Source,
			event.Detail.RestoreJobID,
		)
	}
	id := event.Detail.RestoreJobID
	job, err := v.Backup.DescribeRestoreJob(ctx, &backup.DescribeRestoreJobInput{RestoreJobId: &id})
	if err != nil {
		return Verdict{}, fmt.Errorf("describing restore job %s: %w", id, err)
	}
	if reason := leaveAlone(job); reason != "" {
		v.Log.Info("left alone", "restoreJobId", id, "reason", reason)
		return Verdict{RestoreJobID: id, Message: "left alone: " + reason}, nil
	}
	verdict, err := v.judge(ctx, id, job)
	if err != nil {
		return Verdict{}, fmt.Errorf("checking what restore job %s restored: %w", id, err)
	}
	if _, err := v.Backup.PutRestoreValidationResult(ctx, &backup.PutRestoreValidationResultInput{
		RestoreJobId: &id, ValidationStatus: verdict.Status, ValidationStatusMessage: &verdict.Message,
	}); err != nil {
		return Verdict{}, fmt.Errorf("telling AWS Backup that restore job %s is %s: %w", id, verdict.Status, err)
	}
	level := slog.LevelInfo
	if verdict.Status != types.RestoreValidationStatusSuccessful {
		level = slog.LevelError
	}
	v.Log.Log(
		ctx,
		level,
		"judged",
		"restoreJobId",
		id,
		"resource",
		aws.ToString(job.CreatedResourceArn),
		"status",
		string(verdict.Status),
		"message",
		verdict.Message,
	)
	return verdict, nil
}

// leaveAlone says why a job is not to be judged. A verdict once given stands: AWS Backup deletes the resource after it,
// so that a second look would see nothing.
func leaveAlone(job *backup.DescribeRestoreJobOutput) string {
	final := []types.RestoreValidationStatus{
		types.RestoreValidationStatusSuccessful,
		types.RestoreValidationStatusFailed,
		types.RestoreValidationStatusTimedOut,
	}
	switch {
	case job.Status != types.RestoreJobStatusCompleted:
		return "the job is " + string(job.Status)
	case job.CreatedBy == nil || aws.ToString(job.CreatedBy.RestoreTestingPlanArn) == "":
		return "the job is not of a restore test"
	case slices.Contains(final, job.ValidationStatus):
		return "the job is judged already: " + string(job.ValidationStatus)
	case job.IsParent:
		return "the job only holds others"
	}
	return ""
}

func (v *Validator) judge(ctx context.Context, id string, job *backup.DescribeRestoreJobOutput) (Verdict, error) {
	kind := aws.ToString(job.ResourceType)
	look, ok := v.Checks[kind]
	if !ok {
		return Verdict{
			id,
			types.RestoreValidationStatusFailed,
			fmt.Sprintf("%s is a type of resource that nothing checks; checked are %s",
				kind, strings.Join(slices.Sorted(maps.Keys(v.Checks)), ", ")),
		}, nil
	}
	restored, err := describe(job)
	if err != nil {
		return Verdict{}, err
	}
	finding, err := untilSettled(ctx, look, restored)
	if err != nil {
		return Verdict{}, err
	}
	status, texts := types.RestoreValidationStatusSuccessful, finding.Facts
	if len(finding.Problems) > 0 {
		status, texts = types.RestoreValidationStatusFailed, finding.Problems
	}
	return Verdict{
		id,
		status,
		shorten(fmt.Sprintf("%s %s: %s", kind, restored.Resource.Resource, strings.Join(texts, "; "))),
	}, nil
}

func describe(job *backup.DescribeRestoreJobOutput) (restored check.Restored, err error) {
	if restored.Resource, err = arn.Parse(aws.ToString(job.CreatedResourceArn)); err != nil {
		return restored, fmt.Errorf("ARN %q of what it restored: %w", aws.ToString(job.CreatedResourceArn), err)
	}
	if source := aws.ToString(job.SourceResourceArn); source != "" {
		if restored.Source, err = arn.Parse(source); err != nil {
			return restored, fmt.Errorf("ARN %q of what was backed up: %w", source, err)
		}
	}
	restored.BackupBytes = aws.ToInt64(job.BackupSizeInBytes)
	restored.Completed = aws.ToTime(job.CompletionDate)
	return restored, nil
}

// untilSettled looks until nothing is under way any more. What still is when the time is up is a problem.
func untilSettled(ctx context.Context, look check.Check, restored check.Restored) (check.Finding, error) {
	start := time.Now()
	waiting := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		waiting, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	for {
		finding, err := look(ctx, restored)
		if err != nil || finding.Pending == "" || len(finding.Problems) > 0 {
			return finding, err
		}
		select {
		case <-time.After(pollInterval):
		case <-waiting.Done():
			if ctx.Err() != nil {
				return check.Finding{}, ctx.Err()
			}
			finding.Problems = append(
				finding.Problems,
				fmt.Sprintf("%s, still so after %s", finding.Pending, time.Since(start).Round(time.Second)),
			)
			return finding, nil
		}
	}
}

func shorten(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	const more = " ..."
	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}

package validation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/restorecheck/internal/check"
)

const jobID = "8A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"

// vault answers for AWS Backup about the job of an event, and keeps the verdicts.
type vault struct {
	job      *backup.DescribeRestoreJobOutput
	fail     error // of describing
	refuse   error // of putting
	verdicts []backup.PutRestoreValidationResultInput
}

func (v *vault) DescribeRestoreJob(
	_ context.Context,
	in *backup.DescribeRestoreJobInput,
	_ ...func(*backup.Options),
) (*backup.DescribeRestoreJobOutput, error) {
	if *in.RestoreJobId != jobID {
		return nil, &types.ResourceNotFoundException{}
	}
	return v.job, v.fail
}

func (v *vault) PutRestoreValidationResult(
	_ context.Context,
	in *backup.PutRestoreValidationResultInput,
	_ ...func(*backup.Options),
) (*backup.PutRestoreValidationResultOutput, error) {
	v.verdicts = append(v.verdicts, *in)
	return &backup.PutRestoreValidationResultOutput{}, v.refuse
}

// readEvent returns a recorded event, and the job as AWS Backup describes it at that time.
func readEvent(t *testing.T, name string) ([]byte, *backup.DescribeRestoreJobOutput) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	var event struct {
		Detail struct {
			ResourceType, Status, CreatedResourceArn, SourceResourceArn, RestoreTestingPlanArn string
			CompletionDate                                                                     time.Time
			IsParent                                                                           bool
			BackupSizeInBytes                                                                  int64 `json:",string"`
		}
	}
	require.NoError(t, json.Unmarshal(text, &event))
	d := event.Detail
	job := &backup.DescribeRestoreJobOutput{
		ResourceType:       &d.ResourceType,
		Status:             types.RestoreJobStatus(d.Status),
		SourceResourceArn:  &d.SourceResourceArn,
		IsParent:           d.IsParent,
		CreatedResourceArn: &d.CreatedResourceArn,
		CompletionDate:     &d.CompletionDate,
		BackupSizeInBytes:  &d.BackupSizeInBytes,
	}
	if d.RestoreTestingPlanArn != "" {
		job.CreatedBy = &types.RestoreJobCreator{RestoreTestingPlanArn: &d.RestoreTestingPlanArn}
		job.ValidationStatus = types.RestoreValidationStatusValidating
	}
	return text, job
}

// looks answers each look at a resource with the next of its findings, and then with the last again.
type looks struct {
	findings []check.Finding
	err      error
	seen     []check.Restored
}

func (l *looks) look(_ context.Context, restored check.Restored) (check.Finding, error) {
	finding := l.findings[min(len(l.seen), len(l.findings)-1)]
	l.seen = append(l.seen, restored)
	return finding, l.err
}

var sound = check.Finding{Facts: []string{"available", "20 GiB"}}

// handle calls the function as Lambda does, with an event and with checks that find what is given.
func handle(ctx context.Context, v *vault, l *looks, event []byte) (answer, log string, err error) {
	checks := map[string]check.Check{}
	for kind := range check.All(check.Clients{}, check.Settings{}) {
		checks[kind] = l.look
	}
	var logged bytes.Buffer
	validator := &Validator{Backup: v, Checks: checks, Log: slog.New(slog.NewJSONHandler(&logged, nil))}
	text, err := lambda.NewHandler(validator.Handle).Invoke(ctx, event)
	return string(text), logged.String(), err
}

func TestEveryCheckedTypeIsJudged(t *testing.T) {
	for name, resource := range map[string]string{
		"rds": "RDS db:awsbackup-restore-test-2f1e0d3c", "aurora": "Aurora cluster:awsbackup-restore-test-2f1e0d3c",
		"dynamodb": "DynamoDB table/awsbackup-restore-test-2f1e0d3c", "s3": "S3 awsbackup-restore-test-2f1e0d3c",
		"efs": "EFS file-system/fs-0123456789abcdef0", "ebs": "EBS volume/vol-0123456789abcdef0",
	} {
		for _, tc := range []struct {
			finding check.Finding
			status  types.RestoreValidationStatus
			message string
		}{
			{sound, types.RestoreValidationStatusSuccessful, resource + ": available; 20 GiB"},
			{
				check.Finding{Facts: []string{"20 GiB"}, Problems: []string{"it is failed", "it is not encrypted"}},
				types.RestoreValidationStatusFailed,
				resource + ": it is failed; it is not encrypted",
			},
		} {
			t.Run(name+" "+string(tc.status), func(t *testing.T) {
				event, job := readEvent(t, name)
				v, l := &vault{job: job}, &looks{findings: []check.Finding{tc.finding}}
				answer, log, err := handle(t.Context(), v, l, event)
				require.NoError(t, err)
				require.Len(t, v.verdicts, 1)
				assert.Equal(
					t,
					backup.PutRestoreValidationResultInput{
						RestoreJobId:            aws.String(jobID),
						ValidationStatus:        tc.status,
						ValidationStatusMessage: &tc.message,
					},
					v.verdicts[0],
				)
				want, err := json.Marshal(Verdict{jobID, tc.status, tc.message})
				require.NoError(t, err)
				assert.JSONEq(t, string(want), answer)
				assert.Contains(t, log, tc.message)

				require.Len(t, l.seen, 1)
				assert.Equal(t, *job.CreatedResourceArn, l.seen[0].Resource.String())
				assert.Equal(t, *job.SourceResourceArn, l.seen[0].Source.String())
				assert.Equal(t, *job.BackupSizeInBytes, l.seen[0].BackupBytes)
				assert.Equal(t, *job.CompletionDate, l.seen[0].Completed)
			})
		}
	}
}

func TestATypeThatNothingChecksFails(t *testing.T) {
	event, job := readEvent(t, "fsx")
	v := &vault{job: job}
	_, _, err := handle(t.Context(), v, &looks{}, event)
	require.NoError(t, err)
	require.Len(t, v.verdicts, 1)
	assert.Equal(t, types.RestoreValidationStatusFailed, v.verdicts[0].ValidationStatus)
	assert.Equal(
		t,
		"FSx is a type of resource that nothing checks; checked are Aurora, DynamoDB, EBS, EFS, RDS, S3",
		*v.verdicts[0].ValidationStatusMessage,
	)
}

func TestJobsLeftAlone(t *testing.T) {
	judged := func(status types.RestoreValidationStatus) func(*backup.DescribeRestoreJobOutput) {
		return func(job *backup.DescribeRestoreJobOutput) { job.ValidationStatus = status }
	}
	for name, tc := range map[string]struct {
		event  string
		change func(*backup.DescribeRestoreJobOutput)
		want   string
	}{
		"not of a test": {"not_a_test", nil, "the job is not of a restore test"},
		"running":       {"running", nil, "the job is RUNNING"},
		"judged successful": {
			"rds",
			judged(types.RestoreValidationStatusSuccessful),
			"the job is judged already: SUCCESSFUL",
		},
		"judged failed": {"rds", judged(types.RestoreValidationStatusFailed), "the job is judged already: FAILED"},
		"not judged in time": {
			"rds",
			judged(types.RestoreValidationStatusTimedOut),
			"the job is judged already: TIMED_OUT",
		},
		"holds others": {
			"rds",
			func(job *backup.DescribeRestoreJobOutput) { job.IsParent = true },
			"the job only holds others",
		},
	} {
		t.Run(name, func(t *testing.T) {
			event, job := readEvent(t, tc.event)
			if tc.change != nil {
				tc.change(job)
			}
			v, l := &vault{job: job}, &looks{findings: []check.Finding{sound}}
			answer, _, err := handle(t.Context(), v, l, event)
			require.NoError(t, err)
			assert.Empty(t, v.verdicts)
			assert.Empty(t, l.seen)
			assert.JSONEq(t, `{"restoreJobId": "`+jobID+`", "message": "left alone: `+tc.want+`"}`, answer)
		})
	}
}

// Lambda tries again after an error, which then must not have given a verdict.
func TestWhatCouldNotBeFoundOutIsNoVerdict(t *testing.T) {
	denied := errors.New("AccessDenied")
	for name, tc := range map[string]struct {
		change func(*vault, *looks)
		want   string
	}{
		"describing the job": {
			func(v *vault, _ *looks) { v.fail = denied },
			"describing restore job " + jobID + ": AccessDenied",
		},
		"checking": {
			func(_ *vault, l *looks) { l.err = denied },
			"checking what restore job " + jobID + " restored: AccessDenied",
		},
		"no ARN": {
			func(v *vault, _ *looks) { v.job.CreatedResourceArn = nil },
			`ARN "" of what it restored`,
		},
		"no ARN of a source": {
			func(v *vault, _ *looks) { v.job.SourceResourceArn = aws.String("lab") },
			`ARN "lab" of what was backed up`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			event, job := readEvent(t, "rds")
			v, l := &vault{job: job}, &looks{findings: []check.Finding{sound}}
			tc.change(v, l)
			_, _, err := handle(t.Context(), v, l, event)
			require.ErrorContains(t, err, tc.want)
			assert.Empty(t, v.verdicts)
		})
	}
}

func TestAVerdictThatIsNotTakenIsAnError(t *testing.T) {
	event, job := readEvent(t, "rds")
	v := &vault{job: job, refuse: errors.New("ServiceUnavailable")}
	_, _, err := handle(t.Context(), v, &looks{findings: []check.Finding{sound}}, event)
	assert.ErrorContains(t, err, "telling AWS Backup that restore job "+jobID+" is SUCCESSFUL: ServiceUnavailable")
}

func TestASourceIsNotNeeded(t *testing.T) {
	event, job := readEvent(t, "rds")
	job.SourceResourceArn = nil
	v := &vault{job: job}
	_, _, err := handle(t.Context(), v, &looks{findings: []check.Finding{sound}}, event)
	require.NoError(t, err)
	assert.Equal(t, types.RestoreValidationStatusSuccessful, v.verdicts[0].ValidationStatus)
}

func TestWhatIsUnderWayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event, job := readEvent(t, "rds")
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		v, l := &vault{
			job: job,
		}, &looks{
			findings: []check.Finding{{Pending: "it is creating"}, {Pending: "it is backing-up"}, sound},
		}
		start := time.Now()
		_, _, err := handle(ctx, v, l, event)
		require.NoError(t, err)
		assert.Equal(t, 2*pollInterval, time.Since(start))
		assert.Equal(t, types.RestoreValidationStatusSuccessful, v.verdicts[0].ValidationStatus)
	})
}

func TestWhatIsUnderWayForTooLongFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event, job := readEvent(t, "rds")
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		v := &vault{job: job}
		start := time.Now()
		_, _, err := handle(ctx, v, &looks{findings: []check.Finding{{Pending: "it is modifying"}}}, event)
		require.NoError(t, err)
		assert.Equal(t, 15*time.Minute-reserve, time.Since(start), "there is time left for the verdict")
		assert.Equal(t, types.RestoreValidationStatusFailed, v.verdicts[0].ValidationStatus)
		assert.Equal(
			t,
			"RDS db:awsbackup-restore-test-2f1e0d3c: it is modifying, still so after 14m40s",
			*v.verdicts[0].ValidationStatusMessage,
		)
	})
}

func TestAProblemIsNotWaitedFor(t *testing.T) {
	event, job := readEvent(t, "rds")
	v := &vault{job: job}
	_, _, err := handle(
		t.Context(),
		v,
		&looks{findings: []check.Finding{{Pending: "it is modifying", Problems: []string{"it is not encrypted"}}}},
		event,
	)
	require.NoError(t, err)
	assert.Equal(t, types.RestoreValidationStatusFailed, v.verdicts[0].ValidationStatus)
}

func TestOtherEventsAreRefused(t *testing.T) {
	for _, event := range []string{
		`{"source": "aws.backup", "detail-type": "Backup Job State Change", "detail": {"restoreJobId": "x"}}`,
		`{"source": "aws.ec2", "detail-type": "Restore Job State Change", "detail": {"restoreJobId": "x"}}`,
		`{"source": "aws.backup", "detail-type": "Restore Job State Change", "detail": {}}`,
		`{}`,
	} {
		_, _, err := handle(t.Context(), &vault{}, &looks{}, []byte(event))
		assert.ErrorContains(t, err, "narrow the rule that sends it", event)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	assert.Equal(t, strings.Repeat("x", maxMessage), shorten(strings.Repeat("x", maxMessage)))
	short := shorten(strings.Repeat("é", maxMessage))
	assert.LessOrEqual(t, len(short), maxMessage)
	assert.True(t, strings.HasSuffix(short, "é ..."))
}

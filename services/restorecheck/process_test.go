package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/lambdatest"
)

func TestMain(m *testing.M) { lambdatest.Main(m, main) }

// answer is what AWS answers to a request.
type answer struct {
	status      int
	contentType string
	body        string
}

const jobID = "8A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"

// newRegion answers for AWS as its protocols have it: about the restore job with a table, a volume or another resource,
// and about that resource. verdict gets what PutRestoreValidationResult sends.
func newRegion(t *testing.T, kind, resource string, operations map[string]answer) (base string, verdict chan string) {
	t.Helper()
	verdict = make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		switch r.Method + " " + r.URL.Path {
		case "GET /restore-jobs/" + jobID:
			_, _ = fmt.Fprintf(
				w,
				`{"RestoreJobId": %q, "Status": "COMPLETED", "ValidationStatus": "VALIDATING", "ResourceType": %q,
					"CreatedResourceArn": %q,
				"CreatedBy": {
					"RestoreTestingPlanArn": "arn:aws:backup:eu-central-1:111122223333:restore-testing-plan:lab"},
				"CompletionDate": 1772342504.9}`,
				jobID,
				kind,
				resource,
			)
			return
		case "PUT /restore-jobs/" + jobID + "/validations":
			verdict <- string(body)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		operation := r.Method + " " + r.URL.Path
		if _, target, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
			operation = target
		} else if form, err := url.ParseQuery(string(body)); err == nil && form.Has("Action") {
			operation = form.Get("Action")
		}
		given, ok := operations[operation]
		if !assert.True(t, ok, "%s: %s", operation, body) {
			given = answer{status: http.StatusBadRequest}
		}
		w.Header().Set("Content-Type", given.contentType)
		w.WriteHeader(given.status)
		_, _ = io.WriteString(w, given.body)
	}))
	t.Cleanup(server.Close)
	return server.URL, verdict
}

func TestTheFunctionTellsAWSBackup(t *testing.T) {
	const (
		json10 = "application/x-amz-json-1.0"
		xml    = "text/xml"
		prefix = ":eu-central-1:111122223333:"
	)
	for name, tc := range map[string]struct {
		kind, resource string
		operations     map[string]answer
		want           string
	}{
		"a sound table": {"DynamoDB", "arn:aws:dynamodb" + prefix + "table/restored", map[string]answer{
			"DescribeTable": {
				200,
				json10,
				`{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}`,
			},
			"Scan": {200, json10, `{"Count": 1, "ScannedCount": 1}`},
		}, `{"ValidationStatus": "SUCCESSFUL", "ValidationStatusMessage": "DynamoDB table/restored: ACTIVE; key id ` +
			`HASH; has items"}`},
		"no table": {"DynamoDB", "arn:aws:dynamodb" + prefix + "table/restored", map[string]answer{
			"DescribeTable": {
				400,
				json10,
				`{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "not found"}`,
			},
		}, `{"ValidationStatus": "FAILED", "ValidationStatusMessage": "DynamoDB table/restored: the table does not ` +
			`exist"}`},
		"a sound volume": {"EBS", "arn:aws:ec2" + prefix + "volume/vol-1", map[string]answer{
			"DescribeVolumes": {
				200,
				xml,
				`<DescribeVolumesResponse><volumeSet><item>
				<volumeId>vol-1</volumeId><size>8</size><snapshotId>snap-1</snapshotId>
				<status>available</status><encrypted>true</encrypted></item></volumeSet></DescribeVolumesResponse>`,
			},
		}, `{"ValidationStatus": "SUCCESSFUL", "ValidationStatusMessage": "EBS volume/vol-1: available; 8 GiB"}`},
		"no volume": {"EBS", "arn:aws:ec2" + prefix + "volume/vol-1", map[string]answer{
			"DescribeVolumes": {
				400,
				xml,
				`<Response><Errors><Error><Code>InvalidVolume.NotFound</Code><Message>no</Message></Error></` +
					`Errors></Response>`,
			},
		}, `{"ValidationStatus": "FAILED", "ValidationStatusMessage": "EBS volume/vol-1: the volume does not exist"}`},
		"no database": {"RDS", "arn:aws:rds" + prefix + "db:restored", map[string]answer{
			"DescribeDBInstances": {
				404,
				xml,
				`<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>no</Message></` +
					`Error></ErrorResponse>`,
			},
		}, `{"ValidationStatus": "FAILED", "ValidationStatusMessage": "RDS db:restored: the database does not exist"}`},
		"no cluster": {"Aurora", "arn:aws:rds" + prefix + "cluster:restored", map[string]answer{
			"DescribeDBClusters": {
				404,
				xml,
				`<ErrorResponse><Error><Type>Sender</Type><Code>DBClusterNotFoundFault</Code><Message>no</` +
					`Message></Error></ErrorResponse>`,
			},
		}, `{"ValidationStatus": "FAILED", "ValidationStatusMessage": "Aurora cluster:restored: the database does ` +
			`not exist"}`},
		"a sound file system": {"EFS", "arn:aws:elasticfilesystem" + prefix + "file-system/fs-1", map[string]answer{
			"GET /2015-02-01/file-systems": {
				200,
				"application/json",
				`{"FileSystems": [{"LifeCycleState": "available", "Encrypted": true, "SizeInBytes": {"Value": ` +
					`12288, "Timestamp": 1772346104}}]}`,
			},
		}, `{"ValidationStatus": "SUCCESSFUL", "ValidationStatusMessage": "EFS file-system/fs-1: available; 12288 ` +
			`bytes"}`},
		"no bucket": {"S3", "arn:aws:s3:::restored", map[string]answer{
			"GET /restored":  {404, xml, `<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>`},
			"GET /restored/": {404, xml, `<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>`},
		}, `{"ValidationStatus": "FAILED", "ValidationStatusMessage": "S3 restored: the bucket does not exist"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, verdict := newRegion(t, tc.kind, tc.resource, tc.operations)
			kind, body := lambdatest.Invoke(
				t,
				`{"source": "aws.backup", "detail-type": "Restore Job State Change", "detail": {"restoreJobId": `+
					`"`+jobID+`"}}`,
				base,
			)
			assert.Equal(t, "response", kind, body)
			require.Len(t, verdict, 1, body)
			assert.JSONEq(t, tc.want, <-verdict)
		})
	}
}

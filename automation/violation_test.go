package automation

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
)

func TestNewViolation(t *testing.T) {
	tests := map[string]struct {
		policy, message, severity string
		want                      Violation
	}{
		"a message of awslab's packs": {
			policy: "rds-multi-az",
			message: "<{%fg 4%}>[MEDIUM][RDS.5][REL10] Databases run in two zones\nlogs: multiAz is false.\nFix: " +
				"set multiAz.<{%reset%}>\n",
			want: Violation{
				Severity: "MEDIUM",
				Controls: []string{"RDS.5", "REL10"},
				Title:    "Databases run in two zones",
				Finding:  "multiAz is false.",
				Fix:      "set multiAz.",
				Message: "[MEDIUM][RDS.5][REL10] Databases run in two zones\nlogs: multiAz is false.\nFix: set " +
					"multiAz.",
			},
		},
		"the engine's severity comes before the message's": {
			policy: "x", severity: "high", message: "[LOW][A.1] Title\nlogs: wrong.",
			want: Violation{Severity: "HIGH", Controls: []string{"A.1"}, Title: "Title", Finding: "wrong.",
				Message: "[LOW][A.1] Title\nlogs: wrong."},
		},
		"a third party's message is the finding whole": {
			policy: "x", message: "Buckets need a name.\n\nSee https://example.com [docs].",
			want: Violation{Finding: "Buckets need a name.\n\nSee https://example.com [docs].",
				Message: "Buckets need a name.\n\nSee https://example.com [docs]."},
		},
		"a message with a fix and no headline": {
			policy: "x", message: "No name.\nFix: name it.",
			want: Violation{Finding: "No name.", Fix: "name it.", Message: "No name.\nFix: name it."},
		},
		"a label that is no severity is a control": {
			policy: "x", message: "[S3.1] Title",
			want: Violation{Controls: []string{"S3.1"}, Title: "Title", Message: "[S3.1] Title"},
		},
		"what a rule could not judge": {
			policy: "unevaluated", message: "s3-tls-only could not be judged for logs: policy: not known yet.",
			want: Violation{Unjudged: "s3-tls-only", Finding: "policy: not known yet.",
				Message: "s3-tls-only could not be judged for logs: policy: not known yet."},
		},
		"the same words under another policy are a finding": {
			policy: "x", message: "y could not be judged for logs: z.",
			want: Violation{
				Finding: "y could not be judged for logs: z.",
				Message: "y could not be judged for logs: z.",
			},
		},
		"no message": {policy: "x", want: Violation{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.Policy, test.want.Pack, test.want.URN, test.want.Mandatory = test.policy, "pack", bucketURN, true
			test.want.ResourceType, test.want.ResourceName = "aws:s3/bucketV2:BucketV2", "logs"
			require.Equal(
				t,
				&test.want,
				newViolation(&apitype.PolicyEvent{PolicyName: test.policy, PolicyPackName: "pack",
					ResourceURN:      bucketURN,
					Message:          test.message,
					Severity:         test.severity,
					EnforcementLevel: "mandatory",
				}),
			)
		})
	}
	t.Run("without a URN", func(t *testing.T) {
		require.Equal(t, &Violation{Policy: "x", Finding: "wrong", Message: "wrong"},
			newViolation(&apitype.PolicyEvent{PolicyName: "x", Message: "wrong", EnforcementLevel: "warning"}))
	})
}

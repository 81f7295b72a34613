package automation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/providers"

	"github.com/awslab/awslab/automation/internal/permissions"
)

// MissingPermission is an IAM action on a resource that the caller may not do.
type MissingPermission = permissions.Missing

// MissingPermissionsError says that IAM does not allow the caller what the creations of an up need. Nothing was done.
type MissingPermissionsError struct {
	// Principal is the ARN of who calls.
	Principal string
	Missing   []MissingPermission
}

// shownPermissions is how many the error lists; whole services may be missing.
const shownPermissions = 10

func (e *MissingPermissionsError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s lacks permissions that this up needs:", e.Principal)
	for i, missing := range e.Missing {
		if i == shownPermissions {
			fmt.Fprintf(&text, "\n  and %d more", len(e.Missing)-shownPermissions)
			break
		}
		fmt.Fprintf(&text, "\n  %s", missing)
	}
	text.WriteString("\nnothing was changed; grant them, name other credentials in aws:profile or AWS_PROFILE, or " +
		"leave this check out by aws:skipCredentialsValidation: true, and run the command again")
	return text.String()
}

// planCreation notes a resource of AWS that is to be created.
func (r *Result) planCreation(m apitype.StepEventMetadata) {
	switch {
	case m.New == nil:
	case m.Type == "pulumi:providers:aws":
		r.regions[m.URN], _ = m.New.Inputs["region"].(string)
	case strings.HasPrefix(m.Type, "aws:") && (m.Op == apitype.OpCreate || m.Op == apitype.OpCreateReplacement):
		r.created = append(r.created, *m.New)
	}
}

// requirePermissions refuses an up for which IAM says that the caller lacks a permission. It warns where IAM does not
// say.
func (l *Lab) requirePermissions(ctx context.Context, preview *Result) error {
	if l.account == nil || len(preview.created) == 0 {
		return nil
	}
	caller := l.account.caller.Load()
	if caller == nil {
		return nil
	}
	missing, err := l.account.missing(ctx, *caller, preview)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		l.warnOfPermissions(ctx, *caller, preview, err)
		return nil
	}
	if len(missing) > 0 {
		return &MissingPermissionsError{Principal: *caller, Missing: missing}
	}
	return nil
}

// warnOfPermissions says that IAM did not tell whether the caller lacks a permission.
func (l *Lab) warnOfPermissions(ctx context.Context, caller string, preview *Result, why error) {
	reason := why.Error()
	var answer smithy.APIError
	if errors.As(why, &answer) {
		reason = answer.ErrorCode() + ": " + answer.ErrorMessage()
	}
	c := &collector{lab: l, ctx: ctx, result: *preview}
	c.diagnose("", "warning", fmt.Sprintf("IAM does not tell whether %s has the permissions that this up needs (%s); "+
		"one that is missing is found half way; grant iam:SimulatePrincipalPolicy and iam:GetRole on it to have this "+
		"checked", caller, reason))
	preview.Diagnostics = c.result.Diagnostics
}

// permissionsTimeout is how long IAM may take: some networks do not lead to it.
const permissionsTimeout = 30 * time.Second

func (a *account) missing(ctx context.Context, arnOfCaller string, preview *Result) ([]MissingPermission, error) {
	ctx, cancel := context.WithTimeout(ctx, permissionsTimeout)
	defer cancel()
	settings, err := a.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding AWS credentials: %w", err)
	}
	caller, err := arn.Parse(arnOfCaller)
	if err != nil {
		return nil, fmt.Errorf("reading the caller: %w", err)
	}
	var created []permissions.Resource
	for _, state := range preview.created {
		provider, err := providers.ParseReference(state.Provider)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", state.URN, err)
		}
		inputs := map[string]string{}
		for name, value := range state.Inputs {
			if text, is := value.(string); is && known(text) == text {
				inputs[name] = text
			}
		}
		created = append(created, permissions.Resource{
			Type: state.Type, Region: preview.regions[string(provider.URN())], Inputs: inputs,
		})
	}
	api := iam.NewFromConfig(settings, func(o *iam.Options) { a.provider.endpoint(&o.BaseEndpoint, "iam") })
	return permissions.Check(ctx, api, arnOfCaller, permissions.Needed(created, caller.Partition, caller.AccountID))
}

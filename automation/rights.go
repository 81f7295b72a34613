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

	"github.com/awslab/awslab/automation/internal/rights"
)

// MissingRight is an IAM action on a resource that the caller may not do.
type MissingRight = rights.Missing

// RightsError says that IAM does not allow the caller what the creations of an up need. Nothing has been done.
type RightsError struct {
	// Caller is the ARN of whose credentials they are.
	Caller  string
	Missing []MissingRight
}

// shownRights is how many the error lists; whole services may be missing.
const shownRights = 10

func (e *RightsError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s lacks permissions that this up needs:", e.Caller)
	for i, missing := range e.Missing {
		if i == shownRights {
			fmt.Fprintf(&text, "\n  and %d more", len(e.Missing)-shownRights)
			break
		}
		fmt.Fprintf(&text, "\n  %s", missing)
	}
	text.WriteString("\nnothing was changed; grant them, and run the command again. " +
		"aws:skipCredentialsValidation: true leaves this check out")
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

// requireRights refuses an up for which IAM says that the caller lacks a permission. It warns where IAM does not say.
func (l *Lab) requireRights(ctx context.Context, preview *Result) error {
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
		l.warnOfRights(ctx, *caller, preview, err)
		return nil
	}
	if len(missing) > 0 {
		return &RightsError{Caller: *caller, Missing: missing}
	}
	return nil
}

// warnOfRights says that IAM did not tell whether the caller lacks a permission.
func (l *Lab) warnOfRights(ctx context.Context, caller string, preview *Result, why error) {
	reason := why.Error()
	var answer smithy.APIError
	if errors.As(why, &answer) {
		reason = answer.ErrorCode() + ": " + answer.ErrorMessage()
	}
	c := &collector{lab: l, ctx: ctx, result: *preview}
	c.diagnose("", "warning", fmt.Sprintf("IAM does not tell whether %s has the permissions that this up needs (%s); one "+
		"that is missing is found half way; grant iam:SimulatePrincipalPolicy and iam:GetRole on it to have this checked",
		caller, reason))
	preview.Diagnostics = c.result.Diagnostics
}

// rightsTimeout is how long IAM may take: some networks do not lead to it.
const rightsTimeout = time.Minute

func (a *account) missing(ctx context.Context, arnOfCaller string, preview *Result) ([]MissingRight, error) {
	ctx, cancel := context.WithTimeout(ctx, rightsTimeout)
	defer cancel()
	settings, err := a.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding AWS credentials: %w", err)
	}
	caller, err := arn.Parse(arnOfCaller)
	if err != nil {
		return nil, fmt.Errorf("reading the caller: %w", err)
	}
	var created []rights.Resource
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
		created = append(created, rights.Resource{
			Type: state.Type, Region: preview.regions[string(provider.URN())], Inputs: inputs,
		})
	}
	api := iam.NewFromConfig(settings, func(o *iam.Options) { a.provider.endpoint(&o.BaseEndpoint, "iam") })
	return rights.Check(ctx, api, arnOfCaller, rights.Needed(created, caller.Partition, caller.AccountID))
}

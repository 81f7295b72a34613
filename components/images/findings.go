package images

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// ScanFindingsArgs describe who is informed of weaknesses in images.
type ScanFindingsArgs struct {
	Location identity.Location
	// Name of the EventBridge rule.
	Name string
	// Prefix selects repositories by the beginning of their names.
	Prefix string
	// TopicArn is the SNS topic that is told; its policy has to let EventBridge publish.
	TopicArn pulumi.StringInput
	Tags     map[string]string
}

// ScanFindings tells a topic of each image whose scan found something critical or high. Its type token is
// awslab:images:ScanFindings.
type ScanFindings struct {
	pulumi.ResourceState
}

func (args *ScanFindingsArgs) validate() error {
	problems := []error{args.Location.Validate()}
	if args.Name == "" || len(args.Name) > 64 {
		problems = append(problems, problem.New("Name", "%q; use 1 to 64 characters", args.Name))
	}
	if args.Prefix == "" {
		problems = append(problems, problem.New("Prefix", "missing; say how the repositories' names begin"))
	}
	if args.TopicArn == nil {
		problems = append(problems, problem.New("TopicArn", "missing"))
	}
	return errors.Join(problems...)
}

// pattern matches the end of a scan that counted a critical or high finding. Of basic scanning it is an event of ECR,
// and of enhanced scanning, which the registry's owner turns on, one of Amazon Inspector, which has an ARN as the
// repository's name ("Amazon ECR events and EventBridge" and "EventBridge events sent for enhanced scanning in Amazon
// ECR", Amazon ECR user guide).
func (args *ScanFindingsArgs) pattern() (string, error) {
	type object map[string]any
	positive := []any{object{"numeric": []any{">", 0}}}
	text, err := json.Marshal(object{
		"source":      []string{"aws.ecr", "aws.inspector2"},
		"detail-type": []string{"ECR Image Scan", "Inspector2 Scan"},
		"resources":   []any{object{"prefix": args.Location.Arn("ecr", "repository/"+args.Prefix)}},
		"detail": object{
			"scan-status": []string{"COMPLETE", "INITIAL_SCAN_COMPLETE"},
			"$or": []any{
				object{"finding-severity-counts": object{"CRITICAL": positive}},
				object{"finding-severity-counts": object{"HIGH": positive}},
			},
		},
	})
	return string(text), err
}

// NewScanFindings creates the rule and its target.
func NewScanFindings(
	ctx *pulumi.Context,
	name string,
	args *ScanFindingsArgs,
	opts ...pulumi.ResourceOption,
) (*ScanFindings, error) {
	if args == nil {
		args = &ScanFindingsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("scan findings %q: %w", name, err)
	}
	pattern, err := args.pattern()
	if err != nil {
		return nil, fmt.Errorf("rendering the event pattern of scan findings %q: %w", name, err)
	}
	component := &ScanFindings{}
	if err := ctx.RegisterComponentResource("awslab:images:ScanFindings", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering scan findings %q: %w", name, err)
	}
	rule, err := cloudwatch.NewEventRule(ctx, name+"-rule", &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(args.Name),
		Description:  pulumi.String("Critical and high findings of image scans"),
		EventPattern: pulumi.String(pattern),
		Tags:         pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the rule of scan findings %q: %w", name, err)
	}
	if _, err := cloudwatch.NewEventTarget(ctx, name+"-topic", &cloudwatch.EventTargetArgs{
		Rule: rule.Name,
		Arn:  args.TopicArn,
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{
			InputPaths: pulumi.ToStringMap(map[string]string{
				"repository": "$.detail.repository-name",
				"digest":     "$.detail.image-digest",
				"tags":       "$.detail.image-tags",
				"counts":     "$.detail.finding-severity-counts",
			}),
			InputTemplate: pulumi.String(`"Image scan of <repository> <tags> (<digest>) found: <counts>"`),
		},
	}, pulumi.Parent(component)); err != nil {
		return nil, fmt.Errorf("leading scan findings %q to their topic: %w", name, err)
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of scan findings %q: %w", name, err)
	}
	return component, nil
}

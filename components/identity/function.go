package identity

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
)

// FunctionRoleArgs describe what a Lambda function may do.
type FunctionRoleArgs struct {
	RoleSettings
	Location     Location
	Function     string      // the function's name
	LogGroup     string      // log group, by name, that the function writes to; by default /aws/lambda/<Function>
	Access       Access      // what its code may reach
	Statements   []Statement // what its code may do besides
	FailureQueue string      // SQS queue, by name, for events that the function failed on; empty means none
	Tracing      bool        // lets Lambda send traces to X-Ray
}

// NewFunctionRole creates the role of a Lambda function outside a VPC. Such a function needs no more for itself than to
// write its logs: AWSLambdaBasicExecutionRole, the managed policy, would let it write to all log groups and make new
// ones.
func NewFunctionRole(
	ctx *pulumi.Context,
	name string,
	args *FunctionRoleArgs,
	opts ...pulumi.ResourceOption,
) (*Role, error) {
	if args == nil {
		args = &FunctionRoleArgs{}
	}
	statements, err := args.statements()
	if err != nil {
		return nil, fmt.Errorf("function role %q: %w", name, err)
	}
	trust := AccountTrust("lambda.amazonaws.com", args.Location.AccountId)
	return NewRole(ctx, name, args.role("What a Lambda function may do", trust, "access", statements), opts...)
}

func (args *FunctionRoleArgs) statements() ([]Statement, error) {
	logGroup := cmp.Or(args.LogGroup, "/aws/lambda/"+args.Function)
	problems := []error{
		args.Location.Validate(),
		grammar.FunctionName.Check("Function", args.Function),
		grammar.LogGroupName.Check("LogGroup", logGroup),
	}
	statements := []Statement{writeLogs("WriteLogs", args.Location, logGroup)}
	if args.FailureQueue != "" {
		problems = append(problems, grammar.QueueName.Check("FailureQueue", args.FailureQueue))
		statements = append(statements, Statement{
			Sid:       "KeepFailedEvents",
			Actions:   []string{"sqs:SendMessage"},
			Resources: []string{args.Location.QueueArn(args.FailureQueue)},
		})
	}
	if args.Tracing {
		statements = append(statements, Statement{
			Sid:       "SendTraces",
			Actions:   []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"},
			Resources: []string{"*"}, // neither supports resource-level permissions
		})
	}
	access, err := args.Access.statements(args.Location)
	statements = append(append(statements, access...), args.Statements...)
	return statements, errors.Join(append(problems, err)...)
}

package network

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/names"
)

// newFlowLogs records the VPC's traffic in a log group of its own.
func (v *Vpc) newFlowLogs(ctx *pulumi.Context, name string) error {
	physicalName := cmp.Or(v.args.FlowLogs.Name, names.New(ctx.Project(), ctx.Stack(), "").Name(name, "flow-logs"))
	group, err := cloudwatch.NewLogGroup(ctx, name+"-flow-log-group", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(physicalName),
		RetentionInDays: pulumi.Int(v.args.FlowLogs.RetentionInDays),
		KmsKeyId:        v.args.FlowLogs.KmsKeyArn,
		Tags:            tags(v.args.Tags, physicalName),
	}, pulumi.Parent(v))
	if err != nil {
		return fmt.Errorf("creating flow log group %q: %w", physicalName, err)
	}
	v.FlowLogGroupName = group.Name

	role, err := identity.NewRole(ctx, name+"-flow-log-writer", v.args.flowLogRole(physicalName), pulumi.Parent(v))
	if err != nil {
		return err
	}
	_, err = ec2.NewFlowLog(ctx, name+"-flow-log", &ec2.FlowLogArgs{
		VpcId:              v.VpcId,
		TrafficType:        pulumi.String(v.args.FlowLogs.Traffic),
		LogDestinationType: pulumi.String("cloud-watch-logs"),
		LogDestination:     group.Arn,
		IamRoleArn:         role.Arn,
		Tags:               tags(v.args.Tags, name+"-flow-log"),
	}, pulumi.Parent(v))
	if err != nil {
		return fmt.Errorf("creating flow log of VPC %q: %w", name, err)
	}
	return nil
}

// flowLogRole lets VPC flow logs write to one log group.
func (args VpcArgs) flowLogRole(logGroup string) *identity.RoleArgs {
	location := args.Location
	return &identity.RoleArgs{
		Name:                logGroup,
		Description:         "Writes VPC flow logs to CloudWatch",
		PermissionsBoundary: args.PermissionsBoundary,
		Trust: identity.ServiceTrust(
			"vpc-flow-logs.amazonaws.com",
			location.AccountId,
			location.Arn("ec2", "vpc-flow-log/*"),
		),
		Policies: map[string]identity.Document{"write": {Statements: []identity.Statement{
			{
				Sid:       "WriteLogs",
				Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
				Resources: []string{location.LogGroupArn(logGroup) + ":*"},
			},
			{
				Sid:       "FindLogGroup",
				Actions:   []string{"logs:DescribeLogGroups"},
				Resources: []string{"*"}, // it supports no resource-level permissions
			},
		}}},
		Tags: args.Tags,
	}
}

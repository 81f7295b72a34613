package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
)

// DatabaseMonitoringRoleArgs describe by which role RDS writes the metrics of a database's servers.
type DatabaseMonitoringRoleArgs struct {
	RoleSettings
	Location   Location
	Identifier string // of the instance or cluster; its replicas' and members' identifiers begin with it
}

// monitoringLogGroup is the one log group of an account and region that enhanced monitoring writes to, and which RDS
// makes itself ("Setting up and enabling Enhanced Monitoring", RDS user guide).
const monitoringLogGroup = "RDSOSMetrics"

// NewDatabaseMonitoringRole creates the role of a database's enhanced monitoring. It allows what the managed policy
// AmazonRDSEnhancedMonitoringRole allows, but on the one log group and not on all whose names begin with RDS.
func NewDatabaseMonitoringRole(
	ctx *pulumi.Context,
	name string,
	args *DatabaseMonitoringRoleArgs,
	opts ...pulumi.ResourceOption,
) (*Role, error) {
	if args == nil {
		args = &DatabaseMonitoringRoleArgs{}
	}
	if err := errors.Join(
		args.Location.Validate(),
		grammar.DatabaseIdentifier.Check("Identifier", args.Identifier),
	); err != nil {
		return nil, fmt.Errorf("database monitoring role %q: %w", name, err)
	}
	// RDS asks for the role on behalf of instances (db) and of Multi-AZ DB clusters (cluster).
	trust := ServiceTrust(
		"monitoring.rds.amazonaws.com",
		args.Location.AccountId,
		args.Location.Arn("rds", "*:"+args.Identifier+"*"),
	)
	return NewRole(
		ctx,
		name,
		args.role("Writes the metrics of enhanced monitoring", trust, "write", args.statements()),
		opts...)
}

func (args *DatabaseMonitoringRoleArgs) statements() []Statement {
	group := args.Location.LogGroupArn(monitoringLogGroup)
	return []Statement{
		{
			Sid:       "MakeLogGroup",
			Actions:   []string{"logs:CreateLogGroup", "logs:PutRetentionPolicy"},
			Resources: []string{group, group + ":*"},
		},
		{
			Sid: "WriteLogs",
			Actions: []string{
				"logs:CreateLogStream",
				"logs:DescribeLogStreams",
				"logs:GetLogEvents",
				"logs:PutLogEvents",
			},
			Resources: []string{group + ":*"},
		},
	}
}

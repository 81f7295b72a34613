package identity

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) databaseMonitoringRole(args *DatabaseMonitoringRoleArgs) error {
	return g.run(func(ctx *pulumi.Context) error {
		_, err := NewDatabaseMonitoringRole(ctx, "monitoring", args)
		return err
	})
}

func TestDatabaseMonitoringRoleWritesMetricsOfOneDatabase(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.databaseMonitoringRole(&DatabaseMonitoringRoleArgs{
		RoleSettings: RoleSettings{
			Name:                "lab-monitoring",
			PermissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
		},
		Location:   ireland,
		Identifier: "lab",
	}))
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "monitoring.rds.amazonaws.com"},
		"Condition": {
			"StringEquals": {"aws:SourceAccount": "123456789012"},
			"ArnLike": {"aws:SourceArn": "arn:aws:rds:eu-west-1:123456789012:*:lab*"}
		}
	}]}`, g.input("monitoring-role", "assumeRolePolicy"))
	require.Equal(t, "arn:aws:iam::123456789012:policy/boundary", g.input("monitoring-role", "permissionsBoundary"))
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "MakeLogGroup", "Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
			"Resource": [
			"arn:aws:logs:eu-west-1:123456789012:log-group:RDSOSMetrics",
				"arn:aws:logs:eu-west-1:123456789012:log-group:RDSOSMetrics:*"]},
		{"Sid": "WriteLogs", "Effect": "Allow",
			"Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:RDSOSMetrics:*",
		 "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"]}
	]}`, g.input("monitoring-write", "policy"))
	require.Len(t, g.resources, 3, "no managed policy is attached")
}

func TestDatabaseMonitoringRoleProblems(t *testing.T) {
	g := &graph{}
	err := g.databaseMonitoringRole(
		&DatabaseMonitoringRoleArgs{Location: Location{Partition: "aws", Region: "eu-west-1"}, Identifier: "*"},
	)
	require.ErrorContains(t, err, `database monitoring role "monitoring": Location.AccountId: ""`)
	require.ErrorContains(t, err, `Identifier: "*" is not a name of an RDS instance or cluster`)
	require.Empty(t, g.resources)
}

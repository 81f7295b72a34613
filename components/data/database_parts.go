package data

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// databaseParts are what all servers of a database share.
type databaseParts struct {
	subnetGroup, parameterGroup pulumi.StringOutput
	monitoringRoleArn           pulumi.StringPtrInput // nil without enhanced monitoring
}

func (db *Database) newParts(ctx *pulumi.Context) error {
	subnets, err := rds.NewSubnetGroup(ctx, db.name+"-subnet-group", &rds.SubnetGroupArgs{
		Name:        pulumi.String(db.Identifier),
		Description: pulumi.String("Where the database " + db.Identifier + " is"),
		SubnetIds:   db.args.SubnetIds,
		Tags:        pulumi.ToStringMap(db.args.Tags),
	}, pulumi.Parent(db))
	if err != nil {
		return fmt.Errorf("creating subnet group %q: %w", db.Identifier, err)
	}
	db.parts.subnetGroup, db.SubnetGroupName = subnets.Name, db.Identifier
	if err := db.newParameterGroup(ctx); err != nil {
		return err
	}
	if db.args.MonitoringSeconds == 0 {
		return nil
	}
	role, err := identity.NewRole(ctx, db.name+"-monitoring", db.args.monitoringRole(), pulumi.Parent(db))
	if err != nil {
		return err
	}
	db.parts.monitoringRoleArn = role.Arn
	return nil
}

// newParameterGroup has the family in both its names. An upgrade to another major version then makes a second group,
// moves the servers to it and deletes the first. One group would be replaced, and the provider deletes what has a given
// name before it makes the replacement, which RDS refuses while the servers use it.
func (db *Database) newParameterGroup(ctx *pulumi.Context) error {
	family := db.flavor.family(db.args.EngineVersion)
	name, resourceName := db.Identifier+"-"+strings.ReplaceAll(family, ".", "-"), db.name+"-parameter-group-"+family
	description := pulumi.String("TLS only, and logs of what is slow")
	parameters := db.flavor.allParameters(db.args.Parameters)
	if db.args.isCluster() {
		group, err := rds.NewClusterParameterGroup(ctx, resourceName, &rds.ClusterParameterGroupArgs{
			Name:        pulumi.String(name),
			Family:      pulumi.String(family),
			Description: description,
			Parameters:  clusterParameters(parameters),
			Tags:        pulumi.ToStringMap(db.args.Tags),
		}, pulumi.Parent(db))
		if err != nil {
			return fmt.Errorf("creating parameter group %q: %w", name, err)
		}
		db.parts.parameterGroup = group.Name
		return nil
	}
	group, err := rds.NewParameterGroup(ctx, resourceName, &rds.ParameterGroupArgs{
		Name:        pulumi.String(name),
		Family:      pulumi.String(family),
		Description: description,
		Parameters:  instanceParameters(parameters),
		Tags:        pulumi.ToStringMap(db.args.Tags),
	}, pulumi.Parent(db))
	if err != nil {
		return fmt.Errorf("creating parameter group %q: %w", name, err)
	}
	db.parts.parameterGroup = group.Name
	return nil
}

func (p databaseParameter) applyMethod() pulumi.String {
	if p.static {
		return "pending-reboot"
	}
	return "immediate"
}

func instanceParameters(parameters []databaseParameter) rds.ParameterGroupParameterArray {
	var array rds.ParameterGroupParameterArray
	for _, p := range parameters {
		array = append(array, rds.ParameterGroupParameterArgs{
			Name:        pulumi.String(p.name),
			Value:       pulumi.String(p.value),
			ApplyMethod: p.applyMethod(),
		})
	}
	return array
}

func clusterParameters(parameters []databaseParameter) rds.ClusterParameterGroupParameterArray {
	var array rds.ClusterParameterGroupParameterArray
	for _, p := range parameters {
		array = append(array, rds.ClusterParameterGroupParameterArgs{
			Name:        pulumi.String(p.name),
			Value:       pulumi.String(p.value),
			ApplyMethod: p.applyMethod(),
		})
	}
	return array
}

// newLogGroups creates the log groups that an instance or a cluster exports to. RDS would make them too, but without an
// end to their retention and without a key. The result is what has to wait for them.
func (db *Database) newLogGroups(ctx *pulumi.Context, name, what, identifier string) (pulumi.ResourceOption, error) {
	var groups []pulumi.Resource
	for _, log := range db.flavor.logs {
		path := fmt.Sprintf("/aws/rds/%s/%s/%s", what, identifier, log)
		group, err := db.newLogGroup(ctx, name+"-log-"+log, path)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return pulumi.DependsOn(groups), nil
}

func (db *Database) newLogGroup(ctx *pulumi.Context, name, path string) (*cloudwatch.LogGroup, error) {
	group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(path),
		RetentionInDays: pulumi.Int(db.args.LogRetentionDays),
		KmsKeyId:        db.args.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(db.args.Tags),
	}, pulumi.Parent(db))
	if err != nil {
		return nil, fmt.Errorf("creating log group %q: %w", path, err)
	}
	return group, nil
}

// monitoringLogGroup is the one log group of the account and region that enhanced monitoring writes to, which RDS makes
// itself ("Setting up and enabling Enhanced Monitoring", RDS user guide).
const monitoringLogGroup = "RDSOSMetrics"

// monitoringRole lets RDS write the metrics of this database's servers, whose names all begin with its identifier.
// It allows what AWS's own policy AmazonRDSEnhancedMonitoringRole allows, on one log group.
func (args *DatabaseArgs) monitoringRole() *identity.RoleArgs {
	group := args.Location.LogGroupArn(monitoringLogGroup)
	return &identity.RoleArgs{
		Name:        args.Identifier + "-monitoring",
		Path:        args.RolePath,
		Description: "Writes the metrics of enhanced monitoring",
		Trust: identity.ServiceTrust(
			"monitoring.rds.amazonaws.com",
			args.Location.AccountId,
			args.Location.Arn("rds", "*:"+args.Identifier+"*"),
		),
		Policies: map[string]identity.Document{"write": {Statements: []identity.Statement{
			{
				Sid:       "MakeLogGroup",
				Actions:   []string{"logs:CreateLogGroup", "logs:PutRetentionPolicy"},
				Resources: []string{group},
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
		}}},
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
	}
}

package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// RDS is what the check of databases asks.
type RDS interface {
	DescribeDBInstances(
		context.Context,
		*rds.DescribeDBInstancesInput,
		...func(*rds.Options),
	) (*rds.DescribeDBInstancesOutput, error)
	DescribeDBClusters(
		context.Context,
		*rds.DescribeDBClustersInput,
		...func(*rds.Options),
	) (*rds.DescribeDBClustersOutput, error)
}

type databases struct {
	client      RDS
	subnetGroup string
}

// database is what instances and clusters have in common.
type database struct {
	status, engine, version, subnetGroup string
	storage                              int32 // GiB; a cluster of Aurora says 1, as its storage grows by itself
	encrypted, public                    bool
}

func (d databases) check(ctx context.Context, restored Restored) (Finding, error) {
	found, err := d.describe(ctx, restored.Resource)
	if err != nil {
		return Finding{}, err
	}
	if found == nil {
		return gone("the database"), nil
	}
	var f Finding
	f.checkStatus(found.status, []string{"available"}, databaseIsLost)
	f.require(found.encrypted, "its storage is not encrypted")
	f.require(!found.public, "it is publicly accessible")
	f.require(found.storage > 0, "it has no storage")
	f.require(
		d.subnetGroup == "" || found.subnetGroup == d.subnetGroup,
		"it is in subnet group %q instead of %q",
		found.subnetGroup,
		d.subnetGroup,
	)
	f.fact("%s %s, %d GiB", found.engine, found.version, found.storage)
	if !restored.sourceIsNear() {
		return f, nil
	}
	source, err := d.describe(ctx, restored.Source)
	if err != nil {
		return Finding{}, fmt.Errorf("looking at the source: %w", err)
	}
	if source == nil {
		f.fact("the source is gone")
		return f, nil
	}
	f.require(found.engine == source.engine, "its engine is %s, the source's is %s", found.engine, source.engine)
	return f, nil
}

// databaseIsLost says that a status (RDS user guide, "Viewing Amazon RDS DB instance status") is one that no waiting
// mends.
func databaseIsLost(status string) bool {
	return strings.HasPrefix(status, "incompatible-") ||
		strings.HasPrefix(status, "inaccessible-encryption-credentials") ||
		slices.Contains([]string{"failed", "restore-error", "storage-full", "deleting", "stopping", "stopped"}, status)
}

// checkStatus sorts a status: wanted, lost, or still changing.
func (f *Finding) checkStatus(status string, wanted []string, lost func(string) bool) {
	switch {
	case slices.Contains(wanted, status):
		f.fact("%s", status)
	case lost(status):
		f.require(false, "it is %s", status)
	default:
		f.Pending = "it is " + status
	}
}

// describe returns nil if there is no such database.
func (d databases) describe(ctx context.Context, a arn.ARN) (*database, error) {
	if identifier, err := name(a, "cluster"); err == nil {
		return d.cluster(ctx, identifier)
	}
	identifier, err := name(a, "db")
	if err != nil {
		return nil, err
	}
	return d.instance(ctx, identifier)
}

func (d databases) instance(ctx context.Context, identifier string) (*database, error) {
	answer, err := d.client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &identifier})
	if missing := new(types.DBInstanceNotFoundFault); errors.As(err, &missing) ||
		err == nil && len(answer.DBInstances) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing database %s: %w", identifier, err)
	}
	i := answer.DBInstances[0]
	found := &database{
		status:    aws.ToString(i.DBInstanceStatus),
		engine:    aws.ToString(i.Engine),
		version:   aws.ToString(i.EngineVersion),
		storage:   aws.ToInt32(i.AllocatedStorage),
		encrypted: aws.ToBool(i.StorageEncrypted),
		public:    aws.ToBool(i.PubliclyAccessible),
	}
	if i.DBSubnetGroup != nil {
		found.subnetGroup = aws.ToString(i.DBSubnetGroup.DBSubnetGroupName)
	}
	return found, nil
}

func (d databases) cluster(ctx context.Context, identifier string) (*database, error) {
	answer, err := d.client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &identifier})
	if missing := new(types.DBClusterNotFoundFault); errors.As(err, &missing) ||
		err == nil && len(answer.DBClusters) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing database cluster %s: %w", identifier, err)
	}
	c := answer.DBClusters[0]
	return &database{
		status: aws.ToString(c.Status), engine: aws.ToString(c.Engine), version: aws.ToString(c.EngineVersion),
		subnetGroup: aws.ToString(c.DBSubnetGroup), storage: aws.ToInt32(c.AllocatedStorage),
		encrypted: aws.ToBool(c.StorageEncrypted), public: aws.ToBool(c.PubliclyAccessible),
	}, nil
}

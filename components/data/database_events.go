package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// databaseEvents is what the topic hears of one type of source. RDS has no events of cluster parameter groups.
type databaseEvents struct {
	suffix, source string
	categories     []string
	ids            pulumi.StringArray
}

// events answer FSBP RDS.19 (clusters), RDS.20 (instances) and RDS.21 (parameter groups).
func (db *Database) events() []databaseEvents {
	var sources []databaseEvents
	instances := pulumi.ToStringArray(db.ReplicaIdentifiers)
	if db.args.isCluster() {
		sources = append(sources, databaseEvents{
			"cluster",
			"db-cluster",
			[]string{"configuration change", "failover", "failure", "maintenance"},
			pulumi.ToStringArray([]string{db.Identifier}),
		})
	} else {
		instances = append(pulumi.ToStringArray([]string{db.Identifier}), instances...)
		sources = append(sources, databaseEvents{
			"parameters",
			"db-parameter-group",
			[]string{"configuration change"},
			pulumi.StringArray{db.parts.parameterGroup},
		})
	}
	if len(instances) > 0 {
		sources = append(sources, databaseEvents{
			"instances",
			"db-instance",
			[]string{
				"availability",
				"configuration change",
				"failover",
				"failure",
				"low storage",
				"maintenance",
				"recovery",
			},
			instances,
		})
	}
	return sources
}

func (db *Database) newEventSubscriptions(ctx *pulumi.Context) error {
	if db.args.EventTopicArn == nil {
		return nil
	}
	for _, events := range db.events() {
		_, err := rds.NewEventSubscription(ctx, db.name+"-events-"+events.suffix, &rds.EventSubscriptionArgs{
			Name:            pulumi.String(db.Identifier + "-" + events.suffix),
			SnsTopic:        db.args.EventTopicArn,
			SourceType:      pulumi.String(events.source),
			SourceIds:       events.ids,
			EventCategories: pulumi.ToStringArray(events.categories),
			Tags:            pulumi.ToStringMap(db.args.Tags),
		}, pulumi.Parent(db), pulumi.DependsOn(db.servers))
		if err != nil {
			return fmt.Errorf("subscribing to events of %s: %w", events.source, err)
		}
	}
	return nil
}

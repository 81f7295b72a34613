package appautoscaling_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestScalingOfTablesAndClustersNeedsThem(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	l.Create(
		token.Table,
		"orders",
		awstest.In{
			"name":          "orders",
			"hashKey":       "id",
			"attributes":    []any{awstest.In{"name": "id", "type": "S"}},
			"readCapacity":  1,
			"writeCapacity": 1,
			"globalSecondaryIndexes": []any{
				awstest.In{
					"name":           "by-id",
					"hashKey":        "id",
					"projectionType": "ALL",
					"readCapacity":   1,
					"writeCapacity":  1,
				},
			},
		},
	)
	target := func(id, dimension string) awstest.In {
		return awstest.In{
			"minCapacity":       1,
			"maxCapacity":       9,
			"resourceId":        id,
			"scalableDimension": dimension,
			"serviceNamespace":  "dynamodb",
		}
	}
	m := l.Create(token.ScalingTarget, "table", target("table/orders", "dynamodb:table:ReadCapacityUnits"))
	l.Create(token.ScalingTarget, "index", target("table/orders/index/by-id", "dynamodb:index:ReadCapacityUnits"))
	for _, id := range []string{"table/none", "table/orders/index/none", "orders"} {
		_, err := l.TryCreate(token.ScalingTarget, "none", target(id, "dynamodb:table:ReadCapacityUnits"))
		assert.ErrorContains(t, err, "DynamoDB table doesn't exist: "+id)
	}
	action := awstest.In{
		"resourceId":           "table/orders",
		"scalableDimension":    "dynamodb:table:ReadCapacityUnits",
		"serviceNamespace":     "dynamodb",
		"schedule":             "rate(1 day)",
		"scalableTargetAction": awstest.In{"minCapacity": 2},
	}
	_, err := l.TryCreate(token.ScheduledAction, "wrong", awstest.Merge(action, awstest.In{"schedule": "every day"}))
	assert.ErrorContains(t, err, `invalid value "every day" for schedule`)
	_, err = l.TryCreate(
		token.ScheduledAction,
		"wrong",
		awstest.Merge(action, awstest.In{"schedule": "cron(0 7 * * * *)"}),
	)
	assert.ErrorContains(t, err, "Invalid schedule expression: cron(0 7 * * * *)")
	night := l.Create(token.ScheduledAction, "night", action)
	require.NoError(t, l.TryDelete(m))
	_, exists := l.Refresh(night)
	assert.False(t, exists, "a target takes its scheduled actions along")
}

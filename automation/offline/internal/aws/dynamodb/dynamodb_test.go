package dynamodb_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestDynamoDBRefusesReplicas(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	here, there := l.Create(token.Key, "here", awstest.In{}), west.Create(token.Key, "there", awstest.In{})
	table := awstest.In{
		"hashKey":     "id",
		"attributes":  []any{awstest.In{"name": "id", "type": "S"}},
		"billingMode": "PAY_PER_REQUEST",
	}
	streamed := awstest.Merge(table, awstest.In{"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES"})
	encrypted := awstest.Merge(
		streamed,
		awstest.In{"serverSideEncryption": awstest.In{"enabled": true, "kmsKeyArn": here.Str("arn")}},
	)
	replica := func(more awstest.In) awstest.In {
		return awstest.In{"replicas": []any{awstest.Merge(awstest.In{"regionName": "us-west-2"}, more)}}
	}
	for name, c := range map[string]struct {
		inputs awstest.In
		want   string
	}{
		"without a stream": {
			awstest.Merge(table, replica(nil)),
			"Disabling Stream is not allowed for a Global Table replica",
		},
		"of fixed write capacity": {
			awstest.Merge(
				streamed,
				awstest.Merge(
					replica(nil),
					awstest.In{"billingMode": "PROVISIONED", "readCapacity": 1, "writeCapacity": 1},
				),
			),
			"Table write capacity should either be Pay-Per-Request or AutoScaled",
		},
		"in its own region": {
			awstest.Merge(streamed, replica(awstest.In{"regionName": "us-east-1"})),
			"cannot be in its own region",
		},
		"without a key of its own": {
			awstest.Merge(encrypted, replica(nil)),
			"KMSMasterKeyId must be specified for each replica",
		},
		"with a key of elsewhere": {
			awstest.Merge(encrypted, replica(awstest.In{"kmsKeyArn": here.Str("arn")})),
			"does not exist in us-west-2 (it is in us-east-1)",
		},
		"beside too many LSIs (20)": {
			awstest.Merge(table, awstest.In{"globalSecondaryIndexes": indexes(21)}),
			"exceeds the per-table limit of 20",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.TryCreate(token.Table, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
	l.Create(token.Table, "it", awstest.Merge(encrypted, replica(awstest.In{"kmsKeyArn": there.Str("arn")})))
}

// The provider takes replicas away after everything else, and until then they have their requirements.
func TestDynamoDBChangesTheRestBeforeReplicas(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	table := awstest.In{
		"hashKey":        "id",
		"attributes":     []any{awstest.In{"name": "id", "type": "S"}},
		"billingMode":    "PAY_PER_REQUEST",
		"streamEnabled":  true,
		"streamViewType": "NEW_AND_OLD_IMAGES",
	}
	replicated := l.Create(
		token.Table,
		"it",
		awstest.Merge(table, awstest.In{"replicas": []any{awstest.In{"regionName": "us-west-2"}}}),
	)
	provisioned := awstest.Merge(
		table,
		awstest.In{"billingMode": "PROVISIONED", "readCapacity": 1, "writeCapacity": 1},
	)
	keys := awstest.Merge(table, awstest.In{"streamViewType": "KEYS_ONLY"})
	_, err := l.TryUpdate(replicated, provisioned)
	assert.ErrorContains(t, err, "Table write capacity should either be Pay-Per-Request or AutoScaled")
	_, err = l.TryUpdate(replicated, keys)
	assert.ErrorContains(t, err, "Disabling Stream is not allowed for a Global Table replica")
	alone := l.Update(replicated, table)
	alone = l.Update(alone, keys)
	l.Update(alone, awstest.Merge(provisioned, awstest.In{"streamViewType": "KEYS_ONLY"}))
}

func indexes(count int) []any {
	var list []any
	for i := range count {
		list = append(
			list,
			awstest.In{"name": "by-id-" + string(rune('a'+i)), "hashKey": "id", "projectionType": "ALL"},
		)
	}
	return list
}

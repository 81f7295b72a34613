package aws_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// What AWS refuses to delete, while it is used or protected.
func TestAWSRefusesToDelete(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	have := things{}
	for _, s := range specimens {
		if s.label == "" {
			have[s.token] = l.Create(s.token, "it", s.inputs(have))
		} else {
			have[s.token+" "+s.label] = l.Create(s.token, "it", s.inputs(have))
		}
	}
	for token, want := range map[string]string{
		token.Vpc:              "DependencyViolation",
		token.Subnet:           "DependencyViolation",
		token.SecurityGroup:    "DependencyViolation",
		token.InternetGateway:  "mapped public address",
		token.Eip:              "InvalidIPAddress.InUse",
		token.Role:             "DeleteConflict",
		token.Policy:           "DeleteConflict",
		token.Cluster:          "ClusterContainsServicesException",
		token.CapacityProvider: "ResourceInUseException",
		token.TargetGroup:      "ResourceInUse",
		token.Certificate:      "ResourceInUseException",
		token.DBSubnetGroup:    "InvalidDBSubnetGroupStateFault",
		token.DBParameterGroup: "InvalidDBParameterGroupState",
		token.DBCluster:        "InvalidDBClusterStateFault",
		token.FileSystem:       "FileSystemInUse",
		token.WebACL:           "WAFAssociatedItemException",
		token.Plan:             "InvalidRequestException",
		token.EventRule:        "ValidationException",
		token.AccessControl:    "OriginAccessControlInUse",
		token.TestingPlan:      "InvalidRequestException",
	} {
		err := l.TryDelete(have[token])
		assert.ErrorContains(t, err, "api error ", token)
		assert.ErrorContains(t, err, want, token)
		_, exists := l.Refresh(have[token])
		assert.True(t, exists, token)
	}
}

// Guards are read from the state, so an update must lift them first.
func TestGuardsHoldUntilAnUpdateLiftsThem(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	group := l.Create(token.DBSubnetGroup, "lab", awstest.In{"subnetIds": []any{subnets[0].Id, subnets[1].Id}})
	database := awstest.In{
		"identifier":        "shop",
		"instanceClass":     "db.t4g.micro",
		"engine":            "postgres",
		"allocatedStorage":  20,
		"username":          "shop",
		"password":          "hunter2",
		"dbSubnetGroupName": group.Id,
	}
	table := awstest.In{
		"hashKey":     "id",
		"attributes":  []any{awstest.In{"name": "id", "type": "S"}},
		"billingMode": "PAY_PER_REQUEST",
	}
	for name, c := range map[string]struct {
		token           string
		inputs          awstest.In
		guarded, lifted awstest.In
		fill            func(m awstest.Made)
		want            string
	}{
		"deletion protection of a load balancer": {
			token.LoadBalancer,
			awstest.In{"subnets": []any{subnets[0].Id, subnets[1].Id}},
			awstest.In{"enableDeletionProtection": true},
			awstest.In{"enableDeletionProtection": false},
			nil,
			"OperationNotPermitted",
		},
		"deletion protection of a database": {
			token.DBInstance,
			database,
			awstest.In{"deletionProtection": true, "skipFinalSnapshot": true},
			awstest.In{"deletionProtection": false, "skipFinalSnapshot": true},
			nil,
			"Cannot delete protected DB Instance",
		},
		"a final snapshot without a name": {
			token.DBInstance,
			database,
			awstest.In{},
			awstest.In{"skipFinalSnapshot": true},
			nil,
			"final_snapshot_identifier is required",
		},
		"deletion protection of a table": {
			token.Table,
			table,
			awstest.In{"deletionProtectionEnabled": true},
			awstest.In{"deletionProtectionEnabled": false},
			nil,
			"currently protected against deletion",
		},
		"images in a repository": {
			token.Repository,
			awstest.In{},
			awstest.In{},
			awstest.In{"forceDelete": true},
			func(m awstest.Made) {
				require.NoError(t, l.W.PutImage(
					t.Context(),
					world.Image{Repository: m.Str("repositoryUrl"), Tag: "v1", Digest: "sha256:a"},
				))
			},
			"RepositoryNotEmptyException",
		},
		"objects in a bucket": {
			token.Bucket,
			awstest.In{},
			awstest.In{},
			awstest.In{"forceDestroy": true},
			func(m awstest.Made) {
				require.NoError(t, l.W.PutObject(t.Context(), m.Id, "order.json"))
			},
			"BucketNotEmpty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := l.Create(c.token, "it", awstest.Merge(c.inputs, c.guarded))
			if c.fill != nil {
				c.fill(m)
			}
			assert.ErrorContains(t, l.TryDelete(m), c.want)
			m = l.Update(m, awstest.Merge(c.inputs, c.lifted))
			require.NoError(t, l.TryDelete(m))
		})
	}
}

func TestAFinalSnapshotsNameStaysTaken(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{
		"instanceClass":           "db.t4g.micro",
		"engine":                  "mysql",
		"allocatedStorage":        20,
		"username":                "shop",
		"password":                "x",
		"finalSnapshotIdentifier": "last",
	}
	require.NoError(t, l.TryDelete(l.Create(token.DBInstance, "first", inputs)))
	assert.ErrorContains(t, l.TryDelete(l.Create(token.DBInstance, "second", inputs)), "DBSnapshotAlreadyExists")
}

func TestASecretsNameStaysTakenWhileItCouldBeRecovered(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	require.NoError(t, l.TryDelete(l.Create(token.Secret, "it", awstest.In{"name": "db"})))
	_, err := l.TryCreate(token.Secret, "it", awstest.In{"name": "db"})
	assert.ErrorContains(t, err, "scheduled for deletion")
	require.NoError(t, l.TryDelete(l.Create(token.Secret, "it", awstest.In{"name": "now", "recoveryWindowInDays": 0})))
	l.Create(token.Secret, "it", awstest.In{"name": "now"})
}

// What the real provider waits out for minutes, the stand-in waits out too: the other operation is on its way.
func TestADeleteWaitsForWhatUsesTheThing(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, _ := l.Network()
	l.Provider.Patience = time.Minute
	users, err := l.W.List(t.Context())
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- l.TryDelete(vpc) }()
	for _, thing := range users {
		if thing.Type != token.Vpc {
			require.NoError(t, l.W.Delete(t.Context(), thing.Key))
		}
	}
	require.NoError(t, <-done)
}

func TestCancelEndsEveryWait(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, _ := l.Network()
	l.Provider.Patience = time.Hour
	_, err := l.Provider.Cancel(t.Context(), nil)
	require.NoError(t, err)
	assert.ErrorContains(t, l.TryDelete(vpc), "DependencyViolation")
}

func TestWhatIsToBeKeptIsKept(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.LogGroup, "it", awstest.In{"skipDestroy": true})
	require.NoError(t, l.TryDelete(m))
	_, exists := l.Refresh(m)
	assert.True(t, exists)
}

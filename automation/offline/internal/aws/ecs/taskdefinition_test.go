package ecs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestRevisionsOfATaskDefinitionAreNeverReused(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{"family": "shop", "containerDefinitions": awstest.Shop}
	first := l.Create(token.TaskDefinition, "it", inputs)
	second := l.Create(token.TaskDefinition, "it", inputs)
	require.NoError(t, l.TryDelete(first))
	_, exists := l.Refresh(second)
	assert.True(t, exists, "deleting one revision leaves the other")
	require.NoError(t, l.TryDelete(second))
	assert.Equal(t, "3", l.Create(token.TaskDefinition, "it", inputs).Str("revision"))
}

func TestVolumesWithAnAccessPointAreEncryptedInTransit(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	task := func(volume awstest.In) awstest.In {
		return awstest.In{
			"family":               "shop",
			"containerDefinitions": awstest.Shop,
			"volumes": []any{
				awstest.In{
					"name":                   "files",
					"efsVolumeConfiguration": awstest.Merge(awstest.In{"fileSystemId": "fs-1"}, volume),
				},
			},
		}
	}
	point := awstest.In{"authorizationConfig": awstest.In{"accessPointId": "fsap-1", "iam": "ENABLED"}}
	_, err := l.TryCreate(token.TaskDefinition, "shop", task(point))
	assert.ErrorContains(t, err, "transitEncryption must be ENABLED")
	_, err = l.TryCreate(
		token.TaskDefinition,
		"shop",
		task(awstest.Merge(point, awstest.In{"transitEncryption": "ENABLED", "rootDirectory": "/data"})),
	)
	assert.ErrorContains(t, err, "rootDirectory must be omitted or /, not /data")
	l.Create(token.TaskDefinition, "shop", task(awstest.Merge(point, awstest.In{"transitEncryption": "ENABLED"})))
}

// ECS returns both lists of capabilities, and the provider compares them as they are (terraform-provider-aws drops
// empty lists of a container definition's own fields alone).
func TestCapabilitiesAreComparedAsECSReturnsThem(t *testing.T) {
	for capabilities, replaced := range map[string]bool{
		`{"drop": ["ALL"]}`:            true,
		`{"add": [], "drop": ["ALL"]}`: false,
	} {
		l := awstest.New(t, "us-east-1")
		inputs := awstest.In{
			"family": "shop",
			"containerDefinitions": `[{"name": "app", "image": "app:1", "memory": 128,
				"linuxParameters": {"capabilities": ` + capabilities + `}}]`,
		}
		made := l.Create(token.TaskDefinition, "it", inputs)
		refreshed, _ := l.Refresh(made)
		assert.Equal(t, replaced, len(l.DiffChecked(refreshed, inputs).GetReplaces()) > 0, capabilities)
	}
}

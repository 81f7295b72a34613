package compute

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

var files = Volume{
	Name:          "files",
	FileSystemId:  pulumi.String("fs-1"),
	AccessPointId: pulumi.String("fsap-1"),
	Path:          "/files",
	ReadOnly:      true,
}

func TestVolumes(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Volumes, args.ScratchPaths = []Volume{files}, []string{"/tmp", "/cache"}
	}))
	require.Equal(t, []any{
		object{"name": "files", "efsVolumeConfiguration": object{
			"fileSystemId":        "fs-1",
			"transitEncryption":   "ENABLED",
			"authorizationConfig": object{"accessPointId": "fsap-1", "iam": "ENABLED"},
		}},
		object{"name": "scratch-1"}, object{"name": "scratch-2"},
	}, g.inputs(t, "orders-task")["volumes"])
	app := g.containers(t)[0]
	require.Equal(t, []any{
		object{"sourceVolume": "scratch-1", "containerPath": "/cache", "readOnly": false},
		object{"sourceVolume": "files", "containerPath": "/files", "readOnly": true},
		object{"sourceVolume": "scratch-2", "containerPath": "/tmp", "readOnly": false},
	}, app["mountPoints"])
	require.Equal(t, true, app["readonlyRootFilesystem"])
}

func TestExecuteCommandWritesWhereItsAgentDoes(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.ExecuteCommand = true }))
	require.Equal(t, true, g.inputs(t, "orders-service")["enableExecuteCommand"])
	app := g.containers(t)[0]
	var paths []any
	for _, mount := range app["mountPoints"].([]any) {
		require.Equal(t, false, mount.(object)["readOnly"])
		paths = append(paths, mount.(object)["containerPath"])
	}
	require.Equal(t, []any{"/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"}, paths)
	require.Equal(t, true, app["readonlyRootFilesystem"], "the rest stays read-only")
}

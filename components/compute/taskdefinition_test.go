package compute

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A task definition is replaced whenever its text changes, so the text may not depend on the order in which things were
// given or in which a map yields them.
func TestATaskDefinitionIsTheSameInWhateverOrderItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}`), 0, 8, rapid.ID).Draw(t, "names")
		args := ordersArgs()
		args.Tracing, args.ExecuteCommand = &Tracing{}, rapid.Bool().Draw(t, "exec")
		v := values{environment: map[string]string{}, secrets: map[string]string{}}
		for i, name := range names {
			switch i % 4 {
			case 0:
				v.environment[name] = name
			case 1:
				v.secrets[name] = name
			case 2:
				args.ScratchPaths = append(args.ScratchPaths, "/"+name)
			default:
				args.Volumes = append(
					args.Volumes,
					Volume{Name: name, Path: "/" + name, FileSystemId: pulumi.String(name)},
				)
			}
		}
		want, wantVolumes := text(t, args, v), fmt.Sprint(args.taskVolumes())
		args.ScratchPaths = rapid.Permutation(args.ScratchPaths).Draw(t, "scratch")
		args.Volumes = rapid.Permutation(args.Volumes).Draw(t, "volumes")
		require.Equal(t, want, text(t, args, v))
		require.Equal(t, wantVolumes, fmt.Sprint(args.taskVolumes()))
	})
}

func text(t *rapid.T, args *ServiceArgs, v values) string {
	rendered, err := json.Marshal(args.containers(v))
	require.NoError(t, err)
	return string(rendered)
}

func TestEveryMountHasItsVolume(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := ordersArgs()
		args.ExecuteCommand = rapid.Bool().Draw(t, "exec")
		args.ScratchPaths = rapid.SliceOfDistinct(rapid.StringMatching(`/[a-z]{1,8}`), rapid.ID).Draw(t, "paths")
		var mounted []string
		for _, mount := range args.mountPoints() {
			mounted = append(mounted, mount.SourceVolume)
		}
		require.Len(t, args.taskVolumes(), len(mounted))
		require.Len(
			t,
			slices.Compact(slices.Sorted(slices.Values(mounted))),
			len(mounted),
			"no volume is mounted twice",
		)
	})
}

func TestSecretKey(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Secrets = pulumi.StringMap{
			"PASSWORD": SecretKey(
				pulumi.String("arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1-AbCdEf"),
				"password",
			),
		}
	}))
	require.Equal(t, []any{object{
		"name":      "PASSWORD",
		"valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1-AbCdEf:password::",
	}}, g.containers(t)[0]["secrets"])
}

func TestATaskDefinitionThatECSWouldRefuseIsNoneOfTheProgram(t *testing.T) {
	err := (&graph{}).runOrders(func(args *ServiceArgs) {
		args.Environment = pulumi.StringMap{"TEXT": pulumi.String(strings.Repeat("x", maxDefinition))}
	})
	require.ErrorContains(t, err, `the task definition of service "orders" would have`)
	require.ErrorContains(t, err, "ECS allows 61440: shorten environment, secrets and commands")
}

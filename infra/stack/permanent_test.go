package stack

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/network/networktest"
	"github.com/awslab/awslab/infra/config"
)

func TestAStackThatWouldLoseItsDataIsRefusedBeforeAnythingIsRegistered(t *testing.T) {
	values := map[string]string{"region": "eu-west-1", "database": "{}"}
	before, err := config.Decode("awslab", values)
	require.NoError(t, err)
	values["database"] = `{"engine": "mysql"}`
	recorded := map[string]any{}
	for key, value := range before.Permanent() {
		recorded[key] = value
	}
	a := &account{outputs: map[string]any{permanentOutput: recorded}}
	err = deployTo(a, "../..", "dev", values)
	require.ErrorContains(t, err, "awslab:database.engine: mysql, and the stack was made with postgres")
	require.Empty(t, a.resources)
}

func TestAStateThatIsBeingWrittenIsReadAgain(t *testing.T) {
	a := &account{outputs: map[string]any{permanentOutput: map[string]any{"region": "eu-west-2"}}, unreadable: 2}
	err := deployTo(a, "../..", "dev", map[string]string{"region": "eu-west-1"})
	require.ErrorContains(t, err, "awslab:region: eu-west-1, and the stack was made with eu-west-2")

	a = &account{unreadable: readTries}
	err = deployTo(a, "../..", "dev", map[string]string{"region": "eu-west-1"})
	require.ErrorContains(t, err, "reading what stack dev was made with")
	require.Empty(t, a.resources)
}

// After a destroy that was interrupted, the outputs are there as before, the images are in ECR, and their resources are
// gone. To build them again would push other images with the same tags, which ECR refuses.
func TestAnImageInECRIsBuiltOnlyIfItsResourceIsInTheState(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	built := func(a *account) []pulumi.MockResourceArgs {
		require.NoError(t, deployTo(a, root, "dev", map[string]string{
			"region":   "eu-west-1",
			"services": `[{"name": "catalog", "image": {"context": "services", "dockerfile": "catalog/Dockerfile"}}]`,
		}))
		return slices.DeleteFunc(a.resources, func(r pulumi.MockResourceArgs) bool { return r.TypeToken != imageType })
	}
	first := &account{}
	images := built(first)
	require.Len(t, images, 1)
	recorded := map[string]any{permanentOutput: map[string]any{"region": "eu-west-1", prefixKey: "awslab-dev"}}
	image := images[0].Inputs["imageName"].StringValue()
	tag := image[strings.LastIndex(image, ":")+1:]
	stateWith := func(tag string) map[string]any {
		component := "urn:pulumi:dev::awslab::" + imageComponentType
		return map[string]any{
			component + "$" + imageType + "::" + images[0].Name: map[string]any{
				"type": imageType, "outputs": map[string]any{"imageName": image},
			},
			component + "::catalog": map[string]any{
				"type":    imageComponentType,
				"outputs": map[string]any{"built": map[string]any{images[0].Name: tag + " commit 2026-01-02"}},
			},
		}
	}
	again := built(&account{outputs: recorded, state: stateWith(tag), pushed: true})
	require.Len(t, again, 1)
	given := again[0].Inputs["build"].ObjectValue()["args"].ObjectValue()
	require.Equal(t, "commit", given["REVISION"].StringValue(), "another build argument would build it again")
	require.Empty(t, built(&account{outputs: recorded, state: stateWith("0000000000000000"), pushed: true}),
		"the update was killed between the image and its component")
	require.Empty(t, built(&account{outputs: recorded, pushed: true}))

	begun := func(begun bool) Begun { return func(context.Context) (bool, error) { return begun, nil } }
	interrupted := &account{state: stateWith(tag), pushed: true, begun: begun(true)}
	require.Len(t, built(interrupted), 1, "the first update was interrupted: it has left no outputs")
	require.Empty(t, built(&account{pushed: true, begun: begun(false), unlisted: true}), "nothing is to be listed")
}

// The account answers with eu-west-1a, b and c.
func TestZonesStayAsTheyWereChosen(t *testing.T) {
	for name, test := range map[string]struct {
		before, network, want string
	}{
		"a new stack":     {"", `{}`, "eu-west-1a eu-west-1b"},
		"one with others": {"eu-west-1b eu-west-1d", `{}`, "eu-west-1b eu-west-1d"},
		"a zone more":     {"eu-west-1c eu-west-1b", `{"availabilityZones": 3}`, "eu-west-1c eu-west-1b eu-west-1a"},
		"named ones go on": {
			"eu-west-1c eu-west-1b",
			`{"zoneNames": ["eu-west-1c", "eu-west-1b", "eu-west-1d"]}`,
			"eu-west-1c eu-west-1b eu-west-1d",
		},
		"named ones instead": {"eu-west-1c eu-west-1b", `{"zoneNames": ["eu-west-1b", "eu-west-1c"]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: map[string]any{config.ZonesKey: test.before}}}
			if test.before == "" {
				a.outputs = nil
			}
			err := deployTo(a, "../..", "dev", map[string]string{"region": "eu-west-1", "network": test.network})
			if test.want == "" {
				require.ErrorContains(
					t,
					err,
					"awslab:network.zoneNames: eu-west-1b eu-west-1c, and the stack was made with eu-west-1c "+
						"eu-west-1b",
				)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, strings.Join(a.zones(t), " "))
		})
	}
}

func TestAStackKeepsTheNamesItWasMadeWith(t *testing.T) {
	for name, test := range map[string]struct {
		stack  string
		before map[string]any
		want   string
	}{
		"a new stack":           {"dev", nil, "awslab-dev-lab-flow-logs"},
		"a new one of a branch": {"feature-x", nil, "awslab-feature-x-dbed20cf-lab-flow-logs"},
		"one from before": {
			"feature-x",
			map[string]any{"region": "eu-west-1"},
			"awslab-feature-x-lab-flow-logs",
		},
		"one that kept its name": {
			"renamed",
			map[string]any{prefixKey: "awslab-feature-x-dbed20cf"},
			"awslab-feature-x-dbed20cf-lab-flow-logs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: test.before}}
			require.NoError(t, deployTo(a, "../..", test.stack, map[string]string{"region": "eu-west-1"}))
			require.Equal(t, test.want, a.inputs(t, "lab-flow-log-group")["name"].StringValue())
		})
	}
}

// zones returns those of the VPC.
func (a *account) zones(t *testing.T) []string {
	t.Helper()
	for _, r := range a.resources {
		if r.TypeToken == networktest.VpcToken {
			var names []string
			for _, zone := range r.Inputs["availabilityZoneNames"].ArrayValue() {
				names = append(names, zone.StringValue())
			}
			return names
		}
	}
	require.Fail(t, "there is no VPC")
	return nil
}

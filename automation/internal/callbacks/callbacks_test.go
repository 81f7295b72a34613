package callbacks

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

type mocks struct{}

func (mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return args.Name, args.Inputs, nil
}

func (mocks) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

// run returns the context of a program that has ended.
func run(t *testing.T, program pulumi.RunFunc) *pulumi.Context {
	t.Helper()
	var kept *pulumi.Context
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		kept = ctx
		return program(ctx)
	}, pulumi.WithMocks("project", "stack", mocks{})))
	return kept
}

func unchanged(context.Context, *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
	return nil
}

func TestTheServerOfTransformsIsStopped(t *testing.T) {
	running := goleak.IgnoreCurrent()
	ctx := run(t, func(ctx *pulumi.Context) error {
		var component pulumi.ResourceState
		return ctx.RegisterComponentResource("test:index:Component", "component", &component,
			pulumi.Transforms([]pulumi.ResourceTransform{unchanged}))
	})
	require.Error(t, goleak.Find(running), "the SDK stops it by now; drop this package")
	Stop(ctx)
	require.NoError(t, goleak.Find(running))
}

func TestAProgramWithoutTransformsHasNoServer(t *testing.T) {
	Stop(run(t, func(*pulumi.Context) error { return nil }))
	Stop(nil)
}

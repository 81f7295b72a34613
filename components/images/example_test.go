package images_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/images"
)

// An image for Graviton, handed on by digest.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		image, err := images.NewImage(ctx, "orders", &images.ImageArgs{
			Repository:   identity.PhysicalName(ctx, "orders"),
			Context:      "services/orders",
			Architecture: "arm64",
		})
		if err != nil {
			return err
		}
		ctx.Export("image", image.Ref)
		return nil
	})
}

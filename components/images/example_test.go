package images_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/images"
)

// An image for Graviton, handed on by a tag that follows from its content.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		image, err := images.NewImage(ctx, "orders", &images.ImageArgs{
			Location:     identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			Repository:   "shop-orders",
			Context:      "services",
			Dockerfile:   "orders/Dockerfile",
			Architecture: "arm64",
		})
		if err != nil {
			return err
		}
		ctx.Export("image", image.Ref)
		return nil
	})
}

// A sidecar's image from ECR Public, pulled through the account's own registry.
func ExamplePullThroughCache() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cache, err := images.NewPullThroughCache(ctx, "public", &images.PullThroughCacheArgs{
			Location: identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			Upstream: "public.ecr.aws",
			Prefix:   "shop-public",
		})
		if err != nil {
			return err
		}
		ref, err := cache.Ref("public.ecr.aws/xray/aws-xray-daemon:3.x")
		if err != nil {
			return err
		}
		ctx.Export("image", ref)
		return nil
	})
}

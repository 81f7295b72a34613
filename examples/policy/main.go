// Command policy is somebody else's Pulumi program: two queues, neither of which is encrypted. The packs report one of
// them; the stack's configuration exempts the other.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		for _, name := range []string{"imports", "payments"} {
			if _, err := sqs.NewQueue(ctx, name, &sqs.QueueArgs{
				SqsManagedSseEnabled: pulumi.Bool(false),
				Tags:                 pulumi.StringMap{"Project": pulumi.String("legacy")},
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

package protection_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/protection"
)

// A firewall before a load balancer, and a daily backup of everything that has the tag backup=prod.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		location := identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
		if _, err := protection.NewWebAcl(ctx, "firewall", &protection.WebAclArgs{
			Location:         location,
			Scope:            protection.Regional,
			Name:             "shop-firewall",
			LogRetentionDays: 365,
			Resources: map[string]pulumi.StringInput{
				"load-balancer": pulumi.String("arn:aws:elasticloadbalancing:..."),
			},
		}); err != nil {
			return err
		}
		_, err := protection.NewBackup(ctx, "backup", &protection.BackupArgs{
			Location: location,
			Name:     "shop-backups",
			TagKey:   "backup",
			TagValue: "prod",
			Rules:    []protection.BackupRule{{Schedule: protection.Daily, RetentionDays: 35}},
		})
		return err
	})
}

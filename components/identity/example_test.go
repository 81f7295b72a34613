package identity_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// The two roles of a service that keeps its orders in a table and its key for payments in a secret.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		location := identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
		_, err := identity.NewExecutionRole(ctx, "orders-execution", &identity.ExecutionRoleArgs{
			RoleSettings: identity.RoleSettings{Name: "shop-orders-execution"},
			Location:     location,
			Repositories: []string{"shop-orders"},
			LogGroups:    []string{"shop-orders-logs"},
			Secrets:      []identity.Secret{{Name: "orders/payment-key"}},
		})
		if err != nil {
			return err
		}
		_, err = identity.NewTaskRole(ctx, "orders-task", &identity.TaskRoleArgs{
			RoleSettings: identity.RoleSettings{Name: "shop-orders-task"},
			Location:     location,
			Access: identity.Access{
				Tables: []identity.Grant{{Name: "shop-orders", Mode: identity.ReadWrite}},
			},
		})
		return err
	})
}

// The role of a Lambda function that answers to events, and keeps those it failed on.
func ExampleNewFunctionRole() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		function := "shop-check"
		_, err := identity.NewFunctionRole(ctx, "check", &identity.FunctionRoleArgs{
			RoleSettings: identity.RoleSettings{Name: function},
			Location:     identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			Function:     function,
			FailureQueue: "shop-check-failed",
			Tracing:      true,
		})
		return err
	})
}

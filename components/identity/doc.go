// Package identity makes IAM roles and the policy documents in them.
//
// A policy document is built from Go values and rendered to JSON while the program runs, so its text is a plain string
// that policy packs can read in a preview. To keep it so, every ARN in a document is put together from a [Location] and
// the name of the thing, never taken from a resource's output.
//
// [NewExecutionRole] and [NewTaskRole] make the two roles of an ECS service, [NewFunctionRole] that of a Lambda
// function, and [NewRole] any other role. ECS auto scaling needs none: it acts by its service-linked role. [NewKey]
// makes a customer managed key that roles find by its alias.
package identity

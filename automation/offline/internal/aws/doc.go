// Package aws stands in for the Pulumi AWS provider: it serves the same resource types with the same checks, names,
// differences, identifiers and refusals, over a world in a file instead of an account at AWS.
//
// What can be said as data is in models/*.json, one file for each service and one entry for each resource type (see
// model.Model). The facts come from pulumi-aws v6.83.2 and the Terraform provider v5 it bridges. What refers to what is
// one table in package references. What neither can say is code: the package of each service, such as ec2, has the
// Behaviors of its types and the answers of its functions. The table services lists them all. Package bridge makes a
// provider of it.
//
// Property names and types come from package schema, so a type without a model still takes part: it is checked,
// created with an id made for it, and reported once in a run.
//
// What AWS takes though it will not work later, such as a backup plan that its vault's lock refuses, is taken here too,
// and the user is warned.
//
// A secret property reaches neither the world nor a log: the world keeps a marker in its place, and Read gives back
// the value from the state the engine sent.
package aws

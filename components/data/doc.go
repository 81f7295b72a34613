// Package data makes what keeps a lab's data: relational databases on RDS, DynamoDB tables, S3 buckets with a content
// delivery network before them, EFS file systems, and the SNS topics that services publish events to.
//
// Whatever can be lost is encrypted, backed up and protected by default, and has a name that the caller chooses, so
// that role policies can speak of it before it exists and so that a change updates it in place. Fields whose change
// replaces what they describe, and thus loses its data, say so. A database is replaced by changes that RDS itself
// cannot make: of the engine or the kind, of the key, and of the names of the first database and the user.
//
// Keys are the caller's, as are security groups and the connections between them.
package data

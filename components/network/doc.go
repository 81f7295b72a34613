// Package network makes the network a platform runs in: a VPC over several availability zones with three tiers of
// subnets, and what guards the ways between them.
//
//	public  load balancers and NAT gateways; the only tier with a route to the internet gateway
//	app     ECS tasks and interface endpoints; reaches out through NAT, is never reached from outside
//	data    databases and file systems; reaches and is reached by the app tier alone
//
// With IPv6 the outer two tiers have addresses of both kinds; within the VPC everything is called over IPv4.
//
// Each tier has a network ACL, written from one table of flows (see flows.go), and each thing in it a security group
// (see [SecurityGroup] and [Connection]). Subnets, gateways and routes are the work of awsx.ec2.Vpc.
package network

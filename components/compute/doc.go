// Package compute runs microservices on ECS (step 3 of the lab): a Cluster on Fargate, a LoadBalancer in front of it,
// and a Service for each microservice, with its task definition, its place behind the load balancer, and its scaling.
package compute

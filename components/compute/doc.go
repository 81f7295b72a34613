// Package compute runs microservices on ECS (step 3 of the lab): a [Cluster] on Fargate or on EC2 instances, a
// [LoadBalancer] in front of it, with a [Certificate], and a [Service] for each microservice, with its task
// definition, its place behind the load balancer, and its scaling.
//
// Around deployments, a [TaskRunner] runs tasks such as migrations, and a [Redeployment] restarts services when a
// secret they were started with changes.
package compute

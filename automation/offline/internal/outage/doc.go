// Package outage replays a recording of the world and finds what did not work at a step of it, though it worked before
// and after: a request that a client makes of a load balancer or a website, or what the tasks of a service need, such
// as the way to a database, an image, or a permission.
//
// It judges a state alone ([State], [Generation]), hop by hop, and says which hop is missing. Time comes in with the
// deployments of ECS: an update of a service starts new tasks, and the old ones run on, as they were started, until the
// update is over ([Generation]). What is being created is not there before its creation is over.
package outage

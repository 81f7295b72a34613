// Package monitoring tells people how a platform is, and wakes them when it is not well (step 5 of the lab): notifications,
// alarms on the golden signals of everything that runs, service level objectives, a dashboard, log queries and tracing.
//
// It takes the names of what it watches, which are known in preview, and imports none of the components that make it.
package monitoring

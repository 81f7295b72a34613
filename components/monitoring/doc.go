// Package monitoring watches what the other areas make (step 5 of the lab): Notifications lead alarms and events to
// people, Alarms raise them, Events tell of failed deployments, tasks and backups, Logs count errors and keep saved
// queries, a Dashboard shows it all, and Tracing groups and samples traces.
//
// What there is to watch is one value, [Watched], of which Alarms, Logs and Dashboard each take the same. What is
// alarmed, from which limit on and why, is one table; [Signals] shows it. What the table alarms is what the dashboard
// draws.
package monitoring

// Package protection keeps a platform from being attacked and its data from being lost (step 6 of the lab): a web
// application firewall ([NewWebAcl]), and backups that are copied to another region, locked, and restored on trial
// ([NewBackup], [NewRestoreTesting]).
package protection

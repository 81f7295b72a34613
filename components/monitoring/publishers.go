package monitoring

import "github.com/awslab/awslab/components/identity"

// Publisher is a service of AWS that publishes to a topic.
type Publisher string

// All that the lab knows. Each is held to the account by the conditions that it supports:
//
// EventBridge supports none, neither in the policy of a topic (EventBridge user guide, "Amazon SNS permissions") nor in
// that of its key (SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted
// topics"): with a condition, its events would vanish silently. What another account can do with that is to publish to
// the topic, if it knows the ARN.
//
// AWS Backup documents none, but publishes to topics of its own account only (AWS Backup developer guide, "Notification
// options with AWS Backup").
const (
	CloudWatchAlarms Publisher = "CloudWatchAlarms"
	DatabaseEvents   Publisher = "DatabaseEvents"
	EventBridge      Publisher = "EventBridge"
	BackupVaults     Publisher = "Backup"
)

// principals are the publishers' service principals.
var principals = map[Publisher]string{
	CloudWatchAlarms: "cloudwatch.amazonaws.com",
	DatabaseEvents:   "events.rds.amazonaws.com",
	EventBridge:      "events.amazonaws.com",
	BackupVaults:     "backup.amazonaws.com",
}

// sources are the ARNs that a publisher says it publishes for. Others do not say.
func (p Publisher) sources(location identity.Location) []string {
	switch p {
	case CloudWatchAlarms:
		return []string{location.Arn("cloudwatch", "alarm:*")}
	case DatabaseEvents:
		return []string{location.Arn("rds", "*")}
	}
	return nil
}

// conditions hold a publisher to the account and region.
func (p Publisher) conditions(location identity.Location) []identity.Condition {
	sources := p.sources(location)
	if sources == nil {
		return nil
	}
	return []identity.Condition{
		{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{location.AccountId}},
		{Operator: "ArnLike", Key: "aws:SourceArn", Values: sources},
	}
}

func (p Publisher) principals() []identity.Principal {
	return []identity.Principal{{Type: "Service", Values: []string{principals[p]}}}
}

// topicPolicy allows the publishers, over TLS only. The account's own roles need no more than their IAM
// policies.
func (args *NotificationsArgs) topicPolicy() (string, error) {
	document := identity.Document{Statements: []identity.Statement{identity.PublishOverTls(args.topicArn())}}
	for _, p := range args.Publishers {
		document.Statements = append(document.Statements, identity.Statement{
			Sid:        string(p),
			Actions:    []string{"sns:Publish"},
			Resources:  []string{args.topicArn()},
			Principals: p.principals(),
			Conditions: p.conditions(args.Location),
		})
	}
	return document.JSON()
}

// KeyStatements returns what the policy of a topic's key needs, so that the topic's publishers can use it. The location
// is the key's.
func KeyStatements(location identity.Location, publishers ...Publisher) []identity.Statement {
	var statements []identity.Statement
	for _, p := range publishers {
		statements = append(statements, identity.Statement{
			Sid:        "Notify" + string(p),
			Actions:    []string{"kms:Decrypt", "kms:GenerateDataKey*"},
			Resources:  []string{"*"}, // the key itself
			Principals: p.principals(),
			Conditions: p.conditions(location),
		})
	}
	return statements
}

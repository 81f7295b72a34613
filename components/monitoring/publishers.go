package monitoring

import "github.com/awslab/awslab/components/identity"

// publisher is a service of AWS that publishes to the topic.
type publisher struct {
	sid, service string
	// sources are the beginnings of ARNs that it says it publishes for. Without any, it does not say.
	sources func(identity.Location) []string
}

// publishers are all there are. Each is held to the account by the conditions that it supports:
//
// EventBridge supports none, neither in the policy of a topic (EventBridge user guide, "Amazon SNS permissions") nor in
// that of its key (SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted
// topics"): with a condition, its events would vanish silently. What another account can do with that is to publish to
// the topic, if it knows the ARN.
//
// AWS Backup documents none, but publishes to topics of its own account only (AWS Backup developer guide, "Notification
// options with AWS Backup").
var publishers = []publisher{
	{
		"CloudWatchAlarms",
		"cloudwatch.amazonaws.com",
		func(p identity.Location) []string { return []string{p.Arn("cloudwatch", "alarm:*")} },
	},
	{
		"DatabaseEvents",
		"events.rds.amazonaws.com",
		func(p identity.Location) []string { return []string{p.Arn("rds", "*")} },
	},
	{"EventBridge", "events.amazonaws.com", nil},
	{"Backup", "backup.amazonaws.com", nil},
}

// conditions hold a publisher to the account and region.
func (p publisher) conditions(location identity.Location) []identity.Condition {
	if p.sources == nil {
		return nil
	}
	return []identity.Condition{
		{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{location.AccountId}},
		{Operator: "ArnLike", Key: "aws:SourceArn", Values: p.sources(location)},
	}
}

func (p publisher) principals() []identity.Principal {
	return []identity.Principal{{Type: "Service", Values: []string{p.service}}}
}

// topicPolicy allows the publishers, over TLS only. The account's own roles need no more than their IAM
// policies.
func (args *NotificationsArgs) topicPolicy() (string, error) {
	topic := []string{args.topicArn()}
	document := identity.Document{Statements: []identity.Statement{{
		Sid: "TlsOnly", Effect: identity.Deny, Actions: []string{"sns:Publish"}, Resources: topic,
		Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
		Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
	}}}
	for _, p := range publishers {
		document.Statements = append(document.Statements, identity.Statement{
			Sid:        p.sid,
			Actions:    []string{"sns:Publish"},
			Resources:  topic,
			Principals: p.principals(),
			Conditions: p.conditions(args.Location),
		})
	}
	return document.JSON()
}

// KeyStatements returns what the policy of a topic's key needs, so that the services that publish to it can: those of
// AWS that tell of alarms, events, backups and databases. The place is the key's.
func KeyStatements(location identity.Location) []identity.Statement {
	var statements []identity.Statement
	for _, p := range publishers {
		statements = append(statements, identity.Statement{
			// the key itself
			Sid: "Notify" + p.sid, Actions: []string{"kms:Decrypt", "kms:GenerateDataKey*"}, Resources: []string{"*"},
			Principals: p.principals(), Conditions: p.conditions(location),
		})
	}
	return statements
}

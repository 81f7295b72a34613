package identity

// ServiceTrust lets an AWS service assume a role, but only when it acts for this account and for a resource whose ARN
// matches sourceArn: without the two conditions anyone who can make the service act could borrow the role (the
// "confused deputy"). An example: ServiceTrust("vpc-flow-logs.amazonaws.com", location.AccountId, location.Arn("ec2",
// "vpc-flow-log/*")). It is for services whose guides say that they send aws:SourceArn when they assume a role:
//
//   - chatbot.amazonaws.com: Amazon Q Developer in chat applications administrator guide, "Cross-service confused
//     deputy prevention"
//   - ecs-tasks.amazonaws.com: Amazon ECS developer guide, "Amazon ECS task IAM role"
//   - events.amazonaws.com: Amazon EventBridge user guide, "Cross-service confused deputy prevention"
//   - monitoring.rds.amazonaws.com: Amazon RDS user guide, "Preventing the confused deputy problem"
//   - states.amazonaws.com: AWS Step Functions developer guide, "Creating an IAM role for your state machine"
//   - vpc-flow-logs.amazonaws.com: Amazon VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs"
//
// All others need [AccountTrust].
func ServiceTrust(service, accountId, sourceArn string) Document {
	return trust(service,
		Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{accountId}},
		Condition{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{sourceArn}},
	)
}

// AccountTrust lets an AWS service assume a role whose guide does not say that it sends aws:SourceAccount or
// aws:SourceArn then: AWS Backup, AWS Lambda, Amazon RDS Proxy and the replication of Amazon S3. A condition that
// requires a key which is not sent would keep the service out for ever, so that the account counts only if it is sent.
func AccountTrust(service, accountId string) Document {
	return trust(
		service,
		Condition{Operator: "StringEqualsIfExists", Key: "aws:SourceAccount", Values: []string{accountId}},
	)
}

func trust(service string, conditions ...Condition) Document {
	return Document{Statements: []Statement{{
		Actions:    []string{"sts:AssumeRole"},
		Principals: []Principal{{Type: "Service", Values: []string{service}}},
		Conditions: conditions,
	}}}
}

// TaskTrust lets ECS tasks of the location's account and region assume a role. ECS cannot be narrowed further: its
// guide says that aws:SourceArn may not name a cluster, only all of them.
func TaskTrust(location Location) Document {
	return ServiceTrust("ecs-tasks.amazonaws.com", location.AccountId, location.Arn("ecs", "*"))
}

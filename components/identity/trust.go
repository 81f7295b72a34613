package identity

// ServiceTrust lets an AWS service assume a role, but only when it acts for this account and for a resource whose ARN
// matches sourceArn: without the two conditions anyone who can make the service act could borrow the role (the
// "confused deputy"). An example: ServiceTrust("vpc-flow-logs.amazonaws.com", place.AccountId, place.Arn("ec2",
// "vpc-flow-log/*")).
func ServiceTrust(service, accountId, sourceArn string) Document {
	return Document{Statements: []Statement{{
		Actions:    []string{"sts:AssumeRole"},
		Principals: []Principal{{Type: "Service", Values: []string{service}}},
		Conditions: []Condition{
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{accountId}},
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{sourceArn}},
		},
	}}}
}

// TaskTrust lets ECS tasks of the place's account and region assume a role. ECS cannot be narrowed further: its
// guide says that aws:SourceArn may not name a cluster, only all of them.
func TaskTrust(location Location) Document {
	return ServiceTrust("ecs-tasks.amazonaws.com", location.AccountId, location.Arn("ecs", "*"))
}

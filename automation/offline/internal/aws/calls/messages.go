package calls

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var messageLines = []Line{
	{
		Of:     token.MetricAlarm,
		Does:   "Amazon CloudWatch publishes the state of an alarm",
		Source: "Amazon CloudWatch user guide, Notifying users on alarm changes",
		Calls:  publishAlarm,
	},
	{
		Of:     token.CompositeAlarm,
		Does:   "Amazon CloudWatch publishes the state of an alarm",
		Source: "Amazon CloudWatch user guide, Notifying users on alarm changes",
		Calls:  publishAlarm,
	},
	{
		Of:     token.DBEvents,
		Does:   "Amazon RDS publishes an event",
		Source: "Amazon RDS user guide, Granting permissions to publish notifications to an Amazon SNS topic",
		Calls: func(r *reader, events *world.Thing) []authorization.Request {
			return r.announce("events.rds.amazonaws.com", bridge.StateOf(events).Str("snsTopic"), source(events.ARN))
		},
	},
	{
		Of:     token.EventTarget,
		Does:   "Amazon EventBridge sends an event to its target",
		Source: "Amazon EventBridge user guide, Using resource-based policies for Amazon EventBridge",
		Calls:  sendEvent,
	},
	{
		Of:     token.EventTarget,
		Does:   "Amazon EventBridge keeps an event that it could not deliver",
		Source: "Amazon EventBridge user guide, Using dead-letter queues to process undelivered events",
		Calls: func(r *reader, target *world.Thing) []authorization.Request {
			return r.send(target, bridge.StateOf(target).Str("deadLetterConfig.arn"))
		},
	},
	{
		Of:     token.SlackChannel,
		Does:   "Amazon Q Developer assumes the role of a channel",
		Source: "Amazon Q Developer in chat applications administrator guide, Cross-service confused deputy prevention",
		Calls:  assumeOfChannel,
	},
	{
		Of:     token.TeamsChannel,
		Does:   "Amazon Q Developer assumes the role of a channel",
		Source: "Amazon Q Developer in chat applications administrator guide, Cross-service confused deputy prevention",
		Calls:  assumeOfChannel,
	},
}

func assumeOfChannel(_ *reader, channel *world.Thing) []authorization.Request {
	return assume("chatbot.amazonaws.com", bridge.StateOf(channel).Str("iamRoleArn"), source(channel.ARN))
}

func publishAlarm(r *reader, alarm *world.Thing) []authorization.Request {
	var all requests
	state := bridge.StateOf(alarm)
	for _, actions := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		for _, action := range state.Strings(actions) {
			all = append(all, r.announce("cloudwatch.amazonaws.com", action, source(alarm.ARN))...)
		}
	}
	return all
}

// announce are the calls of a service that publishes to a topic, and to nothing else.
func (r *reader) announce(principal, topic string, keys context) requests {
	return r.publish(service(principal), topic, keys, keys)
}

// publish are the calls of who publishes to a topic: with one context to the topic, and with another to its key.
func (r *reader) publish(publisher caller, topic string, keys, keyKeys context) requests {
	thing := r.byARN(topic)
	if thing == nil || thing.Type != token.Topic {
		return nil
	}
	return append(
		publisher.calls(topic, keys, "sns:Publish"),
		r.encrypted(publisher, thing.Region, bridge.StateOf(thing).Str("kmsMasterKeyId"), keyKeys,
			"kms:Decrypt", "kms:GenerateDataKey")...)
}

// events is EventBridge. It names the rule to functions and queues, and nothing to topics and their keys ("Amazon SNS
// permissions", Amazon EventBridge user guide).
const events = "events.amazonaws.com"

func sendEvent(r *reader, target *world.Thing) []authorization.Request {
	state := bridge.StateOf(target)
	arn := state.Str("arn")
	if role := state.Str("roleArn"); role != "" {
		all := assume(events, role, source(ruleOf(target)))
		if strings.Contains(arn, ":states:") {
			all = append(all, as(role).calls(arn, nil, "states:StartExecution")...)
		}
		return all
	}
	to := r.byARN(arn)
	if to == nil {
		return nil
	}
	switch to.Type {
	case token.Topic:
		return r.announce(events, arn, nil)
	case token.Function:
		return service(events).calls(arn, source(ruleOf(target)), "lambda:InvokeFunction")
	}
	return r.send(target, arn)
}

// send are the calls of EventBridge that puts an event into a queue.
func (r *reader) send(target *world.Thing, queue string) requests {
	thing := r.byARN(queue)
	if thing == nil || thing.Type != token.Queue {
		return nil
	}
	keys := source(ruleOf(target))
	return append(
		service(events).calls(queue, keys, "sqs:SendMessage"),
		r.encrypted(service(events), thing.Region, bridge.StateOf(thing).Str("kmsMasterKeyId"), keys,
			"kms:Decrypt", "kms:GenerateDataKey")...)
}

// ruleOf returns the ARN of the rule of a target.
func ruleOf(target *world.Thing) string {
	state := bridge.StateOf(target)
	name := state.Str("rule")
	if bus := state.Str("eventBusName"); bus != "" && bus != "default" {
		name = bus + "/" + name
	}
	return arnOf(target.Region, "events", "rule/"+name)
}

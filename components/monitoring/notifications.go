package monitoring

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/chatbot"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// NotificationsArgs describe who is told.
type NotificationsArgs struct {
	Place identity.Place
	// Name of the topic, 1 to 256 letters, digits, hyphens and underscores.
	Name string
	// KmsKeyArn encrypts the messages. Its policy has to let CloudWatch, EventBridge, AWS Backup and RDS events use it.
	KmsKeyArn pulumi.StringInput
	// Emails and Urls (HTTPS) are told. AWS asks each to confirm.
	Emails, Urls []string
	// Slack is nil for no channel.
	Slack               *Slack
	PermissionsBoundary string
	Tags                map[string]string
}

// Slack is a channel of a workspace that the account's administrators have let in (AWS Chatbot).
type Slack struct{ TeamId, ChannelId string }

// Notifications is a topic with its subscribers. Its type token is awslab:monitoring:Notifications.
type Notifications struct {
	pulumi.ResourceState

	TopicArn pulumi.StringOutput `pulumi:"topicArn"`
}

// publishers are the services of AWS that tell of alarms, events, backups and databases.
var publishers = []string{"backup.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (args *NotificationsArgs) validate() error {
	problems := []error{args.Place.Validate()}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!topicName.MatchString(args.Name), "Name: %q; use 1 to 256 letters, digits, hyphens and underscores", args.Name)
	add(args.KmsKeyArn == nil, "KmsKeyArn: missing")
	for i, address := range args.Emails {
		_, err := mail.ParseAddress(address)
		add(err != nil, "Emails[%d]: %q is no e-mail address", i, address)
	}
	for i, text := range args.Urls {
		u, err := url.Parse(text)
		add(err != nil || u.Scheme != "https" || u.Host == "", "Urls[%d]: %q is no URL that begins with https://", i, text)
	}
	add(args.Slack != nil && (args.Slack.TeamId == "" || args.Slack.ChannelId == ""), "Slack: %+v; give the ids of team and channel", args.Slack)
	return errors.Join(problems...)
}

// NewNotifications makes the topic and its subscriptions.
func NewNotifications(ctx *pulumi.Context, name string, args *NotificationsArgs, opts ...pulumi.ResourceOption) (*Notifications, error) {
	if args == nil {
		args = &NotificationsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("notifications %q: %w", name, err)
	}
	component := &Notifications{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Notifications", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering notifications %q: %w", name, err)
	}
	topic, err := sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		Name: pulumi.String(args.Name), KmsMasterKeyId: args.KmsKeyArn.ToStringOutput().ToStringPtrOutput(), Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the topic of notifications %q: %w", name, err)
	}
	document, err := args.policy()
	if err != nil {
		return nil, fmt.Errorf("rendering the policy of notifications %q: %w", name, err)
	}
	policy, err := sns.NewTopicPolicy(ctx, name+"-policy", &sns.TopicPolicyArgs{Arn: topic.Arn, Policy: pulumi.String(document)}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the policy of notifications %q: %w", name, err)
	}
	if err := component.subscribe(ctx, name, args, topic); err != nil {
		return nil, err
	}
	// Who publishes waits until it may.
	component.TopicArn = pulumi.All(topic.Arn, policy.ID()).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"topicArn": component.TopicArn}); err != nil {
		return nil, fmt.Errorf("registering outputs of notifications %q: %w", name, err)
	}
	return component, nil
}

func (args *NotificationsArgs) policy() (string, error) {
	topic := []string{args.Place.Arn("sns", args.Name)}
	return identity.Document{Statements: []identity.Statement{
		{Sid: "ServicesPublish", Actions: []string{"sns:Publish"}, Resources: topic,
			Principals: []identity.Principal{{Type: "Service", Values: publishers}},
			Conditions: []identity.Condition{{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{args.Place.AccountId}}}},
		{Sid: "TlsOnly", Effect: identity.Deny, Actions: []string{"sns:Publish"}, Resources: topic,
			Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}}},
	}}.JSON()
}

func (component *Notifications) subscribe(ctx *pulumi.Context, name string, args *NotificationsArgs, topic *sns.Topic) error {
	for protocol, endpoints := range map[string][]string{"email": args.Emails, "https": args.Urls} {
		for _, endpoint := range endpoints {
			if _, err := sns.NewTopicSubscription(ctx, name+"-"+protocol+"-"+strings.Trim(endpoint, "/"), &sns.TopicSubscriptionArgs{
				Topic: topic.Arn, Protocol: pulumi.String(protocol), Endpoint: pulumi.String(endpoint),
			}, pulumi.Parent(component)); err != nil {
				return fmt.Errorf("subscribing %s to notifications %q: %w", endpoint, name, err)
			}
		}
	}
	if args.Slack == nil {
		return nil
	}
	role, err := identity.NewRole(ctx, name+"-slack", &identity.RoleArgs{
		Name: args.Name + "-slack", Description: "What people may look at from Slack", PermissionsBoundary: args.PermissionsBoundary, Tags: args.Tags,
		Trust: identity.ServiceTrust("chatbot.amazonaws.com", args.Place.AccountId, "arn:"+args.Place.Partition+":chatbot::"+args.Place.AccountId+":*"),
		Policies: map[string]identity.Document{"look": {Statements: []identity.Statement{{
			Sid: "LookAtAlarms", Actions: []string{"cloudwatch:DescribeAlarms"}, Resources: []string{args.Place.Arn("cloudwatch", "alarm:*")},
		}}}},
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the role of notifications %q: %w", name, err)
	}
	if _, err := chatbot.NewSlackChannelConfiguration(ctx, name+"-slack", &chatbot.SlackChannelConfigurationArgs{
		ConfigurationName: pulumi.String(args.Name), SlackTeamId: pulumi.String(args.Slack.TeamId), SlackChannelId: pulumi.String(args.Slack.ChannelId),
		IamRoleArn: role.Arn, SnsTopicArns: pulumi.StringArray{topic.Arn}, LoggingLevel: pulumi.String("ERROR"),
		GuardrailPolicyArns: pulumi.ToStringArray([]string{"arn:" + args.Place.Partition + ":iam::aws:policy/CloudWatchReadOnlyAccess"}),
		Tags:                pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("telling the Slack channel of notifications %q: %w", name, err)
	}
	return nil
}

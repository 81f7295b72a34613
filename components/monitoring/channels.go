package monitoring

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/chatbot"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// Slack is a channel of a workspace that an administrator has let into the account once, in the console of Amazon Q
// Developer in chat applications (formerly AWS Chatbot). The app has to be invited to a private channel.
type Slack struct {
	// TeamId is the workspace's, such as T07EA123LEP.
	TeamId string
	// ChannelId is for example C07EZ1ABC23.
	ChannelId string
}

// Teams is a channel of Microsoft Teams, of a team that an administrator has let into the account once.
type Teams struct {
	// TenantId and TeamId are UUIDs.
	TenantId, TeamId string
	// ChannelId is the part of the channel's link between /channel/ and the next slash, such as
	// 19%3a...%40thread.tacv2.
	ChannelId string
}

var (
	slackId   = regexp.MustCompile(`^[A-Z0-9]{1,255}$`)
	uuid      = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	teamsRoom = regexp.MustCompile(`^[A-Za-z0-9_=+/.,%-]{1,256}$`)
)

// validate is called on nil for no channel.
func (s *Slack) validate() error {
	if s == nil {
		return nil
	}
	return errors.Join(match("Slack.TeamId", s.TeamId, slackId), match("Slack.ChannelId", s.ChannelId, slackId))
}

// validate is called on nil for no channel.
func (t *Teams) validate() error {
	if t == nil {
		return nil
	}
	return errors.Join(
		match("Teams.TenantId", t.TenantId, uuid),
		match("Teams.TeamId", t.TeamId, uuid),
		match("Teams.ChannelId", t.ChannelId, teamsRoom),
	)
}

// CheckChannels returns what is wrong with Slack and Teams, for callers that know these before the rest.
func (args *NotificationsArgs) CheckChannels() []problem.Problem {
	return problem.All(errors.Join(args.Slack.validate(), args.Teams.validate()))
}

func match(field, value string, pattern *regexp.Regexp) error {
	if pattern.MatchString(value) {
		return nil
	}
	return problem.New(field, "%q; it must match %s", value, pattern)
}

func (component *Notifications) newChannels(
	ctx *pulumi.Context,
	name string,
	args *NotificationsArgs,
	topic *sns.Topic,
) error {
	if args.Slack == nil && args.Teams == nil {
		return nil
	}
	role, err := identity.NewRole(ctx, name+"-channels", args.channelRole(), pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the role of the channels of notifications %q: %w", name, err)
	}
	if args.Slack != nil {
		if _, err := chatbot.NewSlackChannelConfiguration(ctx, name+"-slack", &chatbot.SlackChannelConfigurationArgs{
			ConfigurationName:   pulumi.String(args.Name + "-slack"),
			SlackTeamId:         pulumi.String(args.Slack.TeamId),
			SlackChannelId:      pulumi.String(args.Slack.ChannelId),
			IamRoleArn:          role.Arn,
			GuardrailPolicyArns: args.guardrails(),
			SnsTopicArns:        args.channelTopics(topic),
			LoggingLevel:        pulumi.String("ERROR"),
			Tags:                pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component)); err != nil {
			return fmt.Errorf("leading notifications %q to Slack: %w", name, err)
		}
	}
	if args.Teams == nil {
		return nil
	}
	if _, err := chatbot.NewTeamsChannelConfiguration(ctx, name+"-teams", &chatbot.TeamsChannelConfigurationArgs{
		ConfigurationName:   pulumi.String(args.Name + "-teams"),
		TenantId:            pulumi.String(args.Teams.TenantId),
		TeamId:              pulumi.String(args.Teams.TeamId),
		ChannelId:           pulumi.String(args.Teams.ChannelId),
		IamRoleArn:          role.Arn,
		GuardrailPolicyArns: args.guardrails(),
		SnsTopicArns:        args.channelTopics(topic),
		LoggingLevel:        pulumi.String("ERROR"),
		Tags:                pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("leading notifications %q to Teams: %w", name, err)
	}
	return nil
}

// channelTopics returns the topics that channels subscribe to.
func (args *NotificationsArgs) channelTopics(topic *sns.Topic) pulumi.StringArray {
	return append(pulumi.StringArray{topic.Arn}, args.ChannelTopicArns...)
}

// guardrails cap what anybody in the channel can do, whatever the role says. By default they are AdministratorAccess.
func (args *NotificationsArgs) guardrails() pulumi.StringArray {
	return pulumi.StringArray{
		pulumi.Sprintf("arn:%s:iam::aws:policy/CloudWatchReadOnlyAccess", args.Location.Partition),
	}
}

// channelRole returns what the channels are shown alarms with: their state and graph.
func (args *NotificationsArgs) channelRole() *identity.RoleArgs {
	configurations := fmt.Sprintf(
		"arn:%s:chatbot::%s:chat-configuration/*",
		args.Location.Partition,
		args.Location.AccountId,
	)
	return &identity.RoleArgs{
		Name:                args.Name + "-channels",
		Path:                args.RolePath,
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
		Description:         "Shows alarms in chat channels",
		Trust:               identity.ServiceTrust("chatbot.amazonaws.com", args.Location.AccountId, configurations),
		Policies: map[string]identity.Document{"show": {Statements: []identity.Statement{
			{
				Sid: "ShowAlarms", Actions: []string{"cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"},
				Resources: []string{args.Location.Arn("cloudwatch", "alarm:"+args.AlarmPrefix+"-*")},
			},
			{
				Sid: "DrawGraphs",
				Actions: []string{
					"cloudwatch:GetMetricData",
					"cloudwatch:GetMetricStatistics",
					"cloudwatch:GetMetricWidgetImage",
					"cloudwatch:ListMetrics",
				},
				Resources: []string{"*"}, // none of the four supports resource-level permissions
			},
		}}},
	}
}

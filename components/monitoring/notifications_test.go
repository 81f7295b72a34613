package monitoring

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

func (g *graph) notifications(change func(*NotificationsArgs)) (*Notifications, error) {
	var notifications *Notifications
	return notifications, g.run(func(ctx *pulumi.Context) (err error) {
		args := &NotificationsArgs{
			Location:   ireland,
			Name:       "awslab-dev-alarms",
			KmsKeyArn:  text("arn:key"),
			Publishers: everyPublisher,
			Emails:     []string{"ops@example.com"},
			Urls:       []string{"https://example.com/hook?token=hunter2"},
			Tags:       labTags,
		}
		if change != nil {
			change(args)
		}
		notifications, err = NewNotifications(ctx, "lab", args)
		return err
	})
}

func TestNotificationsInputs(t *testing.T) {
	g := &graph{}
	notifications, err := g.notifications(nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms", notifications.Arn)
	require.Equal(t, map[string]any{
		"name":             "awslab-dev-alarms",
		"displayName":      "awslab-dev-alarms",
		"kmsMasterKeyId":   "arn:key",
		"signatureVersion": 2.0,
		"tags":             map[string]any{"Project": "awslab"},
	}, g.inputs(t, "lab-topic"))
	require.Equal(
		t,
		map[string]any{"topic": "arn:lab-topic", "protocol": "email", "endpoint": "ops@example.com"},
		g.inputs(t, "lab-email-ops@example.com"),
	)
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "TlsOnly", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sns:Publish",
			"Resource": "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms",
		 "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
		{"Sid": "CloudWatchAlarms", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
			"Action": "sns:Publish",
		 "Resource": "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms",
		 "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"},
		 	"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"}}},
		{"Sid": "DatabaseEvents", "Effect": "Allow", "Principal": {"Service": "events.rds.amazonaws.com"},
			"Action": "sns:Publish",
		 "Resource": "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms",
		 "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"},
		 	"ArnLike": {"aws:SourceArn": "arn:aws:rds:eu-west-1:123456789012:*"}}},
		{"Sid": "EventBridge", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
			"Action": "sns:Publish",
		 "Resource": "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms"},
		{"Sid": "Backup", "Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sns:Publish",
		 "Resource": "arn:aws:sns:eu-west-1:123456789012:awslab-dev-alarms"}
	]}`, g.inputs(t, "lab-topic-policy")["policy"].(string))
}

func TestUrlsStaySecret(t *testing.T) {
	g := &graph{}
	_, err := g.notifications(nil)
	require.NoError(t, err)
	subscription := g.find(t, "lab-url-"+urlName("https://example.com/hook?token=hunter2"))
	require.True(t, subscription.Inputs["endpoint"].IsSecret())
	require.Equal(t, "https", subscription.Inputs["protocol"].StringValue())
	for _, r := range g.resources {
		require.NotContains(t, r.Name, "hunter2", "names are public")
	}
	_, err = (&graph{}).notifications(
		func(args *NotificationsArgs) { args.Urls = []string{"http://example.com/hunter2"} },
	)
	require.ErrorContains(t, err, "Urls[0]: is not a URL that begins with https:// and a host")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSubscriptionsDoNotMoveWithTheirOrder(t *testing.T) {
	both := func(emails ...string) []string {
		g := &graph{}
		_, err := g.notifications(func(args *NotificationsArgs) { args.Emails = emails })
		require.NoError(t, err)
		return g.names("aws:sns/topicSubscription:TopicSubscription")
	}
	require.Equal(t, both("a@example.com", "b@example.com"), both("b@example.com", "a@example.com"))
}

func TestTopicWithoutKey(t *testing.T) {
	g := &graph{}
	_, err := g.notifications(func(args *NotificationsArgs) { args.KmsKeyArn = nil })
	require.NoError(t, err)
	require.NotContains(t, g.inputs(t, "lab-topic"), "kmsMasterKeyId", "with SNS's own key nothing would arrive")
}

var everyPublisher = []Publisher{CloudWatchAlarms, DatabaseEvents, EventBridge, BackupVaults}

// EventBridge fails to publish when the key's policy holds it to an account (see Publisher).
func TestKeyLetsThePublishersIn(t *testing.T) {
	document := identity.Document{Statements: KeyStatements(ireland, everyPublisher...)}
	require.NoError(t, document.Validate(identity.ResourcePolicy, "kms:GenerateDataKey*"))
	rendered, err := document.JSON()
	require.NoError(t, err)
	require.Contains(
		t,
		rendered,
		`{"Sid":"NotifyEventBridge","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},`+
			`"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}`,
	)
	for _, principal := range principals {
		require.Contains(t, rendered, principal)
	}
}

func TestChannels(t *testing.T) {
	g := &graph{}
	_, err := g.notifications(func(args *NotificationsArgs) {
		args.Slack = &Slack{TeamId: "T07EA123LEP", ChannelId: "C07EZ1ABC23"}
		args.Teams = &Teams{
			TenantId:  "ef6f7a2e-0000-4000-8000-000000000001",
			TeamId:    "ef6f7a2e-0000-4000-8000-000000000002",
			ChannelId: "19%3aabc%40thread.tacv2",
		}
		args.PermissionsBoundary, args.AlarmPrefix = "arn:aws:iam::123456789012:policy/boundary", "awslab-dev"
	})
	require.NoError(t, err)
	slack := g.inputs(t, "lab-slack")
	require.Equal(t, map[string]any{
		"configurationName":   "awslab-dev-alarms-slack",
		"slackTeamId":         "T07EA123LEP",
		"slackChannelId":      "C07EZ1ABC23",
		"iamRoleArn":          "arn:lab-channels-role",
		"guardrailPolicyArns": []any{"arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"},
		"snsTopicArns":        []any{"arn:lab-topic"},
		"loggingLevel":        "ERROR",
		"tags":                map[string]any{"Project": "awslab"},
	}, slack)
	require.Equal(t, "19%3aabc%40thread.tacv2", g.inputs(t, "lab-teams")["channelId"])
	require.Equal(t, slack["guardrailPolicyArns"], g.inputs(t, "lab-teams")["guardrailPolicyArns"])

	role := g.inputs(t, "lab-channels-role")
	require.Equal(t, "arn:aws:iam::123456789012:policy/boundary", role["permissionsBoundary"])
	require.Contains(
		t,
		role["assumeRolePolicy"],
		`"aws:SourceArn":"arn:aws:chatbot::123456789012:chat-configuration/*"`,
	)
	require.Contains(
		t,
		g.inputs(t, "lab-channels-show")["policy"],
		"alarm:awslab-dev-*",
		"nor is it shown others' alarms",
	)
	for _, verb := range []string{"Put", "Delete", "Set", "Disable", "Enable"} {
		require.NotContains(
			t,
			g.inputs(t, "lab-channels-show")["policy"],
			"cloudwatch:"+verb,
			"a channel looks, and no more",
		)
	}
}

func TestNotificationProblems(t *testing.T) {
	for want, change := range map[string]func(*NotificationsArgs){
		`Name: "a b"; use 1 to 200`:                 func(a *NotificationsArgs) { a.Name = "a b" },
		`Emails[0]: "ops" is not an e-mail address`: func(a *NotificationsArgs) { a.Emails = []string{"ops"} },
		`Emails[0]: "Ops <ops@example.com>" is not an e-mail`: func(a *NotificationsArgs) {
			a.Emails = []string{
				"Ops <ops@example.com>",
			}
		},
		`Emails[1]: "a@example.com" is listed twice`: func(a *NotificationsArgs) {
			a.Emails = []string{
				"a@example.com",
				"a@example.com",
			}
		},
		"Urls[1]: is listed twice": func(a *NotificationsArgs) {
			a.Urls = []string{
				"https://a.example",
				"https://a.example",
			}
		},
		"Urls[0]: is not a URL": func(a *NotificationsArgs) { a.Urls = []string{"https://"} },
		`Slack.TeamId: "t"; it must match`: func(a *NotificationsArgs) {
			a.Slack = &Slack{
				TeamId:    "t",
				ChannelId: "C1",
			}
		},
		`Slack.ChannelId: "#ops"; it must match`: func(a *NotificationsArgs) {
			a.Slack = &Slack{
				TeamId:    "T1",
				ChannelId: "#ops",
			}
		},
		`Teams.TeamId: "x"; it must match`: func(a *NotificationsArgs) { a.Teams = &Teams{TeamId: "x"} },
		"makes the role's name": func(a *NotificationsArgs) {
			a.Name, a.Slack = strings.Repeat("a", 56), &Slack{TeamId: "T1", ChannelId: "C1"}
		},
		"Location.Region": func(a *NotificationsArgs) { a.Location.Region = "moon" },
	} {
		g := &graph{}
		_, err := g.notifications(change)
		require.ErrorContains(t, err, want)
		require.Empty(t, g.resources, "nothing is registered")
	}
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error {
		_, err := NewNotifications(ctx, "lab", nil)
		return err
	}))
}

package monitoring

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// NotificationsArgs describe who is told. AWS asks each e-mail address and URL to confirm before it tells them
// anything.
type NotificationsArgs struct {
	// Location is where the topic lives. Alarms tell only topics of their own region.
	Location identity.Location
	// Name of the topic, 1 to 200 letters, digits, hyphens and underscores.
	Name string
	// KmsKeyArn encrypts the messages; its policy needs [KeyStatements]. Nil means that they are not encrypted: with
	// SNS's own key, whose policy cannot be changed, alarms and events would not arrive.
	KmsKeyArn pulumi.StringInput
	// Publishers are the services of AWS that may publish; the account's own roles need no more than their policies.
	Publishers []Publisher
	// Emails are addresses.
	Emails []string
	// Urls begin with https://. They are kept as secrets, since many have a token in them.
	Urls []string
	// Slack and Teams are channels. Nil means none.
	Slack *Slack
	Teams *Teams
	// ChannelTopicArns are other topics, of any region, that the channels subscribe to as well: a channel has one
	// configuration.
	ChannelTopicArns pulumi.StringArray
	// AlarmPrefix begins the names of the alarms that channels are shown, as the Name of what is [Watched] does.
	// Channels need it.
	AlarmPrefix string
	// RolePath and PermissionsBoundary are for the role of the channels; empty means "/" and none.
	RolePath, PermissionsBoundary string
	Tags                          map[string]string
}

// Notifications are a topic and those who are told of what is published to it. Their type token is
// awslab:monitoring:Notifications.
type Notifications struct {
	pulumi.ResourceState

	// TopicArn becomes known once the services that publish are let in.
	TopicArn pulumi.StringOutput `pulumi:"topicArn"`
	// Arn is the same, known in preview, for policy documents.
	Arn string
	// Name is the one given.
	Name string
}

// maxRoleName is IAM's ("IAM and AWS STS quotas" in the IAM user guide).
const maxRoleName = 64

var topicPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

func (args *NotificationsArgs) validate() error {
	problems := []error{args.Location.Validate(), args.Slack.validate(), args.Teams.validate()}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		!topicPattern.MatchString(args.Name),
		"Name",
		"%q; use 1 to 200 letters, digits, hyphens and underscores",
		args.Name,
	)
	if args.Slack != nil || args.Teams != nil {
		add(
			args.AlarmPrefix == "",
			"AlarmPrefix",
			"missing; say with what the names begin of the alarms that channels are shown",
		)
		role := args.channelRole().Name
		add(
			len(role) > maxRoleName,
			"Name",
			"%q makes the role's name %q, of %d characters; IAM allows %d",
			args.Name,
			role,
			len(role),
			maxRoleName,
		)
	}
	for i, publisher := range args.Publishers {
		add(
			principals[publisher] == "",
			fmt.Sprintf("Publishers[%d]", i),
			"%q is not one of those that are known; use %v",
			publisher,
			slices.Sorted(maps.Keys(principals)),
		)
	}
	for i, address := range args.Emails {
		parsed, err := mail.ParseAddress(address)
		add(
			err != nil || parsed.Address != address,
			fmt.Sprintf("Emails[%d]", i),
			"%q is not an e-mail address",
			address,
		)
		add(slices.Index(args.Emails, address) < i, fmt.Sprintf("Emails[%d]", i), "%q is listed twice", address)
	}
	for i, text := range args.Urls {
		u, err := url.Parse(text)
		// The URL itself may be a secret.
		add(
			err != nil || u.Scheme != "https" || u.Host == "",
			fmt.Sprintf("Urls[%d]", i),
			"is not a URL that begins with https:// and a host",
		)
		add(slices.Index(args.Urls, text) < i, fmt.Sprintf("Urls[%d]", i), "is listed twice")
	}
	return errors.Join(problems...)
}

// NewNotifications creates the topic, its policy and its subscriptions.
func NewNotifications(
	ctx *pulumi.Context,
	name string,
	args *NotificationsArgs,
	opts ...pulumi.ResourceOption,
) (*Notifications, error) {
	if args == nil {
		args = &NotificationsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("notifications %q: %w", name, err)
	}
	policy, err := args.topicPolicy()
	if err != nil {
		return nil, fmt.Errorf("rendering the topic policy of notifications %q: %w", name, err)
	}
	component := &Notifications{Arn: args.topicArn(), Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Notifications", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering notifications %q: %w", name, err)
	}
	topic, err := component.newTopic(ctx, name, args)
	if err != nil {
		return nil, err
	}
	letIn, err := sns.NewTopicPolicy(
		ctx,
		name+"-topic-policy",
		&sns.TopicPolicyArgs{Arn: topic.Arn, Policy: pulumi.String(policy)},
		pulumi.Parent(component),
	)
	if err != nil {
		return nil, fmt.Errorf("creating the topic policy of notifications %q: %w", name, err)
	}
	if err := component.subscribe(ctx, name, args, topic); err != nil {
		return nil, err
	}
	if err := component.newChannels(ctx, name, args, topic); err != nil {
		return nil, err
	}
	component.TopicArn = pulumi.All(topic.Arn, letIn.ID()).ApplyT(
		func(values []any) string { return values[0].(string) },
	).(pulumi.StringOutput)
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"topicArn": component.TopicArn}); err != nil {
		return nil, fmt.Errorf("registering outputs of notifications %q: %w", name, err)
	}
	return component, nil
}

func (args *NotificationsArgs) topicArn() string { return args.Location.TopicArn(args.Name) }

func (component *Notifications) newTopic(
	ctx *pulumi.Context,
	name string,
	args *NotificationsArgs,
) (*sns.Topic, error) {
	topicArgs := &sns.TopicArgs{
		Name:             pulumi.String(args.Name),
		DisplayName:      pulumi.String(args.Name),
		SignatureVersion: pulumi.Int(2), // SHA-256
		Tags:             pulumi.ToStringMap(args.Tags),
	}
	if args.KmsKeyArn != nil {
		topicArgs.KmsMasterKeyId = args.KmsKeyArn.ToStringOutput().ToStringPtrOutput()
	}
	topic, err := sns.NewTopic(ctx, name+"-topic", topicArgs, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating topic %q: %w", args.Name, err)
	}
	return topic, nil
}

func (component *Notifications) subscribe(
	ctx *pulumi.Context,
	name string,
	args *NotificationsArgs,
	topic *sns.Topic,
) error {
	subscribe := func(as, protocol string, endpoint pulumi.StringInput) error {
		if _, err := sns.NewTopicSubscription(ctx, name+"-"+as, &sns.TopicSubscriptionArgs{
			Topic:    topic.Arn,
			Protocol: pulumi.String(protocol),
			Endpoint: endpoint,
		}, pulumi.Parent(component)); err != nil {
			return fmt.Errorf("subscribing %s to topic %q: %w", as, args.Name, err)
		}
		return nil
	}
	for _, address := range args.Emails {
		if err := subscribe("email-"+address, "email", pulumi.String(address)); err != nil {
			return err
		}
	}
	for _, text := range args.Urls {
		endpoint := pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput)
		if err := subscribe("url-"+urlName(text), "https", endpoint); err != nil {
			return err
		}
	}
	return nil
}

// urlName tells URLs apart without showing them: URNs are public.
func urlName(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12]
}

package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
)

// TopicArgs describe a standard SNS topic. In any case it is published to over TLS only, by principals of the account
// whose own policies allow it.
type TopicArgs struct {
	Location identity.Location
	// Name in AWS, 1 to 256 letters, digits, hyphens and underscores. Changing it replaces the topic, and the
	// subscriptions to it are lost.
	Name string
	// KmsKeyArn encrypts the messages. Nil means that they are not encrypted.
	KmsKeyArn pulumi.StringInput
	Tags      map[string]string
}

// Topic is an SNS topic. Its type token is awslab:data:Topic.
type Topic struct {
	pulumi.ResourceState

	// TopicArn becomes known once the topic is protected.
	TopicArn pulumi.StringOutput `pulumi:"topicArn"`
	// Arn is the same, known in preview.
	Arn string
}

// NewTopic creates a topic and its policy.
func NewTopic(ctx *pulumi.Context, name string, args *TopicArgs, opts ...pulumi.ResourceOption) (*Topic, error) {
	if args == nil {
		args = &TopicArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("topic %q: %w", name, err)
	}
	policy, err := args.policy()
	if err != nil {
		return nil, fmt.Errorf("rendering the policy of topic %q: %w", name, err)
	}
	component := &Topic{Arn: args.arn()}
	if err := ctx.RegisterComponentResource("awslab:data:Topic", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering topic %q: %w", name, err)
	}
	topic, err := sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		Name:             pulumi.String(args.Name),
		KmsMasterKeyId:   optionalInput(args.KmsKeyArn),
		SignatureVersion: pulumi.Int(2), // SHA-256
		Tags:             pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating topic %q: %w", args.Name, err)
	}
	protected, err := sns.NewTopicPolicy(ctx, name+"-topic-policy", &sns.TopicPolicyArgs{
		Arn:    topic.Arn,
		Policy: pulumi.String(policy),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the policy of topic %q: %w", args.Name, err)
	}
	component.TopicArn = onceMade(topic.Arn, protected)
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"topicArn": component.TopicArn}); err != nil {
		return nil, fmt.Errorf("registering outputs of topic %q: %w", name, err)
	}
	return component, nil
}

func (args *TopicArgs) validate() error {
	p := &problems{}
	p.add(args.Location.Validate())
	p.add(grammar.TopicName.Check("Name", args.Name))
	return p.join()
}

func (args *TopicArgs) arn() string { return args.Location.TopicArn(args.Name) }

// policy takes the place of the one that SNS gives to a topic, by which every principal of the account may publish and
// subscribe.
func (args *TopicArgs) policy() (string, error) {
	return identity.Document{Statements: []identity.Statement{identity.PublishOverTls(args.arn())}}.JSON()
}

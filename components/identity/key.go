package identity

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// keyWildcards are the actions with a wildcard in key policies: the account's own right, without which a key can be
// lost for good, and the two that come with and without plaintext or source.
var keyWildcards = []string{"kms:*", "kms:GenerateDataKey*", "kms:ReEncrypt*"}

// KeyArgs describe a customer managed key. Everything in it is plain Go, so that all of it is known in a preview.
type KeyArgs struct {
	Location    Location
	Alias       string // alias/..., by which role policies find the key; see [Grant]
	Description string
	// Statements let AWS services use the key for themselves. Roles need none here: the account's own
	// IAM policies decide over them.
	Statements []Statement
	// Retained leaves the key in the account, without its alias, when it is deleted from the stack: for what it
	// encrypts and outlives the stack.
	Retained bool
	// DeletionDays is how long a deleted key can be restored, 7 to 30. Default: 30.
	DeletionDays int
	Tags         map[string]string
}

// Key is a symmetric KMS key that is rotated every year, with its alias. Its type token is awslab:identity:Key.
type Key struct {
	pulumi.ResourceState

	Arn   pulumi.StringOutput `pulumi:"arn"`
	KeyId pulumi.StringOutput `pulumi:"keyId"`
	// Alias is the one given, known in preview.
	Alias string
}

// NewKey creates a key and its alias.
func NewKey(ctx *pulumi.Context, name string, args *KeyArgs, opts ...pulumi.ResourceOption) (*Key, error) {
	if args == nil {
		args = &KeyArgs{}
	}
	policy, err := args.policy()
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	component := &Key{Alias: args.Alias}
	if err := ctx.RegisterComponentResource("awslab:identity:Key", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering key %q: %w", name, err)
	}
	key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description:          optionalString(args.Description),
		Policy:               pulumi.String(policy),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(args.deletionDays()),
		Tags:                 pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component), pulumi.RetainOnDelete(args.Retained))
	if err != nil {
		return nil, fmt.Errorf("creating key %q: %w", args.Alias, err)
	}
	alias, err := kms.NewAlias(
		ctx,
		name+"-alias",
		&kms.AliasArgs{Name: pulumi.String(args.Alias), TargetKeyId: key.KeyId},
		pulumi.Parent(component),
	)
	if err != nil {
		return nil, fmt.Errorf("creating the alias of key %q: %w", args.Alias, err)
	}
	// Role policies know the key by its alias: what uses the key waits for it.
	component.Arn = pulumi.All(key.Arn, alias.ID()).ApplyT(
		func(values []any) string { return values[0].(string) },
	).(pulumi.StringOutput)
	component.KeyId = key.KeyId
	if err := ctx.RegisterResourceOutputs(
		component,
		pulumi.Map{"arn": component.Arn, "keyId": component.KeyId},
	); err != nil {
		return nil, fmt.Errorf("registering outputs of key %q: %w", name, err)
	}
	return component, nil
}

func (args *KeyArgs) deletionDays() int { return cmp.Or(args.DeletionDays, 30) }

func (args *KeyArgs) policy() (string, error) {
	problems := []error{args.Location.Validate()}
	if !grammar.KeyAlias.Match(args.Alias) {
		problems = append(
			problems,
			problem.New("Alias", "%q; use alias/ and up to 250 letters, digits, / _ -", args.Alias),
		)
	}
	if days := args.deletionDays(); days < 7 || days > 30 {
		problems = append(problems, problem.New("DeletionDays", "%d; KMS allows 7 to 30", days))
	}
	account := Statement{
		Sid:       "AccountDecidesByIam",
		Actions:   []string{"kms:*"},
		Resources: []string{"*"}, // in a key policy, the key itself
		Principals: []Principal{
			{
				Type:   "AWS",
				Values: []string{fmt.Sprintf("arn:%s:iam::%s:root", args.Location.Partition, args.Location.AccountId)},
			},
		},
	}
	document := Document{Statements: append([]Statement{account}, args.Statements...)}
	problems = append(problems, document.Validate(ResourcePolicy, keyWildcards...))
	text, err := document.JSON()
	return text, errors.Join(append(problems, err)...)
}

// LogsKeyUse lets CloudWatch Logs use a key for the log groups of the place. Logs does not send the account along, but
// the log group's ARN as encryption context, which only cryptographic operations take.
func LogsKeyUse(location Location) Statement {
	return Statement{
		Sid:        "CloudWatchLogs",
		Actions:    []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
		Resources:  []string{"*"},
		Principals: []Principal{{Type: "Service", Values: []string{location.serviceEndpoint("logs")}}},
		Conditions: []Condition{
			{
				Operator: "ArnLike",
				Key:      "kms:EncryptionContext:aws:logs:arn",
				Values:   []string{location.LogGroupArn("*")},
			},
		},
	}
}

// FargateKeyUse lets Fargate encrypt the storage of the tasks of a cluster with a key ("Customer managed keys for AWS
// Fargate ephemeral storage", Amazon ECS developer guide). It sends the cluster along as encryption context, and no
// source.
func FargateKeyUse(accountId, cluster string) []Statement {
	use := func(sid, action string, conditions ...Condition) Statement {
		return Statement{
			Sid:        sid,
			Actions:    []string{action},
			Resources:  []string{"*"},
			Principals: []Principal{{Type: "Service", Values: []string{"fargate.amazonaws.com"}}},
			Conditions: append([]Condition{
				{
					Operator: "StringEquals",
					Key:      "kms:EncryptionContext:aws:ecs:clusterAccount",
					Values:   []string{accountId},
				},
				{Operator: "StringEquals", Key: "kms:EncryptionContext:aws:ecs:clusterName", Values: []string{cluster}},
			}, conditions...),
		}
	}
	return []Statement{
		use("FargateStorage", "kms:GenerateDataKeyWithoutPlaintext"),
		use(
			"FargateStorageGrants",
			"kms:CreateGrant",
			Condition{Operator: "ForAllValues:StringEquals", Key: "kms:GrantOperations", Values: []string{"Decrypt"}},
		),
	}
}

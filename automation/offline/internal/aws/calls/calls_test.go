package calls_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/calls"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

const (
	account  = "123456789012"
	pullable = "nginx:1" // which is in no repository of the account
)

func allow(actions, resource, conditions string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%s,"Resource":%q,"Condition":{%s}}`, actions, resource, conditions)
}

func document(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func trust(service, conditions string) string {
	return document(fmt.Sprintf(
		`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":%q},"Condition":{%s}}`,
		service, conditions))
}

// role makes a role with one policy, of these statements.
func role(l *awstest.Lab, name, trusted, statements string) string {
	made := l.Create(token.Role, name, awstest.In{"name": name, "assumeRolePolicy": trusted})
	if statements != "" {
		l.Create(token.RolePolicy, name, awstest.In{"name": "it", "role": name, "policy": document(statements)})
	}
	return made.Str("arn")
}

// service makes a service of one task with these properties.
func service(l *awstest.Lab, definition awstest.In) error {
	cluster := l.Create(token.Cluster, "shop", awstest.In{"name": "shop"})
	task := l.Create(token.TaskDefinition, "web", awstest.Merge(awstest.In{"family": "web"}, definition))
	_, err := l.TryCreate(token.Service, "web", awstest.In{
		"name": "web", "cluster": cluster.Str("arn"), "taskDefinition": task.Str("arn"), "desiredCount": 1,
		"launchType": "EC2",
	})
	return err
}

// EFS tells the policies of roles nothing about the file system but its ARN.
func TestMounts(t *testing.T) {
	const (
		mount   = `["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"]`
		byTag   = `"StringEquals":{"aws:ResourceTag/awslab:file-system":"files"}`
		byPoint = `"ArnLike":{"elasticfilesystem:AccessPointArn":"arn:aws:elasticfilesystem:us-east-1:` + account +
			`:access-point/*"}`
	)
	named := func(conditions string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":%s,"Resource":"*","Principal":{"AWS":"arn:aws:iam::%s:role/web"},
			"Condition":{%s}}`, mount, account, conditions)
	}
	for name, test := range map[string]struct{ role, fileSystem, refused string }{
		"no permission":        {"", "", "because no identity-based policy allows it"},
		"by the file's tag":    {allow(mount, "*", byTag), "", "because no identity-based policy allows it"},
		"by the role's policy": {allow(mount, "*", byPoint), "", ""},
		"by the file system's": {"", named(byPoint), ""},
		"without access point": {"", named(`"Null":{"elasticfilesystem:AccessPointArn":"true"}`), "ClientMount"},
		"only to read":         {allow(`"elasticfilesystem:ClientMount"`, "*", ""), "", "ClientWrite"},
	} {
		t.Run(name, func(t *testing.T) {
			l := awstest.New(t, "us-east-1").Authorized()
			taskRole := role(l, "web", awstest.Trust, test.role)
			files := l.Create(token.FileSystem, "files", awstest.In{"tags": awstest.In{"awslab:file-system": "files"}})
			point := l.Create(token.AccessPoint, "web", awstest.In{"fileSystemId": files.Id})
			if test.fileSystem != "" {
				l.Create(token.FileSystemPolicy, "files", awstest.In{
					"fileSystemId": files.Id, "policy": document(test.fileSystem),
				})
			}
			err := service(l, awstest.In{
				"taskRoleArn": taskRole,
				"containerDefinitions": `[{"name":"web","image":"` + pullable + `","memory":64,
					"mountPoints":[{"sourceVolume":"files","containerPath":"/files"}]}]`,
				"volumes": []any{awstest.In{"name": "files", "efsVolumeConfiguration": awstest.In{
					"fileSystemId": files.Id, "transitEncryption": "ENABLED",
					"authorizationConfig": awstest.In{"accessPointId": point.Id, "iam": "ENABLED"},
				}}},
			})
			requireDenied(t, err, test.refused)
		})
	}
}

// A secret that is managed elsewhere is named without the end of its ARN, by which IAM decides all the same.
func TestSecretsFromElsewhere(t *testing.T) {
	const (
		read      = `"secretsmanager:GetSecretValue"`
		elsewhere = "arn:aws:secretsmanager:us-east-1:" + account + ":secret:a/b"
	)
	for resource, refused := range map[string]string{
		elsewhere + "-??????": "",
		elsewhere:             "GetSecretValue",
		elsewhere + "c-*":     "GetSecretValue",
	} {
		l := awstest.New(t, "us-east-1").Authorized()
		requireDenied(t, service(l, awstest.In{
			"executionRoleArn": role(l, "execution", awstest.Trust, allow(read, resource, "")),
			"containerDefinitions": `[{"name":"web","image":"` + pullable + `","memory":64,
				"secrets":[{"name":"PASSWORD","valueFrom":"` + elsewhere + `:password::"}]}]`,
		}), refused)
	}
}

// Services whose guides do not say that they send aws:SourceArn when they assume a role cannot meet a condition on it.
func TestServicesThatDoNotSayForWhatTheyAct(t *testing.T) {
	required := `"StringEquals":{"aws:SourceAccount":"` + account + `"}`
	ifSent := `"StringEqualsIfExists":{"aws:SourceAccount":"` + account + `"}`
	for conditions, refused := range map[string]string{
		required: "backup.amazonaws.com is not authorized to perform: sts:AssumeRole",
		`"ArnLike":{"aws:SourceArn":"arn:aws:backup:us-east-1:` + account + `:*"}`: "sts:AssumeRole",
		ifSent: "",
	} {
		l := awstest.New(t, "us-east-1").Authorized()
		vault := l.Create(token.Vault, "it", awstest.In{"name": "it"})
		plan := l.Create(token.Plan, "it", awstest.In{
			"name": "it", "rules": []any{awstest.In{"ruleName": "daily", "targetVaultName": vault.Str("name")}},
		})
		_, err := l.TryCreate(token.Selection, "it", awstest.In{
			"name": "it", "planId": plan.Id, "resources": []any{"*"},
			"iamRoleArn": role(l, "backup", trust("backup.amazonaws.com", conditions), ""),
		})
		requireDenied(t, err, refused)
	}
}

func TestSecretsOfTasks(t *testing.T) {
	const read = `"secretsmanager:GetSecretValue"`
	key := func(via string) string {
		return allow(`"kms:Decrypt"`, "*", `"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/it"},
			"StringEquals":{"kms:ViaService":"`+via+`.us-east-1.amazonaws.com"}`)
	}
	for name, test := range map[string]struct{ statements, refused string }{
		"secret and key":    {allow(read, "*", "") + "," + key("secretsmanager"), ""},
		"no key":            {allow(read, "*", ""), "kms:Decrypt"},
		"another use of it": {allow(read, "*", "") + "," + key("s3"), "kms:Decrypt"},
		"another secret":    {allow(read, "arn:aws:secretsmanager:*:*:secret:no-*", ""), "GetSecretValue"},
		"an explicit denial": {
			allow(`"*"`, "*", "") + `,{"Effect":"Deny","Action":"kms:*","Resource":"*"}`, "explicit deny",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := awstest.New(t, "us-east-1").Authorized()
			made := l.Create(token.Key, "it", awstest.In{})
			l.Create(token.Alias, "it", awstest.In{"name": "alias/it", "targetKeyId": made.Id})
			secret := l.Create(token.Secret, "it", awstest.In{"name": "it", "kmsKeyId": made.Str("arn")})
			err := service(l, awstest.In{
				"executionRoleArn": role(l, "start", awstest.Trust, test.statements),
				"containerDefinitions": `[{"name":"web","image":"` + pullable + `","memory":64,
					"secrets":[{"name":"PASSWORD","valueFrom":"` + secret.Str("arn") + `:password::"}]}]`,
			})
			requireDenied(t, err, test.refused)
		})
	}
}

func TestBoundariesLimitRoles(t *testing.T) {
	l := awstest.New(t, "us-east-1").Authorized()
	boundary := l.Create(token.Policy, "it", awstest.In{"policy": document(allow(`"s3:*"`, "*", ""))})
	made := l.Create(token.Role, "web", awstest.In{
		"name": "web", "assumeRolePolicy": awstest.Trust, "permissionsBoundary": boundary.Str("arn"),
	})
	l.Create(token.RolePolicy, "web", awstest.In{"role": "web", "policy": document(allow(`"*"`, "*", ""))})
	l.Create(token.LogGroup, "web", awstest.In{"name": "/web"})
	err := service(l, awstest.In{
		"executionRoleArn": made.Str("arn"),
		"containerDefinitions": `[{"name":"web","image":"` + pullable + `","memory":64,"logConfiguration":
			{"logDriver":"awslogs","options":{"awslogs-group":"/web","awslogs-region":"us-east-1"}}}]`,
	})
	requireDenied(t, err, "logs:CreateLogStream on resource: arn:aws:logs:us-east-1:123456789012:log-group:/web"+
		":log-stream:it, because the permissions boundary does not allow it")
}

// A task that is told of a topic publishes to it, and SNS uses the topic's key for the task.
func TestATaskPublishesToTheTopicThatItIsToldOf(t *testing.T) {
	const (
		publish   = `["sns:Publish"]`
		encrypt   = `["kms:Decrypt","kms:GenerateDataKey"]`
		topicArn  = "arn:aws:sns:us-east-1:" + account + ":events"
		otherArn  = "arn:aws:sns:us-east-1:" + account + ":other"
		viaTopics = `"StringEquals":{"kms:ViaService":"sns.us-east-1.amazonaws.com"}`
		viaQueues = `"StringEquals":{"kms:ViaService":"sqs.us-east-1.amazonaws.com"}`
	)
	for name, test := range map[string]struct{ statements, refused string }{
		"topic and key": {allow(publish, topicArn, "") + "," + allow(encrypt, "*", viaTopics), ""},
		"topic alone":   {allow(publish, topicArn, ""), "kms:Decrypt"},
		"another topic": {allow(publish, otherArn, "") + "," + allow(encrypt, "*", viaTopics), "sns:Publish"},
		"another service's key": {
			allow(publish, topicArn, "") + "," + allow(encrypt, "*", viaQueues),
			"kms:Decrypt",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := awstest.New(t, "us-east-1").Authorized()
			key := l.Create(token.Key, "it", awstest.In{})
			l.Create(token.Topic, "it", awstest.In{"name": "events", "kmsMasterKeyId": key.Str("arn")})
			requireDenied(t, service(l, awstest.In{
				"taskRoleArn": role(l, "web", awstest.Trust, test.statements),
				"containerDefinitions": `[{"name":"web","image":"` + pullable + `","memory":64,
					"environment":[{"name":"TOPIC_EVENTS_ARN","value":"` + topicArn + `"}]}]`,
			}), test.refused)
		})
	}
}

func TestReviewListsPermissionsThatNoCallNeeds(t *testing.T) {
	l := awstest.New(t, "us-east-1").Authorized()
	role(l, "idle", awstest.Trust, allow(`["s3:GetObject","s3:PutObject"]`, "arn:aws:s3:::shop/*", ""))
	require.NoError(t, l.W.Update(t.Context(), func(tx *world.Tx) error {
		audit, err := calls.Review(tx)
		require.Empty(t, audit.Denied)
		require.Len(t, audit.Unused, 3, "two of the policy, and that nobody assumes the role")
		return err
	}))
}

func TestEveryLineHasASource(t *testing.T) {
	for _, line := range calls.Lines {
		require.NotEmpty(t, line.Does)
		require.NotEmpty(t, line.Source, line.Does)
	}
}

func requireDenied(t *testing.T, err error, refused string) {
	t.Helper()
	if refused == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, "AccessDenied")
	require.ErrorContains(t, err, refused)
}

package identity

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Mode is how a service uses something. There is no default: a grant says what it grants.
type Mode string

// The modes of a grant. For a queue, to read is to receive and delete messages and to write is to send them. To a topic
// there is only writing: to publish.
const (
	Read      Mode = "read"
	Write     Mode = "write"
	ReadWrite Mode = "readwrite"
)

// Reads reports whether the mode lets read.
func (m Mode) Reads() bool { return m == Read || m == ReadWrite }

// Writes reports whether the mode lets write.
func (m Mode) Writes() bool { return m == Write || m == ReadWrite }

// Valid reports whether the mode is one of the three.
func (m Mode) Valid() bool { return m.Reads() || m.Writes() }

// Access is what a service may reach, by names that are known before the things exist. File systems are not among it:
// their ids are not known then, so that the file system's own policy names the roles that may mount it.
type Access struct {
	Tables  []Grant // DynamoDB tables
	Buckets []Grant // S3 buckets
	Queues  []Grant // SQS queues
	Topics  []Grant // SNS topics
	// Database is for those who set a database up. A service signs in by IAM; see SignIn.
	Database *DatabaseSetup
	// SignIn lets the service sign in to a database with IAM database authentication.
	SignIn *DatabaseSignIn
}

// Grant lets a service use one named thing.
type Grant struct {
	Name string
	Mode Mode
	// Indexed says that a table has indexes, which are read with it.
	Indexed bool
	// alias (alias/...) of the customer managed key it is encrypted with; empty means an AWS managed one
	KeyAlias string
}

// DatabaseSetup lets a task set up a database for a service: sign in as the master user, whose secret RDS manages, and
// give the service's own user a password.
//
// RDS chooses the secret's name, so the grant is for all such secrets, narrowed by the tag RDS puts on them to those of
// this database.
type DatabaseSetup struct {
	Identifier string // of the RDS instance, or of the cluster
	Cluster    bool   // Identifier is that of an Aurora or a Multi-AZ DB cluster
	KeyAlias   string // alias (alias/...) of the secrets' customer managed key; empty means the AWS managed one
	SecretName string // of the master user's secret; empty means the one that RDS manages for the database
	// UserSecretName is that of the secret that RDS Proxy signs in as the service's user with. Empty means that there
	// is none, as without a proxy nobody needs the user's password.
	UserSecretName string
}

// DatabaseSignIn lets a task sign in to databases as one user. IAM knows a database by an id that RDS gives it when it
// is created. So that the policy is known before, it has the role's tag in the id's place: see RoleSettings.LateTags.
type DatabaseSignIn struct {
	// User is the user in the databases.
	User string
	// IdTags are the keys of the role's tags that have the ids: db-... of an instance, cluster-... of a cluster and
	// prx-... of a proxy ("Creating and using an IAM policy for IAM database access", RDS user guide).
	IdTags []string
}

// storeKind is how access to one kind of store is written in IAM.
type storeKind struct {
	field       string // of Access
	name        grammar.Grammar
	grants      func(Access) []Grant
	read, write []permission
	service     string // as kms:ViaService knows it
	readKey     []string
	writeKey    []string
}

// permission is one statement, about the ARNs of all the things it is granted for.
type permission struct {
	sid     string
	actions []string
	arns    func(Location, Grant) []string
}

var storeKinds = []storeKind{
	{
		field: "Access.Tables", name: grammar.TableName, grants: func(a Access) []Grant { return a.Tables },
		read: []permission{
			{
				"ReadTables",
				[]string{
					"dynamodb:BatchGetItem",
					"dynamodb:ConditionCheckItem",
					"dynamodb:DescribeTable",
					"dynamodb:GetItem",
					"dynamodb:Query",
					"dynamodb:Scan",
				},
				tableArns,
			},
			{"ReadIndexes", []string{"dynamodb:Query", "dynamodb:Scan"}, indexArns},
		},
		write: []permission{{
			"WriteTables",
			[]string{"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
			tableArns,
		}},
		service: "dynamodb", readKey: []string{"kms:Decrypt"}, writeKey: []string{"kms:Decrypt"},
	},
	{
		field: "Access.Buckets", name: grammar.BucketName, grants: func(a Access) []Grant { return a.Buckets },
		read: []permission{
			{
				"ListBuckets",
				[]string{"s3:ListBucket"},
				func(p Location, bucket Grant) []string { return []string{p.BucketArn(bucket.Name)} },
			},
			{"ReadObjects", []string{"s3:GetObject"}, objectArns},
		},
		write: []permission{
			{"WriteObjects", []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"}, objectArns},
		},
		// An upload in parts is decrypted when the parts are put together.
		service: "s3", readKey: []string{"kms:Decrypt"}, writeKey: []string{"kms:Decrypt", "kms:GenerateDataKey"},
	},
	{
		field: "Access.Queues", name: grammar.QueueName, grants: func(a Access) []Grant { return a.Queues },
		read: []permission{{
			"ReadQueues",
			[]string{
				"sqs:ChangeMessageVisibility",
				"sqs:DeleteMessage",
				"sqs:GetQueueAttributes",
				"sqs:GetQueueUrl",
				"sqs:ReceiveMessage",
			},
			queueArns,
		}},
		write: []permission{
			{"WriteQueues", []string{"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}, queueArns},
		},
		service: "sqs", readKey: []string{"kms:Decrypt"}, writeKey: []string{"kms:Decrypt", "kms:GenerateDataKey"},
	},
	{
		field: "Access.Topics", name: grammar.TopicName, grants: func(a Access) []Grant { return a.Topics },
		write:   []permission{{"PublishToTopics", []string{"sns:Publish"}, topicArns}},
		service: "sns", writeKey: []string{"kms:Decrypt", "kms:GenerateDataKey"},
	},
}

func tableArns(p Location, table Grant) []string { return []string{p.TableArn(table.Name)} }

func indexArns(p Location, table Grant) []string {
	if !table.Indexed {
		return nil
	}
	return []string{p.TableArn(table.Name) + "/index/*"}
}

func objectArns(p Location, bucket Grant) []string { return []string{p.BucketArn(bucket.Name) + "/*"} }
func queueArns(p Location, queue Grant) []string   { return []string{p.QueueArn(queue.Name)} }
func topicArns(p Location, topic Grant) []string   { return []string{p.TopicArn(topic.Name)} }

// statements returns what the access needs and no more, or everything that is wrong with it.
func (a Access) statements(location Location) ([]Statement, error) {
	if err := a.validate(); err != nil {
		return nil, err
	}
	var statements []Statement
	keys := keyUses{}
	for _, store := range storeKinds {
		grants := store.grants(a)
		statements = append(statements, granted(location, store.read, grants, Mode.Reads)...)
		statements = append(statements, granted(location, store.write, grants, Mode.Writes)...)
		for _, grant := range grants {
			if grant.Mode.Reads() {
				keys.add(grant.KeyAlias, store.service, store.readKey)
			}
			if grant.Mode.Writes() {
				keys.add(grant.KeyAlias, store.service, store.writeKey)
			}
		}
	}
	if a.Database != nil {
		statements = append(statements, a.Database.statements(location)...)
		keys.add(a.Database.KeyAlias, "secretsmanager", a.Database.keyActions())
	}
	if a.SignIn != nil {
		statements = append(statements, a.SignIn.statements(location)...)
	}
	return append(statements, keys.statements(location)...), nil
}

// granted gives each permission one statement over the grants of a mode, and none when there is no such grant.
func granted(location Location, permissions []permission, grants []Grant, hasMode func(Mode) bool) []Statement {
	var statements []Statement
	for _, permission := range permissions {
		var arns []string
		for _, grant := range grants {
			if hasMode(grant.Mode) {
				arns = append(arns, permission.arns(location, grant)...)
			}
		}
		if len(arns) > 0 {
			statements = append(
				statements,
				Statement{Sid: permission.sid, Actions: permission.actions, Resources: arns},
			)
		}
	}
	return statements
}

func (a Access) validate() error {
	var problems []error
	for _, store := range storeKinds {
		for i, grant := range store.grants(a) {
			at := fmt.Sprintf("%s[%d]", store.field, i)
			problems = append(
				problems,
				store.name.Check(at+".Name", grant.Name),
				store.checkMode(at, grant.Mode),
				checkKeyAlias(at, grant.KeyAlias),
			)
		}
	}
	if a.Database != nil {
		problems = append(problems, a.Database.validate())
	}
	if a.SignIn != nil {
		problems = append(problems, a.SignIn.validate())
	}
	return errors.Join(problems...)
}

// variableTag are the keys of tags that a policy variable can name: what ends it or begins its default is not among the
// characters.
var variableTag = regexp.MustCompile(`^[A-Za-z0-9_.=+@-]{1,128}$`)

func (in DatabaseSignIn) validate() error {
	problems := []error{grammar.DatabaseUser.Check("Access.SignIn.User", in.User)}
	if len(in.IdTags) == 0 {
		problems = append(problems, problem.New("Access.SignIn.IdTags", "there is none; name at least one"))
	}
	for i, tag := range in.IdTags {
		if !variableTag.MatchString(tag) {
			problems = append(problems, problem.New(fmt.Sprintf("Access.SignIn.IdTags[%d]", i),
				"%q is not a key of a tag; use 1 to 128 of A-Z a-z 0-9 _ . = + @ -", tag))
		}
	}
	return errors.Join(problems...)
}

// statements are one for each tag: a variable without a value can make the whole statement invalid ("IAM policy
// elements: Variables and tags", IAM user guide).
func (in DatabaseSignIn) statements(location Location) []Statement {
	var statements []Statement
	for _, tag := range in.IdTags {
		statements = append(statements, Statement{
			Actions:   []string{"rds-db:connect"},
			Resources: []string{location.Arn("rds-db", "dbuser:${aws:PrincipalTag/"+tag+"}/"+in.User)},
		})
	}
	return statements
}

func (store storeKind) checkMode(at string, mode Mode) error {
	switch {
	case mode.Reads() && store.read == nil:
		return problem.New(at+".Mode", "%q; nothing is read from it: use %s", mode, Write)
	case mode.Valid():
		return nil
	}
	return problem.New(at+".Mode", "%q is not a mode; use %s, %s or %s", mode, Read, Write, ReadWrite)
}

func (setup DatabaseSetup) validate() error {
	problems := []error{
		grammar.DatabaseIdentifier.Check("Access.Database.Identifier", setup.Identifier),
		checkKeyAlias("Access.Database", setup.KeyAlias),
	}
	for field, name := range map[string]string{
		"SecretName": setup.SecretName, "UserSecretName": setup.UserSecretName,
	} {
		if name != "" {
			problems = append(problems, grammar.SecretName.Check("Access.Database."+field, name))
		}
	}
	return errors.Join(problems...)
}

func (setup DatabaseSetup) statements(location Location) []Statement {
	statements := []Statement{setup.readMaster(location)}
	if setup.UserSecretName == "" {
		return statements
	}
	return append(statements, Statement{
		Sid: "SetUserSecret",
		Actions: []string{
			"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
		},
		Resources: []string{location.SecretArn(setup.UserSecretName)},
	})
}

func (setup DatabaseSetup) readMaster(location Location) Statement {
	switch {
	case setup.SecretName != "":
		return Statement{
			Sid:       "ReadDatabaseSecret",
			Actions:   []string{"secretsmanager:GetSecretValue"},
			Resources: []string{location.SecretArn(setup.SecretName)},
		}
	case setup.Cluster:
		return clusterSecret(location, setup.Identifier)
	}
	return databaseSecret(location, setup.Identifier)
}

// keyActions returns what reading and writing secrets needs ("Secret encryption and decryption in AWS Secrets Manager",
// AWS Secrets Manager user guide).
func (setup DatabaseSetup) keyActions() []string {
	if setup.UserSecretName == "" {
		return []string{"kms:Decrypt"}
	}
	return []string{"kms:Decrypt", "kms:GenerateDataKey"}
}

func databaseSecret(location Location, identifiers ...string) Statement {
	return managedSecret(
		location,
		"ReadDatabaseSecret",
		"db",
		"primaryDBInstanceArn",
		each(identifiers, location.DatabaseArn),
	)
}

func clusterSecret(location Location, identifiers ...string) Statement {
	return managedSecret(
		location,
		"ReadDatabaseClusterSecret",
		"cluster",
		"primaryDBClusterArn",
		each(identifiers, location.DatabaseClusterArn),
	)
}

// managedSecret lets the secrets be read that RDS manages for the databases of a kind that have these ARNs.
func managedSecret(location Location, sid, kind, tag string, arns []string) Statement {
	return Statement{
		Sid:        sid,
		Actions:    []string{"secretsmanager:GetSecretValue"},
		Resources:  []string{location.Arn("secretsmanager", "secret:rds!"+kind+"-*")},
		Conditions: []Condition{{Operator: "StringEquals", Key: "aws:ResourceTag/aws:rds:" + tag, Values: arns}},
	}
}

// secretStatements let ECS read exactly the given secrets and parameters.
func secretStatements(location Location, secrets []Secret) ([]Statement, error) {
	var problems []error
	var secretArns, parameterArns []string
	var databases, clusters []string
	keys := keyUses{}
	for i, secret := range secrets {
		if err := secret.validate(fmt.Sprintf("Secrets[%d]", i)); err != nil {
			problems = append(problems, err)
			continue
		}
		service := "secretsmanager"
		switch {
		case secret.Name != "":
			secretArns = append(secretArns, location.SecretArn(secret.Name))
		case secret.Parameter != "":
			service = "ssm"
			parameterArns = append(parameterArns, location.ParameterArn(secret.Parameter))
		case secret.Database != "":
			databases = append(databases, secret.Database)
		default:
			clusters = append(clusters, secret.DatabaseCluster)
		}
		keys.add(secret.KeyAlias, service, []string{"kms:Decrypt"})
	}
	var statements []Statement
	if len(secretArns) > 0 {
		statements = append(
			statements,
			Statement{Sid: "ReadSecrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: secretArns},
		)
	}
	if len(parameterArns) > 0 {
		statements = append(
			statements,
			Statement{Sid: "ReadParameters", Actions: []string{"ssm:GetParameters"}, Resources: parameterArns},
		)
	}
	if len(databases) > 0 {
		statements = append(statements, databaseSecret(location, databases...))
	}
	if len(clusters) > 0 {
		statements = append(statements, clusterSecret(location, clusters...))
	}
	return append(statements, keys.statements(location)...), errors.Join(problems...)
}

func (s Secret) validate(at string) error {
	var problems []error
	given := 0
	for _, source := range []struct {
		field, name string
		kind        grammar.Grammar
	}{
		{"Name", s.Name, grammar.SecretName},
		{"Parameter", s.Parameter, grammar.ParameterName},
		{"Database", s.Database, grammar.DatabaseIdentifier},
		{"DatabaseCluster", s.DatabaseCluster, grammar.DatabaseIdentifier},
	} {
		if source.name != "" {
			given++
			problems = append(problems, source.kind.Check(at+"."+source.field, source.name))
		}
	}
	if given != 1 {
		return problem.New(
			at,
			"set exactly one of Name, Parameter, Database and DatabaseCluster, not %d of them",
			given,
		)
	}
	return errors.Join(append(problems, checkKeyAlias(at, s.KeyAlias))...)
}

// keyUses collects which key is used with which actions through which service.
type keyUses map[keyUse][]string

type keyUse struct{ alias, service string }

func (uses keyUses) add(alias, service string, actions []string) {
	if alias == "" {
		return // AWS managed keys let the account's users in by themselves
	}
	use := keyUse{alias, service}
	uses[use] = append(uses[use], actions...)
}

// statements allow each use of a key through its service only.
func (uses keyUses) statements(location Location) []Statement {
	ordered := slices.SortedFunc(maps.Keys(uses), func(a, b keyUse) int {
		return strings.Compare(a.service+a.alias, b.service+b.alias)
	})
	statements := make([]Statement, 0, len(uses))
	for _, use := range ordered {
		statements = append(statements, KeyUse("", location, use.alias, use.service, uses[use]...))
	}
	return statements
}

// KeyUse returns the statement that allows use of the location's key with the alias through a service, such as s3, or
// directly without one. A key's id is not known before the key exists, so the key is told by its alias.
func KeyUse(sid string, location Location, alias, service string, actions ...string) Statement {
	statement := Statement{
		Sid:       sid,
		Actions:   actions,
		Resources: []string{location.Arn("kms", "key/*")},
		Conditions: []Condition{
			{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: []string{alias}},
		},
	}
	if service != "" {
		statement.Conditions = append(statement.Conditions, Condition{
			Operator: "StringEquals",
			Key:      "kms:ViaService",
			Values:   []string{location.serviceEndpoint(service)},
		})
	}
	return statement
}

func checkKeyAlias(at, alias string) error {
	if alias == "" {
		return nil
	}
	return grammar.KeyAlias.Check(at+".KeyAlias", alias)
}

// PublishOverTls returns the statement of a topic's policy that denies to publish without TLS.
func PublishOverTls(topicArn string) Statement {
	return Statement{
		Sid:        "TlsOnly",
		Effect:     Deny,
		Actions:    []string{"sns:Publish"},
		Resources:  []string{topicArn},
		Principals: []Principal{{Type: "AWS", Values: []string{"*"}}},
		Conditions: []Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
	}
}

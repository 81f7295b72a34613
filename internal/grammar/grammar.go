// Package grammar is how AWS writes the names, ARNs, times and limits that more than one room of the house checks: the
// components, the configuration and the offline target. Each has its source, so that it is looked up once. What one
// type alone has, such as a description, stays with it.
package grammar

import (
	"regexp"
	"sync"
	"time"

	"github.com/awslab/awslab/internal/problem"
)

// Grammar is how one kind of text is written.
type Grammar struct {
	// noun says what is written so: a DynamoDB table.
	noun   string
	source string
	// pattern compiles the source when it is first asked for: all of them take as long as the rest of a start.
	pattern func() *regexp.Regexp
}

func of(noun, source string) Grammar {
	return Grammar{noun, source, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })}
}

// Match reports whether the text is written so.
func (g Grammar) Match(text string) bool { return g.pattern().MatchString(text) }

// Find returns the parts of the text that the grammar captures after the text itself, or nil.
func (g Grammar) Find(text string) []string { return g.pattern().FindStringSubmatch(text) }

// Check returns the problem of a name that is not written so, in the field of a component's arguments.
func (g Grammar) Check(field, name string) error {
	if g.Match(name) {
		return nil
	}
	return problem.New(field, "%q is not a name of %s; it must match %s", name, g.noun, g)
}

// String returns the regular expression.
func (g Grammar) String() string { return g.source }

const domain = `([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}`

// certificate returns the ARN of one in a region that matches the pattern.
func certificate(region string) Grammar {
	return of("a certificate", `^arn:aws[a-z-]*:acm:`+region+`:\d{12}:certificate/[A-Za-z0-9-]+$`)
}

// Names. None admits * or ?, so a name in an ARN never matches more than the one thing that it names.
var (
	// TableName is for tables and their indexes (DynamoDB API, CreateTable).
	TableName = of("a DynamoDB table", `^[A-Za-z0-9_.-]{3,255}$`)
	// BucketName is a general purpose bucket (Amazon S3 User Guide, "Bucket naming rules").
	BucketName = of("an S3 bucket", `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	// QueueName is 80 characters long at most, .fifo included (SQS API, CreateQueue).
	QueueName = of("an SQS queue", `^([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$`)
	// TopicName is a standard topic (SNS API, CreateTopic).
	TopicName = of("an SNS topic", `^[A-Za-z0-9_-]{1,256}$`)
	// DatabaseUser is a user within PostgreSQL or MySQL.
	DatabaseUser = of("a database user", `^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	// DatabaseIdentifier is an instance or a cluster (RDS API, CreateDBInstance).
	DatabaseIdentifier = of("an RDS instance or cluster", `^[a-z][a-z0-9-]{0,62}$`)
	// RepositoryName is a repository (ECR API, CreateRepository).
	RepositoryName = of("an ECR repository", `^[a-z0-9][a-z0-9._/-]{0,254}[a-z0-9]$`)
	// FunctionName is a function (Lambda API, CreateFunction).
	FunctionName = of("a Lambda function", `^[A-Za-z0-9_-]{1,64}$`)
	// LogGroupName is a log group (CloudWatch Logs API, CreateLogGroup).
	LogGroupName = of("a log group", `^[A-Za-z0-9_./#-]{1,512}$`)
	// SecretName is a secret that a person named (Secrets Manager API, CreateSecret).
	SecretName = of("a secret", `^[A-Za-z0-9/_+=.@-]{1,512}$`)
	// ManagedSecretName also admits the names that services give, such as rds!db-1.
	ManagedSecretName = of("a secret", `^[A-Za-z0-9/_+=.@!-]{1,512}$`)
	// ParameterName is a parameter (Systems Manager API, PutParameter).
	ParameterName = of("a parameter", `^[A-Za-z0-9_./-]+$`)
	// KeyAlias is an alias; AWS keeps those that begin with alias/aws/ to itself (KMS API, CreateAlias).
	KeyAlias = of("a key alias", `^alias/[A-Za-z0-9/_-]{1,250}$`)
	// InstanceType captures an instance type's generation and what follows it: m7 and i of m7i.large.
	InstanceType = of("an instance type", `^([a-z]+[0-9]+)([a-z0-9-]*)\.[a-z0-9-]+$`)
	// DomainName is a lower-case domain name (RFC 1035, section 2.3.1), and DomainPattern also one that begins with *.
	DomainName    = of("a domain", `^`+domain+`$`)
	DomainPattern = of("a domain", `^(\*\.)?`+domain+`$`)
	// Country is a code of ISO 3166-1, or XK, which stands for Kosovo: by the first letter and the second ones
	// (AWS WAF API, GeoMatchStatement).
	Country = of("a country", `^(A[DEFGILMOQRSTUWXZ]|B[ABDEFGHIJLMNOQRSTVWYZ]|C[ACDFGHIKLMNORUVWXYZ]|D[EJKMOZ]`+
		`|E[CEGHRST]|F[IJKMOR]|G[ABDEFGHILMNPQRSTUWY]|H[KMNRTU]|I[DELMNOQRST]|J[EMOP]`+
		`|K[EGHIMNPRWYZ]|L[ABCIKRSTUVY]|M[ACDEFGHKLMNOPQRSTUVWXYZ]|N[ACEFGILOPRUZ]|O[M]`+
		`|P[AEFGHKLMNRSTWY]|Q[A]|R[EOSUW]|S[ABCDEGHIJKLMNORSTVXYZ]|T[CDFGHJKLMNORTVWZ]`+
		`|U[AGMSYZ]|V[ACEGINU]|W[FS]|X[K]|Y[ET]|Z[AMW])$`)
)

// Places and ARNs (AWS General Reference, "Amazon Resource Names").
var (
	Partition = of("a partition", `^aws(-[a-z]+)*$`)
	Region    = of("a region", `^[a-z]{2,}(-[a-z]+)+-\d+$`)
	Account   = of("an account", `^\d{12}$`)
	// PolicyArn is a policy of the account, or one of AWS's own.
	PolicyArn = of("a policy", `^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$`)
	// CertificateArn captures the region.
	CertificateArn = certificate(`([a-z0-9-]+)`)
	// EdgeCertificateArn is in the region where CloudFront looks for certificates.
	EdgeCertificateArn = certificate(`us-east-1`)
)

// IsTimeZone reports whether a name is one of the IANA time zone database. The empty name is UTC.
func IsTimeZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

// LogRetentions are the periods that CloudWatch Logs offers, in days (CloudWatch Logs API, PutRetentionPolicy).
var LogRetentions = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

package identity

import (
	"regexp"

	"github.com/awslab/awslab/internal/problem"
)

// nameKind is the grammar of one kind of name. None of them admits * or ?, so a name in an ARN never matches more than
// the one thing it names.
type nameKind struct {
	noun    string
	pattern *regexp.Regexp
}

// The grammars are those of the services' API references.
var (
	tableName          = nameKind{"a DynamoDB table", regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)}
	bucketName         = nameKind{"an S3 bucket", regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)}
	queueName          = nameKind{"an SQS queue", regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}(\.fifo)?$`)}
	databaseUser       = nameKind{"a database user", regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)}
	databaseIdentifier = nameKind{"an RDS instance or cluster", regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)}
	fileSystemName     = nameKind{"a file system", regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)}
	repositoryName     = nameKind{"an ECR repository", regexp.MustCompile(`^[a-z0-9][a-z0-9._/-]{0,254}[a-z0-9]$`)}
	functionName       = nameKind{"a Lambda function", regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)}
	logGroupName       = nameKind{"a log group", regexp.MustCompile(`^[A-Za-z0-9_./#-]{1,512}$`)}
	secretName         = nameKind{"a secret", regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)}
	parameterName      = nameKind{"a parameter", regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)}
	keyAlias           = nameKind{"a key alias", regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)}
)

func checkName(at string, kind nameKind, name string) error {
	if kind.pattern.MatchString(name) {
		return nil
	}
	return problem.New(at, "%q is no name of %s; it must match %s", name, kind.noun, kind.pattern)
}

func checkKeyAlias(at, alias string) error {
	if alias == "" {
		return nil
	}
	return checkName(at+".KeyAlias", keyAlias, alias)
}

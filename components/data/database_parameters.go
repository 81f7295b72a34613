package data

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DatabaseParameter is what a parameter of Systems Manager says about a database. None of it is known before the
// database exists. A container that reads it from the parameter has a definition that is known in a preview, so that
// policies can judge it.
type DatabaseParameter string

// The parameters of a database with [DatabaseArgs.ParameterPath].
const (
	DatabaseHost       DatabaseParameter = "host"        // of the proxy if there is one
	DatabaseServerHost DatabaseParameter = "server-host" // see [Database.Endpoint]; only with a proxy
	DatabaseReaderHost DatabaseParameter = "reader-host" // see [Database.ReaderEndpoint]; only without a proxy
	DatabaseSecretArn  DatabaseParameter = "secret-arn"  // see [Database.SecretArn]
)

// parameterPath follows the API reference of Systems Manager, PutParameter.
var parameterPath = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+){1,14}$`)

// parameters returns those that the database has.
func (args *DatabaseArgs) parameters() []DatabaseParameter {
	// With a proxy, a user has a password that the proxy knows, and with that it cannot sign in to a replica by IAM.
	hosts := []DatabaseParameter{DatabaseHost, DatabaseReaderHost}
	if args.Proxy != nil {
		hosts = []DatabaseParameter{DatabaseHost, DatabaseServerHost}
	}
	return append(hosts, DatabaseSecretArn)
}

func (db *Database) newParameters(ctx *pulumi.Context) error {
	if db.args.ParameterPath == "" {
		return nil
	}
	values := map[DatabaseParameter]pulumi.StringOutput{
		DatabaseHost:       db.Endpoint,
		DatabaseReaderHost: db.ReaderEndpoint,
		DatabaseServerHost: db.Endpoint,
		DatabaseSecretArn:  db.SecretArn,
	}
	if db.args.Proxy != nil {
		values[DatabaseHost] = db.ProxyEndpoint
	}
	for _, says := range db.args.parameters() {
		made, err := ssm.NewParameter(ctx, db.name+"-"+string(says), &ssm.ParameterArgs{
			Name:          pulumi.String(db.args.ParameterPath + "/" + string(says)),
			Type:          pulumi.String("String"),
			InsecureValue: values[says].ToStringPtrOutput(),
			Description:   pulumi.Sprintf("Database %s: %s", db.Identifier, says),
			Tags:          pulumi.ToStringMap(db.args.Tags),
		}, pulumi.Parent(db))
		if err != nil {
			return fmt.Errorf("creating parameter %s: %w", says, err)
		}
		db.Parameters = append(db.Parameters, made)
	}
	return nil
}

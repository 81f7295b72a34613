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
	DatabaseReaderHost DatabaseParameter = "reader-host" // see [Database.ReaderEndpoint]
	DatabaseSecretArn  DatabaseParameter = "secret-arn"  // see [Database.SecretArn]
)

// parameterPath follows the API reference of Systems Manager, PutParameter.
var parameterPath = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+){1,14}$`)

func (db *Database) newParameters(ctx *pulumi.Context) error {
	if db.args.ParameterPath == "" {
		return nil
	}
	host := db.Endpoint
	if db.args.Proxy != nil {
		host = db.ProxyEndpoint
	}
	for _, parameter := range []struct {
		says  DatabaseParameter
		value pulumi.StringOutput
	}{
		{DatabaseHost, host}, {DatabaseReaderHost, db.ReaderEndpoint}, {DatabaseSecretArn, db.SecretArn},
	} {
		made, err := ssm.NewParameter(ctx, db.name+"-"+string(parameter.says), &ssm.ParameterArgs{
			Name:          pulumi.String(db.args.ParameterPath + "/" + string(parameter.says)),
			Type:          pulumi.String("String"),
			InsecureValue: parameter.value.ToStringPtrOutput(),
			Description:   pulumi.Sprintf("Database %s: %s", db.Identifier, parameter.says),
			Tags:          pulumi.ToStringMap(db.args.Tags),
		}, pulumi.Parent(db))
		if err != nil {
			return fmt.Errorf("creating parameter %s: %w", parameter.says, err)
		}
		db.Parameters = append(db.Parameters, made)
	}
	return nil
}

package calls

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var databaseLines = []Line{
	{
		Of:     token.DBProxy,
		Does:   "Amazon RDS Proxy reads the secret of a database",
		Source: "Amazon RDS user guide, Setting up AWS Identity and Access Management (IAM) policies for RDS Proxy",
		Calls: func(r *reader, proxy *world.Thing) []authorization.Request {
			role := bridge.StateOf(proxy).Str("roleArn")
			all := assume("rds.amazonaws.com", role, nil)
			for _, auth := range bridge.StateOf(proxy).Objects("auths") {
				all = append(all, r.secretOf(as(role), proxy.Region, auth.Str("secretArn"))...)
			}
			return all
		},
	},
	{
		Of:     token.DBInstance,
		Does:   "Amazon RDS writes the metrics of Enhanced Monitoring",
		Source: "Amazon RDS user guide, Setting up and enabling Enhanced Monitoring",
		Calls:  monitorDatabase,
	},
	{
		Of:     token.DBCluster,
		Does:   "Amazon RDS writes the metrics of Enhanced Monitoring",
		Source: "Amazon RDS user guide, Setting up and enabling Enhanced Monitoring",
		Calls:  monitorDatabase,
	},
	{
		Of:     token.DBClusterInstance,
		Does:   "Amazon RDS writes the metrics of Enhanced Monitoring",
		Source: "Amazon RDS user guide, Setting up and enabling Enhanced Monitoring",
		Calls:  monitorDatabase,
	},
}

// databaseTaskLines are the calls of the code of a task that is told of a database. It cannot do without them.
var databaseTaskLines = []taskLine{
	{
		Does:    "the code of a task signs in to a database",
		Source:  "Amazon RDS user guide, Creating and using an IAM policy for IAM database access",
		Calls:   (*runningTask).signIn,
		Refusal: (*runningTask).signInRefusal,
	},
	{
		Does:   "the code of a task reads a secret that a parameter names",
		Source: "Service Authorization Reference, AWS Secrets Manager",
		Calls:  func(t *runningTask) requests { return t.readSecrets(maps.Values(t.parameters())) },
	},
	{
		Does:   "the code of a task sets a secret that its environment names",
		Source: "AWS Secrets Manager user guide, Secret encryption and decryption in AWS Secrets Manager",
		Calls: func(t *runningTask) requests {
			all := t.readSecrets(slices.Values(t.environment()))
			for _, named := range t.environment() {
				if isSecret(named) {
					all = append(all, t.setSecret(named)...)
				}
			}
			return all
		},
	},
}

func isSecret(value string) bool { return strings.Contains(value, ":secretsmanager:") }

// readSecrets are the calls of the code of a task for the secrets among what it is told.
func (t *runningTask) readSecrets(told iter.Seq[string]) (all requests) {
	for named := range told {
		if isSecret(named) {
			all = append(all, t.secretOf(as(t.role), t.region, named)...)
		}
	}
	return all
}

// parameters returns the values of the parameters that ECS reads for the containers, by the variables.
func (t *runningTask) parameters() map[string]string {
	found := map[string]string{}
	for _, c := range t.containers {
		for _, s := range c.Secrets {
			if parameter := t.byARN(s.ValueFrom); parameter != nil {
				found[s.Name] = bridge.StateOf(parameter).Str("insecureValue")
			}
		}
	}
	return found
}

// signIn are the calls of a task that signs in by IAM.
func (t *runningTask) signIn() requests {
	var all requests
	for _, server := range t.servers() {
		all = append(all, as(t.role).calls(
			arnOf(t.region, "rds-db", "dbuser:"+idOf(server)+"/"+t.variable("DATABASE_USER")), nil,
			"rds-db:connect")...)
	}
	return all
}

// signInRefusal says which server lets nobody sign in by IAM ("Enabling and disabling IAM database authentication" and
// "Connecting to a database through RDS Proxy", Amazon RDS user guide).
func (t *runningTask) signInRefusal() string {
	for _, server := range t.servers() {
		state := bridge.StateOf(server)
		switch {
		case server.Type != token.DBProxy && !state.Bool("iamDatabaseAuthenticationEnabled"):
			return "PAM authentication failed: IAM database authentication is not enabled for " + server.ARN
		case server.Type == token.DBProxy && !slices.ContainsFunc(state.Objects("auths"), requiresIAM):
			return "This RDS proxy has no secret with iamAuth REQUIRED: " + server.ARN
		}
	}
	return ""
}

func requiresIAM(auth values.View) bool { return auth.Str("iamAuth") == "REQUIRED" }

// servers returns the proxies, clusters and instances at the hosts that a task is told of, if it signs in by IAM. A
// task that is told of the master user's secret signs in with that.
func (t *runningTask) servers() []*world.Thing {
	parameters := t.parameters()
	if t.variable("DATABASE_AUTH") != "iam" || parameters["DATABASE_ADMIN_SECRET_ARN"] != "" {
		return nil
	}
	var servers []*world.Thing
	for _, variable := range []string{"DATABASE_HOST", "DATABASE_READER_HOST"} {
		if server := t.serverAt(parameters[variable]); server != nil {
			servers = append(servers, server)
		}
	}
	return servers
}

// endpoints are the properties that hold the hosts of what can be signed in to.
var endpoints = map[string][]string{
	token.DBInstance: {"address"},
	token.DBCluster:  {"endpoint", "readerEndpoint"},
	token.DBProxy:    {"endpoint"},
}

// serverAt returns what answers at a host, or nil if nothing does.
func (r *reader) serverAt(host string) *world.Thing {
	if host == "" {
		return nil
	}
	for typ, properties := range endpoints {
		for _, thing := range r.every(typ) {
			state := bridge.StateOf(thing)
			if slices.ContainsFunc(properties, func(p string) bool { return state.Str(p) == host }) {
				return thing
			}
		}
	}
	return nil
}

// idOf returns the id by which rds-db:connect knows a server.
func idOf(server *world.Thing) string {
	switch server.Type {
	case token.DBProxy:
		return values.AfterLast(server.ARN, ":")
	case token.DBCluster:
		return bridge.StateOf(server).Str("clusterResourceId")
	}
	return bridge.StateOf(server).Str("resourceId")
}

// setSecret are the calls that give a secret a value.
func (t *runningTask) setSecret(arn string) requests {
	secret := t.secretAt(t.region, arn)
	if secret == nil {
		return nil
	}
	role := as(t.role)
	return append(
		role.calls(secret.ARN, tagsOf(secret), "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"),
		t.encrypted(role, t.region, bridge.StateOf(secret).Str("kmsKeyId"), via("secretsmanager", t.region),
			"kms:Decrypt", "kms:GenerateDataKey")...)
}

// secretSuffix is the length of the hyphen and the random characters that Secrets Manager puts behind a secret's name.
const secretSuffix = 7

// secretAt returns the secret with the ARN, with or without the six characters at its end, or nil.
func (r *reader) secretAt(region, arn string) *world.Thing {
	for _, secret := range r.many(r.tx.OfType(region, token.Secret)) {
		if secret.ARN == arn || strings.HasPrefix(secret.ARN, arn+"-") && len(secret.ARN) == len(arn)+secretSuffix {
			return secret
		}
	}
	return nil
}

// secretOf are the calls of a role that reads a secret. One that is managed elsewhere is named without the six
// characters at the end of its ARN, and IAM decides by the whole ARN (AWS Secrets Manager user guide, "Secret ARN").
func (r *reader) secretOf(role caller, region, arn string) requests {
	keys, key, whole := context{}, "", arn+"-AbCdEf"
	if secret := r.secretAt(region, arn); secret != nil {
		whole, keys, key = secret.ARN, tagsOf(secret), bridge.StateOf(secret).Str("kmsKeyId")
	}
	for typ, tag := range map[string]string{
		token.DBInstance: "primaryDBInstanceArn", token.DBCluster: "primaryDBClusterArn",
	} {
		for _, database := range r.many(r.tx.OfType(region, typ)) {
			for _, secret := range bridge.StateOf(database).Objects("masterUserSecrets") {
				if secret.Str("secretArn") == arn {
					whole, key = arn, secret.Str("kmsKeyId")
					keys = context{"aws:ResourceTag/aws:rds:" + tag: {database.ARN}}
				}
			}
		}
	}
	return append(
		role.calls(whole, keys, "secretsmanager:GetSecretValue"),
		r.encrypted(role, region, key, via("secretsmanager", region), "kms:Decrypt")...)
}

// monitorDatabase are the calls of RDS for the operating system's metrics, which all databases write to one log group.
func monitorDatabase(_ *reader, database *world.Thing) []authorization.Request {
	role := bridge.StateOf(database).Str("monitoringRoleArn")
	if role == "" {
		return nil
	}
	group := arnOf(database.Region, "logs", "log-group:RDSOSMetrics")
	all := assume("monitoring.rds.amazonaws.com", role, source(database.ARN))
	all = append(all, as(role).calls(group, nil, "logs:CreateLogGroup", "logs:PutRetentionPolicy")...)
	return append(all, as(role).calls(group+":log-stream:it", nil,
		"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents")...)
}

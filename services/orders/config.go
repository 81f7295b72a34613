package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/services/internal/env"
	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// config is what the environment says; README.md lists the variables.
type config struct {
	httpserver.Config
	database *postgres.Config // as the service's own user; nil keeps orders in memory
	topic    string           // ARN of the SNS topic of events; empty publishes none
	catalog  string           // base URL of the catalog; empty takes the lines of orders as they are
}

// loadConfig reads the environment of a service. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	r := env.NewReader(getenv)
	cfg := config{Config: httpserver.ReadConfig(r), database: database(r), topic: r.Get("TOPIC_EVENTS_ARN")}
	r.Read("SERVICE_CATALOG_URL", "", "a URL such as http://catalog:8080", func(value string) bool {
		cfg.catalog = value
		at, err := url.Parse(value)
		return value == "" || err == nil && (at.Scheme == "http" || at.Scheme == "https") && at.Host != "" &&
			at.RawQuery == "" && at.Fragment == "" && at.User == nil
	})
	if cfg.topic == "" {
		return cfg, r.Err()
	}
	if _, err := outbox.ParseTopic(cfg.topic); err != nil {
		r.Problem("TOPIC_EVENTS_ARN: %s", err)
	}
	if cfg.database == nil {
		r.Problem("DATABASE_HOST: is missing, though TOPIC_EVENTS_ARN is there; events wait in a database")
	}
	return cfg, r.Err()
}

// database returns nil without a host. That other variables are there all the same is a mistake worth telling: orders
// that were to be kept would be lost.
func database(r *env.Reader) *postgres.Config {
	host := r.Get("DATABASE_HOST")
	if host == "" {
		for _, name := range []string{
			"DATABASE_PORT",
			"DATABASE_NAME",
			"DATABASE_USER",
			"DATABASE_AUTH",
			"DATABASE_SECRET",
			"DATABASE_SECRET_ARN",
			"DATABASE_TLS",
			"DATABASE_CA",
		} {
			if r.Get(name) != "" {
				r.Problem("DATABASE_HOST: is missing, though %s is there", name)
				break
			}
		}
		return nil
	}
	db := endpoint(r, "DATABASE_HOST", host)
	switch auth(r) {
	case authIAM:
		db.Credentials = iam(r, *db)
	case authSecret:
		db.Credentials = secret(r, "DATABASE_SECRET").Read
	}
	return db
}

// endpoint reads where a database is, and how connections to it are encrypted. variable is the one that names the host.
func endpoint(r *env.Reader, variable, host string) *postgres.Config {
	db := &postgres.Config{Host: host, CAFile: r.Get("DATABASE_CA")}
	var port int
	r.Read("DATABASE_PORT", "5432", "a port from 1 to 65535", env.WholeNumber(&port, 1, 65535))
	db.Port = uint16(port) //nolint:gosec // in range
	if db.Database = r.Get("DATABASE_NAME"); db.Database == "" {
		r.Problem("DATABASE_NAME: is missing; name the database on %s", host)
	}
	r.Read("DATABASE_TLS", string(postgres.TLSVerifyFull), "verify-full, require or disable", encryption(&db.TLS))
	if db.TLS == postgres.TLSDisable && !postgres.IsLoopback(host) {
		r.Problem("DATABASE_TLS: disable is for a database on this machine, and %s is %s", variable, host)
	}
	if db.CAFile != "" && db.TLS != postgres.TLSVerifyFull {
		r.Problem("DATABASE_CA: is %q, but with DATABASE_TLS %s no certificate is verified", db.CAFile, db.TLS)
	}
	return db
}

// How a user logs in to the database.
const (
	authSecret = "secret" // with the password in a secret
	authIAM    = "iam"    // with an IAM token
)

func auth(r *env.Reader) (way string) {
	r.Read("DATABASE_AUTH", authSecret, "iam or secret", func(value string) bool {
		way = value
		return value == authSecret || value == authIAM
	})
	return way
}

// iam logs the service's own user in with tokens. A secret beside them would be another user's.
func iam(r *env.Reader, db postgres.Config) postgres.Credentials {
	for _, name := range []string{"DATABASE_SECRET", "DATABASE_SECRET_ARN"} {
		if r.Get(name) != "" {
			r.Problem("%s: is there, but with DATABASE_AUTH iam no secret is used; remove it", name)
		}
	}
	region := r.Get("AWS_REGION")
	if region == "" {
		r.Problem("AWS_REGION: is missing; name that of the database on %s", db.Host)
	}
	if db.TLS != postgres.TLSVerifyFull {
		r.Problem("DATABASE_TLS: is %s, but with DATABASE_AUTH iam it must be verify-full", db.TLS)
	}
	return postgres.FromIAM(user(r), region, db.Host, db.Port)
}

// userName is a name that PostgreSQL accepts: at most 63 bytes, and none that it keeps for itself.
var userName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

func user(r *env.Reader) (name string) {
	if r.Get("DATABASE_USER") == "" {
		r.Problem("DATABASE_USER: is missing; name the service's own database user")
		return ""
	}
	r.Read("DATABASE_USER", "", "1 to 63 of a-z, 0-9, - and _, the first a letter, and not public or pg_...",
		func(value string) bool {
			name = value
			return userName.MatchString(value) && value != "public" && !strings.HasPrefix(value, "pg_")
		})
	return name
}

// secret reads a secret that is named by its ARN, or given for a database outside AWS.
func secret(r *env.Reader, variable string) postgres.Secret {
	arn, given := r.Get(variable+"_ARN"), r.Get(variable)
	switch {
	case arn != "" && given != "":
		r.Problem("%s: is there, and so is %s_ARN; give one of them", variable, variable)
	case arn != "":
		return postgres.SecretsManager(arn)
	case given == "":
		r.Problem("%s_ARN: is missing; name the secret in Secrets Manager, or give its JSON as %s", variable, variable)
	}
	user, err := postgres.ParseUser(given)
	if given != "" && err != nil {
		r.Problem("%s: %s", variable, err)
	}
	return postgres.FixedSecret(user)
}

func encryption(to *postgres.TLS) func(string) bool {
	return func(value string) bool {
		*to = postgres.TLS(value)
		return slices.Contains([]postgres.TLS{postgres.TLSVerifyFull, postgres.TLSRequire, postgres.TLSDisable}, *to)
	}
}

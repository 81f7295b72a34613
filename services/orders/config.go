package main

import (
	"slices"

	"github.com/awslab/awslab/services/internal/env"
	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// config is what the environment says; README.md lists the variables.
type config struct {
	httpserver.Config
	database *postgres.Config // nil keeps orders in memory
}

// loadConfig reads the environment. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	r := env.NewReader(getenv)
	cfg := config{Config: httpserver.ReadConfig(r), database: database(r)}
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
	db := &postgres.Config{Host: host, CAFile: r.Get("DATABASE_CA")}
	var port int
	r.Read("DATABASE_PORT", "5432", "a port from 1 to 65535", env.WholeNumber(&port, 1, 65535))
	db.Port = uint16(port) //nolint:gosec // in range
	if db.Database = r.Get("DATABASE_NAME"); db.Database == "" {
		r.Problem("DATABASE_NAME: is missing; name the database on %s", host)
	}
	db.Credentials = credentials(r)
	r.Read("DATABASE_TLS", string(postgres.TLSVerifyFull), "verify-full, require or disable", encryption(&db.TLS))
	if db.TLS == postgres.TLSDisable && !postgres.IsLoopback(host) {
		r.Problem("DATABASE_TLS: disable is for a database on this machine, not on %s", host)
	}
	if db.CAFile != "" && db.TLS != postgres.TLSVerifyFull {
		r.Problem("DATABASE_CA: is %q, but with DATABASE_TLS %s no certificate is verified", db.CAFile, db.TLS)
	}
	return db
}

// credentials are read from Secrets Manager, or given for a database outside AWS.
func credentials(r *env.Reader) postgres.Credentials {
	arn, secret := r.Get("DATABASE_SECRET_ARN"), r.Get("DATABASE_SECRET")
	switch {
	case arn != "" && secret != "":
		r.Problem("DATABASE_SECRET: is there, and so is DATABASE_SECRET_ARN; give one of them")
	case arn != "":
		return postgres.FromSecretsManager(arn)
	case secret == "":
		r.Problem("DATABASE_SECRET_ARN: is missing; name the secret that RDS keeps in Secrets Manager, " +
			"or give its JSON as DATABASE_SECRET")
	}
	user, err := postgres.ParseUser(secret)
	if secret != "" && err != nil {
		r.Problem("DATABASE_SECRET: %s", err)
	}
	return postgres.Fixed(user)
}

func encryption(to *postgres.TLS) func(string) bool {
	return func(value string) bool {
		*to = postgres.TLS(value)
		return slices.Contains([]postgres.TLS{postgres.TLSVerifyFull, postgres.TLSRequire, postgres.TLSDisable}, *to)
	}
}

package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/awslab/awslab/services/internal/env"
	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// migration is what the environment says of the command migrate.
type migration struct {
	admin    postgres.Config // as whom the schema is brought up to date
	access   postgres.Access // what the service's own user gets
	logLevel slog.Level
}

// loadMigration reads the environment of migrate. Its error names every problem.
func loadMigration(getenv func(string) string) (migration, error) {
	r := env.NewReader(getenv)
	m := migration{logLevel: httpserver.ReadConfig(r).LogLevel}
	host := r.Get("DATABASE_ADMIN_HOST")
	if host == "" {
		host = r.Get("DATABASE_HOST")
	}
	if host == "" {
		r.Problem("DATABASE_HOST: is missing; migrate needs a database")
		return m, r.Err()
	}
	m.admin = *endpoint(r, "DATABASE_ADMIN_HOST", host)
	if isAdmin := r.Get("DATABASE_ADMIN_SECRET_ARN") != "" || r.Get("DATABASE_ADMIN_SECRET") != ""; isAdmin {
		m.admin.Credentials = secret(r, "DATABASE_ADMIN_SECRET").Read
		m.access = access(r)
		return m, r.Err()
	}
	if r.Get("DATABASE_USER") != "" || auth(r) == authIAM {
		r.Problem("DATABASE_ADMIN_SECRET_ARN: is missing; name the secret of the user who creates DATABASE_USER, " +
			"or give its JSON as DATABASE_ADMIN_SECRET")
	}
	// A database with one user, who serves and migrates.
	m.admin.Credentials = secret(r, "DATABASE_SECRET").Read
	return m, r.Err()
}

// access is that of the service's own user, which logs in as the service does: with the password in a secret, of RDS
// Proxy or of the service itself, or with IAM tokens.
func access(r *env.Reader) postgres.Access {
	access := postgres.Access{User: user(r)}
	var password postgres.Secret
	switch proxy := r.Get("DATABASE_USER_SECRET_ARN"); {
	case proxy != "":
		password = postgres.SecretsManager(proxy)
	case auth(r) == authSecret && (r.Get("DATABASE_SECRET_ARN") != "" || r.Get("DATABASE_SECRET") != ""):
		password = secret(r, "DATABASE_SECRET")
	default:
		return access
	}
	access.Secret = &password
	return access
}

func migrate(ctx context.Context, m migration, stdout io.Writer) error {
	log := jsonapi.NewLogger(stdout, m.logLevel)
	migrations, err := postgres.Migrations()
	if err != nil {
		return err
	}
	applied, err := postgres.Migrate(ctx, m.admin, m.access, migrations, log)
	if err != nil {
		return err
	}
	for _, step := range applied {
		log.Info("migrated", "version", step.Version, "name", step.Name)
	}
	log.Info("schema is current", "user", m.access.User, "version", len(migrations), "applied", len(applied))
	return nil
}

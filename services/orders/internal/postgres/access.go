package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Access is what a migration gives the service: a user of its own, and a schema of the user's name. The schema and its
// tables stay the administrator's, so that the user can neither create nor change nor drop any.
type Access struct {
	// User is the name of both. Empty leaves the administrator the only user, with the tables in its default schema.
	User string
	// Secret is where the password of the user is kept. Nil lets the user log in with IAM tokens instead.
	Secret *Secret
}

// iamRole is the role whose members log in to Amazon RDS with an IAM token, and no more with a password.
const iamRole = "rds_iam"

// granted is what the service does with its tables. The history of migrations is the administrator's alone.
var granted = map[string]string{
	"orders": "SELECT, INSERT",
	"outbox": "SELECT, INSERT, UPDATE, DELETE",
}

// prepare creates the user and the schema, and makes the schema that of the statements which follow in the transaction.
func (a Access) prepare(ctx context.Context, tx pgx.Tx, database string) error {
	if a.User == "" {
		return nil
	}
	var exists bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, a.User).Scan(&exists)
	if err != nil {
		return fmt.Errorf("looking for role %s: %w", a.User, err)
	}
	user, in := pgx.Identifier{a.User}.Sanitize(), pgx.Identifier{database}.Sanitize()
	statements := []string{
		// PUBLIC has the first before PostgreSQL 15, and the second always.
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
		"REVOKE TEMPORARY ON DATABASE " + in + " FROM PUBLIC",
		"GRANT CONNECT ON DATABASE " + in + " TO " + user,
		"CREATE SCHEMA IF NOT EXISTS " + user,
		"GRANT USAGE ON SCHEMA " + user + " TO " + user,
		"SET LOCAL search_path = " + user,
	}
	if !exists {
		statements = append([]string{"CREATE ROLE " + user + " LOGIN"}, statements...)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("preparing schema %s: %s: %w", a.User, statement, err)
		}
	}
	return a.moveTables(ctx, tx)
}

// moveTables brings the tables into the schema that earlier versions of the service created in the schema public, as
// the administrator. A view in the place of each keeps those versions working, which may run on for a while: nobody but
// the administrator may use it.
func (a Access) moveTables(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		SELECT relname::text FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND EXISTS (
			SELECT FROM pg_class
			-- It is a view where a version that moved the other tables has left the outbox behind.
			WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname = 'orders_migrations'
		) AND (relname IN ('orders', 'orders_migrations')
			-- The name is a usual one: a table without this column is another service's.
			OR relname = 'outbox' AND EXISTS (
				SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'refusals'
			))`)
	if err != nil {
		return fmt.Errorf("looking for tables in the schema public: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("looking for tables in the schema public: %w", err)
	}
	for _, table := range tables {
		before, after := pgx.Identifier{"public", table}.Sanitize(), pgx.Identifier{a.User, table}.Sanitize()
		for _, statement := range []string{
			"ALTER TABLE " + before + " SET SCHEMA " + pgx.Identifier{a.User}.Sanitize(),
			"CREATE VIEW " + before + " AS SELECT * FROM " + after,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("moving table %s to schema %s: %w", before, a.User, err)
			}
		}
	}
	return nil
}

// grant gives the user its rights on the tables and its way to log in, and refuses a user that has other rights.
func (a Access) grant(ctx context.Context, tx pgx.Tx, log *slog.Logger) error {
	if a.User == "" {
		return nil
	}
	user := pgx.Identifier{a.User}.Sanitize()
	for table, rights := range granted {
		var exists bool
		err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, pgx.Identifier{a.User, table}.Sanitize()).
			Scan(&exists)
		if err == nil && exists { // an earlier version of the service has fewer tables
			_, err = tx.Exec(ctx, "GRANT "+rights+" ON "+pgx.Identifier{a.User, table}.Sanitize()+" TO "+user)
		}
		if err != nil {
			return fmt.Errorf("granting %s on table %s to %s: %w", rights, table, a.User, err)
		}
	}
	if err := a.chooseLogin(ctx, tx, log); err != nil {
		return fmt.Errorf("letting %s log in: %w", a.User, err)
	}
	return a.refuseExcess(ctx, tx)
}

// chooseLogin makes the user a member of iamRole, or ends its membership, as Secret says.
func (a Access) chooseLogin(ctx context.Context, tx pgx.Tx, log *slog.Logger) error {
	var known, member bool
	err := tx.QueryRow(ctx, `
		SELECT count(*) > 0, COALESCE(bool_or(EXISTS (
			SELECT FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
			WHERE m.roleid = r.oid AND u.rolname = $2
		)), false)
		FROM pg_roles r WHERE r.rolname = $1`, iamRole, a.User).Scan(&known, &member)
	if err != nil {
		return err
	}
	user := pgx.Identifier{a.User}.Sanitize()
	switch {
	case a.Secret == nil && !known:
		log.Warn("the user has no way to log in: the database has no role "+iamRole+"; give its secret", "user", a.User)
	case a.Secret == nil && !member:
		_, err = tx.Exec(ctx, "GRANT "+iamRole+" TO "+user)
	case a.Secret != nil && member:
		_, err = tx.Exec(ctx, "REVOKE "+iamRole+" FROM "+user)
	}
	return err
}

// excess names the rights of a role beyond those on its own schema that a GRANT, an attribute or ownership can have
// given it, and the statement that ends those on what is not its own.
const excess = `
	SELECT 'is a superuser' FROM pg_roles WHERE rolname = $1 AND rolsuper
	UNION ALL SELECT 'may create roles' FROM pg_roles WHERE rolname = $1 AND rolcreaterole
	UNION ALL SELECT 'may create databases' FROM pg_roles WHERE rolname = $1 AND rolcreatedb
	UNION ALL SELECT 'may replicate' FROM pg_roles WHERE rolname = $1 AND rolreplication
	UNION ALL SELECT 'may bypass row security' FROM pg_roles WHERE rolname = $1 AND rolbypassrls
	UNION ALL SELECT 'is a member of ' || r.rolname
		FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
		WHERE u.rolname = $1 AND r.rolname <> $2
	UNION ALL SELECT 'may create in schema ' || nspname
		FROM pg_namespace WHERE nspname !~ '^pg_' AND has_schema_privilege($1, oid, 'CREATE')
	UNION ALL SELECT 'may create in database ' || current_database()
		WHERE has_database_privilege($1, current_database(), 'CREATE, TEMPORARY')
	UNION ALL SELECT format('may use %1$I.%2$I (REVOKE ALL ON %1$I.%2$I FROM %3$I, PUBLIC)', nspname, relname, rolname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
			JOIN pg_roles u ON rolname = $1 AND NOT rolsuper AND u.oid <> relowner
		WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
			AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', $1)
			AND has_schema_privilege(u.oid, n.oid, 'USAGE')
			AND (has_any_column_privilege(u.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
				OR has_table_privilege(u.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER'))
			-- Extensions bring tables and views that PUBLIC may read.
			AND NOT EXISTS (
				SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'
			)
	UNION ALL SELECT format('owns %s (REASSIGN OWNED BY %I TO %I)',
			pg_describe_object(classid, objid, objsubid), rolname, current_user)
		FROM pg_shdepend JOIN pg_roles r ON r.oid = refobjid AND refclassid = 'pg_authid'::regclass
		WHERE rolname = $1 AND deptype = 'o'
			AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`

func (a Access) refuseExcess(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, excess, a.User, iamRole)
	if err != nil {
		return fmt.Errorf("reading the rights of %s: %w", a.User, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("reading the rights of %s: %w", a.User, err)
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf(
		"role %s %s; the service's user may use its own schema alone: revoke this, or choose another DATABASE_USER",
		a.User, strings.Join(found, ", "),
	)
}

// setPassword gives the user the password that the secret holds, and first the secret one where it holds none of this
// user. Should it end between the two, the next run finds a secret that cannot log in, and goes on from there. It
// changes nothing where the secret can log in.
func (a Access) setPassword(ctx context.Context, admin *pgx.Conn, config Config) error {
	if a.Secret == nil {
		return nil
	}
	user, err := a.Secret.Read(ctx)
	if err != nil && !errors.Is(err, errSecret) && !errors.Is(err, errNoValue) {
		return err
	}
	if err != nil || user.Name != a.User {
		if a.Secret.Write == nil {
			return fmt.Errorf(
				"the secret is of user %q, and not of DATABASE_USER %q; give that user's",
				user.Name, a.User,
			)
		}
		user = newUser(a.User)
		if err := a.Secret.Write(ctx, user); err != nil {
			return err
		}
	}
	if works, err := config.canLogIn(ctx, user); works || err != nil {
		return err
	}
	verifier, err := scramVerifier(user.password)
	if err != nil {
		return err
	}
	_, err = admin.Exec(ctx, "ALTER ROLE "+pgx.Identifier{a.User}.Sanitize()+" PASSWORD '"+verifier+"'")
	if err != nil {
		return fmt.Errorf("setting the password of %s: %w", a.User, err)
	}
	return nil
}

//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order/storetest"
	"github.com/awslab/awslab/services/orders/internal/postgres"
	"github.com/awslab/awslab/services/orders/internal/postgres/postgrestest"
)

const insufficientPrivilege = "42501" // PostgreSQL documentation, appendix A

func TestTheUserHasRightsOnItsOwnSchemaAlone(t *testing.T) {
	admin, access, migrations := migrated(t)
	service := as(admin, access)
	other := access
	other.User += "_other"
	secret := postgres.FixedSecret(postgrestest.User(t, other.User, "other"))
	other.Secret = &secret
	_, err := postgres.Migrate(t.Context(), admin, other, migrations, quiet)
	require.NoError(t, err)
	require.Empty(t, postgres.Exec(t, admin, "CREATE TABLE public.elsewhere ()"))

	for _, sql := range []string{
		"SELECT FROM orders",
		"INSERT INTO orders (id, customer, lines, total_cents, created_at) VALUES ('1', 'Ada', '[]', 0, now())",
	} {
		assert.Empty(t, postgres.Exec(t, service, sql), sql)
	}
	for _, sql := range []string{
		"CREATE TABLE more ()",
		"CREATE TABLE public.more ()",
		"CREATE TEMPORARY TABLE more ()",
		"CREATE SCHEMA more",
		"CREATE ROLE more",
		"CREATE DATABASE more",
		"CREATE INDEX ON orders (customer)",
		"ALTER TABLE orders ADD COLUMN more text",
		"DROP TABLE orders",
		"TRUNCATE orders",
		"UPDATE orders SET customer = 'Eve'",
		"DELETE FROM orders",
		"SELECT FROM orders_migrations",
		"SELECT FROM public.elsewhere",
		"SELECT FROM " + other.User + ".orders",
		"INSERT INTO " + other.User + ".orders DEFAULT VALUES",
		"SET ROLE " + postgrestest.Admin,
		"SET ROLE " + other.User,
		"ALTER ROLE " + access.User + " CREATEDB",
		"GRANT SELECT ON orders_migrations TO PUBLIC",
		"SELECT FROM pg_authid",
	} {
		assert.Equal(t, insufficientPrivilege, postgres.Exec(t, service, sql), sql)
	}
}

func TestEveryTableIsGrantedOrTheAdministratorsAlone(t *testing.T) {
	admin, access, _ := migrated(t)
	assert.Empty(t, postgres.Exec(t, admin, `DO $$ BEGIN
		ASSERT (SELECT array_agg(relname::text ORDER BY relname) FROM pg_class
			WHERE relkind = 'r' AND relnamespace = '`+access.User+`'::regnamespace
				AND NOT has_table_privilege('`+access.User+`', oid, 'SELECT')) = ARRAY['orders_migrations'];
	END $$`))
}

// A role that was there before may have rights that the migration cannot know the reason of.
func TestAUserWithOtherRightsIsRefused(t *testing.T) {
	for want, sql := range map[string]string{
		"is a superuser":            "ALTER ROLE %[1]s SUPERUSER",
		"may create roles":          "ALTER ROLE %[1]s CREATEROLE",
		"may create databases":      "ALTER ROLE %[1]s CREATEDB",
		"may replicate":             "ALTER ROLE %[1]s REPLICATION",
		"may bypass row security":   "ALTER ROLE %[1]s BYPASSRLS",
		"is a member of pg_monitor": "GRANT pg_monitor TO %[1]s",
		"may create in database %s": "GRANT CREATE ON DATABASE %[2]s TO %[1]s",
		"is a member of dbadmin":    "GRANT dbadmin TO %[1]s",
	} {
		t.Run(want, func(t *testing.T) {
			admin, access, migrations := unmigrated(t)
			needCluster(t).Exec(t, "CREATE ROLE "+access.User+" LOGIN")
			needCluster(t).Exec(t, fmt.Sprintf(sql+"; --%[1]s%[2]s", access.User, admin.Database))
			_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
			if want == "may create in database %s" {
				want = fmt.Sprintf(want, admin.Database)
			}
			require.ErrorContains(t, err, "role "+access.User+" "+want)
			assert.ErrorContains(t, err, "choose another DATABASE_USER")
		})
	}
	admin, access, migrations := migrated(t)
	require.Empty(t, postgres.Exec(t, admin, "GRANT CREATE ON SCHEMA "+access.User+" TO "+access.User))
	_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
	assert.ErrorContains(t, err, "may create in schema "+access.User)
}

// The statement in the error mends it.
func TestAUserWithRightsOutsideItsSchemaIsRefused(t *testing.T) {
	const (
		payroll = "may use public.payroll (REVOKE ALL ON public.payroll FROM %[1]s, PUBLIC)"
		payDay  = `may use other."Pay Day" (REVOKE ALL ON other."Pay Day" FROM %[1]s, PUBLIC)`
		owner   = "owns table public.payroll (REASSIGN OWNED BY %[1]s TO " + postgrestest.Admin + ")"
		own     = "GRANT %[1]s TO " + postgrestest.Admin + "; GRANT CREATE ON SCHEMA public TO %[1]s; " +
			"ALTER TABLE public.payroll OWNER TO %[1]s; REVOKE CREATE ON SCHEMA public FROM %[1]s"
	)
	for sql, want := range map[string]string{
		"GRANT ALL ON public.payroll TO %[1]s":                                            payroll,
		"GRANT DELETE ON public.payroll TO %[1]s":                                         payroll,
		"GRANT SELECT (salary) ON public.payroll TO %[1]s":                                payroll,
		"GRANT SELECT ON public.payroll TO PUBLIC":                                        payroll,
		`GRANT UPDATE ON other."Pay Day" TO %[1]s; GRANT USAGE ON SCHEMA other TO PUBLIC`: payDay,
		own: owner,
	} {
		t.Run(sql, func(t *testing.T) {
			admin, access, migrations := migrated(t)
			want := fmt.Sprintf(want, access.User)
			for _, statement := range []string{
				"CREATE TABLE public.payroll (salary int)",
				`CREATE SCHEMA other; CREATE VIEW other."Pay Day" AS SELECT * FROM public.payroll`,
				fmt.Sprintf(sql+"; --%[1]s", access.User),
			} {
				require.Empty(t, postgres.Exec(t, admin, statement))
			}
			_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
			require.ErrorContains(t, err, "role "+access.User+" "+want+";")
			_, mend, _ := strings.Cut(strings.TrimSuffix(want, ")"), "(")
			require.Empty(t, postgres.Exec(t, admin, mend))
			_, err = postgres.Migrate(t.Context(), admin, access, migrations, quiet)
			require.NoError(t, err)
		})
	}
}

// What an extension brings, such as the view pg_stat_statements, is everyone's.
func TestTheTablesOfAnExtensionAreNoRightsOfTheUser(t *testing.T) {
	admin, access, migrations := migrated(t)
	require.Empty(t, postgres.Exec(t, admin, "CREATE EXTENSION hstore; CREATE VIEW public.everyones AS SELECT 1; "+
		"GRANT SELECT ON public.everyones TO PUBLIC; ALTER EXTENSION hstore ADD VIEW public.everyones"))
	_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
	assert.NoError(t, err)
}

func TestAUserThatIsAMemberOfNoRoleLogsInByToken(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	access.Secret = nil
	for range 2 {
		_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
		require.NoError(t, err)
		assert.Empty(t, postgres.Exec(t, admin, isMember(access, true)))
	}
}

// isMember is a statement that fails unless the user's membership in rds_iam is as wanted.
func isMember(access postgres.Access, want bool) string {
	return fmt.Sprintf(`DO $$ BEGIN
		ASSERT pg_has_role('%s', 'rds_iam', 'MEMBER') = %t;
	END $$`, access.User, want)
}

// PostgreSQL itself knows no IAM: the password of the user stands for what RDS accepts at that moment.
func TestEachConnectionHasATokenOfItsOwn(t *testing.T) {
	admin, access, _ := migrated(t)
	cluster, service, made := needCluster(t), admin, 0
	service.Credentials = postgres.FromTokens(access.User, func(context.Context) (string, error) {
		made++
		token := fmt.Sprint("token-", made)
		cluster.Exec(t, "ALTER ROLE "+access.User+" PASSWORD '"+token+"'")
		return token, nil
	})
	store := open(t, service)
	require.NoError(t, store.Ping(t.Context()))
	require.NoError(t, store.Ping(t.Context()), "a connection outlives its token")
	require.Equal(t, 1, made)
	cluster.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+access.User+"'")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NoError(c, store.Ping(t.Context()))
	}, eventually, tick)
	assert.Greater(t, made, 1)
}

func TestATokenIsSentToAVerifiedDatabaseOnly(t *testing.T) {
	for _, encryption := range []postgres.TLS{postgres.TLSDisable, postgres.TLSRequire} {
		service := forService(t)
		service.TLS, service.CAFile = encryption, ""
		service.Credentials = postgres.FromTokens("orders", func(context.Context) (string, error) {
			return "hunter2", nil
		})
		err := open(t, service).Ping(t.Context())
		require.ErrorContains(t, err, "an IAM token is sent to a verified database only; set TLS to verify-full")
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

// kept is a secret of the service's user, as Secrets Manager keeps it.
type kept struct {
	mu     sync.Mutex
	user   *postgres.User
	writes int
	err    error // of the next write
}

func (k *kept) secret() *postgres.Secret {
	return &postgres.Secret{
		Read: func(context.Context) (postgres.User, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.user == nil {
				return postgres.User{}, postgres.ErrNoValue
			}
			return *k.user, nil
		},
		Write: func(_ context.Context, user postgres.User) error {
			k.mu.Lock()
			defer k.mu.Unlock()
			if err := k.err; err != nil {
				k.err = nil
				return err
			}
			k.user = &user
			k.writes++
			return nil
		},
	}
}

func TestAnEmptySecretGetsAPasswordOnce(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	var secret kept
	access.Secret = secret.secret()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, 1, secret.writes)
	require.NoError(t, open(t, as(admin, access)).Ping(t.Context()))

	log, err := needCluster(t).Log()
	require.NoError(t, err)
	assert.Contains(t, log, "ALTER ROLE \""+access.User+"\" PASSWORD 'SCRAM-SHA-256$")
	assert.NotContains(t, log, postgres.Password(*secret.user))
}

// Whatever step a migration ended at, the next one goes on from there.
func TestAPasswordThatWasNotSetIsSetByTheNextMigration(t *testing.T) {
	for name, interrupt := range map[string]func(*testing.T, postgres.Access, *kept){
		"before the secret was written": func(t *testing.T, _ postgres.Access, secret *kept) {
			secret.err = errors.New("interrupted")
		},
		"between the secret and the role": func(t *testing.T, access postgres.Access, secret *kept) {
			user := postgrestest.User(t, access.User, "written")
			secret.user = &user
		},
		"with the secret of another user": func(t *testing.T, access postgres.Access, secret *kept) {
			user := postgrestest.User(t, postgrestest.Admin, postgrestest.Password)
			secret.user = &user
		},
	} {
		t.Run(name, func(t *testing.T) {
			admin, access, migrations := unmigrated(t)
			var secret kept
			access.Secret = secret.secret()
			interrupt(t, access, &secret)
			if _, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet); err != nil {
				require.ErrorContains(t, err, "interrupted")
				_, err = postgres.Migrate(t.Context(), admin, access, migrations, quiet)
				require.NoError(t, err)
			}
			assert.NoError(t, open(t, as(admin, access)).Ping(t.Context()))
			assert.Equal(t, access.User, secret.user.Name)
		})
	}
}

func TestASecretOfAnotherUserIsRefusedWhereItCannotBeWritten(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	secret := postgres.FixedSecret(postgrestest.User(t, "other", "hunter2"))
	access.Secret = &secret
	_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
	require.ErrorContains(t, err, `the secret is of user "other", and not of DATABASE_USER "`+access.User+`"`)
	assert.NotContains(t, err.Error(), "hunter2")
}

// A user that has the role rds_iam cannot log in with a password, and the reverse.
func TestAUserMovesToAProxyAndBack(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	var secret kept
	for _, through := range []*postgres.Secret{nil, secret.secret(), nil, secret.secret()} {
		access.Secret = through
		_, err := postgres.Migrate(t.Context(), admin, access, migrations, quiet)
		require.NoError(t, err)
		assert.Empty(t, postgres.Exec(t, admin, isMember(access, through == nil)))
		if through != nil {
			require.NoError(t, open(t, as(admin, access)).Ping(t.Context()))
		}
	}
	assert.Equal(t, 1, secret.writes, "the proxy goes on with the password that it knows")
}

// Earlier versions logged in as the administrator, and had their tables in the schema public.
func TestTablesOfAnEarlierVersionMoveAndItGoesOnWorking(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	earlier := migrations[:2]
	_, err := postgres.Migrate(t.Context(), admin, postgres.Access{}, earlier, quiet)
	require.NoError(t, err)
	before := open(t, admin)
	first, _, err := before.Create(
		t.Context(),
		storetest.Draw("Ada"),
		storetest.Request(storetest.Draw("Ada"), "first"),
	)
	require.NoError(t, err)

	for range 2 {
		_, err = postgres.Migrate(t.Context(), admin, access, migrations, quiet)
		require.NoError(t, err)
	}
	now := open(t, as(admin, access))
	found, err := now.Get(t.Context(), first.ID)
	require.NoError(t, err)
	assert.Equal(t, first, found)

	require.NoError(t, before.Ping(t.Context()))
	found, replayed, err := before.Create(
		t.Context(),
		storetest.Draw("Ada"),
		storetest.Request(storetest.Draw("Ada"), "first"),
	)
	require.NoError(t, err)
	assert.True(t, replayed)
	assert.Equal(t, first, found)
	second, _, err := before.Create(
		t.Context(),
		storetest.Draw("Grace"),
		storetest.Request(storetest.Draw("Grace"), "second"),
	)
	require.NoError(t, err)
	page, err := now.List(t.Context(), 10, "")
	require.NoError(t, err)
	assert.Equal(t, []string{second.ID, first.ID}, []string{page.Orders[0].ID, page.Orders[1].ID})
	applied, err := postgres.Migrate(t.Context(), admin, postgres.Access{}, earlier, quiet)
	require.NoError(t, err)
	assert.Empty(t, applied)
	assert.Equal(t, insufficientPrivilege, postgres.Exec(t, as(admin, access), "SELECT FROM public.orders"))
}

// A database that one user has served so far has the table of events in the schema public as well.
func TestTheOutboxOfAnEarlierVersionMovesAndItGoesOnWorking(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	_, err := postgres.Migrate(t.Context(), admin, postgres.Access{}, migrations, quiet)
	require.NoError(t, err)
	before := withEvents(t, admin)
	create(t, before, "")
	leaveBehind := "DROP VIEW public.outbox; ALTER TABLE " + access.User + ".outbox SET SCHEMA public"
	for _, earlier := range []string{"", leaveBehind, ""} {
		require.Empty(t, postgres.Exec(t, admin, earlier))
		_, err = postgres.Migrate(t.Context(), admin, access, migrations, quiet)
		require.NoError(t, err)
	}
	now := withEvents(t, as(admin, access))
	create(t, before, "")
	create(t, now, "")
	for _, store := range []*postgres.Store{before, now} {
		relayed, err := store.Relay(t.Context(), 1, accept)
		require.NoError(t, err)
		assert.Equal(t, 1, relayed)
	}
	relayed, err := now.Relay(t.Context(), 10, accept)
	require.NoError(t, err)
	assert.Equal(t, 1, relayed, "each event once, whoever wrote it and whoever publishes it")
	assert.Equal(t, insufficientPrivilege, postgres.Exec(t, as(admin, access), "SELECT FROM public.outbox"))
}

func TestATableOfAnotherServiceStaysWhereItIs(t *testing.T) {
	admin, access, migrations := unmigrated(t)
	_, err := postgres.Migrate(t.Context(), admin, postgres.Access{}, migrations[:2], quiet)
	require.NoError(t, err)
	require.Empty(t, postgres.Exec(t, admin, "CREATE TABLE public.outbox (note text)"))
	_, err = postgres.Migrate(t.Context(), admin, access, migrations, quiet)
	require.NoError(t, err)
	assert.Empty(t, postgres.Exec(t, admin, "SELECT note FROM public.outbox"))
}

package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/text/secure/precis"
)

// newUser returns a user with a random password of at least 128 bits.
func newUser(name string) User { return User{Name: name, password: rand.Text()} }

// canLogIn reports whether the database accepts the user's password.
func (c Config) canLogIn(ctx context.Context, user User) (bool, error) {
	c.Credentials = FixedSecret(user).Read
	connection, err := c.dial(ctx)
	refused := new(pgconn.PgError)
	if errors.As(err, &refused) && slices.Contains([]string{invalidAuthorization, invalidPassword}, refused.Code) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("logging in as %s to try its password: %w", user.Name, err)
	}
	return true, connection.Close(ctx)
}

// dial connects once.
func (c Config) dial(ctx context.Context) (*pgx.Conn, error) {
	pool, err := c.pool()
	if err != nil {
		return nil, err
	}
	if err := c.signIn(ctx, pool.ConnConfig); err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, pool.ConnConfig)
}

// PostgreSQL's own numbers (scram-common.h).
const (
	scramIterations = 4096
	scramSaltLength = 16 // bytes
)

// scramVerifier returns what PostgreSQL keeps of a password. Whoever reads it in a statement or in a log learns no
// password (RFC 5803).
func scramVerifier(password string) (string, error) {
	// As pgx does when it logs in: SASLprep, or the text itself where that does not apply.
	if prepared, err := precis.OpaqueString.String(password); err == nil {
		password = prepared
	}
	salt := make([]byte, scramSaltLength)
	_, _ = rand.Read(salt) // never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("deriving a key of a password: %w", err)
	}
	sign := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s",
		scramIterations, encode(salt), encode(stored[:]), encode(sign("Server Key"))), nil
}

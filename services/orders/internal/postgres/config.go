// Package postgres keeps orders in PostgreSQL, and brings its schema there.
package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says where the database is and who asks.
type Config struct {
	Host     string
	Port     uint16
	Database string
	// Credentials are those of each new connection.
	Credentials Credentials
	TLS         TLS
	// CAFile is a file of PEM certificates that may sign the database's, for TLSVerifyFull. Empty means those that the
	// system trusts.
	CAFile string
}

// TLS is how a connection is encrypted, in the words of libpq's sslmode.
type TLS string

const (
	TLSVerifyFull TLS = "verify-full" // encrypted, with the database that the host's name belongs to
	TLSRequire    TLS = "require"     // encrypted, with whoever answers
	TLSDisable    TLS = "disable"     // in clear
)

// IsLoopback says that a host is this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) tls() (*tls.Config, error) {
	switch c.TLS {
	case TLSDisable:
		return nil, nil
	case TLSRequire:
		return &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ServerName:         c.Host,
			InsecureSkipVerify: true,
		}, nil //nolint:gosec // asked for by name
	case TLSVerifyFull:
	default:
		return nil, fmt.Errorf("TLS: %q; use %s, %s or %s", c.TLS, TLSVerifyFull, TLSRequire, TLSDisable)
	}
	verified := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host}
	if c.CAFile == "" {
		return verified, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the database's certificate authorities: %w", err)
	}
	verified.RootCAs = x509.NewCertPool()
	if !verified.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the database's certificate authorities: %s holds no PEM certificate", c.CAFile)
	}
	return verified, nil
}

const (
	connectTimeout = 5 * time.Second
	// Connections are renewed, each at its own time, so that they follow a failover without all coming at once.
	connectionLifetime       = 30 * time.Minute
	connectionLifetimeJitter = 10 * time.Minute
	// maxConnections of one task: a small instance of RDS (db.t4g.micro, 1 GiB) allows about 110 in all.
	maxConnections = 10
)

func (c Config) pool() (*pgxpool.Config, error) {
	// target_session_attrs refuses the old writer, which may answer as a reader after a failover. sslmode is replaced
	// by TLSConfig below.
	parsed, err := pgxpool.ParseConfig("sslmode=disable target_session_attrs=read-write application_name=orders")
	if err != nil {
		return nil, fmt.Errorf("configuring the connections: %w", err)
	}
	encryption, err := c.tls()
	if err != nil {
		return nil, err
	}
	connection := parsed.ConnConfig
	connection.Host, connection.Port, connection.Database = c.Host, c.Port, c.Database
	connection.TLSConfig, connection.Fallbacks = encryption, nil
	connection.ConnectTimeout = connectTimeout
	connection.Tracer = tracer{c.Database}
	parsed.BeforeConnect = c.signIn
	parsed.MaxConns = maxConnections
	parsed.MaxConnLifetime, parsed.MaxConnLifetimeJitter = connectionLifetime, connectionLifetimeJitter
	return parsed, nil
}

// signIn gives a connection its user. The context of a pool has no deadline, and connections whose credentials do not
// come would use the pool up.
func (c Config) signIn(ctx context.Context, connection *pgx.ConnConfig) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	user, err := c.Credentials(ctx)
	if err != nil {
		return fmt.Errorf("signing in to %s: %w", c.Host, err)
	}
	if user.isToken && (connection.TLSConfig == nil || connection.TLSConfig.InsecureSkipVerify) {
		return fmt.Errorf(
			"signing in to %s: an IAM token is sent to a verified database only; set TLS to %s, not %s",
			c.Host, TLSVerifyFull, c.TLS,
		)
	}
	connection.User, connection.Password = user.Name, user.password
	return nil
}

// Package postgres keeps orders in PostgreSQL, and brings its schema there.
package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says where the database is and who asks.
type Config struct {
	Host     string
	Port     uint16
	Database string
	User     User
	TLS      TLS
	// CAFile is a file of PEM certificates that may sign the database's, for TLSVerifyFull. Empty means those that the
	// system trusts.
	CAFile string
}

// User is a database user. Printing one does not show its password.
type User struct {
	Name     string
	password string
}

func (u User) String() string   { return u.Name }
func (u User) GoString() string { return u.Name }

// ParseUser reads the JSON that Secrets Manager keeps for a database user, {"username": ..., "password": ...} and more
// that does not matter here. Its error does not repeat the JSON.
func ParseUser(secret string) (User, error) {
	var read struct{ Username, Password string }
	if err := json.Unmarshal([]byte(secret), &read); err != nil {
		return User{}, errors.New("is not JSON such as {\"username\": ..., \"password\": ...}")
	}
	if read.Username == "" || read.Password == "" {
		return User{}, errors.New("has no username or no password")
	}
	return User{Name: read.Username, password: read.Password}, nil
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
	// Connections are renewed, each at its own time, so that they follow a failover and a rotated secret without all
	// coming at once.
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
	connection.User, connection.Password = c.User.Name, c.User.password
	connection.TLSConfig, connection.Fallbacks = encryption, nil
	connection.ConnectTimeout = connectTimeout
	connection.Tracer = tracer{c.Database}
	parsed.MaxConns = maxConnections
	parsed.MaxConnLifetime, parsed.MaxConnLifetimeJitter = connectionLifetime, connectionLifetimeJitter
	return parsed, nil
}

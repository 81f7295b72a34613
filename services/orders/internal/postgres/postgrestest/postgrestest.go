//go:build unix

// Package postgrestest runs a PostgreSQL of its own for tests, with TLS, on this machine's loopback interface.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/awslab/awslab/services/internal/processtest"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// ErrAbsent says that no PostgreSQL is installed on this machine.
var ErrAbsent = errors.New(
	"there is no PostgreSQL on this machine (initdb is neither in PATH nor where Debian puts it); install the " +
		"package postgresql",
)

// Admin is the owner of the databases. Like the master user of Amazon RDS it creates roles and is no superuser.
const Admin = "dbadmin"

// Password is that of all users the cluster starts with.
const Password = "initial"

const superuser = "postgres"

// Host is the name in the cluster's certificate. The address 127.0.0.1 is not in it.
const Host = "localhost"

// Cluster is a running PostgreSQL.
type Cluster struct {
	Port uint16
	// CAFile is the certificate that signed the cluster's.
	CAFile string

	folder    string
	command   func() *exec.Cmd // starts PostgreSQL
	process   *exec.Cmd
	ended     chan struct{}
	forget    func() // the process, which has to end with the test's own
	databases int
}

// Start makes a cluster in a temporary folder and starts it. It returns ErrAbsent if no PostgreSQL is installed.
// Whoever gets a cluster stops it.
func Start() (*Cluster, error) {
	binaries, err := findBinaries()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "postgrestest")
	if err != nil {
		return nil, fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	cluster := &Cluster{folder: folder}
	if err := cluster.start(binaries, owner); err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), cluster.Stop())
	}
	return cluster, nil
}

func findBinaries() (folder string, err error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", ErrAbsent
	}
	return filepath.Dir(slices.Max(found)), nil
}

// unprivileged returns whom PostgreSQL runs as: it refuses to run as root. Nil means the user of this process.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var problems []error
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr != nil || gidErr != nil {
			return nil, fmt.Errorf("user %s has the odd ids %s and %s", name, found.Uid, found.Gid)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("finding a user to run PostgreSQL as instead of root: %w", errors.Join(problems...))
}

func (c *Cluster) start(binaries string, owner *syscall.Credential) error {
	passwordFile := filepath.Join(c.folder, "password")
	if err := os.WriteFile(passwordFile, []byte(Password), 0o600); err != nil {
		return err
	}
	if err := writeCertificates(c.folder); err != nil {
		return err
	}
	c.CAFile = filepath.Join(c.folder, caFile)
	if err := give(c.folder, owner); err != nil {
		return err
	}
	data := filepath.Join(c.folder, "data")
	command := func(name string, args ...string) *exec.Cmd {
		command := exec.Command(filepath.Join(binaries, name), args...)
		command.Dir = c.folder
		command.Env = []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
		// an interrupt at the terminal is the test's to handle
		command.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
		return command
	}
	if output, err := command(
		"initdb",
		"--no-sync",
		"--auth",
		"scram-sha-256",
		"--username",
		superuser,
		"--pwfile",
		passwordFile,
		"--encoding",
		"UTF8",
		"--pgdata",
		data,
	).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	c.Port = port
	c.command = func() *exec.Cmd {
		return command(
			"postgres",
			"-D",
			data,
			"-F",
			"-h",
			Host,
			"-p",
			strconv.Itoa(int(port)),
			"-k",
			c.folder,
			"-c",
			"ssl=on",
			"-c",
			"ssl_cert_file="+filepath.Join(c.folder, certificateFile),
			"-c",
			"ssl_key_file="+filepath.Join(c.folder, keyFile),
			"-c",
			"log_statement=ddl",
		)
	}
	if err := c.run(); err != nil {
		return err
	}
	return c.createRoles()
}

// run starts the process, and returns when the cluster answers.
func (c *Cluster) run() error {
	log, err := os.OpenFile(filepath.Join(c.folder, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	process, ended := c.command(), make(chan struct{})
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return err
	}
	c.process, c.ended = process, ended
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	c.forget, err = processtest.TerminateAtExit(process.Process.Pid)
	if err != nil {
		return err
	}
	return c.wait()
}

// createRoles creates Admin, and the role that Amazon RDS has for users who log in with an IAM token.
func (c *Cluster) createRoles() error {
	ctx := context.Background()
	connection, err := c.connect(ctx)
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, `
		CREATE ROLE `+Admin+` LOGIN CREATEROLE CREATEDB PASSWORD '`+Password+`';
		CREATE ROLE rds_iam;
		GRANT rds_iam TO `+Admin+` WITH ADMIN OPTION`)
	return errors.Join(err, connection.Close(ctx))
}

const logFile = "log"

// Log returns what PostgreSQL has logged, each CREATE, ALTER and DROP included.
func (c *Cluster) Log() (string, error) {
	content, err := os.ReadFile(filepath.Join(c.folder, logFile))
	return string(content), err
}

// wait returns when the cluster answers.
func (c *Cluster) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		connection, err := c.connect(ctx)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-c.ended:
			log, err := c.Log()
			return errors.Join(fmt.Errorf("it ended:\n%s", log), err)
		case <-ctx.Done():
			return err
		case <-poll.C:
		}
	}
}

func (c *Cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(
		ctx,
		fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=postgres sslmode=verify-full sslrootcert=%s",
			Host, c.Port, superuser, Password, c.CAFile),
	)
}

// Stop ends PostgreSQL, connections and all, and removes its folder.
func (c *Cluster) Stop() error {
	if err := c.end(); err != nil {
		return err
	}
	return os.RemoveAll(c.folder)
}

// Restart ends PostgreSQL, connections and all, and starts it again on the same port.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	if err := errors.Join(c.end(), c.run()); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) end() error {
	if c.process == nil {
		return nil
	}
	c.forget()
	if err := c.process.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping PostgreSQL: %w", err)
	}
	<-c.ended
	return nil
}

// NewDatabase creates an empty database, and says how its owner, Admin, reaches it. It is gone with the cluster.
func (c *Cluster) NewDatabase(t testing.TB) postgres.Config {
	t.Helper()
	c.databases++
	name := fmt.Sprint("test", c.databases)
	c.Exec(t, "CREATE DATABASE "+name+" OWNER "+Admin)
	return postgres.Config{
		Host:        Host,
		Port:        c.Port,
		Database:    name,
		Credentials: postgres.FixedSecret(User(t, Admin, Password)).Read,
		TLS:         postgres.TLSVerifyFull,
		CAFile:      c.CAFile,
	}
}

// User returns a database user.
func User(t testing.TB, name, password string) postgres.User {
	t.Helper()
	user, err := postgres.ParseUser(fmt.Sprintf(`{"username": %q, "password": %q}`, name, password))
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// Exec runs a statement as the superuser, in the database postgres.
func (c *Cluster) Exec(t testing.TB, sql string) {
	t.Helper()
	connection, err := c.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = connection.Exec(t.Context(), sql)
	if err := errors.Join(err, connection.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// give makes a folder and the files in it another user's. Nil stands for the user whose they are.
func give(folder string, owner *syscall.Credential) error {
	if owner == nil {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	paths := []string{folder}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(folder, entry.Name()))
	}
	for _, path := range paths {
		if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// freePort returns a port that was free a moment ago. Should another process take it first, PostgreSQL says so.
func freePort() (uint16, error) {
	listener, err := net.Listen("tcp", Host+":0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return uint16(port), listener.Close() //nolint:gosec // a port
}

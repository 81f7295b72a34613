// Package world is the offline target's record of what exists: the things the stand-in providers created, per region,
// with what refers to what, in one SQLite file that outlives every process.
//
// The world never holds a secret: a secret value is replaced by a marker before it is written (see encode), and the
// provider puts the value back from the engine's own, encrypted state. What is deleted is gone from things; what AWS
// remembers of it (a task definition's revision numbers, a name that stays taken) is in tables of their own, so that
// a destroyed stack leaves List empty.
//
// Every operation that may write is one immediate transaction, so checks and the write that depends on them cannot be
// torn apart by another provider process on the same file.
package world

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

const (
	// Account is the AWS account of the offline target. It is the account AWS's own documentation uses for examples.
	Account = "123456789012"
	// Global is the region of things that have none, such as IAM roles.
	Global = ""
	// Variable names the environment variable that holds the absolute path of the world's file.
	Variable = "AWSLAB_WORLD"
)

//go:embed schema.sql
var schema string

//go:embed deployments.sql
var deploymentsSchema string

// schemaVersion is kept in the file's user_version. A file with another version is refused.
const schemaVersion = 1

// World is one open world. It is safe for concurrent use, also by several processes on the same file.
type World struct {
	path string

	// One connection, one transaction at a time: SQLite has one writer anyway, and queueing here is cheaper than its
	// busy handler.
	mu sync.Mutex
	db *sql.DB
	// recording says that there was a journal when the file was opened.
	recording bool
}

// FromEnvironment returns the world named by Variable without opening it yet.
func FromEnvironment() (*World, error) {
	path := os.Getenv(Variable)
	if path == "" {
		return nil, fmt.Errorf("%s is not set: this provider stands in for AWS and only runs under awslab's offline "+
			"target; start it through awslab, or with the environment that `awslab offline env` prints", Variable)
	}
	return New(path)
}

// New returns the world in the file at path, an absolute path. The file is opened, and created with mode 0600 if it
// does not exist, by the first operation.
func New(path string) (*World, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("the world's path %q is not absolute", path)
	}
	return &World{path: path}, nil
}

// Path returns the file the world is in.
func (w *World) Path() string { return w.path }

// Close releases the file. A closed world opens again at the next operation.
func (w *World) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.db == nil {
		return nil
	}
	err := w.db.Close()
	w.db = nil
	return err
}

// Update runs f in one transaction, which is committed when f returns nil and undone otherwise.
func (w *World) Update(ctx context.Context, f func(*Tx) error) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return err
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction on the world %s: %w", w.path, err)
	}
	committed := false
	defer func() {
		if !committed {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	t := &Tx{ctx: ctx, tx: tx}
	if err := f(t); err != nil {
		return err
	}
	if w.recording {
		if err := t.endStep(); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("writing the world %s: %w", w.path, err)
	}
	committed = true
	return nil
}

// View runs f in one transaction that may only read. It sees the world as it was when it began and waits for no writer.
func (w *World) View(ctx context.Context, f func(*Tx) error) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return err
	}
	tx, err := w.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("beginning to read the world %s: %w", w.path, err)
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	return f(&Tx{ctx: ctx, tx: tx})
}

// Verify reads all of the world and returns an error if its file is damaged.
func (w *World) Verify(ctx context.Context) error {
	return w.View(ctx, func(t *Tx) error {
		var found string
		if err := t.tx.QueryRowContext(t.ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return errors.New(found)
		}
		return nil
	})
}

// Copy writes the world into an empty file at path.
func (w *World) Copy(ctx context.Context, path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return err
	}
	if _, err := w.db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copying the world %s: %w", w.path, err)
	}
	return nil
}

// ignoreDone drops the error of undoing a transaction that its context has already undone.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func (w *World) open() error {
	if w.db != nil {
		return nil
	}
	// SQLite would create the file with the process's umask; what is in it is nobody else's business.
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the world: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("opening the world: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(w.path))
	if err != nil {
		return fmt.Errorf("opening the world %s: %w", w.path, err)
	}
	db.SetMaxOpenConns(1)
	if err := prepare(db); err != nil {
		return errors.Join(fmt.Errorf("opening the world %s: %w", w.path, err), db.Close())
	}
	if w.recording, err = isRecording(db); err != nil {
		return errors.Join(fmt.Errorf("opening the world %s: %w", w.path, err), db.Close())
	}
	w.db = db
	return nil
}

// dsn asks for immediate transactions, since every one but those of View may write, for two minutes in which to get
// its turn among the stand-ins of a large stack, whose order SQLite does not keep, and for no waiting on the disk: a
// crash of the machine may cost the last operations of a stand-in, not of AWS.
func dsn(path string) string {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + escaped + "?_txlock=immediate" +
		"&_pragma=busy_timeout(120000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(ON)"
}

func prepare(db *sql.DB) error {
	version, err := userVersion(db)
	if err != nil {
		return err
	}
	if version == 0 {
		err = create(db)
	} else {
		err = checkVersion(version)
	}
	if err != nil {
		return err
	}
	if _, err := db.Exec(deploymentsSchema); err != nil {
		return fmt.Errorf("creating the table of deployments: %w", err)
	}
	return nil
}

func checkVersion(version int) error {
	if version > schemaVersion {
		return fmt.Errorf("it was written by a newer awslab (format %d, this one reads %d): use that awslab, or "+
			"destroy the offline stacks with it and delete the file", version, schemaVersion)
	}
	if version < schemaVersion {
		return fmt.Errorf("it was written by an older awslab (format %d, this one reads %d): delete the file and the "+
			"offline stacks with it", version, schemaVersion)
	}
	return nil
}

type querier interface {
	QueryRow(query string, args ...any) *sql.Row
}

func userVersion(db querier) (int, error) {
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("reading the world's format: %w", err)
	}
	return version, nil
}

// create writes the tables. Two processes may both have found the file empty: the second one finds them written once
// it has the lock.
func create(db *sql.DB) (err error) {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	version, err := userVersion(tx)
	if err != nil {
		return err
	}
	if version != 0 {
		return checkVersion(version)
	}
	if _, err := tx.Exec(schema); err != nil {
		return fmt.Errorf("creating the world's tables: %w", err)
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
		return fmt.Errorf("creating the world's tables: %w", err)
	}
	return tx.Commit()
}

package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A recording is a copy of the world as it was when the recording began, and the journal of what has changed since, in
// the world's own file. The journal is redo statements that triggers write, as in "Automatic Undo/Redo Using SQLite"
// (sqlite.org): so it knows of every write, whoever makes it.

// journaled are the tables whose changes are recorded.
var journaled = []string{"things", "links", "parts", "images", "objects"}

const journalSchema = `CREATE TABLE journal (
  number INTEGER PRIMARY KEY,
  step   INTEGER,                    -- NULL until the transaction commits
  region TEXT NOT NULL DEFAULT '',   -- with type and key, the thing that changed
  type   TEXT NOT NULL DEFAULT '',
  key    TEXT NOT NULL DEFAULT '',
  urn    TEXT NOT NULL DEFAULT '',
  change TEXT NOT NULL,              -- create, update, delete, or done for the end of an operation
  redo   TEXT NOT NULL
) STRICT`

// Step is what one transaction changed: that of one call of a provider, as a rule, or the end of an operation.
type Step struct {
	Changes []Change
}

// Change is what happened to one thing.
type Change struct {
	// Kind is Create, Update or Delete, or Done at the end of an operation on the thing with the URN.
	Kind Operation
	// Key is empty for Done.
	Key Key
	URN string
}

// Done is the end of an operation, when its answer is on its way to the engine: what it created is in service, and what
// it replaced is not any more.
const Done Operation = "done"

// Record begins a recording. What an earlier one recorded is forgotten.
func (w *World) Record(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return err
	}
	if err := w.record(ctx); err != nil {
		return fmt.Errorf("recording the world %s: %w", w.path, err)
	}
	return nil
}

func (w *World) before() string {
	return filepath.Join(filepath.Dir(w.path), "before-"+filepath.Base(w.path))
}

func (w *World) record(ctx context.Context) error {
	if err := w.forget(ctx); err != nil {
		return err
	}
	// SQLite would create the file with the process's umask.
	file, err := os.OpenFile(w.before(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if _, err := w.db.ExecContext(ctx, "VACUUM INTO ?", w.before()); err != nil {
		return err
	}
	if _, err := w.db.ExecContext(ctx, journalSchema); err != nil {
		return err
	}
	for _, table := range journaled {
		columns, err := columnsOf(ctx, w.db, table)
		if err != nil {
			return err
		}
		for _, trigger := range triggers(table, columns) {
			if _, err := w.db.ExecContext(ctx, trigger); err != nil {
				return fmt.Errorf("journal of %s: %w", table, err)
			}
		}
	}
	w.recording = true
	return nil
}

// Forget ends a recording. Without one it does nothing.
func (w *World) Forget(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return err
	}
	if err := w.forget(ctx); err != nil {
		return fmt.Errorf("ending the recording of the world %s: %w", w.path, err)
	}
	return nil
}

func (w *World) forget(ctx context.Context) error {
	for _, table := range journaled {
		for _, change := range []Operation{Create, Update, Delete} {
			if _, err := w.db.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+triggerName(table, change)); err != nil {
				return err
			}
		}
	}
	if _, err := w.db.ExecContext(ctx, "DROP TABLE IF EXISTS journal"); err != nil {
		return err
	}
	w.recording = false
	if err := os.Remove(w.before()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func isRecording(db *sql.DB) (recording bool, err error) {
	err = db.QueryRow("SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'journal'").
		Scan(&recording)
	if err != nil {
		return false, fmt.Errorf("looking for a recording: %w", err)
	}
	return recording, nil
}

type column struct {
	name string
	key  bool
}

func columnsOf(ctx context.Context, db *sql.DB, table string) ([]column, error) {
	rows, err := db.QueryContext(ctx, "SELECT name, pk > 0 FROM pragma_table_info(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.key); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

func triggerName(table string, change Operation) string {
	return "journal_" + table + "_" + string(change)
}

// triggers return those of a table. Each writes the statement that does again what was done.
func triggers(table string, columns []column) []string {
	var names, news, sets, keys []string
	for _, c := range columns {
		names = append(names, c.name)
		news = append(news, "quote(new."+c.name+")")
		sets = append(sets, "'"+c.name+" = ' || quote(new."+c.name+")")
		if c.key {
			keys = append(keys, "'"+c.name+" = ' || quote(old."+c.name+")")
		}
	}
	where := "' WHERE ' || " + strings.Join(keys, " || ' AND ' || ")
	trigger := func(change Operation, event, row, redo string) string {
		what, of := "change, redo", fmt.Sprintf("'%s', %s", change, redo)
		if table == "things" {
			what = "region, type, key, urn, " + what
			of = fmt.Sprintf("%[1]s.region, %[1]s.type, %[1]s.key, %[1]s.urn, %[2]s", row, of)
		}
		return fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN INSERT INTO journal (%s) VALUES (%s); END",
			triggerName(table, change), event, table, what, of)
	}
	return []string{
		trigger(Create, "INSERT", "new", fmt.Sprintf("'INSERT OR REPLACE INTO %s (%s) VALUES (' || %s || ')'",
			table, strings.Join(names, ", "), strings.Join(news, " || ', ' || "))),
		trigger(Update, "UPDATE", "new", fmt.Sprintf("'UPDATE OR REPLACE %s SET ' || %s || %s",
			table, strings.Join(sets, " || ', ' || "), where)),
		trigger(Delete, "DELETE", "old", fmt.Sprintf("'DELETE FROM %s' || %s", table, where)),
	}
}

// endStep makes what a transaction has changed one step.
func (t *Tx) endStep() error {
	if err := t.exec(`UPDATE journal SET step = (SELECT coalesce(max(step), 0) + 1 FROM journal)
		WHERE step IS NULL`); err != nil {
		return fmt.Errorf("ending a step of the journal: %w", err)
	}
	return nil
}

// End records the end of an operation on the thing with the URN, if there is a recording.
func (w *World) End(ctx context.Context, urn string) error {
	if recording, err := w.isRecorded(); err != nil || !recording {
		return err
	}
	return w.Update(ctx, func(t *Tx) error {
		return t.exec("INSERT INTO journal (urn, change, redo) VALUES (?, ?, '')", urn, string(Done))
	})
}

func (w *World) isRecorded() (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.open()
	return w.recording, err
}

// Replay calls visit with the world as it was when the recording began, with no step, and then after each step of it.
// What visit writes is forgotten.
func (w *World) Replay(ctx context.Context, visit func(*Tx, Step) error) error {
	steps, err := w.journal(ctx)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(w.before())
	if err != nil {
		return fmt.Errorf("replaying the world %s: %w", w.path, err)
	}
	dir, err := os.MkdirTemp("", "awslab-replay-")
	if err != nil {
		return fmt.Errorf("replaying the world %s: %w", w.path, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	copied := filepath.Join(dir, "world.db")
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		return fmt.Errorf("replaying the world %s: %w", w.path, err)
	}
	replayed, err := New(copied)
	if err != nil {
		return err
	}
	defer func() { _ = replayed.Close() }()
	for _, step := range append([]recordedStep{{}}, steps...) {
		if err := replayed.Update(ctx, func(t *Tx) error {
			for _, redo := range step.redo {
				if err := t.exec(redo); err != nil {
					return fmt.Errorf("replaying a step of %v: %w", step.Changes, err)
				}
			}
			return visit(t, step.Step)
		}); err != nil {
			return err
		}
	}
	return nil
}

type recordedStep struct {
	Step
	redo []string
}

func (w *World) journal(ctx context.Context) (steps []recordedStep, err error) {
	err = w.View(ctx, func(t *Tx) error {
		rows, err := t.tx.QueryContext(t.ctx,
			"SELECT step, region, type, key, urn, change, redo FROM journal ORDER BY step, number")
		if err != nil {
			return fmt.Errorf("reading the journal of the world %s: %w", w.path, err)
		}
		defer rows.Close()
		for rows.Next() {
			var number int
			var change Change
			var redo string
			if err := rows.Scan(&number, &change.Key.Region, &change.Key.Type, &change.Key.Key, &change.URN,
				&change.Kind, &redo); err != nil {
				return fmt.Errorf("reading the journal of the world %s: %w", w.path, err)
			}
			for len(steps) < number {
				steps = append(steps, recordedStep{})
			}
			step := &steps[number-1]
			if redo != "" {
				step.redo = append(step.redo, redo)
			}
			if change.URN != "" {
				step.Changes = append(step.Changes, change)
			}
		}
		return rows.Err()
	})
	return steps, err
}

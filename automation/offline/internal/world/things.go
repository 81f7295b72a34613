package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Key tells a thing from every other.
type Key struct {
	// Region is the AWS region, or Global.
	Region string
	// Type is the Pulumi type token, such as aws:ec2/vpc:Vpc.
	Type string
	// Key tells things of a type in a region apart. It is the id unless AWS's id is not unique.
	Key string
}

// Thing is something that exists.
type Thing struct {
	Key
	// ID is the Pulumi id; URN the engine's name of the resource that made it; ARN and Name are empty when the type
	// has none.
	ID, URN, ARN, Name string
	// Inputs are the inputs of the last create or update, State the outputs; secrets are replaced by SecretMarker.
	Inputs, State resource.PropertyMap
	// Created is when it was created, in UTC.
	Created time.Time

	number int64
}

// Link is a reference from a thing's property to another thing.
type Link struct {
	Property string
	Target   *Thing
}

// Referrer is a thing that refers to another by one of its properties.
type Referrer struct {
	Thing    *Thing
	Property string
}

// ErrNotFound says that a thing does not exist.
var ErrNotFound = errors.New("not found")

// Tx is a transaction on the world. It must not be used after the function it was passed to has returned.
type Tx struct {
	ctx context.Context
	tx  *sql.Tx
}

const columns = "number, region, type, key, id, urn, arn, name, inputs, state, created"

// Get returns the thing with the key, or ErrNotFound.
func (t *Tx) Get(k Key) (*Thing, error) {
	return t.one("region = ? AND type = ? AND key = ?", k.Region, k.Type, k.Key)
}

// ByID returns the things of a type with the id, in every region, newest first.
func (t *Tx) ByID(typ, id string) ([]*Thing, error) {
	return t.many("type = ? AND id = ? ORDER BY number DESC", typ, id)
}

// ByName returns the things of a type with the name, in every region, newest first.
func (t *Tx) ByName(typ, name string) ([]*Thing, error) {
	return t.many("type = ? AND name = ? ORDER BY number DESC", typ, name)
}

// ByARN returns the things with the ARN, newest first. An ARN names one thing, except for types that share another's.
func (t *Tx) ByARN(arn string) ([]*Thing, error) {
	return t.many("arn = ? ORDER BY number DESC", arn)
}

// OfType returns the things of a type in a region, oldest first.
func (t *Tx) OfType(region, typ string) ([]*Thing, error) {
	return t.many("region = ? AND type = ? ORDER BY number", region, typ)
}

// OfTypeAnywhere returns the things of a type in every region, oldest first.
func (t *Tx) OfTypeAnywhere(typ string) ([]*Thing, error) {
	return t.many("type = ? ORDER BY number", typ)
}

// All returns everything that exists, oldest first.
func (t *Tx) All() ([]*Thing, error) {
	return t.many("1 ORDER BY number")
}

// Referrers returns what refers to a thing, oldest first.
func (t *Tx) Referrers(to *Thing) ([]Referrer, error) {
	rows, err := t.tx.QueryContext(t.ctx, "SELECT l.property, "+prefixed("s", columns)+
		" FROM links l JOIN things s ON s.number = l.source WHERE l.target = ? ORDER BY s.number", to.number)
	if err != nil {
		return nil, fmt.Errorf("reading what refers to %s: %w", to.ID, err)
	}
	defer rows.Close()
	var found []Referrer
	for rows.Next() {
		var r Referrer
		if r.Thing, err = scan(rows, &r.Property); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// Links returns what a thing refers to.
func (t *Tx) Links(from *Thing) ([]Link, error) {
	rows, err := t.tx.QueryContext(t.ctx, "SELECT l.property, "+prefixed("s", columns)+
		" FROM links l JOIN things s ON s.number = l.target WHERE l.source = ? ORDER BY l.property, "+
		"s.number", from.number)
	if err != nil {
		return nil, fmt.Errorf("reading what %s refers to: %w", from.ID, err)
	}
	defer rows.Close()
	var found []Link
	for rows.Next() {
		var l Link
		if l.Target, err = scan(rows, &l.Property); err != nil {
			return nil, err
		}
		found = append(found, l)
	}
	return found, rows.Err()
}

// Put writes a thing, replacing the one with the same key, and its links. Secrets do not reach the file.
func (t *Tx) Put(thing *Thing, links []Link) error {
	inputs, err := encode(thing.Inputs)
	if err != nil {
		return fmt.Errorf("writing the inputs of %s: %w", thing.ID, err)
	}
	state, err := encode(thing.State)
	if err != nil {
		return fmt.Errorf("writing the state of %s: %w", thing.ID, err)
	}
	if thing.Created.IsZero() {
		thing.Created = time.Now().UTC()
	}
	row := t.tx.QueryRowContext(
		t.ctx,
		`INSERT INTO things (region, type, key, id, urn, arn, name, inputs, state, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (region, type, key) DO UPDATE SET id = excluded.id, urn = excluded.urn, arn = excluded.arn,
			name = excluded.name, inputs = excluded.inputs, state = excluded.state
		RETURNING number`,
		thing.Region,
		thing.Type,
		thing.Key.Key,
		thing.ID,
		thing.URN,
		thing.ARN,
		thing.Name,
		inputs,
		state,
		thing.Created.Format(time.RFC3339Nano),
	)
	if err := row.Scan(&thing.number); err != nil {
		return fmt.Errorf("writing %s: %w", thing.ID, err)
	}
	return t.link(thing, links)
}

func (t *Tx) link(thing *Thing, links []Link) error {
	if err := t.exec("DELETE FROM links WHERE source = ?", thing.number); err != nil {
		return fmt.Errorf("writing the references of %s: %w", thing.ID, err)
	}
	for _, l := range links {
		if err := t.exec("INSERT OR IGNORE INTO links (source, property, target) VALUES (?, ?, ?)",
			thing.number, l.Property, l.Target.number); err != nil {
			return fmt.Errorf("writing the references of %s: %w", thing.ID, err)
		}
	}
	return nil
}

// Remove deletes a thing with its parts and links. Removing what does not exist is no error.
func (t *Tx) Remove(k Key) error {
	return t.exec("DELETE FROM things WHERE region = ? AND type = ? AND key = ?", k.Region, k.Type, k.Key)
}

// PutPart records an id that exists as part of a thing.
func (t *Tx) PutPart(owner *Thing, typ, id string) error {
	return t.exec(
		"INSERT INTO parts (id, type, region, owner) VALUES (?, ?, ?, ?)",
		id,
		typ,
		owner.Region,
		owner.number,
	)
}

// PartOwner returns the thing that the part with the id belongs to, or ErrNotFound.
func (t *Tx) PartOwner(region, typ, id string) (*Thing, error) {
	return t.one("number = (SELECT owner FROM parts WHERE id = ? AND type = ? AND region = ?)", id, typ, region)
}

// Next counts up the counter with the name and returns its new value; the first is 1. Values are never given twice.
func (t *Tx) Next(name string) (int, error) {
	var value int
	err := t.tx.QueryRowContext(t.ctx, `INSERT INTO counters (name, value) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`, name).Scan(&value)
	if err != nil {
		return 0, fmt.Errorf("counting %s: %w", name, err)
	}
	return value, nil
}

// Bury keeps a name taken until the time given, though nothing of that name exists any more.
func (t *Tx) Bury(region, typ, name string, until time.Time) error {
	return t.exec("INSERT OR REPLACE INTO tombstones (region, type, name, until) VALUES (?, ?, ?, ?)",
		region, typ, name, until.UTC().Format(time.RFC3339))
}

// Buried says until when a name stays taken, and whether it does.
func (t *Tx) Buried(region, typ, name string) (time.Time, bool, error) {
	var until string
	err := t.tx.QueryRowContext(t.ctx, "SELECT until FROM tombstones WHERE region = ? AND type = ? AND name = ?",
		region, typ, name).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading whether %s is taken: %w", name, err)
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading whether %s is taken: %w", name, err)
	}
	return at, time.Now().Before(at), nil
}

func (t *Tx) exec(query string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, query, args...)
	return err
}

func (t *Tx) one(where string, args ...any) (*Thing, error) {
	found, err := t.many(where+" LIMIT 1", args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return found[0], nil
}

func (t *Tx) many(where string, args ...any) ([]*Thing, error) {
	rows, err := t.tx.QueryContext(t.ctx, "SELECT "+columns+" FROM things WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the world: %w", err)
	}
	defer rows.Close()
	var found []*Thing
	for rows.Next() {
		thing, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, thing)
	}
	return found, rows.Err()
}

// scan reads a row whose columns are those asked for first, then columns.
func scan(rows *sql.Rows, first ...any) (*Thing, error) {
	var thing Thing
	var inputs, state, created string
	dest := append(first, &thing.number, &thing.Region, &thing.Type, &thing.Key.Key, &thing.ID, &thing.URN, &thing.ARN,
		&thing.Name, &inputs, &state, &created)
	err := rows.Scan(dest...)
	if err != nil {
		return nil, fmt.Errorf("reading the world: %w", err)
	}
	if thing.Inputs, err = decode(inputs); err != nil {
		return nil, fmt.Errorf("reading the inputs of %s: %w", thing.ID, err)
	}
	if thing.State, err = decode(state); err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", thing.ID, err)
	}
	if thing.Created, err = time.Parse(time.RFC3339Nano, created); err != nil {
		return nil, fmt.Errorf("reading when %s was created: %w", thing.ID, err)
	}
	return &thing, nil
}

func prefixed(table, list string) string {
	return table + "." + strings.ReplaceAll(list, ", ", ", "+table+".")
}

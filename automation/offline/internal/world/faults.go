package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Operation is what a fault strikes.
type Operation string

// The operations of a provider that a fault can strike.
const (
	Create Operation = "create"
	Read   Operation = "read"
	Update Operation = "update"
	Delete Operation = "delete"

	// Created, Updated and Deleted are the ends of operations: what a fault strikes there has been done, and the engine
	// learns of it late, or never.
	Created Operation = "created"
	Updated Operation = "updated"
	Deleted Operation = "deleted"

	// Run is what a thing does by itself once it is there: the deployment of an ECS service, or a function that is
	// invoked. A fault there makes tasks fail, and what waits for them.
	Run Operation = "run"
)

// The codes of faults of Run: how tasks fail.
const (
	// Unhealthy tasks start, and their health checks fail.
	Unhealthy = "unhealthy"
	// Exit makes the container exit with code 1 as it starts.
	Exit = "exit"
	// Alarm lets the tasks become healthy, and an alarm of the deployment go off in its bake time.
	Alarm = "alarm"
)

// RunCodes are the codes of faults of Run.
var RunCodes = []string{Unhealthy, Exit, Alarm}

// end is that of each operation that changes something.
var end = map[Operation]Operation{Create: Created, Update: Updated, Delete: Deleted}

// End returns the end of an operation, where a fault can strike what has been done; a read has none.
func (o Operation) End() (Operation, bool) {
	ended, has := end[o]
	return ended, has
}

// Fault is a requested failure of the offline target.
type Fault struct {
	Operation Operation
	// URN is an SQLite GLOB pattern on the URN of the resource; * matches all.
	URN string
	// Code is the AWS error code, such as ThrottlingException; empty only delays. For Run it is one of RunCodes.
	Code string
	// Message is the text that goes with the code; for Run, the lines that the failing containers log.
	Message string
	// Delay is how long the operation takes before it fails or goes on.
	Delay time.Duration
	// Times is how often the fault strikes, 1 or more.
	Times int
}

// AddFault asks for a fault.
func (w *World) AddFault(ctx context.Context, f Fault) error {
	switch f.Operation {
	case Create, Read, Update, Delete, Created, Updated, Deleted:
	case Run:
		if !slices.Contains(RunCodes, f.Code) {
			return fmt.Errorf("adding a fault: tasks do not fail by %q; use one of %s", f.Code,
				strings.Join(RunCodes, ", "))
		}
	default:
		return fmt.Errorf("adding a fault: operation %q is none of create, read, update, delete, created, updated, "+
			"deleted, run", f.Operation)
	}
	if f.URN == "" {
		return fmt.Errorf("adding a fault: it names no resource; use * for every one")
	}
	if f.Times < 1 {
		return fmt.Errorf("adding a fault: it strikes %d times, which must be 1 or more", f.Times)
	}
	return w.Update(ctx, func(t *Tx) error {
		return t.exec(
			"INSERT INTO faults (operation, pattern, code, message, delay, remaining) VALUES (?, ?, ?, ?, ?, ?)",
			string(f.Operation),
			f.URN,
			f.Code,
			f.Message,
			int64(f.Delay),
			f.Times,
		)
	})
}

// Faults returns the number of faults that have been asked for and have yet to strike.
func (w *World) Faults(ctx context.Context) (n int, err error) {
	err = w.View(ctx, func(t *Tx) error {
		return t.tx.QueryRowContext(t.ctx, "SELECT count(*) FROM faults").Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("counting the faults: %w", err)
	}
	return n, nil
}

// ClearFaults drops every fault that was asked for.
func (w *World) ClearFaults(ctx context.Context) error {
	return w.Update(ctx, func(t *Tx) error { return t.exec("DELETE FROM faults") })
}

// TakeFault returns the oldest fault that strikes the operation on the resource, and counts it; nil when none does.
func (w *World) TakeFault(ctx context.Context, operation Operation, urn string) (*Fault, error) {
	var fault *Fault
	switch left, err := w.Faults(ctx); {
	case err != nil:
		return nil, err
	case left == 0:
		return nil, nil
	}
	err := w.Update(ctx, func(t *Tx) error {
		found := Fault{Operation: operation}
		var number, delay int64
		rows, err := t.tx.QueryContext(t.ctx, `SELECT number, pattern, code, message, delay, remaining FROM faults
			WHERE operation = ? AND ? GLOB pattern ORDER BY number LIMIT 1`, string(operation), urn)
		if err != nil {
			return err
		}
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		if err := rows.Scan(&number, &found.URN, &found.Code, &found.Message, &delay, &found.Times); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		found.Delay = time.Duration(delay)
		fault = &found
		if found.Times > 1 {
			return t.exec("UPDATE faults SET remaining = remaining - 1 WHERE number = ?", number)
		}
		return t.exec("DELETE FROM faults WHERE number = ?", number)
	})
	if err != nil {
		return nil, fmt.Errorf("looking for faults: %w", err)
	}
	return fault, nil
}

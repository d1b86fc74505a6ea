package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// RenewWorker says that a worker is alive until the end of its lease, and
// reports false when it has been given up already: its executions are lost to
// it, and it has to come back under another id.
func (tx *Tx) RenewWorker(ctx context.Context, id string, now, until time.Time) (bool, error) {
	res, err := tx.c.Exec(ctx, `
		UPDATE workers SET lease_until = $2 WHERE id = $1 AND lease_until >= $3`, id, micros(until), micros(now))
	if err != nil {
		return false, fmt.Errorf("renew the lease of worker %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// AddWorker gives a new worker its first lease.
func (tx *Tx) AddWorker(ctx context.Context, id string, now, until time.Time) error {
	_, err := tx.c.Exec(ctx, `
		INSERT INTO workers (id, started_at, lease_until) VALUES ($1, $2, $3)`, id, micros(now), micros(until))
	if err != nil {
		return fmt.Errorf("add worker %s: %w", id, err)
	}
	return nil
}

// EndWorker takes a worker off the list: it has stopped, or its lease has run out.
func (tx *Tx) EndWorker(ctx context.Context, id string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM workers WHERE id = $1`, id); err != nil {
		return fmt.Errorf("end worker %s: %w", id, err)
	}
	return nil
}

// A LiveWorker is a worker that has its lease.
type LiveWorker struct {
	ID        string
	StartedAt time.Time
	Until     time.Time // of its lease
}

// Workers returns the workers whose lease lasts at now, by id.
func (r Reader) Workers(ctx context.Context, now time.Time) ([]LiveWorker, error) {
	rows, err := r.c.Query(ctx, `SELECT id, started_at, lease_until FROM workers WHERE lease_until >= $1 ORDER BY id`, micros(now))
	out, err := collect(rows, err, func(rows *sql.Rows) (LiveWorker, error) {
		var w LiveWorker
		var started, until int64
		err := rows.Scan(&w.ID, &started, &until)
		w.StartedAt, w.Until = fromMicros(started), fromMicros(until)
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	return out, nil
}

// LateWorkers returns the workers whose lease ran out before now.
func (r Reader) LateWorkers(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := r.c.Query(ctx, `SELECT id FROM workers WHERE lease_until < $1 ORDER BY id`, micros(now))
	out, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var id string
		err := rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("late workers: %w", err)
	}
	return out, nil
}

// Orphans returns up to limit executions that are in the hands of a worker
// which is on the list no more.
func (r Reader) Orphans(ctx context.Context, limit int) ([]*execution.Execution, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+` FROM executions
		WHERE status IN ('running', 'canceling', 'pausing', 'resuming')
			AND worker IS NOT NULL AND worker NOT IN (SELECT id FROM workers)
		ORDER BY seq LIMIT $1`, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("orphaned executions: %w", err)
	}
	return out, nil
}

// Canceling returns the ids of the executions that a worker holds and should stop.
func (r Reader) Canceling(ctx context.Context, worker string) ([]string, error) {
	rows, err := r.c.Query(ctx, `
		SELECT id FROM executions WHERE status = 'canceling' AND worker = $1`, worker)
	out, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var id string
		err := rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("executions that worker %s should stop: %w", worker, err)
	}
	return out, nil
}

// EndWorkers takes all workers off the list, and returns the ids of the
// executions that they held. It is for a server that knows to be the only one.
func (tx *Tx) EndWorkers(ctx context.Context) ([]string, error) {
	if _, err := tx.c.Exec(ctx, `DELETE FROM workers`); err != nil {
		return nil, fmt.Errorf("end all workers: %w", err)
	}
	rows, err := tx.c.Query(ctx, `
		SELECT id FROM executions
		WHERE status IN ('running', 'canceling', 'pausing', 'resuming') AND worker IS NOT NULL`)
	out, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var id string
		err := rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("executions that workers held: %w", err)
	}
	return out, nil
}

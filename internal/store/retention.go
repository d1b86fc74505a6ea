package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DeleteFinishedBefore deletes executions that finished before t, with their
// results and output, at most limit of them, and returns how many it deleted.
// What a workflow has started stays as long as that runs.
func (tx *Tx) DeleteFinishedBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	// What finished before t was requested before t, and created_at has an index.
	rows, err := tx.c.Query(ctx, `
		DELETE FROM executions WHERE seq IN (
			SELECT seq FROM executions
			WHERE created_at < $1 AND finished_at > 0 AND finished_at < $1
				AND (task IS NULL
					OR NOT EXISTS (SELECT 1 FROM executions AS p WHERE p.id = executions.parent AND p.finished_at = 0))
			ORDER BY created_at LIMIT $2)
		RETURNING id, parent IS NULL`, micros(t), limit)
	type gone struct {
		id   string
		root bool
	}
	all, err := collect(rows, err, func(rows *sql.Rows) (gone, error) {
		var g gone
		err := rows.Scan(&g.id, &g.root)
		return g, err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old executions: %w", err)
	}
	roots := 0
	for _, g := range all {
		if g.root {
			roots++
		}
		if _, err := tx.c.Exec(ctx, `DELETE FROM execution_results WHERE execution_id = $1`, g.id); err != nil {
			return 0, fmt.Errorf("delete the result of execution %s: %w", g.id, err)
		}
		if _, err := tx.c.Exec(ctx, `DELETE FROM execution_output WHERE execution_id = $1`, g.id); err != nil {
			return 0, fmt.Errorf("delete the output of execution %s: %w", g.id, err)
		}
		if err := tx.deleteWorkflow(ctx, g.id); err != nil {
			return 0, err
		}
	}
	tx.tally(tallyExecutions, -int64(len(all)))
	tx.tally(tallyRootExecutions, -int64(roots))
	return len(all), nil
}

// DeleteEventsBefore deletes events from before t, with their enforcements, at most limit
// of each, and what somebody said then of problems. It returns how many it deleted.
func (tx *Tx) DeleteEventsBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	rules, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM rule_enforcements WHERE seq IN (
		SELECT seq FROM rule_enforcements WHERE enforced_at < $1 ORDER BY enforced_at LIMIT $2)`, micros(t), limit))
	if err != nil {
		return 0, fmt.Errorf("delete old rule enforcements: %w", err)
	}
	events, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM trigger_instances WHERE seq IN (
		SELECT seq FROM trigger_instances WHERE occurred_at < $1 ORDER BY occurred_at LIMIT $2)`, micros(t), limit))
	if err != nil {
		return 0, fmt.Errorf("delete old events: %w", err)
	}
	tx.tally(tallyInstances, -int64(events))
	// There are as many of these as people have written.
	closings, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM problem_closings WHERE closed_at < $1`, micros(t)))
	if err != nil {
		return 0, fmt.Errorf("delete old closings of problems: %w", err)
	}
	return rules + events + closings, nil
}

// DeleteOutputBefore deletes printed output from before t, at most limit
// chunks, and returns how many it deleted.
func (tx *Tx) DeleteOutputBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM execution_output WHERE seq IN (
		SELECT seq FROM execution_output WHERE at < $1 ORDER BY at LIMIT $2)`, micros(t), limit))
	if err != nil {
		return 0, fmt.Errorf("delete old output: %w", err)
	}
	return n, nil
}

// DeleteFinishedBefore is [Tx.DeleteFinishedBefore] in a transaction of its own.
func (s *Store) DeleteFinishedBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	return s.delete(ctx, func(tx *Tx) (int, error) { return tx.DeleteFinishedBefore(ctx, t, limit) })
}

// DeleteEventsBefore is [Tx.DeleteEventsBefore] in a transaction of its own.
func (s *Store) DeleteEventsBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	return s.delete(ctx, func(tx *Tx) (int, error) { return tx.DeleteEventsBefore(ctx, t, limit) })
}

// DeleteOutputBefore is [Tx.DeleteOutputBefore] in a transaction of its own.
func (s *Store) DeleteOutputBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	return s.delete(ctx, func(tx *Tx) (int, error) { return tx.DeleteOutputBefore(ctx, t, limit) })
}

// DeleteExpired is [Tx.DeleteExpired] in a transaction of its own.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	return s.delete(ctx, func(tx *Tx) (int, error) { return tx.DeleteExpired(ctx, now, limit) })
}

// DeleteAuditBefore deletes in a transaction of its own; see [Tx.DeleteAuditBefore].
func (s *Store) DeleteAuditBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	return s.delete(ctx, func(tx *Tx) (int, error) { return tx.DeleteAuditBefore(ctx, t, limit) })
}

func (s *Store) delete(ctx context.Context, f func(tx *Tx) (int, error)) (n int, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		n, err = f(tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Size is [Reader.Size].
func (s *Store) Size(ctx context.Context) (int64, error) { return s.Reader().Size(ctx) }

// Size returns how many bytes the ledger takes on the disk, without the room
// that deleted rows have left in it.
func (r Reader) Size(ctx context.Context) (int64, error) {
	// PostgreSQL needs another text here, and one that falls when rows are
	// deleted, as pg_database_size does not.
	var pages, size, free int64
	if err := r.c.QueryRow(ctx, `SELECT page_count, page_size, freelist_count
		FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()`).Scan(&pages, &size, &free); err != nil {
		return 0, fmt.Errorf("size of the ledger: %w", err)
	}
	return (pages - free) * size, nil
}

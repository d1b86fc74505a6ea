package store

import (
	"context"
	"fmt"
	"time"
)

// DeleteFinishedBefore deletes executions that finished before t, with their
// results and output, at most limit of them, and returns how many it deleted.
func (tx *Tx) DeleteFinishedBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	// What finished before t was requested before t, and created_at has an index.
	const doomed = `SELECT id FROM executions
		WHERE created_at < $1 AND finished_at > 0 AND finished_at < $1 ORDER BY created_at LIMIT $2`
	var n, roots int
	err := tx.c.QueryRow(ctx, `SELECT count(*), coalesce(sum(CASE WHEN parent IS NULL THEN 1 ELSE 0 END), 0)
		FROM executions WHERE id IN (`+doomed+`)`, micros(t), limit).Scan(&n, &roots)
	if err != nil {
		return 0, fmt.Errorf("find old executions: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	for _, q := range []string{
		`DELETE FROM execution_results WHERE execution_id IN (` + doomed + `)`,
		`DELETE FROM execution_output WHERE execution_id IN (` + doomed + `)`,
		`DELETE FROM executions WHERE id IN (` + doomed + `)`,
	} {
		if _, err := tx.c.Exec(ctx, q, micros(t), limit); err != nil {
			return 0, fmt.Errorf("delete old executions: %w", err)
		}
	}
	tx.tally(tallyExecutions, -int64(n))
	tx.tally(tallyRootExecutions, -int64(roots))
	return n, nil
}

// DeleteEventsBefore deletes events from before t, with their enforcements, at
// most limit of each, and returns how many it deleted.
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
	return rules + events, nil
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

// Size returns how many bytes the ledger takes on the disk.
func (r Reader) Size(ctx context.Context) (int64, error) {
	// PostgreSQL: pg_database_size(current_database()).
	var pages, size, free int64
	if err := r.c.QueryRow(ctx, `SELECT page_count, page_size, freelist_count
		FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()`).Scan(&pages, &size, &free); err != nil {
		return 0, fmt.Errorf("size of the ledger: %w", err)
	}
	return (pages - free) * size, nil
}

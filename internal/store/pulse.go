package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// EventsByMinute counts the events since a time, by the minute in which they happened.
// It looks at most at the latest so many of them, and reports whether that was all.
func (r Reader) EventsByMinute(ctx context.Context, since time.Time, most int) (map[time.Time]int, bool, error) {
	rows, err := r.c.Query(ctx, `
		SELECT at / 60000000, count(*) FROM (
			SELECT occurred_at AS at FROM trigger_instances WHERE occurred_at >= $1 ORDER BY occurred_at DESC LIMIT $2) AS latest
		GROUP BY 1`, micros(since), most)
	out, all := map[time.Time]int{}, 0
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var minute int64
		var n int
		err := rows.Scan(&minute, &n)
		out[time.Unix(minute*60, 0).UTC()] = n
		all += n
		return struct{}{}, err
	})
	if err != nil {
		return nil, false, fmt.Errorf("count events by minute: %w", err)
	}
	return out, all < most, nil
}

// StartedByRules counts what rules have started since a time, by how that stands now. It
// looks at most at the latest so many of them, and returns since when it has looked.
func (r Reader) StartedByRules(ctx context.Context, since time.Time, most int) (map[execution.Status]int, time.Time, error) {
	rows, err := r.c.Query(ctx, `
		SELECT e.status, count(*), min(f.enforced_at) FROM (
			SELECT execution_id, enforced_at FROM rule_enforcements
			WHERE enforced_at >= $1 AND execution_id IS NOT NULL ORDER BY enforced_at DESC LIMIT $2) AS f
		JOIN executions e ON e.id = f.execution_id GROUP BY e.status`, micros(since), most)
	out, all, oldest := map[execution.Status]int{}, 0, time.Now()
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var status execution.Status
		var n int
		var first int64
		err := rows.Scan(&status, &n, &first)
		out[status] = n
		all += n
		if at := fromMicros(first); at.Before(oldest) {
			oldest = at
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, since, fmt.Errorf("count what rules have started: %w", err)
	}
	if all < most {
		oldest = since
	}
	return out, oldest, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// addNotice remembers that there is more to do about the end of an execution, in the
// transaction of the end.
func (tx *Tx) addNotice(ctx context.Context, id string) error {
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO notices (execution_id) VALUES ($1) ON CONFLICT (execution_id) DO NOTHING`, id); err != nil {
		return fmt.Errorf("remember to tell of execution %s: %w", id, err)
	}
	return nil
}

// Notices returns up to limit executions whose end is to be told of, to whom they
// name or as an event, oldest first.
func (r Reader) Notices(ctx context.Context, limit int) ([]string, error) {
	rows, err := r.c.Query(ctx, `SELECT execution_id FROM notices ORDER BY execution_id LIMIT $1`, limit)
	return r.ids(rows, err, "executions to tell of")
}

// EndNotice forgets that the end of an execution is to be told.
func (tx *Tx) EndNotice(ctx context.Context, id string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM notices WHERE execution_id = $1`, id); err != nil {
		return fmt.Errorf("forget to tell of execution %s: %w", id, err)
	}
	return nil
}

// Expired returns up to limit pending executions that waited until now or longer
// ago, those that waited the longest too long first.
func (r Reader) Expired(ctx context.Context, now time.Time, limit int) ([]*execution.Execution, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+` FROM executions
		WHERE status = 'pending' AND expires_at > 0 AND expires_at <= $1
		ORDER BY expires_at, seq LIMIT $2`, micros(now), limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("executions that waited too long: %w", err)
	}
	return out, nil
}

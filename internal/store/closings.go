package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Closing is what somebody has said to be over, though its sender has not.
type Closing struct {
	Problem string // its id
	Name    string // what it is called, for the log
	By      string
	Reason  string
	At      time.Time
}

// auditedClosing is what is on record of a closing.
type auditedClosing struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// CloseProblem records that a problem is over, and reports whether it did: what
// somebody has said before stays.
func (tx *Tx) CloseProblem(ctx context.Context, c Closing) (bool, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `
		INSERT INTO problem_closings (problem, name, closed_by, reason, closed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (problem) DO NOTHING`, c.Problem, c.Name, c.By, c.Reason, micros(c.At)))
	if err != nil {
		return false, fmt.Errorf("close problem %s: %w", c.Problem, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.change(changedProblem, c.Problem, nil, auditedClosing{c.Name, c.Reason})
}

// ReopenProblem forgets that a problem is over, and reports whether somebody had said so.
func (tx *Tx) ReopenProblem(ctx context.Context, problem string) (bool, error) {
	var was auditedClosing
	err := tx.c.QueryRow(ctx, `DELETE FROM problem_closings WHERE problem = $1 RETURNING name, reason`, problem).Scan(&was.Name, &was.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reopen problem %s: %w", problem, err)
	}
	return true, tx.change(changedProblem, problem, was, nil)
}

// Closings returns what somebody has said to be over, by the ids of the problems.
func (r Reader) Closings(ctx context.Context) (map[string]Closing, error) {
	rows, err := r.c.Query(ctx, `SELECT problem, name, closed_by, reason, closed_at FROM problem_closings`)
	all, err := collect(rows, err, func(rows *sql.Rows) (Closing, error) {
		var c Closing
		var at int64
		err := rows.Scan(&c.Problem, &c.Name, &c.By, &c.Reason, &at)
		c.At = fromMicros(at)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list closed problems: %w", err)
	}
	out := make(map[string]Closing, len(all))
	for _, c := range all {
		out[c.Problem] = c
	}
	return out, nil
}

package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// The tallies. They answer "how many in all" without counting a million rows.
const (
	tallyExecutions     = "executions"
	tallyRootExecutions = "executions.root" // those without a parent
	tallyInstances      = "trigger_instances"
)

// tally notes that n more rows of a name exist once tx is committed.
func (tx *Tx) tally(name string, n int64) {
	if tx.tallies == nil {
		tx.tallies = map[string]int64{}
	}
	tx.tallies[name] += n
}

// Tallier is a Conn whose driver adds up tallies itself, so that a commit which
// many transactions share writes each tally once.
type Tallier interface {
	Tally(name string, n int64)
}

func (tx *Tx) flushTallies(ctx context.Context) error {
	t, shared := tx.c.(Tallier)
	for _, name := range slices.Sorted(maps.Keys(tx.tallies)) {
		n := tx.tallies[name]
		if shared {
			t.Tally(name, n)
			continue
		}
		if err := AddTally(ctx, tx.c, name, n); err != nil {
			return err
		}
	}
	return nil
}

// AddTally adds n to a tally. It is for drivers.
func AddTally(ctx context.Context, c Conn, name string, n int64) error {
	_, err := c.Exec(ctx, `
		INSERT INTO tallies (name, n) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET n = tallies.n + excluded.n`, name, n)
	if err != nil {
		return fmt.Errorf("add to tally %s: %w", name, err)
	}
	return nil
}

func (r Reader) tallied(ctx context.Context, name string) (int, error) {
	var n int
	err := r.c.QueryRow(ctx, `SELECT coalesce(sum(n), 0) FROM tallies WHERE name = $1`, name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read tally %s: %w", name, err)
	}
	return n, nil
}

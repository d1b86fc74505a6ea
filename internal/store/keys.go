package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/kv"
)

// PutKey writes p over the pair of its scope, user and name.
func (tx *Tx) PutKey(ctx context.Context, id string, p kv.Pair) error {
	before, err := tx.keyBefore(ctx, p.Scope, p.User, p.Name)
	if err != nil {
		return err
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO keys (scope, user_name, name, id, value, secret, encrypted, expires_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (scope, user_name, name) DO UPDATE SET value = excluded.value, secret = excluded.secret,
			encrypted = excluded.encrypted, expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
		p.Scope, p.User, p.Name, id, p.Value, p.Secret, p.Encrypted, micros(p.ExpiresAt), micros(p.UpdatedAt))
	if err != nil {
		return fmt.Errorf("put key %s: %w", p.Name, err)
	}
	return tx.change(changedKey, p.UID(), before, auditedKey(p))
}

// auditedKey is what is on record of a pair.
func auditedKey(p kv.Pair) any {
	if p.Secret {
		p.Value = mask
	}
	out := map[string]any{"value": p.Value, "secret": p.Secret}
	if !p.ExpiresAt.IsZero() {
		out["expires_at"] = p.ExpiresAt
	}
	return out
}

// keyBefore returns what goes on record of a pair that is about to be changed.
func (tx *Tx) keyBefore(ctx context.Context, scope, user, name string) (any, error) {
	if tx.trail == nil {
		return nil, nil
	}
	p, err := tx.Key(ctx, scope, user, name, time.Time{})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return auditedKey(p), err
}

// DeleteKey removes a pair, and reports whether it was there.
func (tx *Tx) DeleteKey(ctx context.Context, scope, user, name string) (bool, error) {
	before, err := tx.keyBefore(ctx, scope, user, name)
	if err != nil {
		return false, err
	}
	n, err := tx.affected(tx.c.Exec(ctx, `
		DELETE FROM keys WHERE scope = $1 AND user_name = $2 AND name = $3`, scope, user, name))
	if err != nil {
		return false, fmt.Errorf("delete key %s: %w", name, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.change(changedKey, kv.Pair{Scope: scope, User: user, Name: name}.UID(), before, nil)
}

const keyColumns = `scope, user_name, name, value, secret, encrypted, expires_at, updated_at`

func scanKey(row scanner) (kv.Pair, error) {
	var p kv.Pair
	var expires, updated int64
	err := row.Scan(&p.Scope, &p.User, &p.Name, &p.Value, &p.Secret, &p.Encrypted, &expires, &updated)
	p.ExpiresAt, p.UpdatedAt = fromMicros(expires), fromMicros(updated)
	return p, err
}

// Key returns a pair that has not expired at now.
func (r Reader) Key(ctx context.Context, scope, user, name string, now time.Time) (kv.Pair, error) {
	p, err := scanKey(r.c.QueryRow(ctx, `
		SELECT `+keyColumns+` FROM keys
		WHERE scope = $1 AND user_name = $2 AND name = $3 AND (expires_at = 0 OR expires_at > $4)`,
		scope, user, name, micros(now)))
	return p, notFound(err, "key %s", name)
}

// Keys says which pairs are wanted. A zero field wants all.
type Keys struct {
	Scope  string
	User   *string
	Prefix string
	Name   string
	Now    time.Time // what has expired by then is left out
	// Keep chooses among those; nil keeps all. It costs a look at each until the page
	// is full, and the total is how many were kept until then.
	Keep func(kv.Pair) bool
}

// ListKeys returns a page of pairs by name and how many there are in all.
func (r Reader) ListKeys(ctx context.Context, q Keys, p Page) ([]kv.Pair, Total, error) {
	w := &where{}
	w.text("scope", q.Scope)
	if q.User != nil {
		w.add("user_name = ?", *q.User)
	}
	w.text("name", q.Name)
	if q.Prefix != "" {
		w.add("substr(name, 1, length(?)) = ?", q.Prefix)
	}
	w.add("(expires_at = 0 OR expires_at > ?)", micros(q.Now))
	const order = "scope, user_name, name"
	if q.Keep != nil {
		return r.keptKeys(ctx, q, w.ordered(order, Page{Limit: -1}), w.args, p)
	}
	total, err := r.count(ctx, "keys", w)
	if err != nil {
		return nil, Total{}, err
	}
	tail := w.ordered(order, p)
	rows, err := r.c.Query(ctx, `SELECT `+keyColumns+` FROM keys`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (kv.Pair, error) { return scanKey(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list keys: %w", err)
	}
	return out, total, nil
}

// keptKeys is ListKeys with a filter that the database doesn't know.
func (r Reader) keptKeys(ctx context.Context, q Keys, tail string, args []any, p Page) (out []kv.Pair, total Total, err error) {
	rows, err := r.c.Query(ctx, `SELECT `+keyColumns+` FROM keys`+tail, args...)
	if err != nil {
		return nil, Total{}, fmt.Errorf("list keys: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for (p.Limit < 0 || len(out) < p.Limit) && rows.Next() {
		pair, err := scanKey(rows)
		if err != nil {
			return nil, Total{}, fmt.Errorf("list keys: %w", err)
		}
		if !q.Keep(pair) {
			continue
		}
		if total.N++; total.N > p.Offset {
			out = append(out, pair)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, Total{}, fmt.Errorf("list keys: %w", err)
	}
	return out, total, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/kv"
)

// A DataKey is what secrets are sealed with, wrapped by a master key.
type DataKey struct {
	ID        int64
	Wrapped   string
	CreatedAt time.Time
	RetiredAt time.Time // zero: it seals
}

// DataKeys returns all data keys, oldest first.
func (r Reader) DataKeys(ctx context.Context) ([]DataKey, error) {
	rows, err := r.c.Query(ctx, `SELECT id, wrapped, created_at, retired_at FROM data_keys ORDER BY id`)
	out, err := collect(rows, err, func(rows *sql.Rows) (DataKey, error) {
		var k DataKey
		var created, retired int64
		err := rows.Scan(&k.ID, &k.Wrapped, &created, &retired)
		k.CreatedAt, k.RetiredAt = fromMicros(created), fromMicros(retired)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("read data keys: %w", err)
	}
	return out, nil
}

// AddDataKey adds a data key and retires all others. wrap is told its number, which is
// part of what is wrapped.
func (tx *Tx) AddDataKey(ctx context.Context, now time.Time, wrap func(id int64) string) error {
	if _, err := tx.c.Exec(ctx, `UPDATE data_keys SET retired_at = $1 WHERE retired_at = 0`, micros(now)); err != nil {
		return fmt.Errorf("retire data keys: %w", err)
	}
	var id int64
	err := tx.c.QueryRow(ctx, `INSERT INTO data_keys (wrapped, created_at) VALUES ('', $1) RETURNING id`, micros(now)).Scan(&id)
	if err != nil {
		return fmt.Errorf("add a data key: %w", err)
	}
	if err := tx.RewrapDataKey(ctx, id, wrap(id)); err != nil {
		return err
	}
	return tx.change(changedDataKey, strconv.FormatInt(id, 10), nil, map[string]any{})
}

// RewrapDataKey changes what a data key is wrapped by.
func (tx *Tx) RewrapDataKey(ctx context.Context, id int64, wrapped string) error {
	if _, err := tx.c.Exec(ctx, `UPDATE data_keys SET wrapped = $2 WHERE id = $1`, id, wrapped); err != nil {
		return fmt.Errorf("wrap data key %d: %w", id, err)
	}
	return nil
}

// DeleteDataKey removes a data key for good.
func (tx *Tx) DeleteDataKey(ctx context.Context, id int64) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM data_keys WHERE id = $1`, id); err != nil {
		return fmt.Errorf("delete data key %d: %w", id, err)
	}
	return nil
}

// SecretsNotSealedWith returns up to limit secret pairs, in their order after one, whose value
// does not begin with prefix.
func (r Reader) SecretsNotSealedWith(ctx context.Context, prefix string, after kv.Pair, limit int) ([]kv.Pair, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+keyColumns+` FROM keys
		WHERE (scope, user_name, name) > ($1, $2, $3) AND secret = 1 AND substr(value, 1, length($4)) <> $4
		ORDER BY scope, user_name, name LIMIT $5`, after.Scope, after.User, after.Name, prefix, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (kv.Pair, error) { return scanKey(rows) })
	if err != nil {
		return nil, fmt.Errorf("find secrets of old keys: %w", err)
	}
	return out, nil
}

// DataKeyNeeded reports whether something may still be sealed with the data key whose
// values begin with prefix, and which was retired at a time: executions from before then may be.
func (tx *Tx) DataKeyNeeded(ctx context.Context, prefix string, retired time.Time) (bool, error) {
	var needed bool
	err := tx.c.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM keys WHERE secret = 1 AND substr(value, 1, length($1)) = $1)
			OR EXISTS (SELECT 1 FROM settings WHERE substr(value, 1, length($1)) = $1)
			OR EXISTS (SELECT 1 FROM executions WHERE secrets IS NOT NULL AND created_at <= $2)`, prefix, micros(retired)).Scan(&needed)
	if err != nil {
		return true, fmt.Errorf("find what needs a data key: %w", err)
	}
	return needed, nil
}

// ResealKey changes how the value of a pair is written, if it still is written as was.
func (tx *Tx) ResealKey(ctx context.Context, p kv.Pair, value string) error {
	_, err := tx.c.Exec(ctx, `
		UPDATE keys SET value = $5, encrypted = 1 WHERE scope = $1 AND user_name = $2 AND name = $3 AND value = $4`,
		p.Scope, p.User, p.Name, p.Value, value)
	if err != nil {
		return fmt.Errorf("seal key %s again: %w", p.Name, err)
	}
	return nil
}

package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Kind is a kind of content: what packs bring and people register.
type Kind string

// The kinds of content.
const (
	Packs         Kind = "pack"
	Actions       Kind = "action"
	Rules         Kind = "rule"
	TriggerTypes  Kind = "trigger_type"
	Triggers      Kind = "trigger"
	Sensors       Kind = "sensor"
	Aliases       Kind = "alias"
	Policies      Kind = "policy"
	ConfigSchemas Kind = "config_schema"
	Configs       Kind = "config"
	Runners       Kind = "runner"
)

// Content is one registered thing.
type Content struct {
	Kind      Kind
	Ref       string
	ID        string
	Pack      string
	Body      json.RawMessage // the noun as JSON
	Digest    string          // of what it was read from; the registrar skips what did not change
	UpdatedAt time.Time
}

// PutContent writes c over what has its kind and ref.
func (tx *Tx) PutContent(ctx context.Context, c Content) error {
	before, err := tx.contentBefore(ctx, c.Kind, c.Ref)
	if err != nil {
		return err
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO content (kind, ref, id, pack, body, digest, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (kind, ref) DO UPDATE SET id = excluded.id, pack = excluded.pack,
			body = excluded.body, digest = excluded.digest, updated_at = excluded.updated_at`,
		string(c.Kind), c.Ref, c.ID, c.Pack, string(c.Body), c.Digest, micros(c.UpdatedAt))
	if err != nil {
		return fmt.Errorf("put %s %s: %w", c.Kind, c.Ref, err)
	}
	if bytes.Equal(before, c.Body) {
		return nil
	}
	return tx.change(string(c.Kind), c.Ref, orNil(before), c.Body)
}

// contentBefore returns the body of what is about to be changed, if that goes on record.
func (tx *Tx) contentBefore(ctx context.Context, k Kind, ref string) (json.RawMessage, error) {
	if tx.trail == nil {
		return nil, nil
	}
	var body string
	err := tx.c.QueryRow(ctx, `SELECT body FROM content WHERE kind = $1 AND ref = $2`, string(k), ref).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return json.RawMessage(body), notFound(err, "%s %s", k, ref)
}

// DeleteContent removes the thing of a kind and ref, and reports whether it was there.
func (tx *Tx) DeleteContent(ctx context.Context, k Kind, ref string) (bool, error) {
	before, err := tx.contentBefore(ctx, k, ref)
	if err != nil {
		return false, err
	}
	n, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM content WHERE kind = $1 AND ref = $2`, string(k), ref))
	if err != nil {
		return false, fmt.Errorf("delete %s %s: %w", k, ref, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.change(string(k), ref, orNil(before), nil)
}

// AllContent calls f for everything that is registered, by kind and ref.
func (r Reader) AllContent(ctx context.Context, f func(Content) error) error {
	rows, err := r.c.Query(ctx, `
		SELECT kind, ref, id, pack, body, digest, updated_at FROM content ORDER BY kind, ref`)
	if err != nil {
		return fmt.Errorf("read content: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var c Content
		var body sql.RawBytes
		var at int64
		if err := rows.Scan(&c.Kind, &c.Ref, &c.ID, &c.Pack, &body, &c.Digest, &at); err != nil {
			return fmt.Errorf("read content: %w", err)
		}
		c.Body, c.UpdatedAt = append(json.RawMessage(nil), body...), fromMicros(at)
		if err := f(c); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read content: %w", err)
	}
	return nil
}

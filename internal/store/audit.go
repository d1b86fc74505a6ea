package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/execution"
)

// A Trail has the changes that are made on behalf of one request put on record, in the
// transactions that make them. It belongs to the request and is used by one goroutine at a time.
type Trail struct {
	// Describe returns what is put on record of changes, whose secrets it masks.
	Describe func(changes []audit.Change) audit.Record

	written bool
	all     bool // changes that are too many for one record are on further ones
}

// Written reports whether something is on record of the request.
func (t *Trail) Written() bool { return t.written }

type trailKey struct{}

// WithTrail returns a context whose writes are put on record by t.
func WithTrail(ctx context.Context, t *Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// ByItself returns a context whose writes go on record as those of by, for what nobody asked
// for through the API: what the server found in files or heard from a directory, what an
// action of its own did, and commands on the data folder. By says who, and from where the
// change comes. Of content, which may have secrets in it and lies in files, no more than size
// and hash are on record.
func ByItself(ctx context.Context, by audit.Record) context.Context {
	by.Credential = cmp.Or(by.Credential, audit.Server)
	return WithTrail(ctx, &Trail{written: true, all: true, Describe: func(changes []audit.Change) audit.Record {
		kept := make([]audit.Change, len(changes))
		for i, c := range changes {
			switch c.Kind {
			case changedUser, changedToken, changedAPIKey, changedKey, changedDataKey, changedRole, changedAssignment, changedSetting:
			default:
				c.Before, c.After = audit.Digest(c.Before), audit.Digest(c.After)
			}
			kept[i] = c
		}
		r := by
		r.At, r.Outcome = time.Now().UTC(), audit.Done
		r.Changes, r.More = audit.Bounded(kept)
		return r
	}})
}

func trailOf(ctx context.Context) *Trail {
	t, _ := ctx.Value(trailKey{}).(*Trail)
	return t
}

// follow puts on record what tx has changed, if it is on behalf of a request. Of several
// transactions of one request the first is on record in any case.
func (tx *Tx) follow(ctx context.Context) error {
	if tx.trail == nil || tx.trail.written && len(tx.changes) == 0 { // [ByItself] begins as written
		return nil
	}
	if !tx.trail.all {
		return tx.AddAudit(ctx, tx.trail.Describe(tx.changes))
	}
	for some := range slices.Chunk(tx.changes, audit.MaxChanges) {
		if err := tx.AddAudit(ctx, tx.trail.Describe(some)); err != nil {
			return err
		}
	}
	return nil
}

// The kinds of things whose changes go on record, beside those of content.
const (
	changedExecution = "execution"
	changedKey       = "key"
	changedUser      = "user"
	changedToken     = "token"
	changedAPIKey    = "api_key"
	changedDataKey   = "data_key"
	changedProblem   = "problem"

	changedRole       = "role"
	changedAssignment = "role_assignment"
	changedSetting    = "setting"
)

// mask stands for what nobody is to read.
const mask = "********"

// AuditedExecution is what is on record of a change of an execution.
type AuditedExecution struct {
	Action     string           `json:"action,omitempty"`
	Parameters json.RawMessage  `json:"parameters,omitempty"`
	Status     execution.Status `json:"status,omitempty"`
}

// orNil is nil for no text.
func orNil(b json.RawMessage) any {
	if b == nil {
		return nil
	}
	return b
}

// change notes a change of something, for the log. before and after are not asked for when
// nobody wants to know.
func (tx *Tx) change(kind, object string, before, after any) error {
	if tx.trail == nil {
		return nil
	}
	c := audit.Change{Kind: kind, Object: object}
	for to, v := range map[*json.RawMessage]any{&c.Before: before, &c.After: after} {
		if v == nil {
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("note the change of %s %s: %w", kind, object, err)
		}
		*to = b
	}
	tx.changes = append(tx.changes, c)
	return nil
}

// AddAudit adds a record to the log.
func (tx *Tx) AddAudit(ctx context.Context, r audit.Record) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write an entry of the audit log: %w", err)
	}
	head, err := tx.AuditHead(ctx)
	if err != nil {
		return err
	}
	e := head.Next(body)
	_, err = tx.c.Exec(ctx, `INSERT INTO audit (seq, at, user_name, record, hash) VALUES ($1, $2, $3, $4, $5)`,
		e.Seq, micros(r.At), r.User, string(e.Record), e.Hash)
	if err != nil {
		return fmt.Errorf("add to the audit log: %w", err)
	}
	return nil
}

// AuditHead returns where the log has come to.
func (r Reader) AuditHead(ctx context.Context) (audit.Head, error) {
	var h audit.Head
	err := r.c.QueryRow(ctx, `SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return r.AuditBase(ctx)
	}
	if err != nil {
		return h, fmt.Errorf("read the head of the audit log: %w", err)
	}
	return h, nil
}

// AuditBase returns the entry after which the log begins.
func (r Reader) AuditBase(ctx context.Context) (audit.Head, error) {
	var h audit.Head
	err := r.c.QueryRow(ctx, `SELECT seq, hash FROM audit_base`).Scan(&h.Seq, &h.Hash)
	if err != nil {
		return h, fmt.Errorf("read the base of the audit log: %w", err)
	}
	return h, nil
}

// AuditQuery says which entries of the log are wanted. A zero field wants all.
type AuditQuery struct {
	User    string
	Outcome string // audit.Done or audit.Refused
	After   int64  // entries behind this one
	Before  int64  // entries ahead of this one
	Since   time.Time
	Newest  bool // first
	Limit   int
}

// Audit returns entries of the log.
func (r Reader) Audit(ctx context.Context, q AuditQuery) ([]audit.Entry, error) {
	w := &where{}
	w.text("user_name", q.User)
	w.text("record ->> 'outcome'", q.Outcome)
	if q.After > 0 {
		w.add("seq > ?", q.After)
	}
	if q.Before > 0 {
		w.add("seq < ?", q.Before)
	}
	if !q.Since.IsZero() {
		w.add("seq >= (SELECT seq FROM audit WHERE at >= ? ORDER BY at LIMIT 1)", micros(q.Since))
	}
	order := "seq"
	if q.Newest {
		order = "seq DESC"
	}
	tail := w.ordered(order, Page{Limit: q.Limit})
	rows, err := r.c.Query(ctx, `
		SELECT seq, coalesce((SELECT hash FROM audit p WHERE p.seq = a.seq - 1), (SELECT hash FROM audit_base b WHERE b.seq = a.seq - 1), ''), hash, record
		FROM audit a`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (audit.Entry, error) {
		var e audit.Entry
		var record string
		err := rows.Scan(&e.Seq, &e.Previous, &e.Hash, &record)
		e.Record = json.RawMessage(record)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return out, nil
}

// DeleteAuditBefore removes up to limit of the oldest entries from before t, and keeps the
// hash of the last of them, which the next one follows. It returns how many went. The newest
// entry stays: without it nobody would see that others are gone.
func (tx *Tx) DeleteAuditBefore(ctx context.Context, t time.Time, limit int) (int, error) {
	rows, err := tx.c.Query(ctx, `
		SELECT seq, hash, at FROM audit WHERE seq < (SELECT max(seq) FROM audit) ORDER BY seq LIMIT $1`, limit)
	var base audit.Head
	n := 0
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var h audit.Head
		var at int64
		err := rows.Scan(&h.Seq, &h.Hash, &at)
		if at < micros(t) && (n == 0 || h.Seq == base.Seq+1) {
			base, n = h, n+1
		}
		return struct{}{}, err
	})
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := tx.c.Exec(ctx, `UPDATE audit_base SET seq = $1, hash = $2`, base.Seq, base.Hash); err != nil {
		return 0, fmt.Errorf("seal the audit log: %w", err)
	}
	if _, err := tx.c.Exec(ctx, `DELETE FROM audit WHERE seq <= $1`, base.Seq); err != nil {
		return 0, fmt.Errorf("delete from the audit log: %w", err)
	}
	return n, nil
}

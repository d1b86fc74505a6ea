package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/trigger"
)

// A Trace is what came of one thing that nothing else caused: an event, or an
// execution that somebody asked for. Its id is that of this thing. Nothing is written
// for it: what belongs to it follows from what caused what.
type Trace struct {
	ID    string
	Tag   string
	Began time.Time
}

// A Cause is what a part of a trace comes from.
type Cause struct {
	Type string // trigger_instance, rule or action_execution; empty for the beginning
	ID   string // of a rule: its own and that of the event, with a colon between them
}

// A Link is a part of a trace.
type Link struct {
	Type    string // as that of a cause
	ID, Ref string
	At      time.Time
	Cause   Cause
}

// The types of causes.
const (
	LinkEvent     = "trigger_instance"
	LinkRule      = "rule"
	LinkExecution = "action_execution"
)

// ends are the types of events that executions cause, whose keys begin with the id of
// the execution.
func ends() []string { return []string{trigger.ActionFinished, trigger.Inquiry, trigger.Notify} }

// Where traces begin: the columns of each kind.
const (
	firstEvents     = `SELECT id, trace_tag AS tag, occurred_at AS at FROM trigger_instances`
	firstExecutions = `SELECT id, coalesce(context->'trace_context'->>'trace_tag', '') AS tag, created_at AS at FROM executions`
)

// Traces says which traces are wanted. A zero field wants all.
type Traces struct {
	IDs      []string
	Tag      string
	Triggers *Refs // only those that begin with events of these triggers
	Actions  *Refs // and only those that begin with executions of these actions
}

// ListTraces returns a page of traces, by when they began, and how many there are in
// all.
func (r Reader) ListTraces(ctx context.Context, q Traces, p Page) ([]Trace, Total, error) {
	events, executions := &where{}, &where{}
	events.conds = []string{"NOT (event_key IS NOT NULL AND trigger_ref IN ('" + strings.Join(ends(), "', '") + "'))"}
	executions.conds = []string{"parent IS NULL AND trigger_instance IS NULL AND trace IS NULL"}
	for _, w := range []*where{events, executions} {
		w.among("id", q.IDs)
	}
	events.text("trace_tag", q.Tag)
	events.within("trigger_ref", q.Triggers)
	executions.text("context->'trace_context'->>'trace_tag'", q.Tag)
	executions.within("action", q.Actions)
	var total Total
	var found []Trace
	for table, x := range map[string]struct {
		w              *where
		columns, order string
	}{
		"trigger_instances": {events, firstEvents, "occurred_at"}, "executions": {executions, firstExecutions, "created_at"},
	} {
		n, err := r.countTraces(ctx, table, x.w)
		if err != nil {
			return nil, Total{}, err
		}
		total.N, total.AtLeast = total.N+n.N, total.AtLeast || n.AtLeast
		part := p
		if p.Limit >= 0 {
			part.Limit, part.Offset = p.Limit+p.Offset, 0 // which of them are wanted shows when both are there
		}
		tail := x.w.page(x.order, part)
		rows, err := r.c.Query(ctx, x.columns+tail, x.w.args...)
		some, err := collect(rows, err, func(rows *sql.Rows) (Trace, error) {
			var t Trace
			var at int64
			err := rows.Scan(&t.ID, &t.Tag, &at)
			t.Began = fromMicros(at)
			return t, err
		})
		if err != nil {
			return nil, Total{}, fmt.Errorf("list traces: %w", err)
		}
		found = append(found, some...)
	}
	slices.SortStableFunc(found, func(a, b Trace) int {
		if p.Asc {
			a, b = b, a
		}
		if n := b.Began.Compare(a.Began); n != 0 {
			return n
		}
		return strings.Compare(b.ID, a.ID)
	})
	if p.Limit >= 0 {
		found = found[min(p.Offset, len(found)):min(p.Offset+p.Limit, len(found))]
	}
	return found, total, nil
}

// countTraces counts the beginnings in a table. All events need no look at each of
// them.
func (r Reader) countTraces(ctx context.Context, table string, w *where) (Total, error) {
	if table != "trigger_instances" || len(w.conds) > 1 {
		return r.count(ctx, table, w)
	}
	every, err := r.tallied(ctx, tallyInstances)
	if err != nil {
		return Total{}, err
	}
	caused := &where{}
	caused.among("trigger_ref", ends())
	n, err := r.count(ctx, table, caused)
	return Total{N: max(every-n.N, 0), AtLeast: n.AtLeast}, err
}

// BeginningOf returns the id of the trace that an event or an execution belongs to.
func (r Reader) BeginningOf(ctx context.Context, id string) (string, error) {
	for range maxChain {
		var parent, instance, trace sql.NullString
		err := r.c.QueryRow(ctx, `SELECT parent, trigger_instance, trace FROM executions WHERE id = $1`, id).Scan(&parent, &instance, &trace)
		if err == nil {
			next := trace.String
			if next == "" {
				next = instance.String
			}
			if next == "" {
				next = parent.String
			}
			if next == "" {
				return id, nil
			}
			id = next
			continue
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return "", fmt.Errorf("find what caused execution %s: %w", id, err)
		}
		i, err := r.Instance(ctx, id)
		if err != nil {
			return "", err
		}
		cause := causeOf(i)
		if cause.ID == "" {
			return id, nil
		}
		id = cause.ID
	}
	return id, nil
}

// maxChain bounds how long a chain of causes is followed.
const maxChain = 1000

func causeOf(i *trigger.Instance) Cause {
	if id, _, _ := strings.Cut(i.Key, "/"); id != "" && slices.Contains(ends(), i.Trigger) {
		return Cause{LinkExecution, id}
	}
	return Cause{}
}

// Links returns what belongs to a trace, causes before what they caused, at most limit
// parts and whether there are more. What is not seen is left out, with all that came
// of it.
func (r Reader) Links(ctx context.Context, trace string, limit int, seen func(Link) bool) (links []Link, more bool, err error) {
	var left []Link // whose consequences are still to be found
	i, err := r.Instance(ctx, trace)
	switch {
	case err == nil:
		left = []Link{{LinkEvent, i.ID, i.Trigger, i.OccurredAt, Cause{}}}
	case !errors.Is(err, ErrNotFound):
		return nil, false, err
	default:
		e, err := r.Execution(ctx, trace)
		if err != nil {
			return nil, false, err
		}
		left = []Link{{LinkExecution, e.ID, e.Action, e.CreatedAt, Cause{}}}
	}
	for len(left) > 0 {
		if len(links) >= limit {
			return links, true, nil
		}
		link := left[0]
		left = left[1:]
		if !seen(link) {
			continue
		}
		links = append(links, link)
		found, err := r.consequences(ctx, link, limit)
		if err != nil {
			return nil, false, fmt.Errorf("find what came of %s %s: %w", link.Type, link.ID, err)
		}
		left = append(left, found...)
	}
	return links, false, nil
}

// consequences are what a part of a trace caused directly.
func (r Reader) consequences(ctx context.Context, of Link, limit int) ([]Link, error) {
	switch of.Type {
	case LinkEvent:
		return r.enforced(ctx, of.ID, limit)
	case LinkRule:
		return nil, nil // what it started is found with it
	}
	rows, err := r.c.Query(ctx, `
		SELECT '`+LinkExecution+`', id, action, created_at FROM executions WHERE parent = $1
		UNION ALL
		SELECT '`+LinkExecution+`', id, action, created_at FROM executions WHERE trace = $1
		UNION ALL
		SELECT '`+LinkEvent+`', id, trigger_ref, occurred_at FROM trigger_instances
		WHERE trigger_ref IN ('`+strings.Join(ends(), "', '")+`') AND event_key >= $1 AND event_key < $1 || '0'
		LIMIT $2`, of.ID, limit) // an end's key is the id, or the id with a slash and more behind it
	return collect(rows, err, func(rows *sql.Rows) (Link, error) {
		l := Link{Cause: Cause{LinkExecution, of.ID}}
		var at int64
		err := rows.Scan(&l.Type, &l.ID, &l.Ref, &at)
		l.At = fromMicros(at)
		return l, err
	})
}

// enforced are the rules that matched an event, each followed by what it started, and
// the executions that were asked to be a part of the trace.
func (r Reader) enforced(ctx context.Context, event string, limit int) ([]Link, error) {
	found, _, err := r.ListEnforcements(ctx, Enforcements{Instance: event}, Page{Limit: limit, Asc: true})
	if err != nil {
		return nil, err
	}
	var links []Link
	for _, e := range found {
		links = append(links, Link{LinkRule, e.RuleID, e.RuleRef, e.At, Cause{LinkEvent, event}})
		if e.Execution == "" {
			continue
		}
		started, err := r.Execution(ctx, e.Execution)
		if errors.Is(err, ErrNotFound) {
			continue // retention has taken it
		}
		if err != nil {
			return nil, err
		}
		links = append(links, Link{LinkExecution, started.ID, started.Action, started.CreatedAt, Cause{LinkRule, e.RuleID + ":" + event}})
	}
	rows, err := r.c.Query(ctx, `SELECT id, action, created_at FROM executions WHERE trace = $1 ORDER BY created_at LIMIT $2`, event, limit)
	asked, err := collect(rows, err, func(rows *sql.Rows) (Link, error) {
		l := Link{Type: LinkExecution, Cause: Cause{LinkEvent, event}}
		var at int64
		err := rows.Scan(&l.ID, &l.Ref, &at)
		l.At = fromMicros(at)
		return l, err
	})
	return append(links, asked...), err
}

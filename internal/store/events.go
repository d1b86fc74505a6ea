package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/trigger"
)

// InsertInstance records an event. It reports false, and records nothing, when
// an event of the same trigger and key is there already.
func (tx *Tx) InsertInstance(ctx context.Context, i *trigger.Instance) (bool, error) {
	res, err := tx.c.Exec(ctx, `
		INSERT INTO trigger_instances (id, trigger_ref, occurred_at, status, trace_tag, event_key, payload)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (trigger_ref, event_key) WHERE event_key IS NOT NULL DO NOTHING`,
		i.ID, i.Trigger, micros(i.OccurredAt), string(i.Status), i.TraceTag, null(i.Key), object(i.Payload))
	if err != nil {
		return false, fmt.Errorf("insert event %s: %w", i.ID, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	tx.tally(tallyInstances, 1)
	return true, nil
}

const instanceColumns = `id, trigger_ref, occurred_at, status, trace_tag, event_key, payload`

func scanInstance(row scanner) (*trigger.Instance, error) {
	var i trigger.Instance
	var at int64
	var key sql.NullString
	var payload string
	if err := row.Scan(&i.ID, &i.Trigger, &at, &i.Status, &i.TraceTag, &key, &payload); err != nil {
		return nil, err
	}
	i.OccurredAt, i.Key, i.Payload = fromMicros(at), key.String, json.RawMessage(payload)
	return &i, nil
}

// Instance returns one event.
func (r Reader) Instance(ctx context.Context, id string) (*trigger.Instance, error) {
	i, err := scanInstance(r.c.QueryRow(ctx, `SELECT `+instanceColumns+` FROM trigger_instances WHERE id = $1`, id))
	return i, notFound(err, "event %s", id)
}

// InstanceByKey returns the event of a trigger that its sender calls key.
func (r Reader) InstanceByKey(ctx context.Context, trigger, key string) (*trigger.Instance, error) {
	i, err := scanInstance(r.c.QueryRow(ctx, `
		SELECT `+instanceColumns+` FROM trigger_instances WHERE trigger_ref = $1 AND event_key = $2`, trigger, key))
	return i, notFound(err, "event %s of %s", key, trigger)
}

// Instances says which events are wanted. A zero field wants all.
type Instances struct {
	IDs           []string
	Triggers      []string // references
	Status        trigger.InstanceStatus
	After, Before time.Time
	Of            *Refs // only of these triggers
}

// ListInstances returns a page of events and how many there are in all.
func (r Reader) ListInstances(ctx context.Context, q Instances, p Page) ([]*trigger.Instance, Total, error) {
	w := &where{}
	w.among("id", q.IDs)
	w.among("trigger_ref", q.Triggers)
	w.within("trigger_ref", q.Of)
	w.text("status", string(q.Status))
	w.between("occurred_at", q.After, q.Before)
	var total Total
	var err error
	if len(w.conds) == 0 {
		total.N, err = r.tallied(ctx, tallyInstances)
	} else {
		total, err = r.count(ctx, "trigger_instances", w)
	}
	if err != nil {
		return nil, Total{}, err
	}
	tail := w.page("occurred_at", p)
	rows, err := r.c.Query(ctx, `SELECT `+instanceColumns+` FROM trigger_instances`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (*trigger.Instance, error) { return scanInstance(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list events: %w", err)
	}
	return out, total, nil
}

// An Enforcement says that a rule matched an event, and what came of it.
type Enforcement struct {
	ID            string
	RuleRef       string
	RuleID        string
	Instance      string // id of the event
	Execution     string // id; empty when none was started
	Failed        bool
	FailureReason string
	At            time.Time
}

// InsertEnforcement records that a rule matched.
func (tx *Tx) InsertEnforcement(ctx context.Context, e Enforcement) error {
	status := "succeeded"
	if e.Failed {
		status = "failed"
	}
	_, err := tx.c.Exec(ctx, `
		INSERT INTO rule_enforcements (id, rule_ref, rule_id, trigger_instance_id, execution_id, status, failure_reason, enforced_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, e.RuleRef, e.RuleID, e.Instance, null(e.Execution), status, e.FailureReason, micros(e.At))
	if err != nil {
		return fmt.Errorf("insert enforcement of rule %s: %w", e.RuleRef, err)
	}
	return nil
}

const enforcementColumns = `id, rule_ref, rule_id, trigger_instance_id, execution_id, status, failure_reason, enforced_at`

func scanEnforcement(row scanner) (Enforcement, error) {
	var e Enforcement
	var at int64
	var exec sql.NullString
	var status string
	if err := row.Scan(&e.ID, &e.RuleRef, &e.RuleID, &e.Instance, &exec, &status, &e.FailureReason, &at); err != nil {
		return e, err
	}
	e.Execution, e.Failed, e.At = exec.String, status == "failed", fromMicros(at)
	return e, nil
}

// Enforcement returns one enforcement.
func (r Reader) Enforcement(ctx context.Context, id string) (Enforcement, error) {
	e, err := scanEnforcement(r.c.QueryRow(ctx, `SELECT `+enforcementColumns+` FROM rule_enforcements WHERE id = $1`, id))
	return e, notFound(err, "rule enforcement %s", id)
}

// Enforcements says which enforcements are wanted. A zero field wants all.
type Enforcements struct {
	IDs           []string
	RuleRef       string
	RuleID        string
	Instance      string
	Execution     string
	After, Before time.Time
	Of            *Refs // only of these rules
}

// ListEnforcements returns a page of enforcements and how many there are in all.
func (r Reader) ListEnforcements(ctx context.Context, q Enforcements, p Page) ([]Enforcement, Total, error) {
	w := &where{}
	w.among("id", q.IDs)
	w.text("rule_ref", q.RuleRef)
	w.text("rule_id", q.RuleID)
	w.text("trigger_instance_id", q.Instance)
	if q.Execution != "" {
		// Through its event an execution finds its enforcement without an index of its own.
		e, err := r.Execution(ctx, q.Execution)
		if errors.Is(err, ErrNotFound) || err == nil && e.Context.TriggerInstance == nil {
			return nil, Total{}, nil
		}
		if err != nil {
			return nil, Total{}, err
		}
		w.text("trigger_instance_id", e.Context.TriggerInstance.ID)
		w.text("execution_id", q.Execution)
	}
	w.within("rule_ref", q.Of)
	w.between("enforced_at", q.After, q.Before)
	total, err := r.count(ctx, "rule_enforcements", w)
	if err != nil {
		return nil, Total{}, err
	}
	tail := w.page("enforced_at", p)
	rows, err := r.c.Query(ctx, `SELECT `+enforcementColumns+` FROM rule_enforcements`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (Enforcement, error) { return scanEnforcement(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list rule enforcements: %w", err)
	}
	return out, total, nil
}

// LatestInstances returns the latest events of a trigger, at most so many, since a time.
func (r Reader) LatestInstances(ctx context.Context, ref string, since time.Time, most int) ([]*trigger.Instance, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+instanceColumns+` FROM trigger_instances
		WHERE trigger_ref = $1 AND occurred_at >= $2 ORDER BY occurred_at DESC, seq DESC LIMIT $3`, ref, micros(since), most)
	out, err := collect(rows, err, func(rows *sql.Rows) (*trigger.Instance, error) { return scanInstance(rows) })
	if err != nil {
		return nil, fmt.Errorf("list the latest events of %s: %w", ref, err)
	}
	return out, nil
}

// EnforcementsOf returns what rules made of events, the latest first.
func (r Reader) EnforcementsOf(ctx context.Context, instances []string) ([]Enforcement, error) {
	if len(instances) == 0 {
		return nil, nil
	}
	w := &where{}
	w.list("trigger_instance_id IN (", instances)
	rows, err := r.c.Query(ctx, `SELECT `+enforcementColumns+` FROM rule_enforcements`+w.String()+` ORDER BY enforced_at DESC, seq DESC`, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (Enforcement, error) { return scanEnforcement(rows) })
	if err != nil {
		return nil, fmt.Errorf("list what rules made of events: %w", err)
	}
	return out, nil
}

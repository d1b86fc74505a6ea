package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// A ProbeState is what a probe remembers: how far it has read, or how its target
// was last.
type ProbeState struct {
	Trigger   string          // its uid, which is another one for other parameters
	State     json.RawMessage // for the prober to understand
	ChangedAt time.Time
}

// PutProbe records what a probe remembers in place of what it remembered before.
func (tx *Tx) PutProbe(ctx context.Context, p ProbeState) error {
	_, err := tx.c.Exec(ctx, `
		INSERT INTO probe_states (trigger_uid, state, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (trigger_uid) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at`,
		p.Trigger, string(p.State), micros(p.ChangedAt))
	if err != nil {
		return fmt.Errorf("put probe %s: %w", p.Trigger, err)
	}
	return nil
}

// DropProbe forgets what a probe remembers, if it does.
func (tx *Tx) DropProbe(ctx context.Context, trigger string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM probe_states WHERE trigger_uid = $1`, trigger); err != nil {
		return fmt.Errorf("drop probe %s: %w", trigger, err)
	}
	return nil
}

// Probes returns what all probes remember, by the uid of their trigger.
func (r Reader) Probes(ctx context.Context) ([]ProbeState, error) {
	rows, err := r.c.Query(ctx, `SELECT trigger_uid, state, changed_at FROM probe_states ORDER BY trigger_uid`)
	out, err := collect(rows, err, func(rows *sql.Rows) (ProbeState, error) {
		var p ProbeState
		var state string
		var changed int64
		err := rows.Scan(&p.Trigger, &state, &changed)
		p.State, p.ChangedAt = json.RawMessage(state), fromMicros(changed)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("states of probes: %w", err)
	}
	return out, nil
}

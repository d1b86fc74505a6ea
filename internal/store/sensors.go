package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A SensorRun is who runs a sensor, and how that goes.
type SensorRun struct {
	Ref        string
	Holder     string // empty: nobody
	LeaseUntil time.Time
	State      string
	Since      time.Time // of the state
	Starts     int       // how often the holder has started it
	AliveAt    time.Time // when its process answered last
	PolledAt   time.Time // when it looked last, if it is one that polls
	Error      string    // why it ended last
}

// HoldSensor gives a sensor to a holder until the end of a lease, or renews that.
// It reports false when somebody else holds it.
func (tx *Tx) HoldSensor(ctx context.Context, ref, holder string, now, until time.Time) (bool, error) {
	res, err := tx.c.Exec(ctx, `
		INSERT INTO sensor_runs (ref, holder, lease_until) VALUES ($1, $2, $3)
		ON CONFLICT (ref) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
		WHERE sensor_runs.holder = excluded.holder OR sensor_runs.lease_until < $4`,
		ref, holder, micros(until), micros(now))
	if err != nil {
		return false, fmt.Errorf("hold sensor %s: %w", ref, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// NoteSensor records how the run of a sensor goes, if its holder still holds it.
func (tx *Tx) NoteSensor(ctx context.Context, r SensorRun) error {
	_, err := tx.c.Exec(ctx, `
		UPDATE sensor_runs SET state = $3, since = $4, starts = $5, alive_at = $6, polled_at = $7, error = $8
		WHERE ref = $1 AND holder = $2`,
		r.Ref, r.Holder, r.State, micros(r.Since), r.Starts, micros(r.AliveAt), micros(r.PolledAt), r.Error)
	if err != nil {
		return fmt.Errorf("note sensor %s: %w", r.Ref, err)
	}
	return nil
}

// DropSensor takes a sensor from its holder, who does not run it any more.
func (tx *Tx) DropSensor(ctx context.Context, ref, holder string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM sensor_runs WHERE ref = $1 AND holder = $2`, ref, holder); err != nil {
		return fmt.Errorf("drop sensor %s: %w", ref, err)
	}
	return nil
}

// FreeSensors takes all sensors from their holders. It is for a server that
// knows to be the only one.
func (tx *Tx) FreeSensors(ctx context.Context) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM sensor_runs`); err != nil {
		return fmt.Errorf("free all sensors: %w", err)
	}
	return nil
}

// SensorRuns returns the runs of all sensors by reference.
func (r Reader) SensorRuns(ctx context.Context) ([]SensorRun, error) {
	rows, err := r.c.Query(ctx, `
		SELECT ref, holder, lease_until, state, since, starts, alive_at, polled_at, error FROM sensor_runs ORDER BY ref`)
	out, err := collect(rows, err, func(rows *sql.Rows) (SensorRun, error) {
		var s SensorRun
		var until, since, alive, polled int64
		err := rows.Scan(&s.Ref, &s.Holder, &until, &s.State, &since, &s.Starts, &alive, &polled, &s.Error)
		s.LeaseUntil, s.Since, s.AliveAt, s.PolledAt = fromMicros(until), fromMicros(since), fromMicros(alive), fromMicros(polled)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("runs of sensors: %w", err)
	}
	return out, nil
}

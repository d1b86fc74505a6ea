package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func benchStore(b *testing.B) (*store.Store, *sqlite.DB) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return store.New(db), db
}

// newEvent is an event, the enforcement of a rule and the execution that it asks for.
func newEvent(now time.Time) (*trigger.Instance, store.Enforcement, *execution.Execution) {
	i := &trigger.Instance{
		ID: ident.New(now), Trigger: "core.9f0e6a1c", OccurredAt: now, Status: trigger.Processed,
		Payload: json.RawMessage(`{"alerts": [{"status": "firing", "labels": {"alertname": "RedisDown", "instance": "db1:6379", "severity": "page"}}], "receiver": "nightshift"}`),
	}
	e := &execution.Execution{
		ID: ident.New(now), Status: execution.Scheduled, Action: "examples.restart", Runner: "noop",
		Parameters: json.RawMessage(`{"service": "redis-server", "host": "db1"}`), CreatedAt: now,
		TriggerType: "core.st2.webhook", Trigger: i.Trigger,
		Context: execution.Context{
			User: "stanley", Pack: "examples", TraceContext: &execution.Trace{ID: ident.New(now), Tag: i.ID},
			Rule:            &execution.Named{ID: "65f0c0ffee0123456789abcd", Name: "examples.restart_redis"},
			TriggerInstance: &execution.Named{ID: i.ID, Name: i.Trigger},
		},
		Log: []execution.LogEntry{{Status: execution.Requested, At: now}, {Status: execution.Scheduled, At: now}},
	}
	f := store.Enforcement{
		ID: ident.New(now), RuleRef: "examples.restart_redis", RuleID: "65f0c0ffee0123456789abcd", Instance: i.ID, Execution: e.ID, At: now,
	}
	return i, f, e
}

func insertEvent(ctx context.Context, tx *store.Tx, now time.Time) error {
	i, f, e := newEvent(now)
	if _, err := tx.InsertInstance(ctx, i); err != nil {
		return err
	}
	if err := tx.InsertEnforcement(ctx, f); err != nil {
		return err
	}
	return tx.InsertExecution(ctx, e)
}

// BenchmarkWriteGroup has writers that each wait for the disk: one operation is
// an event, an enforcement and an execution, durable.
func BenchmarkWriteGroup(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) {
			s, _ := benchStore(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error, writers) // one answer each
			b.ReportAllocs()
			b.ResetTimer()
			for range writers {
				go func() {
					for left.Add(-1) >= 0 {
						err := s.Write(b.Context(), func(tx *store.Tx) error { return insertEvent(b.Context(), tx, time.Now()) })
						if err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range writers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkClaim is the life of an execution after its insertion: one
// operation claims it, with others, and ends it.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []int{1, 16, 64} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s, _ := benchStore(b)
			ctx := b.Context()
			err := s.Write(ctx, func(tx *store.Tx) error {
				for range b.N {
					if err := insertEvent(ctx, tx, time.Now()); err != nil {
						return err
					}
				}
				return tx.AddWorker(ctx, "w", time.Now(), time.Now().Add(time.Hour))
			})
			if err != nil {
				b.Fatal(err)
			}
			result := json.RawMessage(`{"succeeded": true, "failed": false, "return_code": 0, "stdout": "up", "stderr": ""}`)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				var claimed []*execution.Execution
				err := s.Write(ctx, func(tx *store.Tx) (err error) {
					claimed, err = tx.Claim(ctx, "w", size, time.Now())
					return err
				})
				if err != nil || len(claimed) == 0 {
					b.Fatalf("claimed %d: %v", len(claimed), err)
				}
				err = s.Write(ctx, func(tx *store.Tx) error {
					for _, e := range claimed {
						_, err := tx.ChangeExecution(ctx, store.Change{
							ID: e.ID, Attempt: e.Attempt, From: []execution.Status{execution.Running, execution.Canceling},
							To: execution.Succeeded, At: time.Now(), Result: result,
						})
						if err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				n += len(claimed)
			}
		})
	}
}

// BenchmarkList50of1M lists the first page of a million executions, with each
// filter, also one that finds next to nothing.
func BenchmarkList50of1M(b *testing.B) {
	s, db := benchStore(b)
	const million = 1_000_000
	from := time.Now().Add(-million * time.Second)
	err := db.Write(b.Context(), func(c store.Conn) error {
		_, err := c.Exec(b.Context(), `
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
			INSERT INTO executions (id, status, action, runner, user_name, parent, rule, trigger_type, trigger_ref, trigger_instance,
				created_at, not_before, started_at, finished_at, idempotent, attempt, worker, log, result_size, context, notify,
				parameters, result)
			SELECT printf('%024x', i),
				CASE WHEN i % 1000 = 0 THEN 'failed' WHEN i = $1 / 2 + 1 THEN 'timeout' ELSE 'succeeded' END,
				CASE WHEN i = $1 / 2 THEN 'rare.action' ELSE 'examples.a' || (i % 50) END,
				CASE WHEN i = $1 / 2 THEN 'rare' ELSE 'noop' END,
				CASE WHEN i = $1 / 2 THEN 'rare' ELSE 'stanley' END,
				CASE WHEN i % 5 = 1 THEN printf('%024x', i - 1) END,
				'examples.rule' || (i % 20), CASE WHEN i = $1 / 2 THEN 'rare' ELSE 'core.st2.webhook' END,
				CASE WHEN i = $1 / 2 THEN 'rare' ELSE 'core.hook' || (i % 20) END, printf('%024x', i),
				$2 + i * 1000000, 0, $2 + i * 1000000, $2 + i * 1000000, 0, 1, 'w',
				printf('requested:%d,scheduled:%d,running:%d,succeeded:%d,', $2 + i * 1000000, $2, $2, $2), 100,
				'{"user":"stanley","pack":"examples"}', NULL, '{"service": "redis-server", "host": "db1"}',
				'{"succeeded": true, "failed": false, "return_code": 0, "stdout": "up", "stderr": ""}' FROM n`,
			million, from.UnixMicro())
		if err != nil {
			return err
		}
		return errors.Join(store.AddTally(b.Context(), c, "executions", million), store.AddTally(b.Context(), c, "executions.root", million*4/5))
	})
	if err != nil {
		b.Fatal(err)
	}
	id := func(n int) string { return fmt.Sprintf("%024x", n) }
	for name, q := range map[string]store.Executions{
		"all": {}, "root": {Root: true}, "action": {Action: "examples.a7"}, "rule": {Rule: "examples.rule7"},
		"parent": {Parent: id(100)}, "event": {TriggerInstance: id(100)}, "failed": {Status: []execution.Status{execution.Failed}},
		"succeeded": {Status: []execution.Status{execution.Succeeded}}, "running": {Status: []execution.Status{execution.Running}},
		"rare_status": {Status: []execution.Status{execution.Timeout}}, "time": {After: from.Add(1000 * time.Second), Before: from.Add(900_000 * time.Second)},
		"user": {User: "stanley"}, "rare_user": {User: "rare"}, "runner": {Runner: "noop"}, "rare_runner": {Runner: "rare"},
		"trigger": {Trigger: "core.hook7"}, "rare_trigger": {Trigger: "rare"},
		"trigger_type": {TriggerType: "core.st2.webhook"}, "rare_trigger_type": {TriggerType: "rare"},
		"pack": {Pack: "examples"}, "rare_pack": {Pack: "rare"}, "root_action": {Root: true, Action: "examples.a7"},
		"root_failed":   {Root: true, Status: []execution.Status{execution.Failed}},
		"action_failed": {Action: "examples.a7", Status: []execution.Status{execution.Failed}},
		"seen_few":      {Actions: &store.Refs{Refs: []string{"rare.action", "no.such"}}},
		"seen_some":     {Actions: &store.Refs{Refs: []string{"examples.a7", "rare.action"}, Packs: []string{"other"}}},
		"seen_pack":     {Actions: &store.Refs{Packs: []string{"examples"}}},
		"seen_failed":   {Actions: &store.Refs{Packs: []string{"rare", "other"}}, Status: []execution.Status{execution.Failed}},
		"seen_but":      {Actions: &store.Refs{But: true, Packs: []string{"rare"}}, Hidden: &store.Refs{Packs: []string{"rare"}}},
		"hidden_rules":  {Actions: &store.Refs{But: true, Packs: []string{"rare"}}, Hidden: &store.Refs{Packs: []string{"rare"}}, HiddenRules: []execution.Named{{ID: "x", Name: "examples.rule7"}}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Reader().ListExecutions(b.Context(), q, store.Page{Limit: 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("deep", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Reader().ListExecutions(b.Context(), store.Executions{}, store.Page{Limit: 50, Offset: 10_000}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

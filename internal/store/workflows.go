package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// Workflow is an execution that is carried by a conductor and has begun.
type Workflow struct {
	ID       string // of the execution
	Language string // what its definition is written in
	Version  int64  // counts the steps
	Text     []byte // the definition that it began with
}

// What a message in a workflow's inbox is about.
const (
	AboutChild  = "child"  // Child is in status Body
	AboutPause  = "pause"  // somebody, Body, wants it to pause
	AboutResume = "resume" // … to go on
	AboutCancel = "cancel" // … to stop
	AboutAlarm  = "alarm"  // the time has come that it set the alarm Body for

	// What it leaves for itself, because a transaction should not grow without bound;
	// package conductor writes and reads the bodies.
	AboutMore    = "more"    // it has more to start
	AboutRefused = "refused" // what it wanted to start was refused
	AboutSignal  = "signal"  // its wish to reach all its children, perhaps half done
)

// A Message is something that a workflow has not heard yet.
type Message struct {
	Seq   int64
	About string
	Child string    // the execution that it is about; may be empty
	Ref   string    // what the workflow calls that execution
	At    time.Time // when that execution was over; zero: it is not
	Body  string
}

// InsertWorkflow records that a workflow begins, at version 1.
func (tx *Tx) InsertWorkflow(ctx context.Context, w Workflow) error {
	sum := sha256.Sum256(w.Text)
	digest := hex.EncodeToString(sum[:])
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO workflow_definitions (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`,
		digest, string(w.Text)); err != nil {
		return fmt.Errorf("store the definition of workflow %s: %w", w.ID, err)
	}
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO workflows (execution_id, language, definition, version) VALUES ($1, $2, $3, 1)`,
		w.ID, w.Language, digest); err != nil {
		return fmt.Errorf("insert workflow %s: %w", w.ID, err)
	}
	return nil
}

// StepWorkflow moves a workflow on from a version, and reports false when it is
// at another by now, or is over: somebody else has stepped or ended it.
func (tx *Tx) StepWorkflow(ctx context.Context, id string, version int64) (bool, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `
		UPDATE workflows SET version = version + 1 WHERE execution_id = $1 AND version = $2
			AND EXISTS (SELECT 1 FROM executions WHERE id = $1 AND finished_at = 0)`, id, version))
	if err != nil {
		return false, fmt.Errorf("step workflow %s: %w", id, err)
	}
	return n > 0, nil
}

// PutRows saves what is another in the state of a workflow. Of two rows with the
// same name the later one counts. With secret, they are sealed.
func (tx *Tx) PutRows(ctx context.Context, id string, rows []workflow.Row, secret bool) error {
	for _, r := range rows {
		var err error
		if r.Body == nil {
			_, err = tx.c.Exec(ctx, `
				DELETE FROM workflow_rows WHERE execution_id = $1 AND kind = $2 AND key = $3`, id, r.Kind, r.Key)
		} else {
			body := string(r.Body)
			if secret {
				body = tx.sealed(anyWorkflow, sealedRow, r.Body)
			}
			_, err = tx.c.Exec(ctx, `
				INSERT INTO workflow_rows (execution_id, kind, key, body) VALUES ($1, $2, $3, $4)
				ON CONFLICT (execution_id, kind, key) DO UPDATE SET body = excluded.body`, id, r.Kind, r.Key, body)
		}
		if err != nil {
			return fmt.Errorf("save workflow %s: %w", id, err)
		}
	}
	return nil
}

// CopyRows gives a workflow the state of another one.
func (tx *Tx) CopyRows(ctx context.Context, from, to string) error {
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO workflow_rows (execution_id, kind, key, body)
		SELECT $2, kind, key, body FROM workflow_rows WHERE execution_id = $1`, from, to); err != nil {
		return fmt.Errorf("copy the state of workflow %s: %w", from, err)
	}
	return nil
}

// Workflow returns a workflow that has begun.
func (r Reader) Workflow(ctx context.Context, id string) (Workflow, error) {
	w := Workflow{ID: id}
	var text string
	err := r.c.QueryRow(ctx, `
		SELECT w.language, w.version, d.body FROM workflows w JOIN workflow_definitions d ON d.digest = w.definition
		WHERE w.execution_id = $1`, id).Scan(&w.Language, &w.Version, &text)
	w.Text = []byte(text)
	return w, notFound(err, "workflow %s", id)
}

// WorkflowRows returns the whole state of a workflow.
func (r Reader) WorkflowRows(ctx context.Context, id string) ([]workflow.Row, error) {
	var out []workflow.Row
	for row, err := range r.EachWorkflowRow(ctx, id) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// EachWorkflowRow yields the state of a workflow row by row, ordered by kind and key. It holds a
// connection meanwhile.
func (r Reader) EachWorkflowRow(ctx context.Context, id string) iter.Seq2[workflow.Row, error] {
	return func(yield func(workflow.Row, error) bool) {
		err := r.eachWorkflowRow(ctx, id, func(row workflow.Row) bool { return yield(row, nil) })
		if err != nil {
			yield(workflow.Row{}, fmt.Errorf("state of workflow %s: %w", id, err))
		}
	}
}

func (r Reader) eachWorkflowRow(ctx context.Context, id string, next func(workflow.Row) bool) error {
	rows, err := r.c.Query(ctx, `
		SELECT kind, key, body FROM workflow_rows WHERE execution_id = $1 ORDER BY kind, key`, id)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var row workflow.Row
		var body string
		if err := rows.Scan(&row.Kind, &row.Key, &body); err != nil {
			return err
		}
		if row.Body, err = r.opened(anyWorkflow, sealedRow, []byte(body)); err != nil {
			return err
		}
		if !next(row) {
			return nil
		}
	}
	return rows.Err()
}

// TellWorkflow leaves a message for a workflow.
func (tx *Tx) TellWorkflow(ctx context.Context, id, about, child, body string) error {
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO workflow_inbox (execution_id, kind, child, body) VALUES ($1, $2, $3, $4)`, id, about, child, body); err != nil {
		return fmt.Errorf("tell workflow %s: %w", id, err)
	}
	if !slices.Contains(tx.told, id) {
		tx.told = append(tx.told, id)
	}
	return nil
}

// Told returns the workflows that tx has left messages for: whoever commits it
// rings for them.
func (tx *Tx) Told() []string { return tx.told }

// PutMessage writes another body into a message that waits, which keeps its place,
// and reports false when it is gone.
func (tx *Tx) PutMessage(ctx context.Context, id string, seq int64, body string) (bool, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `
		UPDATE workflow_inbox SET body = $3 WHERE execution_id = $1 AND seq = $2`, id, seq, body))
	if err != nil {
		return false, fmt.Errorf("change a message of workflow %s: %w", id, err)
	}
	return n > 0, nil
}

// Asked reports whether somebody wants a workflow to pause, go on or stop and it
// has not heard that.
func (r Reader) Asked(ctx context.Context, id string) (bool, error) {
	var asked bool
	err := r.c.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM workflow_inbox
			WHERE execution_id = $1 AND kind IN ('pause', 'resume', 'cancel'))`, id).Scan(&asked)
	if err != nil {
		return false, fmt.Errorf("what workflow %s is asked for: %w", id, err)
	}
	return asked, nil
}

// Inbox returns up to limit messages that a workflow has not heard, oldest first.
func (r Reader) Inbox(ctx context.Context, id string, limit int) ([]Message, error) {
	rows, err := r.c.Query(ctx, `
		SELECT i.seq, i.kind, i.child, coalesce(e.task, ''), coalesce(e.finished_at, 0), i.body
		FROM workflow_inbox i LEFT JOIN executions e ON e.id = i.child
		WHERE i.execution_id = $1 ORDER BY i.seq LIMIT $2`, id, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (Message, error) {
		var m Message
		var at int64
		err := rows.Scan(&m.Seq, &m.About, &m.Child, &m.Ref, &at, &m.Body)
		m.At = fromMicros(at)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("inbox of workflow %s: %w", id, err)
	}
	return out, nil
}

// Heard takes the messages from first to last out of an inbox, and reports false
// when they are not n: then there was one among them that Inbox did not see.
func (tx *Tx) Heard(ctx context.Context, id string, first, last int64, n int) (bool, error) {
	got, err := tx.affected(tx.c.Exec(ctx, `
		DELETE FROM workflow_inbox WHERE execution_id = $1 AND seq >= $2 AND seq <= $3`, id, first, last))
	if err != nil {
		return false, fmt.Errorf("empty the inbox of workflow %s: %w", id, err)
	}
	return got == n, nil
}

// Unheard returns up to limit workflows, after the id after, that have messages.
func (r Reader) Unheard(ctx context.Context, after string, limit int) ([]string, error) {
	// The recursion leaps from workflow to workflow, so that many messages of one
	// cost no more than one.
	rows, err := r.c.Query(ctx, `
		WITH RECURSIVE unheard (id) AS (
			SELECT min(execution_id) FROM workflow_inbox WHERE execution_id > $1
			UNION ALL
			SELECT (SELECT min(execution_id) FROM workflow_inbox WHERE execution_id > unheard.id)
			FROM unheard WHERE id IS NOT NULL)
		SELECT id FROM unheard WHERE id IS NOT NULL LIMIT $2`, after, limit)
	return r.ids(rows, err, "workflows with messages")
}

// DueConducted returns up to limit scheduled executions that a conductor should
// begin, those that are due the longest first.
func (r Reader) DueConducted(ctx context.Context, now time.Time, limit int) ([]*execution.Execution, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+` FROM executions WHERE seq IN `+dueSeqs(true)+` ORDER BY seq`, micros(now), limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("workflows that may begin: %w", err)
	}
	return out, nil
}

// LiveChildren returns up to limit executions that a workflow has started and
// that are not over, from behind the place after on, and the place of the last.
func (r Reader) LiveChildren(ctx context.Context, id string, after int64, limit int) ([]*execution.Execution, int64, error) {
	last := after
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+`, seq FROM executions
		WHERE parent = $1 AND parent IS NOT NULL AND finished_at = 0 AND seq > $2 ORDER BY seq LIMIT $3`, id, after, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows, &last) })
	if err != nil {
		return nil, 0, fmt.Errorf("what workflow %s has under way: %w", id, err)
	}
	return out, last, nil
}

// An End is how something ended that a workflow had started.
type End struct {
	Child  string // the execution
	Ref    string // what the workflow calls it
	Status execution.Status
	At     time.Time
}

// Ends returns how all executions ended that a workflow has started.
func (r Reader) Ends(ctx context.Context, id string) ([]End, error) {
	rows, err := r.c.Query(ctx, `
		SELECT id, task, status, finished_at FROM executions
		WHERE parent = $1 AND finished_at > 0 AND task <> '' ORDER BY seq`, id)
	out, err := collect(rows, err, func(rows *sql.Rows) (End, error) {
		var e End
		var at int64
		err := rows.Scan(&e.Child, &e.Ref, &e.Status, &at)
		e.At = fromMicros(at)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("what workflow %s has started: %w", id, err)
	}
	return out, nil
}

// An Alarm is when a workflow wants to be woken.
type Alarm struct {
	Workflow string
	Ref      string
	Due      time.Time
}

// PutAlarm sets an alarm, in place of an earlier one of the same name.
func (tx *Tx) PutAlarm(ctx context.Context, a Alarm) error {
	if _, err := tx.c.Exec(ctx, `
		INSERT INTO workflow_alarms (execution_id, ref, due) VALUES ($1, $2, $3)
		ON CONFLICT (execution_id, ref) DO UPDATE SET due = excluded.due`, a.Workflow, a.Ref, micros(a.Due)); err != nil {
		return fmt.Errorf("set an alarm of workflow %s: %w", a.Workflow, err)
	}
	return nil
}

// RingAlarm turns an alarm into a message, and reports false when it is set for
// another time by now, or is gone.
func (tx *Tx) RingAlarm(ctx context.Context, a Alarm) (bool, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `
		DELETE FROM workflow_alarms WHERE execution_id = $1 AND ref = $2 AND due = $3`, a.Workflow, a.Ref, micros(a.Due)))
	if err != nil {
		return false, fmt.Errorf("ring an alarm of workflow %s: %w", a.Workflow, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.TellWorkflow(ctx, a.Workflow, AboutAlarm, "", a.Ref)
}

// EndAlarm takes back an alarm of a workflow by its name.
func (tx *Tx) EndAlarm(ctx context.Context, id, ref string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM workflow_alarms WHERE execution_id = $1 AND ref = $2`, id, ref); err != nil {
		return fmt.Errorf("end an alarm of workflow %s: %w", id, err)
	}
	return nil
}

// EndAlarms takes back all alarms of a workflow.
func (tx *Tx) EndAlarms(ctx context.Context, id string) error {
	if _, err := tx.c.Exec(ctx, `DELETE FROM workflow_alarms WHERE execution_id = $1`, id); err != nil {
		return fmt.Errorf("end the alarms of workflow %s: %w", id, err)
	}
	return nil
}

// Alarms returns up to limit alarms, those that are due first.
func (r Reader) Alarms(ctx context.Context, limit int) ([]Alarm, error) {
	rows, err := r.c.Query(ctx, `SELECT execution_id, ref, due FROM workflow_alarms ORDER BY due LIMIT $1`, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (Alarm, error) {
		var a Alarm
		var due int64
		err := rows.Scan(&a.Workflow, &a.Ref, &due)
		a.Due = fromMicros(due)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("alarms of workflows: %w", err)
	}
	return out, nil
}

// deleteWorkflow forgets a workflow whose execution is gone, and its definition
// when no other has it.
func (tx *Tx) deleteWorkflow(ctx context.Context, id string) error {
	var definition string
	err := tx.c.QueryRow(ctx, `DELETE FROM workflows WHERE execution_id = $1 RETURNING definition`, id).Scan(&definition)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	for _, query := range []string{
		`DELETE FROM workflow_rows WHERE execution_id = $1`,
		`DELETE FROM workflow_inbox WHERE execution_id = $1`,
		`DELETE FROM workflow_alarms WHERE execution_id = $1`,
	} {
		if err == nil {
			_, err = tx.c.Exec(ctx, query, id)
		}
	}
	if err == nil {
		_, err = tx.c.Exec(ctx, `
			DELETE FROM workflow_definitions
			WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM workflows WHERE definition = $1)`, definition)
	}
	if err != nil {
		return fmt.Errorf("delete workflow %s: %w", id, err)
	}
	return nil
}

func (r Reader) ids(rows *sql.Rows, err error, what string) ([]string, error) {
	out, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var id string
		err := rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

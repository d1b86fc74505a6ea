package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// InsertExecution records a new execution. One that is over and has no
// FinishedAt was over when it was requested.
func (tx *Tx) InsertExecution(ctx context.Context, e *execution.Execution) error {
	ctxJSON, err := e.Context.MarshalJSON() // json.Marshal would do it and read it all again
	if err != nil {
		return fmt.Errorf("write the context of execution %s: %w", e.ID, err)
	}
	rule, instance := "", ""
	if r := e.Context.Rule; r != nil {
		rule = r.Name
	}
	if i := e.Context.TriggerInstance; i != nil {
		instance = i.ID
	}
	finished := e.FinishedAt
	if e.Status.Final() && finished.IsZero() {
		finished = e.CreatedAt // retention and the indexes go by it
	}
	result, err := packResult(e.Result)
	if err != nil {
		return err
	}
	parameters := object(e.Parameters)
	secrets, err := tx.writeSecrets(e.ID, e.Secrets)
	if err != nil {
		return err
	}
	if secrets.Valid {
		parameters = tx.sealed(e.ID, sealedParameters, []byte(parameters))
		result = result.sealed(tx.Reader, e.ID)
	}
	trace := ""
	if e.Parent == "" && instance == "" { // of others it follows from what caused them
		trace = e.Context.TraceContext.Of()
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO executions (id, status, action, runner, user_name, parent, rule, trigger_type,
			trigger_ref, trigger_instance, created_at, not_before, started_at, finished_at, idempotent,
			attempt, worker, log, result_size, context, notify, parameters, result, result_apart, conducted, task, secrets, trace)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
			$25, $26, $27, $28)`,
		e.ID, string(e.Status), e.Action, e.Runner, e.Context.User, null(e.Parent), null(rule), null(e.TriggerType),
		null(e.Trigger), null(instance), micros(e.CreatedAt), micros(e.NotBefore), micros(e.StartedAt), micros(finished),
		e.Idempotent, e.Attempt, null(e.Worker), formatLog(e.Log), len(e.Result), string(ctxJSON), null(string(e.Notify)),
		parameters, result.inline, result.apart != nil, e.Conducted, null(e.Task), secrets, null(trace))
	if err != nil {
		return fmt.Errorf("insert execution %s: %w", e.ID, err)
	}
	if err := tx.putResult(ctx, e.ID, result); err != nil {
		return err
	}
	tx.tally(tallyExecutions, 1)
	if e.Parent == "" {
		tx.tally(tallyRootExecutions, 1)
	}
	if e.Status.Final() && len(e.Notify) > 0 {
		if err := tx.addNotice(ctx, e.ID); err != nil {
			return err
		}
	}
	return tx.change(changedExecution, e.ID, nil, AuditedExecution{Action: e.Action, Parameters: secret.NewMasker(e.Secrets).JSON([]byte(object(e.Parameters)))})
}

// executionColumns are what [Reader.scanExecution] reads: everything but the result.
const executionColumns = `id, status, action, runner, parent, trigger_type, trigger_ref, created_at,
	not_before, started_at, finished_at, idempotent, attempt, worker, log, result_size, context, notify, parameters, conducted, task, secrets`

type scanner interface{ Scan(dest ...any) error }

func (r Reader) scanExecution(row scanner, more ...any) (*execution.Execution, error) {
	var e execution.Execution
	var parent, triggerType, trigger, worker, notify, task, secrets sql.NullString
	var created, notBefore, started, finished int64
	var log, ctxJSON, params string
	dest := append([]any{
		&e.ID, &e.Status, &e.Action, &e.Runner, &parent, &triggerType, &trigger, &created, &notBefore, &started,
		&finished, &e.Idempotent, &e.Attempt, &worker, &log, &e.ResultSize, &ctxJSON, &notify, &params,
		&e.Conducted, &task, &secrets,
	}, more...)
	if err := row.Scan(dest...); err != nil {
		return nil, err
	}
	e.Parent, e.TriggerType, e.Trigger = parent.String, triggerType.String, trigger.String
	e.Worker, e.Task = worker.String, task.String
	e.CreatedAt, e.NotBefore, e.StartedAt, e.FinishedAt = fromMicros(created), fromMicros(notBefore), fromMicros(started), fromMicros(finished)
	e.Log, e.Parameters = parseLog(log), json.RawMessage(params)
	if secrets.Valid {
		var err error
		if e.Secrets, err = r.readSecrets(e.ID, secrets); err != nil {
			return nil, err
		}
		if e.Parameters, err = r.opened(e.ID, sealedParameters, e.Parameters); err != nil {
			return nil, err
		}
	}
	if notify.Valid {
		e.Notify = json.RawMessage(notify.String)
	}
	if err := e.Context.UnmarshalJSON([]byte(ctxJSON)); err != nil {
		return nil, fmt.Errorf("read the context of execution %s: %w", e.ID, err)
	}
	return &e, nil
}

// Execution returns one execution without its result.
func (r Reader) Execution(ctx context.Context, id string) (*execution.Execution, error) {
	e, err := r.scanExecution(r.c.QueryRow(ctx, `SELECT `+executionColumns+` FROM executions WHERE id = $1`, id))
	return e, notFound(err, "execution %s", id)
}

// LastExecution returns the execution that was requested last.
func (r Reader) LastExecution(ctx context.Context) (*execution.Execution, error) {
	e, err := r.scanExecution(r.c.QueryRow(ctx, `
		SELECT `+executionColumns+` FROM executions ORDER BY created_at DESC, seq DESC LIMIT 1`))
	return e, notFound(err, "last execution")
}

// childrenRead is how many children are read at a time.
const childrenRead = 200

// Children returns the executions whose parent is id, in the order of their birth.
func (r Reader) Children(ctx context.Context, id string) ([]*execution.Execution, error) {
	var out []*execution.Execution
	for e, err := range r.EachChild(ctx, id) {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// EachChild yields what [Reader.Children] returns. It reads some of them at a time, so that very
// many take no more memory than a few, and what is born meanwhile may be among them.
func (r Reader) EachChild(ctx context.Context, id string) iter.Seq2[*execution.Execution, error] {
	return func(yield func(*execution.Execution, error) bool) {
		var created, seq int64
		for {
			rows, err := r.c.Query(ctx, `
				SELECT `+executionColumns+`, seq FROM executions
				WHERE parent = $1 AND (created_at, seq) > ($2, $3) ORDER BY created_at, seq LIMIT $4`, id, created, seq, childrenRead)
			some, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows, &seq) })
			if err != nil {
				yield(nil, fmt.Errorf("children of execution %s: %w", id, err))
				return
			}
			for _, e := range some {
				created = micros(e.CreatedAt)
				if !yield(e, nil) {
					return
				}
			}
			if len(some) < childrenRead {
				return
			}
		}
	}
}

// ChildIDs returns the ids of the children of executions, by parent, in the order of
// their birth.
func (r Reader) ChildIDs(ctx context.Context, parents []string) (map[string][]string, error) {
	out := map[string][]string{}
	for some := range slices.Chunk(parents, 500) {
		w := &where{}
		w.among("parent", some)
		rows, err := r.c.Query(ctx, `SELECT parent, id FROM executions`+w.ordered("parent, created_at, seq", Page{Limit: -1, Asc: true}), w.args...)
		_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
			var parent, id string
			err := rows.Scan(&parent, &id)
			out[parent] = append(out[parent], id)
			return struct{}{}, err
		})
		if err != nil {
			return nil, fmt.Errorf("children of executions: %w", err)
		}
	}
	return out, nil
}

// A Change moves an execution on. Its zero fields leave what is there.
type Change struct {
	ID string
	// From are the statuses that the change is good for, at least one, and
	// Attempt the claim, 0 for any. When the execution is elsewhere by now,
	// nothing is changed. A final status is never left, whatever From says.
	From    []execution.Status
	Attempt int

	To        execution.Status
	At        time.Time // required
	NotBefore time.Time
	Context   *execution.Context
	Result    json.RawMessage // of a final status, or of what waits for somebody
	Secret    bool            // the result may have secrets in it, and is sealed
	Expires   time.Time       // until when a pending execution waits; see [Reader.Expired]

	// Closed says that what follows from a final status is recorded with it. Of
	// other ends there is a notice, so that it can be made up for.
	Closed bool

	packed *packed
}

// Pack compresses the result if it is large. Who does it before the transaction spares
// others the wait; [Tx.ChangeExecution] does what was not done.
func (c *Change) Pack() error {
	if c.packed != nil {
		return nil
	}
	var err error
	c.packed, err = packResult(c.Result)
	return err
}

// ChangeExecution carries out c, and reports false when the execution was not
// where c expects it. What is to run again, or waits for somebody, leaves the hands
// of its worker. The workflow that started the execution finds a message when it
// is for it to know. Ends that somebody is to be told of, and those that are not
// [Change.Closed], are among the [Reader.Notices].
func (tx *Tx) ChangeExecution(ctx context.Context, c Change) (bool, error) {
	if len(c.From) == 0 {
		return false, fmt.Errorf("change execution %s to %s: no status to change from", c.ID, c.To)
	}
	if c.At.IsZero() {
		return false, fmt.Errorf("change execution %s to %s: no time", c.ID, c.To)
	}
	if err := c.Pack(); err != nil {
		return false, err
	}
	result := c.packed
	if c.Secret {
		result = result.sealed(tx.Reader, c.ID)
	}
	var ctxJSON sql.NullString
	if c.Context != nil {
		b, err := c.Context.MarshalJSON()
		if err != nil {
			return false, fmt.Errorf("write the context of execution %s: %w", c.ID, err)
		}
		ctxJSON = null(string(b))
	}
	from := slices.DeleteFunc(slices.Clone(c.From), execution.Status.Final)
	if len(from) == 0 {
		return false, nil
	}
	free := c.To == execution.Requested || c.To == execution.Delayed || c.To == execution.Scheduled || c.To == execution.Pending
	var finished int64
	if c.To.Final() {
		finished = micros(c.At)
	}
	args := []any{
		c.ID, string(c.To), logEntry(c.To, c.At), finished, micros(c.NotBefore), ctxJSON, result.inline, result.size,
		result.apart != nil, c.Attempt, free, micros(c.Expires), micros(c.At),
	}
	var parent, task sql.NullString
	var notify bool
	err := tx.c.QueryRow(ctx, `
		UPDATE executions SET status = $2, log = log || $3, finished_at = $4,
			started_at = CASE WHEN started_at = 0 AND $2 = 'running' THEN $13 ELSE started_at END,
			not_before = CASE WHEN $5 > 0 THEN $5 ELSE not_before END,
			context = coalesce($6, context),
			result = CASE WHEN $8 > 0 THEN $7 ELSE result END,
			result_size = CASE WHEN $8 > 0 THEN $8 ELSE result_size END,
			result_apart = CASE WHEN $8 > 0 THEN $9 ELSE result_apart END,
			worker = CASE WHEN $11 THEN NULL ELSE worker END,
			expires_at = CASE WHEN $12 > 0 THEN $12 ELSE expires_at END
		WHERE id = $1 AND ($10 = 0 OR attempt = $10) AND `+statusIs(from)+`
		RETURNING parent, task, notify IS NOT NULL`, args...).Scan(&parent, &task, &notify)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("change execution %s to %s: %w", c.ID, c.To, err)
	}
	if err := tx.putResult(ctx, c.ID, result); err != nil {
		return true, err
	}
	if err := tx.change(changedExecution, c.ID, AuditedExecution{Status: c.From[0]}, AuditedExecution{Status: c.To}); err != nil {
		return true, err
	}
	if c.To.Final() && (notify || !c.Closed) {
		if err := tx.addNotice(ctx, c.ID); err != nil {
			return true, err
		}
	}
	if task.Valid && c.To.Told() {
		return true, tx.TellWorkflow(ctx, parent.String, AboutChild, c.ID, string(c.To))
	}
	return true, nil
}

// Claim gives the caller up to n scheduled executions whose time has come, those
// that are due the longest and in that order, as running with a new attempt.
// What is not due stays. A worker whose lease is over gets nothing.
func (tx *Tx) Claim(ctx context.Context, worker string, n int, now time.Time) ([]*execution.Execution, error) {
	// One writer makes this exact in SQLite. PostgreSQL adds FOR UPDATE SKIP LOCKED.
	rows, err := tx.c.Query(ctx, `
		UPDATE executions SET status = 'running', worker = $3, attempt = attempt + 1, started_at = $1, log = log || $4
		WHERE seq IN `+dueSeqs(false)+` AND EXISTS (SELECT 1 FROM workers WHERE id = $3 AND lease_until >= $1)
		RETURNING `+executionColumns,
		micros(now), n, worker, logEntry(execution.Running, now))
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return tx.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("claim executions: %w", err)
	}
	// No database says in which order it returns what it has updated.
	slices.SortStableFunc(out, func(a, b *execution.Execution) int { return due(a).Compare(due(b)) })
	return out, nil
}

// due is since when an execution may run.
func due(e *execution.Execution) time.Time {
	if !e.NotBefore.IsZero() {
		return e.NotBefore
	}
	return e.CreatedAt
}

// dueSeqs is the text of a query for the seqs of the $2 scheduled executions
// that are due the longest at $1. Each of its parts reads the first few entries
// of executions_due, so it costs the same however many wait. What may run at
// once and what had to wait are parts of their own: in one order by not_before,
// the first would always go before the second. With conducted, it is about what
// conductors begin, else about what workers claim.
func dueSeqs(conducted bool) string {
	if conducted {
		return dueConducted
	}
	return dueForWorkers
}

const (
	dueForWorkers = `(
	SELECT seq FROM (
		SELECT * FROM (SELECT seq, created_at AS due FROM executions
			WHERE status = 'scheduled' AND conducted = 0 AND not_before = 0
			ORDER BY seq LIMIT $2) AS at_once
		UNION ALL
		SELECT * FROM (SELECT seq, not_before AS due FROM executions
			WHERE status = 'scheduled' AND conducted = 0 AND not_before > 0 AND not_before <= $1
			ORDER BY not_before, seq LIMIT $2) AS later
	) AS due ORDER BY due, seq LIMIT $2)`
	dueConducted = `(
	SELECT seq FROM (
		SELECT * FROM (SELECT seq, created_at AS due FROM executions
			WHERE status = 'scheduled' AND conducted = 1 AND not_before = 0
			ORDER BY seq LIMIT $2) AS at_once
		UNION ALL
		SELECT * FROM (SELECT seq, not_before AS due FROM executions
			WHERE status = 'scheduled' AND conducted = 1 AND not_before > 0 AND not_before <= $1
			ORDER BY not_before, seq LIMIT $2) AS later
	) AS due ORDER BY due, seq LIMIT $2)`
)

// NextDue returns when the first requested, delayed or scheduled execution that
// is not due at now will be; zero when there is none.
func (r Reader) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	var at sql.NullInt64
	// Each part is one look into executions_due.
	err := r.c.QueryRow(ctx, `
		SELECT min(at) FROM (
			SELECT min(not_before) AS at FROM executions WHERE status = 'scheduled' AND conducted = 0 AND not_before > $1
			UNION ALL
			SELECT min(not_before) AS at FROM executions WHERE status = 'scheduled' AND conducted = 1 AND not_before > $1
			UNION ALL
			SELECT min(not_before) AS at FROM executions WHERE status = 'delayed' AND conducted = 0 AND not_before > $1
			UNION ALL
			SELECT min(not_before) AS at FROM executions WHERE status = 'delayed' AND conducted = 1 AND not_before > $1
			UNION ALL
			SELECT min(not_before) AS at FROM executions WHERE status = 'requested' AND conducted = 0 AND not_before > $1
			UNION ALL
			SELECT min(not_before) AS at FROM executions WHERE status = 'requested' AND conducted = 1 AND not_before > $1
		) AS next`, micros(now)).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("next due execution: %w", err)
	}
	return fromMicros(at.Int64), nil
}

// waitingCond is the condition of the index of what waits for policies, which
// the database wants to see literally before it uses it.
const waitingCond = `finished_at = 0 AND status <> 'scheduled' AND status <> 'running' AND status <> 'canceling'
	AND status <> 'pending' AND status <> 'pausing' AND status <> 'paused' AND status <> 'resuming'`

// Waiting returns up to limit executions of an action that wait for its
// policies and are due at now, oldest first, from behind the place after on, and
// the place of the last of them. With fresh, only those that have not been asked
// about before.
func (r Reader) Waiting(ctx context.Context, action string, fresh bool, after int64, now time.Time, limit int) ([]*execution.Execution, int64, error) {
	// For each status apart, so that each part is the beginning of a range of
	// executions_waiting: fresh ones are found without a look at the others.
	const part = `SELECT * FROM (SELECT seq FROM executions
		WHERE ` + waitingCond + ` AND status = '%[1]s' AND action = $1 AND seq > $2 AND not_before <= $3
		ORDER BY seq LIMIT $4) AS %[1]s`
	seqs := fmt.Sprintf(part, execution.Requested)
	if !fresh {
		seqs += ` UNION ALL ` + fmt.Sprintf(part, execution.Delayed)
	}
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+`, seq FROM executions WHERE seq IN (`+seqs+`)
		ORDER BY seq LIMIT $4`, action, after, micros(now), limit)
	last := after
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows, &last) })
	if err != nil {
		return nil, 0, fmt.Errorf("executions of %s that wait: %w", action, err)
	}
	return out, last, nil
}

// WaitingBut returns up to limit executions of other actions than these that
// wait for policies and are due at now, oldest first.
func (r Reader) WaitingBut(ctx context.Context, actions []string, now time.Time, limit int) ([]*execution.Execution, error) {
	w := &where{args: []any{micros(now), limit}, conds: []string{"action IS NOT NULL"}}
	w.notAmong("action", actions)
	// The recursion leaps from action to action in executions_waiting, so that
	// it costs little when many wait that are none of these.
	rows, err := r.c.Query(ctx, `
		WITH RECURSIVE waiting (action) AS (
			SELECT min(action) FROM executions WHERE `+waitingCond+`
			UNION ALL
			SELECT (SELECT min(action) FROM executions WHERE `+waitingCond+` AND action > waiting.action)
			FROM waiting WHERE action IS NOT NULL)
		SELECT `+executionColumns+` FROM executions
		WHERE `+waitingCond+` AND not_before <= $1 AND action IN (SELECT action FROM waiting`+w.String()+`)
		ORDER BY seq LIMIT $2`, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("executions that wait: %w", err)
	}
	return out, nil
}

// Occupying returns the executions of an action that count against its limits:
// those that may run or do.
func (r Reader) Occupying(ctx context.Context, action string) ([]*execution.Execution, error) {
	rows, err := r.c.Query(ctx, `
		SELECT `+executionColumns+` FROM executions
		WHERE action = $1 AND finished_at = 0 AND status <> 'requested' AND status <> 'delayed' -- as executions_occupying has it
		ORDER BY seq`, action)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, fmt.Errorf("executions of %s that run: %w", action, err)
	}
	return out, nil
}

// statusIs is the condition that the status is one of some. They are constants
// of ours, so the text has few variants and nothing of a user's in it. SQLite
// would make a temporary table for a longer IN.
func statusIs(statuses []execution.Status) string {
	conds := make([]string, len(statuses))
	for i, s := range statuses {
		conds[i] = "status = '" + string(s) + "'"
	}
	return "(" + strings.Join(conds, " OR ") + ")"
}

// The log is kept as "status:micros," for each entry, so that a change appends
// to it without reading it.
func logEntry(s execution.Status, at time.Time) string {
	return string(s) + ":" + strconv.FormatInt(micros(at), 10) + ","
}

func formatLog(log []execution.LogEntry) string {
	var b strings.Builder
	for _, l := range log {
		b.WriteString(logEntry(l.Status, l.At))
	}
	return b.String()
}

func parseLog(s string) []execution.LogEntry {
	out := make([]execution.LogEntry, 0, strings.Count(s, ","))
	for part := range strings.SplitSeq(s, ",") {
		status, at, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		n, _ := strconv.ParseInt(at, 10, 64) // written by logEntry, so it is a number
		out = append(out, execution.LogEntry{Status: execution.Status(status), At: fromMicros(n)})
	}
	return out
}

// object is the JSON of an object that may be absent.
func object(b json.RawMessage) string {
	if len(b) == 0 {
		return "{}"
	}
	return string(b)
}

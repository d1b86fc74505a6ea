package sqlite_test

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// explained is a database that notes how each statement finds its rows.
type explained struct {
	*sqlite.DB
	plans []string
}

func (e *explained) Write(ctx context.Context, f func(store.Conn) error) error {
	return e.DB.Write(ctx, func(c store.Conn) error { return f(explainedConn{c, e}) })
}

func (e *explained) Read() store.Conn { return explainedConn{e.DB.Read(), e} }

type explainedConn struct {
	store.Conn
	e *explained
}

func (c explainedConn) explain(ctx context.Context, query string, args []any) {
	rows, err := c.Conn.Query(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		c.e.plans = append(c.e.plans, "can't explain: "+err.Error())
		return
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			step = "can't explain: " + err.Error()
		}
		c.e.plans = append(c.e.plans, step)
	}
	if err := rows.Err(); err != nil {
		c.e.plans = append(c.e.plans, "can't explain: "+err.Error())
	}
}

func (c explainedConn) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	c.explain(ctx, query, args)
	return c.Conn.Exec(ctx, query, args...)
}

func (c explainedConn) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.explain(ctx, query, args)
	return c.Conn.Query(ctx, query, args...)
}

func (c explainedConn) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	c.explain(ctx, query, args)
	return c.Conn.QueryRow(ctx, query, args...)
}

// TestPlans holds that what is asked often, or by anybody, costs no look at
// every row, however many there are.
func TestPlans(t *testing.T) {
	d := &explained{DB: open(t, t.TempDir())}
	s := store.New(d)
	ctx, now := t.Context(), time.Now()
	page := store.Page{Limit: 50}
	read := func(f func(r store.Reader) error) func() error { return func() error { return f(s.Reader()) } }
	write := func(f func(tx *store.Tx) error) func() error {
		return func() error { return s.Write(ctx, f) }
	}
	list := func(q store.Executions) func() error {
		return read(func(r store.Reader) error {
			_, _, err := r.ListExecutions(ctx, q, page)
			return err
		})
	}
	events := func(q store.Instances) func() error {
		return read(func(r store.Reader) error {
			_, _, err := r.ListInstances(ctx, q, page)
			return err
		})
	}
	enforcements := func(q store.Enforcements) func() error {
		return read(func(r store.Reader) error {
			_, _, err := r.ListEnforcements(ctx, q, page)
			return err
		})
	}
	failed := []execution.Status{execution.Failed}

	tests := map[string]struct {
		do     func() error
		index  string // that leads to the rows
		walk   bool   // from its one end, for a page of rows
		others string // an index of another table that is walked as well
		sort   bool   // what was found: little
	}{
		"claim":           {do: write(func(tx *store.Tx) error { _, err := tx.Claim(ctx, "w", 9, now); return err }), index: "executions_due", sort: true},
		"waiting":         {do: read(func(r store.Reader) error { _, _, err := r.Waiting(ctx, "a.b", false, 0, now, 9); return err }), index: "executions_waiting"},
		"fresh":           {do: read(func(r store.Reader) error { _, _, err := r.Waiting(ctx, "a.b", true, 0, now, 9); return err }), index: "executions_waiting"},
		"waiting but":     {do: read(func(r store.Reader) error { _, err := r.WaitingBut(ctx, []string{"a.b"}, now, 9); return err }), index: "executions_waiting", sort: true},
		"occupying":       {do: read(func(r store.Reader) error { _, err := r.Occupying(ctx, "a.b"); return err }), index: "executions_occupying"},
		"next due":        {do: read(func(r store.Reader) error { _, err := r.NextDue(ctx, now); return err }), index: "executions_due"},
		"orphans":         {do: read(func(r store.Reader) error { _, err := r.Orphans(ctx, 9); return err }), index: "executions_status", sort: true},
		"late workers":    {do: read(func(r store.Reader) error { _, err := r.LateWorkers(ctx, now); return err })},
		"canceling":       {do: read(func(r store.Reader) error { _, err := r.Canceling(ctx, "w"); return err }), index: "executions_status"},
		"last":            {do: read(func(r store.Reader) error { _, _ = r.LastExecution(ctx); return nil }), index: "executions_created", walk: true},
		"children":        {do: read(func(r store.Reader) error { _, err := r.Children(ctx, "x"); return err }), index: "executions_parent"},
		"facets":          {do: read(func(r store.Reader) error { _, err := r.ExecutionFacets(ctx, "action", store.Executions{}); return err }), index: "executions_created", walk: true, sort: true},
		"expired":         {do: read(func(r store.Reader) error { _, err := r.Expired(ctx, now, 9); return err }), index: "executions_expiring"},
		"output":          {do: read(func(r store.Reader) error { _, err := r.Output(ctx, "x", "", 3, 9); return err }), index: "execution_output_execution"},
		"event by key":    {do: read(func(r store.Reader) error { _, _ = r.InstanceByKey(ctx, "x", "y"); return nil }), index: "trigger_instances_key"},
		"delete finished": {do: write(func(tx *store.Tx) error { _, err := tx.DeleteFinishedBefore(ctx, now, 9); return err }), index: "executions_created"},
		"delete events":   {do: write(func(tx *store.Tx) error { _, err := tx.DeleteEventsBefore(ctx, now, 9); return err }), index: "_time"},
		"delete output":   {do: write(func(tx *store.Tx) error { _, err := tx.DeleteOutputBefore(ctx, now, 9); return err }), index: "execution_output_time"},
		"delete expired":  {do: write(func(tx *store.Tx) error { _, err := tx.DeleteExpired(ctx, now, 9); return err })},
		"change": {do: write(func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(ctx, store.Change{ID: "x", From: execution.Statuses(), To: execution.Failed, At: now})
			return err
		}), index: "executions_id"},

		"due workflows": {do: read(func(r store.Reader) error { _, err := r.DueConducted(ctx, now, 9); return err }), index: "executions_due", sort: true},
		"live children": {do: read(func(r store.Reader) error { _, _, err := r.LiveChildren(ctx, "x", 3, 9); return err }), index: "executions_live"},
		"inbox":         {do: read(func(r store.Reader) error { _, err := r.Inbox(ctx, "x", 9); return err }), index: "workflow_inbox_workflow"},
		"unheard":       {do: read(func(r store.Reader) error { _, err := r.Unheard(ctx, "x", 9); return err }), index: "workflow_inbox_workflow"},
		"asked":         {do: read(func(r store.Reader) error { _, err := r.Asked(ctx, "x"); return err }), index: "workflow_inbox_workflow"},
		"alarms":        {do: read(func(r store.Reader) error { _, err := r.Alarms(ctx, 9); return err }), index: "workflow_alarms_due", walk: true},
		"heard":         {do: write(func(tx *store.Tx) error { _, err := tx.Heard(ctx, "x", 1, 9, 3); return err })},

		"list all":                 {do: list(store.Executions{}), index: "executions_created", walk: true},
		"list ids":                 {do: list(store.Executions{IDs: []string{"a", "b"}}), index: "executions_id", sort: true},
		"list running":             {do: list(store.Executions{Status: []execution.Status{execution.Running}}), index: "executions_status"},
		"list failed":              {do: list(store.Executions{Status: failed}), index: "executions_status"},
		"list succeeded":           {do: list(store.Executions{Status: []execution.Status{execution.Succeeded}}), index: "executions_status"},
		"list action":              {do: list(store.Executions{Action: "a.b"}), index: "executions_action"},
		"list action, failed":      {do: list(store.Executions{Action: "a.b", Status: failed}), index: "executions_status"},
		"list action, succeeded":   {do: list(store.Executions{Action: "a.b", Status: []execution.Status{execution.Succeeded}}), index: "executions_action"},
		"list action, time":        {do: list(store.Executions{Action: "a.b", After: now, Before: now}), index: "executions_action"},
		"list failed, time":        {do: list(store.Executions{Status: failed, After: now, Before: now}), index: "executions_status"},
		"list root":                {do: list(store.Executions{Root: true}), index: "executions_created", walk: true},
		"list root, action":        {do: list(store.Executions{Root: true, Action: "a.b"}), index: "executions_action"},
		"list root, time":          {do: list(store.Executions{Root: true, After: now}), index: "executions_created"},
		"list parent":              {do: list(store.Executions{Parent: "a"}), index: "executions_parent"},
		"list user":                {do: list(store.Executions{User: "a"}), index: "executions_user"},
		"list user, succeeded":     {do: list(store.Executions{User: "a", Status: []execution.Status{execution.Succeeded}}), index: "executions_user"},
		"list user, failed":        {do: list(store.Executions{User: "a", Status: failed}), index: "executions_status"},
		"list user, action":        {do: list(store.Executions{User: "a", Action: "a.b"}), index: "executions_action"},
		"list user, runner":        {do: list(store.Executions{User: "a", Runner: "b"}), index: "executions_user"},
		"list user, seen":          {do: list(store.Executions{User: "a", Actions: &store.Refs{But: true, Packs: []string{"b"}}}), index: "executions_user"},
		"list user, root":          {do: list(store.Executions{User: "a", Root: true}), index: "executions_user"},
		"list user, parent":        {do: list(store.Executions{User: "a", Parent: "b"}), index: "executions_parent"},
		"list runner":              {do: list(store.Executions{Runner: "a"}), index: "executions_runner"},
		"list runner, rule":        {do: list(store.Executions{Runner: "a", Rule: "b"}), index: "executions_rule"},
		"list trigger":             {do: list(store.Executions{Trigger: "a"}), index: "executions_trigger "},
		"list trigger type":        {do: list(store.Executions{TriggerType: "a"}), index: "executions_trigger_type"},
		"list trigger type, time":  {do: list(store.Executions{TriggerType: "a", After: now}), index: "executions_trigger_type"},
		"list trigger, of a type":  {do: list(store.Executions{Trigger: "a", TriggerType: "b"}), index: "executions_trigger "},
		"list rule":                {do: list(store.Executions{Rule: "a"}), index: "executions_rule"},
		"list event":               {do: list(store.Executions{TriggerInstance: "a"}), index: "executions_instance", sort: true},
		"list time":                {do: list(store.Executions{After: now, Before: now}), index: "executions_created"},
		"list at":                  {do: list(store.Executions{At: now}), index: "executions_created"},
		"list pack":                {do: list(store.Executions{Pack: "a"}), index: "executions_action", sort: true},
		"list events":              {do: events(store.Instances{}), index: "trigger_instances_time", walk: true},
		"list events of one":       {do: events(store.Instances{Triggers: []string{"a"}}), index: "trigger_instances_trigger"},
		"list events of two":       {do: events(store.Instances{Triggers: []string{"a", "b"}}), index: "trigger_instances_trigger", sort: true},
		"list enforcements":        {do: enforcements(store.Enforcements{}), index: "rule_enforcements_time", walk: true},
		"list enforcements, rule":  {do: enforcements(store.Enforcements{RuleRef: "a"}), index: "rule_enforcements_rule"},
		"list enforcements, event": {do: enforcements(store.Enforcements{Instance: "a"}), index: "rule_enforcements_instance", sort: true},
		"latest events of one":     {do: read(func(r store.Reader) error { _, err := r.LatestInstances(ctx, "a", now, 9); return err }), index: "trigger_instances_trigger"},
		"enforcements of events":   {do: read(func(r store.Reader) error { _, err := r.EnforcementsOf(ctx, []string{"a", "b"}); return err }), index: "rule_enforcements_instance", sort: true},
		"audit, refused": {
			do: read(func(r store.Reader) error {
				_, err := r.Audit(ctx, store.AuditQuery{Outcome: audit.Refused, Newest: true, Limit: 9})
				return err
			}),
			index: "audit_outcome",
		},

		"trace's beginning": {do: read(func(r store.Reader) error { _, _ = r.BeginningOf(ctx, "x"); return nil }), index: "executions_id"},
		"list traces": {
			do:    read(func(r store.Reader) error { _, _, err := r.ListTraces(ctx, store.Traces{}, page); return err }),
			index: "executions_first", walk: true, others: "trigger_instances_time",
		},
		"list traces, ids": {
			do: read(func(r store.Reader) error {
				_, _, err := r.ListTraces(ctx, store.Traces{IDs: []string{"a", "b"}}, page)
				return err
			}),
			index: "executions_id", sort: true,
		},

		// These walk an index, which has the column, and look at rows that they list only.
		"list events of a status":    {do: events(store.Instances{Status: trigger.Processed}), index: "trigger_instances_time", walk: true},
		"list enforcements, rule id": {do: enforcements(store.Enforcements{RuleID: "a"}), index: "rule_enforcements_time", walk: true},
	}
	table := regexp.MustCompile(`^(SCAN|SEARCH) (executions|trigger_instances|rule_enforcements|execution_output|tokens|keys|workflow\w*)\b`)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d.plans = nil
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			if len(d.plans) == 0 {
				t.Fatal("nothing was explained")
			}
			used := tt.index == ""
			for _, step := range d.plans {
				used = used || strings.Contains(step, "INDEX "+tt.index) || strings.HasPrefix(tt.index, "_") && strings.Contains(step, tt.index+" ")
				switch m := table.FindStringSubmatch(step); {
				case strings.HasPrefix(step, "can't"):
					t.Error(step)
				case m != nil && m[1] == "SCAN" && (!tt.walk || !strings.Contains(step, "INDEX "+tt.index) && !strings.Contains(step, "COVERING") && (tt.others == "" || !strings.Contains(step, "INDEX "+tt.others))):
					t.Errorf("looks at every row: %s", step)
				case strings.Contains(step, "TEMP B-TREE") && !tt.sort:
					t.Errorf("sorts: %s", step)
				}
			}
			if !used {
				t.Errorf("does not use %s", tt.index)
			}
			if t.Failed() {
				t.Log("\n" + strings.Join(d.plans, "\n"))
			}
		})
	}
}

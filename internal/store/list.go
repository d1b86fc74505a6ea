package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// counted bounds how many rows a list counts to say how many there are in all.
// Beyond it, the count says "at least".
const counted = 10_000

// Page says which part of a list is wanted.
type Page struct {
	Limit  int // rows; less than 0: all
	Offset int
	Asc    bool // oldest first; default newest first
}

// Total is how many rows a list has in all.
type Total struct {
	N       int
	AtLeast bool // there may be more: counting stopped
}

// Executions says which executions are wanted. A zero field wants all.
type Executions struct {
	IDs             []string
	Status          []execution.Status
	Action          string
	Pack            string
	Runner          string
	User            string
	Parent          string
	Root            bool // only those without a parent
	Rule            string
	Trigger         string
	TriggerType     string
	TriggerInstance string
	After, Before   time.Time // by the time of request, both exclusive
	At              time.Time

	Actions *Refs // only of these
	// Hidden leaves out those of these actions, and all that is a part of such a one,
	// however deep.
	Hidden *Refs
	// HiddenRules are rules: what they have started is left out in the same way.
	HiddenRules []execution.Named
}

// Refs is a set of references.
type Refs struct {
	But   bool // it is all others than what follows
	Refs  []string
	Packs []string // whose references are all in it
}

// None reports whether there is nothing in the set.
func (r *Refs) None() bool { return r != nil && !r.But && len(r.Refs) == 0 && len(r.Packs) == 0 }

// where collects conditions and their arguments.
type where struct {
	conds []string
	args  []any
}

// add adds a condition in which ? stands for arg.
func (w *where) add(cond string, arg any) {
	w.args = append(w.args, arg)
	w.conds = append(w.conds, strings.ReplaceAll(cond, "?", "$"+strconv.Itoa(len(w.args))))
}

func (w *where) text(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

func (w *where) among(column string, values []string) {
	if len(values) == 1 {
		w.text(column, values[0]) // SQLite sorts after IN, also of one
		return
	}
	w.list(column+" IN (", values)
}

func (w *where) notAmong(column string, values []string) { w.list(column+" NOT IN (", values) }

func (w *where) list(head string, values []string) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		w.args = append(w.args, v)
		marks[i] = "$" + strconv.Itoa(len(w.args))
	}
	w.conds = append(w.conds, head+strings.Join(marks, ", ")+")")
}

// within adds that a reference is in a set; nil is all.
func (w *where) within(column string, r *Refs) {
	if cond := w.in(column, r); cond != "" {
		w.conds = append(w.conds, cond)
	}
}

// in returns the condition that a reference is in a set; none for all.
func (w *where) in(column string, r *Refs) string {
	switch {
	case r.None():
		return "1 = 0"
	case r == nil, len(r.Refs) == 0 && len(r.Packs) == 0:
		return ""
	}
	all := &where{args: w.args}
	all.list(column+" IN (", r.Refs)
	for _, pack := range r.Packs {
		all.args = append(all.args, pack+".", pack+"/") // what is between begins with the first
		n := len(all.args)
		all.conds = append(all.conds, fmt.Sprintf("%s >= $%d AND %[1]s < $%[3]d", column, n-1, n))
	}
	w.args = all.args
	cond := "(" + strings.Join(all.conds, " OR ") + ")"
	if r.But {
		return "NOT " + cond
	}
	return cond
}

// apart adds that an execution is none of those that q hides, nor a part of one.
func (w *where) apart(q Executions) {
	hidden := func(table string) string {
		var conds []string
		if q.Hidden != nil {
			conds = append(conds, w.in(table+".action", q.Hidden))
		}
		if len(q.HiddenRules) > 0 {
			names, ids := make([]string, len(q.HiddenRules)), make([]string, len(q.HiddenRules))
			for i, r := range q.HiddenRules {
				names[i], ids[i] = r.Name, r.ID
			}
			of := &where{args: w.args}
			of.list(table+".rule IN (", names) // which has a column, and rules out most
			of.list(table+".context -> 'rule' ->> 'id' IN (", ids)
			w.args = of.args
			conds = append(conds, strings.Join(of.conds, " AND "))
		}
		return strings.Join(conds, " OR ")
	}
	if q.Hidden == nil && len(q.HiddenRules) == 0 {
		return
	}
	w.conds = append(w.conds, "NOT coalesce("+hidden("executions")+", 1 = 0)", `(executions.parent IS NULL OR NOT EXISTS (
		WITH RECURSIVE up (id) AS (
			SELECT executions.parent
			UNION
			SELECT e.parent FROM executions AS e JOIN up ON e.id = up.id WHERE e.parent IS NOT NULL)
		SELECT 1 FROM executions AS e JOIN up ON e.id = up.id WHERE `+hidden("e")+`))`)
}

func (w *where) between(column string, after, before time.Time) {
	if !after.IsZero() {
		w.add(column+" > ?", micros(after))
	}
	if !before.IsZero() {
		w.add(column+" < ?", micros(before))
	}
}

func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// page adds order and bounds.
func (w *where) page(column string, p Page) string {
	dir := " DESC"
	if p.Asc {
		dir = ""
	}
	return w.ordered(column+dir+", seq"+dir, p)
}

// ordered adds an order and bounds.
func (w *where) ordered(by string, p Page) string {
	limit := int64(p.Limit)
	if limit < 0 {
		limit = math.MaxInt64 // what both databases take for all
	}
	text := w.String()
	w.args = append(w.args, limit, p.Offset)
	n := len(w.args)
	return fmt.Sprintf("%s ORDER BY %s LIMIT $%d OFFSET $%d", text, by, n-1, n)
}

// count counts the rows of a table, up to the bound.
func (r Reader) count(ctx context.Context, table string, w *where) (Total, error) {
	var n int
	err := r.c.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM `+table+w.String()+` LIMIT `+
		strconv.Itoa(counted+1)+`) AS some`, w.args...).Scan(&n)
	if err != nil {
		return Total{}, fmt.Errorf("count %s: %w", table, err)
	}
	if n > counted {
		return Total{counted, true}, nil
	}
	return Total{N: n}, nil
}

// unindexed is a column whose index is not to be used.
func unindexed(column string) string { return "coalesce(" + column + ", '')" }

// A comparison is of a column with a value; of an empty one it is none.
type comparison struct{ column, value string }

// broadly are the comparisons of q that much may pass, what passes the fewest first.
func (q Executions) broadly() []comparison {
	return []comparison{{"trigger_ref", q.Trigger}, {"trigger_type", q.TriggerType}, {"user_name", q.User}, {"runner", q.Runner}}
}

// broad returns the column of [Executions.broadly] whose index leads to the rows; none when
// another one leads to fewer.
func (q Executions) broad(walk bool) string {
	few := len(q.Status) > 0 && !slices.Contains(q.Status, execution.Succeeded)
	if few || len(q.IDs) > 0 || q.Parent != "" || q.TriggerInstance != "" || q.Action != "" || q.Rule != "" || q.Pack != "" ||
		q.Actions != nil && !q.Actions.But && !walk {
		return ""
	}
	for _, b := range q.broadly() {
		if b.value != "" {
			return b.column
		}
	}
	return ""
}

// where returns the conditions of q. With walk, Actions is no way to find rows, but is
// asked of each: among many, one is met soon.
func (q Executions) where(walk bool) *where {
	w := &where{}
	w.among("id", q.IDs)
	names := make([]string, len(q.Status))
	for i, s := range q.Status {
		names[i] = string(s)
	}
	// What succeeded is most of all, what did not is little; a few actions or rules are less than
	// what one user, one type of runner or one trigger has. Without statistics the
	// database can't tell which index leads to less, so the others are hidden.
	status, action, rule := "status", "action", "rule"
	column := q.broad(walk)
	switch {
	case len(names) == 0:
	case slices.Contains(q.Status, execution.Succeeded):
		if q.Action != "" || q.Rule != "" || q.Actions != nil || column != "" {
			status = unindexed(status)
		}
	default:
		action, rule = unindexed(action), unindexed(rule)
	}
	w.among(status, names)
	w.text(action, q.Action)
	if q.Pack != "" {
		w.add("action >= ?", q.Pack+".")
		w.add("action < ?", q.Pack+"/")
	}
	if walk || column != "" {
		action = unindexed("action")
	}
	w.within(action, q.Actions)
	for _, b := range q.broadly() {
		if b.column != column {
			b.column = unindexed(b.column)
		}
		w.text(b.column, b.value)
	}
	w.text("parent", q.Parent)
	if q.Root {
		w.conds = append(w.conds, "parent IS NULL")
	}
	w.text(rule, q.Rule)
	w.text("trigger_instance", q.TriggerInstance)
	w.between("created_at", q.After, q.Before)
	if !q.At.IsZero() {
		w.add("created_at = ?", micros(q.At))
	}
	w.apart(q)
	return w
}

// ListExecutions returns a page of executions, without results, and how many
// there are in all.
func (r Reader) ListExecutions(ctx context.Context, q Executions, p Page) ([]*execution.Execution, Total, error) {
	w := q.where(false)
	var total Total
	var err error
	switch {
	case len(w.conds) == 0:
		total.N, err = r.tallied(ctx, tallyExecutions)
	case len(w.conds) == 1 && q.Root:
		total.N, err = r.tallied(ctx, tallyRootExecutions)
	default:
		total, err = r.count(ctx, "executions", w)
	}
	if err != nil {
		return nil, Total{}, err
	}
	by := "created_at"
	switch {
	case q.Actions == nil || q.Action != "":
	case total.AtLeast:
		w = q.where(true)
	case q.broad(false) != "": // and by that they are found in order
	default:
		by = "+created_at" // no index for the order: these few are found by their actions
	}
	tail := w.page(by, p)
	rows, err := r.c.Query(ctx, `SELECT `+executionColumns+` FROM executions`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (*execution.Execution, error) { return r.scanExecution(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list executions: %w", err)
	}
	return out, total, nil
}

// ExecutionFacets returns the distinct values of a column of executions, for
// the filters that people choose from.
func (r Reader) ExecutionFacets(ctx context.Context, column string, q Executions) ([]string, error) {
	switch column {
	case "action", "status", "rule", "runner", "trigger_ref", "trigger_type", "user_name":
	default:
		return nil, fmt.Errorf("executions have no facet %q", column)
	}
	w := q.where(true)
	rows, err := r.c.Query(ctx, `SELECT DISTINCT `+column+` FROM (
		SELECT `+column+` FROM executions`+w.String()+` ORDER BY created_at DESC LIMIT `+strconv.Itoa(counted)+`) AS late
		WHERE `+column+` IS NOT NULL ORDER BY 1`, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var s string
		err := rows.Scan(&s)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("facet %s of executions: %w", column, err)
	}
	return out, nil
}

package orquesta

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// undoPrefix is how the refs of executions begin that take something back.
const undoPrefix = "undo/"

// undoRow is where a workflow stands that takes back what it did: the tasks that
// succeeded and say how, the last one first.
type undoRow struct {
	Queue   []int       `json:"queue,omitempty"` // entries that are still to be undone
	Current int         `json:"current"`         // the entry that is being undone; -1: none
	Done    []undoneRow `json:"done,omitempty"`
	Stopped bool        `json:"stopped,omitempty"`
}

type undoneRow struct {
	Task   string           `json:"task"`
	Route  int              `json:"route"`
	Status execution.Status `json:"status"`
	Child  string           `json:"execution_id,omitempty"`
}

// undo goes on with taking back, and reports whether there is more to wait for.
func (e *Engine) undo(ctx context.Context) bool {
	if e.c.status == execution.Succeeded {
		return false
	}
	if e.state.Undo == nil {
		if !slices.ContainsFunc(e.def.spec.Tasks, func(t *taskSpec) bool { return t.Undo != nil }) {
			return false
		}
		if e.c.busy() {
			return true // what still runs may have to be undone, too
		}
		queue := e.undoable()
		if len(queue) == 0 {
			return false
		}
		e.state.Undo = &undoRow{Queue: queue, Current: -1}
	}
	u := e.state.Undo
	e.c.dirty.head = true
	for u.Current < 0 && len(u.Queue) > 0 {
		n := u.Queue[0]
		u.Queue = u.Queue[1:]
		e.takeBack(ctx, e.c.entries[n])
	}
	return u.Current >= 0
}

// undoable returns the entries to undo, the last to succeed first.
func (e *Engine) undoable() []int {
	var all []*entry
	for _, en := range e.c.entries {
		if t := e.def.spec.Task(en.task); t != nil && t.Undo != nil && en.status == execution.Succeeded {
			all = append(all, en)
		}
	}
	slices.SortStableFunc(all, func(a, b *entry) int { return cmp.Compare(b.ended, a.ended) })
	queue := make([]int, len(all))
	for i, en := range all {
		queue[i] = en.n
	}
	return queue
}

// takeBack starts what undoes an entry.
func (e *Engine) takeBack(ctx context.Context, en *entry) {
	t := e.def.spec.Task(en.task)
	var result value.Value
	switch {
	case en.items != nil:
		result = e.lazyItems(en.items)
	case en.child != "":
		id := en.child
		result = lazily(func(ctx context.Context) (value.Value, error) { return e.in.Result(ctx, id) })
	}
	d := e.c.context(en, result)
	name, err := e.in.Expr.Evaluate(ctx, t.Undo.Action, d)
	var input value.Value
	if err == nil {
		input, err = e.in.Expr.Evaluate(ctx, t.Undo.Input, d)
	}
	text, isText := name.(string)
	given, isDict := input.(*value.Dict)
	switch {
	case err != nil:
	case !isText || text == "":
		err = failf("TypeError", "The action of undo is not a name but %s.", value.Repr(name))
	case input == nil:
		given = value.NewDict()
	case !isDict:
		err = failf("TypeError", "The input of undo is not a dict but of type %s.", value.TypeName(input))
	}
	if err != nil {
		if !e.c.unread(err) {
			e.undoFailed(en, "", message(err))
		}
		return
	}
	about := e.context(en, -1)
	about.Set("undo", true)
	e.state.Undo.Current = en.n
	e.do(workflow.Start{
		Ref: undoPrefix + itoa(en.n), Task: en.task, Action: text, Input: given, Notify: e.notify(en.task),
		Context: map[string]value.Value{"orquesta": about},
	})
}

// undoFailed notes that a task could not be undone; the others still are.
func (e *Engine) undoFailed(en *entry, child, why string) {
	u := e.state.Undo
	u.Done = append(u.Done, undoneRow{en.task, en.route, execution.Failed, child})
	e.c.note(note{
		kind: "error", message: "Task could not be undone. " + why, task: en.task, route: en.route,
		path: []any{"tasks", en.task, "undo"},
	})
}

// undone hears that what undoes an entry has ended.
func (e *Engine) undone(name, child string, s execution.Status, why string) {
	u := e.state.Undo
	if u == nil || u.Current < 0 || strings.TrimPrefix(name, undoPrefix) != itoa(u.Current) {
		return
	}
	en := e.c.entries[u.Current]
	u.Current = -1
	e.c.dirty.head = true
	if s == execution.Succeeded {
		u.Done = append(u.Done, undoneRow{en.task, en.route, s, child})
		return
	}
	if why == "" {
		why = "Its undo action has the status " + string(s) + "."
	}
	e.undoFailed(en, child, why)
}

// stopUndo ends the taking back: what has not been undone stays.
func (e *Engine) stopUndo() {
	u := e.state.Undo
	if u.Stopped {
		return
	}
	u.Stopped = true
	e.c.dirty.head = true
	for _, n := range u.Queue {
		e.undoFailed(e.c.entries[n], "", "Somebody stopped it.")
	}
	u.Queue = nil
	e.do(workflow.Signal{To: execution.Canceling})
}

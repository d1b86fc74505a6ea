package orquesta

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// The kinds of rows.
const (
	rowHead    = "head"
	rowContext = "context" // by its number
	rowRoute   = "route"   // by its number
	rowEntry   = "entry"   // by its number in the sequence
	rowStaged  = "staged"  // by its number
	rowArrival = "arrival" // to what is staged, by its number and its own below keyBits bits
	rowItem    = "item"    // by its batch, and its own below keyBits bits
	rowError   = "error"   // by its number
	rowLog     = "log"     // by its number
	rowOutput  = "output"
)

// keyBits is how many bits of a key are the number of a part: enough for maxItems.
const keyBits = 20

type headRow struct {
	Status  execution.Status `json:"status,omitempty"`
	Batches int64            `json:"batches,omitempty"`
	Staged  int64            `json:"staged,omitempty"` // how many were staged
	Ends    int64            `json:"ends,omitempty"`
	Reruns  [][]int          `json:"reruns,omitempty"`
	Engine  *engineRow       `json:"engine,omitempty"`
}

type entryRow struct {
	Task   string           `json:"task"`
	Route  int              `json:"route,omitempty"`
	In     []int            `json:"in"`
	Out    string           `json:"out,omitempty"`
	OutCtx int              `json:"out_context,omitempty"`
	Prev   *prevRow         `json:"prev,omitempty"`
	Next   string           `json:"next,omitempty"`
	Retry  *retryRow        `json:"retry,omitempty"`
	Status execution.Status `json:"status,omitempty"`
	Term   bool             `json:"term,omitempty"`
	Child  string           `json:"child,omitempty"`
	Items  *itemsRow        `json:"items,omitempty"`
	Ended  int64            `json:"ended,omitempty"`
}

type stagedRow struct {
	Task      string    `json:"task"`
	Route     int       `json:"route,omitempty"`
	In        []int     `json:"in"`
	Prev      *prevRow  `json:"prev,omitempty"`
	Ready     bool      `json:"ready,omitempty"`
	Completed bool      `json:"completed,omitempty"`
	RunOnFail bool      `json:"run_on_fail,omitempty"`
	Retry     *retryRow `json:"retry,omitempty"`
	Items     *itemsRow `json:"items,omitempty"`
	Of        int       `json:"of,omitempty"`
	Arrivals  int       `json:"arrivals,omitempty"` // how many of its rows are in this one already
}

type arrivalRow struct {
	From  string `json:"from"` // task__tN
	Entry int    `json:"entry"`
	In    []int  `json:"in,omitempty"`
}

type prevRow struct {
	Names   []string `json:"names"`
	Entries []int    `json:"entries"`
}

type retryRow struct {
	When    string          `json:"when,omitempty"`
	Count   json.RawMessage `json:"count"`
	Delay   json.RawMessage `json:"delay,omitempty"`
	NoDelay bool            `json:"no_delay,omitempty"`
	Tally   int64           `json:"tally,omitempty"`
}

type itemsRow struct {
	Batch int64 `json:"batch"`
	Count int   `json:"count"`
}

type itemRow struct {
	Status execution.Status `json:"status,omitempty"`
	Child  string           `json:"child,omitempty"`
}

type noteRow struct {
	Type       string          `json:"type"`
	Message    string          `json:"message"`
	Task       string          `json:"task,omitempty"`
	Route      int             `json:"route"`
	Transition string          `json:"transition,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Path       []any           `json:"path,omitempty"`
}

// writer makes rows, until the first error.
type writer struct {
	rows []workflow.Row
	err  error
}

func (w *writer) put(kind string, key int64, v any) {
	if w.err != nil {
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		w.err = fmt.Errorf("save the %s %d of a workflow: %w", kind, key, err)
		return
	}
	w.rows = append(w.rows, workflow.Row{Kind: kind, Key: key, Body: body})
}

func (w *writer) drop(kind string, key int64) {
	w.rows = append(w.rows, workflow.Row{Kind: kind, Key: key})
}

// raw writes a value as part of a row.
func (w *writer) raw(v value.Value) json.RawMessage {
	b, err := value.ToJSON(v)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("save a value of a workflow: %w", err)
	}
	return b
}

// save returns the rows that have changed, and takes them for saved.
func (c *conductor) save(engine *engineRow) ([]workflow.Row, error) {
	w := &writer{}
	d := c.dirty
	if d.head {
		w.put(rowHead, 0, headRow{c.status, c.batches, c.stage.number, c.ends, c.reruns, engine})
	}
	for _, n := range d.context {
		w.put(rowContext, int64(n), c.contexts.all[n])
	}
	for _, n := range d.routeN {
		w.put(rowRoute, int64(n), c.routes[n])
	}
	for _, n := range slices.Sorted(maps.Keys(d.entryN)) {
		w.put(rowEntry, int64(n), w.entry(d.entryN[n]))
	}
	for _, n := range slices.Sorted(maps.Keys(d.stagedN)) {
		if s := d.stagedN[n]; s != nil {
			w.put(rowStaged, n, w.staged(s))
		} else {
			w.drop(rowStaged, n)
		}
	}
	for _, a := range d.arrivalN {
		if _, whole := d.stagedN[a.s.n]; !whole {
			w.put(rowArrival, a.s.n<<keyBits|int64(a.n), a.row)
		}
	}
	for _, s := range d.goneN {
		for i := range s.arrivals {
			w.drop(rowArrival, s.n<<keyBits|int64(i))
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(d.itemN), func(a, b itemKey) int {
		return cmp.Or(cmp.Compare(a.batch, b.batch), cmp.Compare(a.n, b.n))
	}) {
		it := d.itemN[k].all[k.n]
		w.put(rowItem, k.batch<<keyBits|int64(k.n), itemRow{it.status, it.child})
	}
	w.notes(rowError, c.errors.list, d.errorN)
	w.notes(rowLog, c.log.list, d.logN)
	switch {
	case d.output && c.output != nil:
		w.put(rowOutput, 0, c.output)
	case d.output:
		w.drop(rowOutput, 0)
	}
	if w.err != nil {
		return nil, w.err
	}
	c.dirty = newDirty()
	return w.rows, nil
}

func (w *writer) entry(e *entry) entryRow {
	return entryRow{
		Task: e.task, Route: e.route, In: e.in.flat(), Out: e.out, OutCtx: e.outCtx, Prev: prevOf(e.prev), Next: string(e.next),
		Retry: w.retry(e.retry), Status: e.status, Term: e.term, Child: e.child, Items: itemsOf(e.items), Ended: e.ended,
	}
}

func (w *writer) staged(s *staged) stagedRow {
	return stagedRow{
		Task: s.task, Route: s.route, In: s.in.flat(), Prev: prevOf(s.prev), Ready: s.ready, Completed: s.completed,
		RunOnFail: s.runOnFail, Retry: w.retry(s.retry), Items: itemsOf(s.items), Of: s.of, Arrivals: s.arrivals,
	}
}

func prevOf(b *backrefs) *prevRow {
	if len(b.names) == 0 {
		return nil
	}
	return &prevRow{b.names, b.entries}
}

func itemsOf(x *items) *itemsRow {
	if x == nil {
		return nil
	}
	return &itemsRow{x.batch, len(x.all)}
}

func (w *writer) retry(r *retry) *retryRow {
	if r == nil {
		return nil
	}
	return &retryRow{r.when, w.raw(r.count), w.raw(r.delay), r.noDelay, r.tally}
}

func (w *writer) notes(kind string, list []note, which map[int]bool) {
	for _, n := range slices.Sorted(maps.Keys(which)) {
		if n >= len(list) {
			w.drop(kind, int64(n))
			continue
		}
		x := list[n]
		row := noteRow{Type: x.kind, Message: x.message, Task: x.task, Route: x.route, Transition: x.transition, Path: x.path}
		if x.result != nil {
			row.Result = w.raw(x.result)
		}
		if x.data != nil {
			row.Data = w.raw(x.data)
		}
		w.put(kind, int64(n), row)
	}
}
